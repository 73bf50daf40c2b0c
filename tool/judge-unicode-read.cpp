// unicode-read: kind = PyUnicode_KIND(u), data = PyUnicode_DATA(u) and
// PyUnicode_READ(kind, data, i) become limited_unicode_read(u, i), where kind and
// data serve nothing else. All of it is one group: the variables go away with
// the last READ.
// Assumed and checked: kind, data and u are local; kind and data get one value
// each, from the same u, and u gets one value only.
#include "abi3ify/judge.h"
#include "abi3ify/pointer-uses.h"
#include "clang/AST/DynamicRecursiveASTVisitor.h"
#include "clang/AST/ParentMap.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

const VarDecl *localVariable(const Expr *expr) {
  auto *reference = dyn_cast<DeclRefExpr>(peel(expr));
  auto *variable = reference ? dyn_cast<VarDecl>(reference->getDecl()) : nullptr;
  return variable && variable->hasLocalStorage() ? variable : nullptr;
}

const CallExpr *asCall(const Expr *expr, StringRef name) {
  expr = peel(expr);
  while (auto *cast = dyn_cast<ExplicitCastExpr>(expr))
    expr = peel(cast->getSubExpr());
  auto *call = dyn_cast<CallExpr>(expr);
  return call && calledName(call) == name ? call : nullptr;
}

class Pattern {
public:
  explicit Pattern(const Site &site)
      : site(site), parents(const_cast<Stmt *>(site.function->getBody())) {}

  /// The READ call that an expression is an argument of, or itself.
  const CallExpr *readAround(const Expr *expr) const {
    for (const Stmt *stmt = expr; stmt; stmt = parents.getParent(stmt)) {
      if (auto *call = dyn_cast<CallExpr>(stmt); call && calledName(call) == "PyUnicode_READ")
        return call;
      if (stmt != expr && !isa<ParenExpr, CastExpr>(stmt))
        return nullptr;
    }
    return nullptr;
  }

  /// The rewrite of one READ whose string is spelled as `string`.
  std::optional<Rewrite> read(const CallExpr *call, const std::string &string) const {
    auto location = call->getCallee()->IgnoreParenImpCasts()->getBeginLoc();
    auto spot = site.spelling.token(location, "PyUnicode_READ");
    if (!spot || spot->inMacro)
      return std::nullopt;
    StringRef text = site.spelling.text(spot->file);
    auto spelled = callText(text, spot->offset, text.size(), /*isMacro=*/true);
    if (!spelled || spelled->args.size() != 3)
      return std::nullopt;
    Rewrite rewrite;
    rewrite.file = site.spelling.path(spot->file);
    rewrite.extent = spelled->all;
    rewrite.to = "limited_unicode_read(" + string + ", $index)";
    Argument index;
    index.name = "index";
    index.range = spelled->args[2];
    rewrite.args.push_back(index);
    return rewrite;
  }

  std::string spelledString(const Expr *expr) const {
    auto range = site.spelling.range(peel(expr)->getBeginLoc(), peel(expr)->getEndLoc());
    if (!range || range->inMacro)
      return {};
    std::string text = site.spelling.text(range->file)
                           .slice(range->range.begin, range->range.end).str();
    return needsCast(expr, "PyObject *", site.context)
               ? "(PyObject *)" + (bindsTightly(peel(expr)) ? text : "(" + text + ")")
               : text;
  }

  /// READ(KIND(u), DATA(u), i) in one expression.
  std::optional<Rewrite> direct(const CallExpr *call) const {
    auto *kind = asCall(call->getArg(0), "PyUnicode_KIND");
    auto *data = asCall(call->getArg(1), "PyUnicode_DATA");
    if (!kind || !data || !localVariable(kind->getArg(0)) ||
        localVariable(kind->getArg(0)) != localVariable(data->getArg(0)))
      return std::nullopt;
    std::string string = spelledString(kind->getArg(0));
    return string.empty() ? std::nullopt : read(call, string);
  }

