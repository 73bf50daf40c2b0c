// What a source shows of the tools that made it, without a parse: the comments
// at its top, what it includes, defines and calls.
// In: a text. Out: names and lines; nothing from strings and other comments.
#pragma once
#include "llvm/ADT/STLExtras.h"
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

/// How a tool shows in a source: `text` stands ...
struct Mark {
  enum Where {
    Top,     ///< at the beginning of a line of the file's first comments
    Include, ///< at the beginning of the name of a header that is included
    Define,  ///< as the name of a macro that is defined
    Call,    ///< in front of a parenthesis
  };
  Where where;
  llvm::StringRef text;

  bool isNamed(llvm::StringRef text) const; ///< in a string or a comment, if nowhere else
  bool shows(const Signs &signs) const;
};

/// The first entry of a table whose `mark` shows in a text; null for none.
template <class Entry>
const Entry *firstShown(llvm::ArrayRef<Entry> table, llvm::StringRef text) {
  // Most files name none of the tools at all.
  if (none_of(table, [&](const Entry &entry) { return entry.mark.isNamed(text); }))
    return nullptr;
  Signs signs = readSigns(text);
  auto found = find_if(table, [&](const Entry &entry) { return entry.mark.shows(signs); });
  return found == table.end() ? nullptr : &*found;
}

} // namespace abi3ify
