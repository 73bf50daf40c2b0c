"""The program with LLVM inside works where nothing of Clang's can be seen.

    test_without_clang.py --abi3ify PATH

PATH is the statically linked program. What it makes of the demo's sources there must be what it
makes of them where Clang's folders are; and sources that include Clang's own headers must parse.
Exit: 0 all is well, 1 something differs, 77 no mount namespaces or no interpreter.
"""
import argparse
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
sys.dont_write_bytecode = True
import extbuild  # noqa: E402

HIDING = ROOT / "scripts/without-clang"
SKIPPED = 77
# What C compilers bring along, and what only some processors have.
HEADERS = ["float", "iso646", "limits", "stdalign", "stdarg", "stdatomic", "stdbool", "stddef",
           "stdint", "stdnoreturn", "tgmath", "unwind"]
CXX_HEADERS = ["float", "limits", "stdarg", "stddef", "stdint", "tgmath", "unwind"]
PROCESSOR = """
#if defined(__x86_64__)
#include <immintrin.h>
#include <x86intrin.h>
#include <cpuid.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#include <arm_acle.h>
#endif
"""


class Machine:
    abi3ify = python = None


def run(*command, folder, hidden=True):
    call = [HIDING, *command] if hidden else command
    return subprocess.run([str(word) for word in call], cwd=folder, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


class WithoutClang(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)

    def test_only_the_c_library_is_needed(self):
        needed = run("ldd", Machine.abi3ify, folder="/").stdout
        names = {line.split()[0].split("/")[-1].split(".")[0] for line in needed.splitlines()}
        self.assertLessEqual(names, {"linux-vdso", "libc", "libm", "libdl", "libpthread", "librt",
                                     "ld-linux-x86-64", "ld-linux-aarch64"})

    def test_demo_is_migrated(self):
        texts = []
        for hidden in (False, True):
            copy = self.folder / ("hidden" if hidden else "seen")
            shutil.copytree(ROOT / "test/inputs/demo", copy)
            done = run(Machine.abi3ify, "migrate", "--review", "--target", "3.11", "--python",
                       Machine.python, ".", folder=copy, hidden=hidden)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            texts.append({path.name: path.read_text() for path in copy.iterdir() if path.is_file()})
        self.assertNotEqual(texts[0]["tallybook.c"], (ROOT / "test/inputs/demo/tallybook.c").read_text())
        self.assertEqual(texts[0], texts[1])

    def test_headers_of_clang_are_there(self):
        for name, headers in (("x.c", HEADERS), ("x.cpp", CXX_HEADERS)):
            with self.subTest(name):
                (self.folder / name).write_text(
                    "#include <Python.h>\n" + "".join("#include <%s.h>\n" % header for header in headers) +
                    PROCESSOR + "PyObject *f(PyObject *t) { return PyTuple_GET_ITEM(t, 0); }\n")
                done = run(Machine.abi3ify, "check", "--verify", "--target", "3.11", "--python",
                           Machine.python, name, folder=self.folder)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn("1 use in 1 file that Limited API 3.11 does not have: 1 fixable", done.stdout)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--abi3ify", type=Path, required=True)
    Machine.abi3ify = parser.parse_args().abi3ify.resolve()
    pythons = extbuild.interpreters("3.11")
    if not pythons:
        print("no CPython 3.11 or newer with headers")
        return SKIPPED
    Machine.python = pythons[0].exe
    probe = run("true", folder="/")
    if probe.returncode:
        print(probe.stderr, end="")
        return SKIPPED if probe.returncode == SKIPPED else 1
    unittest.main(argv=sys.argv[:1])


if __name__ == "__main__":
    sys.exit(main())
