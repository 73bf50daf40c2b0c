"""Every function of tallybook, and every error it raises.

The module is taken from sys.path, so the same test serves every build of it.
"""
import gc
import sys
import unittest
import weakref

import tallybook
from tallybook import Book

ROWS = [
    ("ink", 3, 2.5, "black"),
    ("paper", 500, 0.02, "größe A4"),
    ("ink", 1, 4.0, "naïve 蓝 🖋"),
]


class PackTest(unittest.TestCase):
    def test_round_trip(self):
        rows = [
            (None, True, False),
            (0, 1, -1, 2**63 - 1, -(2**63)),
            (0.0, -0.5, 1e300, float("inf")),
            ("", "plain", "größe", "蓝", "🖋", "nul\0inside"),
            (b"", b"\x00\xff", bytearray(b"more"), bytearray()),
            (),
        ]
        packed = tallybook.pack(rows)
        self.assertIs(type(packed), bytes)
        self.assertEqual(packed[:8], b"TLY1\x06\x00\x00\x00")
        unpacked = tallybook.unpack(packed)
        self.assertEqual(unpacked, rows)
        self.assertEqual([list(map(type, row)) for row in unpacked],
                         [list(map(type, row)) for row in rows])

    def test_kinds_of_sequences(self):
        packed = tallybook.pack(ROWS)
        self.assertEqual(tallybook.pack(tuple(ROWS)), packed)
        self.assertEqual(tallybook.pack([list(row) for row in ROWS]), packed)
        self.assertEqual(tallybook.pack(row for row in ROWS), packed)
        self.assertEqual(tallybook.unpack(tallybook.pack([])), [])

    def test_kinds_of_buffers(self):
        packed = tallybook.pack(ROWS)
        for data in (bytearray(packed), memoryview(packed)):
            self.assertEqual(tallybook.unpack(data), ROWS)

    def test_many_rows(self):
        rows = [(i, "row %d" % i, i / 4) for i in range(2000)]
        self.assertEqual(tallybook.unpack(tallybook.pack(rows)), rows)

    def test_what_cannot_be_packed(self):
        class Special(float):
            pass

        for value in (object(), 1j, Special(1.0), [1]):
            with self.assertRaisesRegex(TypeError, "cannot pack a value of <class"):
                tallybook.pack([(1, value)])
            with self.assertRaisesRegex(TypeError, "cannot pack a value of <class"):
                tallybook.pack([[1, value]])
        with self.assertRaises(OverflowError):
            tallybook.pack([(2**63,)])
        with self.assertRaises(UnicodeEncodeError):
            tallybook.pack([("\ud800",)])
        with self.assertRaisesRegex(TypeError, "a row is a tuple or a list, not <class 'str'>"):
            tallybook.pack(["row"])
        with self.assertRaisesRegex(TypeError, "rows are a sequence"):
            tallybook.pack(7)
        for kind in (tuple, list):
            with self.assertRaisesRegex(OverflowError, "at most 65535 fields, not 65536"):
                tallybook.pack([kind([None] * 65536)])

    def test_what_cannot_be_unpacked(self):
        packed = tallybook.pack(ROWS)
        for length in range(len(packed)):
            with self.assertRaisesRegex(ValueError, "cut short"):
                tallybook.unpack(packed[:length])
        with self.assertRaisesRegex(ValueError, "2 bytes follow"):
            tallybook.unpack(packed + b"!!")
        with self.assertRaisesRegex(ValueError, "not a packed table"):
            tallybook.unpack(b"ABCD" + packed[4:])
        with self.assertRaisesRegex(ValueError, "unknown field tag 63"):
            tallybook.unpack(b"TLY1\x01\0\0\0\x01\0?")
        with self.assertRaises(UnicodeDecodeError):
            tallybook.unpack(b"TLY1\x01\0\0\0\x01\0s\x01\0\0\0\xff")
        for number in (b"i", b"d", b"s", b"b\x02"):
            with self.assertRaisesRegex(ValueError, "cut short"):
                tallybook.unpack(b"TLY1\x01\0\0\0\x01\0" + number)
        for arguments in ((), ("text",), (packed, packed)):
            with self.assertRaises(TypeError):
                tallybook.unpack(*arguments)

    def test_fields_are_released(self):
        value = "a text of its own %d" % id(self)
        before = sys.getrefcount(value)
        tallybook.columns([(value, value)] * 5)
        tallybook.pack([(value,)])
        self.assertEqual(sys.getrefcount(value), before)


