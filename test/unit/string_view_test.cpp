// PyUnicode_1BYTE_DATA and its kin through a copy, beyond the examples of their rules.
#include "match_support.h"

using namespace abi3ify;

TEST(StringView, AFailureOfTheSecondCopyWouldLoseTheFirst) {
  Sample sample;
  sample.look("int same(PyObject *a, PyObject *b)\n"
              "{\n"
              "    Py_UCS1 *p = PyUnicode_1BYTE_DATA(a);\n"
              "    Py_UCS1 *q = PyUnicode_1BYTE_DATA(b);\n"
              "    return *p == *q ? 0 : -1;\n"
              "}\n"
              "int known(PyObject *a) { Py_UCS1 *p = PyUnicode_1BYTE_DATA(a); if (*p) return -1; return 0; }\n");
  EXPECT_EQ(sample.lines().find("4:18 PyUnicode_1BYTE_DATA fixable"), std::string::npos);
  EXPECT_NE(sample.lines().find("4:18 PyUnicode_1BYTE_DATA manual"), std::string::npos);
}
