#include "analysis.h"
#include "abi3ify/match.h"
#include "abi3ify/selection.h"
#include "abi3ify/settle.h"
#include "nolint.h"
#include "clang/Frontend/CompilerInvocation.h"
#include "clang/Lex/PreprocessorOptions.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/VirtualFileSystem.h"

using namespace llvm;

namespace abi3ify::tidy {
namespace {

/// A check with its floor.
struct Asked {
  Floor floor;
  bool review = false;
};

class Analyser {
public:
  Analyser(const RunningCompiler &compiler, ArrayRef<Wish> wishes)
      : compiler(compiler), wishes(wishes) {}

  Analysis run() {
    auto read = readSettings(sys::path::parent_path(compiler.file).str());
    if (!read)
      return problem(toString(read.takeError()));
    settings = std::move(*read);
    auto chosen = Selection::parse(allRules(), {}, settings.ignore, settings.perFileIgnores);
    if (!chosen)
      return problem(toString(chosen.takeError()));
    selection = std::move(*chosen);
    auto minor = readHeaderVersion(compiler.pythonFolder);
    if (!minor)
      return problem(toString(minor.takeError()));
    headers = {compiler.pythonFolder, "", *minor};
    for (const Wish &wish : wishes)
      ask(wish);
    if (asked.empty())
      return std::move(result);
    for (const auto &rule : allRules().all())
      if (!rule->optional || asked.count(rule->id))
        cantFail(rules.add(*rule));
    if (readUnit())
      judge();
    return std::move(result);
  }

private:
  Analysis problem(std::string text) {
    result.problems.push_back(std::move(text));
    return std::move(result);
  }
  void note(std::string text) {
    if (!is_contained(result.problems, text))
      result.problems.push_back(std::move(text));
  }

  void ask(const Wish &wish) {
    std::string target = wish.target.empty() ? settings.target.value_or("") : wish.target;
    if (target.empty())
      return note("no floor: set the option Target of the abi3 checks, for example '3.11', or "
                  "target under [tool.abi3ify] in pyproject.toml; 'abi3ify init --clang-tidy' "
                  "writes it");
    auto floor = parseFloor(target);
    if (!floor)
      return note(toString(floor.takeError()));
    if (floor->minor > headers.minor)
      return note("the floor " + floor->str() + " is above the headers in " + headers.include +
                  ", of 3." + std::to_string(headers.minor) +
                  "; give the compile commands those of a newer CPython");
    asked[wish.rule] = {*floor, wish.review};
  }

  /// The project that the command line would see from this unit alone.
  void makeProject() {
    Command command;
    command.directory = compiler.files->getCurrentWorkingDirectory().get();
    command.file = compiler.file;
    command.cxx = compiler.cxx;
    command.invocation = compiler.invocation;
    command.files = compiler.files;
    for (const auto &[macro, undefined] : compiler.invocation->getPreprocessorOpts().Macros)
      command.args.push_back((undefined ? "-U" : "-D") + macro);
    project.commands = {command};
    project.headers = {headers};
    project.headersAreInCommands = true;
    std::string root = repositoryOf(compiler.file);
    project.roots = {root.empty() ? sys::path::parent_path(compiler.file).str() : realPath(root)};
    project.listed = {compiler.file};
  }

  bool readUnit() {
    makeProject();
    NormalHeader normal = normalHeader(rules);
    MatchContext context;
    context.project = &project;
    context.rules = &rules;
    context.normalHeader = &normal;
    std::set<Floor> floors;
    for (const auto &[rule, one] : asked)
      floors.insert(one.floor);
    UnitMatches unit =
        matchUnit(project.commands.front(), context, std::vector(floors.begin(), floors.end()));
    for (const std::string &text : unit.notes)
      note(text);
    if (const Diagnostic *error = unit.parse.firstError()) {
      note(compiler.file + " does not parse with the full API, so its uses are not known: " +
           error->message);
      return false;
    }
    reading.floors = std::move(unit.floors);
    reading.skipped.push_back(std::move(unit.skipped));
    std::set<std::string> files = {compiler.file};
    for (const std::string &file : unit.parse.filesRead)
      if (project.owns(file))
        files.insert(file);
    for (const std::string &file : files)
      if (auto buffer = compiler.files->getBufferForFile(file))
        reading.originals[file] = (*buffer)->getBuffer().str();
    reading.units.push_back({&project.commands.front(), std::move(unit.parse.filesRead)});
    return true;
  }

