// slot-table: t->tp_as_number && t->tp_as_number->nb_index. A slot that is
// asked for with PyType_GetSlot is NULL where its table is missing, so the test
// of the table goes away with the use of the slot.
// Checked: the test is an operand of &&, and a later operand reaches a slot
// through the same table of the same, side-effect free expression.
#include "abi3ify/judge.h"
#include "clang/AST/DynamicRecursiveASTVisitor.h"
#include "llvm/ADT/StringExtras.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

/// The operands of a chain of &&, from left to right.
void operands(const Expr *expr, SmallVectorImpl<const Expr *> &list) {
  auto *op = dyn_cast<BinaryOperator>(expr->IgnoreImpCasts());
  if (!op || op->getOpcode() != BO_LAnd) {
    list.push_back(expr);
    return;
  }
  operands(op->getLHS(), list);
  operands(op->getRHS(), list);
}

/// x of `x`, `x != NULL` and `NULL != x`.
const Expr *tested(const Expr *expr, ASTContext &context) {
  expr = expr->IgnoreParenImpCasts();
  auto *op = dyn_cast<BinaryOperator>(expr);
  if (!op || op->getOpcode() != BO_NE)
    return expr;
  for (auto [side, other] : {std::pair(op->getLHS(), op->getRHS()), {op->getRHS(), op->getLHS()}})
    if (other->isNullPointerConstant(context, Expr::NPC_ValueDependentIsNotNull))
      return side->IgnoreParenImpCasts();
  return expr;
}

/// Whether only the truth of an expression counts, and not that it is an int.
bool isCondition(const Expr *expr, ArrayRef<const Stmt *> parents) {
  const Stmt *inner = expr;
  // Outermost first: those in front of the expression lie around it.
  for (const Stmt *parent : reverse(ArrayRef(parents.begin(), find(parents, expr)))) {
    if (isa<ParenExpr, ImplicitCastExpr>(parent)) {
      inner = parent;
      continue;
    }
    auto *op = dyn_cast<BinaryOperator>(parent);
    auto *negation = dyn_cast<UnaryOperator>(parent);
    auto *choice = dyn_cast<ConditionalOperator>(parent);
    return isa<IfStmt, WhileStmt, DoStmt, ForStmt>(parent) || (op && op->isLogicalOp()) ||
           (negation && negation->getOpcode() == UO_LNot) || (choice && choice->getCond() == inner);
  }
  return false;
}

struct Members : ConstDynamicRecursiveASTVisitor {
  std::vector<const MemberExpr *> list;
  bool VisitMemberExpr(const MemberExpr *member) override {
    list.push_back(member);
    return true;
  }
};

} // namespace

bool judgeSlotTable(const Site &site, const Rule &rule, Finding &finding) {
  finding.use = site.use;
  const std::string *reason = rule.reasonFor(site.use, site.floor);
  finding.reason = reason ? *reason : "ask for the slot with PyType_GetSlot";
  const Form *form = rule.formFor(site.use, site.floor);
  if (!form)
    return true;
  auto *table = cast<MemberExpr>(site.expr);
  // The outermost && around, and this use as one of its operands.
  const BinaryOperator *chain = nullptr;
  for (const Stmt *parent : reverse(site.parents)) {
    auto *op = dyn_cast<BinaryOperator>(parent);
    if (op && op->getOpcode() == BO_LAnd)
      chain = op;
    else if (!isa<ParenExpr, ImplicitCastExpr>(parent) &&
             !(op && op->getOpcode() == BO_NE && !chain))
      break;
  }
  if (!chain)
    return true;
  SmallVector<const Expr *, 6> list;
  operands(chain, list);
  auto *mine = find_if(list, [&](const Expr *operand) {
    return tested(operand, site.context) == table;
  });
  if (mine == list.end() || mine + 1 == list.end() || !isPure(table->getBase(), site.context))
    return true;
  auto spelledAs = [&](const Expr *expr) {
    auto range = site.spelling.range(expr->getBeginLoc(), expr->getEndLoc());
    return range && !range->inMacro
               ? site.spelling.text(range->file).slice(range->range.begin, range->range.end)
               : StringRef();
  };
  StringRef text = spelledAs(table);
  bool reached = false;
  for (const Expr *later : ArrayRef<const Expr *>(mine + 1, list.end())) {
    Members members;
    members.TraverseStmt(later);
    for (const MemberExpr *member : members.list)
      reached |= member->getMemberDecl() == table->getMemberDecl() && !text.empty() &&
                 spelledAs(member) == text;
  }
  auto from = site.spelling.range((*mine)->getBeginLoc(), (*mine)->getEndLoc());
  auto to = site.spelling.range(mine[1]->getBeginLoc(), mine[1]->getEndLoc());
  if (!reached || !from || !to || from->inMacro || to->inMacro || from->file != to->file)
    return true;
  Rewrite rewrite;
  rewrite.file = finding.file;
  rewrite.extent = {from->range.begin, to->range.begin};
  StringRef gone = site.spelling.text(from->file).slice(rewrite.extent.begin, rewrite.extent.end);
  if (gone.contains("/*") || gone.contains("//") || gone.contains('#'))
    return true;
  finding.rewrites.push_back(rewrite);
  // What is left alone is a pointer where the && was an int.
  if (list.size() == 2 && mine[1]->IgnoreParenImpCasts()->getType()->isPointerType() &&
      !isCondition(chain, site.parents)) {
    rewrite.extent = {to->range.end, to->range.end};
    rewrite.to = " != NULL";
    finding.rewrites.push_back(rewrite);
  }
  finding.safety = form->safety ? lower(rule.safety, *form->safety) : rule.safety;
  finding.reason = "PyType_GetSlot gives NULL where the table is missing";
  return true;
}

} // namespace abi3ify
