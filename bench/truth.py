#!/usr/bin/env python3
"""Holds what abi3ify reports of real packages against what compilers and abi3audit say of them, both ways.

In: what an earlier bench/run.py left of each package, its copy as distributed and as migrated. Out: a table,
and each disagreement that bench/disagreements.toml has no reason for; with --json and --docs the results in
files. Exit 0: none. 1: there are some. 2: the run could not start.
"""
import argparse
import collections
import json
import os
import re
import shutil
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

sys.dont_write_bytecode = True

import common
from common import CACHE, REPOSITORY, Failure, run

CLANG = "22"
COMPILE_SECONDS, TOOL_SECONDS, AUDIT_SECONDS = 300, 600, 120
# Assertions are compiled, as abi3ify reads them.
GCC_LISTS = ["-UNDEBUG", "-w", "-Werror=implicit-function-declaration", "-Werror=incompatible-pointer-types", "-fmax-errors=0", "-fno-diagnostics-show-caret",
             "-fdiagnostics-format=text", "-fdiagnostics-color=never"]
CLANG_LISTS = ["-UNDEBUG", "-w", "-Werror=implicit-function-declaration", "-ferror-limit=0", "-fdiagnostics-color=never",
               "-fmacro-backtrace-limit=0", "-Wno-unknown-warning-option", "-Wno-unused-command-line-argument"]
LINE = re.compile(r"^(?P<file>[^:\n]+):(?P<line>\d+):(?:\d+:)? (?P<level>warning|error|fatal error|note): (?P<text>.*)$")
# A header's way into a source, in front of the first error there: the innermost #include comes first.
INCLUDED = re.compile(r"^(?:In file included from| +from) (?P<file>[^:\n]+):(?P<line>\d+)")
QUOTED = re.compile(r"['‘](?:struct |union |const )*([A-Za-z_]\w*)[^'’]*['’]")
# A name may also be what a message only supposes.
SUPPOSED = re.compile(r"; did you mean .*")
OPEN = ("fixable", "manual", "failed", "unseen", "generated")


class Complaint:
    """An error of a compiler: where it stands, through which macros, and the names in it."""

    def __init__(self, file, line, text):
        self.text, self.places = text, {(file, line)}
        self.names = set(QUOTED.findall(SUPPOSED.sub("", text)))
        self.first = (file, line)


def complaints(output, root, directory):
    """The errors in a compiler's output. Notes that follow one say through which macros it came; one in a header that
    is not the project's stands at the project's #include, too."""
    found, way, ways = [], [], {}
    for text in output.splitlines():
        if match := INCLUDED.match(text):
            # gcc's lines lead outwards, and each of clang's, which all begin so, inwards.
            here = [((Path(directory) / match["file"]).resolve(), int(match["line"]))]
            way = here + way if text.startswith("In") else way + here
            continue
        match = LINE.match(text)
        if not match:
            continue
        path = (Path(directory) / match["file"]).resolve()
        inside = path.is_relative_to(root)
        if way:
            # gcc tells the way of a macro's header in front of an error where the macro is used.
            ways.setdefault(path, set()).update([(str(p.relative_to(root)), n) for p, n in way if p.is_relative_to(root)][:1])
            way = []
        place = (str(path.relative_to(root)) if inside else path.name, int(match["line"]))
        if "error" in match["level"]:
            found.append(Complaint(*place, match["text"]))
            if not inside:
                found[-1].places |= ways.get(path, set())
        elif found and match["level"] == "note" and inside:
            found[-1].places.add(place)
    return found


