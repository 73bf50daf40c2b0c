// fresh-container: PyTuple_SET_ITEM and PyList_SET_ITEM become checked calls
// that release the old item and, for tuples, demand that nobody else holds the
// container. A forward data-flow analysis over the function's CFG shows
//   - that the container was made by PyTuple_New or PyList_New on every path
//     and nothing but the filling has seen it since (fresh), and
//   - that no slot is filled twice (distinct).
// Assumed: the container is a local variable, or held by one (owner-class.h);
// functions that are called in between cannot reach it, because it was not
// passed to them.
#include "abi3ify/flow.h"
#include "abi3ify/judge.h"
#include "abi3ify/owner-class.h"
#include "clang/AST/ExprCXX.h"
#include "clang/AST/ParentMap.h"
#include <set>

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

/// What is known of the container at one point.
struct Knowledge {
  /// Null joins with Fresh: a valid program never fills through NULL.
  enum Kind { Unreached, Null, Fresh, Gone, Shared } kind = Unreached;
  /// Slots that may be filled (i stands for a variable): "#3" a constant, "i" the one that variable i
  /// names now, "<i" those that it named before it counted up, ">i" down, "+i"
  /// those that "i++" named, "*" any.
  std::set<std::string> filled;

  bool operator==(const Knowledge &) const = default;

  void join(const Knowledge &other) {
    if (other.kind == Unreached)
      return;
    if (kind == Unreached) {
      *this = other;
      return;
    }
    kind = std::max(kind, other.kind);
    filled.insert(other.filled.begin(), other.filled.end());
  }
};

/// The index of a SET_ITEM: a constant, a variable that counts, or unclear.
struct Index {
  enum Kind { Constant, Variable, Counting, Unclear } kind = Unclear;
  std::string key;
  const VarDecl *variable = nullptr;
};

/// Two variables may have one name.
std::string keyOf(const VarDecl *variable) {
  return variable->getNameAsString() + "@" +
         std::to_string(variable->getLocation().getRawEncoding());
}

Index classifyIndex(const Expr *expr, ASTContext &context) {
  expr = peel(expr);
  while (auto *cast = dyn_cast<CStyleCastExpr>(expr))
    expr = peel(cast->getSubExpr());
  Expr::EvalResult value;
  if (!expr->isValueDependent() && expr->EvaluateAsInt(value, context))
    return {Index::Constant, "#" + toString(value.Val.getInt(), 10), nullptr};
  if (auto *reference = dyn_cast<DeclRefExpr>(expr))
    if (auto *variable = dyn_cast<VarDecl>(reference->getDecl()))
      if (variable->hasLocalStorage())
        return {Index::Variable, keyOf(variable), variable};
  if (auto *op = dyn_cast<UnaryOperator>(expr); op && op->getOpcode() == UO_PostInc)
    if (auto *reference = dyn_cast<DeclRefExpr>(peel(op->getSubExpr())))
      if (auto *variable = dyn_cast<VarDecl>(reference->getDecl()))
        if (variable->hasLocalStorage())
          return {Index::Counting, keyOf(variable), variable};
  return {};
}

class Analysis {
public:
  Analysis(const Site &site, const VarDecl *container, const CallExpr *target)
      : context(site.context), spelling(site.spelling), function(site.function),
        container(container), target(target),
        parents(const_cast<Stmt *>(site.function->getBody())) {}

  /// False if the function has no CFG (then nothing is known).
  bool run() {
    if (lvalueEscapes(function->getBody()))
      return false;
    auto cfg = buildFlowGraph(function, context);
    if (!cfg)
      return false;
    forwardFlow(
        *cfg, Knowledge{Knowledge::Gone, {}},
        [&](const Stmt *stmt, Knowledge &state) { transfer(stmt, state); },
        [](const CFGBlock &, unsigned, Knowledge &) {});
    return true;
  }

  bool reached = false, fresh = true, distinct = true;

  /// Whether the function gives a member of an object what PyTuple_New makes, in front of the call, and shows
  /// it to nobody. Functions that it calls may know the object, so this is weaker than fresh.
  bool isMadeHere(const MemberExpr *member) const {
    bool made = false, behind = false;
    return showsNobody(function->getBody(), member, made, behind) && made;
  }

private:
  bool showsNobody(const Stmt *stmt, const MemberExpr *member, bool &made, bool &behind) const {
    if (!stmt)
      return true;
    if (auto *other = dyn_cast<MemberExpr>(stmt); other && isSameMember(other, member)) {
      const Expr *value = valueGiven(other);
      if (!value && !isKnownUse(other))
        return false;
      if (auto *call = dyn_cast_or_null<CallExpr>(value); call && !behind && pythonName(call) == "PyTuple_New")
        made = true;
    }
    bool result = all_of(stmt->children(), [&](const Stmt *child) { return showsNobody(child, member, made, behind); });
    behind |= stmt == target;
    return result;
  }

