#include "abi3ify/build-report.h"
#include "abi3ify/edits.h"
#include "abi3ify/positions.h"
#include "abi3ify/report.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;

namespace abi3ify {

static json::Object jsonPosition(Positions &positions, StringRef text, unsigned offset) {
  Position position = positions.at(text, offset);
  return json::Object{{"line", position.line}, {"column", position.column}, {"offset", offset}};
}

void printJson(const Report &report, raw_ostream &out) {
  const RunResult &result = report.result;
  json::Array findings;
  Positions positions;
  size_t counts[StateCount] = {};
  for (const Finding &finding : result.findings) {
    ++counts[unsigned(finding.state)];
    StringRef text;
    if (auto original = result.originals.find(finding.file); original != result.originals.end())
      text = original->second;
    json::Array edits;
    for (const Rewrite &rewrite : finding.rewrites) {
      StringRef source = result.originals.at(rewrite.file);
      edits.push_back(json::Object{{"file", utf8(shortPath(rewrite.file))},
                                   {"start", jsonPosition(positions, source, rewrite.extent.begin)},
                                   {"end", jsonPosition(positions, source, rewrite.extent.end)},
                                   {"text", utf8(preview(rewrite, source))}});
    }
    json::Array places;
    for (const RelatedPlace &place : finding.places)
      places.push_back(json::Object{{"file", utf8(shortPath(place.file))},
                                    {"line", place.line},
                                    {"message", utf8(place.message)}});
    Position position = positions.at(text, finding.range.begin);
    findings.push_back(json::Object{{"file", utf8(shortPath(finding.file))},
                                    {"line", position.line},
                                    {"column", position.column},
                                    {"offset", finding.range.begin},
                                    {"rule", finding.rule},
                                    {"symbol", finding.symbol},
                                    {"use", name(finding.use)},
                                    {"state", name(finding.state)},
                                    {"safety", name(finding.safety)},
                                    {"message", utf8(finding.message)},
                                    {"reason", utf8(finding.reason)},
                                    {"places", std::move(places)},
                                    {"in_macro", finding.inMacro},
                                    {"expansions", finding.expansions},
                                    {"in_loop", finding.inLoop},
                                    {"configurations", json::Array(finding.configurations)},
                                    {"edits", std::move(edits)}});
    if (!finding.originFile.empty())
      findings.back().getAsObject()->insert(
          {"origin", json::Object{{"file", utf8(shortPath(finding.originFile))},
                                  {"line", finding.originLine}}});
  }
  json::Object summary;
  for (unsigned i = 0; i < StateCount; ++i)
    summary[name(State(i))] = counts[i];
  summary["total"] = result.findings.size();
  json::Array errors;
  for (const SourceError &error : result.errors)
    errors.push_back(json::Object{{"file", utf8(shortPath(error.file))},
                                  {"message", utf8(error.message)}});
  json::Array complaints;
  for (const Complaint &complaint : result.complaints)
    complaints.push_back(json::Object{{"file", utf8(shortPath(complaint.file))},
                                      {"line", complaint.line},
                                      {"message", utf8(complaint.message)}});
  json::Array stale;
  for (const auto &[key, count] : result.stale)
    stale.push_back(json::Object{{"file", key.file},
                                 {"rule", key.rule},
                                 {"symbol", key.symbol},
                                 {"line", key.line},
                                 {"count", count}});
  json::Array composed;
  for (const auto &[file, edits] : result.edits) {
    StringRef source = result.originals.at(file);
    for (const TextEdit &edit : edits)
      composed.push_back(json::Object{{"file", utf8(shortPath(file))},
                                      {"start", jsonPosition(positions, source, edit.range.begin)},
                                      {"end", jsonPosition(positions, source, edit.range.end)},
                                      {"text", utf8(edit.text)}});
  }
  json::Object document{{"version", 1},
                        {"target", report.floor.str()},
                        {"configurations", json::Array(result.project.configurations)},
                        {"complaints", std::move(complaints)},
                        {"stale", std::move(stale)},
                        {"summary", std::move(summary)},
                        {"errors", std::move(errors)},
                        {"findings", std::move(findings)},
                        {"edits", std::move(composed)}};
  if (result.builds)
    document["build_settings"] = jsonOf(*result.builds);
  out << formatv("{0:2}", json::Value(std::move(document))) << "\n";
}

} // namespace abi3ify
