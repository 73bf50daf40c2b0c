#include "abi3ify/object-body.h"
#include "abi3ify/heap-type-specs.h"
#include "abi3ify/site.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

bool isFirst(const MemberExpr *member) {
  auto *field = dyn_cast<FieldDecl>(member->getMemberDecl());
  return field && field->getFieldIndex() == 0;
}

} // namespace

StringRef askedSlot(const Expr *expr, const ASTContext &ast) {
  auto *call = dyn_cast<CallExpr>(bare(expr));
  Expr::EvalResult id;
  if (!call || calledName(call) != "PyType_GetSlot" || call->getNumArgs() != 2 ||
      call->getArg(1)->isValueDependent() || !call->getArg(1)->EvaluateAsInt(id, ast))
    return {};
  switch (id.Val.getInt().getZExtValue()) {
  case SlotFree: return "tp_free";
  case SlotDealloc: return "tp_dealloc";
  case SlotTraverse: return "tp_traverse";
  case SlotClear: return "tp_clear";
  default: return {};
  }
}

const MemberExpr *calledMember(const CallExpr *call) {
  return dyn_cast<MemberExpr>(call->getCallee()->IgnoreParenImpCasts());
}

ObjectBody::ObjectBody(const FunctionDecl *function, Variables selves_, Variables types_)
    : selves(std::move(selves_)), types(std::move(types_)), ast(function->getASTContext()) {
  for (const ParmVarDecl *parameter : function->parameters())
    if (parameter->getIdentifier())
      names.insert(parameter->getName());
  TraverseStmt(function->getBody());
}

bool ObjectBody::VisitCallExpr(const CallExpr *call) {
  calls.push_back(call);
  return true;
}

bool ObjectBody::VisitCXXConstructExpr(const CXXConstructExpr *construction) {
  constructions.push_back(construction);
  return true;
}

bool ObjectBody::VisitVarDecl(const VarDecl *decl) {
  if (decl->getIdentifier())
    names.insert(decl->getName());
  const Expr *value = decl->getInit();
  if (!value)
    return true;
  if (isSelf(value))
    selves.insert(decl);
  note(decl, value);
  return true;
}

bool ObjectBody::VisitDeclRefExpr(const DeclRefExpr *reference) {
  if (reference->getDecl()->getIdentifier())
    names.insert(reference->getDecl()->getName());
  return true;
}

bool ObjectBody::VisitBinaryOperator(const BinaryOperator *op) {
  auto *left = dyn_cast<DeclRefExpr>(op->getLHS()->IgnoreParenImpCasts());
  auto *variable = left ? dyn_cast<VarDecl>(left->getDecl()) : nullptr;
  if (!op->isAssignmentOp() || !variable)
    return true;
  note(variable, op->getRHS());
  // self = NULL; where it is gone.
  if (op->getRHS()->isNullPointerConstant(ast, Expr::NPC_NeverValueDependent)) {
    assigned.insert(variable);
    return true;
  }
  // A copy that gets another value is none.
  if (!assigned.insert(variable).second || variable->getInit() || !isSelf(op->getRHS()))
    selves.erase(variable);
  else
    selves.insert(variable);
  return true;
}

void ObjectBody::note(const VarDecl *variable, const Expr *value) {
  if (isMadeFromType(value))
    types.insert(variable);
  if (StringRef slot = askedSlot(value, ast); !slot.empty())
    if (auto [it, added] = slots.try_emplace(variable, slot); !added && it->second != slot)
      it->second = {};
}

bool ObjectBody::isSelf(const Expr *expr) const {
  expr = bare(expr);
  if (auto *address = dyn_cast<UnaryOperator>(expr); address && address->getOpcode() == UO_AddrOf) {
    auto *member = dyn_cast<MemberExpr>(bare(address->getSubExpr()));
    while (member && isFirst(member) && !member->isArrow())
      member = dyn_cast<MemberExpr>(bare(member->getBase()));
    if (!member || !isFirst(member))
      return false;
    expr = bare(member->getBase());
  }
  auto *reference = dyn_cast<DeclRefExpr>(expr);
  return reference && selves.count(dyn_cast<VarDecl>(reference->getDecl()));
}

bool ObjectBody::isTypeOfSelf(const Expr *expr) const {
  const Expr *object = objectOfType(expr);
  return object && isSelf(object);
}

/// The type, its address (as Py_CLEAR takes it), or what a function outside of
/// Python's headers made of it, such as a cast.
bool ObjectBody::isMadeFromType(const Expr *expr) const {
  expr = bare(expr);
  if (objectOfType(expr))
    return true;
  if (auto *call = dyn_cast<CallExpr>(expr)) {
    StringRef name = calledName(call);
    if (name == "PyObject_Type" || name == "Py_NewRef" || name == "Py_XNewRef")
      return any_of(call->arguments(), [&](const Expr *argument) {
        return name == "PyObject_Type" ? isSelf(argument) : isMadeFromType(argument);
      });
    return !name.starts_with("Py") && any_of(call->arguments(), [&](const Expr *argument) {
             return isMadeFromType(argument);
           });
  }
  if (const VarDecl *variable = variableOf(expr))
    return types.count(variable);
  if (auto *op = dyn_cast<UnaryOperator>(expr))
    return isMadeFromType(op->getSubExpr());
  if (auto *op = dyn_cast<BinaryOperator>(expr))
    return isMadeFromType(op->getRHS());
  if (auto *op = dyn_cast<ConditionalOperator>(expr))
    return isMadeFromType(op->getTrueExpr()) || isMadeFromType(op->getFalseExpr());
  return false;
}

bool ObjectBody::mayBeType(const Expr *expr) const {
  return isPointerTo(bare(expr)->getType(), "PyTypeObject") || isMadeFromType(expr);
}

StringRef ObjectBody::calledSlot(const CallExpr *call) const {
  if (const MemberExpr *member = calledMember(call))
    return member->getMemberDecl()->getIdentifier() ? member->getMemberDecl()->getName()
                                                    : StringRef();
  const Expr *callee = bare(call->getCallee());
  if (auto *op = dyn_cast<UnaryOperator>(callee); op && op->getOpcode() == UO_Deref)
    callee = bare(op->getSubExpr());
  if (const VarDecl *variable = variableOf(callee)) {
    auto held = slots.find(variable);
    return held == slots.end() ? StringRef() : held->second;
  }
  return askedSlot(callee, ast);
}

bool ObjectBody::isFree(const CallExpr *call) const {
  if (call->getNumArgs() == 0 || !isSelf(call->getArg(0)))
    return false;
  StringRef name = calledName(call);
  return name == "PyObject_Free" || name == "PyObject_Del" || name == "PyObject_GC_Del" ||
         calledSlot(call) == "tp_free";
}

} // namespace abi3ify
