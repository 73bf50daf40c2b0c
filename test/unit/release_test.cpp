// How the releases of strong references are written: text in, text out.
#include "strong_support.h"

using namespace abi3ify;

// --- before a statement, and at the end of a block ---------------------------

TEST(Release, AtTheEndOfABlock) {
  EXPECT_EQ(strong("void f(PyObject *l) {\n"
                   "    PyObject *x = PyList_GetItem(l, 0);\n"
                   "    PyErr_SetObject(PyExc_ValueError, x);\n"
                   "}\n"),
            "void f(PyObject *l) {\n"
            "    PyObject *x = PyList_GetItemRef(l, 0);\n"
            "    PyErr_SetObject(PyExc_ValueError, x);\n"
            "    Py_XDECREF(x);\n"
            "}\n");
}

TEST(Release, OnOneLine) {
  EXPECT_EQ(strong("void f(PyObject *l) { PyObject *x = PyList_GetItem(l, 0); PyErr_SetObject(l, x); }\n"),
            "void f(PyObject *l) { PyObject *x = PyList_GetItemRef(l, 0); PyErr_SetObject(l, x); "
            "Py_XDECREF(x); }\n");
  EXPECT_EQ(strong("int f(PyObject *l) { PyObject *x = PyList_GetItem(l, 0); return x != NULL; }\n"),
            "int f(PyObject *l) { PyObject *x = PyList_GetItemRef(l, 0); "
            "{ int result = x != NULL; Py_XDECREF(x); return result; } }\n");
}

TEST(Release, NotNullIsKnownBehindATest) {
  EXPECT_EQ(strong("int f(PyObject *l) {\n"
                   "    PyObject *x = PyList_GetItem(l, 0);\n"
                   "    if (!x)\n"
                   "        return -1;\n"
                   "    PyObject_IsTrue(x);\n"
                   "    return 0;\n"
                   "}\n"),
            "int f(PyObject *l) {\n"
            "    PyObject *x = PyList_GetItemRef(l, 0);\n"
            "    if (!x)\n"
            "        return -1;\n"
            "    PyObject_IsTrue(x);\n"
            "    Py_DECREF(x);\n"
            "    return 0;\n"
            "}\n");
}

TEST(Release, ATypeOfItsOwnIsCast) {
  EXPECT_EQ(strong("typedef struct { PyObject_HEAD int n; } Row;\n"
                   "int f(PyObject *l) {\n"
                   "    Row *x = (Row *)PyList_GetItem(l, 0);\n"
                   "    return x->n;\n"
                   "}\n"),
            "typedef struct { PyObject_HEAD int n; } Row;\n"
            "int f(PyObject *l) {\n"
            "    Row *x = (Row *)PyList_GetItemRef(l, 0);\n"
            "    {\n"
            "        int result = x->n;\n"
            "        Py_XDECREF((PyObject *)x);\n"
            "        return result;\n"
            "    }\n"
            "}\n");
}

TEST(Release, LineBreaksOfDosStay) {
  EXPECT_EQ(strong("int f(PyObject *l) {\r\n"
                   "    PyObject *x = PyList_GetItem(l, 0);\r\n"
                   "    if (!x) return -1;\r\n"
                   "    if (PyObject_IsTrue(x))\r\n"
                   "        return 1;\r\n"
                   "    return PyObject_Size(x);\r\n"
                   "}\r\n"),
            "int f(PyObject *l) {\r\n"
            "    PyObject *x = PyList_GetItemRef(l, 0);\r\n"
            "    if (!x) return -1;\r\n"
            "    if (PyObject_IsTrue(x)) {\r\n"
            "        Py_DECREF(x);\r\n"
            "        return 1;\r\n"
            "    }\r\n"
            "    {\r\n"
            "        int result = PyObject_Size(x);\r\n"
            "        Py_DECREF(x);\r\n"
            "        return result;\r\n"
            "    }\r\n"
            "}\r\n");
}

// --- branches without braces ---------------------------------------------------

