// Static type objects whose addresses stand in data: tables of types, structs
// that other modules get through a capsule. A heap type has no address before
// it is made, so the data gets NULL there, and the type behind the place where
// it is made. Types that a loop over such a table readies are made in front of
// the loop, one after the other.
// Checked: the data can be written to and is declared where the type is made;
// what is done when a type cannot be made does not depend on the loop.
#include "abi3ify/site.h"
#include "abi3ify/static-types.h"
#include "clang/AST/DynamicRecursiveASTVisitor.h"
#include "clang/AST/StmtCXX.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

bool contains(const Stmt *whole, const Stmt *part) {
  return whole == part || (whole && any_of(whole->children(), [&](const Stmt *child) {
           return contains(child, part);
         }));
}

/// Where an initialiser has `part`: "[2].type", and the value there.
const Expr *findPath(const Expr *init, const Expr *part, const FieldDecl *&field,
                     std::string &path) {
  auto *list = dyn_cast<InitListExpr>(init->IgnoreImplicit());
  if (list && list->isSyntacticForm() && list->getSemanticForm())
    list = list->getSemanticForm();
  if (!list)
    return contains(init, part) ? init : nullptr;
  if (list->getType()->isRecordType()) {
    for (const auto [member, value] : givenMembers(list))
      if (contains(value, part)) {
        field = member;
        path += "." + member->getName().str();
        return findPath(value, part, field, path);
      }
    return nullptr;
  }
  for (unsigned i = 0; i < list->getNumInits(); ++i)
    if (contains(list->getInit(i), part)) {
      path += list->getType()->isArrayType() ? "[" + std::to_string(i) + "]" : "";
      return findPath(list->getInit(i), part, field, path);
    }
  return nullptr;
}

/// Whether a condition holds where a call fails: f(x), f(x) < 0, f(x) != 0,
/// f(x) == -1, and these with || and others.
bool failsBy(const Expr *condition, const CallExpr *call, const ASTContext &ast) {
  condition = condition->IgnoreParenImpCasts();
  if (condition == call)
    return true;
  auto *op = dyn_cast<BinaryOperator>(condition);
  if (!op)
    return false;
  if (op->getOpcode() == BO_LOr)
    return failsBy(op->getLHS(), call, ast) || failsBy(op->getRHS(), call, ast);
  Expr::EvalResult known;
  if (op->getLHS()->IgnoreParenImpCasts() != call || !op->getRHS()->EvaluateAsInt(known, ast))
    return false;
  int64_t value = known.Val.getInt().getExtValue();
  return (op->getOpcode() == BO_LT && value == 0) || (op->getOpcode() == BO_NE && value == 0) ||
         (op->getOpcode() == BO_EQ && value == -1);
}

/// Whether a condition asks nothing but whether types can be readied.
bool onlyReadies(const Expr *condition, const ASTContext &ast) {
  condition = condition->IgnoreParenImpCasts();
  if (auto *op = dyn_cast<BinaryOperator>(condition); op && op->getOpcode() == BO_LOr)
    return onlyReadies(op->getLHS(), ast) && onlyReadies(op->getRHS(), ast);
  const Expr *side = condition;
  if (auto *op = dyn_cast<BinaryOperator>(condition))
    side = op->getLHS()->IgnoreParenImpCasts();
  auto *call = dyn_cast<CallExpr>(side);
  return call && calledName(call) == "PyType_Ready" && failsBy(condition, call, ast);
}

/// The variables that a statement changes.
struct Changed : ConstDynamicRecursiveASTVisitor {
  bool VisitBinaryOperator(const BinaryOperator *op) override {
    if (op->isAssignmentOp())
      note(op->getLHS());
    return true;
  }
  bool VisitUnaryOperator(const UnaryOperator *op) override {
    if (op->isIncrementDecrementOp() || op->getOpcode() == UO_AddrOf)
      note(op->getSubExpr());
    return true;
  }
  void note(const Expr *expr) {
    if (auto *reference = dyn_cast<DeclRefExpr>(expr->IgnoreParenImpCasts()))
      variables.insert(reference->getDecl());
  }
  std::set<const ValueDecl *> variables;
};

