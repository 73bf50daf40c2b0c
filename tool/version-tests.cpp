// #if PY_VERSION_HEX >= X asks which headers are read. Under the limit the binary
// runs on all versions from the floor on, so the question must go to the limit.
// A test that all headers from the floor on answer alike is left alone.
#include "abi3ify/build-macros.h"
#include "abi3ify/condition.h"
#include "abi3ify/facts.h"
#include "abi3ify/generated.h"
#include "abi3ify/text-lexer.h"
#include "clang/Basic/TokenKinds.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

constexpr StringRef TestRule = "version-test";
constexpr StringRef GilRule = "gil-disabled-test";

/// Calls `see` for each name in a text; lines that only talk to the compiler
/// are left out.
void eachName(StringRef text, function_ref<void(StringRef)> see) {
  TextLexer lexer(text);
  bool skipping = false, directive = false;
  while (const Token *token = lexer.next()) {
    if (token->isAtStartOfLine())
      skipping = false, directive = token->is(tok::hash);
    StringRef name = lexer.name();
    if (name.empty() || skipping)
      continue;
    if (directive)
      skipping = StringSwitch<bool>(name)
                     .Cases({"error", "warning", "pragma", "line", "endif", "else"}, true)
                     .Default(false);
    if (directive) {
      directive = false; // the directive's own name
      if (!skipping && (name == "define" || name == "include"))
        see(name);
      continue;
    }
    see(name);
  }
}

bool isKeyword(StringRef name) {
  return StringSwitch<bool>(name)
      .Cases({"return", "if", "else", "int", "void", "NULL", "break", "char", "do", "while"}, true)
      .Default(false);
}

/// Code without a name does the same in every version.
bool saysSomething(StringRef text, ArrayRef<Range> branches) {
  bool found = false;
  for (Range branch : branches)
    eachName(text.slice(branch.begin, branch.end),
             [&](StringRef name) { found |= !isKeyword(name); });
  return found;
}

/// A name of Python's that a text defines, as a macro or a function.
std::string ownDefinition(StringRef text, ArrayRef<Range> branches) {
  std::string found;
  auto see = [&](StringRef name) {
    if (found.empty() && facts().find(name))
      found = name.str();
  };
  for (Range branch : branches) {
    StringRef code = text.slice(branch.begin, branch.end);
    eachDefinedFunction(code, see);
    for (StringRef line : split(code, '\n')) {
      line = line.ltrim();
      if (line.consume_front("#") && (line = line.ltrim(), line.consume_front("define")))
        see(line.ltrim().take_while([](char c) { return isAlnum(c) || c == '_'; }));
    }
  }
  return found;
}

class VersionTests {
public:
  VersionTests(const PreprocessorFacts &preprocessor, const MatchContext &context, TextOf textOf,
               FloorMatches &matches)
      : preprocessor(preprocessor), context(context), textOf(textOf), matches(matches) {
    for (unsigned minor = context.floor.minor; minor <= NewestFloor; ++minor)
      for (unsigned release : {0x00F0u, 0xFFF0u})
        versions.push_back(0x03000000 + (minor << 16) + release);
  }

  void check() {
    std::set<std::pair<std::string, unsigned>> known;
    for (const ConditionDirective &condition : preprocessor.conditions)
      if (known.insert({condition.file, condition.range.begin}).second && isWritten(condition.file))
        check(condition);
    for (const DefineDirective &definition : preprocessor.definitions)
      if (known.insert({definition.file, definition.range.begin}).second &&
          isWritten(definition.file))
        checkMacro(definition);
  }

private:
  /// By hand: generators and pythoncapi_compat.h have their own ways with versions.
  bool isWritten(const std::string &file) {
    auto [known, added] = written.try_emplace(file);
    if (added)
      known->second = !recogniseGenerator(file, textOf(file));
    return known->second;
  }

  void check(const ConditionDirective &condition) {
    StringRef text = textOf(condition.file);
    StringRef line = text.slice(condition.range.begin, condition.range.end);
    StringRef word = line.take_while([](char c) { return isAlpha(c); });
    unsigned begin = condition.range.begin + word.size();
    StringRef expression = line.drop_front(word.size());
    if (expression.contains("Py_GIL_DISABLED"))
      checkGil(condition, text, begin, expression);
    if (!expression.contains("PY_VERSION_HEX") && !expression.contains("PY_MINOR_VERSION"))
      return;
    if (word == "if" || word == "elif")
      checkVersion(condition, text, begin, expression);
  }

  /// Whether all versions answer a condition alike under the limit; how.
  std::optional<bool> alike(StringRef expression) const {
    std::optional<bool> first = answer(expression, {versions.front(), context.floor});
    for (unsigned version : versions)
      if (!first || answer(expression, {version, context.floor}) != first)
        return std::nullopt;
    return first;
  }

  bool differs(const VersionComparison &comparison) const {
    return any_of(versions, [&](unsigned version) {
      return comparison.holds(version) != comparison.holds(versions.front());
    });
  }

  void checkVersion(const ConditionDirective &condition, StringRef text, unsigned begin,
                    StringRef expression) {
    if (alike(expression))
      return;
    std::vector<VersionComparison> asking = versionComparisons(expression);
    erase_if(asking, [&](const VersionComparison &each) { return !differs(each); });
    std::vector<Range> branches = branchesBehind(text, condition.range.end);
    if (branches.empty() || !saysSomething(text, branches))
      return;
    if (asking.empty())
      return checkOther(condition, begin, expression);
    std::string group =
        "version-test " + condition.file + ":" + std::to_string(condition.range.begin);
    std::string edited = expression.str();
    bool whole = true;
    // Newer headers hide some of these names under a lower limit, and keep others.
    own = ownDefinition(text, branches);
    for (const VersionComparison &each : reverse(asking)) {
      std::string to = own.empty() ? replacement(expression, each) : "";
      whole &= !to.empty();
      addTest(condition.file, begin, expression, each, to, group);
      edited.replace(each.range.begin, each.range.size(), to);
    }
    std::optional<bool> holds = whole ? alike(edited) : std::nullopt;
    if (!holds)
      return;
    // What the edited condition leaves out at this floor.
    auto &leftOut = matches.leftOut[condition.file];
    for (Range branch : ArrayRef(branches).slice(*holds ? 1 : 0, *holds ? branches.size() - 1 : 1))
      leftOut.insert({branch, group});
  }

