// What a project tells the headers, and what it asks of them.
#include "match_support.h"

using namespace abi3ify;

/// "symbol state: reason" for each finding of a rule.
static std::string said(const Sample &sample, llvm::StringRef rule) {
  std::string result;
  for (const Finding &finding : sample.findings)
    if (finding.rule == rule)
      result += finding.symbol + " " + name(finding.state).str() + ": " + finding.reason + "\n";
  return result;
}

TEST(BuildMacros, FlagsAreNamedWithTheirUnitAndSaidOnce) {
  Sample sample;
  sample.flags = {"-DPy_LIMITED_API=3", "-D", "Py_BUILD_CORE_MODULE", "-DOTHER=1"};
  sample.lookAtAll({{"a.c", "int a;\n"}, {"b.c", "int b;\n"}});
  EXPECT_EQ(said(sample, "limited-api-value"),
            "-DPy_LIMITED_API=3 manual: the value 3 stands for 3.2: what was added between that "
            "and 3.11 is hidden; it is for the build settings\n");
  EXPECT_TRUE(llvm::StringRef(said(sample, "limited-api-conflict"))
                  .starts_with("-DPy_BUILD_CORE_MODULE=1 manual: it opens"));
  EXPECT_EQ(sample.findings[0].range, (Range{0, 0}));
  EXPECT_TRUE(llvm::StringRef(sample.findings[0].message).contains("a flag of a.c"));
}

TEST(BuildMacros, AFlagOfAnotherFloorIsAdvice) {
  Sample sample;
  sample.flags = {"-DPy_LIMITED_API=0x03080000"};
  sample.look("int a;\n");
  EXPECT_TRUE(llvm::StringRef(said(sample, "limited-api-value"))
                  .starts_with("-DPy_LIMITED_API=0x03080000 advice: it stands for 3.8"));
  Sample last;
  last.flags = {"-DPy_LIMITED_API=3", "-UPy_LIMITED_API", "-DPy_LIMITED_API=0x030B0000"};
  last.look("int a;\n");
  EXPECT_EQ(said(last, "limited-api-value"), "");
}

TEST(BuildMacros, OnlyAUnitThatReadsThePythonHeaders) {
  Sample sample;
  sample.noPython = true;
  sample.flags = {"-DPy_LIMITED_API=3"};
  sample.look("#define Py_BUILD_CORE\nint a;\n");
  EXPECT_TRUE(sample.findings.empty());
}

TEST(BuildMacros, AnExpressionIsNotJudged) {
  Sample sample;
  sample.noPython = true;
  sample.look("#define FLOOR 0x03080000\n#define Py_LIMITED_API FLOOR\n#include <Python.h>\n");
  EXPECT_TRUE(sample.findings.empty());
}

TEST(VersionTest, CodeOfTheLeftOutBranchIsNoUse) {
  Sample sample;
  sample.look("#if PY_VERSION_HEX >= 0x030D0000\n"
              "#define LOCK(m) PyMutex_Lock(m)\n"
              "#else\n"
              "#define LOCK(m) (void)m\n"
              "#endif\n"
              "#if PY_VERSION_HEX < 0x030D0000\n"
              "Py_ssize_t size(PyObject *t) { return PyTuple_GET_SIZE(t); }\n"
              "#else\n"
              "Py_ssize_t size(PyObject *t) { return _PyTuple_SIZE(t); }\n"
              "#endif\n");
  EXPECT_EQ(sample.lines(), "1:5 PY_VERSION_HEX fixable\n"
                            "6:5 PY_VERSION_HEX fixable\n"
                            "7:39 PyTuple_GET_SIZE fixable\n");
}

TEST(VersionTest, TwoComparisonsAreOneEdit) {
  Sample sample;
  sample.look("#if PY_VERSION_HEX >= 0x030C0000 && PY_VERSION_HEX < 0x030E0000\n"
              "int between;\n"
              "#elif PY_VERSION_HEX > 0x030E0000 /* new */\n"
              "int after;\n"
              "#endif\n");
  ASSERT_EQ(sample.findings.size(), 3u);
  EXPECT_EQ(sample.findings[0].group, sample.findings[1].group);
  EXPECT_NE(sample.findings[0].group, sample.findings[2].group);
  EXPECT_EQ(sample.fixed(),
            "#if (defined(Py_LIMITED_API) ? Py_LIMITED_API+0 >= 0x030C0000 : PY_VERSION_HEX >= "
            "0x030C0000) && (defined(Py_LIMITED_API) ? Py_LIMITED_API+0 < 0x030E0000 : "
            "PY_VERSION_HEX < 0x030E0000)\n"
            "int between;\n"
            "#elif (defined(Py_LIMITED_API) ? Py_LIMITED_API+0 >= 0x030E0000 : PY_VERSION_HEX > "
            "0x030E0000) /* new */\n"
            "int after;\n"
            "#endif\n");
}

