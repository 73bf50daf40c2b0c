"""What Python can see of every type in shapes, as static and as heap types.

The module is taken from sys.path, so the same test serves every build of it.
A test_differs_... pins what is not the same by nature; docs/static-types.md
lists them.
"""
# floors: 3.9 3.10 3.12
import asyncio
import copy
import gc
import os
import pickle
import subprocess
import sys
import unittest
import weakref

import shapes
from shapes import Blank, Cell, NamedCell, Plain, Point, Point3, Task, Token

VERSION = sys.version_info[:2]
ROUNDS = int(os.environ.get("ABI3IFY_ROUNDS", 100000))    # fewer under valgrind

TYPES = {"Blank": Blank, "Cell": Cell, "NamedCell": NamedCell, "Plain": Plain, "Point": Point,
         "Point3": Point3, "Task": Task, "Token": Token}
PointIter = type(iter(Point()))

DISALLOW_INSTANTIATION = 1 << 7
IMMUTABLETYPE = 1 << 8
HEAPTYPE = 1 << 9
BASETYPE = 1 << 10
HAVE_GC = 1 << 14


def is_heap(kind):
    return bool(kind.__flags__ & HEAPTYPE)


def is_mutable(kind):
    """A heap type made for a floor below 3.10, or one whose tp_dict C code stores into."""
    return is_heap(kind) and not kind.__flags__ & IMMUTABLETYPE


def make(name):
    return {"Blank": Blank, "Cell": Cell, "NamedCell": NamedCell, "Plain": Plain, "Point": Point,
            "Point3": Point3, "Task": lambda: Task(1), "Token": lambda: shapes.token(1)}[name]()


