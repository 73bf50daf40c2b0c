// Records the compile commands of a build, whatever its build system.
// A folder of links to this program, named like the compilers, stands first on the build's PATH. Called by
// such a name it writes down what it is asked to do and becomes the real compiler.
// In: a command. Out: compile_commands.json, and the command's exit code.
#pragma once
#include "llvm/Support/Error.h"
#include <optional>
#include <string>
#include <vector>

namespace abi3ify {

struct Captured {
  int status = 0;       ///< the command's exit code; 128 and the signal if one ended it
  size_t recorded = 0;  ///< compilations of sources that are there
  size_t kept = 0;      ///< entries of the file before, of sources that were not compiled now
  size_t vanished = 0;  ///< compilations of sources that the build removed again
};

/// `database` is written in one step, when the command has ended; nothing is
/// written if it compiled nothing.
llvm::Expected<Captured> capture(const std::vector<std::string> &command,
                                 const std::string &database);

/// Records and runs a compiler if this process was started as one by a captured
/// build; returns only if not, or with an exit code if that failed.
std::optional<int> actAsCompiler(int argc, char **argv);

} // namespace abi3ify
