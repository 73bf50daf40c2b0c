// Assumed and checked: the entry of a PyMethodDef names a plain function of the
// three or four parameters that METH_FASTCALL asks for, which is defined once in
// its file, in front of the table; a macro that writes the entry writes its name. The function itself is left as it is, so that its
// other uses are right.
#include "abi3ify/fastcall-adapters.h"
#include "abi3ify/site.h"
#include "clang/AST/RecursiveASTVisitor.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

constexpr StringRef RuleId = "meth-fastcall", Flag = "METH_FASTCALL";
constexpr unsigned Keywords = 0x2, Method = 0x200; // METH_KEYWORDS, METH_METHOD

constexpr StringRef MethodReason =
    "METH_METHOD hands over the class that defines the method, and stands beside METH_FASTCALL and "
    "METH_KEYWORDS only; no other call has that class, so there is nothing to make of it below "
    "3.10: raise the floor to 3.10, or take the function's state from where PyState_FindModule "
    "finds the module";

using Place = std::pair<std::string, unsigned>;

/// How often a text defines a function, in branches that are not compiled as well.
unsigned definitionsOf(StringRef name, StringRef text) {
  unsigned found = 0;
  eachDefinedFunction(text, [&](StringRef defined) { found += defined == name; });
  return found;
}

/// The adapter's text behind the definition that it stands behind.
std::string adapterOf(const FunctionDecl *function, StringRef newline) {
  std::string name = function->getName().str(), self = "self";
  bool named = function->getNumParams() == 4;
  QualType type = function->getParamDecl(0)->getType();
  if (!isPointerTo(type, "PyObject"))
    self = "(" + type.getUnqualifiedType().getAsString(PrintingPolicy(LangOptions())) + ")self";
  return withNewlines(
      "\n\nstatic PyObject *\n" + name + "_varargs(PyObject *self, PyObject *args" +
          (named ? ", PyObject *kwargs" : "") +
          ")\n{\n    PyObject *result = NULL, *names, **stack;\n    Py_ssize_t given;\n"
          "    stack = limited_fastcall_stack(args, " +
          (named ? "kwargs" : "NULL") +
          ", &given, &names);\n    if (stack != NULL) {\n        result = " + name + "(" + self +
          ", stack, given" + (named ? ", names" : "") +
          ");\n        limited_fastcall_release(stack, given, names);\n    }\n"
          "    return result;\n}",
      newline);
}

class Tables : public RecursiveASTVisitor<Tables> {
public:
  Tables(ASTContext &ast, const Spelling &spelling) : ast(ast), spelling(spelling) {}

  bool shouldVisitImplicitCode() const { return true; }

  bool VisitInitListExpr(InitListExpr *list) {
    auto *record = list->getType()->getAsRecordDecl();
    if (!list->isSemanticForm() || !record || structName(record) != "PyMethodDef" ||
        list->getNumInits() < 3)
      return true;
    addEntry(list->getInit(1), list->getInit(2));
    return true;
  }

  /// Where a METH_FASTCALL stands -> the edits that make its function METH_VARARGS.
  std::map<Place, std::vector<Rewrite>> edits;
  std::set<Place> refused;
  std::set<Place> methods; ///< those that stand beside METH_METHOD

private:
  struct FlagToken : RecursiveASTVisitor<FlagToken> {
    std::vector<SourceLocation> places;
    bool VisitIntegerLiteral(IntegerLiteral *literal) {
      places.push_back(literal->getLocation());
      return true;
    }
  };

