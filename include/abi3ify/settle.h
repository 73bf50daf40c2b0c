// Gives every use of a reading its state at one floor: what can be edited, what
// no parse has seen, what a generator wrote, what a comment suppresses.
// In: a reading. Out: findings; edits are still to be proved.
#pragma once
#include "abi3ify/generated.h"
#include "abi3ify/reading.h"
#include "abi3ify/suppress.h"

namespace abi3ify {

struct Settled {
  std::vector<Finding> findings;
  std::vector<Complaint> complaints;  ///< about comments of ours that are malformed
  std::vector<Suppression> unused;    ///< that cover nothing; the reason may be the floor
};

struct SettleOptions {
  UnitCache *cache = nullptr; ///< of what was found before
  std::string rules;          ///< stands for the rules there
  unsigned jobs = 1;
  bool editsClinic = false;        ///< Argument Clinic's output counts as hand-written
  std::vector<std::string> roots;  ///< of the project
};

/// `editsClinic`: without Argument Clinic's output.
GeneratedFiles findGenerated(const Texts &texts, bool editsClinic);

/// `matches`: one of the reading's floors.
Settled settle(const Reading &reading, const FloorMatches &matches, const RuleSet &rules,
               const GeneratedFiles &generated, const SettleOptions &options);

/// Takes a finding's edits away, because a generator would make the code anew.
void setAside(Finding &finding, const Generator &generator);

} // namespace abi3ify
