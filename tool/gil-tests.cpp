// Py_GIL_DISABLED is of the headers; abi3t always defines it, without a value, and
// its binary is loaded by interpreters of both kinds. So one branch is taken for both.
#include "abi3ify/build-macros.h"
#include "abi3ify/condition.h"
#include "abi3ify/generated.h"
#include "abi3ify/text-lexer.h"
#include "clang/Basic/TokenKinds.h"
#include "llvm/ADT/StringExtras.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

constexpr StringRef Macro = "Py_GIL_DISABLED";
constexpr StringRef SetGil = "PyUnstable_Module_SetGIL";
constexpr StringRef TestRule = "gil-disabled-test";
constexpr StringRef ValueRule = "gil-disabled-value";
constexpr StringRef EarlyRule = "gil-disabled-early";
constexpr StringRef ErrorRule = "gil-disabled-error";
constexpr StringRef SetRule = "gil-disabled-set-gil";

/// A mention of the macro in a condition or in a macro's body.
struct Mention {
  Range name;
  Range whole; ///< with `defined` and its parentheses
  bool defined = false;
};

struct Piece {
  StringRef text;
  Range range;
  bool hash = false, lineBegin = false;
};

std::vector<Piece> piecesOf(StringRef text) {
  std::vector<Piece> pieces;
  TextLexer lexer(text);
  while (const Token *token = lexer.next())
    pieces.push_back({text.slice(lexer.begin(), lexer.end()), {lexer.begin(), lexer.end()},
                      lexer.isHash(), token->isAtStartOfLine()});
  return pieces;
}

bool isWord(StringRef text) { return isAlpha(text.front()) || text.front() == '_'; }

std::vector<Mention> mentionsIn(StringRef expression) {
  std::vector<Mention> found;
  std::vector<Piece> pieces = piecesOf(expression);
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (pieces[i].text != Macro)
      continue;
    Mention mention{pieces[i].range, pieces[i].range, false};
    if (i >= 1 && pieces[i - 1].text == "defined") {
      mention.whole.begin = pieces[i - 1].range.begin;
      mention.defined = true;
    } else if (i >= 2 && i + 1 < pieces.size() && pieces[i - 2].text == "defined" &&
               pieces[i - 1].text == "(" && pieces[i + 1].text == ")") {
      mention.whole = {pieces[i - 2].range.begin, pieces[i + 1].range.end};
      mention.defined = true;
    }
    found.push_back(mention);
  }
  return found;
}

/// In a call's arguments `defined` may come too late to be read.
bool isArgument(StringRef expression, const Mention &mention) {
  std::vector<bool> calls; ///< of the parentheses that are open
  StringRef before;
  for (const Piece &piece : piecesOf(expression)) {
    if (piece.range == mention.name)
      return is_contained(calls, true);
    if (piece.text == "(")
      calls.push_back(!before.empty() && isWord(before) && before != "defined");
    else if (piece.text == ")" && !calls.empty())
      calls.pop_back();
    before = piece.text;
  }
  return false;
}

/// What a branch holds, but for conditions and what only talks to the compiler.
struct Branch {
  bool empty = true;
  std::optional<Range> stop; ///< the first #error that no other condition stands around
  std::set<StringRef> names;
};

Branch readBranch(StringRef text, Range range) {
  Branch branch;
  std::vector<Piece> pieces = piecesOf(text.slice(range.begin, range.end));
  unsigned depth = 0;
  bool skipping = false;
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (pieces[i].lineBegin)
      skipping = false;
    if (pieces[i].hash) {
      StringRef word = i + 1 < pieces.size() && !pieces[i + 1].lineBegin ? pieces[i + 1].text : "";
      depth += word == "if" || word == "ifdef" || word == "ifndef";
      depth -= depth && word == "endif";
      if (word == "error" && !depth && !branch.stop)
        branch.stop = Range{range.begin + pieces[i + 1].range.begin, range.begin + pieces[i + 1].range.end};
      skipping = word != "define" && word != "undef" && word != "include";
      continue;
    }
    if (skipping)
      continue;
    branch.empty = false;
    if (isWord(pieces[i].text))
      branch.names.insert(pieces[i].text);
  }
  return branch;
}

bool holdsOnly(const Branch &branch, ArrayRef<StringRef> names) {
  return all_of(branch.names, [&](StringRef name) { return is_contained(names, name); });
}