class Tree:
    """The sources of a package in one state, and what all parties say of them."""

    def __init__(self, package, root, abi3ify, pythons):
        self.package, self.root, self.abi3ify, self.pythons = package, root, abi3ify, pythons

    def read(self):
        entries = json.loads((self.package.database / "compile_commands.json").read_text())
        move = lambda text: text.replace(str(self.package.copy), str(self.root))
        self.entries = [{k: [move(a) for a in v] if isinstance(v, list) else move(v) for k, v in e.items()}
                        for e in entries]
        database = self.root.parent / f"{self.root.name}-database"
        shutil.rmtree(database, ignore_errors=True)
        database.mkdir()
        (database / "compile_commands.json").write_text(json.dumps(self.entries))
        output = database / "check.json"
        argv = [self.abi3ify, "check", "--target", self.package.floor, "-p", database, "--format", "json", "--output", output]
        for python in self.pythons.values():
            argv += ["--python", python.exe]
        run([*argv, "."], cwd=self.root, timeout=TOOL_SECONDS, allowed=(0, 1))
        self.findings = [f for f in json.loads(output.read_text())["findings"] if f["state"] in OPEN]

    def compile(self):
        """Errors under the limit that the full API does not have; objects of the units without one, and what all
        units define."""
        self.errors, self.objects, self.built, self.defined = [], [], set(), set()
        define = f"-DPy_LIMITED_API=0x03{int(self.package.floor.split('.')[1]):02X}0000"
        for number, entry in enumerate(self.entries):
            arguments = [a for a in entry["arguments"][1:-2] if a != "-w" and not a.startswith("-DPy_LIMITED_API")]
            cxx = "++" in entry["arguments"][0]
            target = self.root.parent / f"{self.root.name}-database" / f"{number}.o"
            full = target.with_suffix(".full.o")
            gcc = ["g++" if cxx else "gcc", *arguments, *GCC_LISTS, "-c", entry["file"], "-o"]
            clang = [f"clang++-{CLANG}" if cxx else f"clang-{CLANG}",
                     *[a for a in arguments if a not in ("-fipa-pta", "-fprofile-partial-training")],
                     *CLANG_LISTS, "-fsyntax-only", entry["file"]]
            for plain, limited in (([*gcc, full], [*gcc, target, define]), (clang, [*clang, define])):
                told = []
                for argv in (plain, limited):
                    done = run(argv, cwd=entry["directory"], timeout=COMPILE_SECONDS, allowed=None)
                    told.append(complaints(done.err, self.root, entry["directory"]))
                known = {(c.first, c.text) for c in told[0]}
                self.errors += [c for c in told[1] if (c.first, c.text) not in known]
                if plain is not clang and done.code == 0:
                    self.objects.append(target)
                    self.built.add(os.path.relpath(os.path.join(entry["directory"], entry["file"]), self.root))
            if full.exists():
                self.defined |= symbols(full, "--defined-only")

    def audit(self, tools):
        """The symbols that abi3audit names in what could be built: linked as one, so that units find what is
        hidden from others, or unit by unit where they are of several modules that clash. What one takes from
        another unit, which is not there, is none of Python's."""
        self.symbols = set()
        if not self.objects:
            return
        shared = self.objects[0].with_name("all.abi3.so")
        if run(["gcc", "-shared", *self.objects, "-o", shared], cwd=self.root, timeout=COMPILE_SECONDS, allowed=None).code == 0:
            libraries = [shared]
        else:
            libraries = [target.with_suffix(".abi3.so") for target in self.objects]
            for target, shared in zip(self.objects, libraries):
                run(["gcc", "-shared", target, "-o", shared], cwd=self.root, timeout=COMPILE_SECONDS)
        for shared in libraries:
            done = run([tools, "-m", "abi3audit", "--strict", "--report", "--assume-minimum-abi3", self.package.floor, shared],
                       timeout=AUDIT_SECONDS, allowed=None)
            try:
                spec, = json.loads(done.out)["specs"].values()
                result = spec["object"]["result"] if "object" in spec else spec["objects"][0]["result"]
                self.symbols |= (set(result["non_abi3_symbols"]) | set(result["future_abi3_objects"])) - (
                    self.defined & symbols(shared, "--undefined-only"))
            except (ValueError, KeyError, TypeError, IndexError):
                raise Failure(f"abi3audit: exit {done.code}: {common.first_cause(done.err)}") from None


def symbols(path, *which):
    """The names of global symbols in an object, without versions."""
    done = run(["nm", "--extern-only", "--format=posix", *which, path], timeout=TOOL_SECONDS)
    return {line.split()[0].split("@")[0] for line in done.out.splitlines()}


def covered(tree):
    """The lines that findings are about: their own, those of their edits, and the whole of a static type."""
    lines = set()
    for finding in tree.findings:
        lines.add((finding["file"], finding["line"]))
        for edit in finding["edits"]:
            lines.update((edit["file"], n) for n in range(edit["start"]["line"], edit["end"]["line"] + 1))
        if finding["rule"] == "static-type" or opens_initialiser(tree, finding):
            lines.update((finding["file"], n) for n in definition(tree.root / finding["file"], finding["line"]))
    return lines


