#include "abi3ify/ownership.h"
#include "abi3ify/flow.h"
#include "clang/AST/DynamicRecursiveASTVisitor.h"
#include "clang/AST/ExprCXX.h"
#include "clang/AST/StmtCXX.h"
#include <set>

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

/// Whether the value tested is that of the variable: `v`, or `v = f()`.
bool isVariable(const Expr *expr, const VarDecl *variable) {
  expr = bare(expr);
  if (auto *op = dyn_cast<BinaryOperator>(expr); op && op->getOpcode() == BO_Assign)
    expr = bare(op->getLHS());
  auto *reference = dyn_cast<DeclRefExpr>(expr);
  return reference && reference->getDecl() == variable;
}

/// What a condition says of the variable: 1 it is NULL, 0 it is not, -1
/// nothing.
int saysNull(const Expr *condition, bool holds, const VarDecl *variable, ASTContext &context) {
  condition = condition->IgnoreParenImpCasts();
  if (auto *op = dyn_cast<UnaryOperator>(condition); op && op->getOpcode() == UO_LNot)
    return saysNull(op->getSubExpr(), !holds, variable, context);
  if (auto *call = dyn_cast<CallExpr>(condition);
      call && calledName(call) == "__builtin_expect" && call->getNumArgs() == 2)
    return saysNull(call->getArg(0), holds, variable, context);
  if (auto *op = dyn_cast<BinaryOperator>(condition)) {
    if (op->isEqualityOp()) {
      bool equal = (op->getOpcode() == BO_EQ) == holds;
      for (auto [side, other] :
           {std::pair(op->getLHS(), op->getRHS()), {op->getRHS(), op->getLHS()}})
        if (isVariable(side, variable) &&
            other->isNullPointerConstant(context, Expr::NPC_ValueDependentIsNotNull))
          return equal;
      return -1;
    }
    if (op->getOpcode() != BO_Assign)
      return -1;
  }
  return isVariable(condition, variable) ? !holds : -1;
}

/// What the variable may hold at one point: a set.
struct Holds {
  enum : unsigned {
    Garbage = 1, ///< not initialised
    Null = 2,
    Owned = 4, ///< the reference that we must give back
    Other = 8, ///< something that is none of ours
  };
  unsigned bits = 0;
  void join(const Holds &other) { bits |= other.bits; }
  bool operator==(const Holds &) const = default;
};

/// What a function mentions and declares.
struct Survey : ConstDynamicRecursiveASTVisitor {
  std::vector<const DeclRefExpr *> mentions;
  std::vector<const DeclStmt *> declarations;
  std::vector<const Expr *> given; ///< expressions for which `gives` holds
  std::string refusal;
  llvm::function_ref<bool(const Expr *)> gives;
  explicit Survey(llvm::function_ref<bool(const Expr *)> gives) : gives(gives) {}

  bool VisitDeclRefExpr(const DeclRefExpr *reference) override {
    mentions.push_back(reference);
    return true;
  }
  bool VisitDeclStmt(const DeclStmt *statement) override {
    declarations.push_back(statement);
    return true;
  }
  bool VisitExpr(const Expr *expr) override {
    if (gives(expr))
      given.push_back(expr);
    return true;
  }
  bool VisitStmt(const Stmt *stmt) override {
    if (isa<AsmStmt, IndirectGotoStmt, CXXTryStmt, CXXThrowExpr, CoroutineBodyStmt>(stmt))
      refusal = "the function has ways out that are not looked at (asm, computed goto, exceptions)";
    return true;
  }
};

class Planner {
public:
  Planner(const Site &site, const VarDecl *variable, const ParentMap &parents,
          function_ref<bool(const Expr *)> gives)
      : site(site), context(site.context), variable(variable), parents(parents), survey(gives) {}

