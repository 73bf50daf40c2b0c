// unpacked-tuple: _PyTuple_CAST(args)->ob_item as the array that Argument Clinic
// hands to _PyArg_UnpackKeywords in a tp_new or tp_init. That function copies
// the items into its buffer unless it gives the array itself back; so they are
// copied first, as many as it takes by position:
//
//     limited_arg_items(args, 2, argsbuf)
//
// Checked: the call, that the tuple and the buffer are variables, and that the
// most positional arguments are a constant.
#include "abi3ify/judge.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

enum Argument { Items = 0, Most = 6, Buffer = 8, Count = 9 };

/// The variable behind casts, and behind the assertion in _PyTuple_CAST.
const DeclRefExpr *variable(const Expr *expr) {
  for (expr = bare(expr);; expr = bare(cast<BinaryOperator>(expr)->getRHS()))
    if (auto *comma = dyn_cast<BinaryOperator>(expr); !comma || comma->getOpcode() != BO_Comma)
      return dyn_cast<DeclRefExpr>(expr);
}

/// The call that takes the array; its macro may have put it into other branches.
const CallExpr *unpacking(const Site &site) {
  const CallExpr *found = nullptr;
  auto isWanted = [&](const CallExpr *call) {
    if (calledName(call) != "_PyArg_UnpackKeywords" || call->getNumArgs() != Count)
      return false;
    auto *items = dyn_cast<MemberExpr>(call->getArg(Items)->IgnoreParenImpCasts());
    if (!items || items->getMemberDecl() != cast<MemberExpr>(site.expr)->getMemberDecl())
      return false;
    found = call;
    return true;
  };
  for (const Stmt *parent : reverse(site.parents))
    if (isa<CallExpr, ConditionalOperator>(parent) && anyCall(parent, isWanted))
      return found;
  return nullptr;
}

} // namespace

bool judgeUnpackedTuple(const Site &site, const Rule &rule, Finding &finding) {
  finding.use = site.use;
  const std::string *reason = rule.reasonFor(site.use, site.floor);
  finding.reason = reason ? *reason : "";
  const Form *form = rule.formFor(site.use, site.floor);
  const CallExpr *call = form ? unpacking(site) : nullptr;
  if (!call)
    return true;
  auto *tuple = variable(cast<MemberExpr>(site.expr)->getBase());
  auto *buffer = variable(call->getArg(Buffer));
  Expr::EvalResult most;
  auto range = site.spelling.range(site.expr->getBeginLoc(), site.expr->getEndLoc());
  if (!tuple || !buffer || needsCast(tuple, "PyObject *", site.context) || !range ||
      !call->getArg(Most)->EvaluateAsInt(most, site.context))
    return true;
  Rewrite rewrite;
  rewrite.file = finding.file;
  rewrite.extent = range->range;
  rewrite.anew = true;
  rewrite.to = form->to + "(" + tuple->getDecl()->getName().str() + ", " +
               std::to_string(most.Val.getInt().getExtValue()) + ", " +
               buffer->getDecl()->getName().str() + ")";
  finding.rewrites.push_back(rewrite);
  finding.safety = form->safety ? lower(rule.safety, *form->safety) : rule.safety;
  finding.reason.clear();
  return true;
}

} // namespace abi3ify
