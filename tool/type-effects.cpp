// What the functions of a heap type do with the type, followed into what they
// call. Where the unit does not show it, they may do anything.
#include "abi3ify/match.h"
#include "abi3ify/site.h"
#include "abi3ify/type-functions.h"
#include "clang/Basic/SourceManager.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

/// The parameters of a callee that get the object, and those that get its type.
struct Handed {
  ObjectBody::Variables selves, types;
  bool any = false; ///< also where the callee is not known
};

Handed handed(const CallExpr *call, const ObjectBody &body) {
  Handed result;
  const FunctionDecl *callee = call->getDirectCallee();
  const FunctionDecl *definition = nullptr;
  if (callee)
    callee->hasBody(definition);
  for (unsigned i = 0; i < call->getNumArgs(); ++i) {
    bool self = body.isSelf(call->getArg(i)), type = body.mayBeType(call->getArg(i));
    result.any |= self || type;
    if (definition && i < definition->getNumParams() && (self || type))
      (self ? result.selves : result.types).insert(definition->getParamDecl(i));
  }
  if (auto *method = dyn_cast<CXXMemberCallExpr>(call))
    result.any |= !isa_and_nonnull<CXXDestructorDecl>(method->getMethodDecl()) &&
                  body.isSelf(method->getImplicitObjectArgument());
  return result;
}

/// A name that says that it is a type's, or one of a variable of the whole
/// file: PyObject *Foo_Type.
bool mayNameType(const Expr *expr) {
  expr = bare(expr);
  const ValueDecl *decl = nullptr;
  if (auto *reference = dyn_cast<DeclRefExpr>(expr))
    decl = reference->getDecl();
  else if (auto *member = dyn_cast<MemberExpr>(expr))
    decl = member->getMemberDecl();
  auto *variable = dyn_cast_or_null<VarDecl>(decl);
  return decl && decl->getIdentifier() &&
         ((variable && variable->hasGlobalStorage()) ||
          decl->getName().contains_insensitive("type") || decl->getName() == "cls");
}

/// Follows an object through calls; `wanted` says what a call means by itself.
class Walk {
public:
  enum class Verdict { No, Yes, Look };
  using Judge = function_ref<Verdict(const CallExpr *, const ObjectBody &)>;

  Walk(const Spelling *spelling, Judge judge) : spelling(spelling), judge(judge) {}

  bool any(const FunctionDecl *function, const ObjectBody::Variables &selves,
           const ObjectBody::Variables &types = {}) {
    if (!visited.insert({function, selves, types}).second)
      return false;
    ObjectBody body(function, selves, types);
    // Its destructor may do it.
    for (const CXXConstructExpr *construction : body.constructions)
      if (any_of(construction->arguments(), [&](const Expr *argument) {
            return body.isSelf(argument) || body.mayBeType(argument);
          }))
        return true;
    return any_of(body.calls, [&](const CallExpr *call) { return anyIn(call, body); });
  }

private:
  bool anyIn(const CallExpr *call, const ObjectBody &body) {
    if (Verdict verdict = judge(call, body); verdict != Verdict::Look)
      return verdict == Verdict::Yes;
    Handed given = handed(call, body);
    if (!given.any)
      return false;
    const FunctionDecl *callee = call->getDirectCallee(), *definition = nullptr;
    if (!callee || isa<CXXMemberCallExpr>(call))
      return true;
    if (callee->hasBody(definition))
      return any(definition, given.selves, given.types);
    return !isForeign(callee);
  }

  /// Python's and the C library's functions leave the type alone.
  bool isForeign(const FunctionDecl *callee) const {
    SourceManager &sources = callee->getASTContext().getSourceManager();
    SourceLocation location = sources.getExpansionLoc(callee->getLocation());
    bool users = location.isValid() && spelling->isUsers(sources.getFileID(location));
    return callee->getBuiltinID() || sources.isInSystemHeader(location) ||
           (!users && callee->getIdentifier() &&
            (isPythonsName(callee->getName()) || callee->getName().starts_with(NormalPrefix)));
  }

