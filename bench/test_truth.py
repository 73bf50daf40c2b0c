"""Tests of how truth.py judges: python3 -m unittest discover bench."""
import sys
import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace

sys.dont_write_bytecode = True

import truth

SOURCE = """\
#include <Python.h>
#define SIZE(t) PyTuple_GET_SIZE(t)
static PyTypeObject Cell = {
    .tp_name = "cell",
};
static int f(PyObject *t) { return SIZE(t); }
static int g(PyObject *l) { return PyList_GET_SIZE(l); }
static void h(void) { Py_INCREF(&Cell); }
static void *k(void) { return memcpy(0, 0, 0); }
"""


def finding(line, symbol, rule="not-limited", state="manual", in_macro=False):
    return {"file": "a.c", "line": line, "symbol": symbol, "rule": rule, "state": state, "in_macro": in_macro, "edits": [],
            "message": "memcpy, strlen need <string.h>" if symbol == "string.h" else ""}


class Judgement(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name).resolve()
        (self.root / "a.c").write_text(SOURCE)

    def tearDown(self):
        self.folder.cleanup()

    def verdict(self, findings, output="", symbols=()):
        errors = truth.complaints(output.replace("a.c", str(self.root / "a.c")), self.root, self.root)
        tree = SimpleNamespace(root=self.root, findings=findings, errors=errors, symbols=set(symbols), built={"b.c"}, entries=[1])
        return truth.Verdict(tree)

    def said(self, verdict):
        return [text for _, text in verdict.silent], verdict.unnamed, [f["symbol"] for f in verdict.unheard]

    def test_a_place_or_a_name_answers(self):
        both = "a.c:7:36: error: implicit declaration of function 'PyList_GET_SIZE'; did you mean 'PyList_SetSlice'? [-Werror]\n"
        self.assertEqual(self.said(self.verdict([finding(7, "PyList_GET_SIZE")], both)), ([], [], []))
        self.assertEqual(self.said(self.verdict([finding(99, "PyList_GET_SIZE")], both)), ([], [], []))
        self.assertEqual(len(self.verdict([finding(99, "PyList_SetSlice")], both).silent), 1)

    def test_both_ways(self):
        text = "a.c:7:36: error: call to undeclared function 'PyList_GET_SIZE'\n"
        self.assertEqual(len(self.verdict([], text).silent), 1)
        self.assertEqual(self.said(self.verdict([finding(7, "PyList_GET_SIZE")])), ([], [], ["PyList_GET_SIZE"]))
        self.assertEqual(self.said(self.verdict([], "", ["_PyX"])), ([], ["_PyX"], []))
        self.assertEqual(self.said(self.verdict([finding(9, "_PyX")], "", ["_PyX"])), ([], [], []))

    def test_an_incomplete_type_is_known_by_its_place(self):
        text = "a.c:{}:5: error: invalid use of incomplete typedef 'PyTypeObject'\n"
        static = finding(3, "Cell", "static-type")
        field = finding(20, "PyTypeObject.tp_free")
        self.assertEqual(len(self.verdict([static, field], text.format(4)).silent), 0)
        self.assertEqual(len(self.verdict([static, field], text.format(7)).silent), 1)

    def test_a_type_that_ends_with_its_file(self):
        (self.root / "a.c").write_text("\n".join(SOURCE.split("\n")[:5]))
        text = "a.c:5:1: error: PyTypeObject has no member named 'tp_name'\n"
        self.assertEqual(len(self.verdict([finding(3, "Cell", "static-type")], text).silent), 0)

    def test_what_names_a_refused_type_is_quiet(self):
        self.assertEqual(self.said(self.verdict([finding(3, "Cell", "static-type"), finding(8, "Py_INCREF", "object-cast")]))[2],
                         ["Cell"])
        self.assertEqual(self.said(self.verdict([finding(8, "Py_INCREF", "object-cast")]))[2], ["Py_INCREF"])

    def test_an_error_where_a_macro_is_called(self):
        text = "a.c:6:41: error: incompatible pointer types\n"
        self.assertEqual(self.said(self.verdict([finding(2, "PyTuple_GET_SIZE", in_macro=True)], text)), ([], [], []))

    def test_one_finding_speaks_for_a_header(self):
        text = "a.c:9:31: error: call to undeclared library function 'memcpy' with type 'void *'\n"
        self.assertEqual(self.said(self.verdict([finding(1, "string.h", "libc-include")], text))[0], [])
        self.assertEqual(len(self.verdict([], text).silent), 1)

        in_cxx = "a.c:9:31: error: use of undeclared identifier 'memcpy'; did you mean 'wmemcpy'?\n" \
                 "a.c:9:38: error: cannot initialize a parameter of type 'wchar_t *' with an lvalue of type 'char *'\n" \
                 "a.c:9:31: error: ‘memcpy’ was not declared in this scope\n"
        self.assertEqual(self.said(self.verdict([finding(1, "string.h", "libc-include")], in_cxx))[0], [])
        self.assertEqual(len(self.verdict([finding(1, "stdio.h", "libc-include")], in_cxx).silent), 3)

    def test_a_compiler_says_once_that_a_function_is_not_declared(self):
        text = "a.c:9:31: error: call to undeclared library function 'memcpy' with type 'void *'\n"
        here = finding(4, "string.h", "libc-include")
        elsewhere = {**here, "message": "strchr needs <string.h>"}
        self.assertEqual(self.said(self.verdict([here], text)), ([], [], []))
        self.assertEqual(len(self.verdict([elsewhere], text).unheard), 1)

    def test_an_error_in_a_header_of_others_stands_at_the_include(self):
        text = "In file included from a.c:1:\n/elsewhere/python/internal.h:49:5: error: unknown type name 'Inner'\n" \
               "/elsewhere/python/internal.h:50:5: error: unknown type name 'Inner'\na.c:7:36: error: unknown type name 'Inner'\n"
        self.assertEqual(len(self.verdict([finding(1, "internal.h", "internal-include")], text).silent), 1)
        self.assertEqual(len(self.verdict([], text).silent), 3)
        macro = text.replace("/elsewhere/python/internal.h:50", "In file included from a.c:2:\n/elsewhere/python/internal.h:50")
        self.assertEqual(len(self.verdict([finding(1, "internal.h", "internal-include")], macro).silent), 1)
        inwards = "In file included from a.c:1:\nIn file included from /elsewhere/python/outer.h:3:\n" \
                  "/elsewhere/python/internal.h:49:5: error: unknown type name 'Inner'\n"
        self.assertEqual(len(self.verdict([finding(1, "internal.h", "internal-include")], inwards).silent), 0)
        nested = "In file included from /elsewhere/python/outer.h:3,\n                 from a.c:1:\n" \
                 "/elsewhere/python/internal.h:49:5: error: unknown type name 'Inner'\n"
        self.assertEqual(len(self.verdict([finding(1, "internal.h", "internal-include")], nested).silent), 0)

    def test_what_follows_from_a_type_that_is_refused(self):
        with (self.root / "a.c").open("a") as file:
            file.write("static PyMappingMethods mapping = {\n    length,\n};\nvoid m(void) { _PyWriter writer;\n  init(&writer); }\n")
        text = "a.c:11:5: error: initializer element is not computable at load time\n" \
               "a.c:14:9: error: use of undeclared identifier 'writer'; did you mean 'write'?\n"
        self.assertEqual(self.said(self.verdict([finding(10, "PyMappingMethods"), finding(13, "_PyWriter")], text))[0], [])
        self.assertEqual(len(self.verdict([finding(13, "PyMappingMethods"), finding(10, "_PyWriter")], text).silent), 2)

    def test_an_array_whose_initialiser_is_refused_has_no_size(self):
        with (self.root / "a.c").open("a") as file:
            file.write("const Spec specs[] = {\n    {offsetof(PyConfig, argv)},\n};\nint n = sizeof(specs) / sizeof(specs[0]);\n")
        sizeof = "a.c:13:9: error: invalid application of 'sizeof' to an incomplete type 'const Spec[]'\n"
        inside = "a.c:11:6: error: offsetof of incomplete type 'PyConfig'\n"
        self.assertEqual(self.said(self.verdict([finding(11, "PyConfig")], inside + sizeof))[0], [])
        self.assertEqual(len(self.verdict([finding(11, "PyConfig")], sizeof).silent), 1)

    def test_reasons_take_out_what_they_fit(self):
        reasons = [{"kind": "no complaint", "state": "unseen", "why": "not compiled"}]
        verdict = self.verdict([finding(9, "_PyX", state="unseen"), finding(9, "_PyY")])
        self.assertEqual(self.explained(reasons, verdict), {"not compiled": 1})
        self.assertEqual(self.said(verdict)[2], ["_PyY"])

    def test_a_reason_may_ask_whether_the_unit_was_built(self):
        reasons = [{"kind": "no complaint", "unit": "not built", "why": "nobody sees it"}]
        (self.root / "b.c").write_text(SOURCE)
        verdict = self.verdict([finding(9, "_PyX"), {**finding(9, "_PyY"), "file": "b.c"}])
        self.assertEqual(self.explained(reasons, verdict), {"nobody sees it": 1})
        self.assertEqual(self.said(verdict)[2], ["_PyY"])

    def explained(self, reasons, verdict):
        return truth.explained(reasons, "p", SimpleNamespace(built={"b.c"}), verdict)

    def test_what_units_take_from_one_another(self):
        (self.root / "one.c").write_text("void PyOwn_Open(void) {}\n")
        (self.root / "two.c").write_text("void PyOwn_Open(void), PyFrame_Theirs(void); void f(void) { PyOwn_Open(); PyFrame_Theirs(); }\n")
        for name in "one", "two":
            truth.run(["gcc", "-fPIC", "-c", f"{name}.c", "-o", f"{name}.o"], cwd=self.root, timeout=60)
        truth.run(["gcc", "-shared", "two.o", "-o", "two.so"], cwd=self.root, timeout=60)
        taken = truth.symbols(self.root / "two.so", "--undefined-only")
        self.assertEqual(taken & truth.symbols(self.root / "one.o", "--defined-only"), {"PyOwn_Open"})
        self.assertIn("PyFrame_Theirs", taken)


if __name__ == "__main__":
    unittest.main()
