#include "abi3ify/abi3t-checks.h"
#include "abi3ify/static-types.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

/// Whether a finding about a name lies in a place that another speaks of.
bool isPartOf(const Finding &finding, const Whole &whole, const Spelling &spelling) {
  if (!is_contained(whole.names, finding.symbol) || finding.hasEdit())
    return false;
  auto range = spelling.range(whole.range.getBegin(), whole.range.getEnd());
  return range && spelling.path(range->file) == finding.file &&
         range->range.contains(finding.range);
}

} // namespace

void checkAbi3t(ASTContext &ast, const Spelling &spelling, const MatchContext &context,
                ArrayRef<Landmark> landmarks, std::vector<Finding> &findings) {
  if (!context.floor.abi3t)
    return;
  std::vector<Decl *> decls = usersDecls(ast, spelling);
  PlacedFindings found(ast.getSourceManager(), spelling, context);
  std::vector<Whole> wholes;
  checkLayouts(ast, decls, context.rules->find("traverse-type-data"), spelling, found, wholes);
  checkModules(ast, decls, spelling, landmarks, found, wholes);
  erase_if(findings, [&](const Finding &finding) {
    return any_of(wholes,
                  [&](const Whole &whole) { return isPartOf(finding, whole, spelling); });
  });
  // A use that a rule has an answer for is that rule's; what is left of it then
  // is found by the next run.
  std::set<std::pair<std::string, unsigned>> taken;
  for (const Finding &finding : findings)
    if (finding.rule != NoRule)
      taken.insert({finding.file, finding.range.begin});
  erase_if(found.list, [&](const Finding &finding) {
    return taken.count({finding.file, finding.range.begin});
  });
  append_range(findings, found.list);
}

} // namespace abi3ify
