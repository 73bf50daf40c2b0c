#include "abi3ify/helpers.h"
#include "abi3ify/libc-includes.h"
#include "abi3ify/text-lexer.h"
#include "llvm/ADT/StringExtras.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

/// Whether `text` names `word`, as a whole word.
bool names(StringRef text, StringRef word) {
  auto isWord = [](char c) { return isAlnum(c) || c == '_'; };
  for (size_t at = text.find(word); at != StringRef::npos; at = text.find(word, at + 1)) {
    size_t end = at + word.size();
    if ((at == 0 || !isWord(text[at - 1])) && (end == text.size() || !isWord(text[end])))
      return true;
  }
  return false;
}

unsigned behindLine(StringRef text, size_t offset) {
  // A directive may go on behind a backslash or in a comment.
  unsigned end = directiveEnd(text, offset);
  return std::min<size_t>(end + 1, text.size());
}

/// The files through which Python.h is reached, and Python's own.
std::set<std::string> filesWithPython(const PreprocessorFacts &preprocessor,
                                      StringRef pythonFolder) {
  std::set<std::string> files;
  for (bool grown = true; grown;) {
    grown = false;
    for (const IncludeDirective &include : preprocessor.includes)
      if (StringRef(include.to).starts_with(pythonFolder) ||
          StringRef(include.to).starts_with(NormalFolder) || files.count(include.to))
        grown |= files.insert(include.from).second;
  }
  return files;
}

/// Behind what a file includes: at its top, and behind Python.h, which may
/// stand further below. `firstUse`: of what is inserted there.
unsigned positionIn(const std::string &file, StringRef text,
                    const PreprocessorFacts &preprocessor, StringRef pythonFolder,
                    const std::set<std::string> &withPython, unsigned firstUse) {
  std::vector<IncludeDirective> ofFile;
  copy_if(preprocessor.includes, std::back_inserter(ofFile),
          [&](const IncludeDirective &include) { return include.from == file; });
  unsigned top = endOfIncludes(text), python = 0;
  for (const IncludeDirective &include : ofFile) {
    bool leads = StringRef(include.to).starts_with(pythonFolder) ||
                 StringRef(include.to).starts_with(NormalFolder) || withPython.count(include.to);
    if (leads && include.depth == 0) {
      python = behindLine(text, include.offset);
      break;
    }
  }
  // #ifdef A, an #include, and code that has the use.
  if (unsigned early = endOfIncludes(text, /*beforeCode=*/true);
      top > firstUse && early && early <= firstUse)
    top = early;
  if (python)
    return std::max(top, python);
  // A header whose includer has seen to Python.h.
  return top ? top : includePosition(text, ofFile);
}

/// Where the first edit of each file is that calls a helper.
std::map<std::string, unsigned> firstUses(ArrayRef<Finding> findings) {
  std::map<std::string, unsigned> first;
  for (const Finding &finding : findings)
    for (const Rewrite &rewrite : finding.rewrites)
      if (StringRef(rewrite.to).contains(HelperPrefix)) {
        auto [at, added] = first.try_emplace(rewrite.file, rewrite.extent.begin);
        at->second = std::min(at->second, rewrite.extent.begin);
      }
  return first;
}

/// The definition as it is inserted. The guard is for a header and a source,
/// or two sources of one unit, that both have it.
std::string guarded(StringRef name, StringRef definition, StringRef newline) {
  std::string guard = name.upper();
  std::string text = ("\n#ifndef " + guard + "\n#define " + guard + "\n" + definition.trim('\n') +
                      "\n#endif\n")
                         .str();
  return withNewlines(text, newline);
}

/// The definitions that a text asks for, with those that they ask for in turn.
class Wanted {
public:
  Wanted(const RuleSet &rules, const Rule &rule) : rules(rules), rule(rule) {}

  /// Returns how many definitions follow on one another below `text`.
  int add(StringRef text, StringRef self = "") {
    int depth = 0;
    if (!text.contains(HelperPrefix))
      return depth;
    each([&](const std::string &name, const std::string &definition) {
      if (name != self && names(text, name))
        depth = std::max(depth, addOne(name, definition));
    });
    return depth;
  }