/// Whether a statement can be done elsewhere: it leaves no loop, and names
/// nothing that the loop changes or that is declared behind `place`.
struct Movable : ConstDynamicRecursiveASTVisitor {
  Movable(const SourceManager &sources, SourceLocation place, const Stmt *loop)
      : sources(sources), place(place) {
    changed.TraverseStmt(loop);
  }
  bool VisitBreakStmt(const BreakStmt *) override { return result = false; }
  bool VisitContinueStmt(const ContinueStmt *) override { return result = false; }
  bool VisitDeclRefExpr(const DeclRefExpr *reference) override {
    auto *variable = dyn_cast<VarDecl>(reference->getDecl());
    if (variable && changed.variables.count(variable))
      result = false;
    if (variable && variable->isLocalVarDecl() &&
        !sources.isBeforeInTranslationUnit(variable->getLocation(), place))
      result = false;
    return result;
  }
  const SourceManager &sources;
  SourceLocation place;
  Changed changed;
  bool result = true;
};

/// Whether anything is done between two places of a function: a call, an assignment.
struct Done : ConstDynamicRecursiveASTVisitor {
  Done(const SourceManager &sources, SourceLocation begin, SourceLocation end)
      : sources(sources), begin(begin), end(end) {}
  bool VisitCallExpr(const CallExpr *call) override { return note(call->getBeginLoc()); }
  bool VisitBinaryOperator(const BinaryOperator *op) override {
    return !op->isAssignmentOp() || note(op->getBeginLoc());
  }
  bool note(SourceLocation place) {
    anything |= sources.isBeforeInTranslationUnit(begin, place) && sources.isBeforeInTranslationUnit(place, end);
    return !anything;
  }
  const SourceManager &sources;
  SourceLocation begin, end;
  bool anything = false;
};

/// Whether a statement depends on what the project's code has done before it.
struct Dependent : ConstDynamicRecursiveASTVisitor {
  explicit Dependent(const Spelling &spelling) : spelling(spelling) {}
  bool VisitGotoStmt(const GotoStmt *) override { return !(result = true); }
  bool VisitDeclRefExpr(const DeclRefExpr *reference) override {
    auto *variable = dyn_cast<VarDecl>(reference->getDecl());
    result |= variable && spelling.isUsers(variable->getLocation());
    return !result;
  }
  const Spelling &spelling;
  bool result = false;
};

class Tables {
public:
  explicit Tables(TypeSurvey &survey)
      : survey(survey), spelling(survey.spelling), sources(survey.ast.getSourceManager()) {}

  void convert() {
    for (const TableReady &ready : survey.tableReadies)
      convertLoop(ready);
    for (auto &[variable, table] : survey.tables)
      if (variable->hasGlobalStorage())
        for (const TypeTable::Entry &entry : table.entries)
          fill(variable, entry);
  }

private:
  // --- data that is filled at run time --------------------------------------

  void fill(const VarDecl *variable, const TypeTable::Entry &entry) {
    StaticType &type = *entry.type;
    if (!type.part.blockers.empty())
      return;
    auto block = [&](const Twine &reason) {
      survey.block(type, entry.address->getBeginLoc(),
                   "its address stands in static data, which is filled before a heap type exists; "
                   "fill '" + variable->getName() + "' when the module is made" + reason);
    };
    std::string path = variable->getNameAsString();
    const FieldDecl *field = nullptr;
    const Expr *value =
        variable->getInit() ? findPath(variable->getInit(), entry.address, field, path) : nullptr;
    auto range = value ? spelling.range(value->getBeginLoc(), value->getEndLoc()) : std::nullopt;
    auto ampersand = spelling.token(entry.address->getOperatorLoc(), "&");
    if (!range || range->inMacro || !ampersand || ampersand->file != range->file ||
        !(range->range.begin <= ampersand->offset && ampersand->offset < range->range.end))
      return block("");
    if (survey.ast.getBaseElementType(variable->getType()).isConstQualified() ||
        (field && field->getType().isConstQualified()))
      return block(", and take its const away");
    StringRef text = spelling.text(range->file);
    unsigned name = ampersand->offset + 1;
    while (text[name] == ' ')
      ++name;
    std::string filled = path + " = " +
                         text.slice(range->range.begin, ampersand->offset).str() +
                         text.slice(name, range->range.end).str() + ";";
    if (type.made.empty())
      return block("");
    for (const TypeMade &made : type.made)
      if (!insertBehind(type, made, variable, filled))
        return block("");
    Rewrite rewrite;
    rewrite.file = spelling.path(range->file);
    rewrite.extent = range->range;
    rewrite.anew = true;
    rewrite.to = "NULL";
    type.part.rewrites.push_back(rewrite);
  }

