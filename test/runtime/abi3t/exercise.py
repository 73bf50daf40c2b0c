"""What the module ring does, as JSON; run beside ring.abi3t.so."""
import gc
import json
import sys
import weakref

import ring


class Heavy(ring.Link):
    """A subclass with a dict, slots and a finalizer of its own."""
    __slots__ = ("label", "__weakref__")
    ended = []

    def __new__(cls, weight, label):
        self = super().__new__(cls, weight)
        self.label = label
        return self

    def __del__(self):
        Heavy.ended.append(self.label)


def raised(function):
    try:
        function()
    except Exception as error:
        return type(error).__name__
    return None


def cycle():
    """Whether the collector frees a ring of links, and one of a subclass."""
    gc.collect()
    made, freed = ring.counts()
    first, second = ring.Link(1), ring.Link(2)
    first.next, second.next = second, first
    first.note = [first, second]
    total = first.total()
    heavy = Heavy(5, "heavy")
    heavy.next = ring.Link(6)
    heavy.next.next = heavy
    watch = weakref.ref(heavy)
    del first, second, heavy
    gc.collect()
    now_made, now_freed = ring.counts()
    return {"total": total, "made": now_made - made, "freed": now_freed - freed,
            "watched": watch() is None, "ended": list(Heavy.ended)}


def members():
    link = ring.Link(weight=3)
    link.weight += 4
    link.color = "red"
    before = raised(lambda: link.next)
    link.next = link
    same = link.next is link
    del link.next
    return {"weight": link.weight, "doubled": link.doubled, "dict": link.__dict__,
            "unset": before, "same": same, "deleted": raised(lambda: link.next)}


def subclass():
    link = Heavy(8, "named")
    link.next = ring.Link(1)
    link.next.next = link
    link.extra = 1
    result = {"total": link.total(), "label": link.label, "doubled": link.doubled,
              "weight": link.weight, "is_link": ring.is_link(link), "no_link": ring.is_link(3),
              "larger": Heavy.__basicsize__ > ring.Link.__basicsize__ > object.__basicsize__}
    link.next = 3
    result["foreign"] = raised(link.total)
    link.next = None
    return result


def references():
    """That objects leave no reference at their type: what it gains over two rounds."""
    counts = []
    for _ in range(3):
        for _ in range(50):
            ring.Link(1).total()
            Heavy(1, "x").total()
        gc.collect()
        counts.append((sys.getrefcount(ring.Link), sys.getrefcount(Heavy)))
    return [counts[2][0] - counts[1][0], counts[2][1] - counts[1][1]]


def again():
    """A second module has a type of its own."""
    first = ring.Link
    del sys.modules["ring"]
    import ring as second
    other = second.Link(2)
    return {"other_type": second.Link is not first, "total": other.total(),
            "is_link": second.is_link(first(1))}


print(json.dumps({"file": ring.__file__.rsplit("/", 1)[-1], "cycle": cycle(), "members": members(),
                  "subclass": subclass(), "references": references(), "again": again()}))
