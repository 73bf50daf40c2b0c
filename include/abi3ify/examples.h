// Runs the examples in the rules: they are the rules' tests.
// In: rules and headers. Out: one line for each example that does not hold.
#pragma once
#include "abi3ify/project.h"
#include "abi3ify/rule.h"

namespace abi3ify {

struct ExampleReport {
  unsigned run = 0;                  ///< example times headers times floor
  std::vector<std::string> failures; ///< FILE:LINE: what was expected and found
};

/// `all` has every rule that is loaded (one rule's examples may use what
/// another one replaces); the examples of `tested` run.
ExampleReport runExamples(const RuleSet &all, const RuleSet &tested,
                          llvm::ArrayRef<PythonHeaders> headers, unsigned jobs);

} // namespace abi3ify
