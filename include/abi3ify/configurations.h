// Build configurations: the same sources, read with several sets of flags.
// In: a project's commands, without the configurations' flags. Out: each command
// once for each configuration that makes it another.
#pragma once
#include "abi3ify/project.h"

namespace abi3ify {

/// Commands of several build folders are named for these already; then each
/// pair of folder and configuration has a name.
llvm::Error applyConfigurations(llvm::ArrayRef<Configuration> configurations, Project &project);

} // namespace abi3ify
