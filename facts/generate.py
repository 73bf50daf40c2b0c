#!/usr/bin/env python3
"""Generates limited-api.tsv: which of CPython's names may be used from which floor on.

In: a copy of CPython's manifest (stable_abi.toml), and a measurement by measure-visible.py. Without
--visible, what the existing table holds of the last measurement is carried over.
Out: one row a name; README.md says what the columns mean and why the hand decisions below stand.
"""
import argparse
import csv
import dataclasses
import pathlib
import re
import sys
import tomllib

TABLE = pathlib.Path(__file__).with_name("limited-api.tsv")
COLUMNS = ["name", "kind", "origin", "since", "full_from", "full_until", "abi3t", "opaque", "members", "shown"]
OLDEST = 8  # the lowest level measured, 3.8: a name shown there counts as shown at every level
NEVER = 1000  # sorts behind every version; written `-`

KINDS = {"typedef": "type", "F": "function", "I": "function", "D": "data", "M": "macro", "T": "type", "S": "struct",
         "C": "enumerator"}
OPAQUE = {"full-abi": "full", "abi3t-opaque": "full", "members": "members", "opaque": "opaque"}

# Macros that some headers keep defined under a limit at which their expansion cannot compile or link.
POISON = """PySequence_Fast_GET_ITEM PySequence_Fast_GET_SIZE PySequence_Fast_ITEMS PyUnicode_CHECK_INTERNED
    PyWeakref_GET_OBJECT Py_ALLOW_RECURSION Py_END_ALLOW_RECURSION PyParser_SimpleParseFile PyParser_SimpleParseString
    Py_TRASHCAN_BEGIN Py_TRASHCAN_BEGIN_CONDITION Py_TRASHCAN_END Py_TRASHCAN_SAFE_BEGIN Py_TRASHCAN_SAFE_END
    _Py_MakeRecCheck _Py_MakeEndRecCheck _Py_SET_53BIT_PRECISION_START _Py_SET_53BIT_PRECISION_END""".split()

# Floors set by hand, against the manifest or the measurement.
SINCE = {
    # Exported functions only lately, but inline in every header below that: no symbol is needed.
    2: ["Py_REFCNT", "Py_TYPE", "Py_SIZE"],
    9: ["Py_SET_REFCNT", "Py_SET_TYPE", "Py_SET_SIZE", "Py_IS_TYPE",
        "PyObject_NEW", "PyObject_NEW_VAR",  # with 3.8 headers the limited expansion reads tp_basicsize,
        "PyObject_INIT", "PyObject_INIT_VAR",  # and these need private symbols that later versions lack
        "PyCMethod"],  # the signature that goes with METH_METHOD
    # Values that newer headers show at every level, but that older interpreters do not know.
    10: ["Py_TPFLAGS_DISALLOW_INSTANTIATION", "Py_TPFLAGS_IMMUTABLETYPE", "PY_AUDIT_READ"],
    11: ["Py_DTSF_NO_NEG_0", "_PyBaseExceptionGroup_Check"],
    13: [f"Py_CONSTANT_{c}" for c in ("NONE", "FALSE", "TRUE", "ELLIPSIS", "NOT_IMPLEMENTED", "ZERO", "ONE",
                                      "EMPTY_STR", "EMPTY_BYTES", "EMPTY_TUPLE")],
    15: ["PyImport_LazyImportsMode", "PyImport_LAZY_NORMAL", "PyImport_LAZY_ALL"],
    NEVER: ["PyEval_CallObject",  # calls a function that is ABI only
            "Py_MEMCPY"],  # the one name that headers show below a level, 3.11, and hide from there on
}
BY_HAND = {name: minor for minor, names in SINCE.items() for name in names}

# Struct tags, and the type that the manifest knows the struct by.
TAGS = {"_object": "PyObject", "_typeobject": "PyTypeObject", "_longobject": "PyLongObject", "_frame": "PyFrameObject",
        "_ts": "PyThreadState", "_is": "PyInterpreterState", "bufferinfo": "Py_buffer",
        "_PyWeakReference": "PyWeakReference"}


@dataclasses.dataclass
class Item:
    """One name of the manifest."""
    kind: str
    added: int
    abi_only: bool
    struct: str
    members: list


@dataclasses.dataclass
class Shown:
    """What is known of one name from headers. `since`: lowest floor from which on every header shows it."""
    kind: str
    exported: bool  # a function or object with a symbol
    since: int
    ever: bool  # some header shows it under some limit
    shown: int  # the lowest limit under which some header does
    full_from: int
    full_until: int
    abi3t: bool


def read_manifest(path):
    with open(path, "rb") as file:
        manifest = tomllib.load(file)
    items = {}
    for kind in ("struct", "typedef", "function", "const", "macro", "data"):
        for name, entry in manifest.get(kind, {}).items():
            items[name] = Item(kind, minor(entry["added"]), entry.get("abi_only", False),
                               entry.get("struct_abi_kind", ""), entry.get("members", []))
    return items


