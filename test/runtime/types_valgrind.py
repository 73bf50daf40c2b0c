#!/usr/bin/env python3
"""Shows that types which were static do not touch memory that is not theirs.

    types_valgrind.py --abi3ify PATH [INPUT_DIR...]

Each input (test/inputs/types*, unless some are named) is migrated, built once
against the Limited API of its lowest floor, and its test run in valgrind under
the CPython of that floor: no invalid read or write, and nothing definitely lost
by the module that was not lost before.

Exit: 0 all is well, 1 valgrind finds something, 77 no valgrind or interpreter.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
sys.dont_write_bytecode = True
import extbuild  # noqa: E402
from extbuild import Failure  # noqa: E402
from run_input import floors_of, words_of  # noqa: E402

SKIPPED = 77
ROUNDS = 20


def migrate(abi3ify, copy, floor, python, options):
    done = subprocess.run([str(abi3ify), "migrate", "--review", "--allow-dirty", "--target", floor, *options,
                           "--python", python.exe], cwd=copy, text=True, errors="replace",
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise Failure("migrate " + extbuild.ended(done.returncode), done.stdout)


def run_in_valgrind(what, python, folder, test):
    """The places where memory was lost; Failure at an invalid access or a failing test."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    env.update(PYTHONMALLOC="malloc", PYTHONPATH=str(folder), PYTHONDONTWRITEBYTECODE="1",
               ABI3IFY_ROUNDS=str(ROUNDS))
    # The interpreter reads what it did not set, and leaks.
    done = subprocess.run(["valgrind", "-q", "--error-exitcode=9", "--undef-value-errors=no",
                           "--leak-check=full", "--show-leak-kinds=definite",
                           "--errors-for-leak-kinds=none", "--num-callers=30",
                           python.exe, "-s", "-S", str(test)], env=env, text=True, errors="replace",
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise Failure("%s, CPython %s, in valgrind %s"
                      % (what, python.version, extbuild.ended(done.returncode)), done.stdout)
    records = re.split(r"^==\d+== *$", done.stdout, flags=re.M)
    return ["\n".join(re.sub(r"^==\d+== ", "", line) for line in record.strip().splitlines())
            for record in records if "definitely lost" in record and str(folder) in record]


def check(source, test, abi3ify, floor, python, scratch):
    """What was shown, in words; Failure otherwise."""
    before = extbuild.build(extbuild.find_extension(source), python, scratch / "before")
    lost_before = run_in_valgrind("before", python, before.folder, test)
    copy = scratch / "sources"
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
    migrate(abi3ify, copy, floor, python, words_of(next(source.glob("test_*.py")), "options"))
    after = extbuild.build(extbuild.find_extension(copy), python, scratch / "after", floor=floor)
    lost = run_in_valgrind("after", python, after.folder, test)
    if len(lost) > len(lost_before):
        raise Failure("%d places lose memory, %d before" % (len(lost), len(lost_before)), "\n\n".join(lost))
    return "no invalid access; %d places lose memory, %d before" % (len(lost), len(lost_before))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("inputs", nargs="*", type=Path,
                        default=sorted((ROOT / "test/inputs").glob("types*")))
    parser.add_argument("--abi3ify", type=Path, required=True)
    options = parser.parse_args()
    if not shutil.which("valgrind"):
        print("SKIPPED: valgrind is not installed")
        return SKIPPED
    ran, failed = False, False
    for source in map(Path.resolve, options.inputs):
        test, = source.glob("test_*.py")
        floor = floors_of(test)[0]
        pythons = extbuild.interpreters(floor)
        if not pythons:
            print("SKIPPED: %s at floor %s: no interpreter" % (source.name, floor))
            continue
        ran = True
        with tempfile.TemporaryDirectory(prefix="abi3ify-") as folder:
            try:
                result = check(source, test, options.abi3ify.resolve(), floor, pythons[0], Path(folder))
            except Failure as error:
                failed = True
                result = "PROBLEM: %s\n    %s" % (error, error.details.rstrip().replace("\n", "\n    "))
        print("%s at floor %s, CPython %s: %s" % (source.name, floor, pythons[0].version, result), flush=True)
    return 1 if failed else 0 if ran else SKIPPED


if __name__ == "__main__":
    sys.exit(main())
