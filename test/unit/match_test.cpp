// Matching on real headers: the spellings of an accessor that cost others
// days. Texts in, findings and edited texts out.
#include "match_support.h"

using namespace abi3ify;

// --- where the name stands ------------------------------------------------

TEST(Match, AsAnArgumentOfAnotherMacro) {
  EXPECT_EQ(fixedC("#include <assert.h>\n"
                   "void f(PyObject *t) { assert(PyTuple_GET_SIZE(t) == 1); }\n"),
            "#include <assert.h>\n"
            "void f(PyObject *t) { assert(PyTuple_Size(t) == 1); }\n");
  EXPECT_EQ(fixedC("int f(PyObject *t) {\n"
                   "  return PyObject_TypeCheck(PyTuple_GET_ITEM(t, 0), &PyList_Type);\n}\n"),
            "int f(PyObject *t) {\n"
            "  return PyObject_TypeCheck(PyTuple_GetItem(t, 0), &PyList_Type);\n}\n");
}

TEST(Match, AssertsAreSeenWithNdebug) {
  Sample sample;
  sample.flags = {"-DNDEBUG"};
  sample.look("#include <assert.h>\nvoid f(PyObject *t) { assert(PyTuple_GET_SIZE(t)); }\n");
  EXPECT_EQ(sample.lines(), "2:30 PyTuple_GET_SIZE fixable\n");
}

TEST(Match, InAUsersMacroBody) {
  Sample sample;
  sample.look("#define ARG(t) PyTuple_GET_ITEM(t, 0)\n"
              "PyObject *f(PyObject *t) { return ARG(t); }\n"
              "PyObject *g(PyObject *t) { return ARG(t); }\n");
  EXPECT_EQ(sample.lines(), "1:16 PyTuple_GET_ITEM fixable x2\n");
  EXPECT_EQ(sample.fixed(), "#define ARG(t) PyTuple_GetItem(t, 0)\n"
                            "PyObject *f(PyObject *t) { return ARG(t); }\n"
                            "PyObject *g(PyObject *t) { return ARG(t); }\n");
}

TEST(Match, CastsInAMacroBodyAreTheUnionOverExpansions) {
  EXPECT_EQ(fixedC("typedef struct { PyVarObject head; } Row;\n"
                   "#define N(t) PyTuple_GET_SIZE(t)\n"
                   "Py_ssize_t f(PyObject *t, Row *r) { return N(t) + N(r) + N(t); }\n"),
            "typedef struct { PyVarObject head; } Row;\n"
            "#define N(t) PyTuple_Size((PyObject *)(t))\n"
            "Py_ssize_t f(PyObject *t, Row *r) { return N(t) + N(r) + N(t); }\n");
}

TEST(Match, NestedMacros) {
  EXPECT_EQ(fixedC("#define A(t) PyTuple_GET_SIZE(t)\n#define B(t) (A(t) + 1)\n"
                   "#define C(t) B(t)\n"
                   "Py_ssize_t f(PyObject *t) { return C(PyTuple_GET_ITEM(t, 0)); }\n"),
            "#define A(t) PyTuple_Size(t)\n#define B(t) (A(t) + 1)\n"
            "#define C(t) B(t)\n"
            "Py_ssize_t f(PyObject *t) { return C(PyTuple_GetItem(t, 0)); }\n");
}

TEST(Match, NestedCalls) {
  EXPECT_EQ(fixedC("PyObject *f(PyObject *t) {\n"
                   "  return PyTuple_GET_ITEM(PyTuple_GET_ITEM(t, 0),\n"
                   "                          PyTuple_GET_SIZE(PyTuple_GET_ITEM(t, 1)) - 1);\n}\n"),
            "PyObject *f(PyObject *t) {\n"
            "  return PyTuple_GetItem(PyTuple_GetItem(t, 0),\n"
            "                          PyTuple_Size(PyTuple_GetItem(t, 1)) - 1);\n}\n");
}

