"""Types that are named before they are readied, and that call each other's slots.

The module is taken from sys.path, so the same test serves every build of it.
"""
# floors: 3.9 3.10 3.13
import gc
import sys
import unittest
import weakref

import plants
from plants import Graft, Stem, Vine

HEAPTYPE = 1 << 9


def is_heap(kind):
    return bool(kind.__flags__ & HEAPTYPE)


class PlantsTest(unittest.TestCase):
    def test_kinds(self):
        self.assertEqual([plants.kind(o) for o in (Stem(), Vine(), 1)], ["stem", "vine", "neither"])
        self.assertEqual(Vine.__mro__, (Vine, Stem, object))
        self.assertEqual([repr(kind) for kind in (Stem, Vine)], ["<class 'plants.Stem'>", "<class 'plants.Vine'>"])

    def test_leaves(self):
        leaf = plants.leaf(3)
        self.assertEqual((repr(leaf), type(leaf).__name__), ("leaf 3", "Leaf"))
        self.assertIs(type(plants.leaf(4)), type(leaf))
        with self.assertRaises(TypeError):
            type(leaf)()

    def test_attributes_of_another_object(self):
        self.assertEqual((Graft(plants).leaf, Graft(3).real), (plants.leaf, 3))
        with self.assertRaises(AttributeError):
            Graft(3).leaf

    def test_differs_module_of_instances(self):
        """What the dict of a heap type has is found in its instances, before another object is asked."""
        self.assertEqual(Graft(unittest.TestCase).__module__, "plants" if is_heap(Graft) else "unittest.case")
        self.assertEqual(getattr(Stem(), "__module__", None), "plants" if is_heap(Stem) else None)

    def test_weak_references(self):
        self.assertEqual(plants.weak_at(), Stem.__weakrefoffset__)
        for kind in (Stem, Vine):
            plant = kind()
            reference = weakref.ref(plant)
            self.assertIs(reference(), plant)
            del plant
            self.assertIsNone(reference())

    def test_each_type_is_visited_once(self):
        """An instance holds its type if that is a heap type, and says so once."""
        class Ivy(Vine):
            pass

        for kind in (Stem, Vine, type(plants.leaf(1))):
            plant = plants.leaf(1) if kind is type(plants.leaf(1)) else kind()
            self.assertEqual(gc.get_referents(plant).count(kind), int(is_heap(kind)))
        self.assertEqual(gc.get_referents(Ivy()).count(Ivy), 1)

    def test_cycles(self):
        class Ivy(Vine):
            pass

        for kind in (Stem, Vine, Ivy):
            gone = []
            for _ in range(100):
                plant = kind()
                plant.__init__([plant])
                weakref.finalize(plant, gone.append, 1)
            del plant
            gc.collect()
            self.assertEqual(len(gone), 100)

    def test_reference_counts(self):
        class Ivy(Vine):
            pass

        for make in (Stem, Vine, Ivy, lambda: plants.leaf(1), lambda: Graft(1)):
            kind = type(make())
            gc.collect()
            before = [sys.getrefcount(each) for each in (kind, Stem, Vine)]
            for _ in range(100000):
                make()
            gc.collect()
            self.assertEqual([sys.getrefcount(each) for each in (kind, Stem, Vine)], before)


if __name__ == "__main__":
    unittest.main()
