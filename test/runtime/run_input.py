#!/usr/bin/env python3
"""Migrates an extension and shows that it still does the same, everywhere.

    run_input.py INPUT_DIR --abi3ify PATH [--target 3.X]... [--keep DIR]

INPUT_DIR holds the sources of one module and its test_*.py. For each floor the
test runs on the untouched sources under every CPython of this machine from
the floor on; then a copy is migrated with --review, built once against the
Limited API with the lowest headers (and, as a check of the headers, with the
newest), and once in full mode for each interpreter; and all of these builds
must have the same outcomes, no new warning, and leak nothing. A second
migration must change nothing.

The floors come from --target, else from a line `# floors: 3.11 3.13` in the
test, else 3.11; more options of migrate from a line `# options: ...`. Sources that
only some headers suit say so by `# before: 3.8 3.11`, the first and the last;
above these the result is compared with the last. Exit: 0 all is well, 1 something differs, 77 no interpreter.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
sys.dont_write_bytecode = True
import extbuild  # noqa: E402
from extbuild import Failure  # noqa: E402

SKIPPED = 77
REPEAT = 12


class Check:
    """One input at one floor."""

    def __init__(self, source, test, abi3ify, floor, scratch):
        self.source, self.test, self.abi3ify = source, test, abi3ify
        self.floor, self.scratch = floor, scratch
        self.pythons = extbuild.interpreters(floor)
        first, last = words_of(test, "before") or (floor, extbuild.SUPPORTED[-1])
        self.suited = [python for python in self.pythons
                       if extbuild.version_key(first) <= extbuild.version_key(python.version)
                       <= extbuild.version_key(last)]
        self.problems = []

    def problem(self, text, details=""):
        self.problems.append(text)
        print("PROBLEM: " + text)
        if details:
            print("    " + details.rstrip().replace("\n", "\n    "))

    def attempt(self, what, function, *arguments, **options):
        """The function's result; a Failure becomes a problem and None."""
        try:
            return function(*arguments, **options)
        except Failure as error:
            self.problem("%s: %s" % (what, error), error.details)
            return None

    def before(self, found, python):
        """What there is of this version, else of the last one that the sources suit."""
        return found.get(python.version, found[self.suited[-1].version])

    def build_all(self, extension, kind, pythons):
        """{version: Build} in full mode, compiled side by side."""
        def one(python):
            return self.attempt("%s, full mode, CPython %s" % (kind, python.version),
                                extbuild.build, extension, python,
                                self.scratch / kind / python.version)
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            return dict(zip((p.version for p in pythons), pool.map(one, pythons)))

    def run_on(self, python, folder, what):
        """The outcomes, or None; a failing test is a problem."""
        run = self.attempt(what, extbuild.run_test, python, folder, self.test, repeat=REPEAT)
        if run is not None and not run.passed:
            self.problem("%s: the test does not pass" % what, run.output)
            return None
        return run

    def same(self, what, before, after):
        if before is None or after is None:
            return
        if before.outcomes != after.outcomes:
            self.problem("%s: outcomes differ: %s" % (what, ", ".join(sorted(
                "%s %s -> %s" % (test, before.outcomes.get(test), after.outcomes.get(test))
                for test in before.outcomes.keys() | after.outcomes.keys()
                if before.outcomes.get(test) != after.outcomes.get(test)))))
        if after.growth > before.growth:
            self.problem("%s: each run of the test leaves %d blocks of memory behind, before it was %d"
                         % (what, after.growth, before.growth))

    def no_new_warnings(self, what, before, after):
        if before is None or after is None:
            return
        for (name, message), count in sorted((after - before).items()):
            self.problem("%s: new warning in %s: %s (%d times)" % (what, name, message, count))

    def migrate(self, copy):
        command = [str(self.abi3ify), "migrate", "--review", "--allow-dirty", "--target", self.floor,
                   *words_of(self.test, "options")]
        for exe in dict.fromkeys([self.pythons[0].exe, self.pythons[-1].exe]):
            command += ["--python", exe]
        done = subprocess.run(command, cwd=copy, text=True, errors="replace",
                              stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        print(done.stdout)
        return done.returncode

    def migrate_twice(self, copy):
        """Is nothing left to do, so that the result can be built?"""
        shutil.copytree(self.source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        names = set(contents(copy))
        status = self.migrate(copy)
        if status != 0:
            self.problem("migrate %s" % ("left findings (exit 1)" if status == 1
                                         else extbuild.ended(status)))
            return False
        first = contents(copy)
        if set(first) != names:
            self.problem("migrate added or removed files: %s" % sorted(set(first) ^ names))
        status = self.migrate(copy)
        if status != 0:
            self.problem("the second migrate %s" % extbuild.ended(status))
        second = contents(copy)
        changed = sorted(name for name in first.keys() | second.keys()
                         if first.get(name) != second.get(name))
        if changed:
            self.problem("the second migrate changed %s" % ", ".join(changed))
        return True

    def audit(self, library):
        tool = ROOT / "build/venv/bin/abi3audit"
        if not tool.exists():
            print("abi3audit is not installed; the binary's symbols are not audited")
            return
        done = subprocess.run([str(tool), "--strict", "--assume-minimum-abi3", self.floor, str(library)],
                              text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            self.problem("abi3audit finds symbols outside of the floor's stable ABI", done.stdout)

    def run(self):
        lowest, newest = self.pythons[0], self.pythons[-1]
        before = extbuild.find_extension(self.source)
        if not self.suited:
            return self.problem("no interpreter of this machine suits the sources as they are")
        builds = self.build_all(before, "before", self.suited)
        runs = {python.version: self.run_on(python, builds[python.version].folder,
                                            "before, CPython %s" % python.version)
                for python in self.suited if builds[python.version]}
        if self.problems:
            return    # the input itself is broken: nothing to compare with

        copy = self.scratch / "after-sources"
        if not self.migrate_twice(copy):
            return    # what is left would not build
        after = extbuild.find_extension(copy)

        for headers in dict.fromkeys([lowest, newest]):
            what = "limited mode, headers %s" % headers.version
            limited = self.attempt(what, extbuild.build, after, headers,
                                   self.scratch / "limited" / headers.version, floor=self.floor)
            if limited is None:
                continue
            self.no_new_warnings(what, self.before(builds, headers).warnings, limited.warnings)
            suited = headers if headers in self.suited else self.suited[-1]
            self.no_new_warnings(
                what + ", clang",
                self.attempt("before, clang", extbuild.clang_warnings, before, suited),
                self.attempt(what + ", clang", extbuild.clang_warnings, after, headers, self.floor))
            for python in self.pythons:
                where = "%s, on CPython %s" % (what, python.version)
                self.same(where, self.before(runs, python), self.run_on(python, limited.folder, where))
            if headers is lowest:
                self.audit(limited.folder / extbuild.module_file(after, self.floor))

        for version, full in self.build_all(after, "after", self.pythons).items():
            if full is None:
                continue
            what = "after, full mode, CPython %s" % version
            python = next(p for p in self.pythons if p.version == version)
            self.no_new_warnings(what, self.before(builds, python).warnings, full.warnings)
            self.same(what, self.before(runs, python), self.run_on(python, full.folder, what))


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*")) if path.is_file()}


def words_of(test, key):
    """The words of a line `# key: ...` in the test."""
    line = re.search(r"^# %s:(.*)$" % key, test.read_text(encoding="utf-8"), re.M)
    return line.group(1).split() if line else []


def floors_of(test):
    return words_of(test, "floors") or ["3.11"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("input", type=Path)
    parser.add_argument("--abi3ify", type=Path, required=True)
    parser.add_argument("--target", action="append")
    parser.add_argument("--keep", type=Path, help="work here and leave everything behind")
    options = parser.parse_args()
    tests = sorted(options.input.glob("test_*.py"))
    if len(tests) != 1:
        parser.error("%s has %d files test_*.py, not one" % (options.input, len(tests)))

    ran, failed = False, False
    for floor in options.target or floors_of(tests[0]):
        with tempfile.TemporaryDirectory(prefix="abi3ify-") as folder:
            scratch = Path(folder)
            if options.keep:
                scratch = options.keep.resolve() / floor
                shutil.rmtree(scratch, ignore_errors=True)
                scratch.mkdir(parents=True)
            check = Check(options.input.resolve(), tests[0].resolve(), options.abi3ify.resolve(),
                          floor, scratch)
            missing = extbuild.missing_versions(check.pythons, floor)
            missing = "missing: %s" % ", ".join("CPython " + version for version in missing) \
                if missing else "none is missing"
            if not check.pythons:
                print("SKIPPED: %s at floor %s: no interpreter; %s" % (options.input.name, floor, missing))
                continue
            ran = True
            check.run()
        print("%s at floor %s: %s on CPython %s; %s" % (
            options.input.name, floor,
            "problems: %d" % len(check.problems) if check.problems else "the same before and after",
            ", ".join(python.version for python in check.pythons), missing))
        failed = failed or bool(check.problems)
    return 1 if failed else 0 if ran else SKIPPED


if __name__ == "__main__":
    sys.exit(main())