TEST(Match, AnAlias) {
  EXPECT_EQ(fixedC("#define ACC PyTuple_GET_SIZE\n"
                   "Py_ssize_t f(PyObject *t) { return ACC(t); }\n"),
            "#define ACC PyTuple_Size\n"
            "Py_ssize_t f(PyObject *t) { return ACC(t); }\n");
}

TEST(Match, AnAliasThatNeedsACastIsForTheAuthor) {
  EXPECT_EQ(linesC("typedef struct { PyVarObject head; } Row;\n#define ACC PyTuple_GET_SIZE\n"
                   "Py_ssize_t f(PyObject *t, Row *r) { return ACC(t) + ACC(r); }\n"),
            "2:13 PyTuple_GET_SIZE manual x2\n");
}

TEST(Match, ANameHandedToAMacro) {
  EXPECT_EQ(fixedC("#define APPLY(F, x) F(x)\n"
                   "Py_ssize_t f(PyObject *t) { return APPLY(PyTuple_GET_SIZE, t); }\n"),
            "#define APPLY(F, x) F(x)\n"
            "Py_ssize_t f(PyObject *t) { return APPLY(PyTuple_Size, t); }\n");
}

TEST(Match, APastedNameIsReported) {
  EXPECT_EQ(linesC("#define GET(x, t) PyTuple_GET_##x(t)\n"
                   "Py_ssize_t f(PyObject *t) { return GET(SIZE, t); }\n"),
            "2:36 PyTuple_GET_SIZE manual\n");
}

TEST(Match, ANameFromTheCommandLineIsReported) {
  Sample sample;
  sample.flags = {"-DACC=PyTuple_GET_SIZE"};
  sample.look("Py_ssize_t f(PyObject *t) { return ACC(t); }\n");
  EXPECT_EQ(sample.lines(), "1:36 PyTuple_GET_SIZE manual\n");
}

TEST(Match, StringAndUseInOneMacro) {
  EXPECT_EQ(fixedC("#include <assert.h>\n"
                   "#define CHECK(x) do { if (!(x)) PyErr_SetString(PyExc_ValueError, #x); } while (0)\n"
                   "void f(PyObject *t) { CHECK(PyTuple_GET_SIZE(t)); }\n"),
            "#include <assert.h>\n"
            "#define CHECK(x) do { if (!(x)) PyErr_SetString(PyExc_ValueError, #x); } while (0)\n"
            "void f(PyObject *t) { CHECK(PyTuple_Size(t)); }\n");
}

TEST(Match, AnArgumentUsedTwiceIsOneFinding) {
  EXPECT_EQ(linesC("#define TWICE(x) ((x) + (x))\n"
                   "Py_ssize_t f(PyObject *t) { return TWICE(PyTuple_GET_SIZE(t)); }\n"),
            "2:42 PyTuple_GET_SIZE fixable\n");
}

TEST(Match, Sizeof) {
  EXPECT_EQ(linesC("int f(PyObject *t) { return sizeof(PyTuple_GET_SIZE(t)); }\n"),
            "1:36 PyTuple_GET_SIZE manual\n");
}

TEST(Match, IfdefOfAnAccessorStaysTrue) {
  EXPECT_EQ(linesC("#ifndef PyTuple_GET_SIZE\n#error gone\n#endif\n"), "");
}

// --- shadowing ------------------------------------------------------------

TEST(Match, NamesThatAreTheUsersOwn) {
  EXPECT_EQ(linesC("int f(void) { int PyTuple_GET_SIZE = 3; return PyTuple_GET_SIZE; }\n"), "");
  EXPECT_EQ(linesCxx("namespace n { int _PyObject_GetDictPtr(int x) { return x; } }\n"
                     "int f() { return n::_PyObject_GetDictPtr(3); }\n"),
            "");
  EXPECT_EQ(linesC("struct mine { int ob_type, ob_size; };\n"
                   "int f(struct mine *m) { return m->ob_type + m->ob_size; }\n"),
            "");
  EXPECT_EQ(linesC("#define PyTuple_GetItemOf(x) x\nstatic int PyTuple_GET_SIZE_x;\n"), "");
}

