"""What the tests of the documentation share: where the project is, and how abi3ify is run."""
import argparse
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "test/docs"


class Machine:
    """The program under test, and the interpreters with headers (version, executable)."""
    abi3ify = ROOT / "build/bin/abi3ify"
    pythons = []


def find_pythons():
    listing = subprocess.run([ROOT / "scripts/pythons"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return [tuple(line.split("\t")[:2]) for line in listing.splitlines()]


def headers_for(floor):
    """The options that name the floor's own interpreter: what is printed may depend on the headers."""
    for version, executable in Machine.pythons:
        if version == floor:
            return ["--python", executable]
    raise unittest.SkipTest(f"no CPython {floor} with headers on this machine")


def run(arguments, folder):
    return subprocess.run([Machine.abi3ify, *arguments], cwd=folder, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def main(update=None):
    """Runs the tests of the calling script; `update` is what --update does instead."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--abi3ify", type=Path, default=Machine.abi3ify)
    if update:
        parser.add_argument("--update", action="store_true", help="write the outputs shown into the documents")
    options = parser.parse_args()
    Machine.abi3ify = options.abi3ify.resolve()
    Machine.pythons = find_pythons()
    if update and options.update:
        return update()
    unittest.main(argv=sys.argv[:1])
