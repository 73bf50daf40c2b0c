// Conversions of numbers that take other objects in other versions. What may
// reach the call is read from the tests in front of it: the conditions of the
// branches that it stands in, and those that leave the function before.
#include "abi3ify/judge.h"
#include "abi3ify/object-checks.h"
#include "clang/AST/DynamicRecursiveASTVisitor.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

bool hasAny(const StringSet<> &set, ArrayRef<StringRef> names) {
  return any_of(names, [&](StringRef name) { return set.contains(name); });
}

bool say(const Site &site, const Rule &rule, Finding &finding) {
  if (const std::string *reason = rule.reasonFor(Use::Value, site.floor))
    finding.reason = *reason;
  return true;
}

/// float-to-int: an object that a test in front lets be a float.
bool judgeFloatToInt(const Site &site, const Rule &rule, Finding &finding) {
  if (site.args.empty())
    return false;
  if (auto *call = dyn_cast<CallExpr>(bare(site.args[0])))
    return (calledName(call).starts_with("PyFloat_From") || calledName(call) == "PyNumber_Float") &&
           say(site, rule, finding);
  const VarDecl *variable = variableOf(site.args[0]);
  if (!variable)
    return false;
  ObjectChecks checks(site.expr, site.parents, variable);
  if (hasAny(checks.denied, {"PyFloat_Check"}) ||
      isMadeBy(site.function, site.expr, variable,
               {"PyNumber_Long", "PyNumber_Index", "PyLong_From*"}))
    return false;
  return hasAny(checks.perhaps, {"PyFloat_Check", "PyFloat_CheckExact", "PyNumber_Check"}) &&
         !hasAny(checks.surely, {"PyLong_Check", "PyLong_CheckExact", "PyIndex_Check"}) &&
         say(site, rule, finding);
}

/// not-complex: an object that no test in front makes a complex or a float.
bool judgeNotComplex(const Site &site, const Rule &rule, Finding &finding) {
  if (site.args.empty())
    return false;
  if (auto *call = dyn_cast<CallExpr>(bare(site.args[0]));
      call && calledName(call).starts_with("PyComplex_From"))
    return false;
  const VarDecl *variable = variableOf(site.args[0]);
  if (variable && isParsedAs(site.function, variable, "PyComplex_Type"))
    return false;
  return !(variable && hasAny(ObjectChecks(site.expr, site.parents, variable).surely,
                              {"PyComplex_Check", "PyComplex_CheckExact", "PyFloat_Check",
                               "PyFloat_CheckExact", "PyLong_Check", "PyLong_CheckExact"})) &&
         say(site, rule, finding);
}

/// Whether a call asks if an object is an int and no subclass.
bool asksForExactInt(const CallExpr *call) {
  if (calledName(call) == "PyLong_CheckExact")
    return true;
  if (calledName(call) != "Py_IS_TYPE" || call->getNumArgs() != 2)
    return false;
  auto *type = dyn_cast<UnaryOperator>(bare(call->getArg(1)));
  const VarDecl *variable = type ? variableOf(type->getSubExpr()) : nullptr;
  return variable && variable->getIdentifier() && variable->getName() == "PyLong_Type";
}

/// exact-index: the result goes into a variable of which the function asks
/// afterwards whether it is an int and no subclass.
bool judgeExactIndex(const Site &site, const Rule &rule, Finding &finding) {
  const VarDecl *variable = nullptr;
  for (const Stmt *parent : reverse(site.parents)) {
    if (auto *assignment = dyn_cast<BinaryOperator>(parent);
        assignment && assignment->getOpcode() == BO_Assign)
      variable = variableOf(assignment->getLHS());
    else if (auto *declaration = dyn_cast<DeclStmt>(parent);
             declaration && declaration->isSingleDecl())
      variable = dyn_cast<VarDecl>(declaration->getSingleDecl());
    else if (isa<ParenExpr, CastExpr>(parent))
      continue;
    break;
  }
  if (!variable || !site.function || !site.function->hasBody())
    return false;
  const SourceManager &sources = site.context.getSourceManager();
  SourceLocation made = sources.getExpansionLoc(site.expr->getBeginLoc());
  return anyCall(site.function->getBody(),
                 [&](const CallExpr *call) {
                   return call->getNumArgs() && asksForExactInt(call) &&
                          variableOf(call->getArg(0)) == variable &&
                          sources.isBeforeInTranslationUnit(
                              made, sources.getExpansionLoc(call->getBeginLoc()));
                 }) &&
         say(site, rule, finding);
}

} // namespace

Judge findConversionJudge(StringRef name) {
  return StringSwitch<Judge>(name)
      .Case("float-to-int", judgeFloatToInt)
      .Case("not-complex", judgeNotComplex)
      .Case("exact-index", judgeExactIndex)
      .Default(nullptr);
}

} // namespace abi3ify
