// The order in which a unit uses a static type and makes it: a static type is
// there from the start, a pointer to a heap type only once it is made.
// In: what the walk over the unit has collected. Out: moved statements, and
// types blocked where the order cannot be kept.
#pragma once
#include "abi3ify/static-types.h"

namespace abi3ify {

/// A mention in a function: of a type that must have been made by then.
struct TypeMention {
  const clang::FunctionDecl *function;
  clang::SourceLocation location;
  unsigned offset;
  size_t use = ~size_t(0); ///< its number among the type's
  bool harmless = false;   ///< also where the type is not made: no object is of it
};

/// A call, as a mention of what is called.
struct CallMention {
  const clang::FunctionDecl *callee; ///< canonical
  clang::SourceLocation location;
  unsigned offset;
};

/// variable = &T; in the outermost block of a function.
struct KeptType {
  const clang::BinaryOperator *assignment;
  const clang::VarDecl *variable;
};

struct TypeOrder {
  std::map<const StaticType *, std::vector<TypeMention>> uses;
  std::map<std::pair<const StaticType *, size_t>, KeptType> kept; ///< by type and use
  std::set<const StaticType *> lazy; ///< it is asked somewhere whether they were readied
  std::map<const clang::BinaryOperator *, TypeMade> places; ///< of members set at run time
  std::map<const clang::FunctionDecl *, std::vector<CallMention>> calls; ///< by who calls
  std::map<const clang::VarDecl *, std::vector<TypeMention>> pointers; ///< mentions of such variables
  std::set<const clang::VarDecl *> reached; ///< variables whose address is taken
  std::vector<std::pair<const clang::FunctionDecl *, unsigned>> labels;

  /// An assignment counts as part of the definition if it is made on the way
  /// to each call that readies the type.
  void checkAssignment(TypeSurvey &survey, StaticType &type, const FieldAssignment &field) const;

  /// No use comes before the type is made; a `variable = &T;` may be moved behind it.
  void check(TypeSurvey &survey, StaticType &type) const;
};

} // namespace abi3ify
