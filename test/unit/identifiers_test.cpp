// _Py_IDENTIFIER: an identifier goes with all its uses, or stays.
#include "match_support.h"

using namespace abi3ify;

namespace {

std::string after(const std::string &text) {
  Sample sample;
  sample.look(text);
  return sample.fixed();
}

} // namespace

TEST(Identifiers, AllUsesInSeveralFunctions) {
  EXPECT_EQ(after("_Py_IDENTIFIER(read);\n"
                  "PyObject *f(PyObject *o) { return _PyObject_GetAttrId(o, &PyId_read); }\n"
                  "PyObject *g(PyObject *o) { return _PyObject_GetAttrId(o, &(PyId_read)); }\n"),
            "PyObject *f(PyObject *o) { return PyObject_GetAttrString(o, \"read\"); }\n"
            "PyObject *g(PyObject *o) { return PyObject_GetAttrString(o, \"read\"); }\n");
}

TEST(Identifiers, OneUseKeepsThemAll) {
  const std::string text = "_Py_IDENTIFIER(read);\n"
                           "PyObject *f(PyObject *o) { return _PyObject_GetAttrId(o, &PyId_read); }\n"
                           "PyObject *g(void) { return _PyUnicode_FromId(&PyId_read); }\n";
  EXPECT_EQ(after(text), text);
}

TEST(Identifiers, AnotherOfTheSameNameIsItsOwn) {
  EXPECT_EQ(after("PyObject *f(PyObject *o) {\n"
                  "  _Py_IDENTIFIER(read);\n"
                  "  return _PyObject_GetAttrId(o, &PyId_read);\n"
                  "}\n"
                  "PyObject *g(void) {\n"
                  "  _Py_IDENTIFIER(read);\n"
                  "  return _PyUnicode_FromId(&PyId_read);\n"
                  "}\n"),
            "PyObject *f(PyObject *o) {\n"
            "  return PyObject_GetAttrString(o, \"read\");\n"
            "}\n"
            "PyObject *g(void) {\n"
            "  _Py_IDENTIFIER(read);\n"
            "  return _PyUnicode_FromId(&PyId_read);\n"
            "}\n");
}

TEST(Identifiers, PointersToThemAndMacrosAroundThem) {
  for (const char *text : {"_Py_IDENTIFIER(read);\n"
                           "PyObject *f(PyObject *o, int n) { return _PyObject_GetAttrId(o, n ? &PyId_read : 0); }\n",
                           "#define ATTRIBUTE(o, name) _PyObject_GetAttrId(o, &PyId_##name)\n"
                           "_Py_IDENTIFIER(read);\n"
                           "PyObject *f(PyObject *o) { return ATTRIBUTE(o, read); }\n",
                           "#define NAME _Py_IDENTIFIER(read)\n"
                           "NAME;\n"
                           "PyObject *f(PyObject *o) { return _PyObject_GetAttrId(o, &PyId_read); }\n"})
    EXPECT_EQ(after(text), text);
}
