#include "abi3ify/verify.h"
#include "abi3ify/helpers.h"
#include "abi3ify/parallel.h"
#include "abi3ify/unit-cache.h"
#include "abi3ify/unit.h"
#include "llvm/ADT/StringExtras.h"
#include <algorithm>

using namespace llvm;

namespace abi3ify {
namespace {

/// A diagnostic by what it says and by the line, in the original file, that it
/// speaks of. Offsets inside of a line change with the edits on it.
struct Key {
  std::string file, message;
  unsigned line = 0;
  auto operator<=>(const Key &) const = default;
};

class Lines {
public:
  explicit Lines(StringRef text) {
    for (size_t at = text.find('\n'); at != StringRef::npos; at = text.find('\n', at + 1))
      ends.push_back(at);
  }
  unsigned of(unsigned offset) const {
    return std::lower_bound(ends.begin(), ends.end(), offset) - ends.begin() + 1;
  }

private:
  std::vector<unsigned> ends;
};

class Verifier {
public:
  Verifier(std::vector<Finding> &findings, std::vector<bool> &wanted, ArrayRef<UnitFiles> units,
           const Texts &originals, const VerifyOptions &options)
      : findings(findings), wanted(wanted), units(units), originals(originals), options(options) {
    for (const auto &[file, text] : originals)
      lines.emplace(file, Lines(text));
    for (const UnitFiles &unit : units)
      variants.push_back(variantsOf(unit));
    for (const auto &[unit, commands] : zip(units, variants))
      for (const Command &command : commands)
        for (const PythonHeaders *headers : options.headers)
          builds.push_back({unit, command, headers});
  }

  Edits run() {
    while (true) {
      edits = composeEdits(findings, wanted, originals);
      texts = edits.texts();
      std::vector<Outcome> outcomes(builds.size());
      parallelFor(options.jobs, builds.size(),
                  [&](size_t i) { outcomes[i] = checkBuild(builds[i]); });
      bool dropped = false;
      for (const auto &[build, outcome] : zip(builds, outcomes))
        for (const auto &[index, reason] : outcome.blamed)
          dropped |= drop(index, reason + under(*build.unit.command));
      for (const Outcome &outcome : outcomes)
        for (const Stray &stray : outcome.strays)
          if (!dropped)
            dropped |= dropCause(stray);
      if (dropped)
        continue;
      for (const Outcome &outcome : outcomes)
        for (const Finding &finding : outcome.unannounced)
          addUnannounced(finding);
      return std::move(edits);
    }
  }

private:
  /// A new diagnostic of the full build that stands at no edit: an include or a
  /// declaration that an edit took away.
  struct Stray {
    const Command *command;
    const PythonHeaders *headers;
    std::string file, message, reason;
  };

  struct Outcome {
    std::vector<std::pair<unsigned, std::string>> blamed;
    std::vector<Stray> strays;
    std::vector<Finding> unannounced;
  };

  /// A parse, and the digests of the edited texts that it read.
  struct Parse {
    std::optional<ParseResult> result;
    std::map<std::string, std::string> read;
  };

  /// One way to compile a unit.
  struct Build {
    const UnitFiles &unit;
    const Command &command;
    const PythonHeaders *headers;
    Parse fullBefore = {}, limitedBefore = {}, fullAfter = {}, limitedAfter = {};
  };

  Outcome checkBuild(Build &build) {
    Outcome outcome;
    bool edited = isEdited(build.unit);
    if (edited) {
      const ParseResult &full = after(build, Mode::Full);
      // What says nothing says nothing new.
      if (!full.diagnostics.empty())
        compare(outcome, full, {&before(build, Mode::Full)}, build, /*limited=*/false);
    }
    if (!options.limited)
      return outcome;
    const ParseResult &limited = edited ? after(build, Mode::Limited) : before(build, Mode::Limited);
    // A warning that the full build has is not the limit's.
    if (edited && !limited.diagnostics.empty())
      compare(outcome, limited, {&before(build, Mode::Limited), &before(build, Mode::Full)}, build,
              /*limited=*/true);
    findUnannounced(outcome, build.unit, limited);
    return outcome;
  }

