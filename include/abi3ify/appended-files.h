// A file system that shows some files longer than they are: our declarations
// stand at the end of headers that are not Python's.
// In: a file system, and pairs of the end of a path and a text.
#pragma once
#include "llvm/Support/VirtualFileSystem.h"
#include <string>
#include <utility>
#include <vector>

namespace abi3ify {

using Appendices = std::vector<std::pair<std::string, std::string>>;

/// What every appendix begins with.
inline constexpr llvm::StringRef AppendixMark = "#ifndef ABI3IFY_NORMAL_";

/// Whether `path` is `end`, or ends with it behind a separator.
bool endsWithPath(llvm::StringRef path, llvm::StringRef end);

/// Every file whose path ends with a pair's first is followed by its second.
llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem>
withAppendices(llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> files, const Appendices &appendices);

} // namespace abi3ify
