"""Buffers and calls by vector, of static and of heap types.

The module is taken from sys.path, so the same test serves every build of it.
"""
# floors: 3.12
import gc
import sys
import unittest
import weakref

import lanes
from lanes import Caller, Lane

HAVE_VECTORCALL = 1 << 11
HEAPTYPE = 1 << 9


class BufferTest(unittest.TestCase):
    def test_views(self):
        lane = Lane()
        view = memoryview(lane)
        self.assertEqual((len(view), view.readonly, lane.views), (16, False, 1))
        view[3] = 7
        with memoryview(lane) as second:
            self.assertEqual((second[3], lane.views), (7, 2))
        self.assertEqual(lane.views, 1)
        reference = weakref.ref(lane)
        del lane
        self.assertIsNotNone(reference())
        self.assertEqual(bytes(view)[:4], b"\0\0\0\7")
        view.release()
        self.assertIsNone(reference())

    def test_of_subclasses(self):
        class Sub(Lane):
            def __buffer__(self, flags):
                return super().__buffer__(flags)

        self.assertEqual(bytes(type("Plain", (Lane,), {})()), bytes(16))
        self.assertEqual(bytes(memoryview(Sub())), bytes(16))

    def test_counts(self):
        before = sys.getrefcount(Lane)
        for _ in range(10000):
            memoryview(Lane()).release()
        self.assertEqual(sys.getrefcount(Lane), before)


class CallTest(unittest.TestCase):
    def test_differs_dict_of_type(self):
        """The offset comes from a table of members, and one stays in the dict."""
        self.assertEqual("__vectorcalloffset__" in Caller.__dict__, bool(Caller.__flags__ & HEAPTYPE))

    def test_calls(self):
        self.assertTrue(Caller.__flags__ & HAVE_VECTORCALL)
        caller = Caller("f")
        self.assertEqual(caller(), ("f", 0, 0, None))
        self.assertEqual(caller(1, 2), ("f", 2, 0, 2))
        self.assertEqual(caller(1, *(2, 3), a=4), ("f", 3, 1, 3))
        self.assertEqual(Caller.__call__(caller, 5), ("f", 1, 0, 5))
        self.assertEqual(list(map(caller, [6])), [("f", 1, 0, 6)])
        self.assertTrue(callable(caller))

    def test_of_subclasses(self):
        class Sub(Caller):
            pass

        class Own(Caller):
            def __call__(self, *args):
                return "own", super().__call__(*args)

        self.assertEqual(Sub(1)(2), (1, 1, 0, 2))
        self.assertEqual(Own(1)(2), ("own", (1, 1, 0, 2)))
        Sub.__call__ = lambda self: "changed"
        self.assertEqual(Sub(1)(), "changed")

    def test_cycles(self):
        for kind in (Caller, type("Sub", (Caller,), {})):
            before = sys.getrefcount(kind)
            for _ in range(1000):
                held = []
                held.append(kind(held))
                del held
            gc.collect()
            self.assertEqual(sys.getrefcount(kind), before)

    def test_names(self):
        for kind, name in [(Caller, "Caller"), (Lane, "Lane")]:
            self.assertEqual(repr(kind), "<class 'lanes.%s'>" % name)
            self.assertIs(getattr(lanes, name), kind)
            with self.assertRaises(TypeError):
                kind.extra = 1


class KindsTest(unittest.TestCase):
    def test_metaclass(self):
        self.assertIs(type(lanes.Marked), lanes.Meta)
        self.assertEqual(lanes.Marked.kind, "kind of Marked")
        self.assertIs(lanes.Meta.__base__, type)

        class Sub(lanes.Marked):
            pass

        self.assertEqual((Sub.kind, type(Sub)), ("kind of Sub", lanes.Meta))
        self.assertIsInstance(lanes.Marked(), lanes.Marked)
        self.assertEqual(repr(lanes.Marked), "<class 'lanes.Marked'>")

    def test_table(self):
        self.assertEqual(lanes.Right.__mro__, (lanes.Right, lanes.Left, object))
        self.assertIsInstance(lanes.Right(), lanes.Left)
        for kind in (lanes.Left, lanes.Right, lanes.Up, lanes.Down):
            before = sys.getrefcount(kind)
            for _ in range(1000):
                kind()
            self.assertEqual(sys.getrefcount(kind), before)
            self.assertEqual(kind.__module__, "lanes")


if __name__ == "__main__":
    unittest.main()
