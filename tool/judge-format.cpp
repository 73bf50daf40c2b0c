// What a format string asks of the interpreter that runs it.
// format-conversion: conversions that PyUnicode_FromFormat learnt later.
// format-buffer: y* and the like, which fill a Py_buffer.
// format-size: "#" without PY_SSIZE_T_CLEAN, or with it and an int. The #define
// goes in front of the first #include that leads to Python.h; all formats behind it
// are one group, because the macro changes what each of them reads or takes.
#include "abi3ify/format-call.h"
#include "abi3ify/judge.h"
#include "abi3ify/global-names.h"
#include "abi3ify/preprocessor-facts.h"
#include "clang/AST/Decl.h"
#include "clang/Basic/SourceManager.h"
#include "llvm/ADT/StringExtras.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

std::string ruleReason(const Rule &rule, const Site &site) {
  const std::string *reason = rule.reasonFor(site.use, site.floor);
  return reason ? *reason : std::string();
}

/// 'a', 'b' and 'c', each once.
std::string listOf(ArrayRef<std::string> all) {
  std::vector<std::string> names;
  for (const std::string &name : all)
    if (!is_contained(names, name))
      names.push_back(name);
  std::string text;
  for (size_t i = 0; i < names.size(); ++i)
    text += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + ("'" + names[i] + "'");
  return text;
}

std::string spelledText(const Expr *expr, const Site &site) {
  auto range = site.spelling.range(expr->getBeginLoc(), expr->getEndLoc());
  return range ? site.spelling.text(range->file).slice(range->range.begin, range->range.end).str()
               : std::string("the size");
}

/// Headers up to 3.12 call _PyArg_ParseTuple_SizeT where PY_SSIZE_T_CLEAN is
/// defined; later ones have no other name for the functions.
bool headersHaveSizeNames(ASTContext &context) {
  return !globalsNamed("_Py_BuildValue_SizeT", context).empty();
}

/// Whether the argument that # stands for is a Py_ssize_t, or points to one.
bool isSize(const Expr *argument, FormatKind kind, ASTContext &context) {
  QualType type = argument->IgnoreParenImpCasts()->getType();
  if (kind == FormatKind::Parse)
    type = type->isArrayType() ? context.getAsArrayType(type)->getElementType()
                               : type->getPointeeType();
  if (type.isNull() || !type->isIntegerType())
    return false;
  // long is as wide here, but not everywhere.
  bool named = kind == FormatKind::Build || type->getAs<TypedefType>();
  return named && context.getTypeSize(type) == context.getTypeSize(context.getSizeType());
}

/// Whether # reads or fills more or fewer bytes here than the argument has.
bool isOtherWidth(const Expr *argument, FormatKind kind, ASTContext &context) {
  QualType type = argument->IgnoreParenImpCasts()->getType();
  if (kind == FormatKind::Parse)
    type = type->isArrayType() ? context.getAsArrayType(type)->getElementType()
                               : type->getPointeeType();
  return !type.isNull() && !type->isDependentType() && type->isIntegerType() &&
         context.getTypeSize(type) != context.getTypeSize(context.getSizeType());
}

/// `#define PY_SSIZE_T_CLEAN` in front of the line that leads to Python.h.
std::optional<Rewrite> definition(const Site &site) {
  SourceLocation include = site.preprocessor->pythonInclude;
  if (include.isInvalid())
    return std::nullopt;
  auto [file, offset] = site.context.getSourceManager().getDecomposedLoc(include);
  StringRef text = site.spelling.text(file);
  unsigned line = text.take_front(offset).rfind('\n') + 1;
  Rewrite rewrite;
  rewrite.file = site.spelling.path(file);
  rewrite.extent = {line, line};
  rewrite.to = ("#define PY_SSIZE_T_CLEAN" + newlineOf(text)).str();
  return rewrite;
}

} // namespace

bool judgeFormatConversion(const Site &site, const Rule &rule, Finding &finding) {
  auto call = formatCall(cast<CallExpr>(site.expr), site);
  if (!call)
    return false;
  std::vector<std::string> names;
  const Conversion *first = nullptr;
  Minor since = 0;
  for (const Conversion &conversion : call->format.conversions)
    if (knownSince(conversion) > site.floor.minor) {
      first = first ? first : &conversion;
      since = std::max(since, knownSince(conversion));
      names.push_back(call->literal->getBytes()
                          .slice(conversion.bytes.begin, conversion.bytes.end).str());
    }
  if (!first)
    return false;
  finding.use = site.use;
  finding.message = listOf(names) + " in a format: Python knows " +
                    (names.size() == 1 ? "it" : "them") + " from 3." + std::to_string(since) +
                    " on";
  finding.reason = ruleReason(rule, site);
  moveToLiteral(finding, call->literal, first->bytes, site);
  return true;
}