  void addEntry(Expr *meth, Expr *flags) {
    FlagToken literals;
    literals.TraverseStmt(flags);
    for (SourceLocation literal : literals.places) {
      auto spot = spelling.token(literal, Flag);
      // The macro is a number: its name is that of the expansion.
      if (!spot)
        if (auto &sources = ast.getSourceManager(); literal.isMacroID())
          spot = spelling.token(sources.getImmediateExpansionRange(literal).getBegin(), Flag);
      if (!spot)
        continue;
      Place place = {spelling.path(spot->file), spot->offset};
      Expr::EvalResult value;
      if (flags->EvaluateAsInt(value, ast) && (value.Val.getInt().getZExtValue() & Method))
        methods.insert(place);
      auto rewrites = adapt(meth, flags, spot->inMacro);
      auto [known, added] = edits.try_emplace(place, rewrites);
      if (rewrites.empty() || known->second != rewrites)
        refused.insert(place);
    }
  }

  /// A macro may hold a whole entry; one that takes the function as an argument
  /// may have it for other things and in other entries.
  std::vector<Rewrite> adapt(Expr *meth, Expr *flags, bool flagInMacro) {
    auto *named = dyn_cast<DeclRefExpr>(bare(meth));
    auto *function = named ? dyn_cast<FunctionDecl>(named->getDecl()) : nullptr;
    Expr::EvalResult value;
    const FunctionDecl *definition = nullptr;
    if (!function || !function->hasBody(definition) || isa<CXXMethodDecl>(definition) ||
        definition->isTemplated() || !flags->EvaluateAsInt(value, ast))
      return {};
    uint64_t bits = value.Val.getInt().getZExtValue();
    auto &sources = ast.getSourceManager();
    if ((bits & Method) || !fits(definition, bits & Keywords) ||
        !sources.isBeforeInTranslationUnit(definition->getEndLoc(),
                                           sources.getExpansionLoc(meth->getBeginLoc())))
      return {};
    auto use = spelling.token(named->getLocation(), function->getName());
    auto body = spelling.range(definition->getBeginLoc(), definition->getEndLoc());
    if (!use || use->inMacro != flagInMacro || !body || body->inMacro ||
        definitionsOf(function->getName(), spelling.text(body->file)) != 1)
      return {};
    Rewrite adapter, name;
    adapter.file = spelling.path(body->file);
    adapter.extent = {body->range.end, body->range.end};
    adapter.to = adapterOf(definition, newlineOf(spelling.text(body->file)));
    adapter.sharedRank = 1;
    name.file = spelling.path(use->file);
    name.extent = {use->offset, use->offset + use->length};
    name.to = function->getName().str() + "_varargs";
    return {name, adapter};
  }

  bool fits(const FunctionDecl *function, bool keywords) const {
    if (function->getNumParams() != (keywords ? 4u : 3u) ||
        !isPointerTo(function->getReturnType(), "PyObject") ||
        !function->getParamDecl(0)->getType()->isPointerType())
      return false;
    QualType stack = function->getParamDecl(1)->getType();
    return stack->isPointerType() && isPointerTo(stack->getPointeeType(), "PyObject") &&
           function->getParamDecl(2)->getType()->isIntegerType() &&
           (!keywords || isPointerTo(function->getParamDecl(3)->getType(), "PyObject"));
  }

  ASTContext &ast;
  const Spelling &spelling;
};

} // namespace

void addFastcallAdapters(ASTContext &ast, const Spelling &spelling, const MatchContext &context,
                         std::vector<Finding> &findings) {
  auto isRenamed = [](const Finding &finding) { return finding.rule == RuleId && finding.hasEdit(); };
  if (none_of(findings, isRenamed))
    return;
  Tables tables(ast, spelling);
  tables.TraverseDecl(ast.getTranslationUnitDecl());
  const std::string *reason = context.rules->find(RuleId)->reasonFor(Use::Value, context.floor);
  for (Finding &finding : findings) {
    if (!isRenamed(finding))
      continue;
    Place place = {finding.file, finding.range.begin};
    auto edits = tables.edits.find(place);
    if (edits != tables.edits.end() && !tables.refused.count(place)) {
      append_range(finding.rewrites, edits->second);
      continue;
    }
    finding.rewrites.clear();
    finding.safety = Safety::Manual;
    finding.reason = tables.methods.count(place) ? MethodReason.str() : reason ? *reason : "";
  }
}

} // namespace abi3ify
