#include "abi3ify/setup.h"
#include "abi3ify/stages.h"
#include "llvm/Support/Threading.h"

using namespace llvm;

namespace abi3ify {

Setup::Setup(const ReadOptions &options) : options(options) {
  jobs = options.jobs ? options.jobs
                      : std::max(1u, unsigned(hardware_concurrency().compute_thread_count()));
}

Error Setup::prepare() {
  if (Error error = loadAllRules())
    return error;
  {
    Stage stage("project and flags");
    auto found = findProject(options.project);
    if (!found)
      return found.takeError();
    project = std::move(*found);
  }
  precompiled = std::make_unique<PrecompiledHeaders>(project, jobs, options.cache.get());
  return Error::success();
}

Error Setup::loadAllRules() {
  Stage stage("rules");
  auto loaded = options.cache && options.rulesFolder.empty() ? options.cache->embeddedRules()
                                                             : loadRules(options.rulesFolder);
  if (!loaded)
    return loaded.takeError();
  known = std::move(*loaded);
  auto parsed =
      Selection::parse(known, options.select, options.ignore, options.perFileIgnores);
  if (!parsed)
    return parsed.takeError();
  selection = std::move(*parsed);
  for (const auto &rule : known.all())
    if (!rule->optional || is_contained(options.select, rule->id))
      if (Error error = rules.add(*rule))
        return error;
  header = normalHeader(rules);
  rulesKey = keyOf(rules, !options.rulesFolder.empty());
  return Error::success();
}

Reading Setup::read(const Project &units, const PythonHeaders *headers,
                    ArrayRef<Floor> floors) const {
  MatchContext context;
  context.project = &units;
  context.rules = &rules;
  context.moduleState = options.moduleState;
  context.headers = headersOrCommands(headers);
  context.normalHeader = &header;
  context.precompiled = precompiled.get();
  return readUnits(context, floors, jobs,
                   [&](size_t done) { report("reading", done, units.commands.size()); },
                   options.cache.get(), rulesKey);
}

Reading Setup::read(const PythonHeaders *headers, ArrayRef<Floor> floors) const {
  return read(project, headers, floors);
}

Reading Setup::readPart(const PythonHeaders *headers, ArrayRef<Floor> floors,
                        function_ref<bool(const Command &)> choose, Project &part) const {
  part = project;
  erase_if(part.commands, [&](const Command &command) { return !choose(command); });
  return read(part, headers, floors);
}

void Setup::limitToNamed(Reading &reading) {
  if (!options.project.onlyNamed && project.readForOthers.empty())
    return;
  std::set<std::string> files(project.listed.begin(), project.listed.end()), read;
  for (const UnitFiles &unit : reading.units) {
    read.insert(unit.filesRead.begin(), unit.filesRead.end());
    if (!options.project.onlyNamed && project.names(unit.command->file))
      files.insert(unit.filesRead.begin(), unit.filesRead.end());
  }
  for (const std::string &file : project.listed)
    if (!read.count(file) && !reading.readByBroken.count(file) && !isSource(file))
      project.notes.push_back(file + ": no source that is read includes it; its uses are found by "
                                     "their names only (unseen)");
  // That the source reads a file that was named was a guess.
  if (none_of(project.listed, [&](const std::string &file) { return reading.readByBroken.count(file); }))
    erase_if(reading.errors, [&](const SourceError &error) {
      if (!project.readForOthers.count(error.file))
        return false;
      project.notes.push_back(error.file + " seems to include what was named, but does not parse: " +
                              error.message);
      return true;
    });
  selection.limitTo(std::move(files));
}

void Setup::selectAndSort(std::vector<Finding> &findings) const {
  erase_if(findings, [&](const Finding &finding) { return !selection.holds(finding); });
  sort(findings, [](const Finding &a, const Finding &b) {
    return std::tie(a.file, a.range, a.rule) < std::tie(b.file, b.range, b.rule);
  });
}

bool Setup::speaksOf(StringRef rule, StringRef file) const {
  return (rule == NoRule || rules.find(rule)) && selection.speaksOf(rule, file);
}

ChosenHeaders::ChosenHeaders(const Project &project, Floor floor) {
  for (const PythonHeaders &headers : project.headers) {
    if (headers.minor < floor.minor)
      continue;
    if (!lowest || headers.minor < lowest->minor)
      lowest = &headers;
    if (!newest || headers.minor > newest->minor)
      newest = &headers;
  }
}

} // namespace abi3ify
