#include "abi3ify/outlook.h"
#include "abi3ify/report.h"
#include "abi3ify/slot-tables.h"
#include "abi3ify/unused-compat.h"

using namespace llvm;

namespace abi3ify {
namespace {

/// Whether only its author can go on from here.
bool isLeft(const Finding &finding) {
  return finding.state == State::Manual || finding.state == State::Failed;
}

OutlookPlace placeIn(const FloorsResult &result, Positions &positions, const std::string &file,
                     unsigned offset, const std::string &name) {
  auto text = result.originals.find(file);
  return {shortPath(file),
          positions.at(text == result.originals.end() ? StringRef() : text->second, offset), name};
}

class FloorCounter {
public:
  FloorCounter(const FloorsResult &result, const FloorFindings &found, Positions &positions)
      : result(result), found(found), positions(positions) {}

  FloorOutlook count() {
    out.floor = found.floor;
    out.headers = found.headers;
    out.errors = found.errors.size();
    std::set<std::string> generated;
    bool compatLeaves = leavesCompat();
    for (const Finding &finding : found.findings) {
      ++out.states[unsigned(finding.state)];
      out.uses += finding.state != State::Suppressed && finding.state != State::Advice;
      // What nothing compiles, and what migrate leaves nothing to include, may stay.
      if (finding.state == State::Generated && finding.expansions &&
          !(compatLeaves && isCompatHeader(finding.file)))
        generated.insert(finding.file);
      if (finding.state == State::Fixable)
        ++(finding.safety == Safety::Safe ? out.safe : out.review);
      countIdentifier(finding);
      countType(finding);
    }
    out.generatedFiles = generated.size();
    for (auto &[symbol, cost] : identifiers)
      out.identifiers.push_back(std::move(cost));
    stable_sort(out.identifiers, [](const IdentifierCost &a, const IdentifierCost &b) {
      return std::tie(a.manual, a.review, a.safe) > std::tie(b.manual, b.review, b.safe);
    });
    judge();
    return std::move(out);
  }

private:
  /// Whether migrate takes away each #include of a pythoncapi_compat.h.
  bool leavesCompat() const {
    size_t includes = 0, leaving = 0;
    for (const Finding &finding : found.findings)
      if (finding.rule == UnusedCompatRule) {
        ++includes;
        leaving += finding.state == State::Fixable;
      }
    return includes && leaving == includes;
  }

  OutlookPlace placeOf(const Finding &finding) {
    return placeIn(result, positions, finding.file, finding.range.begin, finding.symbol);
  }

  void countIdentifier(const Finding &finding) {
    bool left = isLeft(finding), fixable = finding.state == State::Fixable;
    if (!left && !fixable)
      return;
    // Each type has a name of its own, and all cost the same.
    std::string symbol = finding.rule == StaticTypeRule ? "static PyTypeObject" : finding.symbol;
    IdentifierCost &cost = identifiers[symbol];
    cost.symbol = symbol;
    ++(left ? cost.manual : finding.safety == Safety::Safe ? cost.safe : cost.review);
    if (fixable && finding.inLoop)
      cost.inLoops.push_back(placeOf(finding));
  }

  void countType(const Finding &finding) {
    if (finding.rule != StaticTypeRule)
      return;
    ++out.staticTypes;
    if (finding.state == State::Fixable)
      ++out.convertibleTypes;
    else if (out.staticTypeReason.empty()) {
      OutlookPlace place = placeOf(finding);
      out.staticTypeReason = place.file + ":" + std::to_string(place.position.line) + ": '" +
                             place.name + "': " + finding.reason;
    }
  }

  void judge() {
    const Finding *decision = nullptr, *blocker = nullptr;
    for (const Finding &finding : found.findings) {
      if (!isLeft(finding))
        continue;
      ++out.decisions;
      // A table goes with its type, whose finding says what is to be decided.
      if (!decision || (decision->rule == SlotTableRule && finding.rule != SlotTableRule))
        decision = &finding;
      if (finding.rule != NoRule)
        continue;
      ++out.blockers;
      if (!blocker)
        blocker = &finding;
    }
    // What is known to be impossible stays so, whatever could not be looked at.
    if (judgeSystems([](const Binding &system) { return system.isDeadEnd; })) {
      out.verdict = Verdict::Blocked;
    } else if (out.errors) {
      out.verdict = Verdict::Unknown;
    } else if (judgeSystems([&](const Binding &system) {
                 return system.lowest > found.floor.minor;
               })) {
      out.verdict = Verdict::Blocked;
    } else if (blocker) {
      out.verdict = Verdict::Blocked;
      out.first = placeOf(*blocker);
    } else if (decision) {
      out.verdict = Verdict::Decisions;
      out.first = placeOf(*decision);
    } else if (auto system = bindingSystem()) {
      out.verdict = Verdict::Binding;
      out.first = system;
    } else if (out.generatedFiles)
      out.verdict = Verdict::Generated;
    else if (out.safe || out.review)
      out.verdict = Verdict::Command;
  }

