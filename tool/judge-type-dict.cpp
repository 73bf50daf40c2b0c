// type-dict: PyDict_SetItemString(T.tp_dict, "LIMIT", value). Storing into the
// dict of a type is setting an attribute of the type.
// Checked: the dict is what is stored into, there or through a local variable
// that is for nothing else; the name is not one that types treat in a way of
// their own; a type that is named is the project's. Whether that type can be
// written to is known when all units are (type-dict-stores.cpp).
#include "abi3ify/judge.h"
#include "clang/AST/DynamicRecursiveASTVisitor.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

/// The innermost parent that is no parenthesis and no cast.
const Stmt *plainParent(const Site &site) {
  for (const Stmt *parent : reverse(site.parents))
    if (!isa<ParenExpr, CastExpr>(parent))
      return parent;
  return nullptr;
}

/// "__doc__" and the like: setting such an attribute does more than to store
/// it in the dict, or something else.
bool isSpecialName(const Expr *key) {
  auto *literal = dyn_cast<clang::StringLiteral>(bare(key));
  return literal && literal->getCharByteWidth() == 1 && literal->getString().starts_with("__");
}

/// All mentions of a variable, and all calls, in a function.
struct Mentions : ConstDynamicRecursiveASTVisitor {
  explicit Mentions(const VarDecl *variable) : variable(variable) {}
  bool VisitDeclRefExpr(const DeclRefExpr *reference) override {
    if (reference->getDecl() == variable)
      references.push_back(reference);
    return true;
  }
  bool VisitCallExpr(const CallExpr *call) override {
    calls.push_back(call);
    return true;
  }
  bool VisitBinaryOperator(const BinaryOperator *op) override {
    if (op->getOpcode() == BO_Assign && bareReference(op->getLHS()) == variable)
      assigned.push_back(op->getLHS());
    return true;
  }
  static const Decl *bareReference(const Expr *expr) {
    auto *reference = dyn_cast<DeclRefExpr>(expr->IgnoreParenImpCasts());
    return reference ? reference->getDecl() : nullptr;
  }
  const VarDecl *variable;
  std::vector<const DeclRefExpr *> references;
  std::vector<const CallExpr *> calls;
  std::vector<const Expr *> assigned;
};

class Store {
public:
  Store(const Site &site, const Form &form) : site(site), form(form) {}

  /// The calls that store into the dict; empty with a reason if it is for more.
  std::vector<const CallExpr *> find() {
    const Stmt *parent = plainParent(site);
    if (auto *call = dyn_cast_or_null<CallExpr>(parent); call && isStore(call, site.expr))
      return {call};
    const VarDecl *variable = nullptr;
    bool initialised = false;
    if (auto *op = dyn_cast_or_null<BinaryOperator>(parent);
        op && op->getOpcode() == BO_Assign && bare(op->getRHS()) == site.expr)
      variable = dyn_cast_or_null<VarDecl>(Mentions::bareReference(op->getLHS()));
    if (auto *declaration = dyn_cast_or_null<DeclStmt>(parent))
      for (const Decl *decl : declaration->decls())
        if (auto *one = dyn_cast<VarDecl>(decl);
            one && one->getInit() && bare(one->getInit()) == site.expr) {
          variable = one;
          initialised = true;
        }
    if (!variable || !variable->hasLocalStorage() || isa<ParmVarDecl>(variable) || !site.function)
      return {};
    return throughVariable(variable, initialised);
  }

  /// The new name of each call.
  bool rename(ArrayRef<const CallExpr *> calls, Finding &finding) const {
    for (const CallExpr *call : calls) {
      StringRef name = calledName(call);
      auto spot = site.spelling.token(call->getCallee()->getBeginLoc(), name);
      if (!spot || site.spelling.path(spot->file) != finding.file ||
          spot->inMacro != finding.inMacro)
        return false;
      Rewrite rewrite;
      rewrite.file = finding.file;
      rewrite.extent = {spot->offset, spot->offset + spot->length};
      rewrite.to = *lookup(form.rename, name);
      finding.rewrites.push_back(rewrite);
    }
    return true;
  }

private:
  bool isStore(const CallExpr *call, const Expr *dict) const {
    return call->getNumArgs() == 3 && lookup(form.rename, calledName(call)) &&
           bare(call->getArg(0)) == dict;
  }

  std::vector<const CallExpr *> throughVariable(const VarDecl *variable, bool initialised) {
    Mentions mentions(variable);
    mentions.TraverseStmt(site.function->getBody());
    std::vector<const CallExpr *> stores;
    for (const DeclRefExpr *reference : mentions.references)
      for (const CallExpr *call : mentions.calls)
        if (isStore(call, reference))
          stores.push_back(call);
    bool once = mentions.assigned.size() + (initialised || variable->getInit() ? 1 : 0) == 1;
    bool only = mentions.references.size() == stores.size() + mentions.assigned.size();
    return once && only ? stores : std::vector<const CallExpr *>();
  }

  const Site &site;
  const Form &form;
};

} // namespace

bool judgeTypeDict(const Site &site, const Rule &rule, Finding &finding) {
  finding.use = site.use;
  auto manual = [&](const Twine &reason) {
    finding.rewrites.clear();
    finding.safety = Safety::Manual;
    finding.reason = reason.str();
    return true;
  };
  const std::string *said = rule.reasonFor(site.use, site.floor);
  std::string otherwise = said ? *said : "take the attribute __dict__";
  const Form *form = rule.formFor(site.use, site.floor);
  if (!form)
    return manual(otherwise);
  Store store(site, *form);
  std::vector<const CallExpr *> calls = store.find();
  if (calls.empty())
    return manual(otherwise);
  for (const CallExpr *call : calls)
    if (isSpecialName(call->getArg(1)))
      return manual("a special name is set here, and setting such an attribute of a type does "
                    "more; give it to the type as a slot or a member of its spec");
  auto *member = cast<MemberExpr>(site.expr);
  auto *named = dyn_cast<DeclRefExpr>(member->getBase()->IgnoreParenImpCasts());
  if (!member->isArrow() && (!named || !site.spelling.isUsers(named->getDecl()->getLocation())))
    return manual("the attributes of a type of the interpreter cannot be set");
  if (!applyForms(site, rule, finding))
    return true;
  if (!store.rename(calls, finding))
    return manual("its store is spelled in another place; write PyObject_SetAttrString there");
  finding.reason = "sets an attribute; TypeError if the type is static or immutable";
  return true;
}

} // namespace abi3ify
