"""Tests of the bench's own judgement: python3 -m unittest discover bench."""
import json
import sys
import tempfile
import tomllib
import unittest
from collections import Counter
from pathlib import Path

sys.dont_write_bytecode = True

import common
import loops
import owntests
import recorded
import report
import run
import steps

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


    def test_what_slots_cannot_do_without_is_not_new(self):
        key = ("a.c", "warning", "-Wpedantic", "ISO C forbids conversion of function pointer to object pointer type")
        self.assertEqual(recorded.new_in(Counter([key]), Counter()), [])
        other = ("a.c", "warning", "-Wpedantic", "ISO C forbids an empty translation unit")
        self.assertEqual(recorded.new_in(Counter([key, other]), Counter()), [recorded.say(other)])


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

    def test_a_static_library_of_the_build_is_its_objects(self):
        with tempfile.TemporaryDirectory() as folder:
            root, tree = Path(folder).resolve() / "source", Path(folder).resolve() / "tree"
            (root / "t" / "src").mkdir(parents=True)
            tree.mkdir()
            for name in ("m.so", "n.so"):
                (tree / name).touch()
            (root / "t" / "src" / "lib.o").touch()
            common.run(["ar", "rc", root / "t" / "libown.a", root / "t" / "src" / "lib.o"], timeout=60)
            calls = [["gcc", "-c", f"src/{n}.c", "-o", f"t/src/{n}.o"] for n in ("m", "n", "lib")]
            calls += [["gcc", "-shared", f"t/src/{n}.o", "-L/usr/lib", "-Lt", "-lown", "-lz", "-o", f"build/{n}.so"] for n in ("m", "n")]
            log = Path(folder) / "log"
            log.write_text("".join(json.dumps({"directory": str(root), "arguments": c, "exit": 0}) + "\n" for c in calls))
            extensions = recorded.read_log(log, root, tree)
            self.assertEqual([[u.source for u in e.units] for e in extensions], [["src/m.c", "src/lib.c"], ["src/n.c", "src/lib.c"]])
            self.assertEqual(extensions[0].arguments, ["-shared", "t/src/m.o", "-L/usr/lib", "-Lt", "t/src/lib.o", "-lz"])
            self.assertEqual(len(recorded.compile_commands(extensions, root)), 3)


class Tests(unittest.TestCase):
    def test_the_same_is_as_before_and_every_difference_is_named(self):
        before = {"outcomes": {"a": "passed", "b": "failed"}, "output": "x"}
        self.assertEqual(owntests.compare(before, before), "")
        self.assertEqual(owntests.compare(before, {**before, "outcomes": {"a": "failed", "b": "failed"}}),
                         "a: passed before, failed now")
        self.assertEqual(owntests.compare(before, {**before, "outcomes": {"a": "passed"}}), "b: failed before, absent now")
        self.assertEqual(owntests.compare(before, {**before, "output": "y"}), "what it prints differs from before")

    def test_of_a_second_run_only_what_differed_counts(self):
        before = {"outcomes": {"a": "passed", "b": "passed", "c": "failed"}, "output": ""}
        first = {"outcomes": {"a": "failed", "b": "passed", "c": "passed"}, "output": ""}
        second = {"outcomes": {"a": "passed", "b": "failed", "c": "passed"}, "output": ""}
        merged, names = owntests.second_run(before, first, second)
        self.assertEqual((merged["outcomes"], names), ({"a": "passed", "b": "passed", "c": "passed"}, ["a"]))

    def test_counts_in_words(self):
        self.assertEqual(owntests.in_words({"outcomes": {"a": "error", "b": "passed", "c": "passed"}}), "2 passed, 1 error")
        self.assertEqual(report.same_or_each({"3.11": "1 passed", "3.12": "1 passed"}), "1 passed on 3.11, 3.12")
        self.assertEqual(report.same_or_each({"3.11": "1 passed", "3.12": "1 failed"}), "3.11: 1 passed; 3.12: 1 failed")


    def test_a_package_without_tests_has_its_exercise(self):
        with tempfile.TemporaryDirectory() as folder:
            tree, exercise = Path(folder) / "tree", Path(folder) / "exercise.py"
            tree.mkdir()
            (tree / "module_of_the_bench.py").write_text("said = 'here'\n")
            exercise.write_text("import module_of_the_bench\nprint(module_of_the_bench.said)\n")
            modules = {"module_of_the_bench": tree / "module_of_the_bench.py"}
            arguments = [sys.executable, folder, tree, modules, Path(folder) / "scratch", "3.11"]
            self.assertEqual(owntests.own_tests({"kind": "none"}, exercise, *arguments),
                             {"outcomes": {"exercise.py": "passed"}, "output": "here\n"})
            arguments[3] = {**modules, "without_tkinter": tree / "without_tkinter.py"}
            self.assertEqual(owntests.own_tests({"kind": "none", "unloaded": ["without_tkinter"]}, exercise, *arguments)["output"], "here\n")
            with self.assertRaisesRegex(common.Failure, "No module named 'without_tkinter'"):
                owntests.own_tests({"kind": "none"}, exercise, *arguments)
            arguments[3] = modules
            exercise.write_text("raise SystemExit('no')\n")
            with self.assertRaisesRegex(common.Failure, "exercise.py: exit 1: no"):
                owntests.own_tests({"kind": "none"}, exercise, *arguments)


