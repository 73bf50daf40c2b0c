// Holds the rules against one unit, and merges what the units say.
// In: a command, rules, floor. Out: findings, at most one for a spelled token;
// edits are described, not yet made.
#pragma once
#include "abi3ify/finding.h"
#include "abi3ify/project.h"
#include "abi3ify/unit.h"

namespace abi3ify {

struct MatchContext {
  const Project *project = nullptr;
  const RuleSet *rules = nullptr;
  Floor floor;
  const PythonHeaders *headers = nullptr;
  const NormalHeader *normalHeader = nullptr;
  const Texts *texts = nullptr; ///< instead of files on disk
};

struct UnitMatches {
  std::string file; ///< the unit's source
  ParseResult parse;
  std::vector<Finding> findings;
  SeenTokens seen;
  bool includesPython = false;
  /// Code that only the full build compiles, by the project's own wish.
  std::map<std::string, std::vector<Range>> outOfLimit;
  std::vector<std::string> notes;
};

UnitMatches matchUnit(const Command &command, const MatchContext &context);

/// One finding a place: what several units or expansions say of the same
/// place is united (casts) or, where they disagree, left to the author.
std::vector<Finding> mergeMatches(std::vector<Finding> findings);

/// The lexical net over one file: names that the floor lacks, in code that no
/// parse has looked at. Adds findings in state unseen; none in the ranges
/// `outOfLimit`, which the limited build leaves out.
void findUnseen(const std::string &file, llvm::StringRef text, const RuleSet &rules, Floor floor,
                const std::set<unsigned> &seen, llvm::ArrayRef<Range> outOfLimit,
                std::vector<Finding> &findings);

/// Whether a name can only be Python's, wherever it stands.
bool isPythonsName(llvm::StringRef name);

/// Whether a name can only be a member of one of Python's structs.
bool isPythonsMember(llvm::StringRef name);

/// Whether a name is one that the floor lacks or that a rule reports anyway:
/// the tokens worth remembering.
bool isInteresting(llvm::StringRef name, const RuleSet &rules, Floor floor);

} // namespace abi3ify