def opens_initialiser(tree, finding):
    """Whether the compilers refuse the type of a variable, and then its values."""
    text = (tree.root / finding["file"]).read_text(errors="replace").splitlines()[finding["line"] - 1:finding["line"]]
    return bool(text and re.match(rf"(static |const )*{re.escape(finding['symbol'])} \w+(\[\w*\])? = {{$", text[0].rstrip()))


def definition(path, line):
    """The lines from a type's name to the brace that closes its initialiser."""
    text = path.read_text(errors="replace").splitlines()
    end = next((n for n in range(line, len(text) + 1) if text[n - 1].startswith("}")), line)
    return range(line, end + 1)


class Verdict:
    """What the parties disagree on in one tree."""

    def __init__(self, tree):
        self.findings, self.errors, self.symbols = len(tree.findings), len(tree.errors), len(tree.symbols)
        self.built, self.units = len(tree.built), len(tree.entries)
        lines = covered(tree)
        # One finding speaks for all functions of a header that a file uses. C++ goes on with a name that it only
        # supposes, and complains of the arguments.
        libc = collections.defaultdict(set)
        for f in tree.findings:
            if f["rule"] == "libc-include":
                libc[f["file"]] |= LIBC.get(f["symbol"], set())
                libc[None] |= words(tree, f["file"], f["line"], DEFINE)
        errors = [c for c in tree.errors if not (UNDECLARED.search(c.text) and
                                                 (libc[c.first[0]] | libc[None]) & (c.names | words(tree, *c.first)))]
        # "incomplete type" names the struct at each place: there the place must be known, not the name.
        names = {part for f in tree.findings for part in f["symbol"].split(".")} - STRUCTS
        through = macros(tree)
        refused = refused_names(tree)
        errors = [c for c in errors if not (UNKNOWN.search(c.text) and c.names & refused[c.first[0]])]
        errors = [c for c in errors if not follows_from_initialiser(tree, c)]
        self.silent = [(c.first, c.text) for c in errors if not (c.places & lines or c.names & names or
                                                                 through & words(tree, *c.first))]
        self.unnamed = sorted(tree.symbols - names)
        places = {place for c in tree.errors for place in c.places}
        # A compiler says once that a function is not declared, so a name counts for all its places.
        spoken = {name for c in tree.errors for name in c.names} | tree.symbols
        spoken |= set().union(*(words(tree, *c.first) for c in tree.errors)) & through
        undeclared = {name for c in tree.errors if UNDECLARED.search(c.text) for name in c.names}
        self.unheard = [f for f in tree.findings if (f["file"], f["line"]) not in places and
                        not set(f["symbol"].split(".")) & spoken and not covers(f, places) and
                        not names_refused(tree, f) and not (f["in_macro"] and macro(tree, f) in spoken) and
                        not (f["rule"] == "libc-include" and undeclared & set(re.findall(r"\w+", f["message"])))]


DEFINE = re.compile(r"\s*#\s*define\s+(\w+)")
UNDECLARED = re.compile(r"undeclared (library )?function '(?!_?Py)|undeclared identifier '(?!_?Py)|was not declared in this scope|"
                        r"implicit declaration of (built-in )?function '(?!_?Py)|cannot initialize a parameter of type '(const )?wchar_t")

UNKNOWN = re.compile(r"use of undeclared identifier '|‘\w+’ undeclared ")


def refused_names(tree):
    """By file, the variables whose declaration names a type that a finding is about: they are not declared then."""
    names = collections.defaultdict(set)
    for f in tree.findings:
        declared = re.compile(rf"\b{re.escape(f['symbol'])}\b[\s*]+(\w+)\s*(?=[;=\[,)])")
        names[f["file"]] |= words(tree, f["file"], f["line"], declared)
    return names


def follows_from_initialiser(tree, complaint):
    """An array without a length has none either once its initialiser, further up, is refused: of that an error speaks."""
    path = tree.root / complaint.first[0]
    if not re.search(r"incomplete type '[^']*\[\]'", complaint.text) or not path.is_file():
        return False
    text = path.read_text(errors="replace").splitlines()
    sized = re.search(r"sizeof\((\w+)", text[complaint.first[1] - 1])
    begin = sized and next((n for n in range(complaint.first[1] - 1, 0, -1)
                            if re.search(rf"\b{sized[1]}\[\] = {{", text[n - 1])), None)
    end = begin and next((n for n in range(begin, complaint.first[1]) if text[n - 1].lstrip().startswith("};")), None)
    return bool(end) and any(c.first[0] == complaint.first[0] and begin <= c.first[1] <= end for c in tree.errors)


