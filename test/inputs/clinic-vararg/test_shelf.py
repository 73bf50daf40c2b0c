"""Argument Clinic's output of 3.11 and 3.12 for functions with *args.

CPython of these versions puts an argument in front of *args that is given by
its name into a wrong place, or crashes: no test asks for that.
"""
# floors: 3.11
# before: 3.11 3.12
# options: --generated clinic
import unittest

import shelf


class VarargTest(unittest.TestCase):
    def refuses(self, message, function, *args, **kwargs):
        with self.assertRaises(TypeError) as caught:
            function(*args, **kwargs)
        self.assertEqual(str(caught.exception), message)

    def test_values(self):
        self.assertEqual(shelf.fill(1), (1, (), False))
        self.assertEqual(shelf.fill(1, 2, 3), (1, (2, 3), False))
        self.assertEqual(shelf.fill(1, 2, 3, fixed=1), (1, (2, 3), True))
        self.assertEqual(shelf.fill(1, fixed=1), (1, (), True))
        self.assertEqual(shelf.sort(key=1), ((), 1))
        self.assertEqual(shelf.sort(1, 2, 3, key=4), ((1, 2, 3), 4))
        self.assertEqual(shelf.move(1, 2), (1, 2, ()))
        self.assertEqual(shelf.move(1, 2, 3, 4), (1, 2, (3, 4)))
        self.assertEqual(shelf.count(1), (1, ()))
        self.assertEqual(shelf.count(1, 2, 3), (1, (2, 3)))

    def test_any_objects(self):
        things = [object() for _ in range(100)]
        self.assertEqual(shelf.fill(*things, fixed=things), (things[0], tuple(things[1:]), True))

    def test_refused(self):
        self.refuses("fill() missing required argument 'box' (pos 1)", shelf.fill)
        self.refuses("fill() missing required argument 'box' (pos 1)", shelf.fill, fixed=1)
        self.refuses("sort() missing required argument 'key' (pos 1)", shelf.sort, 1, 2)
        self.refuses("move() takes at least 1 positional argument (0 given)", shelf.move)
        self.refuses("move() missing required argument 'to' (pos 2)", shelf.move, 1)
        self.refuses("count expected at least 1 argument, got 0", shelf.count)

    def test_unexpected(self):
        for function, args in (shelf.fill, (1, 2)), (shelf.move, (1, 2, 3)):
            with self.assertRaises(TypeError) as caught:
                function(*args, colour=1)
            self.assertRegex(str(caught.exception), "colour")


if __name__ == "__main__":
    unittest.main()
