// Conversions of numbers that take other objects in other versions. What may
// reach the call is read from the tests in front of it: the conditions of the
// branches that it stands in, and those that leave the function before.
#include "abi3ify/judge.h"
#include "clang/AST/DynamicRecursiveASTVisitor.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/StringSwitch.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

const VarDecl *variableOf(const Expr *expr) {
  auto *reference = dyn_cast<DeclRefExpr>(bare(expr));
  return reference ? dyn_cast<VarDecl>(reference->getDecl()) : nullptr;
}

/// The checks of one variable (PyFloat_Check) around a place.
struct Checks {
  StringSet<> surely;  ///< each of them holds there
  StringSet<> perhaps; ///< that one may be why it is reached

  Checks(const Site &site, const VarDecl *variable) : variable(variable) {
    const Stmt *child = site.expr;
    for (const Stmt *parent : reverse(site.parents)) {
      if (auto *branch = dyn_cast<IfStmt>(parent)) {
        if (child == branch->getThen())
          assume(branch->getCond(), true);
        else if (child == branch->getElse())
          assume(branch->getCond(), false);
      } else if (auto *choice = dyn_cast<ConditionalOperator>(parent)) {
        if (child == choice->getTrueExpr())
          assume(choice->getCond(), true);
        else if (child == choice->getFalseExpr())
          assume(choice->getCond(), false);
      } else if (auto *both = dyn_cast<BinaryOperator>(parent)) {
        if (both->isLogicalOp() && child == both->getRHS())
          assume(both->getLHS(), both->getOpcode() == BO_LAnd);
      } else if (auto *block = dyn_cast<CompoundStmt>(parent)) {
        for (const Stmt *stmt : block->body()) {
          if (stmt == child)
            break;
          auto *branch = dyn_cast<IfStmt>(stmt);
          if (branch && !branch->getElse() && leaves(branch->getThen()))
            assume(branch->getCond(), false);
        }
      }
      child = parent;
    }
  }

private:
  static bool leaves(const Stmt *stmt) {
    if (auto *block = dyn_cast<CompoundStmt>(stmt))
      return !block->body_empty() && leaves(block->body_back());
    return isa<ReturnStmt, GotoStmt, BreakStmt, ContinueStmt, CXXThrowExpr>(stmt);
  }

  /// What follows from a condition that was true, or was false.
  void assume(const Expr *condition, bool holds, bool certain = true) {
    condition = condition->IgnoreParenImpCasts();
    if (auto *negation = dyn_cast<UnaryOperator>(condition);
        negation && negation->getOpcode() == UO_LNot)
      return assume(negation->getSubExpr(), !holds, certain);
    if (auto *both = dyn_cast<BinaryOperator>(condition); both && both->isLogicalOp()) {
      bool each = (both->getOpcode() == BO_LAnd) == holds;
      assume(both->getLHS(), holds, certain && each);
      return assume(both->getRHS(), holds, certain && each);
    }
    auto *call = dyn_cast<CallExpr>(condition);
    if (!call || !holds || call->getNumArgs() < 1 || variableOf(call->getArg(0)) != variable)
      return;
    perhaps.insert(calledName(call));
    if (certain)
      surely.insert(calledName(call));
  }

  const VarDecl *variable;
};

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
  Checks checks(site, variable);
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
  return !(variable && hasAny(Checks(site, variable).surely,
                              {"PyComplex_Check", "PyComplex_CheckExact", "PyFloat_Check",
                               "PyFloat_CheckExact", "PyLong_Check", "PyLong_CheckExact"})) &&
         say(site, rule, finding);
}

/// exact-index: the result goes into a variable of which the function asks
/// whether it is an int and no subclass.
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
  return anyCall(site.function->getBody(),
                 [&](const CallExpr *call) {
                   return call->getNumArgs() &&
                          (calledName(call) == "PyLong_CheckExact" ||
                           calledName(call) == "Py_IS_TYPE") &&
                          variableOf(call->getArg(0)) == variable;
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
