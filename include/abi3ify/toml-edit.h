// Reads and adds keys of a TOML file; comments and order stay.
// In: the text. Out: values, and insertions of which a second parse has shown
// that they add that key and change nothing else.
#pragma once
#include "abi3ify/build-settings.h"
#include <memory>

namespace abi3ify {

/// The keys that lead to a value; a number is an index of an array.
using TomlPath = std::vector<std::string>;

class TomlFile {
public:
  /// The error names file, line and column.
  static llvm::Expected<TomlFile> parse(llvm::StringRef file, llvm::StringRef text);
  TomlFile(TomlFile &&);
  ~TomlFile();

  bool has(const TomlPath &path) const;
  /// A value as TOML writes it: "cp311" with its quotes, true.
  std::optional<std::string> value(const TomlPath &path) const;
  /// The text of a string.
  std::optional<std::string> string(const TomlPath &path) const;
  unsigned line(const TomlPath &path) const; ///< 0 if there is none
  size_t size(const TomlPath &path) const;   ///< of an array

  /// Adds `key = value` to a table, which may be missing; nothing if no way of
  /// writing it leaves all else as it is.
  std::optional<Insertion> add(const TomlPath &table, const std::string &key,
                               const std::string &value) const;
  /// Adds an element to an array.
  std::optional<Insertion> append(const TomlPath &array, const std::string &value) const;

private:
  struct Parsed;
  explicit TomlFile(std::unique_ptr<Parsed> parsed);
  std::unique_ptr<Parsed> parsed;
};

} // namespace abi3ify
