// Functions that a rule's forms call and that no floor has: they are written
// once into each file that needs them.
// In: findings whose edits name a helper of their rule. Out: the same findings
// with the insertion of its definition, one edit that they share.
#pragma once
#include "abi3ify/match.h"
#include "abi3ify/preprocessor-facts.h"

namespace abi3ify {

/// A helper's name begins so: it can be told from the user's functions.
inline constexpr llvm::StringRef HelperPrefix = "limited_";

/// Adds the definitions to all findings of a unit.
void addHelpers(const RuleSet &rules, const PreprocessorFacts &preprocessor,
                const std::string &pythonFolder,
                llvm::function_ref<llvm::StringRef(const std::string &)> textOf,
                std::vector<Finding> &findings);

/// The end of the directives and comments that a file begins with: behind the
/// last #include there, or the #endif of a conditional that holds one; 0 if it
/// includes nothing there. `beforeCode`: conditionals that hold code end it, too.
unsigned endOfIncludes(llvm::StringRef text, bool beforeCode = false);

} // namespace abi3ify
