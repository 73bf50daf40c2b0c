// Assumed and checked: an identifier is a variable that a macro of Python's declares where the project says so; its
// text is plain; each mention of it is &PyId_x as an argument of a call by name, and a rule renames the function that
// is called. A format with a # would need PY_SSIZE_T_CLEAN; such a call keeps its identifier.
#include "abi3ify/identifiers.h"
#include "abi3ify/site.h"
#include "clang/AST/RecursiveASTVisitor.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

bool isIdentifier(QualType type) {
  const RecordDecl *record = type->getAsRecordDecl();
  return record && record->getName() == "_Py_Identifier";
}

bool takesIdentifier(const FunctionDecl *function) {
  return any_of(function->parameters(), [](const ParmVarDecl *parameter) {
    return parameter->getType()->isPointerType() && isIdentifier(parameter->getType()->getPointeeType());
  });
}

/// The PyId_x of &PyId_x.
const VarDecl *identifierOf(const Expr *argument) {
  auto *address = dyn_cast<UnaryOperator>(bare(argument));
  if (!address || address->getOpcode() != UO_AddrOf)
    return nullptr;
  auto *reference = dyn_cast<DeclRefExpr>(bare(address->getSubExpr()));
  auto *variable = reference ? dyn_cast<VarDecl>(reference->getDecl()) : nullptr;
  return variable && isIdentifier(variable->getType()) ? variable : nullptr;
}

Rewrite removal(const std::string &file, Range extent) {
  Rewrite rewrite;
  rewrite.file = file;
  rewrite.extent = extent;
  return rewrite;
}

class Identifiers : public RecursiveASTVisitor<Identifiers> {
public:
  Identifiers(ASTContext &ast, const Spelling &spelling, const MatchContext &context,
              std::vector<Finding> &findings)
      : ast(ast), spelling(spelling), context(context), findings(findings) {
    for (size_t i = 0; i < findings.size(); ++i)
      at[{findings[i].file, findings[i].range.begin}] = i;
  }

  void join() {
    TraverseDecl(ast.getTranslationUnitDecl());
    for (size_t call : functions)
      if (!texts.count(call))
        giveUp(findings[call]);
    for (auto &[variable, known] : identifiers)
      settle(known);
  }

  bool VisitVarDecl(VarDecl *variable) {
    if (isIdentifier(variable->getType()) && variable->hasInit())
      identifiers[variable].declaration = findingAt(ast.getSourceManager().getExpansionLoc(variable->getBeginLoc()));
    return true;
  }

  bool VisitDeclRefExpr(DeclRefExpr *reference) {
    if (auto *variable = dyn_cast<VarDecl>(reference->getDecl()); variable && isIdentifier(variable->getType()))
      ++identifiers[variable].mentions;
    auto *function = dyn_cast<FunctionDecl>(reference->getDecl());
    if (function && takesIdentifier(function))
      if (auto finding = findingAt(reference->getLocation()))
        functions.insert(*finding);
    return true;
  }

  bool VisitCallExpr(CallExpr *call) {
    const FunctionDecl *function = call->getDirectCallee();
    if (!function || !takesIdentifier(function))
      return true;
    auto finding = findingAt(call->getCallee()->getBeginLoc());
    if (!finding || findings[*finding].inMacro || !findings[*finding].hasEdit())
      return true;
    for (unsigned i = 0; i < call->getNumArgs(); ++i)
      if (const VarDecl *variable = identifierOf(call->getArg(i))) {
        if (auto rewrites = textFor(*call, i, *variable, findings[*finding])) {
          texts[*finding] = std::move(*rewrites);
          identifiers[variable].calls.push_back(*finding);
        }
      }
    return true;
  }

private:
  struct Known {
    std::optional<size_t> declaration; ///< the finding of the macro that declares it
    unsigned mentions = 0;
    std::vector<size_t> calls; ///< that can take the text
  };

  /// The finding at a name of the user's.
  std::optional<size_t> findingAt(SourceLocation location) const {
    auto range = spelling.range(location, location);
    if (!range)
      return std::nullopt;
    auto found = at.find({spelling.path(range->file), range->range.begin});
    return found == at.end() ? std::nullopt : std::optional(found->second);
  }

  /// The C string with the text of an identifier.
  static std::string literal(const VarDecl &variable) {
    struct Finder : RecursiveASTVisitor<Finder> {
      bool VisitStringLiteral(clang::StringLiteral *string) {
        found = string;
        return true;
      }
      clang::StringLiteral *found = nullptr;
    } finder;
    finder.TraverseStmt(const_cast<Expr *>(variable.getInit()));
    if (!finder.found || !finder.found->isOrdinary() ||
        !all_of(finder.found->getString(), [](char c) { return isPrint(c) && c != '"' && c != '\\' && c != '?'; }))
      return {};
    return "\"" + finder.found->getString().str() + "\"";
  }

