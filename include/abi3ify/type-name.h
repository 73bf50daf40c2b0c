// A call with tp_name as arguments of its format, and the block around its
// statement that asks for the names as objects.
// In: a call with a format. Out: which of its arguments are names, where they
// and their conversions are typed, and the rewrite of the statement.
#pragma once
#include "abi3ify/format-call.h"

namespace abi3ify {

/// A tp_name that is the argument of a %s.
struct Name {
  const clang::MemberExpr *member;
  unsigned argument; ///< of the call
  Range letter;      ///< the s
  Range text;        ///< of the argument
};

/// Assumed and checked: the format is a literal, and it, the call and the names
/// are typed in one file, outside of macros' bodies.
class NamedCall {
public:
  NamedCall(const Site &site, const FormatCall &format);

  /// The name that a member access is; null if it is none of them.
  const Name *find(const clang::Expr *member) const;
  /// The file's range of an expression, if it is typed there.
  std::optional<Range> rangeOf(const clang::Expr *expr) const;

  const Site &site;
  const FormatCall &format;
  clang::FileID level, file;
  llvm::StringRef text; ///< of the file
  Range all;            ///< of the call
  std::vector<Name> names;

private:
  std::optional<Name> nameAt(unsigned index) const;
};

/// The pointer to the type whose name it is, as an argument of a template.
Argument typeArgument(const NamedCall &call, const Name &name);

/// The call's statement, with the names asked for in front of it and released
/// behind it. Nothing where the call is part of another expression.
std::optional<Rewrite> askForNames(const NamedCall &call);

} // namespace abi3ify