class NamesTest(unittest.TestCase):
    def test_names(self):
        for name, kind in TYPES.items():
            with self.subTest(name):
                self.assertEqual(repr(kind), "<class 'shapes.%s'>" % name)
                self.assertEqual(kind.__module__, "shapes")
                self.assertEqual(kind.__name__, name)
                self.assertEqual(kind.__qualname__, name)
                self.assertIs(type(kind), type)
                self.assertIs(getattr(shapes, name), kind)
        self.assertEqual(repr(PointIter), "<class 'shapes._PointIter'>")
        self.assertFalse(hasattr(shapes, "_PointIter"))

    def test_docs(self):
        self.assertEqual({name: kind.__doc__ for name, kind in TYPES.items()}, {
            "Blank": "Filled late.", "Cell": "A list with attributes.", "NamedCell": None,
            "Plain": None, "Point": "A point.", "Point3": "A point in space.", "Task": None,
            "Token": "What token() gives."})
        self.assertIsNone(PointIter.__doc__)

    def test_docs_of_members(self):
        self.assertEqual(Point.swap.__doc__, "A point with x and y exchanged.")
        self.assertEqual(Point.swap.__text_signature__, "($self)")
        self.assertEqual(Point.origin.__doc__, "A point at (0, 0).")
        self.assertEqual(Point.origin.__text_signature__, None if VERSION < (3, 13) else "($type, /)")
        self.assertEqual(Point.dot.__text_signature__, "(a, b)")
        self.assertEqual(Point.x.__doc__, "to the right")
        self.assertEqual(Point.pair.__doc__, "both as a tuple")
        self.assertEqual(Blank.touch.__text_signature__, "()")
        self.assertEqual(repr(Point.x), "<member 'x' of 'shapes.Point' objects>")
        self.assertEqual(repr(Point.pair), "<attribute 'pair' of 'shapes.Point' objects>")
        self.assertEqual(repr(Point.swap), "<method 'swap' of 'shapes.Point' objects>")
        self.assertIs(Point.x.__objclass__, Point)
        self.assertEqual(Point3.z.__qualname__, "Point3.z")

    def test_differs_labels(self):
        """A type that can be changed, and that has no methods, is called like a class of Python."""
        for name in TYPES:
            thing = make(name)
            with self.subTest(name):
                like_class = is_mutable(type(thing)) and not any(
                    type(value).__name__ == "method_descriptor" for value in type(thing).__dict__.values())
                self.assertEqual(shapes.label(thing), "a " + ("" if like_class else "shapes.") + name)

    def test_differs_text_signature(self):
        """CPython 3.9 keeps no signature in the doc string of a heap type."""
        lost = is_heap(Point) and VERSION < (3, 10)
        for kind, text in [(Point, "(x=0.0, y=0.0)"), (Cell, "(items=())"), (Blank, "()")]:
            self.assertEqual(kind.__text_signature__, None if lost else text)
        for kind in (NamedCell, Plain, Point3, Task, Token):
            self.assertIsNone(kind.__text_signature__)

    def test_bases(self):
        bases = {"NamedCell": Cell, "Point3": Point}
        for name, kind in TYPES.items():
            with self.subTest(name):
                self.assertIs(kind.__base__, bases.get(name, object))
                self.assertEqual(kind.__bases__, (bases.get(name, object),))
                self.assertEqual(kind.__mro__, (kind, *bases.get(name, object).__mro__))
        self.assertIs(PointIter.__base__, object)
        self.assertEqual([kind.__name__ for kind in Point.__subclasses__()][:1], ["Point3"])

    def test_flags(self):
        wanted = {"Cell": BASETYPE | HAVE_GC, "NamedCell": HAVE_GC, "Point": BASETYPE,
                  "Point3": BASETYPE, "Task": BASETYPE}
        for name, kind in TYPES.items():
            with self.subTest(name):
                self.assertEqual(kind.__flags__ & (BASETYPE | HAVE_GC), wanted.get(name, 0))
                # Sequence, mapping, int ... str, exceptions: none of them.
                self.assertEqual(kind.__flags__ & (0b11 << 5 | 0xff << 24), 0)

    def test_differs_flags(self):
        """Before 3.10 an immutable type and one without tp_new have no flag for it."""
        for name, kind in TYPES.items():
            with self.subTest(name):
                flags = kind.__flags__ & (HEAPTYPE | IMMUTABLETYPE | DISALLOW_INSTANTIATION)
                refused = DISALLOW_INSTANTIATION if kind is Token and VERSION >= (3, 10) else 0
                if not is_heap(kind):
                    self.assertEqual(flags, refused | (IMMUTABLETYPE if VERSION >= (3, 10) else 0))
                elif is_mutable(kind):
                    self.assertEqual(flags, HEAPTYPE)
                else:
                    self.assertEqual(flags, refused | HEAPTYPE | IMMUTABLETYPE)

    def test_differs_stored_into(self):
        """A type whose tp_dict C code stores into is mutable at every floor."""
        self.assertEqual(is_mutable(Plain), is_heap(Plain))

    def test_sizes(self):
        word = object.__basicsize__
        self.assertEqual(Plain.__basicsize__, word)
        self.assertEqual(Point.__basicsize__, word + 16 + word // 2)
        self.assertEqual(Point3.__basicsize__, Point.__basicsize__ + 8)
        self.assertEqual([kind.__itemsize__ for kind in TYPES.values()], [0] * len(TYPES))
        offsets = {name: (kind.__dictoffset__, kind.__weakrefoffset__)
                   for name, kind in TYPES.items()}
        half = word // 2
        self.assertEqual(offsets, {
            "Blank": (0, 0), "Cell": (word + half, word + 2 * half),
            "NamedCell": (word + half, word + 2 * half), "Plain": (0, 0),
            "Point": (0, word + 16), "Point3": (0, word + 16), "Task": (0, 0), "Token": (0, 0)})

    def test_what_a_type_holds(self):
        def own(kind):
            return sorted(set(kind.__dict__) - {"__module__", "__new__", "__doc__", "__slotnames__"})
        self.assertEqual(own(Blank), ["touch"])
        self.assertEqual(own(Plain), ["LIMIT"])
        self.assertEqual(Plain.LIMIT, 99)
        self.assertEqual(Plain().LIMIT, 99)
        self.assertEqual(own(Token), ["__call__"])
        self.assertEqual(own(Point3), ["__init__", "z"])
        self.assertEqual(own(Task), ["__aiter__", "__anext__", "__await__", "__iter__", "__next__"])
        self.assertEqual(own(Point), sorted([
            "__add__", "__bool__", "__eq__", "__ge__", "__gt__", "__hash__", "__init__", "__iter__",
            "__le__", "__lt__", "__ne__", "__neg__", "__pow__", "__radd__", "__repr__", "__rpow__",
            "dot", "origin", "pair", "swap", "x", "y"]))
        self.assertEqual(own(Cell), sorted([
            "__add__", "__contains__", "__delattr__", "__delitem__", "__getattribute__",
            "__getitem__", "__hash__", "__init__", "__iter__", "__len__", "__reduce__",
            "__setattr__", "__setitem__"]))
        for kind in (Blank, Cell, Plain, Point, Task):
            self.assertIn("__new__", kind.__dict__)
        self.assertIsNone(Cell.__hash__)

    def test_differs_dict_of_type(self):
        """A heap type holds the name of its module."""
        for name, kind in TYPES.items():
            with self.subTest(name):
                self.assertEqual("__module__" in kind.__dict__, is_heap(kind))
                self.assertIn("__doc__", kind.__dict__)

    def test_differs_own_new(self):
        """Where there is no flag that refuses a call, a __new__ does."""
        self.assertEqual("__new__" in Token.__dict__, is_mutable(Token))
        self.assertEqual("__new__" in PointIter.__dict__, is_mutable(PointIter))
        with self.assertRaises(TypeError) as caught:
            Token.__new__(Token)
        self.assertRegex(str(caught.exception), "^cannot create 'shapes.Token' instances$"
                         if is_mutable(Token) or VERSION >= (3, 14) else
                         "^object.__new__.shapes.Token. is not safe, use shapes.Token.__new__..$")

    def test_differs_slotnames(self):
        """copyreg keeps what it finds in types that it can write to."""
        with self.assertRaises(TypeError):
            copy.copy(Blank())
        copy.copy(Plain())
        self.assertEqual("__slotnames__" in Plain.__dict__, is_mutable(Plain))


class SequencesTest(unittest.TestCase):
    """Extent and the type of span(): struct sequences."""

    def test_extent(self):
        extent = shapes.extent()
        self.assertIs(type(extent), shapes.Extent)
        self.assertEqual(extent, (3, 4))
        self.assertEqual((extent.width, extent.height, extent.unit), (3, 4, 5))
        self.assertEqual(repr(extent), "shapes.Extent(width=3, height=4)")
        self.assertEqual(hash(extent), hash((3, 4)))
        self.assertIsInstance(extent, tuple)
        with self.assertRaises(AttributeError):
            extent.width = 1

    def test_span(self):
        span = shapes.span()
        kind = type(span)
        self.assertIs(type(shapes.span()), kind)
        self.assertEqual(span, (3, 4, 5))
        self.assertEqual(repr(kind), "<class 'shapes.Span'>")
        self.assertFalse(hasattr(shapes, "Span"))

    def test_types(self):
        for kind, size in ((shapes.Extent, 2), (type(shapes.span()), 3)):
            with self.subTest(kind.__name__):
                self.assertEqual(kind.__module__, "shapes")
                self.assertEqual(kind.__mro__, (kind, tuple, object))
                self.assertEqual((kind.n_sequence_fields, kind.n_fields, kind.n_unnamed_fields),
                                 (size, 3, 0))
                self.assertEqual(kind.__flags__ & (BASETYPE | HAVE_GC), HAVE_GC)
                with self.assertRaisesRegex(TypeError, "not an acceptable base type"):
                    type("Sub", (kind,), {})
        self.assertEqual(shapes.Extent.__doc__, "How large something is.")
        self.assertEqual(shapes.Extent.width.__doc__, "to the right")

    def test_calls(self):
        self.assertEqual(shapes.Extent((1, 2)), (1, 2))
        self.assertIsNone(shapes.Extent((1, 2)).unit)
        self.assertEqual(shapes.Extent((1, 2, 3)).unit, 3)
        self.assertEqual(shapes.Extent([1, 2], {"unit": 7}).unit, 7)
        for wrong in ((1,), (1, 2, 3, 4), 5):
            with self.assertRaises(TypeError):
                shapes.Extent(wrong)

    def test_copies(self):
        extent = shapes.extent()
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            again = pickle.loads(pickle.dumps(extent, protocol))
            self.assertIs(type(again), shapes.Extent)
            self.assertEqual((again, again.unit), (extent, 5))
        self.assertEqual(copy.copy(extent).unit, 5)

    def test_differs_sequence_flags(self):
        """The type of a struct sequence is a heap type that can be written to."""
        for kind in (shapes.Extent, type(shapes.span())):
            with self.subTest(kind.__name__):
                if is_heap(kind):
                    self.assertTrue(is_mutable(kind))
                    kind.extra = 1
                    del kind.extra
                else:
                    with self.assertRaises(TypeError):
                        kind.extra = 1


class AttributesTest(unittest.TestCase):
    def test_of_types(self):
        """What the type holds is there, and cannot be deleted from outside."""
        for kind in TYPES.values():
            with self.assertRaises(AttributeError):
                kind.unknown
            self.assertEqual(kind.__dict__.get("unknown"), None)

    def test_differs_assignment_to_type(self):
        """A heap type of a floor below 3.10 is mutable."""
        for name, kind in TYPES.items():
            with self.subTest(name):
                if is_mutable(kind):
                    kind.extra = 1
                    self.assertEqual(kind.extra, 1)
                    del kind.extra
                    continue
                with self.assertRaisesRegex(TypeError, "shapes.%s'|'%s'" % (name, name)):
                    kind.extra = 1
                with self.assertRaises(TypeError):
                    kind.__name__ = "Other"
                with self.assertRaises(TypeError):
                    del kind.__init__
        self.assertFalse(hasattr(Point, "extra"))

    def test_of_instances(self):
        for name in TYPES:
            item = make(name)
            with self.subTest(name):
                if name in ("Cell", "NamedCell"):
                    item.extra = [name]
                    self.assertEqual(item.extra, [name])
                    self.assertEqual(item["extra"], [name])
                    del item.extra
                with self.assertRaises(AttributeError):
                    item.extra
                if name not in ("Cell", "NamedCell"):
                    with self.assertRaises(AttributeError):
                        item.extra = 1
                self.assertFalse(hasattr(item, "__dict__"))
                self.assertIs(type(item), TYPES[name])
                self.assertIs(item.__class__, TYPES[name])

    def test_differs_doc_and_bases_of_type(self):
        if is_mutable(Point3):
            Point3.__doc__, old = "other", Point3.__doc__
            self.assertEqual(Point3.__doc__, "other")
            Point3.__doc__ = old
            Point3.__bases__ = (Point,)
            return
        with self.assertRaises(TypeError):
            Point3.__doc__ = "other"
        with self.assertRaises(TypeError):
            Point3.__bases__ = (Point,)

    def test_class_of_instances(self):
        class Other:
            pass

        for name in TYPES:
            item = make(name)
            for kind in (Other, int, Point, Plain):
                if kind is type(item):
                    continue
                with self.subTest(name), self.assertRaises(TypeError):
                    item.__class__ = kind

    def test_members(self):
        point = Point(1, 2)
        point.x = 5
        self.assertEqual((point.x, point.y, point.pair), (5.0, 2.0, (5.0, 2.0)))
        with self.assertRaises(AttributeError):
            point.y = 1
        with self.assertRaises(TypeError):
            point.x = "a"
        point.pair = (7, 8)
        self.assertEqual(point.pair, (7.0, 8.0))
        with self.assertRaisesRegex(AttributeError, "pair cannot be deleted"):
            del point.pair
        with self.assertRaises(TypeError):
            point.pair = (1, 2, 3)
        space = Point3(1, 2, 3)
        space.z += 1
        self.assertEqual((space.pair, space.z), ((1.0, 2.0), 4.0))
        with self.assertRaises(TypeError):
            Point3.z.__get__(point)
        cell = NamedCell([1])
        self.assertIsNone(cell.name)
        cell.name = "n"
        self.assertEqual(cell.name, "n")

    def test_methods(self):
        self.assertEqual(Point(1, 2).swap().pair, (2.0, 1.0))
        self.assertIs(type(Point3.origin()), Point3)
        self.assertEqual(Point.dot(Point(1, 2), Point3(3, 4)), 11.0)
        with self.assertRaisesRegex(TypeError, r"argument 2 must be shapes.Point, not int"):
            Point.dot(Point(), 1)
        with self.assertRaisesRegex(TypeError, "'swap'"):
            Point.swap(Plain())
        blank = Blank()
        self.assertEqual([blank.touch(), blank.touch()], [1, 2])
        self.assertEqual(shapes.kind(Point()), "point")
        self.assertEqual(shapes.kind(Point3()), "kind of point")
        self.assertEqual(shapes.kind(NamedCell()), "cell")
        self.assertEqual(shapes.kind(shapes.token(1)), "token")
        self.assertEqual(shapes.kind(1), "neither <class 'shapes.Point'> nor <class 'shapes.Cell'>")


class CreationTest(unittest.TestCase):
    def test_refused(self):
        for kind in (Token, PointIter):
            name = "%s.%s" % (kind.__module__, kind.__name__)
            for call in (kind, lambda: kind(1, a=2)):
                with self.assertRaisesRegex(TypeError, "^cannot create '%s' instances$" % name):
                    call()
            with self.assertRaisesRegex(TypeError, "not an acceptable base type"):
                type("Sub", (kind,), {})

    def test_new_of_object(self):
        for name, kind in TYPES.items():
            if kind is not Token:
                with self.subTest(name), self.assertRaisesRegex(
                        TypeError, "^object.__new__.shapes.%s. is not safe, use " % name):
                    object.__new__(kind)
        with self.assertRaises(TypeError):
            object.__new__(Token)

    def test_arguments(self):
        for kind in (Point, Point3, Cell, NamedCell, Task):
            with self.subTest(kind.__name__), self.assertRaises(TypeError):
                kind(1, 2, 3, 4, 5)
            with self.subTest(kind.__name__), self.assertRaises(TypeError):
                kind(unknown=1)
        self.assertEqual(Point(y=2, x=1).pair, (1.0, 2.0))
        # PyType_GenericNew takes anything, and object's tp_init leaves it at that.
        for kind in (Blank, Plain):
            self.assertIs(type(kind(1)), kind)
            self.assertIs(type(kind(a=1)), kind)
        with self.assertRaisesRegex(TypeError, "Task"):
            Task()

    def test_uninitialised(self):
        cell = Cell.__new__(Cell)
        for action in (len, iter, lambda c: c[0], lambda c: 1 in c):
            with self.assertRaisesRegex(ValueError, "not filled"):
                action(cell)
        cell.__init__((1, 2))
        cell.__init__((3,))
        self.assertEqual(list(cell), [3])
        self.assertEqual(shapes.point(1, 2), Point(1, 2))

    def test_subclassing(self):
        for name, kind in TYPES.items():
            with self.subTest(name):
                if not kind.__flags__ & BASETYPE:
                    with self.assertRaisesRegex(
                            TypeError, "^type 'shapes.%s' is not an acceptable base type$" % name):
                        type("Sub", (kind,), {})
                    continue
                Sub = type("Sub", (kind,), {"extra": 3})
                arguments = (1,) if kind is Task else ()
                item = Sub(*arguments)
                item.own = 4
                self.assertEqual((item.extra, item.own), (3, 4))
                self.assertIsInstance(item, kind)
                self.assertTrue(issubclass(Sub, kind))
                Slotted = type("Slotted", (kind,), {"__slots__": ("one", "two")})
                item = Slotted(*arguments)
                item.one = item
                with self.assertRaises(AttributeError):
                    item.two
                item.one = 1
                if kind is not Cell:
                    with self.assertRaises(AttributeError):
                        item.three = 3
                Deep = type("Deep", (Slotted, ), {})
                self.assertEqual(Deep.__mro__, (Deep, Slotted) + kind.__mro__)
        with self.assertRaisesRegex(TypeError, "lay-out conflict"):
            type("Both", (Point, Cell), {})

        class Overriding(Point):
            def __init__(self, *args, more=0):
                super().__init__(*args)
                self.more = more

            def __repr__(self):
                return "<%s>" % super().__repr__()

            def __del__(self):
                gone.append(self.more)

        gone = []
        self.assertEqual(repr(Overriding(1, 2, more=3)), "<Point(1.0, 2.0)>")
        self.assertEqual(gone, [3])

        class Multiple(Point3, Plain2):
            pass

        self.assertEqual(Multiple(1, 2, 3).z, 3.0)


class Plain2:
    """A Python class to inherit from besides."""


class BehaviourTest(unittest.TestCase):
    def test_comparison(self):
        self.assertEqual(Point(1, 2), Point(1, 2))
        self.assertEqual(Point(1, 2), Point3(1, 2, 3))
        self.assertNotEqual(Point(1, 2), Point(2, 1))
        self.assertNotEqual(Point(1, 2), (1, 2))
        with self.assertRaisesRegex(TypeError, "'<' not supported between instances of "
                                               "'shapes.Point' and 'shapes.Point'"):
            Point() < Point()
        for name in ("Blank", "Cell", "Plain", "Task", "Token"):
            item = make(name)
            self.assertEqual(item, item)
            self.assertNotEqual(item, make(name))

    def test_hash(self):
        self.assertEqual(hash(Point(1, 2)), hash(Point3(1, 2, 9)))
        self.assertEqual(len({Point(1, 2), Point(1, 2), Point(3, 4)}), 2)
        for kind in (Cell, NamedCell):
            with self.assertRaisesRegex(TypeError, "unhashable type: 'shapes.%s'" % kind.__name__):
                hash(kind())
        for name in ("Blank", "Plain", "Task", "Token"):
            self.assertIs(type(hash(make(name))), int)

    def test_numbers(self):
        self.assertEqual(Point(1, 2) + Point3(3, 4, 5), Point(4, 6))
        self.assertEqual(-Point(1, 2), Point(-1, -2))
        self.assertEqual(Point(1, 2) ** 3, Point(3, 6))
        self.assertEqual((bool(Point()), bool(Point(0, 1))), (False, True))
        with self.assertRaisesRegex(TypeError, r"unsupported operand type\(s\) for \+: "
                                               "'shapes.Point' and 'int'"):
            Point() + 1
        with self.assertRaises(TypeError):
            pow(Point(), 2, 3)
        with self.assertRaises(TypeError):
            Point() - Point()

    def test_sequence_and_mapping(self):
        cell = Cell("abc")
        self.assertEqual((len(cell), cell[0], cell[-1], cell[1:]), (3, "a", "c", ["b", "c"]))
        cell[1] = "B"
        del cell[0]
        self.assertEqual(list(cell), ["B", "c"])
        self.assertIn("c", cell)
        self.assertNotIn("a", cell)
        self.assertEqual(cell + NamedCell([1]), ["B", "c", 1])
        with self.assertRaises(TypeError):
            cell + [1]
        with self.assertRaises(IndexError):
            cell[9]
        cell.tag = 5
        self.assertEqual(cell["tag"], 5)
        self.assertEqual(list(reversed(cell)), ["c", "B"])
        first, second = cell
        self.assertEqual((first, second), ("B", "c"))

    def test_iteration(self):
        x, y = Point(1, 2)
        self.assertEqual((x, y), (1.0, 2.0))
        iterator = iter(Point(3, 4))
        self.assertIs(iter(iterator), iterator)
        self.assertEqual(list(iterator), [3.0, 4.0])
        self.assertEqual(list(iterator), [])
        self.assertEqual(list(Task(1)), [])

    def test_calls(self):
        token = shapes.token("v")
        self.assertEqual(token(1, 2), ("v", (1, 2)))
        with self.assertRaisesRegex(TypeError, "no keywords"):
            token(a=1)
        self.assertTrue(callable(token))
        self.assertFalse(callable(Point()))
        with self.assertRaisesRegex(TypeError, "'shapes.Point' object is not callable"):
            Point()()

    def test_async(self):
        async def run():
            seen = [await Task("r")]
            async for item in Task(Task(Task(None))):
                seen.append(type(item).__name__)
                if len(seen) == 3:
                    break
            return seen
        self.assertEqual(asyncio.run(run()), ["r", "Task", "Task"])

    def test_match(self):
        if VERSION < (3, 10):
            self.skipTest("match is from 3.10 on")
        scope = {"Point": Point, "Cell": Cell}
        exec("def f(v):\n"
             "    match v:\n"
             "        case [*_]: return 'sequence'\n"
             "        case {}: return 'mapping'\n"
             "        case Point(x=1.0): return 'point'\n"
             "    return None\n", scope)
        self.assertEqual(scope["f"](Point(1, 2)), "point")
        self.assertIsNone(scope["f"](Cell()))

    def test_copies(self):
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            cell = pickle.loads(pickle.dumps(Cell([1, 2]), protocol))
            self.assertIs(type(cell), Cell)
            self.assertEqual(list(cell), [1, 2])
            self.assertEqual(list(pickle.loads(pickle.dumps(NamedCell("ab"), protocol))), ["a", "b"])
        inner = []
        self.assertIs(copy.copy(Cell([inner]))[0], inner)
        self.assertIsNot(copy.deepcopy(Cell([inner]))[0], inner)
        for name in ("Blank", "Plain", "Point", "Point3", "Task", "Token"):
            for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
                if name == "Plain":
                    # Nothing of its own that could be lost.
                    self.assertIs(type(pickle.loads(pickle.dumps(make(name), protocol))), Plain)
                    continue
                with self.subTest(name, protocol=protocol), \
                        self.assertRaisesRegex(TypeError, "cannot pickle '?(shapes.)?%s'? object" % name):
                    pickle.dumps(make(name), protocol)
            if name != "Plain":
                with self.subTest(name), self.assertRaises(TypeError):
                    copy.copy(make(name))
        for kind in TYPES.values():
            self.assertIs(pickle.loads(pickle.dumps(kind)), kind)

    def test_copies_by_old_protocols(self):
        for name in ("Blank", "Plain", "Point", "Task"):
            for protocol in (0, 1):
                with self.subTest(name, protocol=protocol), \
                        self.assertRaisesRegex(TypeError, "cannot pickle '%s' object" % name):
                    pickle.dumps(make(name), protocol)

    def test_differs_old_protocols_of_refused(self):
        """The flag that refuses a call leaves object.__new__ in sight, and copyreg
        takes it: pickled without its value, not to be loaded."""
        for protocol in (0, 1):
            if is_heap(Token) and not is_mutable(Token):
                data = pickle.dumps(shapes.token(1), protocol)
                with self.assertRaisesRegex(TypeError, "not safe|cannot create"):
                    pickle.loads(data)
                continue
            with self.assertRaisesRegex(TypeError, "cannot pickle 'Token' object"):
                pickle.dumps(shapes.token(1), protocol)

    def test_differs_old_protocols_of_subtypes(self):
        """copyreg asks the type whose __new__ it is for the state."""
        message = "must be real number, not shapes.Point3" if is_heap(Point3) \
            else "cannot pickle 'Point3' object"
        for protocol in (0, 1):
            with self.assertRaisesRegex(TypeError, message):
                pickle.dumps(Point3(1, 2, 3), protocol)


class MemoryTest(unittest.TestCase):
    def test_weak_references(self):
        for name in TYPES:
            item = make(name)
            with self.subTest(name):
                if name not in ("Cell", "NamedCell", "Point", "Point3"):
                    with self.assertRaisesRegex(
                            TypeError, "cannot create weak reference to 'shapes.%s' object" % name):
                        weakref.ref(item)
                    continue
                gone = []
                reference = weakref.ref(item, gone.append)
                proxy = weakref.proxy(item)
                self.assertIs(reference(), item)
                del item
                self.assertIsNone(reference())
                self.assertEqual(len(gone), 1)
                with self.assertRaises(ReferenceError):
                    str(proxy)

    def test_cycles(self):
        for make_item in (Cell, NamedCell, type("Sub", (Cell,), {}),
                          type("Slotted", (Cell,), {"__slots__": ("own",)})):
            for link in (lambda c: c.__init__([c]), lambda c: setattr(c, "me", c),
                         lambda c: (c.__init__([c]), setattr(c, "me", [c]))):
                item = make_item()
                link(item)
                self.assertTrue(gc.is_tracked(item))
                reference = weakref.ref(item)
                del item
                gc.collect()
                self.assertIsNone(reference())
        item = NamedCell()
        item.name = [item]
        reference = weakref.ref(item)
        del item
        gc.collect()
        self.assertIsNone(reference())

    def test_cycles_through_types(self):
        for base in (Cell, Point, Point3, Task):
            with self.subTest(base.__name__):
                class Sub(base):
                    pass
                Sub.one = Sub(1) if base is Task else Sub()
                Sub.one.kind = Sub
                reference, kind = weakref.ref(Sub.one), weakref.ref(Sub)
                del Sub
                gc.collect()
                self.assertIsNone(reference())
                self.assertIsNone(kind())

    def test_referents(self):
        cell = Cell([1])
        cell.me = cell
        self.assertIn([1], gc.get_referents(cell))
        for name in ("Point", "Plain", "Token"):
            self.assertFalse(gc.is_tracked(make(name)))

    def test_differs_referents(self):
        """An instance holds its type if that is a heap type."""
        self.assertEqual(Cell in gc.get_referents(Cell([1])), is_heap(Cell))
        self.assertEqual(gc.get_referents(NamedCell([1])).count(NamedCell), int(is_heap(Cell)))

    all_rounds = set()    # tests that ran once; what follows measures memory alone

    def tearDown(self):
        self.all_rounds.add(self.id())

    def counts_are_flat(self, kind, action, rounds=ROUNDS):
        if self.id() in self.all_rounds:
            rounds //= 1000
        action(), action()
        gc.collect()
        before = sys.getrefcount(kind)
        for _ in range(rounds):
            action()
        gc.collect()
        self.assertEqual(sys.getrefcount(kind), before)

    def test_reference_counts(self):
        for name, kind in TYPES.items():
            with self.subTest(name):
                self.counts_are_flat(kind, lambda: make(name))
        with self.subTest("_PointIter"):
            point = Point()
            self.counts_are_flat(PointIter, lambda: iter(point))

    def test_reference_counts_of_subclasses(self):
        for kind in (Cell, Point, Point3, Task):
            Sub = type("Sub", (kind,), {})
            Slotted = type("Slotted", (Sub,), {"__slots__": ("a",)})
            arguments = (1,) if kind is Task else ()
            for made in (Sub, Slotted):
                with self.subTest(kind.__name__, made=made.__name__):
                    self.counts_are_flat(made, lambda: made(*arguments))
                    self.counts_are_flat(kind, lambda: made(*arguments), ROUNDS // 10)

    def test_reference_counts_of_errors(self):
        def fail(*arguments):
            try:
                arguments[0](*arguments[1:])
            except (TypeError, ValueError):
                return
            self.fail("no error")
        self.counts_are_flat(Token, lambda: fail(Token), 1000)
        self.counts_are_flat(Point, lambda: fail(Point, "a"), 1000)
        self.counts_are_flat(Task, lambda: fail(Task), 1000)
        self.counts_are_flat(Cell, lambda: Cell.__new__(Cell), 1000)
        self.counts_are_flat(Cell, lambda: fail(Cell, 1), 1000)


class ModuleTest(unittest.TestCase):
    def test_import_again(self):
        old = sys.modules.pop("shapes")
        try:
            import shapes as again
            self.assertIsNot(again, old)
            for name, kind in TYPES.items():
                self.assertIs(getattr(again, name), kind)
            self.assertEqual(again.kind(again.Point()), "point")
            self.assertEqual(old.kind(again.point(1, 2)), "point")
        finally:
            sys.modules["shapes"] = old

    def test_second_interpreter(self):
        found = [name for name in ("_interpreters", "_xxsubinterpreters")
                 if self.importable(name)]
        if not found:
            self.skipTest("no module for interpreters")
        script = """if 1:
            import sys, %(module)s as interpreters
            code = "import shapes; assert shapes.kind(shapes.Point(1, 2)) == 'point'; " \\
                   "c = shapes.Cell([1]); c.me = c; assert len(c) == 1; del c; " \\
                   "t = shapes.token(shapes.Point3()); assert list(iter(shapes.Point())) == [0.0, 0.0]"
            def run():
                if sys.version_info >= (3, 13):
                    other = interpreters.create('legacy')
                elif sys.version_info >= (3, 12):
                    other = interpreters.create(isolated=False)
                else:
                    other = interpreters.create()
                problem = interpreters.run_string(other, code)
                assert problem is None, problem
                interpreters.destroy(other)
            order = sys.argv[1]
            if order == 'first':
                exec(code)
            run(), run()
            exec(code)
            if order == 'first':
                run()
            print('done')
        """ % {"module": found[0]}
        for order in ("first", "second"):
            done = subprocess.run([sys.executable, "-s", "-c", script, order],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            self.assertEqual((done.stdout, done.returncode), ("done\n", 0))

    @staticmethod
    def importable(name):
        try:
            __import__(name)
        except ImportError:
            return False
        return True


if __name__ == "__main__":
    unittest.main()