def minor(text):
    if text == "-":
        return NEVER
    if not re.fullmatch(r"3\.\d+", text):
        raise ValueError(f"not a version: {text!r}")
    return int(text[2:])


def version(number):
    return "-" if number >= NEVER else f"3.{number}"


def read_visible(path):
    """Returns the oldest and newest header version measured, and {name: Shown}."""
    with open(path, newline="") as file:
        rows = csv.DictReader(file, delimiter="\t")
        headers = {minor(c[3:]): c for c in rows.fieldnames if c.startswith("hdr")}
        oldest, newest = min(headers), max(headers)
        names = {}
        for row in rows:
            if row["kind"] == "M" and row["name"].endswith("_H"):  # include guards
                continue
            full = [minor(v) for v in row["full"].split(",") if v != "-"]
            levels = {h: minor(row[c]) for h, c in headers.items()}
            # A header that hides the name stands against every floor up to its own version.
            have = full or [h for h in headers if levels[h] < NEVER]  # Py_LIMITED_API is never there in full mode
            if not have:  # set by abi3t alone
                continue
            needs = [h + 1 if levels[h] == NEVER and h < max(have) else levels[h] for h in have]
            names[row["name"]] = Shown(
                KINDS[row["kind"]], row["kind"] in "FD", max(needs), min(levels.values()) < NEVER,
                min(levels.values()), min(full, default=NEVER), NEVER if not full or max(full) == newest else max(full), row["abi3t"] == "y")
    return oldest, newest, names


def read_table(path):
    """The same from an existing table. Of a name that the manifest had, only the floor written there is known."""
    lines = path.read_text().splitlines()
    oldest, newest = re.search(r"headers 3\.(\d+) to 3\.(\d+)", lines[0]).groups()
    names = {}
    for line in lines:
        if line.startswith("#"):
            continue
        name, kind, origin, since, full_from, full_until, abi3t, _opaque, _members, shown = line.split("\t")
        measured = full_from != "-" or origin not in ("limited", "abi-only")
        if measured:
            promised = origin in ("limited", "abi-only") and kind in ("function", "data")
            names[name] = Shown(kind, promised, minor(since), origin != "full", minor(shown),
                                minor(full_from), minor(full_until), abi3t != "n")
    return int(oldest), int(newest), names


def row_of(name, item, shown, newest):
    """Returns kind, origin, since, abi3t, opaque, members of one name."""
    if item:
        kind = KINDS.get(item.kind, item.kind)
        if item.abi_only:
            return kind, "abi-only", NEVER, "y" if shown and shown.abi3t else "n", "-", "-"
        if shown and item.added <= newest:
            since = max(item.added, shown.since if shown.since > OLDEST else 0)
            abi3t = "y" if shown.abi3t else "n"
        else:  # of another platform, or newer than all headers
            since, abi3t = item.added, "y"
        if item.struct in ("opaque", "members", "abi3t-opaque"):
            abi3t = "opaque"
        return (kind, "limited", BY_HAND.get(name, since), abi3t, OPAQUE.get(item.struct, "-"),
                ",".join(item.members) or "-")
    since, abi3t = shown.since, "y" if shown.abi3t else "n"
    private_function = shown.kind == "function" and name.startswith("_")
    if shown.exported or private_function or name in POISON:
        since = NEVER
    origin = "poison" if name in POISON else "header" if shown.ever else "full"
    opaque = "full" if shown.kind == "struct" else "-"
    return shown.kind, origin, BY_HAND.get(name, since), abi3t, opaque, "-"


def build(items, measurement):
    oldest, newest, names = measurement
    rows = {}
    for name in sorted(items.keys() | names.keys()):
        shown = names.get(name)
        rows[name] = [name, *row_of(name, items.get(name), shown, newest)]
        rows[name][4:4] = [shown.full_from, shown.full_until] if shown else [NEVER, NEVER]
        rows[name].append(shown.shown if shown else NEVER)
    for tag, name in TAGS.items():
        if tag in rows and name in rows and tag not in items:
            rows[tag] = [tag, *rows[name][1:4], *rows[tag][4:6], *rows[name][6:-1], rows[tag][-1]]
    text = [f"# Generated by facts/generate.py; measured with headers 3.{oldest} to 3.{newest}. "
            "Columns, see facts/README.md:", "# " + "\t".join(COLUMNS)]
    for row in rows.values():
        text.append("\t".join(version(cell) if isinstance(cell, int) else cell for cell in row))
    return "\n".join(text) + "\n"


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--manifest", required=True, type=pathlib.Path)
    parser.add_argument("--visible", type=pathlib.Path)
    parser.add_argument("-o", "--output", default=TABLE, type=pathlib.Path)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if the table is stale")
    options = parser.parse_args(arguments)
    measurement = read_visible(options.visible) if options.visible else read_table(options.output)
    text = build(read_manifest(options.manifest), measurement)
    if not options.check:
        options.output.write_text(text)
        return 0
    if options.output.exists() and options.output.read_text() == text:
        return 0
    print(f"{options.output}: stale; run facts/generate.py again with the same inputs", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
