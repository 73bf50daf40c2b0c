// The clang-tidy module: a check abi3-RULE for each rule. loader.cpp brings it
// in, once it knows that the clang-tidy that runs is of this LLVM.
#include "check.h"
#include "abi3ify/finding.h"
#include "clang-tidy/ClangTidyModule.h"
#include "clang/Basic/Version.h"
#if CLANG_VERSION_MAJOR < 22
#include "clang-tidy/ClangTidyModuleRegistry.h"
#endif

namespace abi3ify::tidy {
namespace {

class Module : public clang::tidy::ClangTidyModule {
public:
  void addCheckFactories(clang::tidy::ClangTidyCheckFactories &factories) override {
    for (const auto &rule : allRules().all())
      factories.registerCheck<Check>((CheckPrefix + rule->id).str());
    factories.registerCheck<Check>((CheckPrefix + NoRule).str());
  }
};

clang::tidy::ClangTidyModuleRegistry::Add<Module>
    entry("abi3ify", "Checks that take extension modules of CPython to the Limited C API.");

} // namespace
} // namespace abi3ify::tidy
