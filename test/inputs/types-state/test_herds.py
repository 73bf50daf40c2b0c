"""Types in the state of their module: what each module object has for itself.

The module is taken from sys.path, so the same test serves every build of it. A
test_differs_... pins what is not the same once the types live in the state.
"""
# floors: 3.10 3.13
# options: --module-state
import gc
import importlib
import subprocess
import sys
import unittest
import weakref

import herds
from herds import Herd, Sheep

HEAPTYPE = 1 << 9
HEAP = bool(Herd.__flags__ & HEAPTYPE)


def another():
    """A second module object."""
    first = sys.modules.pop("herds")
    try:
        return importlib.import_module("herds")
    finally:
        sys.modules["herds"] = first


class TypesTest(unittest.TestCase):
    def test_sheep(self):
        herd = Herd(3)
        self.assertEqual(repr(herd.members), "[<sheep 0>, <sheep 1>, <sheep 2>]")
        first, second, _ = herd.members
        self.assertEqual(first.twin(), first)
        self.assertNotEqual(first, second)
        self.assertNotEqual(first, 0)
        self.assertIs(type(first.twin()), Sheep)
        with self.assertRaises(TypeError):
            Sheep()

    def test_names(self):
        for kind in (Herd, Sheep):
            self.assertEqual(kind.__module__, "herds")
            self.assertIs(getattr(herds, kind.__name__), kind)
            with self.assertRaises(TypeError):
                type("Sub", (kind,), {})

    def test_module_function(self):
        self.assertTrue(herds.is_herd(Herd()))
        self.assertFalse(herds.is_herd(Herd))

    def test_counts(self):
        before = sys.getrefcount(Herd), sys.getrefcount(Sheep)
        for _ in range(10000):
            Herd(2).members[0].twin()
        self.assertEqual((sys.getrefcount(Herd), sys.getrefcount(Sheep)), before)


class ModulesTest(unittest.TestCase):
    def test_differs_types_of_modules(self):
        other = another()
        self.assertIsNot(other, herds)
        self.assertEqual(other.Herd is Herd, not HEAP)
        self.assertTrue(other.is_herd(other.Herd()))
        self.assertEqual(herds.is_herd(other.Herd()), not HEAP)
        sheep = other.Herd(1).members[0]
        self.assertIs(type(sheep.twin()), other.Sheep)
        self.assertEqual(sheep == Herd(1).members[0], not HEAP)

    def test_differs_types_go_with_their_module(self):
        other = another()
        kind = weakref.ref(other.Herd)
        herd = other.Herd(2)
        del other
        gc.collect()
        # Its instances keep the type, and the type its module.
        self.assertEqual(len(herd.members[0].twin().twin().__class__.__mro__), 2)
        del herd
        gc.collect()
        self.assertEqual(kind() is None, HEAP)

    def test_modules_come_and_go(self):
        for _ in range(100):
            another().Herd(2)
        gc.collect()
        self.assertEqual(len(Herd(2).members), 2)

    def test_another_interpreter(self):
        code = ("import sys\n"
                "try:\n    import _interpreters as interpreters\n"
                "except ImportError:\n    import _xxsubinterpreters as interpreters\n"
                "import herds\n"
                "for _ in range(2):\n"
                "    one = (interpreters.create(isolated=False) if sys.version_info[:2] < (3, 13)\n"
                "           else interpreters.create('legacy'))\n"
                "    interpreters.run_string(one, 'import sys; sys.path[:] = %r\\n'\n"
                "        'import herds; assert len(herds.Herd(3).members) == 3' % (sys.path,))\n"
                "    interpreters.destroy(one)\n"
                "assert herds.is_herd(herds.Herd(1))\n"
                "print('done')\n")
        result = subprocess.run([sys.executable, "-c", "import sys; sys.path[:] = %r\n" % sys.path + code],
                                capture_output=True, text=True)
        self.assertEqual((result.stdout, result.returncode), ("done\n", 0), result.stderr)


if __name__ == "__main__":
    unittest.main()
