// The command line: reads arguments, calls the stages in order, prints.
#include "abi3ify/build-report.h"
#include "abi3ify/examples.h"
#include "abi3ify/facts.h"
#include "abi3ify/outlook.h"
#include "abi3ify/output.h"
#include "abi3ify/pages.h"
#include "abi3ify/report.h"
#include "abi3ify/run.h"
#include "abi3ify/settings.h"
#include "abi3ify/write.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/ThreadPool.h"
#include <CLI/CLI.hpp>
#include <chrono>
#include <csignal>
#include <mutex>

using namespace llvm;
using namespace abi3ify;

namespace {

constexpr int Clean = 0, Remaining = 1, Broken = 2;

/// What the arguments say, before settings are mixed in.
struct Arguments {
  std::vector<std::string> paths, pythons, select, ignore, generated, flags;
  std::string target, buildFolder, rules, failOn, format = "text", output, rule, docsFolder,
      testFolder, colour = "auto";
  unsigned jobs = 0;
  bool verify = false, review = false, diff = false, allowDirty = false, test = false,
       moduleState = false, buildSettings = false;
};

int fail(Error error) {
  handleAllErrors(std::move(error), [](const ErrorInfoBase &info) {
    errs() << "abi3ify: error: " << info.message() << "\n";
  });
  return Broken;
}
int fail(const Twine &message) { return fail(createStringError(message)); }

/// A line on stderr that comes when a run takes longer than a second.
class Progress {
public:
  void show(StringRef stage, size_t done, size_t all) {
    using namespace std::chrono;
    std::lock_guard lock(mutex);
    if (!terminal || steady_clock::now() - start < seconds(1))
      return;
    errs() << "\r\033[K" << stage << " " << done << "/" << all;
    errs().flush();
    shown = true;
  }
  void clear() {
    std::lock_guard lock(mutex);
    if (shown)
      errs() << "\r\033[K";
    shown = false;
  }

private:
  std::mutex mutex;
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
  bool terminal = sys::Process::StandardErrIsDisplayed();
  bool shown = false;
};

/// What every command that reads sources takes.
void addReading(CLI::App &app, Arguments &arguments, const char *formats) {
  app.add_option("PATH", arguments.paths, "sources, folders or a repository (default: .)");
  app.add_option("-p,--build-folder", arguments.buildFolder,
                 "folder with compile_commands.json");
  app.add_option("--python", arguments.pythons,
                 "interpreter whose headers are used, or a folder with a Python.h; may be "
                 "repeated (default: python3)")
      ->allow_extra_args(false);
  app.add_option("--rules", arguments.rules, "folder with rules of your own");
  app.add_option("--select", arguments.select, "only these rules")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--ignore", arguments.ignore, "not these rules")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--format", arguments.format, formats);
  app.add_option("--output", arguments.output, "write the result to a file");
  app.add_flag("--module-state", arguments.moduleState,
               "put types into the state of their module, where every use can reach it");
  app.add_option("--generated", arguments.generated,
                 "edit what this generator wrote, too: clinic (Argument Clinic)")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--jobs", arguments.jobs, "parallel parses (default: all cores)");
  app.footer("Flags for the compiler follow after '--'. Settings: [tool.abi3ify] in "
             "pyproject.toml, keys as the long flags.");
}

/// What check and migrate take besides.
void addCommon(CLI::App &app, Arguments &arguments) {
  addReading(app, arguments, "text (default) or json");
  app.add_option("--target", arguments.target,
                 "the floor: the lowest CPython to run on, 3.8 to 3.15");
  app.add_option("--fail-on", arguments.failOn,
                 "what makes the exit code 1: safe (safe fixes that are left), review (those "
                 "and fixes for review), manual (those and what is manual or failed), any "
                 "(default: also unseen and generated uses)");
  app.add_option("--color", arguments.colour, "auto (default), always or never");
}

