"""Calls every function of a module many times and counts the references.

    exercise.py MODULE CALLS

Prints a JSON object: `outcomes` says what each function gave for each input,
`problems` which calls left references or memory behind. ownership.py runs it.
"""
import functools
import gc
import importlib
import json
import sys
import types
import weakref

NONE_IS_COUNTED = sys.version_info < (3, 12)
# What the interpreter keeps itself meanwhile; one leak a call is 10,000.
SLACK = 200           # references to None
BLOCK_SLACK = 5000    # blocks of memory: its cache of attributes alone holds 4,096 names


class Thing:
    def __init__(self, label="thing"):
        self.label = label

    def __len__(self):
        return 3

    def __repr__(self):
        return "<%s>" % self.label


class Broken(Thing):
    """Has no size and no truth."""

    def __len__(self):
        raise ValueError("broken")

    @property
    def sick(self):
        raise RuntimeError("sick")

    @property
    def hidden(self):
        raise AttributeError("hidden")


class NoHash:
    def __hash__(self):
        raise RuntimeError("no hash")

    def __repr__(self):
        return "<no hash>"


class LostHash(NoHash):
    """Raises what a missing key raises."""

    def __hash__(self):
        raise KeyError("lost hash")


class Table(dict):
    """A dict that answers for itself."""

    def __missing__(self, key):
        if key == "broken":
            raise RuntimeError("broken")
        if key == "none":
            return None
        raise KeyError(key)


def gather(*items, **named):
    return items + tuple(named.items())


def one(thing):
    return thing


def fail(*items, **named):
    raise ValueError("fail")


def fail_again():
    raise RuntimeError("again")


def clean(name):
    sys.modules.pop(name, None)


