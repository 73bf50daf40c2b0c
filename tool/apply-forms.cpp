// From a rule's form and a matched expression to a rewrite: which text is
// which argument, and what must be cast.
#include "abi3ify/facts.h"
#include "abi3ify/judge.h"
#include "abi3ify/ownership.h"
#include "abi3ify/unit.h"
#include "clang/AST/ExprCXX.h"
#include "clang/Lex/Lexer.h"
#include "llvm/ADT/StringExtras.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

bool manual(Finding &finding, const Twine &reason) {
  finding.safety = Safety::Manual;
  finding.rewrites.clear();
  finding.reason = reason.str();
  return false;
}

/// "NEW" if the template only gives the call another name: NEW($a, $b).
std::optional<StringRef> plainRename(StringRef to, ArrayRef<std::string> args) {
  std::string tail = "(";
  for (size_t i = 0; i < args.size(); ++i)
    tail += (i ? ", $" : "$") + args[i];
  if (!to.consume_back(tail + ")") || !all_of(to, [](char c) { return isAlnum(c) || c == '_'; }))
    return std::nullopt;
  return to;
}

/// Fills what an argument's text is like; its range is known already.
void describe(Argument &argument, const Expr *expr, const Site &site, const Form &form,
              const Spot &spot, bool behindMacro) {
  argument.primary = isPrimary(expr, argument.range, site, spot.inMacro, behindMacro);
  if (const std::string *type = lookup(form.cast, argument.name))
    if (needsCast(expr, *type, site.context))
      argument.cast = *type;
}

/// x of (PyListObject *)x, where the form wants a PyObject *: a cast to a struct
/// whose name the limit hides goes away. Else the expression itself.
const Expr *behindHiddenCast(const Expr *expr, Argument &argument, const Site &site,
                             const Form &form, const Spot &spot) {
  const std::string *type = lookup(form.cast, argument.name);
  auto *written = dyn_cast<CStyleCastExpr>(expr->IgnoreParenImpCasts());
  if (!type || *type != "PyObject *" || !written || written->getLParenLoc().isMacroID())
    return expr;
  auto *named = written->getType()->getPointeeType().getTypePtrOrNull();
  auto *alias = named ? named->getAs<TypedefType>() : nullptr;
  const Expr *inner = written->getSubExpr()->IgnoreImpCasts();
  if (!alias || !inner->getType()->isPointerType() ||
      !facts().lacking(alias->getDecl()->getName(), site.floor))
    return expr;
  auto range = site.spelling.rangeAt(spot.level, inner->getBeginLoc(), inner->getEndLoc());
  if (!range || range->file != spot.file || !argument.range.contains(range->range))
    return expr;
  argument.range = range->range;
  return inner;
}

/// Whether an expression mentions something called `name`.
bool mentions(const Stmt *stmt, StringRef name) {
  if (!stmt)
    return false;
  if (auto *reference = dyn_cast<DeclRefExpr>(stmt))
    if (reference->getDecl()->getDeclName().isIdentifier() &&
        reference->getDecl()->getName() == name)
      return true;
  return any_of(stmt->children(), [&](const Stmt *child) { return mentions(child, name); });
}

/// A local variable of the template (py_...) that an argument also names.
std::string takenLocal(const Site &site, const Form &form) {
  StringRef rest = form.to;
  for (size_t at = rest.find("py_"); at != StringRef::npos; at = rest.find("py_")) {
    StringRef name = rest.drop_front(at).take_while([](char c) { return isAlnum(c) || c == '_'; });
    for (const Expr *argument : site.args)
      if (mentions(argument, name))
        return name.str();
    rest = rest.drop_front(at + name.size());
  }
  return {};
}

bool withinOneBody(const Spot &spot, const SpelledRange &range) {
  return range.file == spot.file && range.inMacro == spot.inMacro;
}

/// Adds "$value", the right side of an assignment, to the rewrite.
bool addValue(const Site &site, const Spot &spot, const Form &form, Rewrite &rewrite) {
  const Expr *value = site.assignment->getRHS();
  auto range = site.spelling.rangeAt(spot.level, value->getBeginLoc(), value->getEndLoc());
  if (!range || !withinOneBody(spot, *range) || range->range.begin < rewrite.extent.end)
    return false;
  Argument argument;
  argument.name = "value";
  argument.range = range->range;
  describe(argument, value, site, form, spot, false);
  rewrite.args.push_back(argument);
  rewrite.extent.end = range->range.end;
  return true;
}

