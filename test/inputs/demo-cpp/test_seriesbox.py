"""Every function of seriesbox, and every error it raises.

The module is taken from sys.path, so the same test serves every build of it.
"""
import array
import sys
import unittest

import seriesbox
from seriesbox import Series


class SeriesTest(unittest.TestCase):
    def test_making(self):
        for numbers in ((1, 2.5, -1.0), [1, 2.5, -1.0], iter([1, 2.5, -1.0]),
                        array.array("d", [1, 2.5, -1.0])):
            series = Series("a", numbers)
            self.assertEqual(series.numbers, (1.0, 2.5, -1.0))
            self.assertEqual((len(series), series[0], series[-1]), (3, 1.0, -1.0))
        self.assertEqual(Series("", ()).numbers, ())
        self.assertEqual(repr(Series("größe", [1])), "<Series 'größe': 1 numbers>")

    def test_making_goes_wrong(self):
        with self.assertRaisesRegex(TypeError, "no keyword arguments"):
            Series("a", numbers=[])
        for arguments in ((), ("a",), (1, []), ("a", [], [])):
            with self.assertRaisesRegex(TypeError, "a label and numbers"):
                Series(*arguments)
        for numbers in (5, ["x"], ("x",), [1j]):
            with self.assertRaises(TypeError):
                Series("a", numbers)

    def test_items(self):
        series = Series("a", (1, 2))
        for index in (2, -3):
            with self.assertRaisesRegex(IndexError, "no such number"):
                series[index]
        self.assertEqual(list(series), [1.0, 2.0])

    def test_scale(self):
        class Exact(float):
            def __float__(self):
                return 100.0

        series = Series("a", (1, 2))
        self.assertIs(series.scale(2), series)
        self.assertEqual(series.scale(1.5).numbers, (3.0, 6.0))
        self.assertEqual(series.scale(Exact(0.5)).numbers, (1.5, 3.0))
        with self.assertRaises(TypeError):
            series.scale("2")

    def test_joined(self):
        both = Series("a", (1,)).joined(Series("ß", (2,)))
        self.assertEqual((both.label, both.numbers), ("a+ß", (1.0, 2.0)))
        with self.assertRaisesRegex(TypeError, "expected a Series, not <class 'list'>"):
            both.joined([])

    def test_label(self):
        series = Series("a", ())
        series.label = "蓝"
        self.assertEqual(series.label, "蓝")
        with self.assertRaisesRegex(TypeError, "the label is a str"):
            series.label = b"b"
        with self.assertRaisesRegex(TypeError, "the label is a str"):
            del series.label

    def test_bytes(self):
        numbers = array.array("d", [0.5, -2.0, 1e300])
        series = seriesbox.from_bytes("raw", numbers)
        self.assertEqual(series.numbers, tuple(numbers))
        self.assertEqual(series.to_bytes(), numbers.tobytes())
        self.assertEqual(seriesbox.from_bytes("none", b"").to_bytes(), b"")
        with self.assertRaisesRegex(ValueError, "5 bytes hold no whole numbers"):
            seriesbox.from_bytes("odd", b"12345")
        for arguments in ((), ("a", "text"), (b"a", b"")):
            with self.assertRaises(TypeError):
                seriesbox.from_bytes(*arguments)

    def test_references(self):
        label = "a label of its own %d" % id(self)
        before = sys.getrefcount(label), sys.getrefcount(Series)
        for _ in range(10):
            series = Series(label, (1, 2))
            series.scale(2.0).scale(0.5)
            series.label = label
            series.label
            seriesbox.labels([series, series])
            series.joined(series)
        del series
        self.assertEqual((sys.getrefcount(label), sys.getrefcount(Series)), before)


class FunctionTest(unittest.TestCase):
    def test_ranks(self):
        self.assertEqual(seriesbox.ranks((3, 1, 2.5, 1)), (3, 0, 2, 1))
        self.assertEqual(seriesbox.ranks([]), ())
        with self.assertRaises(TypeError):
            seriesbox.ranks(None)

    def test_steps(self):
        self.assertEqual(seriesbox.steps((1, 2, 3)), (1, 3, 6))
        self.assertEqual(seriesbox.steps([5, -6]), (5, -1))
        for sequence, error in (((1.5,), TypeError), ([2**100], OverflowError)):
            with self.assertRaises(error):
                seriesbox.steps(sequence)

    def test_labels(self):
        self.assertEqual(seriesbox.labels([Series("a", ()), Series("b", ())]), ["a", "b"])
        self.assertEqual(seriesbox.labels([]), [])
        with self.assertRaisesRegex(TypeError, "expected a list, not <class 'tuple'>"):
            seriesbox.labels(())
        with self.assertRaisesRegex(TypeError, "item 1 is no Series"):
            seriesbox.labels([Series("a", ()), "b"])

    def test_letters(self):
        self.assertEqual(seriesbox.letters("anna"), {"a": 2, "n": 2})
        self.assertEqual(seriesbox.letters("größe 蓝蓝 🖋"),
                         {"g": 1, "r": 1, "ö": 1, "ß": 1, "e": 1, " ": 2, "蓝": 2, "🖋": 1})
        self.assertEqual(seriesbox.letters(""), {})
        with self.assertRaisesRegex(TypeError, "expected a str, not <class 'bytes'>"):
            seriesbox.letters(b"a")


if __name__ == "__main__":
    unittest.main()
