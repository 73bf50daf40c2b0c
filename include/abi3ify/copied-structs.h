// Structs of the project's that copy the layout of one of CPython's.
// In: the AST of one unit. Out: findings.
//
// Assumed: a struct whose size nobody takes in its own source is no type of the
// project's, because a type is told the size of its objects.
#pragma once
#include "abi3ify/placed-findings.h"

namespace clang {
class ASTContext;
}

namespace abi3ify {

std::vector<Finding> checkCopiedStructs(clang::ASTContext &ast, const Spelling &spelling,
                                        const MatchContext &context,
                                        const std::string &pythonFolder);

} // namespace abi3ify
