// The command line: reads arguments, calls the stages in order, prints.
#include "abi3ify/build-report.h"
#include "abi3ify/capture.h"
#include "abi3ify/cli-pages.h"
#include "abi3ify/command.h"
#include "abi3ify/examples.h"
#include "abi3ify/facts.h"
#include "abi3ify/init-tidy.h"
#include "abi3ify/outlook.h"
#include "abi3ify/output.h"
#include "abi3ify/pages.h"
#include "abi3ify/selection.h"
#include "abi3ify/stages.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/ThreadPool.h"
#include <CLI/CLI.hpp>
#include <csignal>

using namespace llvm;
using namespace abi3ify;

namespace {

/// What every command that reads sources takes.
void addReading(CLI::App &app, Arguments &arguments, const char *formats) {
  app.add_option("PATH", arguments.paths, "sources, folders or a repository (default: .)")
      ->type_name(PathType);
  app.add_option("-p,--build-folder", arguments.buildFolders,
                 "folder with compile_commands.json; of several, each is a configuration")
      ->type_name(FolderType)
      ->allow_extra_args(false);
  app.add_option("--configuration", arguments.configurationTexts,
                 "NAME=flags: read the sources with these flags, too; may be repeated")
      ->type_name("NAME=FLAGS")
      ->allow_extra_args(false);
  app.add_option("--python", arguments.pythons,
                 "interpreter whose headers are used, or a folder with a Python.h; may be "
                 "repeated (default: python3)")
      ->type_name(ProgramType)
      ->allow_extra_args(false);
  app.add_option("--rules", arguments.rules, "folder with rules of your own")
      ->type_name(FolderType);
  app.add_option("--select", arguments.select, "only these: a rule, area:NAME or safety:NAME")
      ->type_name(RuleType)
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--ignore", arguments.ignore, "not these: a rule, area:NAME or safety:NAME")
      ->type_name(RuleType)
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--format", arguments.format, "of the result; default: text")->type_name(formats);
  app.add_option("--output", arguments.output, "write the result to a file")->type_name(FileType);
  app.add_flag("--module-state", arguments.moduleState,
               "put types into the state of their module, where every use can reach it");
  app.add_option("--generated", arguments.generated,
                 "edit what this generator wrote, too: clinic (Argument Clinic)")
      ->type_name("clinic")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--jobs", arguments.jobs, "parallel parses (default: all cores)")
      ->type_name(NumberType);
  app.add_flag("--no-cache", arguments.noCache,
               "parse every source, and keep nothing of it for the next run");
  app.footer("Flags for the compiler follow after '--'. Settings: [tool.abi3ify] in "
             "pyproject.toml, keys as the long flags.");
}

/// What check and migrate take besides.
void addCommon(CLI::App &app, Arguments &arguments) {
  addReading(app, arguments, "text|json|sarif|github|junit|markdown|fixes|fixits");
  app.add_option("--target", arguments.target,
                 "the floor: the lowest CPython to run on, 3.8 to 3.15, or abi3t")
      ->type_name(FloorType);
  app.add_option("--fail-on", arguments.failOn,
                 "what makes the exit code 1: safe (safe fixes that are left), review (those "
                 "and fixes for review), manual (those and what is manual or failed), any "
                 "(default: also unseen and generated uses)")
      ->type_name("any|safe|review|manual")
      ->take_last();
  app.add_flag("--only-named", arguments.onlyNamed,
               "look at the files given and at no other, as a hook does; files of no extension "
               "module are passed over");
  app.add_option("--color", arguments.colour, "colours in the text; default: auto")
      ->type_name("auto|always|never");
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
  printNotes(result->notes);
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
    auto selected = Selectors::parse(*tested, arguments.select);
    if (!selected)
      return fail(selected.takeError());
    if (!selected->empty())
      tested->filter([&](const Rule &rule) { return selected->holds(rule.id, rule.safety); });
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
  auto selected = Selectors::parse(*all, arguments.select);
  if (!selected)
    return fail(selected.takeError());
  for (const auto &rule : all->all())
    if (selected->empty() || selected->holds(rule->id, rule->safety))
      outs() << rule->area << "\t" << rule->id << "\t" << name(rule->safety) << "\t"
             << rule->title << "\n";
  return Clean;
}

/// The build's own exit code, so that it can stand in a script.
int captureCommand(const Arguments &arguments) {
  if (arguments.flags.empty())
    return fail("no build to record: give its command after '--', as in 'abi3ify capture -- "
                "python3 -m pip wheel .'");
  std::string database = arguments.output.empty() ? "compile_commands.json" : arguments.output;
  if (Error error = tryOutput(database))
    return fail(std::move(error));
  auto captured = capture(arguments.flags, database);
  if (!captured)
    return fail(captured.takeError());
  auto sources = [](size_t number, const char *what) {
    return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
  };
  if (captured->vanished)
    errs() << "abi3ify: note: " << sources(captured->vanished, "compilation")
           << " left out: the build has removed the source again\n";
  if (captured->recorded)
    errs() << "abi3ify: note: " << database << " has " << sources(captured->recorded, "compilation")
           << (captured->kept ? " of this build and " + std::to_string(captured->kept) + " from before"
                              : std::string())
           << "\n";
  else if (!captured->status)
    return fail("the build compiled nothing that could be recorded, and no file was written; if it "
                "was up to date, clean it first; if it calls its compiler by a path, name that in "
                "CC and CXX");
  return captured->status;
}

/// abi3ify init: sets the project up for other programs.
int initCommand(Arguments &arguments, bool clangTidy) {
  if (!clangTidy)
    return fail("say what is to be set up: --clang-tidy");
  arguments.paths.resize(1, ".");
  std::string folder = realPath(arguments.paths.front());
  if (!sys::fs::is_directory(folder))
    return fail(arguments.paths.front() + " is no folder");
  if (Error error = mixSettings(arguments))
    return fail(std::move(error));
  if (arguments.target.empty())
    return fail("no floor: give --target 3.X or abi3t, or target = \"3.X\" under "
                "[tool.abi3ify] in pyproject.toml");
  auto floor = parseFloor(arguments.target);
  if (!floor)
    return fail(floor.takeError());
  auto done = initTidy(folder, *floor);
  if (!done)
    return fail(done.takeError());
  errs() << "abi3ify: note: " << *done << "\n";
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

int generateCommand(const CLI::App &app, StringRef what) {
  auto *page = StringSwitch<std::string (*)(const std::vector<CommandEntry> &)>(what)
                   .Case("man", manualPage)
                   .Case("bash", bashCompletion)
                   .Case("zsh", zshCompletion)
                   .Case("fish", fishCompletion)
                   .Default(nullptr);
  if (!page)
    return fail("there is no page '" + what + "'; generate prints man, bash, zsh or fish");
  outs() << page(tableOf(app));
  return Clean;
}

} // namespace

int main(int argc, char **argv) {
  if (auto status = actAsCompiler(argc, argv))
    return *status;
  Stages stages;
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
  check->add_option("--baseline", arguments.baseline, "what this file has passes, what is new not")
      ->type_name(FileType);
  check->add_flag("--write-baseline", arguments.writeBaseline,
                  "write what is found into the baseline");

  auto *migrate = app.add_subcommand("migrate", "rewrites the sources");
  addCommon(*migrate, arguments);
  migrate->add_flag("--review", arguments.review, "also apply fixes that a person should review");
  migrate->add_flag("--diff", arguments.diff, "print a unified diff instead of writing");
  migrate->add_option("--split", arguments.splitFolder,
                      "write one patch an area of rules into a folder, and no source")
      ->type_name(FolderType);
  migrate->add_flag("--verify", arguments.verify, "accepted for symmetry: edits are always proved");
  migrate->add_flag("--build-settings", arguments.buildSettings,
                    "also tell the build system of the limit, or print what it must be told");
  migrate->add_flag("--allow-dirty", arguments.allowDirty,
                    "edit files that differ from git's index or that git does not know");

  auto *report = app.add_subcommand(
      "report", "says for every floor what remains and how hard it is, from one reading");
  addReading(*report, arguments, "text|markdown|json");
  report->add_option("--target", arguments.target, "the floor that build settings are printed for")
      ->type_name(FloorType);

  auto *record = app.add_subcommand("capture", "records the compile commands of a build");
  record->add_option("--output", arguments.output, "the file (default: compile_commands.json)")
      ->type_name(FileType);
  record->footer("The build's command follows after '--'.");

  auto *explain = app.add_subcommand("explain", "prints a rule's page");
  explain->add_option("RULE", arguments.rule, "the rule's id")->required()->type_name(RuleType);
  explain->add_option("--rules", arguments.rules, "folder with rules of your own")
      ->type_name(FolderType);

  auto *rules = app.add_subcommand("rules", "lists the rules");
  rules->add_option("--rules", arguments.rules, "folder with rules of your own")
      ->type_name(FolderType);
  auto *test = rules->add_option("--test", arguments.testFolder,
                                 "run the examples, of a folder or of all rules")
                   ->expected(0, 1)
                   ->type_name(FolderType);
  rules->add_option("--docs", arguments.docsFolder, "write the rules' pages into a folder")
      ->type_name(FolderType);
  rules->add_option("--select", arguments.select, "only these: a rule, area:NAME or safety:NAME")
      ->type_name(RuleType)
      ->delimiter(',')
      ->allow_extra_args(false);
  rules->add_option("--python", arguments.pythons, "interpreters whose headers are used")
      ->type_name(ProgramType)
      ->allow_extra_args(false);
  rules->add_option("--jobs", arguments.jobs, "parallel parses (default: all cores)")
      ->type_name(NumberType);

  auto *cache = app.add_subcommand("cache", "says where results of earlier runs are kept, and how "
                                            "much they take");
  cache->add_option("ACTION", arguments.cacheAction, "clear: removes them")->type_name("clear");

  auto *generate = app.add_subcommand("generate", "prints the manual page or a shell's completion");
  generate->add_option("WHAT", arguments.page, "the page to print")
      ->required()
      ->type_name("man|bash|zsh|fish");

  auto *init = app.add_subcommand("init", "sets a project up for other programs");
  bool clangTidy = false;
  init->add_flag("--clang-tidy", clangTidy, "the checks and their floor in .clang-tidy");
  init->add_option("PATH", arguments.paths, "the project's folder (default: .)")->expected(0, 1);
  init->add_option("--target", arguments.target, "the floor: the lowest CPython to run on");

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
  if (record->parsed())
    return captureCommand(arguments);
  if (cache->parsed())
    return cacheCommand(arguments.cacheAction);
  if (init->parsed())
    return initCommand(arguments, clangTidy);
  if (explain->parsed())
    return explainCommand(arguments);
  if (generate->parsed())
    return generateCommand(app, arguments.page);
  return rulesCommand(arguments);
}
