// Entries of a compile database.
// In: argv as a build recorded it. Out: a Command without compiler, outputs
// and flags that write files or load plugins.
#pragma once
#include "abi3ify/project.h"
#include <optional>

namespace clang::tooling {
struct CompileCommand;
}

namespace abi3ify {

Command fromDatabase(const clang::tooling::CompileCommand &entry);

/// Moves the flags that name a folder with a Python.h to pythonArgs, and
/// returns the first of these folders.
std::optional<PythonHeaders> takePythonFolder(Command &command);

} // namespace abi3ify
