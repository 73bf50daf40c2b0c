// Rule files: what is read from them, and every error with its place.
#include "abi3ify/rule.h"
#include "support.h"

using namespace abi3ify;
using namespace llvm;

namespace {

const std::string good = R"yaml(id: tuple-get-size
title: reads the size field
rows: [B14, B15]
match: {call: PyTuple_GET_SIZE, args: [tuple]}
macro: "Py_ssize_t (any)"
safety: safe
fix:
  - {to: "PyTuple_Size($tuple)", cast: {tuple: PyObject *}}
docs: |
  Why.
examples:
  - {given: "int n;", before: "old();", after: "new();"}
  - {before: "near();", unchanged: true}
)yaml";

/// The error of `good` with its first `from` replaced by `to`.
std::string errorWith(const std::string &from, const std::string &to) {
  std::string text = good;
  size_t place = text.find(from);
  EXPECT_NE(place, std::string::npos) << from;
  text.replace(place, from.size(), to);
  auto rule = parseRule("rules/tuple/tuple-get-size.yaml", text);
  return rule ? "no error" : toString(rule.takeError());
}

std::string withFix(const std::string &fix) {
  return errorWith("{to: \"PyTuple_Size($tuple)\", cast: {tuple: PyObject *}}", fix);
}
std::string withMatch(const std::string &match) {
  return errorWith("{call: PyTuple_GET_SIZE, args: [tuple]}", match);
}
std::string withExample(const std::string &example) {
  return errorWith("{given: \"int n;\", before: \"old();\", after: \"new();\"}", example);
}

const std::string file = "rules/tuple/tuple-get-size.yaml:";

} // namespace

TEST(RuleReader, ReadsARule) {
  auto rule = cantFail(parseRule("rules/tuple/tuple-get-size.yaml", good));
  EXPECT_EQ(rule.id, "tuple-get-size");
  EXPECT_EQ(rule.title, "reads the size field");
  EXPECT_EQ(rule.area, "tuple");
  EXPECT_EQ(rule.docs, "Why.\n");
  EXPECT_EQ(rule.rows, (std::vector<std::string>{"B14", "B15"}));
  EXPECT_EQ(rule.kind, MatchKind::Call);
  EXPECT_EQ(rule.names, std::vector<std::string>{"PyTuple_GET_SIZE"});
  EXPECT_EQ(rule.args, std::vector<std::string>{"tuple"});
  EXPECT_EQ(rule.macros, (Pairs{{"PyTuple_GET_SIZE", "Py_ssize_t (any)"}}));
  EXPECT_FALSE(rule.always);
  EXPECT_EQ(rule.safety, Safety::Safe);
  EXPECT_EQ(rule.headersFrom, 8u);
  EXPECT_EQ(rule.headersUntil, NewestFloor);
  ASSERT_EQ(rule.forms.size(), 1u);
  EXPECT_EQ(rule.forms[0].since, 2u);
  EXPECT_TRUE(rule.forms[0].uses.has(Use::Value) && rule.forms[0].uses.has(Use::Statement));
  EXPECT_FALSE(rule.forms[0].uses.has(Use::Assign));
  EXPECT_EQ(rule.forms[0].cast, (Pairs{{"tuple", "PyObject *"}}));
  ASSERT_EQ(rule.examples.size(), 2u);
  EXPECT_EQ(rule.examples[0].line, 12u);
  EXPECT_EQ(rule.examples[0].after, "new();");
  EXPECT_TRUE(rule.examples[1].unchanged);
}

TEST(RuleReader, FormsAreSortedNewestFirst) {
  auto rule = cantFail(parseRule(
      "a/tuple-get-size.yaml",
      std::string(good).replace(good.find("  - {to"), 0,
                                "  - {since: \"3.2\", use: assign, to: A}\n"
                                "  - {since: \"3.12\", to: B}\n"
                                "  - {since: \"3.9\", to: C}\n"
                                "  - {since: \"3.12\", to: D}\n")));
  std::string order;
  for (const Form &form : rule.forms)
    order += std::to_string(form.since) + form.to.substr(0, 1) + " ";
  EXPECT_EQ(order, "12B 12D 9C 2A 2P ");
  EXPECT_EQ(rule.formFor(Use::Value, {8})->to, "PyTuple_Size($tuple)");
  EXPECT_EQ(rule.formFor(Use::Value, {9})->to, "C");
  EXPECT_EQ(rule.formFor(Use::Value, {11})->to, "C");
  EXPECT_EQ(rule.formFor(Use::Value, {12})->to, "B");
  EXPECT_EQ(rule.formFor(Use::Assign, {12})->to, "A");
  EXPECT_EQ(rule.formFor(Use::Address, {12}), nullptr);
}