  /// A statement behind the one that makes a type.
  bool insertBehind(StaticType &type, const TypeMade &made, const VarDecl *variable,
                    const std::string &statement) {
    if (!made.function ||
        (variable->isStaticLocal() && variable->getDeclContext() != made.function))
      return false;
    Rewrite rewrite;
    if (made.loop) { // The types of a loop are made in front of it.
      auto range = spelling.range(made.loop->getBeginLoc(), made.loop->getBeginLoc());
      if (!range || !isDeclaredAt(variable, made.loop->getBeginLoc()))
        return false;
      rewrite.file = spelling.path(range->file);
      rewrite.extent = {made.at, made.at};
      rewrite.to = made.lead + statement + made.trail;
      rewrite.sharedRank = made.rank + LoopSize;
    } else {
      const Stmt *whole = nullptr;
      for (unsigned i = made.parents.size(); i > 0 && !whole; --i)
        if (isa<CompoundStmt>(made.parents[i - 1]) && i < made.parents.size())
          whole = made.parents[i];
      // The call itself is what stands in the block.
      if (!whole && !made.parents.empty() && isa<CompoundStmt>(made.parents.back()))
        whole = made.call;
      // Nothing may look at the data between the call and the end of the statement.
      auto *branch = dyn_cast_or_null<IfStmt>(whole);
      bool plain = whole == made.call || (branch && !branch->getElse() &&
                                          onlyReadies(branch->getCond(), survey.ast));
      if (!plain || !isDeclaredAt(variable, whole->getBeginLoc()))
        return false;
      auto range = endOf(whole);
      if (!range)
        return false;
      StringRef text = spelling.text(range->file);
      rewrite.file = spelling.path(range->file);
      rewrite.extent = {range->range.end, range->range.end};
      rewrite.to = (newlineOf(text) + indentAt(text, range->range.begin) + statement).str();
    }
    type.part.rewrites.push_back(rewrite);
    return true;
  }

  bool isDeclaredAt(const VarDecl *variable, SourceLocation place) const {
    return sources.isBeforeInTranslationUnit(sources.getExpansionLoc(variable->getLocation()),
                                             sources.getExpansionLoc(place));
  }

  /// A statement with its semicolon, or the brace that it ends with. A macro may stand
  /// for all of it or for its end, and for nothing else: INITERROR;
  std::optional<SpelledRange> endOf(const Stmt *stmt) const {
    CharSourceRange written = Lexer::makeFileCharRange(CharSourceRange::getTokenRange(stmt->getSourceRange()),
                                                       sources, survey.ast.getLangOpts());
    auto range = written.isValid() ? spelling.range(written.getBegin(), written.getBegin()) : std::nullopt;
    if (!range)
      return std::nullopt;
    range->range.end = sources.getFileOffset(written.getEnd());
    StringRef text = spelling.text(range->file);
    if (auto end = behindSemicolon(text, range->range.end))
      range->range.end = *end;
    else if (!text.take_front(range->range.end).ends_with("}") &&
             !text.take_front(range->range.end).ends_with(";"))
      return std::nullopt;
    return range;
  }

  // --- loops ------------------------------------------------------------------

