// Composed edits, cut into sets that can be made one without the other: each
// editor's "apply fix" makes one of them.
// In: findings and what composeEdits made of them. Out: sets of findings with
// the text edits of each; no two sets touch the same text.
#pragma once
#include "abi3ify/edits.h"

namespace abi3ify {

/// A replacement of old text.
struct JointEdit {
  std::string file;
  Range range;
  std::string text;
  auto operator<=>(const JointEdit &) const = default;
};

/// Findings whose edits lie in one piece of new text, share an edit or are a
/// group.
struct JointEdits {
  std::vector<unsigned> findings; ///< in their order
  std::vector<JointEdit> edits;   ///< by file and place
};

std::vector<JointEdits> jointEdits(llvm::ArrayRef<Finding> findings,
                                   const std::vector<bool> &wanted, const Edits &edits,
                                   const Texts &originals);

} // namespace abi3ify