  ReleasePlan plan() {
    const Stmt *body = site.function->getBody();
    survey.TraverseStmt(body);
    refuse(survey.refusal);
    held.insert(variable);
    collectAliases();
    if (!refused())
      checkMentions();
    cfg = refused() ? nullptr : buildFlowGraph(site.function, context);
    if (!cfg)
      refuse("the function's flow of control cannot be followed");
    if (!refused())
      findRegion();
    if (!refused())
      solve();
    if (refused())
      result = {result.refusal, {}, {}, false};
    return std::move(result);
  }

private:
  void refuse(const Twine &reason) {
    if (result.refusal.empty())
      result.refusal = reason.str();
  }
  bool refused() const { return !result.refusal.empty(); }
  std::string name() const { return "'" + variable->getNameAsString() + "'"; }

  // --- what is said of the variable ---------------------------------------

  /// The expression that a value flows into: behind casts, parentheses and
  /// the arms of ?:.
  const Stmt *consumer(const Expr *&expr) const {
    const Stmt *parent = parents.getParent(expr);
    while (parent) {
      auto *conditional = dyn_cast<ConditionalOperator>(parent);
      auto *comma = dyn_cast<BinaryOperator>(parent);
      bool through = isa<ParenExpr, CastExpr>(parent) ||
                     (conditional && conditional->getCond() != expr) ||
                     (comma && comma->isCommaOp() && comma->getRHS() == expr);
      if (!through)
        break;
      expr = cast<Expr>(parent);
      parent = parents.getParent(expr);
    }
    return parent;
  }

  /// Locals that get the value by a plain copy: they name the same object.
  void collectAliases() {
    for (bool grown = true; grown && !refused();) {
      grown = false;
      for (const DeclRefExpr *mention : survey.mentions) {
        auto *mine = dyn_cast<VarDecl>(mention->getDecl());
        if (!mine || !held.count(mine))
          continue;
        const Expr *expr = mention;
        const Stmt *parent = consumer(expr);
        const VarDecl *other = nullptr;
        if (auto *op = dyn_cast_or_null<BinaryOperator>(parent);
            op && op->getOpcode() == BO_Assign && op->getRHS() == expr)
          other = dyn_cast<DeclRefExpr>(peel(op->getLHS())) ? variableOf(op->getLHS()) : nullptr;
        else if (auto *statement = dyn_cast_or_null<DeclStmt>(parent))
          for (const Decl *decl : statement->decls())
            if (auto *candidate = dyn_cast<VarDecl>(decl);
                candidate && candidate->getInit() && candidate->getInit()->IgnoreParens() == expr->IgnoreParens())
              other = candidate;
        if (other && other->hasLocalStorage() && !isa<ParmVarDecl>(other) &&
            other->getType()->isPointerType())
          grown |= held.insert(other).second;
      }
    }
  }

  /// The statement of a block that an expression is part of.
  const Stmt *statementOf(const Stmt *stmt) const {
    const Stmt *parent = parents.getParent(stmt);
    while (parent && isa<Expr>(stmt) && (isa<Expr>(parent) || isa<DeclStmt, ReturnStmt>(parent))) {
      stmt = parent;
      parent = parents.getParent(stmt);
    }
    return stmt;
  }

  /// Whether the statement beside it takes a reference of its own.
  bool hasIncrefBeside(const Stmt *stmt) const {
    auto *block = dyn_cast_or_null<CompoundStmt>(parents.getParent(withLabels(stmt, parents)));
    if (!block)
      return false;
    const Stmt *before = nullptr;
    for (const Stmt *labelled : block->body()) {
      const Stmt *child = withoutLabels(labelled);
      if ((child == stmt && before && isIncref(before)) || (before == stmt && isIncref(child)))
        return true;
      before = child;
    }
    return false;
  }

  StringRef pythonName(const Expr *expr) const {
    auto *call = dyn_cast<CallExpr>(expr->IgnoreParenImpCasts());
    const FunctionDecl *callee = call ? call->getDirectCallee() : nullptr;
    return callee && !site.spelling.isUsers(callee->getLocation()) ? calledName(call) : StringRef();
  }

  bool isIncref(const Stmt *stmt) const {
    auto *expr = dyn_cast<Expr>(stmt);
    auto *call = expr ? dyn_cast<CallExpr>(expr->IgnoreParenImpCasts()) : nullptr;
    if (!call || call->getNumArgs() != 1)
      return false;
    StringRef called = pythonName(call);
    const VarDecl *argument = variableOf(call->getArg(0));
    return (called == "Py_INCREF" || called == "Py_XINCREF" || called == "Py_IncRef") && argument &&
           held.count(argument);
  }