def libc_names():
    """Names of the C library that Python.h brought, by their header."""
    names = collections.defaultdict(set)
    for line in (REPOSITORY / "facts" / "libc.tsv").read_text().splitlines():
        if not line.startswith("#"):
            name, header, _ = line.split("\t")
            names[header].add(name)
    return names


LIBC = libc_names()
STRUCTS = {"PyTypeObject", "PyObject", "_typeobject"}


def words(tree, file, line, pattern=re.compile(r"([A-Za-z_]\w*)")):
    """The names on a line."""
    try:
        text = (tree.root / file).read_text(errors="replace").splitlines()[line - 1]
    except (OSError, IndexError):
        return set()
    return set(pattern.findall(text))


def macro(tree, finding):
    """The macro in whose body a finding stands: clang names the place of the call, where the argument is the trouble."""
    lines = (tree.root / finding["file"]).read_text(errors="replace").splitlines()[:finding["line"]]
    defined = next((m for m in map(DEFINE.match, reversed(lines)) if m), None)
    return defined and defined[1]


def macros(tree):
    return {macro(tree, f) for f in tree.findings if f["in_macro"]} - {None}


def names_refused(tree, finding):
    """Whether its line names a static type, whose definition the compilers refuse: they keep quiet then."""
    types = {f["symbol"] for f in tree.findings if f["rule"] == "static-type" and f is not finding}
    return bool(types & words(tree, finding["file"], finding["line"]))


def covers(finding, places):
    """Whether a compiler complains of a line that the finding's edits change."""
    return any((e["file"], n) in places for e in finding["edits"] for n in range(e["start"]["line"], e["end"]["line"] + 1))


def explained(reasons, name, tree, verdict):
    """Takes what has a written reason out of a verdict; gives how often each reason was needed."""
    used = collections.Counter()

    def reason_for(kind, **values):
        for reason in reasons:
            if reason["kind"] == kind and all(re.fullmatch(reason[k], values.get(k, "")) for k in ("package", "rule", "state", "symbol", "text", "unit") if k in reason):
                used[reason["why"]] += 1
                return True
        return False

    verdict.silent = [(place, text) for place, text in verdict.silent if not reason_for("no finding", package=name, text=text)]
    verdict.unnamed = [s for s in verdict.unnamed if not reason_for("no finding", package=name, symbol=s)]
    verdict.unheard = [f for f in verdict.unheard
                       if not reason_for("no complaint", package=name, rule=f["rule"], state=f["state"], symbol=f["symbol"],
                                         unit="built" if f["file"] in tree.built else "not built")]
    return used


