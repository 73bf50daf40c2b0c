// Examples are put together into as few translation units as possible, each in
// a function of its own between two marker comments, and looked at with every
// header set and every floor that these headers reach.
#include "abi3ify/examples.h"
#include "abi3ify/edits.h"
#include "abi3ify/facts.h"
#include "abi3ify/left-out.h"
#include "abi3ify/match.h"
#include "abi3ify/parallel.h"
#include "llvm/ADT/StringExtras.h"
#include <mutex>

using namespace llvm;

namespace abi3ify {
namespace {

/// Ends what stands in front of a unit's examples: includes, and later helpers.
constexpr StringLiteral ExamplesBegin = "/*<*/\n";

struct Case {
  const Rule *rule;
  const Example *example;
  unsigned number;

  std::string opening() const { return "/*<" + std::to_string(number) + "*/"; }
  std::string closing() const { return "/*" + std::to_string(number) + ">*/"; }
  std::string where() const { return rule->file + ":" + std::to_string(example->line) + ": "; }
  /// A whole file that includes what it needs itself.
  bool isWholeFile() const {
    return StringRef(example->before).contains("#include") && example->fileScope;
  }
};

/// What an example must give at a floor.
enum class Expect { Skip, After, Manual, Unchanged };

/// Whether the rule fires at all: always, or the floor lacks one of its names.
bool fires(const Rule &rule, Floor floor) {
  if (!rule.speaksAt(floor) || !isFor(rule.target, floor))
    return false;
  if (rule.always || rule.names.empty() || rule.kind == MatchKind::Field)
    return true;
  return any_of(rule.names, [&](const std::string &name) {
    return !facts().find(name) || facts().lacking(name, floor);
  });
}

Expect expectation(const Case &test, Floor floor, Minor headers) {
  const Example &example = *test.example;
  const Rule &rule = *test.rule;
  if (headers < std::max(rule.headersFrom, example.headersFrom) ||
      headers > std::min(rule.headersUntil, example.headersUntil))
    return Expect::Skip;
  if (example.floor && *example.floor != floor)
    return Expect::Skip;
  if (example.unchanged)
    return Expect::Unchanged;
  if (!fires(rule, floor))
    return example.floor ? Expect::After : Expect::Unchanged;
  if (example.manual)
    return Expect::Manual;
  if (example.floor || rule.forms.empty())
    return Expect::After;
  // The forms are sorted: the newest one is what an example without a floor
  // shows; where it does not hold yet, the next one or a finding takes over.
  if (rule.forms.front().holdsAt(floor))
    return Expect::After;
  bool older = any_of(rule.forms, [&](const Form &form) { return form.holdsAt(floor); });
  if (older)
    return Expect::Skip;
  return rule.always && rule.kind != MatchKind::Field ? Expect::Unchanged : Expect::Manual;
}

/// The floor that shows best what an example says; nothing if none does.
std::optional<Floor> floorOf(const Case &test, Minor headers) {
  std::vector<Floor> floors = floorsFrom(OldestFloor);
  erase_if(floors, [&](Floor floor) { return floor.minor > headers; });
  stable_sort(floors, [](Floor a, Floor b) {
    return std::pair(a.abi3t, b.minor) < std::pair(b.abi3t, a.minor);
  });
  Expect wanted = test.example->unchanged ? Expect::Unchanged
                  : test.example->manual  ? Expect::Manual
                                          : Expect::After;
  for (Expect expect : {wanted, Expect::After, Expect::Manual, Expect::Unchanged})
    for (Floor floor : floors)
      if (expectation(test, floor, headers) == expect)
        return floor;
  return std::nullopt;
}

std::string unitText(ArrayRef<Case> cases) {
  if (cases.size() == 1 && cases[0].isWholeFile())
    return cases[0].opening() + "\n" + cases[0].example->before + "\n" + cases[0].closing() + "\n";
  std::string text = "#define PY_SSIZE_T_CLEAN\n#include <Python.h>\n#include <structmember.h>\n"
                     "#include <datetime.h>\n"
                     "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n"
                     "#include <errno.h>\n#include <ctype.h>\n#include <unistd.h>\n" +
                     ExamplesBegin.str();
  for (const Case &test : cases) {
    const Example &example = *test.example;
    std::string body = test.opening() + "\n" + StringRef(example.before).rtrim().str() + "\n" +
                       test.closing() + "\n";
    std::string top = example.top.empty() ? "" : StringRef(example.top).rtrim().str() + "\n";
    if (example.fileScope)
      text += top + (example.given.empty() ? "" : example.given + "\n") + body;
    else if (cases.size() > 1)
      // Inside of the function the names of one example do not meet another's.
      text += "void example_" + std::to_string(test.number) + "(void) {\n" + top +
              (example.given.empty() ? "" : example.given + "\n") + body + "}\n";
    else
      text += top + "void example_" + std::to_string(test.number) + "(void) {\n" +
              (example.given.empty() ? "" : example.given + "\n") + body + "}\n";
  }
  return text;
}

/// The text between the markers of an example.
std::optional<StringRef> between(StringRef text, const Case &test) {
  size_t begin = text.find(test.opening()), end = text.find(test.closing());
  if (begin == StringRef::npos || end == StringRef::npos)
    return std::nullopt;
  begin += test.opening().size();
  return text.slice(begin, end);
}

class Runner {
public:
  Runner(const RuleSet &all, const RuleSet &tested, ArrayRef<PythonHeaders> headers, unsigned jobs)
      : all(all), headers(headers), jobs(jobs), normal(normalHeader(all)) {
    unsigned number = 0;
    for (const auto &rule : tested.all())
      for (const Example &example : rule->examples)
        cases.push_back({rule.get(), &example, ++number});
    for (const Case &test : cases)
      for (const auto &[name, text] : test.example->beside)
        if (auto [known, added] = beside.try_emplace(folder + "/" + name, text);
            !added && known->second != text)
          fail(test.where() + "another example has a different '" + name + "' beside it");
    project.roots = {folder};
  }

