// The lexical net, suppressions and generated code: plain text in.
#include "abi3ify/bindings.h"
#include "abi3ify/generated.h"
#include "abi3ify/origin.h"
#include "abi3ify/match.h"
#include "abi3ify/suppress.h"
#include "support.h"

using namespace abi3ify;
using namespace llvm;

namespace {

/// "line:column rule symbol" with "(body)" for each name found.
std::string unseen(StringRef text, std::set<unsigned> seen = {}, Floor floor = {11}) {
  static const RuleSet rules = cantFail(loadRules(""));
  std::vector<Finding> findings;
  findUnseen("a.c", text, rules, floor, seen, {}, findings);
  std::string lines;
  for (const Finding &finding : findings) {
    EXPECT_EQ(finding.state, State::Unseen);
    StringRef before = text.take_front(finding.range.begin);
    EXPECT_EQ(text.slice(finding.range.begin, finding.range.end), finding.symbol);
    lines += std::to_string(before.count('\n') + 1) + ":" +
             std::to_string(before.size() - (before.rfind('\n') + 1) + 1) + " " + finding.rule +
             " " + finding.symbol + (finding.inMacro ? " (body)" : "") + "\n";
  }
  return lines;
}

} // namespace

TEST(Unseen, FindsNamesInCode) {
  EXPECT_EQ(unseen("n = PyTuple_GET_SIZE(t);\n"), "1:5 tuple-get-size PyTuple_GET_SIZE\n");
  EXPECT_EQ(unseen("f(PyTuple_GET_SIZE(PyTuple_GET_ITEM(t, 0)));\n"),
            "1:3 tuple-get-size PyTuple_GET_SIZE\n1:20 tuple-get-item PyTuple_GET_ITEM\n");
  EXPECT_EQ(unseen("_PyObject_GetDictPtr(o);\n"), "1:1 private-object-get-dict-ptr _PyObject_GetDictPtr\n");
}

TEST(Unseen, RulesOnSomeCallsSpeakOfNoName) {
  // Formats and casts are looked at where the floor has the function, too.
  EXPECT_EQ(unseen("PyErr_FormatUnraisable(s); Py_NewRef(o);\n", {}, {8}),
            "1:1 not-limited PyErr_FormatUnraisable\n1:28 py-newref Py_NewRef\n");
  // So is the call of a slot.
  EXPECT_EQ(unseen("f = m->mp_subscript;\n"), "1:8 mapping-slots mp_subscript\n");
}

TEST(Unseen, NotWhatAnIfdefGuards) {
  EXPECT_EQ(unseen("#ifdef PyTuple_GET_SIZE\nn = PyTuple_GET_SIZE(t);\n#endif\n"), "");
  EXPECT_EQ(unseen("#ifdef PyTuple_GET_SIZE\n#else\nn = PyTuple_GET_SIZE(t);\n#endif\n"),
            "3:5 tuple-get-size PyTuple_GET_SIZE\n");
  EXPECT_EQ(unseen("#ifdef PyTuple_GET_ITEM\nn = PyTuple_GET_SIZE(t);\n#endif\n"),
            "2:5 tuple-get-size PyTuple_GET_SIZE\n");
  EXPECT_EQ(unseen("#ifdef PyTuple_GET_SIZE\n#endif\nn = PyTuple_GET_SIZE(t);\n"),
            "3:5 tuple-get-size PyTuple_GET_SIZE\n");
}

TEST(Unseen, NotInTheInterpretersOwnBuild) {
  EXPECT_EQ(unseen("#if defined(Py_BUILD_CORE) && !defined(Py_BUILD_CORE_MODULE)\n"
                   "PyGC_Head head;\n#else\nPyGC_Head other;\n#endif\n"),
            "4:1 not-limited PyGC_Head\n");
  EXPECT_EQ(unseen("#if defined(Py_BUILD_CORE)\nPyGC_Head head;\n#endif\n"),
            "2:1 not-limited PyGC_Head\n");
}

TEST(Unseen, NotWhatWasSeen) {
  StringRef text = "n = PyTuple_GET_SIZE(t) + PyTuple_GET_SIZE(u);\n";
  EXPECT_EQ(unseen(text, {4}), "1:27 tuple-get-size PyTuple_GET_SIZE\n");
}