class Manifest(unittest.TestCase):
    def test_an_entry_that_nothing_tests_is_refused(self):
        wrong, = run.untestable({"tests": {"kind": "none"}})
        self.assertRegex(wrong, "neither tests nor an exercise")
        self.assertEqual(list(run.untestable({"exercise": "nowhere.py"})), ["no exercise bench/exercises/nowhere.py"])
        self.assertEqual(list(run.untestable({"tests": {"kind": "pytest"}})), [])

    def test_every_package_is_tested_by_something(self):
        packages = tomllib.loads((common.REPOSITORY / "bench" / "packages.toml").read_text())["package"]
        self.assertEqual([list(run.untestable(entry)) for entry in packages.values()], [[]] * len(packages))


class Recording(unittest.TestCase):
    def test_the_limit_of_a_packages_own_build_is_left_out(self):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "a.c").write_text("#ifdef Py_LIMITED_API\n#error it has a limit\n#endif\nint a;\n")
            unit = recorded.Unit(".", "a.c", ["-DPy_LIMITED_API=0x03060000", "-O1"], False, "a.o")
            extensions = [recorded.Extension("a", ".", ["-shared", "a.o"], False, [unit])]
            objects, found = recorded.compile_all(extensions, folder, Path(folder, "out"))
            self.assertEqual((list(objects), found.total()), ([("a", "a.o")], 0))
            with self.assertRaisesRegex(common.Failure, "a.c does not compile: a.c: error: #error it has a limit"):
                recorded.compile_all(extensions, folder, Path(folder, "out"), ["-DPy_LIMITED_API=0x030B0000"])


