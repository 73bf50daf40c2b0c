// The page of a rule: what, why, before and after, safety, floors.
// In: a rule. Out: Markdown for the docs folder, plain text for `explain`.
#pragma once
#include "abi3ify/rule.h"

namespace abi3ify {

std::string pageOf(const Rule &rule);
/// For the id that uses without a rule carry.
std::string pageOfNoRule();

/// A page for a terminal: without the marks of Markdown, code indented.
std::string plainText(llvm::StringRef page);

/// Writes FOLDER/ID.md for each rule and FOLDER/index.md by area, and removes
/// the pages of rules that there are no longer.
llvm::Error writePages(const RuleSet &rules, llvm::StringRef folder);

} // namespace abi3ify
