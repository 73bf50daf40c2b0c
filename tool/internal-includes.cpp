// The #include stays for the full build and is left out of the limited one. So
// nothing is lost where something of such a header is still used: that is a
// finding of its own.
#include "abi3ify/internal-includes.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace abi3ify {
namespace {

constexpr StringRef RuleId = "internal-include";

Rewrite insertion(const std::string &file, unsigned offset, std::string text) {
  Rewrite rewrite;
  rewrite.file = file;
  rewrite.extent = {offset, offset};
  rewrite.to = std::move(text);
  return rewrite;
}

/// The end of an #include's line; the start of the next is behind it.
unsigned endOfLine(StringRef text, unsigned offset) {
  unsigned end = directiveEnd(text, offset);
  return end > offset && text[end - 1] == '\r' ? end - 1 : end;
}

} // namespace

void findInternalIncludes(const PreprocessorFacts &preprocessor, const MatchContext &context,
                          function_ref<StringRef(const std::string &)> textOf,
                          std::vector<Finding> &findings) {
  const Rule *rule = context.rules->find(RuleId);
  if (!rule)
    return;
  std::map<std::string, std::map<unsigned, std::string>> places; // by file and offset
  for (const IncludeDirective &include : preprocessor.includes)
    if (sys::path::filename(include.name).starts_with("pycore_") &&
        context.project->owns(include.from) && !context.project->owns(include.to))
      places[include.from][include.offset] = include.name;
  for (const auto &[file, includes] : places) {
    StringRef text = textOf(file), newline = newlineOf(text);
    for (const auto &[begin, name] : includes) {
      unsigned end = endOfLine(text, begin);
      Finding finding;
      finding.file = file;
      finding.range = {begin, unsigned(begin + text.slice(begin, end).find(name) + name.size() + 1)};
      finding.rule = rule->id;
      finding.symbol = name;
      finding.message = rule->title;
      finding.rewrites = {insertion(file, begin, ("#ifndef Py_LIMITED_API" + newline).str()),
                          insertion(file, end, (newline + "#endif").str())};
      finding.rewrites.front().sharedRank = 1; // behind an #include that is added there
      finding.safety = rule->safety;
      finding.state = State::Fixable;
      findings.push_back(std::move(finding));
    }
  }
}

} // namespace abi3ify
