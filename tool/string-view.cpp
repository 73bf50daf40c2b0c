#include "abi3ify/string-view.h"
#include "abi3ify/global-names.h"
#include "abi3ify/ownership.h"
#include "clang/AST/DynamicRecursiveASTVisitor.h"
#include "clang/AST/ExprCXX.h"
#include "clang/AST/StmtCXX.h"
#include "clang/Basic/SourceManager.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

/// What of a function matters here.
struct Body : ConstDynamicRecursiveASTVisitor {
  bool VisitCallExpr(const CallExpr *call) override {
    if (widthOfAccessor(calledName(call)) && call->getNumArgs() == 1)
      if (const VarDecl *string = localVariableIn(call->getArg(0)))
        accessors.push_back({call, string});
    return true;
  }
  bool VisitReturnStmt(const ReturnStmt *stmt) override {
    returns.push_back(stmt);
    return true;
  }
  bool VisitLabelStmt(const LabelStmt *stmt) override {
    labels.push_back(stmt);
    return true;
  }
  bool VisitGotoStmt(const GotoStmt *stmt) override {
    jumps.push_back(stmt);
    return true;
  }
  bool VisitStmt(const Stmt *stmt) override {
    unclear |= isa<AsmStmt, IndirectGotoStmt, CXXTryStmt, CXXThrowExpr, CoroutineBodyStmt, LambdaExpr>(stmt);
    return true;
  }
  bool VisitNamedDecl(const NamedDecl *decl) override { return note(decl); }
  bool VisitDeclRefExpr(const DeclRefExpr *reference) override { return note(reference->getDecl()); }

  std::vector<std::pair<const CallExpr *, const VarDecl *>> accessors; ///< and the string that each one asks
  std::vector<const ReturnStmt *> returns;
  std::vector<const Stmt *> labels, jumps;
  StringSet<> names;
  bool unclear = false;

private:
  bool note(const NamedDecl *decl) {
    if (decl->getIdentifier())
      names.insert(decl->getName());
    return true;
  }
};

/// A call that may run Python code, and gives -1 with an exception for a failure.
bool answersOrFails(const CallExpr *call) {
  return is_contained({"PyObject_RichCompareBool", "PyObject_IsTrue", "PyObject_Not", "PyObject_IsInstance",
                       "PyObject_IsSubclass", "PySequence_Contains", "PyDict_Contains", "PySet_Contains",
                       "PyObject_Size", "PyObject_Length", "PySequence_Size", "PyMapping_Size"},
                      calledName(call));
}

/// The copy of one string. Of those that the function copies before it, a failure has to release the copies.
class Copier {
public:
  Copier(const Site &site, const VarDecl *string, const Body &body, const ParentMap &parents,
         ArrayRef<Copier> earlier)
      : site(site), string(string), parents(parents), edits(site, parents), body(body), earlier(earlier),
        block(dyn_cast<CompoundStmt>(site.function->getBody())), name(string->getNameAsString() + "_copy") {
    for (auto [call, asked] : body.accessors)
      if (asked == string)
        accessors.push_back(call);
  }

  bool write() {
    if (!block || body.unclear || accessors.empty() || !staysTheSame() || !findFirst() || !holdsNothing() ||
        !isReadOnly())
      return false;
    std::string failure = failureValue();
    if (failure.empty() || body.names.count(name) ||
        any_of(earlier, [&](const Copier &other) { return other.name == name; }))
      return false;
    for (const CallExpr *accessor : accessors)
      if (!add(edits.castCall(accessor, typeOf(accessor), viewOf(accessor))))
        return false;
    return declareAndTest(failure) && release();
  }

  const VarDecl *of() const { return string; }
  const std::vector<Rewrite> &edited() const { return rewrites; }

private:
  bool add(std::optional<Rewrite> rewrite) {
    if (rewrite)
      rewrites.push_back(std::move(*rewrite));
    return rewrite.has_value();
  }

  bool before(const Stmt *a, const Stmt *b) const {
    return site.context.getSourceManager().isBeforeInTranslationUnit(a->getBeginLoc(), b->getBeginLoc());
  }

  /// One string, whatever it is: a parameter, or a variable with one value.
  bool staysTheSame() const {
    unsigned values = isa<ParmVarDecl>(string) || string->getInit() ? 1 : 0;
    if (string->getInit() && string->getInit()->isNullPointerConstant(site.context, Expr::NPC_ValueDependentIsNotNull))
      values = 0;
    for (const DeclRefExpr *mention : mentionsOf(string, site.function)) {
      const Stmt *user = userOf(mention, parents);
      if (auto *op = dyn_cast_or_null<BinaryOperator>(user))
        values += op->isAssignmentOp() && peel(op->getLHS()) == mention;
      if (auto *op = dyn_cast_or_null<UnaryOperator>(user); op && op->getOpcode() == UO_AddrOf)
        return false;
    }
    return values == 1;
  }