TEST(Match, ANameThatIsNotCalled) {
  EXPECT_EQ(linesC("Py_ssize_t (*f)(PyObject *) = PyTuple_Size;\n"
                   "int (*g)(PyObject *, char **) = 0;\n"
                   "void *h = (void *)_PyObject_GetDictPtr;\n"),
            "3:19 _PyObject_GetDictPtr manual\n");
}

// --- C --------------------------------------------------------------------

TEST(Match, DesignatedInitialisers) {
  EXPECT_EQ(fixedC("struct s { Py_ssize_t n; int ob_type; };\n"
                   "void g(struct s *);\n"
                   "void f(PyObject *t) {\n"
                   "  struct s a = {.n = PyTuple_GET_SIZE(t), .ob_type = 1};\n"
                   "  g(&a);\n  g(&(struct s){.n = PyTuple_GET_SIZE(t)});\n}\n"),
            "struct s { Py_ssize_t n; int ob_type; };\n"
            "void g(struct s *);\n"
            "void f(PyObject *t) {\n"
            "  struct s a = {.n = PyTuple_Size(t), .ob_type = 1};\n"
            "  g(&a);\n  g(&(struct s){.n = PyTuple_Size(t)});\n}\n");
}

TEST(Match, StatementExpressions) {
  EXPECT_EQ(fixedC("Py_ssize_t f(PyObject *t) {\n"
                   "  return ({ PyObject *i = PyTuple_GET_ITEM(t, 0); PyTuple_GET_SIZE(i); });\n}\n"),
            "Py_ssize_t f(PyObject *t) {\n"
            "  return ({ PyObject *i = PyTuple_GetItem(t, 0); PyTuple_Size(i); });\n}\n");
}

TEST(Match, GenericSelections) {
  EXPECT_EQ(fixedC("int f(PyObject *t) {\n"
                   "  return _Generic(PyTuple_GET_SIZE(t), int: 1, default: "
                   "(int)PyTuple_GET_SIZE(t));\n}\n"),
            "int f(PyObject *t) {\n"
            "  return _Generic(PyTuple_Size(t), int: 1, default: (int)PyTuple_Size(t));\n}\n");
}

TEST(Match, OldStyleDefinitions) {
  EXPECT_EQ(fixedC("static Py_ssize_t f(t, i) PyObject *t; int i; { return PyTuple_GET_SIZE(t) + i; }\n"),
            "static Py_ssize_t f(t, i) PyObject *t; int i; { return PyTuple_Size(t) + i; }\n");
}

TEST(Match, TypeofAndVla) {
  EXPECT_EQ(fixedC("void f(PyObject *t) {\n  char a[PyTuple_GET_SIZE(t)];\n"
                   "  __typeof__(PyTuple_GET_SIZE(t)) n = sizeof a;\n  (void)n;\n}\n"),
            "void f(PyObject *t) {\n  char a[PyTuple_Size(t)];\n"
            "  __typeof__(PyTuple_Size(t)) n = sizeof a;\n  (void)n;\n}\n");
}

TEST(Match, FieldsThroughCastsAndDots) {
  EXPECT_EQ(fixedC("typedef struct { PyObject_HEAD int n; } Foo;\n"
                   "Foo all[2];\n"
                   "PyTypeObject *f(Foo *p, PyObject *o) {\n"
                   "  PyTypeObject *a = o->ob_type, *b = ((PyObject *)p)->ob_type;\n"
                   "  a = p->ob_base.ob_type;\n"
                   "  b = all[0].ob_base.ob_type;\n"
                   "  return a ? a : b;\n}\n"),
            "typedef struct { PyObject_HEAD int n; } Foo;\n"
            "Foo all[2];\n"
            "PyTypeObject *f(Foo *p, PyObject *o) {\n"
            "  PyTypeObject *a = Py_TYPE(o), *b = Py_TYPE((PyObject *)p);\n"
            "  a = Py_TYPE((PyObject *)p);\n"
            "  b = Py_TYPE((PyObject *)&all[0]);\n"
            "  return a ? a : b;\n}\n");
}

