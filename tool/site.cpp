#include "abi3ify/site.h"
#include "abi3ify/global-names.h"
#include "abi3ify/struct-names.h"
#include "abi3ify/unit.h"
#include "clang/AST/ASTContext.h"
#include "clang/AST/DeclCXX.h"
#include "clang/AST/ExprCXX.h"
#include "clang/AST/StmtCXX.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

/// Whether `child` stands where `parent` wants a statement.
bool isBody(const Stmt *parent, const Stmt *child) {
  if (isa<CompoundStmt, LabelStmt, CaseStmt, DefaultStmt, AttributedStmt>(parent))
    return true;
  if (auto *loop = dyn_cast<ForStmt>(parent))
    return child == loop->getBody() || child == loop->getInc() || child == loop->getInit();
  if (auto *loop = dyn_cast<WhileStmt>(parent))
    return child == loop->getBody();
  if (auto *loop = dyn_cast<DoStmt>(parent))
    return child == loop->getBody();
  if (auto *loop = dyn_cast<CXXForRangeStmt>(parent))
    return child == loop->getBody();
  if (auto *branch = dyn_cast<IfStmt>(parent))
    return child == branch->getThen() || child == branch->getElse();
  if (auto *branch = dyn_cast<SwitchStmt>(parent))
    return child == branch->getBody();
  return false;
}

/// The dereference in "(*abi3_NAME(...))".
bool isNormalDereference(const Stmt *stmt) {
  auto *op = dyn_cast<UnaryOperator>(stmt);
  if (!op || op->getOpcode() != UO_Deref)
    return false;
  auto *call = dyn_cast<CallExpr>(op->getSubExpr()->IgnoreParenImpCasts());
  auto *callee = call ? call->getDirectCallee() : nullptr;
  return callee && callee->getDeclName().isIdentifier() &&
         callee->getName().starts_with(NormalPrefix);
}

/// Looks a typedef of Python's up by name.
QualType typedefNamed(StringRef name, ASTContext &context) {
  for (NamedDecl *decl : globalsNamed(name, context))
    if (auto *type = dyn_cast<TypeDecl>(decl))
      return context.getTypeDeclType(type);
  return {};
}

} // namespace

/// Whether a C++ reference is bound to an expression through which one can
/// write, or which must live on: the type of what `parent` does with it.
static bool bindsReference(const Stmt *parent, const Stmt *child, const FunctionDecl *function) {
  auto writable = [](QualType type) {
    return type->isLValueReferenceType() && !type.getNonReferenceType().isConstQualified();
  };
  if (auto *statement = dyn_cast<DeclStmt>(parent))
    return any_of(statement->decls(), [&](const Decl *decl) {
      auto *variable = dyn_cast<VarDecl>(decl);
      return variable && variable->getInit() == child && writable(variable->getType());
    });
  if (isa<ReturnStmt>(parent))
    return function && function->getReturnType()->isReferenceType();
  auto *call = dyn_cast<CallExpr>(parent);
  const FunctionDecl *callee = call ? call->getDirectCallee() : nullptr;
  if (!callee || isa<CXXOperatorCallExpr>(call))
    return false;
  for (auto [argument, parameter] : zip(call->arguments(), callee->parameters()))
    if (argument == child)
      return writable(parameter->getType());
  return false;
}

/// Whether a macro of Python's that the normal header makes a function stores into an argument.
static bool isStoredInto(const Stmt *parent, const Stmt *child) {
  auto *call = dyn_cast<CallExpr>(parent);
  const FunctionDecl *callee = call ? call->getDirectCallee() : nullptr;
  if (!callee || !callee->getDeclName().isIdentifier() || call->getNumArgs() == 0)
    return false;
  StringRef name = callee->getName();
  return name.consume_front(NormalPrefix) && (name == "Py_SETREF" || name == "Py_XSETREF") &&
         call->getArg(0) == child;
}

