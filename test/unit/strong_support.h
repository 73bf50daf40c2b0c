// What a rule makes of a function whose borrowed reference becomes strong.
#pragma once
#include "match_support.h"

namespace abi3ify {

/// A source at the floor that has PyList_GetItemRef, whatever is selected.
inline Sample lookStrong(const std::string &text, bool cxx = false) {
  Sample sample;
  sample.cxx = cxx;
  sample.floor = Floor{13};
  sample.look(text);
  return sample;
}

inline std::string strong(const std::string &text) { return lookStrong(text).fixed(); }
inline std::string strongCxx(const std::string &text) { return lookStrong(text, true).fixed(); }

/// Why the first use in a source gets no edit; "edited" if it gets one. What
/// every such reason says is left out.
inline std::string refusal(const Sample &sample) {
  if (sample.findings.empty())
    return "nothing found";
  const Finding &finding = sample.findings[0];
  if (finding.hasEdit())
    return "edited";
  llvm::StringRef reason = finding.reason;
  EXPECT_TRUE(reason.consume_front("the replacement gives a new reference, and ")) << reason.str();
  EXPECT_TRUE(reason.consume_back("; release it by hand on every path")) << reason.str();
  return reason.str();
}
inline std::string refusal(const std::string &text) { return refusal(lookStrong(text)); }
inline std::string refusalCxx(const std::string &text) { return refusal(lookStrong(text, true)); }

} // namespace abi3ify
