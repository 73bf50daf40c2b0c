// Where a strong reference can be released on every path, and where not: whole
// functions in, edited functions or the reason out.
#include "strong_support.h"

using namespace abi3ify;

namespace {

/// The lines of a function around `body`, whose variables are l, n and x.
std::string withX(const std::string &body) {
  return "PyObject *f(PyObject *l, Py_ssize_t n) {\n    PyObject *x;\n" + body + "}\n";
}
void becomes(const std::string &before, const std::string &after) {
  EXPECT_EQ(strong(withX(before)), withX(after));
}
void refused(const std::string &body, const std::string &why) {
  EXPECT_EQ(refusal(withX(body)), why) << body;
}

} // namespace

// --- ways out -------------------------------------------------------------------

TEST(Ownership, EarlyReturns) {
  becomes("    x = PyList_GetItem(l, n);\n"
          "    if (x == NULL) {\n"
          "        PyErr_Clear();\n"
          "        return NULL;\n"
          "    }\n"
          "    if (x == Py_None) {\n"
          "        return NULL;\n"
          "    }\n"
          "    Py_RETURN_NONE;\n",
          "    x = PyList_GetItemRef(l, n);\n"
          "    if (x == NULL) {\n"
          "        PyErr_Clear();\n"
          "        return NULL;\n"
          "    }\n"
          "    if (x == Py_None) {\n"
          "        Py_DECREF(x);\n"
          "        return NULL;\n"
          "    }\n"
          "    Py_DECREF(x);\n"
          "    Py_RETURN_NONE;\n");
}

TEST(Ownership, ErrorExitsByGoto) {
  // The region is the function, so the label releases for all who go there.
  EXPECT_EQ(strong(withX("    PyObject *made = PyList_New(0);\n"
          "    if (!made)\n"
          "        goto error;\n"
          "    if (!(x = PyList_GetItem(l, n)))\n"
          "        goto error;\n"
          "    if (PyList_Append(made, x) < 0)\n"
          "        goto error;\n"
          "    return made;\n"
          "error:\n"
          "    Py_XDECREF(made);\n"
          "    return NULL;\n")),
            "PyObject *f(PyObject *l, Py_ssize_t n) {\n"
            "    PyObject *x = NULL;\n"
            "    PyObject *made = PyList_New(0);\n"
            "    if (!made)\n"
            "        goto error;\n"
            "    if (!(x = PyList_GetItemRef(l, n)))\n"
            "        goto error;\n"
            "    if (PyList_Append(made, x) < 0)\n"
            "        goto error;\n"
            "    Py_DECREF(x);\n"
            "    return made;\n"
            "error:\n"
            "    Py_XDECREF(made);\n"
            "    Py_XDECREF(x);\n"
            "    return NULL;\n"
            "}\n");
}

TEST(Ownership, GotoLeavesABlock) {
  becomes("    {\n"
          "        x = PyList_GetItem(l, n);\n"
          "        if (PyObject_IsTrue(x))\n"
          "            goto done;\n"
          "    }\n"
          "    PyList_Sort(l);\n"
          "done:\n"
          "    return NULL;\n",
          "    {\n"
          "        x = PyList_GetItemRef(l, n);\n"
          "        if (PyObject_IsTrue(x)) {\n"
          "            Py_XDECREF(x);\n"
          "            goto done;\n"
          "        }\n"
          "        Py_XDECREF(x);\n"
          "    }\n"
          "    PyList_Sort(l);\n"
          "done:\n"
          "    return NULL;\n");
  becomes("    {\n"
          "        x = PyList_GetItem(l, n);\n"
          "        if (PyObject_IsTrue(x))\n"
          "            goto end;\n"
          "        PyObject_Size(x);\n"
          "    end:;\n"
          "    }\n"
          "    PyList_Sort(l);\n"
          "    return NULL;\n",
          "    {\n"
          "        x = PyList_GetItemRef(l, n);\n"
          "        if (PyObject_IsTrue(x))\n"
          "            goto end;\n"
          "        PyObject_Size(x);\n"
          "    end:;\n"
          "        Py_XDECREF(x);\n"
          "    }\n"
          "    PyList_Sort(l);\n"
          "    return NULL;\n");
}

