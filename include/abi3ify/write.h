// Writes the edited files, all or none. The only place that writes into a
// project's sources.
// In: file -> new text. Out: the files, or an error and the old files.
// A journal in the root folder makes an interrupted run harmless: the next run
// finishes it if all new texts were on disk already, else takes them back.
#pragma once
#include "abi3ify/unit.h"
#include "llvm/Support/Error.h"

namespace abi3ify {

inline constexpr llvm::StringRef JournalName = ".abi3ify-journal.json";

/// Writes `texts` with the journal in `root`. Permissions are kept; a file
/// without write permission is an error before anything is written.
llvm::Error writeFiles(const std::string &root, const Texts &texts);

/// Replaces one file of ours, or makes it, in one step.
llvm::Error replaceFile(const std::string &path, llvm::StringRef text);

/// Looks for a journal in `root` and settles it. Returns what was done, or an
/// empty text if there was none.
llvm::Expected<std::string> settleJournal(const std::string &root);

/// A unified diff with three lines of context; paths relative to `root`.
std::string unifiedDiff(const std::string &root, const Texts &before, const Texts &after);

/// Files among `files` that git does not know or whose content is not that of
/// git's index. `inRepository` tells whether `root` is one at all.
llvm::Expected<std::vector<std::string>> changedSinceIndex(const std::string &root,
                                                           const std::vector<std::string> &files,
                                                           bool &inRepository);

} // namespace abi3ify
