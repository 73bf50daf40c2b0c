// string-memory, string-kind, new-string: names that reach the memory of a
// string. What may be done depends on the string: one that the function makes
// is filled as bytes (new-string.h), another is read through a copy
// (string-view.h), or character by character (unicode-read).
#include "abi3ify/facts.h"
#include "abi3ify/judge-memory.h"
#include "abi3ify/new-string.h"
#include "abi3ify/string-view.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

void accept(const Site &site, Finding &finding, const Rule &rule, std::vector<Rewrite> rewrites, const VarDecl *variable,
            StringRef role, StringRef reason) {
  finding.rewrites = std::move(rewrites);
  finding.safety = lower(rule.safety, Safety::Review);
  finding.reason = reason.str();
  if (variable)
    finding.group = site.spelling.place(variable->getLocation()) + role.str();
}

/// All of a string that this function makes and fills.
bool fill(const Site &site, const Rule &rule, Finding &finding, const VarDecl *variable,
          const ParentMap &parents) {
  if (!variable || !getsNewString(variable, site.function, parents))
    return false;
  if (auto rewrites = fillAsBytes(site, variable, parents))
    accept(site, finding, rule, std::move(*rewrites), variable, "new",
           "the characters are collected as bytes and decoded once, which copies them, without the limit as well");
  return true;
}

/// The views need it, to tell ASCII text from other.
bool hasUtf8(Floor floor) {
  const Fact *fact = facts().find("PyUnicode_AsUTF8AndSize");
  return fact && fact->usableAt(floor);
}

bool canEdit(const Site &site, const Finding &finding) {
  return site.function && site.function->getBody() && !finding.inMacro;
}

} // namespace

bool judgeStringMemory(const Site &site, const Rule &rule, Finding &finding) {
  judgeUnicodeRead(site, rule, finding);
  if (finding.hasEdit() || !canEdit(site, finding))
    return true;
  ParentMap parents(const_cast<Stmt *>(site.function->getBody()));
  auto *call = cast<CallExpr>(site.expr);
  if (call->getNumArgs() != 1 && finding.symbol != "PyUnicode_WRITE")
    return true;
  StringEdits edits(site, parents);
  if (finding.symbol == "PyUnicode_READ" || finding.symbol == "PyUnicode_WRITE")
    return true;
  const VarDecl *string = localVariableIn(call->getArg(0));
  if (fill(site, rule, finding, string, parents) || !hasUtf8(site.floor))
    return true;
  if (string)
    if (auto copy = readCopy(site, string, parents)) {
      accept(site, finding, rule, std::move(copy->rewrites), copy->first, "view",
             "under the limit text that is not ASCII is copied in each call, which takes time; the copy is "
             "released on every way out");
      return true;
    }
  // The function hands the memory out, which a copy would not outlive.
  auto *back = dyn_cast_or_null<ReturnStmt>(userOf(call, parents));
  if (back && finding.symbol == "PyUnicode_1BYTE_DATA")
    if (auto rewrite = edits.castCall(call, "Py_UCS1 *", "limited_unicode_ascii($0)"))
      accept(site, finding, rule, {*rewrite}, nullptr, "",
             "right for ASCII text only, whose UTF-8 is the same memory; NULL with a ValueError for "
             "other text, so look at what the string may hold and at the callers");
  return true;
}

bool judgeStringKind(const Site &site, const Rule &rule, Finding &finding) {
  judgeUnicodeRead(site, rule, finding);
  if (finding.hasEdit() || !canEdit(site, finding))
    return true;
  ParentMap parents(const_cast<Stmt *>(site.function->getBody()));
  auto *call = cast<CallExpr>(site.expr);
  if (call->getNumArgs() != 1 ||
      fill(site, rule, finding, localVariableIn(call->getArg(0)), parents) || !hasUtf8(site.floor))
    return true;
  StringEdits edits(site, parents);
  const VarDecl *holder = nullptr;
  auto rewrites = kindRewrites(edits, call, site.function, parents, holder);
  auto own = edits.call(call, "limited_unicode_kind($0)");
  if (!rewrites || !own)
    return true;
  rewrites->push_back(*own);
  accept(site, finding, rule, std::move(*rewrites), holder, "kind",
         "under the limit text that is not ASCII is looked at character by character for it");
  return true;
}

bool judgeNewString(const Site &site, const Rule &rule, Finding &finding) {
  applyForms(site, rule, finding);
  if (finding.hasEdit() || !canEdit(site, finding))
    return true;
  ParentMap parents(const_cast<Stmt *>(site.function->getBody()));
  fill(site, rule, finding, variableGiven(site.expr, parents), parents);
  return true;
}

bool judgeKindAndData(const Site &site, const Rule &rule, Finding &finding) {
  if (!applyForms(site, rule, finding) || site.args.empty())
    return true;
  Rewrite &rewrite = finding.rewrites.front();
  Expr::EvalResult kind;
  if (!site.args[0]->isValueDependent() && site.args[0]->EvaluateAsInt(kind, site.context)) {
    // A constant goes in as its number: its name is not in the Limited API.
    size_t at = rewrite.to.find("$kind");
    if (at != std::string::npos && !rewrite.args.empty()) {
      rewrite.to.replace(at, 5, std::to_string(kind.Val.getInt().getExtValue()));
      rewrite.args.erase(rewrite.args.begin());
    }
    return true;
  }
  const VarDecl *holder = localVariableIn(site.args[0]);
  if (!holder || !canEdit(site, finding))
    return true;
  ParentMap parents(const_cast<Stmt *>(site.function->getBody()));
  StringEdits edits(site, parents);
  auto numbers = kindVariableRewrites(edits, holder, site.function, parents,
                                      [](const Expr *) { return false; });
  if (numbers)
    append_range(finding.rewrites, *numbers);
  return true;
}

} // namespace abi3ify