  bool isEdited(const UnitFiles &unit) const {
    return any_of(unit.filesRead, [&](const std::string &file) { return texts.count(file); });
  }

  /// As the unit is built; and with assertions, which edits were found in, where
  /// its build leaves them out and its text has some.
  std::vector<Command> variantsOf(const UnitFiles &unit) const {
    std::vector<Command> list = {*unit.command};
    bool leavesOut = any_of(unit.command->args,
                            [](StringRef flag) { return flag.starts_with("-DNDEBUG"); });
    if (leavesOut && any_of(unit.filesRead, [&](const std::string &file) {
          auto original = originals.find(file);
          StringRef text = original == originals.end() ? StringRef() : original->second;
          return text.contains("assert") || text.contains("NDEBUG");
        })) {
      list.push_back(*unit.command);
      list.back().args.push_back("-UNDEBUG");
    }
    return list;
  }

  const ParseResult &before(Build &build, Mode mode) {
    Parse &slot = mode == Mode::Full ? build.fullBefore : build.limitedBefore;
    if (!slot.result)
      slot.result = parse(build.command, build.headers, mode, nullptr);
    return *slot.result;
  }

  /// The last one holds as long as the texts that it read are the same.
  const ParseResult &after(Build &build, Mode mode) {
    Parse &slot = mode == Mode::Full ? build.fullAfter : build.limitedAfter;
    if (!slot.result || editedAmong(slot.result->filesRead) != slot.read) {
      slot.result = parse(build.command, build.headers, mode, &texts);
      slot.read = editedAmong(slot.result->filesRead);
    }
    return *slot.result;
  }

  std::map<std::string, std::string> editedAmong(ArrayRef<std::string> files) const {
    std::map<std::string, std::string> digests;
    for (const std::string &file : files)
      if (auto text = texts.find(file); text != texts.end())
        digests[file] = digestOf(text->second);
    return digests;
  }

  ParseResult parse(const Command &command, const PythonHeaders *headers, Mode mode,
                    const Texts *edited) {
    ParseRequest request;
    request.command = &command;
    request.mode = mode;
    request.floor = options.floor;
    request.headers = headers;
    request.texts = edited;
    request.withoutHeads = true;
    request.precompiled = options.precompiled;
    return options.cache ? options.cache->parse(request) : parseUnit(request);
  }

  unsigned lineOf(const std::string &file, unsigned offset) const {
    auto found = lines.find(file);
    return found == lines.end() ? offset : found->second.of(offset);
  }

  /// `edited`: the offsets are those of the edited text.
  Key keyOf(const Diagnostic &diagnostic, bool edited) const {
    Key key;
    key.message = diagnostic.message;
    if (diagnostic.places.empty())
      return key;
    const DiagnosticPlace &place = diagnostic.places.back();
    key.file = place.file;
    unsigned offset = place.offset;
    if (auto file = edits.files.find(place.file); edited && file != edits.files.end())
      offset = file->second.oldOffset(offset);
    key.line = lineOf(place.file, offset);
    return key;
  }

  void compare(Outcome &outcome, const ParseResult &after,
               std::initializer_list<const ParseResult *> befores, const Build &build,
               bool limited) const {
    std::map<Key, int> balance;
    for (const ParseResult *parse : befores) {
      std::map<Key, int> own;
      for (const Diagnostic &diagnostic : parse->diagnostics)
        ++own[keyOf(diagnostic, false)];
      for (const auto &[key, number] : own)
        balance[key] = std::max(balance[key], number);
    }
    for (const Diagnostic &diagnostic : after.diagnostics) {
      if (balance[keyOf(diagnostic, true)]-- > 0 || isOfAnIdleHelper(diagnostic))
        continue;
      std::string reason = ((limited ? "the limited build would say: "
                                     : "the full build would say: ") +
                            Twine(diagnostic.message))
                               .str();
      // int instead of a pointer, because an undeclared function is left in
      // the argument: not the edit's fault.
      if (limited && pointsAtRemaining(diagnostic))
        continue;
      if (int index = culprit(diagnostic); index >= 0)
        outcome.blamed.emplace_back(index, reason);
      else if (!limited)
        outcome.strays.push_back(
            {&build.command, build.headers, diagnostic.places.empty() ? "" : diagnostic.places.back().file,
             diagnostic.message, reason});
      // A new error elsewhere in limited mode was hidden by an earlier one; it
      // is no edit's fault and findUnannounced looks at it.
    }
  }

