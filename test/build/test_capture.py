#!/usr/bin/env python3
"""Records builds of a small project with `abi3ify capture`: with setuptools, meson-python, scikit-build-core and make.

    test_capture.py --abi3ify PATH

What is built must be what the same command builds alone, the compile database must have each source with the flags that it
was compiled with, usable after the build has removed its folders, and `check` must read the sources by it. Exit: 0 all is
well, 1 something differs, 77 the build systems are missing.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path

import test_build
from test_build import HERE, ROOT, Options, run

MAKEFILE = """
OBJECTS = counter.o other.o
counter.so: $(OBJECTS)
\t$(CC) -shared -o $@ $(OBJECTS)
%.o: %.c
\t$(CC) $(CFLAGS) -fPIC -Iinclude $(shell $(PYTHON) -c 'import sysconfig; print("-I" + sysconfig.get_path("include"))') -DFROM_MAKE='"a b"' -c $< -o $@
"""


class Capture(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name).resolve()
        self.copy = self.folder / "copy"
        self.python = Options.venv / "bin/python"

    def lay(self, project):
        shutil.copytree(HERE / "projects" / project, self.copy)
        source = self.copy / "src" if (self.copy / "src").is_dir() else self.copy
        text = (HERE / "projects/counter.c").read_text()
        (source / "counter.c").write_text(text)
        return source / "counter.c"

    def lay_make(self):
        self.copy.mkdir()
        (self.copy / "include").mkdir()
        (self.copy / "include/own.h").write_text("#define OWN 1\n")
        (self.copy / "Makefile").write_text(MAKEFILE)
        text = (HERE / "projects/counter.c").read_text()
        (self.copy / "counter.c").write_text('#include "own.h"\n' + text)
        (self.copy / "other.c").write_text("int other(void) { return sizeof FROM_MAKE; }\n")
        return ["make", "PYTHON=%s" % self.python]

    def capture(self, command, status=0, **more):
        done = run([Options.abi3ify, "capture", "--", *command], self.copy, **more)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def database(self):
        entries = json.loads((self.copy / "compile_commands.json").read_text())
        for entry in entries:
            self.assertTrue(Path(entry["directory"]).is_dir(), entry["directory"])
            self.assertTrue(Path(entry["file"]).is_absolute())
            self.assertTrue(Path(entry["arguments"][0]).is_absolute())
            self.assertNotIn("abi3ify-capture", json.dumps(entry))
        # CMake compiles files of its own, which stay.
        return {Path(entry["file"]).name: entry["arguments"] for entry in entries
                if Path(entry["file"]).is_relative_to(self.folder)}

    def check(self, name):
        """The source is read with the recorded flags: no word of inferred ones, no error."""
        done = run([Options.abi3ify, "check", "--target", "3.11", "--format", "json", "--python", self.python, "."], self.copy)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        self.assertNotIn("inferred", done.stderr)
        self.assertEqual(json.loads(done.stdout)["errors"], [])
        self.assertTrue(any(Path(word).name == name for word in self.database()[name]))

    def wheel(self, project):
        source = self.lay(project)
        command = [self.python, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "--no-index", "."]
        alone = self.folder / "alone"
        shutil.copytree(self.copy, alone)
        done = run([*command, "-w", self.folder / "out-alone"], alone)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.capture([*command, "-w", self.folder / "out"])
        self.assertEqual(self.content("out"), self.content("out-alone"))
        self.assertEqual(list(self.database()), [source.name])
        self.check(source.name)

    def content(self, name):
        [wheel] = (self.folder / name).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            return wheel.name, sorted(archive.namelist())

    def test_setuptools(self):
        self.wheel("setup-toml")

    def test_meson_python(self):
        self.wheel("meson-python")

    def test_scikit_build_core(self):
        self.wheel("scikit-build-core")

    def test_make(self):
        command = self.lay_make()
        self.capture(command)
        database = self.database()
        self.assertEqual(set(database), {"counter.c", "other.c"})
        self.assertIn("-DFROM_MAKE=\"a b\"", database["other.c"])
        include = database["counter.c"].index("-I")
        self.assertEqual(database["counter.c"][include + 1], str(self.copy / "include"))
        self.check("counter.c")

    def test_a_compiler_that_a_variable_names_by_its_path(self):
        command = self.lay_make()
        compiler = self.folder / "tools/my-own-cc"
        compiler.parent.mkdir()
        compiler.write_text('#!/bin/sh\nexec gcc -DMINE "$@"\n')
        compiler.chmod(0o755)
        self.capture([*command, "-e"], CC=str(compiler) + " -DTWO")
        arguments = self.database()["other.c"]
        self.assertEqual(arguments[0], str(compiler))
        self.assertIn("-DTWO", arguments)
        self.assertTrue((self.copy / "counter.so").exists())

    def test_a_part_that_is_built_anew_keeps_the_rest(self):
        command = self.lay_make()
        self.capture(command)
        os.utime(self.copy / "other.c")
        os.utime(self.copy / "other.c", (2 ** 31, 2 ** 31))
        done = self.capture(command)
        self.assertIn("has 1 compilation of this build and 1 from before", done.stderr)
        self.assertEqual(set(self.database()), {"counter.c", "other.c"})

    def test_nothing_compiled(self):
        command = self.lay_make()
        run(command, self.copy)
        done = self.capture(command, 2)
        self.assertIn("clean it first", done.stderr)
        self.assertFalse((self.copy / "compile_commands.json").exists())

    def test_a_build_that_fails_is_recorded_and_fails(self):
        command = self.lay_make()
        (self.copy / "other.c").write_text("int other(void) { return wrong; }\n")
        done = self.capture([*command, "-k"], 2)
        self.assertIn("wrong", done.stderr)
        self.assertEqual(set(self.database()), {"counter.c", "other.c"})

    def test_a_file_that_is_no_database_stays(self):
        command = self.lay_make()
        (self.copy / "compile_commands.json").write_text("mine")
        done = self.capture(command, 2)
        self.assertIn("compile_commands.json is no compile database", done.stderr)
        self.assertEqual((self.copy / "compile_commands.json").read_text(), "mine")
        self.assertFalse((self.copy / "counter.so").exists())

    def test_no_command(self):
        self.copy.mkdir()
        done = run([Options.abi3ify, "capture"], self.copy)
        self.assertEqual(done.returncode, 2)
        self.assertIn("give its command after '--'", done.stderr)
        done = run([Options.abi3ify, "capture", "--", "no-such-program"], self.copy)
        self.assertEqual(done.returncode, 127)
        self.assertIn("no-such-program: No such file", done.stderr)

    def test_a_response_file(self):
        self.lay_make()
        (self.copy / "words.txt").write_text('-DFROM_MAKE=\\"x\\" -c other.c\n-o other.o\n')
        self.capture(["gcc", "@words.txt"])
        self.assertIn('-DFROM_MAKE="x"', self.database()["other.c"])
        self.assertTrue((self.copy / "other.o").exists())

    @unittest.skipUnless(shutil.which("ccache"), "no ccache on this machine")
    def test_a_compiler_cache_under_the_compiler_s_name(self):
        """It looks for the compiler in PATH, and answers for it the second time."""
        self.lay_make()
        tools = self.folder / "tools"
        tools.mkdir()
        (tools / "gcc").symlink_to(shutil.which("ccache"))
        for turn in range(2):
            (self.copy / "compile_commands.json").unlink(missing_ok=True)
            self.capture(["gcc", "-DFROM_MAKE=1", "-c", "other.c"], PATH="%s:%s" % (tools, os.environ["PATH"]),
                         CCACHE_DIR=str(self.folder / "cache"))
            self.assertIn("-DFROM_MAKE=1", self.database()["other.c"])
            self.assertTrue((self.copy / "other.o").exists())


if __name__ == "__main__":
    tools = subprocess.run([sys.executable, ROOT / "scripts/build-tools"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    if tools.returncode:
        print("skipped: the build systems are missing (scripts/build-tools)")
        sys.exit(test_build.SKIPPED)
    Options.venv = Path(tools.stdout.strip())
    place = sys.argv.index("--abi3ify")
    Options.abi3ify = Path(sys.argv[place + 1]).resolve()
    del sys.argv[place:place + 2]
    unittest.main()