class BytesTest(unittest.TestCase):
    def test_checksum(self):
        import zlib
        for data in (b"", b"a", bytes(range(256)) * 30):
            self.assertEqual(tallybook.checksum(data), zlib.adler32(data))
            self.assertEqual(tallybook.checksum(bytearray(data)), zlib.adler32(data))
        with self.assertRaises(TypeError):
            tallybook.checksum("text")

    def test_hex(self):
        data = bytes(range(256))
        self.assertEqual(tallybook.hex(data), data.hex().encode())
        self.assertEqual(tallybook.hex(bytearray(data)), data.hex().encode())
        self.assertEqual(tallybook.hex(b""), b"")
        with self.assertRaisesRegex(TypeError, "not <class 'memoryview'>"):
            tallybook.hex(memoryview(data))


class TextTest(unittest.TestCase):
    def test_split_line(self):
        split = tallybook.split_line
        self.assertEqual(split("a,b,,c"), ["a", "b", "", "c"])
        self.assertEqual(split(""), [""])
        self.assertEqual(split('x,"1,5",y'), ["x", '"1,5"', "y"])
        self.assertEqual(split('open "quote, here'), ['open "quote, here'])
        self.assertEqual(split("größe;蓝;🖋", ";"), ["größe", "蓝", "🖋"])
        self.assertEqual(split("1🖋2🖋3", "🖋"), ["1", "2", "3"])

    def test_split_line_errors(self):
        split = tallybook.split_line
        for arguments, count in (((), 0), (("a", ",", "?"), 3)):
            with self.assertRaisesRegex(TypeError, "1 or 2 arguments, not %d" % count):
                split(*arguments)
        with self.assertRaisesRegex(TypeError, "a line is a str, not <class 'bytes'>"):
            split(b"a,b")
        for separator in ("", ",,", 44):
            with self.assertRaisesRegex(ValueError, "one character"):
                split("a", separator)

    def test_join_line(self):
        join = tallybook.join_line
        self.assertEqual(join(["a", 'say "hi"', "1,5", "two\nlines", "", "größe 🖋"]),
                         'a,"say ""hi""","1,5","two\nlines",,größe 🖋')
        self.assertEqual(join((1.5, 1e-9, 1 / 3, 10**20, None, True)),
                         "1.5,1e-09,0.333333,100000000000000000000,None,True")
        self.assertEqual(join([(1, 2)]), '"(1, 2)"')
        self.assertEqual(join([]), "")
        self.assertEqual(join(c * 40 for c in "xyz"), ",".join(c * 40 for c in "xyz"))

    def test_join_line_errors(self):
        class Nameless:
            def __str__(self):
                raise LookupError("no name")

        join = tallybook.join_line
        with self.assertRaisesRegex(TypeError, "fields are a sequence"):
            join(5)
        with self.assertRaisesRegex(LookupError, "no name"):
            join(["a", Nameless()])
        with self.assertRaises(UnicodeEncodeError):
            join(["\udc80"])
        with self.assertRaisesRegex(ValueError, "null character"):
            join(["a\0b"])

    def test_widths(self):
        self.assertEqual(tallybook.widths(ROWS), (5, 0, 0, 9))
        self.assertEqual(tallybook.widths([("a",), (1, "bcd"), ()]), (1, 3))
        self.assertEqual(tallybook.widths([]), ())
        with self.assertRaisesRegex(TypeError, "rows are a list, not <class 'tuple'>"):
            tallybook.widths(())
        with self.assertRaisesRegex(TypeError, "row 1 is not a tuple"):
            tallybook.widths([(), []])

    def test_initials(self):
        class Names:
            def __len__(self):
                return 2

            def __getitem__(self, index):
                return ["ann", "bob"][index]

        class Broken(Names):
            def __getitem__(self, index):
                raise LookupError("no such name")

        class Sizeless(Names):
            def __len__(self):
                raise LookupError("no size")

        self.assertEqual(tallybook.initials(["ink", "Ölfarbe", "蓝", "🖋"]), ["i", "Ö", "蓝", "🖋"])
        self.assertEqual(tallybook.initials(("x", "y")), ["x", "y"])
        self.assertEqual(tallybook.initials("xyz"), ["x", "y", "z"])
        self.assertEqual(tallybook.initials(Names()), ["a", "b"])
        for names, error in ((5, TypeError), (["a", ""], ValueError), ([b"a"], ValueError),
                             (Broken(), LookupError), (Sizeless(), LookupError)):
            with self.assertRaises(error):
                tallybook.initials(names)