/// A call of PyUnstable_Module_SetGIL as a statement, or an `if` that only looks
/// at its result; nothing else.
bool onlySetsGil(StringRef code) {
  std::vector<Piece> pieces = piecesOf(code);
  size_t at = 0;
  auto is = [&](StringRef text) { return at < pieces.size() && pieces[at].text == text; };
  auto closed = [&](StringRef open, StringRef close) { // behind the bracket that belongs to it
    unsigned depth = 0;
    for (; at < pieces.size(); ++at) {
      depth += pieces[at].text == open;
      if (pieces[at].text == close && !--depth)
        return ++at, true;
    }
    return false;
  };
  if (any_of(pieces, [](const Piece &piece) { return piece.hash || piece.text == "else"; }))
    return false;
  bool tested = is("if");
  at += tested ? 2 : 0;
  if (!is(SetGil) || at + 1 >= pieces.size() || pieces[at + 1].text != "(")
    return false;
  if (!tested)
    return ++at, closed("(", ")") && is(";") && at + 1 == pieces.size();
  at = 1;
  if (!closed("(", ")"))
    return false;
  if (is("{"))
    return closed("{", "}") && at == pieces.size();
  while (at < pieces.size() && !is(";"))
    ++at;
  return at + 1 == pieces.size();
}

class GilTests {
public:
  GilTests(const PreprocessorFacts &preprocessor, const MatchContext &context, TextOf textOf,
           FloorMatches &matches)
      : preprocessor(preprocessor), context(context), textOf(textOf), matches(matches),
        own(any_of(preprocessor.definitions,
                   [](const DefineDirective &definition) { return definition.name == Macro; })) {}

  void check() {
    std::set<std::pair<std::string, unsigned>> known;
    for (const ConditionDirective &condition : preprocessor.conditions)
      if (isTest(condition) && known.insert({condition.file, condition.range.begin}).second)
        check(condition);
    for (const DefineDirective &definition : preprocessor.definitions)
      if (known.insert({definition.file, definition.range.begin}).second)
        check(definition);
  }

private:
  bool isTest(const ConditionDirective &condition) {
    StringRef text = textOf(condition.file);
    return text.slice(condition.range.begin, condition.range.end).contains(Macro) &&
           !recogniseGenerator(condition.file, text);
  }

  void check(const ConditionDirective &condition) {
    StringRef text = textOf(condition.file);
    StringRef line = text.slice(condition.range.begin, condition.range.end);
    word = line.take_while([](char c) { return isAlpha(c); });
    expression = line.drop_front(word.size());
    begin = condition.range.begin + word.size();
    std::vector<Mention> mentions = mentionsIn(expression);
    if (mentions.empty())
      return;
    // #ifdef NAME has one name, and what is behind it is nobody's.
    bool byWord = word.ends_with("def");
    if (byWord && piecesOf(expression).front().text != Macro)
      return;
    if (!byWord && context.floor.abi3t && checkValues(condition, mentions))
      return;
    if (!matters())
      return;
    std::vector<Range> ranges = branchesBehind(text, condition.range.end);
    std::vector<Branch> branches;
    for (Range range : ranges)
      branches.push_back(readBranch(text, range));
    bool with = asked(true) != false && asked(false) == false;
    bool without = asked(true) == false;
    if (context.floor.abi3t && condition.afterPython && !branches.empty()) {
      bool other = ranges.size() == 2 &&
                   text.slice(ranges[0].end, ranges[1].begin).trim(" \t#").starts_with("else");
      const Branch *taken = with ? &branches[0] : without && other ? &branches[1] : nullptr;
      if (taken && taken->stop)
        return addError(condition, *taken->stop);
    }
    if (all_of(branches, [](const Branch &branch) { return branch.empty; }) || isClaim(branches, with) ||
        all_of(branches, [](const Branch &branch) { return holdsOnly(branch, {"define", Macro}); }))
      return;
    if (context.floor.abi3t && !condition.afterPython && !own)
      return askTarget(condition, mentions, any_of(branches, [](const Branch &branch) {
                         return branch.stop.has_value();
                       }));
    if (context.floor.abi3t && with && ranges.size() == 1 && word.starts_with("if") &&
        onlySetsGil(text.slice(ranges[0].begin, ranges[0].end)))
      return leaveToFullBuild(condition, ranges[0], mentions.front());
    if (auto finding = findingOf(TestRule, condition.file, mentions.front())) {
      finding->state = State::Advice;
      if (context.floor.abi3t)
        finding->reason = reason(with, without, branches);
      matches.findings.push_back(std::move(*finding));
    }
  }

