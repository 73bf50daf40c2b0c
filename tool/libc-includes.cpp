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
  auto spot = spelling.token(location, name);
  if (!spot)
    return;
  auto [readIn, readAt] = sources.getDecomposedExpansionLoc(location);
  uses.push_back({spelling.path(spot->file), name.str(), spot->offset, spelling.path(readIn), readAt});
}

namespace {

/// The headers that a unit includes by a way that does not lead through
/// Python's headers, and from which directive on each is there.
class WithoutPython {
public:
  WithoutPython(ArrayRef<IncludeDirective> includes, const std::string &mainFile,
                const std::string &pythonFolder, const std::set<std::string> &leaving)
      : includes(includes), mainFile(mainFile), pythonFolder(pythonFolder), leaving(leaving),
        reached({mainFile}) {
    for (unsigned i = 0; i < includes.size(); ++i)
      if (reached.count(includes[i].from))
        take(includes[i], i);
  }

  bool isPresent(StringRef header, const LibcUses::Use &use) const {
    unsigned position = positionOf(use);
    auto isThere = [&](StringRef name) {
      auto found = since.find(name);
      return found != since.end() && found->second < position;
    };
    // <cstring> is <string.h> to C++.
    return isThere(header) || (header.ends_with(".h") && !header.contains('/') &&
                               isThere(("c" + header.drop_back(2)).str()));
  }

private:
  void take(const IncludeDirective &include, unsigned at) {
    if (StringRef(include.to).starts_with(pythonFolder) ||
        StringRef(include.to).starts_with(NormalFolder) || leaving.count(include.to))
      return;
    since.try_emplace(include.name, at);
    if (include.to.empty() || !reached.insert(include.to).second)
      return;
    // Python.h has read it before, so it brings what it included then.
    for (const IncludeDirective &earlier : includes.take_front(at))
      if (earlier.from == include.to)
        take(earlier, at);
  }

  /// How many directives the preprocessor has read before a use.
  unsigned positionOf(const LibcUses::Use &use) const {
    auto next = find_if(includes, [&](const IncludeDirective &include) {
      return include.from == use.readIn && include.offset > use.readAt;
    });
    if (next != includes.end() || use.readIn == mainFile)
      return next - includes.begin();
    // Up to where the file that has the use is left.
    auto entry = find_if(includes, [&](const IncludeDirective &include) { return include.to == use.readIn; });
    if (entry == includes.end())
      return includes.size();
    std::set<std::string> inside = {use.readIn};
    for (++entry; entry != includes.end() && inside.count(entry->from); ++entry)
      inside.insert(entry->to);
    return entry - includes.begin();
  }

  ArrayRef<IncludeDirective> includes;
  const std::string &mainFile, &pythonFolder;
  const std::set<std::string> &leaving;
  std::set<std::string> reached;
  StringMap<unsigned> since; ///< by the name in the directive
};

} // namespace

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
                         const std::set<std::string> &leaving,
                         function_ref<StringRef(const std::string &)> textOf,
                         const MatchContext &context, std::vector<Finding> &findings) {
  const Rule *rule = context.rules->forCustom("libc-include");
  if (!rule || pythonFolder.empty())
    return;
  WithoutPython present(preprocessor.includes, mainFile, pythonFolder, leaving);

  struct Missing {
    unsigned first;
    std::set<std::string> names;
  };
  std::map<std::pair<std::string, std::string>, Missing> missing;
  for (const LibcUses::Use &use : uses.all()) {
    const LibcFact *fact = findLibc(use.name);
    if (fact->since > context.floor.minor || present.isPresent(fact->header, use))
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
            [&](const IncludeDirective &include) {
              return include.from == file && include.offset < value.first;
            });
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