  /// The statement of the function's own block that the first pointer is taken in.
  bool findFirst() {
    for (const CallExpr *accessor : accessors)
      if (!firstAccessor || before(accessor, firstAccessor))
        firstAccessor = accessor;
    pointer = variableGiven(firstAccessor, parents);
    const Stmt *holder = userOf(firstAccessor, parents);
    if (!pointer || parents.getParent(const_cast<Stmt *>(holder)) != block)
      return false;
    first = holder;
    if (any_of(earlier, [&](const Copier &other) { return !before(other.first, first); }))
      return false;
    // No jump may pass the copy's declaration, in one direction or the other.
    for (const Stmt *label : body.labels)
      for (const Stmt *jump : body.jumps)
        if (before(label, first) != before(jump, first))
          return false;
    int width = *widthOfAccessor(calledName(firstAccessor));
    return all_of(accessors, [&](const CallExpr *accessor) {
      return widthOfAccessor(calledName(accessor)) == width;
    });
  }

  /// Whether a return right behind the first accessor would lose nothing: up to
  /// there the function has only asked questions, and taken its arguments apart.
  bool holdsNothing() const {
    auto takes = [&](const CallExpr *call) {
      StringRef name = calledName(call);
      // The failure releases the copies of other strings that are known.
      if (widthOfAccessor(name))
        return !is_contained(accessors, call) &&
               none_of(earlier, [&](const Copier &other) { return is_contained(other.accessors, call); });
      bool asks = name.ends_with("_Check") || name.ends_with("_CheckExact") || name.contains("_GET_") ||
                  name.starts_with("PyErr_") || name.starts_with("PyUnicode_IS_") ||
                  name == "PyUnicode_READY" || name == "_PyUnicode_Ready" || name == "PyUnicode_KIND" ||
                  name == "PyUnicode_GetLength" || name == "PyUnicode_MAX_CHAR_VALUE" ||
                  name == "Py_TYPE" || answersOrFails(call);
      bool parses = (name.starts_with("PyArg_Parse") || name == "PyArg_UnpackTuple") &&
                    none_of(call->arguments(), [](const Expr *argument) {
                      auto *format = dyn_cast<clang::StringLiteral>(bare(argument));
                      return format && format->getString().find_first_of("e*&") != StringRef::npos;
                    });
      return !asks && !parses;
    };
    for (const Stmt *stmt : block->body()) {
      // What a branch does that leaves the function is over.
      auto *guard = dyn_cast<IfStmt>(stmt);
      if (guard && !guard->getElse() && leaves(guard->getThen()))
        stmt = guard->getCond();
      if (anyCall(stmt, takes) || hasNew(stmt))
        return false;
      if (stmt == first)
        return true;
    }
    return true;
  }

  static bool leaves(const Stmt *stmt) {
    auto *inner = dyn_cast<CompoundStmt>(stmt);
    return isa<ReturnStmt>(stmt) || (inner && !inner->body_empty() && isa<ReturnStmt>(inner->body_back()));
  }

  static bool hasNew(const Stmt *stmt) {
    return stmt && (isa<CXXNewExpr>(stmt) ||
                    any_of(stmt->children(), [](const Stmt *child) { return hasNew(child); }));
  }

  bool isReadOnly() const {
    PointerUses uses(site.function, parents);
    return all_of(accessors, [&](const CallExpr *accessor) {
      return uses.of(accessor) == PointerUse::Reads;
    });
  }

  /// What the function returns where something fails, as text.
  std::string failureValue() const {
    QualType type = site.function->getReturnType();
    if (type->isPointerType())
      return "NULL";
    bool minusOne = type->isSignedIntegerType() && any_of(body.returns, [&](const ReturnStmt *stmt) {
      return stmt->getRetValue() && !stmt->getRetValue()->isValueDependent() && mayBeMinusOne(stmt->getRetValue());
    });
    return minusOne ? "-1" : "";
  }

  /// -1 itself, or what a call gave that says so, maybe by way of a variable.
  bool mayBeMinusOne(const Expr *value) const {
    Expr::EvalResult constant;
    if (value->EvaluateAsInt(constant, site.context))
      return constant.Val.getInt() == -1;
    const VarDecl *variable = localVariableIn(value);
    const Expr *given = variable ? variable->getInit() : value;
    auto *call = given ? dyn_cast<CallExpr>(bare(given)) : nullptr;
    return call && answersOrFails(call);
  }