  void convertLoop(const TableReady &ready) {
    TypeTable &table = survey.tables[ready.table];
    auto block = [&](const Twine &reason) {
      for (const TypeTable::Entry &entry : table.entries)
        survey.block(*entry.type, ready.call->getBeginLoc(), reason);
    };
    const Stmt *loop = nullptr;
    const IfStmt *check = nullptr;
    for (unsigned i = 1; i < ready.parents.size(); ++i) {
      const Stmt *parent = ready.parents[i];
      if (!loop && isa<ForStmt, WhileStmt, DoStmt, CXXForRangeStmt>(parent) &&
          isa<CompoundStmt>(ready.parents[i - 1]))
        loop = parent;
      if (auto *branch = dyn_cast<IfStmt>(parent); loop && branch &&
                                                   contains(branch->getCond(), ready.call))
        check = branch;
    }
    if (!loop)
      return block("an entry of a table is readied here outside of a loop");
    // A table in a function has the types from the start.
    SourceLocation begin = ready.table->hasGlobalStorage() ? loop->getBeginLoc()
                                                            : ready.table->getBeginLoc();
    auto place = spelling.range(begin, begin);
    auto body = check ? endOf(check->getThen()) : std::nullopt;
    if (!place || place->inMacro || (check && (!body || body->file != place->file)))
      return block("a macro makes the loop that readies it, or what is done where it fails");
    if (check && !failsBy(check->getCond(), ready.call, survey.ast))
      return block("the loop that readies it does not ask for a failure right away");
    if (check) {
      Movable movable(sources, begin, loop);
      movable.TraverseStmt(check->getThen());
      if (!movable.result || check->getElse())
        return block("what is done when it cannot be readied depends on the loop");
      Done between(sources, begin, loop->getBeginLoc());
      between.TraverseStmt(ready.function->getBody());
      Dependent dependent(spelling);
      dependent.TraverseStmt(check->getThen());
      if (between.anything && dependent.result)
        return block("what is done when it cannot be readied depends on what is done in front of the loop, and '" +
                     ready.table->getName() + "' needs the type before that");
    }
    StringRef text = spelling.text(place->file);
    std::string indent = indentAt(text, place->range.begin).str();
    std::string failure = check ? failureText(text, body->range, *check, indent) : "";
    std::string tie = "loop:" + spelling.path(place->file) + ":" + std::to_string(place->range.begin);
    std::optional<Rewrite> removal = removalOf(ready, loop, check);
    // In front of the loop, or in its place.
    TypeMade where{ready.function, place->range.begin, {}, ready.call, loop};
    where.at = where.offset;
    where.trail = newlineOf(text).str() + indent;
    if (removal && removal->extent.contains({where.at, where.at})) {
      where.at = removal->extent.end;
      where.lead = indent;
      where.trail = newlineOf(text);
    }
    for (const Stmt *parent : ready.parents) {
      if (parent == loop)
        break;
      where.parents.push_back(parent);
    }
    int rank = LoopRank;
    for (const TypeTable::Entry &entry : table.entries) {
      StaticType &type = *entry.type;
      TypePart::Ready made;
      made.file = spelling.path(place->file);
      made.extent = {where.at, where.at};
      made.rank = where.rank = ++rank;
      made.before = where.lead + (check ? "if (" : "");
      made.behind = (check ? " < 0)" + failure : ";") + where.trail;
      made.function = survey.spelling.place(ready.function->getLocation());
      type.part.readies.push_back(std::move(made));
      type.made.push_back(where);
      if (!type.readiedIn)
        type.readiedIn = ready.function;
      type.part.ties.insert(tie);
      if (removal)
        type.part.rewrites.push_back(*removal);
    }
  }

  /// What is done if a type cannot be made, as it stands in the loop.
  std::string failureText(StringRef text, Range range, const IfStmt &check,
                          const std::string &indent) const {
    auto whole = spelling.range(check.getBeginLoc(), check.getBeginLoc());
    StringRef inner = whole ? indentAt(text, whole->range.begin) : StringRef();
    StringRef extra = inner;
    extra.consume_front(indent);
    // A block's lines are as far in as the loop's.
    std::string result;
    SmallVector<StringRef> lines;
    text.slice(range.begin, range.end).split(lines, '\n');
    for (StringRef line : lines) {
      if (!result.empty()) {
        result += "\n";
        if (line.starts_with(inner))
          line = (line.drop_front(inner.size() - extra.size()));
      }
      result += line.str();
    }
    if (isa<CompoundStmt>(check.getThen()))
      return " " + result;
    return newlineOf(text).str() + indent + (extra.empty() ? "    " : extra.str()) + result;
  }

