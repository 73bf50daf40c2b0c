"""Prints, as JSON, what the types of trees do with their references."""
import gc
import json
import sys
import warnings
import weakref

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    import trees

CALLS = 1000


def growth(kind):
    """How many references each instance leaves behind at its type."""
    kind()
    before = sys.getrefcount(kind)
    for _ in range(CALLS):
        kind()
    return (sys.getrefcount(kind) - before) / CALLS


def outlives():
    """Does a type live on that only a cycle of its own refers to?"""
    kind = trees.make_link_type()
    kind.own = kind()
    watch = weakref.ref(kind)
    del kind
    gc.collect()
    return watch() is not None


def refuses(kind):
    try:
        kind()
    except TypeError:
        return True
    return False


class Leaflet(trees.Leaf):
    pass


Link = trees.make_link_type()
print(json.dumps({
    "growth": [growth(kind) for kind in (trees.Leaf, Leaflet, Link, type("Sub", (Link,), {}))],
    "outlives": outlives(),
    "visited": Link in gc.get_referents(Link()),
    "refuses": refuses(trees.Handle),
    "module": trees.Leaf.__dict__.get("__module__"),
    "warnings": len(caught),
}))
