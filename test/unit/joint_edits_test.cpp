#include "abi3ify/joint-edits.h"
#include "abi3ify/verify.h"
#include "support.h"

using namespace abi3ify;

namespace {

/// "1,2: [5,9)x [20,20)y": the findings of each set, and its edits.
std::string sets(llvm::StringRef text, std::vector<Finding> findings) {
  std::vector<bool> wanted(findings.size(), true);
  Texts originals = {{"a.c", text.str()}};
  Edits edits = composeEdits(findings, wanted, originals);
  std::string result;
  for (const JointEdits &set : jointEdits(findings, wanted, edits, originals)) {
    result += result.empty() ? "" : "; ";
    for (unsigned i : set.findings)
      result += std::to_string(i) + " ";
    for (const JointEdit &edit : set.edits)
      result += "[" + text.slice(edit.range.begin, edit.range.end).str() + "|" + edit.text + "]";
  }
  return result;
}

TEST(JointEdits, AreApartWhereTheirTextIs) {
  std::string text = "a = SIZE(ITEM(t, 0)) + SIZE(u);";
  EXPECT_EQ(sets(text, {callEdit(text, "SIZE", "Size($x)", {"x"}),
                        callEdit(text, "ITEM", "Item($x, $i)", {"x", "i"}),
                        callEdit(text, "SIZE", "Size($x)", {"x"}, 1)}),
            "0 [SIZE|Size]; 1 [ITEM|Item]; 2 [SIZE|Size]");
}

TEST(JointEdits, AreOneWhereAnEditMovesAnother) {
  std::string text = "a = SET(ITEM(t), v);";
  EXPECT_EQ(sets(text, {callEdit(text, "SET", "Put($v, $x)", {"x", "v"}),
                        callEdit(text, "ITEM", "Item($x)", {"x"})}),
            "0 1 [SET(ITEM(t), |Put(][)|, Item(t))]");
}

TEST(JointEdits, AreOneForAGroupAndForAHelper) {
  std::string text = "a(); b(); c();";
  std::vector<Finding> findings = {plainEdit(rangeOf(text, "a"), "x"),
                                   plainEdit(rangeOf(text, "b"), "y"),
                                   plainEdit(rangeOf(text, "c"), "z")};
  findings[0].group = findings[2].group = "g";
  EXPECT_EQ(sets(text, findings), "0 2 [a|x][c|z]; 1 [b|y]");
  findings[0].group = findings[2].group = "";
  Rewrite helper;
  helper.file = "a.c";
  helper.to = "helper\n";
  helper.sharedRank = 1;
  for (unsigned i : {1, 2})
    findings[i].rewrites.push_back(helper);
  findings.erase(findings.begin());
  EXPECT_EQ(sets(text, findings), "0 1 [|helper\n][b|y][c|z]");
}

} // namespace
