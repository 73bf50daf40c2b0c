#include "abi3ify/string-edits.h"
#include "llvm/ADT/StringSwitch.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

const Stmt *parentOf(const Stmt *stmt, const ParentMap &parents) {
  const Stmt *parent = parents.getParent(const_cast<Stmt *>(stmt));
  while (isa_and_nonnull<ParenExpr, ImplicitCastExpr>(parent))
    parent = parents.getParent(const_cast<Stmt *>(parent));
  return parent;
}

/// Adds what becomes of `found`; false if that cannot be written.
bool add(std::vector<Rewrite> &rewrites, std::optional<Rewrite> found) {
  if (found)
    rewrites.push_back(std::move(*found));
  return found.has_value();
}

/// The other side of a comparison, or the labels of a switch: all must be
/// constants, whose numbers are added. False for any other use.
bool addComparison(const StringEdits &edits, const Expr *kind, const Stmt *parent,
                   std::vector<Rewrite> &rewrites) {
  if (auto *op = dyn_cast_or_null<BinaryOperator>(parent); op && op->isComparisonOp()) {
    const Expr *other = peel(op->getLHS()) == kind ? op->getRHS() : op->getLHS();
    if (kindConstant(other))
      return add(rewrites, edits.number(other));
    return !isa<DeclRefExpr>(bare(other)) || localVariableIn(other);
  }
  auto *choice = dyn_cast_or_null<SwitchStmt>(parent);
  if (!choice || peel(choice->getCond()) != kind)
    return false;
  for (const SwitchCase *label = choice->getSwitchCaseList(); label; label = label->getNextSwitchCase())
    if (auto *named = dyn_cast<CaseStmt>(label))
      if (kindConstant(named->getLHS()) && !add(rewrites, edits.number(named->getLHS())))
        return false;
  return true;
}

} // namespace

std::optional<int> widthOfAccessor(StringRef name) {
  int width = StringSwitch<int>(name)
                  .Case("PyUnicode_DATA", 0)
                  .Case("PyUnicode_1BYTE_DATA", 1)
                  .Case("PyUnicode_2BYTE_DATA", 2)
                  .Case("PyUnicode_4BYTE_DATA", 4)
                  .Default(-1);
  return width < 0 ? std::nullopt : std::optional(width);
}

std::optional<int> kindConstant(const Expr *expr) {
  // In C a label of a switch is a ConstantExpr.
  expr = bare(expr);
  if (auto *constant = dyn_cast<ConstantExpr>(expr))
    expr = bare(constant->getSubExpr());
  auto *reference = dyn_cast<DeclRefExpr>(expr);
  if (!reference || !isa<EnumConstantDecl>(reference->getDecl()))
    return std::nullopt;
  int width = StringSwitch<int>(reference->getDecl()->getName())
                  .Case("PyUnicode_1BYTE_KIND", 1)
                  .Case("PyUnicode_2BYTE_KIND", 2)
                  .Case("PyUnicode_4BYTE_KIND", 4)
                  .Default(0);
  return width ? std::optional(width) : std::nullopt;
}

std::optional<Rewrite> StringEdits::call(const CallExpr *call, StringRef to, bool castFirst) const {
  auto spot = site.spelling.token(call->getCallee()->IgnoreParenImpCasts()->getBeginLoc(),
                                  calledName(call));
  if (!spot || spot->inMacro)
    return std::nullopt;
  StringRef text = site.spelling.text(spot->file);
  auto spelled = callText(text, spot->offset, text.size(), /*isMacro=*/true);
  if (!spelled || spelled->args.size() != call->getNumArgs())
    return std::nullopt;
  Rewrite rewrite;
  rewrite.file = site.spelling.path(spot->file);
  rewrite.extent = spelled->all;
  rewrite.to = to.str();
  for (unsigned i = 0; i < spelled->args.size(); ++i) {
    Argument argument;
    argument.name = std::to_string(i);
    if (!to.contains("$" + argument.name))
      continue;
    argument.range = spelled->args[i];
    argument.primary = isPrimary(call->getArg(i), argument.range, site, false, /*behindMacro=*/true);
    if (i == 0 && castFirst && needsCast(call->getArg(0), "PyObject *", site.context))
      argument.cast = "PyObject *";
    rewrite.args.push_back(argument);
  }
  return rewrite;
}

std::optional<Rewrite> StringEdits::castCall(const CallExpr *call, StringRef type, StringRef to) const {
  const Stmt *parent = parentOf(call, parents);
  bool plain = isa_and_nonnull<DeclStmt, CallExpr, ReturnStmt, CStyleCastExpr>(parent);
  if (auto *op = dyn_cast_or_null<BinaryOperator>(parent))
    plain = op->isAssignmentOp();
  std::string text = ("(" + type + ")" + to).str();
  if (isa_and_nonnull<CStyleCastExpr>(parent))
    text = to.str();
  return this->call(call, plain ? text : "(" + text + ")");
}