void classifyUse(Site &site) {
  site.use = Use::Value;
  const Stmt *child = site.expr;
  for (const Stmt *parent : reverse(site.parents)) {
    if (isBody(parent, child)) {
      // The value of a statement expression is its last statement's.
      auto *block = dyn_cast<CompoundStmt>(parent);
      auto outer = find(site.parents, parent);
      bool valueOfBlock = block && !block->body_empty() && block->body_back() == child &&
                          outer != site.parents.begin() && isa<StmtExpr>(*std::prev(outer));
      if (!valueOfBlock) {
        site.use = Use::Statement;
        site.statement = child;
      }
      return;
    }
    if (isa<ParenExpr, ImplicitCastExpr, FullExpr>(parent) || isNormalDereference(parent)) {
      child = parent;
      continue;
    }
    if (auto *cast = dyn_cast<ExplicitCastExpr>(parent)) {
      if (cast->getType()->isVoidType()) {
        child = parent;
        continue;
      }
      return;
    }
    if (auto *op = dyn_cast<UnaryOperator>(parent)) {
      if (op->getOpcode() == UO_AddrOf)
        site.use = Use::Address;
      else if (op->isIncrementDecrementOp())
        site.use = Use::Update;
      return;
    }
    if (auto *op = dyn_cast<BinaryOperator>(parent)) {
      if (op->isAssignmentOp() && op->getLHS() == child) {
        site.use = op->isCompoundAssignmentOp() ? Use::Update : Use::Assign;
        site.assignment = op;
        Site around = site;
        around.expr = op;
        around.parents = site.parents.take_until(
            [&](const Stmt *stmt) { return stmt == op; });
        classifyUse(around);
        site.assignmentIsValue = around.use != Use::Statement;
      } else if (op->getOpcode() == BO_Comma && op->getLHS() == child)
        site.use = Use::Statement;
      else if (op->getOpcode() == BO_Comma) {
        child = parent;
        continue;
      }
      return;
    }
    if (isa<UnaryExprOrTypeTraitExpr>(parent))
      site.use = Use::SizeOf;
    else if (bindsReference(parent, child, site.function) || isStoredInto(parent, child))
      site.use = Use::Address;
    return;
  }
}

const Expr *peel(const Expr *expr) {
  expr = expr->IgnoreParenImpCasts();
  if (isNormalDereference(expr))
    return cast<UnaryOperator>(expr)->getSubExpr()->IgnoreParenImpCasts();
  return expr;
}

const Expr *bare(const Expr *expr) {
  expr = peel(expr);
  while (auto *conversion = dyn_cast<ExplicitCastExpr>(expr))
    expr = peel(conversion->getSubExpr());
  return expr;
}

const VarDecl *variableOf(const Expr *expr) {
  auto *reference = dyn_cast<DeclRefExpr>(bare(expr));
  return reference ? dyn_cast<VarDecl>(reference->getDecl()) : nullptr;
}

const Expr *objectOfType(const Expr *type) {
  type = bare(type);
  if (auto *call = dyn_cast<CallExpr>(type))
    return calledName(call) == "Py_TYPE" && call->getNumArgs() == 1 ? call->getArg(0) : nullptr;
  auto *member = dyn_cast<MemberExpr>(type);
  return member && member->getMemberDecl()->getDeclName().isIdentifier() &&
                 member->getMemberDecl()->getName() == "ob_type"
             ? member->getBase()
             : nullptr;
}

bool isIncref(StringRef name) {
  name.consume_front("_");
  return name == "Py_INCREF" || name == "Py_XINCREF";
}
bool isDecref(StringRef name) {
  name.consume_front("_");
  return name == "Py_DECREF" || name == "Py_XDECREF";
}

bool isPointerTo(QualType type, StringRef name) {
  QualType pointee = type->getPointeeType();
  auto *record = pointee.isNull() ? nullptr : pointee->getAsRecordDecl();
  return record && structName(record) == name;
}

bool anyCall(const Stmt *stmt, function_ref<bool(const CallExpr *)> wanted) {
  auto *call = dyn_cast_or_null<CallExpr>(stmt);
  return (call && wanted(call)) || (stmt && any_of(stmt->children(), [&](const Stmt *child) {
                                      return anyCall(child, wanted);
                                    }));
}

std::optional<unsigned> argumentIndex(const CallExpr *call, const Expr *argument) {
  for (unsigned i = 0; i < call->getNumArgs(); ++i)
    if (bare(call->getArg(i)) == argument)
      return i;
  return std::nullopt;
}

