// What is wrong with heap types that somebody wrote by hand: they compile, and
// leak, crash or warn when they run.
// In: the PyType_Spec variables of a unit. Out: findings, one for a spelled
// place.
#pragma once
#include "abi3ify/match.h"
#include "abi3ify/preprocessor-facts.h"
#include "abi3ify/spelling.h"

namespace clang {
class ASTContext;
class Decl;
} // namespace clang

namespace abi3ify {

std::vector<Finding> checkHeapTypes(clang::ASTContext &ast, const Spelling &spelling,
                                    const MatchContext &context,
                                    const PreprocessorFacts &preprocessor);

} // namespace abi3ify