  ExampleReport run() {
    struct Job {
      const PythonHeaders *headers;
      bool cxx;
      std::vector<Case> unit;
    };
    std::vector<Job> work;
    // How examples share units depends on the headers only.
    parallelFor(jobs, headers.size() * 2, [&](size_t i) {
      const PythonHeaders &header = headers[i / 2];
      auto units = divide(cases, header, i % 2);
      std::lock_guard lock(mutex);
      for (auto &unit : units)
        work.push_back({&header, i % 2 == 1, std::move(unit)});
    });
    // The large units first, so that no core waits for one at the end.
    stable_sort(work, [](const Job &a, const Job &b) { return a.unit.size() > b.unit.size(); });
    parallelFor(jobs, work.size(), [&](size_t i) {
      FullParses known;
      for (Floor floor : floorsFrom(OldestFloor))
        if (floor.minor <= work[i].headers->minor)
          runUnit(work[i].unit, work[i].cxx, *work[i].headers, floor, known);
    });
    llvm::sort(report.failures);
    report.failures.erase(std::unique(report.failures.begin(), report.failures.end()),
                          report.failures.end());
    return std::move(report);
  }

  /// How the examples share sources with one header set.
  std::vector<ExampleSource> sources(StringRef only) {
    const PythonHeaders &header = headers.front();
    std::vector<ExampleSource> list;
    std::map<Floor, std::vector<Case>> byFloor;
    for (const Case &test : cases)
      if (auto floor = floorOf(test, header.minor))
        byFloor[*floor].push_back(test);
    for (const auto &[floor, some] : byFloor)
      for (bool cxx : {false, true})
        for (const std::vector<Case> &unit : divide(some, header, cxx)) {
          ExampleSource source = {floor, cxx, only.str(), unitText(unit), {}, {}};
          for (const Case &test : unit) {
            source.rules.push_back(test.rule->id);
            source.beside.insert(test.example->beside.begin(), test.example->beside.end());
          }
          list.push_back(std::move(source));
        }
    return list;
  }

private:
  /// Parses with the full API, by text: most floors give the same text.
  using FullParses = std::map<std::string, ParseResult>;

  std::string fileFor(bool cxx) const { return folder + (cxx ? "/example.cpp" : "/example.c"); }

  Command commandFor(bool cxx) const {
    Command command;
    command.directory = "/";
    command.file = fileFor(cxx);
    command.cxx = cxx;
    command.args = {cxx ? "-std=gnu++17" : "-std=gnu11"};
    return command;
  }

  /// The file of a unit, and the headers that examples have beside them.
  Texts filesWith(const std::string &file, const std::string &text) const {
    Texts texts = beside;
    texts[file] = text;
    return texts;
  }

  ParseResult parse(const std::string &text, bool cxx, const PythonHeaders &header, Floor floor,
                    Mode mode) const {
    Command command = commandFor(cxx);
    Texts texts = filesWith(command.file, text);
    ParseRequest request;
    request.command = &command;
    request.mode = mode;
    request.floor = floor;
    request.headers = &header;
    request.normalHeader = &normal;
    request.texts = &texts;
    return parseUnit(request);
  }

