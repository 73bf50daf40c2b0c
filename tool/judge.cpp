#include "abi3ify/judge.h"
#include "llvm/ADT/StringSwitch.h"

namespace abi3ify {

/// libc-include has no place of its own in the AST: libc-includes.cpp finds it
/// at the end of a unit.
static bool judgeNothing(const Site &, const Rule &, Finding &) { return false; }

Judge findJudge(llvm::StringRef name) {
  return llvm::StringSwitch<Judge>(name)
      .Case("object-cast", judgeObjectCast)
      .Case("fresh-container", judgeFreshContainer)
      .Case("unicode-read", judgeUnicodeRead)
      .Case("unicode-ready", judgeUnicodeReady)
      .Case("type-name", judgeTypeName)
      .Case("slot-table", judgeSlotTable)
      .Case("format-conversion", judgeFormatConversion)
      .Case("format-buffer", judgeFormatBuffer)
      .Case("format-size", judgeFormatSize)
      .Case("libc-include", judgeNothing)
      .Default(nullptr);
}

} // namespace abi3ify
