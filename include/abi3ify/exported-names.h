// Functions and variables of the project's that other modules see under a name of Python's.
// In: a unit's AST. Out: a finding for each definition. A module's symbols are what abi3audit and the dynamic
// linker look at: the first refuses the module, the second may call an interpreter's function instead.
#pragma once
#include "abi3ify/match.h"
#include "abi3ify/spelling.h"

namespace abi3ify {

void findExportedNames(clang::ASTContext &ast, const Spelling &spelling,
                       const MatchContext &context, std::vector<Finding> &findings);

} // namespace abi3ify
