// Calls that compile for every version, and of which some version from the
// floor on makes something else. Each judge looks for what shows in the code that
// the difference can matter; without it nothing is said.
#include "abi3ify/facts.h"
#include "abi3ify/judge.h"
#include "abi3ify/static-types.h"
#include "clang/AST/DynamicRecursiveASTVisitor.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

bool isNull(const Expr *expr, ASTContext &context) {
  return expr->isNullPointerConstant(context, Expr::NPC_ValueDependentIsNotNull) !=
         Expr::NPCK_NotNull;
}

/// Sets the reason of a finding without an edit.
bool say(const Site &site, const Rule &rule, Finding &finding) {
  if (const std::string *reason = rule.reasonFor(Use::Value, site.floor))
    finding.reason = *reason;
  return true;
}

/// null-value: the last argument is NULL, as where an attribute is deleted.
/// Where the floor has no other call, only its author can see whether an
/// exception may be set.
bool judgeNullValue(const Site &site, const Rule &rule, Finding &finding) {
  // PyObject_DelAttr is a macro for it in most headers, and has its own rules.
  auto *spelled = dyn_cast<CallExpr>(site.expr);
  if (!spelled || !site.spelling.token(spelled->getBeginLoc(), calledName(spelled)))
    return false;
  if (site.args.size() != 3 || !isNull(site.args.back(), site.context))
    return false;
  if (!rule.formFor(site.use, site.floor)) {
    finding.state = State::Advice;
    return say(site, rule, finding);
  }
  applyForms(site, rule, finding);
  return true;
}

/// exc-info: PyErr_SetExcInfo with a type or a value only.
bool judgeExcInfo(const Site &site, const Rule &rule, Finding &finding) {
  return site.args.size() == 3 &&
         isNull(site.args[0], site.context) != isNull(site.args[1], site.context) &&
         say(site, rule, finding);
}

/// Whether something in front of the place compares two values, as a bound does
/// that stops, an assert or a loop.
bool comparesBefore(const Site &site, const Expr *a, const Expr *b) {
  if (!site.function || !site.function->hasBody())
    return false;
  struct : ConstDynamicRecursiveASTVisitor {
    bool same(const Expr *left, const Expr *right) const {
      FoldingSetNodeID x, y;
      left->IgnoreParenImpCasts()->Profile(x, *context, true);
      right->IgnoreParenImpCasts()->Profile(y, *context, true);
      return x == y;
    }
    bool VisitBinaryOperator(const BinaryOperator *operation) override {
      const Expr *left = operation->getLHS(), *right = operation->getRHS();
      found |= operation->isRelationalOp() &&
               ((same(left, a) && same(right, b)) || (same(left, b) && same(right, a)) ||
                // n > 0 in front of n - 1.
                (number && (same(left, a) || same(right, a)))) &&
               sources->isBeforeInTranslationUnit(
                   sources->getExpansionLoc(operation->getOperatorLoc()), before);
      return true;
    }
    ASTContext *context;
    const SourceManager *sources;
    SourceLocation before;
    const Expr *a, *b;
    bool number = false, found = false;
  } finder;
  finder.context = &site.context;
  finder.sources = &site.context.getSourceManager();
  finder.before = finder.sources->getExpansionLoc(site.expr->getBeginLoc());
  finder.a = a;
  finder.b = b;
  finder.number = !b->isValueDependent() && b->isEvaluatable(site.context);
  finder.TraverseStmt(site.function->getBody());
  return finder.found;
}

/// negative-size: the size is negative, or a difference that may be: of
/// values that nothing in front has compared.
bool judgeNegativeSize(const Site &site, const Rule &rule, Finding &finding) {
  const Expr *size = site.args.size() == 2 ? bare(site.args[1]) : nullptr;
  if (!size || size->isValueDependent())
    return false;
  Expr::EvalResult value;
  if (size->EvaluateAsInt(value, site.context)) {
    if (!value.Val.getInt().isNegative())
      return false;
    finding.state = State::Manual;
    return say(site, rule, finding);
  }
  auto *difference = dyn_cast<BinaryOperator>(size);
  return difference && difference->getOpcode() == BO_Sub &&
         !comparesBefore(site, difference->getLHS(), difference->getRHS()) &&
         say(site, rule, finding);
}

