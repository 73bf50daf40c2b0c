// `#define PyFoo_GET PyFoo_Get` in Python's headers may be used without a call,
// `f = PyFoo_GET;`. Where a rule's macro stands instead (normal-header), that
// name would be undeclared; here it still means what it did.
// In: a parse that is about to begin. Out: such names are declarations again,
// and uses in the preprocessor's facts.
#pragma once
#include "abi3ify/preprocessor-facts.h"
#include "clang/Sema/ExternalSemaSource.h"

namespace abi3ify {

llvm::IntrusiveRefCntPtr<clang::ExternalSemaSource>
macroAliases(clang::CompilerInstance &instance, PreprocessorFacts &facts);

} // namespace abi3ify
