"""Argument Clinic's output in the forms of 3.10 to 3.12."""
# floors: 3.11
# before: 3.11 3.11
# options: --generated clinic
import os
import sys

sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import unittest  # noqa: E402

import shelf  # noqa: E402
from shelf_cases import Index, ShelfTest  # noqa: E402,F401


class NumbersTest(unittest.TestCase):
    def refuses(self, kind, message, position, value):
        arguments = [0] * position + [value]
        with self.assertRaises(kind) as caught:
            shelf.numbers(*arguments)
        self.assertEqual(str(caught.exception), message)

    def test_values(self):
        self.assertEqual(shelf.numbers(), (1, 2, 3, 4, 5, 6, 7))
        most = (2 ** 16 - 1, 2 ** 32 - 1, 2 ** 64 - 1, 2 ** 64 - 1, 2 ** 63 - 1, 2 ** 63 - 1, 2 ** 63 - 1)
        self.assertEqual(shelf.numbers(*most), most)
        self.assertEqual(shelf.numbers(0, 0, 0, 0, 0, None, None), (0, 0, 0, 0, 0, 6, 7))
        self.assertEqual(shelf.numbers(0, 0, 0, 0, 0, Index(-2), 2 ** 80), (0, 0, 0, 0, 0, -2, 2 ** 63 - 1))

    def test_refused(self):
        for position in range(5):
            self.refuses(ValueError, "value must be positive", position, -1)
            self.refuses(ValueError, "value must be positive", position, -2 ** 100)
            with self.assertRaises(TypeError):
                shelf.numbers(*[0] * position, "1")
            with self.assertRaises(OverflowError):
                shelf.numbers(*[0] * position, 2 ** 64)
        self.refuses(OverflowError, "Python int too large for C unsigned short", 0, 2 ** 16)
        self.refuses(OverflowError, "Python int too large for C unsigned int", 1, 2 ** 32)
        self.refuses(TypeError, "argument should be integer or None, not 'str'", 5, "1")
        self.refuses(TypeError, "slice indices must be integers or None or have an __index__ method", 6, "1")
        with self.assertRaises(OverflowError):
            shelf.numbers(0, 0, 0, 0, 0, 2 ** 80)
