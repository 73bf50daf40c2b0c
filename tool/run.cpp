#include "abi3ify/setup.h"
#include "abi3ify/left-out.h"
#include "abi3ify/match.h"
#include "abi3ify/stages.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include <algorithm>

using namespace llvm;

namespace abi3ify {
namespace {

Error aboveAllHeaders(const Project &project, Floor floor) {
  std::string atHand;
  for (const PythonHeaders &headers : project.headers)
    atHand += (atHand.empty() ? "" : ", ") + ("3." + std::to_string(headers.minor)) + " in " +
              headers.include;
  std::string version = "3." + std::to_string(floor.minor);
  return createStringError("the floor " + floor.str() + " is above the headers at hand (" +
                           atHand + "); give an interpreter of CPython " + version +
                           " or newer with --python");
}

void noteGenerated(const GeneratedFiles &generated, std::vector<std::string> &notes) {
  for (const auto &[file, generator] : generated)
    notes.push_back(file + ": made by " + generator.name.str() + "; " + generator.advice.str());
}

/// Whether the limited build would fail at it.
bool isLeft(const Finding &finding) {
  return !is_contained({State::Fixed, State::Advice, State::Unseen},
                       finding.state) &&
         !StringRef(finding.rule).starts_with(HeapTypeRules);
}

/// What the sources take from binding systems, and these systems' own sources.
std::vector<Binding> allBindings(const Project &project, const Texts &texts,
                                 const GeneratedFiles &generated) {
  std::vector<Binding> bindings = findBindings(texts, generated);
  for (const Binding &binding : project.bindings)
    if (!generated.count(binding.file) && !is_contained(bindings, binding))
      bindings.push_back(binding);
  return bindings;
}

void noteBindings(ArrayRef<Binding> bindings, std::vector<std::string> &notes) {
  for (const Binding &binding : bindings)
    notes.push_back(binding.file + ": " + binding.system + ": " + binding.advice);
}

/// What only making the edits shows, in generated code.
void setAsideDropped(const GeneratedFiles &generated, std::vector<Finding> &findings) {
  for (Finding &finding : findings)
    if (auto made = generated.find(finding.file);
        made != generated.end() && finding.state == State::Manual)
      setAside(finding, made->second);
}

/// A run over one floor.
class Run {
public:
  explicit Run(const RunOptions &options) : options(options), setup(options) {}

  Expected<RunResult> all() {
    if (Error error = setup.prepare())
      return std::move(error);
    // Sources for a binding system alone are no code that could be judged here.
    if (setup.project.commands.empty() && !options.project.onlyNamed)
      return noSources(setup.project, options.project.paths);
    ChosenHeaders headers(setup.project, options.floor);
    if (!headers.lowest)
      return aboveAllHeaders(setup.project, options.floor);
    // Every unit is looked at before any edit, because a header's edit must
    // suit all of them.
    Reading reading = setup.read(headers.lowest, options.floor);
    setup.limitToNamed(reading);
    GeneratedFiles generated = findGenerated(reading.originals, options.editsClinic);
    Settled settled = settle(reading, reading.floors.front(), setup.rules, generated,
                             setup.settling());
    result.notes = setup.project.notes;
    append_range(result.notes, reading.notes);
    result.findings = std::move(settled.findings);
    result.complaints = std::move(settled.complaints);
    append_range(result.complaints, judgeUnused(setup, reading, options.floor, headers.lowest,
                                                settled.unused, result.notes));
    erase_if(result.complaints,
             [&](const Complaint &complaint) { return !setup.selection.looksAt(complaint.file); });
    sort(result.complaints);
    result.originals = std::move(reading.originals);
    result.errors = std::move(reading.errors);
    noteGenerated(generated, result.notes);
    noteBindings(allBindings(setup.project, result.originals, generated), result.notes);
    std::optional<BaselineFilter> baseline;
    if (options.baseline && !options.newBaseline) {
      baseline.emplace(*options.baseline, result.originals);
      baseline->apply(result.findings);
    }
    // What is wanted is proved; what fails is dropped and said.
    makeAndVerifyEdits(reading.units, headers, generated);
    result.left = count_if(result.findings, isLeft);
    // Only now, because what was not asked for still explains errors.
    setup.selectAndSort(result.findings);
    readOrigins();
    if (baseline) {
      baseline->apply(result.findings); // what only the proof has shown
      takeStale(*baseline);
    }
    if (options.newBaseline)
      makeBaseline();
    result.project = std::move(setup.project);
    return std::move(result);
  }

private:
  void readOrigins() {
    for (const Finding &finding : result.findings)
      if (!finding.originFile.empty() && !result.origins.count(finding.originFile))
        if (auto buffer = MemoryBuffer::getFile(finding.originFile))
          result.origins[finding.originFile] = (*buffer)->getBuffer().str();
  }

