#include "abi3ify/judge-memory.h"
#include "llvm/ADT/StringSwitch.h"

namespace abi3ify {

/// For rules that fit no call: libc-includes.cpp finds its uses at the end of a
/// unit, match-ast.cpp those of constants in tables, heap-type-checks.cpp those of tables of slots.
static bool judgeNothing(const Site &, const Rule &, Finding &) { return false; }

/// Only where the text is NULL and its size not 0: the call makes an object
/// that the caller fills.
static bool judgeNullText(const Site &site, const Rule &rule, Finding &finding) {
  clang::Expr::EvalResult size;
  if (site.args.size() < 2 || site.args[1]->isValueDependent() ||
      site.args[0]->isNullPointerConstant(site.context, clang::Expr::NPC_ValueDependentIsNotNull) ==
          clang::Expr::NPCK_NotNull ||
      (site.args[1]->EvaluateAsInt(size, site.context) && size.Val.getInt() == 0))
    return false;
  applyForms(site, rule, finding);
  return true;
}

/// A plain call. In branches that are not compiled newer-branches.cpp finds it by its name.
static bool judgeNewerType(const Site &site, const Rule &rule, Finding &finding) {
  applyForms(site, rule, finding);
  return true;
}

Judge findJudge(llvm::StringRef name) {
  for (Judge judge : {findVersionJudge(name), findConversionJudge(name)})
    if (judge)
      return judge;
  return llvm::StringSwitch<Judge>(name)
      .Case("object-cast", judgeObjectCast)
      .Case("fresh-container", judgeFreshContainer)
      .Case("unicode-read", judgeUnicodeRead)
      .Case("unicode-ready", judgeUnicodeReady)
      .Case("type-name", judgeTypeName)
      .Case("unpacked-tuple", judgeUnpackedTuple)
      .Case("type-dict", judgeTypeDict)
      .Case("slot-call", judgeSlotCall)
      .Case("slot-table", judgeSlotTable)
      .Case("format-conversion", judgeFormatConversion)
      .Case("format-buffer", judgeFormatBuffer)
      .Case("format-size", judgeFormatSize)
      .Case("null-text", judgeNullText)
      .Case("unicode-from-kind", judgeKindAndData)
      .Case("memoryview-buffer", judgeMemoryViewBuffer)
      .Case("string-memory", judgeStringMemory)
      .Case("string-kind", judgeStringKind)
      .Case("new-string", judgeNewString)
      .Case("newer-type", judgeNewerType)
      .Case("libc-include", judgeNothing)
      .Case("constant-in-table", judgeNothing)
      .Case("static-type", judgeNothing)
      .Case("unused-compat", judgeNothing)
      .Case("internal-include", judgeNothing)
      .Case("heap-type", judgeNothing)
      .Case("build-macros", judgeNothing)
      .Case("exported-names", judgeNothing)
      .Case("version-check", judgeNothing)
      .Case("abi3t", judgeNothing)
      .Default(nullptr);
}

} // namespace abi3ify
