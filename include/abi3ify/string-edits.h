// Edits of calls that reach a string's memory, spelled out one by one.
// In: calls of one function. Out: rewrites; nothing where a macro spells them.
#pragma once
#include "abi3ify/pointer-uses.h"

namespace abi3ify {

/// The width in bytes that PyUnicode_1BYTE_DATA and its kin say; 0 for
/// PyUnicode_DATA, which says none; nothing for another name.
std::optional<int> widthOfAccessor(llvm::StringRef name);

/// The value of PyUnicode_1BYTE_KIND and its kin where one is named.
std::optional<int> kindConstant(const clang::Expr *expr);

class StringEdits {
public:
  StringEdits(const Site &site, const clang::ParentMap &parents) : site(site), parents(parents) {}

  /// NAME(ARG...) becomes `to`, in which $0, $1 ... are the arguments; "$0" as
  /// a PyObject * where `castFirst` holds.
  std::optional<Rewrite> call(const clang::CallExpr *call, llvm::StringRef to,
                              bool castFirst = true) const;
  /// A call that becomes a value with a cast in front, in parentheses where
  /// the place needs them.
  std::optional<Rewrite> castCall(const clang::CallExpr *call, llvm::StringRef type,
                                  llvm::StringRef to) const;
  /// A constant kind becomes its number.
  std::optional<Rewrite> number(const clang::Expr *constant) const;
  /// An expression becomes another text, in which $0 is the expression.
  std::optional<Rewrite> around(const clang::Expr *expr, llvm::StringRef to) const;
  /// A statement, or assert() of something that holds, goes away with its lines.
  std::optional<Rewrite> removal(clang::SourceLocation begin, clang::SourceLocation end) const;

private:
  const Site &site;
  const clang::ParentMap &parents;
};

/// What becomes of the constants that the value of PyUnicode_KIND is held
/// against, given to or mixed with; nothing where the value goes elsewhere.
/// `variable`, if any, gets the value.
std::optional<std::vector<Rewrite>> kindRewrites(const StringEdits &edits, const clang::Expr *kind,
                                                 const clang::FunctionDecl *function,
                                                 const clang::ParentMap &parents,
                                                 const clang::VarDecl *&variable);

/// The same for a variable whose values are kinds: the constants that it gets
/// and is compared with. `isKind` says of another value that it is a kind.
std::optional<std::vector<Rewrite>>
kindVariableRewrites(const StringEdits &edits, const clang::VarDecl *variable,
                     const clang::FunctionDecl *function, const clang::ParentMap &parents,
                     llvm::function_ref<bool(const clang::Expr *)> isKind);

} // namespace abi3ify
