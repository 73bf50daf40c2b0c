// Types in the state of their module, and what keeps them from it.
#include "match_support.h"

using namespace abi3ify;
using namespace llvm;

namespace {

struct Module {
  std::string flags = "Py_TPFLAGS_DEFAULT", functions, methods, execMore, size, other;
  std::string slots = "{Py_mod_exec, mod_exec}, {0, NULL}";
  unsigned floor = 11;

  std::string text() const {
    return "typedef struct { PyObject_HEAD } Obj;\nstatic PyTypeObject T;\n" + functions +
           "static PyTypeObject T = {\n    PyVarObject_HEAD_INIT(NULL, 0)\n"
           "    .tp_name = \"mod.T\", .tp_basicsize = sizeof(Obj),\n"
           "    .tp_flags = " + flags + ",\n    .tp_new = PyType_GenericNew,\n" + methods + "};\n" +
           other +
           "static int\nmod_exec(PyObject *m)\n{\n    if (PyType_Ready(&T) < 0)\n"
           "        return -1;\n" + execMore +
           "    return PyModule_AddObjectRef(m, \"T\", (PyObject *)&T);\n}\n"
           "static PyMethodDef mod_methods[] = {{\"make\", make, METH_NOARGS, NULL}, {NULL}};\n"
           "static PyModuleDef_Slot mod_slots[] = {" + slots + "};\n"
           "static struct PyModuleDef mod_def = {\n    PyModuleDef_HEAD_INIT,\n"
           "    .m_name = \"mod\",\n" + size +
           "    .m_methods = mod_methods,\n    .m_slots = mod_slots,\n};\n"
           "PyMODINIT_FUNC PyInit_mod(void) { return PyModuleDef_Init(&mod_def); }\n";
  }
  static const char *const Make;

  Sample look() const {
    Sample sample;
    sample.floor = Floor{floor};
    sample.moduleState = true;
    sample.look(text());
    return sample;
  }
  /// What is said of the conversion.
  std::string note() const {
    Sample sample = look();
    for (const Finding &finding : sample.findings)
      if (finding.rule == StaticTypeRule)
        return (finding.hasEdit() ? "" : "BLOCKED ") + finding.reason;
    return "no finding";
  }
};
const char *const Module::Make = "static PyObject *make(PyObject *m, PyObject *ignored)\n"
                                 "{ return (PyObject *)PyObject_New(Obj, &T); }\n";

bool contains(const std::string &text, StringRef part) { return StringRef(text).contains(part); }

} // namespace

TEST(ModuleState, TheWhole) {
  Module module;
  module.functions = Module::Make;
  EXPECT_EQ(module.note(), "");
  std::string fixed = module.look().fixed();
  EXPECT_TRUE(contains(fixed,
                       "/* What each module object has for itself. */\ntypedef struct {\n"
                       "    PyTypeObject *T;\n} mod_state;\n\nstatic inline mod_state *\n"
                       "mod_get_state(PyObject *module)\n{\n"
                       "    return (mod_state *)PyModule_GetState(module);\n}\n\n"
                       "static PyObject *make(PyObject *m, PyObject *ignored)\n"
                       "{ return (PyObject *)PyObject_New(Obj, mod_get_state(m)->T); }\n")) << fixed;
  EXPECT_TRUE(contains(fixed, "if (limited_module_type_ready(m, &mod_get_state(m)->T, &T_spec, NULL) "
                              "< 0)")) << fixed;
  EXPECT_TRUE(contains(fixed, "\"T\", (PyObject *)mod_get_state(m)->T);")) << fixed;
  EXPECT_FALSE(contains(fixed, "PyTypeObject *T;\nstatic")) << fixed;
  EXPECT_TRUE(contains(fixed, "    Py_VISIT(state->T);\n")) << fixed;
  EXPECT_TRUE(contains(fixed, "    .m_slots = mod_slots,\n    .m_size = sizeof(mod_state),\n"
                              "    .m_traverse = mod_traverse,\n    .m_clear = mod_clear,\n"
                              "    .m_free = mod_free,\n};")) << fixed;
}

TEST(ModuleState, ASizeOfNothing) {
  Module module;
  module.functions = Module::Make;
  module.size = "    .m_size = 0,\n";
  std::string fixed = module.look().fixed();
  EXPECT_TRUE(contains(fixed, "    .m_size = sizeof(mod_state),\n    .m_methods")) << fixed;
}

