"""Tests of the bench's own judgement: python3 -m unittest discover bench."""
import json
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True

import common
import owntests
import recorded
import report

GCC = """In file included from /w/src/a.c:1:
/w/src/a.c: In function 'f':
/w/src/a.c:7:5: warning: implicit declaration of function 'g' [-Wimplicit-function-declaration]
    7 |     g();
/w/src/a.c:9:5: warning: implicit declaration of function 'g' [-Wimplicit-function-declaration]
/usr/include/x.h:3:1: note: declared here
/w/src/b.c:2:1: error: unknown type name 'Q'
"""


class Diagnostics(unittest.TestCase):
    def test_file_level_option_text_are_kept_and_lines_are_not(self):
        found = recorded.diagnostics(GCC, "/w")
        self.assertEqual(dict(found), {
            ("src/a.c", "warning", "-Wimplicit-function-declaration", "implicit declaration of function 'g'"): 2,
            ("src/b.c", "error", "", "unknown type name 'Q'"): 1})

    def test_an_error_made_of_a_warning_has_the_warnings_option(self):
        found = recorded.diagnostics("/w/a.c:1:2: error: no [-Werror,-Wint-conversion]\n/w/a.c:1:2: error: no [-Werror=format]\n", "/w")
        self.assertEqual(sorted(key[2] for key in found), ["-Wformat", "-Wint-conversion"])

    def test_only_what_is_more_than_before_is_new(self):
        before = recorded.diagnostics("/w/a.c:1:2: warning: x [-Wy]\n", "/w")
        after = recorded.diagnostics("/v/a.c:5:2: warning: x [-Wy]\n/v/a.c:6:2: warning: x [-Wy]\n", "/v")
        self.assertEqual(recorded.new_in(before, before), [])
        self.assertEqual(recorded.new_in(after, before), ["a.c: warning: x [-Wy]"])


class Recorded(unittest.TestCase):
    def test_a_probe_is_left_out_and_paths_are_relative(self):
        with tempfile.TemporaryDirectory() as folder:
            root, tree = Path(folder).resolve() / "source", Path(folder).resolve() / "tree"
            (tree / "p").mkdir(parents=True)
            (tree / "p" / "m.cpython-311.so").touch()
            root.mkdir()
            calls = [["gcc", "-c", "conftest.c", "-o", "conftest.o"], ["gcc", "conftest.o", "-o", "conftest"],
                     ["gcc", f"-I{root}/inc", "-O3", "-c", "src/m.c", "-o", "t/src/m.o"],
                     ["gcc", "-shared", "t/src/m.o", "-lz", "-o", "build/p/m.cpython-311.so"]]
            log = Path(folder) / "log"
            log.write_text("".join(json.dumps({"directory": str(root), "arguments": c, "exit": 0}) + "\n" for c in calls))
            extensions = recorded.read_log(log, root, tree)
            self.assertEqual(extensions, [recorded.Extension("p.m", ".", ["-shared", "t/src/m.o", "-lz"], False, [
                recorded.Unit(".", "src/m.c", ["-I{root}/inc", "-O3"], False, "t/src/m.o")])])
            self.assertEqual(recorded.compile_commands(extensions, "/copy"), [
                {"directory": "/copy", "file": "/copy/src/m.c",
                 "arguments": ["gcc", "-I/copy/inc", "-O3", "-c", "/copy/src/m.c"]}])


class Tests(unittest.TestCase):
    def test_the_same_is_as_before_and_every_difference_is_named(self):
        before = {"outcomes": {"a": "passed", "b": "failed"}, "output": "x"}
        self.assertEqual(owntests.compare(before, before), "")
        self.assertEqual(owntests.compare(before, {**before, "outcomes": {"a": "failed", "b": "failed"}}),
                         "a: passed before, failed now")
        self.assertEqual(owntests.compare(before, {**before, "outcomes": {"a": "passed"}}), "b: failed before, absent now")
        self.assertEqual(owntests.compare(before, {**before, "output": "y"}), "what it prints differs from before")

    def test_counts_in_words(self):
        self.assertEqual(owntests.in_words({"outcomes": {"a": "error", "b": "passed", "c": "passed"}}), "2 passed, 1 error")
        self.assertEqual(report.same_or_each({"3.11": "1 passed", "3.12": "1 passed"}), "1 passed on 3.11, 3.12")
        self.assertEqual(report.same_or_each({"3.11": "1 passed", "3.12": "1 failed"}), "3.11: 1 passed; 3.12: 1 failed")


class Running(unittest.TestCase):
    def test_a_failure_says_what_and_why(self):
        with self.assertRaisesRegex(common.Failure, "exit 3: oops: error: no"):
            common.run([sys.executable, "-c", "import sys; print('oops: error: no'); sys.exit(3)"], timeout=30)
        with self.assertRaisesRegex(common.Failure, "no end after 1 s"):
            common.run([sys.executable, "-c", "import time; time.sleep(60)"], timeout=1)
        with self.assertRaisesRegex(common.Failure, "No such file"):
            common.run(["/nowhere/at-all"], timeout=1)


if __name__ == "__main__":
    unittest.main()
