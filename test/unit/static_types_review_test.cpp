// Static types that look convertible and are not: what a heap type counts, and
// a static one does not. Texts in, reasons out.
#include "match_support.h"

using namespace abi3ify;

namespace {

const std::string Foo = "#include <stddef.h>\n#include <structmember.h>\n"
                        "typedef struct { PyObject_HEAD PyObject *a, *w; } Foo;\n";

std::string type(const std::string &more = "", const std::string &storage = "static ") {
  return storage + "PyTypeObject T = {\n    PyVarObject_HEAD_INIT(NULL, 0)\n"
                   "    .tp_name = \"m.T\",\n    .tp_basicsize = sizeof(Foo),\n"
                   "    .tp_flags = Py_TPFLAGS_DEFAULT,\n    .tp_new = PyType_GenericNew,\n" +
         more + "};\n";
}
const std::string Ready = "int ready(void) { return PyType_Ready(&T); }\n";

std::string reason(const std::string &text) {
  Sample sample;
  sample.look(text);
  return sample.reasons("static-type");
}
std::string reasonOfAll(const std::vector<std::pair<std::string, std::string>> &files) {
  Sample sample;
  sample.lookAtAll(files);
  return sample.reasons("static-type");
}
void expectReason(const std::string &text, const std::string &part) {
  std::string found = reason(text);
  EXPECT_NE(found.find(part), std::string::npos) << found;
}

} // namespace

TEST(StaticTypesReview, AReferenceThatNobodyMadeIsNotGivenAway) {
  const std::string given = "a reference is given away here that nobody made";
  for (const char *use :
       {"PyObject *f(PyObject *m) { return (PyObject *)&T; }\n",
        "PyObject *f(PyObject *m) { return Py_BuildValue(\"N\", &T); }\n",
        "int f(PyObject *t) { return PyTuple_SetItem(t, 0, (PyObject *)&T); }\n",
        "int add(PyObject *m, PyObject *o) { return PyModule_AddObject(m, \"T\", o); }\n"
        "int f(PyObject *m) { return add(m, (PyObject *)&T); }\n"})
    expectReason(Foo + type() + use + Ready, given);
  for (const char *use :
       {"PyObject *f(PyObject *m) { Py_INCREF(&T); return (PyObject *)&T; }\n",
        "PyTypeObject *f(void) { return &T; }\n",
        "PyObject *f(PyObject *m) { return Py_BuildValue(\"O\", &T); }\n"})
    EXPECT_EQ(reason(Foo + type() + use + Ready), "");
}

TEST(StaticTypesReview, AReferenceOfABranchStaysThere) {
  Sample sample;
  sample.look(Foo + type() + "int f(PyObject *m, int x) {\n  if (PyType_Ready(&T) < 0) return -1;\n"
              "  if (x) { Py_INCREF(&T); }\n"
              "  return PyModule_AddObject(m, \"T\", (PyObject *)&T);\n}\n");
  EXPECT_NE(sample.fixed().find("  Py_INCREF((PyObject *)T);\n  return PyModule_AddObject"),
            std::string::npos);
}

TEST(StaticTypesReview, AReferenceThatTheFunctionHasNotIsNotReleased) {
  expectReason(Foo + type() + "void f(void *m) { Py_DECREF(&T); }\n" + Ready,
               "a reference is released here");
}

TEST(StaticTypesReview, AnObjectDoesNotBecomeOneOfTheType) {
  expectReason(Foo + type() + "void f(PyObject *o) { Py_SET_TYPE(o, &T); }\n" + Ready,
               "an object becomes one of this type here");
  expectReason(Foo + type() + "void f(Foo *o) { o->ob_base.ob_type = &T; }\n" + Ready,
               "an object becomes one of this type here");
}

