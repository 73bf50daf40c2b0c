#include "abi3ify/landmarks.h"
#include "abi3ify/site.h"
#include "abi3ify/static-types.h"
#include "clang/AST/RecursiveASTVisitor.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

/// All functions that are called below a statement.
struct Calls : RecursiveASTVisitor<Calls> {
  bool VisitCallExpr(CallExpr *call) {
    if (FunctionDecl *callee = call->getDirectCallee())
      found.insert(callee);
    return true;
  }
  std::set<FunctionDecl *> found;
};

class Visitor : public RecursiveASTVisitor<Visitor> {
public:
  Visitor(ASTContext &ast, const Spelling &spelling, const MatchContext &context,
          const PreprocessorFacts &preprocessor, std::set<Landmark> &out)
      : ast(ast), spelling(spelling), survey{ast, spelling, context, preprocessor}, out(out) {}

  bool VisitFunctionDecl(FunctionDecl *function) {
    if (!function->isThisDeclarationADefinition() || !function->getIdentifier() ||
        !function->isGlobal())
      return true;
    StringRef name = function->getName();
    if (name.starts_with("PyModExport_"))
      add(LandmarkKind::MultiPhase, function->getLocation(), name);
    else if (name.starts_with("PyInit_")) {
      std::set<FunctionDecl *> known;
      add(kindOfInit(function, known), function->getLocation(), name);
    }
    return true;
  }

  bool VisitRecordDecl(RecordDecl *record) {
    if (!record->isCompleteDefinition() || record->isDependentType() || record->field_empty())
      return true;
    if (const FieldDecl *builtin = embeddedBuiltin(survey, record))
      add(LandmarkKind::EmbeddedBuiltin, record->getLocation(), embedderName(record),
          structName(builtin->getType()->getAsRecordDecl()));
    else if (auto *first = (*record->field_begin())->getType()->getAsRecordDecl();
             first && !record->isUnion() && structName(first) == "PyVarObject")
      add(LandmarkKind::VariableSize, record->getLocation(), embedderName(record),
          "PyObject_VAR_HEAD");
    return true;
  }

  bool VisitVarDecl(VarDecl *variable) {
    auto *record = variable->getType()->getAsRecordDecl();
    StringRef name = record ? structName(record) : StringRef();
    StringRef size = name == "PyTypeObject" ? "tp_itemsize" : name == "PyType_Spec" ? "itemsize" : "";
    if (size.empty() || !variable->hasInit())
      return true;
    for (auto [field, value] : givenMembers(variable->getInit())) {
      Expr::EvalResult known;
      if (field->getName() == size && !value->isValueDependent() &&
          !(value->EvaluateAsInt(known, ast) && known.Val.getInt() == 0))
        add(LandmarkKind::VariableSize, variable->getLocation(), variable->getName(), size);
    }
    return true;
  }

private:
  /// By the calls that it makes, itself or through functions of the unit.
  LandmarkKind kindOfInit(FunctionDecl *function, std::set<FunctionDecl *> &known) {
    const FunctionDecl *definition = nullptr;
    Stmt *body = function->getBody(definition);
    if (!body || !known.insert(function->getCanonicalDecl()).second)
      return LandmarkKind::ModuleInit;
    Calls calls;
    calls.TraverseStmt(body);
    LandmarkKind kind = LandmarkKind::ModuleInit;
    for (FunctionDecl *callee : calls.found) {
      StringRef name = callee->getIdentifier() ? callee->getName() : "";
      if (name == "PyModuleDef_Init")
        kind = LandmarkKind::MultiPhase;
      else if (name.starts_with("PyModule_Create"))
        return LandmarkKind::SinglePhase;
    }
    for (FunctionDecl *callee : calls.found)
      if (kind == LandmarkKind::ModuleInit)
        kind = kindOfInit(callee, known);
    return kind;
  }

  void add(LandmarkKind kind, SourceLocation location, StringRef name, StringRef detail = "") {
    auto [file, offset] = ast.getSourceManager().getDecomposedExpansionLoc(location);
    if (spelling.isUsers(file))
      out.insert({kind, spelling.path(file), offset, name.str(), detail.str()});
  }

  ASTContext &ast;
  const Spelling &spelling;
  TypeSurvey survey;
  std::set<Landmark> &out;
};

} // namespace

std::vector<Landmark> findLandmarks(ASTContext &ast, const Spelling &spelling,
                                    const MatchContext &context,
                                    const PreprocessorFacts &preprocessor) {
  std::set<Landmark> found;
  Visitor visitor(ast, spelling, context, preprocessor, found);
  for (Decl *decl : usersDecls(ast, spelling))
    visitor.TraverseDecl(decl);
  return {found.begin(), found.end()};
}

} // namespace abi3ify
