// What keeps a migration won: selection, the baseline, patches by area.
#include "abi3ify/baseline.h"
#include "abi3ify/selection.h"
#include "abi3ify/split.h"
#include "support.h"
#include "llvm/Support/FileSystem.h"

using namespace abi3ify;
using namespace llvm;

namespace {

const RuleSet &allRules() {
  static const RuleSet rules = cantFail(loadRules(""));
  return rules;
}

Finding use(const std::string &rule, Safety safety, const std::string &file = "/p/a.c") {
  Finding finding;
  finding.file = file;
  finding.rule = rule;
  finding.safety = safety;
  return finding;
}

std::string refusal(std::vector<std::string> select) {
  auto selection = Selection::parse(allRules(), select, {}, {});
  return selection ? "" : toString(selection.takeError());
}

} // namespace

// --- selection ------------------------------------------------------------

TEST(Selection, RulesAreasAndSafeties) {
  auto holds = [&](std::vector<std::string> select, std::vector<std::string> ignore,
                   const Finding &finding) {
    return cantFail(Selection::parse(allRules(), select, ignore, {})).holds(finding);
  };
  Finding safe = use("list-get-item", Safety::Safe), lowered = use("list-get-item", Safety::Manual);
  EXPECT_TRUE(holds({}, {}, safe));
  EXPECT_TRUE(holds({"area:list"}, {}, safe));
  EXPECT_FALSE(holds({"area:tuple"}, {}, safe));
  EXPECT_TRUE(holds({"area:tuple", "safety:safe"}, {}, safe)); // either
  // A finding's own safety counts, not that of its rule.
  EXPECT_FALSE(holds({"safety:safe"}, {}, lowered));
  EXPECT_FALSE(holds({"area:list"}, {"safety:manual"}, lowered));
  EXPECT_TRUE(holds({"not-limited"}, {}, use("not-limited", Safety::Manual)));
  EXPECT_FALSE(holds({}, {"not-limited"}, use("not-limited", Safety::Manual)));
}

TEST(Selection, AllAreasAndNoOthers) {
  for (const auto &rule : allRules().all())
    EXPECT_EQ(refusal({"area:" + rule->area}), "");
  EXPECT_EQ(refusal({"area:"}), "no area is called ''; 'abi3ify rules' lists them in front of the rules");
  EXPECT_EQ(refusal({""}), "no rule is called ''; 'abi3ify rules' lists them");
}

TEST(Selection, FilesByGlob) {
  auto matches = [](std::string pattern, StringRef file) {
    return PerFileIgnore{pattern, "/p", "", {}}.matches(file);
  };
  EXPECT_TRUE(matches("src/*.c", "/p/src/a.c"));
  EXPECT_TRUE(matches("src/*", "/p/src/deep/a.c"));
  EXPECT_TRUE(matches("a.c", "/p/src/a.c"));
  EXPECT_TRUE(matches("{a,b}.c", "/p/src/b.c"));
  EXPECT_TRUE(matches("/p/src/*.c", "/p/src/a.c"));
  EXPECT_FALSE(matches("src/*.c", "/q/src/a.c"));
  EXPECT_FALSE(matches("src/*.c", "/pp/src/a.c"));
  EXPECT_FALSE(matches("rc/a.c", "/p/src/a.c"));
  EXPECT_TRUE(matches("!src/*", "/p/lib/a.c"));
  EXPECT_FALSE(matches("!src/*", "/p/src/a.c"));
}

TEST(Selection, SpeaksOfWhatMayBeFound) {
  std::vector<PerFileIgnore> perFile = {{"b.c", "/p", "p", {"list-get-item"}}};
  auto speaks = [&](std::vector<std::string> select, std::vector<std::string> ignore,
                    StringRef file) {
    return cantFail(Selection::parse(allRules(), select, ignore, perFile))
        .speaksOf("list-get-item", file);
  };
  EXPECT_TRUE(speaks({}, {}, "/p/a.c"));
  EXPECT_TRUE(speaks({"safety:review"}, {}, "/p/a.c"));
  EXPECT_FALSE(speaks({"area:tuple"}, {}, "/p/a.c"));
  EXPECT_FALSE(speaks({}, {"area:list"}, "/p/a.c"));
  EXPECT_FALSE(speaks({}, {}, "/p/b.c"));
}

// --- the baseline ---------------------------------------------------------

TEST(Baseline, TheLastOfManyAreNew) {
  Texts texts = {{"/nowhere/a.c", "f(OLD);\n\tf(OLD);\nf( OLD);\r\nf(OLD);"}};
  std::vector<Finding> findings;
  for (unsigned at : {27, 17, 2, 11}) { // in no order
    findings.push_back(use("r", Safety::Safe, "/nowhere/a.c"));
    findings.back().range = {at, at + 3};
    findings.back().symbol = "OLD";
    findings.back().state = State::Fixable;
  }
  Baseline baseline;
  baseline.path = "/nowhere/known.json";
  baseline.entries[{"a.c", "r", "OLD", "f(OLD);"}] = 2;
  baseline.entries[{"a.c", "r", "OLD", "gone"}] = 3;
  BaselineFilter filter(baseline, texts);
  filter.apply(findings);
  EXPECT_EQ(findings[0].state, State::Fixable);   // the third of its kind
  EXPECT_EQ(findings[1].state, State::Fixable);   // another text
  EXPECT_EQ(findings[2].state, State::Baselined);
  EXPECT_EQ(findings[3].state, State::Baselined); // but for its indentation the same
  EXPECT_EQ(filter.unused().size(), 1u);
  EXPECT_EQ(filter.unused().begin()->first.line, "gone");
  EXPECT_EQ(filter.unused().begin()->second, 3u);
}

