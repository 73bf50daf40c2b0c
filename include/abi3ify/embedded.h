// The files that travel inside the binary: every rule, the tables of
// facts, and the reader of setup.py.
// In: nothing. Out: path in the repository and bytes, sorted as the build lists
// them. The bytes live as long as the program.
#pragma once
#include <span>
#include <string_view>

namespace abi3ify {

struct EmbeddedFile {
  std::string_view path;
  std::string_view text;
};

std::span<const EmbeddedFile> embeddedFiles();

} // namespace abi3ify
