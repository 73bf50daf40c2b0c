#include "abi3ify/init-tidy.h"
#include "support.h"

using namespace abi3ify;

namespace {

std::string updated(llvm::StringRef text) {
  auto result = withTidyChecks(".clang-tidy", text, {11});
  return result ? *result : "error: " + llvm::toString(result.takeError());
}

TEST(InitTidy, WritesANewFile) {
  std::string text = updated("");
  EXPECT_EQ(text, "Checks: 'abi3-*'\nCheckOptions:\n  Target: '3.11'\n");
  EXPECT_EQ(updated(text), text);
}

TEST(InitTidy, KeepsWhatIsThere) {
  EXPECT_EQ(updated("---\n# ours\nChecks: '-*,bugprone-*' # few\nHeaderFilterRegex: ''\n"),
            "---\n# ours\nChecks: '-*,bugprone-*,abi3-*' # few\nHeaderFilterRegex: ''\n"
            "CheckOptions:\n  Target: '3.11'\n");
  EXPECT_EQ(updated("Checks: -*,bugprone-*\nCheckOptions:\n  a.B: 1 # one\n"),
            "Checks: -*,bugprone-*,abi3-*\nCheckOptions:\n  Target: '3.11'\n  a.B: 1 # one\n");
  EXPECT_EQ(updated("CheckOptions:\n  a.B: 1\nChecks: \"-*\""),
            "CheckOptions:\n  Target: '3.11'\n  a.B: 1\nChecks: \"-*,abi3-*\"");
}

TEST(InitTidy, UpdatesFoldedTextAndLists) {
  EXPECT_EQ(updated("Checks: >\n  -*,\n  bugprone-*\n\nCheckOptions:\n  - key: a.B\n    value: 1\n"),
            "Checks: >\n  -*,\n  bugprone-*,\n  abi3-*\n\nCheckOptions:\n"
            "  - {key: Target, value: '3.11'}\n  - key: a.B\n    value: 1\n");
  EXPECT_EQ(updated("Checks:\n  - '-*'\n  - bugprone-*\nCheckOptions: {a.B: 1}\n"),
            "Checks:\n  - '-*'\n  - bugprone-*\n  - 'abi3-*'\n"
            "CheckOptions: {Target: '3.11', a.B: 1}\n");
  EXPECT_EQ(updated("Checks: ['-*', bugprone-*]\nCheckOptions: []\n"),
            "Checks: ['-*', bugprone-*, 'abi3-*']\n"
            "CheckOptions: [{key: Target, value: '3.11'}]\n");
}

TEST(InitTidy, ChangesTheTargetOnly) {
  EXPECT_EQ(updated("Checks: 'abi3-*,-x'\nCheckOptions:\n  Target: '3.9'   # old\n  Review: true\n"),
            "Checks: 'abi3-*,-x'\nCheckOptions:\n  Target: '3.11'   # old\n  Review: true\n");
  EXPECT_EQ(updated("Checks: 'abi3-*'\nCheckOptions:\n  - key: Target\n    value: 3.9\n"),
            "Checks: 'abi3-*'\nCheckOptions:\n  - key: Target\n    value: '3.11'\n");
}

TEST(InitTidy, KeepsLineBreaksAndDocumentEnds) {
  EXPECT_EQ(updated("Checks: '-*'\r\n"),
            "Checks: '-*,abi3-*'\r\nCheckOptions:\r\n  Target: '3.11'\r\n");
  EXPECT_EQ(updated("---\nChecks: '-*'\n...\n"),
            "---\nChecks: '-*,abi3-*'\nCheckOptions:\n  Target: '3.11'\n...\n");
  EXPECT_EQ(updated("# nothing yet\n"),
            "# nothing yet\nChecks: 'abi3-*'\nCheckOptions:\n  Target: '3.11'\n");
}

TEST(InitTidy, RefusesWhatItCannotRead) {
  for (llvm::StringRef text : {"Checks: '-*\n", "- a\n- b\n", "{Checks: '-*'}\n", "Checks: {a: b}\n",
                               "Checks: '-*'\nCheckOptions: many\n"})
    EXPECT_TRUE(llvm::StringRef(updated(text)).contains("nothing was written")) << updated(text);
}

} // namespace
