// The types of struct sequences: what becomes of them, and what keeps them.
#include "match_support.h"

using namespace abi3ify;
using namespace llvm;

namespace {

/// A description, its type T, and a function that makes a record.
std::string sequence(const std::string &definition = "static PyTypeObject T;",
                     const std::string &name = "m.T") {
  return definition +
         "\nstatic PyStructSequence_Field fields[] = {{\"a\", NULL}, {NULL, NULL}};\n"
         "static PyStructSequence_Desc desc = {\"" + name + "\", NULL, fields, 1};\n"
         "PyObject *make(void) { return PyStructSequence_New(&T); }\n";
}

std::string conversion(const std::string &text, bool cxx = false) {
  Sample sample;
  sample.cxx = cxx;
  sample.look(text);
  for (const Finding &finding : sample.findings)
    if (finding.rule == StaticTypeRule)
      return finding.hasEdit() ? sample.fixed() : finding.reason;
  return "no type";
}

/// Behind the helper.
std::string fixedText(const std::string &text, bool cxx = false) {
  std::string fixed = conversion(text, cxx);
  size_t end = fixed.find("#endif\n\n");
  return end == std::string::npos ? fixed : fixed.substr(end + 8);
}

bool isBlocked(const std::string &text, StringRef part) {
  std::string reason = conversion(text);
  EXPECT_NE(StringRef(reason).find(part), StringRef::npos) << reason;
  return StringRef(reason).contains(part);
}

/// What sequence() is afterwards.
const char *const Converted =
    "static PyTypeObject *T;\n"
    "static PyStructSequence_Field fields[] = {{\"a\", NULL}, {NULL, NULL}};\n"
    "static PyStructSequence_Desc desc = {\"m.T\", NULL, fields, 1};\n"
    "PyObject *make(void) { return PyStructSequence_New(T); }\n";

} // namespace

TEST(StructSequence, InitType2) {
  EXPECT_EQ(fixedText(sequence() +
                      "int ready(void) { return PyStructSequence_InitType2(&T, &desc); }\n"),
            std::string(Converted) +
                "int ready(void) { return limited_struct_sequence_ready(&T, &desc); }\n");
}

TEST(StructSequence, Definitions) {
  for (const char *definition :
       {"static PyTypeObject T = {0};", "static PyTypeObject T = {{0, }};",
        "static PyTypeObject T = { PyVarObject_HEAD_INIT(NULL, 0) };",
        "static PyTypeObject T = {\n    0\n};"})
    EXPECT_EQ(fixedText(sequence(definition) +
                        "int ready(void) { return PyStructSequence_InitType2(&T, &desc); }\n"),
              std::string(Converted) +
                  "int ready(void) { return limited_struct_sequence_ready(&T, &desc); }\n");
  EXPECT_TRUE(isBlocked(sequence("static PyTypeObject T = {.tp_doc = \"x\"};") +
                            "int ready(void) { return PyStructSequence_InitType2(&T, &desc); }\n",
                        "its value sets members"));
}

TEST(StructSequence, TwoInOneDeclaration) {
  EXPECT_EQ(
      fixedText(sequence("static PyTypeObject T, U;") +
                "int ready(void)\n{\n    return PyStructSequence_InitType2(&T, &desc) < 0 ||\n"
                "           PyStructSequence_InitType2(&U, &desc) < 0;\n}\n"),
      "static PyTypeObject *T, *U;\n" + std::string(Converted).substr(24) +
          "int ready(void)\n{\n    return limited_struct_sequence_ready(&T, &desc) < 0 ||\n"
          "           limited_struct_sequence_ready(&U, &desc) < 0;\n}\n");
}

TEST(StructSequence, InCxx) {
  EXPECT_EQ(fixedText(sequence("namespace { PyTypeObject T; }") +
                          "int ready() { return PyStructSequence_InitType2(&T, &desc); }\n",
                      true),
            "namespace { PyTypeObject *T; }\n" + std::string(Converted).substr(24) +
                "int ready() { return limited_struct_sequence_ready(&T, &desc); }\n");
}

// What would be returned is not what the function around it returns.
TEST(StructSequence, InALambda) {
  std::string reason = conversion(
      sequence() + "PyObject *ready()\n{\n"
                   "    auto fill = [] { PyStructSequence_InitType(&T, &desc); };\n"
                   "    fill();\n    return make();\n}\n",
      true);
  EXPECT_NE(StringRef(reason).find("a lambda makes it"), StringRef::npos) << reason;
}

// PyStructSequence_InitType has no result, so that of the function is looked at.
TEST(StructSequence, InitTypeInAFunctionOfObjects) {
  EXPECT_EQ(fixedText(sequence() + "PyObject *ready(void)\n{\n    static int made;\n"
                                   "    if (!made) {\n"
                                   "        PyStructSequence_InitType(&T, &desc);\n"
                                   "        made = 1;\n    }\n    return make();\n}\n"),
            std::string(Converted) +
                "PyObject *ready(void)\n{\n    static int made;\n    if (!made) {\n"
                "        if (limited_struct_sequence_ready(&T, &desc) < 0) {\n"
                "            return NULL;\n        }\n"
                "        made = 1;\n    }\n    return make();\n}\n");
}

