// Format strings: their parts, where these are typed, and what the rules say.
#include "abi3ify/format-string.h"
#include "match_support.h"

using namespace abi3ify;

namespace {

/// "code@begin-end:argument+count" for each conversion, "..." for a rest that
/// is not understood.
std::string parts(FormatKind kind, llvm::StringRef text) {
  Format format = parseFormat(kind, text);
  std::string result;
  for (const Conversion &c : format.conversions)
    result += (result.empty() ? "" : " ") + c.flags + c.code + "@" +
              std::to_string(c.bytes.begin) + "-" + std::to_string(c.bytes.end) + ":" +
              std::to_string(c.argument) + "+" + std::to_string(c.count) +
              (c.size ? "#" + std::to_string(*c.size) : "") + (c.star ? "*" : "");
  return result + (format.whole ? "" : "...");
}
std::string print(llvm::StringRef text) { return parts(FormatKind::Print, text); }
std::string parse(llvm::StringRef text) { return parts(FormatKind::Parse, text); }
std::string build(llvm::StringRef text) { return parts(FormatKind::Build, text); }

std::string at(unsigned floor, const std::string &text, bool cxx = false) {
  Sample sample;
  sample.cxx = cxx;
  sample.floor = Floor{Minor(floor)};
  sample.look(text);
  // The helper stands in front.
  std::string fixed = sample.fixed();
  size_t helper = fixed.find("    return name;\n}\n#endif\n\n");
  return helper == std::string::npos ? fixed : fixed.substr(helper + 27);
}

/// Lines "message: reason" of the findings of a rule.
std::string said(const Sample &sample, llvm::StringRef rule) {
  std::string result;
  for (const Finding &finding : sample.findings)
    if (finding.rule == rule)
      result += finding.message + ": " + finding.reason + "\n";
  return result;
}

const std::string Call = "void f(PyObject *o, PyTypeObject *t) {\n";

} // namespace

// --- parts ------------------------------------------------------------------

TEST(FormatString, Print) {
  EXPECT_EQ(print(""), "");
  EXPECT_EQ(print("100%% of %s"), "s@9-11:0+1");
  EXPECT_EQ(print("%.200s%zd%-5lld"), "s@0-6:0+1 zd@6-9:1+1 -lld@9-15:2+1");
  EXPECT_EQ(print("%*.*s %V %R"), "s@0-5:0+3* V@6-8:3+2 R@9-11:5+1");
  EXPECT_EQ(print("%#T%N"), "#T@0-3:0+1 N@3-5:1+1");
  EXPECT_EQ(print("%d %f %s"), "d@0-2:0+1...") << "nobody knows what %f takes";
  EXPECT_EQ(print("%d %"), "d@0-2:0+1...");
  EXPECT_EQ(print(llvm::StringRef("%d\0%s", 5)), "d@0-2:0+1");
}

TEST(FormatString, Parse) {
  EXPECT_EQ(parse("Os#|i:name#"), "O@0-1:0+1 s#@1-3:1+2#2 i@4-5:3+1");
  EXPECT_EQ(parse("O!O&(ii)$p;text"), "O!@0-2:0+2 O&@2-4:2+2 i@5-6:4+1 i@6-7:5+1 p@9-10:6+1");
  EXPECT_EQ(parse("y*s*z*w*"), "y*@0-2:0+1 s*@2-4:1+1 z*@4-6:2+1 w*@6-8:3+1");
  EXPECT_EQ(parse("esi"), "es@0-2:0+2 i@2-3:2+1");
  EXPECT_EQ(parse("et#z#"), "et#@0-3:0+3#2 z#@3-5:3+2#4");
  EXPECT_EQ(parse("i?s#"), "i@0-1:0+1...");
  EXPECT_EQ(parse("ex"), "...");
}

TEST(FormatString, Build) {
  EXPECT_EQ(build("(is#) {s:O}, [N]"),
            "i@1-2:0+1 s#@2-4:1+2#2 s@7-8:3+1 O@9-10:4+1 N@14-15:5+1");
  EXPECT_EQ(build("O&U#y"), "O&@0-2:0+2 U#@2-4:2+2#3 y@4-5:4+1");
  EXPECT_EQ(build("O!"), "O@0-1:0+1...") << "only PyArg_Parse has O!";
}

