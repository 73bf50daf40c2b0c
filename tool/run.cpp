#include "abi3ify/run.h"
#include "abi3ify/generated.h"
#include "abi3ify/match.h"
#include "abi3ify/parallel.h"
#include "abi3ify/suppress.h"
#include "abi3ify/verify.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Threading.h"
#include <algorithm>
#include <atomic>

using namespace llvm;

namespace abi3ify {
namespace {

class Run {
public:
  explicit Run(const RunOptions &options) : options(options) {
    jobs = options.jobs ? options.jobs : std::max(1u, unsigned(hardware_concurrency().compute_thread_count()));
  }

  Expected<RunResult> all() {
    // Bad rules must be known before any work is done.
    if (Error error = loadAllRules())
      return std::move(error);
    auto project = findProject(options.project);
    if (!project)
      return project.takeError();
    result.project = std::move(*project);
    result.notes = result.project.notes;
    if (Error error = chooseHeaders())
      return std::move(error);
    // Every unit is looked at before any edit, because a header's edit must
    // suit all of them.
    matchUnits();
    // The texts come second: only now it is known which files were read.
    readTexts();
    findUnseenUses();
    // From here on each use has its state; generated code and suppressed
    // lines lose their edits.
    setAsideGenerated();
    protectWhatIsHalfKnown();
    suppress();
    // What is wanted is proved; what fails is dropped and said.
    makeAndVerifyEdits();
    // Only now, because what was not asked for still explains errors.
    applySelection();
    sort(result.findings, [](const Finding &a, const Finding &b) {
      return std::tie(a.file, a.range, a.rule) < std::tie(b.file, b.range, b.rule);
    });
    return std::move(result);
  }

private:
  Error loadAllRules() {
    auto loaded = loadRules(options.rulesFolder);
    if (!loaded)
      return loaded.takeError();
    rules = std::move(*loaded);
    std::vector<std::string> ids = options.select;
    ids.insert(ids.end(), options.ignore.begin(), options.ignore.end());
    if (Error error = checkRuleIds(rules, ids))
      return error;
    rules.filter([&](const Rule &rule) {
      return !rule.optional || is_contained(options.select, rule.id);
    });
    header = normalHeader(rules);
    return Error::success();
  }

  /// The lowest and the newest headers from the floor on.
  Error chooseHeaders() {
    std::string atHand;
    for (const PythonHeaders &headers : result.project.headers) {
      atHand += (atHand.empty() ? "" : ", ") + ("3." + std::to_string(headers.minor)) + " in " +
                headers.include;
      if (headers.minor < options.floor.minor)
        continue;
      if (!lowest || headers.minor < lowest->minor)
        lowest = &headers;
      if (!newest || headers.minor > newest->minor)
        newest = &headers;
    }
    if (lowest)
      return Error::success();
    return createStringError("the floor " + options.floor.str() + " is above the headers at hand (" +
                             atHand + "); give an interpreter of CPython " +
                             options.floor.str() + " or newer with --python");
  }

  void report(StringRef stage, size_t done, size_t all) const {
    if (options.progress)
      options.progress(stage, done, all);
  }

  void matchUnits() {
    MatchContext context;
    context.project = &result.project;
    context.rules = &rules;
    context.floor = options.floor;
    context.moduleState = options.moduleState;
    context.headers = headersOrCommands(lowest);
    context.normalHeader = &header;
    const auto &commands = result.project.commands;
    std::vector<UnitMatches> matches(commands.size());
    std::atomic<size_t> done = 0;
    parallelFor(jobs, commands.size(), [&](size_t i) {
      matches[i] = matchUnit(commands[i], context);
      report("reading", ++done, commands.size());
    });

    std::vector<Finding> findings;
    std::vector<TypePart> types;
    for (size_t i = 0; i < matches.size(); ++i) {
      UnitMatches &unit = matches[i];
      llvm::append_range(result.notes, unit.notes);
      for (const std::string &file : unit.parse.filesRead)
        if (result.project.owns(file))
          readFiles.insert(file);
      if (const Diagnostic *error = unit.parse.firstError()) {
        // Half an AST would give half of the findings as if it were all.
        result.errors.push_back({unit.file, describe(*error)});
        for (const std::string &file : unit.parse.filesRead)
          readByBroken.try_emplace(file, unit.file);
        continue;
      }
      for (auto &[file, ranges] : unit.outOfLimit)
        llvm::append_range(outOfLimit[file], ranges);
      for (auto &[file, offsets] : unit.seen)
        seen[file].insert(offsets.begin(), offsets.end());
      llvm::append_range(findings, unit.findings);
      llvm::append_range(types, unit.types);
      units.push_back({&commands[i], std::move(unit.parse.filesRead)});
    }
    result.findings = mergeMatches(std::move(findings), types);
  }

