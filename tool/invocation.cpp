#include "abi3ify/invocation.h"
#include "clang/Frontend/CompilerInvocation.h"
#include "clang/Lex/PreprocessorOptions.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {

std::shared_ptr<CompilerInvocation> adaptInvocation(const ParseRequest &request) {
  auto invocation = std::make_shared<CompilerInvocation>(*request.command->invocation);
  // As with -w; what is only an error by default does not stop a parse, either.
  invocation->getDiagnosticOpts().Warnings = {"no-everything"};
  invocation->getDiagnosticOpts().ErrorLimit = 0;
  PreprocessorOptions &preprocessor = invocation->getPreprocessorOpts();
  preprocessor.SetUpStaticAnalyzer = false; // clang-tidy defines __clang_analyzer__
  for (StringRef macro : {"NDEBUG", "Py_LIMITED_API", "Py_TARGET_ABI3T"})
    preprocessor.addMacroUndef(macro);
  if (request.mode == Mode::Find) {
    auto &folders = invocation->getHeaderSearchOpts().UserEntries;
    folders.insert(folders.begin(),
                   {NormalFolder, frontend::Angled, /*isFramework=*/false, /*ignoreSysRoot=*/true});
  } else
    for (StringRef flag : request.floor.flags())
      if (flag.consume_front("-D"))
        preprocessor.addMacroDef(flag);
  return invocation;
}

} // namespace abi3ify
