#include "abi3ify/placed-findings.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {

Finding *PlacedFindings::add(StringRef id, SourceLocation location, StringRef symbol,
                             const Twine &message) {
  const Rule *rule = context.rules->find(id);
  if (!rule)
    return nullptr;
  Finding finding;
  if (auto range = spelling.range(location, location)) {
    finding.file = spelling.path(range->file);
    finding.range = range->range;
    finding.inMacro = range->inMacro;
  } else { // a macro of another header's: where it is used
    auto [file, offset] = sources.getDecomposedExpansionLoc(location);
    if (!spelling.isUsers(file))
      return nullptr;
    finding.file = spelling.path(file);
    finding.range = {offset, offset + 1};
  }
  if (!known.insert({id.str(), finding.file, finding.range.begin}).second)
    return nullptr;
  finding.rule = id.str();
  finding.symbol = symbol.str();
  finding.message = message.str();
  if (finding.message.empty())
    finding.message = rule->title;
  if (const std::string *reason = rule->reasonFor(Use::Value, context.floor))
    finding.reason = *reason;
  list.push_back(std::move(finding));
  return &list.back();
}

} // namespace abi3ify