/// keyword-names: the list of keywords has a name that is not ASCII.
bool judgeKeywordNames(const Site &site, const Rule &rule, Finding &finding) {
  if (site.args.size() < 4)
    return false;
  auto *list = dyn_cast<DeclRefExpr>(bare(site.args[3]));
  auto *variable = list ? dyn_cast<VarDecl>(list->getDecl()) : nullptr;
  const Expr *init = variable ? variable->getAnyInitializer() : nullptr;
  auto *names = init ? dyn_cast<InitListExpr>(init->IgnoreParenImpCasts()) : nullptr;
  if (!names)
    return false;
  for (const Expr *each : names->inits()) {
    auto *name = dyn_cast<clang::StringLiteral>(bare(each));
    if (name && name->getCharByteWidth() == 1 &&
        any_of(name->getBytes(), [](char c) { return (unsigned char)c > 127; }))
      return say(site, rule, finding);
  }
  return false;
}

/// without-gil: between Py_BEGIN_ALLOW_THREADS and its end, as it stands in
/// the blocks around the call.
bool judgeWithoutGil(const Site &site, const Rule &rule, Finding &finding) {
  auto calls = [](const Stmt *stmt, ArrayRef<StringRef> names) {
    return anyCall(stmt, [&](const CallExpr *call) { return is_contained(names, calledName(call)); });
  };
  const Stmt *child = site.expr;
  for (const Stmt *parent : reverse(site.parents)) {
    if (isa<LambdaExpr>(parent))
      return false;
    std::optional<bool> released;
    if (auto *block = dyn_cast<CompoundStmt>(parent))
      for (const Stmt *stmt : block->body()) {
        if (stmt == child)
          break;
        if (calls(stmt, {"PyEval_RestoreThread", "PyEval_AcquireThread", "PyGILState_Ensure"}))
          released = false;
        else if (calls(stmt, {"PyEval_SaveThread", "PyEval_ReleaseThread"}))
          released = true;
      }
    if (released)
      return *released && say(site, rule, finding);
    child = parent;
  }
  return false;
}

/// Whether a function ends objects: the tables of types name it, and what they
/// hold of this signature is tp_dealloc, tp_finalize, tp_del and tp_free.
bool endsObjects(const Site &site) {
  const FunctionDecl *function = site.function;
  if (!function || !function->getReturnType()->isVoidType() || function->getNumParams() != 1)
    return false;
  struct : ConstDynamicRecursiveASTVisitor {
    bool VisitDeclRefExpr(const DeclRefExpr *reference) override {
      found |= reference->getDecl()->getCanonicalDecl() == function;
      return true;
    }
    const Decl *function;
    bool found = false;
  } finder;
  finder.function = function->getCanonicalDecl();
  for (const Decl *decl : usersDecls(site.context, site.spelling)) {
    auto *variable = dyn_cast<VarDecl>(decl);
    const Expr *init = variable ? variable->getInit() : nullptr;
    auto *element = init ? variable->getType()->getBaseElementTypeUnsafe()->getAsRecordDecl()
                         : nullptr;
    if (element && is_contained(ArrayRef<StringRef>{"PyType_Slot", "PyTypeObject"},
                                structName(element)))
      finder.TraverseStmt(init);
  }
  return finder.found;
}

/// argument-count: Py_REFCNT of a parameter, compared with a number. Nobody
/// else has an object that ends.
bool judgeArgumentCount(const Site &site, const Rule &rule, Finding &finding) {
  if (endsObjects(site))
    return false;
  auto *object = site.args.size() == 1 ? dyn_cast<DeclRefExpr>(bare(site.args[0])) : nullptr;
  if (!object || !isa<ParmVarDecl>(object->getDecl()))
    return false;
  for (const Stmt *parent : reverse(site.parents)) {
    auto *operation = dyn_cast<BinaryOperator>(parent);
    if (operation && operation->isComparisonOp()) {
      Expr::EvalResult number;
      for (const Expr *side : {operation->getLHS(), operation->getRHS()})
        if (!side->isValueDependent() && side->EvaluateAsInt(number, site.context))
          return say(site, rule, finding);
      return false;
    }
    auto *pointer = dyn_cast<UnaryOperator>(parent); // of the normalising header
    if (!isa<ParenExpr, CastExpr>(parent) && !(pointer && pointer->getOpcode() == UO_Deref))
      return false;
  }
  return false;
}

/// made-type: a call that makes a type stands in the argument, so that nobody
/// asks whether it failed.
bool judgeMadeType(const Site &site, const Rule &rule, Finding &finding) {
  // Where the floor lacks the function, that is what is to be said.
  if (site.args.size() != 2 || facts().lacking(rule.names.front(), site.floor))
    return false;
  auto *call = dyn_cast<CallExpr>(bare(site.args[1]));
  bool made = call && (calledName(call).starts_with("PyType_From") ||
                       calledName(call).starts_with("PyStructSequence_NewType"));
  return (made || isNull(site.args[1], site.context)) && say(site, rule, finding);
}