  /// The one statement that gives a variable its value, and that value.
  struct Definition {
    const Expr *value = nullptr;
    const Stmt *statement = nullptr; ///< an assignment; null: the declaration
    bool once = true;
  };
  Definition definition(const VarDecl *variable) const {
    Definition result;
    auto add = [&](const Expr *value, const Stmt *statement) {
      if (result.value)
        result.once = false;
      result = {value, statement, result.once};
    };
    if (variable->getInit())
      add(variable->getInit(), nullptr);
    for (const DeclRefExpr *reference : mentions(variable)) {
      auto *op = dyn_cast_or_null<BinaryOperator>(parents.getParentIgnoreParenImpCasts(
          const_cast<DeclRefExpr *>(reference)));
      if (op && op->isAssignmentOp() && peel(op->getLHS()) == reference) {
        add(op->getRHS(), op);
        result.once &= op->getOpcode() == BO_Assign;
      }
    }
    return result;
  }

  ArrayRef<const DeclRefExpr *> mentions(const VarDecl *variable) const {
    auto [it, added] = cache.try_emplace(variable);
    if (added)
      it->second = mentionsOf(variable, site.function);
    return it->second;
  }

  /// Whether another variable of the function has the name of u, so that "u"
  /// may mean something else at a READ.
  bool isShadowed(const VarDecl *string) const {
    class Finder : public ConstDynamicRecursiveASTVisitor {
    public:
      const VarDecl *wanted = nullptr;
      bool found = false;
      bool VisitVarDecl(const VarDecl *variable) override {
        found |= variable != wanted && variable->getDeclName() == wanted->getDeclName();
        return true;
      }
    } finder;
    finder.wanted = string;
    finder.TraverseStmt(site.function->getBody());
    return finder.found;
  }

  /// u names the same string wherever it is mentioned.
  bool staysTheSame(const VarDecl *string) const {
    unsigned changes = isa<ParmVarDecl>(string) ? 1 : 0;
    if (string->getInit() && !string->getInit()->isNullPointerConstant(
                                 site.context, Expr::NPC_ValueDependentIsNotNull))
      ++changes;
    for (const DeclRefExpr *reference : mentions(string)) {
      const Stmt *parent = parents.getParentIgnoreParenImpCasts(
          const_cast<DeclRefExpr *>(reference));
      if (auto *op = dyn_cast_or_null<BinaryOperator>(parent))
        changes += op->isAssignmentOp() && peel(op->getLHS()) == reference;
      if (auto *op = dyn_cast_or_null<UnaryOperator>(parent))
        changes += op->getOpcode() == UO_AddrOf;
    }
    return changes <= 1;
  }

