// The outlook for a program: docs/report.schema.json describes it.
#include "abi3ify/build-report.h"
#include "abi3ify/outlook.h"
#include "abi3ify/report.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

using namespace llvm;

namespace abi3ify {
namespace {

json::Object jsonOf(const OutlookPlace &place) {
  return json::Object{{"name", utf8(place.name)},
                      {"file", utf8(place.file)},
                      {"line", place.position.line},
                      {"column", place.position.column}};
}

json::Object jsonOf(const IdentifierCost &cost) {
  json::Array loops;
  for (const OutlookPlace &place : cost.inLoops)
    loops.push_back(jsonOf(place));
  return json::Object{{"symbol", cost.symbol},
                      {"manual", cost.manual},
                      {"review", cost.review},
                      {"safe", cost.safe},
                      {"in_loops", std::move(loops)}};
}

json::Object jsonOf(const FloorOutlook &floor) {
  json::Object summary;
  size_t total = 0;
  for (unsigned i = 0; i < StateCount; ++i) {
    if (State(i) == State::Baselined) // a report shows what is there, known or not
      continue;
    summary[name(State(i))] = floor.states[i];
    total += floor.states[i];
  }
  summary["total"] = total;
  json::Array identifiers;
  for (const IdentifierCost &cost : floor.identifiers)
    identifiers.push_back(jsonOf(cost));
  json::Object verdict{{"kind", name(floor.verdict)},
                       {"text", utf8(describe(floor))},
                       {"first", nullptr},
                       {"decisions", floor.decisions},
                       {"blockers", floor.blockers},
                       {"generated_files", floor.generatedFiles},
                       {"errors", floor.errors}};
  if (floor.first)
    verdict["first"] = jsonOf(*floor.first);
  return json::Object{
      {"floor", floor.floor.str()},
      {"headers", "3." + std::to_string(floor.headers)},
      {"uses", floor.uses},
      {"safe", floor.safe},
      {"review", floor.review},
      {"summary", std::move(summary)},
      {"saved_by_next", floor.savedByNext ? json::Value(*floor.savedByNext) : json::Value(nullptr)},
      {"verdict", std::move(verdict)},
      {"static_types", json::Object{{"total", floor.staticTypes},
                                    {"convertible", floor.convertibleTypes},
                                    {"reason", utf8(floor.staticTypeReason)}}},
      {"identifiers", std::move(identifiers)}};
}

} // namespace

void printOutlookJson(const Outlook &outlook, raw_ostream &out) {
  json::Array floors, inits, embedded, variable, bindings;
  for (const FloorOutlook &floor : outlook.floors)
    floors.push_back(jsonOf(floor));
  for (const LandmarkPlace &mark : outlook.landmarks) {
    json::Object place = jsonOf(static_cast<const OutlookPlace &>(mark));
    switch (mark.kind) {
    case LandmarkKind::SinglePhase:
    case LandmarkKind::MultiPhase:
    case LandmarkKind::ModuleInit:
      place["phase"] = mark.kind == LandmarkKind::SinglePhase  ? "single"
                       : mark.kind == LandmarkKind::MultiPhase ? "multi"
                                                               : "unknown";
      inits.push_back(std::move(place));
      break;
    case LandmarkKind::EmbeddedBuiltin:
      place["builtin"] = mark.detail;
      embedded.push_back(std::move(place));
      break;
    case LandmarkKind::VariableSize:
      place["by"] = mark.detail;
      variable.push_back(std::move(place));
      break;
    }
  }
  for (const Outlook::Binding &binding : outlook.bindings)
    bindings.push_back(json::Object{{"file", utf8(binding.file)},
                                    {"system", binding.system},
                                    {"advice", binding.advice}});
  json::Value document =
      json::Object{{"version", 1},
                   {"sources", outlook.sources},
                   {"floors", std::move(floors)},
                   {"module_initialisation", std::move(inits)},
                   {"embedded_builtins", std::move(embedded)},
                   {"variable_size", std::move(variable)},
                   {"bindings", std::move(bindings)},
                   {"build_settings", jsonOf(outlook.builds)}};
  out << formatv("{0:2}", document) << "\n";
}

} // namespace abi3ify
