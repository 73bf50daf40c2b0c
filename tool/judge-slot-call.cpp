// slot-call: Py_TYPE(o)->tp_as_mapping->mp_subscript(o, key). A slot of an
// object's own type, called with that object, is what the abstract function
// calls first; so its name takes the place of the expression that is called.
// Checked: the member is called, its first argument is the object whose type
// is asked, and evaluating that twice or once is the same.
#include "abi3ify/judge.h"
#include "clang/AST/ExprCXX.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

/// The same variable, or the same member of one.
bool areSame(const Expr *a, const Expr *b) {
  a = bare(a);
  b = bare(b);
  if (auto *left = dyn_cast<DeclRefExpr>(a)) {
    auto *right = dyn_cast<DeclRefExpr>(b);
    return right && left->getDecl() == right->getDecl();
  }
  if (isa<CXXThisExpr>(a))
    return isa<CXXThisExpr>(b);
  auto *left = dyn_cast<MemberExpr>(a), *right = dyn_cast<MemberExpr>(b);
  return left && right && left->getMemberDecl() == right->getMemberDecl() &&
         areSame(left->getBase(), right->getBase());
}

} // namespace

bool judgeSlotCall(const Site &site, const Rule &rule, Finding &finding) {
  auto *slot = cast<MemberExpr>(site.expr);
  auto *table = dyn_cast<MemberExpr>(slot->getBase()->IgnoreParenImpCasts());
  const CallExpr *call = nullptr;
  for (const Stmt *parent : reverse(site.parents)) {
    if (isa<ParenExpr, ImplicitCastExpr>(parent))
      continue;
    call = dyn_cast<CallExpr>(parent);
    break;
  }
  if (!table || !call || call->getCallee()->IgnoreParenImpCasts() != slot ||
      call->getNumArgs() == 0)
    return false;
  const Expr *object = objectOfType(table->getBase());
  if (!object || !areSame(object, call->getArg(0)) || !isPure(object, site.context))
    return false;
  StringRef field = slot->getMemberDecl()->getName();
  const Form *form = rule.formFor(Use::Value, site.floor,
                                  [&](const Form &form) { return lookup(form.rename, field); });
  auto spot = site.spelling.token(slot->getMemberLoc(), field);
  // The call may be a macro's argument, so what is called ends at its parenthesis.
  size_t paren = spot ? site.spelling.text(spot->file).find('(', spot->offset) : StringRef::npos;
  auto range = paren != StringRef::npos
                   ? site.spelling.rangeAt(spot->level, call->getCallee()->getBeginLoc(),
                                           call->getCallee()->getEndLoc(), {0, unsigned(paren)})
                   : std::nullopt;
  if (!form || !range || range->file != spot->file || range->inMacro != spot->inMacro)
    return false;
  Rewrite rewrite;
  rewrite.file = finding.file;
  rewrite.extent = range->range;
  rewrite.anew = true;
  rewrite.to = *lookup(form->rename, field);
  finding.use = site.use;
  finding.rewrites.push_back(rewrite);
  finding.safety = form->safety ? lower(rule.safety, *form->safety) : rule.safety;
  return true;
}

} // namespace abi3ify