TEST(Match, Reassignments) {
  EXPECT_EQ(fixedC("void f(PyObject *l, PyObject *o) { Py_ssize_t n = PyList_GET_SIZE(l); (void)n; }\n"),
            "void f(PyObject *l, PyObject *o) { Py_ssize_t n = PyList_Size(l); (void)n; }\n");
}

// --- C++ ------------------------------------------------------------------

TEST(MatchCxx, PythonInAnExternCBlock) {
  Sample sample;
  sample.cxx = sample.noPython = true;
  sample.look("extern \"C\" {\n#include <Python.h>\n}\nstruct Row;\n"
              "Py_ssize_t f(PyObject *t, Row *r) { return PyTuple_GET_SIZE(t) + PyTuple_GET_SIZE(r); }\n");
  EXPECT_EQ(sample.fixed(),
            "extern \"C\" {\n#include <Python.h>\n}\nstruct Row;\n"
            "Py_ssize_t f(PyObject *t, Row *r) { return PyTuple_Size(t) + "
            "PyTuple_Size((PyObject *)r); }\n");
}

TEST(MatchCxx, TemplatesAreTheUnionOfTheirInstances) {
  EXPECT_EQ(fixedCxx("struct Row { PyVarObject head; };\n"
                     "template <class T> Py_ssize_t size(T *t) { return PyTuple_GET_SIZE(t); }\n"
                     "Py_ssize_t f(PyObject *t, Row *r) { return size(t) + size(r); }\n"),
            "struct Row { PyVarObject head; };\n"
            "template <class T> Py_ssize_t size(T *t) { return PyTuple_Size((PyObject *)t); }\n"
            "Py_ssize_t f(PyObject *t, Row *r) { return size(t) + size(r); }\n");
}

TEST(MatchCxx, ATemplateWithoutAnInstanceIsUnseen) {
  EXPECT_EQ(linesCxx("template <class T> Py_ssize_t size(T *t) { return PyTuple_GET_SIZE(t); }\n"),
            "1:51 PyTuple_GET_SIZE unseen\n");
}

TEST(MatchCxx, ATemplateWithoutAnInstanceWhoseCodeDoesNotDepend) {
  EXPECT_EQ(linesCxx("template <class T> Py_ssize_t size(PyObject *t) { return PyTuple_GET_SIZE(t); }\n"),
            "1:58 PyTuple_GET_SIZE unseen\n");
}

TEST(MatchCxx, ClassesWithConversions) {
  EXPECT_EQ(fixedCxx("struct Ref {\n  operator PyObject *() const;\n  operator const char *() const;\n"
                     "  operator bool() const;\n};\n"
                     "Py_ssize_t f(Ref r) { return PyTuple_GET_SIZE(r); }\n"),
            "struct Ref {\n  operator PyObject *() const;\n  operator const char *() const;\n"
            "  operator bool() const;\n};\n"
            "Py_ssize_t f(Ref r) { return PyTuple_Size(r); }\n");
}

TEST(MatchCxx, Lambdas) {
  EXPECT_EQ(fixedCxx("auto f = [](PyObject *t) { return PyTuple_GET_SIZE(t); };\n"
                     "Py_ssize_t g(PyObject *t) {\n"
                     "  auto h = [&](PyObject *x) { return PyTuple_GET_SIZE(x) + PyTuple_GET_SIZE(t); };\n"
                     "  return h(t) + f(t);\n}\n"),
            "auto f = [](PyObject *t) { return PyTuple_Size(t); };\n"
            "Py_ssize_t g(PyObject *t) {\n"
            "  auto h = [&](PyObject *x) { return PyTuple_Size(x) + PyTuple_Size(t); };\n"
            "  return h(t) + f(t);\n}\n");
}