/// Flags win over settings, settings over defaults.
Error mixSettings(Arguments &arguments) {
  SmallString<256> current;
  sys::fs::current_path(current);
  std::string folder =
      arguments.paths.empty() ? current.str().str() : realPath(arguments.paths.front());
  auto settings = readSettings(folder);
  if (!settings)
    return settings.takeError();
  auto text = [](std::string &value, const std::optional<std::string> &setting) {
    if (value.empty() && setting)
      value = *setting;
  };
  auto list = [](std::vector<std::string> &value, const std::vector<std::string> &setting) {
    if (value.empty())
      value = setting;
  };
  text(arguments.target, settings->target);
  text(arguments.rules, settings->rules);
  text(arguments.buildFolder, settings->buildFolder);
  text(arguments.failOn, settings->failOn);
  list(arguments.select, settings->select);
  list(arguments.ignore, settings->ignore);
  list(arguments.pythons, settings->pythons);
  list(arguments.generated, settings->generated);
  for (const std::string &generator : arguments.generated)
    if (generator != "clinic")
      return createStringError("'" + generator + "' is no generator whose output can be edited; "
                               "--generated and the key 'generated' take clinic");
  if (!arguments.jobs && settings->jobs)
    arguments.jobs = *settings->jobs;
  arguments.review |= settings->review.value_or(false);
  arguments.verify |= settings->verify.value_or(false);
  arguments.moduleState |= settings->moduleState.value_or(false);
  if (arguments.paths.empty())
    arguments.paths.push_back(".");
  return Error::success();
}

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

Error printResult(const Arguments &arguments,
                  function_ref<void(raw_ostream &, bool colours)> print) {
  return printOutput(arguments.output, arguments.colour, print);
}