bool judgeFormatBuffer(const Site &site, const Rule &rule, Finding &finding) {
  auto call = formatCall(cast<CallExpr>(site.expr), site);
  if (!call || site.floor.minor >= 11)
    return false;
  std::vector<std::string> names;
  const Conversion *first = nullptr;
  for (const Conversion &unit : call->format.conversions)
    if (unit.letter() == '*') {
      first = first ? first : &unit;
      names.push_back(unit.code);
    }
  if (!first)
    return false;
  finding.use = site.use;
  finding.message = listOf(names) + " in a format fills a Py_buffer, which is in the Limited API "
                                    "from 3.11 on";
  finding.reason = ruleReason(rule, site);
  moveToLiteral(finding, call->literal, first->bytes, site);
  return true;
}

bool judgeFormatSize(const Site &site, const Rule &rule, Finding &finding) {
  auto call = formatCall(cast<CallExpr>(site.expr), site);
  if (!call || !site.preprocessor)
    return false;
  std::vector<std::string> names;
  const Conversion *first = nullptr, *narrow = nullptr;
  std::string wrong, narrowText;
  for (const Conversion &unit : call->format.conversions)
    if (unit.size) {
      first = first ? first : &unit;
      names.push_back(unit.code);
      const Expr *size = call->argument(*unit.size);
      if (wrong.empty() && size && !isSize(size, call->function.kind, site.context))
        wrong = spelledText(size, site);
      if (!narrow && size && isOtherWidth(size, call->function.kind, site.context)) {
        narrow = &unit;
        narrowText = spelledText(size, site);
      }
    }
  bool clean = site.preprocessor->ssizeClean, renamed = headersHaveSizeNames(site.context);
  bool runs = site.floor.minor >= 13 || (clean && renamed);
  if (!first || (runs && !narrow))
    return false;
  finding.use = site.use;
  std::string hint = ruleReason(rule, site);
  auto manual = [&](const Twine &reason) {
    finding.reason = reason.str();
    moveToLiteral(finding, call->literal, first->bytes, site);
    return true;
  };
  if (runs) {
    first = narrow;
    bool parses = call->function.kind == FormatKind::Parse;
    finding.message = "'" + narrow->code + "' in a format " + (parses ? "writes" : "reads") +
                      " a Py_ssize_t, and '" + narrowText + "' " +
                      (parses ? "points to another type" : "has another type");
    return manual("make '" + Twine(narrowText) + "' " + (parses ? "point to a" : "a") +
                  " Py_ssize_t; with the limit and without it, " +
                  (parses ? "the bytes behind the variable are overwritten"
                          : "half of the size is whatever lies there"));
  }
  if (!renamed) {
    finding.message = listOf(names) + " in a format, with headers of 3.13 or later, fails on 3.10 "
                                      "to 3.12";
    return manual("these headers call '" + finding.symbol + "' itself, and up to 3.12 that is the "
                  "function without PY_SSIZE_T_CLEAN; build with the headers of 3.12 or earlier, "
                  "or " + hint);
  }
  finding.message = listOf(names) + " in a format without PY_SSIZE_T_CLEAN fails on 3.10 to 3.12";
  auto rewrite = definition(site);
  // Whoever has no edit of the group, takes it from all.
  if (rewrite)
    finding.group = "PY_SSIZE_T_CLEAN " + rewrite->file;
  if (!call->format.whole)
    return manual("define PY_SSIZE_T_CLEAN in front of Python.h; see that the sizes of this "
                  "format are Py_ssize_t, as of all formats with # in this file");
  if (call->function.list)
    return manual("define PY_SSIZE_T_CLEAN in front of Python.h; see that the sizes in the "
                  "va_list are Py_ssize_t");
  if (!wrong.empty())
    return manual("make '" + wrong + "' " +
                  (call->function.kind == FormatKind::Parse ? "point to a" : "a") +
                  " Py_ssize_t, then define PY_SSIZE_T_CLEAN in front of "
                  "Python.h; the macro changes all formats with # behind it");
  if (!rewrite)
    return manual("define PY_SSIZE_T_CLEAN in front of Python.h");
  finding.rewrites.push_back(std::move(*rewrite));
  finding.safety = lower(rule.safety, Safety::Review);
  finding.reason = "all sizes that go with # are Py_ssize_t already; look at formats that are not "
                   "literals";
  moveToLiteral(finding, call->literal, first->bytes, site);
  return true;
}

} // namespace abi3ify