TEST(VersionTest, TheEditIsFoundRight) {
  Sample sample;
  sample.look("#if PY_VERSION_HEX >= 0x030C0000\nint is_new;\n#endif\r\n");
  Sample second;
  second.look(sample.fixed());
  EXPECT_TRUE(second.findings.empty());
}

TEST(VersionTest, SplicesCommentsAndNestedConditions) {
  Sample sample;
  sample.look("#if defined(A) || \\\n"
              "    (PY_VERSION_HEX /* hex */ >= 0x030C0000)\n"
              "/*\n#endif\n*/\n"
              "#if 0\n"
              "#endif\n"
              "int is_new;\n"
              "#endif\n");
  EXPECT_EQ(sample.fixed(),
            "#if defined(A) || \\\n"
            "    (defined(Py_LIMITED_API) ? Py_LIMITED_API+0 >= 0x030C0000 : PY_VERSION_HEX /* hex "
            "*/ >= 0x030C0000)\n"
            "/*\n#endif\n*/\n"
            "#if 0\n"
            "#endif\n"
            "int is_new;\n"
            "#endif\n");
}

TEST(VersionTest, WhatDoesNotMatterIsNotSaid) {
  for (const char *text : {
           "#if PY_VERSION_HEX >= 0x03080000\nint old;\n#endif\n",
           "#if PY_VERSION_HEX >= 0x030B00A1\nint floor_itself;\n#endif\n",
           "#if PY_MAJOR_VERSION == 2 && PY_MINOR_VERSION >= 7\nint two;\n#endif\n",
           "#if PY_VERSION_HEX >= 0x030C0000\n#error too new\n#endif\n",
           "int list[] = {\n#if PY_VERSION_HEX >= 0x030C0000 /* one more */\n0,\n#endif\n0};\n",
           "#ifndef Py_LIMITED_API\n#if PY_VERSION_HEX >= 0x030C0000\nint full;\n#endif\n#endif\n",
       }) {
    Sample sample;
    sample.look(text);
    EXPECT_EQ(sample.lines(), "") << text;
  }
}

TEST(VersionTest, AnIncludeThatNobodyHasReadIsLeftToTheAuthor) {
  auto with = [](const char *include) {
    return std::string("#if PY_VERSION_HEX >= 0x030A0000\nint is_new;\n#else\n#include ") +
           include + "\n#endif\n";
  };
  Sample sample;
  sample.floor = {9};
  sample.lookAtAll({{"old.h", "PyObject *f(PyObject *t) { return PyTuple_GET_ITEM(t, 0); }\n"},
                    {"a.c", with("\"old.h\"")}});
  EXPECT_EQ(sample.lines(), "1:5 PY_VERSION_HEX manual\n");
  EXPECT_TRUE(llvm::StringRef(sample.reasons("version-test"))
                  .starts_with("PY_VERSION_HEX: the edit would turn on an #include of 'old.h'"));
  for (const std::string &text :
       {with("<stdint.h>"), "#include \"old.h\"\n" + with("\"old.h\"")}) {
    Sample other;
    other.floor = {9};
    other.lookAtAll({{"old.h", "#define OLD 1\n"}, {"a.c", text}});
    EXPECT_TRUE(llvm::StringRef(other.lines()).ends_with(":5 PY_VERSION_HEX fixable\n")) << text;
  }
}

TEST(VersionTest, MacrosWithParametersByWhatTheyAreGiven) {
  Sample sample;
  sample.lookAtAll({{"need.h", "#define NEED(a, b) (PY_VERSION_HEX >= ((a << 24) | (b << 16)))\n"
                               "#define SINCE(b) NEED(3, b)\n"},
                    {"a.c", "#include \"need.h\"\n"
                            "#if NEED(3, 8) && SINCE(9)\n"
                            "int f(void) { return SINCE(13); }\n"
                            "#endif\n"}});
  EXPECT_EQ(sample.lines(), "need.h:1:9 NEED manual\n");
  EXPECT_TRUE(llvm::StringRef(sample.reasons("version-test"))
                  .contains("as in line 4 of a.c, and 'defined'"));
}

