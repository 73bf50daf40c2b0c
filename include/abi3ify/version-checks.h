// What changes between the floor and the newest version in ways that no header
// shows, where it is no matter of one call: tables, macros, copied structs.
// In: the AST of one unit. Out: findings.
#pragma once
#include "abi3ify/match.h"
#include "abi3ify/spelling.h"

namespace clang {
class ASTContext;
}

namespace abi3ify {

std::vector<Finding> checkVersions(clang::ASTContext &ast, const Spelling &spelling,
                                   const MatchContext &context, const std::string &pythonFolder);

} // namespace abi3ify
