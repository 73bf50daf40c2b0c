#include "abi3ify/build-macros.h"
#include "abi3ify/condition.h"
#include "abi3ify/facts.h"
#include "abi3ify/generated.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace abi3ify {
namespace {

constexpr StringRef LateRule = "limited-api-late";
constexpr StringRef ConflictRule = "limited-api-conflict";
constexpr StringRef ConstantRule = "redefined-constant";

/// A number, as macros have it; nothing for an expression.
std::optional<uint64_t> numberOf(StringRef text) {
  text = text.trim();
  while (text.consume_front("("))
    if (!text.consume_back(")"))
      return std::nullopt;
  text = text.trim();
  while (!text.empty() && StringRef("uUlL").contains(text.back()))
    text = text.drop_back();
  uint64_t number;
  if (text.empty() || text.getAsInteger(0, number))
    return std::nullopt;
  return number;
}

/// What a value of Py_LIMITED_API stands for; nothing if that cannot be said.
std::optional<Floor> limitOf(StringRef value) {
  if (value.trim().empty())
    return Floor{2};
  auto number = numberOf(value);
  if (!number)
    return std::nullopt;
  return Floor{*number < 0x03020000 ? 2 : unsigned(*number >> 16 & 0xFF)};
}

/// Why a limit is not the floor's.
std::string problemOf(StringRef value, Floor limit, Floor floor, Minor headers) {
  if (limit.minor == 2)
    return (value.trim().empty() ? std::string("without a value it stands for 3.2")
                                 : "the value " + value.trim().str() + " stands for 3.2") +
           ": what was added between that and " + floor.str() + " is hidden";
  if (limit.minor < floor.minor)
    return "it stands for " + limit.str() + ": what was added between that and the floor " +
           floor.str() + " is hidden";
  std::string text = "it stands for " + limit.str() + ", so the extension is not made for " +
                     floor.str();
  if (headers && limit.minor > headers)
    text += ", and the headers in use are those of 3." + std::to_string(headers);
  return text;
}

Minor headersOf(const MatchContext &context) {
  if (context.headers)
    return context.headers->minor;
  return context.project->headers.empty() ? 0 : context.project->headers.front().minor;
}

/// Why a macro does not go with the limit; null if it does.
const char *conflictOf(StringRef name, Floor floor) {
  if (name.starts_with("Py_BUILD_CORE"))
    return "it opens CPython's internal headers, which hold for one version only; do without "
           "them, or keep it out of the limited build with #ifndef Py_LIMITED_API";
  if (name == "Py_TRACE_REFS")
    return "headers of 3.10 to 3.12 refuse it together with Py_LIMITED_API, and it changes the "
           "layout of objects; leave it to the interpreter's own headers";
  if (name == "Py_GIL_DISABLED" && floor.minor < 15)
    return "a free-threaded interpreter has no stable ABI before 3.15, and headers of 3.13 and "
           "3.14 refuse it together with Py_LIMITED_API; leave it to the interpreter's own headers";
  return nullptr;
}

class BuildMacros {
public:
  BuildMacros(const Command &command, const PreprocessorFacts &preprocessor,
              const MatchContext &context, TextOf textOf, std::vector<Finding> &findings)
      : command(command), preprocessor(preprocessor), context(context), textOf(textOf),
        findings(findings) {}

  void check() {
    readFlags();
    for (const auto &[name, value] : flags)
      checkFlag(name, value);
    for (const DefineDirective &definition : preprocessor.definitions)
      checkDefinition(definition);
  }

private:
  /// -D and -U; the last one holds.
  void readFlags() {
    ArrayRef<std::string> args = command.args;
    for (size_t i = 0; i < args.size(); ++i) {
      StringRef arg = args[i];
      bool defines = arg.consume_front("-D");
      if (!defines && !arg.consume_front("-U"))
        continue;
      if (arg.empty() && i + 1 < args.size())
        arg = args[++i];
      auto [name, value] = arg.split('=');
      flags.erase(name.str());
      if (defines)
        flags[name.str()] = arg.contains('=') ? value.str() : "1";
    }
  }

  /// A flag stands in no source: the finding names the unit that it was seen
  /// in, and is the same in all that have it.
  void checkFlag(const std::string &name, const std::string &value) {
    std::string flag = "-D" + name + "=" + value;
    auto report = [&](StringRef rule) -> Finding * {
      auto finding = findingAt(context, rule, command.file, {0, 0}, flag);
      if (!finding)
        return nullptr;
      finding->message = flag + ", a flag of " + sys::path::filename(command.file).str() +
                         (rule == ConflictRule ? ", does not go with the Limited API"
                                               : ", is not Py_LIMITED_API=" +
                                                     context.floor.limitedApi());
      findings.push_back(std::move(*finding));
      return &findings.back();
    };
    if (name == "Py_LIMITED_API") {
      auto limit = limitOf(value);
      if (!limit || limit->minor == context.floor.minor)
        return;
      if (Finding *finding = report(LimitValueRule)) {
        finding->reason = problemOf(value, *limit, context.floor, headersOf(context)) +
                          "; it is for the build settings";
        // Any floor but the one that is built now has it.
        if (limit->minor > 2 && limit->minor <= headersOf(context))
          finding->state = State::Advice;
      }
    } else if (const char *conflict = conflictOf(name, context.floor))
      if (Finding *finding = report(ConflictRule))
        finding->reason = conflict;
  }

  void checkDefinition(const DefineDirective &definition) {
    if (definition.name == "Py_LIMITED_API") {
      if (definition.afterPython)
        return checkLate(definition);
      if (!flags.count(definition.name))
        checkValue(definition);
    } else if (const char *conflict = conflictOf(definition.name, context.floor)) {
      if (auto finding = findingAt(context, ConflictRule, definition.file, definition.range,
                                   definition.name)) {
        finding->message = definition.name + " does not go with the Limited API";
        finding->reason = conflict;
        findings.push_back(std::move(*finding));
      }
    }
  }

