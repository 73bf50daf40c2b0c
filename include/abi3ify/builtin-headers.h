// Clang's own headers (stddef.h, immintrin.h, ...), from the binary instead of
// from a folder of Clang's, of which the machine need have none.
// In: a file system to be filled; a command line that the driver has read. Out:
// both such that these headers are found where Clang's would be.
#pragma once
#include "llvm/ADT/StringRef.h"

namespace clang {
class CompilerInvocation;
}
namespace llvm::vfs {
class InMemoryFileSystem;
}

namespace abi3ify {

/// The folder that seems to hold them, for -resource-dir.
inline constexpr llvm::StringRef BuiltinFolder = "/abi3ify/clang";

void addBuiltinHeaders(llvm::vfs::InMemoryFileSystem &files);

/// For a command line with -resource-dir BuiltinFolder.
void useBuiltinHeaders(clang::CompilerInvocation &invocation);

} // namespace abi3ify
