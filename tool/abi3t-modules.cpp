// How modules are defined, which abi3t has another way for: PyModuleDef is
// opaque, so a module is an array of PySlot that PyModExport_NAME hands out
// (PEP 793).
#include "abi3ify/abi3t-checks.h"
#include "abi3ify/site.h"
#include "abi3ify/static-types.h"
#include "clang/AST/RecursiveASTVisitor.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

class Visitor : public RecursiveASTVisitor<Visitor> {
public:
  Visitor(ASTContext &ast, const Spelling &spelling, ArrayRef<Landmark> landmarks,
          PlacedFindings &out, std::vector<Whole> &wholes)
      : ast(ast), sources(ast.getSourceManager()), spelling(spelling), landmarks(landmarks),
        out(out), wholes(wholes) {}

  bool VisitVarDecl(VarDecl *variable) {
    auto *type = variable->getType()->getAsRecordDecl();
    if (!type || structName(type) != "PyModuleDef" || isUsers(ast, spelling, type) ||
        isa<ParmVarDecl>(variable))
      return true;
    wholes.push_back({variable->getSourceRange(), {"PyModuleDef_HEAD_INIT"}});
    if (variable->isThisDeclarationADefinition() == VarDecl::Definition)
      out.add("module-def", variable->getLocation(), "PyModuleDef");
    return true;
  }

  bool VisitFunctionDecl(FunctionDecl *function) {
    if (!function->isThisDeclarationADefinition() || !function->getIdentifier() ||
        !function->isGlobal())
      return true;
    StringRef name = function->getName();
    if (name.consume_front("PyModExport_"))
      exported[name] = function;
    else if (name.consume_front("PyInit_"))
      inits.push_back({name, function});
    return true;
  }

  bool VisitInitListExpr(InitListExpr *init) {
    const clang::Type *type = init->getType().isNull() ? nullptr : init->getType().getTypePtr();
    const clang::ArrayType *array = type ? ast.getAsArrayType(init->getType()) : nullptr;
    auto *record = array ? array->getElementType()->getAsRecordDecl() : nullptr;
    StringRef name = record ? structName(record) : StringRef();
    if (name == "PyModuleDef_Slot" || name == "PySlot")
      readSlots(init);
    return true;
  }

  void finish() {
    for (auto [name, function] : inits) {
      wholes.push_back({function->getSourceRange(), {"PyModule_Create", "PyModule_Create2"}});
      if (!exported.count(name))
        checkInit(function);
      if (!exported.count(name) && !saysGil)
        addGil(function);
    }
    for (auto [name, function] : exported)
      if (!saysGil)
        addGil(function);
  }

private:
  /// The user's text of an expression, such as the name of a slot.
  StringRef textOf(const Expr *expr) const {
    auto range = expr ? spelling.range(expr->getBeginLoc(), expr->getEndLoc()) : std::nullopt;
    return range ? spelling.text(range->file).slice(range->range.begin, range->range.end)
                 : StringRef();
  }

  void readSlots(const InitListExpr *table) {
    bool executes = false;
    for (const Expr *element : table->inits()) {
      const Expr *id = nullptr, *value = nullptr;
      for (const auto [field, given] : givenMembers(bare(element)))
        (field->getFieldIndex() == 0 ? id : value) = given;
      StringRef slot = textOf(id);
      if (slot == "Py_mod_gil" || slot.contains("(Py_mod_gil,"))
        saysGil = true;
      else if (slot == "Py_mod_exec") {
        if (executes)
          out.add("mod-exec-twice", id->getBeginLoc(), slot);
        executes = true;
      } else if (slot == "Py_mod_create")
        checkCreate(value);
    }
  }

  /// The definition is NULL for a module that PyModExport_NAME hands out.
  void checkCreate(const Expr *value) {
    const FunctionDecl *function = value ? functionOf(value) : nullptr, *body = nullptr;
    if (!function || !function->hasBody(body) || body->getNumParams() < 2)
      return;
    const ParmVarDecl *definition = body->getParamDecl(1);
    if (definition->isUsed() || definition->isReferenced())
      out.add("mod-create-def", definition->getLocation(), body->getName());
  }

  void checkInit(const FunctionDecl *function) {
    auto [file, offset] = sources.getDecomposedExpansionLoc(function->getLocation());
    const std::string &path = spelling.path(file);
    auto mark = find_if(landmarks, [&, offset = offset](const Landmark &mark) {
      return mark.offset == offset && mark.file == path && mark.name == function->getName();
    });
    LandmarkKind kind = mark == landmarks.end() ? LandmarkKind::ModuleInit : mark->kind;
    StringRef rule = kind == LandmarkKind::SinglePhase  ? "py-init-single-phase"
                     : isOnlyTheDefinition(function)    ? "py-init"
                                                        : "py-init-statements";
    out.add(rule, function->getLocation(), function->getName());
  }

  /// return PyModuleDef_Init(&def); and nothing else
  static bool isOnlyTheDefinition(const FunctionDecl *function) {
    auto *body = dyn_cast_or_null<CompoundStmt>(function->getBody());
    auto *only = body && body->size() == 1 ? dyn_cast<ReturnStmt>(body->body_front()) : nullptr;
    auto *call = only && only->getRetValue() ? dyn_cast<CallExpr>(bare(only->getRetValue()))
                                             : nullptr;
    return call && calledName(call) == "PyModuleDef_Init";
  }

  void addGil(const FunctionDecl *function) {
    out.add("mod-gil", function->getBeginLoc(), function->getName());
  }

  ASTContext &ast;
  const SourceManager &sources;
  const Spelling &spelling;
  ArrayRef<Landmark> landmarks;
  PlacedFindings &out;
  std::vector<Whole> &wholes;
  std::map<StringRef, const FunctionDecl *> exported;
  std::vector<std::pair<StringRef, const FunctionDecl *>> inits;
  bool saysGil = false; ///< some table has Py_mod_gil
};

} // namespace

void checkModules(ASTContext &ast, ArrayRef<Decl *> decls, const Spelling &spelling,
                  ArrayRef<Landmark> landmarks, PlacedFindings &out, std::vector<Whole> &wholes) {
  Visitor visitor(ast, spelling, landmarks, out, wholes);
  for (Decl *decl : decls)
    visitor.TraverseDecl(decl);
  visitor.finish();
}

} // namespace abi3ify
