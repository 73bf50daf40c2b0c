#!/usr/bin/env python3
"""Shows that what is said of heap types written by hand is true, and mended.

    heap_types.py --abi3ify PATH

trees.c is built as it is, and again after `migrate --review`: in full mode for
each CPython from the floor on, and against the Limited API once for all. Before, each
instance leaves a reference at its type, and so on (BEFORE); afterwards none.

Exit: 0 all is well, 1 something differs, 77 no interpreter.
"""
import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "scripts"))
sys.dont_write_bytecode = True
import extbuild  # noqa: E402

SKIPPED = 77
FLOOR = "3.11"
BEFORE = {"growth": [1, 1, 1, 1], "outlives": True, "visited": False, "refuses": False,
          "module": None, "warnings": 1}
AFTER = {"growth": [0, 0, 0, 0], "outlives": False, "visited": True, "refuses": True,
         "module": "trees", "warnings": 0}


def look(python, folder):
    done = extbuild.run_python(python, folder, [HERE / "look.py"])
    try:
        return json.loads(done.stdout)
    except ValueError:
        return done.stdout + extbuild.ended(done.returncode)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--abi3ify", type=Path, required=True)
    abi3ify = parser.parse_args().abi3ify.resolve()
    pythons = extbuild.interpreters(FLOOR)
    if not pythons:
        print("SKIPPED: no interpreter from %s on" % FLOOR)
        return SKIPPED
    differences = 0

    def same(what, wanted, found):
        nonlocal differences
        if wanted != found:
            differences += 1
            print("PROBLEM: %s: expected %s, found %s" % (what, wanted, found))

    with tempfile.TemporaryDirectory(prefix="abi3ify-") as folder:
        scratch = Path(folder)
        sources = {"before": scratch / "before", "after": scratch / "after"}
        for copy in sources.values():
            copy.mkdir()
            shutil.copy(HERE / "trees.c", copy)
        done = subprocess.run([abi3ify, "migrate", "--review", "--target", FLOOR,
                               "--python", pythons[0].exe, "--allow-dirty"], cwd=sources["after"],
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        print(done.stdout)
        same("exit status of migrate", 0, done.returncode)
        after = extbuild.find_extension(sources["after"])
        limited = extbuild.build(after, pythons[0], scratch / "limited", FLOOR)
        for python in pythons:
            for kind, wanted in (("before", BEFORE), ("after", AFTER)):
                built = extbuild.build(extbuild.find_extension(sources[kind]), python,
                                       scratch / kind / python.version)
                same("%s, CPython %s" % (kind, python.version), wanted, look(python, built.folder))
            same("limited, CPython %s" % python.version, AFTER, look(python, limited.folder))
        print("heap types on CPython %s: %s" % (
            ", ".join(python.version for python in pythons),
            "problems: %d" % differences if differences else "as expected"))
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
