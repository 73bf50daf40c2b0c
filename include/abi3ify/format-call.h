// A call that takes a format string, as it stands in the source.
// In: a call of one of Python's functions. Out: its conversions with the
// expressions that they take, and where their letters are typed.
#pragma once
#include "abi3ify/format-string.h"
#include "abi3ify/site.h"

namespace abi3ify {

struct FormatCall {
  const clang::CallExpr *call = nullptr;
  FormatFunction function;
  const clang::StringLiteral *literal = nullptr;
  Format format;

  /// The argument of an index, as Conversion counts; null when the call has
  /// none, or a va_list.
  const clang::Expr *argument(unsigned index) const;
  /// The conversion that takes an argument of the call; null for none.
  const Conversion *conversionOf(const clang::Expr *argument) const;
};

/// Nothing if the function takes no format, is not Python's, or if its format
/// is no literal.
std::optional<FormatCall> formatCall(const clang::CallExpr *call, const Site &site);

/// Where bytes of a literal are typed, one beside the other and without
/// escapes, in one file. Nothing otherwise.
std::optional<SpelledRange> spelledInLiteral(const clang::StringLiteral *literal, Range bytes,
                                             const Site &site);

/// Moves the finding to a byte of the literal, or leaves it where it is.
void moveToLiteral(Finding &finding, const clang::StringLiteral *literal, Range bytes,
                   const Site &site);

} // namespace abi3ify
