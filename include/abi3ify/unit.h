// Parses one translation unit, in one of three modes. The only place that runs
// the compiler.
// In: a Command, headers, texts that stand for files on disk. Out: what a
// visitor gathered, the diagnostics, and every file that was read.
#pragma once
#include "abi3ify/project.h"
#include "abi3ify/rule.h"
#include "clang/Basic/Diagnostic.h"
#include "llvm/ADT/StringMap.h"
#include <functional>

namespace clang {
class ASTConsumer;
class ASTContext;
class CompilerInstance;
} // namespace clang

namespace abi3ify {

/// File (absolute, resolved) -> text that stands for it.
using Texts = std::map<std::string, std::string>;

/// A place in a file, as a byte offset.
struct DiagnosticPlace {
  std::string file;
  unsigned offset = 0;
};

struct Diagnostic {
  clang::DiagnosticsEngine::Level level;
  std::string message;
  std::string option; ///< the -W flag, without -W
  /// Where it points, then outwards through the macro expansions. Empty for
  /// the command line's own errors.
  std::vector<DiagnosticPlace> places;
  bool isError() const { return level >= clang::DiagnosticsEngine::Error; }
};

enum class Mode {
  Find,    ///< full API behind the normalising header; warnings off
  Full,    ///< full API, as the user builds
  Limited, ///< Py_LIMITED_API at the floor
};

/// Declarations that make each macro that a rule names one function call with
/// exact arguments.
struct NormalHeader {
  std::string python; ///< stands behind the real Python.h
  /// Stands at the end of other headers: the end of the path, the text.
  std::vector<std::pair<std::string, std::string>> others;
};

struct PrecompiledHeader;
struct PrecompiledSource;

struct ParseRequest {
  const Command *command = nullptr;
  Mode mode = Mode::Full;
  Floor floor;
  const PythonHeaders *headers = nullptr; ///< null: those in the command
  const NormalHeader *normalHeader = nullptr; ///< for Mode::Find
  const Texts *texts = nullptr;
  bool preprocessOnly = false; ///< assertions on, as in Mode::Find
  /// For a limit that has no object's head (abi3t): its macros are empty, as if
  /// the findings that speak of them were answered. Else all that follows from
  /// a struct that begins with one would be reported, too.
  bool withoutHeads = false;
  /// May stand for the lines up to Python.h; the result is the same.
  PrecompiledSource *precompiled = nullptr;
  const Texts *memory = nullptr; ///< files that the disk does not have, by absolute path
};

/// Hands out precompiled headers (precompiled.h). For all threads.
struct PrecompiledSource {
  virtual ~PrecompiledSource() = default;
  /// Null if there is none, or none that would pay.
  virtual const PrecompiledHeader *find(const ParseRequest &request) = 0;
  /// What find gave did not fit, and need not be tried again.
  virtual void refuse(const ParseRequest &request, const PrecompiledHeader &header) = 0;
};

/// What wants to see a parse. `begin` may register preprocessor callbacks;
/// `end` gets the AST (not when only preprocessing).
struct UnitVisitor {
  virtual ~UnitVisitor() = default;
  /// Comes first. What a precompiled header (or null) has read is not read
  /// again. Where one turns out not to fit, all begins anew, with null.
  virtual void start(const PrecompiledHeader *) {}
  virtual void begin(clang::CompilerInstance &) {}
  virtual void end(clang::ASTContext &) {}
  /// For a header that is to be precompiled: what writes it.
  virtual bool precompiles() const { return false; }
  virtual std::unique_ptr<clang::ASTConsumer> writer(clang::CompilerInstance &) { return nullptr; }
};

struct ParseResult {
  bool ran = false; ///< the compiler accepted the command line
  std::vector<Diagnostic> diagnostics;
  std::vector<std::string> filesRead; ///< absolute, resolved, sorted
  std::vector<std::string> strippedFlags; ///< that only other compilers know
  bool sawNormalHeader = false;

  const Diagnostic *firstError() const;
};

/// The command line of a request that has no compiler's own options; the source
/// comes last, behind "--".
std::vector<std::string> compilerArguments(const ParseRequest &request);

ParseResult parseUnit(const ParseRequest &request, UnitVisitor *visitor = nullptr);

NormalHeader normalHeader(const RuleSet &rules);

/// A function that the normalising header declares is called this + its name.
inline constexpr llvm::StringRef NormalPrefix = "abi3_";
/// The folder that the header and its Python.h seem to lie in.
inline constexpr llvm::StringRef NormalFolder = "/abi3ify/include";

} // namespace abi3ify
