"""Strings of all kinds read and filled in place, and members of memoryviews.

The module is taken from sys.path, so the same test serves every build of it.
"""
# floors: 3.11
import array
import sys
import unittest

import memory

ASCII, LATIN, TWO, FOUR = "abc", "caf\xe9", "\u20ac\ud83d\ude00x", "x\U0001f600\udfff"


class MemoryTest(unittest.TestCase):
    def test_twice(self):
        self.assertEqual(memory.twice(""), "")
        self.assertEqual(memory.twice(ASCII), "aabbcc")
        self.assertEqual(memory.twice(LATIN), "ccaaff\xe9\xe9")
        self.assertEqual(memory.twice("\xff"), "\xff\xff")
        self.assertEqual(memory.twice(TWO), TWO + TWO)
        self.assertEqual(memory.twice(FOUR), "xx\U0001f600\U0001f600\udfff\udfff")
        self.assertEqual(memory.twice("a" * 10000), "a" * 20000)
        for bad in "a!", "\xe9!":
            with self.assertRaisesRegex(ValueError, "exclamation"):
                memory.twice(bad)
        with self.assertRaises(TypeError):
            memory.twice(b"abc")

    def test_sizes(self):
        """The result is as narrow as any other string of its text."""
        for text in "", "a", ASCII, LATIN, TWO, FOUR:
            self.assertEqual(sys.getsizeof(memory.twice(text)), sys.getsizeof((memory.twice(text) + " ")[:-1]))

    def test_find(self):
        self.assertIsNone(memory.find("", "x"))
        self.assertEqual(memory.find("abcx", "x"), 3)
        self.assertEqual(memory.find("\xe9\xe8x", "\xe8"), 1)
        self.assertEqual(memory.find("\xe9\xe8", "x"), -1 - 0xe9)
        for text in "a\0b", "\xe9\0":
            with self.assertRaisesRegex(ValueError, "null"):
                memory.find(text, "x")

    def test_total(self):
        for text in "", ASCII, LATIN, TWO, FOUR, "\x7f\x80":
            self.assertEqual(memory.total(text), sum(map(ord, text)))
        self.assertIsNone(memory.total("\xe9" * 1001))

    def test_words(self):
        for text in "", " ", "one", "one  two ", "\xe9t\xe9 caf\xe9", "\u20ac \U0001f600", "a\0b":
            self.assertEqual(memory.words(text), len(text.split("\0")[0].split(" ")) - text.split("\0")[0].split(" ").count(""))
        with self.assertRaises(TypeError):
            memory.words(b"one")

    def test_filled(self):
        self.assertEqual(memory.hex(0), "0000")
        self.assertEqual(memory.hex(0xbeef), "beef")
        with self.assertRaises(OverflowError):
            memory.hex(-1)

    def test_ascii(self):
        self.assertEqual(memory.decimal(-12345678901234567890), b"-12345678901234567890")

    def test_widest(self):
        self.assertIsNone(memory.widest(LATIN))
        self.assertIsNone(memory.widest(FOUR))
        self.assertEqual(memory.widest("\u20ac\u0100"), 0x20ac)
        self.assertEqual(memory.widest(TWO), 0xde00)
        self.assertEqual(memory.widest("\uffff"), "last")

    def test_memoryview(self):
        self.assertEqual(memory.shape(memoryview(b"abc")), ([3], 1, 97, "B"))
        self.assertEqual(memory.shape(memoryview(b"")), ([0], 1, None, "B"))
        two = memoryview(array.array("h", range(6))).cast("B").cast("h", [2, 3])
        self.assertEqual(memory.shape(two), ([2, 3], 2, 0, "h"))
        with self.assertRaises(TypeError):
            memory.shape(b"abc")
        kept = bytearray(b"xyz")
        view = memoryview(kept)
        memory.shape(view)
        view.release()
        kept.append(1) # nobody holds the memory


if __name__ == "__main__":
    unittest.main()
