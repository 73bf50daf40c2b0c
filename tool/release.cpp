// Writes what a ReleasePlan asks for, in the style of the code around it.
#include "abi3ify/ownership.h"
#include "clang/AST/DynamicRecursiveASTVisitor.h"
#include "clang/AST/StmtCXX.h"
#include "clang/Basic/SourceManager.h"
#include "llvm/ADT/StringExtras.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

/// Names and mentions of one function.
struct Names : ConstDynamicRecursiveASTVisitor {
  StringSet<> names;
  bool VisitDeclRefExpr(const DeclRefExpr *reference) override {
    add(reference->getDecl());
    return true;
  }
  bool VisitVarDecl(const VarDecl *decl) override {
    add(decl);
    return true;
  }
  void add(const NamedDecl *decl) {
    if (decl->getIdentifier())
      names.insert(decl->getName());
  }
};

class Writer {
public:
  Writer(const Site &site, const VarDecl *variable, const ParentMap &parents)
      : site(site), variable(variable), parents(parents) {}

  ReleaseEdits write(const ReleasePlan &plan) {
    for (const CallExpr *call : plan.transfers)
      dropTransfer(call);
    for (const Release &release : plan.releases)
      release.before ? before(release) : atEnd(release);
    if (plan.initialise)
      initialise();
    if (!result.refusal.empty())
      result.rewrites.clear();
    return std::move(result);
  }

private:
  void refuse(StringRef reason) {
    if (result.refusal.empty())
      result.refusal = reason.str();
  }

  std::string releaseText(bool mayBeNull) const {
    std::string type = variable->getType().getUnqualifiedType().getAsString(
        site.context.getPrintingPolicy());
    return (mayBeNull ? "Py_XDECREF(" : "Py_DECREF(") +
           std::string(type == "PyObject *" ? "" : "(PyObject *)") + variable->getNameAsString() +
           ");";
  }

  void replace(const SpelledRange &where, Range extent, std::string text) {
    Rewrite rewrite;
    rewrite.file = site.spelling.path(where.file);
    rewrite.extent = extent;
    rewrite.to = std::move(text);
    result.rewrites.push_back(std::move(rewrite));
  }

  /// An edit that the plans of several variables may have in common.
  void share(const SpelledRange &where, Range extent, std::string text, int rank) {
    replace(where, extent, std::move(text));
    result.rewrites.back().sharedRank = rank;
  }

  /// The text of a statement with its semicolon. Py_RETURN_NONE may make it,
  /// a macro of the user's may not: more may hang on it.
  std::optional<SpelledRange> spelled(const Stmt *stmt) const {
    auto range = site.spelling.range(stmt->getBeginLoc(), stmt->getEndLoc());
    if (!range || range->inMacro)
      return std::nullopt;
    StringRef text = site.spelling.text(range->file);
    if (stmt->getBeginLoc().isMacroID() &&
        !text.substr(range->range.begin).starts_with("Py_RETURN_"))
      return std::nullopt;
    if (text.slice(range->range.begin, range->range.end).ends_with(";"))
      return range;
    auto end = behindSemicolon(text, range->range.end);
    if (!end)
      return std::nullopt;
    range->range.end = *end;
    return range;
  }

  /// The white space in front of an offset, if it begins its line.
  static std::optional<StringRef> ownIndent(StringRef text, unsigned offset) {
    StringRef indent = indentAt(text, offset);
    return indent.end() == text.data() + offset ? std::optional(indent) : std::nullopt;
  }

  void before(const Release &release) {
    const Stmt *stmt = release.before;
    auto range = spelled(stmt);
    if (!range)
      return refuse("a way out of the function stands in a macro, where the reference cannot be "
                    "released");
    StringRef text = site.spelling.text(range->file);
    unsigned begin = range->range.begin, end = range->range.end;
    std::string give = releaseText(release.mayBeNull);
    std::string newline = newlineOf(text).str();
    auto own = ownIndent(text, begin);

    auto *back = dyn_cast<ReturnStmt>(stmt);
    if (back && back->getRetValue() && !stmt->getBeginLoc().isMacroID() &&
        !isIndependent(back->getRetValue()))
      return hoist(*range, give, own, newline);
    const Stmt *parent = parents.getParent(withLabels(stmt, parents));
    if (isa_and_nonnull<CompoundStmt>(parent))
      return replace(*range, {begin, begin},
                     give + (own ? newline + own->str() : std::string(" ")));
    // The unbraced branch of an if, or the body of a loop.
    auto head = withLabels(stmt, parents) == stmt ? endOfHead(stmt, parent, *range) : std::nullopt;
    if (!head)
      return refuse("a way out of the function is spelled so that the reference cannot be released "
                    "in front of it");
    StringRef outer = own ? own->drop_back(std::min<size_t>(own->size(), stepOf(*own))) : "";
    share(*range, {*head, *head}, *head == begin ? " { " : " {", -1);
    replace(*range, {begin, begin}, give + (own ? newline + own->str() : std::string(" ")));
    share(*range, {end - 1, end}, own ? ";" + newline + outer.str() + "}" : "; }", 1);
  }