TEST(MatchCxx, NullsAndBraces) {
  EXPECT_EQ(fixedCxx("Py_ssize_t f() { return PyTuple_GET_SIZE(nullptr) + PyTuple_GET_SIZE(NULL); }\n"),
            "Py_ssize_t f() { return PyTuple_Size(nullptr) + PyTuple_Size(NULL); }\n");
}

TEST(MatchCxx, RangesDefaultsAndMembers) {
  EXPECT_EQ(fixedCxx("struct S {\n  PyObject *t;\n  Py_ssize_t n = PyTuple_GET_SIZE(t);\n"
                     "  S(PyObject *x) : t(PyTuple_GET_ITEM(x, 0)) {}\n"
                     "  Py_ssize_t size(Py_ssize_t d = 0) const { return PyTuple_GET_SIZE(this->t) + d; }\n"
                     "};\n"),
            "struct S {\n  PyObject *t;\n  Py_ssize_t n = PyTuple_Size(t);\n"
            "  S(PyObject *x) : t(PyTuple_GetItem(x, 0)) {}\n"
            "  Py_ssize_t size(Py_ssize_t d = 0) const { return PyTuple_Size(this->t) + d; }\n"
            "};\n");
}

TEST(MatchCxx, RawStringsAndTemplatesInArguments) {
  EXPECT_EQ(fixedCxx("template <class A, class B> PyObject *get(const char *);\n"
                     "Py_ssize_t f() { return PyTuple_GET_SIZE((get<int, int>(R\"(a,\")\"))); }\n"),
            "template <class A, class B> PyObject *get(const char *);\n"
            "Py_ssize_t f() { return PyTuple_Size((get<int, int>(R\"(a,\")\"))); }\n");
}

// --- files ----------------------------------------------------------------

TEST(MatchFiles, AUnityIncludeIsEditedWhereItStands) {
  Sample sample;
  sample.folder.write("part.c", "Py_ssize_t g(PyObject *t) { return PyTuple_GET_SIZE(t); }\n");
  sample.look("#include \"part.c\"\n");
  EXPECT_EQ(sample.lines(), "part.c:1:36 PyTuple_GET_SIZE fixable\n");
  EXPECT_EQ(sample.fixed("part.c"), "Py_ssize_t g(PyObject *t) { return PyTuple_Size(t); }\n");
}

TEST(MatchFiles, AHeaderByTwoNamesIsOneFile) {
  Sample sample;
  sample.folder.write("sub/h.h", "#pragma once\n"
                                 "static inline Py_ssize_t g(PyObject *t) { return PyTuple_GET_SIZE(t); }\n");
  ASSERT_FALSE(llvm::sys::fs::create_link(sample.folder.path + "/sub", sample.folder.path + "/link"));
  sample.look("#include \"link/h.h\"\n#include \"sub/../sub/h.h\"\n#include \"sub/h.h\"\n");
  EXPECT_EQ(sample.lines(), "sub/h.h:2:50 PyTuple_GET_SIZE fixable\n");
}

TEST(MatchFiles, TheMacroOfAHeaderIsEditedThere) {
  Sample sample;
  sample.folder.write("h.h", "#define N(t) PyTuple_GET_SIZE(t)\n");
  sample.look("#include \"h.h\"\nPy_ssize_t f(PyObject *t) { return N(t) + N(PyTuple_GET_ITEM(t, 0)); }\n");
  EXPECT_EQ(sample.lines(), "2:45 PyTuple_GET_ITEM fixable\nh.h:1:14 PyTuple_GET_SIZE fixable x2\n");
}

TEST(MatchFiles, CarriageReturns) {
  EXPECT_EQ(fixedC("#define N(t) \\\r\n  PyTuple_GET_SIZE(t)\r\n"
                   "Py_ssize_t f(PyObject *t) {\r\n  return N(t) + PyTuple_GET_SIZE(\r\n    t);\r\n}\r\n"),
            "#define N(t) \\\r\n  PyTuple_Size(t)\r\n"
            "Py_ssize_t f(PyObject *t) {\r\n  return N(t) + PyTuple_Size(\r\n    t);\r\n}\r\n");
}

