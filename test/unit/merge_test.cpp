// What several units and expansions say of one place.
#include "abi3ify/match.h"
#include "support.h"

using namespace abi3ify;
using namespace llvm;

namespace {

const StringRef text = "#define M(x) OLD(x, 0)\nint OTHER(y);\n";

Finding found(const std::string &cast = "") {
  Finding finding = callEdit(text, "OLD", "New($a, $b)", {"a", "b"});
  finding.inMacro = true;
  finding.rewrites[0].args[0].cast = cast;
  return finding;
}

Finding manual(const std::string &rule, const std::string &reason) {
  Finding finding = found();
  finding.rule = rule;
  finding.rewrites.clear();
  finding.safety = Safety::Manual;
  finding.reason = reason;
  return finding;
}

/// "rule state safety xN: text or reason" for each place.
std::string merged(std::vector<Finding> findings) {
  std::string lines;
  for (const Finding &finding : mergeMatches(std::move(findings)))
    lines += finding.rule + " " + name(finding.state).str() + " " + name(finding.safety).str() +
             " x" + std::to_string(finding.expansions) + ": " +
             (finding.hasEdit() ? preview(finding.rewrites[0], text) : finding.reason) + "\n";
  return lines;
}

} // namespace

TEST(Merge, TheSameTwiceIsOne) {
  EXPECT_EQ(merged({found(), found()}), "OLD fixable safe x2: New(x, 0)\n");
}

TEST(Merge, ExpansionsCountOnlyInMacros) {
  Finding plain = found();
  plain.inMacro = false;
  EXPECT_EQ(merged({plain, plain, plain}), "OLD fixable safe x1: New(x, 0)\n");
}

TEST(Merge, CastsAreUnited) {
  EXPECT_EQ(merged({found(), found("PyObject *"), found()}),
            "OLD fixable safe x3: New((PyObject *)x, 0)\n");
  EXPECT_EQ(merged({found("PyObject *"), found()}),
            "OLD fixable safe x2: New((PyObject *)x, 0)\n");
}

TEST(Merge, ParenthesesAreUnited) {
  Finding loose = found();
  loose.rewrites[0].args[0].primary = false;
  EXPECT_EQ(merged({found("PyObject *"), loose}),
            "OLD fixable safe x2: New((PyObject *)(x), 0)\n");
}

TEST(Merge, DifferentEditsAreForTheAuthor) {
  Finding other = found();
  other.rewrites[0].to = "Other($a, $b)";
  EXPECT_EQ(merged({found(), other}), "OLD manual manual x2: its expansions need different edits\n");
  EXPECT_EQ(merged({found("PyObject *"), found("PyTypeObject *")}),
            "OLD manual manual x2: its expansions need different edits\n");
}

TEST(Merge, ManualWins) {
  EXPECT_EQ(merged({found(), manual("OLD", "why")}), "OLD manual manual x2: why\n");
  EXPECT_EQ(merged({manual("OLD", "why"), found()}), "OLD manual manual x2: why\n");
}

TEST(Merge, TheLowerSafetyWins) {
  Finding review = found();
  review.safety = Safety::Review;
  EXPECT_EQ(merged({found(), review, found()}), "OLD fixable review x3: New(x, 0)\n");
  EXPECT_EQ(merged({review, found()}), "OLD fixable review x2: New(x, 0)\n");
}

TEST(Merge, ARuleBeatsTheNet) {
  EXPECT_EQ(merged({manual("not-limited", "net"), found()}), "OLD fixable safe x2: New(x, 0)\n");
  EXPECT_EQ(merged({found(), manual("not-limited", "net")}), "OLD fixable safe x2: New(x, 0)\n");
}

TEST(Merge, TwoRulesAreForTheAuthor) {
  EXPECT_EQ(merged({found(), manual("else", "why")}),
            "OLD manual manual x2: rules 'OLD' and 'else' both hold here\n");
}

TEST(Merge, AGroupIsGivenUpWhole) {
  Finding first = found(), second = callEdit(text, "OTHER", "New($a)", {"a"});
  first.group = second.group = "g";
  EXPECT_EQ(merged({first, second}),
            "OLD fixable safe x1: New(x, 0)\nOTHER fixable safe x1: New(y)\n");
  EXPECT_EQ(merged({first, second, manual("OLD", "why")}),
            "OLD manual manual x2: why\n"
            "OTHER manual manual x1: it belongs to an edit that cannot be made as a whole\n");
  EXPECT_EQ(merged({manual("OLD", "why"), second, first}),
            "OLD manual manual x2: why\n"
            "OTHER manual manual x1: it belongs to an edit that cannot be made as a whole\n");
}

TEST(Merge, InsertionsAreKnownByTheirText) {
  Finding a = plainEdit({0, 0}, "#include <string.h>\n"), b = a,
          c = plainEdit({0, 0}, "#include <errno.h>\n");
  a.range = rangeOf(text, "x");
  b.range = rangeOf(text, "y");
  EXPECT_EQ(merged({a, c, b}), "plain fixable safe x1: #include <errno.h>\n\n"
                               "plain fixable safe x1: #include <string.h>\n\n");
}
