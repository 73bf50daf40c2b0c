"""What Python can see of every type in pieces, as static and as heap types.

The module is taken from sys.path, so the same test serves every build of it.
A test_differs_... pins what is not the same by nature; docs/static-types.md
lists them.
"""
# floors: 3.9 3.10 3.12
import copy
import gc
import os
import pickle
import subprocess
import sys
import unittest
import weakref

import pieces
from pieces import Bag, Ending, Inner, Leaving, Loose, Sealed

VERSION = sys.version_info[:2]
ROUNDS = int(os.environ.get("ABI3IFY_ROUNDS", 100000))    # fewer under valgrind

TYPES = {"Bag": Bag, "Ending": Ending, "Inner": Inner, "Leaving": Leaving, "Loose": Loose, "Sealed": Sealed}
BagIter = type(iter(Bag()))

IMMUTABLETYPE = 1 << 8
HEAPTYPE = 1 << 9
BASETYPE = 1 << 10
HAVE_GC = 1 << 14


def is_heap(kind):
    return bool(kind.__flags__ & HEAPTYPE)


def is_mutable(kind):
    """A heap type made for a floor below 3.10."""
    return is_heap(kind) and not kind.__flags__ & IMMUTABLETYPE


def nothing():
    pass


def make(name):
    return {"Bag": Bag, "Ending": lambda: Ending(nothing), "Inner": lambda: pieces.seal(2, True),
            "Leaving": Leaving,
            "Loose": lambda: Loose("text"), "Sealed": lambda: pieces.seal(1)}[name]()