TEST(MatchFiles, BytesThatAreNotUtf8) {
  EXPECT_EQ(fixedC("/* \xe9 */ const char *s = \"\xe9\";\n"
                   "Py_ssize_t f(PyObject *t) { return /* \xff */ PyTuple_GET_SIZE(/* \xfe */ t); }\n"),
            "/* \xe9 */ const char *s = \"\xe9\";\n"
            "Py_ssize_t f(PyObject *t) { return /* \xff */ PyTuple_Size(/* \xfe */ t); }\n");
}

// --- the limit ------------------------------------------------------------

TEST(MatchLimit, InactiveBranchesAreUnseen) {
  EXPECT_EQ(linesC("#if PY_VERSION_HEX < 0x03000000\n"
                   "Py_ssize_t g(PyObject *t) { return PyTuple_GET_SIZE(t) + t->ob_refcnt; }\n"
                   "#endif\n#define NEVER(t) PyTuple_GET_ITEM(t, 0)\n"),
            "2:36 PyTuple_GET_SIZE unseen\n2:61 ob_refcnt unseen\n"
            "4:18 PyTuple_GET_ITEM unseen x0\n");
}

TEST(MatchLimit, TheFloorDecides) {
  if (Sample::headers().minor < 10)
    GTEST_SKIP() << "PyModule_AddObjectRef needs headers from 3.10 on";
  auto at = [](unsigned floor) {
    Sample sample;
    sample.floor = {floor};
    sample.look("void f(PyObject *m, PyObject *o) { PyModule_AddObjectRef(m, \"o\", o); }\n");
    return sample.lines();
  };
  EXPECT_EQ(at(9), "1:36 PyModule_AddObjectRef fixable\n");
  EXPECT_EQ(at(10), "");
}

TEST(MatchLimit, ASourceThatLimitsItself) {
  Sample sample;
  sample.noPython = true;
  sample.look("#define Py_LIMITED_API 0x030B0000\n#include <Python.h>\n"
              "Py_ssize_t f(PyObject *t) { return PyTuple_GET_SIZE(t) + (t->ob_type != 0); }\n");
  EXPECT_EQ(sample.lines(), "3:36 PyTuple_GET_SIZE fixable\n3:62 ob_type fixable\n");
}

TEST(MatchLimit, CodeForDebuggingIsNotLeftOutByTheLimit) {
  Sample sample;
  sample.flags = {"-DNDEBUG"};
  sample.look("#ifdef Py_LIMITED_API\nint limited;\n#endif\n"
              "#ifndef NDEBUG\n"
              "Py_ssize_t f(PyObject *t) { return PyTuple_GET_SIZE(t); }\n"
              "#endif\n");
  EXPECT_EQ(sample.lines(), "5:36 PyTuple_GET_SIZE fixable\n");
}

TEST(MatchLimit, MacrosOfACompatHeaderArePythons) {
  Sample sample;
  sample.lookAtAll({{"pythoncapi_compat.h",
                     "#include <Python.h>\n"
                     "static inline Py_ssize_t old_size(PyObject *o) { return PyTuple_GET_SIZE(o); }\n"
                     "#ifdef Py_BEGIN_CRITICAL_SECTION\n"
                     "#undef Py_BEGIN_CRITICAL_SECTION\n"
                     "#undef Py_END_CRITICAL_SECTION\n"
                     "#endif\n"
                     "#define Py_BEGIN_CRITICAL_SECTION(o) {\n"
                     "#define Py_END_CRITICAL_SECTION() }\n"},
                    {"a.c", "#include \"pythoncapi_compat.h\"\n"
                            "#define Py_OWN(o) {\n"
                            "void f(PyObject *o) { Py_BEGIN_CRITICAL_SECTION(o); Py_END_CRITICAL_SECTION(); }\n"
                            "void g(PyObject *o) { Py_OWN(o) } }\n"}});
  unsigned inSource = 0;
  for (const Finding &finding : sample.findings)
    inSource += llvm::StringRef(finding.file).ends_with("a.c") && finding.rule == "critical-section" && finding.hasEdit();
  EXPECT_EQ(inSource, 2u);
}