std::optional<Rewrite> StringEdits::number(const Expr *constant) const {
  auto value = kindConstant(constant);
  const Expr *expr = bare(constant);
  if (auto *wrapped = dyn_cast<ConstantExpr>(expr))
    expr = bare(wrapped->getSubExpr());
  auto *reference = dyn_cast<DeclRefExpr>(expr);
  auto spot = value ? site.spelling.token(reference->getLocation(), reference->getDecl()->getName())
                    : std::nullopt;
  if (!spot || spot->inMacro)
    return std::nullopt;
  Rewrite rewrite;
  rewrite.file = site.spelling.path(spot->file);
  rewrite.extent = {spot->offset, spot->offset + spot->length};
  rewrite.to = std::to_string(*value);
  return rewrite;
}

std::optional<Rewrite> StringEdits::around(const Expr *expr, StringRef to) const {
  auto range = site.spelling.range(expr->getBeginLoc(), expr->getEndLoc());
  if (!range || range->inMacro || expr->getBeginLoc().isMacroID() || expr->getEndLoc().isMacroID())
    return std::nullopt;
  Rewrite rewrite;
  rewrite.file = site.spelling.path(range->file);
  rewrite.extent = range->range;
  rewrite.to = to.str();
  if (to.contains("$0")) {
    Argument argument;
    argument.name = "0";
    argument.range = range->range;
    argument.primary = true;
    rewrite.args.push_back(argument);
  }
  return rewrite;
}

std::optional<Rewrite> StringEdits::removal(SourceLocation begin, SourceLocation end) const {
  auto range = site.spelling.range(begin, end);
  if (!range || range->inMacro)
    return std::nullopt;
  StringRef text = site.spelling.text(range->file);
  auto behind = behindSemicolon(text, range->range.end);
  if (!behind)
    return std::nullopt;
  Rewrite rewrite;
  rewrite.file = site.spelling.path(range->file);
  rewrite.extent = withLines(text, {range->range.begin, *behind});
  return rewrite;
}

std::optional<std::vector<Rewrite>>
kindVariableRewrites(const StringEdits &edits, const VarDecl *variable, const FunctionDecl *function,
                     const ParentMap &parents, function_ref<bool(const Expr *)> isKind) {
  std::vector<Rewrite> rewrites;
  auto value = [&](const Expr *given) {
    if (kindConstant(given))
      return add(rewrites, edits.number(given));
    return isKind(bare(given)) || isa<IntegerLiteral>(bare(given));
  };
  if (!variable->getType()->isIntegerType() || variable->getType()->isEnumeralType() ||
      (variable->getInit() && !value(variable->getInit())))
    return std::nullopt;
  for (const DeclRefExpr *mention : mentionsOf(variable, function)) {
    const Stmt *parent = parentOf(mention, parents);
    if (auto *op = dyn_cast_or_null<BinaryOperator>(parent); op && op->isAssignmentOp() &&
                                                             peel(op->getLHS()) == mention) {
      if (op->getOpcode() != BO_Assign || !value(op->getRHS()))
        return std::nullopt;
      continue;
    }
    if (auto *call = dyn_cast_or_null<CallExpr>(parent)) {
      StringRef name = calledName(call);
      if (name == "PyUnicode_FromKindAndData" && bare(call->getArg(0)) == mention)
        continue;
      return std::nullopt;
    }
    if (!addComparison(edits, mention, parent, rewrites))
      return std::nullopt;
  }
  return rewrites;
}

std::optional<std::vector<Rewrite>> kindRewrites(const StringEdits &edits, const Expr *kind,
                                                 const FunctionDecl *function,
                                                 const ParentMap &parents,
                                                 const VarDecl *&variable) {
  variable = nullptr;
  const Stmt *parent = userOf(kind, parents);
  auto *op = dyn_cast_or_null<BinaryOperator>(parent);
  if (!(op && op->isAssignmentOp()) && !isa_and_nonnull<DeclStmt>(parent)) {
    std::vector<Rewrite> rewrites;
    if (!addComparison(edits, kind, parent, rewrites))
      return std::nullopt;
    return rewrites;
  }
  variable = variableGiven(kind, parents);
  if (!variable)
    return std::nullopt;
  return kindVariableRewrites(edits, variable, function, parents, [](const Expr *value) {
    auto *call = dyn_cast<CallExpr>(value);
    return call && calledName(call) == "PyUnicode_KIND";
  });
}

} // namespace abi3ify
