"""What CPython's headers show in full mode, and for each name a line of code that uses it.

In: one header set and clang. Out: for each language {name: Probe}, the members of structs, and the names that no line
could be found for. Every line was compiled with the full API.
"""
import functools
import importlib.util
import itertools
import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import written

ROOT = Path(__file__).resolve().parents[2]


def facts_module(name):
    """A script of facts/, which is no package."""
    spec = importlib.util.spec_from_file_location(name.replace("-", "_"), ROOT / "facts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


visible = facts_module("measure-visible")
measure_members = facts_module("measure-members")

GUARD = re.compile(r"\w+_H$")
NAME = re.compile(r"[A-Za-z_]\w*")
# The names that the lines use besides the one in question. Every floor has them.
FUNCTION = ("static PyObject *f_%d(PyObject *o, PyTypeObject *type, PyObject **p, visitproc visit, void *arg, "
            "PyThreadState *_save, PyThreadState *_tstate, Py_ssize_t i) { %s; return 0; }")
FLAGS = {"c": ["-x", "c", "-std=gnu11"], "c++": ["-x", "c++", "-std=gnu++17"]}
WRITTEN = written.uses()
MARK = "probe_begins_here"
LITERAL = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'')


def matches(text):
    """Whether all brackets in a text have their partners."""
    stack = []
    for bracket in re.findall(r"[()\[\]{}]", text):
        if bracket in "([{":
            stack.append(")]}"["([{".index(bracket)])
        elif not stack or stack.pop() != bracket:
            return False
    return not stack


@dataclass(frozen=True)
class Probe:
    """A line that uses a name; `code` stands in a function, or outside of all."""
    code: str
    outside: bool = False

    def line(self, number):
        code = self.code.replace("#", str(number))
        return code if self.outside else FUNCTION % (number, code)


