#include "abi3ify/edits.h"
#include "abi3ify/positions.h"
#include "abi3ify/report.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

using namespace llvm;

namespace abi3ify {
namespace {

/// A path as an address, relative to the folder that the run was made in.
std::string addressOf(StringRef path) {
  std::string address = path.starts_with("/") ? "file://" : "";
  for (char c : path)
    if (isAlnum(c) || StringRef("/-_.~").contains(c))
      address += c;
    else
      address += "%" + toHex(StringRef(&c, 1));
  return address;
}

json::Object artifact(StringRef path) {
  json::Object location{{"uri", addressOf(path)}};
  if (!path.starts_with("/"))
    location["uriBaseId"] = "%SRCROOT%";
  return location;
}

class Sarif {
public:
  explicit Sarif(const Report &report) : report(report), result(report.result) {}

  json::Value document() {
    json::Array results, notifications;
    for (const Remark &remark : remarksOf(report))
      results.push_back(resultOf(remark));
    for (const SourceError &error : result.errors)
      notifications.push_back(json::Object{
          {"level", "error"},
          {"message", json::Object{{"text", utf8(error.message)}}},
          {"locations", json::Array{json::Object{
                            {"physicalLocation",
                             json::Object{{"artifactLocation", artifact(shortPath(error.file))}}}}}}});
    json::Object driver{
        {"name", "abi3ify"}, {"version", ABI3IFY_VERSION}, {"rules", std::move(rules)}};
    json::Object invocation{{"executionSuccessful", result.errors.empty()},
                            {"toolExecutionNotifications", std::move(notifications)}};
    json::Object run{{"tool", json::Object{{"driver", std::move(driver)}}},
                     {"invocations", json::Array{std::move(invocation)}},
                     {"columnKind", "unicodeCodePoints"},
                     {"properties", json::Object{{"target", report.floor.str()}}},
                     {"results", std::move(results)}};
    return json::Object{{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                        {"version", "2.1.0"},
                        {"runs", json::Array{std::move(run)}}};
  }

private:
  size_t ruleIndex(const std::string &rule) {
    auto [known, isNew] = indices.try_emplace(rule, rules.size());
    if (isNew)
      rules.push_back(json::Object{{"id", rule}});
    return known->second;
  }

  json::Object resultOf(const Remark &remark) {
    std::string text = remark.message;
    if (!remark.note.empty())
      text += "\n" + remark.note;
    json::Object made{{"ruleId", remark.rule},
                      {"ruleIndex", int64_t(ruleIndex(remark.rule))},
                      {"level", remark.isLeft ? "error" : "note"},
                      {"message", json::Object{{"text", std::move(text)}}}};
    json::Object physical{{"artifactLocation", artifact(remark.file)}};
    if (remark.line) {
      json::Object region{{"startLine", remark.line}};
      if (remark.column) {
        region["startColumn"] = remark.column;
        region["endColumn"] = remark.endColumn;
      }
      physical["region"] = std::move(region);
    }
    made["locations"] =
        json::Array{json::Object{{"physicalLocation", std::move(physical)}}};
    if (const Finding *finding = remark.finding) {
      made["properties"] = json::Object{{"state", name(finding->state)},
                                        {"safety", name(finding->safety)},
                                        {"symbol", finding->symbol}};
      if (!finding->places.empty())
        made["relatedLocations"] = relatedTo(*finding);
      if (finding->state == State::Suppressed)
        made["suppressions"] = json::Array{
            json::Object{{"kind", "inSource"}, {"justification", utf8(finding->reason)}}};
      if (finding->state == State::Baselined)
        made["baselineState"] = "unchanged";
      if (finding->state == State::Fixable)
        made["fixes"] = json::Array{fixOf(*finding)};
    }
    return made;
  }

  static json::Array relatedTo(const Finding &finding) {
    json::Array related;
    for (const RelatedPlace &place : finding.places) {
      json::Object physical{{"artifactLocation", artifact(utf8(shortPath(place.file)))}};
      if (place.line)
        physical["region"] = json::Object{{"startLine", place.line}};
      related.push_back(json::Object{{"physicalLocation", std::move(physical)},
                                     {"message", json::Object{{"text", utf8(place.message)}}}});
    }
    return related;
  }

  /// The edits of a finding and its group, composed: a fix stands for itself.
  json::Object fixOf(const Finding &finding) {
    std::vector<Finding> group;
    for (const Finding &each : result.findings)
      if (&each == &finding || (!finding.group.empty() && each.group == finding.group))
        group.push_back(each);
    json::Array changes;
    for (const auto &[file, edited] :
         makeEdits(group, std::vector<bool>(group.size(), true), result.originals).files)
      changes.push_back(changeOf(file, edited));
    return json::Object{{"artifactChanges", std::move(changes)}};
  }

  json::Object changeOf(const std::string &file, const EditedFile &edited) {
    StringRef text = result.originals.at(file);
    json::Array replacements;
    for (const TextEdit &edit : textEdits(edited, text.size())) {
      Position begin = positions.at(text, edit.range.begin), end = positions.at(text, edit.range.end);
      json::Object region{{"startLine", begin.line},
                          {"startColumn", characters(text, edit.range.begin, begin)},
                          {"endLine", end.line},
                          {"endColumn", characters(text, edit.range.end, end)},
                          {"byteOffset", edit.range.begin},
                          {"byteLength", edit.range.size()}};
      json::Object replacement{{"deletedRegion", std::move(region)}};
      if (!edit.text.empty())
        replacement["insertedContent"] = json::Object{{"text", utf8(edit.text)}};
      replacements.push_back(std::move(replacement));
    }
    return json::Object{{"artifactLocation", artifact(utf8(shortPath(file)))},
                        {"replacements", std::move(replacements)}};
  }

  static unsigned characters(StringRef text, unsigned offset, Position position) {
    return charactersIn(text.slice(offset - (position.column - 1), offset)) + 1;
  }

  const Report &report;
  const RunResult &result;
  Positions positions;
  json::Array rules;
  std::map<std::string, size_t> indices;
};

} // namespace

void printSarif(const Report &report, raw_ostream &out) {
  out << formatv("{0:2}", Sarif(report).document()) << "\n";
}

} // namespace abi3ify
