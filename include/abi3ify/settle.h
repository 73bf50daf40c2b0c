// Gives every use of a reading its state at one floor: what can be edited, what
// no parse has seen, what a generator wrote, what a comment suppresses.
// In: a reading. Out: findings; edits are still to be proved.
#pragma once
#include "abi3ify/generated.h"
#include "abi3ify/reading.h"

namespace abi3ify {

struct Settled {
  std::vector<Finding> findings;
  std::vector<std::string> complaints; ///< about comments that suppress nothing
};

/// The files that a generator wrote or that stand on a binding system.
using GeneratedFiles = std::map<std::string, Generator>;
GeneratedFiles findGenerated(const Texts &texts);

/// `matches`: one of the reading's floors.
Settled settle(const Reading &reading, const FloorMatches &matches, const RuleSet &rules,
               const GeneratedFiles &generated);

/// Takes a finding's edits away, because a generator would make the code anew.
void setAside(Finding &finding, const Generator &generator);

} // namespace abi3ify
