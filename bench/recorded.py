"""A package's own build, recorded, and run again with other sources or flags.

In: the log of record-cc. Out: the extensions with their sources and exact
commands; from these compile_commands.json, objects, shared objects and diagnostics.
"""
import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from common import Failure, run

COMPILE_SECONDS = 300
SOURCE = re.compile(r"\.(c|cc|cpp|cxx|C)$")
REFUSED_BY_CLANG = {"-fipa-pta", "-fprofile-partial-training"}
# Shown as warnings, so that one run lists them all; what of them counts, the caller says.
CLANG_LISTS = ["-Wno-error=implicit-function-declaration", "-Wno-error=int-conversion",
               "-Wno-error=incompatible-pointer-types", "-Wno-error=incompatible-function-pointer-types"]


@dataclass
class Unit:
    directory: str      # below the package's root
    source: str         # below the package's root
    arguments: list     # without compiler, source, -c, -o; the root stands as {root}
    cxx: bool
    object: str         # as the link command names it


@dataclass
class Extension:
    module: str         # evdev._input
    directory: str
    arguments: list     # of the link, without compiler and -o
    cxx: bool
    units: list


def read_log(log, root, installed):
    """The extensions that a recorded build put into `installed`; probes of a configure step are left out."""
    root = Path(root).resolve()
    units, links = {}, []
    for line in Path(log).read_text(encoding="utf-8").splitlines():
        call = json.loads(line)
        arguments, directory = call["arguments"], Path(call["directory"])
        if call["exit"] or "-o" not in arguments:
            continue
        at = arguments.index("-o")
        output, rest = arguments[at + 1], arguments[1:at] + arguments[at + 2:]
        cxx = "++" in Path(arguments[0]).name
        inside = str(directory.resolve().relative_to(root)) if directory.resolve().is_relative_to(root) else None
        if inside is None:
            continue
        if "-c" in rest:
            sources = [a for a in rest if SOURCE.search(a) and not a.startswith("-")]
            if len(sources) == 1 and (directory / sources[0]).resolve().is_relative_to(root):
                source = str((directory / sources[0]).resolve().relative_to(root))
                flags = [a.replace(str(root), "{root}") for a in rest if a not in ("-c", sources[0])]
                # a C++ compiler may also be asked to do the C sources: the source's ending decides
                units[str(directory / output)] = Unit(inside, source, flags, not source.endswith(".c"), output)
        elif "-shared" in rest:
            links.append((directory, inside, output, rest, cxx))
    extensions = []
    for directory, inside, output, rest, cxx in links:
        rest = [b for a in rest for b in with_members(a, rest, directory, units)]
        places = [p for p in Path(installed).rglob(Path(output).name)]
        own = [units[str(directory / a)] for a in rest if str(directory / a) in units]
        if len(places) != 1 or not own:
            continue
        below = places[0].relative_to(installed)
        module = ".".join([*below.parts[:-1], below.name.split(".")[0]])
        extensions.append(Extension(module, inside, [a.replace(str(root), "{root}") for a in rest], cxx, own))
    return sorted(extensions, key=lambda e: e.module)


def with_members(argument, arguments, directory, units):
    """-lNAME of a static library that the build has made from recorded units: their objects in its place."""
    for folder in [directory / a[2:] for a in arguments if a.startswith("-L")]:
        library = folder / f"lib{argument[2:]}.a"
        if argument.startswith("-l") and library.is_relative_to(directory) and library.is_file():
            names = run(["ar", "t", library], timeout=60).out.split()
            objects = [o for n in names for o in units if Path(o).name == n]
            if len(objects) == len(names):
                return [units[o].object for o in objects]
    return [argument]


def compile_commands(extensions, root):
    """The entries of compile_commands.json for the sources below root."""
    entries = []
    for unit in [u for e in extensions for u in e.units]:
        source = str(Path(root, unit.source))
        arguments = [a.replace("{root}", str(root)) for a in unit.arguments]
        entry = {"directory": str(Path(root, unit.directory)), "file": source,
                 "arguments": ["g++" if unit.cxx else "gcc", *arguments, "-c", source]}
        if entry not in entries:        # of a library, a unit is in several extensions
            entries.append(entry)
    return entries