  /// What is found at the floor of each check. What no check asks for is kept
  /// beside it, because it may be a member of a group.
  void judge() {
    bool clinic = is_contained(settings.generated, "clinic");
    GeneratedFiles generated = findGenerated(reading.originals, clinic);
    SettleOptions options;
    options.editsClinic = clinic;
    options.roots = project.roots;
    for (const FloorMatches &matches : reading.floors) {
      bool first = &matches == &reading.floors.front();
      for (Finding &finding : settle(reading, matches, rules, generated, options).findings)
        if (auto one = asked.find(finding.rule);
            one == asked.end() ? first : one->second.floor == matches.floor)
          findings.push_back(std::move(finding));
    }
    std::vector<bool> wanted;
    for (const Finding &finding : findings)
      wanted.push_back(isReported(finding) && whyNoFix(finding).empty());
    keepGroupsWhole(findings, wanted);
    Edits edits = composeEdits(findings, wanted, reading.originals);
    report(wanted, jointEdits(findings, wanted, edits, reading.originals));
  }

  bool isReported(const Finding &finding) const {
    return asked.count(finding.rule) && selection.holds(finding) &&
           is_contained({State::Fixable, State::Manual, State::Failed, State::Advice,
                         State::Unseen},
                        finding.state) &&
           !isNolinted(textOf(finding), finding.range.begin, CheckPrefix.str() + finding.rule);
  }

  /// Why a finding that has an edit gets no fix here; empty if it does.
  std::string whyNoFix(const Finding &finding) const {
    if (finding.state != State::Fixable || !finding.hasEdit())
      return finding.reason.empty() ? std::string("no rule has an edit for it") : finding.reason;
    if (finding.rule == StaticTypeRule)
      return "'abi3ify migrate' makes it a heap type, which takes a look at all sources";
    for (const Rewrite &rewrite : finding.rewrites)
      if (rewrite.file != compiler.file)
        return "'abi3ify migrate' edits " + sys::path::filename(rewrite.file).str() +
               ", which other sources may read";
    if (finding.safety == Safety::Review && !asked.at(finding.rule).review)
      return "its fix is for review" + (finding.reason.empty() ? "" : " (" + finding.reason + ")") +
             "; the option Review makes it";
    return {};
  }

  void report(const std::vector<bool> &wanted, std::vector<JointEdits> sets) {
    std::map<unsigned, JointEdits *> setOf;
    for (JointEdits &set : sets)
      for (unsigned i : set.findings)
        setOf[i] = &set;
    for (unsigned i = 0; i < findings.size(); ++i) {
      const Finding &finding = findings[i];
      if (!isReported(finding))
        continue;
      Report report = {finding.file, finding.range, finding.rule, finding.message, {}};
      if (!wanted[i]) {
        std::string why = whyNoFix(finding);
        report.message += "; " + (why.empty() ? "its edit goes with one that is not made" : why);
      } else if (JointEdits &set = *setOf[i]; set.findings.front() == i) {
        report.edits = std::move(set.edits);
        if (finding.safety == Safety::Review && !finding.reason.empty())
          report.message += "; for review: " + finding.reason;
      } else
        report.message += "; fixed together with line " + lineOf(findings[set.findings.front()]);
      result.reports.push_back(std::move(report));
    }
  }

  StringRef textOf(const Finding &finding) const {
    auto text = reading.originals.find(finding.file);
    return text == reading.originals.end() ? StringRef() : StringRef(text->second);
  }
  std::string lineOf(const Finding &finding) const {
    return std::to_string(textOf(finding).take_front(finding.range.begin).count('\n') + 1);
  }

  const RunningCompiler &compiler;
  ArrayRef<Wish> wishes;
  Settings settings;
  Selection selection;
  PythonHeaders headers;
  std::map<std::string, Asked> asked;
  RuleSet rules;
  Project project;
  Reading reading;
  std::vector<Finding> findings;
  Analysis result;
};

} // namespace

const RuleSet &allRules() {
  static RuleSet rules = cantFail(loadRules(""));
  return rules;
}

Analysis analyse(const RunningCompiler &compiler, ArrayRef<Wish> wishes) {
  return Analyser(compiler, wishes).run();
}

} // namespace abi3ify::tidy