TEST(MatchLimit, WhatTheProjectLeavesOutIsNoUse) {
  EXPECT_EQ(linesC("#ifndef Py_LIMITED_API\n"
                   "Py_ssize_t f(PyObject *t) { return PyTuple_GET_SIZE(t); }\n"
                   "#if PY_VERSION_HEX < 0x03000000\n"
                   "Py_ssize_t g(PyObject *t) { return PyTuple_GET_SIZE(t); }\n"
                   "#endif\n"
                   "#define N(t) PyTuple_GET_SIZE(t)\n"
                   "#else\n"
                   "Py_ssize_t f(PyObject *t) { return PyTuple_Size(t); }\n"
                   "#endif\n"),
            "");
}

TEST(Match, AMacroOfTheUsersOwn) {
  EXPECT_EQ(linesC("#undef PyTuple_GET_SIZE\n#define PyTuple_GET_SIZE(x) own(x)\n"
                   "static int own(int x) { return x; }\n"
                   "int f(void) { return PyTuple_GET_SIZE(3); }\n"),
            "");
}

TEST(MatchCxx, AnArrowOfTheUsersOwn) {
  EXPECT_EQ(linesCxx("struct Ref { PyObject *operator->() const; };\n"
                     "bool f(Ref r) { return r->ob_type != nullptr; }\n"),
            "2:27 ob_type manual\n");
}

TEST(MatchCxx, GenericLambdas) {
  EXPECT_EQ(fixedCxx("Py_ssize_t g(PyObject *t) {\n"
                     "  auto h = [&](auto *x) { return PyTuple_GET_SIZE(x); };\n  return h(t);\n}\n"),
            "Py_ssize_t g(PyObject *t) {\n"
            "  auto h = [&](auto *x) { return PyTuple_Size(x); };\n  return h(t);\n}\n");
}

TEST(MatchCxx, AnImplicitThisWithTheHeadSpelled) {
  EXPECT_EQ(fixedCxx("struct Row { PyObject_HEAD PyTypeObject *ty() { return ob_base.ob_type; } };\n"),
            "struct Row { PyObject_HEAD PyTypeObject *ty() { return Py_TYPE((PyObject *)this); } };\n");
}

// A tuple that other code can reach when it is filled.
TEST(FreshContainer, TheValueOfTheDefinitionGoesOn) {
  EXPECT_EQ(linesC("int f(PyObject *list, PyObject *x) { PyObject *t;\n"
                   "  if (PyList_Append(list, t = PyTuple_New(1)) < 0) return -1;\n"
                   "  PyTuple_SET_ITEM(t, 0, x); return 0; }\n"),
            "3:3 PyTuple_SET_ITEM manual\n");
}

TEST(FreshContainer, ItsAddressIsTaken) {
  EXPECT_EQ(linesC("void stash(PyObject *);\n"
                   "void f(PyObject *x) { PyObject *t; PyObject **p = &t; t = PyTuple_New(1);\n"
                   "  stash(*p); PyTuple_SET_ITEM(t, 0, x); }\n"),
            "3:14 PyTuple_SET_ITEM manual\n");
}

TEST(FreshContainer, AFunctionOfTheUsersWithAHarmlessName) {
  EXPECT_EQ(linesC("Py_ssize_t my_GET_SIZE(PyObject *);\n"
                   "void f(PyObject *x) { PyObject *t = PyTuple_New(1); my_GET_SIZE(t);\n"
                   "  PyTuple_SET_ITEM(t, 0, x); }\n"),
            "3:3 PyTuple_SET_ITEM manual\n");
}

