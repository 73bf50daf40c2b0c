// Findings that a look at the whole unit makes, beside those of single uses.
// In: a rule's id and a place in the AST. Out: findings, one for a rule and a
// token of the user's.
#pragma once
#include "abi3ify/match.h"
#include "abi3ify/spelling.h"
#include "clang/Basic/SourceManager.h"
#include "llvm/ADT/Twine.h"

namespace abi3ify {

class PlacedFindings {
public:
  PlacedFindings(const clang::SourceManager &sources, const Spelling &spelling,
                 const MatchContext &context)
      : sources(sources), spelling(spelling), context(context) {}

  /// A finding at the user's token, with what the rule says of it; null where
  /// there is none, or where the rule is not asked for or has spoken before.
  /// Without a message, the rule's title.
  Finding *add(llvm::StringRef rule, clang::SourceLocation location, llvm::StringRef symbol,
               const llvm::Twine &message = "");

  std::vector<Finding> list;

private:
  const clang::SourceManager &sources;
  const Spelling &spelling;
  const MatchContext &context;
  std::set<std::tuple<std::string, std::string, unsigned>> known; ///< rule, file, offset
};

} // namespace abi3ify
