// From places in the AST to places in files: where a person would have to
// type to change it.
// In: locations of a parse. Out: byte ranges in the user's files, or nothing
// where no single piece of the user's text is the thing.
#pragma once
#include "abi3ify/finding.h"
#include "abi3ify/project.h"
#include "clang/Basic/SourceLocation.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <optional>

namespace clang {
class ASTContext;
class Expr;
class LangOptions;
class SourceManager;
} // namespace clang

namespace abi3ify {

/// A token of a user's file.
struct Spot {
  clang::FileID file;
  unsigned offset = 0;
  unsigned length = 0;
  bool spliced = false;       ///< cut in two by a line splice
  bool inMacro = false;       ///< stands in the body of a macro of the user's
  clang::FileID level;        ///< the file, or the expansion of that body
};

struct SpelledRange {
  clang::FileID file;
  Range range;
  bool inMacro = false;
};

class Spelling {
public:
  Spelling(const clang::SourceManager &sources, const clang::LangOptions &options,
           const Project &project)
      : sources(sources), options(options), project(project) {}

  /// The user's token that made the token at `location`, when its text is
  /// `name`. Expansions of macros that are not the user's are looked through.
  std::optional<Spot> token(clang::SourceLocation location, llvm::StringRef name) const;

  /// The user's text from the token at `begin` to the end of the one at `end`.
  std::optional<SpelledRange> range(clang::SourceLocation begin, clang::SourceLocation end) const;

  /// The same, but as it is spelled at one level: a file, or the expansion of
  /// a macro's body, where the parameter stands for its argument. Where macros
  /// expand to just these tokens, the widest text that lies `within`.
  std::optional<SpelledRange> rangeAt(clang::FileID level, clang::SourceLocation begin,
                                      clang::SourceLocation end, Range within = {0, ~0u}) const;

  /// "path:offset" of where a token is written, be it in a macro's body: the same in
  /// each unit and each expansion that has it.
  std::string place(clang::SourceLocation location) const;

  /// Whether a file belongs to the project and may be edited.
  bool isUsers(clang::FileID file) const;
  /// Whether a location is written in a file of the user's, or in a macro body there.
  bool isUsers(clang::SourceLocation location) const;

  /// Absolute path, symbolic links resolved.
  const std::string &path(clang::FileID file) const;
  llvm::StringRef text(clang::FileID file) const;

private:
  bool isUsers(clang::FileID file, unsigned offset) const;

  struct FileFacts {
    std::string path;
    bool users = false;
    size_t end = 0; ///< of the user's text
  };
  const FileFacts &facts(clang::FileID file) const;

  const clang::SourceManager &sources;
  const clang::LangOptions &options;
  const Project &project;
  mutable llvm::DenseMap<clang::FileID, FileFacts> cache;
};

/// The arguments of a call, split by the top-level commas between the
/// parentheses that follow the name.
struct CallText {
  Range all; ///< from the name to the closing parenthesis
  std::vector<Range> args; ///< without white space around
};
/// Nothing if no whole argument list follows the name up to `limit`.
std::optional<CallText> callText(llvm::StringRef text, unsigned nameOffset, unsigned limit,
                                 bool isMacro);

/// A name as the compiler reads it, without line splices.
std::string withoutSplices(llvm::StringRef written);

/// How plain text is lexed, whatever its language: C and C++ in one.
const clang::LangOptions &plainTextOptions();

/// How a text ends its lines: "\r\n" if any line ends so.
llvm::StringRef newlineOf(llvm::StringRef text);

/// A text of ours with the line breaks of a file.
std::string withNewlines(llvm::StringRef text, llvm::StringRef newline);

/// Calls `see` for each NAME(...) { in a text, as functions are defined, also in
/// branches that are not compiled.
void eachDefinedFunction(llvm::StringRef text, llvm::function_ref<void(llvm::StringRef)> see);

/// The white space that the line of an offset begins with.
llvm::StringRef indentAt(llvm::StringRef text, unsigned offset);

/// Behind the semicolon that follows an offset, white space aside; nothing if
/// something else does.
std::optional<unsigned> behindSemicolon(llvm::StringRef text, unsigned offset);

/// A range grown to its whole lines, if nothing else stands on them.
Range withLines(llvm::StringRef text, Range range);

/// The end of the #define directive in whose body `offset` stands: the line
/// break that neither a backslash nor a comment takes along.
unsigned directiveEnd(llvm::StringRef text, unsigned offset);

} // namespace abi3ify
