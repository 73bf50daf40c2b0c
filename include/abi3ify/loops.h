// Whether a loop runs a place, because there a replacement's cost counts.
// In: statements of the AST. Out: yes or no. `do ... while (0)` is no loop, and
// what a loop does once, before it begins, is not in it.
#pragma once
#include "clang/AST/ASTContext.h"
#include "clang/AST/Stmt.h"
#include "llvm/ADT/ArrayRef.h"
#include <map>
#include <vector>

namespace abi3ify {

/// `stmts`: each holds the next one. A lambda that is written in a loop counts
/// as run there.
bool isInLoop(llvm::ArrayRef<const clang::Stmt *> stmts, const clang::ASTContext &ast);

/// What loops run, as places in files: for macros whose expansion left nothing
/// in the AST.
class LoopRanges {
public:
  void add(const clang::Stmt *stmt, const clang::ASTContext &ast);
  bool contains(clang::SourceLocation location, const clang::SourceManager &sources) const;

private:
  std::map<clang::FileID, std::vector<std::pair<unsigned, unsigned>>> ranges;
};

} // namespace abi3ify
