#include "abi3ify/command.h"
#include "abi3ify/output.h"
#include "abi3ify/write.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"

using namespace llvm;

namespace abi3ify {

int fail(Error error) {
  handleAllErrors(std::move(error), [](const ErrorInfoBase &info) {
    errs() << "abi3ify: error: " << info.message() << "\n";
  });
  return Broken;
}

bool Progress::isTerminal() { return sys::Process::StandardErrIsDisplayed(); }

void Progress::show(StringRef stage, size_t done, size_t all) {
  using namespace std::chrono;
  std::lock_guard lock(mutex);
  if (!terminal || steady_clock::now() - start < seconds(1))
    return;
  errs() << "\r\033[K" << stage << " " << done << "/" << all;
  errs().flush();
  shown = true;
}

void Progress::clear() {
  std::lock_guard lock(mutex);
  if (shown)
    errs() << "\r\033[K";
  shown = false;
}

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
  text(arguments.failOn, settings->failOn);
  list(arguments.select, settings->select);
  list(arguments.ignore, settings->ignore);
  list(arguments.pythons, settings->pythons);
  list(arguments.generated, settings->generated);
  for (const std::string &generator : arguments.generated)
    if (generator != "clinic")
      return createStringError("'" + generator + "' is no generator whose output can be edited; "
                               "--generated and the key 'generated' take clinic");
  list(arguments.buildFolders, settings->buildFolders);
  list(arguments.configurationTexts, settings->configurations);
  text(arguments.baseline, settings->baseline);
  arguments.perFileIgnores = settings->perFileIgnores;
  for (const std::string &configuration : arguments.configurationTexts) {
    auto parsed = parseConfiguration(configuration);
    if (!parsed)
      return parsed.takeError();
    arguments.configurations.push_back(std::move(*parsed));
  }
  if (!arguments.jobs && settings->jobs)
    arguments.jobs = *settings->jobs;
  arguments.review |= settings->review.value_or(false);
  arguments.verify |= settings->verify.value_or(false);
  arguments.moduleState |= settings->moduleState.value_or(false);
  if (arguments.paths.empty())
    arguments.paths.push_back(".");
  return Error::success();
}

void setReading(ReadOptions &options, const Arguments &arguments, Progress &progress) {
  options.project = {arguments.paths, arguments.buildFolders, arguments.pythons,
                     arguments.flags, arguments.configurations, arguments.onlyNamed};
  options.rulesFolder = arguments.rules;
  options.select = arguments.select;
  options.ignore = arguments.ignore;
  options.perFileIgnores = arguments.perFileIgnores;
  options.moduleState = arguments.moduleState;
  options.editsClinic = !arguments.generated.empty();
  options.jobs = arguments.jobs;
  if (!arguments.noCache)
    options.cache = std::make_shared<UnitCache>(Cache::openUsers());
  options.progress = [&](StringRef stage, size_t done, size_t all) {
    progress.show(stage, done, all);
  };
}

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

void printNotes(ArrayRef<std::string> notes) {
  for (const std::string &note : notes)
    errs() << "abi3ify: note: " << shortPath(note) << "\n";
}

void printError(const Project &project, const SourceError &error) {
  bool parsed = any_of(project.commands,
                       [&](const Command &command) { return command.file == error.file; });
  errs() << "abi3ify: error: ";
  if (parsed)
    errs() << shortPath(error.file) << " does not parse with the full API"
           << (error.configuration.empty() ? "" : " under " + error.configuration)
           << ", so its uses are not known; give its flags with -p DIR or after '--': "
           << shortPath(error.message) << "\n";
  else
    errs() << "cannot read " << shortPath(error.message) << "\n";
}

Error printResult(const Arguments &arguments,
                  function_ref<void(raw_ostream &, bool colours)> print) {
  return printOutput(arguments.output, arguments.colour, print);
}

} // namespace abi3ify
