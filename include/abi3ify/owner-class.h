// A C++ class whose objects own one reference, as wrappers of PyObject * do.
// What is known of one is read from the bodies of its members, never from its
// name.
//
// Assumed and checked: the class has one member, a pointer, and no base; a
// constructor puts its first argument there; a method gives it back.
#pragma once
#include "clang/AST/DeclCXX.h"
#include "clang/AST/ExprCXX.h"

namespace abi3ify {

/// The pointer that an object of such a class has; null if the class is none.
const clang::FieldDecl *ownedPointer(const clang::CXXRecordDecl *type);

/// The argument that becomes the pointer, unchanged and without a reference of its own; null if it is not so.
const clang::Expr *takenArgument(const clang::CXXConstructExpr *construction, clang::ASTContext &context);

/// The variable whose pointer a call such as v.get(), or a conversion, gives; null for another expression.
const clang::VarDecl *ownerAsked(const clang::Expr *expr);

/// What is done with a mention of a variable of such a class.
enum class OwnerUse {
  Gives, ///< `result` is a call that gives the pointer
  Tests, ///< it is only asked whether it holds one
  Other
};
struct OwnerMention {
  OwnerUse use = OwnerUse::Other;
  const clang::Expr *result = nullptr;
};
/// `parent` gives the parent of a statement.
OwnerMention ownerMention(const clang::DeclRefExpr *mention,
                          llvm::function_ref<const clang::Stmt *(const clang::Stmt *)> parent);

} // namespace abi3ify
