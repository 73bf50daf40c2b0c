#!/usr/bin/env python3
"""How long abi3ify takes, side by side with a compiler that only reads: `make bench`.

In: packages that run.py has left in the cache, our own inputs. Out: a table with ratios to a serial `clang -fsyntax-only`
of the same units in the same run, medians of several runs, C and C++ apart; exit 1 if the cache changes a result.
Nothing is asserted about time.
"""
import argparse
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from common import CACHE, Failure, REPOSITORY, pythons, run

INPUTS = REPOSITORY / "test" / "inputs"
WITH_VALUE = {"-o", "-MF", "-MT", "-MQ"}


@dataclass
class Time:
    wall: float
    cpu: float
    memory: int  # KiB
    out: str
    err: str


def timed(argv, *, cwd=None, cache=None, allowed=(0, 1), **more):
    """One process, with what it and its children used; `more` goes into its environment."""
    env = {**os.environ, "LC_ALL": "C.UTF-8", **more}
    if cache:
        env["XDG_CACHE_HOME"] = str(cache)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.monotonic()
        process = subprocess.Popen([str(a) for a in argv], cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0), err.seek(0)
        if process.returncode not in allowed:
            raise Failure(f"{Path(str(argv[0])).name}: exit {process.returncode}: {err.read().decode(errors='replace')[-300:]}")
        return Time(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, *(each.read().decode(errors="replace") for each in (out, err)))


@dataclass
class Project:
    """Sources with a database, read with the headers of one CPython."""
    name: str
    folder: Path
    entries: list
    floor: str
    database: Path = None
    others: list = field(default_factory=list)  # more folders
    units: int = field(init=False)

    def __post_init__(self):
        self.units = len(self.entries)

    def put(self, scratch):
        self.database = Path(scratch) / self.name
        self.database.mkdir(parents=True)
        (self.database / "compile_commands.json").write_text(json.dumps(self.entries))
        return self


def syntax_flags(entry):
    words, flags = list(entry["arguments"][1:]), []
    while words:
        word = words.pop(0)
        if word in WITH_VALUE:
            words.pop(0)
        elif word != "-c":
            flags.append(word)
    return flags


