#include "abi3ify/reading.h"
#include "abi3ify/parallel.h"
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
      reading.errors.push_back({file, file + ": " + buffer.getError().message()});
    else
      reading.originals[file] = (*buffer)->getBuffer().str();
  }
}

} // namespace

Reading readUnits(const MatchContext &context, ArrayRef<Floor> floors, unsigned jobs,
                  const std::function<void(size_t)> &done) {
  const Project &project = *context.project;
  std::vector<UnitMatches> matches(project.commands.size());
  std::atomic<size_t> count = 0;
  parallelFor(jobs, matches.size(), [&](size_t i) {
    matches[i] = matchUnit(project.commands[i], context, floors);
    done(++count);
  });

  Reading reading;
  for (Floor floor : floors)
    reading.floors.emplace_back().floor = floor;
  std::set<std::string> files(project.listed.begin(), project.listed.end());
  for (auto [command, unit] : zip(project.commands, matches)) {
    append_range(reading.notes, unit.notes);
    for (const std::string &file : unit.parse.filesRead)
      if (project.owns(file))
        files.insert(file);
    if (const Diagnostic *error = unit.parse.firstError()) {
      // Half an AST would give half of the findings as if it were all.
      reading.errors.push_back({unit.file, describe(*error)});
      for (const std::string &file : unit.parse.filesRead)
        reading.readByBroken.try_emplace(file, unit.file);
      continue;
    }
    for (auto [all, one] : zip(reading.floors, unit.floors))
      all.append(std::move(one));
    reading.landmarks.insert(unit.landmarks.begin(), unit.landmarks.end());
    reading.units.push_back({&command, std::move(unit.parse.filesRead)});
  }
  // The texts come second: only now it is known which files were read.
  readTexts(files, reading);
  return reading;
}

} // namespace abi3ify
