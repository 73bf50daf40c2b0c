// libc headers that Python.h stops including under the Limited API.
// In: the names that a unit uses, and who includes what. Out: one finding for
// each file and header, with the #include to add.
#pragma once
#include "abi3ify/match.h"
#include "abi3ify/preprocessor-facts.h"
#include "abi3ify/spelling.h"

namespace clang {
class NamedDecl;
}

namespace abi3ify {

/// Uses of libc's names in the user's files, while a unit is visited.
class LibcUses {
public:
  LibcUses(const clang::SourceManager &sources, const Spelling &spelling)
      : sources(sources), spelling(spelling) {}

  /// `decl` null: a macro.
  void add(clang::SourceLocation location, llvm::StringRef name, const clang::NamedDecl *decl);

  struct Use {
    std::string file, name;
    unsigned offset;
    std::string readIn; ///< the file that a macro's body is expanded in, else `file`
    unsigned readAt;
  };
  llvm::ArrayRef<Use> all() const { return uses; }

private:
  const clang::SourceManager &sources;
  const Spelling &spelling;
  std::vector<Use> uses;
};

/// `leaving`: headers that edits stop including, with what they bring.
void findMissingIncludes(const LibcUses &uses, const PreprocessorFacts &preprocessor,
                         const std::string &mainFile, const std::string &pythonFolder,
                         const std::set<std::string> &leaving,
                         llvm::function_ref<llvm::StringRef(const std::string &)> textOf,
                         const MatchContext &context, std::vector<Finding> &findings);

/// Where a new #include line goes into a file with these directives.
unsigned includePosition(llvm::StringRef text, llvm::ArrayRef<IncludeDirective> ofFile);

} // namespace abi3ify
