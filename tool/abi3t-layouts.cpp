// What counts on the layout of objects, which abi3t hides: an object's head is
// of another size with and without the GIL, so what a type adds lies in memory
// of its own behind it (PEP 697).
#include "abi3ify/abi3t-checks.h"
#include "abi3ify/site.h"
#include "abi3ify/static-types.h"
#include "clang/AST/ExprCXX.h"
#include "clang/AST/RecursiveASTVisitor.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

bool isHead(StringRef name) { return name == "PyObject" || name == "PyVarObject"; }

constexpr unsigned RelativeOffset = 8; ///< Py_RELATIVE_OFFSET; the stable ABI keeps it

class Visitor : public RecursiveASTVisitor<Visitor> {
  using Base = RecursiveASTVisitor<Visitor>;

public:
  Visitor(ASTContext &ast, const Rule *renames, const Spelling &spelling, PlacedFindings &out,
          std::vector<Whole> &wholes)
      : ast(ast), renames(renames), spelling(spelling), out(out), wholes(wholes) {}

  bool TraverseFunctionDecl(FunctionDecl *decl) {
    return inFunction(decl, &Base::TraverseFunctionDecl);
  }
  bool TraverseCXXMethodDecl(CXXMethodDecl *decl) {
    return inFunction(decl, &Base::TraverseCXXMethodDecl);
  }

  // --- structs --------------------------------------------------------------

  /// PyObject_HEAD is found by its name; here the other ways to hold a head.
  bool VisitFieldDecl(FieldDecl *field) {
    auto *type = field->getType()->getAsRecordDecl();
    if (type && isPythonsHead(type) && isUsers(ast, spelling, field->getParent()) &&
        !field->getLocation().isMacroID())
      out.add("object-head", field->getLocation(), structName(type));
    return true;
  }
  bool VisitCXXRecordDecl(CXXRecordDecl *record) {
    if (record->isThisDeclarationADefinition())
      for (const CXXBaseSpecifier &base : record->bases())
        if (auto *type = base.getType()->getAsRecordDecl(); type && isPythonsHead(type))
          out.add("object-head", base.getBaseTypeLoc(), structName(type));
    return true;
  }
  bool VisitUnaryExprOrTypeTraitExpr(UnaryExprOrTypeTraitExpr *size) {
    auto *type = size->isArgumentType() ? size->getArgumentType()->getAsRecordDecl() : nullptr;
    if (size->getKind() == UETT_SizeOf && type && isPythonsHead(type))
      out.add("object-size", size->getArgumentTypeInfo()->getTypeLoc().getBeginLoc(),
              structName(type));
    return true;
  }

  // --- objects that are no pointers -----------------------------------------

  bool VisitVarDecl(VarDecl *variable) {
    if (isa<ParmVarDecl>(variable))
      return true;
    auto *type = variable->getType()->getBaseElementTypeUnsafe()->getAsRecordDecl();
    if (!type)
      return true;
    bool isInstance = isPythonsHead(type) || isObject(type);
    if (isInstance && variable->isThisDeclarationADefinition())
      out.add("static-instance", variable->getLocation(), embedderName(type));
    if (isInstance || isTypeObject(variable->getType()))
      wholes.push_back(
          {variable->getSourceRange(), {"PyVarObject_HEAD_INIT", "PyObject_HEAD_INIT"}});
    return true;
  }

  /// &self->ob_base; what is read of it has rules of its own.
  bool VisitMemberExpr(MemberExpr *member) {
    auto *field = dyn_cast<FieldDecl>(member->getMemberDecl());
    auto *type = field ? field->getType()->getAsRecordDecl() : nullptr;
    if (type && isPythonsHead(type) && isObject(field->getParent()))
      out.add("object-struct-cast", member->getMemberLoc(), embedderName(field->getParent()));
    return true;
  }

  // --- pointers -------------------------------------------------------------