  /// Few units for the examples of a language: those that contradict the ones
  /// before them (another type for the same extern name) go into the next one.
  std::vector<std::vector<Case>> divide(ArrayRef<Case> some, const PythonHeaders &header,
                                        bool cxx) const {
    std::vector<Case> waiting;
    std::vector<std::vector<Case>> units;
    for (const Case &test : some) {
      bool holds = header.minor >= std::max(test.rule->headersFrom, test.example->headersFrom) &&
                   header.minor <= std::min(test.rule->headersUntil, test.example->headersUntil);
      if (test.example->cxx != cxx || !holds)
        continue;
      if (test.isWholeFile())
        units.push_back({test});
      else
        waiting.push_back(test);
    }
    std::vector<std::vector<Case>> groups = {std::move(waiting)};
    while (!groups.empty()) {
      std::vector<Case> together = std::move(groups.back()), rest;
      groups.pop_back();
      for (std::set<unsigned> broken; !(broken = brokenOf(together, cxx, header)).empty();) {
        auto first = std::stable_partition(
            together.begin(), together.end(),
            [&](const Case &test) { return !broken.count(test.number); });
        rest.insert(rest.end(), first, together.end());
        together.erase(first, together.end());
      }
      if (!together.empty())
        units.push_back(std::move(together));
      else if (rest.size() == 1)
        units.push_back(std::move(rest));
      else if (!rest.empty()) { // each contradicts another: try fewer
        auto middle = rest.begin() + rest.size() / 2;
        groups.emplace_back(middle, rest.end());
        rest.erase(middle, rest.end());
      }
      if (!rest.empty())
        groups.push_back(std::move(rest));
    }
    return units;
  }

  /// The numbers of those examples of a unit that do not compile in it.
  std::set<unsigned> brokenOf(ArrayRef<Case> unit, bool cxx, const PythonHeaders &header) const {
    std::set<unsigned> broken;
    if (unit.empty())
      return broken;
    std::string text = unitText(unit);
    Owners owners(text, unit);
    for (const Diagnostic &diagnostic : parse(text, cxx, header, {}, Mode::Full).diagnostics)
      if (diagnostic.isError() && !diagnostic.places.empty())
        broken.insert(owners.at(diagnostic.places.back().offset)->number);
    return broken;
  }

  /// Finds the example in whose part of a text an offset lies.
  class Owners {
  public:
    Owners(StringRef text, ArrayRef<Case> unit) : unit(unit) {
      begin = text.find(unit.front().opening());
      size_t at = 0;
      for (const Case &test : unit) {
        size_t end = text.find(test.closing(), at);
        at = end == StringRef::npos ? at : end + test.closing().size() + 2;
        ends.push_back(at);
      }
    }
    size_t begin = 0; ///< of the first example
    const Case *at(size_t offset) const {
      size_t index = std::lower_bound(ends.begin(), ends.end(), offset) - ends.begin();
      return &unit[std::min(index, unit.size() - 1)];
    }

  private:
    ArrayRef<Case> unit;
    std::vector<size_t> ends; ///< one behind each example's closing marker and brace
  };

  void runUnit(ArrayRef<Case> unit, bool cxx, const PythonHeaders &header, Floor floor,
               FullParses &known) {
    bool anything = any_of(unit, [&](const Case &test) {
      return expectation(test, floor, header.minor) != Expect::Skip;
    });
    if (!anything)
      return;
    std::string file = fileFor(cxx), text = unitText(unit);
    Command command = commandFor(cxx);
    std::string context = " (headers 3." + std::to_string(header.minor) + ", floor " +
                          floor.str() + ")";
    auto full = [&](const std::string &source) -> const ParseResult & {
      auto [it, added] = known.try_emplace(source);
      if (added)
        it->second = parse(source, cxx, header, floor, Mode::Full);
      return it->second;
    };
    for (const Diagnostic &diagnostic : full(text).diagnostics)
      if (diagnostic.isError()) {
        const Case *test = diagnostic.places.empty()
                               ? &unit.front()
                               : Owners(text, unit).at(diagnostic.places.back().offset);
        fail(test->where() + "before does not compile in full mode: " + diagnostic.message +
             " (headers 3." + std::to_string(header.minor) + ")");
        return;
      }

    std::vector<Finding> findings = match(command, text, header, floor);
    std::vector<bool> wanted;
    for (const Finding &finding : findings)
      wanted.push_back(finding.hasEdit());
    Edits edits = makeEdits(findings, wanted, {{file, text}});
    std::string after = edits.files.count(file) ? edits.files[file].text : text;

    checkHelpers(after, unit, cxx, header, floor, context);
    std::vector<Finding> second = match(command, after, header, floor);
    ParseResult limited = parse(after, cxx, header, floor, Mode::Limited);
    Owners owners(after, unit);
    for (const Case &test : unit) {
      Expect expect = expectation(test, floor, header.minor);
      if (expect == Expect::Skip)
        continue;
      count();
      check(test, expect, text, after, findings, context);
      if (expect != Expect::After)
        continue;
      for (const Finding &finding : second)
        if (finding.hasEdit() && owners.at(finding.range.begin) == &test)
          fail(test.where() + "a second run changes '" + finding.symbol + "' by rule " +
               finding.rule + context);
      checkCompiles(test, owners, full(after), "full", context);
      if (!floor.abi3t || !needsMore(test, text, findings))
        checkCompiles(test, owners, limited, "limited", context);
    }
  }

