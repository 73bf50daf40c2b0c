// What only the preprocessor knows of a unit: which macros were expanded
// where, what was skipped, what was included from where.
// In: callbacks of one parse. Out: plain values, with places in files.
#pragma once
#include "abi3ify/finding.h"
#include "abi3ify/spelling.h"
#include "clang/Lex/PPCallbacks.h"
#include <memory>
#include <optional>

namespace clang {
class CompilerInstance;
}

namespace abi3ify {

/// An expansion of a macro, in the user's text.
struct MacroUse {
  std::string name;
  clang::SourceLocation location; ///< of the name's token
  bool own = false;               ///< the user's own macro, with a name like Python's
  bool byName = false;            ///< not called: `f = _PyObject_Vectorcall;`
  clang::SourceLocation definition = {};
};

struct IncludeDirective {
  std::string from; ///< file that includes; absolute, resolved
  std::string to;   ///< file included; empty if it was not found
  std::string name; ///< as spelled, without quotes
  bool angled = false;
  unsigned offset = 0; ///< of the #
  unsigned depth = 0;  ///< conditionals open around it, the header's guard left out
};

/// An #if, #ifdef, #ifndef or #elif of the user's whose condition was read.
struct ConditionDirective {
  std::string file;
  Range range; ///< from the directive's name to the end of its line
  bool asked = true;        ///< not the #elif behind a branch that is taken
  bool afterPython = false; ///< Python.h was included before
};

/// A #define of the user's that speaks of Python: by its name, or in its body.
struct DefineDirective {
  std::string name, file;
  Range range; ///< of the name
  Range body;  ///< empty for none
  bool function = false;    ///< has parameters
  bool afterPython = false; ///< Python.h was included before
};

/// An expansion of a macro of the user's whose body asks for Python's version.
struct VersionMacroUse {
  std::string name, file;
  Range range;      ///< of the name, or of the call
  std::string text; ///< the body, with the arguments in it
};

struct PreprocessorFacts {
  std::vector<MacroUse> uses;
  /// Names in the arguments of macros that only make strings of them.
  std::vector<MacroUse> stringised;
  std::vector<IncludeDirective> includes;
  std::map<std::string, std::vector<Range>> skipped; ///< in the user's files
  bool asksForLimit = false; ///< a condition of the user's names Py_LIMITED_API
  /// The user's directive that first leads to Python.h; invalid for none.
  clang::SourceLocation pythonInclude;
  std::vector<ConditionDirective> conditions;
  std::vector<DefineDirective> definitions;
  std::vector<VersionMacroUse> versionMacros;
  bool ssizeClean = false; ///< PY_SSIZE_T_CLEAN was defined there
};

struct PrecompiledHeader;

/// Registers callbacks on `instance` that fill `facts`. `spelling` is made by
/// the caller once the source manager exists and must outlive the parse. What
/// `header` (or null) has read already comes from it.
void collectPreprocessorFacts(clang::CompilerInstance &instance, const Spelling &spelling,
                              PreprocessorFacts &facts, const PrecompiledHeader *header = nullptr);

} // namespace abi3ify
