#!/usr/bin/env python3
"""The property that all rests on: what the floor lacks is found, what it has is not.

For each header set of the machine and some floors: every name that the full API shows is used once in each place of
places.py. A name that the floor lacks must be found once there, in the right state; one that it has must not be, but by
rules that fire at every floor (`always: true`). What the floor lacks is what facts/limited-api.tsv says; it is held
against an older measurement (visible-names.tsv), where that is there. Exit: 0 it holds, 1 it does not, 77 no
interpreter.
"""
import argparse
import csv
import json
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.dont_write_bytecode = True
import places  # noqa: E402
import probes  # noqa: E402
import written  # noqa: E402
from probes import GUARD, NAME, ROOT  # noqa: E402

SKIPPED = 77
#: Besides the version of the headers.
FLOORS = (8, 10, 12)
#: How many names of one kind of problem are shown.
LIMIT = 12
#: What the lexical net takes for Python's without having parsed it, besides the types of slots. All others are words
#: that anybody may use.
PREFIXED = re.compile(r"_?Py|_?PY|METH_|CO_")


def minor_of(version):
    """12 of "3.12", and None of "-"."""
    return None if version == "-" else int(version.split(".")[1])


def always_rules():
    """The ids of the rules that fire whatever the floor has."""
    return {path.stem for path in (ROOT / "rules").glob("*/*.yaml")
            if re.search(r"^always:\s*true", path.read_text(encoding="utf-8"), re.M)}


class Facts:
    """facts/limited-api.tsv: from which floor a name may be used, and which members of a struct."""

    def __init__(self):
        self.since, self.slot_types, self.opacity = {}, set(), {}
        for line in (ROOT / "facts" / "limited-api.tsv").read_text(encoding="utf-8").splitlines():
            if not line.startswith("#"):
                name, kind, origin, since, _, _, _, opaque, members = line.split("\t")[:9]
                self.opacity[name] = (kind, opaque, members.split(","))
                self.since[name] = minor_of(since)
                if kind == "type" and origin == "limited":
                    self.slot_types.add(name)

    def only_pythons(self, name):
        return PREFIXED.match(name) or name in self.slot_types or "." in name

    def lacks(self, floor, name, size=False):
        """Whether a name may not be used; of "struct.member" the member; with `size` not even the struct's size."""
        struct, dot, member = name.partition(".")
        if dot:
            _, opaque, members = self.opacity[struct]
            return self.lacks(floor, struct) or opaque != "full" and member not in members
        if size and self.opacity[name][:2] == ("struct", "opaque"):
            return True
        if name not in self.since:
            return name.startswith("PyUnstable_")
        return self.since[name] is None or self.since[name] > floor


def measured_before():
    """{name: {minor version of headers: lowest limit that shows it, None: no limit does}}, by the older measurement."""
    table = ROOT.parent / "shared" / "facts" / "visible-names.tsv"
    if not table.exists():
        return {}
    with table.open(encoding="utf-8") as file:
        return {row["name"]: {minor_of(v): minor_of(row[f"hdr{v}"]) for v in row["full"].split(",") if v not in "-"}
                for row in csv.DictReader(file, delimiter="\t") if not GUARD.match(row["name"])}