  /// x->m of the same variable x.
  static bool isSameMember(const MemberExpr *one, const MemberExpr *other) {
    auto *a = dyn_cast<DeclRefExpr>(peel(one->getBase())), *b = dyn_cast<DeclRefExpr>(peel(other->getBase()));
    return one->getMemberDecl() == other->getMemberDecl() && a && b && a->getDecl() == b->getDecl();
  }

  /// The right side of the assignment, or Py_SETREF, to an expression; null if there is none.
  const Expr *valueGiven(const Expr *target) const {
    const Stmt *child = target, *parent = parents.getParent(child);
    while (isa_and_nonnull<ParenExpr, CastExpr>(parent)) {
      child = parent;
      parent = parents.getParent(parent);
    }
    if (auto *op = dyn_cast_or_null<BinaryOperator>(parent); op && op->getOpcode() == BO_Assign && op->getLHS() == child)
      return bare(op->getRHS());
    auto *call = dyn_cast_or_null<CallExpr>(parent);
    StringRef name = call ? pythonName(call) : StringRef();
    return (name == "Py_SETREF" || name == "Py_XSETREF") && call->getNumArgs() == 2 && call->getArg(0) == child ? bare(call->getArg(1)) : nullptr;
  }

  bool isContainer(const Expr *expr) const {
    expr = peel(expr);
    while (auto *cast = dyn_cast<CStyleCastExpr>(expr))
      expr = peel(cast->getSubExpr());
    auto *reference = dyn_cast<DeclRefExpr>(expr);
    return (reference && reference->getDecl() == container) || (container && ownerAsked(expr) == container);
  }

  bool isOwner() const { return container->getType()->isRecordType(); }

  /// A mention of an owner that shows what it holds to nobody.
  bool isKnownUseOfOwner(const DeclRefExpr *mention) const {
    OwnerMention mentioned = ownerMention(mention, [&](const Stmt *stmt) { return parents.getParent(stmt); });
    return mentioned.use == OwnerUse::Tests || (mentioned.use == OwnerUse::Gives && isKnownUse(mentioned.result));
  }

  /// The name of a function of Python's; the user's may be called like one.
  StringRef pythonName(const CallExpr *call) const {
    const FunctionDecl *callee = call->getDirectCallee();
    return callee && !spelling.isUsers(callee->getLocation()) ? calledName(call) : StringRef();
  }

  /// Whether somebody else may read or write the variable itself: its address
  /// is taken, a reference is bound to it, or a lambda captures it so.
  bool lvalueEscapes(const Stmt *stmt) const {
    if (!stmt)
      return false;
    if (auto *lambda = dyn_cast<LambdaExpr>(stmt))
      for (const LambdaCapture &capture : lambda->captures())
        if (capture.capturesVariable() && capture.getCapturedVar() == container)
          return true;
    if (auto *reference = dyn_cast<DeclRefExpr>(stmt); reference &&
                                                       reference->getDecl() == container) {
      // Nothing gives an owner another value unseen: from a mention that is not known on, it is shared.
      if (isOwner())
        return false;
      const Stmt *parent = parents.getParentIgnoreParens(const_cast<DeclRefExpr *>(reference));
      if (auto *cast = dyn_cast_or_null<ImplicitCastExpr>(parent))
        return cast->getCastKind() != CK_LValueToRValue;
      if (auto *op = dyn_cast_or_null<BinaryOperator>(parent))
        return !op->isAssignmentOp();
      // Py_CLEAR takes the address for itself.
      if (auto *op = dyn_cast_or_null<UnaryOperator>(parent); op && op->getOpcode() == UO_AddrOf)
        return spelling.isUsers(op->getOperatorLoc());
      return true;
    }
    return any_of(stmt->children(), [&](const Stmt *child) { return lvalueEscapes(child); });
  }

  static bool isFilling(StringRef name) {
    return name == "PyTuple_SET_ITEM" || name == "PyList_SET_ITEM" || name == "PyTuple_SetItem" ||
           name == "PyList_SetItem";
  }
  static bool isRelease(StringRef name) {
    return name == "Py_DECREF" || name == "Py_XDECREF" || name == "Py_CLEAR" ||
           name == "Py_DecRef";
  }
  static bool isHarmless(StringRef name) {
    return name == "PyTuple_GET_SIZE" || name == "PyList_GET_SIZE" || name == "PyTuple_Size" ||
           name == "PyList_Size" || name == "Py_SIZE";
  }