  /// A helper that one version's headers do not call, because its use stands
  /// behind a condition. Only Clang says so of a static inline function.
  static bool isOfAnIdleHelper(const Diagnostic &diagnostic) {
    return StringRef(diagnostic.message).starts_with(("unused function '" + HelperPrefix).str());
  }

  /// Whether a diagnostic points at the very name of a use that stays.
  bool pointsAtRemaining(const Diagnostic &diagnostic) const {
    return any_of(diagnostic.places, [&](const DiagnosticPlace &place) {
      unsigned offset = place.offset;
      if (auto file = edits.files.find(place.file); file != edits.files.end())
        offset = file->second.oldOffset(offset);
      for (unsigned i = 0; i < findings.size(); ++i)
        if (!wanted[i] && findings[i].file == place.file && offset < findings[i].range.end &&
            nameOrArrow(findings[i], offset))
          return true;
      return false;
    });
  }

  /// Whether an offset lies in the finding's name or on the -> in front of it.
  bool nameOrArrow(const Finding &finding, unsigned offset) const {
    auto original = originals.find(finding.file);
    if (offset >= finding.range.begin || original == originals.end())
      return offset >= finding.range.begin;
    StringRef between = StringRef(original->second).slice(offset, finding.range.begin);
    return between.size() < 8 && between.find_first_not_of("->. \t\n") == StringRef::npos;
  }

  /// The edit whose text a diagnostic points at, or that shares its line.
  int culprit(const Diagnostic &diagnostic) const {
    for (const DiagnosticPlace &place : diagnostic.places)
      if (auto file = edits.files.find(place.file); file != edits.files.end())
        if (int index = file->second.findingAt(place.offset); index >= 0)
          return index;
    for (const DiagnosticPlace &place : diagnostic.places) {
      auto file = edits.files.find(place.file);
      if (file == edits.files.end())
        continue;
      unsigned line = lineOf(place.file, file->second.oldOffset(place.offset));
      for (unsigned i = 0; i < findings.size(); ++i)
        if (wanted[i] && touches(findings[i], place.file, line))
          return i;
    }
    return -1;
  }

  bool touches(const Finding &finding, const std::string &file, unsigned line) const {
    if (finding.file == file && lineOf(file, finding.range.begin) == line)
      return true;
    return any_of(finding.rewrites, [&](const Rewrite &rewrite) {
      return rewrite.file == file && lineOf(file, rewrite.extent.begin) <= line &&
             line <= lineOf(file, rewrite.extent.end);
    });
  }

  /// An error of the limited build must be announced by a finding that stays.
  void findUnannounced(Outcome &outcome, const UnitFiles &unit, const ParseResult &limited) const {
    for (const Diagnostic &diagnostic : limited.diagnostics) {
      if (!diagnostic.isError() || diagnostic.places.empty())
        continue;
      // What a header of others says is announced for all of it.
      bool announced = any_of(findings, [&](const Finding &finding) {
        return finding.rule == NoRule &&
               any_of(finding.places, [&](const RelatedPlace &place) {
                 return place.file == diagnostic.places.back().file;
               });
      });
      const DiagnosticPlace *own = nullptr;
      unsigned ownOffset = 0;
      for (const DiagnosticPlace &place : diagnostic.places) {
        if (!options.project->owns(place.file) || !originals.count(place.file))
          continue;
        unsigned offset = place.offset;
        if (auto file = edits.files.find(place.file);
            file != edits.files.end() &&
            isEdited(unit))
          offset = file->second.oldOffset(offset);
        unsigned line = lineOf(place.file, offset);
        for (unsigned i = 0; i < findings.size(); ++i)
          announced |= !wanted[i] && touches(findings[i], place.file, line);
        // In a macro's body rather than at each of its expansions.
        if (!own) {
          own = &place;
          ownOffset = offset;
        }
        if (announced)
          break;
      }
      if (announced || (own && followsFromAnother(diagnostic, own->file, ownOffset)))
        continue;
      Finding finding;
      std::string where;
      if (own) {
        finding.file = own->file;
        finding.range = {ownOffset, ownOffset + 1};
      } else {
        // In a header that is not the project's: the source is to blame for
        // including it, once.
        finding.file = unit.command->file;
        finding.range = {0, 1};
        where = " in " + diagnostic.places.back().file;
      }
      finding.rule = NoRule.str();
      finding.symbol = WholeBuild.str();
      finding.state = State::Manual;
      finding.configurations = {unit.command->configurations.begin(),
                                unit.command->configurations.end()};
      std::string words = StringRef(diagnostic.message).split('\n').first.str();
      finding.message = std::string("the limited build fails ") +
                        (own ? "here" : "for this source") + where + ": " + words;
      finding.reason = (own ? "no rule knows this: " : "the header is not part of the project: ") + words;
      outcome.unannounced.push_back(std::move(finding));
    }
  }