DIAGNOSTIC = re.compile(r"^(?P<file>[^:\n]+):(?P<line>\d+):(?:\d+:)? (?P<level>warning|error|fatal error): "
                        r"(?P<text>.*?)(?: \[(?P<option>-W[^\]]*)\])?$", re.M)


def diagnostics(text, root):
    """Errors and warnings of a compiler's output, as a multiset without line numbers, so that two builds compare."""
    found = Counter()
    for m in DIAGNOSTIC.finditer(text):
        file = m["file"].replace(str(root) + "/", "") if str(root) in m["file"] else Path(m["file"]).name
        option = (m["option"] or "").removeprefix("-Werror,").replace("-Werror=", "-W")
        found[(file, "warning" if m["level"] == "warning" else "error", option, m["text"])] += 1
    return found


def say(key, count=1):
    file, level, option, text = key
    return f"{file}: {level}: {text}" + (f" [{option}]" if option else "") + (f" ({count} times)" if count > 1 else "")


# PyType_Slot holds functions as void *, and PyType_GetSlot gives them so: with -pedantic each slot warns.
OF_SLOTS = re.compile(r"ISO C forbids conversion of (function pointer to object|object pointer to function) pointer type")


def new_in(after, before):
    """What `after` has more of than `before`, in words, but for what no slot can do without."""
    return [say(key, count) for key, count in (after - before).items() if not (key[2] == "-Wpedantic" and OF_SLOTS.match(key[3]))]


def compile_all(extensions, root, out, defines=(), clang=None):
    """Compiles every unit under root with -Wall; gives objects by (module, object) and the diagnostics.

    A limit that the package's own build sets is left out: the caller's `defines` say whether there is one.
    With clang (a version such as "22") only the syntax is checked and nothing is written.
    An error of gcc is a Failure that names it; errors of clang are among the diagnostics.
    """
    objects, found = {}, Counter()
    for extension in extensions:
        for unit in extension.units:
            arguments = [a.replace("{root}", str(root)) for a in unit.arguments
                         if a != "-w" and not a.startswith("-DPy_LIMITED_API")]
            source = str(Path(root, unit.source))
            if clang:
                arguments = [a for a in arguments if a not in REFUSED_BY_CLANG]
                argv = [f"clang++-{clang}" if unit.cxx else f"clang-{clang}", *arguments, "-Wall", *CLANG_LISTS,
                        "-Wno-unknown-warning-option", "-Wno-unused-command-line-argument",
                        "-fno-caret-diagnostics", "-ferror-limit=0", "-fsyntax-only", *defines, source]
            else:
                target = Path(out, extension.module, unit.object.strip("/").replace("/", "_"))
                target.parent.mkdir(parents=True, exist_ok=True)
                objects[extension.module, unit.object] = str(target)
                argv = ["g++" if unit.cxx else "gcc", *arguments, "-Wall", *defines, "-c", source, "-o", str(target)]
            done = run(argv, cwd=Path(root, unit.directory), timeout=COMPILE_SECONDS, allowed=None)
            here = diagnostics(done.err, root)
            if done.code and not clang:
                errors = [say(k) for k in here if k[1] == "error"] or [done.err.strip().splitlines()[-1][:300]]
                raise Failure(f"{unit.source} does not compile: {errors[0]}")
            if done.code and not any(k[1] == "error" for k in here):
                raise Failure(f"clang-{clang} on {unit.source}: {done.err.strip().splitlines()[0][:300]}")
            found += here
    return objects, found


def link_all(extensions, root, out, objects, suffix):
    """Links each extension anew from `objects`; gives the shared objects by module."""
    made = {}
    for extension in extensions:
        target = Path(out, *extension.module.split(".")[:-1], extension.module.split(".")[-1] + suffix)
        target.parent.mkdir(parents=True, exist_ok=True)
        arguments = [objects.get((extension.module, a), a.replace("{root}", str(root))) for a in extension.arguments]
        run(["g++" if extension.cxx else "gcc", *arguments, "-o", target],
            cwd=Path(root, extension.directory), timeout=COMPILE_SECONDS)
        made[extension.module] = str(target)
    return made
