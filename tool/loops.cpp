#include "abi3ify/loops.h"
#include "clang/AST/Expr.h"
#include "clang/AST/StmtCXX.h"
#include "clang/Basic/SourceManager.h"
#include "llvm/ADT/STLExtras.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

/// Macros are wrapped into `do ... while (0)`.
bool isRunOnce(const DoStmt *loop, const ASTContext &ast) {
  const Expr *condition = loop->getCond();
  bool value = true;
  return !condition->isValueDependent() && condition->EvaluateAsBooleanCondition(value, ast) &&
         !value;
}

bool runsAgain(const Stmt *stmt, const Stmt *child, const ASTContext &ast) {
  if (auto *loop = dyn_cast<ForStmt>(stmt))
    return child != loop->getInit();
  if (auto *loop = dyn_cast<CXXForRangeStmt>(stmt))
    return child == loop->getBody();
  if (auto *loop = dyn_cast<DoStmt>(stmt))
    return !isRunOnce(loop, ast);
  return isa<WhileStmt>(stmt);
}

} // namespace

bool isInLoop(ArrayRef<const Stmt *> stmts, const ASTContext &ast) {
  for (size_t i = 0; i + 1 < stmts.size(); ++i)
    if (runsAgain(stmts[i], stmts[i + 1], ast))
      return true;
  return false;
}

void LoopRanges::add(const Stmt *stmt, const ASTContext &ast) {
  if (!isa<ForStmt, CXXForRangeStmt, DoStmt, WhileStmt>(stmt))
    return;
  const SourceManager &sources = ast.getSourceManager();
  for (const Stmt *child : stmt->children()) {
    if (!child || !runsAgain(stmt, child, ast))
      continue;
    auto [file, begin] = sources.getDecomposedExpansionLoc(child->getBeginLoc());
    auto [endFile, end] =
        sources.getDecomposedLoc(sources.getExpansionRange(child->getEndLoc()).getEnd());
    if (file == endFile)
      ranges[file].emplace_back(begin, end);
  }
}

bool LoopRanges::contains(SourceLocation location, const SourceManager &sources) const {
  auto [file, offset] = sources.getDecomposedExpansionLoc(location);
  auto found = ranges.find(file);
  return found != ranges.end() && any_of(found->second, [offset = offset](auto range) {
           return range.first <= offset && offset <= range.second;
         });
}

} // namespace abi3ify
