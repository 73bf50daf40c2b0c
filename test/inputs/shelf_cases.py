"""What the modules `shelf` do, whose arguments Argument Clinic unpacks.

Each form that Clinic has had is a folder clinic*, with a test that takes these.
"""
import sys
import unittest

import shelf

NEWER = sys.version_info >= (3, 13)


class Index:
    def __init__(self, value):
        self.value = value

    def __index__(self):
        return self.value


class Text(str):
    pass


class ShelfTest(unittest.TestCase):
    def raises(self, message, call, *args, **kwargs):
        with self.assertRaises(TypeError) as caught:
            call(*args, **kwargs)
        self.assertEqual(str(caught.exception), message)

    def unexpected(self, function, name, call, *args, **kwargs):
        self.raises("%s() got an unexpected keyword argument '%s'" % (function, name) if NEWER
                    else "'%s' is an invalid keyword argument for %s()" % (name, function),
                    call, *args, **kwargs)

    def test_place(self):
        item = object()
        self.assertEqual(shelf.place(item, 1), (item, 1, -1, False))
        self.assertEqual(shelf.place(item, 1, 2), (item, 1, 2, False))
        self.assertEqual(shelf.place(item, row=Index(7)), (item, 7, -1, False))
        self.assertEqual(shelf.place(column=Index(3), item=item, row=1), (item, 1, 3, False))
        self.assertEqual(shelf.place(item, 1, fixed=[]), (item, 1, -1, False))
        self.assertEqual(shelf.place(item, 1, 2, fixed="x"), (item, 1, 2, True))
        self.assertEqual(shelf.place(item, **{Text("row"): 5}), (item, 5, -1, False))

    def test_place_refuses(self):
        place = shelf.place
        self.raises("place() missing required argument 'item' (pos 1)", place)
        self.raises("place() missing required argument 'row' (pos 2)", place, 1)
        self.raises("place() missing required argument 'item' (pos 1)", place, row=1)
        self.raises("place() takes at most 3 positional arguments (4 given)", place, 1, 2, 3, 4)
        self.raises("place() takes at most 4 arguments (5 given)", place, 1, 2, 3, 4, 5)
        self.raises("place() takes at most 4 keyword arguments (5 given)", place,
                    item=1, row=2, column=3, fixed=4, other=5)
        self.raises("argument for place() given by name ('item') and position (1)",
                    place, 1, 2, item=3)
        self.unexpected("place", "other", place, 1, 2, other=3)
        self.unexpected("place", "", place, 1, 2, **{"": 3})
        self.unexpected("place", "\u20ac", place, 1, 2, **{"\u20ac": 3})
        with self.assertRaises(OverflowError):
            place(1, 2 ** 40)
        with self.assertRaises(OverflowError):
            place(1, 2, 2 ** 80)

    def test_suggestion(self):
        # The interpreter's own helper makes one from 3.13 on, what is written out for it does not.
        with self.assertRaises(TypeError) as caught:
            shelf.place(1, 2, rows=3)
        self.assertRegex(str(caught.exception),
                         r"^place\(\) got an unexpected keyword argument 'rows'(\. Did you mean 'row'\?)?$"
                         if NEWER else "^'rows' is an invalid keyword argument for place\\(\\)$")

    def test_label(self):
        self.assertEqual(shelf.label("a", font=[]), ("a", 1.0, []))
        self.assertEqual(shelf.label("a", 2, font=[1]), ("a", 2.0, [1]))
        self.assertEqual(shelf.label("a", size=Index(3), font=[]),
                         ("a", 3.0, []))

    def test_label_refuses(self):
        label = shelf.label
        self.raises("label() takes at least 1 positional argument (0 given)", label)
        self.raises("label() takes at least 1 positional argument (0 given)", label, size=2, font=[])
        self.raises("label() missing required argument 'font' (pos 3)", label, "a")
        self.raises("label() takes at most 2 positional arguments (3 given)", label, "a", 1, [])
        self.raises("label() argument 1 must be str, not None", label, None, font=[])
        self.raises("label() argument 1 must be str, not int", label, 1, font=[])
        self.raises("label() argument 1 must be str, not Index", label, Index(1), font=[])
        # Without the module where the type was made for a floor below 3.10.
        with self.assertRaisesRegex(TypeError, r"^label\(\) argument 1 must be str, not (shelf\.)?Box$"):
            label(shelf.Box(1), font=[])
        self.raises("label() argument 'font' must be list, not tuple", label, "a", font=())
        self.unexpected("label", "text", label, "a", font=[], text="b")
        with self.assertRaises(ValueError):
            label("a\0b", font=[])

    def test_span(self):
        self.assertEqual(shelf.span("a"), ("a", None))
        self.assertEqual(shelf.span("a", 1), ("a", 1))
        self.raises("span expected at least 1 argument, got 0", shelf.span)
        self.raises("span expected at most 2 arguments, got 3", shelf.span, 1, 2, 3)
        self.raises("span() argument 1 must be str, not bytes", shelf.span, b"")
        with self.assertRaises(TypeError):
            shelf.span("a", last=1)

    def test_pair(self):
        self.assertEqual(shelf.pair(1), (1, None))
        self.assertEqual(shelf.pair(1, 2), (1, 2))
        self.raises("pair expected at least 1 argument, got 0", shelf.pair)
        self.raises("pair expected at most 2 arguments, got 3", shelf.pair, 1, 2, 3)

    def test_count(self):
        self.assertEqual(shelf.count(1), (1, None))
        self.assertEqual(shelf.count(1, "a"), (1, "a"))
        self.raises("count() takes at least 1 argument (0 given)", shelf.count)
        self.raises("count() takes at most 2 arguments (3 given)", shelf.count, 1, "a", 3)
        self.raises("count() argument 2 must be str or None, not int", shelf.count, 1, 2)

    def test_parse(self):
        self.assertEqual(shelf.parse("a", ()), ("a", ()))
        self.assertEqual(shelf.parse(values=(1,), key="k"), ("k", (1,)))
        self.raises("parse() missing required argument 'values' (pos 2)", shelf.parse, "k")
        self.raises("parse() argument 2 must be tuple, not list", shelf.parse, "k", [])
        self.raises("parse() missing required argument 'values' (pos 2)", shelf.parse, "k", key="k")

    def test_box(self):
        self.assertEqual(shelf.Box(2).size(), (2, 1))
        self.assertEqual(shelf.Box(2, 3).size(), (2, 3))
        self.assertEqual(shelf.Box(height=4, width=5).size(), (5, 4))
        self.assertEqual(shelf.Box(2, 3).scale(2), (4, 6))
        self.assertEqual(shelf.Box(2, 3).scale(factor=3), (6, 9))

    def test_box_refuses(self):
        self.raises("Box() missing required argument 'width' (pos 1)", shelf.Box)
        self.raises("Box() missing required argument 'width' (pos 1)", shelf.Box, height=1)
        self.raises("Box() takes at most 2 arguments (3 given)", shelf.Box, 1, 2, 3)
        self.raises("Box() takes at most 2 keyword arguments (3 given)", shelf.Box,
                    width=1, height=2, depth=3)
        self.raises("argument for Box() given by name ('width') and position (1)",
                    shelf.Box, 1, width=2)
        self.unexpected("Box", "depth", shelf.Box, 1, depth=2)
        self.raises("scale() missing required argument 'factor' (pos 1)", shelf.Box(1).scale)
        self.raises("scale() takes at most 1 argument (2 given)", shelf.Box(1).scale, 1, 2)
        self.raises("scale() missing required argument 'factor' (pos 1)", shelf.Box(1).scale, by=2)

    def test_lock(self):
        shelf.Lock().__init__()
        self.raises("Lock() takes no keyword arguments", shelf.Lock, a=1)
        self.raises("Lock() takes no positional arguments", shelf.Lock, 1)


if __name__ == "__main__":
    unittest.main()