  void checkMentions() {
    for (const DeclRefExpr *mention : survey.mentions)
      if (auto *mine = dyn_cast<VarDecl>(mention->getDecl()); mine && held.count(mine))
        checkMention(mention);
    // An alias of a parameter or of another scope is dealt with by the region.
  }

  void checkMention(const DeclRefExpr *mention) {
    if (mention->refersToEnclosingVariableOrCapture())
      return refuse(name() + " is captured");
    const Stmt *direct = parents.getParentIgnoreParens(const_cast<DeclRefExpr *>(mention));
    if (auto *op = dyn_cast_or_null<UnaryOperator>(direct)) {
      if (op->getOpcode() == UO_AddrOf && !site.spelling.isUsers(op->getOperatorLoc())) {
        cleared.insert(mention); // Py_CLEAR(v) and the like
        return;
      }
      return refuse("the address of " + name() + " is taken, or it is counted");
    }
    if (auto *op = dyn_cast_or_null<BinaryOperator>(direct); op && op->isAssignmentOp() &&
                                                             op->getLHS()->IgnoreParens() == mention) {
      if (op->getOpcode() != BO_Assign)
        return refuse(name() + " is moved along an array");
      checkValueOfAssignment(op);
      return;
    }
    auto *load = dyn_cast_or_null<ImplicitCastExpr>(direct);
    if (!load || load->getCastKind() != CK_LValueToRValue)
      return refuse("a reference is bound to " + name() + ", or its size is asked");

    const Expr *expr = mention;
    const Stmt *parent = consumer(expr);
    if (auto *call = dyn_cast_or_null<CallExpr>(parent)) {
      StringRef called = pythonName(call);
      bool counts = called == "Py_REFCNT" || called == "PyUnstable_Object_IsUniquelyReferenced" ||
                    ((called == "PyTuple_SetItem" || called == "PyTuple_SET_ITEM") &&
                     call->getArg(0) == expr);
      if (counts)
        refuse(called + " asks how many references there are to " + name());
      return;
    }
    if (isa_and_nonnull<ReturnStmt>(parent)) {
      leaving.insert(mention);
      return;
    }
    if (auto *op = dyn_cast_or_null<BinaryOperator>(parent); op && op->getOpcode() == BO_Assign) {
      auto *target = dyn_cast<DeclRefExpr>(peel(op->getLHS()));
      auto *other = target ? dyn_cast<VarDecl>(target->getDecl()) : nullptr;
      if (!(other && held.count(other)) && !hasIncrefBeside(statementOf(op)))
        leaving.insert(mention);
      return;
    }
    if (isa_and_nonnull<LambdaExpr>(parent))
      return refuse(name() + " is captured");
    // An array or an object of C++ may keep it.
    if (isa_and_nonnull<InitListExpr, CXXConstructExpr>(parent))
      leaving.insert(mention);
  }

  /// `if ((v = f()) == NULL)` looks at the value; `w = v = f()` hands it on.
  void checkValueOfAssignment(const BinaryOperator *op) {
    const Expr *expr = op;
    const Stmt *parent = consumer(expr);
    bool fine = !parent || !isa<Expr>(parent);
    if (auto *outer = dyn_cast_or_null<BinaryOperator>(parent))
      fine = outer->isComparisonOp() || outer->isLogicalOp() ||
             (outer->isCommaOp() && outer->getLHS() == expr);
    if (auto *outer = dyn_cast_or_null<UnaryOperator>(parent))
      fine = outer->getOpcode() == UO_LNot;
    if (isa_and_nonnull<ReturnStmt, DeclStmt>(parent))
      fine = false;
    if (!fine)
      refuse("the value goes on from the assignment to " + name());
  }

  // --- where the reference is held ----------------------------------------

  const CompoundStmt *blockAround(const Stmt *stmt) const {
    for (const Stmt *parent = parents.getParent(stmt); parent; parent = parents.getParent(parent))
      if (auto *block = dyn_cast<CompoundStmt>(parent))
        return isa_and_nonnull<StmtExpr>(parents.getParent(block)) ? nullptr : block;
    return nullptr;
  }

