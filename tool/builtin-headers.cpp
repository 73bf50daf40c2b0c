#include "abi3ify/builtin-headers.h"
#include "abi3ify/embedded.h"
#include "clang/Basic/Version.h"
#include "clang/Frontend/CompilerInvocation.h"
#include "clang/Lex/HeaderSearchOptions.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/VirtualFileSystem.h"

using namespace llvm;

namespace abi3ify {

static constexpr StringLiteral Include = "/abi3ify/clang/include";

void addBuiltinHeaders(vfs::InMemoryFileSystem &files) {
  for (const EmbeddedFile &header : builtinHeaders())
    files.addFile(Include + "/" + header.path, 0, MemoryBuffer::getMemBuffer(header.text));
}

void useBuiltinHeaders(clang::CompilerInvocation &invocation) {
  // Debian's driver writes its own folder in place of a resource folder that is
  // not on the disk.
  for (auto &entry : invocation.getHeaderSearchOpts().UserEntries)
    if (StringRef(entry.Path).ends_with("/clang/" CLANG_VERSION_STRING "/include/"))
      entry.Path = Include.str();
}

} // namespace abi3ify
