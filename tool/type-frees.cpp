#include "abi3ify/type-frees.h"
#include "abi3ify/heap-type-specs.h"
#include "abi3ify/object-body.h"
#include "abi3ify/site.h"
#include "clang/AST/DynamicRecursiveASTVisitor.h"
#include "llvm/ADT/StringExtras.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

constexpr unsigned MostCallers = 4; ///< one around the other, of a helper that frees

constexpr llvm::StringLiteral WithoutCause =
    "an instance is freed here without its tp_dealloc; write Py_DECREF of its type behind it";

/// What an expression's object may be, as in TypeSurvey::Free.
struct Freed {
  std::set<const RecordDecl *> structs;
  bool unknown = false;
  void join(const Freed &other) {
    structs.insert(other.structs.begin(), other.structs.end());
    unknown |= other.unknown;
  }
  bool empty() const { return structs.empty() && !unknown; }
};

/// A struct of an object; null for PyObject, void and what is none.
const RecordDecl *structBehind(QualType type) {
  QualType pointee = type->getPointeeType();
  auto *record = pointee.isNull() ? nullptr : pointee->getAsRecordDecl();
  if (!record || is_contained({"PyObject", "PyVarObject"}, structName(record)))
    return nullptr;
  return cast<RecordDecl>(record->getCanonicalDecl());
}

bool isGeneric(QualType type) {
  return type->isVoidPointerType() || isPointerTo(type, "PyObject") || isPointerTo(type, "PyVarObject");
}

/// PyObject_Malloc and the like: what is no object yet has no type.
bool isAllocation(const CallExpr *call) {
  StringRef name = calledName(call);
  return name.ends_with_insensitive("malloc") || name.ends_with_insensitive("calloc") ||
         name.ends_with_insensitive("realloc");
}

bool isRawMemory(const Expr *expr, const FunctionDecl *function) {
  const VarDecl *variable = variableOf(expr);
  return variable && any_of(valuesOf(variable, function), [&](const Expr *value) {
           return anyCall(value, isAllocation);
         });
}

/// The structs that a function takes a variable's object for.
class Casts : public ConstDynamicRecursiveASTVisitor {
public:
  Casts(const VarDecl *variable, std::set<const RecordDecl *> &found) : variable(variable), found(found) {}
  bool VisitExplicitCastExpr(const ExplicitCastExpr *cast) override {
    if (const RecordDecl *record = structBehind(cast->getType()); record && variableOf(cast) == variable)
      found.insert(record);
    return true;
  }

private:
  const VarDecl *variable;
  std::set<const RecordDecl *> &found;
};

/// The struct that an expression is, or is cast from.
const RecordDecl *structOf(const Expr *expr) {
  for (expr = expr->IgnoreParenImpCasts();; expr = cast<CastExpr>(expr)->getSubExpr()->IgnoreParenImpCasts())
    if (const RecordDecl *record = structBehind(expr->getType()))
      return record;
    else if (!isa<CastExpr>(expr))
      return nullptr;
}

Freed objectOf(const TypeSurvey &survey, const Expr *expr, const FunctionDecl *function, bool surelyObject,
               unsigned depth = 0) {
  if (const RecordDecl *record = structOf(expr))
    return {{record}};
  const Expr *object = bare(expr);
  if (!isGeneric(object->getType()))
    return {};
  // void * is often memory of another kind.
  Freed any{{}, surelyObject || !object->getType()->isVoidPointerType()};
  const VarDecl *variable = variableOf(object);
  if (!variable)
    return any;
  if (isRawMemory(object, function))
    return {};
  Freed freed;
  Casts(variable, freed.structs).TraverseStmt(function->getBody());
  for (const Expr *value : valuesOf(variable, function))
    if (const RecordDecl *record = structOf(value))
      freed.structs.insert(record);
  auto *parameter = dyn_cast<ParmVarDecl>(variable);
  auto callers = survey.callers.find(function->getCanonicalDecl());
  if (!freed.empty() || !parameter || callers == survey.callers.end() || depth > MostCallers)
    return freed.empty() ? any : freed;
  for (const auto &[call, caller] : callers->second)
    if (unsigned index = parameter->getFunctionScopeIndex(); index < call->getNumArgs())
      freed.join(objectOf(survey, call->getArg(index), caller, surelyObject, depth + 1));
  return freed;
}

/// Whether a function is one of a type's slots.
bool isSlotOf(const StaticType &type, const FunctionDecl *function) {
  auto isIt = [&](const Expr *value) {
    const FunctionDecl *slot = functionOf(value);
    return slot && slot->getCanonicalDecl() == function->getCanonicalDecl();
  };
  return any_of(givenMembers(type.definition ? type.definition->getInit() : nullptr),
                [&](const auto &member) { return isIt(member.second); }) ||
         any_of(type.assignments, [&](const FieldAssignment &assigned) { return isIt(assigned.assignment->getRHS()); });
}