  void define(const Expr *value, Knowledge &state) const {
    state.filled.clear();
    state.kind = Knowledge::Shared;
    if (isOwner()) {
      auto *construction = dyn_cast<CXXConstructExpr>(value->IgnoreImplicit());
      value = construction ? takenArgument(construction, context) : nullptr;
      if (!value)
        return;
    }
    value = peel(value);
    while (auto *cast = dyn_cast<ExplicitCastExpr>(value))
      value = peel(cast->getSubExpr());
    if (value->isNullPointerConstant(context, Expr::NPC_ValueDependentIsNotNull))
      state.kind = Knowledge::Null;
    if (auto *call = dyn_cast<CallExpr>(value)) {
      StringRef name = pythonName(call);
      if (name == "PyTuple_New" || name == "PyList_New")
        state.kind = Knowledge::Fresh;
    }
  }

  void transfer(const Stmt *stmt, Knowledge &state) {
    if (auto *declaration = dyn_cast<DeclStmt>(stmt)) {
      for (const Decl *decl : declaration->decls())
        if (decl == container) {
          if (container->getInit())
            define(container->getInit(), state);
          else
            state = {Knowledge::Null, {}};
        } else if (auto *other = dyn_cast<VarDecl>(decl))
          changeIndex(other, 0, state);
      return;
    }
    if (auto *op = dyn_cast<BinaryOperator>(stmt); op && op->isAssignmentOp()) {
      if (isContainer(op->getLHS())) {
        define(op->getRHS(), state);
        // other = t = PyTuple_New(1): the value goes on from here.
        if (state.kind == Knowledge::Fresh && !isKnownUse(op))
          state.kind = Knowledge::Shared;
      } else
        changeIndex(op->getLHS(), stepOf(op), state);
      return;
    }
    if (auto *op = dyn_cast<UnaryOperator>(stmt); op && op->isIncrementDecrementOp()) {
      changeIndex(op->getSubExpr(), op->isIncrementOp() ? 1 : -1, state);
      return;
    }
    if (auto *call = dyn_cast<CallExpr>(stmt))
      return transferCall(call, state);
    if (auto *reference = dyn_cast<DeclRefExpr>(stmt)) {
      if (reference->getDecl() == container && !(isOwner() ? isKnownUseOfOwner(reference) : isKnownUse(reference)))
        state.kind = Knowledge::Shared;
      // Through its address a variable may get any value.
      auto *op = dyn_cast_or_null<UnaryOperator>(parents.getParentIgnoreParenImpCasts(
          const_cast<DeclRefExpr *>(reference)));
      if (op && op->getOpcode() == UO_AddrOf)
        if (auto *variable = dyn_cast<VarDecl>(reference->getDecl()))
          escaped.insert(variable);
    }
  }

  void transferCall(const CallExpr *call, Knowledge &state) {
    StringRef name = pythonName(call);
    if (call->getNumArgs() < 1 || !isContainer(call->getArg(0)))
      return;
    if (isRelease(name)) {
      state = {Knowledge::Gone, {}};
      return;
    }
    if (!isFilling(name) || call->getNumArgs() != 3)
      return;
    Index index = classifyIndex(call->getArg(1), context);
    if (call == target) {
      reached = true;
      fresh &= state.kind == Knowledge::Fresh;
      distinct &= isDistinct(index, state);
    }
    // A slot made NULL holds nothing that a second filling would release.
    if (call->getArg(2)->isNullPointerConstant(context, Expr::NPC_ValueDependentIsNotNull))
      return;
    state.filled.insert(index.kind == Index::Unclear    ? "*"
                        : index.kind == Index::Counting ? "+" + index.key
                                                        : index.key);
  }

  bool isDistinct(const Index &index, const Knowledge &state) const {
    if (state.filled.empty())
      return true;
    if (index.variable && escaped.count(index.variable))
      return false;
    auto all = [&](const std::string &wanted) {
      return all_of(state.filled, [&](const std::string &slot) { return slot == wanted; });
    };
    switch (index.kind) {
    case Index::Constant:
      return all_of(state.filled, [&](const std::string &slot) {
        return slot[0] == '#' && slot != index.key;
      });
    case Index::Variable:
      // "i" is dropped when i counts on, so it is there only on a refill.
      return all("<" + index.key) || all(">" + index.key);
    case Index::Counting:
      return all("+" + index.key);
    case Index::Unclear:
      return false;
    }
    return false;
  }

  /// Which way an assignment moves its variable: 1 up, -1 down, 0 anywhere.
  int stepOf(const BinaryOperator *op) const {
    Expr::EvalResult value;
    if ((op->getOpcode() != BO_AddAssign && op->getOpcode() != BO_SubAssign) ||
        op->getRHS()->isValueDependent() || !op->getRHS()->EvaluateAsInt(value, context) ||
        !value.Val.getInt().isStrictlyPositive())
      return 0;
    return op->getOpcode() == BO_AddAssign ? 1 : -1;
  }