TEST(StaticTypesReview, InstancesThatAreFreedElsewhereReleaseTheirType) {
  Sample sample;
  sample.look(Foo + type() +
              "PyObject *f(void) {\n  Foo *o = PyObject_New(Foo, &T);\n"
              "  if (o && PyErr_Occurred()) { PyObject_Del(o); return NULL; }\n"
              "  return (PyObject *)o;\n}\n" + Ready);
  EXPECT_NE(sample.fixed().find("{ limited_free_object((PyObject *)o, PyObject_Del); return NULL; }"),
            std::string::npos) << sample.fixed();
  EXPECT_NE(sample.fixed().find("limited_free_object(PyObject *object, freefunc function)\n{"),
            std::string::npos);
  expectReason(Foo + type() +
                   "#define DROP(o) PyObject_Del(o)\n"
                   "void f(Foo *o) { DROP(o); }\n" + Ready,
               "an instance is freed here without its tp_dealloc");
}

/// The line of `f`, which makes an object and frees it again.
static std::string freed(const std::string &body) {
  Sample sample;
  sample.look(Foo + type() + body + Ready);
  std::string text = sample.fixed();
  size_t at = text.find("limited_free_object((PyObject *)");
  return at == std::string::npos ? "" : text.substr(at, text.find(';', at) - at);
}

TEST(StaticTypesReview, WhateverTheFreedVariableIsCalled) {
  const std::string isOne = "  ((Foo *)self)->a = NULL;\n";
  EXPECT_EQ(freed("void f(PyObject *self) {\n" + isOne + "  PyObject_Del(self);\n}\n"),
            "limited_free_object((PyObject *)self, PyObject_Del)");
  EXPECT_EQ(freed("void f(PyObject *self) {\n  PyObject_FREE((Foo *)self);\n}\n"),
            "limited_free_object((PyObject *)self, PyObject_Free)");
  EXPECT_EQ(freed("void f(void) {\n  PyObject *o = (PyObject *)PyObject_New(Foo, &T);\n  PyObject_Del(o);\n}\n"),
            "limited_free_object((PyObject *)o, PyObject_Del)");
  // By who calls it.
  EXPECT_EQ(freed("static void drop(void *p) {\n  PyObject_Free(p);\n}\nvoid f(Foo *self) { drop(self); }\n"),
            "limited_free_object((PyObject *)p, PyObject_Free)");
  EXPECT_EQ(freed("void f(PyTypeObject *t, Foo *self) {\n  t->tp_free((PyObject *)self);\n}\n"),
            "limited_free_object((PyObject *)self, (freefunc)PyType_GetSlot(t, Py_tp_free))");
  EXPECT_EQ(freed("void f(Foo *self) {\n  Py_TYPE(self)->tp_free(self);\n}\n"),
            "limited_free_object((PyObject *)self, (freefunc)PyType_GetSlot(Py_TYPE((PyObject *)self), Py_tp_free))");
}

TEST(StaticTypesReview, FreesByWayOfAPointer) {
  for (const char *body : {"  freefunc f = Py_TYPE(self)->tp_free;\n  f(self);\n",
                           "  static freefunc f = PyObject_Free;\n  f(self);\n",
                           "  (*Py_TYPE(self)->tp_free)((void *)self);\n",
                           "  ((freefunc)PyType_GetSlot(Py_TYPE(self), Py_tp_free))(self);\n",
                           "  ((void (*)(void *))PyType_GetSlot(Py_TYPE(self), Py_tp_free))(self);\n"})
    expectReason(Foo + type() + "void f(Foo *self) {\n" + body + "}\n" + Ready,
                 "an instance is freed here without its tp_dealloc");
}

TEST(StaticTypesReview, WhatMayBeAnInstanceIsFreed) {
  expectReason(Foo + type() + "void f(PyObject *o) {\n  PyObject_GC_Del(o);\n}\n" + Ready,
               "what is freed here may be an instance");
  expectReason(Foo + "typedef struct { PyObject_HEAD } Bar;\n" + type() +
                   "static void drop(void *p) { PyObject_Free(p); }\n"
                   "void f(Foo *a, Bar *b) { drop(a); drop(b); }\n" + Ready,
               "what is freed here may be an instance");
  // Memory of another kind, and another struct's.
  EXPECT_EQ(reason(Foo + "typedef struct { PyObject_HEAD } Bar;\n" + type() +
                   "void f(char *text, void *data, Bar *bar) {\n  PyObject_Free(text);\n  PyObject_Free(data);\n"
                   "  PyObject_Del(bar);\n  void *raw = PyObject_Malloc(3);\n  PyObject_Free(raw);\n}\n" + Ready), "");
}

