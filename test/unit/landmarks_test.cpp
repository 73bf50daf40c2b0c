// What decides early: module initialisation, embedded structs, sizes.
#include "match_support.h"

using namespace abi3ify;

namespace {

const char *nameOf(LandmarkKind kind) {
  switch (kind) {
  case LandmarkKind::SinglePhase: return "single";
  case LandmarkKind::MultiPhase: return "multi";
  case LandmarkKind::ModuleInit: return "init";
  case LandmarkKind::EmbeddedBuiltin: return "embedded";
  case LandmarkKind::VariableSize: return "variable";
  }
  return "";
}

/// "kind name detail" for each landmark.
std::string marks(const std::string &text, bool cxx = false) {
  Sample sample;
  sample.cxx = cxx;
  sample.look(text);
  std::string result;
  for (const Landmark &mark : sample.landmarks)
    result += nameOf(mark.kind) + (" " + mark.name) +
              (mark.detail.empty() ? "" : " " + mark.detail) + "\n";
  return result;
}

const std::string Def = "static struct PyModuleDef def = {PyModuleDef_HEAD_INIT, \"m\", 0, 0, 0};\n";

} // namespace

TEST(Landmarks, ModuleInitialisation) {
  EXPECT_EQ(marks(Def + "PyMODINIT_FUNC PyInit_m(void) { return PyModule_Create(&def); }\n"),
            "single PyInit_m\n");
  EXPECT_EQ(marks(Def + "PyMODINIT_FUNC PyInit_m(void) { return PyModuleDef_Init(&def); }\n"),
            "multi PyInit_m\n");
  EXPECT_EQ(marks("PyObject *other(void);\nPyMODINIT_FUNC PyInit_m(void) { return other(); }\n"),
            "init PyInit_m\n");
  EXPECT_EQ(marks("PyMODINIT_FUNC PyInit_m(void);\n"), "");
}

TEST(Landmarks, ModuleInitialisationThroughFunctions) {
  EXPECT_EQ(marks(Def + "static PyObject *make(int n) { return n ? make(n - 1) : PyModule_Create(&def); }\n"
                        "#define INIT(name) PyMODINIT_FUNC PyInit_##name(void)\n"
                        "INIT(m) { return make(1); }\n"),
            "single PyInit_m\n");
  EXPECT_EQ(marks(Def + "PyMODINIT_FUNC PyInit_m() { return PyModuleDef_Init(&def); }\n", true),
            "multi PyInit_m\n");
}

TEST(Landmarks, Structs) {
  EXPECT_EQ(marks("typedef struct { PyListObject list; int n; } Stack;\n"
                  "typedef struct { PyObject_HEAD int n; } Plain;\n"
                  "typedef struct { PyObject_VAR_HEAD int n[1]; } Many;\n"
                  "struct Other { PyObject *list; };\nunion Both { PyListObject l; int n; };\n"),
            "embedded Stack PyListObject\nvariable Many PyObject_VAR_HEAD\n");
}

TEST(Landmarks, ItemSizes) {
  EXPECT_EQ(marks("static PyTypeObject T = {PyVarObject_HEAD_INIT(NULL, 0) .tp_name = \"m.T\",\n"
                  "  .tp_basicsize = 16, .tp_itemsize = sizeof(int)};\n"
                  "static PyTypeObject U = {PyVarObject_HEAD_INIT(NULL, 0) \"m.U\", 16, 0};\n"
                  "static PyType_Spec s = {\"m.S\", 16, 8, 0, NULL};\n"
                  "static PyType_Spec r = {\"m.R\", 16, 0, 0, NULL};\n"
                  "void *use(void) { return (void *)&T == (void *)&U ? (void *)&s : (void *)&r; }\n"),
            "variable T tp_itemsize\nvariable s itemsize\n");
}
