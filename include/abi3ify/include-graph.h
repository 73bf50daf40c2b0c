// Which of a project's files include which, by their text: for guesses about
// flags and units. Conditions and macros do not matter here.
// In: paths of files. Out: the names that they include, and who reaches whom.
#pragma once
#include "llvm/ADT/StringRef.h"
#include <set>
#include <string>
#include <vector>

namespace abi3ify {

/// The names that a text includes, other than Python.h.
struct Includes {
  std::vector<std::string> quoted, angled;
  bool python = false;
};
Includes scanIncludes(llvm::StringRef file);

/// The sources out of `files` that include `file`, directly or through others.
/// Where a name may mean one of several files, and none lies beside the one that
/// includes it, it means all of them.
std::set<std::string> includersOf(llvm::StringRef file, const std::set<std::string> &files);

} // namespace abi3ify