/// An interrupted run is settled before its files are looked at; a run that
/// writes nothing only says so.
Error settleJournals(const Arguments &arguments, bool writes) {
  std::set<std::string> seen;
  for (const std::string &path : arguments.paths)
    for (std::string folder = realPath(path); !folder.empty() && seen.insert(folder).second;
         folder = sys::path::parent_path(folder).str()) {
      if (!writes) {
        if (sys::fs::exists(folder + "/" + JournalName))
          errs() << "abi3ify: warning: " << folder << "/" << JournalName
                 << " is left from an interrupted run; the next 'abi3ify migrate' finishes it or "
                    "takes it back\n";
        continue;
      }
      auto settled = settleJournal(folder);
      if (!settled)
        return settled.takeError();
      if (!settled->empty())
        errs() << "abi3ify: note: " << *settled << "\n";
    }
  return Error::success();
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

void printError(const Project &project, const SourceError &error) {
  bool parsed = any_of(project.commands,
                       [&](const Command &command) { return command.file == error.file; });
  errs() << "abi3ify: error: ";
  if (parsed)
    errs() << shortPath(error.file) << " does not parse with the full API, so its uses are not "
           << "known; give its flags with -p DIR or after '--': " << shortPath(error.message)
           << "\n";
  else
    errs() << "cannot read " << shortPath(error.message) << "\n";
}

void setReading(ReadOptions &options, const Arguments &arguments, Progress &progress) {
  options.project = {arguments.paths, arguments.buildFolder, arguments.pythons, arguments.flags};
  options.rulesFolder = arguments.rules;
  options.select = arguments.select;
  options.ignore = arguments.ignore;
  options.moduleState = arguments.moduleState;
  options.editsClinic = !arguments.generated.empty();
  options.jobs = arguments.jobs;
  options.progress = [&](StringRef stage, size_t done, size_t all) {
    progress.show(stage, done, all);
  };
}

int checkOrMigrate(Arguments &arguments, bool migrate) {
  if (Error error = mixSettings(arguments))
    return fail(std::move(error));
  if (arguments.target.empty())
    return fail("no floor: give --target 3.X or abi3t, or target = \"3.X\" under [tool.abi3ify] "
                "in pyproject.toml");
  auto floor = parseFloor(arguments.target);
  if (!floor)
    return fail(floor.takeError());
  auto failOn = parseFailOn(arguments.failOn);
  if (!failOn)
    return fail(failOn.takeError());
  if (arguments.format != "text" && arguments.format != "json")
    return fail("--format is text or json, not '" + arguments.format + "'");
  if (arguments.colour != "auto" && arguments.colour != "always" && arguments.colour != "never")
    return fail("--color is auto, always or never, not '" + arguments.colour + "'");
  if (arguments.diff && arguments.format == "json")
    return fail("--diff prints a diff; take either it or --format json");
  if (Error error = tryOutput(arguments.output))
    return fail(std::move(error));

  Progress progress;
  RunOptions options;
  setReading(options, arguments, progress);
  options.floor = *floor;
  options.edit = migrate;
  options.review = arguments.review;
  options.verify = arguments.verify;

  if (Error error = settleJournals(arguments, migrate && !arguments.diff))
    return fail(std::move(error));

  auto result = run(options);
  progress.clear();
  if (!result)
    return fail(result.takeError());
  for (const std::string &note : result->notes)
    errs() << "abi3ify: note: " << shortPath(note) << "\n";
  for (const std::string &complaint : result->complaints)
    errs() << "abi3ify: warning: " << shortPath(complaint) << "\n";
  for (const SourceError &error : result->errors)
    printError(result->project, error);

  if (arguments.buildSettings)
    migrateBuildSettings(*result, *floor, arguments.pythons);
  if (migrate && !arguments.diff)
    if (Error error = writeResult(arguments, *result))
      return fail(std::move(error));

  Error printed = printResult(arguments, [&](raw_ostream &out, bool colours) {
    if (arguments.diff) {
      // Each root's files are named from there.
      for (const auto &[root, texts] : editedByRoot(*result))
        out << unifiedDiff(root, result->originals, texts);
    } else if (arguments.format == "json")
      printJson(*result, *floor, out);
    else
      printText(*result, *floor, colours, out);
  });
  if (printed)
    return fail(std::move(printed));
  if (arguments.diff && leavesBuildSettings(*result))
    printMigrated(*result->builds, errs());
  if (!result->errors.empty())
    return Broken;
  if (arguments.diff)
    return result->edited.empty() && !leavesBuildSettings(*result) ? Clean : Remaining;
  return countRemaining(*result, *failOn) ? Remaining : Clean;
}

int reportCommand(Arguments &arguments) {
  if (Error error = mixSettings(arguments))
    return fail(std::move(error));
  if (arguments.format != "text" && arguments.format != "markdown" && arguments.format != "json")
    return fail("--format is text, markdown or json, not '" + arguments.format + "'");
  std::optional<Floor> target;
  if (!arguments.target.empty()) {
    auto floor = parseFloor(arguments.target);
    if (!floor)
      return fail(floor.takeError());
    target = *floor;
  }
  if (Error error = tryOutput(arguments.output))
    return fail(std::move(error));
  if (Error error = settleJournals(arguments, /*writes=*/false))
    return fail(std::move(error));

  Progress progress;
  ReadOptions options;
  setReading(options, arguments, progress);
  auto result = runFloors(options, floorsFrom(OldestFloor));
  progress.clear();
  if (!result)
    return fail(result.takeError());
  for (const std::string &note : result->notes)
    errs() << "abi3ify: note: " << shortPath(note) << "\n";
  // A source may parse with the headers of some floors only.
  std::set<SourceError> errors;
  for (const FloorFindings &floor : result->floors)
    errors.insert(floor.errors.begin(), floor.errors.end());
  for (const SourceError &error : errors)
    printError(result->project, error);
  Outlook outlook = outlookOf(*result);
  outlook.builds = reportedSettings(result->project, outlook, target, arguments.pythons);
  if (Error error = printResult(arguments, [&](raw_ostream &out, bool) {
        if (arguments.format == "json")
          printOutlookJson(outlook, out);
        else
          printOutlook(outlook, arguments.format == "markdown", out);
      }))
    return fail(std::move(error));
  return errors.empty() ? Clean : Broken;
}

Expected<std::vector<PythonHeaders>> headersFor(const Arguments &arguments) {
  std::vector<PythonHeaders> list;
  for (const std::string &python :
       arguments.pythons.empty() ? std::vector<std::string>{"python3"} : arguments.pythons) {
    auto headers = askPython(python);
    if (!headers)
      return headers.takeError();
    list.push_back(*headers);
  }
  return list;
}

int rulesCommand(Arguments &arguments) {
  auto all = loadRules(arguments.rules);
  if (!all)
    return fail(all.takeError());
  if (arguments.test) {
    auto headers = headersFor(arguments);
    if (!headers)
      return fail(headers.takeError());
    auto tested = arguments.testFolder.empty() ? loadRules("") : loadRuleFolder(arguments.testFolder);
    if (!tested)
      return fail(tested.takeError());
    // Rules under test may be new ones that the binary does not have.
    if (!arguments.testFolder.empty() && arguments.rules.empty()) {
      RuleSet together;
      for (const auto &rule : tested->all())
        cantFail(together.add(*rule));
      for (const auto &rule : all->all())
        if (!together.find(rule->id))
          cantFail(together.add(*rule));
      *all = std::move(together);
    }
    if (!arguments.select.empty())
      tested->filter([&](const Rule &rule) { return is_contained(arguments.select, rule.id); });
    unsigned jobs = arguments.jobs ? arguments.jobs
                                   : unsigned(hardware_concurrency().compute_thread_count());
    ExampleReport report = runExamples(*all, *tested, *headers, jobs);
    for (const std::string &failure : report.failures)
      outs() << failure << "\n";
    outs() << report.run << " runs of examples of " << tested->all().size() << " rules on "
           << headers->size() << " header sets: " << report.failures.size() << " failed\n";
    return report.failures.empty() ? Clean : Broken;
  }
  if (!arguments.docsFolder.empty()) {
    if (Error error = writePages(*all, arguments.docsFolder))
      return fail(std::move(error));
    return Clean;
  }
  for (const auto &rule : all->all())
    outs() << rule->area << "\t" << rule->id << "\t" << name(rule->safety) << "\t" << rule->title
           << "\n";
  return Clean;
}

int explainCommand(const Arguments &arguments) {
  auto rules = loadRules(arguments.rules);
  if (!rules)
    return fail(rules.takeError());
  if (Error error = checkRuleIds(*rules, {arguments.rule}))
    return fail(std::move(error));
  if (const Rule *rule = rules->find(arguments.rule))
    outs() << plainText(pageOf(*rule));
  else
    outs() << plainText(pageOfNoRule());
  return Clean;
}

} // namespace

