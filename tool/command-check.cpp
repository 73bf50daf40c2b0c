// The commands check and migrate.
#include "abi3ify/build-report.h"
#include "abi3ify/command.h"
#include "abi3ify/output.h"
#include "abi3ify/write.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"

using namespace llvm;

namespace abi3ify {
namespace {

Expected<FailOn> parseFailOn(StringRef text) {
  if (text.empty() || text == "any")
    return FailOn::Any;
  if (text == "safe")
    return FailOn::Safe;
  if (text == "review")
    return FailOn::Review;
  if (text == "manual")
    return FailOn::Manual;
  return createStringError("--fail-on is any, safe, review or manual, not '" + text + "'");
}

/// The edited files by the root that they lie below.
std::map<std::string, Texts> editedByRoot(const RunResult &result) {
  std::map<std::string, Texts> roots;
  for (const auto &[file, text] : result.edited)
    roots[result.project.rootOf(file).str()][file] = text;
  return roots;
}

/// migrate: refuses what has no way back, then writes.
Error writeResult(const Arguments &arguments, const RunResult &result) {
  std::map<std::string, Texts> roots = editedByRoot(result);
  if (!arguments.allowDirty)
    for (const auto &[root, texts] : roots) {
      std::vector<std::string> files;
      for (const auto &[file, text] : texts)
        files.push_back(file);
      bool inRepository = false;
      auto changed = changedSinceIndex(root, files, inRepository);
      if (!changed)
        return changed.takeError();
      if (!changed->empty())
        return createStringError("these files differ from git's index or are unknown to git, so "
                                 "there would be no way back: " +
                                 join(*changed, ", ") +
                                 "; commit or stage them, or give --allow-dirty; nothing was "
                                 "written");
      if (!inRepository)
        errs() << "abi3ify: note: " << root
               << " is not a git repository; there is no way back but your own copy\n";
    }
  for (const auto &[root, texts] : roots)
    if (Error error = writeFiles(root, texts))
      return error;
  return Error::success();
}

/// What can be said to be wrong before anything is read.
Error checkArguments(const Arguments &arguments, bool migrate) {
  if (arguments.target.empty())
    return createStringError("no floor: give --target 3.X or abi3t, or target = \"3.X\" under "
                             "[tool.abi3ify] in pyproject.toml");
  const ReportFormat *format = findReportFormat(arguments.format);
  if (!format) {
    std::vector<std::string> names;
    for (const ReportFormat &each : reportFormats())
      names.push_back(each.name.str());
    return createStringError("--format is one of " + join(names, ", ") + "; not '" +
                             arguments.format + "'");
  }
  if (migrate && format->onlyCheck)
    return createStringError("--format " + format->name + " speaks of edits that are still to be "
                             "made; take it with check, or --diff here");
  if (arguments.colour != "auto" && arguments.colour != "always" && arguments.colour != "never")
    return createStringError("--color is auto, always or never, not '" + arguments.colour + "'");
  if (arguments.diff && arguments.format != "text")
    return createStringError("--diff prints a diff; take either it or --format " + arguments.format);
  if (arguments.diff && !arguments.splitFolder.empty())
    return createStringError("--diff prints one patch, --split writes several; take either");
  if (arguments.buildSettings && !arguments.splitFolder.empty())
    return createStringError("--split writes patches of the sources; change the build settings in "
                             "a run of their own, when the patches are applied");
  if (arguments.writeBaseline && arguments.baseline.empty())
    return createStringError("--write-baseline needs a file: give --baseline FILE, or baseline = "
                             "\"FILE\" under [tool.abi3ify] in pyproject.toml");
  if (!arguments.splitFolder.empty())
    if (Error error = preparePatchFolder(arguments.splitFolder))
      return error;
  return tryOutput(arguments.output);
}

/// The baseline in force, an empty one for the first that is written; none for
/// migrate, which leaves no use as it is because it is known.
Expected<std::optional<Baseline>> loadBaseline(const Arguments &arguments, bool migrate) {
  if (migrate || arguments.baseline.empty())
    return std::nullopt;
  if (!arguments.writeBaseline || sys::fs::exists(arguments.baseline)) {
    auto baseline = readBaseline(arguments.baseline);
    if (!baseline)
      return baseline.takeError();
    return std::move(*baseline);
  }
  Baseline first;
  first.path = arguments.baseline;
  return first;
}

/// check --write-baseline: what is found becomes what passes.
int writeNewBaseline(Baseline &baseline, const RunResult &result, Floor floor) {
  if (!result.errors.empty())
    return fail("no baseline was written, because not all sources could be looked at");
  baseline.target = floor.str();
  baseline.entries = result.newBaseline;
  if (Error error = writeBaseline(baseline))
    return fail(std::move(error));
  size_t uses = 0;
  for (const auto &[key, count] : baseline.entries)
    uses += count;
  errs() << "abi3ify: note: " << baseline.path << " holds " << uses
         << (uses == 1 ? " use\n" : " uses\n");
  return Clean;
}

void printStale(const RunResult &result, const Baseline &baseline) {
  for (const auto &[key, count] : result.stale)
    errs() << "abi3ify: warning: " << shortPath(baseline.path) << ": stale: " << key.file
           << " has " << (count == 1 ? "no more" : std::to_string(count) + " less of")
           << " [" << key.rule << "] in '" << key.line << "'\n";
  if (!result.stale.empty())
    errs() << "abi3ify: note: take stale entries out with 'abi3ify check --write-baseline', so "
              "that no new use passes by them\n";
}

/// migrate --split: patches instead of edited sources.
Error writeSplit(const Arguments &arguments, const RunResult &result, Floor floor) {
  std::map<std::string, Texts> roots = editedByRoot(result);
  if (roots.size() > 1)
    return createStringError("the edits lie in several repositories, " +
                             std::prev(roots.end())->first + " and " + roots.begin()->first +
                             "; --split writes the patches of one: name its sources alone");
  std::vector<std::string> names;
  if (!roots.empty()) {
    auto written = writePatches(arguments.splitFolder, roots.begin()->first, floor, result.steps,
                                result.originals);
    if (!written)
      return written.takeError();
    names = std::move(*written);
  }
  for (const std::string &name : names)
    errs() << "abi3ify: note: wrote " << inFolder(arguments.splitFolder, name) << "\n";
  errs() << "abi3ify: note: no source was changed; apply the patches in their order, in "
         << (roots.empty() ? "their folder" : roots.begin()->first) << "\n";
  return Error::success();
}

void printMessages(const RunResult &result) {
  printNotes(result.notes);
  for (const Complaint &complaint : result.complaints)
    errs() << "abi3ify: warning: " << shortPath(complaint.file) << ":" << complaint.line << ": "
           << complaint.message << "\n";
  for (const SourceError &error : result.errors)
    printError(result.project, error);
}

Error print(const Arguments &arguments, const RunResult &result, Floor floor, FailOn failOn) {
  return printResult(arguments, [&](raw_ostream &out, bool colours) {
    if (arguments.diff) {
      // Each root's files are named from there.
      for (const auto &[root, texts] : editedByRoot(result))
        out << unifiedDiff(root, result.originals, texts);
    } else
      findReportFormat(arguments.format)->print({result, floor, failOn, colours}, out);
  });
}

} // namespace

int checkOrMigrate(Arguments &arguments, bool migrate) {
  if (Error error = mixSettings(arguments))
    return fail(std::move(error));
  if (Error error = checkArguments(arguments, migrate))
    return fail(std::move(error));
  auto floor = parseFloor(arguments.target);
  if (!floor)
    return fail(floor.takeError());
  auto failOn = parseFailOn(arguments.failOn);
  if (!failOn)
    return fail(failOn.takeError());
  auto baseline = loadBaseline(arguments, migrate);
  if (!baseline)
    return fail(baseline.takeError());
  bool splits = !arguments.splitFolder.empty(), writes = migrate && !arguments.diff && !splits;

  Progress progress;
  RunOptions options;
  setReading(options, arguments, progress);
  options.floor = *floor;
  options.edit = migrate;
  options.review = arguments.review;
  options.verify = arguments.verify;
  options.split = splits;
  options.baseline = *baseline ? &**baseline : nullptr;
  options.newBaseline = arguments.writeBaseline;

  if (Error error = settleJournals(arguments, writes))
    return fail(std::move(error));
  auto result = run(options);
  progress.clear();
  if (!result)
    return fail(result.takeError());
  printMessages(*result);
  if (*baseline)
    printStale(*result, **baseline);
  if (arguments.buildSettings)
    migrateBuildSettings(*result, *floor, arguments.pythons);
  if (writes)
    if (Error error = writeResult(arguments, *result))
      return fail(std::move(error));
  if (splits)
    if (Error error = writeSplit(arguments, *result, *floor))
      return fail(std::move(error));
  if (Error error = print(arguments, *result, *floor, *failOn))
    return fail(std::move(error));
  if (arguments.diff) {
    printDropped({*result, *floor, *failOn, /*colours=*/false}, errs());
    if (leavesBuildSettings(*result))
      printMigrated(*result->builds, errs());
  }
  if (arguments.writeBaseline)
    return writeNewBaseline(**baseline, *result, *floor);
  if (!result->errors.empty())
    return Broken;
  if (arguments.diff)
    return result->edited.empty() && !leavesBuildSettings(*result) ? Clean : Remaining;
  return countRemaining(*result, *failOn) ? Remaining : Clean;
}

} // namespace abi3ify
