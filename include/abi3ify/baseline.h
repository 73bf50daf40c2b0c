// The baseline: uses that a project has decided to live with for now. What is
// in it passes `check`; what is not, does not.
// A use is known by its file, rule, symbol and the text of its line, not by its
// place, and counted: moving code keeps it, one more of the same is new.
// docs/baseline.schema.json describes the file.
#pragma once
#include "abi3ify/finding.h"
#include "abi3ify/unit.h"
#include "llvm/Support/Error.h"

namespace abi3ify {

struct BaselineKey {
  std::string file; ///< from the repository, else from the baseline's folder; with /
  std::string rule, symbol;
  std::string line; ///< its text, blanks made single
  auto operator<=>(const BaselineKey &) const = default;
};

struct Baseline {
  std::string path;   ///< absolute
  std::string target; ///< the floor that it was written for
  std::map<BaselineKey, unsigned> entries;

  /// A file (absolute, resolved) as the baseline names it.
  std::string nameOf(const std::string &file) const;
  /// The key of a finding.
  BaselineKey keyOf(const Finding &finding, const Texts &originals) const;

private:
  mutable std::map<std::string, std::string> names; ///< what nameOf has said
};

/// Errors name the file, and the place in it.
llvm::Expected<Baseline> readBaseline(const std::string &path);

/// Replaces the file in one step.
llvm::Error writeBaseline(const Baseline &baseline);

/// Marks what the baseline has as baselined; each entry is used up by its
/// count. May be called again with findings that came later.
class BaselineFilter {
public:
  BaselineFilter(const Baseline &baseline, const Texts &originals)
      : baseline(baseline), originals(originals), left(baseline.entries) {}
  void apply(std::vector<Finding> &findings);
  /// What was not met, with how often.
  const std::map<BaselineKey, unsigned> &unused() const { return left; }

private:
  const Baseline &baseline;
  const Texts &originals;
  std::map<BaselineKey, unsigned> left;
};

} // namespace abi3ify