TEST(Release, BranchesGetBraces) {
  EXPECT_EQ(strong("int f(PyObject *l) {\n"
                   "\tPyObject *x = PyList_GetItem(l, 0);\n"
                   "\tif (PyList_Size(l) > 1) return 1; else if (PyList_Size(l) > 2)\n"
                   "\t\treturn 2;\n"
                   "\telse /* none */\n"
                   "\t\treturn 3; // the rest\n"
                   "}\n"),
            "int f(PyObject *l) {\n"
            "\tPyObject *x = PyList_GetItemRef(l, 0);\n"
            "\tif (PyList_Size(l) > 1) { Py_XDECREF(x); return 1; } else if (PyList_Size(l) > 2) {\n"
            "\t\tPy_XDECREF(x);\n"
            "\t\treturn 2;\n"
            "\t}\n"
            "\telse { /* none */\n"
            "\t\tPy_XDECREF(x);\n"
            "\t\treturn 3;\n"
            "\t} // the rest\n"
            "}\n");
}

TEST(Release, BodiesOfLoopsGetBraces) {
  EXPECT_EQ(strong("int f(PyObject *l) {\n"
                   "    PyObject *x = PyList_GetItem(l, 0);\n"
                   "    for (; PyList_Size(l);)\n"
                   "        return 1;\n"
                   "    while(PyList_Sort(l))return 2;\n"
                   "    do\n"
                   "        return 3;\n"
                   "    while (1);\n"
                   "}\n"),
            "int f(PyObject *l) {\n"
            "    PyObject *x = PyList_GetItemRef(l, 0);\n"
            "    for (; PyList_Size(l);) {\n"
            "        Py_XDECREF(x);\n"
            "        return 1;\n"
            "    }\n"
            "    while(PyList_Sort(l)) { Py_XDECREF(x); return 2; }\n"
            "    do {\n"
            "        Py_XDECREF(x);\n"
            "        return 3;\n"
            "    }\n"
            "    while (1);\n"
            "}\n");
}

TEST(Release, ReturnsOfPythonsMacros) {
  EXPECT_EQ(strong("PyObject *f(PyObject *l) {\n"
                   "    PyObject *x = PyList_GetItem(l, 0);\n"
                   "    if (PyObject_IsTrue(x))\n"
                   "        Py_RETURN_TRUE;\n"
                   "    Py_RETURN_NONE;\n"
                   "}\n"),
            "PyObject *f(PyObject *l) {\n"
            "    PyObject *x = PyList_GetItemRef(l, 0);\n"
            "    if (PyObject_IsTrue(x)) {\n"
            "        Py_XDECREF(x);\n"
            "        Py_RETURN_TRUE;\n"
            "    }\n"
            "    Py_XDECREF(x);\n"
            "    Py_RETURN_NONE;\n"
            "}\n");
}

// --- labels -----------------------------------------------------------------------

TEST(Release, BehindALabel) {
  EXPECT_EQ(strong("int f(PyObject *l) {\n"
                   "    PyObject *x = PyList_GetItem(l, 0);\n"
                   "    switch (PyObject_IsTrue(x)) {\n"
                   "    case 0:\n"
                   "        return 0;\n"
                   "    case 1: case 2: return 1;\n"
                   "    default:\n"
                   "        break;\n"
                   "    }\n"
                   "    return -1;\n"
                   "}\n"),
            "int f(PyObject *l) {\n"
            "    PyObject *x = PyList_GetItemRef(l, 0);\n"
            "    switch (PyObject_IsTrue(x)) {\n"
            "    case 0:\n"
            "        Py_XDECREF(x);\n"
            "        return 0;\n"
            "    case 1: case 2: Py_XDECREF(x); return 1;\n"
            "    default:\n"
            "        break;\n"
            "    }\n"
            "    Py_XDECREF(x);\n"
            "    return -1;\n"
            "}\n");
}

TEST(Release, ALabelInABranchWithoutBracesIsRefused) {
  EXPECT_EQ(refusal("int f(PyObject *l) {\n"
                    "    PyObject *x = PyList_GetItem(l, 0);\n"
                    "    if (PyObject_IsTrue(x))\n"
                    "    again: return 1;\n"
                    "    goto again;\n"
                    "}\n"),
            "a way out of the function is spelled so that the reference cannot be released in front of it");
}

// --- the result is kept ---------------------------------------------------------------

