// Types whose addresses stand in data, and types that a loop readies.
#include "match_support.h"

using namespace abi3ify;
using namespace llvm;

namespace {

std::string typeOf(const std::string &name, const std::string &more = "") {
  return "static PyTypeObject " + name + " = {\n    PyVarObject_HEAD_INIT(NULL, 0)\n"
         "    .tp_name = \"m." + name + "\", .tp_basicsize = sizeof(Obj),\n" + more + "};\n";
}

const std::string Two = "typedef struct { PyObject_HEAD } Obj;\n" + typeOf("A") + typeOf("B");

/// What follows the definitions, once it is edited.
std::string fixedBehindTypes(const std::string &text, const std::string &types = Two) {
  Sample sample;
  sample.look(types + text);
  std::string reasons = sample.reasons(StaticTypeRule);
  if (!reasons.empty())
    return reasons;
  std::string fixed = sample.fixed();
  return fixed.substr(fixed.find("static PyTypeObject *B;\n") + 24);
}

bool contains(const std::string &text, StringRef part) { return StringRef(text).contains(part); }

} // namespace

TEST(StaticTypesTables, ALoopOverATable) {
  EXPECT_EQ(fixedBehindTypes("static PyTypeObject *types[] = {&A, &B, NULL};\n"
                             "int ready(PyObject *m)\n{\n"
                             "    for (int i = 0; types[i] != NULL; i++) {\n"
                             "        if (PyType_Ready(types[i]) < 0)\n"
                             "            return -1;\n"
                             "        if (PyModule_AddObject(m, \"x\", Py_NewRef(types[i])) < 0)\n"
                             "            return -1;\n"
                             "    }\n    return 0;\n}\n"),
            "static PyTypeObject *types[] = {NULL, NULL, NULL};\n"
            "int ready(PyObject *m)\n{\n"
            "    if (limited_type_ready(&A, &A_spec) < 0)\n        return -1;\n"
            "    if (limited_type_ready(&B, &B_spec) < 0)\n        return -1;\n"
            "    types[0] = A;\n    types[1] = B;\n"
            "    for (int i = 0; types[i] != NULL; i++) {\n"
            "        if (PyModule_AddObject(m, \"x\", Py_NewRef((PyObject *)types[i])) < 0)\n"
            "            return -1;\n"
            "    }\n    return 0;\n}\n");
}

TEST(StaticTypesTables, ALoopThatFailsByAMacro) {
  auto loop = [](const std::string &macro, const std::string &ready) {
    return fixedBehindTypes("static PyTypeObject *types[] = {&A, &B, NULL};\n" + macro +
                            "int ready(PyObject *m)\n{\n    int i;\n"
                            "    for (i = 0; types[i] != NULL; i++) {\n" + ready +
                            "        if (PyModule_AddObject(m, \"x\", Py_NewRef(types[i])) < 0)\n"
                            "            FAIL;\n    }\n    return 0;\n}\n");
  };
  EXPECT_EQ(loop("#define FAIL return -1\n", "        if (PyType_Ready(types[i]) < 0)\n            FAIL;\n"),
            "static PyTypeObject *types[] = {NULL, NULL, NULL};\n"
            "#define FAIL return -1\n"
            "int ready(PyObject *m)\n{\n    int i;\n"
            "    if (limited_type_ready(&A, &A_spec) < 0)\n        FAIL;\n"
            "    if (limited_type_ready(&B, &B_spec) < 0)\n        FAIL;\n"
            "    types[0] = A;\n    types[1] = B;\n"
            "    for (i = 0; types[i] != NULL; i++) {\n"
            "        if (PyModule_AddObject(m, \"x\", Py_NewRef((PyObject *)types[i])) < 0)\n"
            "            FAIL;\n    }\n    return 0;\n}\n");
  // One that is more than what is done then, and one that is the whole question.
  for (const std::string &fixed :
       {loop("#define FAIL return -1; m = NULL\n", "        if (PyType_Ready(types[i]) < 0)\n            FAIL;\n"),
        loop("#define FAIL return -1\n#define READY(t) if (PyType_Ready(t) < 0) FAIL\n", "        READY(types[i]);\n")})
    EXPECT_TRUE(contains(fixed, "a macro makes the loop that readies it, or what is done where it fails")) << fixed;
}

TEST(StaticTypesTables, ALoopThatDoesNothingElse) {
  EXPECT_EQ(fixedBehindTypes("static struct { const char *name; PyTypeObject *type; } rows[] = {\n"
                             "    {\"A\", &A}, {\"B\", &B},\n};\n"
                             "PyObject *ready(PyObject *m)\n{\n"
                             "    for (size_t i = 0; i < 2; ++i) {\n"
                             "        if (PyType_Ready(rows[i].type)) {\n"
                             "            Py_DECREF(m);\n            return NULL;\n        }\n"
                             "    }\n    return m;\n}\n"),
            "static struct { const char *name; PyTypeObject *type; } rows[] = {\n"
            "    {\"A\", NULL}, {\"B\", NULL},\n};\n"
            "PyObject *ready(PyObject *m)\n{\n"
            "    if (limited_type_ready(&A, &A_spec) < 0) {\n"
            "        Py_DECREF(m);\n        return NULL;\n    }\n"
            "    if (limited_type_ready(&B, &B_spec) < 0) {\n"
            "        Py_DECREF(m);\n        return NULL;\n    }\n"
            "    rows[0].type = A;\n    rows[1].type = B;\n"
            "    return m;\n}\n");
}