TEST(Unseen, NotInStringsAndComments) {
  EXPECT_EQ(unseen("s = \"PyTuple_GET_SIZE\"; /* PyTuple_GET_SIZE */ // PyTuple_GET_SIZE\n"
                   "c = 'P'; \"\\\"PyTuple_GET_SIZE\";\n"),
            "");
  EXPECT_EQ(unseen("// a \\\nPyTuple_GET_SIZE\n"), "");
  EXPECT_EQ(unseen("s = R\"(a\" PyTuple_GET_SIZE)\"; PyTuple_GET_ITEM(t, 0);\n"),
            "1:31 tuple-get-item PyTuple_GET_ITEM\n");
  EXPECT_EQ(unseen("n = 1'000; PyTuple_GET_SIZE(t); m = 1'0;\n"),
            "1:12 tuple-get-size PyTuple_GET_SIZE\n");
  EXPECT_EQ(unseen("x = PyTuple_GET_SIZE_OF(t); my_PyTuple_GET_SIZE(t);\n"), "");
}

TEST(Unseen, NotInDirectives) {
  EXPECT_EQ(unseen("#ifdef PyTuple_GET_SIZE\n#endif\n#if defined(PyTuple_GET_SIZE) \\\n"
                   "  && defined(PyTuple_GET_ITEM)\n#endif\n#undef PyTuple_GET_SIZE\n"
                   "#error PyTuple_GET_SIZE isn't there\n#include <PyTuple_GET_SIZE>\n"
                   "PyTuple_GET_SIZE(t);\n"),
            "9:1 tuple-get-size PyTuple_GET_SIZE\n");
  EXPECT_EQ(unseen("#\nPyTuple_GET_SIZE(t);\n"), "2:1 tuple-get-size PyTuple_GET_SIZE\n");
}

TEST(Unseen, InInactiveBranches) {
  EXPECT_EQ(unseen("#if 0\nit isn't \"PyTuple_GET_SIZE\n#endif\nPyTuple_GET_SIZE(t);\n"),
            "4:1 tuple-get-size PyTuple_GET_SIZE\n");
  EXPECT_EQ(unseen("#if 0\nPyTuple_GET_SIZE(t);\n#endif\n"),
            "2:1 tuple-get-size PyTuple_GET_SIZE\n");
  EXPECT_EQ(unseen("#if PY_VERSION_HEX < 0x03000000\nn = PyTuple_GET_SIZE(t);\n#endif\n"),
            "2:5 tuple-get-size PyTuple_GET_SIZE\n");
}

TEST(Unseen, InMacroBodiesButNotTheirNamesAndParameters) {
  EXPECT_EQ(unseen("#define SIZE(t) PyTuple_GET_SIZE(t)\n"),
            "1:17 tuple-get-size PyTuple_GET_SIZE (body)\n");
  EXPECT_EQ(unseen("#define PyTuple_GET_SIZE(t) my_size(t)\n"), "");
  EXPECT_EQ(unseen("#define F(PyTuple_GET_SIZE, a) a + \\\n  PyTuple_GET_ITEM(t, 0)\nint x;\n"),
            "2:3 tuple-get-item PyTuple_GET_ITEM (body)\n");
  EXPECT_EQ(unseen("#define ACC PyTuple_GET_SIZE\nPyTuple_GET_SIZE(t);\n"),
            "1:13 tuple-get-size PyTuple_GET_SIZE (body)\n2:1 tuple-get-size PyTuple_GET_SIZE\n");
  EXPECT_EQ(unseen("#define E\n#define F(x)\nPyTuple_GET_SIZE(t);\n"),
            "3:1 tuple-get-size PyTuple_GET_SIZE\n");
}

TEST(Unseen, MembersOnlyBehindADotOrAnArrow) {
  EXPECT_EQ(unseen("x->ob_type; y.ob_type;\n"), "1:4 ob-type ob_type\n1:15 ob-type ob_type\n");
  EXPECT_EQ(unseen("int ob_type = ob_type + 1;\n"), "");
  EXPECT_EQ(unseen("x->PyTuple_GET_SIZE;\n"), "");
}

