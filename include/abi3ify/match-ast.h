// The AST of a unit against the rules, and the generic net over it.
// In: a parse in Mode::Find with what the preprocessor saw. Out: findings, and
// the tokens that were looked at.
#pragma once
#include "abi3ify/libc-includes.h"
#include "abi3ify/match.h"
#include "abi3ify/preprocessor-facts.h"
#include "abi3ify/spelling.h"

namespace abi3ify {

/// `pythonFolder`: the folder of the Python.h that was read, with a slash.
std::vector<Finding> matchAst(clang::ASTContext &ast, const Spelling &spelling,
                              const MatchContext &context, const std::string &pythonFolder,
                              const PreprocessorFacts &preprocessor, SeenTokens &seen,
                              LibcUses &libcUses);

} // namespace abi3ify