TEST(StaticTypesTables, ATableOfTheFunction) {
  EXPECT_EQ(fixedBehindTypes("int ready(void)\n{\n    int i;\n"
                             "    PyTypeObject *types[] = {&A, &B};\n"
                             "    for (i = 0; i < 2; i++) {\n"
                             "        PyTypeObject *type = types[i];\n"
                             "        if (PyType_Ready(type) < 0) return -1;\n"
                             "    }\n    return 0;\n}\n"),
            "int ready(void)\n{\n    int i;\n"
            "    if (limited_type_ready(&A, &A_spec) < 0)\n        return -1;\n"
            "    if (limited_type_ready(&B, &B_spec) < 0)\n        return -1;\n"
            "    PyTypeObject *types[] = {A, B};\n"
            "    for (i = 0; i < 2; i++) {\n"
            "        PyTypeObject *type = types[i];\n"
            "    }\n    return 0;\n}\n");
}

TEST(StaticTypesTables, APointerThatRuns) {
  std::string fixed =
      fixedBehindTypes("struct row { const char *name; PyTypeObject *type; };\n"
                       "static struct row rows[] = {{\"A\", &A}, {\"B\", &B}, {0}};\n"
                       "int ready(void)\n{\n    struct row *row;\n"
                       "    for (row = rows; row->name; row++)\n"
                       "        if (PyType_Ready(row->type) < 0)\n            return -1;\n"
                       "    return 0;\n}\n");
  EXPECT_TRUE(contains(fixed, "    rows[0].type = A;\n    rows[1].type = B;\n    for (row = rows; "
                              "row->name; row++)\n        if (PyType_Ready(row->type) < 0)\n"))
      << fixed;
}

TEST(StaticTypesTables, APointerThatDeclaresItself) {
  std::string fixed = fixedBehindTypes("static PyTypeObject *all[] = {&A, &B, NULL};\n"
                                       "int ready(void)\n{\n"
                                       "    for (PyTypeObject **t = all; *t; ++t)\n"
                                       "        if (PyType_Ready(*t) < 0)\n"
                                       "            return -1;\n    return 0;\n}\n");
  EXPECT_TRUE(contains(fixed, "{\n    if (limited_type_ready(&A, &A_spec) < 0)\n        return -1;\n"
                              "    if (limited_type_ready(&B, &B_spec) < 0)\n        return -1;\n"
                              "    all[0] = A;\n    all[1] = B;\n    return 0;\n}\n")) << fixed;
}

TEST(StaticTypesTables, BasesComeFirst) {
  std::string fixed = fixedBehindTypes(
      "static PyTypeObject *types[] = {&A, &B};\nint ready(void)\n{\n"
      "    for (int i = 0; i < 2; i++)\n        if (PyType_Ready(types[i]) < 0) return -1;\n"
      "    return 0;\n}\n",
      "typedef struct { PyObject_HEAD } Obj;\n" + typeOf("A", "    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,\n") +
          typeOf("B", "    .tp_base = &A,\n"));
  EXPECT_TRUE(contains(fixed, "limited_subtype_ready(&B, &B_spec, A) < 0")) << fixed;
  std::string reason = fixedBehindTypes(
      "static PyTypeObject *types[] = {&B, &A};\nint ready(void)\n{\n"
      "    for (int i = 0; i < 2; i++)\n        if (PyType_Ready(types[i]) < 0) return -1;\n"
      "    return 0;\n}\n",
      "typedef struct { PyObject_HEAD } Obj;\n" + typeOf("A", "    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,\n") +
          typeOf("B", "    .tp_base = &A,\n"));
  EXPECT_TRUE(contains(reason, "its base 'A' is not readied before it")) << reason;
}

TEST(StaticTypesTables, AFailureThatDependsOnTheLoop) {
  std::string reason =
      fixedBehindTypes("static PyTypeObject *types[] = {&A, &B};\n"
                       "int ready(void)\n{\n    int failed = 0;\n"
                       "    for (int i = 0; i < 2; i++)\n"
                       "        if (PyType_Ready(types[i]) < 0) { failed = 1; break; }\n"
                       "    return failed;\n}\n");
  EXPECT_TRUE(contains(reason, "depends on the loop")) << reason;
}