def export(package, revision, target):
    """The package's sources of a commit, as files."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    archive = target.with_suffix(".tar")
    run(["git", "-C", package.copy, "archive", "-o", archive, revision], timeout=60)
    run(["tar", "-xf", archive, "-C", target], timeout=60)
    archive.unlink()
    run(["git", "init", "--quiet"], cwd=target, timeout=60)


@dataclass
class Package:
    name: str
    floor: str
    copy: Path
    database: Path


def look(name, entry, manifest, abi3ify, reasons):
    """Both states of a package; gives its rows and the reasons that it used."""
    work = CACHE / "bench" / f"{name}-{entry['version']}"
    package = Package(name, entry.get("floor", manifest["floor"]), work / "copy", work / "database")
    if not (package.database / "compile_commands.json").is_file():
        raise Failure(f"no work of bench/run.py; run `bench/run.py {name}` first")
    pythons = common.pythons([v for v in entry.get("interpreters", manifest["interpreters"])
                              if int(v.split(".")[1]) >= int(package.floor.split(".")[1])])
    tools = common.venv(sys.executable, "tools", {**manifest["requirements"], **entry.get("requirements", {})}["tools"])
    rows, used = [], collections.Counter()
    for state, revision in (("as distributed", "HEAD~1"), ("migrated", "HEAD")):
        tree = Tree(package, work / "truth" / revision.replace("~", "-"), abi3ify, pythons)
        export(package, revision, tree.root)
        tree.read()
        tree.compile()
        tree.audit(tools)
        verdict = Verdict(tree)
        numbers = {k: getattr(verdict, k) for k in ("findings", "errors", "symbols", "built", "units")}
        before = [len(verdict.silent) + len(verdict.unnamed), len(verdict.unheard)]
        used += explained(reasons, name, tree, verdict)
        rows.append({"package": name, "version": entry["version"], "floor": package.floor, "state": state, **numbers,
                     "no finding": before[0], "no complaint": before[1],
                     "silent": [f"{file}:{line}: {text}" for (file, line), text in verdict.silent] +
                               [f"abi3audit: {s}" for s in verdict.unnamed],
                     "unheard": [f"{f['file']}:{f['line']}: {f['symbol']} [{f['rule']}, {f['state']}]" for f in verdict.unheard]})
    return rows, used


def reasons():
    """The written reasons for what may disagree."""
    return tomllib.loads((REPOSITORY / "bench" / "disagreements.toml").read_text())["reason"]


def times(number):
    return "once" if number == 1 else f"{number} times"


def table(rows):
    """The rows in Markdown."""
    lines = ["| package | floor | sources | open findings | compilers' errors | abi3audit's symbols | built | without a finding | without a complaint | unexplained |",
             "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"]
    for r in rows:
        lines.append(f"| {r['package']} {r['version']} | {r['floor']} | {r['state']} | {r['findings']} | {r['errors']} | {r['symbols']} | "
                     f"{r['built']} of {r['units']} | {r['no finding']} | {r['no complaint']} | {len(r['silent']) + len(r['unheard'])} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="*", help="packages of bench/packages.toml; default all that bench/run.py has left")
    parser.add_argument("--abi3ify", type=Path, default=REPOSITORY / "build" / "bin" / "abi3ify", metavar="PATH")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--docs", type=Path, metavar="FILE", help="write the table as Markdown here")
    options = parser.parse_args()
    manifest = tomllib.loads((REPOSITORY / "bench" / "packages.toml").read_text())
    packages = manifest["package"]
    problems = [f"no package {n} in bench/packages.toml" for n in options.name if n not in packages]
    problems += [f"{t} is not installed" for t in ("git", "gcc", f"clang-{CLANG}") if not shutil.which(t)]
    if not os.access(options.abi3ify, os.X_OK):
        problems.append(f"{options.abi3ify} is not there; build it with `make`, or name it with --abi3ify PATH")
    if problems:
        print("\n".join(f"truth: {p}" for p in problems), file=sys.stderr)
        return 2
    rows, used, failed = [], collections.Counter(), []
    for name in options.name or packages:
        try:
            more, reasons_used = look(name, packages[name], manifest, options.abi3ify.resolve(), reasons())
        except Failure as failure:
            failed.append(f"{name}: {failure}")
            continue
        rows += more
        used += reasons_used
        for row in more:
            for text in row["silent"]:
                print(f"{name}, {row['state']}: no finding for: {text}")
            for text in row["unheard"]:
                print(f"{name}, {row['state']}: nobody complains of: {text}")
    page = table(rows)
    print("\n" + page + "\n\n" + "\n".join(f"{times(n)}: {why}" for why, n in used.most_common()))
    for text in failed:
        print(f"truth: {text}", file=sys.stderr)
    if options.json:
        options.json.write_text(json.dumps({"rows": rows, "reasons": dict(used), "failed": failed}, indent=1) + "\n")
    if options.docs:
        options.docs.write_text(PAGE.format(table=page, reasons="\n".join(f"- {times(n)}: {why}" for why, n in used.most_common())))
    return 1 if failed or any(r["silent"] or r["unheard"] for r in rows) else 0


PAGE = """# What abi3ify reports, against compilers and abi3audit

`bench/truth.py --docs docs/truth.md` holds the open findings of `abi3ify check` against the errors of gcc and clang-22
under the limit that the full API does not give, and against the symbols that abi3audit names in the units that do compile; of each
package as it is distributed and as `migrate --review` leaves it. A complaint has a finding where it stands or of its
name; a finding has a complaint likewise. What is left is either explained below or counted as unexplained.

{table}

## Why they differ

From `bench/disagreements.toml`, with how often each was needed:

{reasons}
"""

if __name__ == "__main__":
    sys.exit(main())