  /// Whether an example that was written for abi3 has more in it than its rule
  /// answers, such as a struct with PyObject_HEAD.
  static bool needsMore(const Case &test, StringRef before, ArrayRef<Finding> findings) {
    size_t begin = before.find(test.opening()), end = before.find(test.closing());
    for (StringRef part : {StringRef(test.example->top), StringRef(test.example->given)})
      if (size_t at = part.empty() ? StringRef::npos : before.take_front(begin).rfind(part.rtrim());
          at != StringRef::npos)
        begin = at;
    return any_of(findings, [&](const Finding &finding) {
      return finding.rule != test.rule->id && !finding.hasEdit() && begin <= finding.range.begin &&
             finding.range.begin < end;
    });
  }

  std::vector<Finding> match(const Command &command, const std::string &text,
                             const PythonHeaders &header, Floor floor) const {
    Texts texts = filesWith(command.file, text);
    MatchContext context;
    context.project = &project;
    context.rules = &all;
    context.headers = &header;
    context.normalHeader = &normal;
    context.texts = &texts;
    UnitMatches unit = matchUnit(command, context, floor);
    if (unit.floors.empty())
      return {};
    FloorMatches &matches = unit.floors.front();
    std::vector<Finding> findings = mergeMatches(std::move(matches.findings), matches.types);
    std::set<unsigned> seen = matches.seen[command.file];
    for (const Finding &finding : findings)
      seen.insert(finding.range.begin);
    findUnseen(command.file, text, all, floor, seen, matches.outOfLimit[command.file], findings);
    tieToTests(matches.leftOut, findings);
    std::vector<bool> wanted;
    for (const Finding &finding : findings)
      wanted.push_back(finding.hasEdit());
    LeftOutUses(findings, wanted);
    erase_if(findings, [&](const Finding &finding) { return finding.file != command.file; });
    return findings;
  }

  void check(const Case &test, Expect expect, StringRef before, StringRef after,
             ArrayRef<Finding> findings, const std::string &context) {
    auto written = between(after, test);
    if (!written) {
      fail(test.where() + "the edit took a marker comment away" + context);
      return;
    }
    StringRef result = written->trim("\n");
    std::string wanted = StringRef(expect == Expect::After && test.example->after
                                       ? *test.example->after
                                       : test.example->before).trim("\n").str();
    const Finding *mine = nullptr;
    size_t begin = before.find(test.opening()), end = before.find(test.closing());
    for (const Finding &finding : findings)
      if (finding.rule == test.rule->id && begin <= finding.range.begin &&
          finding.range.begin < end && (!mine || expect == Expect::Manual))
        if (expect != Expect::Manual || !finding.hasEdit())
          mine = &finding;
    switch (expect) {
    case Expect::Manual:
      if (!mine)
        fail(test.where() + "expected a finding for the author" + context);
      else if (mine->hasEdit())
        fail(test.where() + "expected no edit, found '" + result.str() + "'" + context);
      else if (test.example->manual && !StringRef(mine->reason).contains(*test.example->manual))
        fail(test.where() + "expected a reason with '" + *test.example->manual + "', found '" +
             mine->reason + "'" + context);
      return;
    case Expect::Unchanged:
      if (mine && test.example->unchanged)
        fail(test.where() + "expected no finding, found one: " + mine->message + context);
      if (test.example->unchanged && result != wanted)
        fail(test.where() + "expected no change, found '" + result.str() + "'" + context);
      return;
    case Expect::After:
      if (result != wanted)
        fail(test.where() + "expected '" + wanted + "', found '" + result.str() + "'" +
             (mine && !mine->hasEdit() ? " because " + mine->reason : "") + context);
      else if (test.example->safety && mine && mine->safety != *test.example->safety)
        fail(test.where() + "expected safety " + name(*test.example->safety).str() + ", found " +
             name(mine->safety).str() + context);
      return;
    case Expect::Skip:
      return;
    }
  }

