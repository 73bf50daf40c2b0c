// Results on disk, by a key that says all that they depend on. They lie in
// $XDG_CACHE_HOME/abi3ify/results, else ~/.cache/abi3ify/results.
// In: keys, bytes. Out: bytes that were stored under that key, whole, or nothing.
//
// An entry is written beside and renamed, so a reader sees a whole one or none;
// it begins with a digest of the key and the bytes, so what is not whole
// after all is no entry. What cannot be written is not stored, and nothing is
// said: a run without its cache is slower, not wrong.
#pragma once
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <atomic>
#include <memory>
#include <optional>
#include <string>

namespace abi3ify {

/// All that results depend on besides their input: this program and the
/// libraries that it runs with, by their content.
const std::string &programIdentity();

class Cache {
public:
  /// The user's; null if there is no place for it, or one that others may
  /// write to. Made if it is not there.
  static std::unique_ptr<Cache> openUsers();

  /// Where the user's is, or would be; empty if the environment names no place.
  static std::string usersFolder();

  /// The bytes that are left when a run ends.
  static constexpr uint64_t MostBytes = uint64_t(512) << 20;

  explicit Cache(std::string folder, uint64_t mostBytes = MostBytes)
      : folder(std::move(folder)), mostBytes(mostBytes) {}

  /// Drops the oldest entries, if entries were stored and there are too many.
  ~Cache();

  std::optional<std::string> load(llvm::StringRef key);
  void store(llvm::StringRef key, llvm::StringRef bytes);

  struct Size {
    size_t entries = 0;
    uint64_t bytes = 0;
  };
  static llvm::Expected<Size> sizeOf(const std::string &folder);
  /// Removes the entries, and what a killed run has left; nothing else.
  static llvm::Expected<Size> clear(const std::string &folder);

private:
  std::string fileOf(llvm::StringRef key) const;

  std::string folder;
  uint64_t mostBytes;
  std::atomic<bool> stored = false;
};

} // namespace abi3ify