  /// All rewrites of the pattern that kind and data belong to.
  std::optional<std::vector<Rewrite>> whole(const VarDecl *kind, const VarDecl *data) const {
    Definition kindOf = definition(kind), dataOf = definition(data);
    if (!kindOf.once || !dataOf.once || !kindOf.value || !dataOf.value)
      return std::nullopt;
    auto *kindCall = asCall(kindOf.value, "PyUnicode_KIND");
    auto *dataCall = asCall(dataOf.value, "PyUnicode_DATA");
    if (!kindCall || !dataCall)
      return std::nullopt;
    const VarDecl *string = localVariable(kindCall->getArg(0));
    if (!string || string != localVariable(dataCall->getArg(0)) || !staysTheSame(string))
      return std::nullopt;
    if (isShadowed(string))
      return std::nullopt;
    std::string spelled = spelledString(kindCall->getArg(0));
    std::vector<Rewrite> rewrites;
    std::set<const CallExpr *> reads;
    for (const VarDecl *variable : {kind, data})
      for (const DeclRefExpr *reference : mentions(variable)) {
        const CallExpr *call = readAround(reference);
        if (call && localVariable(call->getArg(0)) == kind &&
            localVariable(call->getArg(1)) == data) {
          if (!reads.insert(call).second)
            continue;
          auto rewrite = read(call, spelled);
          if (!rewrite)
            return std::nullopt;
          rewrites.push_back(*rewrite);
          continue;
        }
        auto *op = dyn_cast_or_null<BinaryOperator>(parents.getParentIgnoreParenImpCasts(
            const_cast<DeclRefExpr *>(reference)));
        if (!op || (op != kindOf.statement && op != dataOf.statement))
          return std::nullopt;
      }
    if (reads.empty() || spelled.empty())
      return std::nullopt;
    for (auto [variable, defined] : {std::pair{kind, kindOf}, std::pair{data, dataOf}}) {
      if (defined.statement) {
        auto removal = removeStatement(defined.statement);
        if (!removal)
          return std::nullopt;
        rewrites.push_back(*removal);
      }
    }
    auto removals = removeVariables(kind, data);
    if (!removals)
      return std::nullopt;
    rewrites.insert(rewrites.end(), removals->begin(), removals->end());
    return rewrites;
  }

private:
  /// An expression statement with its semicolon and, if nothing else stands
  /// there, its line.
  std::optional<Rewrite> removeStatement(const Stmt *statement) const {
    if (!isa_and_nonnull<CompoundStmt>(parents.getParent(const_cast<Stmt *>(statement))))
      return std::nullopt;
    auto range = site.spelling.range(statement->getBeginLoc(), statement->getEndLoc());
    return range ? remove(*range) : std::nullopt;
  }

  std::optional<Rewrite> remove(const SpelledRange &range) const {
    if (range.inMacro)
      return std::nullopt;
    StringRef text = site.spelling.text(range.file);
    Range extent = range.range;
    while (extent.end < text.size() && isSpace(text[extent.end]))
      ++extent.end;
    if (!text.substr(extent.begin).slice(0, range.range.size()).ends_with(";")) {
      if (extent.end >= text.size() || text[extent.end] != ';')
        return std::nullopt;
      ++extent.end;
    } else
      extent.end = range.range.end;
    // A macro such as MAYBE_UNUSED in front of a declaration belongs to it.
    extent.begin = statementStart(text, extent.begin);
    extent = withLines(text, extent);
    Rewrite rewrite;
    rewrite.file = site.spelling.path(range.file);
    rewrite.extent = extent;
    return rewrite;
  }

  /// Where the statement begins whose type or expression begins at `offset`:
  /// one word more to the left if there is one.
  static unsigned statementStart(StringRef text, unsigned offset) {
    unsigned word = text.take_front(offset).rtrim(" \t").size(), start = word;
    while (start > 0 && (isAlnum(text[start - 1]) || text[start - 1] == '_'))
      --start;
    if (start == word)
      return offset;
    StringRef before = text.take_front(start).rtrim();
    bool begins = before.empty() || before.ends_with(";") || before.ends_with("{") ||
                  before.ends_with("}") || before.ends_with("*/");
    return begins ? start : offset;
  }

  const DeclStmt *declarationOf(const VarDecl *variable) const {
    class Finder : public ConstDynamicRecursiveASTVisitor {
    public:
      const VarDecl *wanted = nullptr;
      const DeclStmt *found = nullptr;
      bool VisitDeclStmt(const DeclStmt *statement) override {
        if (is_contained(statement->decls(), wanted))
          found = statement;
        return true;
      }
    } finder;
    finder.wanted = variable;
    finder.TraverseStmt(site.function->getBody());
    return finder.found;
  }

