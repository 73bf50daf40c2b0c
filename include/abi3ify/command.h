// What the commands share: their arguments, and how they speak to the person.
// In: arguments as given. Out: exit codes; results on stdout, all else on stderr.
#pragma once
#include "abi3ify/report.h"
#include <chrono>
#include <mutex>

namespace abi3ify {

inline constexpr int Clean = 0, Remaining = 1, Broken = 2;

/// What the arguments say, before settings are mixed in.
struct Arguments {
  std::vector<std::string> paths, pythons, select, ignore, generated, flags, buildFolders,
      configurationTexts;
  std::string target, rules, failOn, format = "text", output, rule, docsFolder, testFolder,
      colour = "auto", baseline, splitFolder, page, cacheAction;
  unsigned jobs = 0;
  bool verify = false, review = false, diff = false, allowDirty = false, test = false,
       moduleState = false, noCache = false, writeBaseline = false, buildSettings = false, onlyNamed = false;
  std::vector<Configuration> configurations;  ///< of the texts; by mixSettings
  std::vector<PerFileIgnore> perFileIgnores;  ///< of the settings only
};

/// Prints an error and gives the exit code for it.
int fail(llvm::Error error);
inline int fail(const llvm::Twine &message) { return fail(llvm::createStringError(message)); }

/// A line on stderr that comes when a run takes longer than a second.
class Progress {
public:
  void show(llvm::StringRef stage, size_t done, size_t all);
  void clear();

private:
  static bool isTerminal();

  std::mutex mutex;
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
  bool terminal = isTerminal();
  bool shown = false;
};

/// Options win over settings, settings over defaults.
llvm::Error mixSettings(Arguments &arguments);

void setReading(ReadOptions &options, const Arguments &arguments, Progress &progress);

/// An interrupted run is settled before its files are looked at; a run that
/// writes nothing only says so.
llvm::Error settleJournals(const Arguments &arguments, bool writes);

void printNotes(llvm::ArrayRef<std::string> notes);
void printError(const Project &project, const SourceError &error);
llvm::Error printResult(const Arguments &arguments,
                        llvm::function_ref<void(llvm::raw_ostream &, bool colours)> print);

/// The command cache; `action` empty or "clear".
int cacheCommand(llvm::StringRef action);

/// The commands check and migrate.
int checkOrMigrate(Arguments &arguments, bool migrate);

} // namespace abi3ify
