#include "abi3ify/heap-type-specs.h"
#include "abi3ify/site.h"
#include "abi3ify/static-types.h"
#include "clang/AST/RecursiveASTVisitor.h"
#include "llvm/ADT/StringSwitch.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

/// The variable that an expression lies in: of v, v.x, v[0].x and (*v).x.
const VarDecl *rootOf(const Expr *expr) {
  while (true) {
    expr = bare(expr);
    if (auto *member = dyn_cast<MemberExpr>(expr))
      expr = member->getBase();
    else if (auto *element = dyn_cast<ArraySubscriptExpr>(expr))
      expr = element->getBase();
    else if (auto *op = dyn_cast<UnaryOperator>(expr);
             op && (op->getOpcode() == UO_Deref || op->getOpcode() == UO_AddrOf))
      expr = op->getSubExpr();
    else
      break;
  }
  auto *reference = dyn_cast<DeclRefExpr>(expr);
  auto *variable = reference ? dyn_cast<VarDecl>(reference->getDecl()) : nullptr;
  return variable ? variable->getCanonicalDecl() : nullptr;
}

const DeclRefExpr *named(const Expr *expr) {
  expr = bare(expr);
  if (auto *address = dyn_cast<UnaryOperator>(expr); address && address->getOpcode() == UO_AddrOf)
    expr = bare(address->getSubExpr());
  return dyn_cast<DeclRefExpr>(expr);
}

struct Reader : RecursiveASTVisitor<Reader> {
  Reader(ASTContext &ast, HeapTypeSpecs &out) : ast(ast), out(out) {}
  bool shouldVisitTemplateInstantiations() const { return false; }

  bool VisitVarDecl(VarDecl *variable) {
    QualType type = variable->getType();
    bool array = type->isArrayType();
    auto *record = array ? type->getArrayElementTypeNoTypeQual()->getAsRecordDecl()
                         : type->getAsRecordDecl();
    auto *init = dyn_cast_or_null<InitListExpr>(variable->getInit());
    if (!init || !record || variable->getDeclContext()->isDependentContext() ||
        structName(record) != "PyType_Spec")
      return true;
    if (!array)
      readSpec(variable, init);
    else
      for (const Expr *element : init->inits())
        if (auto *list = dyn_cast<InitListExpr>(element))
          readSpec(variable, list);
    return true;
  }

  bool VisitDeclRefExpr(DeclRefExpr *reference) {
    out.references[reference->getDecl()->getCanonicalDecl()].insert(reference);
    return true;
  }

  bool VisitCallExpr(CallExpr *call) {
    if (calledName(call) == "PyType_GetSlot" && call->getNumArgs() == 2)
      out.getSlots.push_back(call);
    for (unsigned i = 0; i < call->getNumArgs(); ++i)
      if (const DeclRefExpr *reference = named(call->getArg(i)))
        out.arguments[reference] = {call, i};
    return true;
  }

  bool VisitBinaryOperator(BinaryOperator *op) {
    if (!op->isAssignmentOp())
      return true;
    if (const VarDecl *variable = rootOf(op->getLHS()))
      changed.insert(variable);
    auto *member = dyn_cast<MemberExpr>(bare(op->getLHS()));
    if (member && member->getMemberDecl()->getDeclName().isIdentifier() &&
        member->getMemberDecl()->getName() == "tp_new" && isNull(op->getRHS(), ast))
      out.setsNewToNull = true;
    return true;
  }

  void finish() {
    for (HeapTypeSpec &spec : out.specs) {
      spec.changed = changed.count(spec.variable->getCanonicalDecl());
      spec.complete &= !spec.changed;
      // Whoever else names the table may change it.
      if (spec.table)
        spec.complete &= out.references[spec.table->getCanonicalDecl()].size() ==
                         tables[spec.table->getCanonicalDecl()].size();
      for (const HeapTypeSlot &slot : spec.slots)
        if (const DeclRefExpr *value = slot.value ? named(slot.value) : nullptr)
          out.references[value->getDecl()->getCanonicalDecl()].erase(value);
    }
  }

private:
  void readSpec(const VarDecl *variable, const InitListExpr *init) {
    HeapTypeSpec spec;
    spec.variable = variable;
    for (const auto [field, value] : givenMembers(init)) {
      StringRef member = field->getName();
      if (member == "name")
        spec.name = value;
      else if (member == "basicsize")
        spec.basicsize = value;
      else if (member == "flags")
        spec.flags = value;
      else if (member == "slots")
        readTable(value, spec);
    }
    Expr::EvalResult result;
    if (spec.flags && !spec.flags->isValueDependent() && spec.flags->EvaluateAsInt(result, ast))
      spec.flagBits = result.Val.getInt().getZExtValue();
    out.specs.push_back(std::move(spec));
  }

