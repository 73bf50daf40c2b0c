// What abi3t lacks and abi3 has, beyond the examples of its rules.
#include "match_support.h"

using namespace abi3ify;

namespace {

Sample lookAt(const std::string &text, Floor floor = {15, true}, bool cxx = false) {
  Sample sample;
  sample.floor = floor;
  sample.cxx = cxx;
  sample.look(text);
  return sample;
}

/// "line:column rule symbol" for each finding.
std::string found(const std::string &text, bool cxx = false) {
  Sample sample = lookAt(text, {15, true}, cxx);
  std::string result, all = sample.lines();
  llvm::StringRef lines = all;
  for (const Finding &finding : sample.findings) {
    auto [line, rest] = lines.split('\n');
    lines = rest;
    result += line.take_until([](char c) { return c == ' '; }).str() + " " + finding.rule + " " +
              finding.symbol + "\n";
  }
  return result;
}

const std::string Foo = "typedef struct { PyObject_HEAD int n; } Foo;\n";
const std::string Def =
    "static struct PyModuleDef def = {PyModuleDef_HEAD_INIT, \"m\", 0, 0, 0};\n";

} // namespace

TEST(Abi3t, IsNoMatterAt315) {
  const std::string text = Foo + Def + "int n(PyObject *o) { return ((Foo *)o)->n; }\n"
                           "PyMODINIT_FUNC PyInit_m(void) { return PyModule_Create(&def); }\n"
                           "void t(PyObject *o, PyTypeObject *t) { Py_SET_TYPE(o, t); }\n";
  EXPECT_EQ(lookAt(text, {15}).lines(), "");
  EXPECT_EQ(found(text), "1:18 object-head PyObject_HEAD\n"
                         "2:27 module-def PyModuleDef\n"
                         "3:30 object-struct-cast Foo\n"
                         "4:1 mod-gil PyInit_m\n"
                         "4:16 py-init-single-phase PyInit_m\n"
                         "5:40 set-type Py_SET_TYPE\n");
}

// One finding for a definition, whatever stands in it.
TEST(Abi3t, HeadsInDefinitions) {
  EXPECT_EQ(found("static PyTypeObject T = {PyVarObject_HEAD_INIT(NULL, 0) .tp_name = \"m.T\"};\n"
                  "void *use(void) { return &T; }\n"),
            "1:21 static-type T\n");
  EXPECT_EQ(found(Foo + "static Foo all[] = {{PyObject_HEAD_INIT(NULL) 1}};\n"
                        "int n(void) { return all[0].n; }\n"),
            "1:18 object-head PyObject_HEAD\n2:12 static-instance Foo\n");
  EXPECT_EQ(found("#define HEAD PyObject_HEAD\ntypedef struct { HEAD int n; } Foo;\n"),
            "1:14 object-head PyObject_HEAD\n");
}

// Places where an object becomes its struct, or the other way round.
TEST(Abi3t, Casts) {
  EXPECT_EQ(found(Foo +
                  "static int slot(Foo *self) { return self->n; }\n"        // used as a function
                  "static int helper(Foo *self) { return self->n; }\n"      // is only called
                  "typedef int (*inq)(PyObject *);\n"
                  "inq f = (inq)slot;\n"
                  "int g(void *p) { Foo *foo = p; return helper(foo); }\n"
                  "PyObject *h(Foo *foo) { return (PyObject *)foo; }\n"
                  "PyObject *i(Foo *foo) { return &foo->ob_base; }\n"
                  "size_t j(void) { return (size_t)&((Foo *)0)->n; }\n"),
            "1:18 object-head PyObject_HEAD\n"
            "2:22 object-struct-cast Foo\n"
            "6:29 object-struct-cast Foo\n"
            "7:32 object-struct-cast Foo\n"
            "8:38 object-struct-cast Foo\n");
  EXPECT_EQ(found("struct Foo : PyObject { int n; };\nstruct Bar : Foo { int m; };\n"
                  "PyObject *up(Bar *bar) { return bar; }\n"
                  "struct Other { int n; };\nOther *plain(void *p) { return (Other *)p; }\n",
                  true),
            "1:14 object-head PyObject\n3:33 object-struct-cast Bar\n");
}

// What a rule has an answer for is that rule's alone.
TEST(Abi3t, CastsOfWhatIsNoPointer) {
  const std::string text = "typedef int Four __attribute__((vector_size(16)));\n"
                           "typedef long long Two __attribute__((vector_size(16)));\n"
                           "Two both(Four v) { return (Two)v; }\n";
  EXPECT_EQ(lookAt(text).lines(), "");
}

TEST(Abi3t, AnEditGoesFirst) {
  Sample sample = lookAt(Foo + "#define HOLD(o) do { Py_INCREF(o); } while (0)\n"
                               "void f(Foo *foo) { HOLD(foo); }\n");
  EXPECT_EQ(sample.lines(), "1:18 PyObject_HEAD manual\n2:22 Py_INCREF fixable x1\n");
  EXPECT_EQ(sample.fixed(), Foo + "#define HOLD(o) do { Py_INCREF((PyObject *)(o)); } while (0)\n"
                                  "void f(Foo *foo) { HOLD(foo); }\n");
}