  bool isIn(const Stmt *stmt, const Stmt *outer) const {
    for (; stmt; stmt = parents.getParent(stmt))
      if (stmt == outer)
        return true;
    return false;
  }

  /// The block that a variable is declared in; the body for a parameter.
  const CompoundStmt *scopeOf(const VarDecl *decl) const {
    if (isa<ParmVarDecl>(decl))
      return dyn_cast<CompoundStmt>(site.function->getBody());
    for (const DeclStmt *statement : survey.declarations)
      if (is_contained(statement->decls(), decl))
        return dyn_cast_or_null<CompoundStmt>(parents.getParent(statement));
    return nullptr;
  }

  bool isSource(const Expr *value) const {
    return is_contained(survey.given, bare(value)) || is_contained(survey.given, peel(value));
  }

  /// The definitions that give a strong reference.
  std::vector<const Stmt *> sources() const {
    std::vector<const Stmt *> list;
    for (const Expr *expr : survey.given)
      if (receivingVariable(expr, parents) == variable)
        list.push_back(expr);
    return list;
  }

  /// The smallest block behind which nobody reads the variable or its copies.
  void findRegion() {
    const CompoundStmt *scope = scopeOf(variable);
    if (!scope)
      return refuse(name() + " is not declared in a block");
    std::vector<const Stmt *> given = sources();
    if (given.empty())
      return refuse("the reference does not go into " + name());
    region = blockAround(given[0]);
    while (region && any_of(given, [&](const Stmt *source) { return !isIn(source, region); }))
      region = blockAround(region);
    while (region && isReadBehind()) {
      if (region == scope)
        return refuse("a copy of " + name() + " outlives it");
      region = blockAround(region);
    }
    if (!region || !isIn(region, scope))
      return refuse(name() + " is used in a way that ends nowhere");
    for (const CFGBlock *block : *cfg)
      if (auto index = leftAt(*block))
        behind.insert(statementsOf(*block)[*index]);
  }

  static std::vector<const Stmt *> statementsOf(const CFGBlock &block) {
    std::vector<const Stmt *> list;
    for (const CFGElement &element : block)
      if (auto statement = element.getAs<CFGStmt>())
        list.push_back(statement->getStmt());
    return list;
  }

  bool isInRegion(const Stmt *stmt) const { return stmt && stmt != region && isIn(stmt, region); }

  // The region may begin and end in the middle of a block of the graph.
  bool startsIn(const CFGBlock &block) const {
    auto list = statementsOf(block);
    return isInRegion(block.getLabel()) ||
           (list.empty()
                ? isInRegion(block.getTerminatorStmt()) || isInRegion(block.getLoopTarget())
                : isInRegion(list.front()));
  }
  bool endsIn(const CFGBlock &block) const {
    auto list = statementsOf(block);
    return list.empty() ? startsIn(block) : isInRegion(list.back());
  }
  /// Which statement of a block is the first behind the region.
  std::optional<size_t> leftAt(const CFGBlock &block) const {
    bool inside = isInRegion(block.getLabel());
    for (auto [index, stmt] : enumerate(statementsOf(block))) {
      if (inside && !isInRegion(stmt))
        return index;
      inside = isInRegion(stmt);
    }
    return std::nullopt;
  }

  /// Whether a variable is read, before it gets another value, on a way that
  /// begins outside of the region right behind it.
  bool isReadBehind() const {
    std::set<std::pair<const CFGBlock *, size_t>> entries;
    for (const CFGBlock *block : *cfg) {
      if (auto index = leftAt(*block))
        entries.emplace(block, *index);
      if (endsIn(*block))
        for (const CFGBlock *next : block->succs())
          if (next && !startsIn(*next))
            entries.emplace(next, 0);
    }
    return any_of(held, [&](const VarDecl *one) {
      std::set<std::pair<const CFGBlock *, size_t>> done;
      std::vector<std::pair<const CFGBlock *, size_t>> queue(entries.begin(), entries.end());
      while (!queue.empty()) {
        auto [block, from] = queue.back();
        queue.pop_back();
        if (!done.emplace(block, from).second)
          continue;
        bool killed = false;
        auto list = statementsOf(*block);
        for (const Stmt *stmt : drop_begin(list, from)) {
          if (defines(stmt, one)) {
            killed = true;
            break;
          }
          auto *mention = dyn_cast<DeclRefExpr>(stmt);
          if (mention && mention->getDecl() == one && !isAssigned(mention))
            return true;
        }
        if (!killed)
          for (const CFGBlock *next : block->succs())
            if (next)
              queue.emplace_back(next, 0);
      }
      return false;
    });
  }