TEST(FormatString, KnownSince) {
  auto since = [](llvm::StringRef text) {
    return unsigned(knownSince(parseFormat(FormatKind::Print, text).conversions.at(0)));
  };
  for (const char *text : {"%d", "%05d", "%.3s", "%zd", "%zu", "%lli", "%lu", "%x", "%p", "%V"})
    EXPECT_EQ(since(text), 0u) << text;
  for (const char *text : {"%o", "%X", "%jd", "%td", "%lx", "%zx", "%-5d", "%*d", "%.*s", "%ls"})
    EXPECT_EQ(since(text), 12u) << text;
  for (const char *text : {"%T", "%N", "%#T", "%.5N", "%#x"})
    EXPECT_EQ(since(text), 13u) << text;
}

// --- type-name --------------------------------------------------------------

TEST(TypeName, TheConversionFrom313On) {
  EXPECT_EQ(at(13, Call + "  PyErr_Format(t->tp_name ? (PyObject *)t : o, \"%%s %d '%.200s'\" /* a */\n"
                          "    \" %s\", 3, Py_TYPE( o )->tp_name, t -> tp_name);\n}\n"),
            Call + "  PyErr_Format(t->tp_name ? (PyObject *)t : o, \"%%s %d '%.200T'\" /* a */\n"
                   "    \" %N\", 3, o, t);\n}\n");
  // Widths that are arguments move the rest along.
  EXPECT_EQ(at(13, Call + "  PyErr_Format(o, \"%*d %s\", 5, 6, o->ob_type->tp_name);\n}\n"),
            Call + "  PyErr_Format(o, \"%*d %T\", 5, 6, o);\n}\n");
  EXPECT_EQ(at(13, Call + "  PyErr_Format(o, \"%s\", PyEllipsis_Type.tp_name);\n}\n"),
            Call + "  PyErr_Format(o, \"%N\", &PyEllipsis_Type);\n}\n");
  EXPECT_EQ(at(13, "struct Foo { PyObject_HEAD };\nvoid f(struct Foo *o) {\n"
                   "  PyErr_Format(PyExc_TypeError, \"%s\", Py_TYPE(o)->tp_name);\n}\n"),
            "struct Foo { PyObject_HEAD };\nvoid f(struct Foo *o) {\n"
            "  PyErr_Format(PyExc_TypeError, \"%T\", (PyObject *)o);\n}\n");
}

TEST(TypeName, LettersThatAreNotTypedPlainly) {
  // A macro between the literals moves nothing; a letter in one is not edited.
  EXPECT_EQ(at(13, "#define ALL \"%\" \"zd\"\n" + Call +
                       "  PyErr_Format(o, \"\\x41\\\"%s \" ALL, Py_TYPE(o)->tp_name, (Py_ssize_t)1);\n}\n"),
            "#define ALL \"%\" \"zd\"\n" + Call +
                "  PyErr_Format(o, \"\\x41\\\"%T \" ALL, o, (Py_ssize_t)1);\n}\n");
  for (const char *call :
       {"PyErr_Format(o, MESSAGE, Py_TYPE(o)->tp_name)", "PyErr_Format(o, \"%\\x73\", Py_TYPE(o)->tp_name)",
        "PyErr_Format(o, format, Py_TYPE(o)->tp_name)", "FAIL(\"%s\", Py_TYPE(o)->tp_name)",
        "PyErr_Format(o, o ? \"%s\" : \"%.9s\", Py_TYPE(o)->tp_name)", "PyErr_Format(o, \"%s\", NAME(o))",
        "PyErr_Format(o, \"%f %s\", 1.0, Py_TYPE(o)->tp_name)",
        "PyErr_Format(o, \"%.*s\", 3, Py_TYPE(o)->tp_name)", "PyErr_Format(o, \"%p\", Py_TYPE(o)->tp_name)",
        "PyBytes_FromFormat(\"%s\", Py_TYPE(o)->tp_name)", "my_format(\"%s\", Py_TYPE(o)->tp_name)"}) {
    std::string text = "#define MESSAGE \"not %s\"\n#define NAME(x) Py_TYPE(x)->tp_name\n"
                       "#define FAIL(...) PyErr_Format(PyExc_TypeError, __VA_ARGS__)\n"
                       "void my_format(const char *, ...);\n"
                       "void f(PyObject *o, const char *format) {\n  " + std::string(call) + ";\n}\n";
    EXPECT_EQ(at(13, text), text);
    if (!llvm::StringRef(call).contains("%.*s"))
      EXPECT_EQ(at(11, text), text);
  }
  EXPECT_EQ(at(13, Call + "  PyErr_Format(o, R\"x(\n\"%s\")x\", Py_TYPE(o)->tp_name);\n}\n", true),
            Call + "  PyErr_Format(o, R\"x(\n\"%T\")x\", o);\n}\n");
}

