// Prints a run's findings.
// In: a RunResult. Out: text for a person or JSON for a program.
#pragma once
#include "abi3ify/run.h"
#include "llvm/Support/raw_ostream.h"

namespace abi3ify {

/// What counts for the exit code: each level includes those before it.
enum class FailOn { Safe, Review, Manual, Any };

/// The number of findings that are left and that `failOn` counts.
size_t countRemaining(const RunResult &result, FailOn failOn);

/// Like a compiler: place, source line, caret, note; then the counts.
void printText(const RunResult &result, Floor floor, bool colours, llvm::raw_ostream &out);

/// docs/findings.schema.json describes it.
void printJson(const RunResult &result, Floor floor, llvm::raw_ostream &out);

/// Texts may hold any bytes; a report is UTF-8.
std::string utf8(llvm::StringRef text);

/// A path as a person would type it: relative to the current folder.
std::string shortPath(llvm::StringRef path);

} // namespace abi3ify
