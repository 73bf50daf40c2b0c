// The files that travel inside the binary: every rule, the tables of
// facts, the reader of setup.py; and Clang's own headers.
// In: nothing. Out: path in the repository (of headers: in Clang's folder) and
// bytes, sorted as the build lists them. The bytes live as long as the program,
// and a NUL follows them.
#pragma once
#include <span>
#include <string_view>

namespace abi3ify {

struct EmbeddedFile {
  std::string_view path;
  std::string_view text;
};

std::span<const EmbeddedFile> embeddedFiles();
std::span<const EmbeddedFile> builtinHeaders();

} // namespace abi3ify
