#include "abi3ify/pointer-uses.h"
#include "clang/AST/DynamicRecursiveASTVisitor.h"
#include "clang/AST/ExprCXX.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

struct Mentions : ConstDynamicRecursiveASTVisitor {
  explicit Mentions(const VarDecl *variable) : variable(variable) {}
  bool VisitDeclRefExpr(const DeclRefExpr *reference) override {
    if (reference->getDecl() == variable)
      list.push_back(reference);
    return true;
  }
  const VarDecl *variable;
  std::vector<const DeclRefExpr *> list;
};

PointerUse worse(PointerUse a, PointerUse b) { return std::max(a, b); }

const Stmt *parentOf(const Stmt *stmt, const ParentMap &parents) {
  return parents.getParent(const_cast<Stmt *>(stmt));
}

bool isPlainLocal(const VarDecl *variable) {
  return variable && variable->hasLocalStorage() && !variable->getType()->isReferenceType();
}

} // namespace

std::vector<const DeclRefExpr *> mentionsOf(const VarDecl *variable, const FunctionDecl *function) {
  Mentions mentions(variable);
  mentions.TraverseStmt(function->getBody());
  return std::move(mentions.list);
}

const Stmt *userOf(const Stmt *stmt, const ParentMap &parents) {
  const Stmt *parent = parentOf(stmt, parents);
  while (isa_and_nonnull<ParenExpr, CastExpr>(parent))
    parent = parentOf(parent, parents);
  return parent;
}

const VarDecl *localVariableIn(const Expr *expr) {
  auto *reference = dyn_cast<DeclRefExpr>(bare(expr));
  auto *variable = reference ? dyn_cast<VarDecl>(reference->getDecl()) : nullptr;
  return isPlainLocal(variable) ? variable : nullptr;
}

const VarDecl *variableGiven(const Expr *value, const ParentMap &parents) {
  const Stmt *user = userOf(value, parents);
  if (auto *op = dyn_cast_or_null<BinaryOperator>(user))
    return op->getOpcode() == BO_Assign && bare(op->getRHS()) == value ? localVariableIn(op->getLHS())
                                                                       : nullptr;
  if (auto *statement = dyn_cast_or_null<DeclStmt>(user))
    for (const Decl *decl : statement->decls())
      if (auto *variable = dyn_cast<VarDecl>(decl);
          variable && variable->getInit() && bare(variable->getInit()) == value)
        return isPlainLocal(variable) ? variable : nullptr;
  return nullptr;
}

PointerUse PointerUses::of(const Expr *value) {
  const Stmt *parent = parentOf(value, parents);
  while (auto *outer = dyn_cast_or_null<Expr>(parent)) {
    auto *cast = dyn_cast<CastExpr>(outer);
    if (!cast && !isa<ParenExpr>(outer))
      break;
    if (cast && cast->getCastKind() == CK_PointerToBoolean)
      return PointerUse::Reads;
    if (cast && cast->getCastKind() == CK_ToVoid)
      return PointerUse::Reads;
    if (!outer->getType()->isPointerType())
      return PointerUse::Escapes;
    value = outer;
    parent = parentOf(outer, parents);
  }
  if (auto *op = dyn_cast_or_null<UnaryOperator>(parent)) {
    if (op->getOpcode() == UO_Deref)
      return ofPlace(op);
    if (op->isIncrementDecrementOp())
      return of(op);
    return op->getOpcode() == UO_LNot ? PointerUse::Reads : PointerUse::Escapes;
  }
  if (auto *subscript = dyn_cast_or_null<ArraySubscriptExpr>(parent))
    return subscript->getBase() == value ? ofPlace(subscript) : PointerUse::Escapes;
  if (auto *op = dyn_cast_or_null<BinaryOperator>(parent)) {
    if (op->isComparisonOp() || op->isLogicalOp())
      return PointerUse::Reads;
    if (op->isCommaOp())
      return op->getRHS() == value ? of(op) : PointerUse::Reads;
    if (op->getOpcode() == BO_Assign && op->getRHS() == value) {
      auto *target = dyn_cast<DeclRefExpr>(op->getLHS()->IgnoreParens());
      auto *variable = target ? dyn_cast<VarDecl>(target->getDecl()) : nullptr;
      return isPlainLocal(variable) ? worse(through(variable), of(op)) : PointerUse::Escapes;
    }
    return op->getType()->isPointerType() ? of(op) : PointerUse::Reads;
  }
  if (auto *choice = dyn_cast_or_null<ConditionalOperator>(parent))
    return choice->getCond() == value ? PointerUse::Reads : of(choice);
  if (auto *call = dyn_cast_or_null<CallExpr>(parent))
    return asArgument(call, value);
  if (auto *statement = dyn_cast_or_null<DeclStmt>(parent)) {
    for (const Decl *decl : statement->decls())
      if (auto *variable = dyn_cast<VarDecl>(decl); variable && variable->getInit() == value)
        return isPlainLocal(variable) ? through(variable) : PointerUse::Escapes;
    return PointerUse::Escapes;
  }
  if (isa_and_nonnull<UnaryExprOrTypeTraitExpr>(parent))
    return PointerUse::Reads;
  // A statement of its own, and the step of a loop.
  return isa_and_nonnull<CompoundStmt, ForStmt, IfStmt, WhileStmt, DoStmt, SwitchCase, LabelStmt>(parent)
             ? PointerUse::Reads
             : PointerUse::Escapes;
}

