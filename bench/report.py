"""Puts the results of run.py into words: single lines, the closing lines, the Markdown page.

In: the results as run.py writes them to JSON, the manifest's packages and the rules' rows of the catalogue. Out: text.
"""
import re
from collections import defaultdict

STATES = ("fixable", "fixed", "failed", "manual", "advice", "unseen", "generated", "suppressed")
# Not uses of the API: what is only said, and what its author has answered.
NO_USES = ("advice", "suppressed")
# Not compiled by the package's build, or written by a generator.
ASIDE = ("unseen", "generated")
# The table's columns after package and floor: the heading, the steps that it shows.
COLUMNS = [
    ("limited build, new warnings (gcc)", ["limited build, gcc", "no new warning, gcc -Wall"]),
    ("pointer types (clang)", ["pointer types, clang-22"]),
    ("abi3audit", ["abi3audit"]),
    ("own tests before", ["own tests before"]),
    ("own tests, one binary", ["own tests, one binary"]),
    ("second `migrate`", ["second migrate"]),
    ("full builds and their tests", ["migrated, full builds", "own tests, migrated, full"]),
]


def states(data):
    parts = [f"{data['states'][s]} {s}" for s in STATES if s in data["states"]]
    parts += [f"{n} {s}" for s, n in data["states"].items() if s not in STATES]
    return ", ".join(parts) or "no use"


def same_or_each(said):
    """One text when all interpreters say the same, else one for each."""
    if len(set(said.values())) == 1:
        return f"{next(iter(said.values()))} on {', '.join(said)}"
    return "; ".join(f"{version}: {text}" for version, text in said.items())


def closing(results, originals=False):
    packages = results["packages"]
    lines = [f"{p['name']} {p['version']}: {p['cause']}" + (" (announced)" if p["announced"] else f" (not announced: {p['against']})" if p["against"] else "")
             for p in packages if not p["reached"]]
    lines += [f"CPython {v} with headers is not on this machine: not tried" for v in results["missing interpreters"]]
    end = "passed the steps that need no abi3ify" if originals else "reached the end"
    return "\n".join([*lines, f"{reached(packages)} {end}"])


def reached(packages):
    return f"{sum(p['reached'] for p in packages)} of {len(packages)} packages"


def step(package, title):
    """What a step of a package left: its data when it was ok, else nothing."""
    return next((s["data"] for s in package["steps"] if s["step"] == title and s["state"] == "ok"), {})


class Uses:
    """How many uses there were and where they went: of one package, or added up."""

    def __init__(self, package=None):
        safe, review = (step(package, t).get("states", {}) if package else {} for t in ("abi3ify migrate, safe only", "abi3ify migrate"))
        self.safe = safe.get("fixed", 0)
        self.states = {s: n for s, n in review.items() if s not in NO_USES}

    def __add__(self, other):
        total = Uses()
        total.safe = self.safe + other.safe
        total.states = {s: self.states.get(s, 0) + other.states.get(s, 0) for s in [*self.states, *other.states]}
        return total

    def cells(self):
        uses, fixed = sum(self.states.values()), self.states.get("fixed", 0)
        compiled = uses - sum(self.states.get(s, 0) for s in ASIDE)
        left = ", ".join(f"{n} {s}" for s, n in sorted(self.states.items()) if s != "fixed" and n)
        return [uses, compiled, share(self.safe, compiled), share(fixed, compiled), share(fixed, uses), left]


def share(part, whole):
    return f"{part} ({100 * part / whole:.0f} %)" if whole else "0"


def uses(done):
    """Of each package and of all: what migrate did with the uses."""
    lines = ["## Uses", "", "Compiled: those that the package's build compiles, so neither `unseen` nor `generated`. The shares of `migrate` are of these;",
             "the share of all stands beside them.", "",
             "| package | floor | the report, before any edit | uses | compiled | fixed by `migrate` | fixed with `--review` | of all uses | left |", "| --- " * 9 + "|"]
    total = Uses()
    for p in done:
        of = Uses(p)
        total += of
        lines.append("| " + " | ".join(map(cell, [f"{p['name']} {p['version']}", p["floor"], step(p, "abi3ify report").get("text", "**failed**"), *of.cells()])) + " |")
    return [*lines, "| all | | | " + " | ".join(map(cell, total.cells())) + " |", ""]