TEST(Release, AResultThatNeedsTheObjectIsKept) {
  EXPECT_EQ(strong("PyObject *f(PyObject *l) {\n"
                   "    PyObject *x = PyList_GetItem(l, 0);\n"
                   "    if (x == NULL)\n"
                   "        return NULL;\n"
                   "    if (l)\n"
                   "        return PyObject_Str(x);\n"
                   "    return PyObject_Repr(x);\n"
                   "}\n"),
            "PyObject *f(PyObject *l) {\n"
            "    PyObject *x = PyList_GetItemRef(l, 0);\n"
            "    if (x == NULL)\n"
            "        return NULL;\n"
            "    if (l)\n"
            "        {\n"
            "            PyObject *result = PyObject_Str(x);\n"
            "            Py_DECREF(x);\n"
            "            return result;\n"
            "        }\n"
            "    {\n"
            "        PyObject *result = PyObject_Repr(x);\n"
            "        Py_DECREF(x);\n"
            "        return result;\n"
            "    }\n"
            "}\n");
}

TEST(Release, AnotherVariableIsReturnedAsItIs) {
  EXPECT_EQ(strong("PyObject *f(PyObject *l, PyObject *y) {\n"
                   "    PyObject *x = PyList_GetItem(l, 0);\n"
                   "    PyObject_IsTrue(x);\n"
                   "    return (PyObject *)y;\n"
                   "}\n"),
            "PyObject *f(PyObject *l, PyObject *y) {\n"
            "    PyObject *x = PyList_GetItemRef(l, 0);\n"
            "    PyObject_IsTrue(x);\n"
            "    Py_XDECREF(x);\n"
            "    return (PyObject *)y;\n"
            "}\n");
}

TEST(Release, TheNameOfTheResultIsFree) {
  EXPECT_EQ(strong("long f(PyObject *l, long result) {\n"
                   "    PyObject *x = PyList_GetItem(l, 0);\n"
                   "    return PyLong_AsLong(x) + result;\n"
                   "}\n"),
            "long f(PyObject *l, long result) {\n"
            "    PyObject *x = PyList_GetItemRef(l, 0);\n"
            "    {\n"
            "        long py_result = PyLong_AsLong(x) + result;\n"
            "        Py_XDECREF(x);\n"
            "        return py_result;\n"
            "    }\n"
            "}\n");
  EXPECT_EQ(refusal("long f(PyObject *l, long result, long py_result) {\n"
                    "    PyObject *x = PyList_GetItem(l, 0);\n"
                    "    return PyLong_AsLong(x) + result + py_result;\n"
                    "}\n"),
            "the names 'result' and 'py_result' are taken in this function");
}

TEST(Release, ResultsThatCannotBeKept) {
  EXPECT_EQ(refusalCxx("auto f(PyObject *l) {\n"
                       "  PyObject *x = PyList_GetItem(l, 0);\n"
                       "  return PyLong_AsLong(x);\n}\n"),
            "the function's result has no type that can be written down");
  EXPECT_EQ(refusalCxx("int &at(PyObject *);\n"
                       "int &f(PyObject *l) {\n"
                       "  PyObject *x = PyList_GetItem(l, 0);\n"
                       "  return at(x);\n}\n"),
            "the function's result has no type that can be written down");
}

// --- two variables ------------------------------------------------------------------------

TEST(Release, TwoVariablesShareOneResult) {
  EXPECT_EQ(strong("PyObject *f(PyObject *l) {\n"
                   "    PyObject *a = PyList_GetItem(l, 0);\n"
                   "    PyObject *b = PyList_GetItem(l, 1);\n"
                   "    return PyTuple_Pack(2, a, b);\n"
                   "}\n"),
            "PyObject *f(PyObject *l) {\n"
            "    PyObject *a = PyList_GetItemRef(l, 0);\n"
            "    PyObject *b = PyList_GetItemRef(l, 1);\n"
            "    {\n"
            "        PyObject *result = PyTuple_Pack(2, a, b);\n"
            "        Py_XDECREF(a);\n"
            "        Py_XDECREF(b);\n"
            "        return result;\n"
            "    }\n"
            "}\n");
}

TEST(Release, VariablesOfTwoRulesShareOneResult) {
  std::string text = strong("PyObject *f(PyObject *l, PyObject *r) {\n"
                            "    PyObject *a = PyList_GetItem(l, 0);\n"
                            "    PyObject *b = PyWeakref_GetObject(r);\n"
                            "    return PyTuple_Pack(2, a, b);\n"
                            "}\n");
  EXPECT_EQ(llvm::StringRef(text).substr(text.find("PyObject *f(")),
            "PyObject *f(PyObject *l, PyObject *r) {\n"
            "    PyObject *a = PyList_GetItemRef(l, 0);\n"
            "    PyObject *b = limited_weakref_get_object(r);\n"
            "    {\n"
            "        PyObject *result = PyTuple_Pack(2, a, b);\n"
            "        Py_XDECREF(a);\n"
            "        Py_XDECREF(b);\n"
            "        return result;\n"
            "    }\n"
            "}\n");
}

