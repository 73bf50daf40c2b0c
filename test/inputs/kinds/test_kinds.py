"""PyUnicode_FromKindAndData, with surrogates and byte order marks; PyUnicode_IS_ASCII.

The module is taken from sys.path, so the same test serves every build of it.
"""
# floors: 3.8
import array
import unittest

import kinds

CODES = {1: "B", 2: "H", 4: "I"}


def make(kind, *numbers):
    return kinds.make(kind, array.array(CODES[kind], numbers).tobytes())


class Text(str):
    def isascii(self):
        raise RuntimeError("not the method of str")


class KindsTest(unittest.TestCase):
    def same(self, kind, *numbers):
        self.assertEqual([ord(c) for c in make(kind, *numbers)], list(numbers))

    def test_one(self):
        self.same(1)
        self.same(1, 0)
        self.same(1, *range(256))

    def test_two(self):
        self.same(2)
        self.same(2, 65, 0x20ac, 0)
        self.same(2, 0xfeff, 0xfffe, 65)
        self.same(2, 0xd83d, 0xde00)
        self.same(2, 0xde00, 0xd83d, 65, 0xdfff)

    def test_four(self):
        self.same(4)
        self.same(4, 65, 0x1f600, 0, 0x10ffff)
        self.same(4, 0xfeff, 65)
        self.same(4, 0xfffe, 65)
        self.same(4, 0xd83d, 0xde00, 0x1f600)

    def test_all(self):
        self.same(4, *range(0x110000))
        self.same(2, *range(0x10000))

    def test_ascii(self):
        for text in "", "a", "\x7f" * 1000, Text(""), Text("abc"):
            self.assertIs(kinds.is_ascii(text), True)
        for text in "\x80", "a\u20ac", "\U0001f600", "\udc80", Text("\xe9"), b"abc", None:
            self.assertIs(kinds.is_ascii(text), False)

    def test_sizes(self):
        for kind in 1, 2, 4:
            self.assertIs(kinds.sized(kind, 0), "")
            with self.assertRaises(ValueError):
                kinds.sized(kind, -1)

    def test_other_kinds(self):
        for kind in 3, 5:
            with self.assertRaises(SystemError):
                kinds.make(kind, b"abc")


if __name__ == "__main__":
    unittest.main()