def speeds(done):
    """The loops' times, against the original's."""
    rows = [(p, step(p, "speed")) for p in done]
    lines = ["## Speed", "", "A loop of the package's own, as distributed, migrated and built without the limit, and as the one binary:",
             "the shortest of fifteen timings each, in turn. Above 1.00 is slower.", "",
             "| package | CPython | original | migrated, full | one binary |", "| --- " * 5 + "|"]
    for p, data in rows:
        if data:
            ratio = lambda build: f"{data['ratios'][build]:.2f}" if build in data["ratios"] else ""
            lines.append(f"| {p['name']} {p['version']} | {data['interpreter']} | {1e6 * data['seconds']['original']:.1f} us | {ratio('full')} | {ratio('limited')} |")
    return [*lines, ""] if any(data for _, data in rows) else []


def cell(text):
    return str(text).replace("|", "\\|").replace("\n", " ")


def shown(package, titles):
    """A cell: what the steps said, or the first of them that is not ok."""
    steps = [s for s in package["steps"] if s["step"] in titles]
    for step in steps:
        if step["state"] != "ok":
            return f"**{step['state']}**"
    return cell(", ".join(s["said"] for s in steps if s["said"]))


def joined(results, earlier, packages):
    """The results of several runs as one, in the manifest's order; of two runs of a package the later one given, and this run's before all."""
    of = {p["name"]: p for r in [*earlier, results] for p in r["packages"]}
    missing = sorted({v for r in [*earlier, results] for v in r["missing interpreters"]})
    return {**results, "missing interpreters": missing, "packages": [of[name] for name in packages if name in of]}


def rows(folder):
    """The catalogue's rows of each rule, as its file names them."""
    found = {}
    for file in sorted(folder.glob("*/*.yaml")):
        if line := re.search(r"^rows: \[(.*)\]", file.read_text(), re.M):
            found[file.stem] = line[1]
    return found


def places(left):
    """a.c:1, 2; b.c:3"""
    lines = defaultdict(list)
    for f in left:
        lines[f["file"]].append(f["line"])
    return "; ".join(f"`{file}:{', '.join(map(str, sorted(n)))}`" for file, n in sorted(lines.items()))


def remaining(left, rows_of, said):
    """The uses that migrate leaves: what is used, how often, where, which rule and row, and why it is left."""
    uses = defaultdict(list)
    for f in left:
        why = said.get(f["symbol"], {}).get("why", f["reason"])
        uses[f["symbol"], f["rule"], f["state"], why].append(f)
    lines = ["| use | places | where | state | rule | row | why |", "| --- " * 7 + "|"]
    generated = defaultdict(list)
    for key in [k for k in uses if k[2] == "generated"]:
        for f in uses.pop(key):
            generated[f["file"], f["reason"]].append(f)
    for (file, reason), found in sorted(generated.items()):
        names = len({f["symbol"] for f in found})
        lines.append("| " + " | ".join(map(cell, [f"{names} names", len(found), f"`{file}`", "generated", "", "", reason])) + " |")
    for (symbol, rule, state, reason), found in sorted(uses.items(), key=lambda u: (u[0][2], u[0][0])):
        row = rows_of.get(rule) or said.get(symbol, {}).get("row", "none")
        cells = [f"`{symbol}`", str(len(found)), places(found), state, rule, row, reason]
        lines.append("| " + " | ".join(map(cell, cells)) + " |")
    return lines


def static_types(done, packages):
    """Of each package with static types: how many migrate made heap types, and what is left of them and why."""
    lines = ["## Static types", "", "| package | floor | static types | converted | left | why |", "| --- " * 6 + "|"]
    first = len(lines)
    for p in done:
        types = next((s["data"].get("types") for s in p["steps"] if s["step"] == "abi3ify migrate"), None) or []
        left = [t for t in types if t["state"] != "fixed"]
        said = packages[p["name"]].get("left", {})
        names = ", ".join(f"`{t['symbol']}` (`{t['file']}:{t['line']}`, {t['state']})" for t in left)
        why = "; ".join(said.get(t["symbol"], {}).get("why") or t["reason"] or "" for t in left)
        cells = [f"{p['name']} {p['version']}", p["floor"], len(types), len(types) - len(left), names, why]
        lines += ["| " + " | ".join(map(cell, cells)) + " |"] if types else []
    return [*lines, ""] if lines[first:] else []


