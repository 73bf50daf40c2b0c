// Uses in code that the edit of a version test leaves out of the limited build.
// They are none once that edit is made, and uses like any other until then.
// In: findings with the edits that are wanted. Out: the findings that count.
#pragma once
#include "abi3ify/match.h"

namespace abi3ify {

/// Names for each finding in such a branch the tests that it goes with.
void tieToTests(const LeftOutBranches &branches, std::vector<Finding> &findings);

/// Takes the uses that wanted edits of tests leave out from a list, and keeps them.
class LeftOutUses {
public:
  LeftOutUses(std::vector<Finding> &findings, std::vector<bool> &wanted);

  /// Puts those back whose test is not edited after all, in place of what was
  /// found since; false if there are none.
  bool putBack();

private:
  struct Use {
    Finding finding;
    bool wanted = false;
  };
  std::vector<Finding> &findings;
  std::vector<bool> &wanted;
  std::vector<Use> aside;
  size_t known = 0; ///< how many are in the list without those
};

} // namespace abi3ify
