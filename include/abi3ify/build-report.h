// The build settings in what the commands do and print.
// In: a project or a run. Out: its packages' settings, as text, Markdown or JSON;
// with `migrate --build-settings` the changes, beside those of the sources.
#pragma once
#include "abi3ify/build-settings.h"
#include "abi3ify/outlook.h"
#include "llvm/Support/JSON.h"

namespace abi3ify {

/// For the report: at the floor that was asked for; else, for each package, at
/// the one with the best verdict and the fewest decisions, then the lowest, among those that its requires-python allows.
std::vector<BuildSettings> reportedSettings(const Project &project, const Outlook &outlook,
                                            std::optional<Floor> wanted,
                                            llvm::ArrayRef<std::string> pythons);

/// For migrate: adds the changes to the run's edited texts where every one of a
/// package is certain, nothing is left that the limit would break, and its files
/// may be edited.
void migrateBuildSettings(RunResult &result, Floor floor, llvm::ArrayRef<std::string> pythons);

/// Whether a package's settings are left to somebody.
bool leavesBuildSettings(const RunResult &result);

void printReported(llvm::ArrayRef<BuildSettings> packages, bool markdown, llvm::raw_ostream &out);
void printMigrated(llvm::ArrayRef<BuildSettings> packages, llvm::raw_ostream &out);
llvm::json::Array jsonOf(llvm::ArrayRef<BuildSettings> packages);

} // namespace abi3ify