TEST(TypeName, FunctionsOfTheSameNameAreNotMeant) {
  std::string text = "namespace mine { void PyErr_Format(PyObject *, const char *, ...); }\n"
                     "void f(PyObject *o) { mine::PyErr_Format(o, \"%s\", Py_TYPE(o)->tp_name); }\n";
  EXPECT_EQ(at(13, text, true), text);
}

TEST(TypeName, InATemplate) {
  EXPECT_EQ(at(13, "template <class T> void f(T *o) {\n"
                   "  PyErr_Format(PyExc_TypeError, \"%s\", Py_TYPE(o)->tp_name);\n}\n"
                   "void g(PyObject *o) { f(o); }\n", true),
            "template <class T> void f(T *o) {\n"
            "  PyErr_Format(PyExc_TypeError, \"%T\", o);\n}\n"
            "void g(PyObject *o) { f(o); }\n");
}

TEST(TypeName, AnObjectOfItsOwnBelow313) {
  std::string before = Call + "  if (o) PyErr_Format(o, \"%.9s\", Py_TYPE(o)->tp_name);\n}\n";
  auto block = [](const std::string &value, const std::string &letter) {
    return Call + "  if (o) {\n      PyObject *py_name = " + value +
           ";\n      if (py_name != NULL) {\n          PyErr_Format(o, \"%.9" + letter +
           "\", py_name);\n          Py_DECREF(py_name);\n      }\n  }\n}\n";
  };
  EXPECT_EQ(at(12, before), block("limited_type_name(Py_TYPE(o))", "U"));
  EXPECT_EQ(at(11, before), block("limited_type_name(Py_TYPE(o))", "U"));
  std::string attribute = "limited_type_name(Py_TYPE(o))";
  EXPECT_EQ(at(10, before), block(attribute, "S"));
  EXPECT_EQ(at(8, before), block(attribute, "S"));
}

TEST(TypeName, NamesThatAreTaken) {
  EXPECT_EQ(at(11, "void f(PyObject *py_name) {\n"
                   "    PyErr_Format(PyExc_TypeError, \"%s\", Py_TYPE(py_name)->tp_name);\n}\n"),
            "void f(PyObject *py_name) {\n"
            "    PyObject *py_name2 = limited_type_name(Py_TYPE(py_name));\n"
            "    if (py_name2 != NULL) {\n"
            "        PyErr_Format(PyExc_TypeError, \"%U\", py_name2);\n"
            "        Py_DECREF(py_name2);\n"
            "    }\n}\n");
}

TEST(TypeName, EditsInTheArgumentsStay) {
  EXPECT_EQ(at(11, "void f(PyObject *o, PyObject *l) {\n"
                   "\tint n = 1;\n"
                   "\tPyErr_Format(PyExc_TypeError,\n"
                   "\t\t\"%zd %s\",\n"
                   "\t\tPyList_GET_SIZE(\n"
                   "\t\t\tl), /* why */ PyList_GET_ITEM(l, n)->ob_type->tp_name); // end\n"
                   "}\n"),
            "void f(PyObject *o, PyObject *l) {\n"
            "\tint n = 1;\n"
            "\t{\n"
            "\t\tPyObject *py_name = limited_type_name(Py_TYPE(PyList_GetItem(l, n)));\n"
            "\t\tif (py_name != NULL) {\n"
            "\t\t\tPyErr_Format(PyExc_TypeError,\n"
            "\t\t\t\t\"%zd %U\",\n"
            "\t\t\t\tPyList_Size(\n"
            "\t\t\tl), /* why */ py_name);\n"
            "\t\t\tPy_DECREF(py_name);\n"
            "\t\t}\n"
            "\t} // end\n"
            "}\n");
}

