// The page of a rule: what, why, before and after, safety, floors.
// In: a rule. Out: Markdown, for `explain` and for the docs folder.
#pragma once
#include "abi3ify/rule.h"

namespace abi3ify {

std::string pageOf(const Rule &rule);
/// For the id that uses without a rule carry.
std::string pageOfNoRule();

/// Writes FOLDER/ID.md for each rule and FOLDER/index.md by area.
llvm::Error writePages(const RuleSet &rules, llvm::StringRef folder);

} // namespace abi3ify