TEST(FreshContainer, ASlotMadeNullHoldsNothing) {
  Sample sample;
  sample.look("void f(PyObject *x, int k) { PyObject *t = PyTuple_New(1);\n"
              "PyTuple_SET_ITEM(t, k, NULL); PyTuple_SET_ITEM(t, k, x);\n"
              "PyTuple_SET_ITEM(t, k, x); }\n");
  ASSERT_EQ(sample.findings.size(), 3u);
  EXPECT_EQ(sample.findings[0].safety, Safety::Safe);
  EXPECT_EQ(sample.findings[1].safety, Safety::Safe);
  EXPECT_EQ(sample.findings[2].safety, Safety::Review);
}

// Held by an object of a class that owns a pointer: what leaves the class makes the tuple known to others.
TEST(FreshContainer, HeldByAnObject) {
  const std::string owned = "struct Owned { PyObject *p; Owned(PyObject *o) : p(o) {} ~Owned() { Py_XDECREF(p); }\n"
                            "PyObject *get() const { return p; } operator void *() const { return static_cast<void *>(p); }\n"
                            "void set(PyObject *o) { p = o; } bool publish() const { return PyList_Append(p, p) == 0; } };\n"
                            "void keep(Owned &); void look(PyObject *);\n";
  auto fill = [&](const std::string &between) {
    return linesCxx(owned + "void f(PyObject *x) { Owned t(PyTuple_New(1)); if (!t) return; " + between +
                    "\nPyTuple_SET_ITEM(t.get(), 0, x); }\n");
  };
  EXPECT_EQ(fill(""), "6:1 PyTuple_SET_ITEM fixable\n");
  EXPECT_EQ(fill("if (t.get() == nullptr) return;"), "6:1 PyTuple_SET_ITEM fixable\n");
  for (const char *between : {"keep(t);", "look(t.get());", "t.set(x);", "if (t.publish()) return;", "Owned u = t;",
                              "auto g = [&] { look(t.get()); }; g();", "PyObject *p = t.get(); look(p);"})
    EXPECT_EQ(fill(between), "6:1 PyTuple_SET_ITEM manual\n") << between;
}

TEST(FreshContainer, NullTestsAndCleanUpAreKnown) {
  EXPECT_EQ(fixedC("int f(PyObject *x) { PyObject *t; if (!(t = PyTuple_New(1))) return -1;\n"
                   "  PyTuple_SET_ITEM(t, 0, x); Py_CLEAR(t); return 0; }\n"),
            "int f(PyObject *x) { PyObject *t; if (!(t = PyTuple_New(1))) return -1;\n"
            "  PyTuple_SetItem(t, 0, x); Py_CLEAR(t); return 0; }\n");
}

TEST(MatchNames, ALocalOfTheTemplateIsTaken) {
  EXPECT_EQ(linesC("void f(PyObject **p, PyObject *py_old) { Py_XSETREF(*p, py_old); }\n"),
            "1:42 Py_XSETREF manual\n");
}

TEST(MatchUse, TheValueOfAnAssignmentIsUsed) {
  EXPECT_EQ(linesC("void f(PyObject *o, PyTypeObject *t) { PyTypeObject *x; x = o->ob_type = t; }\n"),
            "1:64 ob_type manual\n");
}

TEST(UnicodeRead, AShadowedString) {
  EXPECT_EQ(linesC("Py_UCS4 f(PyObject *u, PyObject *other) { Py_UCS4 c; int kind = PyUnicode_KIND(u);\n"
                   "  void *data = PyUnicode_DATA(u);\n"
                   "  { PyObject *u = other; (void)u; c = PyUnicode_READ(kind, data, 0); } return c; }\n"),
            "1:65 PyUnicode_KIND manual\n2:16 PyUnicode_DATA manual\n"
            "3:39 PyUnicode_READ manual\n");
}

TEST(MatchOpaque, HeldByValue) {
  EXPECT_EQ(linesC("typedef struct { PyObject_HEAD PyTypeObject inner; } Inner;\n"
                   "PyTypeObject table[2];\n"
                   "size_t f(void) { return sizeof(PyTypeObject); }\n"),
            "1:45 PyTypeObject manual\n2:14 PyTypeObject manual\n3:32 PyTypeObject manual\n");
}
