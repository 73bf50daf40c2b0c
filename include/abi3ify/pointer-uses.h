// What a function does with memory that a pointer of its own leads to.
// In: an expression whose value is the pointer. Out: whether the memory is
// only read, also written, or whether the pointer may outlive the function's
// own variables.
//
// Assumed: a function that is called with the pointer does not keep it, and
// writes only through pointers to what is not const.
#pragma once
#include "abi3ify/site.h"
#include "clang/AST/ParentMap.h"
#include <set>

namespace abi3ify {

enum class PointerUse { Reads, Writes, Escapes };

class PointerUses {
public:
  PointerUses(const clang::FunctionDecl *function, const clang::ParentMap &parents)
      : function(function), parents(parents) {}

  /// The worst that is done with the value, also through variables that get it.
  PointerUse of(const clang::Expr *value);

  std::set<const clang::VarDecl *> variables; ///< local ones that got it, of all values asked for

private:
  PointerUse ofPlace(const clang::Expr *place);
  PointerUse through(const clang::VarDecl *variable);
  PointerUse asArgument(const clang::CallExpr *call, const clang::Expr *value);

  const clang::FunctionDecl *function;
  const clang::ParentMap &parents;
};

/// All mentions of a variable in a function, in the order of the source.
std::vector<const clang::DeclRefExpr *> mentionsOf(const clang::VarDecl *variable,
                                                   const clang::FunctionDecl *function);

/// The parent that is no parenthesis and no cast.
const clang::Stmt *userOf(const clang::Stmt *stmt, const clang::ParentMap &parents);

/// The local variable that an expression is, parentheses and casts aside.
const clang::VarDecl *localVariableIn(const clang::Expr *expr);

/// The one that an assignment or a declaration gives just this value.
const clang::VarDecl *variableGiven(const clang::Expr *value, const clang::ParentMap &parents);

} // namespace abi3ify