// Forms that write what abi3t lacks are for abi3 alone.
TEST(Abi3t, FormsOfAbi3) {
  const std::string text = "void f(PyObject *o, PyTypeObject *t) { o->ob_type = t; }\n"
                           "void g(PyVarObject *o) { o->ob_size = 3; }\n"
                           "void h(PyObject *o) { o->ob_type->tp_name; }\n";
  Sample abi3 = lookAt(text, {15}), abi3t = lookAt(text);
  EXPECT_NE(abi3.fixed().find("Py_SET_TYPE(o, t)"), std::string::npos);
  EXPECT_NE(abi3.fixed().find("Py_SET_SIZE(o, 3)"), std::string::npos);
  EXPECT_EQ(abi3t.fixed().find("Py_SET_"), std::string::npos);
  EXPECT_NE(abi3t.reasons("ob-type").find("__class__"), std::string::npos);
  EXPECT_NE(abi3t.reasons("ob-size").find("memory of their own"), std::string::npos);
}

// No form of any rule that may be taken at abi3t names what it lacks.
TEST(Abi3t, AllForms) {
  for (const auto &rule : Sample::rules().all())
    for (const Form &form : rule->forms)
      for (const char *name : {"Py_SET_TYPE", "PyObject_HEAD", "PyModuleDef_HEAD_INIT"})
        if (form.to.find(name) != std::string::npos)
          EXPECT_FALSE(form.holdsAt({15, true})) << rule->id;
}

// The project's own branches: the limit of abi3t decides them.
TEST(Abi3t, BranchesOfTheProject) {
  EXPECT_EQ(found("#ifndef Py_TARGET_ABI3T\n" + Def +
                  "PyMODINIT_FUNC PyInit_m(void) { return PyModuleDef_Init(&def); }\n#endif\n"),
            "");
  EXPECT_EQ(lookAt("#ifndef Py_TARGET_ABI3T\n"
                   "PyObject *f(PyObject *t) { return PyTuple_GET_ITEM(t, 0); }\n#endif\n",
                   {15}).lines(),
            "2:35 PyTuple_GET_ITEM fixable\n");
  EXPECT_EQ(found("#ifdef NEVER\nPyObject_HEAD\n#endif\n"), "2:1 object-head PyObject_HEAD\n");
}

TEST(Abi3t, TypesOfVariableSizeAndSpecs) {
  EXPECT_EQ(found("static PyType_Slot slots[] = {{0, NULL}};\n"
                  "static PyType_Spec specs[] = {{\"m.A\", 32, 0, 0, slots},\n"
                  "  {\"m.B\", -8, 0, 0, slots}, {\"m.C\", 0, 4, 0, slots}};\n"
                  "void *use(void) { return specs; }\n"),
            "2:39 spec-basicsize basicsize\n3:40 type-itemsize itemsize\n");
}

TEST(Abi3t, MembersOfTables) {
  EXPECT_EQ(found("#include <structmember.h>\n" + Foo +
                  "PyMemberDef all[] = {{\"n\", 1, offsetof(Foo, n), 0, NULL},\n"
                        "  {\"m\", 1, 0, 1 | 8, NULL}, {NULL, 0, 0, 0, NULL}};\n"),
            "2:18 object-head PyObject_HEAD\n3:31 member-offset PyMemberDef\n");
}

TEST(Abi3t, ModulesWithSlots) {
  EXPECT_EQ(found("int one(PyObject *m); int two(PyObject *m);\n"
                  "PyModuleDef_Slot slots[] = {{Py_mod_exec, one},\n"
                  "  {Py_mod_exec, two}, {0, NULL}};\n"
                  "extern PyModuleDef *def;\n"
                  "PyMODINIT_FUNC PyInit_m(void) { return PyModuleDef_Init(def); }\n"
                  "PyMODINIT_FUNC PyInit_n(void) { "
                  "if (!def) return NULL; return PyModuleDef_Init(def); }\n"),
            "3:4 mod-exec-twice Py_mod_exec\n"
            "5:1 mod-gil PyInit_m\n5:16 py-init PyInit_m\n"
            "6:1 mod-gil PyInit_n\n6:16 py-init-statements PyInit_n\n");
}

// --module-state gives a PyModuleDef its state, which abi3t has none of.
TEST(Abi3t, NoModuleState) {
  Sample sample;
  sample.floor = {15, true};
  sample.moduleState = true;
  sample.look("static PyTypeObject T = {PyVarObject_HEAD_INIT(NULL, 0) .tp_name = \"m.T\"};\n"
              "static int fill(PyObject *m) { return PyType_Ready(&T); }\n"
              "static PyModuleDef_Slot slots[] = {{Py_mod_exec, (void *)fill}, {0, NULL}};\n"
              "static struct PyModuleDef def = {PyModuleDef_HEAD_INIT, \"m\", 0, 0, 0, slots};\n"
              "PyMODINIT_FUNC PyInit_m(void) { return PyModuleDef_Init(&def); }\n");
  EXPECT_EQ(sample.fixed().find("state"), std::string::npos);
}
