// Suppressions that cover nothing: is the comment left over, or did this run
// not look where its use is?
#include "abi3ify/setup.h"

using namespace llvm;

namespace abi3ify {
namespace {

/// For each suppression a floor at which it covers something, if there is one.
std::vector<std::optional<Floor>> neededAt(const Setup &setup, const Reading &reading, Floor floor,
                                           const PythonHeaders *headers,
                                           ArrayRef<Suppression> unused) {
  std::vector<std::optional<Floor>> needed(unused.size());
  std::vector<Floor> others;
  for (Floor other : floorsFrom(OldestFloor))
    if (other != floor)
      others.push_back(other);
  std::set<const Command *> concerned;
  for (const UnitFiles &unit : reading.units)
    if (any_of(unused, [&](const Suppression &one) { return is_contained(unit.filesRead, one.file); }))
      concerned.insert(unit.command);
  Project part;
  Reading again = setup.readPart(headers, others, [&](const Command &command) {
    return any_of(concerned, [&](const Command *other) {
      return other->file == command.file && other->args == command.args;
    });
  }, part);
  for (const FloorMatches &matches : again.floors) {
    std::vector<Finding> findings = mergeMatches(matches.findings, matches.types);
    for (size_t i = 0; i < unused.size(); ++i)
      if (!needed[i] &&
          any_of(findings, [&](const Finding &finding) { return unused[i].covers(finding); }))
        needed[i] = matches.floor;
  }
  return needed;
}

} // namespace

std::vector<Complaint> judgeUnused(const Setup &setup, const Reading &reading, Floor floor,
                                   const PythonHeaders *headers, ArrayRef<Suppression> unused,
                                   std::vector<std::string> &notes) {
  std::vector<Complaint> complaints;
  std::vector<Suppression> candidates;
  for (const Suppression &one : unused)
    if (Error error = checkRuleIds(setup.known, {one.rule}))
      complaints.push_back({one.file, one.line, toString(std::move(error)) +
                                                    "; the suppression does not count"});
    else if (setup.speaksOf(one.rule, one.file) && isCompiled(reading, one.file, one.target))
      candidates.push_back(one);
  if (candidates.empty())
    return complaints;
  auto needed = neededAt(setup, reading, floor, headers, candidates);
  for (auto [one, other] : zip(candidates, needed)) {
    if (other)
      notes.push_back(one.file + ":" + std::to_string(one.line) + ": rule '" + one.rule +
                      "' finds nothing here for " + floor.str() + ", but does for " +
                      other->str() + "; the suppression stays");
    else
      complaints.push_back({one.file, one.line,
                            "no use of rule '" + one.rule + "' " +
                                (one.wholeFile ? "in this file" : "here") +
                                "; remove the suppression"});
  }
  return complaints;
}

} // namespace abi3ify