TEST(StaticTypesReview, AMacroThatIsNullInSomeBuilds) {
  auto either = [](const std::string &condition, const std::string &here, const std::string &other) {
    return Foo + "Py_hash_t hash(PyObject *);\n#if " + condition + "\n#define HASH " + other + "\n#else\n#define HASH " +
           here + "\n#endif\n" + type("    .tp_hash = HASH,\n") + Ready;
  };
  const std::string function = "((hashfunc)hash)";
  expectReason(either("WITH_HASH", "NULL", function), "'HASH' is NULL in some builds and not in others");
  expectReason(either("NO_HASH", function, "(hashfunc)0"), "'HASH' is NULL in some builds and not in others");
  EXPECT_EQ(reason(either("OTHER", "hash", function)), "");
  EXPECT_EQ(reason(either("OTHER", "NULL", "0")), "");
  // Python 2 builds nothing here.
  EXPECT_EQ(reason(either("PY_MAJOR_VERSION < 3", "NULL", function)), "");
  expectReason(either("NO_NUMBER", "NULL", "0") + "\n#ifdef ADDS\n#define ADD add\n#else\n#define ADD NULL\n#endif\n"
               "PyObject *add(PyObject *, PyObject *);\nstatic PyNumberMethods numbers = {ADD};\n"
               "static PyTypeObject U = {PyVarObject_HEAD_INIT(NULL, 0) .tp_name = \"m.U\", .tp_as_number = &numbers};\n"
               "int g(void) { return PyType_Ready(&U); }\n",
               "'ADD' is NULL in some builds and not in others");
}

TEST(StaticTypesReview, WhoAsksForHeapTypes) {
  const std::string asked = "Py_TPFLAGS_HEAPTYPE is asked for here";
  for (const char *test : {"(Py_TYPE(o)->tp_flags & Py_TPFLAGS_HEAPTYPE)", "PyType_HasFeature(Py_TYPE(o), Py_TPFLAGS_HEAPTYPE)",
                           "(flags & (Py_TPFLAGS_HEAPTYPE | Py_TPFLAGS_READY)) != 0", "IS_CLASS(o)"}) {
    std::string code = "#define IS_CLASS(o) (PyType_GetFlags(Py_TYPE(o)) & Py_TPFLAGS_HEAPTYPE)\n"
                       "int f(PyObject *o, long flags) { return " + std::string(test) + "; }\n";
    expectReason(Foo + type() + code + Ready, asked);
    // Also in another unit.
    EXPECT_NE(reasonOfAll({{"a.c", Foo + type() + Ready}, {"b.c", "#include <Python.h>\n" + code}}).find(asked),
              std::string::npos);
  }
  EXPECT_EQ(reason(Foo + type() + "int f(PyObject *o) { return PyType_HasFeature(Py_TYPE(o), Py_TPFLAGS_BASETYPE); }\n" +
                   Ready), "");
  // Our helpers ask as well.
  EXPECT_EQ(reason(Foo + type() + "static inline int\nlimited_is_class(PyTypeObject *t)\n{\n"
                   "    return (PyType_GetFlags(t) & Py_TPFLAGS_HEAPTYPE) != 0;\n}\n" + Ready), "");
}

