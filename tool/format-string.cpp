#include "abi3ify/format-string.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace llvm;

namespace abi3ify {

std::optional<FormatFunction> formatFunction(StringRef name) {
  using F = FormatFunction;
  return StringSwitch<std::optional<F>>(name)
      .Case("PyUnicode_FromFormat", F{FormatKind::Print, 0, 1})
      .Case("PyUnicode_FromFormatV", F{FormatKind::Print, 0, 1, true})
      .Case("PyErr_Format", F{FormatKind::Print, 1, 2})
      .Case("PyErr_FormatV", F{FormatKind::Print, 1, 2, true})
      .Case("PyErr_FormatUnraisable", F{FormatKind::Print, 0, 1})
      .Case("PyErr_WarnFormat", F{FormatKind::Print, 2, 3})
      .Case("PyErr_ResourceWarning", F{FormatKind::Print, 2, 3})
      .Case("PySys_FormatStdout", F{FormatKind::Print, 0, 1})
      .Case("PySys_FormatStderr", F{FormatKind::Print, 0, 1})
      .Case("PyUnicodeWriter_Format", F{FormatKind::Print, 1, 2})
      .Case("PyArg_Parse", F{FormatKind::Parse, 1, 2})
      .Case("PyArg_ParseTuple", F{FormatKind::Parse, 1, 2})
      .Case("PyArg_ParseTupleAndKeywords", F{FormatKind::Parse, 2, 4})
      .Case("PyArg_VaParse", F{FormatKind::Parse, 1, 2, true})
      .Case("PyArg_VaParseTupleAndKeywords", F{FormatKind::Parse, 2, 4, true})
      .Case("Py_BuildValue", F{FormatKind::Build, 0, 1})
      .Case("Py_VaBuildValue", F{FormatKind::Build, 0, 1, true})
      .Case("PyObject_CallFunction", F{FormatKind::Build, 1, 2})
      .Case("PyEval_CallFunction", F{FormatKind::Build, 1, 2})
      .Case("PyObject_CallMethod", F{FormatKind::Build, 2, 3})
      .Case("PyEval_CallMethod", F{FormatKind::Build, 2, 3})
      .Default(std::nullopt);
}

/// "%-.200s": flags, width, precision, length, letter.
static Format parsePrint(StringRef text) {
  Format format;
  unsigned next = 0;
  for (size_t at = text.find('%'); at != StringRef::npos; at = text.find('%', at)) {
    Conversion conversion;
    size_t i = at + 1;
    auto peek = [&] { return i < text.size() ? text[i] : '\0'; };
    conversion.argument = next;
    auto number = [&] {
      if (peek() == '*') {
        conversion.star = true;
        ++conversion.count, ++i;
      }
      while (isDigit(peek()))
        ++i;
    };
    while (peek() == '-' || peek() == '0' || peek() == '#')
      conversion.flags += text[i++];
    number();
    if (peek() == '.') {
      ++i;
      number();
    }
    size_t length = i;
    while (StringRef("lzjt").contains(peek()))
      ++i;
    char letter = peek();
    if (letter == '%' && i == at + 1) {
      at = i + 1;
      continue;
    }
    if (!letter || !StringRef("cdiuxXopsATNUVSR").contains(letter)) {
      format.whole = false;
      return format;
    }
    conversion.code = text.slice(length, ++i).str();
    conversion.bytes = {unsigned(at), unsigned(i)};
    conversion.count += letter == 'V' ? 2 : 1;
    next += conversion.count;
    format.conversions.push_back(std::move(conversion));
    at = i;
  }
  return format;
}

/// "O!s#|i:name": one or two letters, and what follows them.
static Format parseUnits(FormatKind kind, StringRef text) {
  bool parse = kind == FormatKind::Parse;
  StringRef letters = parse ? "bBhHiIlkLKnfdDcCpszyuZUSYOwe" : "bBhHiIlkLKnfdDcCpszyuUSON";
  StringRef between = parse ? "()|$" : "()[]{},: \t";
  StringRef sized = parse ? "szyuZw" : "szyuU";
  Format format;
  unsigned next = 0;
  for (size_t i = 0; i < text.size();) {
    char c = text[i];
    if (parse && (c == ':' || c == ';'))
      return format;
    if (between.contains(c)) {
      ++i;
      continue;
    }
    if (!letters.contains(c)) {
      format.whole = false;
      return format;
    }
    Conversion unit;
    size_t begin = i++;
    auto follows = [&](char wanted) {
      bool here = i < text.size() && text[i] == wanted;
      i += here;
      return here;
    };
    unit.argument = next;
    unit.count = 1;
    bool encoded = c == 'e';
    if (encoded) {
      if (!follows('s') && !follows('t')) {
        format.whole = false;
        return format;
      }
      ++unit.count;
    }
    if ((encoded || sized.contains(c)) && follows('#'))
      unit.size = next + unit.count++;
    else if (parse && !encoded && StringRef("szyw").contains(c))
      follows('*');
    else if (parse ? c == 'O' : StringRef("ONS").contains(c))
      unit.count += follows('&') || (parse && follows('!'));
    unit.code = text.slice(begin, i).str();
    unit.bytes = {unsigned(begin), unsigned(i)};
    next += unit.count;
    format.conversions.push_back(std::move(unit));
  }
  return format;
}

Format parseFormat(FormatKind kind, StringRef text) {
  // The functions read up to the first null character.
  text = text.take_until([](char c) { return c == '\0'; });
  return kind == FormatKind::Print ? parsePrint(text) : parseUnits(kind, text);
}

Minor knownSince(const Conversion &conversion) {
  char letter = conversion.letter();
  StringRef length = StringRef(conversion.code).drop_back();
  if (letter == 'T' || letter == 'N' || StringRef(conversion.flags).contains('#'))
    return 13;
  bool oldLength = length.empty() ||
                   (StringRef("diu").contains(letter) &&
                    (length == "l" || length == "ll" || length == "z"));
  if (letter == 'o' || letter == 'X' || conversion.star || !oldLength ||
      StringRef(conversion.flags).contains('-'))
    return 12;
  return 0;
}

} // namespace abi3ify