  /// Behind `if (...)`, `else`, `for (...)`, `while (...)` or `do`: where the
  /// brace of the branch goes. Nothing if a macro spells it.
  std::optional<unsigned> endOfHead(const Stmt *branch, const Stmt *parent,
                                    const SpelledRange &where) const {
    SourceLocation last;
    if (auto *test = dyn_cast_or_null<IfStmt>(parent))
      last = branch == test->getElse() ? test->getElseLoc() : test->getRParenLoc();
    else if (auto *loop = dyn_cast_or_null<ForStmt>(parent))
      last = loop->getRParenLoc();
    else if (auto *loop = dyn_cast_or_null<WhileStmt>(parent))
      last = loop->getRParenLoc();
    else if (auto *loop = dyn_cast_or_null<CXXForRangeStmt>(parent))
      last = loop->getRParenLoc();
    else if (auto *loop = dyn_cast_or_null<DoStmt>(parent))
      last = loop->getDoLoc();
    if (last.isInvalid() || last.isMacroID())
      return std::nullopt;
    auto range = site.spelling.range(last, last);
    bool beside = range && !range->inMacro && range->file == where.file &&
                  range->range.end <= where.range.begin;
    return beside ? std::optional(range->range.end) : std::nullopt;
  }

  /// One step of indentation, as far as one line shows it.
  static size_t stepOf(StringRef indent) { return indent.ends_with("\t") ? 1 : std::min<size_t>(indent.size(), 4); }

  /// return EXPR; where EXPR may need the object. What keeps the result is
  /// shared with the other variables that are released here.
  void hoist(const SpelledRange &range, const std::string &give, std::optional<StringRef> own,
             const std::string &newline) {
    StringRef text = site.spelling.text(range.file);
    unsigned begin = range.range.begin, end = range.range.end;
    if (!text.substr(begin).starts_with("return"))
      return refuse("the function's result is spelled so that it cannot be kept until the reference "
                    "is released");
    QualType type = site.function->getReturnType();
    if (type->isDependentType() || type->isReferenceType() || type->getContainedDeducedType())
      return refuse("the function's result has no type that can be written down");
    Names taken;
    taken.TraverseDecl(site.function);
    std::string name = taken.names.count("result") ? "py_result" : "result";
    if (taken.names.count(name))
      return refuse("the names 'result' and 'py_result' are taken in this function");
    std::string spelledType = type.getAsString(site.context.getPrintingPolicy());
    std::string separator = own ? newline + own->str() + "    " : " ";
    share(range, {begin, begin + 6},
          "{" + separator + spelledType + (StringRef(spelledType).ends_with("*") ? "" : " ") + name +
              " =", 1);
    replace(range, {end - 1, end - 1}, ";" + separator + StringRef(give).drop_back().str());
    share(range, {end - 1, end},
          ";" + separator + "return " + name + ";" +
              (own ? newline + own->str() + "}" : std::string(" }")), 1);
  }

  /// Whether a result is the same after the release: a constant, or another
  /// variable.
  bool isIndependent(const Expr *expr) const {
    expr = expr->IgnoreParenImpCasts();
    while (auto *cast = dyn_cast<ExplicitCastExpr>(expr))
      expr = cast->getSubExpr()->IgnoreParenImpCasts();
    if (auto *reference = dyn_cast<DeclRefExpr>(expr))
      return reference->getDecl() != variable;
    return expr->isNullPointerConstant(site.context, Expr::NPC_ValueDependentIsNotNull) ||
           (!expr->isValueDependent() && expr->isEvaluatable(site.context));
  }

  void atEnd(const Release &release) {
    SourceLocation brace = release.endOf->getRBracLoc();
    auto range = brace.isMacroID() ? std::nullopt : site.spelling.range(brace, brace);
    if (!range || range->inMacro)
      return refuse("the block that the reference is used in ends in a macro");
    StringRef text = site.spelling.text(range->file);
    unsigned at = range->range.begin;
    std::string give = releaseText(release.mayBeNull);
    auto outer = ownIndent(text, at);
    if (!outer)
      return replace(*range, {at, at}, give + " ");
    // Like the last statement of the block that has no label.
    std::string inner = outer->str() + "    ";
    auto body = reverse(release.endOf->body());
    auto plain = find_if(body, [](const Stmt *stmt) { return !isa<LabelStmt, SwitchCase>(stmt); });
    if (plain != body.end()) {
      auto last = site.spelling.range((*plain)->getBeginLoc(), (*plain)->getBeginLoc());
      if (last && !last->inMacro && last->file == range->file)
        if (auto indent = ownIndent(text, last->range.begin))
          inner = indent->str();
    }
    unsigned line = at - outer->size();
    replace(*range, {line, line}, inner + give + newlineOf(text).str());
  }