TEST(Unseen, NotWhatTheFloorHas) {
  EXPECT_EQ(unseen("PyObject_GetBuffer(o, &b, 0); PyList_GetItem(l, 0);\n", {}, {11}), "");
  EXPECT_EQ(unseen("PyObject_GetBuffer(o, &b, 0); PyList_GetItem(l, 0);\n", {}, {10}),
            "1:1 object-get-buffer PyObject_GetBuffer\n");
}

TEST(Unseen, LinesThatEndInCarriageReturns) {
  EXPECT_EQ(unseen("#define A(t) \\\r\n  PyTuple_GET_SIZE(t)\r\n#if X\r\nPyTuple_GET_SIZE(t);\r\n"),
            "2:3 tuple-get-size PyTuple_GET_SIZE (body)\n4:1 tuple-get-size PyTuple_GET_SIZE\n");
}

TEST(Unseen, BytesThatAreNotUtf8) {
  EXPECT_EQ(unseen("/* \xe9 */ s = \"\xff\"; PyTuple_GET_SIZE(t);\n"),
            "1:18 tuple-get-size PyTuple_GET_SIZE\n");
}

// --- suppressions ---------------------------------------------------------

namespace {

/// The state of a finding of rule r at each OLD, then the complaints.
std::string suppressed(StringRef text) {
  std::vector<Finding> findings;
  for (size_t at = text.find("OLD"); at != StringRef::npos; at = text.find("OLD", at + 1)) {
    Finding finding = plainEdit({unsigned(at), unsigned(at + 3)}, "NEW");
    finding.rule = "r";
    findings.push_back(finding);
  }
  Suppressions suppressions = readSuppressions("a.c", text);
  std::vector<std::string> complaints;
  for (const Complaint &complaint : suppressions.malformed)
    complaints.push_back("a.c:" + std::to_string(complaint.line) + ": " + complaint.message);
  for (const Suppression &unused : applySuppressions(suppressions.all, findings))
    complaints.push_back("a.c:" + std::to_string(unused.line) + ": unused " + unused.rule);
  std::string lines;
  for (const Finding &finding : findings)
    lines += name(finding.state).str() +
             (finding.state == State::Suppressed ? ": " + finding.reason : "") +
             (finding.hasEdit() ? " edit\n" : "\n");
  return lines + join(complaints, "\n");
}

} // namespace

TEST(Suppress, OnTheLineAndAboveIt) {
  EXPECT_EQ(suppressed("OLD(x); // abi3ify: ignore[r]: because\nOLD(y);\n"),
            suppressed("OLD(x); // abi3ify: ignore[r] because\nOLD(y);\n"));
  EXPECT_EQ(suppressed("OLD(x); // abi3ify: ignore[r] because\nOLD(y);\n"),
            "suppressed: because\nfixable edit\n");
  EXPECT_EQ(suppressed("  // abi3ify: ignore[r] because\n  OLD(x);\n  OLD(y);\n"),
            "suppressed: because\nfixable edit\n");
  EXPECT_EQ(suppressed("OLD(x); /* abi3ify: ignore[r] because */\n"), "suppressed: because\n");
  EXPECT_EQ(suppressed("/* abi3ify: ignore[r]\n   because */\nOLD(x);\n"),
            "suppressed: because\n");
  EXPECT_EQ(suppressed("OLD(x); // abi3ify: ignore[r] because\r\nOLD(y);\r\n"),
            "suppressed: because\nfixable edit\n");
}

TEST(Suppress, AMacrosBodyIsOneLine) {
  const char *fits = "suppressed: because\nsuppressed: because\nfixable edit\n";
  EXPECT_EQ(suppressed("// abi3ify: ignore[r] because\n#define M(x) \\\n  OLD(x) \\\n  OLD(x)\nOLD(y);\n"),
            fits);
  EXPECT_EQ(suppressed("#define M(x) \\\n  OLD(x) /* abi3ify: ignore[r] because */ \\ \n  OLD(x)\nOLD(y);\n"),
            fits);
  EXPECT_EQ(suppressed("#define M(x) \\\r\n  OLD(x) \\\r\n  OLD(x) // abi3ify: ignore[r] because\r\n"
                       "OLD(y);\r\n"),
            fits);
  EXPECT_EQ(suppressed("#define M(x) \\\n  /* abi3ify: ignore[r] because */ \\\n  OLD(x) \\\n"
                       "  OLD(x)\nOLD(y);\n"),
            fits);
}

