#include "abi3ify/object-checks.h"
#include "abi3ify/site.h"
#include "clang/AST/ASTContext.h"
#include "clang/AST/DynamicRecursiveASTVisitor.h"
#include "clang/AST/StmtCXX.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

bool leaves(const Stmt *stmt) {
  if (auto *block = dyn_cast<CompoundStmt>(stmt))
    return !block->body_empty() && leaves(block->body_back());
  return isa<ReturnStmt, GotoStmt, BreakStmt, ContinueStmt, CXXThrowExpr>(stmt);
}

bool isOneOf(StringRef name, ArrayRef<StringRef> names) {
  return any_of(names, [&](StringRef each) {
    return each.consume_back("*") ? name.starts_with(each) : name == each;
  });
}

} // namespace

ObjectChecks::ObjectChecks(const Stmt *place, ArrayRef<const Stmt *> parents,
                           const VarDecl *variable)
    : variable(variable) {
  const Stmt *child = place;
  for (const Stmt *parent : reverse(parents)) {
    if (auto *branch = dyn_cast<IfStmt>(parent)) {
      if (child == branch->getThen())
        assume(branch->getCond(), true);
      else if (child == branch->getElse())
        assume(branch->getCond(), false);
    } else if (auto *choice = dyn_cast<ConditionalOperator>(parent)) {
      if (child == choice->getTrueExpr())
        assume(choice->getCond(), true);
      else if (child == choice->getFalseExpr())
        assume(choice->getCond(), false);
    } else if (auto *both = dyn_cast<BinaryOperator>(parent)) {
      if (both->isLogicalOp() && child == both->getRHS())
        assume(both->getLHS(), both->getOpcode() == BO_LAnd);
    } else if (auto *block = dyn_cast<CompoundStmt>(parent)) {
      for (const Stmt *stmt : block->body()) {
        if (stmt == child)
          break;
        auto *branch = dyn_cast<IfStmt>(stmt);
        if (branch && !branch->getElse() && leaves(branch->getThen()))
          assume(branch->getCond(), false);
      }
    }
    child = parent;
  }
}

/// What follows from a condition that was true, or was false.
void ObjectChecks::assume(const Expr *condition, bool holds, bool certain) {
  condition = condition->IgnoreParenImpCasts();
  if (auto *negation = dyn_cast<UnaryOperator>(condition);
      negation && negation->getOpcode() == UO_LNot)
    return assume(negation->getSubExpr(), !holds, certain);
  if (auto *both = dyn_cast<BinaryOperator>(condition); both && both->isLogicalOp()) {
    bool each = (both->getOpcode() == BO_LAnd) == holds;
    assume(both->getLHS(), holds, certain && each);
    return assume(both->getRHS(), holds, certain && each);
  }
  auto *call = dyn_cast<CallExpr>(condition);
  if (!call || call->getNumArgs() < 1 || variableOf(call->getArg(0)) != variable)
    return;
  if (!holds) {
    if (certain)
      denied.insert(calledName(call));
    return;
  }
  perhaps.insert(calledName(call));
  if (certain)
    surely.insert(calledName(call));
}

bool isParsedAs(const FunctionDecl *function, const VarDecl *variable, StringRef type) {
  if (!function || !function->hasBody())
    return false;
  auto addressed = [](const Expr *expr) -> const VarDecl * {
    auto *address = dyn_cast<UnaryOperator>(bare(expr));
    return address && address->getOpcode() == UO_AddrOf ? variableOf(address->getSubExpr())
                                                        : nullptr;
  };
  return anyCall(function->getBody(), [&](const CallExpr *call) {
    if (!calledName(call).contains("PyArg_"))
      return false;
    for (unsigned i = 1; i + 1 < call->getNumArgs(); ++i)
      if (const VarDecl *wanted = addressed(call->getArg(i));
          wanted && wanted->getIdentifier() && wanted->getName() == type &&
          addressed(call->getArg(i + 1)) == variable)
        return true;
    return false;
  });
}

bool isMadeBy(const FunctionDecl *function, const Stmt *place, const VarDecl *variable,
              ArrayRef<StringRef> names) {
  if (!function || !function->hasBody())
    return false;
  struct Visitor : ConstDynamicRecursiveASTVisitor {
    bool take(const VarDecl *to, const Expr *value, SourceLocation at) {
      if (to != variable || !value ||
          !sources->isBeforeInTranslationUnit(sources->getExpansionLoc(at), before))
        return true;
      auto *call = dyn_cast<CallExpr>(bare(value));
      found |= call && isOneOf(calledName(call), names);
      return true;
    }
    bool VisitVarDecl(const VarDecl *declared) override {
      return take(declared, declared->getInit(), declared->getLocation());
    }
    bool VisitBinaryOperator(const BinaryOperator *operation) override {
      return operation->getOpcode() != BO_Assign ||
             take(variableOf(operation->getLHS()), operation->getRHS(),
                  operation->getOperatorLoc());
    }
    const VarDecl *variable;
    const SourceManager *sources;
    SourceLocation before;
    ArrayRef<StringRef> names;
    bool found = false;
  } visitor;
  visitor.variable = variable;
  visitor.sources = &function->getASTContext().getSourceManager();
  visitor.before = visitor.sources->getExpansionLoc(place->getBeginLoc());
  visitor.names = names;
  visitor.TraverseStmt(function->getBody());
  return visitor.found;
}

} // namespace abi3ify