  void dropTransfer(const CallExpr *call) {
    auto *callee = call->getDirectCallee();
    auto range = site.spelling.range(call->getCallee()->getBeginLoc(), call->getEndLoc());
    if (!callee || !range || range->inMacro)
      return refuse("the Py_INCREF that takes the reference stands in a macro");
    StringRef text = site.spelling.text(range->file);
    auto spelledCall = callText(text, range->range.begin, text.size(), true);
    if (!spelledCall || spelledCall->args.size() != 1)
      return refuse("the Py_INCREF that takes the reference is not spelled next to its argument");
    bool value = StringRef(calledName(call)).ends_with("NewRef");
    if (value) {
      Rewrite rewrite;
      rewrite.file = site.spelling.path(range->file);
      rewrite.extent = spelledCall->all;
      rewrite.to = "$object";
      Argument argument;
      argument.name = "object";
      argument.range = spelledCall->args[0];
      argument.primary = true;
      rewrite.args.push_back(argument);
      result.rewrites.push_back(std::move(rewrite));
      return;
    }
    auto end = behindSemicolon(text, spelledCall->all.end);
    if (!end)
      return refuse("the Py_INCREF that takes the reference is not a statement");
    dropStatement(call, *range, {spelledCall->all.begin, *end});
  }

  /// The statement around a call goes away, with a test of the variable. Behind
  /// a label its semicolon stays where no other statement follows.
  void dropStatement(const CallExpr *call, const SpelledRange &where, Range extent) {
    StringRef text = site.spelling.text(where.file);
    const Stmt *goes = takingStatement(call, variable, parents, site.context);
    if (auto *test = dyn_cast_or_null<IfStmt>(goes)) {
      bool braced = isa<CompoundStmt>(test->getThen());
      auto whole = site.spelling.range(test->getBeginLoc(),
                                       braced ? test->getEndLoc() : test->getCond()->getEndLoc());
      bool spelled = whole && !whole->inMacro && whole->file == where.file &&
                     !test->getBeginLoc().isMacroID() && !(braced && test->getEndLoc().isMacroID());
      Range all = extent;
      if (whole)
        all = {whole->range.begin, braced ? whole->range.end : extent.end};
      StringRef spelling = text.slice(all.begin, all.end);
      bool remarks = spelling.contains("//") || spelling.contains("/*") || spelling.contains('#');
      if (spelled && !remarks)
        extent = all;
      else if (!braced)
        return refuse("the test in front of the Py_INCREF that takes the reference has a comment or "
                      "stands in a macro");
    }
    const Stmt *labelled = withLabels(goes, parents);
    if (labelled != goes && !isFollowedByStatement(labelled))
      return replace(where, {extent.begin, extent.end}, ";");
    Range lines = withLines(text, extent);
    if (lines == extent) {
      while (lines.end < text.size() && (text[lines.end] == ' ' || text[lines.end] == '\t'))
        ++lines.end;
      StringRef rest = text.substr(lines.end);
      if (rest.starts_with("\n") || rest.starts_with("\r\n"))
        while (lines.begin > 0 && (text[lines.begin - 1] == ' ' || text[lines.begin - 1] == '\t'))
          --lines.begin;
    }
    replace(where, lines, "");
  }

  bool isFollowedByStatement(const Stmt *stmt) const {
    auto *block = dyn_cast_or_null<CompoundStmt>(parents.getParent(stmt));
    if (!block)
      return false;
    auto next = find(block->body(), stmt);
    return next != block->body_end() && ++next != block->body_end() && !isa<DeclStmt>(*next);
  }

  void initialise() {
    auto range = site.spelling.range(variable->getBeginLoc(), variable->getEndLoc());
    if (!range || range->inMacro || variable->hasInit())
      return refuse("the variable cannot be made NULL where it is declared");
    replace(*range, {range->range.end, range->range.end}, " = NULL");
  }

  const Site &site;
  const VarDecl *variable;
  const ParentMap &parents;
  ReleaseEdits result;
};

} // namespace

ReleaseEdits writeReleases(const Site &site, const VarDecl *variable, const ParentMap &parents,
                           const ReleasePlan &plan) {
  return Writer(site, variable, parents).write(plan);
}

} // namespace abi3ify