class CountTest(unittest.TestCase):
    def test_columns(self):
        self.assertEqual(tallybook.columns(ROWS),
                         (["ink", "paper", "ink"], [3, 500, 1], [2.5, 0.02, 4.0],
                          ["black", "größe A4", "naïve 蓝 🖋"]))
        self.assertEqual(tallybook.columns(iter([(1,), (2,)])), ([1, 2],))
        self.assertEqual(tallybook.columns([()]), ())
        self.assertEqual(tallybook.columns([]), ())
        with self.assertRaisesRegex(TypeError, "rows are a sequence"):
            tallybook.columns(None)
        with self.assertRaisesRegex(TypeError, "row 1 is not a tuple"):
            tallybook.columns([(1,), [2]])
        with self.assertRaisesRegex(ValueError, "row 1 has 2 fields, not 1"):
            tallybook.columns([(1,), (2, 3)])

    def test_summary(self):
        summary = tallybook.summary(ROWS)
        self.assertIsInstance(summary, tallybook.Summary)
        self.assertEqual((summary.rows, summary.fields, summary.numbers, summary.texts),
                         (3, 12, 6, 6))
        self.assertAlmostEqual(summary.total, 510.52)
        self.assertEqual(tuple(tallybook.summary([(True, None)])), (1, 2, 0, 0, 0.0))
        with self.assertRaisesRegex(TypeError, "rows are a list, not <class 'tuple'>"):
            tallybook.summary(())
        with self.assertRaisesRegex(TypeError, "row 0 is not a tuple"):
            tallybook.summary([[1]])
        with self.assertRaises(OverflowError):
            tallybook.summary([(10**400,)])

    def test_distinct(self):
        self.assertEqual(tallybook.distinct([1, 1.0, "1", "1", None]), 3)
        self.assertEqual(tallybook.distinct(()), 0)
        for values in (7, [[]]):
            with self.assertRaises(TypeError):
                tallybook.distinct(values)

    def test_merge_totals(self):
        into = {"a": 1.0, "b": 2.0}
        self.assertEqual(tallybook.merge_totals(into, {"b": 0.5, "c": 4.0}), 3)
        self.assertEqual(into, {"a": 1.0, "b": 2.5, "c": 4.0})
        with self.assertRaisesRegex(TypeError, "2 dicts, not 1 arguments"):
            tallybook.merge_totals(into)
        for arguments in (({}, []), ([], {}), (into, into)):
            with self.assertRaisesRegex(TypeError, "2 different dicts"):
                tallybook.merge_totals(*arguments)
        with self.assertRaisesRegex(TypeError, "total of 'b' is not a float"):
            tallybook.merge_totals(into, {"b": 1})
        with self.assertRaisesRegex(TypeError, "total of 'b' is not a float"):
            tallybook.merge_totals({"b": 1}, {"b": 1.0})

    def test_take(self):
        totals = {"a": 1.0, "b": 2.0, "c": None}
        self.assertEqual(tallybook.take(totals, ("a", "x", "c")), [1.0, None, None])
        self.assertEqual(totals, {"b": 2.0})
        self.assertEqual(tallybook.take(totals, ()), [])
        with self.assertRaises(TypeError):
            tallybook.take({"a": 1.0, "b": 2.0}, ("b", []))
        for arguments in (({}, []), ([], ()), ({},)):
            with self.assertRaises(TypeError):
                tallybook.take(*arguments)

    def test_errors_of_keys_pass_through(self):
        class Key:
            def __init__(self):
                self.fine = True

            def __hash__(self):
                return hash("ink")

            def __eq__(self, other):
                raise LookupError("cannot compare")

        with self.assertRaisesRegex(LookupError, "cannot compare"):
            tallybook.merge_totals({"ink": 1.0}, {Key(): 1.0})
        with self.assertRaisesRegex(LookupError, "cannot compare"):
            tallybook.take({"ink": 1.0}, (Key(),))
        book = Book("keys", ROWS)
        for method in (book.total, book.settle, lambda key: book.add((key, 1))):
            with self.assertRaisesRegex(LookupError, "cannot compare"):
                method(Key())


