#include "abi3ify/new-string.h"
#include "clang/AST/DynamicRecursiveASTVisitor.h"
#include "clang/Basic/SourceManager.h"
#include "clang/Lex/Lexer.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

const CallExpr *newString(const Expr *value) {
  auto *call = dyn_cast<CallExpr>(bare(value));
  return call && calledName(call) == "PyUnicode_New" && call->getNumArgs() == 2 ? call : nullptr;
}

class Filler {
public:
  Filler(const Site &site, const VarDecl *variable, const ParentMap &parents)
      : site(site), variable(variable), parents(parents), edits(site, parents),
        uses(site.function, parents) {}

  std::optional<std::vector<Rewrite>> write() {
    if (!isPointerTo(variable->getType(), "PyObject") || !variable->hasLocalStorage() ||
        isa<ParmVarDecl>(variable) || variable->getType().isConstQualified())
      return std::nullopt;
    if (variable->getInit() && !takesValue(variable->getInit()))
      return std::nullopt;
    for (const DeclRefExpr *mention : mentionsOf(variable, site.function))
      if (mention->refersToEnclosingVariableOrCapture() || !survey(mention))
        return std::nullopt;
    if (made.empty() || data.empty() || returns.empty() || !findWidth() || !findKindVariables() ||
        !findWrites())
      return std::nullopt;
    bool ok = all_of(made, [&](const CallExpr *call) { return addNew(call); }) &&
              all_of(data, [&](const CallExpr *call) { return addData(call); }) &&
              all_of(kinds, [&](const CallExpr *call) { return addKind(call); }) &&
              all_of(returns, [&](const Expr *value) {
                return add(edits.around(value, ("limited_unicode_filled($0, " + Twine(width) + ")").str()));
              });
    return ok ? std::optional(std::move(rewrites)) : std::nullopt;
  }

private:
  bool add(std::optional<Rewrite> rewrite) {
    if (rewrite)
      rewrites.push_back(std::move(*rewrite));
    return rewrite.has_value();
  }

  bool isNull(const Expr *value) const {
    return value->isNullPointerConstant(site.context, Expr::NPC_ValueDependentIsNotNull);
  }

  bool takesValue(const Expr *value) {
    if (const CallExpr *call = newString(value)) {
      made.push_back(call);
      return true;
    }
    return isNull(value);
  }

  /// What one mention is for; false if that is none of what may be done.
  bool survey(const DeclRefExpr *mention) {
    const Stmt *parent = parents.getParent(const_cast<DeclRefExpr *>(mention));
    while (isa_and_nonnull<ParenExpr, CastExpr>(parent)) {
      if (auto *cast = dyn_cast<CastExpr>(parent); cast && cast->getCastKind() == CK_PointerToBoolean)
        return true;
      parent = parents.getParent(const_cast<Stmt *>(parent));
    }
    if (auto *op = dyn_cast_or_null<BinaryOperator>(parent)) {
      if (op->getOpcode() == BO_Assign && peel(op->getLHS()) == mention)
        return takesValue(op->getRHS());
      return (op->isEqualityOp() && (isNull(op->getLHS()) || isNull(op->getRHS()))) || op->isLogicalOp();
    }
    if (auto *op = dyn_cast_or_null<UnaryOperator>(parent))
      return op->getOpcode() == UO_LNot;
    if (auto *back = dyn_cast_or_null<ReturnStmt>(parent)) {
      returns.push_back(back->getRetValue()->IgnoreImpCasts());
      return true;
    }
    auto *call = dyn_cast_or_null<CallExpr>(parent);
    if (!call)
      return isa_and_nonnull<IfStmt>(parent);
    StringRef name = calledName(call);
    if (isDecref(name))
      return true;
    if (name == "PyUnicode_KIND")
      kinds.push_back(call);
    else if (widthOfAccessor(name))
      data.push_back(call);
    else
      return false;
    return true;
  }

  /// 1, 2 or 4 by what the string may hold; all must agree. Characters of
  /// unknown size are 4 bytes, if only PyUnicode_WRITE knows of their width.
  bool findWidth() {
    int byAccess = 0, byMaximum = 0;
    for (const CallExpr *call : data) {
      int says = *widthOfAccessor(calledName(call));
      if (says && byAccess && says != byAccess)
        return false;
      byAccess = says ? says : byAccess;
      untyped |= says == 0;
    }
    for (const CallExpr *call : made) {
      auto says = widthOfMaximum(call->getArg(1));
      if (!isHarmless(call->getArg(1)) || (made.size() > 1 && !says) ||
          (byMaximum && says != byMaximum))
        return false;
      byMaximum = says.value_or(0);
    }
    if (byAccess && byMaximum && byAccess != byMaximum)
      return false;
    width = byMaximum ? byMaximum : byAccess;
    onlyWrites = width == 0;
    if (onlyWrites)
      width = 4;
    return !(byAccess && untyped);
  }