  bool isAssigned(const DeclRefExpr *mention) const {
    auto *op = dyn_cast_or_null<BinaryOperator>(
        parents.getParentIgnoreParens(const_cast<DeclRefExpr *>(mention)));
    return op && op->getOpcode() == BO_Assign && op->getLHS()->IgnoreParens() == mention;
  }

  static bool defines(const Stmt *stmt, const VarDecl *decl) {
    if (auto *op = dyn_cast<BinaryOperator>(stmt); op && op->getOpcode() == BO_Assign)
      return dyn_cast<DeclRefExpr>(op->getLHS()->IgnoreParens()) &&
             cast<DeclRefExpr>(op->getLHS()->IgnoreParens())->getDecl() == decl;
    if (auto *statement = dyn_cast<DeclStmt>(stmt))
      return is_contained(statement->decls(), decl);
    return false;
  }

  // --- the flow ------------------------------------------------------------

  unsigned valueBits(const Expr *value) const {
    if (!value)
      return Holds::Garbage;
    if (isSource(value))
      return Holds::Null | Holds::Owned;
    if (value->isNullPointerConstant(context, Expr::NPC_ValueDependentIsNotNull))
      return Holds::Null;
    return Holds::Other;
  }

  bool isTransfer(const Stmt *stmt) const {
    auto *call = dyn_cast<CallExpr>(stmt);
    if (!call || call->getNumArgs() != 1 || rejected.count(call) || variableOf(call->getArg(0)) != variable ||
        variable->getType().getAsString(context.getPrintingPolicy()) != "PyObject *")
      return false;
    StringRef called = pythonName(call);
    if (called == "Py_NewRef" || called == "Py_XNewRef")
      return true;
    return isIncref(call) && takingStatement(call, variable, parents, context);
  }

  void transfer(const Stmt *stmt, Holds &state) {
    if (behind.count(stmt)) {
      if (final)
        fallsOut.join(state);
      forget(state);
    }
    if (defines(stmt, variable)) {
      const Expr *value = variable->getInit();
      if (auto *op = dyn_cast<BinaryOperator>(stmt)) {
        value = op->getRHS();
        if (final && state.bits & Holds::Owned)
          overwritten(op, state);
      }
      state.bits = valueBits(value);
      reached |= final && value && isSource(value);
      return;
    }
    if (isTransfer(stmt)) {
      if (state.bits & Holds::Owned) {
        if (state.bits & (Holds::Other | Holds::Garbage))
          pending.insert(cast<CallExpr>(stmt));
        else if (final)
          taken.insert(cast<CallExpr>(stmt));
        state.bits = (state.bits & Holds::Null) | Holds::Other;
      }
      return;
    }
    if (auto *mention = dyn_cast<DeclRefExpr>(stmt)) {
      if (cleared.count(mention) && mention->getDecl() == variable) {
        if (final && state.bits & Holds::Owned)
          refuse(name() + " is cleared where it would hold the new reference");
        state.bits = Holds::Null;
      }
      if (final && leaving.count(mention) && state.bits & Holds::Owned)
        refuse(name() + " is handed on as a borrowed reference");
      return;
    }
    if (final && isa<ReturnStmt>(stmt) && state.bits & Holds::Owned && isIn(stmt, region))
      release({stmt, nullptr, true}, state);
  }