TEST(RuleReader, TargetsOfForms) {
  auto rule = cantFail(parseRule(
      "a/tuple-get-size.yaml",
      std::string(good).replace(good.find("  - {to"), 0,
                                "  - {since: \"3.12\", target: abi3t, to: A}\n"
                                "  - {since: \"3.11\", to: Py_SET_TYPE($tuple)}\n"
                                "  - {since: \"3.10\", target: abi3, to: C}\n")));
  EXPECT_EQ(rule.formFor(Use::Value, {15, true})->to, "A");
  EXPECT_EQ(rule.formFor(Use::Value, {15})->to, "Py_SET_TYPE($tuple)");
  EXPECT_EQ(rule.formFor(Use::Value, {10})->to, "C");
  EXPECT_EQ(rule.forms[1].target, Target::Abi3) << "the facts say that abi3t lacks it";
  EXPECT_EQ(rule.forms.back().target, Target::Any);
  EXPECT_EQ(withFix("{to: A, target: abi4}"), file + "8:21: expected abi3 or abi3t, found 'abi4'");
  EXPECT_EQ(withFix("{to: \"Py_SET_TYPE($tuple)\", target: abi3t}"),
            file + "8:5: the form is for abi3t, which has no 'Py_SET_TYPE'");
}

TEST(RuleReader, ReasonsOfATargetGoFirst) {
  Rule rule;
  Uses assigned;
  assigned.add(Use::Assign);
  rule.reasons = {{{}, Target::Any, "all"},
                  {assigned, Target::Any, "stores"},
                  {{}, Target::Abi3t, "abi3t"},
                  {assigned, Target::Abi3, "abi3"}};
  EXPECT_EQ(*rule.reasonFor(Use::Value, {15}), "all");
  EXPECT_EQ(*rule.reasonFor(Use::Assign, {15}), "abi3");
  EXPECT_EQ(*rule.reasonFor(Use::Value, {15, true}), "abi3t");
  EXPECT_EQ(*rule.reasonFor(Use::Assign, {15, true}), "abi3t");
}

TEST(RuleReader, UnknownKeys) {
  EXPECT_EQ(errorWith("examples:", "exmaples:"), file + "11:1: unknown key 'exmaples'");
  EXPECT_EQ(withMatch("{call: PyTuple_GET_SIZE, arg: [tuple]}"),
            file + "4:33: unknown key 'arg'");
  EXPECT_EQ(withFix("{to: A, sicne: \"3.2\"}"), file + "8:13: unknown key 'sicne'");
  EXPECT_EQ(withExample("{befor: x}"), file + "12:6: unknown key 'befor'");
}

TEST(RuleReader, KeysThatStandTwice) {
  EXPECT_EQ(errorWith("rows:", "title: again\nrows:"),
            file + "3:1: key 'title' stands here twice");
  EXPECT_EQ(withFix("{to: A, to: B}"), file + "8:13: key 'to' stands here twice");
}

TEST(RuleReader, NamesThatAreNotBound) {
  EXPECT_EQ(withFix("{to: \"F($list)\"}"), file + "8:10: '$list' is not bound by the match");
  EXPECT_EQ(withFix("{to: \"F($)\"}"), file + "8:10: '$' is not bound by the match");
  EXPECT_EQ(withFix("{to: \"F($value)\"}"), file + "8:10: '$value' is not bound by the match");
  EXPECT_EQ(withFix("{use: assign, to: \"F($tuple, $value)\"}"), "no error");
  EXPECT_EQ(withFix("{to: F(), cast: {list: PyObject *}}"),
            file + "8:21: cast names 'list', which is not bound by the match");
  EXPECT_EQ(withFix("{to: F(), pure: [list]}"), file + "8:21: 'list' is not bound by the match");
  EXPECT_EQ(withFix("{to: F(), non-null: [list]}"),
            file + "8:25: 'list' is not bound by the match");
}

