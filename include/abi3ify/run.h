// One run over a project, from paths to findings and edited texts; or one over
// several floors, from paths to findings.
// In: options. Out: a result that report and write only print and store.
#pragma once
#include "abi3ify/baseline.h"
#include "abi3ify/build-settings.h"
#include "abi3ify/settings.h"
#include "abi3ify/settle.h"
#include "abi3ify/split.h"

namespace abi3ify {

/// What is read, and by which rules.
struct ReadOptions {
  ProjectOptions project;
  std::string rulesFolder;
  std::vector<std::string> select, ignore; ///< selectors; select empty: all
  std::vector<PerFileIgnore> perFileIgnores;
  bool moduleState = false; ///< types live in the state of their module where it can be reached
  bool editsClinic = false; ///< Argument Clinic's output is edited as if written by hand
  std::shared_ptr<UnitCache> cache; ///< of what units gave before; may be null
  unsigned jobs = 0;   ///< 0: as many as there are cores
  /// Called from any thread: what is being done, how many of how many.
  std::function<void(llvm::StringRef stage, size_t done, size_t all)> progress;
};

struct RunOptions : ReadOptions {
  Floor floor;
  bool edit = false;   ///< make the edits (migrate)
  bool review = false; ///< also those for review
  bool verify = false; ///< prove the edits that could be made (check --verify)
  bool split = false;  ///< with edit: also the states between, area by area
  const Baseline *baseline = nullptr; ///< what passes (check)
  bool newBaseline = false; ///< make one of what is found; the old one decides nothing
};

struct RunResult {
  Project project;
  std::vector<Finding> findings; ///< by file and place
  std::vector<SourceError> errors; ///< sources that could not be looked at
  std::vector<std::string> notes;
  std::vector<Complaint> complaints; ///< about comments that suppress nothing, or wrongly
  std::map<BaselineKey, unsigned> stale; ///< entries of the baseline that are met no more
  std::map<BaselineKey, unsigned> newBaseline; ///< with those of the old that were not looked at
  std::vector<SplitStep> steps;
  Texts originals; ///< of every file of the project that was looked at
  Texts origins;   ///< of files that generated code comes from, where they are there
  Texts edited;    ///< the ones that change
  size_t left = 0; ///< uses of any rule that the limited build would fail at, selected or not
  std::optional<std::vector<BuildSettings>> builds; ///< if migrate was asked to set them
  /// All edits of the fixed or fixable findings, composed: in the order of the
  /// text, without overlaps.
  std::map<std::string, std::vector<TextEdit>> edits;
};

llvm::Expected<RunResult> run(const RunOptions &options);

/// What `run` finds at one floor without edit and verify.
struct FloorFindings {
  Floor floor;
  Minor headers = 0; ///< that it was read with; below the floor if none at hand reach it
  std::vector<Finding> findings; ///< by file and place
  std::vector<SourceError> errors;
};

struct FloorsResult {
  Project project;
  std::vector<FloorFindings> floors; ///< in the order that was asked for
  std::set<Landmark> landmarks;
  GeneratedFiles generated;
  std::vector<Binding> bindings; ///< besides what is generated
  std::vector<std::string> notes;
  Texts originals;
};

/// Each unit is parsed once for all floors that have the same lowest headers at
/// hand, which is once in all where there is one interpreter.
llvm::Expected<FloorsResult> runFloors(const ReadOptions &options, llvm::ArrayRef<Floor> floors);

} // namespace abi3ify