  /// v = ... while v holds our reference.
  void overwritten(const BinaryOperator *op, const Holds &state) {
    const Expr *value = op->getRHS();
    bool plain = isa_and_nonnull<CompoundStmt>(parents.getParent(op));
    bool usesItself = any_of(survey.mentions, [&](const DeclRefExpr *mention) {
      auto *mine = dyn_cast<VarDecl>(mention->getDecl());
      return mine && held.count(mine) && isIn(mention, value);
    });
    if (!plain || usesItself)
      return refuse(name() + " gets a new value in a place where the old one cannot be released");
    release({op, nullptr, true}, state);
  }

  void release(Release where, const Holds &state) {
    if (state.bits & Holds::Other) {
      mixed = true;
      return refuse(name() + " may hold another reference where the new one must be released");
    }
    where.mayBeNull = state.bits != Holds::Owned;
    needsInit |= state.bits & Holds::Garbage;
    result.releases.push_back(where);
  }

  void along(const CFGBlock &block, unsigned edge, Holds &state) {
    const Expr *condition = block.succ_size() == 2 ? block.getLastCondition() : nullptr;
    if (condition && !isa_and_nonnull<SwitchStmt>(block.getTerminatorStmt())) {
      int null = saysNull(condition, edge == 0, variable, context);
      if (null == 1)
        state.bits &= ~unsigned(Holds::Owned);
      if (null == 0)
        state.bits &= ~unsigned(Holds::Null);
    }
    const CFGBlock *next = *(block.succ_begin() + edge);
    if (!next || !endsIn(block) || startsIn(*next))
      return;
    if (final)
      leave(block, state);
    forget(state);
  }

  /// Released, or never ours: behind the region nobody looks at it.
  static void forget(Holds &state) {
    if (state.bits & Holds::Owned)
      state.bits = Holds::Other;
  }

  /// A break may end a loop that is the last statement of the region: what
  /// follows is the region's end.
  bool jumpsOut(const Stmt *jump) const {
    if (auto *to = dyn_cast<GotoStmt>(jump))
      return !isInRegion(to->getLabel()->getStmt());
    for (const Stmt *outer = jump; outer && outer != region; outer = parents.getParent(outer))
      if (isa<ForStmt, WhileStmt, DoStmt, CXXForRangeStmt>(outer) ||
          (isa<SwitchStmt>(outer) && isa<BreakStmt>(jump)))
        return false;
    return true;
  }

  void leave(const CFGBlock &block, const Holds &state) {
    const Stmt *terminator = block.getTerminatorStmt();
    if (isa_and_nonnull<GotoStmt, BreakStmt, ContinueStmt>(terminator) && jumpsOut(terminator)) {
      if (state.bits & Holds::Owned)
        release({terminator, nullptr, true}, state);
      return;
    }
    for (const CFGElement &element : block)
      if (auto statement = element.getAs<CFGStmt>())
        if (isa<ReturnStmt>(statement->getStmt()))
          return; // done at the statement
    if (!block.hasNoReturnElement())
      fallsOut.join(state);
  }

  /// Where a reference that was taken by hand meets ours, the Py_INCREF stays
  /// the author's, and ours is released beside it.
  void solve() {
    follow();
    if (!mixed || taken.empty())
      return;
    rejected.insert(taken.begin(), taken.end());
    taken.clear();
    result = {};
    fallsOut = {};
    final = mixed = needsInit = reached = false;
    follow();
  }

  void follow() {
    auto step = [&](const Stmt *stmt, Holds &state) { transfer(stmt, state); };
    auto way = [&](const CFGBlock &block, unsigned edge, Holds &state) { along(block, edge, state); };
    Holds entry{isa<ParmVarDecl>(variable) ? unsigned(Holds::Other) : unsigned(Holds::Garbage)};
    std::vector<Holds> in;
    // An INCREF that may meet something else than our reference is the
    // author's own; without it the others are looked at again.
    do {
      rejected.insert(pending.begin(), pending.end());
      pending.clear();
      in = forwardFlow(*cfg, entry, step, way);
    } while (!pending.empty());
    final = true;
    for (const CFGBlock *block : *cfg) {
      Holds state = in[block->getBlockID()];
      if (!state.bits)
        continue;
      for (const CFGElement &element : *block)
        if (auto statement = element.getAs<CFGStmt>())
          transfer(statement->getStmt(), state);
      for (unsigned edge = 0; edge < block->succ_size(); ++edge)
        if (*(block->succ_begin() + edge)) {
          Holds out = state;
          along(*block, edge, out);
        }
    }
    if (fallsOut.bits & Holds::Owned)
      release({nullptr, region, true}, fallsOut);
    if (!reached)
      refuse("the flow of control does not reach it");
    result.transfers.assign(taken.begin(), taken.end());
    result.initialise = needsInit;
  }