TEST(StructSequence, InitTypeInAFunctionOfNumbers) {
  std::string text = sequence() + "int ready(PyObject *m)\n{\n    if (m == NULL)\n"
                                  "        return -1;\n"
                                  "    PyStructSequence_InitType(&T, &desc);\n    return 0;\n}\n";
  EXPECT_NE(fixedText(text).find("    if (limited_struct_sequence_ready(&T, &desc) < 0) {\n"
                                 "        return -1;\n    }\n    return 0;\n"),
            std::string::npos);
}

TEST(StructSequence, InitTypeWhereNoFailureIsSeen) {
  EXPECT_TRUE(isBlocked(sequence() + "void ready(void) { PyStructSequence_InitType(&T, &desc); }\n",
                        "what this function returns"));
  EXPECT_TRUE(isBlocked(sequence() + "int ready(void)\n{\n"
                                     "    PyStructSequence_InitType(&T, &desc);\n    return 0;\n}\n",
                        "PyStructSequence_InitType2"));
  EXPECT_TRUE(isBlocked(sequence() + "PyObject *ready(PyObject *m)\n{\n"
                                     "    if (m == NULL)\n        goto failed;\n"
                                     "    PyStructSequence_InitType(&T, &desc);\n    return m;\n"
                                     "failed:\n    Py_XDECREF(m);\n    return NULL;\n}\n",
                        "behind a label"));
  EXPECT_TRUE(isBlocked(sequence() + "PyObject *ready(PyObject *m)\n{\n"
                                     "    if (m == NULL)\n"
                                     "        PyStructSequence_InitType(&T, &desc);\n"
                                     "    else\n        Py_INCREF(m);\n    return m;\n}\n",
                        "no statement of its own"));
}

TEST(StructSequence, ATestWhetherItWasMade) {
  for (auto [before, after] : {std::pair("T.tp_name == NULL", "T == NULL"),
                               {"T.tp_name == 0", "T == 0"},
                               {"!T.tp_name", "!T"},
                               {"NULL == T.tp_dict", "NULL == T"}}) {
    std::string text = sequence() + "PyObject *lazy(void)\n{\n    if (" + before + ")\n"
                       "        PyStructSequence_InitType(&T, &desc);\n"
                       "    return make();\n}\n";
    EXPECT_EQ(fixedText(text), std::string(Converted) + "PyObject *lazy(void)\n{\n    if (" +
                                   after + ")\n"
                                   "        if (limited_struct_sequence_ready(&T, &desc) < 0) {\n"
                                   "            return NULL;\n        }\n"
                                   "    return make();\n}\n");
  }
}

TEST(StructSequence, NothingIsLeftForTheAuthor) {
  Sample sample;
  sample.look(sequence() + "PyObject *lazy(void)\n{\n    if (T.tp_name == NULL)\n"
                           "        PyStructSequence_InitType(&T, &desc);\n"
                           "    return make();\n}\n");
  EXPECT_EQ(sample.lines(), "1:21 T fixable\n");
}

TEST(StructSequence, MembersThatAreSet) {
  EXPECT_TRUE(isBlocked(sequence() + "int ready(void)\n{\n"
                                     "    if (PyStructSequence_InitType2(&T, &desc) < 0)\n"
                                     "        return -1;\n"
                                     "    T.tp_new = NULL;\n    return 0;\n}\n",
                        "'tp_new' is set"));
}

TEST(StructSequence, Names) {
  std::string ready = "int ready(void) { return PyStructSequence_InitType2(&T, &desc); }\n";
  EXPECT_TRUE(isBlocked(sequence("static PyTypeObject T;", "T") + ready, "its name has no module"));
  EXPECT_TRUE(isBlocked(sequence() + "int ready(PyStructSequence_Desc *d)\n{\n"
                                     "    return PyStructSequence_InitType2(&T, d);\n}\n",
                        "is not seen here"));
}

TEST(StructSequence, UsedBeforeItIsMade) {
  EXPECT_TRUE(isBlocked(sequence() + "int ready(PyObject *o)\n{\n"
                                     "    if (Py_TYPE(o) == &T)\n        return 0;\n"
                                     "    return PyStructSequence_InitType2(&T, &desc);\n}\n",
                        "used here before"));
}

TEST(StructSequence, OfTwoUnits) {
  Sample sample;
  sample.lookAtAll({{"t.h", "extern PyTypeObject T;\n"},
                    {"a.c", "#include \"t.h\"\n" + sequence("PyTypeObject T;") +
                                "int ready(void)\n{\n"
                                "    return PyStructSequence_InitType2(&T, &desc);\n}\n"},
                    {"b.c", "#include \"t.h\"\nint is(PyObject *o)\n{\n"
                            "    return Py_TYPE(o) == &T;\n}\n"}});
  EXPECT_NE(sample.fixed().find("PyTypeObject *T;\n"), std::string::npos);
  EXPECT_EQ(sample.fixed("t.h"), "extern PyTypeObject *T;\n");
  EXPECT_NE(sample.fixed("b.c").find("== T;"), std::string::npos);
}
