// Clang 20 and later have this header; for LLVM 19 it is made of what that has.
// The traversal is compiled once, in dynamic-visitor.cpp.
#pragma once
#include "clang/AST/Decl.h"
#include "clang/AST/DeclCXX.h"
#include "clang/AST/DeclFriend.h"
#include "clang/AST/DeclObjC.h"
#include "clang/AST/DeclOpenMP.h"
#include "clang/AST/DeclTemplate.h"
#include "clang/AST/ExprCXX.h"
#include "clang/AST/ExprConcepts.h"
#include "clang/AST/ExprObjC.h"
#include "clang/AST/ExprOpenMP.h"
#include "clang/AST/StmtCXX.h"
#include "clang/AST/StmtObjC.h"
#include "clang/AST/StmtOpenACC.h"
#include "clang/AST/StmtOpenMP.h"

namespace clang {

template <bool IsConst> class DynamicRecursiveASTVisitorBase {
  template <typename T> using Node = std::conditional_t<IsConst, const T, T>;

public:
  virtual ~DynamicRecursiveASTVisitorBase() = default;
  bool TraverseDecl(Node<Decl> *decl);
  bool TraverseStmt(Node<Stmt> *stmt);

  // What leaves a kind of declaration out; none of ours does so with statements.
#define ABSTRACT_DECL(DECL)
#define DECL(CLASS, PARENT) virtual bool Traverse##CLASS##Decl(Node<CLASS##Decl> *decl);
#include "clang/AST/DeclNodes.inc"

  virtual bool VisitStmt(Node<Stmt> *) { return true; }
  virtual bool VisitDecl(Node<Decl> *) { return true; }
#define STMT(CLASS, PARENT)                                                                        \
  virtual bool Visit##CLASS(Node<CLASS> *) { return true; }
#include "clang/AST/StmtNodes.inc"
#define DECL(CLASS, PARENT)                                                                        \
  virtual bool Visit##CLASS##Decl(Node<CLASS##Decl> *) { return true; }
#include "clang/AST/DeclNodes.inc"
};

extern template class DynamicRecursiveASTVisitorBase<false>;
extern template class DynamicRecursiveASTVisitorBase<true>;
using DynamicRecursiveASTVisitor = DynamicRecursiveASTVisitorBase<false>;
using ConstDynamicRecursiveASTVisitor = DynamicRecursiveASTVisitorBase<true>;

} // namespace clang