def inputs():
    """{prefix: [(label, arguments, what to do after a call)]}, and the objects to watch."""
    thing, other, broken, no_hash, key = Thing(), Thing("other"), Broken("broken"), NoHash(), "".join(["k", "ey"])
    items = [thing, None, other, broken, Thing]
    table = {key: thing, "none": None, "broken": broken}
    module = types.ModuleType("ownership_known")
    module.marker = thing
    sys.modules[module.__name__] = module
    alive, sick, dead = weakref.ref(thing), weakref.ref(broken), weakref.ref(Thing())
    unhashable, no_list, empty, marks = [], (thing,), {}, {thing}
    lost, own = LostHash(), Table({key: thing})

    lists = [(label, (items, index), None) for index, label in enumerate(
        ["thing", "None", "other", "broken", "type", "index out of range"])]
    lists += [("negative index", (items, -1), None), ("misuse", (no_list, 0), None)]
    dicts = [("thing", (table, key), None), ("None", (table, "none"), None),
             ("broken", (table, "broken"), None), ("missing key", (table, "missing"), None),
             ("unhashable key", (table, unhashable), None), ("hash fails", (table, no_hash), None),
             ("misuse", (items, key), None)]
    imports = [("known", (b"ownership_known",), None),
               ("new", (b"ownership_new",), lambda: clean("ownership_new")),
               ("not UTF-8", (b"\xff",), None)]
    weak = [("alive", (alive,), None), ("broken", (sick,), None), ("dead", (dead,), None)]
    fill = [("objects", (thing, other), None), ("None", (None, thing), None),
            ("broken", (broken, thing), None), ("unhashable", (unhashable, broken), None),
            ("hash fails", (no_hash, other), None)]
    sizes = [(label, (size,), None) for label, size in
             [("grow", 5), ("shrink", 1), ("same", 3), ("zero", 0), ("misuse", -1)]]
    pops = [("found", (table, key), None), ("found, default", (table, key, other), None),
            ("missing", (table, "missing"), None), ("missing, default", (table, "missing", other), None),
            ("unhashable key", (table, unhashable), None), ("hash fails", (table, no_hash, thing), None),
            ("empty", (empty, key), None), ("empty, default", (empty, key, thing), None),
            ("misuse", (items, key), None)]
    attributes = [("found", (thing, "__doc__"), None), ("type", (thing, "__class__"), None),
                  ("missing", (thing, "missing"), None), ("raises", (broken, "sick"), None),
                  ("hidden", (broken, "hidden"), None), ("no name", (thing, None), None)]
    sets = [("items", (marks, items[:4]), None), ("nothing", (marks, ()), None),
            ("not iterable", (marks, thing), None), ("unhashable item", (marks, [unhashable]), None),
            ("hash fails", (marks, no_list + (no_hash,)), None)]
    words = [("found", (table, b"none"), None), ("broken", (table, b"broken"), None),
             ("missing", (table, b"missing"), None), ("empty", (empty, b"none"), None),
             ("not UTF-8", (table, b"\xff"), None), ("misuse", (items, b"none"), None)]
    extends = [("items", (items, no_list), None), ("nothing", (items, ()), None),
               ("itself", (items, items), None), ("not iterable", (items, thing), None),
               ("misuse", (no_list, items), None)]
    optional = dicts + [("found, own", (own, key), None), ("None, own", (own, "none"), None),
                        ("missing, own", (own, "missing"), None), ("raises, own", (own, "broken"), None),
                        ("hash raises KeyError", (table, lost), None),
                        ("hash raises KeyError, own", (own, lost), None), ("no mapping", (thing, key), None)]
    names = words + [("found, own", (own, b"key"), None), ("missing, own", (own, b"missing"), None),
                     ("raises, own", (own, b"broken"), None), ("not UTF-8, own", (own, b"\xff"), None)]
    places = [("value", (module, b"value", thing), None), ("None", (module, b"none", None), None),
              ("other value", (module, b"value", other), None),
              ("not UTF-8", (module, b"\xff", thing), None), ("misuse", (thing, b"value", other), None)]
    pair = (thing, other)
    functions = [("nothing", (gather, (), None, ()), None), ("arguments", (gather, pair, None, ()), None),
                 ("no names", (gather, pair, (), ()), None), ("names", (gather, (), ("a", "b"), pair), None),
                 ("both", (gather, pair, (key,), (broken,)), None), ("fails", (fail, pair, (key,), pair[:1]), None),
                 ("too few", (one, (), None, ()), None), ("too many", (one, pair, None, ()), None),
                 ("twice", (one, pair[:1], ("thing",), pair[1:]), None),
                 ("by name", (one, (), ("thing",), pair[1:]), None),
                 ("unknown name", (one, pair[:1], ("unknown",), pair[1:]), None),
                 ("unhashable name", (gather, pair, (unhashable,), pair[1:]), None)]
    vectors = functions + [("type", (Thing, (), None, ()), None), ("type fails", (Thing, pair, None, ()), None),
                           ("builtin", (divmod, (7, 3), None, ()), None),
                           ("builtin with names", (sorted, ((3, 1, 2),), ("reverse",), (True,)), None),
                           ("builtin fails", (len, pair[:1] * 2, None, ()), None),
                           ("method", (items.index, pair[:1], None, ()), None),
                           ("called as a whole", (functools.partial(gather, key), pair, ("a",), (None,)), None),
                           ("not callable", (thing, pair, ("a",), (None,)), None)]
    plain = [(label, arguments[:2], after) for label, arguments, after in vectors if arguments[2] is None]
    methods = [("arguments", (items, "index", pair[:1], None, ()), None),
               ("nothing", (items, "copy", (), None, ()), None), ("no names", (table, "get", (key,), (), ()), None),
               ("names", (b"text", "decode", (), ("errors",), ("strict",)), None),
               ("fails", (items, "index", (no_hash,), None, ()), None),
               ("missing", (thing, "missing", pair, ("a",), (None,)), None),
               ("raises", (broken, "sick", pair, None, ()), None), ("no name", (thing, None, (), None, ()), None),
               ("not callable", (thing, "__doc__", pair, ("a",), (None,)), None),
               ("unhashable name", (thing, "__init__", (), (unhashable,), pair[:1]), None)]
    stacks = [("pairs", (("a", key), pair), None), ("nothing", ((), ()), None),
              ("not str", ((thing, 1), pair), None), ("unhashable", (("a", unhashable), pair), None),
              ("hash fails", (("a", no_hash), pair), None)]
    early, good = functools.partial(len, 5), functools.partial(one, thing)
    chains = [("first fails", (fail, good), None), ("second fails", (good, fail), None),
              ("both fail", (fail, fail_again), None), ("none fails", (good, good), None),
              ("both fail in C", (early, functools.partial(int, "x")), None), ("first in C", (early, fail), None),
              ("second in C", (fail, early), None), ("first in C alone", (early, good), None)]
    arrays = [("all", (tuple(items), 5), None), ("two", (pair, 2), None), ("one", (pair, 1), None),
              ("nothing", (pair, 0), None), ("misuse", (pair, -1), None), ("out of range", (pair, 3), None)]
    # What the macro does with anything but a reference is undefined.
    groups = {"list": lists, "dict": dicts, "dictplain": dicts, "import": imports,
              "weak": weak + [("misuse", (no_list,), None)], "weakmacro": weak,
              "fill": fill, "resize": sizes, "pop": pops, "attr": attributes, "add": sets,
              "word": words, "extend": extends, "item": optional, "name": names, "place": places,
              "vector": vectors, "plain": plain, "function": functions, "method": methods, "stack": stacks,
              "chain": chains, "array": arrays}
    watched = [thing, other, broken, no_hash, key, items, table, module, alive, sick, dead,
               unhashable, no_list, empty, marks, Thing, Broken, NoHash, lost, own, pair, gather,
               one, fail, fail_again, early, good, ValueError, RuntimeError]
    return groups, watched