TEST(StaticTypesReview, AFailureThatIsMovedUp) {
  auto init = [](const std::string &between, const std::string &failure) {
    return Foo + type() + "extern int g(void);\nstatic PyObject *kept;\nPyObject *init(void) {\n  PyObject *m = NULL;\n"
           "  PyTypeObject *types[] = {&T, NULL};\n  int i;\n" + between +
           "  for (i = 0; types[i]; i++) {\n    if (PyType_Ready(types[i]) < 0) {\n      " + failure +
           "\n    }\n  }\n  return m;\nfail:\n  Py_XDECREF(m);\n  return NULL;\n}\n";
  };
  const std::string reason_ = "depends on what is done in front of the loop";
  const std::string makes = "  m = PyList_New(0);\n", calls = "  g();\n";
  expectReason(init(makes, "Py_DECREF(m); return NULL;"), reason_);
  expectReason(init(makes, "goto fail;"), reason_);
  expectReason(init(calls, "Py_XDECREF(kept); return NULL;"), reason_);
  EXPECT_EQ(reason(init(makes, "return NULL;")), "");
  EXPECT_EQ(reason(init(makes, "PyErr_SetString(PyExc_ValueError, \"no\"); return NULL;")), "");
  EXPECT_EQ(reason(init("", "Py_XDECREF(m); return NULL;")), "");
}

TEST(StaticTypesReview, AFlagThatNewerHeadersHave) {
  auto flags = [](const std::string &name) {
    std::string text = type();
    text.replace(text.find("Py_TPFLAGS_DEFAULT"), 18, "Py_TPFLAGS_DEFAULT | " + name);
    return Foo + "#ifndef " + name + "\n#define " + name + " 0\n#endif\n" + text + Ready;
  };
  expectReason(flags("Py_TPFLAGS_ITEMS_AT_END"), "'Py_TPFLAGS_ITEMS_AT_END' is the project's own with these headers");
  EXPECT_EQ(reason(flags("Py_TPFLAGS_CHECKTYPES")), ""); // of Python 2
}

TEST(StaticTypesReview, AStructOfLinksAlone) {
  auto links = [](const std::string &members, const std::string &more) {
    return "#include <stddef.h>\ntypedef struct { PyObject_HEAD " + members + " } Foo;\n" +
           "static PyTypeObject T = {PyVarObject_HEAD_INIT(NULL, 0) .tp_name = \"m.T\", .tp_basicsize = sizeof(Foo),\n" +
           "  .tp_new = PyType_GenericNew, " + more + "};\n" + Ready;
  };
  const std::string dict = ".tp_dictoffset = offsetof(Foo, d), ", base = ".tp_flags = Py_TPFLAGS_BASETYPE";
  const std::string reason_ = "adds only __dict__ or weak references";
  expectReason(links("PyObject *d;", dict + base), reason_);
  expectReason(links("PyObject *d, *w;", dict + ".tp_weaklistoffset = offsetof(Foo, w), " + base), reason_);
  EXPECT_EQ(reason(links("PyObject *d;", dict)), "");
  EXPECT_EQ(reason(links("int n; PyObject *d;", dict + base)), "");
  EXPECT_EQ(reason(links("", base)), "");
}

TEST(StaticTypesReview, WhatItsSizeAndItsPlaceSay) {
  expectReason(Foo + "static PyTypeObject T = {PyVarObject_HEAD_INIT(NULL, 0) .tp_name = \"m.T\",\n"
               "  .tp_basicsize = sizeof(PyDictObject)};\n" + Ready,
               "its size is that of 'PyDictObject', which Limited API");
  Sample sample;
  sample.look(Foo + "int f(void) {\n  static PyTypeObject T = {PyVarObject_HEAD_INIT(NULL, 0) .tp_name = \"m.T\"};\n"
              "  return PyType_Ready(&T);\n}\n");
  EXPECT_NE(sample.reasons("not-limited").find("move its definition out of it"), std::string::npos);
}

TEST(StaticTypesReview, AnObjectThatItsDeallocLoses) {
  // The reference to the type is lost with it, as nobody had one before.
  EXPECT_EQ(reason(Foo + "static int done;\nstatic void dealloc(Foo *self) {\n"
                   "  PyTypeObject *tp = Py_TYPE(self);\n"
                   "  if (PyObject_CallFinalizerFromDealloc((PyObject *)self) < 0)\n    return;\n"
                   "  if (done)\n    return;\n"
                   "  tp->tp_free(self);\n}\n" +
                   type("    .tp_dealloc = (destructor)dealloc,\n") + Ready), "");
  expectReason(Foo + "static void *kept[4];\nvoid keep(Foo *);\n"
               "static void dealloc(Foo *self) {\n"
               "  if (!kept[0]) {\n    keep(self);\n    return;\n  }\n"
               "  PyObject_Free(self);\n}\n" +
                   type("    .tp_dealloc = (destructor)dealloc,\n") + Ready,
               "keeps the object on some path");
}

