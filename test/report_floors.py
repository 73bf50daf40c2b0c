#!/usr/bin/env python3
"""What `abi3ify report` says of each floor is what `abi3ify check` says of it alone.

    report_floors.py --abi3ify PATH

Every extension in test/inputs, at every floor: read once for all floors with the newest
headers of this machine, and the demo also with all headers, where each floor has its own.
"""
import argparse
import json
import re
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SKIPPED = 77


def run(arguments, folder):
    done = subprocess.run(arguments, cwd=folder, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode == 2:
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def costs(findings):
    """What the report says of identifiers, from the findings of check."""
    count = {kind: Counter() for kind in ("manual", "review", "safe")}
    loops = Counter()
    for finding in findings:
        state = finding["state"]
        symbol = "static PyTypeObject" if finding["rule"] == "static-type" else finding["symbol"]
        if state in ("manual", "failed", "fixable"):
            count[finding["safety"] if state == "fixable" else "manual"][symbol] += 1
        if state == "fixable" and finding["in_loop"]:
            loops[symbol, finding["file"], finding["line"], finding["column"]] += 1
    return count, loops


def differences(document, floor, check):
    findings = check["findings"]
    count, loops = costs(findings)
    reported = {kind: Counter({c["symbol"]: c[kind] for c in floor["identifiers"] if c[kind]})
                for kind in count}
    hot = Counter((place["name"], place["file"], place["line"], place["column"])
                  for c in floor["identifiers"] for place in c["in_loops"])
    types = [f for f in findings if f["rule"] == "static-type"]
    expected = {
        # The report looks at no baseline.
        "summary": ({**floor["summary"], "baselined": 0}, check["summary"]),
        "uses": (floor["uses"], sum(f["state"] not in ("suppressed", "advice") for f in findings)),
        "safe": (floor["safe"], sum(count["safe"].values())),
        "review": (floor["review"], sum(count["review"].values())),
        "decisions": (floor["verdict"]["decisions"], sum(count["manual"].values())),
        "identifiers": (reported, count),
        "loops": (hot, loops),
        "static types": ((floor["static_types"]["total"], floor["static_types"]["convertible"]),
                         (len(types), sum(f["state"] == "fixable" for f in types))),
    }
    return [f"{what}: report has {mine}, check has {theirs}"
            for what, (mine, theirs) in expected.items() if mine != theirs]


def compare(abi3ify, folder, pythons):
    """The number of floors compared, and what differs."""
    flags = ["--format", "json", "--jobs", "1",
             *(word for _, executable in pythons for word in ("--python", executable))]
    document = run([abi3ify, "report", *flags], folder)
    problems, compared, previous = [], 0, None
    if [floor["floor"] for floor in document["floors"]][-2:] != ["3.15", "abi3t"]:
        problems.append(f"{folder.name}: the report does not end with abi3t")
    for floor in document["floors"]:
        abi3t = floor["floor"] == "abi3t"
        if abi3t and (previous["saved_by_next"], floor["saved_by_next"]) != (None, None):
            problems.append(f"{folder.name}: abi3t counts as the floor above {previous['floor']}")
        if previous and not abi3t and previous["saved_by_next"] != previous["uses"] - floor["uses"]:
            problems.append(f"{folder.name} at {previous['floor']}: saved_by_next is wrong")
        previous = floor
        version = (3, 15) if abi3t else tuple(map(int, floor["floor"].split(".")))
        if version > pythons[-1][0]:
            continue
        check = run([abi3ify, "check", "--target", floor["floor"], *flags], folder)
        problems += [f"{folder.name} at {floor['floor']}: {difference}"
                     for difference in differences(document, floor, check)]
        compared += 1
    return compared, problems


def newest_for(folder, pythons):
    """The newest interpreter whose headers suit an input: its test may say `# before: 3.8 3.11`."""
    for test in folder.glob("test_*.py"):
        if said := re.search(r"^# before: \S+ 3\.(\d+)$", test.read_text(), re.M):
            return [python for python in pythons if python[0] <= (3, int(said[1]))][-1]
    return pythons[-1]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--abi3ify", type=Path, default=ROOT / "build/bin/abi3ify")
    abi3ify = parser.parse_args().abi3ify.resolve()
    lines = subprocess.run([ROOT / "scripts/pythons"], stdout=subprocess.PIPE, text=True).stdout
    pythons = [(tuple(map(int, line.split("\t")[0].split("."))), line.split("\t")[1])
               for line in lines.splitlines()]
    if not pythons:
        print("no CPython with headers on this machine")
        return SKIPPED
    inputs = sorted(path for path in (ROOT / "test/inputs").iterdir() if path.is_dir())
    tasks = [(abi3ify, folder, [newest_for(folder, pythons)]) for folder in inputs]
    tasks.append((abi3ify, ROOT / "test/inputs/demo", pythons))
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda task: compare(*task), tasks))
    problems = [problem for _, found in results for problem in found]
    print("\n".join(problems))
    print(sum(compared for compared, _ in results), "comparisons:", len(problems), "differences")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