  /// The comparison, asked of the limit where there is one.
  static std::string replacement(StringRef expression, const VersionComparison &comparison) {
    std::string asked = comparison.askedOfLimit();
    if (asked.empty())
      return {};
    auto [begin, end] = comparison.range;
    StringRef before = expression.take_front(begin).rtrim(), behind = expression.substr(end).ltrim();
    std::string text = "defined(Py_LIMITED_API) ? " + asked + " : " +
                       expression.slice(begin, end).str();
    bool alone = (before.empty() && behind.empty()) ||
                 (before.ends_with("(") && behind.starts_with(")"));
    return alone ? text : "(" + text + ")";
  }

  void addTest(const std::string &file, unsigned begin, StringRef expression,
               const VersionComparison &comparison, const std::string &to,
               const std::string &group) {
    StringRef macro = comparison.minor ? "PY_MINOR_VERSION" : "PY_VERSION_HEX";
    auto finding = findingAt(context, TestRule, file,
                             {begin + comparison.range.begin, begin + comparison.range.end}, macro);
    if (!finding)
      return;
    if (!own.empty())
      finding->reason = "'" + own + "' is defined behind it for headers that lack it, and newer "
                        "headers hide some such names under a lower limit and keep others; give "
                        "yours a name of its own";
    else if (to.empty())
      finding->reason = "one binary runs on all versions from the floor on; ask for a range of "
                        "Py_LIMITED_API where that is defined";
    else {
      Rewrite rewrite;
      rewrite.file = file;
      rewrite.extent = finding->range;
      rewrite.to = to;
      rewrite.anew = true;
      finding->rewrites.push_back(std::move(rewrite));
      finding->safety = Safety::Review;
      finding->reason.clear();
    }
    finding->group = group;
    matches.findings.push_back(std::move(*finding));
  }

  /// A condition that asks in another way than by a comparison.
  void checkOther(const ConditionDirective &condition, unsigned begin, StringRef expression) {
    // Only if the version itself decides, whatever else is asked.
    std::set<std::optional<bool>> answers;
    for (unsigned version : versions)
      answers.insert(answer(expression, {version, context.floor}));
    if (answers.size() < 2)
      return;
    StringRef macro = expression.contains("PY_VERSION_HEX") ? "PY_VERSION_HEX" : "PY_MINOR_VERSION";
    unsigned at = begin + expression.find(macro);
    if (auto finding = findingAt(context, TestRule, condition.file,
                                 {at, at + unsigned(macro.size())}, macro))
      matches.findings.push_back(std::move(*finding));
  }

  /// #define NEW_PYTHON (PY_VERSION_HEX >= X): no `defined` may stand in it.
  void checkMacro(const DefineDirective &definition) {
    StringRef body = textOf(definition.file).slice(definition.body.begin, definition.body.end);
    if (!body.contains("PY_VERSION_HEX") && !body.contains("PY_MINOR_VERSION"))
      return;
    if (alike(body))
      return;
    for (const VersionComparison &each : versionComparisons(body)) {
      if (!differs(each))
        continue;
      auto finding = findingAt(context, TestRule, definition.file, definition.range,
                               definition.name);
      if (!finding)
        return;
      std::string asked = each.askedOfLimit();
      finding->reason = "the macro's body asks the headers, and 'defined' cannot stand there; "
                        "define the macro twice, and under #ifdef Py_LIMITED_API by the limit" +
                        (asked.empty() ? "" : ": " + asked);
      matches.findings.push_back(std::move(*finding));
      return;
    }
  }

  /// With a stable ABI that a free-threaded interpreter can load, the macro
  /// says nothing of the interpreter that does.
  void checkGil(const ConditionDirective &condition, StringRef text, unsigned begin, StringRef expression) {
    if (context.floor.minor < 15)
      return;
    std::vector<Range> branches = branchesBehind(text, condition.range.end);
    if (branches.empty() || !saysSomething(text, branches))
      return;
    // A module that says what it needs is right in both builds.
    bool claims = false;
    eachName(text.slice(branches.front().begin, branches.front().end),
             [&](StringRef name) { claims |= name == "Py_MOD_GIL_NOT_USED"; });
    if (claims)
      return;
    unsigned at = begin + expression.find("Py_GIL_DISABLED");
    if (auto finding = findingAt(context, GilRule, condition.file, {at, at + 15},
                                 "Py_GIL_DISABLED"))
      matches.findings.push_back(std::move(*finding));
  }

  const PreprocessorFacts &preprocessor;
  const MatchContext &context;
  TextOf textOf;
  FloorMatches &matches;
  std::vector<unsigned> versions; ///< of headers that can build for the floor
  std::string own; ///< what the branches of the condition in question define of Python's
  std::map<std::string, bool> written;
};

} // namespace

void checkVersionTests(const PreprocessorFacts &preprocessor, const MatchContext &context,
                       TextOf textOf, FloorMatches &matches) {
  if (context.rules->find(TestRule) || context.rules->find(GilRule))
    VersionTests(preprocessor, context, textOf, matches).check();
}

} // namespace abi3ify
