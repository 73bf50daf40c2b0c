// Recognises code that a generator wrote or that stands on a binding system:
// it is left alone, and its uses are reported with advice.
// In: a file's path and text. Out: the system's name and what to do instead.
#pragma once
#include "llvm/ADT/StringRef.h"
#include <optional>

namespace abi3ify {

struct Generator {
  llvm::StringRef name;
  llvm::StringRef advice;
};

std::optional<Generator> recogniseGenerator(llvm::StringRef path, llvm::StringRef text);

} // namespace abi3ify
