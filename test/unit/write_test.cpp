// Diffs and journalled writing.
#include "abi3ify/write.h"
#include "support.h"

using namespace abi3ify;
using namespace llvm;

namespace {

std::string diff(const std::string &before, const std::string &after) {
  return unifiedDiff("/r", {{"/r/a.c", before}}, {{"/r/a.c", after}});
}

std::string journal(const TemporaryFolder &folder, const std::string &state,
                    std::vector<std::string> names) {
  std::string text = "{\"state\":\"" + state + "\",\"files\":[";
  for (size_t i = 0; i < names.size(); ++i)
    text += (i ? "," : "") + ("{\"target\":\"" + folder.path + "/" + names[i]) +
            "\",\"temporary\":\"" + folder.path + "/." + names[i] + ".abi3ify-new\"}";
  return text + "]}\n";
}

std::string settled(const TemporaryFolder &folder) {
  auto done = settleJournal(folder.path);
  return done ? *done : "error: " + toString(done.takeError());
}

} // namespace

TEST(Diff, OneLine) {
  EXPECT_EQ(diff("a\nb\nc\n", "a\nB\nc\n"),
            "--- a/a.c\n+++ b/a.c\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n");
}

TEST(Diff, NothingToSay) { EXPECT_EQ(diff("a\n", "a\n"), ""); }

TEST(Diff, ThreeLinesAround) {
  EXPECT_EQ(diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n"),
            "--- a/a.c\n+++ b/a.c\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n");
}

TEST(Diff, NearChangesShareAHunkAndFarOnesDoNot) {
  EXPECT_EQ(diff("a\n1\n2\n3\n4\n5\n6\nb\n", "A\n1\n2\n3\n4\n5\n6\nB\n"),
            "--- a/a.c\n+++ b/a.c\n@@ -1,8 +1,8 @@\n-a\n+A\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+B\n");
  EXPECT_EQ(diff("a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n"),
            "--- a/a.c\n+++ b/a.c\n@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n"
            "@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n");
}

TEST(Diff, AddedAndRemovedLines) {
  EXPECT_EQ(diff("", "a\n"), "--- a/a.c\n+++ b/a.c\n@@ -0,0 +1,1 @@\n+a\n");
  EXPECT_EQ(diff("a\n", ""), "--- a/a.c\n+++ b/a.c\n@@ -1,1 +0,0 @@\n-a\n");
  EXPECT_EQ(diff("a\nb\n", "b\n"), "--- a/a.c\n+++ b/a.c\n@@ -1,2 +1,1 @@\n-a\n b\n");
}

TEST(Diff, LinesAreBytes) {
  EXPECT_EQ(diff("a\r\nb", "a\nb"), "--- a/a.c\n+++ b/a.c\n@@ -1,2 +1,2 @@\n-a\r\n+a\n b\n"
                                    "\\ No newline at end of file\n");
  EXPECT_EQ(diff("\xe9", "\xe8"), "--- a/a.c\n+++ b/a.c\n@@ -1,1 +1,1 @@\n-\xe9\n"
                                  "\\ No newline at end of file\n+\xe8\n"
                                  "\\ No newline at end of file\n");
}

TEST(Write, ReplacesFilesAndLeavesNothingBehind) {
  TemporaryFolder folder;
  std::string a = folder.write("a.c", "old a\n"), b = folder.write("b.c", "old b\n");
  ASSERT_FALSE(sys::fs::setPermissions(a, sys::fs::perms(0755)));
  ASSERT_FALSE(errorToBool(writeFiles(folder.path, {{a, "new a\r\n\xe9"}, {b, ""}})));
  EXPECT_EQ(folder.read("a.c"), "new a\r\n\xe9");
  EXPECT_EQ(folder.read("b.c"), "");
  EXPECT_EQ(folder.list(), "a.c b.c");
  EXPECT_EQ(*sys::fs::getPermissions(a), sys::fs::perms(0755));
}

TEST(Write, NothingToDo) {
  TemporaryFolder folder;
  ASSERT_FALSE(errorToBool(writeFiles(folder.path, {})));
  EXPECT_EQ(folder.list(), "");
}