TEST(Ownership, BreakOfASwitchAtTheEndOfTheBlock) {
  becomes("    while (n--) {\n"
          "        x = PyList_GetItem(l, n);\n"
          "        switch (PyObject_IsTrue(x)) {\n"
          "        case 0:\n"
          "            break;\n"
          "        case 1:\n"
          "            continue;\n"
          "        default:\n"
          "            return NULL;\n"
          "        }\n"
          "    }\n"
          "    return NULL;\n",
          "    while (n--) {\n"
          "        x = PyList_GetItemRef(l, n);\n"
          "        switch (PyObject_IsTrue(x)) {\n"
          "        case 0:\n"
          "            break;\n"
          "        case 1:\n"
          "            Py_XDECREF(x);\n"
          "            continue;\n"
          "        default:\n"
          "            Py_XDECREF(x);\n"
          "            return NULL;\n"
          "        }\n"
          "        Py_XDECREF(x);\n"
          "    }\n"
          "    return NULL;\n");
}

TEST(Ownership, APlainBlockEndsTheRegion) {
  becomes("    {\n"
          "        x = PyList_GetItem(l, n);\n"
          "        PyObject_IsTrue(x);\n"
          "    }\n"
          "    x = l;\n"
          "    return PyObject_Str(x);\n",
          "    {\n"
          "        x = PyList_GetItemRef(l, n);\n"
          "        PyObject_IsTrue(x);\n"
          "        Py_XDECREF(x);\n"
          "    }\n"
          "    x = l;\n"
          "    return PyObject_Str(x);\n");
}

TEST(Ownership, LoopsReleaseInEachRound) {
  becomes("    for (; n > 0; n--) {\n"
          "        x = PyList_GetItem(l, n);\n"
          "        if (x == NULL)\n"
          "            return NULL;\n"
          "        if (x == Py_None)\n"
          "            continue;\n"
          "        if (x == Py_True)\n"
          "            break;\n"
          "        while (PyObject_IsTrue(x))\n"
          "            if (n--)\n"
          "                break;\n"
          "    }\n"
          "    return NULL;\n",
          "    for (; n > 0; n--) {\n"
          "        x = PyList_GetItemRef(l, n);\n"
          "        if (x == NULL)\n"
          "            return NULL;\n"
          "        if (x == Py_None) {\n"
          "            Py_DECREF(x);\n"
          "            continue;\n"
          "        }\n"
          "        if (x == Py_True) {\n"
          "            Py_DECREF(x);\n"
          "            break;\n"
          "        }\n"
          "        while (PyObject_IsTrue(x))\n"
          "            if (n--)\n"
          "                break;\n"
          "        Py_DECREF(x);\n"
          "    }\n"
          "    return NULL;\n");
}

TEST(Ownership, ALoopThatTestsTheVariable) {
  refused("    while (n > 0 && (x = PyList_GetItem(l, n)) != NULL) {\n"
          "        PyObject_IsTrue(x);\n"
          "        n--;\n"
          "    }\n"
          "    return NULL;\n",
          "'x' gets a new value in a place where the old one cannot be released");
}

TEST(Ownership, ALeftLoopKeepsTheLastOne) {
  becomes("    x = NULL;\n"
          "    for (; n > 0; n--) {\n"
          "        x = PyList_GetItem(l, n);\n"
          "        if (x == Py_None)\n"
          "            break;\n"
          "    }\n"
          "    if (x == Py_None)\n"
          "        return NULL;\n"
          "    return l;\n",
          "    x = NULL;\n"
          "    for (; n > 0; n--) {\n"
          "        Py_XDECREF(x);\n"
          "        x = PyList_GetItemRef(l, n);\n"
          "        if (x == Py_None)\n"
          "            break;\n"
          "    }\n"
          "    if (x == Py_None) {\n"
          "        Py_XDECREF(x);\n"
          "        return NULL;\n"
          "    }\n"
          "    Py_XDECREF(x);\n"
          "    return l;\n");
}

TEST(Ownership, NestedCallsAreReleasedBehindAll) {
  becomes("    x = PyList_GetItem(l, PyLong_AsSsize_t(PyList_GetItem(l, 0)));\n"
          "    return PyObject_Str(PyObject_Type(x));\n",
          "    x = PyList_GetItemRef(l, PyLong_AsSsize_t(PyList_GetItem(l, 0)));\n"
          "    {\n"
          "        PyObject *result = PyObject_Str(PyObject_Type(x));\n"
          "        Py_XDECREF(x);\n"
          "        return result;\n"
          "    }\n");
}

