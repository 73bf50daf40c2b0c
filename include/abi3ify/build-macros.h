// What a project tells Python's headers before they are read, and what it asks
// of them: Py_LIMITED_API, macros that exclude it, tests of the headers' version.
// In: what the preprocessor saw of a unit, and its flags. Out: findings.
#pragma once
#include "abi3ify/match.h"
#include "abi3ify/preprocessor-facts.h"

namespace abi3ify {

/// The text of a file that the parse has read, by its path.
using TextOf = llvm::function_ref<llvm::StringRef(const std::string &)>;

/// The rule that reports which Py_LIMITED_API a project defines.
inline constexpr llvm::StringLiteral LimitValueRule = "limited-api-value";

/// Py_LIMITED_API and what goes with it, in sources and in the unit's flags.
void checkBuildMacros(const Command &command, const PreprocessorFacts &preprocessor,
                      const MatchContext &context, TextOf textOf, std::vector<Finding> &findings);

/// #if PY_VERSION_HEX and its kin. Code that an edited condition leaves out goes
/// into matches.leftOut.
void checkVersionTests(const PreprocessorFacts &preprocessor, const MatchContext &context,
                       const std::string &pythonFolder, TextOf textOf, FloorMatches &matches);

/// #ifdef Py_GIL_DISABLED and its kin, with what their branches hold.
void checkGilTests(const PreprocessorFacts &preprocessor, const MatchContext &context, TextOf textOf,
                   FloorMatches &matches);

/// Constants of Python's that the project defines by itself.
void checkRedefinitions(const PreprocessorFacts &preprocessor, const MatchContext &context,
                        TextOf textOf, std::vector<Finding> &findings);

/// The finding of a rule at a range; nothing if the rule is not asked for.
std::optional<Finding> findingAt(const MatchContext &context, llvm::StringRef rule,
                                 const std::string &file, Range range, llvm::StringRef symbol);

} // namespace abi3ify
