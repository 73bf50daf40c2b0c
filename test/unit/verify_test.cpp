#include "abi3ify/verify.h"
#include "match_support.h"

using namespace abi3ify;

namespace {

/// A finding that replaces a part of a file.
Finding replacing(const std::string &file, llvm::StringRef text, llvm::StringRef what,
                  const std::string &by) {
  Finding finding;
  finding.file = file;
  unsigned begin = text.find(what);
  finding.range = {begin, unsigned(begin + what.size())};
  finding.rule = "test";
  finding.symbol = what.str();
  finding.state = State::Fixable;
  Rewrite rewrite;
  rewrite.file = file;
  rewrite.extent = finding.range;
  rewrite.to = by;
  rewrite.anew = true;
  finding.rewrites = {rewrite};
  return finding;
}

/// Which of some replacements hold, "+" or "-" for each.
std::string verified(const std::string &text,
                     const std::vector<std::pair<std::string, std::string>> &replacements,
                     const std::vector<std::string> &flags = {}) {
  TemporaryFolder folder;
  std::string file = folder.write("a.c", text);
  Project project;
  project.roots = {folder.path};
  Command command;
  command.directory = folder.path;
  command.file = file;
  command.args = {"-std=c11"};
  command.args.insert(command.args.end(), flags.begin(), flags.end());
  std::vector<Finding> findings;
  for (const auto &[what, by] : replacements)
    findings.push_back(replacing(file, text, what, by));
  std::vector<bool> wanted(findings.size(), true);
  UnitFiles unit{&command, {file}};
  PythonHeaders python = llvm::cantFail(askPython("python3"));
  VerifyOptions options;
  options.project = &project;
  options.floor = {11};
  options.headers = {&python};
  verifyEdits(findings, wanted, unit, {{file, text}}, options);
  std::string result;
  for (size_t i = 0; i < replacements.size(); ++i)
    result += wanted[i] ? "+" : "-";
  return result;
}

} // namespace

TEST(Verify, WhatAnEditTookAwayIsItsFaultAlone) {
  EXPECT_EQ(verified("extern int one(void);\n"
                     "extern int two(void);\n"
                     "int a = 1;\n"
                     "int f(void) { return two(); }\n"
                     "int b = 2;\n",
                     {{"= 1", "= 10"}, {"extern int one(void);\n", ""},
                      {"extern int two(void);\n", ""}, {"= 2", "= 20"}}),
            "++-+");
}

TEST(Verify, WhereEitherOfTwoEditsIsToBlameOneIsDropped) {
  EXPECT_EQ(verified("extern int one(void);\n"
                     "extern int one(void);\n"
                     "int a = 1;\n"
                     "int f(void) { return one(); }\n",
                     {{"= 1", "= 10"}, {"extern int one(void);\n", "\n"},
                      {"extern int one(void);\nint a", "int a"}}),
            "+-+");
}

TEST(Verify, CodeThatOnlyABuildWithAssertionsHas) {
  const std::string text = "#ifndef NDEBUG\n"
                           "int one = 1;\n"
                           "#endif\n"
                           "int two = 2;\n";
  EXPECT_EQ(verified(text, {{"1", "three"}, {"2", "3"}}, {"-DNDEBUG"}), "-+");
  EXPECT_EQ(verified(text, {{"1", "three"}, {"2", "3"}}), "-+");
}