class HeaderSet(visible.Headers):
    """The headers of one CPython, and probes for all that they show."""

    def __init__(self, include, clang):
        super().__init__(Path(include), clang)
        includes = [f"#include <{h}>\n" for h in visible.HEADERS if (self.include / h).exists()]
        self.includes = written.MACROS + "".join(includes)

    @functools.cache
    def output(self, flags, mode):
        return super().run(list(flags), *mode)

    def run(self, flags, *mode):  # what `show` reads is read once more below
        return self.output(tuple(flags), mode)

    @functools.cached_property
    def names(self):
        """{name: kind letter} of the full API, without the guards of headers."""
        return {n: k for n, k in self.show([]).items() if not GUARD.match(n)}

    @functools.cached_property
    def tree(self):
        return json.loads(self.run([], "-fsyntax-only", "-Xclang", "-skip-function-bodies",
                                   "-Xclang", "-ast-dump=json"))["inner"]

    @functools.cached_property
    def arity(self):
        """{function: how many parameters}."""
        return {n["name"]: sum(c["kind"] == "ParmVarDecl" for c in n.get("inner", []))
                for n in self.tree if n["kind"] == "FunctionDecl"}

    @functools.cached_property
    def defines(self):
        """{macro: (its parameters or None, its body)}."""
        found = {}
        for line in self.run([], "-E", "-dD").splitlines():
            if match := re.match(r"#define (\w+)(?:\(([^)]*)\))?\s*(.*)", line):
                name, parameters, body = match.groups()
                found[name] = (None if parameters is None else [p for p in parameters.split(",") if p.strip()], body)
        return found

    @functools.cached_property
    def functions(self):
        """{name of a function, or of a macro that is another name of one: the function}."""
        aliases = {name: body for name, (parameters, body) in self.defines.items()
                   if parameters is None and self.names.get(body, "-") in "FI" and name in self.names}
        return aliases | {name: name for name, kind in self.names.items() if kind in "FI"}

    @functools.cached_property
    def structs(self):
        """{typedef of a struct: its members}; of several the first, which is what the tool calls the struct."""
        found, seen = {}, set()
        for name, members in measure_members.members_of(self, self.names).items():
            if id(members) not in seen:
                seen.add(id(members))
                found[name] = members
        return found

    def members(self):
        """{"struct.member": Probe}."""
        return {f"{struct}.{member}": Probe(f"{struct} *v = 0; (void)v->{member}")
                for struct, members in self.structs.items() for member in members}

    def objects(self):
        """{struct: Probe of a definition}, of those that have a size."""
        return {struct: Probe(f"static {struct} g# = {{}};", outside=True) for struct in self.structs}

    def probes(self, language, known={}):
        """{name: Probe} and the names without one; `known` are tried first."""
        def candidates(name):
            return itertools.chain([known[name]] if name in known else [], self.candidates(name, language))

        found, left = {}, {name: candidates(name) for name in sorted(self.names)}
        width = 1
        while left:
            tried = {name: list(itertools.islice(candidates, width)) for name, candidates in left.items()}
            lines = [(name, probe) for name, probes in tried.items() for probe in probes]
            good = self.compiling([probe for _, probe in lines], language)
            for (name, probe), ok in zip(lines, good):
                if ok:
                    found.setdefault(name, probe)
            left = {name: left[name] for name, probes in tried.items() if name not in found and probes}
            width = 400
        # Together, too: an error in one line may have hidden another.
        while broken := [n for n, ok in zip(found, self.compiling(found.values(), language, balanced=True)) if not ok]:
            for name in broken:
                del found[name]
        return found, sorted(self.names.keys() - found.keys())

    def compiling(self, probes, language, balanced=False):
        """For each probe, whether the compiler says nothing against its line."""
        lines = [probe.line(number) for number, probe in enumerate(probes)]
        # A brace too many in one line would be an error in all the others.
        good = [True] * len(lines) if balanced else self.balanced(lines, language)
        first = self.includes.count("\n") + 1
        while True:
            text = self.includes + "".join(line * ok + "\n" for line, ok in zip(lines, good))
            done = self.compiler(language, ["-fsyntax-only", "-w", "-ferror-limit=0", "-fno-caret-diagnostics"], text)
            errors = [(int(n) - first, message) for n, message in
                      re.findall(r"^<stdin>:(\d+):\d+: (?:fatal )?error: (.*)", done.stderr, re.M)]
            if done.returncode and not errors:
                raise RuntimeError(f"{self.include}: {done.stderr[:400]}")
            # So is what the compiler's recovery makes of some lines.
            swallowed = next((n for n, message in errors if "function definition is not allowed" in message), None)
            if swallowed is None:
                break
            good[max(n for n in range(swallowed) if good[n])] = False
        bad = {n for n, _ in errors}
        return [ok and number not in bad for number, ok in enumerate(good)]

    def compiler(self, language, flags, text):
        return subprocess.run([self.clang, *FLAGS[language], *flags, *self.where, "-"],
                              input=text, capture_output=True, text=True)

    def balanced(self, lines, language):
        """For each line, whether its brackets match once its macros are expanded."""
        text = self.includes + "".join(f"{MARK} {number}\n{line}\n" for number, line in enumerate(lines))
        good, number = [False] * len(lines), None
        expanded = {}
        for line in self.compiler(language, ["-E", "-w"], text).stdout.splitlines():
            if line.startswith(MARK):
                number = int(line.split()[1])
                expanded[number] = ""
            elif number is not None and not line.startswith("# "):
                expanded[number] += line
        for number, line in expanded.items():
            line = LITERAL.sub("", line)
            good[number] = matches(line) and len(re.findall(r"\bdo\b", line)) <= len(re.findall(r"\bwhile\b", line))
        return good

    def candidates(self, name, language):
        """Lines that may compile, the most natural first."""
        kind = self.names[name]
        for code, outside in WRITTEN.get(name, ()):
            yield Probe(code, outside)
        if name in self.functions:
            count = self.arity.get(self.functions[name], 0)
            yield Probe(f"{name}({', '.join(['{}' if language == 'c++' else '0'] * count)})")
            yield Probe(f"(void)&{name}")
        elif kind in "DC":
            yield Probe(f"(void)({name})")
        elif kind in "ST":
            for tag in "", "struct ", "enum ", "union ":
                yield Probe(f"{tag}{name} *v = 0; (void)v")
        else:
            yield from self.macro_candidates(name)

    def macro_candidates(self, name):
        parameters, body = self.defines.get(name, (None, ""))
        if parameters is None and body in self.defines:  # another name of that macro
            parameters = self.defines[body][0]
        for use in self.macro_uses(name, parameters):
            braces = self.open_braces(name)
            if braces:  # one half of a pair
                if braces > 0:
                    yield Probe(use + " }" * braces)
                    yield Probe(use + "; }" + " } while (0)" * braces)
                    yield Probe(use + " } while (0)" * braces)
                else:
                    yield Probe("{ " * -braces + use)
                    yield Probe("do { " * -braces + use)
                continue
            yield Probe(f"(void)({use})")
            yield Probe(use)
            yield Probe(f"{use} *v = 0; (void)v")

    def macro_uses(self, name, parameters):
        if parameters is None:
            yield name
            return
        words = ["o", "0", "type", "PyObject", '"s"', "v#", "p"]
        words = words[:7 if len(parameters) < 3 else 4 if len(parameters) < 5 else 2]
        sets = list(itertools.product(words, repeat=len(parameters)))
        # All the same first; then those with the fewest surprises.
        for arguments in sorted(sets, key=lambda s: (len(set(s)), [words.index(w) for w in s])):
            yield f"{name}({', '.join(arguments)})"

    def open_braces(self, name, outer=()):
        """How many braces a macro opens and does not close."""
        if name in outer or name not in self.defines:
            return 0
        body = self.defines[name][1]
        inner = sum(self.open_braces(word, (*outer, name)) for word in NAME.findall(body))
        return body.count("{") - body.count("}") + inner
