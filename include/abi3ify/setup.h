// What a run over one floor and one over several have in common: rules,
// project, selection, and how units are read.
// In: options. Out: readings; errors before any source is parsed.
#pragma once
#include "abi3ify/precompiled.h"
#include "abi3ify/run.h"
#include "abi3ify/selection.h"

namespace abi3ify {

class Setup {
public:
  /// `options` must live as long as this.
  explicit Setup(const ReadOptions &options);

  /// Bad rules and selectors are known before any work is done.
  llvm::Error prepare();

  Reading read(const PythonHeaders *headers, llvm::ArrayRef<Floor> floors) const;
  /// Only the units for which `choose` holds, in `part`, which must live as
  /// long as the result.
  Reading readPart(const PythonHeaders *headers, llvm::ArrayRef<Floor> floors,
                   llvm::function_ref<bool(const Command &)> choose, Project &part) const;

  /// Headers that came out of the commands need no flag of ours.
  const PythonHeaders *headersOrCommands(const PythonHeaders *headers) const {
    return project.headersAreInCommands ? nullptr : headers;
  }

  void report(llvm::StringRef stage, size_t done, size_t all) const {
    if (options.progress)
      options.progress(stage, done, all);
  }

  SettleOptions settling() const {
    return {options.cache.get(), rulesKey, jobs, options.editsClinic, project.roots};
  }

  /// Sources that were read for the sake of others tell nothing of themselves,
  /// nor of what only they read; with --only-named no file does that is not named.
  void limitToNamed(Reading &reading);

  void selectAndSort(std::vector<Finding> &findings) const;

  /// Whether a rule may find something in a file in this run; an optional rule
  /// that nobody has asked for does not.
  bool speaksOf(llvm::StringRef rule, llvm::StringRef file) const;

  unsigned jobs;
  RuleSet rules;
  RuleSet known; ///< with the optional ones that are not asked for
  Project project;
  Selection selection;
  std::unique_ptr<PrecompiledHeaders> precompiled; ///< for all units of the project

private:
  Reading read(const Project &project, const PythonHeaders *headers,
               llvm::ArrayRef<Floor> floors) const;
  llvm::Error loadAllRules();

  const ReadOptions &options;
  NormalHeader header;
  std::string rulesKey; ///< for the cache
};

/// The lowest and the newest headers from the floor on; null if there are none.
struct ChosenHeaders {
  const PythonHeaders *lowest = nullptr, *newest = nullptr;
  ChosenHeaders(const Project &project, Floor floor);
};

/// The suppressions that have nothing to answer for, out of those that cover
/// nothing at this floor. `notes`: those that only another floor needs.
std::vector<Complaint> judgeUnused(const Setup &setup, const Reading &reading, Floor floor,
                                   const PythonHeaders *headers,
                                   llvm::ArrayRef<Suppression> unused,
                                   std::vector<std::string> &notes);

} // namespace abi3ify
