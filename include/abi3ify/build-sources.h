// Whether a run has looked at what a package builds: its build settings hold for
// all of its sources.
// In: a run, a package's settings. Out: what is missing, as a sentence.
#pragma once
#include "abi3ify/build-settings.h"
#include "abi3ify/run.h"

namespace abi3ify {

/// The first source of the package that was not looked at, and why; empty if
/// there is none. A source is known by its place below the package's folder,
/// or by its name in one of the build files.
std::string notLookedAt(const BuildSettings &package, const RunResult &result, BuildFiles &files);

} // namespace abi3ify
