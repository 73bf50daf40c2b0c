// Which findings are wanted: --select, --ignore and per-file-ignores.
// A selector is a rule's id, area:NAME or safety:NAME. In: selectors. Out: a
// predicate on findings, or an error that names what was probably meant.
#pragma once
#include "abi3ify/finding.h"
#include "abi3ify/settings.h"

namespace abi3ify {

/// Says which ids no rule has; success if all are known.
llvm::Error checkRuleIds(const RuleSet &rules, llvm::ArrayRef<std::string> ids);

/// A list of selectors; holds if one of them does.
class Selectors {
public:
  static llvm::Expected<Selectors> parse(const RuleSet &rules,
                                         llvm::ArrayRef<std::string> texts);
  bool empty() const { return ids.empty() && safeties.empty(); }
  bool holds(llvm::StringRef rule, Safety safety) const;
  bool names(llvm::StringRef rule) const { return ids.count(rule.str()); }
  bool namesSafety() const { return !safeties.empty(); }

private:
  std::set<std::string> ids; ///< of rules, those of whole areas included
  std::set<Safety> safeties;
};

class Selection {
public:
  static llvm::Expected<Selection> parse(const RuleSet &rules,
                                         llvm::ArrayRef<std::string> select,
                                         llvm::ArrayRef<std::string> ignore,
                                         llvm::ArrayRef<PerFileIgnore> perFile);

  bool holds(const Finding &finding) const;
  /// Whether findings of a rule in a file may be wanted, whatever their safety:
  /// else nothing can be said about one that is missing.
  bool speaksOf(llvm::StringRef rule, llvm::StringRef file) const;

  /// From now on only findings in these files are wanted.
  void limitTo(std::set<std::string> only) { files = std::move(only); }
  bool looksAt(llvm::StringRef file) const { return !files || files->count(file.str()); }

private:
  std::optional<std::set<std::string>> files;
  Selectors select, ignore;
  std::vector<std::pair<PerFileIgnore, Selectors>> perFile;
};

} // namespace abi3ify