  /// Takes the check out of the loop, or the whole loop; nothing where the
  /// call must or may stay: of a type that is made it does nothing.
  std::optional<Rewrite> removalOf(const TableReady &ready, const Stmt *loop,
                                   const IfStmt *check) const {
    if (!check || !isPlain(*check, ready.call))
      return std::nullopt;
    const Stmt *body = nullptr;
    bool ownVariable = isa<CXXForRangeStmt>(loop);
    if (auto *counted = dyn_cast<ForStmt>(loop)) {
      body = counted->getBody();
      ownVariable = isa_and_nonnull<DeclStmt>(counted->getInit());
    } else if (auto *ranged = dyn_cast<CXXForRangeStmt>(loop))
      body = ranged->getBody();
    auto *block = dyn_cast_or_null<CompoundStmt>(body);
    bool alone = body == check || (block && block->size() == 1 && block->body_front() == check);
    if (alone && !ownVariable)
      return std::nullopt;
    if (!alone && !(block && is_contained(block->body(), check)))
      return std::nullopt;
    auto range = endOf(alone ? loop : check);
    if (!range || hasOthers(ready.table))
      return std::nullopt;
    Rewrite rewrite;
    rewrite.file = spelling.path(range->file);
    rewrite.extent = withLines(spelling.text(range->file), range->range);
    rewrite.anew = true;
    return rewrite;
  }

  /// if (PyType_Ready(x) < 0), and nothing else in the condition.
  static bool isPlain(const IfStmt &check, const CallExpr *call) {
    const Expr *condition = check.getCond()->IgnoreParenImpCasts();
    if (auto *compared = dyn_cast<BinaryOperator>(condition))
      condition = compared->getLHS()->IgnoreParenImpCasts();
    return condition == call;
  }

  /// Whether a table has more than addresses of types and NULL.
  bool hasOthers(const VarDecl *variable) const {
    struct Leaves : ConstDynamicRecursiveASTVisitor {
      bool VisitDeclRefExpr(const DeclRefExpr *reference) override {
        other |= isPointerTo(reference->getType(), "PyTypeObject");
        return true;
      }
      bool VisitCallExpr(const CallExpr *) override { return !(other = true); }
      bool other = false;
    } leaves;
    if (variable->getInit())
      leaves.TraverseStmt(variable->getInit());
    return leaves.other || !variable->getInit();
  }

  static constexpr int LoopRank = 1000, LoopSize = 1000000;

  TypeSurvey &survey;
  const Spelling &spelling;
  const SourceManager &sources;
};

/// Assignments to a variable in a function.
struct Assigned : ConstDynamicRecursiveASTVisitor {
  explicit Assigned(const VarDecl *variable) : variable(variable) {}
  bool VisitBinaryOperator(const BinaryOperator *op) override {
    auto *left = dyn_cast<DeclRefExpr>(op->getLHS()->IgnoreParenImpCasts());
    if (op->getOpcode() == BO_Assign && left && left->getDecl() == variable)
      values.push_back(op->getRHS());
    return true;
  }
  const VarDecl *variable;
  std::vector<const Expr *> values;
};

} // namespace

std::vector<const Expr *> valuesOf(const VarDecl *variable, const FunctionDecl *function) {
  Assigned assigned(variable);
  if (variable->getInit())
    assigned.values.push_back(variable->getInit());
  assigned.TraverseStmt(function->getBody());
  return std::move(assigned.values);
}

const VarDecl *tableOf(const TypeSurvey &survey, const Expr *expr, const FunctionDecl *function,
                       unsigned depth) {
  if (!expr || depth > 6)
    return nullptr;
  auto next = [&](const Expr *inner) { return tableOf(survey, inner, function, depth + 1); };
  expr = bare(expr);
  if (auto *element = dyn_cast<ArraySubscriptExpr>(expr))
    return next(element->getBase());
  if (auto *member = dyn_cast<MemberExpr>(expr))
    return next(member->getBase());
  if (auto *op = dyn_cast<UnaryOperator>(expr))
    return next(op->getSubExpr());
  if (auto *op = dyn_cast<BinaryOperator>(expr))
    return op->isAdditiveOp() ? next(op->getLHS()) : nullptr;
  auto *reference = dyn_cast<DeclRefExpr>(expr);
  auto *variable = reference ? dyn_cast<VarDecl>(reference->getDecl()) : nullptr;
  if (!variable)
    return nullptr;
  if (survey.tables.count(variable))
    return variable;
  if (!variable->hasLocalStorage() || isa<ParmVarDecl>(variable))
    return nullptr;
  for (const Expr *value : valuesOf(variable, function))
    if (const VarDecl *table = next(value))
      return table;
  return nullptr;
}

void convertTables(TypeSurvey &survey) { Tables(survey).convert(); }

} // namespace abi3ify
