// Suppression: "// abi3ify: ignore[rule] reason" on the line of a use, or
// alone on the lines above it; "// abi3ify: ignore-file[rule] reason" for a file.
// In: a file's text and findings. Out: findings in state suppressed, and the
// comments that are wrong or that suppress nothing.
#pragma once
#include "abi3ify/finding.h"

namespace abi3ify {

/// What is wrong with a comment of ours.
struct Complaint {
  std::string file;
  unsigned line = 0;
  std::string message;
  auto operator<=>(const Complaint &) const = default;
};

/// One rule that a comment suppresses.
struct Suppression {
  std::string file;
  unsigned line = 0; ///< of the comment
  std::string rule, reason;
  Range target;      ///< whose uses are meant
  bool wholeFile = false;

  bool covers(const Finding &finding) const {
    return finding.file == file && finding.rule == rule &&
           (wholeFile ||
            (target.begin <= finding.range.begin && finding.range.begin < target.end));
  }
};

struct Suppressions {
  std::vector<Suppression> all;
  std::vector<Complaint> malformed; ///< not our form, or without a reason
};

/// Reads the comments of a text. A line is a logical one: with what line
/// splices join, so that a macro's body is one.
Suppressions readSuppressions(const std::string &file, llvm::StringRef text);

/// Sets the state of what is suppressed; returns those that cover nothing.
std::vector<Suppression> applySuppressions(llvm::ArrayRef<Suppression> suppressions,
                                           std::vector<Finding> &findings);

} // namespace abi3ify