  const Site &site;
  ASTContext &context;
  const VarDecl *variable;
  const ParentMap &parents;
  Survey survey;
  std::unique_ptr<CFG> cfg;
  std::set<const VarDecl *> held; ///< the variable and its copies
  std::set<const DeclRefExpr *> leaving, cleared;
  std::set<const CallExpr *> rejected, pending, taken;
  const CompoundStmt *region = nullptr;
  Holds fallsOut;
  std::set<const Stmt *> behind; ///< the first statements after the region
  bool final = false;   ///< the fixed point is reached; now collect
  bool reached = false; ///< a definition was seen on the way
  bool mixed = false;   ///< ours met another reference
  bool needsInit = false;
  ReleasePlan result;
};

} // namespace

const VarDecl *receivingVariable(const Expr *expr, const ParentMap &parents) {
  const Stmt *child = expr, *parent = parents.getParent(expr);
  while (isa_and_nonnull<ParenExpr, CastExpr>(parent)) {
    child = parent;
    parent = parents.getParent(parent);
  }
  const VarDecl *found = nullptr;
  if (auto *op = dyn_cast_or_null<BinaryOperator>(parent);
      op && op->getOpcode() == BO_Assign && op->getRHS() == child) {
    auto *reference = dyn_cast<DeclRefExpr>(op->getLHS()->IgnoreParens());
    found = reference ? dyn_cast<VarDecl>(reference->getDecl()) : nullptr;
  } else if (auto *statement = dyn_cast_or_null<DeclStmt>(parent)) {
    for (const Decl *decl : statement->decls())
      if (auto *variable = dyn_cast<VarDecl>(decl); variable && variable->getInit() == child)
        found = variable;
  }
  return found && found->hasLocalStorage() && found->getType()->isPointerType() ? found : nullptr;
}

const Stmt *withoutLabels(const Stmt *stmt) {
  while (true)
    if (auto *label = dyn_cast<LabelStmt>(stmt))
      stmt = label->getSubStmt();
    else if (auto *label = dyn_cast<SwitchCase>(stmt); label && label->getSubStmt())
      stmt = label->getSubStmt();
    else
      return stmt;
}

const Stmt *withLabels(const Stmt *stmt, const ParentMap &parents) {
  while (isa_and_nonnull<LabelStmt, SwitchCase>(parents.getParent(stmt)) &&
         withoutLabels(parents.getParent(stmt)) == withoutLabels(stmt))
    stmt = parents.getParent(stmt);
  return stmt;
}

const Stmt *takingStatement(const CallExpr *call, const VarDecl *variable,
                            const ParentMap &parents, ASTContext &context) {
  auto inBlock = [&](const Stmt *stmt) {
    return isa_and_nonnull<CompoundStmt>(parents.getParent(withLabels(stmt, parents)));
  };
  const Stmt *branch = call;
  if (auto *block = dyn_cast_or_null<CompoundStmt>(parents.getParent(call));
      block && block->size() == 1)
    branch = block;
  auto *test = dyn_cast_or_null<IfStmt>(parents.getParent(branch));
  if (test && test->getThen() == branch && !test->getElse() && !test->getInit() &&
      !test->getConditionVariable() && isPure(test->getCond(), context) &&
      saysNull(test->getCond(), true, variable, context) == 0 && inBlock(test))
    return test;
  return inBlock(call) ? call : nullptr;
}

ReleasePlan planReleases(const Site &site, const VarDecl *variable, const ParentMap &parents,
                         function_ref<bool(const Expr *)> gives) {
  return Planner(site, variable, parents, gives).plan();
}

} // namespace abi3ify