int main(int argc, char **argv) {
  // A limit on the size of files is to be an error like a full disk.
  std::signal(SIGXFSZ, SIG_IGN);
  Arguments arguments;
  // What follows "--" is for the compiler and no option of ours.
  int ours = argc;
  for (int i = 1; i < argc; ++i)
    if (StringRef(argv[i]) == "--") {
      ours = i;
      arguments.flags.assign(argv + i + 1, argv + argc);
      break;
    }

  CLI::App app("Takes extension modules of CPython to the Limited C API.", "abi3ify");
  app.set_version_flag("--version", "abi3ify " ABI3IFY_VERSION);
  app.require_subcommand(1);

  auto *check = app.add_subcommand("check", "lists the uses that need something the floor lacks");
  addCommon(*check, arguments);
  check->add_flag("--verify", arguments.verify, "prove the fixes by compiling them");

  auto *migrate = app.add_subcommand("migrate", "rewrites the sources");
  addCommon(*migrate, arguments);
  migrate->add_flag("--review", arguments.review, "also apply fixes that a person should review");
  migrate->add_flag("--diff", arguments.diff, "print a unified diff instead of writing");
  migrate->add_flag("--verify", arguments.verify, "accepted for symmetry: edits are always proved");
  migrate->add_flag("--build-settings", arguments.buildSettings,
                    "also tell the build system of the limit, or print what it must be told");
  migrate->add_flag("--allow-dirty", arguments.allowDirty,
                    "edit files that differ from git's index or that git does not know");

  auto *report = app.add_subcommand(
      "report", "says for every floor what remains and how hard it is, from one reading");
  addReading(*report, arguments, "text (default), markdown or json");
  report->add_option("--target", arguments.target, "the floor that build settings are printed for");

  auto *explain = app.add_subcommand("explain", "prints a rule's page");
  explain->add_option("RULE", arguments.rule, "the rule's id")->required();
  explain->add_option("--rules", arguments.rules, "folder with rules of your own");

  auto *rules = app.add_subcommand("rules", "lists the rules");
  rules->add_option("--rules", arguments.rules, "folder with rules of your own");
  auto *test = rules->add_option("--test", arguments.testFolder,
                                 "run the examples, of a folder or of all rules")
                   ->expected(0, 1);
  rules->add_option("--docs", arguments.docsFolder, "write the rules' pages into a folder");
  rules->add_option("--select", arguments.select, "with --test: only these rules")
      ->delimiter(',')
      ->allow_extra_args(false);
  rules->add_option("--python", arguments.pythons, "interpreters whose headers are used")
      ->allow_extra_args(false);
  rules->add_option("--jobs", arguments.jobs, "parallel parses (default: all cores)");

  try {
    app.parse(ours, argv);
  } catch (const CLI::Success &success) {
    return app.exit(success);
  } catch (const CLI::ParseError &error) {
    app.exit(error);
    return Broken;
  }
  arguments.test = test->count() > 0;
  if (check->parsed())
    return checkOrMigrate(arguments, false);
  if (migrate->parsed())
    return checkOrMigrate(arguments, true);
  if (report->parsed())
    return reportCommand(arguments);
  if (explain->parsed())
    return explainCommand(arguments);
  return rulesCommand(arguments);
}
