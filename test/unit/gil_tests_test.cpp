// Which tests of Py_GIL_DISABLED are wrong in one binary for both kinds of interpreters.
#include "match_support.h"

using namespace abi3ify;

namespace {

Sample lookAt(const std::string &text, Floor floor = {15, true}) {
  Sample sample;
  sample.floor = floor;
  sample.look(text);
  return sample;
}

/// "line:column rule state" for each finding.
std::string found(const std::string &text, Floor floor = {15, true}) {
  Sample sample = lookAt(text, floor);
  std::string result, all = sample.lines();
  llvm::StringRef lines = all;
  for (const Finding &finding : sample.findings) {
    auto [line, rest] = lines.split('\n');
    lines = rest;
    result += line.take_until([](char c) { return c == ' '; }).str() + " " + finding.rule + " " +
              name(finding.state).str() + "\n";
  }
  return result;
}

} // namespace

TEST(GilTests, EveryFormIsFound) {
  for (const char *text : {
           "#ifdef Py_GIL_DISABLED\nint a;\n#endif\n",
           "#ifndef Py_GIL_DISABLED\nint a;\n#else\nint b;\n#endif\n",
           "#if !defined(Py_GIL_DISABLED)\nint a;\n#endif\n",
           "#if defined Py_GIL_DISABLED && FOO\nint a;\n#endif\n",
           "int f(void) {\n#ifdef Py_GIL_DISABLED\nreturn 1;\n#else\nreturn 2;\n#endif\n}\n",
           "#if FOO\nint a;\n#elif defined(Py_GIL_DISABLED)\nint b;\n#endif\n",
           "#if FOO\nint a;\n#elifndef Py_GIL_DISABLED\nint b;\n#endif\n",
           "#define FT defined(Py_GIL_DISABLED)\n",
       }) {
    EXPECT_TRUE(llvm::StringRef(found(text)).ends_with(" gil-disabled-test advice\n")) << text;
    EXPECT_TRUE(llvm::StringRef(found(text, {15})).ends_with(" gil-disabled-test advice\n")) << text;
    EXPECT_EQ(found(text, {14}), "") << text;
  }
}

TEST(GilTests, WhatIsRightInBothIsNotSaid) {
  for (const char *text : {
           "#if defined(Py_GIL_DISABLED) && !defined(Py_LIMITED_API)\nint a;\n#endif\n",
           "#if defined(Py_GIL_DISABLED) || defined(Py_TARGET_ABI3T)\nint a;\n#endif\n",
           "#ifdef Py_GIL_DISABLED\n#pragma message \"x\"\n#endif\n",
           "#ifdef Py_GIL_DISABLED\n#else\n#pragma message \"with\"\n#endif\n",
           "#ifdef MY_Py_GIL_DISABLED\nint a;\n#endif\n",
           "#if 0\n#ifdef Py_GIL_DISABLED\nint a;\n#endif\n#endif\n",
           "int a[] = {\n#ifdef Py_GIL_DISABLED\n#endif\n0};\n",
           "#if PY_VERSION_HEX < 0x030E0000 && defined(Py_GIL_DISABLED)\nint a;\n#endif\n",
       })
    EXPECT_EQ(found(text), "") << text;
}

// The claim alone is right; with other code beside it the test is as any other.
TEST(GilTests, TheSlotOfTheClaim) {
  const std::string slot = "{Py_mod_gil, Py_MOD_GIL_NOT_USED},\n";
  EXPECT_EQ(found("#ifdef Py_GIL_DISABLED\n" + slot + "#endif\n"), "");
  EXPECT_EQ(found("#ifdef Py_GIL_DISABLED\nint a; /* Py_MOD_GIL_NOT_USED */\n#endif\n"),
            "1:8 gil-disabled-test advice\n");
  EXPECT_EQ(found("#ifdef Py_GIL_DISABLED\n" + slot + "int a;\n#endif\n").substr(0, 28),
            "1:8 gil-disabled-test advice");
}

