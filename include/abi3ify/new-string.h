// A string that PyUnicode_New makes and the function fills in place. It is
// filled as bytes instead, which become the string where it is returned.
// In: the variable. Out: all edits, or nothing.
//
// The bytes are an object like the string was: NULL if there is no memory, and
// Py_DECREF gives them back, so the ways out that lose the string stay as they
// are. Assumed and checked: the variable gets nothing but the new string and
// NULL; it is filled, tested, released and returned, and nothing else; no
// pointer into it outlives the function.
#pragma once
#include "abi3ify/string-edits.h"

namespace abi3ify {

/// Whether one of the variable's values is a new string.
bool getsNewString(const clang::VarDecl *variable, const clang::FunctionDecl *function,
                   const clang::ParentMap &parents);

std::optional<std::vector<Rewrite>> fillAsBytes(const Site &site, const clang::VarDecl *variable,
                                                const clang::ParentMap &parents);

} // namespace abi3ify
