// The conditions of #if, as text: what they answer for a version of the headers
// and a limit, and which comparisons in them ask for the version.
// In: the text behind #if. Out: an answer, or that it depends on other macros.
#pragma once
#include "abi3ify/finding.h"
#include "abi3ify/floor.h"
#include <optional>

namespace abi3ify {

/// What a condition is answered for.
struct ConditionContext {
  unsigned hex = 0;           ///< PY_VERSION_HEX
  std::optional<Floor> limit; ///< what Py_LIMITED_API says; none: it is not defined
  std::optional<bool> gilDisabled = {}; ///< whether Py_GIL_DISABLED is defined, if that is known
};

/// PY_VERSION_HEX or PY_MINOR_VERSION compared with a number.
struct VersionComparison {
  Range range;         ///< of the comparison, in the text
  bool minor = false;  ///< it is PY_MINOR_VERSION
  std::string operation; ///< "<", with the macro on its left
  unsigned value = 0;
  bool holds(unsigned hex) const;
  /// The same asked of Py_LIMITED_API; empty where there is no such form.
  std::string askedOfLimit() const;
};

/// PY_VERSION_HEX of the headers that can build for a floor: the first release
/// and the last one of each.
std::vector<unsigned> headersFrom(Floor floor);

/// Nothing where it depends on macros that are not known, or is none.
std::optional<bool> answer(llvm::StringRef condition, const ConditionContext &context);

/// What all versions answer under a limit, or without one; nothing where they differ, or one
/// does not answer.
std::optional<bool> commonAnswer(llvm::StringRef condition, llvm::ArrayRef<unsigned> versions,
                                 std::optional<Floor> limit);

/// Follows the conditionals of a part of a text: whether each asks for Python's version, and
/// those from a floor on answer alike, with the limit and without it.
class SettledConditionals {
public:
  explicit SettledConditionals(Floor floor) : floor(floor), versions(headersFrom(floor)) {}
  /// Takes a directive, its name and what follows; false where it is not settled, is none of a
  /// conditional, or belongs to one that began before.
  bool take(llvm::StringRef directive, llvm::StringRef condition);
  bool areClosed() const { return !depth; }

private:
  Floor floor;
  std::vector<unsigned> versions;
  unsigned depth = 0;
};

/// Those that a build with a limit comes to.
std::vector<VersionComparison> versionComparisons(llvm::StringRef condition);

/// The code behind a condition whose line ends at `end`: its own branch, and
/// those that follow up to #endif, without the directives around. Empty if it
/// has no end.
std::vector<Range> branchesBehind(llvm::StringRef text, unsigned end);

/// Whether the code at two offsets of a text is compiled in the same cases: the
/// conditions around both read alike.
bool sameConditions(llvm::StringRef text, unsigned first, unsigned second);

} // namespace abi3ify