TEST(Suppress, CommentsOfSeveralLinesAndSeveralComments) {
  EXPECT_EQ(suppressed("/*\n * abi3ify: ignore[r] because\n *   it must\n */\n\nOLD(x);\nOLD(y);\n"),
            "suppressed: because it must\nfixable edit\n");
  EXPECT_EQ(suppressed("// abi3ify: ignore[q] one\n// abi3ify: ignore[r] two\n// more\nOLD(x);\n"),
            "suppressed: two\na.c:1: unused q");
  EXPECT_EQ(suppressed("  /* abi3ify: ignore[r] because */ OLD(x);\n  OLD(y);\n"),
            "suppressed: because\nfixable edit\n");
  EXPECT_EQ(suppressed("f();\n// abi3ify: ignore[r] because"), "a.c:2: unused r");
}

TEST(Suppress, AWholeFile) {
  EXPECT_EQ(suppressed("OLD(x);\n// abi3ify: ignore-file[r] because\nOLD(y);\n"),
            "suppressed: because\nsuppressed: because\n");
  EXPECT_EQ(suppressed("// abi3ify: ignore-file[r] all\nOLD(x); // abi3ify: ignore[r] one\n"),
            "suppressed: one\na.c:1: unused r");
  EXPECT_EQ(suppressed("// abi3ify: ignore-file[r]\nOLD(x);\n"),
            "fixable edit\na.c:1: a suppression needs a reason behind the bracket; it does not count");
}

TEST(Suppress, SeveralRules) {
  EXPECT_EQ(suppressed("OLD(x); // abi3ify: ignore[q, r] because\n"),
            "suppressed: because\na.c:1: unused q");
}

TEST(Suppress, Complaints) {
  EXPECT_EQ(suppressed("\n// abi3ify: ignore[r] because\nint x;\nOLD(x);\n"),
            "fixable edit\na.c:2: unused r");
  EXPECT_EQ(suppressed("OLD(x); // abi3ify: ignore[r]\n"),
            "fixable edit\na.c:1: a suppression needs a reason behind the bracket; it does not count");
  EXPECT_EQ(suppressed("OLD(x); // abi3ify: off\n"),
            "fixable edit\na.c:1: expected 'abi3ify: ignore[rule] reason' or 'abi3ify: "
            "ignore-file[rule] reason'; it does not count");
  EXPECT_EQ(suppressed("OLD(x); // abi3ify: ignore[] because\n"),
            "fixable edit\na.c:1: a rule's id is missing in the brackets");
  EXPECT_EQ(suppressed("s = \"// abi3ify: ignore[r] x\"; OLD(x);\n"), "fixable edit\n");
}

// --- generated code -------------------------------------------------------

TEST(Generated, IsRecognised) {
  auto made = [](StringRef path, StringRef text) {
    auto generator = recogniseGenerator(path, text);
    return generator ? generator->name.str() : "";
  };
  EXPECT_EQ(made("a.c", "/* Generated by Cython 3.0.2 */\n"), "Cython");
  EXPECT_EQ(made("a.c", "/* ----\n * This file was automatically generated by SWIG\n */"), "SWIG");
  EXPECT_EQ(made("a.c", "#define _CFFI_\n"), "cffi");
  // A library that people write their sources for generates nothing.
  EXPECT_EQ(made("a.cpp", "#include <pybind11/pybind11.h>\nPYBIND11_MODULE(a, m) {}\n"), "");
  EXPECT_EQ(made("a.cpp", "NB_MODULE(a, m) {}\n"), "");
  EXPECT_EQ(made("m/clinic/a.c.h", "int x;\n"), "Argument Clinic");
  EXPECT_EQ(made("m/a.c", "/*[clinic input]\n[clinic start generated code]*/\n"), "");
  EXPECT_EQ(made("a.c", "#include <Python.h>\n"), "");
}

