// unicode-ready: PyUnicode_READY does nothing for a limited function, which
// readies its string itself. A statement goes away, and so does an if that
// tests nothing else; elsewhere the call is the constant that it returns.
#include "abi3ify/judge.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

/// The whole statement with its lines, when it holds no comment.
std::optional<Rewrite> removal(const Site &site, const Stmt *statement, bool withSemicolon) {
  auto range = site.spelling.range(statement->getBeginLoc(), statement->getEndLoc());
  if (!range || range->inMacro)
    return std::nullopt;
  StringRef text = site.spelling.text(range->file);
  Range extent = range->range;
  if (withSemicolon && !text.slice(extent.begin, extent.end).ends_with("}")) {
    unsigned end = extent.end;
    while (end < text.size() && isSpace(text[end]))
      ++end;
    if (end >= text.size() || text[end] != ';')
      return std::nullopt;
    extent.end = end + 1;
  }
  StringRef removed = text.slice(extent.begin, extent.end);
  if (removed.contains("/*") || removed.contains("//") || removed.contains("#"))
    return std::nullopt;
  extent = withLines(text, extent);
  Rewrite rewrite;
  rewrite.file = site.spelling.path(range->file);
  rewrite.extent = extent;
  return rewrite;
}

/// The if around a condition that is the call, or the call compared with a
/// constant, and that is false when the call returns 0.
const IfStmt *deadBranch(const Site &site) {
  auto parent = site.parents.rbegin(), end = site.parents.rend();
  const Expr *condition = site.expr;
  auto skip = [&] {
    while (parent != end && isa<ParenExpr, ImplicitCastExpr>(*parent))
      condition = cast<Expr>(*parent++);
  };
  skip();
  if (parent != end)
    if (auto *op = dyn_cast<BinaryOperator>(*parent); op && op->isComparisonOp()) {
      Expr::EvalResult value;
      if (!op->getRHS()->EvaluateAsInt(value, site.context) || peel(op->getLHS()) != site.expr)
        return nullptr;
      int64_t right = value.Val.getInt().getExtValue();
      bool isTrue = op->getOpcode() == BO_LT   ? 0 < right
                    : op->getOpcode() == BO_GT ? 0 > right
                    : op->getOpcode() == BO_EQ ? 0 == right
                    : op->getOpcode() == BO_NE ? 0 != right
                    : op->getOpcode() == BO_LE ? 0 <= right
                                               : 0 >= right;
      if (isTrue)
        return nullptr;
      condition = op;
      ++parent;
      skip();
    }
  auto *branch = parent != end ? dyn_cast<IfStmt>(*parent) : nullptr;
  if (!branch || branch->getElse() || branch->hasVarStorage() ||
      branch->getCond()->IgnoreParenImpCasts() != condition->IgnoreParenImpCasts())
    return nullptr;
  ++parent;
  return parent != end && isa<CompoundStmt>(*parent) ? branch : nullptr;
}

/// Whether an accessor to a string's memory is called in here.
bool readsMemory(const Stmt *stmt) {
  if (!stmt)
    return false;
  if (auto *call = dyn_cast<CallExpr>(stmt)) {
    StringRef name = calledName(call);
    if (name.consume_front("PyUnicode_") &&
        (name == "DATA" || name == "KIND" || name == "READ" || name.ends_with("BYTE_DATA") ||
         name == "MAX_CHAR_VALUE" || name == "IS_ASCII" || name.starts_with("IS_COMPACT")))
      return true;
  }
  return any_of(stmt->children(), [](const Stmt *child) { return readsMemory(child); });
}

} // namespace

bool judgeUnicodeReady(const Site &site, const Rule &rule, Finding &finding) {
  if (!applyForms(site, rule, finding) || finding.rewrites.size() != 1)
    return true;
  auto *call = cast<CallExpr>(site.expr);
  if (call->getNumArgs() != 1 || !isPure(call->getArg(0), site.context)) {
    finding.rewrites.clear();
    finding.safety = Safety::Manual;
    finding.reason = "its argument has side effects, which must stay";
    return true;
  }
  // Before 3.12 the full build may need the call where memory is still read.
  if (site.use != Use::Statement || readsMemory(site.function ? site.function->getBody() : nullptr)) {
    finding.safety = lower(finding.safety, Safety::Review);
    finding.reason = "before 3.12, a full build that still reads a string's memory directly needs "
                     "the string ready";
  }
  std::optional<Rewrite> gone;
  if (const IfStmt *branch = deadBranch(site))
    gone = removal(site, branch, !isa<CompoundStmt>(branch->getThen()));
  else if (site.use == Use::Statement && site.statement && site.parents.size() &&
           is_contained(site.parents, site.statement) == (site.statement != site.expr)) {
    auto at = find(site.parents, site.statement);
    const Stmt *parent = at == site.parents.end() ? site.parents.back()
                         : at == site.parents.begin() ? nullptr
                                                      : *std::prev(at);
    if (isa_and_nonnull<CompoundStmt>(parent))
      gone = removal(site, site.statement, true);
  }
  if (gone)
    finding.rewrites = {*gone};
  return true;
}

} // namespace abi3ify
