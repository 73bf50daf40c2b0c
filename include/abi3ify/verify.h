// Proves edits by compiling: the edited text is parsed from memory, without
// the normalising header, with the full API and with the limit at the floor.
// In: findings with edits, and the units that read the files. Out: the edits
// that add no diagnostic; the others are dropped, with the compiler's words.
#pragma once
#include "abi3ify/edits.h"
#include "abi3ify/project.h"

namespace abi3ify {

class UnitCache;
struct PrecompiledSource;

/// A unit as verification needs it.
struct UnitFiles {
  const Command *command = nullptr;
  std::vector<std::string> filesRead;
};

struct VerifyOptions {
  const Project *project = nullptr;
  Floor floor;
  std::vector<const PythonHeaders *> headers; ///< each is tried
  unsigned jobs = 1;
  UnitCache *cache = nullptr; ///< of what units said before
  PrecompiledSource *precompiled = nullptr;
  bool limited = true; ///< false: only the full build is held against the original
};

/// Clears `wanted` for edits that do not hold, with all of their group, and
/// sets their state to failed and their reason. Appends a finding for each
/// error of the limited build that no finding announces. Returns the edits
/// that are left.
Edits verifyEdits(std::vector<Finding> &findings, std::vector<bool> &wanted,
                  llvm::ArrayRef<UnitFiles> units, const Texts &originals,
                  const VerifyOptions &options);

/// A group with a member that is not wanted stays as it is.
void keepGroupsWhole(llvm::ArrayRef<Finding> findings, std::vector<bool> &wanted);

/// Makes the edits and drops those that conflict, without compiling.
Edits composeEdits(std::vector<Finding> &findings, std::vector<bool> &wanted,
                   const Texts &originals);

} // namespace abi3ify
