#!/usr/bin/env python3
"""Takes real packages to the Limited API with abi3ify and says, step by step, what holds afterwards.

In: bench/packages.toml and the abi3ify binary. Out: one line per step on
stdout, with --json and --docs the results in files. Exit 0 when every package
reached the end or was announced not to, 1 when one did neither, 2 when the run
itself could not start.
"""
import argparse
import json
import os
import shutil
import sys
import tomllib
from pathlib import Path

sys.dont_write_bytecode = True

import common
import report
from common import REPOSITORY
from steps import CLANG, Bench


def untestable(entry):
    """What keeps an entry of the manifest from being tested, in words."""
    exercise = entry.get("exercise")
    if exercise and not (REPOSITORY / "bench" / "exercises" / exercise).is_file():
        yield f"no exercise bench/exercises/{exercise}"
    if not exercise and entry.get("tests", {}).get("kind", "none") == "none":
        yield "neither tests nor an exercise: give `tests`, or `exercise` with a script of bench/exercises that prints what it does"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="*", help="packages of bench/packages.toml; default all")
    parser.add_argument("--abi3ify", type=Path, default=REPOSITORY / "build" / "bin" / "abi3ify", metavar="PATH")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results here")
    parser.add_argument("--docs", type=Path, metavar="FILE", help="write the table as Markdown here")
    parser.add_argument("--read", type=Path, action="append", default=[], metavar="FILE",
                        help="add the results of an earlier run's --json; without NAME nothing else is run")
    parser.add_argument("--if-index-answers", action="store_true", help="without the package index say so, run nothing and exit with 0")
    parser.add_argument("--originals", action="store_true", help="only the steps that need no abi3ify")
    options = parser.parse_args()
    if options.originals and options.docs:
        parser.error("--docs needs all steps, so not with --originals")
    manifest = tomllib.loads((REPOSITORY / "bench" / "packages.toml").read_text())
    packages = manifest["package"]
    problems = [f"no package {n} in bench/packages.toml; it has {', '.join(packages)}" for n in options.name if n not in packages]
    problems += [f"bench/packages.toml: {n}: {wrong}" for n in options.name or packages if n in packages for wrong in untestable(packages[n])]
    problems += [f"{t} is not installed" for t in ("git", "gcc", "g++", f"clang-{CLANG}", f"clang++-{CLANG}") if not shutil.which(t)]
    if not options.originals and not os.access(options.abi3ify, os.X_OK):
        problems.append(f"{options.abi3ify} is not there; build it with `make`, or name it with --abi3ify PATH")
    if problems:
        print("\n".join(f"bench: {p}" for p in problems), file=sys.stderr)
        return 2
    if options.if_index_answers and not common.index_answers():
        print(f"bench: the package index does not answer, so not run: {', '.join(options.name or packages)}")
        return 0
    pythons = common.pythons(manifest["interpreters"])
    missing = [v for v in manifest["interpreters"] if v not in pythons]
    results = {"version": 1, "missing interpreters": missing, "packages": []}
    for name in options.name or ([] if options.read else packages):
        bench = Bench(name, packages[name], manifest, pythons, options.abi3ify.resolve())
        results["packages"].append(bench.go(Bench.ORIGINALS if options.originals else None))
        if options.json:        # a run that is ended has what it did
            options.json.write_text(json.dumps(results, indent=1) + "\n")
    try:
        results = report.joined(results, [json.loads(f.read_text()) for f in options.read], packages)
    except (OSError, ValueError, KeyError) as error:
        print(f"bench: --read: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")
    if options.docs:
        options.docs.write_text(report.page(results, packages, report.rows(REPOSITORY / "rules")))
    print(report.closing(results, options.originals))
    return 0 if all(p["reached"] or p["announced"] for p in results["packages"]) else 1


if __name__ == "__main__":
    sys.exit(main())