  void readTable(const Expr *value, HeapTypeSpec &spec) {
    const Expr *init = nullptr;
    value = bare(value);
    if (auto *literal = dyn_cast<CompoundLiteralExpr>(value))
      init = literal->getInitializer();
    else if (auto *reference = dyn_cast<DeclRefExpr>(value)) {
      spec.table = dyn_cast<VarDecl>(reference->getDecl());
      if (!spec.table)
        return;
      tables[spec.table->getCanonicalDecl()].insert(reference);
      const VarDecl *definition = spec.table->getInitializingDeclaration();
      init = definition ? definition->getInit() : nullptr;
    }
    auto *list = dyn_cast_or_null<InitListExpr>(init ? bare(init) : nullptr);
    if (list && list->isSyntacticForm() && list->getSemanticForm())
      list = list->getSemanticForm();
    if (!list || list->isValueDependent())
      return;
    for (const Expr *element : list->inits()) {
      HeapTypeSlot slot;
      slot.entry = dyn_cast<InitListExpr>(bare(element));
      for (const auto [field, given] : givenMembers(slot.entry))
        (field->getFieldIndex() == 0 ? slot.idExpr : slot.value) = given;
      Expr::EvalResult id;
      if (!slot.entry || (slot.idExpr && !slot.idExpr->EvaluateAsInt(id, ast)))
        return; // not known in full
      slot.id = slot.idExpr ? id.Val.getInt().getZExtValue() : 0;
      if (slot.id == 0) {
        spec.complete = true;
        return;
      }
      spec.slots.push_back(slot);
    }
  }

  ASTContext &ast;
  HeapTypeSpecs &out;
  std::set<const VarDecl *> changed;
  std::map<const VarDecl *, std::set<const DeclRefExpr *>> tables; ///< named by specs
};

} // namespace

const HeapTypeSlot *HeapTypeSpec::slot(unsigned id) const {
  for (const HeapTypeSlot &slot : reverse(slots)) // the last one counts
    if (slot.id == id)
      return &slot;
  return nullptr;
}

bool HeapTypeSpecs::isMadeWithoutBases(const HeapTypeSpec &spec, ASTContext &ast) const {
  auto found = references.find(spec.variable->getCanonicalDecl());
  if (found == references.end() || found->second.empty() ||
      !spec.variable->getType()->isRecordType())
    return false;
  return all_of(found->second, [&](const DeclRefExpr *reference) {
    auto argument = arguments.find(reference);
    return argument != arguments.end() &&
           makesWithoutBases(argument->second.first, argument->second.second, ast, 0);
  });
}

bool HeapTypeSpecs::makesWithoutBases(const CallExpr *call, unsigned index, ASTContext &ast,
                                      unsigned depth) const {
  StringRef name = calledName(call);
  if (name == "PyType_FromSpec")
    return true;
  unsigned bases = StringSwitch<unsigned>(name)
                       .Case("PyType_FromSpecWithBases", 1)
                       .Case("PyType_FromModuleAndSpec", 2)
                       .Case("PyType_FromMetaclass", 3)
                       .Default(0);
  if (bases)
    return bases < call->getNumArgs() && isNull(call->getArg(bases), ast);
  // A function of the project's that makes what it is given.
  const FunctionDecl *callee = call->getDirectCallee(), *definition = nullptr;
  if (!callee || !callee->hasBody(definition) || index >= definition->getNumParams() || depth > 3)
    return false;
  auto found = references.find(definition->getParamDecl(index));
  return found != references.end() && !found->second.empty() &&
         all_of(found->second, [&](const DeclRefExpr *reference) {
           auto argument = arguments.find(reference);
           return argument != arguments.end() &&
                  makesWithoutBases(argument->second.first, argument->second.second, ast,
                                    depth + 1);
         });
}

HeapTypeSpecs readSpecs(ASTContext &ast, ArrayRef<Decl *> decls) {
  HeapTypeSpecs specs;
  Reader reader(ast, specs);
  for (Decl *decl : decls)
    reader.TraverseDecl(decl);
  if (!specs.specs.empty())
    reader.finish();
  return specs;
}

} // namespace abi3ify
