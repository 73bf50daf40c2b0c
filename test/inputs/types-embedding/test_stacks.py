"""Subtypes of builtin types with members of their own, and chains of objects.

The module is taken from sys.path, so the same test serves every build of it.
"""
# floors: 3.12
import copy
import gc
import pickle
import sys
import unittest

import stacks
from stacks import Failure, Label, Link, Stack


class StackTest(unittest.TestCase):
    def test_as_a_list(self):
        stack = Stack([1, 2])
        self.assertEqual((stack.pushed, stack.last, len(stack)), (2, None, 2))
        self.assertEqual(stack.push("x"), 3)
        self.assertEqual((stack, stack.last), ([1, 2, "x"], "x"))
        stack.last = "y"
        self.assertEqual((stack.last, stack[2:], stack.pushed), ("y", ["x"], 3))
        with self.assertRaises(AttributeError):
            stack.pushed = 1
        self.assertEqual(sorted(Stack("cab")), ["a", "b", "c"])

    def test_attributes(self):
        stack = Stack()
        with self.assertRaises(AttributeError):
            stack.name = "first"
        with self.assertRaises(TypeError):
            Stack.name = 1
        self.assertEqual(repr(Stack), "<class 'stacks.Stack'>")
        self.assertEqual((Stack.__base__, Stack.__mro__), (list, (Stack, list, object)))

    def test_subclasses(self):
        class Sub(Stack):
            __slots__ = ("extra",)

        class Plain(Stack):
            pass

        for kind in (Sub, Plain):
            stack = kind([0])
            stack.extra = 5
            stack.push(7)
            self.assertEqual((stack.extra, stack.last, stack.pushed, stack), (5, 7, 2, [0, 7]))

    def test_counts(self):
        class Sub(Stack):
            pass

        for kind in (Stack, Sub):
            before = sys.getrefcount(kind)
            for number in range(10000):
                kind([number]).push(number)
            gc.collect()
            self.assertEqual(sys.getrefcount(kind), before)

    def test_cycles(self):
        for kind in (Stack, type("Sub", (Stack,), {})):
            gc.collect()
            before = sys.getrefcount(kind)
            for _ in range(1000):
                stack = kind()
                stack.push(stack)
                del stack
            gc.collect()
            self.assertEqual(sys.getrefcount(kind), before)

    def test_copies(self):
        stack = Stack([1])
        for made in (copy.copy(stack), pickle.loads(pickle.dumps(stack, 2))):
            self.assertEqual((made, made.pushed, type(made)), ([1], 0, Stack))


class LabelTest(unittest.TestCase):
    def test_as_a_string(self):
        label = Label("Big Text")
        self.assertEqual((label, label.lowered, len(label)), ("Big Text", "big text", 8))
        self.assertEqual({label: 1}["Big Text"], 1)
        self.assertEqual(Label(b"x", "ascii"), "x")
        self.assertIs(type(label + ""), str)
        with self.assertRaises(TypeError):
            Label(1, 2, 3, 4)

    def test_counts(self):
        class Sub(Label):
            pass

        self.assertIsNone(Sub("A").lowered)
        for kind in (Label, Sub):
            before = sys.getrefcount(kind)
            for number in range(10000):
                kind(number)
            self.assertEqual(sys.getrefcount(kind), before)


class FailureTest(unittest.TestCase):
    def test_raised(self):
        with self.assertRaises(ValueError) as caught:
            raise Failure("a", "b")
        failure = caught.exception
        self.assertEqual((failure.code, failure.args, str(failure)), (2, ("a", "b"), "('a', 'b')"))
        self.assertEqual(Failure.__base__, ValueError)
        before = sys.getrefcount(Failure)
        for _ in range(10000):
            try:
                raise Failure(1)
            except Failure as error:
                self.assertEqual(error.code, 1)
        self.assertEqual(sys.getrefcount(Failure), before)


class LinkTest(unittest.TestCase):
    def test_deep(self):
        class Sub(Link):
            pass

        before = sys.getrefcount(Link), sys.getrefcount(Sub)
        for kinds in ((Link,), (Sub,), (Link, Sub)):
            link = None
            for number in range(200000):
                link = kinds[number % len(kinds)](link)
            del link, kinds
        self.assertEqual((sys.getrefcount(Link), sys.getrefcount(Sub)), before)

    def test_cycles(self):
        before = sys.getrefcount(Link)
        for _ in range(1000):
            held = []
            held.append(Link(Link(held)))
            del held
        gc.collect()
        self.assertEqual(sys.getrefcount(Link), before)


class ModuleTest(unittest.TestCase):
    def test_names(self):
        for kind in (Stack, Label, Failure, Link):
            self.assertIs(getattr(stacks, kind.__name__), kind)
            self.assertEqual(kind.__module__, "stacks")


if __name__ == "__main__":
    unittest.main()
