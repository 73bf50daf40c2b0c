// What a rule may ask of the place where it matched.
// In: the AST around one expression. Out: how it is used, what its arguments
// are, whether they may be moved, which casts they need.
#pragma once
#include "abi3ify/finding.h"
#include "abi3ify/spelling.h"
#include "clang/AST/ASTContext.h"
#include "clang/AST/Expr.h"
#include "llvm/ADT/SmallVector.h"

namespace abi3ify {

struct PreprocessorFacts;

/// One use of a name of a rule. Lives as long as the visit of the expression.
struct Site {
  clang::ASTContext &context;
  const Spelling &spelling;
  Floor floor;
  const PreprocessorFacts *preprocessor = nullptr; ///< of the whole unit
  const clang::FunctionDecl *function = nullptr; ///< whose body it stands in
  llvm::ArrayRef<const clang::Stmt *> parents = {}; ///< outermost first
  const clang::Expr *expr = nullptr;             ///< the call or member access
  llvm::SmallVector<const clang::Expr *, 4> args = {}; ///< without parentheses and implicit casts
  Use use = Use::Value;
  const clang::BinaryOperator *assignment = nullptr; ///< for Use::Assign and Use::Update
  bool assignmentIsValue = false; ///< the assignment's own value is used
  const clang::Stmt *statement = nullptr; ///< for Use::Statement: the whole statement
};

/// Fills use, assignment and statement from expr and parents.
void classifyUse(Site &site);

/// Without parentheses, implicit casts and the dereference that the
/// normalising header puts around lvalues.
const clang::Expr *peel(const clang::Expr *expr);

/// The same without casts that are written, too.
const clang::Expr *bare(const clang::Expr *expr);

/// The variable that an expression is, but for casts; null for any other.
const clang::VarDecl *variableOf(const clang::Expr *expr);

/// o of Py_TYPE(o) and o->ob_type; null for any other expression.
const clang::Expr *objectOfType(const clang::Expr *type);

/// Py_INCREF, Py_XINCREF; Py_DECREF, Py_XDECREF: also the functions that older
/// headers have behind these macros.
bool isIncref(llvm::StringRef name);
bool isDecref(llvm::StringRef name);

/// Whether a pointer points to a struct of Python's with this name.
bool isPointerTo(clang::QualType type, llvm::StringRef name);

/// Whether a statement holds a call for which `wanted` holds.
bool anyCall(const clang::Stmt *stmt, llvm::function_ref<bool(const clang::CallExpr *)> wanted);

/// The number of the argument that is `argument` but for casts, if it is one.
std::optional<unsigned> argumentIndex(const clang::CallExpr *call, const clang::Expr *argument);

/// The name that is called: of a function, or of the macro that the
/// normalising header made one of. Empty if it is not called by name.
llvm::StringRef calledName(const clang::CallExpr *call);

/// Evaluating it twice, or not at all, changes nothing.
bool isPure(const clang::Expr *expr, clang::ASTContext &context);

/// Whether the expression must be cast to be passed as a `type`, which is a
/// pointer to a type of Python's ("PyObject *").
bool needsCast(const clang::Expr *expr, llvm::StringRef type, clang::ASTContext &context);

/// Whether its text may stand behind a cast without parentheses.
bool bindsTightly(const clang::Expr *expr);

/// The same for an argument as it is spelled at `range`: what a macro expands
/// to may bind less tightly than it looks, and so may a macro's parameter.
/// `behindMacro`: the normalising header has put parentheses around it.
bool isPrimary(const clang::Expr *expr, Range range, const Site &site, bool inMacro,
               bool behindMacro);

/// The typedef name of a struct of Python's, such as PyTypeObject.
llvm::StringRef structName(const clang::RecordDecl *record);

} // namespace abi3ify