TEST(VersionTest, ComparisonsInCode) {
  Sample sample;
  sample.look("int f(void) { return (PY_VERSION_HEX) < 0x030D0000 || 12 < PY_MINOR_VERSION; }\n"
              "int g(void) { return PY_MAJOR_VERSION >= 3 && PY_VERSION_HEX > 0x03090000; }\n"
              "_Static_assert(PY_VERSION_HEX < 0x030F0000, \"\");\n"
              "long h(void) { return PY_VERSION_HEX; }\n"
              "#if defined(Py_LIMITED_API)\n"
              "#define IS_NEW (Py_LIMITED_API >= 0x030D0000)\n"
              "#else\n"
              "#define IS_NEW (PY_VERSION_HEX >= 0x030D0000)\n"
              "#endif\n"
              "int i(void) { return IS_NEW; }\n");
  EXPECT_EQ(sample.lines(), "1:23 PY_VERSION_HEX manual\n"
                            "1:60 PY_MINOR_VERSION manual\n");
}

TEST(VersionTest, AHeaderThatUnitsShareIsEditedOnce) {
  Sample sample;
  sample.lookAtAll({{"c.h", "#if PY_VERSION_HEX < 0x030D0000\n#define OWN 1\n#endif\n"},
                    {"a.c", "#include \"c.h\"\n"},
                    {"b.c", "#include \"c.h\"\n"}});
  EXPECT_EQ(sample.lines(), "c.h:1:5 PY_VERSION_HEX fixable\n");
}

TEST(VersionRows, NewerThanTheFloor) {
  Sample sample;
  sample.floor = {9};
  sample.look("void *f(size_t n) { return PyMem_Calloc(n, 1); }\n"
              "PySendResult g(PyObject *i, PyObject **r) { return PyIter_Send(i, Py_None, r); }\n"
              "unsigned long flags = Py_TPFLAGS_DISALLOW_INSTANTIATION;\n");
  EXPECT_EQ(sample.lines(), "1:28 PyMem_Calloc fixable\n"
                            "2:1 PySendResult manual\n"
                            "2:52 PyIter_Send manual\n"
                            "3:23 Py_TPFLAGS_DISALLOW_INSTANTIATION manual\n");
}

TEST(VersionRows, WithoutAPromise) {
  Sample sample;
  sample.look("void f(wchar_t *name) { Py_SetProgramName(name); }\n");
  EXPECT_EQ(sample.lines(), "1:25 Py_SetProgramName manual\n");
}

TEST(VersionRows, MacrosOfOtherPackages) {
  TemporaryFolder other;
  other.write("array.h", "#define ARRAY_LENGTH(a) PyTuple_GET_SIZE((PyObject *)(a))\n");
  Sample sample;
  sample.flags = {"-isystem", other.path};
  sample.look("#include <array.h>\nPy_ssize_t f(PyObject *o) { return ARRAY_LENGTH(o); }\n");
  EXPECT_EQ(sample.lines(), "2:36 PyTuple_GET_SIZE manual\n");
}

TEST(VersionRows, OneNoteForAFileWithThreads) {
  Sample sample;
  sample.cxx = true;
  sample.look("#include <thread>\n"
              "static void a() { PyGILState_Release(PyGILState_Ensure()); }\n"
              "static void b() { PyGILState_Release(PyGILState_Ensure()); }\n"
              "void start() { std::thread(a).detach(); std::thread(b).detach(); }\n");
  EXPECT_EQ(sample.lines(), "2:38 PyGILState_Ensure advice\n");
}

TEST(VersionRows, ACopiedStructByItsTag) {
  Sample sample;
  sample.look("struct _frame { PyObject_HEAD PyObject *back; };\n");
  ASSERT_FALSE(sample.findings.empty());
  EXPECT_EQ(sample.findings[0].rule, "copied-struct");
}

/// The struct and what it is a copy of, by the messages of a text.
static std::string copies(const std::string &text) {
  Sample sample;
  sample.look(text);
  std::string result;
  for (const Finding &finding : sample.findings)
    if (finding.rule == "copied-struct")
      result += finding.symbol + ": " + finding.message + "\n";
  return result;
}

