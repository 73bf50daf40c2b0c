// Files of a parse: where they lie, and which of them it has read itself,
// instead of a precompiled header for it.
#pragma once
#include "abi3ify/project.h"
#include "clang/Basic/FileManager.h"
#include "clang/Basic/SourceManager.h"

namespace abi3ify {

/// Absolute, symbolic links resolved. (Clang's own "real path" is not, for a
/// file that a precompiled header has named and nobody has opened.)
inline std::string pathOf(clang::FileEntryRef file, const clang::FileManager &files) {
  llvm::SmallString<256> path(file.getName());
  files.makeAbsolutePath(path);
  return realPath(path);
}

/// In the order in which they were entered, each as often.
inline std::vector<clang::FileID> localFiles(const clang::SourceManager &sources) {
  std::vector<clang::FileID> files;
  for (unsigned i = 1, end = sources.local_sloc_entry_size(); i < end; ++i)
    if (const clang::SrcMgr::SLocEntry &entry = sources.getLocalSLocEntry(i); entry.isFile())
      files.push_back(sources.getFileID(
          clang::SourceLocation::getFromRawEncoding(entry.getOffset())));
  return files;
}

} // namespace abi3ify
