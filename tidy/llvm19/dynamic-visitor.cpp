#include "clang/AST/DynamicRecursiveASTVisitor.h"
#include "clang/AST/RecursiveASTVisitor.h"

namespace clang {
namespace {

template <bool IsConst> struct Walker : RecursiveASTVisitor<Walker<IsConst>> {
  explicit Walker(DynamicRecursiveASTVisitorBase<IsConst> &visitor) : visitor(visitor) {}

  bool VisitStmt(Stmt *node) { return visitor.VisitStmt(node); }
  bool VisitDecl(Decl *node) { return visitor.VisitDecl(node); }
#define STMT(CLASS, PARENT)                                                                        \
  bool Visit##CLASS(CLASS *node) { return visitor.Visit##CLASS(node); }
#include "clang/AST/StmtNodes.inc"
#define DECL(CLASS, PARENT)                                                                        \
  bool Visit##CLASS##Decl(CLASS##Decl *node) { return visitor.Visit##CLASS##Decl(node); }
#include "clang/AST/DeclNodes.inc"

#define ABSTRACT_DECL(DECL)
#define DECL(CLASS, PARENT)                                                                        \
  bool Traverse##CLASS##Decl(CLASS##Decl *node) { return visitor.Traverse##CLASS##Decl(node); }
#include "clang/AST/DeclNodes.inc"

  DynamicRecursiveASTVisitorBase<IsConst> &visitor;
};

} // namespace

template <bool IsConst>
bool DynamicRecursiveASTVisitorBase<IsConst>::TraverseDecl(Node<Decl> *decl) {
  return Walker<IsConst>(*this).TraverseDecl(const_cast<Decl *>(decl));
}

template <bool IsConst>
bool DynamicRecursiveASTVisitorBase<IsConst>::TraverseStmt(Node<Stmt> *stmt) {
  return Walker<IsConst>(*this).TraverseStmt(const_cast<Stmt *>(stmt));
}

#define ABSTRACT_DECL(DECL)
#define DECL(CLASS, PARENT)                                                                        \
  template <bool IsConst>                                                                          \
  bool DynamicRecursiveASTVisitorBase<IsConst>::Traverse##CLASS##Decl(Node<CLASS##Decl> *decl) {   \
    return Walker<IsConst>(*this).RecursiveASTVisitor<Walker<IsConst>>::Traverse##CLASS##Decl(     \
        const_cast<CLASS##Decl *>(decl));                                                          \
  }
#include "clang/AST/DeclNodes.inc"

template class DynamicRecursiveASTVisitorBase<false>;
template class DynamicRecursiveASTVisitorBase<true>;

} // namespace clang