  /// The declarations, or only the declarators of a list.
  std::optional<std::vector<Rewrite>> removeVariables(const VarDecl *kind,
                                                      const VarDecl *data) const {
    std::vector<Rewrite> rewrites;
    const DeclStmt *first = declarationOf(kind), *second = declarationOf(data);
    for (const DeclStmt *statement : {first, second == first ? nullptr : second}) {
      if (!statement)
        continue;
      SmallVector<const VarDecl *, 4> all;
      for (const Decl *decl : statement->decls())
        if (auto *variable = dyn_cast<VarDecl>(decl))
          all.push_back(variable);
        else
          return std::nullopt;
      auto doomed = [&](const VarDecl *v) { return v == kind || v == data; };
      auto range = site.spelling.range(statement->getBeginLoc(), statement->getEndLoc());
      if (!range || range->inMacro)
        return std::nullopt;
      if (llvm::all_of(all, doomed)) {
        auto removal = remove(*range);
        if (!removal)
          return std::nullopt;
        rewrites.push_back(*removal);
        continue;
      }
      // A pointer's star belongs to its declarator, so cut between commas.
      for (size_t i = 0; i < all.size(); ++i) {
        if (!doomed(all[i]))
          continue;
        if (i == 0)
          return std::nullopt; // its star and the type are not told apart
        auto before = site.spelling.range(all[i - 1]->getBeginLoc(), all[i - 1]->getEndLoc());
        auto self = site.spelling.range(all[i]->getBeginLoc(), all[i]->getEndLoc());
        if (!before || !self || before->file != self->file)
          return std::nullopt;
        Rewrite rewrite;
        rewrite.file = site.spelling.path(self->file);
        rewrite.extent = {before->range.end, self->range.end};
        rewrites.push_back(rewrite);
      }
    }
    return rewrites;
  }

  const Site &site;
  ParentMap parents;
  mutable std::map<const VarDecl *, std::vector<const DeclRefExpr *>> cache;
};

} // namespace

bool judgeUnicodeRead(const Site &site, const Rule &rule, Finding &finding) {
  finding.use = site.use;
  const std::string *reason = rule.reasonFor(site.use, site.floor);
  finding.reason = reason ? *reason : "read characters with PyUnicode_ReadChar";
  if (!site.function || !site.function->getBody() || finding.inMacro)
    return true;
  auto *call = cast<CallExpr>(site.expr);
  Pattern pattern(site);
  auto accept = [&](std::vector<Rewrite> rewrites, SourceLocation anchor) {
    finding.safety = rule.safety;
    finding.reason.clear();
    finding.rewrites = std::move(rewrites);
    finding.group = site.spelling.place(anchor);
  };

  if (const CallExpr *around = pattern.readAround(call)) {
    if (auto rewrite = pattern.direct(around)) {
      accept({*rewrite}, around->getBeginLoc());
      return true;
    }
  }

  const VarDecl *kind = nullptr, *data = nullptr;
  if (finding.symbol == "PyUnicode_READ") {
    kind = localVariable(call->getArg(0));
    data = localVariable(call->getArg(1));
  } else {
    // From the variable that this call fills to a READ that names it.
    const VarDecl *mine = nullptr;
    for (const Stmt *parent : reverse(site.parents)) {
      if (isa<ParenExpr, CastExpr>(parent))
        continue;
      if (auto *op = dyn_cast<BinaryOperator>(parent); op && op->getOpcode() == BO_Assign)
        mine = localVariable(op->getLHS());
      if (auto *statement = dyn_cast<DeclStmt>(parent))
        for (const Decl *decl : statement->decls())
          if (auto *variable = dyn_cast<VarDecl>(decl))
            if (variable->getInit() && (asCall(variable->getInit(), finding.symbol) == call))
              mine = variable;
      break;
    }
    if (mine)
      for (const DeclRefExpr *reference : pattern.mentions(mine))
        if (const CallExpr *read = pattern.readAround(reference)) {
          kind = localVariable(read->getArg(0));
          data = localVariable(read->getArg(1));
          if (kind == mine || data == mine)
            break;
          kind = data = nullptr;
        }
  }
  if (kind && data)
    if (auto rewrites = pattern.whole(kind, data))
      accept(std::move(*rewrites), kind->getLocation());
  return true;
}

} // namespace abi3ify
