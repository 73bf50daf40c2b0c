// Who owns a reference: what happens to a local variable that holds a borrowed
// reference and shall hold a strong one.
// In: the function, the variable, and which expressions give the references.
// Out: where each path has to release it, or why some path cannot.
//
// Assumed: the function was right with borrowed references, so every use of
// the variable stays right while one more reference is held. What the analysis
// has to show is that this reference is given back once on every path, behind
// the last use of the variable and of its copies.
#pragma once
#include "abi3ify/site.h"
#include "clang/AST/ParentMap.h"

namespace abi3ify {

/// A place where the reference is given back.
struct Release {
  const clang::Stmt *before = nullptr;       ///< a statement, or
  const clang::CompoundStmt *endOf = nullptr; ///< the end of a block
  bool mayBeNull = true;
};

struct ReleasePlan {
  std::string refusal; ///< why there is none; the rest is empty then
  std::vector<Release> releases;
  /// Py_INCREF(v), Py_XINCREF(v) and Py_NewRef(v) that made the borrowed
  /// reference a strong one: the new one takes their place.
  std::vector<const clang::CallExpr *> transfers;
  /// The variable must be NULL from its declaration on.
  bool initialise = false;
};

/// The local variable that gets the value of `expr`, by its declaration or an
/// assignment; null if the value goes elsewhere.
const clang::VarDecl *receivingVariable(const clang::Expr *expr, const clang::ParentMap &parents);

/// `gives` says of an expression that its value becomes a strong reference.
ReleasePlan planReleases(const Site &site, const clang::VarDecl *variable,
                         const clang::ParentMap &parents,
                         llvm::function_ref<bool(const clang::Expr *)> gives);

/// What goes away if the reference that `call` (Py_INCREF(v)) takes comes from
/// elsewhere: the call, or all of `if (v) Py_INCREF(v);`. Null if the call is
/// not a statement that can go.
const clang::Stmt *takingStatement(const clang::CallExpr *call, const clang::VarDecl *variable,
                                   const clang::ParentMap &parents, clang::ASTContext &context);

/// The statement without the labels in front; and the labels' statement, if any.
const clang::Stmt *withoutLabels(const clang::Stmt *stmt);
const clang::Stmt *withLabels(const clang::Stmt *stmt, const clang::ParentMap &parents);

/// The edits of a plan; nothing, and a reason, where one of them cannot be
/// written because of how the source is spelled.
struct ReleaseEdits {
  std::string refusal;
  std::vector<Rewrite> rewrites;
};
ReleaseEdits writeReleases(const Site &site, const clang::VarDecl *variable,
                           const clang::ParentMap &parents, const ReleasePlan &plan);

} // namespace abi3ify