TEST(TypeName, OnlyWhereTheValueIsAStatements) {
  for (const char *use :
       {"if (PyErr_WarnFormat(o, 1, \"%s\", Py_TYPE(o)->tp_name) < 0) return NULL;",
        "o ? PyErr_Format(o, \"%s\", Py_TYPE(o)->tp_name) : NULL;",
        "PyErr_Format(o, \"%s\", Py_TYPE(o)->tp_name), o = NULL;",
        "for (; o; PyErr_Format(o, \"%s\", Py_TYPE(o)->tp_name)) break;",
        "PyObject *a = PyUnicode_FromFormat(\"%s\", Py_TYPE(o)->tp_name), *b = a; (void)b;",
        "static PyObject *a; o = a = PyUnicode_FromFormat(\"%s\", Py_TYPE(o)->tp_name);",
        "o = ({ PyErr_Format(o, \"%s\", Py_TYPE(o)->tp_name); });",
        "return (PyObject *)PyUnicode_FromFormat(\"%s\", Py_TYPE(o)->tp_name);",
        "if (o && PyErr_Format(o, \"%s\", Py_TYPE(o)->tp_name)) return NULL;"}) {
    std::string text = "PyObject *f(PyObject *o) {\n  int n = 0; (void)n;\n  " + std::string(use) +
                       "\n  return o;\n}\n";
    EXPECT_EQ(at(11, text), text);
  }
}

TEST(TypeName, AllOfACallOrNone) {
  Sample sample;
  sample.look("void f(PyObject *a, PyObject *b) {\n"
              "  PyErr_Format(a, \"%s %s\", Py_TYPE(a)->tp_name, Py_TYPE(b)->tp_name);\n}\n");
  ASSERT_EQ(sample.findings.size(), 2u);
  EXPECT_FALSE(sample.findings[0].group.empty());
  EXPECT_EQ(sample.findings[0].group, sample.findings[1].group);
  EXPECT_EQ(sample.findings[0].rewrites, sample.findings[1].rewrites);
}

// --- format-conversion, format-buffer ---------------------------------------

TEST(FormatConversion, BothSidesOfTheFloor) {
  std::string text = "#include <inttypes.h>\nvoid f(PyObject *o) {\n"
                     "  PyErr_Format(o, \"%zd\"\n    \" %X %T\", (Py_ssize_t)1, 2, o);\n"
                     "  PyErr_Format(o, \"%%T %zd %\" PRIu64 \" %s\", (Py_ssize_t)1, (uint64_t)2, \"%T\");\n}\n";
  auto lines = [&](unsigned floor) {
    Sample sample;
    sample.floor = Floor{Minor(floor)};
    sample.look(text);
    return sample.lines() + said(sample, "format-conversion");
  };
  std::string reason = *Sample::rules().find("format-conversion")->reasonFor(Use::Statement, {11});
  EXPECT_EQ(lines(11), "4:7 PyErr_Format manual\n'%X' and '%T' in a format: Python knows them "
                       "from 3.13 on: " + reason + "\n");
  EXPECT_EQ(lines(12), "4:10 PyErr_Format manual\n'%T' in a format: Python knows it from 3.13 "
                       "on: " + reason + "\n");
  EXPECT_EQ(lines(13), "");
}

TEST(FormatConversion, InAMacroAndOtherwise) {
  Sample sample;
  sample.look("#define NOT \"not %T\"\n"
              "#define FAIL(o) PyErr_Format(PyExc_TypeError, \"%o\", 8)\n"
              "void f(PyObject *o, const char *text) {\n"
              "  PyErr_Format(o, NOT, o);\n"
              "  FAIL(o); FAIL(o);\n"
              "  PyErr_Format(o, text, o);\n"
              "  PyErr_SetString(o, \"%T\");\n}\n");
  EXPECT_EQ(sample.lines(), "1:18 PyErr_Format manual x1\n2:48 PyErr_Format manual x2\n");
}

TEST(FormatBuffer, BothSidesOfTheFloor) {
  std::string text = "int f(PyObject *a, void *b) {\n"
                     "  return PyArg_ParseTuple(a, \"i\" \"|y*s*:x*\", b, b, b);\n}\n";
  Sample low, high;
  low.floor = Floor{10};
  low.look(text);
  high.look(text);
  EXPECT_EQ(low.lines(), "2:36 PyArg_ParseTuple manual\n");
  EXPECT_EQ(high.lines(), "");
}

// --- format-size ------------------------------------------------------------

