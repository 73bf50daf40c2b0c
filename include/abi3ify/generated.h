// Recognises code that a generator wrote: it is left alone, and its uses are
// reported with advice.
// In: a file's path and text. Out: the generator's name and what to do instead.
#pragma once
#include "llvm/ADT/StringRef.h"
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace abi3ify {

struct Generator {
  llvm::StringRef name;
  llvm::StringRef advice;
  bool setsLimit = false; ///< its output defines Py_LIMITED_API as it must be
};

extern const Generator Clinic;

/// Of a file whose `#line`s name others.
extern const Generator SomeGenerator;

/// The files that a generator wrote.
using GeneratedFiles = std::map<std::string, Generator>;

/// Argument Clinic's output in a hand-written file: pairs of begin and end.
std::vector<std::pair<size_t, size_t>> clinicBlocks(llvm::StringRef text);

/// By the lines that a generator signs with, the headers that it includes and
/// the macros that it defines or calls; a name in other comments and in strings
/// is no sign.
std::optional<Generator> recogniseGenerator(llvm::StringRef path, llvm::StringRef text);

/// Whether a file is a copy of pythoncapi_compat.h: what it declares are names
/// of Python's that older headers lack.
bool isCompatHeader(llvm::StringRef path);

} // namespace abi3ify