TEST(CopiedStruct, ByTheObjectsThatAreCastToIt) {
  const std::string any = "typedef struct { PyObject_HEAD double value; } Any;\n";
  const std::string copied = "Any: a copy of the layout of PyFloatObject\n";
  for (const char *code : {
           "double f(PyFloatObject *o) { return ((Any *)o)->value; }\n",
           "double f(void) { return ((Any *)PyFloat_FromDouble(1))->value; }\n",
           "double f(PyObject *o) { if (!PyFloat_CheckExact(o)) return 0;\n"
           "  Any *any = (Any *)o; return any->value; }\n",
           "double f(PyObject *args) { PyObject *o;\n"
           "  if (!PyArg_ParseTuple(args, \"O!\", &PyFloat_Type, &o)) return 0;\n"
           "  return ((Any *)o)->value; }\n",
       })
    EXPECT_EQ(copies(any + code), copied) << code;
  for (const char *code : {
           "double f(PyObject *o) { return ((Any *)o)->value; }\n",
           "double f(PyObject *o) { if (PyFloat_Check(o)) return 0; return ((Any *)o)->value; }\n",
           "double f(PyObject *o) { if (PyFloat_Check(o)) return PyFloat_AsDouble(o);\n"
           "  else return ((Any *)o)->value; }\n",
           "Any *f(PyTypeObject *t) { return (Any *)PyType_GenericAlloc(t, 0); }\n",
       })
    EXPECT_EQ(copies(any + code), "") << code;
}

TEST(CopiedStruct, ByItsLayoutWhereNothingMakesSuchObjects) {
  const std::string list =
      "typedef struct { PyObject_VAR_HEAD PyObject **ob_item; Py_ssize_t allocated; } Own;\n"
      "PyObject **f(PyObject *o) { return ((Own *)o)->ob_item; }\n";
  EXPECT_EQ(copies(list), "Own: a copy of the layout of PyListObject\n");
  EXPECT_EQ(copies(list + "PyType_Spec spec = {\"m.Own\", sizeof(Own), 0, 0, 0};\n"), "");
  EXPECT_EQ(copies("typedef struct { PyObject_VAR_HEAD char **ob_item; Py_ssize_t allocated; } Own;\n"
                   "char **f(PyObject *o) { return ((Own *)o)->ob_item; }\n"),
            "");
  EXPECT_EQ(copies("typedef struct { PyListObject list; Py_ssize_t allocated; } Own;\n"
                   "Own *f(PyObject *o) { return PyList_Check(o) ? (Own *)o : NULL; }\n"),
            "");
}

TEST(CopiedStruct, WithTheHeadSpelledOut) {
  EXPECT_EQ(copies("typedef struct { Py_ssize_t ob_refcnt; PyTypeObject *ob_type; double ob_fval; } "
                   "A;\n"
                   "typedef struct { Py_ssize_t ob_refcnt; PyTypeObject *ob_type; int own; } B;\n"
                   "typedef struct { Py_ssize_t ob_refcnt; int own; } C;\n"),
            "A: a copy of the layout of PyFloatObject\n"
            "B: a copy of the layout of PyObject\n");
}

TEST(VersionRows, ARealUseGoesBeforeAdvice) {
  Finding advice, use;
  advice.rule = "some-advice";
  advice.state = State::Advice;
  use.rule = "some-rule";
  for (auto findings : {std::vector{advice, use}, std::vector{use, advice}}) {
    auto merged = mergeMatches(findings);
    ASSERT_EQ(merged.size(), 1u);
    EXPECT_EQ(merged[0].rule, "some-rule");
    EXPECT_EQ(merged[0].state, State::Manual);
  }
}

// Whether the limit hides the constant decides what is said of it.
TEST(RedefinedConstant, SaysWhetherTheFloorHasIt) {
  Sample sample;
  sample.look("#undef Py_TPFLAGS_HEAPTYPE\n#define Py_TPFLAGS_HEAPTYPE (1UL << 9)\n"
              "#undef PyLong_BASE\n#define PyLong_BASE 30\n");
  EXPECT_EQ(said(sample, "redefined-constant"),
            "Py_TPFLAGS_HEAPTYPE manual: the Limited API has it at this floor, and its value is CPython's to "
            "change; leave out the #define\n"
            "PyLong_BASE manual: what the limit hides is not for this floor, and its value is CPython's to "
            "change; leave out what needs it where the headers have no such name\n");
}

TEST(VersionTest, OwnNamesThatNewerHeadersHide) {
  Sample sample;
  sample.floor = Floor{11};
  sample.look("#if PY_VERSION_HEX < 0x030D0000\n"
              "#define PyLong_AsInt(o) ((int)PyLong_AsLong(o))\n"
              "static int PyWeakref_GetRef(PyObject *r, PyObject **o) { *o = r; return 1; }\n#endif\n");
  EXPECT_TRUE(llvm::StringRef(sample.fixed()).starts_with("#if defined(Py_LIMITED_API) ? Py_LIMITED_API+0 < 0x030D0000 : "))
      << sample.fixed() << sample.reasons("version-test");
}
