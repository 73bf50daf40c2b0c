// Who else reaches the functions that a conversion changes. A tp_dealloc that
// releases the type, and a tp_traverse that visits it, are right only for
// objects that own a reference to their type, and only if nobody else does the
// same.
//
// Assumed and checked in each unit: such a function is named as a slot, in a
// comparison, or called. Called, directly or by other functions, from the same
// slot of another static type, both types are converted together; from that of
// a heap type made by hand, which sees to its type itself, nothing is.
#include "abi3ify/heap-type-specs.h"
#include "abi3ify/site.h"
#include "abi3ify/static-types.h"
#include "clang/AST/RecursiveASTVisitor.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

constexpr StringRef Slots[] = {"tp_dealloc", "tp_traverse"};

bool isOfPython(QualType of, StringRef type) {
  const clang::Type *element = of->getBaseElementTypeUnsafe();
  const RecordDecl *record = element->getAsRecordDecl();
  return record && structName(record) == type;
}

class Callers : public RecursiveASTVisitor<Callers> {
public:
  explicit Callers(TypeSurvey &survey) : survey(survey) {
    for (auto &[key, type] : survey.types)
      for (StringRef slot : Slots)
        if (const FunctionDecl *function = typeFunction(type, slot)) {
          names.insert(function->getNameAsString());
          owners[functionTie(survey, function)].push_back({&type, slot});
        }
  }

  bool TraverseStmt(Stmt *stmt) {
    parents.push_back(stmt);
    bool go = RecursiveASTVisitor::TraverseStmt(stmt);
    parents.pop_back();
    return go;
  }
  bool TraverseFunctionDecl(FunctionDecl *decl) { return inFunction(decl, [&] { return RecursiveASTVisitor::TraverseFunctionDecl(decl); }); }
  bool TraverseCXXMethodDecl(CXXMethodDecl *decl) { return inFunction(decl, [&] { return RecursiveASTVisitor::TraverseCXXMethodDecl(decl); }); }
  bool TraverseVarDecl(VarDecl *decl) {
    const VarDecl *outer = std::exchange(variable, decl);
    bool go = RecursiveASTVisitor::TraverseVarDecl(decl);
    variable = outer;
    return go;
  }

  bool VisitCallExpr(CallExpr *call) {
    const FunctionDecl *callee = call->getDirectCallee();
    if (callee && function && isUsers(survey.ast, survey.spelling, callee)) {
      std::string called = functionTie(survey, callee);
      calls[functionTie(survey, function)].insert({called, call->getBeginLoc()});
      if (!callee->hasBody() && callee->hasExternalFormalLinkage())
        others[called] = callee->getNumParams() == 1 ? Slots[0] : callee->getNumParams() == 3 ? Slots[1] : StringRef();
      tieArguments(call);
    }
    return true;
  }

  bool VisitDeclRefExpr(DeclRefExpr *reference) {
    auto *named = dyn_cast<FunctionDecl>(reference->getDecl());
    if (!named || !names.count(named->getNameAsString()))
      return true;
    // To Py_TRASHCAN_BEGIN and the like it names itself.
    if (function && functionTie(survey, function) == functionTie(survey, named))
      return true;
    auto owned = owners.find(functionTie(survey, named));
    if (owned != owners.end() && !isKnown(reference))
      for (auto &[type, slot] : owned->second)
        survey.block(*type, reference->getLocation(),
                     "its " + slot + " is also given to what may call it for objects that are none of a heap type");
    return true;
  }

  void finish(const HeapTypeSpecs &specs) {
    for (auto &[root, types] : owners)
      for (auto &[reached, location] : reachedFrom(root))
        for (auto &[type, slot] : types)
          if (mayBe(reached, slot))
            type->part.ties.insert(reached);
    for (const HeapTypeSpec &spec : specs.specs)
      for (auto [id, name] : {std::pair<unsigned, StringRef>{SlotDealloc, Slots[0]}, {SlotTraverse, Slots[1]}})
        if (const HeapTypeSlot *slot = spec.slot(id); slot && slot->value)
          if (const FunctionDecl *own = functionOf(slot->value))
            blockReached(*own, name);
  }

private:
  /// Whether a function is in this slot of a static type, here or, as far as one can see, in another unit.
  bool mayBe(const std::string &reached, StringRef slot) const {
    auto other = others.find(reached);
    auto owned = owners.find(reached);
    return (other != others.end() && other->second == slot) ||
           (owned != owners.end() && any_of(owned->second, [&](const auto &owner) { return owner.second == slot; }));
  }