  const Spelling *spelling;
  Judge judge;
  std::set<std::tuple<const FunctionDecl *, ObjectBody::Variables, ObjectBody::Variables>> visited;
};

ObjectBody::Variables selfOf(const FunctionDecl *function) {
  return function->getNumParams() > 0 ? ObjectBody::Variables{function->getParamDecl(0)}
                                      : ObjectBody::Variables();
}

} // namespace

bool mayReleaseType(const Spelling &spelling, const FunctionDecl *function) {
  auto judge = [](const CallExpr *call, const ObjectBody &body) {
    StringRef name = calledName(call), slot = body.calledSlot(call);
    if (isDecref(name) || name == "Py_DecRef" || name == "Py_CLEAR" || name == "Py_SETREF" ||
        name == "Py_XSETREF") {
      if (call->getNumArgs() == 0)
        return Walk::Verdict::No;
      const Expr *released =
          call->getArg(isDecref(name) ? call->getNumArgs() - 1 : 0);
      return body.mayBeType(released) || mayNameType(released) ? Walk::Verdict::Yes
                                                               : Walk::Verdict::No;
    }
    // The base's tp_dealloc does it, the other slots do not.
    if (slot.starts_with("tp_") && slot != "tp_dealloc")
      return Walk::Verdict::No;
    return Walk::Verdict::Look;
  };
  return Walk(&spelling, judge).any(function, selfOf(function));
}

bool mayVisitType(const Spelling &spelling, const FunctionDecl *function) {
  auto judge = [](const CallExpr *call, const ObjectBody &body) {
    // visit(type, arg), or what does it for us.
    if (call->getDirectCallee())
      return Walk::Verdict::Look;
    return any_of(call->arguments(),
                  [&](const Expr *argument) {
                    return body.isSelf(argument) || body.mayBeType(argument) ||
                           mayNameType(argument);
                  })
               ? Walk::Verdict::Yes
               : Walk::Verdict::No;
  };
  return Walk(&spelling, judge).any(function, selfOf(function));
}

const CallExpr *certainVisit(const FunctionDecl *function) {
  auto *block = dyn_cast<CompoundStmt>(function->getBody());
  if (!block || function->getNumParams() != 3)
    return nullptr;
  ObjectBody body(function, selfOf(function));
  const CallExpr *found = nullptr;
  for (const Stmt *stmt : block->body()) {
    // Py_VISIT is a do of a macro; what is spelled here has a condition.
    if (isa<IfStmt, SwitchStmt, ForStmt, WhileStmt>(stmt) && !stmt->getBeginLoc().isMacroID())
      continue;
    anyCall(stmt, [&](const CallExpr *call) {
      auto *visit = dyn_cast<DeclRefExpr>(call->getCallee()->IgnoreParenImpCasts());
      if (!found && visit && visit->getDecl() == function->getParamDecl(1) &&
          call->getNumArgs() == 2 && body.isTypeOfSelf(call->getArg(0)))
        found = call;
      return found != nullptr;
    });
  }
  return found;
}

const FunctionDecl *freeingFunction(const FunctionDecl *function) {
  const FunctionDecl *found = nullptr;
  std::set<const FunctionDecl *> visited;
  std::function<void(const FunctionDecl *, const ObjectBody::Variables &)> look =
      [&](const FunctionDecl *now, const ObjectBody::Variables &selves) {
        if (!visited.insert(now).second)
          return;
        ObjectBody body(now, selves);
        for (const CallExpr *call : body.calls) {
          if (body.isFree(call) && (!found || now != function))
            found = now;
          const FunctionDecl *callee = call->getDirectCallee(), *definition = nullptr;
          Handed given = handed(call, body);
          if (callee && !given.selves.empty() && callee->hasBody(definition))
            look(definition, given.selves);
        }
      };
  look(function, selfOf(function));
  return found;
}

} // namespace abi3ify