  /// Whether this run would have found what an entry stands for. A file that is
  /// gone has no uses.
  bool looksAt(const BaselineKey &key) const {
    if (!result.errors.empty() || (key.symbol == WholeBuild && !options.verify))
      return false;
    if (key.rule != NoRule && !setup.known.find(key.rule))
      return true;
    for (const std::string &file : setup.project.listed)
      if (options.baseline->nameOf(file) == key.file)
        return setup.speaksOf(key.rule, file);
    return none_of(bases(), [&](const std::string &base) {
      return sys::fs::exists(inFolder(base, key.file));
    });
  }

  /// The folders that files of the baseline are named from.
  std::set<std::string> bases() const {
    std::set<std::string> folders = {
        realPath(sys::path::parent_path(options.baseline->path))};
    for (const std::string &root : setup.project.roots)
      folders.insert(root);
    return folders;
  }

  void takeStale(const BaselineFilter &baseline) {
    for (const auto &[key, count] : baseline.unused())
      if (looksAt(key))
        result.stale[key] = count;
  }

  /// What is found now, and what the old baseline says of places that were not
  /// looked at.
  void makeBaseline() {
    for (const auto &[key, count] : options.baseline->entries)
      if (!looksAt(key))
        result.newBaseline[key] = count;
    std::map<BaselineKey, unsigned> found;
    for (const Finding &finding : result.findings)
      if (finding.state != State::Suppressed && finding.state != State::Advice)
        ++found[options.baseline->keyOf(finding, result.originals)];
    for (const auto &[key, count] : found)
      result.newBaseline[key] = count;
  }

  void makeAndVerifyEdits(ArrayRef<UnitFiles> units, const ChosenHeaders &headers,
                          const GeneratedFiles &generated) {
    Stage stage("edits and their proof");
    std::vector<bool> wanted;
    for (const Finding &finding : result.findings) {
      bool want = finding.state == State::Fixable && setup.selection.holds(finding);
      if (options.edit)
        want &= (finding.safety == Safety::Safe || (options.review && finding.safety == Safety::Review)) &&
                all_of(finding.rewrites, [&](const Rewrite &rewrite) {
                  return setup.selection.looksAt(rewrite.file);
                });
      wanted.push_back(want);
    }
    keepGroupsWhole(result.findings, wanted);
    VerifyOptions verify;
    verify.project = &setup.project;
    verify.floor = options.floor;
    verify.jobs = setup.jobs;
    verify.cache = options.cache.get();
    verify.precompiled = setup.precompiled.get();
    verify.headers = {setup.headersOrCommands(headers.lowest)};
    if (headers.newest != headers.lowest)
      verify.headers.push_back(headers.newest);
    if (options.edit || options.verify)
      setup.report("verifying", 0, 1);
    auto makeEdits = [&] {
      return options.edit || options.verify
                 ? verifyEdits(result.findings, wanted, units, result.originals, verify)
                 : composeEdits(result.findings, wanted, result.originals);
    };
    Edits edits;
    if (options.newBaseline) // which has the uses that a test known to it leaves out
      edits = makeEdits();
    else {
      LeftOutUses leftOut(result.findings, wanted);
      do
        edits = makeEdits();
      while (leftOut.putBack());
    }
    if (options.split)
      result.steps = splitByArea(result.findings, wanted, setup.rules, units, result.originals,
                                 verify);
    setAsideDropped(generated, result.findings);
    for (const auto &[file, edited] : edits.files)
      result.edits[file] = textEdits(edited, result.originals[file].size());
    if (!options.edit)
      return;
    for (size_t i = 0; i < wanted.size(); ++i)
      if (wanted[i])
        result.findings[i].state = State::Fixed;
    for (auto &[file, edited] : edits.files)
      if (edited.text != result.originals[file])
        result.edited[file] = std::move(edited.text);
  }

