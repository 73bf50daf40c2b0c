// METH_FASTCALL below 3.10: the function stays, and a METH_VARARGS function in
// front of it lays its arguments out as an array.
// In: a unit's findings, in which the flag has been renamed. Out: the same, with
// the adapter's definition and its name in the table, or without an edit.
#pragma once
#include "abi3ify/match.h"

namespace clang {
class ASTContext;
}

namespace abi3ify {

class Spelling;

void addFastcallAdapters(clang::ASTContext &ast, const Spelling &spelling,
                         const MatchContext &context, std::vector<Finding> &findings);

} // namespace abi3ify