// The macro has no value there.
TEST(GilTests, AValueIsAskedForByDefined) {
  Sample sample = lookAt("#if Py_GIL_DISABLED && FOO\nint a;\n#elif !(Py_GIL_DISABLED + 0)\nint b;\n#endif\n");
  EXPECT_EQ(sample.fixed(), "#if defined(Py_GIL_DISABLED) && FOO\nint a;\n"
                            "#elif !(defined(Py_GIL_DISABLED) + 0)\nint b;\n#endif\n");
  ASSERT_EQ(sample.findings.size(), 2u);
  EXPECT_EQ(sample.findings[0].safety, Safety::Safe);
  EXPECT_EQ(found("#define IS(x) x\n#if IS(Py_GIL_DISABLED)\nint a;\n#endif\n"),
            "2:8 gil-disabled-value manual\n");
  EXPECT_EQ(found("#if Py_GIL_DISABLED\nint a;\n#endif\n", {15}), "1:5 gil-disabled-test advice\n");
}

TEST(GilTests, AnErrorStopsTheBuild) {
  EXPECT_EQ(found("#if defined(Py_GIL_DISABLED)\n#error no\n#endif\n"),
            "2:2 gil-disabled-error manual\n");
  EXPECT_EQ(found("#ifndef Py_GIL_DISABLED\nint a;\n#else\n# error no\n#endif\n"),
            "4:3 gil-disabled-error manual\n");
  EXPECT_EQ(found("#ifdef Py_GIL_DISABLED\n#if FOO\n#error no\n#endif\n#endif\n"), "");
}

// What the edit leaves to the full build is no use any more.
TEST(GilTests, OnlyTheFullBuildSetsTheGil) {
  const std::string before = "void f(PyObject *m) {\n", after = "}\n";
  auto with = [&](const std::string &condition, const std::string &branch) {
    return lookAt(before + condition + "\n" + branch + "#endif\n" + after);
  };
  const std::string call = "PyUnstable_Module_SetGIL(m, Py_MOD_GIL_NOT_USED);\n";
  Sample sample = with("#  ifdef Py_GIL_DISABLED", call);
  EXPECT_EQ(sample.lines(), "2:10 Py_GIL_DISABLED fixable\n");
  EXPECT_EQ(sample.fixed(), before + "#  if defined(Py_GIL_DISABLED) && !defined(Py_LIMITED_API)\n" +
                                call + "#endif\n" + after);
  EXPECT_EQ(with("#if !(!defined(Py_GIL_DISABLED))", call).fixed(),
            before + "#if !(!defined(Py_GIL_DISABLED))\n" + call + "#endif\n" + after);
  // More than the call: its locks would be lost.
  EXPECT_FALSE(with("#ifdef Py_GIL_DISABLED", call + "lock();\n").findings[0].hasEdit());
  EXPECT_FALSE(with("#ifdef Py_GIL_DISABLED", "if (x) { lock(); }\n" + call).findings[0].hasEdit());
}

// Before Python.h nothing has defined the macro.
TEST(GilTests, InFrontOfPython) {
  Sample sample;
  sample.floor = {15, true};
  sample.noPython = true;
  sample.look("#ifndef Py_GIL_DISABLED\n#define A 1\n#endif\n#include <Python.h>\n"
              "#ifdef Py_GIL_DISABLED\nint a;\n#endif\n");
  EXPECT_EQ(sample.lines(), "1:9 Py_GIL_DISABLED fixable\n5:8 Py_GIL_DISABLED advice\n");
  EXPECT_EQ(sample.fixed(), "#if !(defined(Py_GIL_DISABLED) || defined(Py_TARGET_ABI3T))\n#define A 1\n"
                            "#endif\n#include <Python.h>\n#ifdef Py_GIL_DISABLED\nint a;\n#endif\n");
}

// The limited build reads the condition, and leaves out the branch.
TEST(GilTests, AConditionIsReadWhereItsBranchIsLeftOut) {
  const std::string as315 = "#ifdef Py_TARGET_ABI3T\n#define Py_GIL_DISABLED\n#endif\n";
  EXPECT_EQ(found(as315 + "#ifndef Py_GIL_DISABLED\n"
                          "Py_ssize_t n(PyObject *o) { return PyList_GET_SIZE(o); }\n#endif\n"),
            "4:9 gil-disabled-test advice\n");
}
