// migrate --split: the edits as a series of patches, one for each area of rules.
// In: the edits that a run has proved. Out: the texts after each step, each
// compiled in full mode, and the patch files. The last step is what migrate gives.
#pragma once
#include "abi3ify/verify.h"

namespace abi3ify {

/// The state of the project after one patch.
struct SplitStep {
  std::string area;
  std::map<std::string, unsigned> rules; ///< whose edits it makes, and how many
  std::map<std::string, unsigned> lateRules; ///< of earlier areas, that could not go alone
  Texts texts; ///< of the files that differ from the originals by then
};

/// `wanted`: the edits to be made, proved together.
std::vector<SplitStep> splitByArea(const std::vector<Finding> &findings,
                                   const std::vector<bool> &wanted, const RuleSet &rules,
                                   llvm::ArrayRef<UnitFiles> units, const Texts &originals,
                                   const VerifyOptions &options);

/// Refuses a folder that has patches already; makes it if it is not there.
llvm::Error preparePatchFolder(const std::string &folder);

/// Writes NNNN-AREA.patch for each step, as `git am` takes them; paths from
/// `root`. Returns their names.
llvm::Expected<std::vector<std::string>> writePatches(const std::string &folder,
                                                      const std::string &root, Floor floor,
                                                      llvm::ArrayRef<SplitStep> steps,
                                                      const Texts &originals);

} // namespace abi3ify