  void changeIndex(const Expr *expr, int step, Knowledge &state) const {
    if (auto *reference = dyn_cast<DeclRefExpr>(peel(expr)))
      if (auto *variable = dyn_cast<VarDecl>(reference->getDecl()))
        changeIndex(variable, step, state);
  }

  /// An index variable changes: what it named lies on one side of it while it
  /// counts in one direction, else anywhere.
  void changeIndex(const VarDecl *variable, int step, Knowledge &state) const {
    std::string key = keyOf(variable);
    bool known = state.filled.erase(key) > 0;
    if (known)
      state.filled.insert(step > 0 ? "<" + key : step < 0 ? ">" + key : "*");
    if (step > 0)
      return turn(">" + key, state);
    turn("<" + key, state);
    turn("+" + key, state);
    if (step == 0)
      turn(">" + key, state);
  }

  static void turn(const std::string &slot, Knowledge &state) {
    if (state.filled.erase(slot))
      state.filled.insert("*");
  }

  /// A mention of the container that shows it to nobody.
  bool isKnownUse(const Expr *mention) const {
    const Stmt *child = mention;
    for (const Stmt *parent = parents.getParent(child); parent;
         child = parent, parent = parents.getParent(parent)) {
      if (isa<ParenExpr, ImplicitCastExpr>(parent))
        continue;
      if (auto *cast = dyn_cast<CStyleCastExpr>(parent)) {
        if (cast->getType()->isVoidType())
          return true;
        continue;
      }
      if (auto *op = dyn_cast<UnaryOperator>(parent))
        return op->getOpcode() == UO_LNot;
      if (auto *op = dyn_cast<BinaryOperator>(parent)) {
        if (op->isAssignmentOp())
          return op->getLHS() == child;
        return op->isEqualityOp() || op->isLogicalOp();
      }
      if (auto *call = dyn_cast<CallExpr>(parent)) {
        StringRef name = pythonName(call);
        return call->getNumArgs() && call->getArg(0) == child &&
               (isFilling(name) || isRelease(name) || isHarmless(name));
      }
      return isa<IfStmt, WhileStmt, ForStmt, DoStmt, ReturnStmt, CompoundStmt, LabelStmt, CaseStmt,
                 DefaultStmt, ConditionalOperator>(parent) &&
             !(isa<ConditionalOperator>(parent) &&
               cast<ConditionalOperator>(parent)->getCond() != child);
    }
    return false;
  }

  ASTContext &context;
  const Spelling &spelling;
  const FunctionDecl *function;
  const VarDecl *container;
  const CallExpr *target;
  ParentMap parents;
  std::set<const VarDecl *> escaped;
};

} // namespace

bool judgeFreshContainer(const Site &site, const Rule &rule, Finding &finding) {
  bool tuple = StringRef(finding.symbol).starts_with("PyTuple");
  // Outside of what the analysis can show, a list stays correct but for a
  // release of the old item; a tuple's function may refuse.
  auto lowerTo = [&](StringRef reason) {
    finding.reason = reason.str();
    if (const std::string *advice = rule.reasonFor(site.use, site.floor))
      finding.reason += "; " + *advice;
    finding.safety = tuple ? Safety::Manual : Safety::Review;
    if (tuple)
      finding.rewrites.clear();
  };
  if (!applyForms(site, rule, finding))
    return true;
  auto *call = cast<CallExpr>(site.expr);
  const Expr *object = call->getNumArgs() ? peel(call->getArg(0)) : nullptr;
  while (auto *cast = dyn_cast_or_null<CStyleCastExpr>(object))
    object = peel(cast->getSubExpr());
  if (auto *member = dyn_cast_or_null<MemberExpr>(object);
      tuple && member && site.function && site.function->getBody() && Analysis(site, nullptr, call).isMadeHere(member)) {
    finding.safety = Safety::Review;
    finding.reason = "other code may take the tuple from the member while it is filled; the function would refuse then, with SystemError";
    return true;
  }
  auto *reference = dyn_cast_or_null<DeclRefExpr>(object);
  auto *variable = reference ? dyn_cast<VarDecl>(reference->getDecl()) : object ? ownerAsked(object) : nullptr;
  StringRef kind = tuple ? "tuple" : "list";
  if (!variable || !variable->hasLocalStorage() || !site.function || !site.function->getBody()) {
    lowerTo(("the " + kind + " is not a local variable, so other code may hold it").str());
    return true;
  }
  Analysis analysis(site, variable, call);
  if (!analysis.run() || !analysis.reached || !analysis.fresh) {
    lowerTo(("the " + kind + " is not fresh from Py" + (tuple ? "Tuple" : "List") +
             "_New on every path, or other code has seen it")
                .str());
    return true;
  }
  if (!analysis.distinct && finding.safety < Safety::Review) {
    finding.safety = Safety::Review;
    finding.reason = "a slot may be filled twice; the function releases the item that was there";
  }
  return true;
}

} // namespace abi3ify
