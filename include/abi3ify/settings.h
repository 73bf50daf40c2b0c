// Settings of a project: [tool.abi3ify] in pyproject.toml.
// In: the folder to look in. Out: values, where the file gives them; flags of
// the command line win over these. Errors name file, line and key.
#pragma once
#include "llvm/Support/Error.h"
#include <optional>
#include <string>
#include <vector>

namespace abi3ify {

struct Settings {
  std::optional<std::string> target, rules, buildFolder, failOn;
  std::vector<std::string> select, ignore, pythons, generated;
  std::optional<unsigned> jobs;
  std::optional<bool> review, verify, moduleState;
};

/// Reads the pyproject.toml of `folder` or of the nearest folder above it that
/// has one. No file, or none of our settings in it: empty settings.
llvm::Expected<Settings> readSettings(const std::string &folder);

} // namespace abi3ify
