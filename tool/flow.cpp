#include "abi3ify/flow.h"
#include "clang/AST/Decl.h"

using namespace clang;

namespace abi3ify {

std::unique_ptr<CFG> buildFlowGraph(const FunctionDecl *function, ASTContext &context) {
  CFG::BuildOptions options;
  options.setAllAlwaysAdd();
  options.AddInitializers = true;
  return CFG::buildCFG(function, function->getBody(), &context, options);
}

} // namespace abi3ify
