// The names that people use for structs: struct _object is known as PyObject.
// In: the declarations at the top of a unit, or of a precompiled header. Out:
// each struct knows the first typedef of it, as an annotation, which stays with
// it in a precompiled header; to find it, nothing else need be loaded.
#pragma once
#include "clang/AST/DeclBase.h"

namespace clang {
class RecordDecl;
}

namespace abi3ify {

/// Once for each parse, before anything asks for a name.
void nameStructs(clang::ASTContext &ast);

/// The first typedef at the top of the unit, or in an extern "C" block there;
/// empty if there is none.
llvm::StringRef typedefOf(const clang::RecordDecl *record);

} // namespace abi3ify