TEST(RuleReader, TheOrderOfKeysDoesNotMatter) {
  std::string match = "match: {call: PyTuple_GET_SIZE, args: [tuple]}\n";
  std::string text = good;
  text.erase(text.find(match), match.size());
  EXPECT_TRUE(bool(parseRule("a/tuple-get-size.yaml", text + match)) );
  text = std::string(good).replace(good.find("safety: safe\n"), 13, "");
  text.replace(text.find("{to:"), 4, "{safety: safe, to:");
  auto rule = parseRule("a/tuple-get-size.yaml", text + "safety: review\n");
  ASSERT_FALSE(rule);
  EXPECT_EQ(toString(rule.takeError()),
            "a/tuple-get-size.yaml:7:14: a form's safety may be lower than the rule's, not higher");
}

TEST(RuleReader, WrongValues) {
  EXPECT_EQ(errorWith("safety: safe", "safety: sure"),
            file + "6:9: expected safe, review or manual, found 'sure'");
  EXPECT_EQ(errorWith("safety: safe", "always: yes"),
            file + "6:9: expected true or false, found 'yes'");
  EXPECT_EQ(withFix("{since: \"3\", to: A}"),
            file + "8:13: '3' is not a version of CPython 3 such as 3.11");
  EXPECT_EQ(withFix("{since: 4.0, to: A}"),
            file + "8:13: '4.0' is not a version of CPython 3 such as 3.11");
  EXPECT_EQ(withFix("{use: read, to: A}"),
            file + "8:11: unknown use 'read'; one of value, statement, assign, update, address, "
                   "sizeof");
  EXPECT_EQ(withFix("{use: value, to: A, safety: safe}"), "no error");
  EXPECT_EQ(errorWith("id: tuple-get-size", "id: other"),
            file + "1:5: the id must be the file's name, 'tuple-get-size'");
  EXPECT_EQ(errorWith("title: reads the size field", "title: [a]"),
            file + "2:8: expected a text");
  EXPECT_EQ(withExample("{before: a, after: b, lang: c+}"),
            file + "12:33: lang is c or c++, found 'c+'");
  EXPECT_EQ(withExample("{before: a, after: b, scope: function}"),
            file + "12:34: the only scope to name is file");
  EXPECT_EQ(withMatch("call"), file + "4:8: expected a mapping");
}

TEST(RuleReader, MissingKeys) {
  EXPECT_EQ(errorWith("id: tuple-get-size\n", ""), file + "1:1: missing 'id:'");
  EXPECT_EQ(errorWith("title: reads the size field\n", ""), file + "1:1: missing 'title:'");
  EXPECT_EQ(errorWith("docs: |\n  Why.\n", ""),
            file + "1:1: missing 'docs:'; every rule explains itself");
  EXPECT_EQ(withMatch("{args: [tuple]}"),
            file + "4:8: match needs one of call, field, name, type, include, custom");
  EXPECT_EQ(errorWith("fix:\n  - {to: \"PyTuple_Size($tuple)\", cast: {tuple: PyObject *}}\n", ""),
            file + "1:1: a rule needs 'fix:' or 'manual:'");
  EXPECT_EQ(errorWith("  - {before: \"near();\", unchanged: true}\n", ""),
            file + "1:1: a rule needs at least one example that it changes or reports and one "
                   "near miss with 'unchanged: true'");
  EXPECT_EQ(withExample("{given: x}"), file + "12:5: an example needs 'before:'");
  EXPECT_EQ(withExample("{before: x}"),
            file + "12:5: an example needs exactly one of 'after:', 'manual:', 'unchanged: true'");
  EXPECT_EQ(withExample("{before: x, after: y, manual: z}"),
            file + "12:5: an example needs exactly one of 'after:', 'manual:', 'unchanged: true'");
  EXPECT_EQ(withFix("{since: \"3.2\"}"), file + "8:5: a form needs 'to:' or 'rename:'");
  EXPECT_EQ(errorWith("docs:", "manual:\n  - {use: value}\ndocs:"),
            file + "10:5: an entry of manual needs 'reason:'");
}

TEST(RuleReader, OneKindOfMatch) {
  EXPECT_EQ(withMatch("{call: A, field: B, args: [tuple]}"),
            file + "4:25: a rule matches one of call, field, name, type, include");
  EXPECT_EQ(withMatch("{field: ob_type, of: PyObject}"),
            file + "8:10: '$tuple' is not bound by the match");
  EXPECT_EQ(withMatch("{custom: no-such-judge, call: A, args: [tuple]}"),
            file + "4:17: no function is called 'no-such-judge'");
}

