#!/usr/bin/env python3
"""Measures which macros of CPython's headers cast an object argument in full mode and not under a limit.

In: include folders of one or more CPythons, and clang. Every function-like macro is compiled with each
mixture of argument types; errors are told apart by line.
Out: one row a macro: name, number of parameters, the parameters (from 0) that need a cast under the
limit, the lowest limit at which they do, the header versions, the type to cast to, and the languages.
"""
import argparse
import collections
import itertools
import pathlib
import re
import runpy
import subprocess
import sys

Headers = runpy.run_path(str(pathlib.Path(__file__).with_name("measure-visible.py")))["Headers"]
OBJECTS = {"o": "PyObject *", "v": "PyVarObject *", "t": "PyTypeObject *"}
OTHERS = ["n", "s", "p", "int", "PyObject"]  # a number, a string, a pointer, and type names
PROLOGUE = """#include <Python.h>
struct Foo { PyObject_HEAD int own; };
struct Foo *f; PyObject *o; PyVarObject *v; PyTypeObject *t; Py_ssize_t n; const char *s; void *p;
"""
LANGUAGES = {"c": ["-x", "c", "-std=c11"], "c++": ["-x", "c++", "-std=c++17"]}


class Compiler:
    """Tells which of many uses compile, in one run."""

    def __init__(self, headers, language):
        self.headers = headers
        self.language = language

    def accepts(self, uses, flags):
        """Returns those of the (text, arguments) whose call compiles in a function that returns int or an object."""
        uses = list(uses)
        lines = PROLOGUE.splitlines()
        first = len(lines) + 1
        for number, (text, arguments) in enumerate(uses):
            call = text % ", ".join(arguments)
            # `visit` and `arg` are the names that Py_VISIT expects.
            lines += [f"{result} {name}{number}(visitproc visit, void *arg) {{ {call}; return 0; }}"
                      for result, name in (("int", "i"), ("PyObject *", "o"))]
        source = pathlib.Path(self.headers.scratch.name, "uses.c")
        source.write_text("\n".join(lines) + "\n")
        command = [self.headers.clang, *LANGUAGES[self.language], "-fsyntax-only", "-w", "-ferror-limit=0",
                   "-fno-caret-diagnostics", "-Werror=incompatible-pointer-types", *self.headers.where, *flags, source]
        errors = subprocess.run(command, capture_output=True, text=True).stderr
        places = re.findall(rf"^{re.escape(str(source))}:(\d+):\d+: (?:fatal )?error", errors, re.M)
        bad = {int(line) for line in places}
        if any(line < first for line in bad):
            sys.exit(f"{self.headers.include}: the headers do not compile:\n{errors[:2000]}")
        return {use for number, use in enumerate(uses) if not {first + 2 * number, first + 2 * number + 1} <= bad}


def limit(minor):
    return [f"-DPy_LIMITED_API=0x03{minor:02x}0000"]


def macros_of(headers):
    """Yields the text of a use (with %s for the arguments) and the number of parameters."""
    inside = set(headers.show([])) & set(headers.show(limit(headers.minor)))
    for name, parameters, body in re.findall(r"^#define (\w+)\(([\w, ]*)\) ?(.*)$", headers.run([], "-E", "-dD"), re.M):
        if name in inside:
            text = re.sub(r'"[^"]*"|\'.\'', "", body)
            opened = text.count("{") - text.count("}")  # Py_BEGIN_... leave a block open
            if opened >= 0 and parameters.strip():
                yield f"{name}(%s)" + ";}" * opened, parameters.count(",") + 1


def measure(headers, language, levels):
    """Returns {(name, parameters): {(index, type letter): first level that needs the cast}}."""
    compiler = Compiler(headers, language)
    tries = []
    for text, count in macros_of(headers):
        kinds = [*OBJECTS, *OTHERS] if count <= 3 else [*OBJECTS, "n"]
        if count <= 5:
            tries += [(text, mixture) for mixture in itertools.product(kinds, repeat=count)]
    good = compiler.accepts(tries, [])
    with_foo = {}
    for text, mixture in good:
        for index, letter in enumerate(mixture):
            if letter in OBJECTS:
                with_foo[text, mixture, index] = (text, (*mixture[:index], "f", *mixture[index + 1:]))
    taken = compiler.accepts(dict.fromkeys(with_foo.values()), [])
    with_foo = {key: use for key, use in with_foo.items() if use in taken}
    found = collections.defaultdict(dict)
    for level in levels:
        uses = dict.fromkeys([(text, mixture) for text, mixture, _ in with_foo] + list(with_foo.values()))
        limited = compiler.accepts(uses, limit(level))
        for (text, mixture, index), use in with_foo.items():
            if (text, mixture) in limited and use not in limited:
                name = text.split("(")[0]
                found[name, len(mixture)].setdefault((index, mixture[index]), level)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("include", nargs="+", type=pathlib.Path)
    parser.add_argument("--clang", default="clang-22")
    parser.add_argument("-o", "--output", type=pathlib.Path)
    options = parser.parse_args()
    rows = collections.defaultdict(lambda: collections.defaultdict(set))
    for include in options.include:
        headers = Headers(include, options.clang)
        for language in LANGUAGES:
            for (name, count), needs in measure(headers, language, range(8, headers.minor + 1)).items():
                best = {}
                for index, letter in needs:  # several types may pass; the plainest is the one to cast to
                    best[index] = min(best.get(index, letter), letter, key=list(OBJECTS).index)
                for index, letter in best.items():
                    key = (name, count, needs[index, letter], OBJECTS[letter])
                    rows[key][headers.minor, language].add(index)
    out = ["# Generated by facts/measure-casts.py; see facts/README.md.",
           "# name\tparams\tcast_params\tfirst_limit\theaders\tcast\tlanguages"]
    for (name, count, level, cast), where in sorted(rows.items()):
        groups = collections.defaultdict(lambda: collections.defaultdict(set))
        for (minor, language), indices in where.items():
            groups[tuple(sorted(indices))][minor].add(language)
        for indices, minors in sorted(groups.items()):
            by_language = collections.defaultdict(list)
            for minor, languages in sorted(minors.items()):
                by_language[",".join(sorted(languages))].append(f"3.{minor}")
            for languages, versions in by_language.items():
                out.append("\t".join([name, str(count), ",".join(map(str, indices)), f"3.{level}", ",".join(versions),
                                      cast, languages]))
    text = "\n".join(out) + "\n"
    options.output.write_text(text) if options.output else sys.stdout.write(text)


if __name__ == "__main__":
    main()
