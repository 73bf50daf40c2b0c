// A string whose memory a function reads through a pointer. It reads a copy
// instead, which is released on every way out; of ASCII text none is needed.
// In: the string's variable and the accessor that is asked about. Out: all
// edits, or nothing.
//
// Assumed and checked: the variable means one string; all pointers into its
// memory are read through only, and none outlives the function; they are taken
// first by a statement of the function's own block, which every other way to
// them passes; up to there the function holds nothing that a failure would lose, but for
// the copies of other strings.
#pragma once
#include "abi3ify/string-edits.h"

namespace abi3ify {

/// The edits for one string. What a failed copy does depends on the copies that the function made before, so all
/// strings with the same `first` are edited together or not at all.
struct StringCopy {
  std::vector<Rewrite> rewrites;
  const clang::VarDecl *first;
};
std::optional<StringCopy> readCopy(const Site &site, const clang::VarDecl *string, const clang::ParentMap &parents);

} // namespace abi3ify
