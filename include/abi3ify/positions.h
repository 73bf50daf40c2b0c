// Lines and columns of byte offsets, both from 1; columns count bytes.
#pragma once
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"
#include <map>
#include <vector>

namespace abi3ify {

struct Position {
  unsigned line, column;
};

/// Lines are counted once a text: a file may hold thousands of findings.
class Positions {
public:
  /// The text must live as long as this.
  Position at(llvm::StringRef text, unsigned offset) {
    std::vector<unsigned> &starts = known[text.data()];
    if (starts.empty()) {
      starts.push_back(0);
      for (size_t end = text.find('\n'); end != llvm::StringRef::npos;
           end = text.find('\n', end + 1))
        starts.push_back(end + 1);
    }
    auto line = std::prev(llvm::upper_bound(starts, offset));
    return {unsigned(line - starts.begin() + 1), offset - *line + 1};
  }

private:
  std::map<const char *, std::vector<unsigned>> known; ///< where the lines of a text begin
};

} // namespace abi3ify
