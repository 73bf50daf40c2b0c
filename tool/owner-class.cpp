#include "abi3ify/owner-class.h"
#include "abi3ify/site.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

const CXXRecordDecl *classOf(const Expr *expr) {
  const CXXRecordDecl *type = expr->getType()->getAsCXXRecordDecl();
  return type ? type->getDefinition() : nullptr;
}

/// The member m of `m` or `this->m`, as a pointer of whatever type.
const FieldDecl *ownMember(const Expr *expr) {
  expr = expr->IgnoreParenImpCasts();
  while (auto *cast = dyn_cast<ExplicitCastExpr>(expr))
    expr = cast->getSubExpr()->IgnoreParenImpCasts();
  auto *member = dyn_cast<MemberExpr>(expr->IgnoreParenImpCasts());
  return member && isa<CXXThisExpr>(member->getBase()->IgnoreParenImpCasts())
             ? dyn_cast<FieldDecl>(member->getMemberDecl())
             : nullptr;
}

/// The x of a body that is `return x;`.
const Expr *returned(const CXXMethodDecl *method) {
  const FunctionDecl *defined = nullptr;
  auto *body = method->hasBody(defined) ? dyn_cast<CompoundStmt>(defined->getBody()) : nullptr;
  auto *back = body && body->size() == 1 ? dyn_cast<ReturnStmt>(body->body_front()) : nullptr;
  return back ? back->getRetValue() : nullptr;
}

/// Whether a method says yes or no, and does nothing else.
bool onlyTests(const CXXMethodDecl *method) {
  const Expr *answer = method && method->isConst() && method->getReturnType()->isBooleanType() ? returned(method) : nullptr;
  return answer && !anyCall(answer, [](const CallExpr *) { return true; });
}

/// The value of a parameter in a call of a constructor.
const Expr *argumentFor(const CXXConstructExpr *construction, const Expr *parameter) {
  auto *reference = dyn_cast<DeclRefExpr>(parameter->IgnoreParenImpCasts());
  auto *declared = reference ? dyn_cast<ParmVarDecl>(reference->getDecl()) : nullptr;
  if (!declared || declared->getFunctionScopeIndex() >= construction->getNumArgs())
    return nullptr;
  const Expr *argument = construction->getArg(declared->getFunctionScopeIndex());
  if (auto *standard = dyn_cast<CXXDefaultArgExpr>(argument))
    return standard->getExpr();
  return argument;
}

} // namespace

const FieldDecl *ownedPointer(const CXXRecordDecl *type) {
  if (!type || !type->hasDefinition() || type->isUnion() || type->isDependentContext() || type->getNumBases() != 0)
    return nullptr;
  auto fields = type->getDefinition()->fields();
  auto first = fields.begin();
  if (first == fields.end() || std::next(first) != fields.end() || !(*first)->getType()->isPointerType())
    return nullptr;
  return *first;
}

const Expr *takenArgument(const CXXConstructExpr *construction, ASTContext &context) {
  const CXXConstructorDecl *constructor = construction->getConstructor();
  const FieldDecl *field = ownedPointer(constructor->getParent());
  const FunctionDecl *defined = nullptr;
  // What its body does to the pointer is not looked at, so it must have none.
  auto *body = field && constructor->hasBody(defined) ? dyn_cast<CompoundStmt>(defined->getBody()) : nullptr;
  if (!body || !body->body_empty())
    return nullptr;
  for (const CXXCtorInitializer *initializer : cast<CXXConstructorDecl>(defined)->inits()) {
    if (initializer->getMember() != field)
      continue;
    const Expr *value = initializer->getInit()->IgnoreParenImpCasts();
    // m(owned ? p : take(p)): which of them the call means must be a constant.
    if (auto *choice = dyn_cast<ConditionalOperator>(value)) {
      const Expr *condition = argumentFor(construction, choice->getCond());
      bool yes = false;
      if (!condition || condition->isValueDependent() || !condition->EvaluateAsBooleanCondition(yes, context))
        return nullptr;
      value = yes ? choice->getTrueExpr() : choice->getFalseExpr();
    }
    return argumentFor(construction, value);
  }
  return nullptr;
}

const VarDecl *ownerAsked(const Expr *expr) {
  auto *call = dyn_cast<CXXMemberCallExpr>(expr->IgnoreParenImpCasts());
  const CXXMethodDecl *method = call ? call->getMethodDecl() : nullptr;
  if (!method || method->isVirtual() || call->getNumArgs() != 0)
    return nullptr;
  auto *reference = dyn_cast<DeclRefExpr>(call->getImplicitObjectArgument()->IgnoreParenImpCasts());
  auto *variable = reference ? dyn_cast<VarDecl>(reference->getDecl()) : nullptr;
  if (!variable || variable->getType()->isReferenceType())
    return nullptr;
  const FieldDecl *field = ownedPointer(classOf(reference));
  const Expr *given = field && method->getReturnType()->isPointerType() ? returned(method) : nullptr;
  return given && ownMember(given) == field ? variable : nullptr;
}

OwnerMention ownerMention(const DeclRefExpr *mention, function_ref<const Stmt *(const Stmt *)> parent) {
  const Stmt *user = parent(mention);
  while (isa_and_nonnull<ParenExpr, ImplicitCastExpr, MemberExpr>(user))
    user = parent(user);
  if (auto *call = dyn_cast_or_null<CXXMemberCallExpr>(user)) {
    if (ownerAsked(call))
      return {OwnerUse::Gives, call};
    if (call->getImplicitObjectArgument()->IgnoreParenImpCasts() == mention && onlyTests(call->getMethodDecl()))
      return {OwnerUse::Tests, call};
  }
  if (auto *call = dyn_cast_or_null<CXXOperatorCallExpr>(user)) {
    if (call->getNumArgs() == 1 && onlyTests(dyn_cast_or_null<CXXMethodDecl>(call->getDirectCallee())))
      return {OwnerUse::Tests, call};
  }
  return {};
}

} // namespace abi3ify
