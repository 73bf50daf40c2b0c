#include "abi3ify/helpers.h"
#include "abi3ify/libc-includes.h"
#include "clang/Lex/Lexer.h"
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
/// stand further below.
unsigned positionIn(const std::string &file, StringRef text,
                    const PreprocessorFacts &preprocessor, StringRef pythonFolder,
                    const std::set<std::string> &withPython) {
  std::vector<IncludeDirective> ofFile;
  copy_if(preprocessor.includes, std::back_inserter(ofFile),
          [&](const IncludeDirective &include) { return include.from == file; });
  unsigned top = endOfIncludes(text);
  for (const IncludeDirective &include : ofFile) {
    bool leads = StringRef(include.to).starts_with(pythonFolder) ||
                 StringRef(include.to).starts_with(NormalFolder) || withPython.count(include.to);
    if (leads && include.depth == 0)
      return std::max(top, behindLine(text, include.offset));
  }
  // A header whose includer has seen to Python.h.
  return top ? top : includePosition(text, ofFile);
}

/// The definition as it is inserted. The guard is for a header and a source,
/// or two sources of one unit, that both have it.
std::string guarded(StringRef name, StringRef definition, StringRef newline) {
  std::string guard = name.upper();
  std::string text = ("\n#ifndef " + guard + "\n#define " + guard + "\n" + definition.trim('\n') +
                      "\n#endif\n")
                         .str();
  if (newline == "\n")
    return text;
  std::string converted;
  for (char c : text)
    c == '\n' ? converted.append(newline) : converted.append(1, c);
  return converted;
}

} // namespace

unsigned endOfIncludes(StringRef text) {
  std::string copy = text.str();
  Lexer lexer(SourceLocation(), plainTextOptions(), copy.data(), copy.data(),
              copy.data() + copy.size());
  Token token;
  // Which open conditionals hold an #include.
  std::vector<bool> open;
  unsigned position = 0;
  std::string guard; // of `#ifndef GUARD`, if that is the first directive
  bool first = true;
  // Code inside of a conditional, such as a fallback definition, goes by.
  while (!lexer.LexFromRawLexer(token)) {
    if (token.isNot(tok::hash) || !token.isAtStartOfLine()) {
      // `extern "C" {` around the includes.
      bool linkage = token.is(tok::raw_identifier) && token.getRawIdentifier() == "extern";
      if (open.empty() && !linkage && !token.isOneOf(tok::string_literal, tok::l_brace))
        break;
      continue;
    }
    unsigned hash = lexer.getCurrentBufferOffset() - 1;
    lexer.LexFromRawLexer(token);
    StringRef directive = token.is(tok::raw_identifier) ? token.getRawIdentifier() : StringRef();
    unsigned next = behindLine(text, hash);
    StringRef name;
    if (directive == "ifndef" || directive == "define") {
      lexer.LexFromRawLexer(token);
      name = token.is(tok::raw_identifier) ? token.getRawIdentifier() : StringRef();
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
    lexer.seek(next, /*IsAtStartOfLine=*/true);
  }
  return position;
}

void addHelpers(const RuleSet &rules, const PreprocessorFacts &preprocessor,
                const std::string &pythonFolder,
                function_ref<StringRef(const std::string &)> textOf,
                std::vector<Finding> &findings) {
  std::set<std::string> withPython;
  std::map<std::string, unsigned> positions;
  for (Finding &finding : findings) {
    const Rule *rule = finding.hasEdit() ? rules.find(finding.rule) : nullptr;
    if (!rule)
      continue;
    for (const auto &[name, definition] : rule->helpers) {
      std::set<std::string> files;
      for (const Rewrite &rewrite : finding.rewrites)
        if (names(rewrite.to, name))
          files.insert(rewrite.file);
      for (const std::string &file : files) {
        if (withPython.empty())
          withPython = filesWithPython(preprocessor, pythonFolder);
        StringRef text = textOf(file);
        auto [at, added] = positions.try_emplace(file);
        if (added)
          at->second = positionIn(file, text, preprocessor, pythonFolder, withPython);
        Rewrite rewrite;
        rewrite.file = file;
        rewrite.extent = {at->second, at->second};
        StringRef newline = newlineOf(text);
        rewrite.to = guarded(name, definition, newline);
        if (!text.substr(at->second).starts_with(newline))
          rewrite.to += newline;
        rewrite.sharedRank = 1;
        finding.rewrites.push_back(std::move(rewrite));
      }
    }
  }
}

} // namespace abi3ify
