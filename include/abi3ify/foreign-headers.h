// Headers of others that do not compile with the limit: those of a library whose
// inline functions need the full API. No edit of the project's can answer that.
// In: what a unit includes, and what its parse with the limit says. Out: a
// finding at each #include of the project's that brings such headers in.
#pragma once
#include "abi3ify/match.h"
#include "abi3ify/preprocessor-facts.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace abi3ify {

/// A header that is neither the project's nor CPython's, and that names Python's API.
struct ForeignHeader {
  std::string text;
  std::set<std::string> names; ///< of Python's
  /// The project's #include that leads to it first.
  std::string name, file;
  Range range;
};
/// By path.
using ForeignHeaders = std::map<std::string, ForeignHeader>;

/// What headers name that a floor may lack. Where none asks for the limit itself,
/// floors that lack the same see the same code.
std::set<std::string> mayLack(const ForeignHeaders &headers, Floor floor);

/// `python`: the folder of Python's headers.
ForeignHeaders findForeignHeaders(const PreprocessorFacts &preprocessor, const Project &project,
                                  llvm::StringRef python,
                                  llvm::function_ref<std::string(const std::string &)> textOf);

/// `limited`: of the unit, with `limit`: the floor, or a lower one where Python's
/// headers end there.
std::vector<Finding> foreignFailures(const ForeignHeaders &headers, const ParseResult &limited,
                                     Floor limit, const Project &project, Floor floor);

} // namespace abi3ify