/// single-base: one type where a tuple of bases is wanted.
bool judgeSingleBase(const Site &site, const Rule &rule, Finding &finding) {
  if (site.args.size() != 2)
    return false;
  const Expr *bases = bare(site.args[1]);
  auto *address = dyn_cast<UnaryOperator>(bases);
  QualType type = address && address->getOpcode() == UO_AddrOf
                      ? site.context.getPointerType(address->getSubExpr()->getType())
                      : bases->getType();
  return isPointerTo(type, "PyTypeObject") && !isNull(site.args[1], site.context) &&
         say(site, rule, finding);
}

struct Finder : ConstDynamicRecursiveASTVisitor {
  explicit Finder(ASTContext &context) : sources(context.getSourceManager()) {}

  bool VisitDeclRefExpr(const DeclRefExpr *reference) override {
    if (reference->getDecl()->getDeclName().isIdentifier())
      startsThreads |= is_contained(
          ArrayRef<StringRef>{"pthread_create", "thrd_create", "PyThread_start_new_thread",
                              "_beginthread", "_beginthreadex", "CreateThread"},
          reference->getDecl()->getName());
    return true;
  }
  bool VisitCXXConstructExpr(const CXXConstructExpr *made) override {
    const CXXRecordDecl *record = made->getConstructor()->getParent();
    startsThreads |= record->isInStdNamespace() && record->getIdentifier() &&
                     (record->getName() == "thread" || record->getName() == "jthread") &&
                     made->getNumArgs() && !made->getConstructor()->isCopyOrMoveConstructor();
    return true;
  }
  bool VisitCallExpr(const CallExpr *call) override {
    if (names.empty() || !is_contained(names, calledName(call)))
      return true;
    auto [file, offset] = sources.getDecomposedExpansionLoc(call->getBeginLoc());
    if (call->getBeginLoc().isFileID() && file == wanted && (!first || offset < *first))
      first = offset;
    return true;
  }
  const SourceManager &sources;
  bool startsThreads = false;
  ArrayRef<std::string> names;
  FileID wanted;
  std::optional<unsigned> first; ///< call of `names` in the file `wanted`
};

/// own-thread: the first such call of a file that starts threads itself: one
/// of them may still run when the interpreter ends.
bool judgeOwnThread(const Site &site, const Rule &rule, Finding &finding) {
  SourceManager &sources = site.context.getSourceManager();
  auto [file, offset] = sources.getDecomposedExpansionLoc(site.expr->getBeginLoc());
  Finder finder(site.context);
  finder.names = rule.names;
  finder.wanted = file;
  for (const Decl *decl : usersDecls(site.context, site.spelling))
    finder.TraverseDecl(decl);
  return finder.startsThreads && finder.first == offset && say(site, rule, finding);
}

/// module-start: in a function that Python calls while it imports the module.
bool judgeModuleStart(const Site &site, const Rule &rule, Finding &finding) {
  if (!site.function || !site.function->getIdentifier())
    return false;
  if (site.function->getName().starts_with("PyInit_"))
    return say(site, rule, finding);
  for (const Decl *decl : usersDecls(site.context, site.spelling)) {
    auto *variable = dyn_cast<VarDecl>(decl);
    const Expr *init = variable ? variable->getInit() : nullptr;
    auto *element = init ? variable->getType()->getBaseElementTypeUnsafe()->getAsRecordDecl()
                         : nullptr;
    if (!element || structName(element) != "PyModuleDef_Slot")
      continue;
    struct : ConstDynamicRecursiveASTVisitor {
      bool VisitDeclRefExpr(const DeclRefExpr *reference) override {
        found |= reference->getDecl()->getCanonicalDecl() == function;
        return true;
      }
      const Decl *function;
      bool found = false;
    } finder;
    finder.function = site.function->getCanonicalDecl();
    finder.TraverseStmt(init);
    if (finder.found)
      return say(site, rule, finding);
  }
  return false;
}

} // namespace

Judge findVersionJudge(StringRef name) {
  return StringSwitch<Judge>(name)
      .Case("null-value", judgeNullValue)
      .Case("exc-info", judgeExcInfo)
      .Case("negative-size", judgeNegativeSize)
      .Case("keyword-names", judgeKeywordNames)
      .Case("without-gil", judgeWithoutGil)
      .Case("argument-count", judgeArgumentCount)
      .Case("made-type", judgeMadeType)
      .Case("single-base", judgeSingleBase)
      .Case("own-thread", judgeOwnThread)
      .Case("module-start", judgeModuleStart)
      .Default(nullptr);
}

} // namespace abi3ify
