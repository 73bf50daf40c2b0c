// Settings of a project: [tool.abi3ify] in pyproject.toml.
// In: the folder to look in. Out: values, where the file gives them; flags of
// the command line win over these. Errors name file, line and key.
#pragma once
#include "llvm/Support/Error.h"
#include <optional>
#include <string>
#include <vector>

namespace abi3ify {

/// One line of [tool.abi3ify.per-file-ignores].
struct PerFileIgnore {
  std::string pattern; ///< a glob; on the path from `folder`, or on the name if it has no /
  std::string folder;  ///< of the pyproject.toml
  std::string place;   ///< FILE:LINE:COLUMN, for messages
  std::vector<std::string> rules;

  /// `file`: absolute, resolved.
  bool matches(llvm::StringRef file) const;
};

struct Settings {
  std::optional<std::string> target, rules, failOn, baseline;
  std::vector<std::string> select, ignore, pythons, generated, buildFolders, configurations;
  std::vector<PerFileIgnore> perFileIgnores;
  std::optional<unsigned> jobs;
  std::optional<bool> review, verify, moduleState;
};

/// Reads the pyproject.toml of `folder` or of the nearest folder above it that
/// has one. No file, or none of our settings in it: empty settings.
llvm::Expected<Settings> readSettings(const std::string &folder);

} // namespace abi3ify