bool applyToCall(const Site &site, const Rule &rule, const Form &form, const Spot &spot,
                 Finding &finding) {
  auto *call = cast<CallExpr>(site.expr);
  StringRef text = site.spelling.text(spot.file);
  unsigned limit = spot.inMacro ? directiveEnd(text, spot.offset) : text.size();
  auto *callee = call->getDirectCallee();
  bool isMacro = callee && callee->getName().starts_with(NormalPrefix);
  auto spelled = callText(text, spot.offset, limit, isMacro);

  Rewrite rewrite;
  rewrite.file = finding.file;
  rewrite.to = form.to;
  if (!spelled || spelled->args.size() != rule.args.size() ||
      call->getNumArgs() != rule.args.size()) {
    // `#define ITEM PyTuple_GET_ITEM`: without casts a new name is enough.
    auto name = plainRename(form.to, rule.args);
    bool casts = any_of(enumerate(rule.args), [&](auto item) {
      const std::string *type = lookup(form.cast, item.value());
      return type && item.index() < call->getNumArgs() &&
             needsCast(call->getArg(item.index()), *type, site.context);
    });
    if (!name || casts || call->getNumArgs() != rule.args.size())
      return manual(finding, "its arguments are not spelled next to the name; write them there");
    rewrite.extent = finding.range;
    rewrite.to = name->str();
    finding.rewrites.push_back(rewrite);
    return true;
  }

  rewrite.extent = spelled->all;
  for (auto [name, range, expr] : zip(rule.args, spelled->args, call->arguments())) {
    Argument argument;
    argument.name = name;
    argument.range = range;
    const Expr *taken = behindHiddenCast(expr, argument, site, form, spot);
    describe(argument, taken, site, form, spot, isMacro);
    rewrite.args.push_back(argument);
  }
  if ((site.use == Use::Assign || site.use == Use::Update) && site.assignment &&
      !addValue(site, spot, form, rewrite))
    return manual(finding, "the assigned value is not spelled in the same place");
  finding.rewrites.push_back(rewrite);
  return true;
}

/// The pointer through which the member is reached: without the embedded
/// object headers (ob_base) and without casts between pointers.
struct Reached {
  const Expr *object;
  bool addressOf;
};
Reached reachedObject(const MemberExpr *member) {
  const Expr *base = member->getBase();
  bool arrow = member->isArrow();
  auto stripParens = [](const Expr *expr) { return expr->IgnoreParenImpCasts(); };
  while (auto *inner = dyn_cast<MemberExpr>(stripParens(base))) {
    auto *field = dyn_cast<FieldDecl>(inner->getMemberDecl());
    if (!field || arrow)
      break;
    bool anonymous = field->isAnonymousStructOrUnion();
    bool head = field->getDeclName().isIdentifier() && field->getName() == "ob_base" &&
                field->getFieldIndex() == 0;
    if (!anonymous && !head)
      break;
    arrow = inner->isArrow();
    base = inner->getBase();
  }
  if (!arrow)
    return {stripParens(base), true};
  const Expr *object = stripParens(base);
  while (auto *cast = dyn_cast<CStyleCastExpr>(object)) {
    const Expr *from = stripParens(cast->getSubExpr());
    if (!from->getType()->isPointerType() || cast->getLParenLoc().isMacroID())
      break;
    object = from;
  }
  return {object, false};
}

/// x->tp_as_number of x->tp_as_number->nb_add, for a rule whose `via` names it.
const MemberExpr *viaMember(const MemberExpr *member, StringRef via) {
  auto *inner = dyn_cast<MemberExpr>(member->getBase()->IgnoreParenImpCasts());
  return inner && member->isArrow() && inner->getMemberDecl()->getDeclName().isIdentifier() &&
                 inner->getMemberDecl()->getName() == via
             ? inner
             : nullptr;
}

/// $field and $type are known before the rest.
std::string withField(StringRef to, const FieldDecl *field) {
  std::string text = to.str();
  for (auto [name, value] : {std::pair<StringRef, std::string>("$field", field->getName()),
                             {"$type", field->getType().getAsString()}})
    for (size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + value.size()))
      text.replace(at, name.size(), value);
  return text;
}