class Run:
    """One header set at one floor, judged."""

    def __init__(self, version, floor, facts, always):
        self.version, self.floor, self.facts, self.always = version, floor, facts, always
        self.problems = []
        self.lacking = self.present = 0
        self.purposeful = []
        self.rules = {}  # {name: {rule: the first place where that spoke of it}}

    def problem(self, file, what, name, detail=""):
        self.problems.append((file, what, name, detail))

    def judge(self, place, findings):
        """`findings`: those of the place's file, by line."""
        for number in sorted(findings.keys() | place.lines.keys()):
            here = findings.get(number, [])
            name, code = place.lines.get(number, (None, ""))
            known = {word for word in NAME.findall(code) if word != name and self.facts.lacks(self.floor, word)}
            mine, others = [], []
            for finding in here:
                # A static type is known by its variable.
                symbol = "PyTypeObject" if finding["rule"] == "static-type" else finding["symbol"]
                if name and symbol in (name, name.partition(".")[2]):
                    mine.append(finding)
                elif symbol in known:
                    known.remove(symbol)
                else:
                    (others if place.symbols else mine).append(finding)
            if name:
                self.judge_name(place, name, mine)
            for finding in others:
                # libc-include: of another name, or of what a name stands for
                if finding["rule"] == "libc-include" or finding["state"] == "advice":
                    continue
                self.problem(place.file, f"also finds {finding['symbol']}", name, finding["rule"])

    def judge_name(self, place, name, mine):
        mine = [finding for finding in mine if finding["state"] != "advice"]  # no use
        expected = self.expected(place, name, mine)
        if len(mine) != expected:
            what = {0: "not found", 1: "found, and should not be"}.get(len(mine), f"found {len(mine)} times")
            self.problem(place.file, what, name, mine[0]["rule"] if mine else "")
            return
        for finding in mine:
            if place.symbols:
                self.rules.setdefault(name, {}).setdefault(finding["rule"], place.file)
            if finding["state"] not in place.states:
                self.problem(place.file, f"is {finding['state']}", name, finding["reason"])

    def expected(self, place, name, mine):
        """How often a name must be found; what has no single answer is read off `mine`."""
        if place.states == places.NOTHING:
            return 0
        if not self.facts.lacks(self.floor, name, place.file.startswith("objects.")):
            if len(mine) == 1 and mine[0]["rule"] in self.always:
                self.purposeful.append(name)
                return 1
            self.present += 1
            return 0
        word = not self.facts.only_pythons(name)
        if place.states == places.UNSEEN and word:
            return 0
        self.lacking += 1
        # In a template the parse has marked a word only where it is a macro's.
        return min(len(mine), 1) if place.states == places.EITHER and word else 1

    def report(self):
        for name, rules in self.rules.items():
            if len(rules) > 1 and name not in written.SEVERAL:
                self.problem(", ".join(rules.values()), "different rules", name, ", ".join(rules))
        print(f"headers {self.version}, floor 3.{self.floor}: {self.lacking} uses of names that the floor lacks, "
              f"{self.present} of names that it has, {len(self.purposeful)} found on purpose, "
              f"{len(self.problems)} problems")
        groups = {}
        for file, what, name, detail in self.problems:
            groups.setdefault((file, what), []).append((name, detail))
        for (file, what), cases in sorted(groups.items()):
            print(f"  {file}: {len(cases)} {what}:")
            for name, detail in cases[:LIMIT]:
                print(f"    {name} {detail}".rstrip())