TEST(Baseline, LongLinesAndBytesThatAreNotUtf8) {
  std::string line(1000, 'x');
  Texts texts = {{"/nowhere/a.c", line + "y\n" + line + "z\nOLD \xff\n"}};
  Baseline baseline;
  baseline.path = "/nowhere/known.json";
  auto lineAt = [&](unsigned offset) {
    Finding finding = use("r", Safety::Safe, "/nowhere/a.c");
    finding.range = {offset, offset + 1};
    return baseline.keyOf(finding, texts).line;
  };
  EXPECT_NE(lineAt(0), lineAt(1002));
  EXPECT_LT(lineAt(0).size(), 300u);
  EXPECT_EQ(lineAt(2004), "OLD \xef\xbf\xbd");
}

TEST(Baseline, IsNamedFromItsFolder) {
  Baseline baseline;
  baseline.path = "/nowhere/ci/known.json";
  EXPECT_EQ(baseline.nameOf("/nowhere/ci/a.c"), "a.c");
  EXPECT_EQ(baseline.nameOf("/nowhere/src/a.c"), "../src/a.c");
}

// --- patches by area ------------------------------------------------------

namespace {

/// The steps of edits OLD -> NEW at the places of `rules`; "-" for one in group g.
std::string steps(std::vector<std::string> rules, StringRef text) {
  std::vector<Finding> findings;
  for (size_t i = 0, at = text.find("OLD"); i < rules.size(); ++i, at = text.find("OLD", at + 1)) {
    Finding finding = plainEdit({unsigned(at), unsigned(at + 3)}, "NEW");
    StringRef rule = rules[i];
    if (rule.consume_front("-"))
      finding.group = "g";
    finding.rule = rule.str();
    findings.push_back(finding);
  }
  Project project;
  VerifyOptions options;
  options.project = &project;
  Texts originals = {{"a.c", text.str()}};
  std::string lines;
  for (const SplitStep &step : splitByArea(findings, std::vector<bool>(findings.size(), true),
                                           allRules(), {}, originals, options)) {
    lines += step.area + ":";
    for (const auto &[rule, number] : step.rules)
      lines += " " + rule + " " + std::to_string(number);
    for (const auto &[rule, number] : step.lateRules)
      lines += " late " + rule + " " + std::to_string(number);
    lines += " -> " + step.texts.at("a.c") + "\n";
  }
  return lines;
}

} // namespace

TEST(Split, AreasInOrder) {
  EXPECT_EQ(steps({"tuple-get-size", "list-get-item", "tuple-get-item"}, "OLD OLD OLD"),
            "list: list-get-item 1 -> OLD NEW OLD\n"
            "tuple: tuple-get-item 1 tuple-get-size 1 -> NEW NEW NEW\n");
  EXPECT_EQ(steps({}, ""), "");
}

TEST(Split, WhatDoesNotCompileYetWaits) {
  SmallString<128> folder;
  ASSERT_FALSE(sys::fs::createUniqueDirectory("abi3ify-split", folder));
  std::string file = realPath(folder) + "/a.c";
  StringRef text = "int before(int x);\nint use(void) { return before(1); }\n";
  {
    std::error_code code;
    raw_fd_ostream(file, code) << text;
  }
  // The call needs the declaration, which is of a later area.
  std::vector<Finding> findings;
  for (auto [rule, at] : {std::pair("list-get-item", text.rfind("before")),
                          std::pair("tuple-get-item", text.find("before"))}) {
    Finding finding = plainEdit({unsigned(at), unsigned(at + 6)}, "after");
    finding.rule = rule;
    finding.file = finding.rewrites[0].file = file;
    findings.push_back(finding);
  }
  Project project;
  project.roots = {realPath(folder)};
  Command command;
  command.directory = realPath(folder);
  command.file = file;
  VerifyOptions options;
  options.project = &project;
  options.headers = {nullptr};
  UnitFiles unit{&command, {file}};
  auto steps = splitByArea(findings, {true, true}, allRules(), unit, {{file, text.str()}}, options);
  sys::fs::remove_directories(folder);
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_EQ(steps[0].area, "tuple");
  EXPECT_EQ(steps[0].lateRules.count("list-get-item"), 1u);
  EXPECT_EQ(steps[0].texts.at(file), "int after(int x);\nint use(void) { return after(1); }\n");
}

TEST(Split, AGroupGoesWithItsLastArea) {
  EXPECT_EQ(steps({"-list-get-item", "list-get-size", "-tuple-get-item"}, "OLD OLD OLD"),
            "list: list-get-size 1 -> OLD NEW OLD\n"
            "tuple: tuple-get-item 1 late list-get-item 1 -> NEW NEW NEW\n");
  // No patch is empty.
  EXPECT_EQ(steps({"-list-get-item", "-tuple-get-item"}, "OLD OLD"),
            "tuple: tuple-get-item 1 late list-get-item 1 -> NEW NEW\n");
}