  /// Whether sources are of a system that keeps them from the floor; says so.
  bool judgeSystems(function_ref<bool(const Binding &)> blocks) {
    for (const Binding &system : result.bindings)
      if (blocks(system)) {
        if (!out.first)
          out.first = {shortPath(system.file), {1, 1}, system.system};
        ++out.blockers;
      }
    return out.first.has_value();
  }

  /// What the sources are written for, if no rule has a say in that.
  std::optional<OutlookPlace> bindingSystem() const {
    for (const Binding &system : result.bindings)
      if (system.isLibrary || result.project.commands.empty())
        return OutlookPlace{shortPath(system.file), {1, 1}, system.system};
    return std::nullopt;
  }

  const FloorsResult &result;
  const FloorFindings &found;
  Positions &positions;
  std::map<std::string, IdentifierCost> identifiers;
  FloorOutlook out;
};

std::string counted(size_t number, StringRef one) {
  return std::to_string(number) + " " + one.str() + (number == 1 ? "" : "s");
}

} // namespace

StringRef name(Verdict verdict) {
  switch (verdict) {
  case Verdict::Works: return "works";
  case Verdict::Command: return "one-command";
  case Verdict::Generated: return "generate-again";
  case Verdict::Binding: return "binding";
  case Verdict::Decisions: return "decisions";
  case Verdict::Blocked: return "blocked";
  case Verdict::Unknown: return "unknown";
  }
  llvm_unreachable("unknown verdict");
}

std::string describe(const FloorOutlook &floor) {
  auto first = [&](bool quoted) {
    return (quoted ? "'" : "") + floor.first->name + (quoted ? "'" : "") + " at " +
           floor.first->file + ":" + std::to_string(floor.first->position.line);
  };
  std::string command = floor.review ? "migrate --review" : "migrate";
  // Generated ones among them are in code that nothing compiles.
  size_t unseen = floor.states[unsigned(State::Unseen)] + floor.states[unsigned(State::Generated)];
  switch (floor.verdict) {
  case Verdict::Works:
    return unseen ? "works in what is compiled here" : "works today";
  case Verdict::Command:
    return "one command away: " + command;
  case Verdict::Generated:
    return counted(floor.generatedFiles, "file") + " to generate again";
  case Verdict::Binding:
    return (floor.safe || floor.review ? command + ", then up to " : "up to ") + first(true);
  case Verdict::Decisions:
    return "needs " + counted(floor.decisions, "decision") + ", first " + first(true);
  case Verdict::Blocked:
    return "blocked by " + first(true) +
           (floor.blockers > 1 ? " and " + counted(floor.blockers - 1, "other use") : "");
  case Verdict::Unknown:
    return "unknown: " + counted(floor.errors, "source") + " could not be looked at";
  }
  llvm_unreachable("unknown verdict");
}

Outlook outlookOf(const FloorsResult &result) {
  Outlook outlook;
  std::set<std::string> sources; // of several configurations, once
  for (const Command &command : result.project.commands)
    sources.insert(command.file);
  outlook.sources = sources.size();
  Positions positions;
  for (const FloorFindings &found : result.floors)
    outlook.floors.push_back(FloorCounter(result, found, positions).count());
  // abi3t is another ABI, and no floor above.
  for (size_t i = 0; i + 1 < outlook.floors.size() && !outlook.floors[i + 1].floor.abi3t; ++i)
    outlook.floors[i].savedByNext =
        long(outlook.floors[i].uses) - long(outlook.floors[i + 1].uses);
  for (const Landmark &mark : result.landmarks)
    outlook.landmarks.push_back({placeIn(result, positions, mark.file, mark.offset, mark.name),
                                 mark.kind, mark.detail});
  for (const auto &[file, generator] : result.generated)
    outlook.bindings.push_back(
        {shortPath(file), generator.name.str(), generator.advice.str()});
  for (const Binding &binding : result.bindings)
    outlook.bindings.push_back({shortPath(binding.file), binding.system, binding.advice});
  return outlook;
}

} // namespace abi3ify