  /// Headers that came out of the commands need no flag of ours.
  const PythonHeaders *headersOrCommands(const PythonHeaders *headers) const {
    return result.project.headersAreInCommands ? nullptr : headers;
  }

  std::string describe(const Diagnostic &error) {
    if (error.places.empty())
      return error.message;
    const DiagnosticPlace &place = error.places.back();
    auto buffer = MemoryBuffer::getFile(place.file);
    unsigned line = 1;
    if (buffer)
      line += (*buffer)->getBuffer().take_front(place.offset).count('\n');
    return place.file + ":" + std::to_string(line) + ": " + error.message;
  }

  void readTexts() {
    std::set<std::string> files = readFiles;
    files.insert(result.project.listed.begin(), result.project.listed.end());
    for (const std::string &file : files) {
      auto buffer = MemoryBuffer::getFile(file, /*IsText=*/false,
                                          /*RequiresNullTerminator=*/false);
      if (!buffer)
        result.errors.push_back({file, file + ": " + buffer.getError().message()});
      else
        result.originals[file] = (*buffer)->getBuffer().str();
    }
  }

  void findUnseenUses() {
    // A source that did not parse has been looked at by nobody.
    std::set<std::string> broken;
    for (const SourceError &error : result.errors)
      broken.insert(error.file);
    for (const auto &[file, text] : result.originals) {
      if (broken.count(file))
        continue;
      std::set<unsigned> known = seen[file];
      for (const Finding &finding : result.findings)
        if (finding.file == file)
          known.insert(finding.range.begin);
      findUnseen(file, text, rules, options.floor, known, outOfLimit[file], result.findings);
    }
  }

  void setAsideGenerated() {
    for (const auto &[file, text] : result.originals) {
      setAsideBlocks(file, text);
      auto generator = recogniseGenerator(file, text);
      if (!generator)
        continue;
      result.notes.push_back(file + ": made by " + generator->name.str() + "; " +
                             generator->advice.str());
      generated.insert_or_assign(file, *generator);
      for (Finding &finding : result.findings) {
        bool touches = finding.file == file ||
                       any_of(finding.rewrites, [&, &path = file](const Rewrite &rewrite) {
                         return rewrite.file == path;
                       });
        if (touches)
          setAside(finding, *generator);
      }
    }
  }

  static void setAside(Finding &finding, const Generator &generator) {
    finding.state = State::Generated;
    finding.rewrites.clear();
    finding.reason = ("made by " + generator.name + ": " + generator.advice).str();
  }

  /// Argument Clinic's output inside of a hand-written file has a checksum.
  void setAsideBlocks(const std::string &file, const std::string &text) {
    for (auto [begin, end] : clinicBlocks(text))
      for (Finding &finding : result.findings)
        if (finding.file == file && begin <= finding.range.begin && finding.range.begin < end)
          setAside(finding, Clinic);
  }

  /// A file that a broken source reads may be used there in a way that nobody
  /// has seen: it is not edited.
  void protectWhatIsHalfKnown() {
    for (Finding &finding : result.findings)
      for (const Rewrite &rewrite : finding.rewrites)
        if (auto broken = readByBroken.find(rewrite.file); broken != readByBroken.end()) {
          finding.state = State::Failed;
          finding.reason = broken->second + " also reads this file and cannot be parsed";
          break;
        }
  }

  bool isSelected(const Finding &finding) const {
    return (options.select.empty() || is_contained(options.select, finding.rule)) &&
           !is_contained(options.ignore, finding.rule);
  }