// --- new values --------------------------------------------------------------------

TEST(Ownership, ANewValueReleasesTheOld) {
  becomes("    x = PyList_GetItem(l, 0);\n"
          "    if (PyObject_IsTrue(x))\n"
          "        return NULL;\n"
          "    x = PyList_GetItem(l, n);\n"
          "    PyObject_IsTrue(x);\n"
          "    x = NULL;\n"
          "    return NULL;\n",
          "    x = PyList_GetItemRef(l, 0);\n"
          "    if (PyObject_IsTrue(x)) {\n"
          "        Py_XDECREF(x);\n"
          "        return NULL;\n"
          "    }\n"
          "    Py_XDECREF(x);\n"
          "    x = PyList_GetItemRef(l, n);\n"
          "    PyObject_IsTrue(x);\n"
          "    Py_XDECREF(x);\n"
          "    x = NULL;\n"
          "    return NULL;\n");
}

TEST(Ownership, ANewValueThatNeedsTheOld) {
  refused("    x = PyList_GetItem(l, 0);\n"
          "    x = PyList_GetItem(x, n);\n"
          "    PyObject_IsTrue(x);\n"
          "    return NULL;\n",
          "'x' gets a new value in a place where the old one cannot be released");
  refused("    x = PyList_GetItem(l, 0);\n"
          "    if (n)\n"
          "        x = PyList_GetItem(l, n);\n"
          "    PyObject_IsTrue(x);\n"
          "    return NULL;\n",
          "'x' gets a new value in a place where the old one cannot be released");
}

TEST(Ownership, AnothersReferenceMeetsOurs) {
  refused("    if (n)\n"
          "        x = PyList_GetItem(l, n);\n"
          "    else\n"
          "        x = l;\n"
          "    PyObject_IsTrue(x);\n"
          "    return NULL;\n",
          "'x' may hold another reference where the new one must be released");
}

// --- what is done with the value -------------------------------------------------------

TEST(Ownership, CopiesAreFollowed) {
  becomes("    PyObject *y;\n"
          "    x = PyList_GetItem(l, n);\n"
          "    y = x;\n"
          "    PyObject *z = (PyObject *)(y);\n"
          "    PyObject_IsTrue(z);\n"
          "    return NULL;\n",
          "    PyObject *y;\n"
          "    x = PyList_GetItemRef(l, n);\n"
          "    y = x;\n"
          "    PyObject *z = (PyObject *)(y);\n"
          "    PyObject_IsTrue(z);\n"
          "    Py_XDECREF(x);\n"
          "    return NULL;\n");
}

TEST(Ownership, ACopyThatOutlivesTheVariable) {
  EXPECT_EQ(refusal("void f(PyObject *l) {\n"
                    "    PyObject *y = NULL;\n"
                    "    {\n"
                    "        PyObject *x = PyList_GetItem(l, 0);\n"
                    "        y = x;\n"
                    "    }\n"
                    "    PyObject_IsTrue(y);\n}\n"),
            "a copy of 'x' outlives it");
}

TEST(Ownership, ABorrowedReferenceIsHandedOn) {
  refused("    x = PyList_GetItem(l, n);\n    return x;\n",
          "'x' is handed on as a borrowed reference");
  EXPECT_EQ(refusal("struct s { PyObject *o; };\n"
                    "void f(PyObject *l, struct s *s) {\n"
                    "    PyObject *x = PyList_GetItem(l, 0);\n    s->o = x;\n}\n"),
            "'x' is handed on as a borrowed reference");
  EXPECT_EQ(refusal("void g(PyObject **);\n"
                    "void f(PyObject *l) {\n"
                    "    PyObject *x = PyList_GetItem(l, 0);\n"
                    "    PyObject *all[] = {x};\n    g(all);\n}\n"),
            "'x' is handed on as a borrowed reference");
}

