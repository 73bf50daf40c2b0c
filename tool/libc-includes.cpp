#include "abi3ify/libc-includes.h"
#include "abi3ify/facts.h"
#include "abi3ify/text-lexer.h"
#include "clang/AST/Decl.h"
#include "clang/Basic/SourceManager.h"
#include "llvm/ADT/StringExtras.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {

void LibcUses::add(SourceLocation location, StringRef name, const NamedDecl *decl) {
  const LibcFact *fact = findLibc(name);
  if (!fact)
    return;
  // A name of the user's own is no use of libc's.
  if (decl && spelling.isUsers(decl->getLocation()))
    return;
  if (auto spot = spelling.token(location, name))
    uses.push_back({spelling.path(spot->file), name.str(), spot->offset});
}

/// Every header that is included by a way that does not lead through Python's
/// headers, by the name in the directive.
static StringSet<> namesWithoutPython(const PreprocessorFacts &preprocessor,
                                      const std::string &mainFile,
                                      const std::string &pythonFolder) {
  std::multimap<std::string, const IncludeDirective *> edges;
  for (const IncludeDirective &include : preprocessor.includes)
    edges.emplace(include.from, &include);
  StringSet<> names;
  std::set<std::string> reached = {mainFile};
  std::vector<std::string> queue = {mainFile};
  for (size_t i = 0; i < queue.size(); ++i) {
    auto [first, last] = edges.equal_range(queue[i]);
    for (auto edge = first; edge != last; ++edge) {
      const IncludeDirective &include = *edge->second;
      if (StringRef(include.to).starts_with(pythonFolder) ||
          StringRef(include.to).starts_with(NormalFolder))
        continue;
      names.insert(include.name);
      if (!include.to.empty() && reached.insert(include.to).second)
        queue.push_back(include.to);
    }
  }
  return names;
}

/// After an include guard or #pragma once, else after the leading comment.
static unsigned afterGuard(StringRef text) {
  TextLexer lexer(text);
  auto lineEnd = [&](unsigned offset) {
    size_t end = text.find('\n', offset);
    return end == StringRef::npos ? unsigned(text.size()) : unsigned(end + 1);
  };
  auto next = [&] {
    lexer.next();
    return lexer.name();
  };
  if (!lexer.next())
    return text.size();
  unsigned start = lexer.begin();
  if (!lexer.isHash())
    return start;
  StringRef directive = next();
  if (directive == "pragma" && next() == "once")
    return lineEnd(lexer.end());
  if (directive == "ifndef") {
    std::string guard = next().str();
    if (lexer.next() && lexer.isHash() && next() == "define" && next() == guard)
      return lineEnd(lexer.end());
  }
  return start;
}

unsigned includePosition(StringRef text, ArrayRef<IncludeDirective> ofFile) {
  // Behind the last system header of the file, Python.h among them; headers in
  // quotes may depend on what stands before them.
  const IncludeDirective *best = nullptr;
  for (const IncludeDirective &include : ofFile) {
    if (include.depth > 0)
      continue;
    bool python = StringRef(include.name).ends_with("Python.h");
    if (include.angled || python || !best)
      if (!best || include.angled || python)
        best = &include;
  }
  if (!best)
    return afterGuard(text);
  size_t end = text.find('\n', best->offset);
  return end == StringRef::npos ? text.size() : end + 1;
}

void findMissingIncludes(const LibcUses &uses, const PreprocessorFacts &preprocessor,
                         const std::string &mainFile, const std::string &pythonFolder,
                         function_ref<StringRef(const std::string &)> textOf,
                         const MatchContext &context, std::vector<Finding> &findings) {
  const Rule *rule = context.rules->forCustom("libc-include");
  if (!rule || pythonFolder.empty())
    return;
  StringSet<> present = namesWithoutPython(preprocessor, mainFile, pythonFolder);
  auto isPresent = [&](StringRef header) {
    // <cstring> is <string.h> to C++.
    return present.contains(header) ||
           (header.ends_with(".h") && !header.contains('/') &&
            present.contains(("c" + header.drop_back(2)).str()));
  };

  struct Missing {
    unsigned first;
    std::set<std::string> names;
  };
  std::map<std::pair<std::string, std::string>, Missing> missing;
  for (const LibcUses::Use &use : uses.all()) {
    const LibcFact *fact = findLibc(use.name);
    if (fact->since > context.floor.minor || isPresent(fact->header))
      continue;
    auto [it, added] = missing.try_emplace({use.file, fact->header.str()},
                                           Missing{use.offset, {}});
    it->second.first = std::min(it->second.first, use.offset);
    it->second.names.insert(use.name);
  }

  for (const auto &[key, value] : missing) {
    const auto &[file, header] = key;
    std::vector<IncludeDirective> ofFile;
    copy_if(preprocessor.includes, std::back_inserter(ofFile),
            [&](const IncludeDirective &include) { return include.from == file; });
    StringRef text = textOf(file);
    unsigned position = includePosition(text, ofFile);
    StringRef newline = newlineOf(text);
    std::string line = ("#include <" + header + ">" + newline).str();
    if (position == text.size() && !text.empty() && !text.ends_with("\n"))
      line = newline.str() + line;

    Finding finding;
    finding.file = file;
    finding.range = {value.first, value.first};
    for (const LibcUses::Use &use : uses.all())
      if (use.file == file && use.offset == value.first)
        finding.range.end = value.first + use.name.size();
    finding.rule = rule->id;
    finding.symbol = header;
    finding.safety = rule->safety;
    std::vector<std::string> list(value.names.begin(), value.names.end());
    size_t more = list.size() > 4 ? list.size() - 4 : 0;
    list.resize(list.size() - more);
    finding.message = join(list, ", ") + (more ? " and " + std::to_string(more) + " more" : "") +
                      (list.size() == 1 ? " needs <" : " need <") + header +
                      ">, which Python.h no longer includes";
    Rewrite rewrite;
    rewrite.file = file;
    rewrite.extent = {position, position};
    rewrite.to = line;
    finding.rewrites.push_back(rewrite);
    findings.push_back(std::move(finding));
  }
}

} // namespace abi3ify