bool applyToField(const Site &site, const Rule &rule, const Form &form, const Spot &spot,
                  Finding &finding) {
  auto *member = cast<MemberExpr>(site.expr);
  const MemberExpr *reached = rule.via.empty() ? member : viaMember(member, rule.via);
  if (!reached)
    return manual(finding, "the type object is not in sight here: the table was taken from its " +
                               rule.via + " before");
  auto [object, addressOf] = reachedObject(reached);
  Rewrite rewrite;
  rewrite.file = finding.file;
  rewrite.to = withField(form.to, cast<FieldDecl>(member->getMemberDecl()));
  Argument argument;
  argument.name = "object";
  argument.addressOf = addressOf;

  auto *self = dyn_cast<CXXThisExpr>(object);
  SourceLocation begin = member->getBeginLoc();
  if (auto *arrow = dyn_cast<CXXOperatorCallExpr>(object);
      arrow && arrow->getOperator() == OO_Arrow)
    return manual(finding, "the member is reached through an operator-> of C++; name the object "
                           "behind it");
  if (self && self->isImplicit()) {
    auto whole = site.spelling.rangeAt(spot.level, begin, member->getMemberLoc(),
                                       {0, spot.offset + spot.length});
    if (!whole)
      return manual(finding, "the member is not spelled in one place");
    argument.text = "this";
    rewrite.extent = whole->range;
    argument.primary = true;
    if (const std::string *type = lookup(form.cast, "object"))
      if (needsCast(object, *type, site.context))
        argument.cast = *type;
  } else {
    auto whole = site.spelling.rangeAt(spot.level, begin, member->getMemberLoc(),
                                       {0, spot.offset + spot.length});
    auto range = site.spelling.rangeAt(spot.level, object->getBeginLoc(), object->getEndLoc(),
                                       {0, spot.offset});
    if (!range || !whole || !withinOneBody(spot, *range) || !withinOneBody(spot, *whole) ||
        !whole->range.contains(range->range) || whole->range.end != finding.range.end)
      return manual(finding, "the object and the member are not spelled in the same place");
    argument.range = range->range;
    rewrite.extent = whole->range;
    if (addressOf) {
      argument.primary = bindsTightly(object) && !spot.inMacro;
      if (lookup(form.cast, "object"))
        argument.cast = *lookup(form.cast, "object"); // &x never has the head's type
      if (structName(object->getType()->getAsRecordDecl()) ==
          StringRef(argument.cast).rtrim('*').rtrim())
        argument.cast.clear();
    } else
      describe(argument, object, site, form, spot, false);
  }
  rewrite.args.push_back(argument);
  if ((site.use == Use::Assign || site.use == Use::Update) && site.assignment &&
      !addValue(site, spot, form, rewrite))
    return manual(finding, "the assigned value is not spelled in the same place");
  finding.rewrites.push_back(rewrite);
  return true;
}

/// A form that gives a new reference: all releases are part of the edit.
bool addReleases(const Site &site, const Rule &rule, Finding &finding) {
  auto stays = [&](const Twine &why) {
    return manual(finding, "the replacement gives a new reference, and " + why +
                               "; release it by hand on every path");
  };
  if (!site.function || !site.function->hasBody())
    return stays("it is not used in a function");
  if (finding.inMacro)
    return stays("it is used in a macro's body");
  ParentMap parents(site.function->getBody());
  const VarDecl *variable = receivingVariable(site.expr, parents);
  if (!variable)
    return stays("it does not go into a local variable of its own");
  auto gives = [&](const Expr *expr) {
    if (auto *call = dyn_cast<CallExpr>(expr))
      return is_contained(rule.names, calledName(call)) && call->getDirectCallee() &&
             !site.spelling.isUsers(call->getDirectCallee()->getLocation());
    auto *member = dyn_cast<MemberExpr>(expr);
    return member && member->getMemberDecl()->getDeclName().isIdentifier() &&
           is_contained(rule.names, member->getMemberDecl()->getName());
  };
  ReleasePlan plan = planReleases(site, variable, parents, gives);
  if (!plan.refusal.empty())
    return stays(plan.refusal);
  ReleaseEdits edits = writeReleases(site, variable, parents, plan);
  if (!edits.refusal.empty())
    return stays(edits.refusal);
  append_range(finding.rewrites, edits.rewrites);
  // All definitions of one variable are edited together.
  finding.group = rule.id + " " + site.spelling.place(variable->getLocation());
  finding.safety = lower(finding.safety, Safety::Review);
  finding.reason = "gives a new reference, which is released on each path (" +
                   std::to_string(edits.rewrites.size()) + " more edits)";
  return true;
}

