// Identifiers of CPython's own: _Py_IDENTIFIER(x), and the functions that take &PyId_x.
// In: a unit's AST and what rules found in it, where a function with a twin that takes a C string is renamed.
// Out: those findings with the text in place of the identifier, and the declarations without a use with an edit
// that takes them away; an identifier with all its uses is one group.
#pragma once
#include "abi3ify/match.h"
#include "abi3ify/spelling.h"

namespace abi3ify {

void joinIdentifiers(clang::ASTContext &ast, const Spelling &spelling, const MatchContext &context,
                     std::vector<Finding> &findings);

} // namespace abi3ify
