#include "abi3ify/reading.h"
#include "abi3ify/facts.h"
#include "abi3ify/parallel.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include <atomic>

using namespace llvm;

namespace abi3ify {
namespace {

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

void readTexts(const std::set<std::string> &files, Reading &reading) {
  for (const std::string &file : files) {
    auto buffer = MemoryBuffer::getFile(file, /*IsText=*/false,
                                        /*RequiresNullTerminator=*/false);
    if (!buffer)
      reading.errors.push_back({file, file + ": " + buffer.getError().message(), ""});
    else
      reading.originals[file] = (*buffer)->getBuffer().str();
  }
}

/// How many units read a file.
using Readers = std::map<std::string, unsigned>;

/// What one unit says of tokens, before it is mixed with what others say; only
/// of files that others read as well.
struct UnitView {
  const Command *command;
  SeenTokens seen, found;
  std::map<std::string, std::vector<Range>> outOfLimit;

  UnitView(const Command &command, const FloorMatches &matches, const Readers &readers)
      : command(&command) {
    auto isShared = [&](const std::string &file) {
      auto count = readers.find(file);
      return count != readers.end() && count->second > 1;
    };
    for (const auto &[file, tokens] : matches.seen)
      if (isShared(file))
        seen[file] = tokens;
    for (const auto &[file, ranges] : matches.outOfLimit)
      if (isShared(file))
        outOfLimit[file] = ranges;
    for (const Finding &finding : matches.findings)
      if (isShared(finding.file))
        found[finding.file].insert(finding.range.begin);
  }

  /// Whether the token is compiled here and does not mean Python's name.
  bool denies(const Finding &finding) const {
    auto has = [&](const SeenTokens &tokens) {
      auto file = tokens.find(finding.file);
      return file != tokens.end() && file->second.count(finding.range.begin);
    };
    auto out = outOfLimit.find(finding.file);
    return has(seen) && !has(found) &&
           (out == outOfLimit.end() || none_of(out->second, [&](Range range) {
              return range.contains(finding.range);
            }));
  }
};

/// A name that the floor lacks is a use wherever it is Python's. Where one unit
/// or configuration means something else by the same token, an edit would
/// change that one.
void refuseWhatUnitsDenyEachOther(ArrayRef<UnitView> views, FloorMatches &matches) {
  for (Finding &finding : matches.findings) {
    if (!finding.hasEdit() || !facts().lacking(finding.symbol, matches.floor))
      continue;
    auto other = find_if(views, [&](const UnitView &view) { return view.denies(finding); });
    if (other == views.end())
      continue;
    finding.rewrites.clear();
    finding.safety = Safety::Manual;
    finding.reason = "'" + finding.symbol + "' is not Python's in " + other->command->file;
    if (!other->command->configurations.empty())
      finding.reason += " under " + join(other->command->configurations, ", ");
  }
}

} // namespace

bool isCompiled(const Reading &reading, const std::string &file, Range place) {
  if (reading.readByBroken.count(file))
    return false;
  for (const auto &[unit, skipped] : zip(reading.units, reading.skipped)) {
    auto ranges = skipped.find(file);
    if (is_contained(unit.filesRead, file) &&
        (ranges == skipped.end() ||
         none_of(ranges->second, [&](Range range) { return range.contains(place); })))
      return true;
  }
  return false;
}

Reading readUnits(const MatchContext &context, ArrayRef<Floor> floors, unsigned jobs,
                  const std::function<void(size_t)> &done, UnitCache *cache, StringRef rules) {
  const Project &project = *context.project;
  std::vector<UnitMatches> matches(project.commands.size());
  std::atomic<size_t> count = 0;
  parallelFor(jobs, matches.size(), [&](size_t i) {
    const Command &command = project.commands[i];
    matches[i] = cache ? cache->match(command, context, floors, rules)
                       : matchUnit(command, context, floors);
    done(++count);
  });

  Reading reading;
  for (Floor floor : floors)
    reading.floors.emplace_back().floor = floor;
  std::vector<std::vector<UnitView>> views(floors.size());
  Readers readers;
  for (const UnitMatches &unit : matches)
    for (const std::string &file : unit.parse.filesRead)
      ++readers[file];
  std::set<std::string> files(project.listed.begin(), project.listed.end());
  for (auto [command, unit] : zip(project.commands, matches)) {
    append_range(reading.notes, unit.notes);
    for (const std::string &file : unit.parse.filesRead)
      if (project.owns(file))
        files.insert(file);
    if (const Diagnostic *error = unit.parse.firstError()) {
      // Half an AST would give half of the findings as if it were all.
      reading.errors.push_back({unit.file, describe(*error), join(command.configurations, ", ")});
      for (const std::string &file : unit.parse.filesRead)
        reading.readByBroken.try_emplace(file, unit.file);
      continue;
    }
    std::set<std::string> configurations(command.configurations.begin(),
                                         command.configurations.end());
    for (auto [all, one, known] : zip(reading.floors, unit.floors, views)) {
      for (Finding &finding : one.findings)
        finding.configurations = configurations;
      for (TypePart &part : one.types)
        part.configurations = configurations;
      if (project.commands.size() > 1)
        known.emplace_back(command, one, readers);
      all.append(std::move(one));
    }
    reading.landmarks.insert(unit.landmarks.begin(), unit.landmarks.end());
    reading.skipped.push_back(std::move(unit.skipped));
    reading.units.push_back({&command, std::move(unit.parse.filesRead)});
  }
  for (auto [all, known] : zip(reading.floors, views))
    refuseWhatUnitsDenyEachOther(known, all);
  // The texts come second: only now it is known which files were read.
  readTexts(files, reading);
  return reading;
}

} // namespace abi3ify
