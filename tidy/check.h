// What each rule is in clang-tidy: a check, one of which has the unit analysed
// for all that are enabled.
#pragma once
#include "analysis.h"
#include "clang-tidy/ClangTidyCheck.h"
#include <optional>

namespace abi3ify::tidy {

/// The checks of one unit, and what the core says of it.
class UnitSession {
public:
  /// The session that a new check belongs to.
  static std::shared_ptr<UnitSession> join();

  void add(const Wish &wish);
  void setPreprocessor(clang::Preprocessor &now) { preprocessor = &now; }

  /// Runs once, with the first check that asks.
  const Analysis &analysis(const clang::SourceManager &sources);

private:
  bool isOver() const { return done.has_value(); }

  clang::Preprocessor *preprocessor = nullptr;
  std::vector<Wish> wishes;
  std::optional<Analysis> done;
};

class Check : public clang::tidy::ClangTidyCheck {
public:
  Check(llvm::StringRef name, clang::tidy::ClangTidyContext *context);

  bool isLanguageVersionSupported(const clang::LangOptions &options) const override;
  void registerPPCallbacks(const clang::SourceManager &, clang::Preprocessor *now,
                           clang::Preprocessor *) override;
  void registerMatchers(clang::ast_matchers::MatchFinder *finder) override;
  void check(const clang::ast_matchers::MatchFinder::MatchResult &match) override;
  void storeOptions(clang::tidy::ClangTidyOptions::OptionMap &options) override;

private:
  void say(const Report &report, clang::SourceManager &sources);

  Wish wish;
  std::shared_ptr<UnitSession> session;
};

/// Whether a rule that changes what others leave alone is asked for: not by a
/// glob such as abi3-*, only by its name.
bool isNamed(llvm::StringRef checks, llvm::StringRef check);

} // namespace abi3ify::tidy