TEST(StaticTypesReview, TheFirstLineOfAFunction) {
  auto begin = [](const std::string &body) {
    Sample sample;
    sample.look("#define LOG(text)\ntypedef struct { PyObject_HEAD PyObject *x; } Obj;\n"
                                  "static void dealloc(Obj *self)\n" + body +
                                  "static PyTypeObject T = {\n    PyVarObject_HEAD_INIT(NULL, 0)\n"
                                  "    .tp_name = \"m.T\",\n    .tp_basicsize = sizeof(Obj),\n"
                                  "    .tp_dealloc = (destructor)dealloc,\n    .tp_new = PyType_GenericNew,\n};\n"
                                  "int ready(void) { return PyType_Ready(&T); }\n");
    std::string fixed = sample.fixed();
    size_t at = fixed.find("dealloc(Obj *self)\n") + strlen("dealloc(Obj *self)\n");
    return fixed.substr(at, fixed.find("PyType_GetSlot") - at);
  };
  const std::string tp = "PyTypeObject *tp = Py_TYPE((PyObject *)self);", end = "Py_TYPE(self)->tp_free(self);\n}\n",
                    freed = "((freefunc)";
  // A macro that is nothing gives an empty statement, which begins at its semicolon.
  EXPECT_EQ(begin("{\n  LOG(\"gone\");\n  " + end), "{\n  " + tp + "\n  LOG(\"gone\");\n  " + freed);
  EXPECT_EQ(begin("{ /* frees it */\n  " + end), "{ /* frees it */\n  " + tp + "\n  " + freed);
  EXPECT_EQ(begin("{ // frees it\n\n  // now\n  " + end), "{ // frees it\n  " + tp + "\n\n  // now\n  " + freed);
  EXPECT_EQ(begin("{ /* now */ " + end), "{ " + tp + " /* now */ " + freed);
  EXPECT_EQ(begin("{\n#ifdef LOUD\n  LOG(\"gone\");\n#endif\n  " + end),
            "{\n    " + tp + "\n#ifdef LOUD\n  LOG(\"gone\");\n#endif\n  " + freed);
}

TEST(StaticTypesReview, AFunctionOnOneLineStaysOnIt) {
  Sample sample;
  sample.look(Foo + "static void dealloc(Foo *self) { Py_XDECREF(self->a); PyObject_Del(self); }\n"
              "static int traverse(Foo *self, visitproc visit, void *arg) { Py_VISIT(self->a); return 0; }\n" +
              type("    .tp_dealloc = (destructor)dealloc,\n    .tp_traverse = (traverseproc)traverse,\n") + Ready);
  std::string text = sample.fixed();
  EXPECT_NE(text.find("{ PyTypeObject *tp = Py_TYPE((PyObject *)self); Py_XDECREF(self->a); PyObject_Del(self); "
                      "Py_DECREF(tp); }\n"), std::string::npos) << text;
  EXPECT_NE(text.find("{ Py_VISIT(Py_TYPE((PyObject *)self)); Py_VISIT(self->a); return 0; }\n"), std::string::npos)
      << text;
}

TEST(StaticTypesReview, AnAllocOfTheUsersTakesAReference) {
  const std::string slot = "    .tp_alloc = al,\n";
  expectReason(Foo + "PyObject *al(PyTypeObject *t, Py_ssize_t n) {\n"
               "  PyObject *o = PyObject_Calloc(1, sizeof(Foo));\n  Py_SET_TYPE(o, t);\n"
               "  return o;\n}\n" + type(slot) + Ready,
               "an object becomes one of a type here, without a reference to it");
  EXPECT_EQ(reason(Foo + "PyObject *al(PyTypeObject *t, Py_ssize_t n) {\n"
                   "  return PyType_GenericAlloc(t, n); }\n" + type(slot) + Ready), "");
}