  /// What the function of a heap type made by hand calls stays as it is.
  void blockReached(const FunctionDecl &own, StringRef slot) {
    for (auto &[reached, location] : reachedFrom(functionTie(survey, &own)))
      if (auto owned = owners.find(reached); owned != owners.end())
        for (auto &[type, its] : owned->second)
          if (its == slot)
            survey.block(*type, location, "its " + slot + " is called by '" + own.getNameAsString() +
                                              "' of a heap type made by hand, which sees to its type itself");
  }

  template <class Go> bool inFunction(FunctionDecl *decl, Go go) {
    const FunctionDecl *outer = std::exchange(function, decl);
    bool result = go();
    function = outer;
    return result;
  }

  /// The function of a slot, in the definition or set at run time.
  static const FunctionDecl *typeFunction(const StaticType &type, StringRef slot) {
    if (const FunctionDecl *function = slotFunction(type, slot))
      return function;
    for (const FieldAssignment &assigned : type.assignments)
      if (assigned.field->getName() == slot)
        return functionOf(assigned.assignment->getRHS());
    return nullptr;
  }

  /// A mention that the types' own parts see to, or a call, or a comparison.
  bool isKnown(const DeclRefExpr *reference) const {
    if (variable && (survey.find(variable) || isOfPython(variable->getType(), "PyType_Slot")))
      return true;
    const Stmt *child = reference;
    for (const Stmt *parent : reverse(ArrayRef(parents).drop_back())) {
      if (auto *address = dyn_cast_or_null<UnaryOperator>(parent);
          isa_and_nonnull<ParenExpr, CastExpr>(parent) || (address && address->getOpcode() == UO_AddrOf)) {
        child = parent;
        continue;
      }
      if (auto *call = dyn_cast_or_null<CallExpr>(parent))
        return call->getCallee() == child;
      if (auto *literal = dyn_cast_or_null<InitListExpr>(parent)) // a PyType_Slot of a literal
        return isOfPython((literal->isSemanticForm() ? literal : literal->getSemanticForm())->getType(), "PyType_Slot");
      auto *op = dyn_cast_or_null<BinaryOperator>(parent);
      if (op && op->isAssignmentOp())
        return isMemberOfType(op->getLHS());
      return op && op->isEqualityOp();
    }
    return false;
  }

  bool isMemberOfType(const Expr *target) const {
    auto *member = dyn_cast<MemberExpr>(target->IgnoreParenImpCasts());
    auto *object = member ? dyn_cast<DeclRefExpr>(member->getBase()->IgnoreParenImpCasts()) : nullptr;
    return object && survey.find(object->getDecl());
  }

  /// Types that one call gets may become base and subtype of each other.
  void tieArguments(const CallExpr *call) {
    SmallVector<StaticType *, 4> given;
    for (const Expr *argument : call->arguments())
      if (const DeclRefExpr *object = addressOfVariable(argument))
        if (StaticType *type = survey.find(object->getDecl()))
          given.push_back(type);
    for (StaticType *type : given)
      type->part.ties.insert("type:" + given.front()->part.key);
  }

  /// The functions that `root` calls, at whatever depth, and where the first call of each is.
  std::map<std::string, SourceLocation> reachedFrom(const std::string &root) const {
    std::map<std::string, SourceLocation> reached;
    std::vector<std::string> open{root};
    while (!open.empty()) {
      auto found = calls.find(open.back());
      open.pop_back();
      if (found != calls.end())
        for (const auto &[callee, location] : found->second)
          if (callee != root && reached.insert({callee, location}).second)
            open.push_back(callee);
    }
    return reached;
  }

  TypeSurvey &survey;
  StringSet<> names; ///< of the functions in `owners`
  std::map<std::string, std::vector<std::pair<StaticType *, StringRef>>> owners; ///< by the function's tie
  std::map<std::string, std::map<std::string, SourceLocation>> calls;
  std::map<std::string, StringRef> others; ///< another unit's functions, with the slot that they might be in
  std::vector<const Stmt *> parents; ///< outermost first
  const FunctionDecl *function = nullptr;
  const VarDecl *variable = nullptr;
};

} // namespace

void tieCallers(TypeSurvey &survey, ArrayRef<Decl *> decls, const HeapTypeSpecs &specs) {
  Callers callers(survey);
  for (Decl *decl : decls)
    callers.TraverseDecl(decl);
  callers.finish(specs);
}

} // namespace abi3ify
