// The first half of a run: reads all units of a project, once for all floors.
// In: a project, rules, headers. Out: what each floor finds in the units, and
// the texts that were read; nothing is judged or edited yet.
#pragma once
#include "abi3ify/match.h"
#include "abi3ify/unit-cache.h"
#include "abi3ify/verify.h"
#include <functional>

namespace abi3ify {

struct SourceError {
  std::string file, message; ///< message begins with the place, if there is one
  std::string configuration; ///< that alone has it; empty for all
  auto operator<=>(const SourceError &) const = default;
};

struct Reading {
  std::vector<FloorMatches> floors; ///< of all units, in the order that was asked for
  std::vector<UnitFiles> units;     ///< that could be parsed
  std::vector<std::map<std::string, std::vector<Range>>> skipped; ///< by each of them
  Texts originals;                  ///< of every file of the project that was read or listed
  std::vector<SourceError> errors;  ///< sources that could not be looked at
  std::set<Landmark> landmarks;
  std::map<std::string, std::string> readByBroken; ///< file -> such a source that reads it
  std::vector<std::string> notes;
};

/// Whether a parse has looked at a place: a unit compiles it, and each unit that
/// reads the file could be parsed.
bool isCompiled(const Reading &reading, const std::string &file, Range place);

/// `context`: without a floor. `rules` stands for its rules in the cache, of
/// which null is none. `done` is called from any thread, with the number of units that are
/// done.
Reading readUnits(const MatchContext &context, llvm::ArrayRef<Floor> floors, unsigned jobs,
                  const std::function<void(size_t)> &done, UnitCache *cache = nullptr,
                  llvm::StringRef rules = "");

} // namespace abi3ify
