// The tables of slots (PyNumberMethods ...) of static types: to which type each belongs.
// In: the AST and the findings of a unit. Out: the tables' findings, of a rule of their own.
#pragma once
#include "abi3ify/match.h"
#include "abi3ify/spelling.h"

namespace abi3ify {

/// The rule of a table that goes with its type.
inline constexpr llvm::StringRef SlotTableRule = "static-type-table";

/// A table's type name is a use of its own only where no type of the same file has the table.
void nameSlotTables(clang::ASTContext &ast, const Spelling &spelling, const MatchContext &context,
                    std::vector<Finding> &findings);

} // namespace abi3ify
