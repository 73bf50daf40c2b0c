// What decides early how far an extension can go, and is the same at every
// floor: how its modules are initialised, structs that begin with a builtin's,
// types of variable size.
// In: a parse. Out: plain values, sorted.
#pragma once
#include "abi3ify/match.h"
#include "abi3ify/preprocessor-facts.h"

namespace abi3ify {

std::vector<Landmark> findLandmarks(clang::ASTContext &ast, const Spelling &spelling,
                                    const MatchContext &context,
                                    const PreprocessorFacts &preprocessor);

} // namespace abi3ify
