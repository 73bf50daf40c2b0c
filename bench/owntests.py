"""Runs a package's own tests on a built tree and compares two runs.

In: the manifest's `tests` entry, an interpreter, a tree to import from and the
extensions that must be loaded from it. Out: the outcome of each test by name.
"""
import contextlib
import shutil
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

from common import Failure, run

TEST_SECONDS = 900


def loaded(python, tree, modules, scratch):
    """Fails unless every extension is imported from exactly the file given for it."""
    code = "import importlib, sys\nfor name in sys.argv[1:]: print(importlib.import_module(name).__file__)"
    done = run([python, "-c", code, *modules], cwd=scratch, env=environment(tree), timeout=60, what="import")
    for (module, file), place in zip(modules.items(), done.out.splitlines()[-len(modules):]):
        if Path(place).resolve() != Path(file).resolve():
            raise Failure(f"{module} was loaded from {Path(place).name}, not from {Path(file).name}")


def environment(tree):
    return {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONNOUSERSITE": "1"}


@contextlib.contextmanager
def on_the_path(python, tree, wanted):
    """For tests that start interpreters which ignore PYTHONPATH: the tree by a file in the venv. What is no venv has
    no place for it; such tests fail there, before and after."""
    folder = Path(python).parent.parent
    if not wanted or not (folder / "pyvenv.cfg").exists():
        yield
        return
    folder = run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], timeout=60).out.strip()
    place = Path(folder, "abi3ify-bench.pth")
    place.write_text(f"{tree}\n")
    try:
        yield
    finally:
        place.unlink()


def own_tests(tests, exercise, python, source, tree, modules, scratch, version):
    """Runs the package's tests, and our own exercise of it if there is one.

    Gives {"outcomes": {test: passed|failed|error|skipped}, "output": text that two runs must share}.
    """
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    for name in tests.get("copy", []):
        copy = shutil.copytree if Path(source, name).is_dir() else shutil.copy
        copy(Path(source, name), scratch / name)
    loaded(python, tree, {m: f for m, f in modules.items() if m not in tests.get("unloaded", [])}, scratch)
    with on_the_path(python, tree, tests.get("isolated")):
        result = package_tests(tests, python, tree, scratch, version)
    if tests["kind"] == "none":
        result["outcomes"] = {exercise.name: "passed"}      # the run below fails otherwise
    if exercise:
        done = run([python, exercise], cwd=scratch, env=environment(tree), timeout=TEST_SECONDS, what=exercise.name)
        result["output"] += done.out
    return result


def package_tests(tests, python, tree, scratch, version):
    if tests["kind"] == "none":
        return {"outcomes": {}, "output": ""}
    if tests["kind"] == "script":
        done = run([python, tests["script"]], cwd=scratch, env=environment(tree), timeout=TEST_SECONDS, allowed=None)
        return {"outcomes": {tests["script"]: "failed" if done.code else "passed"}, "output": done.out}
    outcomes = {}
    left_out = [o for name in tests.get("crash", {}).get(version, []) for o in ("--deselect", name)]
    for arguments in tests.get("runs") or [tests["arguments"]]:
        outcomes |= pytest_run([*arguments, *left_out], python, tree, scratch)
    if not outcomes:
        raise Failure("pytest ran no test")
    return {"outcomes": outcomes, "output": ""}


def pytest_run(arguments, python, tree, scratch):
    report = scratch / "junit.xml"
    report.unlink(missing_ok=True)
    done = run([python, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junit-xml={report}", *arguments],
               cwd=scratch, env=environment(tree), timeout=TEST_SECONDS, allowed=None)
    if done.code not in (0, 1) or not report.is_file():
        raise Failure(f"pytest: exit {done.code}: {(done.err.strip() or done.out.strip() or 'no output').splitlines()[-1]}")
    outcomes = {}
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        kinds = {child.tag for child in case} & {"failure", "error", "skipped"}
        outcome = {"failure": "failed", "error": "error", "skipped": "skipped"}[min(kinds)] if kinds else "passed"
        outcomes[f"{case.get('classname')}::{case.get('name')}"] = outcome
    return outcomes


def counts(result):
    return dict(sorted(Counter(result["outcomes"].values()).items()))


def in_words(result):
    return ", ".join(f"{n} {outcome}" for outcome, n in
                     sorted(counts(result).items(), key=lambda c: ("passed", "failed", "error", "skipped").index(c[0])))


def second_run(before, first, second):
    """The first run, with those tests of the second that end as before only there; gives it and their names."""
    names = sorted(n for n, outcome in before["outcomes"].items()
                   if first["outcomes"].get(n) != outcome and second["outcomes"].get(n) == outcome)
    return {**first, "outcomes": {**first["outcomes"], **{n: before["outcomes"][n] for n in names}}}, names


def compare(before, after):
    """Says what differs between two runs, or nothing."""
    for name in sorted(before["outcomes"].keys() | after["outcomes"].keys()):
        was, now = before["outcomes"].get(name, "absent"), after["outcomes"].get(name, "absent")
        if was != now:
            return f"{name}: {was} before, {now} now"
    if before["output"] != after["output"]:
        return "what it prints differs from before"
    return ""
