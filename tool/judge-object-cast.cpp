// object-cast: macros that cast their argument in the full API and are plain
// functions of PyObject * under Limited API 3.11 and later.
#include "abi3ify/judge.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {

bool judgeObjectCast(const Site &site, const Rule &rule, Finding &finding) {
  auto *call = cast<CallExpr>(site.expr);
  // The form names the arguments that the macro used to cast, from the first on.
  const Form *form = rule.formFor(Use::Value, site.floor);
  if (!form)
    return false;

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
  std::string wanted;
  for (unsigned i = 0; i < call->getNumArgs() && i < rule.args.size(); ++i) {
    const std::string *type = lookup(form->cast, rule.args[i]);
    if (!type)
      continue;
    wanted = *type;
    bool cast = needsCast(call->getArg(i), *type, site.context);
    needed |= cast;
    if (!spelled)
      continue;
    Argument argument;
    argument.name = std::to_string(i);
    argument.range = spelled->args[i];
    if (cast)
      argument.cast = *type;
    argument.primary = isPrimary(call->getArg(i), argument.range, site, spot->inMacro, true);
    rewrite.args.push_back(argument);
  }
  if (!needed)
    return false;
  finding.use = site.use;
  finding.message = "'" + finding.symbol + "' no longer casts its argument to " + wanted;
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