def quiet(argv, cwd=None):
    """The seconds that a command takes, whatever it says."""
    start = time.monotonic()
    subprocess.run(argv, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.monotonic() - start


def syntax(entries, clang):
    """The seconds for each unit; one compiler after the other, as a build without -j. They only read."""
    times = []
    for entry in entries:
        program = clang if entry["file"].endswith(".c") else clang + "++"
        program = program.replace("clang-22++", "clang++-22")
        times.append(quiet([program, "-fsyntax-only", "-w", *syntax_flags(entry)], entry["directory"]))
    return times


def language(entry):
    return "C" if entry["file"].endswith(".c") else "C++"


def packages(folder, only):
    """The units of each package, C and C++ apart."""
    found = {"C": [], "C++": []}
    for database in sorted(Path(folder).glob("*/database/compile_commands.json")):
        name = database.parent.parent.name
        if only and not any(name.startswith(each) for each in only):
            continue
        entries = [e for e in json.loads(database.read_text()) if os.path.exists(os.path.join(e["directory"], e["file"]))]
        for lang, list_ in found.items():
            mine = [e for e in entries if language(e) == lang]
            versions = [int(v) for e in mine for a in e["arguments"] for v in re.findall(r"^-I.*/python3\.(\d+)\w*$", a)]
            if mine and versions:
                list_.append(Project(f"{name}-{lang}", database.parent.parent / "copy", mine, f"3.{max(8, versions[0])}"))
    return found


def as_distributed(project, scratch):
    """The project as it was before run.py migrated it, if its repository knows that."""
    folder = Path(scratch) / "distributed" / project.name
    folder.mkdir(parents=True)
    if subprocess.run(["git", "-C", project.folder, "archive", "-o", folder / "tree.tar", "HEAD~1"], stderr=subprocess.DEVNULL).returncode:
        return []
    run(["tar", "-xf", "tree.tar"], cwd=folder, timeout=60)
    run(["git", "init", "--quiet"], cwd=folder, timeout=60)
    entries = json.loads(json.dumps(project.entries).replace(str(project.folder), str(folder)))
    entries = [e for e in entries if os.path.exists(os.path.join(e["directory"], e["file"]))]
    return [Project(f"{project.name}, as distributed", folder, entries, project.floor)] if entries else []


def synthetic(folder, units, include, floor):
    """Our own inputs, again and again, each copy in a folder of its own; compiled from one folder, as builds do."""
    sources = sorted(INPUTS.glob("demo/*.c")) + sorted(INPUTS.glob("types/*.c")) + sorted(INPUTS.glob("kinds/*.c"))
    sources = [s for s in sources if "#include <Python.h>" in s.read_text()]
    if not sources:
        raise Failure(f"{INPUTS} has no source that includes Python.h itself")
    entries = []
    for number in range(units):
        source = sources[number % len(sources)]
        home = Path(folder) / f"unit{number:04}"
        if number < len(sources):
            shutil.copytree(source.parent, home)
            for other in home.rglob("*.c"):
                if other.name != source.name:
                    other.unlink()
        else:
            shutil.copytree(Path(folder) / f"unit{number % len(sources):04}", home)
        entries.append({"directory": str(folder), "file": str(home / source.name),
                        "arguments": ["clang", "-std=gnu11", f"-I{include}", "-c", str(home / source.name)]})
    return Project(f"synthetic-{units}", Path(folder), entries, floor)


def headers_only(cache):
    """Takes results away, so that the next run parses; says how many precompiled headers are left."""
    left = 0
    for entry in (Path(cache) / "abi3ify" / "results").glob("unit-*"):
        if entry.stat().st_size < 1 << 20:
            entry.unlink()
        else:
            left += 1
    return left


class Bench:
    def __init__(self, options):
        self.options = options
        self.abi3ify = [str(Path(options.abi3ify).resolve())]
        self.began = time.monotonic()
        self.different = []
        self.rows = []
        self.absent = []

    def has_time(self, share, needed):
        """Whether so much can still be done within a share of all the time there is."""
        return time.monotonic() - self.began + needed < share * self.options.minutes * 60

    def check(self, project, *more, cache, command="check", stages=False):
        # Nothing of the databases of the packages themselves: these units, and no others.
        return timed([*self.abi3ify, command, "--target", project.floor, "-p", project.database, *more, project.folder, *project.others],
                     cache=cache, **({"ABI3IFY_STAGES": "1"} if stages else {}))

    def same(self, what, a, b):
        if a != b:
            self.different.append(what)

    def precompiled(self, projects, scratch):
        """Whether all results are the same with a precompiled Python.h for all units that one can be made for, with those
        that another run has left, and with none."""
        for project in projects:
            for command, *more in (("check", "--format", "json"), ("check", "--verify", "--format", "json"),
                                   ("migrate", "--review", "--diff", "--allow-dirty")):
                argv = [*self.abi3ify, command, "--target", project.floor, "-p", project.database, *more, project.folder]
                cache = Path(scratch) / "cache-precompiled"
                shutil.rmtree(cache, ignore_errors=True)

                def look(use, *flags):
                    return timed([*argv, *flags], cache=cache, allowed=(0, 1, 2), ABI3IFY_PRECOMPILED=use)
                outs = [look("never", "--no-cache"), look("always")]
                self.same(f"{command} of {project.name}, again", outs[0].out, look("always").out)
                left = headers_only(cache)
                outs.append(look("always"))
                same = all(out.out == outs[0].out for out in outs)
                if not same:
                    self.different.append(f"{command} of {project.name}, precompiled")
                print(f"{project.name:40} {command:8} {len(outs[0].out):9} bytes, {'the same' if same else 'DIFFERENT'}; processor {outs[0].cpu:6.2f} s "
                      f"without, {outs[1].cpu:6.2f} s with, {outs[2].cpu:6.2f} s with {left} of an earlier run", flush=True)

    def corpus(self, lang, projects, scratch, share):
        """All work on all packages of a language; each number is the sum over them."""
        times = {name: [] for name in ("clang", "cold", "again", "migrate", "migrate again")}
        units, syntaxes, turn_took = sum(p.units for p in projects), [], 0
        for turn in range(self.options.runs):
            if turn and not self.has_time(share, turn_took):
                break
            turn_began = time.monotonic()
            sums, each = dict.fromkeys(times, 0.0), []
            for project in projects:
                cache = Path(scratch) / "cache"
                shutil.rmtree(cache, ignore_errors=True)
                each += syntax(project.entries, self.options.clang)
                cold = self.check(project, cache=cache)
                again = self.check(project, cache=cache)
                shutil.rmtree(cache)
                edit = ("--review", "--diff", "--allow-dirty")
                migrate = self.check(project, *edit, cache=cache, command="migrate")
                migrated = self.check(project, *edit, cache=cache, command="migrate")
                sums["cold"] += cold.wall
                sums["again"] += again.wall
                sums["migrate"] += migrate.wall
                sums["migrate again"] += migrated.wall
                self.same(f"check of {project.name}, again", cold.out, again.out)
                self.same(f"migrate of {project.name}, again", migrate.out, migrated.out)
            sums["clang"] = sum(each)
            syntaxes.append(each)
            for name, value in sums.items():
                times[name].append(value)
            turn_took = time.monotonic() - turn_began
        base, runs = statistics.median(times["clang"]), len(syntaxes)
        what = f"{lang}, {len(projects)} packages, {units} units"
        self.row(what, "`clang -fsyntax-only`, serial", base, 1, "", runs)
        for name, title, goal in (("cold", "`check`, cold, all cores", 0.30 if lang == "C" else None),
                                  ("again", "`check` again, nothing changed", 0.02),
                                  ("migrate", "`migrate --review`, cold", 1.5),
                                  ("migrate again", "`migrate --review` again", None)):
            value = statistics.median(times[name])
            self.row(what, title, value, value / base, goal or "", runs)
        self.together(lang, projects, scratch, base, runs)
        self.others(what, lang, projects, [statistics.median(turns) for turns in zip(*syntaxes)])

    def together(self, lang, projects, scratch, base, runs):
        """The same units as those of one repository, whose root folders are the packages."""
        floor = min((p.floor for p in projects), key=lambda f: int(f.split(".")[1]))
        whole = Project(f"all-{lang}", projects[0].folder, [e for p in projects for e in p.entries], floor,
                        others=[p.folder for p in projects[1:]]).put(scratch)
        cache, cold, again = Path(scratch) / "cache", [], []
        for _ in range(runs):
            shutil.rmtree(cache, ignore_errors=True)
            first, second = (self.check(whole, cache=cache) for _ in range(2))
            self.same(f"check of {whole.name}, again", first.out, second.out)
            cold.append(first.wall)
            again.append(second.wall)
        shutil.rmtree(cache)
        for title, goal, times in (("`check`, cold, all cores", 0.30 if lang == "C" else None, cold),
                                   ("`check` again, nothing changed", 0.02, again)):
            value = statistics.median(times)
            self.row(f"{lang}, one project of {whole.units} units", title, value, value / base, goal or "", runs)

    def others(self, what, lang, projects, syntaxes):
        """The programs of others on the same units, where they are installed; on as many units as there is time for."""
        module, tidy, regex = REPOSITORY / "build/lib/abi3ify-tidy-22.so", shutil.which("clang-tidy-22"), self.options.regex
        with tempfile.TemporaryDirectory() as folder:
            def script(project, entry):
                return quiet([sys.executable, regex, shutil.copy(os.path.join(entry["directory"], entry["file"]), folder)])

            def coccinelle(project, entry):
                return quiet(["spatch", "--sp-file", self.options.cocci, entry["file"]], entry["directory"])

            def clang_tidy(project, entry):
                return quiet([tidy, f"--load={module}", "--checks=-*,abi3-*", "-p", project.database, entry["file"],
                              f"--config={{CheckOptions: {{Target: '{project.floor}'}}}}"])
            for title, there, work in (("the regular-expression script", regex, script),
                                       ("Coccinelle, seven rules", lang == "C" and shutil.which("spatch"), coccinelle),
                                       ("clang-tidy with the module, serial", tidy and module.exists(), clang_tidy)):
                if not there:
                    self.absent.append(f"{title} ({lang})")
                    continue
                # Every n-th first, so that what is left out is left out everywhere.
                units = [(p, e) for p in projects for e in p.entries]
                order = sorted(range(len(units)), key=lambda i: (i % 7, i))
                value, base, done = 0.0, 0.0, 0
                while done < len(order) and value < self.options.minutes * 60 * 0.06:
                    value += work(*units[order[done]])
                    base += syntaxes[order[done]]
                    done += 1
                self.row(what if done == len(units) else f"{what}: {done} of them", title, value, value / base, "", 1)

    def row(self, what, work, seconds, ratio, goal, runs):
        self.rows.append((what, work, seconds, ratio, goal, runs))
        print(f"{what:32} {work:42} {seconds:9.3f} s {ratio:8.3f} {f'goal {goal}' if goal != '' else ''}", flush=True)

    def one_changed(self, project, scratch):
        cache = Path(scratch) / "cache-one"
        changed = Path(project.entries[len(project.entries) // 2]["file"])
        self.check(project, cache=cache)
        text, parses, checks = changed.read_text(), [], []
        for turn in range(self.options.runs):
            changed.write_text(text + f"\n/* {turn} */\n")
            parses += syntax([project.entries[len(project.entries) // 2]], self.options.clang)
            checks.append(self.check(project, cache=cache).wall)
        changed.write_text(text)
        base, value = statistics.median(parses), statistics.median(checks)
        what = f"synthetic, {project.units} units"
        self.row(what, "`clang -fsyntax-only` of one unit", base, 1, "", len(parses))
        self.row(what, "`check` after that unit changed", value, value / base, 1.5, len(checks))

    def growth(self, scratch, include, floor):
        rows = []
        for units in self.options.growth:
            with tempfile.TemporaryDirectory(dir=scratch) as folder:
                project = synthetic(Path(folder) / "project", units, include, floor).put(Path(folder) / "db")
                cache = Path(folder) / "cache"
                cold, again = self.check(project, cache=cache), self.check(project, cache=cache)
                self.same(f"check of {project.name}, again", cold.out, again.out)
                rows.append((units, cold, again))
                print(f"synthetic {units:5} units: cold {cold.wall:8.3f} s, {1000 * cold.cpu / units:6.1f} ms of processor a unit, "
                      f"{cold.memory // 1024} MiB; again {again.wall:7.3f} s, {again.memory // 1024} MiB", flush=True)
        return rows

    def small_file(self, scratch, python):
        file = Path(scratch) / "small" / "small.c"
        file.parent.mkdir()
        file.write_text("#define PY_SSIZE_T_CLEAN\n#include <Python.h>\n\nPyObject *first(PyObject *list)\n{\n"
                        "    return PyList_GET_ITEM(list, 0);\n}\n")
        argv, cache = self.one_file(file, python), Path(scratch) / "cache-small"
        runs = self.options.runs * 3
        entry = {"file": str(file), "directory": str(file.parent), "arguments": ["clang", f"-I{python.include}", str(file)]}
        base = statistics.median(syntax([entry] * runs, self.options.clang))
        cold = timed(argv, cwd=file.parent, cache=cache).wall
        warm = statistics.median(timed(argv, cwd=file.parent, cache=cache).wall for _ in range(runs))
        changed = statistics.median([wall for wall, _ in self.after_edits(file, argv, cache, runs)])
        for work, value, goal, times in (("`clang -fsyntax-only`", base, "", runs), ("`check`, first time", cold, "", 1),
                                         ("`check`, warm cache, whole process", warm, "0.060 s", runs),
                                         ("`check` after it changed", changed, "", runs)):
            self.row("one small file", work, value, value / base, goal, times)

    def one_file(self, file, python, *more, command="check"):
        """For one file, as a hook does it: from its own repository, where no other database is found."""
        return [*self.abi3ify, command, *more, "--only-named", "--target", python.version, "--python", python.include, file]

    def after_edits(self, file, argv, cache, runs):
        """What a command takes when its file has changed, each time; with what earlier runs have left besides."""
        text = file.read_text()
        for turn in range(runs + 2):
            file.write_text(text + f"/* {turn} */\n")
            time = timed(argv, cwd=file.parent, cache=cache, ABI3IFY_STAGES="1")
            if turn > 1: # the first asks for a precompiled header, the second makes it
                yield time.wall, time
        file.write_text(text)

    def stages_of_many(self, scratch, project):
        """Those of a project, a unit, on one thread."""
        cache, runs = Path(scratch) / "cache-stages", self.options.runs

        def look():
            return self.check(project, "--jobs", "1", cache=cache, stages=True)

        def cold():
            for _ in range(runs):
                shutil.rmtree(cache, ignore_errors=True)
                yield look()
        return by_stage({"`check`, first time": list(cold()), "`check` again": [look() for _ in range(runs)]}, project.units)

    def stages_of_one(self, scratch, python):
        """The milliseconds of one unit, by stage."""
        home = Path(scratch) / "stages"
        shutil.copytree(INPUTS / "demo", home)
        file, runs = home / "tallybook.c", self.options.runs * 3
        check = self.one_file(file, python)
        migrate = self.one_file(file, python, "--review", "--diff", "--allow-dirty", command="migrate")
        caches = [Path(scratch) / f"cache-stages-{n}" for n in range(3)]

        def cold(argv):
            for _ in range(runs):
                shutil.rmtree(caches[0], ignore_errors=True)
                yield timed(argv, cwd=home, cache=caches[0], ABI3IFY_STAGES="1")
        columns = {"`check`, first time": list(cold(check)),
                   "`check` again": [timed(check, cwd=home, cache=caches[0], ABI3IFY_STAGES="1") for _ in range(runs)],
                   "`check` after it changed": [t for _, t in self.after_edits(file, check, caches[1], runs)],
                   "`migrate --review`, first time": list(cold(migrate)),
                   "`migrate --review` after it changed": [t for _, t in self.after_edits(file, migrate, caches[2], runs)]}
        return by_stage(columns)


def by_stage(columns, units=1):
    """Titles; and a row for each stage, with the milliseconds for each title."""
    cells = {title: stages_of(times) for title, times in columns.items()}
    most = {name: max(column.get(name, 0.0) for column in cells.values()) / units for column in cells.values() for name in column}
    return list(cells), [(name, [column.get(name, 0.0) / units for column in cells.values()])
                         for name in sorted(most, key=most.get, reverse=True) if most[name] >= 0.05]


def stages_of(times):
    """Medians over several runs of what each stage took, and of what the process took besides."""
    lists = {}
    for time in times:
        spent = {name: float(value) for name, value in re.findall(r"^stage (.*): ([\d.]+) ms$", time.err, re.M)}
        spent["loading and ending the process"] = max(0.0, 1000 * time.cpu - sum(spent.values()))
        spent["whole process"] = 1000 * time.cpu
        for name, value in spent.items():
            lists.setdefault(name, []).append(value)
    return {name: statistics.median(values) for name, values in lists.items()}


def machine():
    model = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text())
    return (f"{model[1] if model else platform.machine()}, {os.cpu_count()} cores, {int(memory[1]) // 1048576 if memory else '?'} GiB, "
            f"Linux {platform.release().split('-')[0]}; load when it began: {os.getloadavg()[0]:.1f}")


COMMANDS = (("check", "abi3ify check --target FLOOR -p DATABASE FOLDER"),
            ("migrate", "abi3ify migrate --target FLOOR -p DATABASE --review --diff --allow-dirty FOLDER"),
            ("one file", "abi3ify check --only-named --target FLOOR --python INCLUDE FILE"),
            ("the compiler", "clang-22 -fsyntax-only -w FLAGS FILE"),
            ("Coccinelle", "spatch --sp-file bench/accessors.cocci FILE"),
            ("clang-tidy", "clang-tidy-22 --load=abi3ify-tidy-22.so --checks=-*,abi3-* -p DATABASE FILE"))


def table(head, rows):
    return ["| " + " | ".join(head) + " |", "| " + " | ".join(["---"] * len(head)) + " |",
            *("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows)]


def document(bench, growth, profiles, host, path):
    path = Path(path)
    rest = ""
    if path.exists() and "\n## What it does about time" in path.read_text():
        rest = path.read_text()[path.read_text().index("\n## What it does about time"):]
    lines = ["# Performance", "",
             "Written by `make bench`, but for the last parts. A ratio is to a serial `clang -fsyntax-only` of the same units in the",
             "same run; seconds are of the whole process, medians where there are several runs. Packages are read one after the",
             "other, each by a process with an empty cache; \"one project\" is all of them in one run.", "",
             f"Machine: {host}.", ""]
    lines += table(("what", "work", "seconds", "ratio", "goal", "runs"),
                   [(what, work, f"{seconds:.3f}", f"{ratio:.3f}", goal, runs) for what, work, seconds, ratio, goal, runs in bench.rows])
    if bench.absent:
        lines += ["", f"Not there: {', '.join(bench.absent)}."]
    lines += ["", "The commands:", ""] + table(("what", "command"), [(what, f"`{command}`") for what, command in COMMANDS])
    lines += ["", "## Growth", "", "A project of copies of our own inputs, cold and again. The goal is time that is linear in units, and memory below",
              f"300 MiB for each of the {os.cpu_count()} workers.", ""]
    lines += table(("units", "cold, s", "ms of processor a unit", "most memory, MiB", "again, s"),
                   [(units, f"{cold.wall:.2f}", f"{1000 * cold.cpu / units:.1f}", cold.memory // 1024, f"{again.wall:.2f}")
                    for units, cold, again in growth])
    for title, what, columns, rows in profiles:
        lines += ["", f"## Profile: {title}", "", f"{what} Milliseconds of processor time by stage (`ABI3IFY_STAGES=1` prints them), medians.", ""]
        lines += table(("stage", *columns), [(name, *(f"{value:.2f}" for value in values)) for name, values in rows])
    path.write_text("\n".join(lines) + "\n" + rest)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("packages", nargs="*", help="beginnings of names; default: all at hand")
    parser.add_argument("--abi3ify", default=REPOSITORY / "build/bin/abi3ify-static", help="the binary; default: the static one")
    parser.add_argument("--clang", default="clang-22")
    parser.add_argument("--corpus", default=CACHE / "bench", help="what run.py has left")
    parser.add_argument("--runs", type=int, default=3, help="of each work, where there is time")
    parser.add_argument("--minutes", type=float, default=15, help="that all may take, about, on two cores")
    parser.add_argument("--growth", type=lambda text: [int(n) for n in text.split(",") if n], default=[100, 500, 2000])
    parser.add_argument("--cocci", default=REPOSITORY / "bench" / "accessors.cocci", help="a semantic patch, for Coccinelle where it is installed")
    parser.add_argument("--regex", help="a script that takes a file and edits it by regular expressions")
    parser.add_argument("--precompiled", action="store_true", help="only compare the results with and without a precompiled Python.h")
    parser.add_argument("--docs", help="write the tables into this file")
    options = parser.parse_args()
    if not Path(options.abi3ify).exists():
        print(f"speed.py: no {options.abi3ify}; build it first (ninja abi3ify-static)", file=sys.stderr)
        return 2
    host, bench = machine(), Bench(options)
    try:
        found = list(pythons(["3.11", "3.12", "3.13"]).values())
        if not found:
            raise Failure("no CPython 3.11 to 3.13 with headers")
        python = found[0]
        with tempfile.TemporaryDirectory(prefix="abi3ify-speed-") as scratch:
            if options.precompiled:
                for projects in packages(options.corpus, options.packages).values():
                    for project in projects:
                        bench.precompiled([p.put(Path(scratch) / "db") for p in (project, *as_distributed(project, scratch))], scratch)
                return report(bench)
            for (lang, projects), share in zip(packages(options.corpus, options.packages).items(), (0.4, 0.7)):
                if projects:
                    bench.corpus(lang, [p.put(scratch) for p in projects], scratch, share)
                else:
                    print(f"no {lang} units of packages in {options.corpus}: bench/run.py leaves them there", file=sys.stderr)
            bench.small_file(scratch, python)
            hundred = synthetic(Path(scratch) / "hundred", 100, python.include, python.version).put(Path(scratch) / "db")
            bench.one_changed(hundred, scratch)
            profiles = [("one unit", "One source of [our demo](../test/inputs/demo/tallybook.c).", *bench.stages_of_one(scratch, python)),
                        ("a unit of many", "A project of 100 units, on one thread; divided by the units.", *bench.stages_of_many(scratch, hundred))]
            for title, _, columns, rows in profiles:
                print(f"{title}, ms: {', '.join(columns)}")
                for name, values in rows:
                    print(f"  {name:40}" + "".join(f"{value:8.2f}" for value in values))
            growth = bench.growth(scratch, python.include, python.version)
    except Failure as failure:
        print(f"speed.py: {failure}", file=sys.stderr)
        return 2
    if options.docs:
        document(bench, growth, profiles, host, options.docs)
    return report(bench)


def report(bench):
    for what in bench.different:
        print(f"speed.py: a result changes: {what}", file=sys.stderr)
    return 1 if bench.different else 0


if __name__ == "__main__":
    sys.exit(main())