  /// From an object to its struct, or back: the same address in abi3 alone.
  bool VisitCastExpr(CastExpr *cast) {
    switch (cast->getCastKind()) {
    case CK_BitCast:
    case CK_DerivedToBase:
    case CK_UncheckedDerivedToBase:
    case CK_BaseToDerived:
      break;
    default:
      return true;
    }
    const Expr *from = cast->getSubExpr();
    if (isNewObject(cast))
      return true;
    const RecordDecl *source = pointedObject(from->getType());
    const RecordDecl *result = pointedObject(cast->getType());
    if (source == result || (!source && !result))
      return true;
    bool written = isa<ExplicitCastExpr>(cast) && isWritten(cast->getBeginLoc());
    out.add("object-struct-cast", written ? cast->getBeginLoc() : from->getBeginLoc(),
            embedderName(result ? result : source));
    return true;
  }

  /// PyObject_New(Foo, t): the macro casts. Also where Foo holds no head.
  bool isNewObject(const CastExpr *cast) {
    auto *written = dyn_cast<CStyleCastExpr>(cast);
    auto *call = written ? dyn_cast<CallExpr>(bare(written->getSubExpr())) : nullptr;
    StringRef name = call ? calledName(call) : StringRef();
    StringRef macro = StringSwitch<StringRef>(name)
                          .Case("_PyObject_New", "PyObject_New")
                          .Case("_PyObject_GC_New", "PyObject_GC_New")
                          .Default("");
    if (macro.empty() || !written->getType()->isPointerType())
      return false;
    const RecordDecl *pointed = written->getType()->getPointeeType()->getAsRecordDecl();
    if (!pointed || isPythonsHead(pointed))
      return false;
    out.add("object-new-struct", cast->getBeginLoc(), macro);
    return true;
  }

  /// Functions of slots and methods get an object; which ones these are is
  /// known by who names them without calling.
  bool VisitCallExpr(CallExpr *call) {
    if (auto *callee = dyn_cast<DeclRefExpr>(call->getCallee()->IgnoreParenImpCasts()))
      callees.insert(callee);
    if (traverses)
      checkTraverse(call);
    return true;
  }
  bool VisitDeclRefExpr(DeclRefExpr *reference) {
    if (isa<FunctionDecl>(reference->getDecl()))
      references.push_back(reference);
    return true;
  }
  void finish() {
    for (const DeclRefExpr *reference : references) {
      auto *function = cast<FunctionDecl>(reference->getDecl());
      const FunctionDecl *definition = nullptr;
      if (callees.count(reference) || !function->hasBody(definition))
        continue;
      for (const ParmVarDecl *parameter : definition->parameters())
        if (const RecordDecl *record = pointedObject(parameter->getType()))
          out.add("object-struct-cast", parameter->getLocation(), embedderName(record));
    }
  }

  // --- tables ---------------------------------------------------------------

  bool VisitInitListExpr(InitListExpr *init) {
    auto *record = init->getType().isNull() ? nullptr : init->getType()->getAsRecordDecl();
    StringRef name = record ? structName(record) : StringRef();
    if (name == "PyType_Spec")
      checkSpec(init);
    else if (name == "PyTypeObject")
      checkItemSize(init, "tp_itemsize");
    else if (name == "PyMemberDef")
      checkMember(init);
    return true;
  }

private:
  template <class Function>
  bool inFunction(Function *function, bool (Base::*traverse)(Function *)) {
    SaveAndRestore outer(traverses, function->getNumParams() > 1 &&
                                        isVisit(function->getParamDecl(1)->getType()));
    return (this->*traverse)(function);
  }

  /// The second parameter of every function that visits.
  static bool isVisit(QualType type) {
    auto *alias = type->getAs<TypedefType>();
    return alias && alias->getDecl()->getName() == "visitproc";
  }

  /// What may change a reference count, or is not known to leave it alone.
  void checkTraverse(const CallExpr *call) {
    StringRef name = calledName(call);
    if (!renames || !is_contained(renames->names, name))
      return;
    SourceLocation location = call->getCallee()->getBeginLoc();
    Finding *finding = out.add(renames->id, location, name, "");
    if (!finding)
      return;
    for (const Form &form : renames->forms) {
      const std::string *to = lookup(form.rename, name);
      if (!to || !spelling.token(location, name))
        continue;
      Rewrite rewrite;
      rewrite.file = finding->file;
      rewrite.extent = finding->range;
      rewrite.to = *to;
      finding->rewrites.push_back(std::move(rewrite));
      finding->safety = form.safety ? lower(renames->safety, *form.safety) : renames->safety;
      finding->reason.clear();
    }
  }