class Reporting(unittest.TestCase):
    def test_what_is_left_has_its_row_and_its_reason(self):
        left = [{"file": "b.c", "line": 7, "rule": "a-rule", "state": "unseen", "symbol": "PyA", "reason": "r"},
                {"file": "a.c", "line": 9, "rule": "not-limited", "state": "manual", "symbol": "PyB", "reason": "x|y"},
                {"file": "b.c", "line": 3, "rule": "a-rule", "state": "unseen", "symbol": "PyA", "reason": "r"},
                {"file": "c.c", "line": 1, "rule": "not-limited", "state": "manual", "symbol": "PyC", "reason": "z"}]
        self.assertEqual(report.remaining(left, {"a-rule": "B01, B02"}, {"PyA": {"why": "in no build"}, "PyC": {"row": "F34"}})[2:], [
            "| `PyB` | 1 | `a.c:9` | manual | not-limited | none | x\\|y |",
            "| `PyC` | 1 | `c.c:1` | manual | not-limited | F34 | z |",
            "| `PyA` | 2 | `b.c:3, 7` | unseen | a-rule | B01, B02 | in no build |"])

    def test_static_types_are_counted_and_what_is_left_says_why(self):
        types = [{"file": "a.c", "line": 3, "state": "fixed", "symbol": "A", "reason": None},
                 {"file": "a.c", "line": 9, "state": "manual", "symbol": "B", "reason": "a metaclass"}]
        step = {"step": "abi3ify migrate", "state": "ok", "data": {"types": types}}
        done = [{"name": "one", "version": "1", "floor": "3.11", "steps": [step]},
                {"name": "two", "version": "1", "floor": "3.11", "steps": [{**step, "data": {"types": []}}]}]
        lines = report.static_types(done, {"one": {}, "two": {}})
        self.assertEqual(lines[4:], ["| one 1 | 3.11 | 2 | 1 | `B` (`a.c:9`, manual) | a metaclass |", ""])
        self.assertEqual(report.static_types(done[1:], {"two": {}}), [])

    @staticmethod
    def package(name, reached=True, announced=False, against="", steps=()):
        return {"name": name, "version": "1", "floor": "3.11", "reached": reached, "announced": announced, "against": against,
                "cause": "" if reached else "abi3audit: PyX outside the stable ABI", "seconds": 1.0, "interpreters": ["3.11"],
                "sha256": "00", "steps": [{"step": t, "state": "ok", "said": "", "data": d} for t, d in steps]}

    def test_uses_are_added_up_and_advice_is_none(self):
        safe, review = "abi3ify migrate, safe only", "abi3ify migrate"
        one = self.package("one", steps=[(safe, {"states": {"fixed": 6, "fixable": 2}}), (review, {"states": {"fixed": 8, "unseen": 2, "advice": 5}})])
        two = self.package("two", steps=[(safe, {"states": {"manual": 2}}), (review, {"states": {"manual": 2}})])
        self.assertEqual([line.split(" | ")[-6:] for line in report.uses([one, two])[-4:-1]], [
            ["10", "8", "6 (75 %)", "8 (100 %)", "8 (80 %)", "2 unseen |"],
            ["2", "2", "0 (0 %)", "0 (0 %)", "0 (0 %)", "2 manual |"],
            ["12", "10", "6 (60 %)", "8 (80 %)", "8 (67 %)", "2 manual, 2 unseen |"]])

    def test_the_closing_lines_say_who_was_announced(self):
        done = [self.package("one"), self.package("two", False, True), self.package("three", False, against="the report said 'works'")]
        self.assertEqual(report.closing({"packages": done, "missing interpreters": []}), "\n".join([
            "two 1: abi3audit: PyX outside the stable ABI (announced)",
            "three 1: abi3audit: PyX outside the stable ABI (not announced: the report said 'works')", "1 of 3 packages reached the end"]))

    def test_speed_is_against_the_original(self):
        timed = self.package("one", steps=[("speed", {"interpreter": "3.13", "seconds": {"original": 2e-6}, "ratios": {"full": 1.0, "limited": 1.25}})])
        self.assertEqual(report.speeds([timed])[-2], "| one 1 | 3.13 | 2.0 us | 1.00 | 1.25 |")
        self.assertEqual(report.speeds([self.package("two", steps=[("speed", {})])]), [])

    def test_rows_are_those_of_the_rule_files(self):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "list").mkdir()
            Path(folder, "list", "list-get-item.yaml").write_text("id: list-get-item\nrows: [B01, B02]\n")
            self.assertEqual(report.rows(Path(folder)), {"list-get-item": "B01, B02"})

    def test_runs_are_joined_in_the_manifests_order_and_the_newest_counts(self):
        run = lambda missing, **packages: {"version": 1, "missing interpreters": missing,
                                           "packages": [{"name": n, "at": v} for n, v in packages.items()]}
        joined = report.joined(run([], a=3), [run(["3.9"], b=1, a=1), run([], b=2)], ["a", "b", "c"])
        self.assertEqual(joined, {"version": 1, "missing interpreters": ["3.9"],
                                  "packages": [{"name": "a", "at": 3}, {"name": "b", "at": 2}]})


class Timing(unittest.TestCase):
    def test_each_build_has_its_own_time(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, number in (("slow", 4000), ("quick", 10)):
                Path(folder, name).mkdir()
                Path(folder, name, "loop_of_ours.py").write_text(f"def f(): return sum(range({number}))\n")
            loops.ROUNDS = 1
            seconds = loops.measure(sys.executable, {n: Path(folder, n) for n in ("slow", "quick")}, "import loop_of_ours", "loop_of_ours.f()", folder)
            self.assertGreater(seconds["slow"], seconds["quick"])


class Announcing(unittest.TestCase):
    def test_what_holds_for_every_package_is_not_excused(self):
        bench = steps.Bench.__new__(steps.Bench)
        bench.verdict = "decisions"
        self.assertEqual(bench.announced([{"step": "second migrate"}, {"step": "abi3audit"}]), "not to be excused: second migrate")

    def test_a_report_that_promised_the_end_announced_nothing(self):
        bench = steps.Bench.__new__(steps.Bench)
        bench.verdict = "one-command"
        self.assertEqual(bench.announced([{"step": "abi3audit"}]), "the report said 'one-command'")


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
