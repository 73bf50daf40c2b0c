// Writes what a ReleasePlan asks for, in the style of the code around it.
#include "abi3ify/ownership.h"
#include "clang/AST/DynamicRecursiveASTVisitor.h"
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
    size_t end = range->range.end;
    if (text.slice(range->range.begin, end).ends_with(";"))
      return range;
    while (end < text.size() && isSpace(text[end]))
      ++end;
    if (end >= text.size() || text[end] != ';')
      return std::nullopt;
    range->range.end = end + 1;
    return range;
  }

  /// The white space in front of an offset, if it begins its line.
  static std::optional<StringRef> indentAt(StringRef text, unsigned offset) {
    size_t line = text.take_front(offset).rfind('\n') + 1;
    StringRef indent = text.slice(line, offset);
    return indent.trim(" \t").empty() ? std::optional(indent) : std::nullopt;
  }

  static std::string lineBreak(StringRef text) { return text.contains("\r\n") ? "\r\n" : "\n"; }

  void before(const Release &release) {
    const Stmt *stmt = release.before;
    auto range = spelled(stmt);
    if (!range)
      return refuse("a way out of the function stands in a macro, where the reference cannot be "
                    "released");
    StringRef text = site.spelling.text(range->file);
    unsigned begin = range->range.begin, end = range->range.end;
    std::string give = releaseText(release.mayBeNull);
    std::string newline = lineBreak(text);
    auto own = indentAt(text, begin);
    const Stmt *parent = parents.getParent(stmt);

    auto *back = dyn_cast<ReturnStmt>(stmt);
    if (back && back->getRetValue() && !stmt->getBeginLoc().isMacroID() &&
        !isIndependent(back->getRetValue()))
      return hoist(*range, give, own, newline);
    if (isa_and_nonnull<CompoundStmt, LabelStmt, SwitchCase>(parent))
      return replace(*range, {begin, begin},
                     give + (own ? newline + own->str() : std::string(" ")));
    // The unbraced branch of an if, or the body of a loop.
    if (!isa_and_nonnull<IfStmt, ForStmt, WhileStmt, DoStmt>(parent))
      return refuse("a way out of the function is spelled so that the reference cannot be released "
                    "in front of it");
    std::string outer = own ? own->drop_back(std::min<size_t>(own->size(), stepOf(*own))).str() : "";
    if (!own) {
      replace(*range, {begin, begin}, "{ " + give + " ");
    } else if (unsigned head = endOfHead(text, begin)) {
      replace(*range, {head, head}, " {");
      replace(*range, {begin, begin}, give + newline + own->str());
    } else
      replace(*range, {begin, begin}, "{" + newline + own->str() + give + newline + own->str());
    replace(*range, {end, end}, own ? newline + outer + "}" : " }");
  }

  /// The end of the line in front of a branch, where its brace goes; 0 if a
  /// comment stands there.
  static unsigned endOfHead(StringRef text, unsigned begin) {
    StringRef before = text.take_front(begin).rtrim();
    StringRef line = before.substr(before.rfind('\n') + 1);
    return line.contains("//") || line.contains("*/") || line.starts_with("#") ? 0 : before.size();
  }

  /// One step of indentation, as far as one line shows it.
  static size_t stepOf(StringRef indent) { return indent.ends_with("\t") ? 1 : std::min<size_t>(indent.size(), 4); }

  /// return EXPR; where EXPR may need the object.
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
    replace(range, {begin, begin + 6},
            "{" + separator + spelledType + (StringRef(spelledType).ends_with("*") ? "" : " ") + name +
                " =");
    replace(range, {end, end},
            separator + give + separator + "return " + name + ";" +
                (own ? newline + own->str() + "}" : std::string(" }")));
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
    auto outer = indentAt(text, at);
    if (!outer)
      return replace(*range, {at, at}, give + " ");
    // Like the last statement of the block.
    std::string inner = outer->str() + "    ";
    if (!release.endOf->body_empty()) {
      auto last = site.spelling.range(release.endOf->body_back()->getBeginLoc(),
                                      release.endOf->body_back()->getBeginLoc());
      if (last && !last->inMacro && last->file == range->file)
        if (auto indent = indentAt(text, last->range.begin))
          inner = indent->str();
    }
    unsigned line = at - outer->size();
    replace(*range, {line, line}, inner + give + lineBreak(text));
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
    size_t end = spelledCall->all.end;
    while (end < text.size() && isSpace(text[end]))
      ++end;
    if (end >= text.size() || text[end] != ';')
      return refuse("the Py_INCREF that takes the reference is not a statement");
    replace(*range, withLines(text, {spelledCall->all.begin, unsigned(end + 1)}), "");
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
