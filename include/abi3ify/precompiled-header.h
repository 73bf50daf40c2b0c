// A precompiled header that stands for the lines a unit begins with, up to its
// #include of Python.h; and the check that it may.
// In: one parse that reads a unit with such a header. Out: whether the unit's
// own lines lead to just the state that the header was made in.
//
// The unit's lines are preprocessed all the same, behind the header: each file
// that they include is known by then and is left out by its guard, and what
// they define is defined already, in the same way. So all places and macros of
// the unit are its own. That is right if
//  - the files that the lines include are those of the header, in its order;
//  - each macro that they define is one the header was made with, or has a name
//    that nothing in the header has;
//  - no condition among them asks for what the header changes;
//  - nothing but directives stands among them.
// Whether this holds is seen while the unit is read. What the lines probably
// are (leading-region.h) is only a guess, which costs time where it is wrong.
#pragma once
#include "abi3ify/file-facts.h"
#include "abi3ify/preprocessor-facts.h"
#include "abi3ify/unit.h"
#include "llvm/ADT/IntrusiveRefCntPtr.h"
#include <set>

namespace clang {
class MacroInfo;
class Preprocessor;
} // namespace clang

namespace abi3ify {

/// The folder that precompiled headers and their source seem to lie in.
inline constexpr llvm::StringRef PrecompiledFolder = "/abi3ify/precompiled";

/// Names in one sorted text: there are many, and few are asked for.
struct NameList {
  std::string text; ///< each with a zero behind it

  explicit NameList(std::vector<llvm::StringRef> names = {});
  bool contains(llvm::StringRef name) const;
};

struct PrecompiledHeader {
  /// An #include of its source, and those that the file led to.
  struct Include {
    std::string to; ///< absolute, resolved
    std::vector<IncludeDirective> within;
  };

  Texts memory;      ///< its source
  std::string path;  ///< of the header, in memory
  std::string bytes; ///< the header itself
  std::vector<Include> includes;
  std::map<std::string, std::string> definitions; ///< macros of its source, as definitionOf tells them
  NameList names;                  ///< all that the preprocessor has come across
  std::set<std::string> undefined; ///< names of macros that were taken back
  std::set<std::string> files;     ///< that were read; absolute, resolved
  std::set<std::string> systemFolders; ///< the last that were searched; absolute, resolved
  ParseResult parse;
  llvm::IntrusiveRefCntPtr<RememberingFileSystem> disk; ///< what the parse asked of it
};

/// A macro's parameters and body, token by token.
std::string definitionOf(const clang::MacroInfo &macro, const clang::Preprocessor &preprocessor);

class PrecompiledCheck {
public:
  /// Looks at a parse that is about to begin. Both must outlive it.
  void watch(clang::CompilerInstance &instance, const PrecompiledHeader &header);

  /// Behind it: whether the header may stand for the unit's lines.
  bool holds() const { return whole && !failed; }

private:
  class Watcher;
  bool whole = false;  ///< all includes of the header have come
  bool failed = false;
};

} // namespace abi3ify