  /// What was put in front of the examples is compiled with warnings.
  void checkHelpers(const std::string &after, ArrayRef<Case> unit, bool cxx,
                    const PythonHeaders &header, Floor floor, const std::string &context) {
    size_t end = after.find(ExamplesBegin);
    if (end == std::string::npos) // a whole file
      end = after.find(unit.front().opening());
    if (!StringRef(after).take_front(end).contains(("static inline")))
      return;
    Command command = commandFor(cxx);
    command.args.insert(command.args.end(), {"-Wextra", cxx ? "-std=c++11" : "-std=c99"});
    Texts texts = filesWith(command.file, after);
    for (Mode mode : {Mode::Full, Mode::Limited}) {
      ParseRequest request;
      request.command = &command;
      request.mode = mode;
      request.floor = floor;
      request.headers = &header;
      request.texts = &texts;
      for (const Diagnostic &diagnostic : parseUnit(request).diagnostics)
        if (!diagnostic.places.empty() && diagnostic.places.back().offset < end &&
            diagnostic.places.back().file == command.file)
          fail("a helper does not compile without a warning: " + diagnostic.message + " in '" +
               lineAt(after, diagnostic.places.back().offset).str() + "'" + context);
    }
  }

  static StringRef lineAt(StringRef text, unsigned offset) {
    size_t begin = text.take_front(offset).rfind('\n') + 1;
    return text.substr(begin).take_until([](char c) { return c == '\n'; }).trim();
  }

  void checkCompiles(const Case &test, const Owners &owners, const ParseResult &parsed,
                     const std::string &mode,
                     const std::string &context) {
    for (const Diagnostic &diagnostic : parsed.diagnostics)
      if (diagnostic.isError() && !diagnostic.places.empty() &&
          owners.at(diagnostic.places.back().offset) == &test &&
          diagnostic.places.back().offset >= owners.begin)
        fail(test.where() + "after does not compile in " + mode + " mode: " + diagnostic.message +
             context);
  }

  void fail(std::string message) {
    std::lock_guard lock(mutex);
    report.failures.push_back(std::move(message));
  }
  void count() {
    std::lock_guard lock(mutex);
    ++report.run;
  }

  const RuleSet &all;
  ArrayRef<PythonHeaders> headers;
  unsigned jobs;
  NormalHeader normal;
  Project project;
  std::vector<Case> cases;
  ExampleReport report;
  std::mutex mutex;
  const std::string folder = "/abi3ify/examples";
  Texts beside;
};

} // namespace

/// Calls `run` for the rules that work together, and for each optional one by
/// itself, because that changes what others leave alone.
static void eachRun(const RuleSet &all, const RuleSet &tested, ArrayRef<PythonHeaders> headers,
                    unsigned jobs, function_ref<void(Runner &, StringRef only)> run) {
  std::vector<const Rule *> optional = {nullptr};
  for (const auto &rule : tested.all())
    if (rule->optional)
      optional.push_back(rule.get());
  for (const Rule *only : optional) {
    RuleSet present, now;
    for (auto [from, to] : {std::pair(&all, &present), {&tested, &now}})
      for (const auto &rule : from->all())
        if (only ? rule->id == only->id || (from == &all && !rule->optional) : !rule->optional)
          cantFail(to->add(*rule));
    Runner runner(present, now, headers, jobs);
    run(runner, only ? StringRef(only->id) : StringRef());
  }
}

ExampleReport runExamples(const RuleSet &all, const RuleSet &tested,
                          ArrayRef<PythonHeaders> headers, unsigned jobs) {
  ExampleReport report;
  eachRun(all, tested, headers, jobs, [&](Runner &runner, StringRef) {
    ExampleReport part = runner.run();
    report.run += part.run;
    llvm::append_range(report.failures, part.failures);
  });
  return report;
}

std::vector<ExampleSource> exampleSources(const RuleSet &all, const PythonHeaders &headers) {
  std::vector<ExampleSource> sources;
  RuleSet tested;
  for (const auto &rule : all.all())
    cantFail(tested.add(*rule));
  eachRun(all, tested, headers, 1, [&](Runner &runner, StringRef only) {
    llvm::append_range(sources, runner.sources(only));
  });
  return sources;
}

} // namespace abi3ify