  const RunOptions &options;
  Setup setup;
  RunResult result;
};

/// The findings of one floor of a reading, as Run would leave them.
std::vector<Finding> findingsAt(const Setup &setup, const Reading &reading,
                                const FloorMatches &matches, const GeneratedFiles &generated) {
  std::vector<Finding> findings =
      settle(reading, matches, setup.rules, generated, setup.settling()).findings;
  std::vector<bool> wanted;
  for (const Finding &finding : findings)
    wanted.push_back(finding.state == State::Fixable && setup.selection.holds(finding));
  keepGroupsWhole(findings, wanted);
  LeftOutUses leftOut(findings, wanted);
  do
    composeEdits(findings, wanted, reading.originals);
  while (leftOut.putBack());
  setAsideDropped(generated, findings);
  setup.selectAndSort(findings);
  return findings;
}

} // namespace

StringRef name(State state) {
  switch (state) {
  case State::Fixable: return "fixable";
  case State::Fixed: return "fixed";
  case State::Failed: return "failed";
  case State::Manual: return "manual";
  case State::Advice: return "advice";
  case State::Suppressed: return "suppressed";
  case State::Unseen: return "unseen";
  case State::Generated: return "generated";
  case State::Baselined: return "baselined";
  }
  llvm_unreachable("unknown state");
}

Expected<RunResult> run(const RunOptions &options) { return Run(options).all(); }

Expected<FloorsResult> runFloors(const ReadOptions &options, ArrayRef<Floor> floors) {
  Setup setup(options);
  if (Error error = setup.prepare())
    return std::move(error);
  auto newest = std::max_element(
      setup.project.headers.begin(), setup.project.headers.end(),
      [](const PythonHeaders &a, const PythonHeaders &b) { return a.minor < b.minor; });
  if (newest == setup.project.headers.end())
    return aboveAllHeaders(setup.project, floors.front());
  std::map<const PythonHeaders *, std::vector<Floor>> readWith;
  for (Floor floor : floors) {
    const PythonHeaders *lowest = ChosenHeaders(setup.project, floor).lowest;
    readWith[lowest ? lowest : &*newest].push_back(floor);
  }

  FloorsResult result;
  result.notes = setup.project.notes;
  std::map<Floor, FloorFindings> found;
  for (const auto &[headers, sharing] : readWith) {
    Reading reading = setup.read(headers, sharing);
    setup.limitToNamed(reading);
    GeneratedFiles generated = findGenerated(reading.originals, options.editsClinic);
    for (const FloorMatches &matches : reading.floors)
      found[matches.floor] = {matches.floor, headers->minor,
                                    findingsAt(setup, reading, matches, generated),
                                    reading.errors};
    for (const std::string &note : reading.notes)
      if (!is_contained(result.notes, note))
        result.notes.push_back(note);
    result.landmarks.merge(reading.landmarks);
    result.generated.merge(generated);
    result.originals.merge(reading.originals);
  }
  noteGenerated(result.generated, result.notes);
  result.bindings = allBindings(setup.project, result.originals, result.generated);
  noteBindings(result.bindings, result.notes);
  for (Floor floor : floors)
    result.floors.push_back(std::move(found[floor]));
  result.project = std::move(setup.project);
  return result;
}

} // namespace abi3ify
