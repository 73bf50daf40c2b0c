#!/usr/bin/env python3
"""Holds what is known of abi3t against CPython 3.15, its headers and its import.

    abi3t.py --abi3ify PATH

ring.c, which is written for abi3t, is clean for `check --target abi3t`, compiles
without a warning, is imported as ring.abi3t.so and does what it should
(exercise.py); built with the full API it does the same. The names that it needs of the
interpreter are in abi3t by the facts. And what the facts say that abi3t lacks is not in
the headers: each macro, and the size of each struct.

Exit: 0 all is well, 1 something differs, 77 no CPython 3.15.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
sys.dont_write_bytecode = True
import extbuild  # noqa: E402

SKIPPED = 77
FLOOR = (3, 15)
WANTED = {
    "cycle": {"total": 3, "made": 4, "freed": 4, "watched": True, "ended": ["heavy"]},
    "members": {"weight": 7, "doubled": 14, "dict": {"color": "red"}, "unset": "AttributeError",
                "same": True, "deleted": "AttributeError"},
    "subclass": {"total": 9, "label": "named", "doubled": 16, "weight": 8, "is_link": True,
                 "no_link": False, "larger": True, "foreign": "TypeError"},
    "references": [0, 0],
    "again": {"other_type": True, "total": 2, "is_link": False},
}

problems = []


def same(what, wanted, found):
    if wanted != found:
        problems.append("%s: expected %s, found %s" % (what, wanted, found))


def facts():
    """The rows of names that 3.15 has, and may be used there."""
    rows = {}
    for line in (ROOT / "facts/limited-api.tsv").read_text().splitlines():
        cells = line.split("\t")
        if not line.startswith("#") and cells[3] != "-" and cells[5] == "-":
            rows[cells[0]] = dict(kind=cells[1], abi3t=cells[6])
    return rows


def compiles(python, text, limit):
    command = [os.environ.get("CC", "cc"), "-fsyntax-only", "-x", "c", "-",
               extbuild.limited_flag(limit), *extbuild.include_flags(
                   extbuild.Extension("probe", [], []), python)]
    return subprocess.run(command, input="#include <Python.h>\n" + text, text=True,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def check_headers(python, known):
    """That the headers have and hide what the table says, and abi3 has all of it."""
    lacking = sorted(name for name, fact in known.items()
                     if fact["abi3t"] == "n" and fact["kind"] == "macro")
    opaque = sorted(name for name, fact in known.items()
                    if fact["abi3t"] == "opaque" and name in ("PyObject", "PyVarObject",
                                                             "PyModuleDef", "PyModuleDef_Base"))
    same("opaque structs", 4, len(opaque))
    same("lacking macros are some", True, len(lacking) > 5)
    for name in lacking:
        # A macro, or a function in the header that has none above it.
        macro = "#ifndef %s\n#error\n#endif\n" % name
        function = "void *probe(void) { return (void *)&%s; }\n" % name
        same("abi3t, abi3 3.15 have %s" % name, [False, True],
             [compiles(python, macro, limit) or compiles(python, function, limit)
              for limit in (extbuild.ABI3T, "3.15")])
    for name in opaque:
        text = "int size = sizeof(%s);\n" % name
        same("abi3t shows %s" % name, (False, True),
             (compiles(python, text, extbuild.ABI3T), compiles(python, text, "3.15")))


def check_symbols(library, known):
    done = subprocess.run(["nm", "-D", "--undefined-only", library], stdout=subprocess.PIPE,
                          text=True, check=True)
    names = {line.split()[-1] for line in done.stdout.splitlines()}
    needed = sorted(name for name in names if name.startswith(("Py", "_Py")))
    same("names are needed", True, len(needed) > 20)
    # What macros and inline functions call is no name of the API.
    private = {"_Py_DecRef", "_Py_IncRef"}
    missing = [name for name in needed if name not in private
               and known.get(name, {"abi3t": "n"})["abi3t"] == "n"]
    same("needed names that abi3t lacks by the facts", [], missing)


def look(python, built, name):
    done = extbuild.run_python(python, built.folder, [HERE / "exercise.py"])
    try:
        found = json.loads(done.stdout)
    except ValueError:
        problems.append("%s: %s %s" % (name, done.stdout, extbuild.ended(done.returncode)))
        return
    same("loaded file", name, found.pop("file"))
    for part, wanted in WANTED.items():
        same("%s, %s" % (name, part), wanted, found.get(part))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--abi3ify", type=Path, required=True)
    abi3ify = parser.parse_args().abi3ify.resolve()
    pythons = [python for python in extbuild.interpreters("3.15")
               if extbuild.version_key(python.version) >= FLOOR]
    if not pythons:
        print("SKIPPED: no CPython 3.15")
        return SKIPPED
    python, known = pythons[0], facts()
    check_headers(python, known)

    source = HERE / "ring.c"
    done = subprocess.run([abi3ify, "check", "--target", "abi3t", "--verify", "--format", "json",
                           "--python", python.exe, source], stdout=subprocess.PIPE, text=True)
    document = json.loads(done.stdout)
    same("check", (0, []), (done.returncode, document["findings"]))

    extension = extbuild.Extension("ring", [source], [])
    with tempfile.TemporaryDirectory(prefix="abi3ify-") as scratch:
        for floor in (extbuild.ABI3T, None):
            built = extbuild.build(extension, python, Path(scratch) / str(floor), floor)
            name = extbuild.module_file(extension, floor)
            same("%s, warnings" % name, [], sorted(built.warnings))
            if floor:
                check_symbols(built.folder / name, known)
            look(python, built, name)
    print("\n".join("PROBLEM: " + problem for problem in problems))
    print("abi3t on CPython %s: %s" % (
        python.version, "problems: %d" % len(problems) if problems else "as expected"))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
