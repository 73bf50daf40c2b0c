#!/usr/bin/env python3
"""Shows that the rules which change who owns a reference keep the counts.

    ownership.py --abi3ify PATH [--only MODULE] [--keep DIR]

Each module beside this file takes, stores or replaces references in many shapes. It is
built and exercised as it is; then a copy is migrated until none of the old
functions is left, built in full mode and against the Limited API, and
exercised again: 10,000 calls of every function with every input, error paths
included, must give what they gave before and leave every count as it was.
Under valgrind, where there is one, the migrated module must not touch memory
that is not its own.

Exit: 0 all is well, 1 something differs, 77 no interpreter.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "scripts"))
sys.dont_write_bytecode = True
import extbuild  # noqa: E402
from extbuild import Failure  # noqa: E402

SKIPPED = 77
CALLS = 10000
CALLS_IN_VALGRIND = 20


@dataclass(frozen=True)
class Case:
    module: str
    floor: str
    below: str       # the first version whose headers do not have the old functions
    rules: tuple     # optional rules that must be selected
    old: tuple       # what no source may call afterwards
    since: str = "3.8"   # the first version whose headers have all the old functions


CASES = [
    Case("containers", "3.13", "4.0",
         ("list-get-item-ref", "dict-get-item-ref", "import-add-module-ref"),
         ("PyList_GetItem", "PyDict_GetItem", "PyDict_GetItemWithError", "PyImport_AddModule")),
    Case("referents", "3.9", "3.15", (), ("PyWeakref_GetObject", "PyWeakref_GET_OBJECT")),
    Case("referents", "3.13", "3.15", (), ("PyWeakref_GetObject", "PyWeakref_GET_OBJECT")),
    Case("stores", "3.9", "4.0", (),
         ("PyTuple_SET_ITEM", "PyList_SET_ITEM", "Py_SETREF", "Py_XSETREF", "PyDict_SetDefault",
          "_PyTuple_Resize", "_PyBytes_Resize")),
    Case("removed", "3.9", "3.13", (), ("_PyDict_Pop", "_PyObject_LookupAttr", "_PySet_Update")),
    Case("newer", "3.13", "4.0", (),
         ("PyDict_Pop", "PyDict_PopString", "PyList_Extend", "PyList_Clear")),
    Case("newer", "3.9", "4.0", (),
         ("PyDict_Pop", "PyDict_PopString", "PyList_Extend", "PyList_Clear", "PyObject_GetOptionalAttr",
          "PyObject_GetOptionalAttrString", "PyMapping_GetOptionalItem", "PyMapping_GetOptionalItemString",
          "PyModule_Add", "PyModule_AddObjectRef"), since="3.13"),
    Case("calls", "3.9", "3.13", (),
         ("PyObject_Vectorcall", "_PyObject_Vectorcall", "_PyObject_FastCall", "_PyFunction_Vectorcall",
          "PyObject_VectorcallDict", "PyObject_VectorcallMethod", "_PyObject_VectorcallMethod",
          "_PyStack_AsDict", "_PyErr_ChainExceptions"), since="3.9"),
    Case("calls", "3.12", "3.13", (),
         ("_PyObject_Vectorcall", "_PyObject_FastCall", "_PyFunction_Vectorcall", "PyObject_VectorcallDict",
          "_PyObject_VectorcallMethod", "_PyStack_AsDict", "_PyErr_ChainExceptions")),
    Case("latest", "3.12", "4.0", (), ("PyTuple_FromArray", "_PyErr_ChainExceptions1"), since="3.15"),
]


def check(condition, message, details=""):
    if not condition:
        raise Failure(message, details)


def migrate(abi3ify, case, copy, pythons, rules=()):
    command = [str(abi3ify), "migrate", "--review", "--allow-dirty", "--target", case.floor]
    for exe in dict.fromkeys([pythons[0].exe, pythons[-1].exe]):
        command += ["--python", exe]
    for rule in rules:
        command += ["--select", rule]
    done = subprocess.run(command, cwd=copy, text=True, errors="replace", stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    check(done.returncode == 0, "migrate " + extbuild.ended(done.returncode), done.stdout)


def migrated(abi3ify, case, source, copy, pythons):
    """A copy in which nothing is left to do."""
    shutil.copytree(source, copy)
    if case.rules:
        migrate(abi3ify, case, copy, pythons, case.rules)
    migrate(abi3ify, case, copy, pythons)
    file = copy / (case.module + ".c")
    text = file.read_text(encoding="utf-8")
    left = [name for name in case.old if re.search(r"\b%s\s*\(" % name, text)]
    check(not left, "still calls " + ", ".join(left), text)
    migrate(abi3ify, case, copy, pythons, case.rules)
    check(file.read_text(encoding="utf-8") == text, "a further migrate changes the source again")
    return extbuild.find_extension(copy)


def exercise(what, case, python, folder):
    """{function and input: outcome}; Failure when a count is not flat."""
    done = extbuild.run_python(python, folder, [HERE / "exercise.py", case.module, CALLS])
    check(done.returncode == 0, "%s, CPython %s %s" % (what, python.version, extbuild.ended(done.returncode)),
          done.stdout)
    report = json.loads(done.stdout)
    check(not report["problems"], "%s, CPython %s: counts are not flat" % (what, python.version),
          "\n".join(report["problems"]))
    return report["outcomes"]


def same(what, python, before, after):
    different = ["%s: %s -> %s" % (call, before.get(call), after.get(call))
                 for call in sorted(before.keys() | after.keys()) if before.get(call) != after.get(call)]
    check(before and not different, "%s, CPython %s: other outcomes" % (what, python.version),
          "\n".join(different))


def no_new_warnings(what, before, after):
    new = after - before
    check(not new, what + ": new warnings", "\n".join("%s: %s" % key for key in sorted(new)))


def valgrind(case, python, folder):
    """Invalid reads and writes alone: the interpreter leaks, and reads what it did not set."""
    tool = shutil.which("valgrind")
    if not tool:
        return "SKIPPED valgrind: it is not installed"
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    env.update(PYTHONMALLOC="malloc", PYTHONPATH=str(folder), PYTHONDONTWRITEBYTECODE="1")
    done = subprocess.run([tool, "-q", "--error-exitcode=9", "--undef-value-errors=no", "--leak-check=no",
                           python.exe, "-s", "-S", str(HERE / "exercise.py"), case.module, str(CALLS_IN_VALGRIND)],
                          env=env, text=True, errors="replace", stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    check(done.returncode == 0, "in valgrind, CPython %s" % python.version, done.stdout)
    return "valgrind finds nothing"


def having_old(case, pythons):
    """Those whose headers have the old functions."""
    first, end = extbuild.version_key(case.since), extbuild.version_key(case.below)
    return [python for python in pythons if first <= extbuild.version_key(python.version) < end]


def run(case, abi3ify, pythons, scratch):
    """What was shown, in words; Failure at the first thing that differs."""
    source = HERE / case.module
    with_old = having_old(case, pythons)
    before = extbuild.find_extension(source)
    after = migrated(abi3ify, case, source, scratch / "sources", with_old)

    def old(python):
        build = extbuild.build(before, python, scratch / "before" / python.version)
        return build, exercise("before", case, python, build.folder)

    def new(what, python, build):
        known, outcomes = shown.get(python.version, shown[with_old[-1].version])
        no_new_warnings("%s, CPython %s" % (what, python.version), known.warnings, build.warnings)
        same(what, python, outcomes, exercise(what, case, python, build.folder))

    def full(python):
        new("full mode", python, extbuild.build(after, python, scratch / "full" / python.version))

    def limited(python):
        new("limited mode", python, lowest)

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        shown = dict(zip((python.version for python in with_old), pool.map(old, with_old)))
        lowest = extbuild.build(after, pythons[0], scratch / "limited", floor=case.floor)
        checked = pool.submit(valgrind, case, pythons[0], lowest.folder)
        list(pool.map(full, pythons))
        list(pool.map(limited, pythons))
        calls = len(shown[with_old[0].version][1])
        return "%d calls of %d functions and inputs keep the counts; %s" % (CALLS, calls, checked.result())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--abi3ify", type=Path, required=True)
    parser.add_argument("--only", metavar="MODULE", help="exercise this module alone")
    parser.add_argument("--keep", type=Path, help="work here and leave everything behind")
    options = parser.parse_args()
    ran, failed = False, False
    for case in CASES:
        if options.only not in (None, case.module):
            continue
        pythons = extbuild.interpreters(case.floor)
        name = "%s at floor %s" % (case.module, case.floor)
        if not having_old(case, pythons):
            print("SKIPPED: %s: no interpreter with the old functions" % name)
            continue
        ran = True
        with tempfile.TemporaryDirectory(prefix="abi3ify-") as folder:
            scratch = Path(folder)
            if options.keep:
                scratch = options.keep.resolve() / ("%s-%s" % (case.module, case.floor))
                shutil.rmtree(scratch, ignore_errors=True)
                scratch.mkdir(parents=True)
            try:
                result = run(case, options.abi3ify.resolve(), pythons, scratch)
            except Failure as error:
                failed = True
                result = "PROBLEM: %s\n    %s" % (error, error.details.rstrip().replace("\n", "\n    "))
        print("%s: %s; on CPython %s" % (name, result, ", ".join(python.version for python in pythons)),
              flush=True)
    return 1 if failed else 0 if ran else SKIPPED


if __name__ == "__main__":
    sys.exit(main())