TEST(Ownership, AStoredReferenceThatWasTakenByHand) {
  EXPECT_EQ(strong("struct s { PyObject *o; };\n"
                   "void f(PyObject *l, struct s *s) {\n"
                   "    PyObject *x = PyList_GetItem(l, 0);\n"
                   "    Py_INCREF(x);\n"
                   "    s->o = x;\n}\n"),
            "struct s { PyObject *o; };\n"
            "void f(PyObject *l, struct s *s) {\n"
            "    PyObject *x = PyList_GetItemRef(l, 0);\n"
            "    s->o = x;\n}\n");
  EXPECT_EQ(strong("struct s { PyObject *o; };\n"
                   "void f(PyObject *l, struct s *s, int n) {\n"
                   "    PyObject *x = PyList_GetItem(l, 0);\n"
                   "    switch (n) {\n"
                   "    case 1:\n"
                   "        s->o = x;\n"
                   "        Py_INCREF(x);\n"
                   "    }\n}\n"),
            "struct s { PyObject *o; };\n"
            "void f(PyObject *l, struct s *s, int n) {\n"
            "    PyObject *x = PyList_GetItemRef(l, 0);\n"
            "    switch (n) {\n"
            "    case 1:\n"
            "        s->o = x;\n"
            "        Py_INCREF(x);\n"
            "    }\n"
            "    Py_XDECREF(x);\n}\n");
}

TEST(Ownership, AReferenceTakenOnOnePathOnlyStaysTheAuthors) {
  EXPECT_EQ(strong("struct s { PyObject *o; };\n"
                   "void f(PyObject *l, struct s *s, int n) {\n"
                   "    PyObject *x = PyList_GetItem(l, 0);\n"
                   "    if (n) {\n"
                   "        Py_INCREF(x);\n"
                   "        s->o = x;\n"
                   "    }\n}\n"),
            "struct s { PyObject *o; };\n"
            "void f(PyObject *l, struct s *s, int n) {\n"
            "    PyObject *x = PyList_GetItemRef(l, 0);\n"
            "    if (n) {\n"
            "        Py_INCREF(x);\n"
            "        s->o = x;\n"
            "    }\n"
            "    Py_XDECREF(x);\n}\n");
}

TEST(Ownership, ASecondIncrefIsTheAuthors) {
  becomes("    x = PyList_GetItem(l, n);\n"
          "    if (!x)\n"
          "        return NULL;\n"
          "    Py_INCREF(x);\n"
          "    Py_INCREF(x);\n"
          "    PyTuple_SetItem(l, 0, x);\n"
          "    return x;\n",
          "    x = PyList_GetItemRef(l, n);\n"
          "    if (!x)\n"
          "        return NULL;\n"
          "    Py_INCREF(x);\n"
          "    PyTuple_SetItem(l, 0, x);\n"
          "    return x;\n");
}

TEST(Ownership, ATransferOnOneOfTwoPaths) {
  becomes("    x = PyList_GetItem(l, n);\n"
          "    if (x && n > 3) {\n"
          "        Py_INCREF(x);\n"
          "        return x;\n"
          "    }\n"
          "    return NULL;\n",
          "    x = PyList_GetItemRef(l, n);\n"
          "    if (x && n > 3) {\n"
          "        return x;\n"
          "    }\n"
          "    Py_XDECREF(x);\n"
          "    return NULL;\n");
}

TEST(Ownership, ATransferThatMeetsAnothersReferenceStays) {
  refused("    if (n)\n"
          "        x = PyList_GetItem(l, n);\n"
          "    else\n"
          "        x = l;\n"
          "    Py_INCREF(x);\n"
          "    return x;\n",
          "'x' is handed on as a borrowed reference");
}

TEST(Ownership, TheCountIsAsked) {
  refused("    x = PyList_GetItem(l, n);\n    return PyLong_FromSsize_t(Py_REFCNT(x));\n",
          "Py_REFCNT asks how many references there are to 'x'");
  refused("    x = PyList_GetItem(l, n);\n    PyTuple_SetItem(x, 0, l);\n    return NULL;\n",
          "PyTuple_SetItem asks how many references there are to 'x'");
}

TEST(Ownership, TheVariableIsClearedByHand) {
  // Older headers assign to it in the macro, newer ones through its address.
  EXPECT_NE(refusal(withX("    x = PyList_GetItem(l, n);\n    Py_CLEAR(x);\n    return NULL;\n")),
            "edited");
}