/// Whether an argument is a constant by its name and nothing else. In the body of
/// a macro it must be spelled there: a parameter is another one in each expansion.
bool isConstant(const Site &site, const Expr *expr, StringRef name) {
  const SourceManager &sources = site.context.getSourceManager();
  auto besideCall = [&](SourceLocation location) {
    return sources.getFileID(location) == sources.getFileID(site.expr->getBeginLoc());
  };
  expr = expr->IgnoreParenImpCasts();
  SourceLocation location = expr->getBeginLoc();
  if (auto *reference = dyn_cast<DeclRefExpr>(expr))
    return isa<EnumConstantDecl>(reference->getDecl()) &&
           reference->getDecl()->getName() == name && besideCall(location);
  while (isa<IntegerLiteral>(expr) && location.isMacroID() && !sources.isMacroArgExpansion(location)) {
    StringRef macro = Lexer::getImmediateMacroName(location, sources, site.context.getLangOpts());
    location = sources.getImmediateExpansionRange(location).getBegin();
    if (macro == name)
      return besideCall(location);
  }
  return false;
}

} // namespace

bool applyForms(const Site &site, const Rule &rule, Finding &finding) {
  finding.use = site.use;
  if (isa<CallExpr>(site.expr) && rule.args.size() > site.args.size())
    return manual(finding, "it has fewer arguments here than rule '" + rule.id + "' knows");
  auto isNull = [&](const Expr *expr) {
    return expr->isNullPointerConstant(site.context, Expr::NPC_ValueDependentIsNotNull) !=
           Expr::NPCK_NotNull;
  };
  auto isNonNull = [&](const Expr *expr) {
    bool value = false;
    return !expr->isValueDependent() && expr->EvaluateAsBooleanCondition(value, site.context) &&
           value;
  };
  const Form *form = rule.formFor(site.use, site.floor, [&](const Form &candidate) {
    for (auto [name, expr] : zip_first(rule.args, site.args)) {
      const std::string *constant = lookup(candidate.constant, name);
      if ((is_contained(candidate.null, name) && !isNull(expr)) ||
          (is_contained(candidate.nonNull, name) && !isNonNull(expr)) ||
          (constant && !isConstant(site, expr, *constant)))
        return false;
    }
    return true;
  });
  if (!form) {
    const std::string *reason = rule.reasonFor(site.use, site.floor);
    return manual(finding, reason ? *reason
                                  : "no form of rule '" + rule.id + "' holds for this use (" +
                                        name(site.use).str() + ") at this floor");
  }
  finding.safety = form->safety ? lower(rule.safety, *form->safety) : rule.safety;
  for (auto [name, expr] : zip_first(rule.args, site.args))
    if (is_contained(form->pure, name) && !isPure(expr, site.context))
      return manual(finding, "the replacement would evaluate '" + name +
                                 "' twice or not at all, and it has side effects");
  if (is_contained(form->pure, "object") && isa<MemberExpr>(site.expr) &&
      !isPure(cast<MemberExpr>(site.expr)->getBase(), site.context))
    return manual(finding, "the replacement would evaluate the object twice, and it has side "
                           "effects");

  if (site.assignmentIsValue && form->uses.has(site.use))
    return manual(finding, "the value of the assignment is used, and the replacement has none; "
                           "make the assignment a statement of its own");
  if (std::string taken = takenLocal(site, *form); !taken.empty())
    return manual(finding, "the replacement needs a variable '" + taken +
                               "', and the arguments use one of that name");

  SourceLocation location;
  if (auto *member = dyn_cast<MemberExpr>(site.expr))
    location = member->getMemberLoc();
  else
    location = cast<CallExpr>(site.expr)->getCallee()->IgnoreParenImpCasts()->getBeginLoc();
  auto spot = site.spelling.token(location, finding.symbol);
  if (!spot)
    return manual(finding, "its name comes out of a macro that pastes it together or that is not "
                           "the project's");
  bool applied = isa<MemberExpr>(site.expr) ? applyToField(site, rule, *form, *spot, finding)
                                            : applyToCall(site, rule, *form, *spot, finding);
  return applied && form->strong ? addReleases(site, rule, finding) : applied;
}

} // namespace abi3ify
