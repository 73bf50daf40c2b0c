// What clang 19 and 22 spell differently: the clang-tidy module is built for
// both, all else for 22. tidy/llvm19 has the headers that 19 lacks.
#pragma once
#include "clang/AST/TypeLoc.h"
#include "clang/Basic/Version.h"
#include "clang/Frontend/CompilerInstance.h"
#include "llvm/Support/VirtualFileSystem.h"

#if CLANG_VERSION_MAJOR < 22
#include "clang/Frontend/Utils.h"
#else
#include "clang/Driver/CreateInvocationFromArgs.h"
#endif

namespace abi3ify {

inline const clang::TypedefNameDecl *declOf(clang::TypedefTypeLoc alias) {
#if CLANG_VERSION_MAJOR < 22
  return alias.getTypedefNameDecl();
#else
  return alias.getDecl();
#endif
}

/// For the errors of a command line.
inline auto makeDiagnostics(llvm::vfs::FileSystem &files, clang::DiagnosticOptions &options,
                            clang::DiagnosticConsumer *consumer) {
#if CLANG_VERSION_MAJOR < 22
  return clang::CompilerInstance::createDiagnostics(new clang::DiagnosticOptions(options), consumer,
                                                    false);
#else
  return clang::CompilerInstance::createDiagnostics(files, options, consumer, false);
#endif
}

inline std::unique_ptr<clang::CompilerInstance>
makeInstance(std::shared_ptr<clang::CompilerInvocation> invocation,
             llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> files) {
#if CLANG_VERSION_MAJOR < 22
  auto instance = std::make_unique<clang::CompilerInstance>();
  instance->setInvocation(std::move(invocation));
  instance->createFileManager(files);
#else
  auto instance = std::make_unique<clang::CompilerInstance>(std::move(invocation));
  instance->setVirtualFileSystem(files);
#endif
  return instance;
}

} // namespace abi3ify
