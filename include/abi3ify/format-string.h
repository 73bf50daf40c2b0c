// Format strings of Python's C API: what PyErr_Format and PyUnicode_FromFormat
// write, what PyArg_Parse* reads, what Py_BuildValue makes.
// In: the bytes of a format. Out: its conversions, each with its bytes and the
// arguments that it takes.
#pragma once
#include "abi3ify/finding.h"
#include <optional>

namespace abi3ify {

enum class FormatKind {
  Print, ///< %s, %R ... of PyUnicode_FromFormat
  Parse, ///< s#, O! ... of PyArg_ParseTuple
  Build, ///< the same letters, of Py_BuildValue
};

/// A function that takes a format.
struct FormatFunction {
  FormatKind kind;
  unsigned format;     ///< index of the format
  unsigned arguments;  ///< index of the first argument behind it
  bool list = false;   ///< they come as a va_list
};
/// By the name that people call; nothing for other functions.
std::optional<FormatFunction> formatFunction(llvm::StringRef name);

struct Conversion {
  Range bytes;           ///< of the format
  std::string code;      ///< the letter behind % with its length ("zd"), or the unit ("s#", "O!")
  std::string flags;     ///< of a print conversion: of "-0#"
  bool star = false;     ///< its width or precision is an argument
  unsigned argument = 0; ///< the first one's index, counted from the first behind the format
  unsigned count = 0;    ///< of arguments
  std::optional<unsigned> size; ///< index of the argument that # stands for

  char letter() const { return code.back(); } ///< of a print conversion
};

struct Format {
  std::vector<Conversion> conversions; ///< without %%
  /// What stands behind an unknown conversion takes arguments that nobody can
  /// count; there are no conversions of it.
  bool whole = true;
};
Format parseFormat(FormatKind kind, llvm::StringRef text);

/// The first version whose PyUnicode_FromFormat knows the conversion; 0 for
/// one that all from 3.8 on know.
Minor knownSince(const Conversion &conversion);

} // namespace abi3ify
