// clang-tidy's own suppressions: NOLINT, NOLINTNEXTLINE, NOLINTBEGIN ... NOLINTEND.
// A fix may stand in the diagnostic of another use, so ours must know them.
#pragma once
#include "llvm/ADT/StringRef.h"

namespace abi3ify::tidy {

/// Whether comments of a text hide what a check says at an offset.
bool isNolinted(llvm::StringRef text, unsigned offset, llvm::StringRef check);

} // namespace abi3ify::tidy