StringRef calledName(const CallExpr *call) {
  auto *callee = dyn_cast<DeclRefExpr>(call->getCallee()->IgnoreParenImpCasts());
  auto *function = callee ? dyn_cast<FunctionDecl>(callee->getDecl()) : nullptr;
  if (!function || !function->getDeclName().isIdentifier())
    return {};
  StringRef name = function->getName();
  name.consume_front(NormalPrefix);
  // What PY_SSIZE_T_CLEAN makes of PyArg_Parse and its kin in older headers.
  if (callee->getLocation().isMacroID() && name.starts_with("_Py") && name.consume_back("_SizeT"))
    name = name.drop_front();
  return name;
}

bool isPure(const Expr *expr, ASTContext &context) {
  expr = peel(expr);
  if (auto *call = dyn_cast<CallExpr>(expr)) {
    // Accessors read; the other macros behind the header may make or store.
    StringRef name = calledName(call);
    bool accessor = name.contains("_GET_") || name.contains("_AS_") || name == "Py_TYPE" ||
                    name == "Py_SIZE" || name == "Py_REFCNT" || name.ends_with("_KIND") ||
                    name.ends_with("_DATA");
    return accessor && all_of(call->arguments(), [&](const Expr *argument) {
             return isPure(argument, context);
           });
  }
  if (!expr->HasSideEffects(context))
    return true;
  if (auto *member = dyn_cast<MemberExpr>(expr))
    return isPure(member->getBase(), context);
  if (auto *conversion = dyn_cast<ExplicitCastExpr>(expr))
    return isPure(conversion->getSubExpr(), context);
  return false;
}

bool needsCast(const Expr *expr, StringRef type, ASTContext &context) {
  expr = expr->IgnoreParenImpCasts();
  if (expr->isTypeDependent())
    return false;
  if (expr->isNullPointerConstant(context, Expr::NPC_ValueDependentIsNotNull) !=
      Expr::NPCK_NotNull)
    return false;
  QualType wanted = typedefNamed(type.trim().rtrim('*').trim(), context);
  if (wanted.isNull())
    return true;
  QualType actual = expr->getType();
  if (actual->isRecordType())
    return false; // a C++ object converts as it did before
  if (auto *array = context.getAsArrayType(actual))
    actual = context.getPointerType(array->getElementType());
  QualType pointee = actual->getPointeeType();
  if (pointee.isNull())
    return true;
  if (pointee.isConstQualified() || pointee.isVolatileQualified())
    return true;
  if (context.hasSameUnqualifiedType(pointee, wanted))
    return false;
  if (!context.getLangOpts().CPlusPlus)
    return !pointee->isVoidType();
  auto *derived = pointee->getAsCXXRecordDecl();
  auto *base = wanted->getAsCXXRecordDecl();
  return !(derived && base && derived->hasDefinition() && derived->isDerivedFrom(base));
}

bool bindsTightly(const Expr *expr) {
  expr = expr->IgnoreImplicit();
  return isa<ParenExpr, DeclRefExpr, MemberExpr, CallExpr, ArraySubscriptExpr, UnaryOperator,
             CStyleCastExpr, clang::StringLiteral, IntegerLiteral, CXXThisExpr, CXXNamedCastExpr>(expr);
}

bool isPrimary(const Expr *expr, Range range, const Site &site, bool inMacro, bool behindMacro) {
  const Expr *outer = expr->IgnoreImplicit();
  if (behindMacro)
    if (auto *ours = dyn_cast<ParenExpr>(outer))
      outer = ours->getSubExpr()->IgnoreImplicit();
  auto spelled = site.spelling.range(outer->getBeginLoc(), outer->getEndLoc());
  if (!spelled || spelled->range != range)
    return false;
  return isa<ParenExpr>(outer) || (!inMacro && bindsTightly(outer));
}

StringRef structName(const RecordDecl *record) {
  while (record && record->isAnonymousStructOrUnion())
    record = dyn_cast<RecordDecl>(record->getDeclContext());
  if (!record)
    return {};
  if (auto *alias = record->getTypedefNameForAnonDecl())
    return alias->getName();
  StringRef alias = typedefOf(record);
  return alias.empty() ? record->getName() : alias;
}

} // namespace abi3ify
