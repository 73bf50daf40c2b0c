// What real packages of the bench brought to light, each reduced to a few lines.
#include "match_support.h"

using namespace abi3ify;

// setproctitle: a source of the extension that is plain C.
TEST(BenchFound, ASourceWithoutPythonsHeadersUsesNothingOfPythons) {
  Sample sample;
  sample.noPython = true;
  sample.look("#include <stdarg.h>\n#include <stdio.h>\n#include <stdlib.h>\n"
              "#include <assert.h>\n"
              "size_t size;\n"
              "void debug(const char *format, ...) {\n"
              "  va_list all;\n"
              "  assert(format);\n"
              "  if (!getenv(\"DEBUG\"))\n    return;\n"
              "  va_start(all, format);\n  vfprintf(stderr, format, all);\n  va_end(all);\n"
              "}\n");
  EXPECT_EQ(sample.lines(), "");
}

// setproctitle: Py_GetArgcArgv, which the headers of its time did not declare.
TEST(BenchFound, WhatTheUserDeclaresByHandIsAUse) {
  std::string text = "PyObject **_PyObject_GetDictPtr(PyObject *);\n"
                     "void Py_GetArgcArgv(int *argc, wchar_t ***argv);\n"
                     "void f(PyObject *o, int *n, wchar_t ***v) {\n"
                     "  _PyObject_GetDictPtr(o);\n"
                     "  Py_GetArgcArgv(n, v);\n}\n";
  EXPECT_EQ(linesC(text), "4:3 _PyObject_GetDictPtr manual\n5:3 Py_GetArgcArgv manual\n");
  EXPECT_EQ(linesCxx("extern \"C\" {\n" + text + "}\n"),
            "5:3 _PyObject_GetDictPtr manual\n6:3 Py_GetArgcArgv manual\n");
  // A name that no header declares, and what the floor has.
  EXPECT_EQ(linesC("int _PyThreadState_Init(void *);\nint f(void *p) "
                   "{ return _PyThreadState_Init(p); }\n"),
            "2:25 _PyThreadState_Init manual\n");
  EXPECT_EQ(linesC("Py_ssize_t PyTuple_Size(PyObject *);\n"
                   "Py_ssize_t f(PyObject *t) { return PyTuple_Size(t); }\n"), "");
}

TEST(BenchFound, WhatTheUserDefinesIsNotPythons) {
  EXPECT_EQ(linesC("static int _PyThreadState_Init(void *p);\n"
                   "int f(void *p) { return _PyThreadState_Init(p); }\n"
                   "static int _PyThreadState_Init(void *p) { return !p; }\n"), "");
  // The use is none; what others see of the definition is one.
  EXPECT_EQ(linesC("PyObject **_PyObject_GetDictPtr(PyObject *o) { (void)o; return NULL; }\n"
                   "PyObject **f(PyObject *o) { return _PyObject_GetDictPtr(o); }\n"),
            "1:12 _PyObject_GetDictPtr manual\n");
  EXPECT_EQ(linesC("int PyFile_FromString(const char *);\n"
                   "int f(void) { return PyFile_FromString(\"a\"); }\n"), "");
  EXPECT_EQ(linesCxx("namespace own { int _PyThreadState_Init(void *); }\n"
                     "int f(void *p) { return own::_PyThreadState_Init(p); }\n"), "");
}

// posix_ipc: struct timeval, which libc defines and the headers of 3.12 name once more;
// with ABI3IFY_TEST_PYTHON=python3.12 this failed.
TEST(BenchFound, AStructThatPythonsHeadersOnlyNameIsOfWhoDefinesIt) {
  EXPECT_EQ(linesC("#include <sys/time.h>\n"
                   "long f(struct timeval *t) { return gettimeofday(t, NULL) + t->tv_sec; }\n"), "");
}

// pyrsistent: a cast to a struct that the limit hides, in an argument.
TEST(BenchFound, ACastToAHiddenStructGoesAwayWithItsFunction) {
  EXPECT_EQ(fixedC("PyObject *f(PyObject *l, PyObject *i) {\n"
                  "  return _PyList_Extend((PyListObject *)l, i);\n}\n"),
            "PyObject *f(PyObject *l, PyObject *i) {\n"
            "  return PyObject_CallMethod((PyObject *)&PyList_Type, \"extend\", \"OO\", l, i);\n}\n");
}

// coverage: Py_XSETREF(f->f_trace, value), where the member is stored into.
TEST(BenchFound, AMemberThatAMacroStoresIntoIsNotOnlyRead) {
  std::string text = "void f(PyObject *o, PyTypeObject *t) {\n"
                     "  PyTypeObject *old = o->ob_type;\n"
                     "  Py_XSETREF(o->ob_type, t);\n"
                     "  Py_XSETREF(old, o->ob_type);\n}\n";
  for (std::string lines : {linesC(text), linesCxx(text)}) {
    EXPECT_NE(lines.find("2:26 ob_type fixable\n"), std::string::npos) << lines;
    EXPECT_NE(lines.find("3:3 Py_XSETREF manual\n"), std::string::npos) << lines; // nor written twice
    EXPECT_NE(lines.find("3:17 ob_type manual\n"), std::string::npos) << lines;
    EXPECT_NE(lines.find("4:3 Py_XSETREF fixable\n"), std::string::npos) << lines;
    EXPECT_NE(lines.find("4:22 ob_type fixable\n"), std::string::npos) << lines;
  }
}

// Pillow: a source that is two conditionals, each with an #include and code.
TEST(BenchFound, AHelperStandsInFrontOfItsFirstUse) {
  Sample sample;
  sample.look("#include <stddef.h>\n#ifndef OTHER\n#include <stdint.h>\n"
              "PyObject *Py_Grab(void) { return NULL; }\n#endif\n");
  std::string fixed = sample.fixed();
  size_t helper = fixed.find("#define limited_hidden"), use = fixed.find("limited_hidden PyObject *Py_Grab");
  EXPECT_NE(use, std::string::npos) << fixed;
  EXPECT_LT(helper, use) << fixed;
  EXPECT_EQ(fixed.find("#ifndef LIMITED_HIDDEN", helper), std::string::npos);
}
