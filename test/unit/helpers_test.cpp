// Where the definition of a helper goes.
#include "abi3ify/helpers.h"
#include <gtest/gtest.h>

using namespace abi3ify;

namespace {

/// The text in front of the position.
std::string head(llvm::StringRef text) { return text.take_front(endOfIncludes(text)).str(); }

TEST(EndOfIncludes, BehindTheLastOne) {
  EXPECT_EQ(head("/* c */\n#include <Python.h>\n#include \"a.h\"\n\nint x;\n#include \"b.inc\"\n"),
            "/* c */\n#include <Python.h>\n#include \"a.h\"\n");
}

TEST(EndOfIncludes, ConditionalIncludesBelong) {
  EXPECT_EQ(head("#include <Python.h>\n#ifdef A\n# include <a.h>\n#endif\n#define X 1\nint x;\n"),
            "#include <Python.h>\n#ifdef A\n# include <a.h>\n#endif\n");
  EXPECT_EQ(head("#include <Python.h>\n#ifndef A\n#define A(x) \\\n  (x)\n#endif\nint x;\n"),
            "#include <Python.h>\n");
}

TEST(EndOfIncludes, CodeInConditionalsDoesNotEndIt) {
  EXPECT_EQ(head("#ifdef A\nint a;\n#endif\n#include <b.h>\nint x;\n"),
            "#ifdef A\nint a;\n#endif\n#include <b.h>\n");
}

TEST(EndOfIncludes, BeforeCode) {
  std::string text = "#include <a.h>\n#ifdef B\n#include <b.h>\n#endif\n"
                     "#ifdef C\n#include <c.h>\nint c;\n#endif\n#ifdef D\n#include <d.h>\nint d;\n#endif\n";
  EXPECT_EQ(head(text), text);
  EXPECT_EQ(text.substr(0, endOfIncludes(text, true)), "#include <a.h>\n#ifdef B\n#include <b.h>\n#endif\n");
  EXPECT_EQ(endOfIncludes("#ifdef C\n#include <c.h>\nint c;\n#endif\n", true), 0u);
}

TEST(EndOfIncludes, TheGuardIsNoConditional) {
  EXPECT_EQ(head("#ifndef H\n#define H\n#include <a.h>\nint x;\n#include <b.h>\n#endif\n"),
            "#ifndef H\n#define H\n#include <a.h>\n");
}

TEST(EndOfIncludes, LinkageBlocks) {
  EXPECT_EQ(head("extern \"C\" {\n#include <a.h>\n}\nint x;\n"), "extern \"C\" {\n#include <a.h>\n");
}

TEST(EndOfIncludes, NoneAtAll) {
  EXPECT_EQ(head("int x;\n#include <a.h>\n"), "");
  EXPECT_EQ(head(""), "");
}

TEST(EndOfIncludes, DirectivesThatGoOn) {
  EXPECT_EQ(head("#include <a.h> /* more\n than a line */\nint x;\n"),
            "#include <a.h> /* more\n than a line */\n");
  EXPECT_EQ(head("#include <a.h>"), "#include <a.h>");
}

} // namespace