class Test:
    def __init__(self, options):
        self.options = options
        self.facts, self.always, self.before = Facts(), always_rules(), measured_before()
        self.known = {"c": {}, "c++": {}}  # of the header sets so far
        self.problems = []
        self.without = {}  # {(name, language): versions in which no use of it compiles}
        self.words = set()

    def prepare(self, version, include, folder):
        """Writes the sources for one header set."""
        headers = probes.HeaderSet(include, self.options.clang)
        minor = minor_of(version)
        missing = {name for name, levels in self.before.items() if minor in levels} - headers.names.keys()
        for name in sorted(missing):
            self.problems.append(f"headers {version}: {name} is in the older measurement only")
        for name in headers.names:
            if name not in self.facts.since and not name.startswith("PyUnstable_"):
                self.problems.append(f"headers {version}: {name} is not in facts/limited-api.tsv")
        found, broken = {}, {}
        for language, known in self.known.items():
            found[language], left = headers.probes(language, self.known["c"] | known)
            known |= found[language]
            for name in left:
                self.without.setdefault((name, language), []).append(version)
                broken[name] = probes.Probe(name)
        self.words |= {name for name in headers.names
                       if self.facts.lacks(8, name) and not self.facts.only_pythons(name)}
        files = places.of_names(found["c"], found["c++"], headers.functions)
        # In code that is not compiled, those names too of which no use compiles.
        files.append(places.inactive("broken.c", broken))
        files += places.of_members(headers.members(), headers.objects())
        (folder / "all.h").write_text(f"#ifndef ALL\n#define ALL\n{headers.includes}#endif\n")
        for place in files:
            (folder / place.file).write_text(place.text)
        return files

    def check(self, version, executable, floor, folder, files):
        out = folder.parent / f"{folder.name}-{floor}.json"
        done = subprocess.run(
            [self.options.abi3ify, "check", "--target", f"3.{floor}", "--python", executable, "--format", "json",
             "--jobs", "1", "--output", out, folder], capture_output=True, text=True)
        if not out.exists():
            sys.exit(f"headers {version}, floor 3.{floor}: abi3ify: {done.stderr}")
        document = json.loads(out.read_text())
        if not self.options.keep:
            out.unlink()
        run = Run(version, floor, self.facts, self.always)
        for error in document["errors"]:
            run.problem(Path(error["file"]).name, "errors", error["message"])
        by_file = {}
        for finding in document["findings"]:
            by_file.setdefault(Path(finding["file"]).name, {}).setdefault(finding["line"], []).append(finding)
        for place in files:
            run.judge(place, by_file.pop(place.file, {}))
        for file, findings in by_file.items():
            for finding in sum(findings.values(), []):
                run.problem(file, "findings where no name is used", finding["symbol"], finding["rule"])
        for name, levels in self.before.items():
            level = levels.get(minor_of(version), 0)
            if (level is None or level > floor) and not self.facts.lacks(floor, name):
                run.problem("facts/limited-api.tsv", "names that it has and the older measurement lacks", name)
        return run

    def all(self):
        sets = pythons(self.options.headers)
        if not sets:
            print("no CPython with headers found")
            return SKIPPED
        with tempfile.TemporaryDirectory(prefix="abi3ify-property-") as scratch, ThreadPoolExecutor(2) as pool:
            started = []
            for version, executable, include in sets:
                folder = Path(self.options.keep or scratch, version)
                folder.mkdir(parents=True, exist_ok=True)
                files = self.prepare(version, include, folder)
                minor = minor_of(version)
                for floor in sorted({*(self.options.floor or (*FLOORS, minor))}):
                    if floor <= minor:
                        started.append(pool.submit(self.check, version, executable, floor, folder, files))
            runs = [run.result() for run in started]
        for run in runs:
            run.report()
        self.report_exceptions(runs)
        for problem in self.problems:
            print(problem)
        problems = len(self.problems) + sum(len(run.problems) for run in runs)
        uses = sum(run.lacking + run.present + len(run.purposeful) for run in runs)
        print(f"{uses} uses judged, {sum(run.lacking for run in runs)} of them of names that the floor lacks, "
              f"with {len(sets)} header sets in {len(runs)} runs: {problems} problems")
        return 1 if problems else 0

    def report_exceptions(self, runs):
        for (name, language), versions in sorted(self.without.items()):
            reason = written.NONE.get((name, "")) or written.NONE.get((name, language))
            where = f"{name} in {'C++' if language == 'c++' else 'C'} with headers {', '.join(versions)}"
            if reason:
                print(f"not tested: {where}: {reason}")
            else:
                self.problems.append(f"no use of {where} compiles; write one in written.py")
        print("not looked for in code that is not compiled, because they are words that anybody may use:",
              *sorted(self.words))
        print("found where the floor has them, by rules that say `always: true`:",
              *sorted({name for run in runs for name in run.purposeful}))
        if not self.before:
            print("not compared with the older measurement, which is not here")


def pythons(wanted):
    """(version, executable, folder of headers), the newest first."""
    listing = subprocess.run([ROOT / "scripts" / "pythons"], stdout=subprocess.PIPE, text=True).stdout
    sets = [line.split("\t") for line in listing.splitlines()]
    return [s for s in reversed(sets) if not wanted or s[0] in wanted]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--abi3ify", required=True)
    parser.add_argument("--clang", default="clang-22")
    parser.add_argument("--headers", action="append", help="only this version, such as 3.11")
    parser.add_argument("--floor", action="append", type=minor_of)
    parser.add_argument("--keep", help="write the sources into this folder and leave them there")
    sys.exit(Test(parser.parse_args()).all())


if __name__ == "__main__":
    main()