  void checkLate(const DefineDirective &definition) {
    auto finding = findingAt(context, LateRule, definition.file, definition.range, definition.name);
    if (!finding)
      return;
    finding->reason = "the headers have been read without it; define it in front of the first "
                      "#include that leads to Python.h, or among the compiler's flags";
    findings.push_back(std::move(*finding));
  }

  void checkValue(const DefineDirective &definition) {
    StringRef value = textOf(definition.file).slice(definition.body.begin, definition.body.end);
    auto limit = limitOf(value);
    if (!limit || limit->minor == context.floor.minor)
      return;
    auto finding = findingAt(context, LimitValueRule, definition.file,
                             value.empty() ? definition.range : definition.body, definition.name);
    if (!finding)
      return;
    finding->message = "Py_LIMITED_API is not that of the floor " + context.floor.str();
    finding->reason = problemOf(value, *limit, context.floor, headersOf(context));
    Rewrite rewrite;
    rewrite.file = definition.file;
    rewrite.extent = definition.body;
    rewrite.to = (definition.body.size() ? "" : " ") + context.floor.limitedApi();
    rewrite.anew = true;
    finding->rewrites.push_back(std::move(rewrite));
    finding->safety = Safety::Review;
    findings.push_back(std::move(*finding));
  }

  const Command &command;
  const PreprocessorFacts &preprocessor;
  const MatchContext &context;
  TextOf textOf;
  std::vector<Finding> &findings;
  std::map<std::string, std::string> flags;
};

} // namespace

std::optional<Finding> findingAt(const MatchContext &context, StringRef rule,
                                 const std::string &file, Range range, StringRef symbol) {
  const Rule *known = context.rules->find(rule);
  if (!known || !known->speaksAt(context.floor))
    return std::nullopt;
  Finding finding;
  finding.file = file;
  finding.range = range;
  finding.rule = known->id;
  finding.symbol = symbol.str();
  finding.message = known->title;
  if (const std::string *reason = known->reasonFor(Use::Value, context.floor))
    finding.reason = *reason;
  if (known->advice)
    finding.state = State::Advice;
  return finding;
}

void checkBuildMacros(const Command &command, const PreprocessorFacts &preprocessor,
                      const MatchContext &context, TextOf textOf,
                      std::vector<Finding> &findings) {
  // A unit without Python.h is no matter of the limit.
  if (preprocessor.pythonInclude.isValid())
    BuildMacros(command, preprocessor, context, textOf, findings).check();
}

/// Whether a macro of Python's is given a value by the project. Shims with
/// parameters are judged by what they hold; another name is no value.
static bool isOwnValue(StringRef name, StringRef body) {
  const Fact *fact = facts().find(name);
  if (!fact || name == "Py_LIMITED_API")
    return false;
  if (name == "PyObject_HEAD" || name == "PyObject_VAR_HEAD")
    return true;
  return (fact->kind == "const" || fact->kind == "macro") && body != "0" && any_of(body, isDigit) &&
         none_of(body, [](char c) { return c == '"' || c == ';' || c == '{'; });
}

/// `#ifndef NAME`, `#define NAME 1`: what newer headers skip, and the limit may
/// not, because it hides their NAME.
static std::optional<Range> definedBehind(StringRef text, const ConditionDirective &condition,
                                          Floor floor) {
  StringRef line = text.slice(condition.range.begin, condition.range.end);
  if (!line.consume_front("ifndef"))
    return std::nullopt;
  StringRef name = line.ltrim().take_while([](char c) { return isAlnum(c) || c == '_'; });
  std::vector<Range> branches = branchesBehind(text, condition.range.end);
  // What the limit shows, a guard leaves alone.
  if (name.empty() || branches.empty() || !facts().lacking(name, floor))
    return std::nullopt;
  StringRef branch = text.slice(branches.front().begin, branches.front().end).trim();
  if (!branch.consume_front("#"))
    return std::nullopt;
  branch = branch.ltrim();
  if (!branch.consume_front("define"))
    return std::nullopt;
  branch = branch.ltrim();
  unsigned begin = branch.data() - text.data();
  if (!branch.consume_front(name) || branch.empty() || !isSpace(branch.front()))
    return std::nullopt;
  branch = branch.take_until([](char c) { return c == '\n'; }).split("/*").first.split("//").first;
  if (!isOwnValue(name, branch.trim()))
    return std::nullopt;
  return Range{begin, unsigned(begin + name.size())};
}

void checkRedefinitions(const PreprocessorFacts &preprocessor, const MatchContext &context,
                        TextOf textOf, std::vector<Finding> &findings) {
  std::set<std::pair<std::string, Range>> places;
  for (const DefineDirective &definition : preprocessor.definitions)
    if (!definition.function &&
        isOwnValue(definition.name, textOf(definition.file)
                                        .slice(definition.body.begin, definition.body.end)))
      places.insert({definition.file, definition.range});
  for (const ConditionDirective &condition : preprocessor.conditions)
    if (auto range = definedBehind(textOf(condition.file), condition, context.floor))
      places.insert({condition.file, *range});
  for (const auto &[file, range] : places)
    if (StringRef text = textOf(file); !recogniseGenerator(file, text))
      if (auto finding = findingAt(context, ConstantRule, file, range,
                                   text.slice(range.begin, range.end))) {
        if (!facts().lacking(finding->symbol, context.floor))
          finding->reason = context.floor.api().str() + " has it at this floor, and its value is "
                            "CPython's to change; leave out the #define";
        findings.push_back(std::move(*finding));
      }
}

} // namespace abi3ify
