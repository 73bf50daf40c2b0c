// Our checks in a .clang-tidy: a new one, or one that the project has, with all
// that stands in it.
// In: the text and the floor. Out: the new text, or an error that names the
// line and says what to write by hand.
#pragma once
#include "abi3ify/floor.h"

namespace abi3ify {

/// `file` is for messages. The text of a file that is not there is empty. If
/// all is there already, it comes back as it is.
llvm::Expected<std::string> withTidyChecks(llvm::StringRef file, llvm::StringRef text, Floor floor);

/// `abi3ify init --clang-tidy`: in the .clang-tidy of a folder. Returns what was
/// done, in a sentence.
llvm::Expected<std::string> initTidy(const std::string &folder, Floor floor);

} // namespace abi3ify