  /// Name -> definition, and the rank of its insertion: behind what it needs.
  std::map<std::string, std::pair<StringRef, int>> definitions;

private:
  int addOne(const std::string &name, const std::string &definition) {
    auto [it, added] = definitions.try_emplace(name, definition, 1);
    if (added) {
      int depth = 1 + add(definition, name);
      definitions[name].second = depth;
    }
    return definitions[name].second;
  }

  /// A rule's own come first; each name once.
  void each(function_ref<void(const std::string &, const std::string &)> take) {
    for (const auto &[name, definition] : rule.helpers)
      take(name, definition);
    for (const auto &other : rules.all())
      for (const auto &[name, definition] : other->helpers)
        if (!lookup(rule.helpers, name))
          take(name, definition);
  }

  const RuleSet &rules;
  const Rule &rule;
};

} // namespace

unsigned endOfIncludes(StringRef text, bool beforeCode) {
  TextLexer lexer(text);
  // Which open conditionals hold an #include.
  std::vector<bool> open;
  unsigned position = 0;
  std::string guard; // of `#ifndef GUARD`, if that is the first directive
  bool first = true;
  // Code inside of a conditional, such as a fallback definition, goes by.
  while (const Token *token = lexer.next()) {
    if (!lexer.isHash()) {
      // `extern "C" {` around the includes.
      bool linkage = lexer.name() == "extern";
      if ((beforeCode || open.empty()) && !linkage && !token->isOneOf(tok::string_literal, tok::l_brace))
        break;
      continue;
    }
    unsigned next = behindLine(text, lexer.begin());
    lexer.next();
    StringRef directive = lexer.name(), name;
    if (directive == "ifndef" || directive == "define") {
      lexer.next();
      name = lexer.name();
    }
    // The guard of a header is open around everything and is no condition.
    bool closesGuard = directive == "define" && !guard.empty() && name == guard;
    guard = first && directive == "ifndef" ? name.str() : "";
    first = false;
    if (closesGuard)
      open.pop_back();
    else if (directive.starts_with("if"))
      open.push_back(false);
    else if (directive == "endif" && !open.empty()) {
      bool held = open.back();
      open.pop_back();
      if (held && open.empty())
        position = next;
      else if (held)
        open.back() = true;
    } else if (directive == "include" || directive == "include_next") {
      if (open.empty())
        position = next;
      else
        open.back() = true;
    }
    lexer.seek(next, /*atLineBegin=*/true);
  }
  return position;
}

void addHelpers(const RuleSet &rules, const PreprocessorFacts &preprocessor,
                const std::string &pythonFolder,
                function_ref<StringRef(const std::string &)> textOf,
                std::vector<Finding> &findings) {
  std::set<std::string> withPython;
  std::map<std::string, unsigned> positions, first = firstUses(findings);
  for (Finding &finding : findings) {
    const Rule *rule = finding.hasEdit() ? rules.find(finding.rule) : nullptr;
    if (!rule)
      continue;
    std::map<std::string, Wanted> wanted; // by file
    for (const Rewrite &rewrite : finding.rewrites)
      wanted.try_emplace(rewrite.file, rules, *rule).first->second.add(rewrite.to);
    for (const auto &[file, helpers] : wanted) {
      for (const auto &[name, helper] : helpers.definitions) {
        if (withPython.empty())
          withPython = filesWithPython(preprocessor, pythonFolder);
        StringRef text = textOf(file);
        auto [at, added] = positions.try_emplace(file);
        if (added)
          at->second = positionIn(file, text, preprocessor, pythonFolder, withPython, first[file]);
        Rewrite rewrite;
        rewrite.file = file;
        rewrite.extent = {at->second, at->second};
        StringRef newline = newlineOf(text);
        rewrite.to = guarded(name, helper.first, newline);
        if (!text.substr(at->second).starts_with(newline))
          rewrite.to += newline;
        rewrite.sharedRank = helper.second;
        finding.rewrites.push_back(std::move(rewrite));
      }
    }
  }
}

} // namespace abi3ify