def outcome(function, label, arguments):
    try:
        return shown(function(*arguments))
    except Exception as error:
        # The old and the new function may blame the caller or the argument.
        if label == "misuse" and isinstance(error, (SystemError, TypeError)):
            return "raises for misuse"
        context = error.__context__
        told = "raises " + type(error).__name__
        if context is not None:
            told += " after %s, %s" % (type(context).__name__, "traced" if context.__traceback__ else "untraced")
        return told


def shown(value):
    if isinstance(value, (tuple, list)):
        return "%s of %s" % (type(value).__name__, ", ".join(map(shown, value)))
    return repr(value)


def counts(watched):
    return [sys.getrefcount(one) for one in watched]


def call(function, arguments, after, times):
    for _ in range(times):
        try:
            function(*arguments)
        except Exception:
            pass
        if after:
            after()


def exercise(module, calls):
    # First, a quarter as many fill the interpreter's free lists (2,000 tuples of one size).
    groups, watched = inputs()
    outcomes, problems = {}, []
    for name in sorted(vars(module)):
        group = groups.get(name.split("_")[0])
        if group is None or name.startswith("_"):
            continue
        function = getattr(module, name)
        for label, arguments, after in group:
            where = "%s, %s" % (name, label)
            outcomes[where] = outcome(function, label, arguments)
            call(function, arguments, after, calls // 4)
            before = counts(watched)
            none, blocks = sys.getrefcount(None), sys.getallocatedblocks()
            call(function, arguments, after, calls)
            blocks, none = sys.getallocatedblocks() - blocks, sys.getrefcount(None) - none
            for index, (old, new) in enumerate(zip(before, counts(watched))):
                if new != old:
                    problems.append("%s: %d calls change the references to %s by %d" % (
                        where, calls, shown(watched[index]), new - old))
            if NONE_IS_COUNTED and abs(none) > SLACK:
                problems.append("%s: %d calls change the references to None by %d" % (where, calls, none))
            if blocks > BLOCK_SLACK:
                problems.append("%s: %d calls leave %d blocks of memory behind" % (where, calls, blocks))
    return {"outcomes": outcomes, "problems": problems}


if __name__ == "__main__":
    sys.unraisablehook = lambda *_: None    # PyDict_GetItem reports what it swallows
    gc.disable()                            # what needs a collection counts as left behind
    print(json.dumps(exercise(importlib.import_module(sys.argv[1]), int(sys.argv[2]))))
