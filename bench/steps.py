"""The steps that take one package to the Limited API with abi3ify, and what holds after each.

In: the package's entry in packages.toml and the abi3ify binary. Out: for each step its state, what it says in one
line and its data; the work itself lies under CACHE.
"""
import collections
import hashlib
import json
import shutil
import sys
import tarfile
import time
from dataclasses import dataclass
from pathlib import Path

import common
import loops
import owntests
import recorded
import report
import truth
from common import CACHE, REPOSITORY, Failure, count, run

CLANG = "22"
DOWNLOAD_SECONDS, BUILD_SECONDS, TOOL_SECONDS, AUDIT_SECONDS = 300, 600, 600, 120
GIT = ["git", "-c", "user.name=bench", "-c", "user.email=bench@localhost", "-c", "commit.gpgsign=false",
       "-c", "core.hooksPath=/dev/null"]


class Unbuilt(Failure):
    """The package's own build does not work with this CPython."""


@dataclass
class Original:
    """The package as distributed, built for one CPython."""
    exe: str            # the interpreter of a venv with what build and tests need
    root: Path          # the sources that were built
    tree: Path          # what was installed
    extensions: list    # of recorded.Extension


class Bench:
    """One package on its way: what a step leaves for a later one stands in self."""

    def __init__(self, name, entry, manifest, pythons, abi3ify):
        self.name, self.entry, self.manifest, self.abi3ify = name, entry, manifest, abi3ify
        self.floor = entry.get("floor", manifest["floor"])
        self.requirements = {**manifest["requirements"], **entry.get("requirements", {})}
        self.pythons = {v: p for v, p in pythons.items() if int(v.split(".")[1]) >= int(self.floor.split(".")[1])
                        and v in entry.get("interpreters", manifest["interpreters"])}
        self.work = CACHE / "bench" / f"{name}-{entry['version']}"
        self.copy, self.database = self.work / "copy", self.work / "database"
        self.before, self.built, self.unbuilt = {}, {}, {}

    # The steps, in order: what it is called, the method, the steps that it builds on.
    STEPS = [
        ("source distribution", "unpack", []),
        ("original, full builds", "build_originals", ["unpack"]),
        ("own tests before", "test_originals", ["build_originals"]),
        ("copy under git", "make_copy", ["build_originals"]),
        ("abi3ify report", "outlook", ["make_copy"]),
        ("abi3ify check", "check", ["make_copy"]),
        ("abi3ify migrate, safe only", "migrate_safe", ["make_copy"]),
        ("abi3ify migrate", "migrate", ["make_copy"]),
        ("limited build, gcc", "build_limited", ["migrate"]),
        ("no new warning, gcc -Wall", "warnings_limited", ["build_limited"]),
        (f"pointer types, clang-{CLANG}", "clang_limited", ["migrate"]),
        ("abi3audit", "audit", ["build_limited"]),
        ("own tests, one binary", "test_limited", ["build_limited", "test_originals"]),
        ("second migrate", "migrate_again", ["migrate"]),
        ("migrated, full builds", "build_migrated", ["migrate"]),
        ("own tests, migrated, full", "test_migrated", ["build_migrated", "test_originals"]),
        ("speed", "time_builds", ["test_migrated"]),
    ]
    # What may fail of a package that the report has said it of; the others hold for every package.
    ANNOUNCED = {"limited build, gcc", "no new warning, gcc -Wall", f"pointer types, clang-{CLANG}", "abi3audit", "own tests, one binary"}
    ORIGINALS = 3       # so many of them need no abi3ify

    def sdist(self):
        file = CACHE / "sdists" / self.entry["file"]
        if not file.is_file():
            file.parent.mkdir(parents=True, exist_ok=True)
            tools = common.venv(sys.executable, "tools", self.requirements["tools"])
            run([tools, REPOSITORY / "bench" / "fetch.py", self.name, self.entry["version"], self.entry["file"], file],
                timeout=DOWNLOAD_SECONDS)
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        if digest != self.entry["sha256"]:
            file.unlink()
            raise Failure(f"{file.name} has SHA-256 {digest}, not the pinned one; removed from the cache")
        return file

    def extract(self, target):
        with tarfile.open(self.sdist()) as archive:
            archive.extractall(target.parent / "unpacked", filter="data")
        inner = list((target.parent / "unpacked").iterdir())
        if len(inner) != 1:
            raise Failure(f"{self.entry['file']} does not hold one folder")
        inner[0].rename(target)
        (target.parent / "unpacked").rmdir()

    def unpack(self):
        missing = [p for p in self.entry.get("system", []) if shutil.which("dpkg") and
                   common.run(["dpkg", "-s", p], timeout=30, allowed=None).code]
        if missing:
            raise Failure("missing system packages: apt-get install " + " ".join(missing))
        if self.floor not in self.pythons:
            raise Failure(f"no CPython {self.floor} with headers on this machine, and the floor needs it")
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        self.extract(self.work / "source")
        return {"sha256": self.entry["sha256"]}, "SHA-256 as pinned"

    def build_originals(self):
        for version, python in self.pythons.items():
            label = f"{self.name}-{version}" if self.entry["tests"].get("isolated") else version
            exe = common.venv(python.exe, label, self.requirements["build"])
            try:
                self.built[version] = self.build_original(version, exe, Path(python.include))
            except Unbuilt as failure:
                if not self.built:
                    raise
                self.unbuilt[version] = exe, self.without_places(str(failure))      # the sources are older than this CPython
        first = self.built[self.floor].extensions
        flags = {u.source: [a for a in u.arguments if not a.startswith("-I/")] for e in first for u in e.units}
        said = f"{count(len(first), 'extension')} of {count(len(flags), 'source')}, on {', '.join(self.built)}"
        if self.unbuilt:
            said += f"; not on {', '.join(self.unbuilt)}"
        return {"extensions": [e.module for e in first], "flags": flags, "unbuilt": {v: why for v, (_, why) in self.unbuilt.items()}}, said

    def build_original(self, version, exe, include):
        root, tree = self.work / f"original-{version}", self.work / f"tree-{version}"
        shutil.copytree(self.work / "source", root, symlinks=True)
        log = self.work / f"build-{version}.jsonl"
        wrapper = REPOSITORY / "bench" / "record-cc"
        environment = {"CC": f"{wrapper} gcc", "CXX": f"{wrapper} g++", "ABI3_BENCH_LOG": str(log), **self.entry.get("environment", {})}
        if any(include.parent.glob(f"*/{include.name}/pyconfig.h")):    # Debian's, included by its path from the parent
            environment["CFLAGS"] = f"{environment.get('CFLAGS', '')} -idirafter {include.parent}".strip()
        try:
            run([exe, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index",
                 "--no-compile", "--target", tree, root], timeout=BUILD_SECONDS, env=environment)
        except Failure as failure:
            raise Unbuilt(str(failure)) from None
        extensions = recorded.read_log(log, root, tree)
        sources = {u.source for e in extensions for u in e.units}
        if sources != set(self.entry["sources"]):
            raise Failure(f"its build compiled {sorted(sources)}, the manifest says {sorted(self.entry['sources'])}")
        unused = [f for f in self.entry.get("flags", []) if not all(f in u.arguments for e in extensions for u in e.units)]
        if unused:
            raise Failure(f"its build did not use {' '.join(unused)}, which the manifest names")
        return Original(exe, root, tree, extensions)

    def replaced(self, version, modules, label):
        """The installed tree with other shared objects in it; gives the tree and the file of each module."""
        tree = self.work / f"{label}-{version}"
        shutil.rmtree(tree, ignore_errors=True)
        shutil.copytree(self.built[self.nearest(version)].tree, tree)
        files = {}
        for module, file in modules.items():
            folder = tree.joinpath(*module.split(".")[:-1])
            for old in folder.glob(module.split(".")[-1] + ".*.so"):
                old.unlink()
            files[module] = shutil.copy(file, folder)
        return tree, files

    def nearest(self, version):
        """The CPython whose original stands for this one: its own, or the newest that the sources know."""
        return version if version in self.built else list(self.built)[-1]

    def run_tests(self, label, modules_of, versions):
        """versions: by CPython, the interpreter that runs the tests."""
        results, differs, second = {}, [], {}
        for version, exe in versions.items():
            tree, files = self.replaced(version, modules_of(version), f"{label}-tree")
            scratch = self.work / f"{label}-tests-{version}"
            exercise = self.entry.get("exercise")
            again = lambda: owntests.own_tests(self.entry["tests"], exercise and REPOSITORY / "bench" / "exercises" / exercise,
                                               exe, self.work / "source", tree, files, scratch, version)
            result = again()
            if label != "before":
                before = self.before[self.nearest(version)]
                if self.entry.get("second_run") and owntests.compare(before, result):
                    result, names = owntests.second_run(before, result, again())
                    second[version] = names
                if difference := owntests.compare(before, result):
                    differs.append(f"on {version} {difference}")
            results[version] = result
        data = {"tests": {v: owntests.counts(r) for v, r in results.items()}}
        said = report.same_or_each({v: owntests.in_words(r) for v, r in results.items()})
        if second:
            data["at the second run"] = second
            said += f" ({count(len({n for names in second.values() for n in names}), 'test')} at the second run)"
        return results, data, said, differs

    def interpreters(self):
        return {v: original.exe for v, original in self.built.items()}

    def test_originals(self):
        files = {v: {e.module: next(o.tree.joinpath(*e.module.split(".")[:-1]).glob(e.module.split(".")[-1] + ".*so"))
                     for e in o.extensions} for v, o in self.built.items()}
        self.before, data, said, _ = self.run_tests("before", files.get, self.interpreters())
        data["failed"] = sorted({n for r in self.before.values() for n, o in r["outcomes"].items() if o in ("failed", "error")})
        if not any("passed" in r["outcomes"].values() for r in self.before.values()):
            raise Failure("no test passes before")
        return data, said

    def make_copy(self):
        root = self.built[self.floor].root
        shutil.copytree(root, self.copy, symlinks=True, ignore=shutil.ignore_patterns("build", "*.egg-info", "__pycache__"))
        commands = self.write_database(self.copy, self.database)
        run([*GIT, "init", "--quiet"], cwd=self.copy, timeout=60)
        self.commit("as distributed, with the sources that its build makes")
        return {}, count(len(commands), "compile command")

    def write_database(self, root, folder):
        folder.mkdir()
        commands = recorded.compile_commands(self.built[self.floor].extensions, root)
        (folder / "compile_commands.json").write_text(json.dumps(commands, indent=1) + "\n")
        return commands

    def commit(self, message):
        run([*GIT, "add", "--all", "--force"], cwd=self.copy, timeout=60)
        run([*GIT, "commit", "--quiet", "--allow-empty", "-m", message], cwd=self.copy, timeout=60)

    def ask(self, command, output, root, database, *options):
        output.unlink(missing_ok=True)
        argv = [self.abi3ify, command, "-p", database, "--format", "json", "--output", output]
        for python in self.pythons.values():
            argv += ["--python", python.exe]
        run([*argv, *options, "."], cwd=root, timeout=TOOL_SECONDS, allowed=(0, 1))

    def outlook(self):
        """The report's verdict for the floor, before any edit."""
        output = self.work / "report.json"
        self.ask("report", output, self.copy, self.database)
        try:
            verdict = next(f["verdict"] for f in json.loads(output.read_text())["floors"] if f["floor"] == self.floor)
            return verdict, verdict["text"]
        except (OSError, ValueError, KeyError, TypeError, StopIteration) as error:
            raise Failure(f"abi3ify report: its JSON cannot be read: {type(error).__name__}: {error}") from None

    def tool(self, command, *options, root=None, database=None):
        """Runs abi3ify in the copy; gives how many findings are in each state, and by rule."""
        root = root or self.copy
        output = self.work / f"{root.name}-{command}.json"
        self.ask(command, output, root, database or self.database, "--target", self.floor, *options)
        try:
            findings = json.loads(output.read_text())["findings"]
            states = collections.Counter(f["state"] for f in findings)
            left = [f for f in findings if f["state"] not in ("fixed", "suppressed", "advice")]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Failure(f"abi3ify {command}: its JSON cannot be read: {type(error).__name__}: {error}") from None
        rules = collections.Counter(f"{f.get('rule', '?')} {f['state']}" for f in findings)
        types = [{k: f.get(k) for k in ("file", "line", "state", "symbol", "reason")} for f in findings if f.get("rule") == "static-type"]
        return {"uses": len(findings), "states": dict(sorted(states.items())), "rules": dict(sorted(rules.items())), "types": types,
                "left": [{k: f.get(k) for k in ("file", "line", "rule", "state", "symbol", "reason")} for f in left]}

    def check(self):
        data = self.tool("check")
        if self.changes():
            raise Failure("check wrote something: " + self.changes())
        return data, report.states(data)

    def changes(self):
        return " ".join(run([*GIT, "status", "--porcelain", "--ignored"], cwd=self.copy, timeout=60).out.split())

    def migrate_safe(self):
        """What a run without --review fixes, in a copy of its own."""
        root, database = self.work / "safe", self.work / "safe-database"
        run([*GIT, "clone", "--quiet", self.copy, root], timeout=60)
        self.write_database(root, database)
        data = self.tool("migrate", root=root, database=database)
        return data, report.states(data)

    def migrate(self):
        data = self.tool("migrate", "--review")
        (self.work / "migrate.diff").write_text(run([*GIT, "diff"], cwd=self.copy, timeout=60).out)
        data["diff"] = run([*GIT, "diff", "--shortstat"], cwd=self.copy, timeout=60).out.strip()
        self.commit("migrated")
        return data, report.states(data) + (f"; {data['diff']}" if data["diff"] else "; nothing changed")

    def limited_define(self):
        return f"-DPy_LIMITED_API=0x{3:02X}{int(self.floor.split('.')[1]):02X}0000"

    def build_limited(self):
        extensions = self.built[self.floor].extensions
        out = self.work / "limited"
        objects, self.limited_found = recorded.compile_all(extensions, self.copy, out / "objects", [self.limited_define()])
        self.limited = recorded.link_all(extensions, self.copy, out, objects, ".abi3.so")
        digests = {m: hashlib.sha256(Path(f).read_bytes()).hexdigest() for m, f in self.limited.items()}
        return {"define": self.limited_define(), "binaries": digests}, f"{len(digests)} .abi3.so with the headers of {self.floor}"

    def full(self, version, label, root):
        """Compiles and links the sources below root in full mode; gives shared objects and diagnostics."""
        extensions, out = self.built[version].extensions, self.work / f"{label}-{version}"
        objects, found = recorded.compile_all(extensions, root, out / "objects")
        return recorded.link_all(extensions, root, out, objects, ".so"), found

    def original_found(self, version):
        cache = self.__dict__.setdefault("_original_found", {})
        if version not in cache:
            cache[version] = self.full(version, "again", self.built[version].root)[1]
        return cache[version]

    def warnings_limited(self):
        before = self.original_found(self.floor)
        new = recorded.new_in(self.limited_found, before)
        if new:
            raise Failure(f"{count(len(new), 'new warning')}: {new[0]}")
        return {"before": before.total(), "after": self.limited_found.total()}, \
            f"{before.total()} before, {self.limited_found.total()} in limited mode"

    def clang_limited(self):
        extensions = self.built[self.floor].extensions
        _, before = recorded.compile_all(extensions, self.built[self.floor].root, None, clang=CLANG)
        _, after = recorded.compile_all(extensions, self.copy, None, [self.limited_define()], clang=CLANG)
        bad = [recorded.say(k) for k in after if k[1] == "error"]
        # The same class of mistake has several names; each is an error in the next compiler.
        named = ("-Wincompatible-pointer-types", "-Wincompatible-function-pointer-types")
        bad += [recorded.say(k, n) for k, n in after.items() if k[2] in named]
        hard = ("-Wimplicit-function-declaration", "-Wint-conversion")
        bad += [recorded.say(k, n) for k, n in (after - before).items() if k[2] in hard]
        if bad:
            raise Failure(bad[0] + (f", and {len(bad) - 1} more" if bad[1:] else ""))
        return {"before": before.total(), "after": after.total(), "new": recorded.new_in(after, before)}, \
            f"none; warnings {before.total()} before, {after.total()} in limited mode"

    def audit(self):
        tools = common.venv(sys.executable, "tools", self.requirements["tools"])
        done = run([tools, "-m", "abi3audit", "--strict", "--report", "--assume-minimum-abi3", self.floor,
                    *self.limited.values()], timeout=AUDIT_SECONDS, allowed=None)
        try:
            results = [r["result"] for spec in json.loads(done.out)["specs"].values() for r in spec_results(spec)]
        except (ValueError, KeyError, TypeError):
            raise Failure(f"abi3audit: exit {done.code}: {common.first_cause(done.err)}") from None
        bad = [f"{s} outside the stable ABI" for r in results for s in sorted(r["non_abi3_symbols"])]
        bad += [f"{s} needs CPython {v}" for r in results for s, v in sorted(r["future_abi3_objects"].items())]
        if not bad and (done.code or len(results) != len(self.limited) or not all(r["is_abi3"] for r in results)):
            bad = [common.first_cause(done.err) or f"exit {done.code}"]
        if bad:
            raise Failure(bad[0] + (f", and {len(bad) - 1} more" if bad[1:] else ""))
        return {"audited": len(results)}, f"clean for {self.floor}, {count(len(results), 'file')}"

    def test_limited(self):
        unbuilt = {v: exe for v, (exe, _) in self.unbuilt.items()}
        _, data, said, differs = self.run_tests("limited", lambda version: self.limited, {**self.interpreters(), **unbuilt})
        if differs:
            raise Failure("; ".join(differs))
        return data, said + ", as before"

    def migrate_again(self):
        data = self.tool("migrate", "--review")
        if self.changes():
            raise Failure("the second run changed: " + self.changes())
        return data, "no change"

    def build_migrated(self):
        self.migrated, new = {}, []
        for version in self.built:
            self.migrated[version], after = self.full(version, "migrated", self.copy)
            new += [f"on {version} {line}" for line in recorded.new_in(after, self.original_found(version))]
        if new:
            raise Failure(f"{count(len(new), 'new warning')}: {new[0]}")
        return {}, f"no new warning, on {', '.join(self.built)}"

    def test_migrated(self):
        _, data, said, differs = self.run_tests("migrated", self.migrated.get, self.interpreters())
        if differs:
            raise Failure("; ".join(differs))
        return data, said + ", as before"

    def time_builds(self):
        """A loop of the package's own: as distributed, migrated in full, and the one binary if it loads."""
        if not (loop := self.entry.get("speed")):
            return {}, "no loop in the manifest"
        version = list(self.built)[-1] if "3.13" not in self.built else "3.13"
        trees = {"original": self.built[version].tree, "full": self.work / f"migrated-tree-{version}"}
        if "test_limited" in self.good:
            trees["limited"] = self.work / f"limited-tree-{version}"
        seconds = loops.measure(self.built[version].exe, trees, loop["setup"], loop["statement"], self.work)
        ratios = {build: seconds[build] / seconds["original"] for build in trees if build != "original"}
        return {"interpreter": version, "seconds": seconds, "ratios": ratios}, \
            ", ".join(f"{build} {ratio:.2f}" for build, ratio in ratios.items()) + f" of the original's time on {version}"

    def announced(self, failed):
        """Whether the report said before any edit that the end will not be reached, and every complaint
        of a compiler or of abi3audit has a finding at its place; gives what speaks against it, or nothing."""
        if excess := sorted({s["step"] for s in failed} - self.ANNOUNCED):
            return f"not to be excused: {', '.join(excess)}"
        if self.verdict in ("works", "one-command", "unknown"):
            return f"the report said '{self.verdict}'"
        try:
            rows, _ = truth.look(self.name, self.entry, self.manifest, self.abi3ify, truth.reasons())
        except Failure as failure:
            return str(failure)
        silent = [text for row in rows for text in row["silent"]]
        return f"without a finding: {silent[0]}" if silent else ""

    def without_places(self, text):
        """Results say nothing of the machine's folders."""
        for folder in (self.work, CACHE, REPOSITORY, Path.home()):
            text = text.replace(f"{folder}/", "")
        return text

    def go(self, last):
        """Runs the steps; a step whose ground is missing is not reached. Gives the result."""
        print(f"{self.name} {self.entry['version']}, floor {self.floor}", flush=True)
        started, steps, self.good, self.verdict = time.monotonic(), [], set(), "unknown"
        for title, method, needs in self.STEPS[:last]:
            begun = time.monotonic()
            step = {"step": title, "state": "not reached", "said": "", "seconds": 0.0, "data": {}}
            if self.good.issuperset(needs):
                try:
                    step["data"], step["said"] = getattr(self, method)()
                    step["state"] = "ok"
                    self.good.add(method)
                except Failure as failure:
                    step["state"], step["said"] = "failed", self.without_places(str(failure))
                step["seconds"] = round(time.monotonic() - begun, 1)
            if method == "outlook" and step["state"] == "ok":
                self.verdict = step["data"]["kind"]
            steps.append(step)
            print(f"  {title:<27}{step['state']:<12}{step['seconds']:>6.1f} s  {step['said']}", flush=True)
        failed = [s for s in steps if s["state"] == "failed"]
        against = self.announced(failed) if failed and last is None else ""
        if failed and last is None:
            print(f"  announced: {'no, ' + against if against else 'yes'}", flush=True)
        return {"name": self.name, "version": self.entry["version"], "sha256": self.entry["sha256"], "floor": self.floor,
                "interpreters": list(self.pythons), "steps": steps,
                "reached": not failed, "announced": bool(failed) and not against, "against": against,
                "cause": f"{failed[0]['step']}: {failed[0]['said']}" if failed else "",
                "seconds": round(time.monotonic() - started, 1)}


def spec_results(spec):
    """abi3audit's report of one file: a shared object has one result, a wheel several."""
    return spec["wheel"] if "wheel" in spec else [spec["object"]] if "object" in spec else spec["objects"]
