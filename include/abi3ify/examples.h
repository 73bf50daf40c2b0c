// Runs the examples in the rules: they are the rules' tests.
// In: rules and headers. Out: one line for each example that does not hold.
#pragma once
#include "abi3ify/project.h"
#include "abi3ify/rule.h"
#include <map>

namespace abi3ify {

struct ExampleReport {
  unsigned run = 0;                  ///< example times headers times floor
  std::vector<std::string> failures; ///< FILE:LINE: what was expected and found
};

/// `all` has every rule that is loaded (one rule's examples may use what
/// another one replaces); the examples of `tested` run.
ExampleReport runExamples(const RuleSet &all, const RuleSet &tested,
                          llvm::ArrayRef<PythonHeaders> headers, unsigned jobs);

/// A source that holds examples which go together, and a floor that they say
/// something about.
struct ExampleSource {
  Floor floor;
  bool cxx = false;
  std::string only; ///< the optional rule that it is for, which runs alone
  std::string text;
  std::map<std::string, std::string> beside; ///< headers: name -> text
  std::vector<std::string> rules; ///< whose examples it holds
};

/// Each example that holds with these headers, once.
std::vector<ExampleSource> exampleSources(const RuleSet &all, const PythonHeaders &headers);

} // namespace abi3ify
