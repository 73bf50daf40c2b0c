// Keeps the headers of the interpreter's core (pycore_modsupport.h) out of the
// limited build, which they refuse.
// In: a unit's directives. Out: one finding for each such #include.
#pragma once
#include "abi3ify/match.h"
#include "abi3ify/preprocessor-facts.h"

namespace abi3ify {

void findInternalIncludes(const PreprocessorFacts &preprocessor, const MatchContext &context,
                          llvm::function_ref<llvm::StringRef(const std::string &)> textOf,
                          std::vector<Finding> &findings);

} // namespace abi3ify
