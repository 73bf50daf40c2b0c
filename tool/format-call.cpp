#include "abi3ify/format-call.h"
#include "clang/Basic/SourceManager.h"
#include "clang/Basic/TargetInfo.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {

const Expr *FormatCall::argument(unsigned index) const {
  if (function.list || function.arguments + index >= call->getNumArgs())
    return nullptr;
  return call->getArg(function.arguments + index);
}

const Conversion *FormatCall::conversionOf(const Expr *wanted) const {
  for (const Conversion &conversion : format.conversions)
    for (unsigned i = 0; i < conversion.count; ++i)
      if (const Expr *mine = argument(conversion.argument + i))
        if (mine->IgnoreParenImpCasts() == wanted->IgnoreParenImpCasts())
          return &conversion;
  return nullptr;
}

std::optional<FormatCall> formatCall(const CallExpr *call, const Site &site) {
  auto function = formatFunction(calledName(call));
  if (!function || function->format >= call->getNumArgs())
    return std::nullopt;
  if (const Decl *callee = call->getCalleeDecl(); !callee || site.spelling.isUsers(callee->getLocation()))
    return std::nullopt;
  // Old code writes (char *)"s#".
  const Expr *format = call->getArg(function->format)->IgnoreParenCasts();
  auto *literal = dyn_cast<clang::StringLiteral>(format);
  if (!literal || literal->getCharByteWidth() != 1)
    return std::nullopt;
  return FormatCall{call, *function, literal, parseFormat(function->kind, literal->getBytes())};
}

std::optional<SpelledRange> spelledInLiteral(const clang::StringLiteral *literal, Range bytes,
                                             const Site &site) {
  const SourceManager &sources = site.context.getSourceManager();
  std::optional<SpelledRange> result;
  for (unsigned i = bytes.begin; i < bytes.end; ++i) {
    SourceLocation location = literal->getLocationOfByte(
        i, sources, site.context.getLangOpts(), site.context.getTargetInfo());
    while (location.isMacroID() && sources.isMacroArgExpansion(location))
      location = sources.getImmediateSpellingLoc(location);
    auto [file, offset] = sources.getDecomposedSpellingLoc(location);
    if (!site.spelling.isUsers(file) ||
        site.spelling.text(file).substr(offset, 1) != literal->getBytes().substr(i, 1))
      return std::nullopt;
    if (!result)
      result = SpelledRange{file, {offset, offset + 1}, location.isMacroID()};
    else if (file == result->file && offset == result->range.end)
      ++result->range.end;
    else
      return std::nullopt;
  }
  return result;
}

void moveToLiteral(Finding &finding, const clang::StringLiteral *literal, Range bytes,
                   const Site &site) {
  auto spelled = spelledInLiteral(literal, bytes, site);
  if (!spelled)
    return;
  finding.file = site.spelling.path(spelled->file);
  finding.range = spelled->range;
  finding.inMacro = spelled->inMacro;
}

} // namespace abi3ify
