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
        return Time(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, out.read().decode(errors="replace"))


@dataclass
class Project:
    """Sources with a database, read with the headers of one CPython."""
    name: str
    folder: Path
    entries: list
    floor: str
    database: Path = None
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


def syntax(entries, clang):
    """One compiler after the other, as a build without -j; they only read."""
    start, failed = time.monotonic(), 0
    for entry in entries:
        program = clang if entry["file"].endswith(".c") else clang + "++"
        program = program.replace("clang-22++", "clang++-22")
        failed += subprocess.run([program, "-fsyntax-only", "-w", *syntax_flags(entry)], cwd=entry["directory"],
                                 stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode != 0
    return time.monotonic() - start, failed


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
    """Our own inputs, again and again, each copy in a folder of its own."""
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
        entries.append({"directory": str(home), "file": str(home / source.name),
                        "arguments": ["clang", "-std=gnu11", f"-I{include}", "-c", str(home / source.name)]})
    return Project(f"synthetic-{units}", Path(folder), entries, floor)


class Bench:
    def __init__(self, options):
        self.options = options
        self.abi3ify = [str(Path(options.abi3ify).resolve())]
        self.different = []
        self.rows = []

    def check(self, project, *more, cache, command="check"):
        # Nothing of the databases of the packages themselves: these units, and no others.
        return timed([*self.abi3ify, command, "--target", project.floor, "-p", project.database, *more, project.folder],
                     cache=cache)

    def same(self, what, a, b):
        if a != b:
            self.different.append(what)

    def precompiled(self, projects):
        """Whether all results are the same with a precompiled Python.h for all units that one can be made for, and with none."""
        for project in projects:
            for command, *more in (("check", "--format", "json"), ("check", "--verify", "--format", "json"),
                                   ("migrate", "--review", "--diff", "--allow-dirty")):
                argv = [*self.abi3ify, command, "--no-cache", "--target", project.floor, "-p", project.database, *more, project.folder]
                outs = [timed(argv, allowed=(0, 1, 2), ABI3IFY_PRECOMPILED=use) for use in ("never", "always")]
                self.same(f"{command} of {project.name}, precompiled", outs[0].out, outs[1].out)
                print(f"{project.name:40} {command:8} {len(outs[0].out):9} bytes, {'the same' if outs[0].out == outs[1].out else 'DIFFERENT'}; "
                      f"processor {outs[0].cpu:6.2f} s without, {outs[1].cpu:6.2f} s with", flush=True)

    def corpus(self, lang, projects, scratch):
        """All work on all packages of a language; each number is the sum over them."""
        times = {name: [] for name in ("clang", "cold", "again", "migrate", "migrate again")}
        memory, units = 0, sum(p.units for p in projects)
        for turn in range(self.options.runs):
            sums = dict.fromkeys(times, 0.0)
            for project in projects:
                cache = Path(scratch) / "cache"
                shutil.rmtree(cache, ignore_errors=True)
                sums["clang"] += syntax(project.entries, self.options.clang)[0]
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
                memory = max(memory, cold.memory, migrate.memory)
                if not turn:
                    self.same(f"check of {project.name}, again", cold.out, again.out)
                    self.same(f"check of {project.name}, --no-cache", cold.out, self.check(project, "--no-cache", cache=cache).out)
                    self.same(f"migrate of {project.name}, again", migrate.out, migrated.out)
                    self.same(f"migrate of {project.name}, --no-cache", migrate.out,
                              self.check(project, "--no-cache", *edit, cache=cache, command="migrate").out)
            for name, value in sums.items():
                times[name].append(value)
        base = statistics.median(times["clang"])
        what = f"{lang}, {len(projects)} packages, {units} units"
        self.row(what, "`clang -fsyntax-only`, serial", base, 1, "")
        for name, title, goal in (("cold", "`check`, cold, all cores", 0.30 if lang == "C" else None),
                                  ("again", "`check` again, nothing changed", 0.02),
                                  ("migrate", "`migrate --review`, cold", 1.5),
                                  ("migrate again", "`migrate --review` again", None)):
            value = statistics.median(times[name])
            self.row(what, title, value, value / base, goal or "")
        self.others(what, projects, base)
        return memory

    def others(self, what, projects, base):
        """The programs of others on the same units, where they are installed."""
        entries = [e for p in projects for e in p.entries]
        if shutil.which("spatch") and self.options.cocci:
            start = time.monotonic()
            for entry in entries:
                subprocess.run(["spatch", "--sp-file", self.options.cocci, entry["file"]], cwd=entry["directory"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            value = time.monotonic() - start
            self.row(what, "Coccinelle", value, value / base, "")
        if self.options.regex:
            start = time.monotonic()
            with tempfile.TemporaryDirectory() as folder:
                for entry in entries:
                    copy = shutil.copy(os.path.join(entry["directory"], entry["file"]), folder)
                    subprocess.run([sys.executable, self.options.regex, copy], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            value = time.monotonic() - start
            self.row(what, "the regular-expression script", value, value / base, "")
        module, tidy = REPOSITORY / "build/lib/abi3ify-tidy-22.so", shutil.which("clang-tidy-22")
        if tidy and module.exists():
            start = time.monotonic()
            for project in projects:
                for entry in project.entries:
                    subprocess.run([tidy, f"--load={module}", "--checks=-*,abi3-*", "-p", project.database, entry["file"],
                                    f"--config={{CheckOptions: {{Target: '{project.floor}'}}}}"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            value = time.monotonic() - start
            self.row(what, "clang-tidy with the module, serial", value, value / base, "")

    def row(self, what, work, seconds, ratio, goal):
        self.rows.append((what, work, seconds, ratio, goal))
        print(f"{what:32} {work:42} {seconds:9.3f} s {ratio:8.3f} {f'goal {goal}' if goal != '' else ''}", flush=True)

    def one_changed(self, project, scratch):
        cache = Path(scratch) / "cache-one"
        changed = Path(project.entries[len(project.entries) // 2]["file"])
        self.check(project, cache=cache)
        text, parses, checks = changed.read_text(), [], []
        for turn in range(self.options.runs):
            changed.write_text(text + f"\n/* {turn} */\n")
            parses.append(syntax([project.entries[len(project.entries) // 2]], self.options.clang)[0])
            checks.append(self.check(project, cache=cache).wall)
        changed.write_text(text)
        base, value = statistics.median(parses), statistics.median(checks)
        what = f"synthetic, {project.units} units"
        self.row(what, "`clang -fsyntax-only` of one unit", base, 1, "")
        self.row(what, "`check` after that unit changed", value, value / base, 1.5)

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
        cache, argv = Path(scratch) / "cache-small", [*self.abi3ify, "check", "--only-named", "--target", python.version,
                                                      "--python", python.include, file]
        base = [syntax([{"file": str(file), "directory": str(file.parent), "arguments": ["clang", f"-I{python.include}", str(file)]}],
                       self.options.clang)[0] for _ in range(self.options.runs)]
        cold = timed(argv, cache=cache).wall
        values = [timed(argv, cache=cache).wall for _ in range(self.options.runs * 3)]
        self.row("one small file", "`clang -fsyntax-only`", statistics.median(base), 1, "")
        self.row("one small file", "`check`, first time", cold, cold / statistics.median(base), "")
        value = statistics.median(values)
        self.row("one small file", "`check`, warm cache, whole process", value, value / statistics.median(base), "0.060 s")


PARTS = (("kernel (files, memory)", lambda kind, name: kind == "k"),
         ("rules, judges, spelling (abi3ify)", lambda kind, name: "abi3ify::" in name),
         ("preprocessor and lexer", lambda kind, name: re.search(r"Lex|Preproc|HeaderSearch|Macro|Token", name)),
         ("source locations", lambda kind, name: "SourceManager" in name),
         ("parser, semantic analysis, AST", lambda kind, name: "clang::" in name),
         ("allocation", lambda kind, name: re.search(r"malloc|free|operator new", name)),
         ("all else", lambda kind, name: True))


def profile(argv, scratch, cache):
    """Where the samples of a run lie; nothing without perf."""
    if not shutil.which("perf"):
        return []
    data = Path(scratch) / "perf.data"
    env = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    subprocess.run(["perf", "record", "-o", data, "-F", "2000", *[str(a) for a in argv]], env=env,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    out = subprocess.run(["perf", "report", "-i", data, "--no-children", "--sort", "symbol"], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, text=True).stdout
    sums = dict.fromkeys((name for name, _ in PARTS), 0.0)
    for percent, kind, name in re.findall(r"^\s+([\d.]+)%\s+\[(.)\]\s+(.*)$", out, re.M):
        sums[next(title for title, holds in PARTS if holds(kind, name))] += float(percent)
    return sorted(((value, name) for name, value in sums.items() if value >= 0.5), reverse=True)


def machine():
    model = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text())
    return (f"{model[1] if model else platform.machine()}, {os.cpu_count()} cores, {int(memory[1]) // 1048576 if memory else '?'} GiB, "
            f"Linux {platform.release().split('-')[0]}; load when it began: {os.getloadavg()[0]:.1f}")


def document(bench, growth, profiles, host, path):
    path = Path(path)
    rest = ""
    if path.exists() and "\n## What it does about time" in path.read_text():
        rest = path.read_text()[path.read_text().index("\n## What it does about time"):]
    lines = ["# Performance", "",
             "Written by `make bench`; the last part by hand. A ratio is to a serial `clang -fsyntax-only` of the same units in the",
             f"same run; seconds are medians of {bench.options.runs} runs, of the whole process.", "",
             f"Machine: {host}.", "",
             "| what | work | seconds | ratio | goal |", "| --- | --- | --- | --- | --- |"]
    lines += [f"| {what} | {work} | {seconds:.3f} | {ratio:.3f} | {goal} |" for what, work, seconds, ratio, goal in bench.rows]
    lines += ["", "## Growth", "", "A project of copies of our own inputs, cold and again.", "",
              "| units | cold, s | ms of processor a unit | most memory, MiB | again, s |", "| --- | --- | --- | --- | --- |"]
    lines += [f"| {units} | {cold.wall:.2f} | {1000 * cold.cpu / units:.1f} | {cold.memory // 1024} | {again.wall:.2f} |"
              for units, cold, again in growth]
    for title, parts in profiles:
        lines += ["", f"## Profile: {title}", "", "| share of samples | where |", "| --- | --- |"]
        lines += [f"| {value:.0f} % | {name} |" for value, name in parts]
    path.write_text("\n".join(lines) + "\n" + rest)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("packages", nargs="*", help="beginnings of names; default: all at hand")
    parser.add_argument("--abi3ify", default=REPOSITORY / "build/bin/abi3ify-static", help="the binary; default: the static one")
    parser.add_argument("--clang", default="clang-22")
    parser.add_argument("--corpus", default=CACHE / "bench", help="what run.py has left")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--growth", type=lambda text: [int(n) for n in text.split(",") if n], default=[100, 500, 2000])
    parser.add_argument("--cocci", help="a semantic patch, for Coccinelle where it is installed")
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
                        bench.precompiled([p.put(Path(scratch) / "db") for p in (project, *as_distributed(project, scratch))])
                return report(bench)
            for lang, projects in packages(options.corpus, options.packages).items():
                if projects:
                    bench.corpus(lang, [p.put(scratch) for p in projects], scratch)
                else:
                    print(f"no {lang} units of packages in {options.corpus}: bench/run.py leaves them there", file=sys.stderr)
            bench.small_file(scratch, python)
            hundred = synthetic(Path(scratch) / "hundred", 100, python.include, python.version).put(Path(scratch) / "db")
            bench.one_changed(hundred, scratch)
            cache = Path(scratch) / "cache-profile"
            argv = [*bench.abi3ify, "check", "--target", hundred.floor, "-p", hundred.database, hundred.folder]
            profiles = [("100 units, cold, one thread", profile([*argv, "--jobs", "1"], scratch, cache)),
                        ("100 units, nothing changed", profile(argv, scratch, cache))]
            growth = bench.growth(scratch, python.include, python.version)
            for title, parts in profiles:
                print(title + ": " + ", ".join(f"{value:.0f} % {name}" for value, name in parts))
    except Failure as failure:
        print(f"speed.py: {failure}", file=sys.stderr)
        return 2
    if options.docs:
        document(bench, growth, [p for p in profiles if p[1]], host, options.docs)
    return report(bench)


def report(bench):
    for what in bench.different:
        print(f"speed.py: a result changes: {what}", file=sys.stderr)
    return 1 if bench.different else 0


if __name__ == "__main__":
    sys.exit(main())
