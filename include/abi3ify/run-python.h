// Runs a Python program of ours: no module of the looked-at project can get into it.
// In: an interpreter and a program. Out: what it printed, line by line.
#pragma once
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace abi3ify {

/// `interpreter` is a path; `program` may use the standard library. An error if
/// it cannot be run or fails; its text, the reason, may be empty.
llvm::Expected<std::vector<std::string>> runPython(llvm::StringRef interpreter,
                                                   llvm::StringRef program,
                                                   llvm::ArrayRef<std::string> arguments);

} // namespace abi3ify