def in_other_process(script):
    done = subprocess.run([sys.executable, "-s", "-c", script], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    return done.stdout if done.returncode == 0 else "%s\nstatus %d" % (done.stdout, done.returncode)


class NamesTest(unittest.TestCase):
    def test_names(self):
        for name, kind in [*TYPES.items(), ("BagIter", BagIter)]:
            with self.subTest(name):
                self.assertEqual(repr(kind), "<class 'pieces.%s'>" % name)
                self.assertEqual(kind.__module__, "pieces")
                self.assertEqual((kind.__name__, kind.__qualname__), (name, name))
                self.assertIs(kind.__base__, Sealed if kind is Inner else object)
        self.assertFalse(hasattr(pieces, "BagIter"))

    def test_docs(self):
        self.assertEqual(Bag.__doc__, "Holds objects.")
        self.assertEqual(Bag.attributes.__doc__, "the dictionary, or None")
        for kind in (Ending, Inner, Leaving, Loose, Sealed, BagIter):
            self.assertIsNone(kind.__doc__)
            self.assertIsNone(kind.__text_signature__)

    def test_differs_text_signature(self):
        lost = is_heap(Bag) and VERSION < (3, 10)
        self.assertEqual(Bag.__text_signature__, None if lost else "(*objects)")

    def test_flags(self):
        wanted = {"Bag": BASETYPE | HAVE_GC, "Ending": HAVE_GC, "Sealed": BASETYPE}
        for name, kind in TYPES.items():
            with self.subTest(name):
                self.assertEqual(kind.__flags__ & (BASETYPE | HAVE_GC), wanted.get(name, 0))
        self.assertEqual(BagIter.__flags__ & (BASETYPE | HAVE_GC), HAVE_GC)

    def test_differs_assignment_to_type(self):
        for name, kind in TYPES.items():
            with self.subTest(name):
                if is_mutable(kind):
                    kind.extra = 1
                    del kind.extra
                else:
                    with self.assertRaises(TypeError):
                        kind.extra = 1


class CreationTest(unittest.TestCase):
    def test_refused(self):
        for kind in (Sealed, BagIter):
            with self.assertRaisesRegex(TypeError, "^cannot create 'pieces.%s' instances$" % kind.__name__):
                kind()
        with self.assertRaises(TypeError):
            Inner()
        Sub = type("Sub", (Sealed,), {})
        with self.assertRaises(TypeError):
            Sub()

    def test_differs_whose_instances(self):
        """A __new__ that refuses knows one name only, also for subtypes."""
        name = "pieces.Sealed" if is_mutable(Inner) else "pieces.Inner"
        with self.assertRaisesRegex(TypeError, "^cannot create '%s' instances$" % name):
            Inner()

    def test_created(self):
        self.assertEqual(Loose("a").text, "a")
        for arguments in [(), (1,), ("a", "b")]:
            with self.assertRaises(TypeError):
                Loose(*arguments)
        with self.assertRaises(TypeError):
            Ending()
        self.assertEqual(list(Bag(1, "a")), [1, "a"])
        bag = Bag(1)
        bag.__init__(2)
        self.assertEqual(list(bag), [1, 2])

    def test_subclassing(self):
        for name, kind in TYPES.items():
            with self.subTest(name):
                if kind in (Bag, Sealed):
                    Sub = type("Sub", (kind,), {"__slots__": ("a",)})
                    self.assertTrue(issubclass(Sub, kind))
                    continue
                with self.assertRaisesRegex(
                        TypeError, "^type 'pieces.%s' is not an acceptable base type$" % name):
                    type("Sub", (kind,), {})

        class Kept(Bag):
            kept = pieces.seal(5)
            inner = pieces.seal(6, True)

        # Both are descriptors.
        item = Kept()
        self.assertEqual((item.kept, item.inner), (5, 6))
        item.kept = 7
        self.assertEqual(item.kept, 7)
        with self.assertRaisesRegex(AttributeError, "it stays"):
            del item.kept
        self.assertIs(type(Kept.inner), Inner)


class BehaviourTest(unittest.TestCase):
    def test_sealed(self):
        for name, text in [("Sealed", "sealed 1"), ("Inner", "sealed 2")]:
            item = make(name)
            self.assertEqual(str(item), text)
            self.assertEqual(int(item), int(text[-1]))
            self.assertTrue(repr(item).startswith("<pieces.%s object at" % name))
            self.assertEqual(item, item)
            self.assertNotEqual(item, make(name))
            self.assertIsInstance(item, Sealed)
            self.assertFalse(callable(item))
        with self.assertRaisesRegex(TypeError, "'pieces.Sealed'"):
            make("Sealed") + 1

    def test_bag(self):
        bag = Bag("a", "b")
        self.assertEqual((len(bag), bag[1], bag[-1]), (2, "b", "b"))
        with self.assertRaises(IndexError):
            bag[2]
        with self.assertRaises(TypeError):
            bag[0] = 1
        iterator = iter(bag)
        self.assertIs(iter(iterator), iterator)
        self.assertEqual(list(iterator), ["a", "b"])
        self.assertIsNone(bag.attributes)
        bag.x = 1
        self.assertEqual(bag.attributes, {"x": 1})
        self.assertEqual(bag.x, 1)
        self.assertFalse(hasattr(bag, "__dict__"))
        self.assertIs(type(hash(bag)), int)

    def test_attributes_of_others(self):
        for name in ("Ending", "Inner", "Leaving", "Loose", "Sealed"):
            with self.subTest(name), self.assertRaises(AttributeError):
                make(name).extra = 1

    def test_copies(self):
        for name in ("Ending", "Inner", "Loose", "Sealed"):
            for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
                with self.subTest(name, protocol=protocol), \
                        self.assertRaisesRegex(TypeError, "cannot pickle '?(pieces.)?%s'? object" % name):
                    pickle.dumps(make(name), protocol)
            with self.subTest(name), self.assertRaises(TypeError):
                copy.copy(make(name))
        for name in ("Ending", "Loose"):
            for protocol in (0, 1):
                with self.subTest(name, protocol=protocol), \
                        self.assertRaisesRegex(TypeError, "cannot pickle '%s' object" % name):
                    pickle.dumps(make(name), protocol)
        for kind in TYPES.values():
            self.assertIs(pickle.loads(pickle.dumps(kind)), kind)


class MemoryTest(unittest.TestCase):
    def test_weak_references(self):
        for name in TYPES:
            item = make(name)
            with self.subTest(name):
                if name != "Bag":
                    with self.assertRaisesRegex(
                            TypeError, "cannot create weak reference to 'pieces.%s' object" % name):
                        weakref.ref(item)
                    continue
                gone = []
                reference = weakref.ref(item, gone.append)
                del item
                self.assertEqual((reference(), len(gone)), (None, 1))

    def test_cycles(self):
        for kind in (Bag, type("Sub", (Bag,), {}), type("Slotted", (Bag,), {"__slots__": ("a",)})):
            bag = kind()
            bag.__init__(bag, iter(bag))
            bag.me = bag
            self.assertTrue(gc.is_tracked(bag))
            reference = weakref.ref(bag)
            del bag
            gc.collect()
            self.assertIsNone(reference())

        class Own(Bag):
            pass
        Own.one = Own(Own)
        reference, kind = weakref.ref(Own.one), weakref.ref(Own)
        del Own
        gc.collect()
        self.assertEqual((reference(), kind()), (None, None))

    def test_finalizer(self):
        """Its tp_dealloc does not call it; the garbage collector does, once."""
        seen = []
        item = Ending(lambda: seen.append(1))
        del item
        self.assertEqual(seen, [])

        holder = []
        holder.append(Ending(lambda held=holder: seen.append(held[0])))
        del holder
        gc.collect()
        self.assertEqual([type(one) for one in seen], [Ending])
        seen[0].callback = nothing
        seen.clear()
        gc.collect()
        self.assertTrue(hasattr(Ending, "__del__"))
        self.assertEqual(seen, [])

    def test_differs_finalizer_without_dealloc(self):
        """object's tp_dealloc of a static type calls none, that of a heap type does."""
        before = pieces.left()
        Leaving()
        self.assertEqual(pieces.left() - before, int(is_heap(Leaving)))

    def test_differs_referents(self):
        self.assertEqual(gc.get_referents(Bag()).count(Bag), int(is_heap(Bag)))
        self.assertEqual(gc.get_referents(Ending(nothing)).count(Ending), int(is_heap(Ending)))
        self.assertEqual(gc.get_referents(iter(Bag())).count(BagIter), int(is_heap(BagIter)))

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
        # The subtype that has no tp_dealloc of its own.
        self.counts_are_flat(Sealed, lambda: make("Inner"))
        bag = Bag(1)
        self.counts_are_flat(BagIter, lambda: iter(bag))

    def test_reference_counts_of_subclasses(self):
        Sub = type("Sub", (Bag,), {})
        Slotted = type("Slotted", (Sub,), {"__slots__": ("a",)})
        for made in (Sub, Slotted):
            self.counts_are_flat(made, lambda: made(1))
            self.counts_are_flat(Bag, lambda: made(1), ROUNDS // 10)

    def test_reference_counts_of_errors(self):
        def fail(*arguments):
            try:
                arguments[0](*arguments[1:])
            except TypeError:
                return
            self.fail("no error")
        for kind in (Sealed, Inner, Loose, Ending):
            self.counts_are_flat(kind, lambda: fail(kind), 1000)


class ModuleTest(unittest.TestCase):
    def test_import_again(self):
        """In another process: as a static type, Ending is readied twice then."""
        self.assertEqual(in_other_process("""if 1:
            import sys, pieces
            old = sys.modules.pop("pieces")
            import pieces
            assert pieces is not old
            for name in ("Bag", "Ending", "Inner", "Leaving", "Loose", "Sealed"):
                assert getattr(pieces, name) is getattr(old, name), name
            assert list(pieces.Bag(1)) == list(old.Bag(1)) == [1]
            assert int(pieces.seal(3, 1)) == int(old.seal(3, 1)) == 3
            print("done")
        """), "done\n")

    def test_differs_ready_again(self):
        """Where tp_flags is set again, PyType_Ready adds the inherited slots as own ones."""
        self.assertEqual(in_other_process("""if 1:
            import sys, pieces
            def own():
                return [name for name in ("__repr__", "__hash__") if name in pieces.Ending.__dict__]
            first = own()
            del sys.modules["pieces"]
            import pieces
            print(first, own())
        """), "[] []\n" if is_heap(Ending) else "[] ['__repr__', '__hash__']\n")

    def test_second_interpreter(self):
        names = [name for name in ("_interpreters", "_xxsubinterpreters") if self.importable(name)]
        if not names:
            self.skipTest("no module for interpreters")
        for first in ("pass", "exec(code)"):
            self.assertEqual(in_other_process("""if 1:
                import sys, %s as interpreters
                code = "import pieces; b = pieces.Bag(1); b.me = b; assert list(b) == [1]; del b; " \\
                       "assert int(pieces.seal(3, 1)) == 3; assert pieces.Loose('a').text == 'a'"
                %s
                if sys.version_info >= (3, 13):
                    other = interpreters.create('legacy')
                elif sys.version_info >= (3, 12):
                    other = interpreters.create(isolated=False)
                else:
                    other = interpreters.create()
                problem = interpreters.run_string(other, code)
                assert problem is None, problem
                interpreters.destroy(other)
                exec(code)
                print("done")
            """ % (names[0], first)), "done\n")

    @staticmethod
    def importable(name):
        try:
            __import__(name)
        except ImportError:
            return False
        return True


if __name__ == "__main__":
    unittest.main()
