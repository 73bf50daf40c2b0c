// Branches for newer versions whose code asks what only the running interpreter
// knows: a test for a type that older versions do not have.
// In: the text of such a branch. Out: the edits that let one binary run it on
// all versions.
#pragma once
#include "abi3ify/build-macros.h"

namespace abi3ify {

/// Gives calls in a branch that is not compiled here the names of their helpers.
/// Empty if the branch has none, has directives, or needs anything else that the
/// floor lacks: the code cannot be looked at as other code is.
std::vector<Finding> helpersForBranch(const std::string &file, llvm::StringRef text, Range branch,
                                      const MatchContext &context);

} // namespace abi3ify
