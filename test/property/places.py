"""Where a use can stand, as files: each name in each place, and what must be found there.

In: the probes of one header set. Out: files, and for each line of them the name that it uses.
"""
import re
from dataclasses import dataclass, field, replace

FOUND = {"manual", "fixable"}  # judged by a parse
UNSEEN = {"unseen"}            # found by name only
EITHER = FOUND | UNSEEN
NOTHING = set()

START = '#include "all.h"\n'


@dataclass
class Place:
    """One file; `lines` tells by its number which name a line uses, and in which words."""
    file: str
    states: set
    text: str
    symbols: bool = True  # whether findings tell the name itself
    lines: dict = field(default_factory=dict)

    def put(self, line, name=None, code=""):
        number = self.text.count("\n") + 1
        if name:
            self.lines[number] = (name, code)
        for rest in range(line.count("\n")):  # of the same use
            self.lines[number + 1 + rest] = (None, code)
        self.text += line + "\n"


def simple(file, probes, states=FOUND, start=START):
    place = Place(file, states, start)
    for number, (name, probe) in enumerate(probes.items()):
        place.put(probe.line(number), name, probe.code)
    return place


def addresses(file, functions):
    place = Place(file, FOUND, START)
    for number, name in enumerate(functions):
        place.put(f"void *a{number}(void) {{ return (void *)&{name}; }}", name)
    return place


def macros(probes, stem=""):
    """In the body of a macro that is used once, and in one that is never."""
    used, never = Place(f"{stem}macro.c", FOUND, START), Place(f"{stem}never.c", UNSEEN, START)
    for number, (name, probe) in enumerate(probes.items()):
        code = probe.code.replace("#", str(number))
        used.put(f"#define USE_{number} {code}", name, code)
        used.put(f"USE_{number}" if probe.outside else type(probe)(f"USE_{number}").line(number))
        never.put(f"#define USE_{number} {code}", name, code)
    return [used, never]


def headers(probes):
    """In a header that two sources read."""
    place = simple("use.h", probes, start=f"#ifndef USE\n#define USE\n{START}")
    place.put("#endif")
    readers = [Place(file, NOTHING, START + '#include "use.h"\n') for file in ("reader.c", "other_reader.c")]
    return [place, *readers]


def inactive(file, probes):
    place = simple(file, probes, UNSEEN, START + "#if 0\n")
    place.put("#endif")
    return place


def strings(probes):
    place = Place("string.c", NOTHING, START + "#define STRING(x) #x\n")
    for number, name in enumerate(probes):
        place.put(f"const char *s{number} = STRING({name});", name)
    return place


def rewritten(file, probes, start, change, symbols=True):
    """With the name itself put together in another way."""
    place = Place(file, FOUND, start, symbols)
    for number, (name, probe) in enumerate(probes.items()):
        changed = replace(probe, code=re.sub(rf"\b{name}\b", lambda _: change(name), probe.code, count=1))
        place.put(changed.line(number), name, probe.code)
    return place


def arguments(probes):
    """In an argument of a macro."""
    place = Place("argument.c", FOUND, START + "#define SAME(...) __VA_ARGS__\n")
    for number, (name, probe) in enumerate(probes.items()):
        place.put(replace(probe, code=f"SAME({probe.code})").line(number), name, probe.code)
    return place


def templates(probes):
    """In a template of which there is no instance, and in one with an instance.

    Without one a parse sees the macros that leave no name behind, and the net all else.
    """
    without, instance = Place("template.cpp", EITHER, START), Place("instance.cpp", FOUND, START)
    for number, (name, probe) in enumerate(probes.items()):
        if probe.outside:
            continue
        line = "template <class T> " + probe.line(number)
        without.put(line, name, probe.code)
        instance.put(line, name, probe.code)
        instance.put(f"void *a{number} = (void *)&f_{number}<int>;")
    return [without, instance]


def of_names(c, cxx, functions):
    """All places for the names of one header set; `functions` have an address."""
    return [
        simple("plain.c", c),
        simple("plain.cpp", cxx),
        addresses("address.c", [name for name in c if name in functions]),
        addresses("address.cpp", [name for name in cxx if name in functions]),
        *macros(c),
        *headers(c),
        arguments(c),
        inactive("inactive.c", c),
        strings(c),
        # Where a macro's name is pasted together, what it stands for may be found instead.
        rewritten("paste.c", c, START + "#define PASTE(a, b) a##b\n", lambda n: f"PASTE({n[:3]}, {n[3:]})", False),
        rewritten("splice.c", c, START, lambda n: f"{n[:3]}\\\n{n[3:]}"),
        *templates(cxx),
    ]


def of_members(members, objects):
    """All places for the members of structs, and for definitions of these."""
    return [
        simple("members.c", members),
        simple("members.cpp", members),
        *macros(members, "members_"),
        inactive("members_inactive.c", members),
        simple("objects.c", objects),
        simple("objects.cpp", objects),
    ]
