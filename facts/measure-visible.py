#!/usr/bin/env python3
"""Measures which names CPython's headers show, in full mode and under each Py_LIMITED_API level.

In: include folders of one or more CPythons (the folders that hold Python.h), and clang.
Out: a table for generate.py: name, kind, the versions whose full headers have it, for each header
version the lowest level that shows it (`-`: never), and whether abi3t shows it (`-`: not measured).
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

OLDEST = 8  # lowest level looked at, 3.8
ABI3T = 15  # first version with Py_TARGET_ABI3T
HEADERS = ["Python.h", "structmember.h", "datetime.h", "frameobject.h", "marshal.h"]
# Macros of the headers that are not about Python (HAVE_*, SIZEOF_*, ...) are left out.
MACRO = re.compile(r"_?(Py|PY)|METH_|CO_|T_[A-Z]|READONLY$|READ_RESTRICTED$|RESTRICTED$|(NO)?WAIT_LOCK$")
MARKER = re.compile(r'# \d+ "([^"]*)"')
DEFINE = re.compile(r"#(define|undef) (\w+)")


def minor_of(include):
    text = (include / "patchlevel.h").read_text()
    return int(re.search(r"#define\s+PY_MINOR_VERSION\s+(\d+)", text)[1])


def constants(node):
    """The enumerators that a declaration brings, also those of an enum inside a struct."""
    if node["kind"] == "EnumConstantDecl":
        yield node["name"], "C"
    for child in node.get("inner", []):
        yield from constants(child)


class Headers:
    """The headers of one CPython; `show` gives {name: kind letter} for one set of compiler flags."""

    def __init__(self, include, clang):
        self.include = include.resolve()
        self.minor = minor_of(self.include)
        self.clang = clang
        # Some distributions keep pyconfig.h beside the folder, under the name of the machine.
        self.where = ["-I", self.include, "-idirafter", self.include.parent]
        self.scratch = tempfile.TemporaryDirectory()

    def run(self, flags, *mode):
        source = pathlib.Path(self.scratch.name, "all.c")
        names = [h for h in HEADERS if (self.include / h).exists()]
        source.write_text("".join(f"#include <{h}>\n" for h in names))
        command = [self.clang, "-std=c11", "-w", *self.where, *flags, *mode, source]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{self.include} with {' '.join(flags) or 'no limit'}: {done.stderr.strip()}")
        return done.stdout

    def ours(self, file):
        return file.startswith(f"{self.include}/") or file.endswith("/pyconfig.h")

    def macros(self, flags):
        found, inside = set(), False
        for line in self.run(flags, "-E", "-dD").splitlines():
            if marker := MARKER.match(line):
                inside = self.ours(marker[1])
            elif inside and (define := DEFINE.match(line)):
                (found.add if define[1] == "define" else found.discard)(define[2])
        if flags:
            found.add("Py_LIMITED_API")  # given on the command line
        return {name for name in found if MACRO.match(name)}

    def declarations(self, flags):
        tree = json.loads(self.run(flags, "-fsyntax-only", "-Xclang", "-skip-function-bodies",
                                   "-Xclang", "-ast-dump=json"))
        found, aliases, complete, foreign, file = {}, {}, set(), set(), ""

        def place(node):  # clang writes a file only where it changes, in the order of the dump
            nonlocal file
            for key, value in node.items():
                if key == "file":
                    file = value
                elif isinstance(value, dict) and key != "includedFrom":
                    place(value)
                elif key == "inner":
                    for child in value:
                        place(child)

        def record_of(node):  # the struct that a typedef directly names
            while node.get("inner"):
                node = node["inner"][0]
                if "type" in node and "*" in node["type"].get("qualType", ""):
                    return None
            return node.get("decl", {}).get("id")

        for node in tree["inner"]:
            loc = node.get("loc", {})
            place(loc)
            kind, name, at = node["kind"], node.get("name", ""), file
            place({k: v for k, v in node.items() if k != "loc"})
            if not self.ours(at):
                foreign.add(name)
                continue
            if kind == "FunctionDecl":
                found[name] = "I" if node.get("storageClass") == "static" else found.get(name, "F")
            elif kind == "VarDecl":
                found[name] = "D"
            elif kind == "EnumDecl":
                found.update(constants(node))
                found.setdefault(name, "T")
            elif kind == "RecordDecl":
                found.update(constants(node))
                if node.get("completeDefinition"):
                    complete.add(node["id"])
                    found[name] = "S"
                found.setdefault(name, "T")
            elif kind == "TypedefDecl":
                found.setdefault(name, "T")
                aliases[name] = record_of(node)
        for name, record in aliases.items():
            if found[name] == "T" and record in complete:
                found[name] = "S"
        return {name: kind for name, kind in found.items() if name and name not in foreign}

    def show(self, flags):
        return self.declarations(flags) | dict.fromkeys(self.macros(flags), "M")


def measure(include, clang):
    """Returns the minor version and {name: (kind, in full mode, lowest level or None, shown by abi3t)}."""
    headers = Headers(include, clang)
    full = headers.show([])
    lowest, kinds = {}, {}
    for level in range(OLDEST, headers.minor + 1):
        for name, kind in headers.show([f"-DPy_LIMITED_API=0x03{level:02x}0000"]).items():
            lowest.setdefault(name, level)
            kinds[name] = kind
    abi3t = headers.show([f"-DPy_TARGET_ABI3T=0x03{ABI3T:02x}0000"]) if headers.minor >= ABI3T else {}
    rows = {}
    for name in full.keys() | kinds.keys():
        kind = full.get(name) or kinds[name]
        if kind == "S" and kinds.get(name) != "S":
            kind = "T"  # S says that a limit shows the members too
        rows[name] = (kind, name in full, lowest.get(name), name in abi3t)
    return headers.minor, rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("include", nargs="+", type=pathlib.Path)
    parser.add_argument("--clang", default="clang-22")
    parser.add_argument("-o", "--output", type=pathlib.Path)
    options = parser.parse_args()
    sets = dict(measure(include, options.clang) for include in options.include)
    minors = sorted(sets)
    out = ["\t".join(["name", "kind", "full", *(f"hdr3.{m}" for m in minors), "abi3t"])]
    for name in sorted(set().union(*sets.values())):
        row = {m: sets[m][name] for m in minors if name in sets[m]}
        full = [f"3.{m}" for m in minors if m in row and row[m][1]]
        levels = [f"3.{row[m][2]}" if m in row and row[m][2] else "-" for m in minors]
        newest = row[max(row)]
        last = "-" if minors[-1] < ABI3T else "y" if minors[-1] in row and row[minors[-1]][3] else "n"
        out.append("\t".join([name, newest[0], ",".join(full) or "-", *levels, last]))
    text = "\n".join(out) + "\n"
    options.output.write_text(text) if options.output else sys.stdout.write(text)


if __name__ == "__main__":
    main()
