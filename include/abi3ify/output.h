// Where a command's result goes: stdout, or the file of --output.
// In: what prints it. Out: the result, whole, or an error.
#pragma once
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

namespace abi3ify {

/// `path` empty: stdout. `colour`: "always", "never", or "auto" for a terminal.
llvm::Error printOutput(const std::string &path, llvm::StringRef colour,
                        llvm::function_ref<void(llvm::raw_ostream &, bool colours)> print);

/// Says whether that file can be written, before a long run or changed sources
/// make that a late surprise.
llvm::Error tryOutput(const std::string &path);

} // namespace abi3ify
