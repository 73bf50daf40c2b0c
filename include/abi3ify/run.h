// One run over a project, from paths to findings and edited texts.
// In: options. Out: a result that report and write only print and store.
#pragma once
#include "abi3ify/finding.h"
#include "abi3ify/project.h"
#include "abi3ify/unit.h"
#include <functional>

namespace abi3ify {

struct RunOptions {
  ProjectOptions project;
  Floor floor;
  std::string rulesFolder;
  std::vector<std::string> select, ignore; ///< rule ids; select empty: all
  bool edit = false;   ///< make the edits (migrate)
  bool review = false; ///< also those for review
  bool verify = false; ///< prove the edits that could be made (check --verify)
  bool moduleState = false; ///< types live in the state of their module where it can be reached
  unsigned jobs = 0;   ///< 0: as many as there are cores
  /// Called from any thread: what is being done, how many of how many.
  std::function<void(llvm::StringRef stage, size_t done, size_t all)> progress;
};

struct SourceError {
  std::string file, message; ///< message begins with the place, if there is one
};

/// A replacement of old text, ready to be made.
struct TextEdit {
  Range range;
  std::string text;
};

struct RunResult {
  Project project;
  std::vector<Finding> findings; ///< by file and place
  std::vector<SourceError> errors; ///< sources that could not be looked at
  std::vector<std::string> notes, complaints;
  Texts originals; ///< of every file of the project that was looked at
  Texts edited;    ///< the ones that change
  /// All edits of the fixed or fixable findings, composed: in the order of the
  /// text, without overlaps.
  std::map<std::string, std::vector<TextEdit>> edits;
};

llvm::Expected<RunResult> run(const RunOptions &options);

/// Says which ids no rule has; success if all are known.
llvm::Error checkRuleIds(const RuleSet &rules, llvm::ArrayRef<std::string> ids);

} // namespace abi3ify
