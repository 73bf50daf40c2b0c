// The initialiser of a type, or of one of its tables of slots.
// In: the list of values in the AST. Out: the values in the order of the source, each with
// the comments that speak of it, or the places that cannot be taken apart.
#pragma once
#include "abi3ify/static-types.h"

namespace abi3ify {

/// One member's value, as the source has it.
struct MemberValue {
  const clang::FieldDecl *field = nullptr;
  const clang::Expr *value = nullptr; ///< with its casts
  Range place;                        ///< at the definition, of the macro that gives it
  Range range;                        ///< of the whole value there; empty: from another place
  std::vector<std::string> before = {}; ///< comments on lines of their own
  std::string behind = {};              ///< a comment on the line of the value
  llvm::StringRef name() const { return field->getName(); }
};

struct Initialiser {
  std::vector<MemberValue> values; ///< but for the object's head
  std::vector<std::string> comments; ///< behind the last value
  const clang::Expr *metaclass = nullptr; ///< that the head gives; null for none
  struct Problem {
    clang::SourceLocation location;
    std::string reason;
  };
  std::vector<Problem> problems;
};

Initialiser readInitialiser(const TypeSurvey &survey, const clang::Expr *expr);

/// The comments of a definition in front of its braces and behind them.
std::vector<std::string> commentsAround(const TypeSurvey &survey, const clang::VarDecl *definition);

/// Behind the semicolon of a declaration, in front of which comments may stand.
std::optional<unsigned> endOfDeclaration(llvm::StringRef text, unsigned offset);

} // namespace abi3ify