  /// An error that a remaining finding causes on another line: about the same
  /// name in the same statement, or about a name of the user's whose
  /// declaration that finding has made impossible.
  bool followsFromAnother(const Diagnostic &diagnostic, const std::string &file,
                          unsigned offset) const {
    SmallVector<StringRef, 8> parts;
    StringRef(diagnostic.message).split(parts, '\'');
    for (size_t i = 1; i < parts.size(); i += 2)
      for (unsigned f = 0; f < findings.size(); ++f) {
        if (wanted[f])
          continue;
        if (findings[f].file == file && inOneStatement(file, findings[f].range.begin, offset) && (findings[f].symbol == parts[i] ||
                     StringRef(findings[f].symbol).ends_with(("." + parts[i]).str())))
          return true;
        StringRef message = diagnostic.message;
        if ((message.contains("undeclared identifier") || message.contains("undeclared function")) &&
            lineNames(findings[f], parts[i]))
          return true;
      }
    return false;
  }

  bool inOneStatement(const std::string &file, unsigned a, unsigned b) const {
    auto original = originals.find(file);
    return original != originals.end() &&
           StringRef(original->second).slice(std::min(a, b), std::max(a, b))
                   .find_first_of(";{}") == StringRef::npos;
  }

  /// Whether the line of a finding has a word.
  bool lineNames(const Finding &finding, StringRef word) const {
    auto original = originals.find(finding.file);
    if (original == originals.end() || word.empty())
      return false;
    StringRef text = original->second;
    size_t begin = text.rfind('\n', finding.range.begin);
    StringRef line = text.substr(begin == StringRef::npos ? 0 : begin + 1).split('\n').first;
    auto isWord = [](char c) { return isAlnum(c) || c == '_'; };
    for (size_t at = line.find(word); at != StringRef::npos; at = line.find(word, at + 1))
      if ((at == 0 || !isWord(line[at - 1])) &&
          (at + word.size() == line.size() || !isWord(line[at + word.size()])))
        return true;
    return false;
  }

  void addUnannounced(const Finding &finding) {
    // One cause often gives several errors on a line.
    for (Finding &known : findings)
      if (known.file == finding.file && known.symbol == finding.symbol &&
          lineOf(known.file, known.range.begin) == lineOf(finding.file, finding.range.begin)) {
        known.configurations.insert(finding.configurations.begin(), finding.configurations.end());
        return;
      }
    findings.push_back(finding);
    wanted.push_back(false);
  }

  /// The configuration that alone says so.
  std::string under(const Command &command) const {
    return command.configurations.size() < options.project->configurations.size()
               ? " (under " + join(command.configurations, ", ") + ")"
               : "";
  }

  bool drop(unsigned index, const std::string &reason) {
    if (!wanted[index])
      return false;
    for (unsigned i = 0; i < findings.size(); ++i)
      if (i == index || (wanted[i] && !findings[index].group.empty() &&
                         findings[i].group == findings[index].group)) {
        wanted[i] = false;
        findings[i].state = State::Failed;
        findings[i].reason = reason;
      }
    return true;
  }

