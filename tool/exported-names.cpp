#include "abi3ify/exported-names.h"
#include "abi3ify/facts.h"
#include "abi3ify/placed-findings.h"
#include "abi3ify/static-types.h"
#include "clang/AST/ASTContext.h"
#include "clang/AST/Decl.h"
#include "clang/AST/DeclCXX.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

bool isDefinition(const NamedDecl *decl) {
  if (auto *function = dyn_cast<FunctionDecl>(decl)) {
    // `inline` alone leaves the definition that others see to another unit.
    return function->isThisDeclarationADefinition() && !function->isInlined();
  }
  auto *variable = dyn_cast<VarDecl>(decl);
  return variable && variable->isThisDeclarationADefinition() != VarDecl::DeclarationOnly;
}

bool isVisible(const NamedDecl *decl) {
  LinkageInfo info = decl->getLinkageAndVisibility();
  return isExternallyVisible(info.getLinkage()) && info.getVisibility() == DefaultVisibility;
}

/// A name that CPython has, had or may get, and that is not in the Limited API:
/// abi3audit goes by the prefix.
bool isPythonsName(StringRef name, Floor floor) {
  if (!name.starts_with("Py") && !name.starts_with("_Py"))
    return false;
  // What the interpreter looks for in a module; the U is for names that are not ASCII.
  for (StringRef hook : {"PyInit_", "PyInitU_", "PyModExport_", "PyModExportU_"})
    if (name.starts_with(hook))
      return false;
  const Fact *fact = facts().find(name);
  return !fact || !fact->usableAt(floor);
}

/// In C++ a name is the symbol's only if it is not mangled.
bool isPlainSymbol(const NamedDecl *decl) {
  if (auto *function = dyn_cast<FunctionDecl>(decl))
    return function->isExternC() || !decl->getASTContext().getLangOpts().CPlusPlus;
  return cast<VarDecl>(decl)->isExternC() || decl->getDeclContext()->isTranslationUnit();
}

/// Puts an attribute in front of a function that nothing says the visibility of.
void hide(const NamedDecl *decl, const Spelling &spelling, Finding &finding) {
  auto *function = dyn_cast<FunctionDecl>(decl);
  if (!function || finding.inMacro ||
      any_of(function->redecls(), [](const FunctionDecl *other) {
        return other->getExplicitVisibility(NamedDecl::VisibilityForValue).has_value();
      }))
    return;
  auto range = spelling.range(function->getOuterLocStart(), function->getLocation());
  if (!range || range->inMacro || spelling.path(range->file) != finding.file)
    return;
  Rewrite rewrite;
  rewrite.file = finding.file;
  rewrite.extent = {range->range.begin, range->range.begin};
  rewrite.to = "limited_hidden ";
  finding.rewrites.push_back(rewrite);
  finding.safety = Safety::Review;
  finding.reason.clear();
}

} // namespace

void findExportedNames(ASTContext &ast, const Spelling &spelling, const MatchContext &context,
                       std::vector<Finding> &findings) {
  PlacedFindings placed(ast.getSourceManager(), spelling, context);
  auto look = [&](auto &self, const DeclContext *scope) -> void {
    for (const Decl *decl : scope->noload_decls()) {
      if (auto *block = dyn_cast<LinkageSpecDecl>(decl))
        self(self, block);
      auto *named = dyn_cast<NamedDecl>(decl);
      if (named && named->getIdentifier() && isDefinition(named) &&
          isPythonsName(named->getName(), context.floor) && isUsers(ast, spelling, decl) &&
          isPlainSymbol(named) && isVisible(named))
        if (Finding *finding =
                placed.add("exported-name", named->getLocation(), named->getName(),
                           "other modules see the project's own " + named->getName()))
          hide(named, spelling, *finding);
    }
  };
  look(look, ast.getTranslationUnitDecl());
  append_range(findings, placed.list);
}

} // namespace abi3ify