  /// What a call says instead of &PyId_x. The twin of the functions without a format has one.
  std::optional<std::vector<Rewrite>> textFor(const CallExpr &call, unsigned index, const VarDecl &variable,
                                              const Finding &finding) const {
    std::string text = literal(variable);
    auto place = spelling.range(call.getArg(index)->getBeginLoc(), call.getArg(index)->getEndLoc());
    if (text.empty() || !place || place->inMacro || spelling.path(place->file) != finding.file)
      return std::nullopt;
    Rewrite name = removal(finding.file, place->range);
    StringRef symbol = finding.symbol;
    std::vector<Rewrite> result;
    if (symbol.ends_with("NoArgs"))
      text += ", NULL";
    else if (symbol.ends_with("OneArg"))
      text += ", \"(O)\"";
    else if (symbol.ends_with("ObjArgs")) {
      auto terminator = endOfList(call, index, finding.file);
      if (!terminator)
        return std::nullopt;
      // Without arguments the terminator is the format that says so.
      if (unsigned objects = call.getNumArgs() - index - 2) {
        text += objects == 1 ? ", \"(O)\"" : ", \"" + std::string(objects, 'O') + "\"";
        result.push_back(*terminator);
      }
    } else if (index + 1 < call.getNumArgs())
      if (auto *format = dyn_cast<clang::StringLiteral>(bare(call.getArg(index + 1))); format && format->getString().contains('#'))
        return std::nullopt;
    name.to = text;
    result.push_back(name);
    return result;
  }

  /// Takes away the NULL that ends a list of objects, which has no other.
  std::optional<Rewrite> endOfList(const CallExpr &call, unsigned index, const std::string &file) const {
    unsigned last = call.getNumArgs() - 1;
    auto isNull = [&](unsigned i) {
      return call.getArg(i)->isNullPointerConstant(ast, Expr::NPC_ValueDependentIsNotNull) != Expr::NPCK_NotNull;
    };
    for (unsigned i = index + 1; i < call.getNumArgs(); ++i)
      if (isNull(i) != (i == last))
        return std::nullopt;
    if (last == index)
      return std::nullopt;
    auto end = spelling.range(call.getArg(last)->getBeginLoc(), call.getArg(last)->getEndLoc());
    auto before = spelling.range(call.getArg(last - 1)->getBeginLoc(), call.getArg(last - 1)->getEndLoc());
    if (!end || !before || end->inMacro || before->inMacro || spelling.path(end->file) != file ||
        spelling.path(before->file) != file || before->range.end > end->range.begin)
      return std::nullopt;
    return removal(file, {before->range.end, end->range.end});
  }

  /// All calls of an identifier and its declaration, or none of them.
  void settle(const Known &known) {
    if (!known.declaration)
      return giveUpAll(known);
    Finding &declaration = findings[*known.declaration];
    auto goes = known.mentions == known.calls.size() && !declaration.inMacro ? remove(declaration) : std::nullopt;
    if (!goes)
      return giveUpAll(known);
    std::string group = "identifier " + declaration.file + ":" + std::to_string(declaration.range.begin);
    declaration.rewrites = {*goes};
    declaration.safety = Safety::Safe;
    declaration.reason.clear();
    declaration.group = group;
    for (size_t call : known.calls) {
      append_range(findings[call].rewrites, texts[call]);
      findings[call].group = group;
      declaration.safety = lower(declaration.safety, findings[call].safety);
    }
  }

  std::optional<Rewrite> remove(const Finding &declaration) const {
    StringRef text = textOf(declaration);
    auto written = callText(text, declaration.range.begin, text.size(), /*isMacro=*/true);
    auto end = written ? behindSemicolon(text, written->all.end) : std::nullopt;
    if (!end)
      return std::nullopt;
    return removal(declaration.file, withLines(text, {declaration.range.begin, *end}));
  }

  StringRef textOf(const Finding &finding) const {
    const SourceManager &sources = ast.getSourceManager();
    auto file = sources.getFileManager().getOptionalFileRef(finding.file);
    FileID id = file ? sources.translateFile(*file) : FileID();
    return id.isValid() ? spelling.text(id) : StringRef();
  }

  void giveUpAll(const Known &known) {
    for (size_t call : known.calls)
      giveUp(findings[call]);
  }

  /// The rule's own words, where the function may not be renamed.
  void giveUp(Finding &finding) {
    const Rule *rule = context.rules->find(finding.rule);
    const std::string *reason = rule ? rule->reasonFor(finding.use, context.floor) : nullptr;
    finding.rewrites.clear();
    finding.safety = Safety::Manual;
    finding.reason = reason ? *reason : "its identifier has other uses";
  }

  ASTContext &ast;
  const Spelling &spelling;
  const MatchContext &context;
  std::vector<Finding> &findings;
  std::map<std::pair<std::string, unsigned>, size_t> at;
  std::map<const VarDecl *, Known> identifiers;
  std::set<size_t> functions; ///< findings at functions that take an identifier
  std::map<size_t, std::vector<Rewrite>> texts;
};

} // namespace

void joinIdentifiers(ASTContext &ast, const Spelling &spelling, const MatchContext &context,
                     std::vector<Finding> &findings) {
  // A walk over all of Python's headers is not free; most units have none of it.
  auto isOfIdentifiers = [&](const Finding &finding) {
    const Rule *rule = context.rules->find(finding.rule);
    return rule && rule->area == "identifier";
  };
  if (none_of(findings, isOfIdentifiers))
    return;
  Identifiers(ast, spelling, context, findings).join();
}

} // namespace abi3ify