  /// One finding for each edit or group of edits that is wanted.
  std::vector<unsigned> suspects() const {
    std::vector<unsigned> list;
    std::set<StringRef> groups;
    for (unsigned i = 0; i < findings.size(); ++i)
      if (wanted[i] && (findings[i].group.empty() || groups.insert(findings[i].group).second))
        list.push_back(i);
    return list;
  }

  /// How often a unit says a message.
  size_t count(const Stray &stray, const Texts &edited) {
    ParseResult result = parse(*stray.command, stray.headers, Mode::Full, &edited);
    return count_if(result.diagnostics, [&](const Diagnostic &diagnostic) {
      return diagnostic.message == stray.message;
    });
  }

  /// Whether a unit says a message less often without some of the edits.
  bool isQuieterWithout(ArrayRef<unsigned> some, const Stray &stray, size_t all) {
    std::vector<bool> fewer = wanted;
    for (unsigned i = 0; i < findings.size(); ++i)
      for (unsigned left : some)
        if (i == left || (!findings[i].group.empty() && findings[i].group == findings[left].group))
          fewer[i] = false;
    return count(stray, makeEdits(findings, fewer, originals).texts()) < all;
  }

  /// Drops the one edit or group without which a stray diagnostic goes away,
  /// found by halving; where it takes several, all edits of the file.
  bool dropCause(const Stray &stray) {
    std::vector<unsigned> list = suspects();
    size_t all = list.size() > 1 ? count(stray, texts) : 0;
    while (list.size() > 1) {
      std::vector<unsigned> half(list.begin(), list.begin() + list.size() / 2);
      std::vector<unsigned> others(list.begin() + list.size() / 2, list.end());
      if (isQuieterWithout(half, stray, all))
        list = half;
      else if (isQuieterWithout(others, stray, all))
        list = others;
      else
        break;
    }
    if (list.size() == 1)
      return drop(list.front(), stray.reason);
    bool dropped = false;
    for (unsigned i = 0; i < findings.size(); ++i)
      if (wanted[i] && (stray.file.empty() || findings[i].file == stray.file ||
                        !edits.files.count(stray.file)))
        dropped |= drop(i, stray.reason);
    return dropped;
  }

  std::vector<Finding> &findings;
  std::vector<bool> &wanted;
  ArrayRef<UnitFiles> units;
  const Texts &originals;
  const VerifyOptions &options;
  std::map<std::string, Lines> lines;
  std::vector<std::vector<Command>> variants; ///< of each unit
  std::vector<Build> builds;                  ///< unit by unit
  Edits edits;
  Texts texts;
};

} // namespace

void keepGroupsWhole(ArrayRef<Finding> findings, std::vector<bool> &wanted) {
  std::set<std::string> broken;
  for (size_t i = 0; i < wanted.size(); ++i)
    if (!wanted[i] && !findings[i].group.empty())
      broken.insert(findings[i].group);
  for (size_t i = 0; i < wanted.size(); ++i)
    if (broken.count(findings[i].group))
      wanted[i] = false;
}

Edits composeEdits(std::vector<Finding> &findings, std::vector<bool> &wanted,
                   const Texts &originals) {
  while (true) {
    Edits edits = makeEdits(findings, wanted, originals);
    if (edits.conflicts.empty())
      return edits;
    for (auto [a, b] : edits.conflicts)
      for (unsigned i = 0; i < findings.size(); ++i) {
        bool involved = i == a || i == b ||
                        (!findings[i].group.empty() && (findings[i].group == findings[a].group ||
                                                        findings[i].group == findings[b].group));
        if (!involved || !wanted[i])
          continue;
        wanted[i] = false;
        findings[i].state = State::Failed;
        findings[i].reason = "its edit overlaps the one for '" +
                             findings[i == a ? b : a].symbol + "'";
      }
  }
}

Edits verifyEdits(std::vector<Finding> &findings, std::vector<bool> &wanted,
                  ArrayRef<UnitFiles> units, const Texts &originals,
                  const VerifyOptions &options) {
  return Verifier(findings, wanted, units, originals, options).run();
}

} // namespace abi3ify