  void applySelection() {
    erase_if(result.findings, [&](const Finding &finding) { return !isSelected(finding); });
  }

  void suppress() {
    for (const auto &[file, text] : result.originals)
      llvm::append_range(result.complaints, applySuppressions(file, text, result.findings));
  }

  void makeAndVerifyEdits() {
    std::vector<bool> wanted;
    for (const Finding &finding : result.findings) {
      bool want = finding.state == State::Fixable && isSelected(finding);
      if (options.edit)
        want &= finding.safety == Safety::Safe || (options.review && finding.safety == Safety::Review);
      wanted.push_back(want);
    }
    keepGroupsWhole(wanted);
    Edits edits;
    if (options.edit || options.verify) {
      VerifyOptions verify;
      verify.project = &result.project;
      verify.floor = options.floor;
      verify.jobs = jobs;
      verify.headers = {headersOrCommands(lowest)};
      if (newest != lowest)
        verify.headers.push_back(newest);
      report("verifying", 0, 1);
      edits = verifyEdits(result.findings, wanted, units, result.originals, verify);
    } else
      edits = composeEdits(result.findings, wanted, result.originals);
    // What only the compiler found, in generated code.
    for (Finding &finding : result.findings)
      if (auto made = generated.find(finding.file);
          made != generated.end() && finding.state == State::Manual)
        setAside(finding, made->second);
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

  /// What lies between the pieces that were copied.
  static std::vector<TextEdit> textEdits(const EditedFile &edited, size_t oldSize) {
    std::vector<TextEdit> list;
    unsigned at = 0;
    std::string text;
    auto close = [&](unsigned end) {
      if (end > at || !text.empty())
        list.push_back({{at, end}, text});
      text.clear();
    };
    for (const Piece &piece : edited.pieces) {
      // What was moved or stands there twice is new text, too.
      if (piece.finding >= 0 || piece.source < at) {
        text += edited.text.substr(piece.begin, piece.length);
        continue;
      }
      close(piece.source);
      at = piece.source + piece.length;
    }
    close(oldSize);
    return list;
  }

  /// A group with a member that is not wanted stays as it is.
  void keepGroupsWhole(std::vector<bool> &wanted) const {
    std::set<std::string> broken;
    for (size_t i = 0; i < wanted.size(); ++i)
      if (!wanted[i] && !result.findings[i].group.empty())
        broken.insert(result.findings[i].group);
    for (size_t i = 0; i < wanted.size(); ++i)
      if (broken.count(result.findings[i].group))
        wanted[i] = false;
  }

  const RunOptions &options;
  unsigned jobs;
  RuleSet rules;
  NormalHeader header;
  const PythonHeaders *lowest = nullptr, *newest = nullptr;
  RunResult result;
  std::set<std::string> readFiles;
  SeenTokens seen;
  std::map<std::string, std::vector<Range>> outOfLimit;
  std::map<std::string, Generator> generated; ///< file -> who made it
  std::map<std::string, std::string> readByBroken; ///< file -> a source that reads it
  std::vector<UnitFiles> units;
};

} // namespace

StringRef name(State state) {
  switch (state) {
  case State::Fixable: return "fixable";
  case State::Fixed: return "fixed";
  case State::Failed: return "failed";
  case State::Manual: return "manual";
  case State::Suppressed: return "suppressed";
  case State::Unseen: return "unseen";
  case State::Generated: return "generated";
  }
  llvm_unreachable("unknown state");
}

Error checkRuleIds(const RuleSet &rules, ArrayRef<std::string> ids) {
  for (const std::string &id : ids) {
    if (id == NoRule || rules.find(id))
      continue;
    const Rule *nearest = nullptr;
    unsigned best = 4;
    for (const auto &rule : rules.all())
      if (unsigned distance = StringRef(rule->id).edit_distance(id, true, best); distance < best) {
        best = distance;
        nearest = rule.get();
      }
    return createStringError("no rule is called '" + id + "'" +
                             (nearest ? "; did you mean '" + nearest->id + "'?"
                                      : "; 'abi3ify rules' lists them"));
  }
  return Error::success();
}

Expected<RunResult> run(const RunOptions &options) { return Run(options).all(); }

} // namespace abi3ify
