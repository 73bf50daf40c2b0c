// Drops the #include of a vendored pythoncapi_compat.h that the floor has made
// superfluous.
// In: a unit, its findings so far. Out: one finding for each such #include.
#pragma once
#include "abi3ify/match.h"
#include "abi3ify/preprocessor-facts.h"

namespace abi3ify {

void findUnusedCompat(clang::ASTContext &ast, const Spelling &spelling,
                      const PreprocessorFacts &preprocessor, const MatchContext &context,
                      llvm::function_ref<llvm::StringRef(const std::string &)> textOf,
                      std::vector<Finding> &findings);

} // namespace abi3ify