TEST(StaticTypesTables, AStructForOthers) {
  std::string fixed = fixedBehindTypes(
      "static struct { int version; PyTypeObject *a; PyObject *b; } api = {1, &A, (PyObject *)&B};\n"
      "int ready(PyObject *m)\n{\n"
      "    if (PyType_Ready(&A) < 0 || PyType_Ready(&B) < 0)\n        return -1;\n"
      "    return PyModule_AddObject(m, \"api\", PyCapsule_New(&api, \"m.api\", NULL));\n}\n");
  EXPECT_TRUE(contains(fixed, "api = {1, NULL, NULL};")) << fixed;
  EXPECT_TRUE(contains(fixed, "        return -1;\n    api.a = A;\n    api.b = (PyObject *)B;\n"
                              "    return PyModule")) << fixed;
}

TEST(StaticTypesTables, AConstantTable) {
  std::string reason = fixedBehindTypes(
      "static PyTypeObject *const types[] = {&A, &B};\n"
      "int ready(void)\n{\n    PyTypeObject *t = types[0];\n    (void)t;\n"
      "    return PyType_Ready(&A) < 0 || PyType_Ready(&B) < 0 ? -1 : 0;\n}\n");
  EXPECT_TRUE(contains(reason, "take its const away")) << reason;
}

TEST(StaticTypesTables, NoPlaceBehindTheCall) {
  std::string reason = fixedBehindTypes(
      "static PyTypeObject *types[] = {&A, &B};\n"
      "int ready(void)\n{\n"
      "    return PyType_Ready(&A) < 0 || PyType_Ready(&B) < 0 ? -1 : types[0] == NULL;\n}\n");
  EXPECT_TRUE(contains(reason, "fill 'types' when the module is made")) << reason;
}

TEST(StaticTypesTables, UsedBeforeItIsFilled) {
  std::string reason = fixedBehindTypes(
      "static PyTypeObject *types[] = {&A, &B};\n"
      "int ready(void)\n{\n    if (types[0]->tp_flags) { return 1; }\n"
      "    if (PyType_Ready(&A) < 0 || PyType_Ready(&B) < 0)\n        return -1;\n"
      "    return 0;\n}\n");
  EXPECT_TRUE(contains(reason, "it is used here before PyType_Ready")) << reason;
}

TEST(StaticTypesTables, ABaseThatTakesNoSubtypes) {
  std::string reason = fixedBehindTypes(
      "int ready(void) { return PyType_Ready(&A) < 0 || PyType_Ready(&B) < 0 ? -1 : 0; }\n",
      "typedef struct { PyObject_HEAD } Obj;\n" + typeOf("A") + typeOf("B", "    .tp_base = &A,\n"));
  EXPECT_TRUE(contains(reason, "its base 'A' has no Py_TPFLAGS_BASETYPE")) << reason;
}

TEST(StaticTypesTables, AConditionThatHoldsOnSuccess) {
  std::string reason = fixedBehindTypes(
      "static PyTypeObject *types[] = {&A, &B, NULL};\n"
      "int ready(void)\n{\n    int failed = 2;\n    PyTypeObject **t;\n"
      "    for (t = types; *t; t++) { if (PyType_Ready(*t) == 0) failed--; }\n"
      "    return -failed;\n}\n");
  EXPECT_TRUE(contains(reason, "does not ask for a failure right away")) << reason;
}

TEST(StaticTypesTables, UsedInTheStatementThatMakesThem) {
  std::string reason = fixedBehindTypes(
      "static PyTypeObject *types[] = {&A, &B};\n"
      "static int add(void) { return types[0] == NULL; }\n"
      "int ready(void)\n{\n"
      "    if (PyType_Ready(&A) == 0 && PyType_Ready(&B) == 0) {\n        return add();\n    }\n"
      "    return -1;\n}\n");
  EXPECT_TRUE(contains(reason, "fill 'types' when the module is made")) << reason;
}

TEST(StaticTypesTables, AReferenceThatNobodyMade) {
  std::string reason = fixedBehindTypes(
      "static PyTypeObject *types[] = {&A, &B};\n"
      "int ready(PyObject *m)\n{\n    for (int i = 0; i < 2; i++) {\n"
      "        if (PyType_Ready(types[i]) < 0) return -1;\n"
      "        PyModule_AddObject(m, \"x\", (PyObject *)types[i]);\n    }\n    return 0;\n}\n");
  EXPECT_TRUE(contains(reason, "a reference is taken over here that nobody made")) << reason;
}

TEST(StaticTypesTables, AMemberThatIsSetThroughTheTable) {
  std::string reason = fixedBehindTypes(
      "static PyTypeObject *types[] = {&A, &B};\n"
      "int ready(void)\n{\n    for (int i = 0; i < 2; i++) {\n"
      "        types[i]->tp_new = PyType_GenericNew;\n"
      "        if (PyType_Ready(types[i]) < 0) return -1;\n    }\n    return 0;\n}\n");
  EXPECT_TRUE(contains(reason, "a member is set here by way of a table")) << reason;
}
