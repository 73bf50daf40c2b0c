// What a source shows of the tools that made it, without a parse: the comments
// at its top, what it includes, defines and calls.
// In: a text. Out: names and lines; nothing from strings and other comments.
#pragma once
#include "llvm/ADT/StringRef.h"
#include <set>
#include <string>
#include <vector>

namespace abi3ify {

/// A name of a file's code, at its first use.
struct NamePlace {
  std::string name;
  unsigned offset = 0;
};

struct Signs {
  std::vector<std::string> topLines;   ///< of comments in front of all code
  std::vector<std::string> includes;   ///< as spelled, without quotes
  std::set<std::string> defines;       ///< names of macros
  std::set<std::string> calls;         ///< names in front of a parenthesis, outside of directives
  std::vector<NamePlace> names;        ///< identifiers outside of directives and of macros' names
};

Signs readSigns(llvm::StringRef text);

} // namespace abi3ify
