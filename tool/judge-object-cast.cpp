// object-cast: macros that cast their argument in the full API and are plain
// functions of PyObject * under Limited API 3.11 and later.
#include "abi3ify/judge.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {

bool judgeObjectCast(const Site &site, const Rule &rule, Finding &finding) {
  if (site.floor.minor < 11)
    return false;
  auto *call = cast<CallExpr>(site.expr);
  // The signature's "any" parameters are those that the macro casts.
  const std::string *signature = lookup(rule.macros, finding.symbol);
  if (!signature)
    return false;
  SmallVector<StringRef, 4> params;
  StringRef(*signature).rsplit('(').second.rtrim(')').split(params, ',');

  auto location = call->getCallee()->IgnoreParenImpCasts()->getBeginLoc();
  auto spot = site.spelling.token(location, finding.symbol);
  std::optional<CallText> spelled;
  if (spot) {
    StringRef text = site.spelling.text(spot->file);
    unsigned limit = spot->inMacro ? directiveEnd(text, spot->offset) : text.size();
    spelled = callText(text, spot->offset, limit, /*isMacro=*/true);
    if (spelled && spelled->args.size() != call->getNumArgs())
      spelled.reset();
  }

  Rewrite rewrite;
  rewrite.file = finding.file;
  rewrite.castsOnly = true;
  bool needed = false;
  for (unsigned i = 0; i < call->getNumArgs() && i < params.size(); ++i) {
    if (params[i].trim() != "any")
      continue;
    bool cast = needsCast(call->getArg(i), "PyObject *", site.context);
    needed |= cast;
    if (!spelled)
      continue;
    Argument argument;
    argument.name = std::to_string(i);
    argument.range = spelled->args[i];
    if (cast)
      argument.cast = "PyObject *";
    const Expr *inner = call->getArg(i)->IgnoreParenImpCasts();
    StringRef text = site.spelling.text(spot->file).slice(argument.range.begin, argument.range.end);
    bool parenthesized = text.starts_with("(") && text.ends_with(")") && isa<ParenExpr>(
        call->getArg(i)->IgnoreImpCasts()) &&
        isa<ParenExpr>(dyn_cast<ParenExpr>(call->getArg(i)->IgnoreImpCasts())->getSubExpr());
    argument.primary = parenthesized || (!spot->inMacro && bindsTightly(inner) &&
                                         !(inner->getBeginLoc().isMacroID() &&
                                           !site.spelling.range(inner->getBeginLoc(),
                                                                inner->getEndLoc())));
    rewrite.args.push_back(argument);
  }
  if (!needed)
    return false;
  finding.use = site.use;
  finding.message = "'" + finding.symbol + "' no longer casts its argument to PyObject *";
  if (!spelled) {
    finding.safety = Safety::Manual;
    finding.reason = "its arguments are not spelled next to the name; add the cast there";
    return true;
  }
  finding.safety = rule.safety;
  rewrite.extent = spelled->all;
  finding.rewrites.push_back(rewrite);
  return true;
}

} // namespace abi3ify
