#include "abi3ify/version-checks.h"
#include "abi3ify/condition.h"
#include "abi3ify/copied-structs.h"
#include "abi3ify/generated.h"
#include "abi3ify/site.h"
#include "abi3ify/static-types.h"
#include "clang/AST/DynamicRecursiveASTVisitor.h"
#include "clang/Lex/Lexer.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

constexpr StringRef OffsetMember = "member-offset-name";
constexpr StringRef SideEffect = "clear-side-effect";
constexpr StringRef VersionTest = "version-test";

/// Whether evaluating it again changes something, as far as that is written.
bool changesSomething(const Stmt *stmt) {
  struct : ConstDynamicRecursiveASTVisitor {
    bool VisitUnaryOperator(const UnaryOperator *operation) override {
      return !(found |= operation->isIncrementDecrementOp());
    }
    bool VisitBinaryOperator(const BinaryOperator *operation) override {
      return !(found |= operation->isAssignmentOp());
    }
    bool VisitCXXOperatorCallExpr(const CXXOperatorCallExpr *call) override {
      return !(found |= call->getOperator() == OO_PlusPlus || call->getOperator() == OO_MinusMinus ||
                        call->isAssignmentOp());
    }
    bool found = false;
  } finder;
  finder.TraverseStmt(stmt);
  return finder.found;
}

class Checks : public ConstDynamicRecursiveASTVisitor {
public:
  Checks(ASTContext &ast, const Spelling &spelling, const MatchContext &context)
      : ast(ast), sources(ast.getSourceManager()), spelling(spelling), context(context) {}

  bool VisitInitListExpr(const InitListExpr *list) override {
    // __dictoffset__ and its kin, in a table of members.
    const RecordDecl *record = list->getType()->getAsRecordDecl();
    if (!record || !list->getNumInits() ||
        structName(record) != "PyMemberDef")
      return true;
    auto *name = dyn_cast<clang::StringLiteral>(bare(list->getInit(0)));
    if (!name || name->getCharByteWidth() != 1 ||
        !is_contained(ArrayRef<StringRef>{"__dictoffset__", "__weaklistoffset__",
                                          "__vectorcalloffset__"},
                      name->getString()))
      return true;
    if (auto range = spelling.range(name->getBeginLoc(), name->getEndLoc()))
      add(OffsetMember, *range, name->getString());
    return true;
  }

  bool VisitVarDecl(const VarDecl *variable) override {
    // What Py_CLEAR begins with: a pointer to its argument, or its value.
    SourceLocation location = variable->getLocation();
    const Expr *init = variable->getInit();
    if (!location.isMacroID() || !init || !variable->getIdentifier() ||
        (variable->getName() != "_py_tmp" && variable->getName() != "_tmp_op_ptr") ||
        Lexer::getImmediateMacroName(location, sources, ast.getLangOpts()) != "Py_CLEAR" ||
        !changesSomething(init))
      return true;
    if (auto spot = spelling.token(location, "Py_CLEAR"))
      add(SideEffect, {spot->file, {spot->offset, spot->offset + spot->length}, spot->inMacro},
          "Py_CLEAR");
    return true;
  }

  bool VisitBinaryOperator(const BinaryOperator *operation) override {
    if (operation->isComparisonOp() && !operation->isValueDependent())
      checkVersionCode(operation);
    return true;
  }

  // What must be so for the build, is no question to the interpreter.
  bool TraverseStaticAssertDecl(const StaticAssertDecl *) override { return true; }

  std::vector<Finding> findings;

private:
  Finding *add(StringRef id, const SpelledRange &at, StringRef symbol) {
    const Rule *rule = context.rules->find(id);
    if (!rule || !rule->speaksAt(context.floor))
      return nullptr;
    Finding finding;
    finding.file = spelling.path(at.file);
    finding.range = at.range;
    if (!known.insert({rule, finding.file, finding.range.begin}).second)
      return nullptr;
    finding.inMacro = at.inMacro;
    finding.rule = rule->id;
    finding.symbol = symbol.str();
    finding.message = rule->title;
    if (const std::string *reason = rule->reasonFor(Use::Value, context.floor))
      finding.reason = *reason;
    findings.push_back(std::move(finding));
    return &findings.back();
  }

  /// PY_VERSION_HEX or PY_MINOR_VERSION, if all of an expression is that.
  StringRef versionMacro(const Expr *expr) const {
    expr = expr->IgnoreParenImpCasts();
    SourceLocation begin = expr->getBeginLoc(), end = expr->getEndLoc();
    StringRef found;
    while (begin.isMacroID() && end.isMacroID() && found != "PY_VERSION_HEX") {
      StringRef name = Lexer::getImmediateMacroName(begin, sources, ast.getLangOpts());
      if ((name == "PY_VERSION_HEX" || name == "PY_MINOR_VERSION") &&
          Lexer::getImmediateMacroName(end, sources, ast.getLangOpts()) == name)
        found = name;
      begin = sources.getImmediateMacroCallerLoc(begin);
      end = sources.getImmediateMacroCallerLoc(end);
    }
    return found;
  }

  /// if (PY_VERSION_HEX >= 0x030C0000): the compiler answers it, for the headers.
  void checkVersionCode(const BinaryOperator *operation) {
    VersionComparison comparison;
    comparison.operation = operation->getOpcodeStr().str();
    StringRef macro = versionMacro(operation->getLHS());
    const Expr *asked = operation->getLHS(), *number = operation->getRHS();
    if (macro.empty()) {
      std::swap(asked, number);
      macro = versionMacro(asked);
      for (char &c : comparison.operation)
        c = c == '<' ? '>' : c == '>' ? '<' : c;
    }
    Expr::EvalResult value;
    if (macro.empty() || !number->EvaluateAsInt(value, ast))
      return;
    comparison.minor = macro == "PY_MINOR_VERSION";
    comparison.value = value.Val.getInt().getExtValue();
    std::vector<unsigned> versions = headersFrom(context.floor);
    bool first = comparison.holds(versions.front());
    if (all_of(versions, [&](unsigned each) { return comparison.holds(each) == first; }))
      return;
    // In the body of a macro it is found where that is defined.
    auto spot = spelling.token(asked->IgnoreParenImpCasts()->getBeginLoc(), macro);
    if (!spot || spot->inMacro ||
        recogniseGenerator(spelling.path(spot->file), sources.getBufferData(spot->file)))
      return;
    if (Finding *finding = add(VersionTest, {spot->file, {spot->offset, spot->offset + spot->length},
                                             false},
                               macro))
      finding->reason =
          std::string("one binary runs on all versions from the floor on, and this asks for the "
                      "headers that it was built with; ask the interpreter: ") +
          (context.floor.minor >= 11 ? "Py_Version" : "sys.version_info");
  }

  ASTContext &ast;
  SourceManager &sources;
  const Spelling &spelling;
  const MatchContext &context;
  std::set<std::tuple<const Rule *, std::string, unsigned>> known;
};

} // namespace

std::vector<Finding> checkVersions(ASTContext &ast, const Spelling &spelling,
                                   const MatchContext &context, const std::string &pythonFolder) {
  Checks checks(ast, spelling, context);
  for (Decl *decl : usersDecls(ast, spelling))
    checks.TraverseDecl(decl);
  append_range(checks.findings, checkCopiedStructs(ast, spelling, context, pythonFolder));
  return std::move(checks.findings);
}

} // namespace abi3ify
