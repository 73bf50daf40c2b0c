// Where a text stands in another one, for texts of megabytes.
#pragma once
#include "llvm/ADT/StringRef.h"
#include <string_view>

namespace abi3ify {

/// What StringRef::find gives, which looks at each character in turn.
inline size_t placeOf(llvm::StringRef source, llvm::StringRef text, size_t from = 0) {
  return std::string_view(source).find(std::string_view(text), from);
}

} // namespace abi3ify