TEST(StaticTypesReview, ACallInFrontOfPyTypeReadyDoesNotUseTheType) {
  expectReason(Foo + type() +
                   "static PyObject *one;\n"
                   "static void make(void) { one = (PyObject *)PyObject_New(Foo, &T); }\n"
                   "static void outer(void) { make(); }\n"
                   "int f(void) { outer(); return PyType_Ready(&T); }\n",
               "what is called here, before PyType_Ready, uses it");
}

TEST(StaticTypesReview, ATraverseIsCalledForItsOwnObjectAlone) {
  expectReason(Foo + "static int tr(Foo *self, visitproc visit, void *arg)\n"
               "{\n  Py_VISIT(self->a);\n  return 0;\n}\n"
               "typedef struct { PyObject_HEAD Foo *foo; } Box;\n"
               "int box(Box *b, visitproc visit, void *arg) { return tr(b->foo, visit, arg); }\n" +
                   type("    .tp_traverse = (traverseproc)tr,\n") + Ready,
               "its tp_traverse is called here for another object");
}

TEST(StaticTypesReview, EntriesAreNotAddedToMembersOfOthers) {
  const std::string members = "    .tp_members = mem, .tp_weaklistoffset = offsetof(Foo, w),\n";
  const std::string entries = " = {{\"a\", T_OBJECT, offsetof(Foo, a), READONLY, NULL}, {NULL}};\n";
  expectReason(Foo + "static PyMemberDef mem[]" + entries +
                   "static PyType_Slot other[] = {{Py_tp_members, mem}, {0, NULL}};\n"
                   "void *others(void) { return other; }\n" + type(members) + Ready,
               "it shares its tp_members");
  expectReason(Foo + "static PyMemberDef mem[2]" + entries + type(members) + Ready,
               "which has a size or numbers of its own");
  EXPECT_EQ(reason(Foo + "static PyMemberDef mem[]" + entries + type(members) + Ready), "");
}

TEST(StaticTypesReview, CommentsAreNoTemplates) {
  Sample sample;
  sample.look(Foo + type("    /* $v0 of $v1, $ */\n    .tp_doc = \"$v0\",\n") + Ready);
  EXPECT_NE(sample.fixed().find("/* $v0 of $v1, $ */\n    {Py_tp_doc, \"$v0\"},"),
            std::string::npos) << sample.fixed();
}

TEST(StaticTypesReview, ReturnWithoutASpace) {
  Sample sample;
  sample.look(Foo + type() + "PyTypeObject *f(void) { return&T; }\n" + Ready);
  EXPECT_NE(sample.fixed().find("{ return T; }"), std::string::npos);
}

TEST(StaticTypesReview, OneNameInTwoModules) {
  std::string found = reasonOfAll({{"a.c", Foo + type("", "") + Ready},
                                   {"b.c", Foo + type("", "") + Ready}});
  EXPECT_NE(found.find("another type of this name is defined here"), std::string::npos) << found;
  EXPECT_EQ(reasonOfAll({{"a.c", Foo + type() + Ready}, {"b.c", Foo + type() + Ready}}), "");
}

TEST(StaticTypesReview, AStaticTypeInAHeaderOfTwoUnits) {
  std::string found =
      reasonOfAll({{"t.h", "#include <Python.h>\n" + Foo + type()},
                   {"a.c", "#include \"t.h\"\n" + Ready},
                   {"b.c", "#include \"t.h\"\nvoid *f(void) { return PyObject_New(Foo, &T); }\n"}});
  EXPECT_NE(found.find("each unit that includes it has one of its own"), std::string::npos)
      << found;
}

TEST(StaticTypesReview, AFunctionDeclaresTheType) {
  std::string found =
      reasonOfAll({{"a.c", Foo + type("", "") + Ready},
                   {"b.c", "PyTypeObject *f(void) { extern PyTypeObject T; return &T; }\n"}});
  EXPECT_NE(found.find("a function declares it for itself"), std::string::npos) << found;
}
