// What the tests around a place say of the object in a variable: PyFloat_Check
// and its kin, in the conditions that it stands behind.
// In: a place with the statements around it. Out: the names of such tests.
#pragma once
#include "clang/AST/Expr.h"
#include "llvm/ADT/StringSet.h"

namespace abi3ify {

struct ObjectChecks {
  llvm::StringSet<> surely;  ///< each of them holds there
  llvm::StringSet<> perhaps; ///< that one may be why it is reached
  llvm::StringSet<> denied;  ///< none of them holds there

  /// `parents`: of the place, outermost first.
  ObjectChecks(const clang::Stmt *place, llvm::ArrayRef<const clang::Stmt *> parents,
               const clang::VarDecl *variable);

private:
  void assume(const clang::Expr *condition, bool holds, bool certain = true);
  const clang::VarDecl *variable;
};

/// Whether a call like PyArg_ParseTuple(args, "O!", &PyFloat_Type, &variable)
/// stands in a function.
bool isParsedAs(const clang::FunctionDecl *function, const clang::VarDecl *variable,
                llvm::StringRef type);

/// Whether a place in a function stands behind a call of one of these whose value goes into
/// the variable; NAME* stands for all that begin so.
bool isMadeBy(const clang::FunctionDecl *function, const clang::Stmt *place,
              const clang::VarDecl *variable, llvm::ArrayRef<llvm::StringRef> names);

} // namespace abi3ify