  std::optional<APSInt> valueOf(const Expr *expr) const {
    Expr::EvalResult known;
    if (!expr || expr->isValueDependent() || !expr->EvaluateAsInt(known, ast))
      return std::nullopt;
    return known.Val.getInt();
  }

  void checkSpec(const InitListExpr *spec) {
    for (const auto [field, value] : givenMembers(spec))
      if (field->getName() == "basicsize")
        if (auto size = valueOf(value); size && size->isStrictlyPositive())
          out.add("spec-basicsize", value->getBeginLoc(), "basicsize");
    checkItemSize(spec, "itemsize");
  }

  void checkItemSize(const InitListExpr *type, StringRef member) {
    for (const auto [field, value] : givenMembers(type))
      if (field->getName() == member)
        if (auto size = valueOf(value); size && !size->isZero())
          out.add("type-itemsize", value->getBeginLoc(), member);
  }

  void checkMember(const InitListExpr *entry) {
    const Expr *name = nullptr, *offset = nullptr;
    std::optional<APSInt> flags = APSInt::get(0);
    for (const auto [field, value] : givenMembers(entry)) {
      if (field->getName() == "name")
        name = value;
      else if (field->getName() == "offset")
        offset = value;
      else if (field->getName() == "flags")
        flags = valueOf(value);
    }
    if (name && offset && !isNull(name, ast) && flags &&
        !(flags->getZExtValue() & RelativeOffset))
      out.add("member-offset", offset->getBeginLoc(), "PyMemberDef");
  }

  bool isPythonsHead(const RecordDecl *record) const {
    return isHead(structName(record)) && !isUsers(ast, spelling, record);
  }

  /// Whether a struct of the project's begins with the head of an object.
  bool isObject(const RecordDecl *record) {
    record = record ? record->getDefinition() : nullptr;
    if (!record || record->isUnion() || record->isDependentType())
      return false;
    auto [known, added] = objects.try_emplace(record, false);
    if (!added)
      return known->second;
    bool result = isUsers(ast, spelling, record) && beginsWithHead(record);
    objects[record] = result;
    return result;
  }
  bool beginsWithHead(const RecordDecl *record) {
    auto isOne = [&](QualType type) {
      auto *inner = type->getAsRecordDecl();
      return inner && (isPythonsHead(inner) || isObject(inner));
    };
    if (auto *derived = dyn_cast<CXXRecordDecl>(record))
      if (any_of(derived->bases(),
                 [&](const CXXBaseSpecifier &base) { return isOne(base.getType()); }))
        return true;
    return !record->field_empty() && isOne((*record->field_begin())->getType());
  }

  /// The struct of the project's objects that a type points to.
  const RecordDecl *pointedObject(QualType type) {
    if (type.isNull() || !type->isPointerType())
      return nullptr;
    auto *record = type->getPointeeType()->getAsRecordDecl();
    return record && isObject(record) ? record->getDefinition() : nullptr;
  }

  bool isWritten(SourceLocation location) const {
    return spelling.range(location, location).has_value();
  }

  ASTContext &ast;
  const Rule *renames; ///< of what a function that visits may not call
  const Spelling &spelling;
  PlacedFindings &out;
  std::vector<Whole> &wholes;
  bool traverses = false; ///< in a function that visits
  std::set<const DeclRefExpr *> callees;
  std::vector<const DeclRefExpr *> references;
  DenseMap<const RecordDecl *, bool> objects;
};

} // namespace

void checkLayouts(ASTContext &ast, ArrayRef<Decl *> decls, const Rule *renames,
                  const Spelling &spelling, PlacedFindings &out, std::vector<Whole> &wholes) {
  Visitor visitor(ast, renames, spelling, out, wholes);
  for (Decl *decl : decls)
    visitor.TraverseDecl(decl);
  visitor.finish();
}

} // namespace abi3ify
