"""Text that is run, the bytes of ints and floats, frames and code objects, and a type of another source.

The module is taken from sys.path, so the same test serves every build of it.
"""
# floors: 3.11
# before: 3.11 3.12
import math
import os
import struct
import sys
import tempfile
import unittest

import parts

EVAL, FILE = 258, 257
NUMBERS = [0, 1, -1, 127, 128, -128, -129, 255, 256, 2 ** 63, -2 ** 63, 2 ** 64 - 1, 2 ** 100, -2 ** 100, 3 ** 200]


class Int(int):
    pass


class PartsTest(unittest.TestCase):
    def test_run_string(self):
        self.assertEqual(parts.run_string("1 + 1", EVAL, {}, {}), 2)
        spaces = {}
        self.assertIsNone(parts.run_string("x = len('ab')", FILE, spaces, spaces))
        self.assertEqual(spaces["x"], 2)
        builtins = spaces["__builtins__"]
        self.assertIs(getattr(builtins, "__dict__", builtins)["len"], len)
        own = {"__builtins__": {"len": lambda text: 7}}
        self.assertEqual(parts.run_string("len('')", EVAL, own, own), 7)
        places = {}
        parts.run_string("y = 3", FILE, {}, places)
        self.assertEqual(places, {"y": 3})
        with self.assertRaises(SyntaxError) as raised:
            parts.run_string("x x", FILE, {}, {})
        self.assertEqual(raised.exception.filename, "<string>")
        try:
            parts.run_string("1 / 0", EVAL, {}, {})
        except ZeroDivisionError as error:
            self.assertEqual(error.__traceback__.tb_next.tb_frame.f_code.co_filename, "<string>")

    def test_run_simple(self):
        main = sys.modules["__main__"]
        self.assertEqual(parts.run_simple("parts_test_value = 5"), 0)
        self.assertEqual(main.parts_test_value, 5)
        del main.parts_test_value
        said, sys.stderr = sys.stderr, open(os.devnull, "w")
        try:
            self.assertEqual(parts.run_simple("1 / 0"), -1)
        finally:
            sys.stderr.close()
            sys.stderr = said
        with self.assertRaises(SystemExit):
            self.exits()

    def exits(self):
        import subprocess
        code = "import sys; sys.path[:0] = %r; import parts; parts.run_simple('raise SystemExit(3)')" % sys.path
        raise SystemExit(subprocess.run([sys.executable, "-c", code]).returncode == 3 or self.fail("no exit"))

    def test_ints(self):
        for number in NUMBERS:
            for size in 0, 1, 8, 9, 40:
                for order in "little", "big":
                    for signed in False, True:
                        try:
                            wanted = number.to_bytes(size, order, signed=signed)
                        except OverflowError as error:
                            with self.assertRaisesRegex(OverflowError, str(error)):
                                parts.to_bytes(number, size, order == "little", signed)
                            continue
                        self.assertEqual(parts.to_bytes(Int(number), size, order == "little", signed), wanted)
                        self.assertEqual(parts.from_bytes(wanted, order == "little", signed),
                                         int.from_bytes(wanted, order, signed=signed))
            for other in 0, 12, 2 ** 90:
                for base, text in (2, bin), (8, oct), (10, str), (16, hex):
                    found = parts.ints(number, other, 70, base)
                    self.assertEqual(found, (number.bit_length(), math.gcd(number, other), number << 70, number >> 70,
                                             text(number), number))
        self.assertIs(type(parts.ints(Int(5), 1, 1, 10)[5]), int)

    def test_floats(self):
        for number in 0.0, -0.0, 1.0, -1.0, 0.1, 65504.0, 1e-30, math.inf, -math.inf, 3.4028234663852886e38:
            for size, letter in (8, "d"), (4, "f"), (2, "e"):
                for little, order in (1, "<"), (0, ">"):
                    try:
                        wanted = struct.pack(order + letter, number)
                    except OverflowError:
                        self.assertRaises(OverflowError, parts.pack, number, size, little)
                        continue
                    self.assertEqual(parts.pack(number, size, little), wanted)
                    self.assertEqual(parts.unpack(wanted, little), struct.unpack(order + letter, wanted)[0])
        with self.assertRaisesRegex(OverflowError, "float too large to pack with f format"):
            parts.pack(1e39, 4, 1)
        self.assertTrue(math.isnan(parts.unpack(parts.pack(math.nan, 4, 0), 0)))
        self.assertEqual(parts.unpack(parts.pack(-1.0, 2, 0), 0), -1.0)

    def test_frame(self):
        here = sys._getframe()
        back, names, local, builtins, last = parts.frame(here)
        self.assertIs(back, here.f_back)
        self.assertIs(names, globals())
        self.assertEqual(local["here"], here)
        self.assertIs(builtins["len"], len)
        self.assertGreater(last, 0)
        top = here
        while top.f_back:
            top = top.f_back
        self.assertIsNone(parts.frame(top)[0])
        del here, top, back, local

    def test_code(self):
        def inner(a, b=1, *, c=2):
            return a, self, [b for _ in "x"], c
        for code in inner.__code__, PartsTest.test_code.__code__, compile("x = 1", "file", "exec"):
            self.assertEqual(parts.code(code), (
                code.co_code, code.co_varnames, code.co_freevars, code.co_cellvars, code.co_name, code.co_filename,
                code.co_consts, code.co_names, code.co_firstlineno, code.co_flags, code.co_argcount, code.co_kwonlyargcount))

    def test_print(self):
        folder = tempfile.mkdtemp()
        name = os.path.join(folder, "out")
        try:
            for flags, wanted in (0, "'a\xe9\\n'"), (1, "a\xe9\n"):
                self.assertEqual(parts.print("a\xe9\n", name, flags), 0)
                with open(name, encoding="utf-8") as file:
                    self.assertEqual(file.read(), wanted)
        finally:
            os.remove(name)
            os.rmdir(folder)

    def test_type(self):
        self.assertEqual(parts.Tray().number(), 0)
        self.assertEqual(parts.Tray.__name__, "Tray")
        before = sys.getrefcount(parts.Tray)
        for _ in range(100):
            parts.Tray()
        self.assertEqual(sys.getrefcount(parts.Tray), before)

    def test_the_name_of_a_type_in_a_message(self):
        class Own(parts.Coin):
            pass

        for other, name in (parts.Coin(), "parts.Coin"), (Own(), "Own"), (Int(), "Int"), (1, "int"), (parts, "module"):
            with self.assertRaisesRegex(TypeError, f"^no '{name}'$"):
                parts.Coin().refuse(other)


if __name__ == "__main__":
    unittest.main()