  /// Nothing is lost with it; a question about another string does nothing.
  bool isHarmless(const Expr *maximum) const {
    auto asks = [](const CallExpr *call) {
      return calledName(call) != "PyUnicode_IS_ASCII" && calledName(call) != "PyUnicode_MAX_CHAR_VALUE";
    };
    return isPure(maximum, site.context) ||
           (!anyCall(maximum, asks) && !maximum->HasSideEffects(site.context, /*IncludePossibleEffects=*/false));
  }

  std::optional<int> widthOfMaximum(const Expr *expr) const {
    expr = bare(expr);
    if (auto *choice = dyn_cast<ConditionalOperator>(expr)) {
      auto first = widthOfMaximum(choice->getTrueExpr()), second = widthOfMaximum(choice->getFalseExpr());
      return first == second ? first : std::nullopt;
    }
    Expr::EvalResult value;
    if (expr->isValueDependent() || !expr->EvaluateAsInt(value, site.context))
      return std::nullopt;
    uint64_t largest = value.Val.getInt().getZExtValue();
    return largest <= 0xff ? 1 : largest <= 0xffff ? 2 : 4;
  }

  /// Local variables that hold the string's kind and nothing else.
  bool findKindVariables() {
    for (const CallExpr *call : kinds) {
      const Stmt *user = userOf(call, parents);
      const VarDecl *holder = variableGiven(call, parents);
      if (!holder) {
        if (!isKindOfWrite(call, user) && !isComparison(call, user))
          return false;
        continue;
      }
      if (!holder->getType()->isIntegerType() || holder->getType()->isEnumeralType())
        return false;
      kindHolders.insert(holder);
      for (const DeclRefExpr *mention : mentionsOf(holder, site.function)) {
        const Stmt *parent = userOf(mention, parents);
        auto *op = dyn_cast_or_null<BinaryOperator>(parent);
        bool given = op && op->getOpcode() == BO_Assign && peel(op->getLHS()) == mention &&
                     is_contained(kinds, dyn_cast<CallExpr>(bare(op->getRHS())));
        if (!given && !isKindOfWrite(mention, parent))
          return false;
      }
      if (holder->getInit() && !is_contained(kinds, dyn_cast<CallExpr>(bare(holder->getInit()))))
        return false;
    }
    return true;
  }

  static bool isKindOfWrite(const Expr *kind, const Stmt *user) {
    auto *call = dyn_cast_or_null<CallExpr>(user);
    return call && (calledName(call) == "PyUnicode_WRITE" || calledName(call) == "PyUnicode_READ") &&
           bare(call->getArg(0)) == kind;
  }

  /// KIND(v) == PyUnicode_1BYTE_KIND, where that holds.
  bool isComparison(const Expr *kind, const Stmt *user) const {
    auto *op = dyn_cast_or_null<BinaryOperator>(user);
    if (!op || op->getOpcode() != BO_EQ)
      return false;
    auto other = kindConstant(bare(op->getLHS()) == kind ? op->getRHS() : op->getLHS());
    return other == width;
  }

  /// No pointer into the bytes may be kept; PyUnicode_WRITE must use their kind.
  bool findWrites() {
    for (const CallExpr *call : data)
      if (uses.of(call) == PointerUse::Escapes)
        return false;
    struct Writes : ConstDynamicRecursiveASTVisitor {
      bool VisitCallExpr(const CallExpr *call) override {
        if (calledName(call) == "PyUnicode_WRITE" || calledName(call) == "PyUnicode_READ")
          list.push_back(call);
        return true;
      }
      std::vector<const CallExpr *> list;
    } writes;
    writes.TraverseStmt(site.function->getBody());
    std::set<const Stmt *> through;
    for (const CallExpr *call : writes.list) {
      const Expr *memory = bare(call->getArg(1));
      auto *holder = localVariableIn(memory);
      if (!is_contained(data, dyn_cast<CallExpr>(memory)) && !(holder && uses.variables.count(holder)))
        continue;
      const Expr *kind = bare(call->getArg(0));
      auto constant = kindConstant(kind);
      auto *kindHolder = localVariableIn(kind);
      if (constant ? *constant != width
                   : !(kindHolder && kindHolders.count(kindHolder)) &&
                         !is_contained(kinds, dyn_cast<CallExpr>(kind)))
        return false;
      if (constant && !add(edits.number(kind)))
        return false;
      through.insert(call);
      bool writesIt = calledName(call) == "PyUnicode_WRITE";
      auto spot = site.spelling.token(call->getCallee()->IgnoreParenImpCasts()->getBeginLoc(),
                                      calledName(call));
      if (!spot || spot->inMacro)
        return false;
      Rewrite name;
      name.file = site.spelling.path(spot->file);
      name.extent = {spot->offset, spot->offset + spot->length};
      name.to = writesIt ? "limited_unicode_write" : "limited_unicode_read";
      add(name);
    }
    return !onlyWrites || isOnlyWritten(through);
  }