TEST(Ownership, TheValueGoesOnFromTheAssignment) {
  refused("    PyObject *y = x = PyList_GetItem(l, n);\n    PyObject_IsTrue(y);\n    return NULL;\n",
          "the value goes on from the assignment to 'x'");
  refused("    return PyObject_Str(x = PyList_GetItem(l, n));\n",
          "the value goes on from the assignment to 'x'");
}

// --- what is done with the variable --------------------------------------------------------

TEST(Ownership, TheVariableIsReachedByOthers) {
  EXPECT_EQ(refusal("void g(PyObject **);\n"
                    "void f(PyObject *l) {\n"
                    "    PyObject *x = PyList_GetItem(l, 0);\n    g(&x);\n}\n"),
            "the address of 'x' is taken, or it is counted");
  EXPECT_EQ(refusal("void f(PyObject *l) {\n"
                    "    PyObject *x = PyList_GetItem(l, 0);\n    x++;\n}\n"),
            "the address of 'x' is taken, or it is counted");
  EXPECT_EQ(refusal("void f(PyObject *l) {\n"
                    "    PyObject *x = PyList_GetItem(l, 0);\n    x += 1;\n}\n"),
            "'x' is moved along an array");
  EXPECT_EQ(refusal("int f(PyObject *l) {\n"
                    "    PyObject *x = PyList_GetItem(l, 0);\n    return sizeof x;\n}\n"),
            "a reference is bound to 'x', or its size is asked");
}

TEST(Ownership, TheValueDoesNotGoIntoALocalVariable) {
  for (const char *use : {"g(PyList_GetItem(l, 0));", "all = PyList_GetItem(l, 0);",
                          "s->o = PyList_GetItem(l, 0);", "v[0] = PyList_GetItem(l, 0);",
                          "static PyObject *once; once = PyList_GetItem(l, 0);",
                          "l = n ? PyList_GetItem(l, 0) : l;"})
    EXPECT_EQ(refusal(std::string("struct s { PyObject *o; };\nvoid g(PyObject *);\nPyObject *all;\n"
                                  "void f(PyObject *l, struct s *s, PyObject **v, int n) {\n    ") +
                      use + "\n}\n"),
              "it does not go into a local variable of its own")
        << use;
}

TEST(Ownership, AParameterMayTakeIt) {
  EXPECT_EQ(strong("int f(PyObject *l, PyObject *x) {\n"
                   "    if (!x) {\n"
                   "        x = PyList_GetItem(l, 0);\n"
                   "        PyObject_IsTrue(x);\n"
                   "        return 1;\n"
                   "    }\n"
                   "    return PyObject_IsTrue(x);\n"
                   "}\n"),
            "int f(PyObject *l, PyObject *x) {\n"
            "    if (!x) {\n"
            "        x = PyList_GetItemRef(l, 0);\n"
            "        PyObject_IsTrue(x);\n"
            "        Py_XDECREF(x);\n"
            "        return 1;\n"
            "    }\n"
            "    return PyObject_IsTrue(x);\n"
            "}\n");
}

TEST(Ownership, AMacrosBodyIsNotLookedAt) {
  EXPECT_EQ(refusal("#define FIRST(v, l) v = PyList_GetItem(l, 0)\n"
                    "int f(PyObject *l) {\n"
                    "    PyObject *x;\n    FIRST(x, l);\n    return PyObject_IsTrue(x);\n}\n"),
            "it is used in a macro's body");
}

TEST(Ownership, StatementExpressionsEndNowhere) {
  EXPECT_EQ(refusal("int f(PyObject *l) {\n"
                    "    return ({ PyObject *x = PyList_GetItem(l, 0); PyObject_IsTrue(x); });\n}\n"),
            "'x' is used in a way that ends nowhere");
}

TEST(Ownership, CodeThatIsNeverReached) {
  refused("    return NULL;\n    x = PyList_GetItem(l, n);\n    PyObject_IsTrue(x);\n",
          "the flow of control does not reach it");
}

TEST(Ownership, FlowThatIsNotFollowed) {
  for (const char *odd : {"__asm__(\"nop\");", "void *to = &&end; goto *to; end:;"})
    refused(std::string("    x = PyList_GetItem(l, n);\n    ") + odd + "\n    return NULL;\n",
            "the function has ways out that are not looked at (asm, computed goto, exceptions)");
}

// --- C++ ----------------------------------------------------------------------------------------