  /// The condition as #if would ask it.
  std::string meant() const {
    if (!word.ends_with("def"))
      return expression.str();
    return (word.ends_with("ndef") ? "!defined(" : "defined(") + Macro.str() + ")";
  }

  /// What it says with the macro or without, if it is the same with all headers.
  std::optional<bool> asked(bool gilDisabled) const {
    std::optional<bool> first;
    for (unsigned version : headersFrom(context.floor)) {
      std::optional<bool> here = answer(meant(), {version, context.floor, gilDisabled});
      if (!here || (first && *first != *here))
        return std::nullopt;
      first = here;
    }
    return first;
  }

  bool matters() const {
    for (unsigned version : headersFrom(context.floor)) {
      std::optional<bool> with = answer(meant(), {version, context.floor, true}),
                          without = answer(meant(), {version, context.floor, false});
      if (!with || !without || *with != *without)
        return true;
    }
    return false;
  }

  /// A slot with what the module says of the GIL is right in both kinds.
  static bool isClaim(ArrayRef<Branch> branches, bool with) {
    return with && branches.front().names.count("Py_MOD_GIL_NOT_USED") &&
           all_of(branches, [](const Branch &branch) {
             return holdsOnly(branch, {"Py_mod_gil", "Py_MOD_GIL_NOT_USED", "Py_MOD_GIL_USED"});
           });
  }

  static std::string reason(bool with, bool without, ArrayRef<Branch> branches) {
    std::string taken = branches.size() > 1
                            ? "a build for abi3t always takes the branch with the macro and never the other"
                        : with    ? "a build for abi3t always has this code"
                        : without ? "a build for abi3t never has this code"
                                  : "a build for abi3t always has the macro";
    return taken + ", and interpreters with a GIL load it as well; right where the test is for locks, "
                   "wrong where it tells which interpreter runs: ask that one, "
                   "sys._is_gil_enabled(); no edit is made, since the test does not say which is meant";
  }

  std::optional<Finding> findingOf(StringRef rule, const std::string &file, const Mention &mention) {
    return findingAt(context, rule, file, {begin + mention.name.begin, begin + mention.name.end}, Macro);
  }

  Rewrite rewriteOf(const std::string &file, Range range, std::string to) {
    Rewrite rewrite;
    rewrite.file = file;
    rewrite.extent = range;
    rewrite.to = std::move(to);
    rewrite.anew = true;
    return rewrite;
  }

  /// #if Py_GIL_DISABLED, where the macro has no value.
  bool checkValues(const ConditionDirective &condition, ArrayRef<Mention> mentions) {
    bool found = false;
    for (const Mention &mention : mentions) {
      if (mention.defined)
        continue;
      auto finding = findingOf(ValueRule, condition.file, mention);
      if (!finding)
        return false;
      found = true;
      if (own)
        finding->reason = "the project defines the macro by itself, with a value or without; "
                          "'defined' asks whether it does";
      else if (isArgument(expression, mention))
        finding->reason = "a build for abi3t has the macro without a value, and 'defined' cannot be the "
                          "argument of a macro; ask for it outside of the call";
      else {
        finding->safety = Safety::Safe;
        finding->reason.clear();
        finding->rewrites.push_back(
            rewriteOf(condition.file, finding->range, "defined(" + Macro.str() + ")"));
      }
      matches.findings.push_back(std::move(*finding));
    }
    return found;
  }

  void addError(const ConditionDirective &condition, Range place) {
    if (auto finding = findingAt(context, ErrorRule, condition.file, place, "#error"))
      matches.findings.push_back(std::move(*finding));
  }

  /// The whole of `ifdef NAME`, or nothing where a comment stands in it.
  std::optional<Range> wordAndName(const ConditionDirective &condition, const Mention &mention) const {
    if (!all_of(expression.take_front(mention.name.begin), [](char c) { return c == ' ' || c == '\t'; }))
      return std::nullopt;
    return Range{condition.range.begin, begin + mention.name.end};
  }