/// PyObject_Free(self) outside of a tp_dealloc: the reference to the type goes,
/// too.
void convertFree(TypeSurvey &survey, StaticType &type, const RecordDecl *record,
                 const FunctionDecl *function, const CallExpr *call) {
  const FunctionDecl *callee = call->getDirectCallee();
  if (isRawMemory(call->getArg(0), function))
    return survey.block(type, call->getBeginLoc(),
                        "memory is freed here that may be no object yet; write Py_DECREF of its type "
                        "behind it where it is one");
  auto range = survey.spelling.range(call->getBeginLoc(), call->getEndLoc());
  if (!range || range->inMacro)
    return survey.block(type, call->getBeginLoc(), WithoutCause);
  Rewrite rewrite;
  rewrite.file = survey.spelling.path(range->file);
  rewrite.extent = range->range;
  rewrite.anew = true;
  auto take = [&](StringRef name, const Expr *expr) {
    auto argument = survey.spelling.range(expr->getBeginLoc(), expr->getEndLoc());
    if (!argument || argument->inMacro || argument->file != range->file || !range->range.contains(argument->range))
      return false;
    Argument taken;
    taken.name = name.str();
    taken.range = argument->range;
    taken.primary = bindsTightly(expr);
    rewrite.args.push_back(taken);
    return true;
  };
  StringRef name;
  if (auto *member = dyn_cast<MemberExpr>(call->getCallee()->IgnoreParenImpCasts());
      member && member->isArrow() && take("type", member->getBase()))
    name = "(freefunc)PyType_GetSlot($type, Py_tp_free)"; // of a heap type, at any floor
  else if (callee)
    name = survey.spelling.text(range->file).substr(range->range.begin).take_while([](char c) {
      return isAlnum(c) || c == '_';
    });
  if (name == "PyObject_FREE" || name == "PyObject_DEL") // old names
    name = callee->getName();
  if (name.empty() || !take("object", bare(call->getArg(0))))
    return survey.block(type, call->getBeginLoc(), WithoutCause);
  rewrite.to = ("limited_free_object((PyObject *)$object, " + name + ")").str();
  type.part.rewrites.push_back(rewrite);
  // A type that shares the struct must own references as well.
  type.part.ties.insert(embedderKey(survey, record));
}

} // namespace

bool isFreeCall(const CallExpr *call, const ASTContext &ast) {
  if (is_contained({"PyObject_Free", "PyObject_Del", "PyObject_GC_Del"}, calledName(call)))
    return true;
  const Expr *callee = call->getCallee()->IgnoreParenImpCasts();
  if (auto *op = dyn_cast<UnaryOperator>(callee); op && op->getOpcode() == UO_Deref)
    callee = op->getSubExpr()->IgnoreParenImpCasts();
  if (auto *member = dyn_cast<MemberExpr>(callee);
      member && member->getMemberDecl()->getIdentifier() && member->getMemberDecl()->getName() == "tp_free")
    return true;
  QualType type = callee->getType();
  while (auto *alias = type->getAs<TypedefType>()) {
    if (alias->getDecl()->getName() == "freefunc")
      return true;
    type = alias->desugar();
  }
  return askedSlot(callee, ast) == "tp_free";
}

void resolveFrees(TypeSurvey &survey) {
  erase_if(survey.frees, [&](const TypeSurvey::Free &free) {
    return survey.ends.count(free.function->getCanonicalDecl());
  });
  for (TypeSurvey::Free &free : survey.frees) {
    bool surelyObject = calledName(free.call) != "PyObject_Free";
    Freed freed = objectOf(survey, free.call->getArg(0), free.function, surelyObject);
    free.structs = std::move(freed.structs);
    free.unknown = freed.unknown;
    free.inSlot = any_of(survey.types, [&](const auto &each) { return isSlotOf(each.second, free.function); });
  }
}

void checkFrees(TypeSurvey &survey, StaticType &type) {
  const FunctionDecl *traverse = slotFunction(type, "tp_traverse");
  auto other = traverse ? survey.callsOfOthers.find(traverse->getCanonicalDecl())
                        : survey.callsOfOthers.end();
  if (other != survey.callsOfOthers.end())
    survey.block(type, other->second->getBeginLoc(),
                 "its tp_traverse is called here for another object, whose type it would visit "
                 "twice");
  const RecordDecl *own = instanceStruct(type);
  if (!own)
    return;
  for (const TypeSurvey::Free &free : survey.frees) {
    bool isOwn = free.structs.count(cast<RecordDecl>(own->getCanonicalDecl()));
    // A slot frees objects of its own type.
    if (isOwn && free.structs.size() == 1)
      convertFree(survey, type, own, free.function, free.call);
    else if (isOwn || (free.unknown && (!free.inSlot || isSlotOf(type, free.function))))
      survey.block(type, free.call->getBeginLoc(), "what is freed here may be an instance, without its tp_dealloc; "
                                                   "write Py_DECREF of its type behind it");
  }
}

void collectEnds(TypeSurvey &survey, const StaticType &type) {
  auto add = [&](const FunctionDecl *function) {
    if (function)
      survey.ends.insert(function->getCanonicalDecl());
  };
  add(slotFunction(type, "tp_dealloc"));
  add(slotFunction(type, "tp_free"));
  for (const FieldAssignment &assigned : type.assignments)
    if (assigned.field->getName() == "tp_dealloc" || assigned.field->getName() == "tp_free")
      add(functionOf(assigned.assignment->getRHS()));
}

void collectEnds(TypeSurvey &survey, const HeapTypeSpecs &specs) {
  for (const HeapTypeSpec &spec : specs.specs)
    for (unsigned id : {SlotDealloc, SlotFree})
      if (const HeapTypeSlot *slot = spec.slot(id); slot && slot->value)
        if (const FunctionDecl *function = functionOf(slot->value))
          survey.ends.insert(function->getCanonicalDecl());
}

} // namespace abi3ify