class BookTest(unittest.TestCase):
    def test_rows(self):
        book = Book("stock")
        self.assertEqual((len(book), list(book)), (0, []))
        self.assertIs(book.add(ROWS[0]).add(ROWS[1]), book)
        self.assertEqual(list(book), ROWS[:2])
        self.assertEqual((book[0], book[-1]), (ROWS[0], ROWS[1]))
        for index in (2, -3):
            with self.assertRaisesRegex(IndexError, "no such row"):
                book[index]
        self.assertEqual(repr(book), "<Book 'stock' of 2 rows>")
        self.assertEqual(tallybook.unpack(book.pack()), ROWS[:2])

    def test_making(self):
        self.assertEqual(list(Book("a", rows=iter(ROWS))), ROWS)
        self.assertEqual(list(Book(name="a", rows=())), [])
        for arguments in ((), (b"a",), ("a", (), 3)):
            with self.assertRaises(TypeError):
                Book(*arguments)
        with self.assertRaisesRegex(TypeError, "rows are a sequence"):
            Book("a", 5)
        for row in ((), ["ink"], None):
            with self.assertRaisesRegex(TypeError, "at least one field"):
                Book("a", [row])

    def test_totals(self):
        book = Book("stock", ROWS)
        self.assertEqual(book.total("ink"), 10.5)
        self.assertEqual(book.total("glue"), 0.0)
        self.assertEqual(book.settle("ink"), 10.5)
        self.assertEqual(book.total("ink"), 0.0)
        with self.assertRaisesRegex(KeyError, "ink"):
            book.settle("ink")
        for method in (book.total, book.settle):
            with self.assertRaises(TypeError):
                method([])
        with self.assertRaises(OverflowError):
            book.add(("ink", 10**400))
        with self.assertRaises(TypeError):
            book.add(([], 1))
        self.assertEqual(len(book), 3)

    def test_reset(self):
        book = Book("stock", ROWS)
        book.reset({"ink": 1.0})
        self.assertEqual((book.total("ink"), book.total("paper")), (1.0, 0.0))
        book.reset(None)
        self.assertEqual(book.total("ink"), 0.0)
        book.reset({"ink": "much"})
        with self.assertRaisesRegex(TypeError, "total of 'ink' is not a float"):
            book.add(ROWS[0])
        with self.assertRaisesRegex(TypeError, "a dict or None, not <class 'list'>"):
            book.reset([])

    def test_reading(self):
        book = Book("stock", ROWS)
        reader = iter(book)
        self.assertIs(iter(reader), reader)
        self.assertEqual(next(reader), ROWS[0])
        with self.assertRaisesRegex(RuntimeError, "being read"):
            book.add(("glue",))
        self.assertEqual(list(reader), ROWS[1:])
        self.assertEqual(list(reader), [])
        book.add(("glue",))
        unfinished = iter(book)
        del unfinished
        book.add(("tape",))
        self.assertEqual(len(book), 5)
        with self.assertRaisesRegex(TypeError, "cannot create <class 'tallybook.Reader'>"):
            type(reader)()

    def test_reader_keeps_the_book(self):
        self.assertEqual(list(iter(Book("short-lived", ROWS))), ROWS)

    def test_name(self):
        book = Book("old")
        book.name = "new"
        self.assertEqual(book.name, "new")
        with self.assertRaisesRegex(TypeError, "the name is a str"):
            book.name = 5
        with self.assertRaisesRegex(TypeError, "the name is a str"):
            del book.name

    def test_cycles_are_collected(self):
        class Witness:
            pass

        witness = Witness()
        gone = weakref.ref(witness)
        book = Book("cycle")
        book.add((witness, book))
        del book, witness
        gc.collect()
        self.assertIsNone(gone())

    def test_references(self):
        row = ("ink", 1)
        before = sys.getrefcount(row), sys.getrefcount(Book)
        for _ in range(10):
            book = Book("b", [row])
            for read in book:
                self.assertIs(read, row)
            book[0]
            book.pack()
        del book, read
        self.assertEqual((sys.getrefcount(row), sys.getrefcount(Book)), before)


if __name__ == "__main__":
    unittest.main()
