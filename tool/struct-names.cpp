#include "abi3ify/struct-names.h"
#include "clang/AST/ASTContext.h"
#include "clang/AST/Attr.h"
#include "clang/AST/DeclCXX.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

/// No annotation in a source begins so.
constexpr llvm::StringLiteral Mark = "abi3ify typedef ";

void nameStructsIn(const DeclContext *context, ASTContext &ast) {
  for (const Decl *decl : context->noload_decls()) {
    if (auto *alias = dyn_cast<TypedefNameDecl>(decl)) {
      auto *type = alias->getUnderlyingType()->getAsRecordDecl();
      if (type && alias->getIdentifier() && typedefOf(type).empty())
        type->getCanonicalDecl()->addAttr(
            AnnotateAttr::CreateImplicit(ast, (Mark + alias->getName()).str(), nullptr, 0));
    } else if (auto *block = dyn_cast<LinkageSpecDecl>(decl))
      nameStructsIn(block, ast);
  }
}

} // namespace

void nameStructs(ASTContext &ast) { nameStructsIn(ast.getTranslationUnitDecl(), ast); }

StringRef typedefOf(const RecordDecl *record) {
  for (const auto *note : record->getCanonicalDecl()->specific_attrs<AnnotateAttr>())
    if (StringRef text = note->getAnnotation(); text.consume_front(Mark))
      return text;
  return {};
}

} // namespace abi3ify
