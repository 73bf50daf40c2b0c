// Suppression: "// abi3ify: ignore[rule] reason" on the line of a use, or
// alone on the line above it.
// In: a file's text and findings. Out: findings in state suppressed, and the
// comments that suppress nothing.
#pragma once
#include "abi3ify/finding.h"

namespace abi3ify {

/// Returns "FILE:LINE: message" for each comment that matched nothing or that
/// gives no reason.
std::vector<std::string> applySuppressions(const std::string &file, llvm::StringRef text,
                                           std::vector<Finding> &findings);

} // namespace abi3ify