TEST(Release, TwoVariablesShareOnePairOfBraces) {
  EXPECT_EQ(strong("int f(PyObject *l) {\n"
                   "    PyObject *a = PyList_GetItem(l, 0);\n"
                   "    PyObject *b = PyList_GetItem(l, 1);\n"
                   "    if (PyObject_IsTrue(a))\n"
                   "        return 1;\n"
                   "    if(PyObject_IsTrue(b))return 2;\n"
                   "    return 0;\n"
                   "}\n"),
            "int f(PyObject *l) {\n"
            "    PyObject *a = PyList_GetItemRef(l, 0);\n"
            "    PyObject *b = PyList_GetItemRef(l, 1);\n"
            "    if (PyObject_IsTrue(a)) {\n"
            "        Py_XDECREF(a);\n"
            "        Py_XDECREF(b);\n"
            "        return 1;\n"
            "    }\n"
            "    if(PyObject_IsTrue(b)) { Py_XDECREF(a); Py_XDECREF(b); return 2; }\n"
            "    Py_XDECREF(a);\n"
            "    Py_XDECREF(b);\n"
            "    return 0;\n"
            "}\n");
}

TEST(Release, TheKeptResultEndsBeforeTheNextEdit) {
  EXPECT_EQ(strong("int f(PyObject *l) {PyObject *a = PyList_GetItem(l, 0);\n"
                   "if (l) {PyObject *b = PyList_GetItem(l, 1);if (l) return PyObject_Not(b);}"
                   "return PyObject_Size(a);}\n"),
            "int f(PyObject *l) {PyObject *a = PyList_GetItemRef(l, 0);\n"
            "if (l) {PyObject *b = PyList_GetItemRef(l, 1);if (l) { int result = PyObject_Not(b); "
            "Py_XDECREF(a); Py_XDECREF(b); return result; }Py_XDECREF(b); }"
            "{ int result = PyObject_Size(a); Py_XDECREF(a); return result; }}\n");
}

// --- what was taken by hand -----------------------------------------------------------------

TEST(Release, AnIncrefGoesAway) {
  EXPECT_EQ(strong("PyObject *f(PyObject *l) {\n"
                   "    PyObject *x = PyList_GetItem(l, 0);\n"
                   "    Py_XINCREF(x); // ours\n"
                   "    return x;\n"
                   "}\n"),
            "PyObject *f(PyObject *l) {\n"
            "    PyObject *x = PyList_GetItemRef(l, 0);\n"
            "    // ours\n"
            "    return x;\n"
            "}\n");
  EXPECT_EQ(strong("PyObject *f(PyObject *l) {\n"
                   "    PyObject *x = PyList_GetItem(l, 0);\n"
                   "    return Py_XNewRef(x);\n"
                   "}\n"),
            "PyObject *f(PyObject *l) {\n"
            "    PyObject *x = PyList_GetItemRef(l, 0);\n"
            "    return x;\n"
            "}\n");
}

TEST(Release, AnIncrefWithItsTestGoesAway) {
  for (const char *taken : {"if (x) Py_INCREF(x);", "if (x != NULL)\n        Py_INCREF(x);",
                            "if (NULL != x) {\n        Py_INCREF(x);\n    }"})
    EXPECT_EQ(strong(std::string("PyObject *f(PyObject *l) {\n"
                                 "    PyObject *x = PyList_GetItem(l, 0);\n    ") +
                     taken + "\n    return x;\n}\n"),
              "PyObject *f(PyObject *l) {\n"
              "    PyObject *x = PyList_GetItemRef(l, 0);\n"
              "    return x;\n"
              "}\n");
}

