// #if PY_VERSION_HEX >= X asks which headers are read. Under the limit the binary
// runs on all versions from the floor on, so the question must go to the limit.
// A test that all headers from the floor on answer alike is left alone.
#include "abi3ify/build-macros.h"
#include "abi3ify/condition.h"
#include "abi3ify/facts.h"
#include "abi3ify/generated.h"
#include "abi3ify/helpers.h"
#include "abi3ify/newer-branches.h"
#include "abi3ify/text-lexer.h"
#include "clang/Basic/TokenKinds.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Path.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

constexpr StringRef TestRule = "version-test";

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
      skipping = is_contained({"error", "warning", "pragma", "line", "endif", "else"}, name);
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
  return is_contained(
      {"return", "if", "else", "int", "void", "NULL", "break", "char", "do", "while"}, name);
}

/// Code without a name does the same in every version.
bool saysSomething(StringRef text, ArrayRef<Range> branches) {
  bool found = false;
  for (Range branch : branches)
    eachName(text.slice(branch.begin, branch.end),
             [&](StringRef name) { found |= !isKeyword(name); });
  return found;
}

/// The names of Python's that a text defines, as macros or functions, for headers
/// that lack them.
std::vector<const Fact *> ownDefinitions(StringRef text, ArrayRef<Range> branches) {
  std::vector<const Fact *> found;
  auto see = [&](StringRef name) {
    if (const Fact *fact = facts().find(name))
      found.push_back(fact);
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
  VersionTests(const PreprocessorFacts &preprocessor, const MatchContext &context,
               const std::string &python, TextOf textOf, FloorMatches &matches)
      : preprocessor(preprocessor), context(context), python(python), textOf(textOf), matches(matches),
        versions(headersFrom(context.floor)) {}

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
    if (word != "if" && word != "elif")
      return;
    if (!expression.contains("PY_VERSION_HEX") && !expression.contains("PY_MINOR_VERSION"))
      checkAlias(condition, text, begin, expression);
    else
      checkVersion(condition, text, begin, expression);
  }

  /// Whether all versions answer a condition alike under the limit; how.
  std::optional<bool> alike(StringRef expression) const {
    return commonAnswer(expression, versions, context.floor);
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
    StringRef word = text.substr(condition.range.begin).take_while([](char c) { return isAlpha(c); });
    std::string group =
        "version-test " + condition.file + ":" + std::to_string(condition.range.begin);
    std::string edited = expression.str();
    bool whole = true;
    std::vector<const Fact *> defined = ownDefinitions(text, branches);
    // Ours would clash with those that newer headers show, too.
    auto shown = find_if(defined, [&](const Fact *fact) { return !fact->isHiddenAt(context.floor); });
    own = shown == defined.end() ? "" : (*shown)->name.str();
    if (own.empty() && word == "if" && asking.size() == 1 &&
        keepForAll(condition.file, text, begin, expression, asking.front(), branches, group))
      return;
    for (const VersionComparison &each : reverse(asking)) {
      std::string to = own.empty() ? replacement(expression, each) : "";
      whole &= !to.empty();
      addTest(condition.file, begin, expression, each, to, group);
      edited.replace(each.range.begin, each.range.size(), to);
    }
    std::optional<bool> holds = whole ? alike(edited) : std::nullopt;
    if (!holds)
      return;
    ArrayRef<Range> all = branches;
    if (std::string header = unreadInclude(condition.file, text,
                                           *holds ? all.take_front() : all.drop_front());
        !header.empty())
      return refuse(group, header);
    // What the edited condition leaves out at this floor.
    for (Range branch : *holds ? all.drop_front() : all.take_front())
      matches.leftOut[condition.file].insert({branch, group});
  }

  /// The branch for newer versions, if what it asks depends on the one that runs and
  /// helpers ask it on all of them: it is compiled under every limit.
  bool keepForAll(const std::string &file, StringRef text, unsigned begin, StringRef expression,
                  const VersionComparison &comparison, ArrayRef<Range> branches,
                  const std::string &group) {
    bool newer = !comparison.holds(versions.front()) && comparison.holds(versions.back());
    StringRef asked = expression.slice(comparison.range.begin, comparison.range.end);
    if (!newer || expression.trim() != asked)
      return false;
    std::vector<Finding> helpers = helpersForBranch(file, text, branches.front(), context);
    if (helpers.empty())
      return false;
    addTest(file, begin, expression, comparison, ("defined(Py_LIMITED_API) || " + asked).str(), group);
    for (Finding &finding : helpers) {
      finding.group = group;
      matches.seen[file].insert(finding.range.begin);
    }
    addHelpers(*context.rules, preprocessor, python, textOf, helpers);
    append_range(matches.findings, helpers);
    for (Range branch : branches.drop_front())
      matches.leftOut[file].insert({branch, group});
    return true;
  }

  /// What is included in branches that the edit turns on, and has been read by
  /// nobody. Headers of the C library need no look.
  std::string unreadInclude(const std::string &file, StringRef text, ArrayRef<Range> branches) {
    auto skipped = preprocessor.skipped.find(file);
    if (skipped == preprocessor.skipped.end())
      return {};
    for (Range branch : branches) {
      unsigned middle = branch.begin + branch.size() / 2;
      if (none_of(skipped->second, [&](Range range) { return range.contains({middle, middle}); }))
        continue;
      for (StringRef line : split(text.slice(branch.begin, branch.end), '\n')) {
        line = line.ltrim();
        if (!line.consume_front("#") || (line = line.ltrim(), !line.consume_front("include")))
          continue;
        line = line.ltrim();
        bool angled = line.consume_front("<");
        if (!angled && !line.consume_front("\""))
          continue;
        StringRef name = line.take_until([](char c) { return c == '>' || c == '"'; });
        bool known = any_of(preprocessor.includes, [&](const IncludeDirective &include) {
          return include.name == name && !include.to.empty();
        });
        if (!known && !(angled && isLibrarys(name)))
          return name.str();
      }
    }
    return {};
  }

  /// Of C, C++ or the system, by its name.
  static bool isLibrarys(StringRef name) {
    return !name.contains('.') || name.starts_with("sys/") ||
           is_contained(ArrayRef<StringRef>{"assert.h", "ctype.h", "errno.h", "fcntl.h", "float.h",
                                            "inttypes.h", "limits.h", "locale.h", "math.h",
                                            "pthread.h", "signal.h", "stdalign.h", "stdarg.h",
                                            "stdatomic.h", "stdbool.h", "stddef.h", "stdint.h",
                                            "stdio.h", "stdlib.h", "string.h", "time.h",
                                            "unistd.h", "wchar.h", "structmember.h", "Python.h"},
                        name);
  }

  void refuse(StringRef group, StringRef header) {
    for (Finding &finding : matches.findings)
      if (finding.group == group) {
        finding.rewrites.clear();
        finding.safety = Safety::Manual;
        finding.reason = ("the edit would turn on an #include of '" + header +
                          "', which no source was read with; give the headers of " +
                          context.floor.str() + " by --python, so that it is looked at")
                             .str();
      }
  }

  bool asksHeaders(StringRef expression) const {
    std::set<std::optional<bool>> answers;
    for (unsigned version : versions)
      answers.insert(answer(expression, {version, context.floor}));
    return answers.size() > 1;
  }

  /// #define VERSION PY_VERSION_HEX, and a condition that compares that.
  void checkAlias(const ConditionDirective &condition, StringRef text, unsigned begin,
                  StringRef expression) {
    std::string meant = expression.str();
    const VersionMacroUse *alias = nullptr;
    for (const VersionMacroUse &use : reverse(preprocessor.versionMacros))
      if (use.file == condition.file && condition.range.contains(use.range) &&
          use.range.begin >= begin && !isCondition(use.text) &&
          use.range.end - begin <= meant.size() && (!alias || use.range.end <= alias->range.begin)) {
        meant.replace(use.range.begin - begin, use.range.size(), use.text);
        alias = &use;
      }
    std::vector<Range> branches = branchesBehind(text, condition.range.end);
    if (!alias || !asksHeaders(meant) || branches.empty() || !saysSomething(text, branches))
      return;
    if (auto finding = findingAt(context, TestRule, condition.file,
                                 {alias->range.begin,
                                  unsigned(alias->range.begin + alias->name.size())}, alias->name))
      matches.findings.push_back(std::move(*finding));
  }

  /// What is found where the macro is defined.
  bool isCondition(StringRef body) const { return asksHeaders(body); }

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
                        "headers show that name at this limit, too; give yours a name of its own";
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
    if (!asksHeaders(expression))
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
    if (definition.function)
      return checkFunctionMacro(definition);
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

  /// #define NEED(major, minor): what it says is known where it is used.
  void checkFunctionMacro(const DefineDirective &definition) {
    for (const VersionMacroUse &use : preprocessor.versionMacros) {
      if (use.name != definition.name || !asksHeaders(use.text))
        continue;
      if (auto finding = findingAt(context, TestRule, definition.file, definition.range,
                                   definition.name)) {
        unsigned line = textOf(use.file).take_front(use.range.begin).count('\n') + 1;
        finding->reason = "the macro asks the headers, as in line " + std::to_string(line) +
                          (use.file == definition.file
                               ? ""
                               : " of " + sys::path::filename(use.file).str()) +
                          ", and 'defined' cannot stand in its body; define it twice, and under "
                          "#ifdef Py_LIMITED_API by the limit";
        matches.findings.push_back(std::move(*finding));
      }
      return;
    }
  }

  const PreprocessorFacts &preprocessor;
  const MatchContext &context;
  const std::string &python; ///< the headers' folder
  TextOf textOf;
  FloorMatches &matches;
  std::vector<unsigned> versions; ///< of headers that can build for the floor
  /// What the branches of the condition in question define of Python's, and newer headers show.
  std::string own;
  std::map<std::string, bool> written;
};

} // namespace

void checkVersionTests(const PreprocessorFacts &preprocessor, const MatchContext &context,
                       const std::string &python, TextOf textOf, FloorMatches &matches) {
  if (context.rules->find(TestRule))
    VersionTests(preprocessor, context, python, textOf, matches).check();
}

} // namespace abi3ify