  StringRef typeOf(const CallExpr *accessor) const {
    switch (*widthOfAccessor(calledName(accessor))) {
    case 1: return "Py_UCS1 *";
    case 2: return "Py_UCS2 *";
    case 4: return "Py_UCS4 *";
    default: return "void *";
    }
  }

  std::string viewOf(const CallExpr *accessor) const {
    int width = *widthOfAccessor(calledName(accessor));
    return "limited_unicode_view($0, " + (width ? std::to_string(width) : "limited_unicode_kind($0)") +
           ", &" + name + ")";
  }

  /// The copy's variable in front of the statement, the test behind it.
  bool declareAndTest(const std::string &failure) {
    auto range = site.spelling.range(first->getBeginLoc(), first->getEndLoc());
    if (!range || range->inMacro || first->getBeginLoc().isMacroID())
      return false;
    StringRef text = site.spelling.text(range->file);
    unsigned begin = range->range.begin, end = range->range.end;
    if (!text.slice(begin, end).ends_with(";")) {
      auto behind = behindSemicolon(text, end);
      if (!behind)
        return false;
      end = *behind;
    }
    StringRef indent = indentAt(text, begin), newline = newlineOf(text);
    if (indent.end() != text.data() + begin)
      return false;
    std::string step = indent.contains('\t') ? "\t" : "    ";
    Rewrite declaration, test;
    declaration.file = test.file = site.spelling.path(range->file);
    declaration.extent = {begin, begin};
    declaration.to = "PyObject *" + name + " = NULL;" + (newline + indent).str();
    test.extent = {end, end};
    std::string inner = (newline + indent + step).str();
    test.to = (newline + indent + "if (" + pointer->getName() + " == NULL) {").str();
    for (const Copier &other : earlier)
      test.to += inner + "Py_XDECREF(" + other.name + ");";
    test.to += inner + "return " + failure + ";" + (newline + indent + "}").str();
    rewrites.push_back(declaration);
    rewrites.push_back(test);
    return true;
  }

  /// The copy is a variable of no AST; it gets one, so that its releases are
  /// written like those of any other.
  bool release() {
    ASTContext &ast = site.context;
    auto found = globalsNamed("PyObject", ast);
    auto *object = found.empty() ? nullptr : dyn_cast<TypedefNameDecl>(found.front());
    if (!object)
      return false;
    QualType type = ast.getPointerType(ast.getTypeDeclType(object));
    auto *copy = VarDecl::Create(ast, const_cast<FunctionDecl *>(site.function), SourceLocation(),
                                 SourceLocation(), &ast.Idents.get(name), type,
                                 ast.getTrivialTypeSourceInfo(type), SC_None);
    ReleasePlan plan;
    for (const ReturnStmt *stmt : body.returns)
      if (before(first, stmt))
        plan.releases.push_back({stmt, nullptr, true});
    if (site.function->getReturnType()->isVoidType() && !isa<ReturnStmt>(block->body_back()))
      plan.releases.push_back({nullptr, block, true});
    ReleaseEdits released = writeReleases(site, copy, parents, plan);
    if (!released.refusal.empty())
      return false;
    append_range(rewrites, released.rewrites);
    return true;
  }

  const Site &site;
  const VarDecl *string;
  const ParentMap &parents;
  StringEdits edits;
  const Body &body;
  ArrayRef<Copier> earlier; ///< read by write() only
  const CompoundStmt *block;
  std::vector<const CallExpr *> accessors;
  const CallExpr *firstAccessor = nullptr;
  const Stmt *first = nullptr;
  const VarDecl *pointer = nullptr;
  std::string name;
  std::vector<Rewrite> rewrites;
};

} // namespace

std::optional<StringCopy> readCopy(const Site &site, const VarDecl *string, const ParentMap &parents) {
  Body body;
  body.TraverseDecl(const_cast<FunctionDecl *>(site.function));
  std::vector<Copier> written;
  written.reserve(body.accessors.size()); // the later ones look at the earlier ones
  SmallPtrSet<const VarDecl *, 4> seen;
  for (auto [call, asked] : body.accessors)
    if (seen.insert(asked).second)
      if (Copier copier(site, asked, body, parents, written); copier.write())
        written.push_back(std::move(copier));
  auto own = find_if(written, [&](const Copier &copier) { return copier.of() == string; });
  if (own == written.end())
    return std::nullopt;
  return StringCopy{own->edited(), written.front().of()};
}

} // namespace abi3ify