TEST(Ownership, Exceptions) {
  EXPECT_EQ(refusalCxx("int f(PyObject *l) {\n"
                       "  PyObject *x = PyList_GetItem(l, 0);\n"
                       "  try { return PyObject_IsTrue(x); } catch (...) { return -1; }\n}\n"),
            "the function has ways out that are not looked at (asm, computed goto, exceptions)");
  EXPECT_EQ(refusalCxx("int f(PyObject *l) {\n"
                       "  PyObject *x = PyList_GetItem(l, 0);\n"
                       "  if (!x) throw 1;\n"
                       "  return 0;\n}\n"),
            "the function has ways out that are not looked at (asm, computed goto, exceptions)");
}

TEST(Ownership, DestructorsRunBehindTheRelease) {
  EXPECT_EQ(strongCxx("struct Guard { PyObject *o; ~Guard(); };\n"
                      "void f(PyObject *l) {\n"
                      "    Guard guard{l};\n"
                      "    auto x = PyList_GetItem(l, 0);\n"
                      "    if (!x)\n"
                      "        return;\n"
                      "    PyObject_IsTrue(x);\n"
                      "}\n"),
            "struct Guard { PyObject *o; ~Guard(); };\n"
            "void f(PyObject *l) {\n"
            "    Guard guard{l};\n"
            "    auto x = PyList_GetItemRef(l, 0);\n"
            "    if (!x)\n"
            "        return;\n"
            "    PyObject_IsTrue(x);\n"
            "    Py_DECREF(x);\n"
            "}\n");
}

TEST(Ownership, AnObjectThatKeepsTheReferenceIsRefused) {
  EXPECT_EQ(refusalCxx("struct Guard { PyObject *o; ~Guard(); };\n"
                       "void f(PyObject *l) {\n"
                       "  PyObject *x = PyList_GetItem(l, 0);\n"
                       "  Guard guard{x};\n}\n"),
            "'x' is handed on as a borrowed reference");
  EXPECT_EQ(refusalCxx("struct Guard { Guard(PyObject *); ~Guard(); PyObject *o; };\n"
                       "void f(PyObject *l) {\n"
                       "  PyObject *x = PyList_GetItem(l, 0);\n"
                       "  Guard guard(x);\n}\n"),
            "'x' is handed on as a borrowed reference");
}

TEST(Ownership, CapturesAndReferences) {
  EXPECT_EQ(refusalCxx("int f(PyObject *l) {\n"
                       "  PyObject *x = PyList_GetItem(l, 0);\n"
                       "  auto t = [&] { return PyObject_IsTrue(x); };\n  return t();\n}\n"),
            "'x' is captured");
  EXPECT_EQ(refusalCxx("int f(PyObject *l) {\n"
                       "  PyObject *x = PyList_GetItem(l, 0);\n"
                       "  auto t = [y = x] { return PyObject_IsTrue(y); };\n  return t();\n}\n"),
            "'x' is captured");
  EXPECT_EQ(refusalCxx("int f(PyObject *l) {\n"
                       "  PyObject *x = PyList_GetItem(l, 0);\n"
                       "  auto t = [=] { return PyObject_IsTrue(x); };\n  return t();\n}\n"),
            "'x' is captured");
  EXPECT_EQ(refusalCxx("int f(PyObject *l) {\n"
                       "  PyObject *x = PyList_GetItem(l, 0);\n"
                       "  PyObject *&y = x;\n  return PyObject_IsTrue(y);\n}\n"),
            "a reference is bound to 'x', or its size is asked");
}

TEST(Ownership, ALambdaIsAFunction) {
  EXPECT_EQ(strongCxx("int f(PyObject *l) {\n"
                      "    auto first = [](PyObject *l) -> int {\n"
                      "        PyObject *x = PyList_GetItem(l, 0);\n"
                      "        return PyObject_IsTrue(x);\n"
                      "    };\n"
                      "    return first(l);\n"
                      "}\n"),
            "int f(PyObject *l) {\n"
            "    auto first = [](PyObject *l) -> int {\n"
            "        PyObject *x = PyList_GetItemRef(l, 0);\n"
            "        {\n"
            "            int result = PyObject_IsTrue(x);\n"
            "            Py_XDECREF(x);\n"
            "            return result;\n"
            "        }\n"
            "    };\n"
            "    return first(l);\n"
            "}\n");
}