TEST(Write, AllOrNone) {
  TemporaryFolder folder;
  std::string a = folder.write("a.c", "old a\n"), b = folder.write("b.c", "old b\n");
  ASSERT_FALSE(sys::fs::setPermissions(b, sys::fs::perms(0444)));
  EXPECT_EQ(toString(writeFiles(folder.path, {{a, "new"}, {b, "new"}})),
            b + " is read-only; make it writable (chmod u+w) or leave it out; nothing was written");
  EXPECT_EQ(folder.read("a.c"), "old a\n");
  std::string none = folder.path + "/none.c";
  EXPECT_EQ(toString(writeFiles(folder.path, {{a, "new"}, {none, "new"}})),
            none + ": No such file or directory; nothing was written");
  EXPECT_EQ(folder.read("a.c"), "old a\n");
  EXPECT_EQ(folder.list(), "a.c b.c");
}

TEST(Write, ANewFileInTheWayIsAnErrorAndTheOldFilesStay) {
  TemporaryFolder folder;
  std::string a = folder.write("a.c", "old a\n"), b = folder.write("b.c", "old b\n");
  folder.write(".b.c.abi3ify-new/x", "a folder where the new text should go");
  EXPECT_EQ(toString(writeFiles(folder.path, {{a, "new"}, {b, "new"}})),
            "cannot write " + folder.path +
                "/.b.c.abi3ify-new: File exists; no source was changed: mend the cause and run again");
  EXPECT_EQ(folder.read("a.c"), "old a\n");
  EXPECT_EQ(folder.list(), ".b.c.abi3ify-new a.c b.c");
}

TEST(Journal, None) {
  TemporaryFolder folder;
  EXPECT_EQ(settled(folder), "");
}

TEST(Journal, BeforeAllTextsAreOnDiskTheRunIsTakenBack) {
  TemporaryFolder folder;
  std::string path = folder.write(JournalName.str(), journal(folder, "preparing", {"a.c", "b.c"}));
  folder.write("a.c", "old a\n");
  folder.write("b.c", "old b\n");
  folder.write(".a.c.abi3ify-new", "ne");
  EXPECT_EQ(settled(folder), "took back the interrupted run that left " + path);
  EXPECT_EQ(folder.list(), "a.c b.c");
  EXPECT_EQ(folder.read("a.c"), "old a\n");
}

TEST(Journal, AfterwardsItIsFinished) {
  TemporaryFolder folder;
  std::string path = folder.write(JournalName.str(), journal(folder, "ready", {"a.c", "b.c"}));
  folder.write("a.c", "new a\n"); // renamed already
  folder.write("b.c", "old b\n");
  folder.write(".b.c.abi3ify-new", "new b\n");
  EXPECT_EQ(settled(folder), "finished the interrupted run that left " + path);
  EXPECT_EQ(folder.list(), "a.c b.c");
  EXPECT_EQ(folder.read("a.c"), "new a\n");
  EXPECT_EQ(folder.read("b.c"), "new b\n");
  EXPECT_EQ(settled(folder), "");
}

TEST(Journal, ThatCannotBeRead) {
  TemporaryFolder folder;
  std::string path = folder.write(JournalName.str(), "{\"state\":\"rea");
  EXPECT_EQ(settled(folder), "error: " + path +
                                 " is left from an interrupted run but cannot be read; look for "
                                 "files named '.*.abi3ify-new' beside the sources, delete them "
                                 "and it, and compare the sources with version control");
  EXPECT_EQ(folder.list(), JournalName);
}

TEST(Journal, ThatNamesForeignFiles) {
  TemporaryFolder folder, other;
  std::string victim = other.write("a.c", "mine\n");
  other.write(".a.c.abi3ify-new", "theirs\n");
  std::string path = folder.write(JournalName.str(), journal(other, "ready", {"a.c"}));
  EXPECT_EQ(settled(folder),
            "error: " + path + " names files that no run of abi3ify writes; delete it");
  EXPECT_EQ(other.read("a.c"), "mine\n");
  folder.write(JournalName.str(), "{\"state\":\"ready\",\"files\":[{\"target\":\"" + folder.path +
                                      "/../" + victim.substr(victim.rfind('/', victim.size() - 5) + 1) +
                                      "\",\"temporary\":\"" + victim + "\"}]}");
  EXPECT_EQ(settled(folder),
            "error: " + path + " names files that no run of abi3ify writes; delete it");
}
