// Splitting of calls and directives in plain text.
#include "support.h"

using namespace abi3ify;
using namespace llvm;

namespace {

/// The call as "all|arg|arg", or "none".
std::string split(StringRef text, bool isMacro = true, StringRef name = "F") {
  auto call = callText(text, at(text, name), text.size(), isMacro);
  if (!call)
    return "none";
  std::string result = text.slice(call->all.begin, call->all.end).str();
  for (Range range : call->args)
    result += "|" + text.slice(range.begin, range.end).str();
  return result;
}

} // namespace

TEST(CallText, SplitsAtTopLevelCommas) {
  EXPECT_EQ(split("x = F(a, b) + c;"), "F(a, b)|a|b");
  EXPECT_EQ(split("F()"), "F()");
  EXPECT_EQ(split("F( a )"), "F( a )|a");
  EXPECT_EQ(split("F (g(a, b), (c, d))"), "F (g(a, b), (c, d))|g(a, b)|(c, d)");
  EXPECT_EQ(split("F(((a)), b[(i)])"), "F(((a)), b[(i)])|((a))|b[(i)]");
}

TEST(CallText, LooksPastCommentsStringsAndCharacters) {
  EXPECT_EQ(split("F(/* a, ) */ a /* b */, // c, )\n b)"),
            "F(/* a, ) */ a /* b */, // c, )\n b)|a|b");
  EXPECT_EQ(split("F(\"a,)(\", b)"), "F(\"a,)(\", b)|\"a,)(\"|b");
  EXPECT_EQ(split("F(\"\\\",)\", b)"), "F(\"\\\",)\", b)|\"\\\",)\"|b");
  EXPECT_EQ(split("F(',', ')')"), "F(',', ')')|','|')'");
  EXPECT_EQ(split("F('\\'', b)"), "F('\\'', b)|'\\''|b");
  EXPECT_EQ(split("F(\"a,\" \"b)\", c)"), "F(\"a,\" \"b)\", c)|\"a,\" \"b)\"|c");
}

TEST(CallText, KnowsRawStringsAndDigitSeparators) {
  EXPECT_EQ(split("F(R\"(a\", )\", b)"), "F(R\"(a\", )\", b)|R\"(a\", )\"|b");
  EXPECT_EQ(split("F(R\"x()\",)x\", b)"), "F(R\"x()\",)x\", b)|R\"x()\",)x\"|b");
  EXPECT_EQ(split("F(1'000, b)"), "F(1'000, b)|1'000|b");
}

TEST(CallText, GoesOnOverContinuedLines) {
  EXPECT_EQ(split("F(a, \\\n  b)"), "F(a, \\\n  b)|a|b");
  EXPECT_EQ(split("F\\\n(a,\\\r\n b)"), "F\\\n(a,\\\r\n b)|a|b");
}

TEST(CallText, MacrosSplitInsideBracesAndFunctionsDoNot) {
  EXPECT_EQ(split("F(a[1, 2], b)", true), "F(a[1, 2], b)|a[1|2]|b");
  EXPECT_EQ(split("F(a[1, 2], b)", false), "F(a[1, 2], b)|a[1, 2]|b");
  EXPECT_EQ(split("F(T{1, 2}, b)", false), "F(T{1, 2}, b)|T{1, 2}|b");
  EXPECT_EQ(split("F([&](int x, int y) { return g(x, y); }, b)", false),
            "F([&](int x, int y) { return g(x, y); }, b)|[&](int x, int y) { return g(x, y); }|b");
}

TEST(CallText, NeedsAWholeArgumentList) {
  EXPECT_EQ(split("F;"), "none");
  EXPECT_EQ(split("F = (a)"), "none");
  EXPECT_EQ(split("F(a, b"), "none");
  EXPECT_EQ(split("F(a,, b)"), "none");
  EXPECT_EQ(split("F(a, )"), "none");
  StringRef body = "F(a,\n b)";
  EXPECT_FALSE(callText(body, 0, 4, true));
}

TEST(DirectiveEnd, EndsAtTheFirstLineThatIsNotContinued) {
  StringRef text = "#define A 1\nx\n";
  EXPECT_EQ(directiveEnd(text, 8), 11u);
  text = "#define A 1 \\\n  + 2\nx\n";
  EXPECT_EQ(directiveEnd(text, 8), at(text, "\nx"));
  text = "#define A 1 \\\r\n  + 2\r\nx\r\n";
  EXPECT_EQ(directiveEnd(text, 8), at(text, "\nx"));
  text = "#define A 1";
  EXPECT_EQ(directiveEnd(text, 8), text.size());
}

TEST(DirectiveEnd, CommentsOverSeveralLinesBelongToIt) {
  StringRef text = "#define A 1 /* one\n two */ + 2\nx\n";
  EXPECT_EQ(directiveEnd(text, 8), at(text, "\nx"));
}