namespace {

/// With headers that have the names for PY_SSIZE_T_CLEAN.
class FormatSize : public testing::Test {
protected:
  void SetUp() override {
    if (Sample::headers().minor >= 13)
      GTEST_SKIP() << "headers from 3.13 on have no other names";
    sample.noPython = true;
  }
  Sample sample;
};

const std::string Parses = "int f(PyObject *a, const char **p, Py_ssize_t *n) {\n"
                           "  return PyArg_ParseTuple(a, \"s#\", p, n); }\n"
                           "PyObject *g(const char *p, size_t n) {\n"
                           "  return Py_BuildValue(\"s#y#\", p, n, p, (Py_ssize_t)1); }\n";

} // namespace

TEST_F(FormatSize, OneDefinitionAFile) {
  sample.look("/* text */\n  #include <Python.h>\n" + Parses);
  EXPECT_EQ(sample.fixed(), "/* text */\n#define PY_SSIZE_T_CLEAN\n  #include <Python.h>\n" + Parses);
  sample.look("#define PY_SSIZE_T_CLEAN\n#include <Python.h>\n" + Parses);
  EXPECT_EQ(sample.lines(), "");
  sample.flags = {"-DPY_SSIZE_T_CLEAN"};
  sample.look("#include <Python.h>\n" + Parses);
  EXPECT_EQ(sample.lines(), "");
}

TEST_F(FormatSize, BehindPythonIsTooLate) {
  sample.look("#include <Python.h>\n#define PY_SSIZE_T_CLEAN\n" + Parses);
  EXPECT_EQ(sample.fixed(), "#define PY_SSIZE_T_CLEAN\n#include <Python.h>\n"
                            "#define PY_SSIZE_T_CLEAN\n" + Parses);
}

TEST_F(FormatSize, NotNeededFrom313On) {
  sample.floor = Floor{13};
  sample.look("#include <Python.h>\n" + Parses);
  EXPECT_EQ(sample.lines(), "");
}

TEST_F(FormatSize, OneIntIsEnough) {
  for (const char *other : {"PyArg_Parse(a, \"y#\", p, &number)", "Py_BuildValue(\"s#\", *p, number)",
                            "PyObject_CallMethod(a, \"m\", \"s#\", *p, 3)",
                            "PyArg_Parse(a, \"et#\", \"utf-8\", p, (int *)0)"}) {
    std::string text = "/* text */\n#include <Python.h>\n" + Parses +
                       "void h(PyObject *a, char **p) {\n  int number = 1; (void)number;\n  " +
                       other + ";\n}\n";
    sample.look(text);
    EXPECT_EQ(sample.fixed(), text);
    EXPECT_NE(said(sample, "format-size").find("a Py_ssize_t, then define PY_SSIZE_T_CLEAN"),
              std::string::npos) << other;
  }
}

TEST_F(FormatSize, InTheHeaderThatIncludesPython) {
  sample.folder.write("mine.h", "#ifndef MINE_H\n#define MINE_H\n#include <Python.h>\n#endif\n");
  sample.look("#include \"mine.h\"\n#include <Python.h>\n" + Parses);
  EXPECT_EQ(sample.fixed("mine.h"),
            "#ifndef MINE_H\n#define MINE_H\n#define PY_SSIZE_T_CLEAN\n#include <Python.h>\n#endif\n");
  EXPECT_EQ(sample.fixed(), "#include \"mine.h\"\n#include <Python.h>\n" + Parses);
}

TEST_F(FormatSize, AListIsNotLookedInto) {
  std::string text = "#include <stdarg.h>\n#include <Python.h>\n" + Parses +
                     "int h(PyObject *a, va_list v) { return PyArg_VaParse(a, \"s#\", v); }\n";
  sample.look(text);
  EXPECT_EQ(sample.fixed(), text);
}

// --- module-slot-id ---------------------------------------------------------

TEST(ModuleSlotId, OutsideOfTheLimitItIsNoUse) {
  Sample sample;
  sample.look("PyModuleDef_Slot slots[] = {\n"
              "#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x030C0000\n"
              "#ifdef Py_mod_multiple_interpreters\n"
              "  {Py_mod_multiple_interpreters, NULL},\n"
              "#endif\n#endif\n"
              "  {Py_mod_exec, NULL}, {0, NULL}};\n");
  for (const Finding &finding : sample.findings)
    EXPECT_NE(finding.rule, "module-slot-id");
}