  /// In front of Python.h nobody has defined it; the flags have the target.
  void askTarget(const ConditionDirective &condition, ArrayRef<Mention> mentions, bool stops) {
    auto finding = findingOf(EarlyRule, condition.file, mentions.front());
    if (!finding)
      return;
    if (stops)
      return matches.findings.push_back(std::move(*finding));
    const std::string either = "defined(Py_GIL_DISABLED) || defined(Py_TARGET_ABI3T)";
    if (word.ends_with("def")) {
      bool negative = word.ends_with("ndef");
      if (auto range = wordAndName(condition, mentions.front()))
        finding->rewrites.push_back(rewriteOf(
            condition.file, *range,
            (word.starts_with("el") ? "elif " : "if ") + (negative ? "!(" + either + ")" : either)));
    } else
      for (const Mention &mention : mentions) {
        bool alone = expression.trim() ==
                     expression.slice(mention.whole.begin, mention.whole.end);
        finding->rewrites.push_back(rewriteOf(
            condition.file, {begin + mention.whole.begin, begin + mention.whole.end},
            alone ? either : "(" + either + ")"));
      }
    if (finding->hasEdit())
      finding->safety = Safety::Review, finding->reason.clear();
    matches.findings.push_back(std::move(*finding));
  }

  /// No limited build has PyUnstable_Module_SetGIL.
  void leaveToFullBuild(const ConditionDirective &condition, Range branch, const Mention &mention) {
    auto finding = findingOf(SetRule, condition.file, mention);
    if (!finding)
      return;
    const std::string full = " && !defined(Py_LIMITED_API)";
    if (word == "ifdef") {
      if (auto range = wordAndName(condition, mention))
        finding->rewrites.push_back(
            rewriteOf(condition.file, *range, "if defined(" + Macro.str() + ")" + full));
    } else {
      std::string to = expression.slice(mention.whole.begin, mention.whole.end).str() + full;
      std::string edited = expression.str();
      edited.replace(mention.whole.begin, mention.whole.size(), to);
      if (all_of(headersFrom(context.floor), [&](unsigned version) {
            return answer(edited, {version, context.floor, true}) == false;
          }))
        finding->rewrites.push_back(rewriteOf(
            condition.file, {begin + mention.whole.begin, begin + mention.whole.end}, to));
    }
    if (finding->hasEdit()) {
      finding->safety = Safety::Review;
      finding->reason.clear();
      finding->group = (SetRule + " " + condition.file + ":" + Twine(condition.range.begin)).str();
      matches.leftOut[condition.file].insert({branch, finding->group});
    }
    matches.findings.push_back(std::move(*finding));
  }

  /// #define FREE_THREADED Py_GIL_DISABLED
  void check(const DefineDirective &definition) {
    StringRef text = textOf(definition.file);
    StringRef body = text.slice(definition.body.begin, definition.body.end);
    if (definition.name == Macro || !body.contains(Macro) || recogniseGenerator(definition.file, text))
      return;
    std::vector<Mention> mentions = mentionsIn(body);
    if (mentions.empty())
      return;
    bool value = context.floor.abi3t &&
                 any_of(mentions, [](const Mention &mention) { return !mention.defined; });
    auto finding = findingAt(context, value ? ValueRule : TestRule, definition.file, definition.range,
                             definition.name);
    if (!finding)
      return;
    if (value)
      finding->reason = "a build for abi3t has the macro without a value, and 'defined' cannot stand in a "
                        "macro's body; define yours twice, under #ifdef Py_GIL_DISABLED and its #else";
    matches.findings.push_back(std::move(*finding));
  }

  const PreprocessorFacts &preprocessor;
  const MatchContext &context;
  TextOf textOf;
  FloorMatches &matches;
  bool own; ///< the project defines the macro itself
  // Of the condition in question:
  StringRef word, expression;
  unsigned begin = 0; ///< of the expression
};

} // namespace

void checkGilTests(const PreprocessorFacts &preprocessor, const MatchContext &context, TextOf textOf,
                   FloorMatches &matches) {
  // Below, a limited build is for interpreters with a GIL alone.
  if (context.floor.minor >= 15 && preprocessor.pythonInclude.isValid())
    GilTests(preprocessor, context, textOf, matches).check();
}

} // namespace abi3ify
