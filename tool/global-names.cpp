#include "abi3ify/global-names.h"
#include "clang/AST/ASTContext.h"
#include "clang/Sema/IdentifierResolver.h"
#include "clang/Sema/Sema.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {

static thread_local Sema *parser = nullptr;

GlobalNames::GlobalNames(Sema &sema) { parser = &sema; }
GlobalNames::~GlobalNames() { parser = nullptr; }

SmallVector<NamedDecl *, 4> globalsNamed(StringRef name, ASTContext &ast) {
  DeclarationName wanted = &ast.Idents.get(name);
  SmallVector<NamedDecl *, 4> found;
  DeclContext *top = ast.getTranslationUnitDecl();
  if (!top->hasExternalLexicalStorage() || ast.getLangOpts().CPlusPlus || !parser ||
      &parser->getASTContext() != &ast) {
    for (NamedDecl *decl : top->lookup(wanted))
      found.push_back(decl);
    return found;
  }
  for (auto it = parser->IdResolver.begin(wanted); it != parser->IdResolver.end(); ++it)
    if ((*it)->getDeclContext()->getRedeclContext()->isTranslationUnit())
      found.push_back(*it);
  return found;
}

} // namespace abi3ify
