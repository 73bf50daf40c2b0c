// Which uses stand in a loop.
#include "match_support.h"

using namespace abi3ify;

namespace {

/// The symbols of the findings, those in loops with a mark; each argument of
/// size() tells one use from the other.
std::string loopsIn(Sample &sample) {
  std::string text;
  for (const Finding &finding : sample.findings)
    text += (text.empty() ? "" : " ") + finding.symbol + (finding.inLoop ? "*" : "");
  return text;
}
std::string loopsC(const std::string &text) {
  Sample sample;
  sample.look(text);
  return loopsIn(sample);
}
std::string loopsCxx(const std::string &text) {
  Sample sample;
  sample.cxx = true;
  sample.look(text);
  return loopsIn(sample);
}

} // namespace

TEST(Loops, EachPartOfEachLoop) {
  EXPECT_EQ(loopsC("void f(PyObject *o) {\n"
                   "  for (Py_ssize_t i = PyList_GET_SIZE(o); i < PyTuple_GET_SIZE(o);\n"
                   "       i += PyBytes_GET_SIZE(o))\n    PyTuple_GET_ITEM(o, i);\n}\n"),
            "PyList_GET_SIZE PyTuple_GET_SIZE* PyBytes_GET_SIZE* PyTuple_GET_ITEM*");
  EXPECT_EQ(loopsC("void f(PyObject *o) {\n"
                   "  while (PyList_GET_SIZE(o)) { PyTuple_GET_SIZE(o); }\n"
                   "  do PyBytes_GET_SIZE(o); while (PyTuple_GET_SIZE(o));\n"
                   "  PyList_GET_SIZE(o);\n}\n"),
            "PyList_GET_SIZE* PyTuple_GET_SIZE* PyBytes_GET_SIZE* PyTuple_GET_SIZE* "
            "PyList_GET_SIZE");
  EXPECT_EQ(loopsCxx("#include <vector>\n"
                     "std::vector<int> g(Py_ssize_t);\n"
                     "void f(PyObject *o) {\n"
                     "  for (int i : g(PyList_GET_SIZE(o))) PyTuple_GET_ITEM(o, i);\n}\n"),
            "PyList_GET_SIZE PyTuple_GET_ITEM*");
}

TEST(Loops, WhatIsWrappedIsRunOnce) {
  EXPECT_EQ(loopsC("#define ONCE(x) do { x; } while (0)\n"
                   "void f(PyObject *o) { ONCE(PyList_GET_SIZE(o)); }\n"),
            "PyList_GET_SIZE");
  EXPECT_EQ(loopsC("#define ONCE(x) do { x; } while (0)\n"
                   "void f(PyObject *o) { for (;;) ONCE(PyList_GET_SIZE(o)); }\n"),
            "PyList_GET_SIZE*");
}

TEST(Loops, LambdasAndTemplates) {
  EXPECT_EQ(loopsCxx("void f(PyObject *o, int n) {\n"
                     "  auto once = [&] { return PyList_GET_SIZE(o); };\n"
                     "  while (n--) { auto again = [&] { return PyTuple_GET_SIZE(o); };\n"
                     "    once(); again(); }\n"
                     "  auto loop = [&](auto m) { while (m--) PyBytes_GET_SIZE(o); };\n"
                     "  loop(n);\n}\n"),
            "PyList_GET_SIZE PyTuple_GET_SIZE* PyBytes_GET_SIZE*");
  EXPECT_EQ(loopsCxx("template <class T> void f(T *o, int n) {\n"
                     "  PyList_GET_SIZE(o); while (n--) PyTuple_GET_SIZE(o);\n}\n"
                     "void g(PyObject *o) { for (;;) f(o, 3); }\n"),
            "PyList_GET_SIZE PyTuple_GET_SIZE*");
}

// The body of a macro counts as run by a loop if one of its expansions is.
TEST(Loops, BodiesOfMacros) {
  const std::string macro = "#define SIZE(o) PyTuple_GET_SIZE(o)\n"
                            "Py_ssize_t f(PyObject *o) { return SIZE(o); }\n";
  EXPECT_EQ(loopsC(macro), "PyTuple_GET_SIZE");
  EXPECT_EQ(loopsC(macro + "void g(PyObject *o) { while (SIZE(o)) { } }\n"), "PyTuple_GET_SIZE*");
  EXPECT_EQ(loopsC("#define EACH(o, i) for (i = PyList_GET_SIZE(o); i < PyTuple_GET_SIZE(o); ++i)\n"
                   "void f(PyObject *o, Py_ssize_t i) { EACH(o, i) PyBytes_GET_SIZE(o); }\n"),
            "PyList_GET_SIZE PyTuple_GET_SIZE* PyBytes_GET_SIZE*");
}

// A macro that leaves no trace in the AST is found by its place.
TEST(Loops, MacrosOfPythons) {
  EXPECT_EQ(loopsC("int f(int n) { n += PyTrace_CALL;\n"
                   "  for (n = PyTrace_LINE; n; ) { n -= PyTrace_RETURN; }\n"
                   "  return PyTrace_OPCODE; }\n"),
            "PyTrace_CALL PyTrace_LINE PyTrace_RETURN* PyTrace_OPCODE");
}

// Fields, types and what no rule knows are places like any other.
TEST(Loops, EveryKindOfUse) {
  EXPECT_EQ(loopsC("const char *f(PyObject *o) {\n"
                   "  while (o) { o = (PyObject *)Py_TYPE(o)->tp_dict; }\n"
                   "  return o->ob_type->tp_name; }\n"),
            "tp_dict* tp_name");
}
