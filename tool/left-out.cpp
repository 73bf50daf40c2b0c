#include "abi3ify/left-out.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>

using namespace llvm;

namespace abi3ify {
namespace {

/// The groups whose edits are wanted.
std::set<std::string> wantedGroups(ArrayRef<Finding> findings, const std::vector<bool> &wanted) {
  std::set<std::string> groups;
  for (size_t i = 0; i < findings.size(); ++i)
    if (wanted[i] && !findings[i].group.empty())
      groups.insert(findings[i].group);
  return groups;
}

bool goesWithOne(const Finding &finding, const std::set<std::string> &groups) {
  return any_of(finding.goesWith, [&](const std::string &test) { return groups.count(test); });
}

} // namespace

void tieToTests(const LeftOutBranches &branches, std::vector<Finding> &findings) {
  for (Finding &finding : findings)
    if (auto own = branches.find(finding.file); own != branches.end())
      for (const auto &[range, test] : own->second)
        if (range.contains(finding.range))
          finding.goesWith.insert(test);
}

LeftOutUses::LeftOutUses(std::vector<Finding> &findings, std::vector<bool> &wanted)
    : findings(findings), wanted(wanted) {
  std::set<std::string> made = wantedGroups(findings, wanted);
  // The full build has the branch: what is edited all or none stays so.
  std::set<std::string> wider;
  for (const Finding &finding : findings)
    if (!finding.group.empty() && !goesWithOne(finding, made))
      wider.insert(finding.group);
  for (size_t i = 0; i < findings.size(); ++i) {
    if (goesWithOne(findings[i], made) && !wider.count(findings[i].group)) {
      aside.push_back({std::move(findings[i]), wanted[i]});
      continue;
    }
    if (known != i)
      findings[known] = std::move(findings[i]);
    wanted[known++] = wanted[i];
  }
  findings.resize(known);
  wanted.resize(known);
}

bool LeftOutUses::putBack() {
  std::set<std::string> made = wantedGroups(findings, wanted);
  // A test that stands in a branch of another one goes with it.
  auto back = std::stable_partition(
      aside.begin(), aside.end(), [&](const Use &use) { return goesWithOne(use.finding, made); });
  if (back == aside.end())
    return false;
  findings.resize(known);
  wanted.resize(known);
  for (auto use = back; use != aside.end(); ++use) {
    findings.push_back(std::move(use->finding));
    wanted.push_back(use->wanted);
  }
  aside.erase(back, aside.end());
  known = findings.size();
  return true;
}

} // namespace abi3ify
