#include "abi3ify/macro-aliases.h"
#include "clang/Frontend/CompilerInstance.h"
#include "clang/Lex/Preprocessor.h"
#include "clang/Sema/Lookup.h"
#include "clang/Sema/Sema.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

class Aliases : public ExternalSemaSource {
public:
  Aliases(Preprocessor &preprocessor, PreprocessorFacts &facts)
      : preprocessor(preprocessor), facts(facts) {}

  void InitializeSema(Sema &sema_) override { sema = &sema_; }

  /// Asked for a name that no declaration has.
  bool LookupUnqualified(LookupResult &result, Scope *scope) override {
    if (!sema || result.isForRedeclaration() ||
        result.getLookupKind() != Sema::LookupOrdinaryName || !result.getLookupName().isIdentifier())
      return false;
    IdentifierInfo *name = result.getLookupName().getAsIdentifierInfo();
    const IdentifierInfo *target = targetOf(name);
    if (!target)
      return false;
    LookupResult found(*sema, DeclarationName(target), result.getNameLoc(), Sema::LookupOrdinaryName);
    if (!sema->LookupName(found, scope))
      return false;
    for (NamedDecl *decl : found)
      result.addDecl(decl);
    result.resolveKind();
    facts.uses.push_back({name->getName().str(), result.getNameLoc(), false, true});
    return true;
  }

private:
  /// What the name stood for before it became a macro with arguments.
  const IdentifierInfo *targetOf(const IdentifierInfo *name) const {
    const MacroInfo *now = preprocessor.getMacroInfo(name);
    if (!now || !now->isFunctionLike())
      return nullptr;
    const MacroDirective *directive = preprocessor.getLocalMacroDirectiveHistory(name);
    for (; directive; directive = directive->getPrevious())
      if (auto *definition = dyn_cast<DefMacroDirective>(directive))
        if (const MacroInfo *info = definition->getInfo();
            info->isObjectLike() && info->getNumTokens() == 1)
          return info->getReplacementToken(0).getIdentifierInfo();
    return nullptr;
  }

  Preprocessor &preprocessor;
  PreprocessorFacts &facts;
  Sema *sema = nullptr;
};

} // namespace

IntrusiveRefCntPtr<ExternalSemaSource> macroAliases(CompilerInstance &instance,
                                                    PreprocessorFacts &facts) {
  return makeIntrusiveRefCnt<Aliases>(instance.getPreprocessor(), facts);
}

} // namespace abi3ify