TEST(ModuleState, MethodsOfAFinalType) {
  Module module;
  module.functions = std::string(Module::Make) +
                     "static PyObject *again(Obj *self, PyObject *ignored)\n"
                     "{ return PyObject_CallNoArgs((PyObject *)&T); }\n"
                     "static PyMethodDef t_methods[] = {{\"again\", (PyCFunction)again, METH_NOARGS, "
                     "NULL}, {NULL}};\n";
  module.methods = "    .tp_methods = t_methods,\n";
  EXPECT_EQ(module.note(), "");
  std::string fixed = module.look().fixed();
  EXPECT_TRUE(contains(fixed, "PyObject_CallNoArgs((PyObject *)mod_state_of(Py_TYPE((PyObject *)self))"
                              "->T)")) << fixed;
  EXPECT_TRUE(contains(fixed, "return (mod_state *)PyType_GetModuleState(type);")) << fixed;
  module.flags += " | Py_TPFLAGS_BASETYPE";
  EXPECT_TRUE(contains(module.note(), "'again' has no way to the module, and names 'T'"))
      << module.note();
  module.floor = 13;
  EXPECT_TRUE(contains(module.look().fixed(),
                       "return mod_get_state(PyType_GetModuleByDef(type, &mod_def));"))
      << module.look().fixed();
}

TEST(ModuleState, WhatKeepsThemFromIt) {
  Module helper;
  helper.functions = std::string("static int is_t(PyObject *o) { return Py_TYPE(o) == &T; }\n") +
                     Module::Make;
  EXPECT_TRUE(contains(helper.note(), "in a static pointer, not in the module's state: a.c:4: 'is_t' "
                                      "has no way to the module")) << helper.note();
  EXPECT_TRUE(contains(helper.look().fixed(), "Py_TYPE(o) == T")) << helper.look().fixed();

  Module macro;
  macro.functions = std::string("#define IS_T(o) (Py_TYPE(o) == &T)\n") + Module::Make;
  macro.execMore = "    if (IS_T(m)) return -1;\n";
  EXPECT_TRUE(contains(macro.note(), "a macro names 'T'")) << macro.note();

  Module dealloc;
  dealloc.functions = std::string(Module::Make) +
                      "static void drop(PyObject *self)\n{\n    if (Py_TYPE(self) == &T) (void)0;\n"
                      "    PyObject_Free(self);\n}\n";
  dealloc.methods = "    .tp_dealloc = drop,\n";
  EXPECT_TRUE(contains(dealloc.note(), "'drop' has no way to the module")) << dealloc.note();

  Module state;
  state.functions = Module::Make;
  state.size = "    .m_size = 8,\n";
  EXPECT_TRUE(contains(state.note(), "the module has a state")) << state.note();

  Module old;
  old.functions = Module::Make;
  old.floor = 9;
  EXPECT_TRUE(contains(old.note(), "from 3.10 on")) << old.note();

  Module keeper;
  keeper.functions = Module::Make;
  keeper.other = "static PyObject *zero, *name;\n";
  keeper.execMore = "    name = PyUnicode_FromString(\"t\");\n";
  EXPECT_EQ(keeper.note(), "");
  keeper.execMore += "    zero = PyObject_CallFunction((PyObject *)&T, \"i\", 0);\n";
  EXPECT_TRUE(contains(keeper.note(), "a variable of the process may keep an instance")) << keeper.note();

  Module table;
  table.functions = Module::Make;
  table.other = "static PyTypeObject *all[] = {&T};\n";
  table.execMore = "    if (all[0] == NULL) return -1;\n";
  EXPECT_TRUE(contains(table.note(), "a table of types is static")) << table.note();
}

TEST(ModuleState, AFunctionThatIsCalledInOtherWays) {
  Module called;
  called.functions = std::string(Module::Make) +
                     "PyObject *many(void) { return make(NULL, NULL); }\n";
  EXPECT_TRUE(contains(called.note(), "'make' has no way to the module")) << called.note();
  Module changed;
  changed.functions = "static PyObject *make(PyObject *m, PyObject *ignored)\n"
                      "{ m = ignored; return (PyObject *)PyObject_New(Obj, &T); }\n";
  EXPECT_TRUE(contains(changed.note(), "'make' has no way to the module")) << changed.note();
}

TEST(ModuleState, AModuleOfOnePhase) {
  Sample sample;
  sample.moduleState = true;
  sample.look("typedef struct { PyObject_HEAD } Obj;\nstatic PyTypeObject T = {\n"
              "    PyVarObject_HEAD_INIT(NULL, 0)\n    .tp_name = \"m.T\", .tp_basicsize = "
              "sizeof(Obj),\n};\nstatic struct PyModuleDef def = {PyModuleDef_HEAD_INIT, \"m\"};\n"
              "PyMODINIT_FUNC PyInit_m(void)\n{\n    if (PyType_Ready(&T) < 0)\n        return NULL;\n"
              "    return PyModule_Create(&def);\n}\n");
  for (const Finding &finding : sample.findings)
    if (finding.rule == StaticTypeRule)
      EXPECT_TRUE(contains(finding.reason, "in one phase")) << finding.reason;
}