def page(results, packages, rows_of):
    """docs/corpus.md: what holds for each package, what does not and why, and the commands."""
    done = results["packages"]
    others = [p for p in done if not p["reached"]]
    lines = ["# Real packages, one binary each", "",
             "Written by `make corpus`; do not edit. Each package is a pinned source distribution, migrated without a hand edit,",
             "built once with `Py_LIMITED_API` set to the floor, and tested with that one binary on each CPython from the floor on,",
             "as before the migration.", "",
             f"{reached(done)} reach the end. Of the other {len(others)}, {sum(p['announced'] for p in others)} were announced: the report said so before any",
             "edit, and each complaint of a compiler or of abi3audit has a finding at its place.", "",
             "| package | floor | " + " | ".join(heading for heading, _ in COLUMNS) + " | seconds |",
             "| --- " * (len(COLUMNS) + 3) + "|"]
    for p in done:
        lines.append(" | ".join([f"| {p['name']} {p['version']}", p["floor"], *(shown(p, titles) for _, titles in COLUMNS), f"{p['seconds']:.0f}"]) + " |")
    lines += ["", *uses(done), *speeds(done), *static_types(done, packages)]
    for p in done:
        lines += [f"## {p['name']} {p['version']}", "", "Reaches the end." if p["reached"] else
                  f"Does not reach the end. First cause: {p['cause']}. " + ("Announced." if p["announced"] else f"Not announced: {p['against']}."), ""]
        by_step = {s["step"]: s for s in p["steps"]}
        if later := [f"- {s['step']}: {s['said']}" for s in p["steps"] if s["state"] == "failed"][1:]:
            lines += [*later, ""]
        facts = [f"Measured with `make corpus ONLY={p['name']}` on CPython {', '.join(p['interpreters'])}."]
        facts += [f"Before: {by_step['own tests before']['said']}." if by_step["own tests before"]["state"] == "ok" else ""]
        for version, why in by_step["original, full builds"]["data"].get("unbuilt", {}).items():
            facts.append(f"Its own build does not work with CPython {version} ({why}); the one binary is tested there all the same.")
        if failed := by_step["own tests before"]["data"].get("failed"):
            facts.append("Failing without abi3ify too: " + ", ".join(f"`{t}`" for t in failed) + ".")
        for s in p["steps"]:
            if names := sorted({n for v in s["data"].get("at the second run", {}).values() for n in v}):
                facts.append(f"As before only at the second run ({s['step']}): " + ", ".join(f"`{t}`" for t in names) + ".")
        if note := packages[p["name"]].get("note"):
            facts.append(note[0].upper() + note[1:] + ".")
        lines += [" ".join(filter(None, facts)), ""]
        if left := by_step["abi3ify migrate"]["data"].get("left"):
            lines += ["Left by `migrate`:", "", *remaining(left, rows_of, packages[p["name"]].get("left", {})), ""]
    lines += commands(done, packages)
    lines += [f"CPython {v} was not on the machine of this run." for v in results["missing interpreters"]]
    return "\n".join(lines).rstrip() + "\n"


def commands(done, packages):
    lines = ["## Commands", "", "`make corpus` does all of this; `bench/README.md` says how. The distributions:", ""]
    lines += [f"- `{packages[p['name']]['file']}`, SHA-256 `{p['sha256']}`" for p in done]
    floor = done[0]["floor"] if done else "3.11"
    define = f"-DPy_LIMITED_API=0x03{int(floor.split('.')[1]):02X}0000"
    return [*lines, "", f"For one package, with the compile commands of its own build in `database/` and {floor} as the floor:", "", "```sh",
            f"abi3ify check --target {floor} -p database .",
            f"abi3ify migrate --target {floor} --review -p database .",
            f"gcc $RECORDED_FLAGS -Wall {define} -c SOURCE -o OBJECT       # headers of {floor}; compared with the original's full build",
            "gcc -shared OBJECT... -o NAME.abi3.so",
            f"clang-22 $RECORDED_FLAGS -Wall {define} -fsyntax-only SOURCE",
            f"abi3audit --strict --assume-minimum-abi3 {floor} NAME.abi3.so",
            "PYTHONPATH=tree python3.X -m pytest TESTS                       # on each interpreter, with that one binary",
            f"abi3ify migrate --target {floor} --review -p database .        # changes nothing",
            "```", ""]
