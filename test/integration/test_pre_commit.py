"""The hooks, by the real pre-commit, in a scratch repository, with a folder for the package index.

    test_pre_commit.py [--dist FOLDER]

FOLDER holds the wheel (test_wheel.py makes it). The hooks' repository is a clone of this one with what
is here now. The compilers and build tools that pre-commit could find fail and leave a trace.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs/pre-commit.md").read_text()
BUILDERS = ["cmake", "ninja", "make", "cc", "c++", "gcc", "g++", "clang", "clang++", "clang-22", "clang++-22"]
CLEAN = """#include <Python.h>
#include "util.h"
PyObject *first(PyObject *pair) { return FIRST(pair); }
"""
HEADER = "#define FIRST(pair) PyTuple_GetItem(pair, 0)\n"
OTHER = """#include <Python.h>
PyObject *old(PyObject *list) { return PyList_GET_ITEM(list, 0); }
"""
USE = "PyObject *second(PyObject *pair) { return PyTuple_GET_ITEM(pair, 1); }\n"
FIXED = "PyObject *second(PyObject *pair) { return PyTuple_GetItem(pair, 1); }\n"


class Options:
    dist = tools = None


def run(command, folder, expect=0, **more):
    done = subprocess.run([str(word) for word in command], cwd=folder, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    assert expect is None or done.returncode == expect, (command, done.returncode, done.stdout)
    return done.stdout


class PreCommit(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.scratch.cleanup)
        cls.top = Path(cls.scratch.name)
        cls.trace = cls.top / "somebody-builds"
        cls.make_index()
        cls.make_environment()
        cls.make_hooks()

    @classmethod
    def make_index(cls):
        """Our wheel, and what any build from a source folder asks for first."""
        cls.index = cls.top / "index"
        shutil.copytree(Options.dist, cls.index, ignore=shutil.ignore_patterns("*.tar.gz"))
        run([Options.tools / "python", "-m", "pip", "download", "-q", "--disable-pip-version-check", "-d", cls.index,
             "--only-binary=:all:", "scikit-build-core", "pip", "setuptools"], cls.top)

    @classmethod
    def make_environment(cls):
        stubs = cls.top / "stubs"
        stubs.mkdir()
        for name in BUILDERS:
            (stubs / name).write_text('#!/bin/sh\necho "$0 $*" >>%s\nexit 1\n' % cls.trace)
            (stubs / name).chmod(0o755)
        cls.environment = {
            "PATH": "%s:%s:/usr/bin:/bin" % (stubs, Options.tools), "HOME": str(cls.top), "LC_ALL": "C.UTF-8",
            "PRE_COMMIT_HOME": str(cls.top / "pre-commit"), "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(cls.index),
            "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
            **{"GIT_%s_%s" % (who, what): value for who in ("AUTHOR", "COMMITTER")
               for what, value in (("NAME", "nobody"), ("EMAIL", "nobody@example.org"))}}

    @classmethod
    def make_hooks(cls):
        cls.hooks = cls.top / "hooks"
        for name in run(["git", "ls-files", "-co", "--exclude-standard"], ROOT).splitlines():
            if (ROOT / name).is_file():
                (cls.hooks / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, cls.hooks / name)
        version = re.search(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text(), re.M)[1]
        cls.tag = "v" + version
        for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"], ["tag", cls.tag]):
            cls.git(words, cls.hooks)

    @classmethod
    def git(cls, words, folder, expect=0):
        return run(["git", *words], folder, expect, env=cls.environment)

    def setUp(self):
        """An extension with one old use in a file that no commit touches."""
        self.folder = Path(tempfile.mkdtemp(dir=self.top))
        self.write({"mod.c": CLEAN, "util.h": HEADER, "other.c": OTHER,
                    "pyproject.toml": re.search(r"```toml\n(.*?)```", DOCUMENT, re.S)[1]})
        for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "first"]):
            self.git(words, self.folder)

    def write(self, files):
        for name, text in files.items():
            (self.folder / name).write_text(text)

    def read(self, name):
        return (self.folder / name).read_text()

    def use(self, *hooks, config=None):
        """Writes the configuration that the document shows, with these hooks, and installs it."""
        if config is None:
            config = re.search(r"```yaml\n(.*?)```", DOCUMENT, re.S)[1]
            self.assertEqual(re.findall(r"id: (\S+)", config), ["abi3ify-migrate", "abi3ify-check"])
            self.assertIn("rev: %s\n" % self.tag, config)
            config = config.replace("https://example.org/abi3ify", str(self.hooks))
            config = "".join(line for line in config.splitlines(True)
                             if "- id:" not in line or line.split()[-1] in hooks)
        self.write({".pre-commit-config.yaml": config})
        self.git(["add", ".pre-commit-config.yaml"], self.folder)
        self.git(["commit", "-qm", "hooks"], self.folder)
        run(["pre-commit", "install"], self.folder, env=self.environment)

    def commit(self, *files, expect):
        """Stages the files and commits; what the hooks said."""
        if files:
            self.git(["add", *files], self.folder)
        shown = self.git(["commit", "-m", "next"], self.folder, expect)
        self.assertFalse(self.trace.exists(), self.trace.exists() and self.trace.read_text())
        return shown

    def test_clean_commit_passes(self):
        self.use("abi3ify-check")
        self.write({"mod.c": CLEAN + "int more;\n"})
        self.assertIn("Passed", self.commit("mod.c", expect=0))

    def test_new_use_fails(self):
        self.use("abi3ify-check")
        self.write({"mod.c": CLEAN + USE})
        shown = self.commit("mod.c", expect=1)
        self.assertIn("mod.c:4:43: warning:", shown)
        self.assertIn("[tuple-get-item]", shown)
        self.assertIn("replace with 'PyTuple_GetItem(pair, 1)' (safe)", shown)
        self.assertNotIn("other.c", shown)
        self.assertEqual(self.read("mod.c"), CLEAN + USE)

    def test_new_use_in_a_header_fails(self):
        self.use("abi3ify-check")
        self.write({"util.h": "#define FIRST(pair) PyTuple_GET_ITEM(pair, 0)\n"})
        shown = self.commit("util.h", expect=1)
        self.assertIn("util.h:1:21: warning:", shown)
        self.assertIn("1 use in 1 file", shown)

    def test_other_files_pass(self):
        self.use("abi3ify-check", "abi3ify-migrate")
        self.write({"plain.c": "int plain(void) { return 1; }\n", "plain.h": "int plain(void);\n", "notes.txt": "PyTuple_GET_ITEM\n"})
        self.assertNotIn("Failed", self.commit("plain.c", "plain.h", "notes.txt", expect=0))

    def test_fix_is_made_and_looked_at(self):
        self.use("abi3ify-migrate", "abi3ify-check")
        self.write({"mod.c": CLEAN + USE})
        shown = self.commit("mod.c", expect=1)
        self.assertRegex(shown, r"abi3ify migrate\.+Failed\n- hook id: abi3ify-migrate\n(- .*\n)*- files were modified by this hook")
        self.assertRegex(shown, r"abi3ify check\.+Passed")
        self.assertEqual(self.read("mod.c"), CLEAN + FIXED)
        self.assertEqual(self.git(["show", ":mod.c"], self.folder), CLEAN + USE)  # staged by the person
        self.assertEqual(self.read("other.c"), OTHER)
        self.assertNotIn("Failed", self.commit("mod.c", expect=0))

    def test_header_is_fixed(self):
        self.use("abi3ify-migrate")
        self.write({"util.h": "#define FIRST(pair) PyTuple_GET_ITEM(pair, 0)\n"})
        self.commit("util.h", expect=1)
        self.assertEqual(self.read("util.h"), HEADER)

    def test_what_is_not_staged_is_not_looked_at(self):
        self.use("abi3ify-migrate", "abi3ify-check")
        staged = CLEAN + "int more;\n"
        self.write({"mod.c": staged})
        self.git(["add", "mod.c"], self.folder)
        self.write({"mod.c": staged + USE})
        self.assertIn("Passed", self.commit(expect=0))
        self.assertEqual(self.read("mod.c"), staged + USE)

    def test_fix_beside_what_is_not_staged(self):
        """The person's own unstaged lines come back, whatever the hook does."""
        self.use("abi3ify-migrate")
        self.write({"mod.c": CLEAN + USE})
        self.git(["add", "mod.c"], self.folder)
        self.write({"mod.c": "/* mine */\n" + CLEAN + USE})
        self.commit(expect=1)
        self.assertEqual(self.read("mod.c"), "/* mine */\n" + CLEAN + FIXED)

    def test_wheel_named_by_itself(self):
        self.use(config=re.findall(r"```yaml\n(.*?)```", DOCUMENT, re.S)[1])
        self.write({"mod.c": CLEAN + USE})
        self.assertIn("[tuple-get-item]", self.commit("mod.c", expect=1))

    def test_all_files(self):
        self.use("abi3ify-check")
        self.assertIn("pre-commit run --all-files\n", DOCUMENT)
        shown = run(["pre-commit", "run", "--all-files"], self.folder, 1, env=self.environment)
        self.assertIn("other.c:2:40: warning:", shown)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--dist", type=Path, default=ROOT / "build/dist")
    options, names = parser.parse_known_args()
    Options.dist = options.dist.resolve()
    Options.tools = Path(run([ROOT / "scripts/build-tools", "packaging-tools"], ROOT).splitlines()[-1]) / "bin"
    unittest.main(argv=[sys.argv[0], *names])
