// What units gave in earlier runs, for those of which nothing has changed.
// In: what matchUnit and parseUnit take. Out: what they give; from the cache if
// all that it depends on is as it was.
//
// The key of a result is the command, the floors, the rules, which Python's
// headers are meant, what the environment says to the compiler, and this
// program. Under it lies what the parse asked of the disk (file-facts.h), with
// the result. So an entry is found by what the caller knows, and believed if
// the disk agrees. Results hold plain values only, so the stages that look at
// all units need no parse.
#pragma once
#include "abi3ify/cache.h"
#include "abi3ify/file-facts.h"
#include "abi3ify/match.h"

namespace abi3ify {

class UnitCache {
public:
  /// `cache` null: each unit is parsed.
  explicit UnitCache(std::unique_ptr<Cache> cache) : cache(std::move(cache)) {}

  /// `rules`: stands for context.rules and context.normalHeader.
  UnitMatches match(const Command &command, const MatchContext &context,
                    llvm::ArrayRef<Floor> floors, llvm::StringRef rules);

  /// For a request without visitor and normalising header. Of its texts, those
  /// count that stand for files which were read.
  ParseResult parse(const ParseRequest &request);

  /// What findUnseen finds; it depends on its arguments alone.
  std::vector<Finding> unseen(const std::string &file, llvm::StringRef text,
                              const RuleSet &rules, llvm::StringRef rulesKey, Floor floor,
                              const std::set<unsigned> &seen, llvm::ArrayRef<Range> outOfLimit);

  /// The rules that travel in the program: from the cache they need not be
  /// read and checked anew, and have no examples.
  llvm::Expected<RuleSet> embeddedRules();

  /// For what others keep there; null if nothing is kept.
  Cache *store() const { return cache.get(); }
  DiskState &diskState() { return disk; }

  /// Results that came out of the cache.
  unsigned hits() const { return found; }

private:
  template <class T> bool load(llvm::StringRef key, T &value);
  template <class T> void store(llvm::StringRef key, const T &value);

  std::unique_ptr<Cache> cache;
  DiskState disk;
  std::atomic<unsigned> found = 0;
};

/// What every result of the compiler depends on; the same in all of a run.
const std::string &commonKey();

/// Stands for rules in the key of a result. Those in the program are a part of
/// it; `foreign`: some may be others.
std::string keyOf(const RuleSet &rules, bool foreign);

} // namespace abi3ify