TEST(RuleReader, MacroSignatures) {
  EXPECT_EQ(errorWith("Py_ssize_t (any)", "Py_ssize_t"),
            file + "5:8: expected a signature such as \"Py_ssize_t (any)\", found 'Py_ssize_t'");
  EXPECT_EQ(errorWith("Py_ssize_t (any)", "Py_ssize_t (any, int)"),
            file + "5:8: the signature has 2 parameters, the match binds 1");
}

TEST(RuleReader, BrokenYaml) {
  EXPECT_EQ(withMatch("{call: PyTuple_GET_SIZE, args: [tuple}"),
            file + "4:45: Expected , between entries!");
  auto message = [](StringRef text) {
    auto rule = parseRule("a/b.yaml", text);
    return rule ? "no error" : toString(rule.takeError());
  };
  EXPECT_EQ(message(""), "a/b.yaml:1:1: a rule file is a mapping that begins with 'id:'");
  EXPECT_EQ(message("- a\n"), "a/b.yaml:1:1: a rule file is a mapping that begins with 'id:'");
  EXPECT_EQ(message("# nothing\n"), "a/b.yaml:1:1: a rule file is a mapping that begins with 'id:'");
  EXPECT_EQ(errorWith("  - {before: \"near();\", unchanged: true}\n",
                      "  - {before: \"near();\", unchanged: true}\n---\nid: b\n"),
            file + "15:1: a rule file holds one document");
}

TEST(RuleFolder, AllErrorsAreJoined) {
  TemporaryFolder folder;
  folder.write("a/one.yaml", "id: one\ntitel: x\n");
  folder.write("b/two.yaml", "id: 2\n");
  folder.write("b/notes.txt", "no rule");
  auto rules = loadRuleFolder(folder.path);
  ASSERT_FALSE(rules);
  EXPECT_EQ(toString(rules.takeError()),
            folder.path + "/a/one.yaml:2:1: unknown key 'titel'\n" + folder.path +
                "/b/two.yaml:1:5: the id must be the file's name, 'two'");
}

TEST(RuleFolder, IdsAreTakenOnce) {
  TemporaryFolder folder;
  folder.write("a/tuple-get-size.yaml", good);
  folder.write("b/tuple-get-size.yaml", good);
  auto rules = loadRuleFolder(folder.path);
  ASSERT_FALSE(rules);
  EXPECT_EQ(toString(rules.takeError()), folder.path +
                                             "/b/tuple-get-size.yaml:1:1: rule id "
                                             "'tuple-get-size' is taken by " +
                                             folder.path + "/a/tuple-get-size.yaml");
}

TEST(RuleFolder, MustHoldRules) {
  TemporaryFolder folder;
  auto rules = loadRuleFolder(folder.path);
  ASSERT_FALSE(rules);
  EXPECT_EQ(toString(rules.takeError()), "no .yaml file in the rules folder " + folder.path);
  rules = loadRuleFolder(folder.path + "/none");
  ASSERT_FALSE(rules);
  EXPECT_EQ(toString(rules.takeError()), "cannot read the rules folder " + folder.path +
                                             "/none: No such file or directory");
}

TEST(RuleSet, FindsRulesByName) {
  auto rules = cantFail(loadRules(""));
  const Rule *size = rules.find("tuple-get-size");
  ASSERT_TRUE(size);
  ASSERT_EQ(rules.forCall("PyTuple_GET_SIZE").size(), 1u);
  EXPECT_EQ(rules.forCall("PyTuple_GET_SIZE")[0], size);
  EXPECT_EQ(rules.find("no-such-rule"), nullptr);
  EXPECT_TRUE(rules.forCall("no_such_call").empty());
  EXPECT_FALSE(rules.forField("ob_type").empty());
  rules.filter([](const Rule &rule) { return rule.id != "tuple-get-size"; });
  EXPECT_EQ(rules.find("tuple-get-size"), nullptr);
  EXPECT_TRUE(rules.forCall("PyTuple_GET_SIZE").empty());
}

TEST(RuleReader, AMacroMustBeDeclared) {
  EXPECT_EQ(errorWith("macro: \"Py_ssize_t (any)\"\n", ""),
            file + "1:1: 'PyTuple_GET_SIZE' is a macro of Python's headers, so a call of it is only "
                   "seen with 'macro:', which says how to declare it");
}
