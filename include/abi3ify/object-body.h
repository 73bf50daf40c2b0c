// What a function says of an object that it is given, and of its type.
// In: the body of a function and the parameters that are the object or its
// type. Out: the calls in it, and which expressions are the object or the type.
#pragma once
#include "clang/AST/DynamicRecursiveASTVisitor.h"
#include "clang/AST/ExprCXX.h"
#include "llvm/ADT/StringSet.h"
#include <map>
#include <set>
#include <vector>

namespace abi3ify {

class ObjectBody : public clang::ConstDynamicRecursiveASTVisitor {
public:
  using Variables = std::set<const clang::VarDecl *>;

  /// `selves` are the object, `types` may be its type.
  ObjectBody(const clang::FunctionDecl *function, Variables selves, Variables types = {});

  std::vector<const clang::CallExpr *> calls;
  std::vector<const clang::CXXConstructExpr *> constructions;
  llvm::StringSet<> names; ///< of all variables and functions that it mentions
  Variables selves;        ///< with their copies
  Variables types;         ///< with all that was made from the type
  Variables assigned;      ///< that are given a value after their definition

  /// self, or &self->base: the base's struct in ours.
  bool isSelf(const clang::Expr *expr) const;
  /// Py_TYPE(self) or self->ob_type.
  bool isTypeOfSelf(const clang::Expr *expr) const;
  /// Py_TYPE of anything, a PyTypeObject *, or what was made from the type.
  bool mayBeType(const clang::Expr *expr) const;

  /// "tp_free" where a call goes through that slot of a type: by the member,
  /// or by PyType_GetSlot, into a variable or not. Empty for other calls.
  llvm::StringRef calledSlot(const clang::CallExpr *call) const;
  /// Whether a call gives the memory of our object back.
  bool isFree(const clang::CallExpr *call) const;

  bool VisitCallExpr(const clang::CallExpr *call) override;
  bool VisitCXXConstructExpr(const clang::CXXConstructExpr *construction) override;
  bool VisitVarDecl(const clang::VarDecl *decl) override;
  bool VisitDeclRefExpr(const clang::DeclRefExpr *reference) override;
  bool VisitBinaryOperator(const clang::BinaryOperator *op) override;

private:
  void note(const clang::VarDecl *variable, const clang::Expr *value);
  bool isMadeFromType(const clang::Expr *expr) const;
  clang::ASTContext &ast;
  /// The slots that variables hold; empty for one that holds several.
  std::map<const clang::VarDecl *, llvm::StringRef> slots;
};

/// The slot that PyType_GetSlot(t, Py_tp_free) asks for, of those that matter to
/// an object's end: "tp_free"; empty for others.
llvm::StringRef askedSlot(const clang::Expr *expr, const clang::ASTContext &ast);

/// The member that is called: tp_free of t->tp_free(o); null for others.
const clang::MemberExpr *calledMember(const clang::CallExpr *call);

} // namespace abi3ify
