// What a parse asked of the disk, and what it was told; and whether the disk
// would tell the same now.
// In: a file system. Out: one that remembers; facts to be held against the
// disk in another run.
//
// Files that were looked for and not found are facts as well: a header that
// appears in a folder that is searched earlier changes the parse.
#pragma once
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Chrono.h"
#include "llvm/Support/FileSystem/UniqueID.h"
#include "llvm/Support/VirtualFileSystem.h"
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace abi3ify {

/// All that was told of one path (absolute, as it was asked for). What was not
/// asked for is empty.
struct FileFact {
  std::string path;
  int status = NotAsked; ///< a llvm::sys::fs::file_type, or ErrorBase + the error's number
  std::string content;   ///< digest
  std::string listing;   ///< digest of the names in a folder
  std::string real;      ///< links resolved; of files that were read, too
  /// Of a file that was read: the place, in the list of facts, of the first
  /// that is the same file.
  unsigned sameAs = 0;

  static constexpr int NotAsked = -1, ErrorBase = 1000;
};

/// 32 bytes.
std::string digestOf(llvm::StringRef bytes);

/// What the disk tells in this run; each thing is asked for once. For all
/// threads.
class DiskState {
public:
  /// Whether all is as it was then.
  bool agrees(llvm::ArrayRef<FileFact> facts);

  /// Which file that is, of a path that `agrees` has looked at.
  llvm::sys::fs::UniqueID idOf(llvm::StringRef path);

  /// The digest of what a file's buffer holds. It is computed once for a file
  /// that nobody has written to for a while.
  std::string contentDigest(const llvm::vfs::Status &status, llvm::StringRef bytes);

private:
  struct Known {
    std::optional<int> status;
    std::optional<std::string> content, listing, real;
    llvm::sys::fs::UniqueID id;
  };
  static bool agrees(const FileFact &fact, Known &now);
  static void readContent(llvm::StringRef path, Known &now);

  std::mutex mutex;
  llvm::StringMap<Known> paths;
  std::map<std::tuple<llvm::sys::fs::UniqueID, llvm::sys::TimePoint<>, uint64_t>, std::string>
      digests;
};

/// Hands everything to the disk, from `directory` on, and remembers it. For one
/// thread.
class RememberingFileSystem : public llvm::vfs::ProxyFileSystem {
public:
  RememberingFileSystem(DiskState &disk, llvm::StringRef directory);

  llvm::ErrorOr<llvm::vfs::Status> status(const llvm::Twine &path) override;
  bool exists(const llvm::Twine &path) override { return bool(status(path)); }
  llvm::ErrorOr<std::unique_ptr<llvm::vfs::File>> openFileForRead(const llvm::Twine &path) override;
  llvm::vfs::directory_iterator dir_begin(const llvm::Twine &path, std::error_code &code) override;
  std::error_code getRealPath(const llvm::Twine &path,
                              llvm::SmallVectorImpl<char> &output) override;

  /// Takes what another run was told, and agrees with the disk.
  void add(llvm::ArrayRef<FileFact> facts);

  /// Takes what another one remembers as well.
  void add(const RememberingFileSystem &other);

  /// Sorted by path.
  std::vector<FileFact> facts() const;

  /// Whether the result depends on the time of day, or may.
  bool readTime = false;

  /// Called by the files that it opens.
  void noteContent(llvm::StringRef path, llvm::StringRef real, const llvm::vfs::Status &status,
                   llvm::StringRef bytes);

private:
  FileFact &factOf(const llvm::Twine &path);

  DiskState &disk;
  std::map<std::string, FileFact> known;
  std::map<std::string, llvm::sys::fs::UniqueID> ids; ///< of what was read
};

} // namespace abi3ify