  /// Nobody but PyUnicode_WRITE has the memory, whose width is none that the
  /// function knows.
  bool isOnlyWritten(const std::set<const Stmt *> &writes) const {
    auto fits = [&](const Expr *value) {
      const Stmt *user = userOf(value, parents);
      if (writes.count(user))
        return true;
      if (auto *op = dyn_cast_or_null<BinaryOperator>(user))
        return op->getOpcode() == BO_Assign;
      return isa_and_nonnull<DeclStmt>(user);
    };
    return all_of(data, fits) && all_of(uses.variables, [&](const VarDecl *holder) {
             return all_of(mentionsOf(holder, site.function), fits);
           });
  }

  bool addNew(const CallExpr *call) {
    return add(edits.call(call, ("limited_unicode_space($0, " + Twine(width) + ")").str(), false));
  }

  bool addData(const CallExpr *call) {
    StringRef type = width == 1 ? "Py_UCS1 *" : width == 2 ? "Py_UCS2 *" : "Py_UCS4 *";
    return add(edits.castCall(call, *widthOfAccessor(calledName(call)) ? type : "void *",
                              "PyBytes_AsString($0)"));
  }

  bool addKind(const CallExpr *call) {
    const Stmt *user = userOf(call, parents);
    if (auto *op = dyn_cast_or_null<BinaryOperator>(user); op && isComparison(call, user)) {
      if (auto gone = assertion(op))
        return add(gone);
      const Expr *other = bare(op->getLHS()) == call ? op->getRHS() : op->getLHS();
      if (!add(edits.number(other)))
        return false;
    }
    return add(edits.call(call, std::to_string(width)));
  }

  /// assert(KIND(v) == PyUnicode_1BYTE_KIND); says nothing any more.
  std::optional<Rewrite> assertion(const BinaryOperator *op) const {
    SourceManager &sources = site.context.getSourceManager();
    SourceLocation at = op->getOperatorLoc();
    if (!at.isMacroID() || !sources.isMacroArgExpansion(at))
      return std::nullopt;
    SourceLocation expansion = sources.getImmediateExpansionRange(at).getBegin();
    at = sources.getExpansionLoc(at);
    auto spot = site.spelling.token(at, "assert");
    if (!spot || spot->inMacro || expansion.isInvalid())
      return std::nullopt;
    StringRef text = site.spelling.text(spot->file);
    auto spelled = callText(text, spot->offset, text.size(), /*isMacro=*/true);
    auto left = site.spelling.range(op->getBeginLoc(), op->getEndLoc());
    if (!spelled || spelled->args.size() != 1 || !left || left->file != spot->file ||
        left->range != spelled->args[0])
      return std::nullopt;
    auto behind = behindSemicolon(text, spelled->all.end);
    if (!behind)
      return std::nullopt;
    Rewrite rewrite;
    rewrite.file = site.spelling.path(spot->file);
    rewrite.extent = withLines(text, {spelled->all.begin, *behind});
    return rewrite;
  }

  const Site &site;
  const VarDecl *variable;
  const ParentMap &parents;
  StringEdits edits;
  PointerUses uses;
  std::vector<const CallExpr *> made, data, kinds;
  std::vector<const Expr *> returns;
  std::set<const VarDecl *> kindHolders;
  int width = 0;
  bool untyped = false, onlyWrites = false;
  std::vector<Rewrite> rewrites;
};

} // namespace

bool getsNewString(const VarDecl *variable, const FunctionDecl *function, const ParentMap &parents) {
  if (variable->getInit() && newString(variable->getInit()))
    return true;
  return any_of(mentionsOf(variable, function), [&](const DeclRefExpr *mention) {
    auto *op = dyn_cast_or_null<BinaryOperator>(userOf(mention, parents));
    return op && op->getOpcode() == BO_Assign && peel(op->getLHS()) == mention && newString(op->getRHS());
  });
}

std::optional<std::vector<Rewrite>> fillAsBytes(const Site &site, const VarDecl *variable,
                                                const ParentMap &parents) {
  return Filler(site, variable, parents).write();
}

} // namespace abi3ify