TEST(Release, ATestThatSaysMoreStays) {
  // Where the test fails, x stays borrowed and is handed on.
  EXPECT_EQ(refusal("PyObject *f(PyObject *l, int n) {\n"
                    "    PyObject *x = PyList_GetItem(l, 0);\n"
                    "    if (n) Py_INCREF(x);\n"
                    "    return x;\n}\n"),
            "'x' is handed on as a borrowed reference");
  EXPECT_EQ(strong("PyObject *f(PyObject *l) {\n"
                   "    PyObject *x = PyList_GetItem(l, 0);\n"
                   "    if (x) { Py_INCREF(x); /* ours */ }\n"
                   "    return x;\n}\n"),
            "PyObject *f(PyObject *l) {\n"
            "    PyObject *x = PyList_GetItemRef(l, 0);\n"
            "    if (x) { /* ours */ }\n"
            "    return x;\n}\n");
  EXPECT_EQ(refusal("PyObject *f(PyObject *l) {\n"
                    "    PyObject *x = PyList_GetItem(l, 0);\n"
                    "    if (x) /* ours */ Py_INCREF(x);\n"
                    "    return x;\n}\n"),
            "the test in front of the Py_INCREF that takes the reference has a comment or stands in a "
            "macro");
}

TEST(Release, AnIncrefBehindALabelGoesAway) {
  EXPECT_EQ(strong("PyObject *f(PyObject *l, int n) {\n"
                   "    PyObject *x = PyList_GetItem(l, 0);\n"
                   "    if (!x)\n"
                   "        return NULL;\n"
                   "    switch (n) {\n"
                   "    case 0:\n"
                   "        Py_INCREF(x);\n"
                   "        return x;\n"
                   "    case 1: Py_INCREF(x); break;\n"
                   "    default:\n"
                   "        Py_INCREF(x);\n"
                   "    }\n"
                   "    return x;\n"
                   "}\n"),
            "PyObject *f(PyObject *l, int n) {\n"
            "    PyObject *x = PyList_GetItemRef(l, 0);\n"
            "    if (!x)\n"
            "        return NULL;\n"
            "    switch (n) {\n"
            "    case 0:\n"
            "        return x;\n"
            "    case 1: break;\n"
            "    default:\n"
            "        ;\n"
            "    }\n"
            "    return x;\n"
            "}\n");
}

TEST(Release, AnIncrefInAMacroIsNotTakenAway) {
  EXPECT_EQ(refusal("#define OWN(x) do { Py_INCREF(x); } while (0)\n"
                    "PyObject *f(PyObject *l) {\n"
                    "    PyObject *x = PyList_GetItem(l, 0);\n"
                    "    OWN(x);\n"
                    "    return x;\n}\n"),
            "the Py_INCREF that takes the reference stands in a macro");
}

// --- the declaration ----------------------------------------------------------------------

TEST(Release, AVariableThatMayBeUnsetBecomesNull) {
  EXPECT_EQ(strong("int f(PyObject *l) {\n"
                   "    PyObject *x, *y = l;\n"
                   "    if (PyList_Sort(y))\n"
                   "        goto done;\n"
                   "    x = PyList_GetItem(l, 0);\n"
                   "    PyObject_IsTrue(x);\n"
                   "done:\n"
                   "    return 0;\n"
                   "}\n"),
            "int f(PyObject *l) {\n"
            "    PyObject *x = NULL, *y = l;\n"
            "    if (PyList_Sort(y))\n"
            "        goto done;\n"
            "    x = PyList_GetItemRef(l, 0);\n"
            "    PyObject_IsTrue(x);\n"
            "done:\n"
            "    Py_XDECREF(x);\n"
            "    return 0;\n"
            "}\n");
}

// --- spelled in macros -----------------------------------------------------------------------

TEST(Release, WaysOutInMacrosAreRefused) {
  EXPECT_EQ(refusal("#define FAIL return -1\n"
                    "int f(PyObject *l) {\n"
                    "    PyObject *x = PyList_GetItem(l, 0);\n"
                    "    if (PyObject_IsTrue(x))\n"
                    "        FAIL;\n"
                    "    return 0;\n}\n"),
            "a way out of the function stands in a macro, where the reference cannot be released");
  EXPECT_EQ(refusal("#define END }\n"
                    "void f(PyObject *l) {\n"
                    "    PyObject *x = PyList_GetItem(l, 0);\n"
                    "    PyObject_IsTrue(x);\n"
                    "END\n"),
            "the block that the reference is used in ends in a macro");
  EXPECT_EQ(refusal("#define UNLESS(x) if (!(x))\n"
                    "int f(PyObject *l) {\n"
                    "    PyObject *x = PyList_GetItem(l, 0);\n"
                    "    UNLESS(PyObject_IsTrue(x))\n"
                    "        return 1;\n"
                    "    return 0;\n}\n"),
            "a way out of the function is spelled so that the reference cannot be released in front of it");
}