/// *p or p[i].
PointerUse PointerUses::ofPlace(const Expr *place) {
  const Stmt *parent = parentOf(place, parents);
  while (isa_and_nonnull<ParenExpr>(parent))
    parent = parentOf(parent, parents);
  if (auto *cast = dyn_cast_or_null<ImplicitCastExpr>(parent))
    return cast->getCastKind() == CK_LValueToRValue ? PointerUse::Reads : PointerUse::Escapes;
  if (isa_and_nonnull<UnaryExprOrTypeTraitExpr>(parent))
    return PointerUse::Reads;
  if (auto *op = dyn_cast_or_null<UnaryOperator>(parent))
    return op->getOpcode() == UO_AddrOf           ? of(op)
           : op->isIncrementDecrementOp()         ? PointerUse::Writes
                                                  : PointerUse::Escapes;
  if (auto *op = dyn_cast_or_null<BinaryOperator>(parent); op && op->isAssignmentOp())
    return PointerUse::Writes;
  return PointerUse::Escapes;
}

PointerUse PointerUses::through(const VarDecl *variable) {
  if (!variables.insert(variable).second)
    return PointerUse::Reads; // what is done with it is asked for already
  PointerUse use = PointerUse::Reads;
  for (const DeclRefExpr *mention : mentionsOf(variable, function))
    use = worse(use, mention->refersToEnclosingVariableOrCapture() ? PointerUse::Escapes
                                                                   : of(mention));
  return use;
}

PointerUse PointerUses::asArgument(const CallExpr *call, const Expr *value) {
  std::optional<unsigned> index;
  for (unsigned i = 0; i < call->getNumArgs(); ++i)
    if (call->getArg(i) == value)
      index = i;
  StringRef name = calledName(call);
  if (!index)
    return PointerUse::Escapes;
  if (name == "PyUnicode_WRITE")
    return PointerUse::Writes;
  if (name == "PyUnicode_READ")
    return PointerUse::Reads;
  auto *callee = call->getDirectCallee();
  if (!callee || *index >= callee->getNumParams())
    return PointerUse::Escapes;
  QualType type = callee->getParamDecl(*index)->getType();
  if (!type->isPointerType())
    return PointerUse::Escapes;
  PointerUse use = type->getPointeeType().isConstQualified() ? PointerUse::Reads : PointerUse::Writes;
  // strchr, memmove: what comes back may lead into the memory.
  return call->getType()->isPointerType() && !isPointerTo(call->getType(), "PyObject")
             ? worse(use, of(call))
             : use;
}

} // namespace abi3ify
