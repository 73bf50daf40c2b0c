// Drops the #include of a vendored pythoncapi_compat.h that the floor has made
// superfluous.
// In: a unit, its findings so far. Out: one finding for each such #include, and
// the headers that no edited source includes any more.
#pragma once
#include "abi3ify/match.h"
#include "abi3ify/preprocessor-facts.h"

namespace abi3ify {

inline constexpr llvm::StringRef UnusedCompatRule = "unused-compat";

std::set<std::string>
findUnusedCompat(clang::ASTContext &ast, const Spelling &spelling,
                 const PreprocessorFacts &preprocessor, const MatchContext &context,
                 llvm::function_ref<llvm::StringRef(const std::string &)> textOf,
                 std::vector<Finding> &findings);

} // namespace abi3ify