TEST(Generated, OnlyWhereAGeneratorSigns) {
  auto made = [](StringRef text) {
    auto generator = recogniseGenerator("a.c", text);
    return generator ? generator->name.str() : "";
  };
  EXPECT_EQ(made("/* Like what is Generated by Cython 3.0 */\n"), "");
  EXPECT_EQ(made("int x;\n/* Generated by Cython 3.0 */\n"), "");
  EXPECT_EQ(made("// Generated by Cython 3.0.2\r\nint x;\r\n"), "Cython");
  EXPECT_EQ(made("#define CYTHON_HEX_VERSION 3\n"), "Cython");
  EXPECT_EQ(made("#ifdef CYTHON_HEX_VERSION\n#endif\n"), "");
  EXPECT_EQ(made("// #include <CPy.h>\n"), "");
}

TEST(Bindings, LibrariesAreRecognised) {
  auto used = [](StringRef text) {
    auto library = readLibraryUse("a.cpp", text);
    return library ? library->system + (library->isDeadEnd ? ", a dead end" : "") + " from 3." +
                         std::to_string(library->lowest)
                   : "";
  };
  EXPECT_EQ(used("#include <pybind11/pybind11.h>\n"), "pybind11, a dead end from 3.0");
  EXPECT_EQ(used("PYBIND11_MODULE(a, m) {}\n"), "pybind11, a dead end from 3.0");
  EXPECT_EQ(used("#include <boost/python.hpp>\n"), "Boost.Python, a dead end from 3.0");
  EXPECT_EQ(used("NB_MODULE(a, m) {}\n"), "nanobind from 3.12");
  EXPECT_EQ(used("// NB_MODULE(a, m)\nconst char *s = \"NB_MODULE(\";\n"), "");
  EXPECT_EQ(used("#define MODULE(n) NB_MODULE(n, m)\n"), "nanobind from 3.12");
  EXPECT_EQ(used("#  include \"hpy.h\"\n"), "HPy from 3.0");
  EXPECT_EQ(used("#include \"happy/hpy.h\"\n"), "");
}

// --- where generated code comes from ---------------------------------------

static std::string originOf(StringRef text) {
  Finding finding;
  finding.file = "/nowhere/made.c";
  size_t at = text.find("OLD");
  finding.range = {unsigned(at), unsigned(at + 3)};
  finding.rewrites.emplace_back();
  std::vector<Finding> findings = {finding};
  findOrigins(finding.file, text, {}, findings);
  if (findings[0].originFile.empty())
    return findings[0].hasEdit() ? "" : "lost its edit";
  return findings[0].originFile + ":" + std::to_string(findings[0].originLine) +
         (findings[0].hasEdit() ? " has an edit" : "");
}

TEST(Origin, LineDirectives) {
  EXPECT_EQ(originOf("OLD;\n#line 3 \"g.y\"\n"), "");
  EXPECT_EQ(originOf("#line 3 \"g.y\"\nOLD;\n"), "g.y:3");
  EXPECT_EQ(originOf("#line 3 \"g.y\"\n\n\nOLD;\n"), "g.y:5");
  EXPECT_EQ(originOf("#line 3 \"g.y\"\r\n\r\nOLD;\r\n"), "g.y:4");
  EXPECT_EQ(originOf("# 3 \"g.y\" 2\n#line 9\nOLD;\n"), "g.y:9");
  EXPECT_EQ(originOf("#line 3 \"C:\\\\g.y\"\nOLD;\n"), "C:\\g.y:3");
  EXPECT_EQ(originOf("#line 3 \"g.y\"\n#line 3 \"made.c\"\nOLD;\n"), "");
  EXPECT_EQ(originOf("#line 3 \"g.y\"\n#line 3 \"build/made.c\"\nOLD;\n"), "");
  EXPECT_EQ(originOf("#line 7\nOLD;\n"), "");
  EXPECT_EQ(originOf("/*\n#line 3 \"g.y\"\n*/\nOLD;\n"), "");
  EXPECT_EQ(originOf("# 1 \"<built-in>\"\nOLD;\n"), "");
  EXPECT_EQ(originOf("#line LINE \"g.y\"\nOLD;\n"), "");
}
