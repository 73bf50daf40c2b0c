// Looks names up at the top of a unit.
// In C, a name of a precompiled header is known to the identifier alone: asked
// for by the unit's context, Clang loads the whole header. So the parser's own
// table is asked, as long as the parser is there.
#pragma once
#include "clang/AST/Decl.h"

namespace clang {
class Sema;
}

namespace abi3ify {

/// All declarations at the top of the unit with this name.
llvm::SmallVector<clang::NamedDecl *, 4> globalsNamed(llvm::StringRef name,
                                                      clang::ASTContext &ast);

/// Lets globalsNamed ask this parser, in this thread, while it lives.
class GlobalNames {
public:
  explicit GlobalNames(clang::Sema &sema);
  ~GlobalNames();
  GlobalNames(const GlobalNames &) = delete;
};

} // namespace abi3ify
