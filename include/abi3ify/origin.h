// Where generated code comes from: `#line 12 "grammar.y"` says that what
// follows was written there, in a file that a generator read.
// In: a text and an offset. Out: file and line, as the compiler presumes them.
#pragma once
#include "abi3ify/finding.h"
#include "llvm/ADT/ArrayRef.h"

namespace abi3ify {

struct LineDirective {
  unsigned offset = 0; ///< behind the directive's line
  unsigned line = 0;   ///< the number of the line there
  std::string file;    ///< as spelled
};

/// `#line` directives and a preprocessor's line markers, in their order. Those
/// that name `path` itself give the generator's own code back to it.
std::vector<LineDirective> readLineDirectives(llvm::StringRef text);

/// Whether a part of a file comes from another one: a generator wrote it all.
bool hasOrigins(llvm::StringRef path, llvm::StringRef text);

/// Gives the findings of one file their origin, where that is another file, and
/// sets them aside: what is changed here is written over. A name is looked up
/// beside the file, then in the folders `roots`; one that is nowhere stays as it
/// is spelled.
void findOrigins(const std::string &path, llvm::StringRef text, llvm::ArrayRef<std::string> roots,
                 std::vector<Finding> &findings);

} // namespace abi3ify
