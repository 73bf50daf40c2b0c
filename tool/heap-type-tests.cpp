// Code that asks whether a type is a heap type. It means classes of Python as
// against types of C, and would take a converted type for a class.
#include "abi3ify/helpers.h"
#include "abi3ify/site.h"
#include "abi3ify/static-types.h"
#include "clang/AST/RecursiveASTVisitor.h"
#include "clang/Lex/Lexer.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

class Visitor : public RecursiveASTVisitor<Visitor> {
public:
  explicit Visitor(const TypeSurvey &survey) : survey(survey) {}

  bool shouldVisitTemplateInstantiations() const { return true; }

  bool TraverseFunctionDecl(FunctionDecl *function) {
    // The helpers that our edits bring ask for it rightly.
    StringRef name = function->getIdentifier() ? function->getName() : "";
    return name.starts_with(HelperPrefix) || RecursiveASTVisitor::TraverseFunctionDecl(function);
  }

  bool VisitBinaryOperator(BinaryOperator *op) {
    if (op->getOpcode() == BO_And && (namesFlag(op->getLHS()) || namesFlag(op->getRHS())))
      add(op->getOperatorLoc());
    return true;
  }
  bool VisitCallExpr(CallExpr *call) {
    if (calledName(call) == "PyType_HasFeature" && call->getNumArgs() == 2 && namesFlag(call->getArg(1)))
      add(call->getBeginLoc());
    return true;
  }

  std::vector<TypePlace> places;

private:
  /// Whether the flag is a part of an expression, by whatever macros.
  bool namesFlag(const Stmt *stmt) const {
    const SourceManager &sources = survey.ast.getSourceManager();
    if (isa<IntegerLiteral>(stmt))
      for (SourceLocation place = stmt->getBeginLoc(); place.isMacroID();
           place = sources.getImmediateMacroCallerLoc(place))
        if (Lexer::getImmediateMacroName(place, sources, survey.ast.getLangOpts()) == "Py_TPFLAGS_HEAPTYPE")
          return true;
    return any_of(stmt->children(), [&](const Stmt *child) { return child && namesFlag(child); });
  }

  void add(SourceLocation location) {
    const SourceManager &sources = survey.ast.getSourceManager();
    if (!survey.spelling.isUsers(sources.getExpansionLoc(location)))
      return;
    auto [file, offset] = sources.getDecomposedExpansionLoc(location);
    places.push_back({survey.spelling.path(file), offset,
                      "Py_TPFLAGS_HEAPTYPE is asked for here, to tell types of C from classes of Python"});
  }

  const TypeSurvey &survey;
};

} // namespace

std::vector<TypePlace> findHeapTypeTests(const TypeSurvey &survey, ArrayRef<Decl *> decls) {
  Visitor visitor(survey);
  for (Decl *decl : decls)
    visitor.TraverseDecl(decl);
  return std::move(visitor.places);
}

} // namespace abi3ify
