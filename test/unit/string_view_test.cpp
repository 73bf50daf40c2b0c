// PyUnicode_1BYTE_DATA and its kin through a copy, beyond the examples of their rules.
#include "match_support.h"

using namespace abi3ify;

TEST(StringView, AFailureOfTheSecondCopyReleasesTheFirst) {
  Sample sample;
  sample.look("int same(PyObject *a, PyObject *b)\n"
              "{\n"
              "    Py_UCS1 *p = PyUnicode_1BYTE_DATA(a);\n"
              "    Py_UCS1 *q = PyUnicode_1BYTE_DATA(b);\n"
              "    if (*p == *q)\n"
              "        return 0;\n"
              "    return -1;\n"
              "}\n");
  ASSERT_EQ(sample.findings.size(), 2u);
  EXPECT_FALSE(sample.findings[0].group.empty());
  EXPECT_EQ(sample.findings[0].group, sample.findings[1].group);
  auto &rewrites = sample.findings[1].rewrites;
  EXPECT_TRUE(llvm::any_of(rewrites, [](const Rewrite &rewrite) {
    return llvm::StringRef(rewrite.to).contains("if (q == NULL) {\n        Py_XDECREF(a_copy);\n        return -1;");
  }));
}

TEST(StringView, AFailureThatWouldLoseSomethingElse) {
  Sample held;
  held.look("int same(PyObject *a, PyObject *b)\n{\n"
            "    Py_UCS1 *p = PyUnicode_1BYTE_DATA(a);\n"
            "    PyObject *list = PyList_New(0);\n"
            "    Py_UCS1 *q = PyUnicode_1BYTE_DATA(b);\n"
            "    if (*p == *q)\n        return 0;\n    return -1;\n}\n");
  ASSERT_EQ(held.findings.size(), 2u);
  EXPECT_TRUE(held.findings[0].hasEdit());
  EXPECT_FALSE(held.findings[1].hasEdit());
  // One statement for both, so no place to test the first before the second is taken.
  Sample beside;
  beside.look("int same(PyObject *a, PyObject *b)\n{\n"
              "    Py_UCS1 *p = PyUnicode_1BYTE_DATA(a), *q = PyUnicode_1BYTE_DATA(b);\n"
              "    if (*p == *q)\n        return 0;\n    return -1;\n}\n");
  ASSERT_EQ(beside.findings.size(), 2u);
  EXPECT_FALSE(beside.findings[0].hasEdit());
  EXPECT_FALSE(beside.findings[1].hasEdit());
}

TEST(StringView, AnIntThatCannotFail) {
  Sample sample;
  sample.look("int first(PyObject *a) { Py_UCS1 *p = PyUnicode_1BYTE_DATA(a); int n = PyUnicode_Check(a); if (*p) return 1; return n; }\n");
  ASSERT_EQ(sample.findings.size(), 1u);
  EXPECT_FALSE(sample.findings[0].hasEdit());
}
