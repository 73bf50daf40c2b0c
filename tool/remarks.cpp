#include "abi3ify/build-report.h"
#include "abi3ify/edits.h"
#include "abi3ify/match.h"
#include "abi3ify/positions.h"
#include "abi3ify/report.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ConvertUTF.h"

using namespace llvm;

namespace abi3ify {
namespace {

std::string describeEdit(const RunResult &result, const Finding &finding, const std::string &done) {
  std::set<std::string> files;
  size_t places = 0;
  for (const Rewrite &rewrite : finding.rewrites) {
    files.insert(rewrite.file);
    places += !rewrite.sharedRank;
  }
  if (finding.rule == StaticTypeRule)
    return (finding.state == State::Fixed ? "made" : "make") + std::string(" it a heap type: ") +
           std::to_string(places) + (places == 1 ? " edit in " : " edits in ") +
           std::to_string(files.size()) + (files.size() == 1 ? " file" : " files");
  for (const Rewrite &rewrite : finding.rewrites) {
    if (rewrite.extent.size() == 0)
      return "add '" + StringRef(rewrite.to).trim().str() + "'";
    if (!rewrite.extent.contains(finding.range))
      continue;
    std::string to = preview(rewrite, result.originals.at(rewrite.file));
    if (StringRef(to).trim().empty())
      return finding.state == State::Fixed ? "removed" : "remove it";
    auto [first, rest] = StringRef(to).split('\n');
    return done + " '" + utf8(first.rtrim()) + (rest.empty() ? "'" : " ...'");
  }
  return finding.state == State::Fixed ? "removed" : "remove it";
}

class Remarks {
public:
  explicit Remarks(const Report &report) : report(report), result(report.result) {}

  std::vector<Remark> list() {
    std::map<std::string, unsigned> generated;
    for (const Finding &finding : result.findings)
      if (finding.state == State::Generated && finding.originFile.empty())
        ++generated[finding.file];
    for (const Finding &finding : result.findings)
      if (finding.state != State::Generated || !finding.originFile.empty())
        add(finding, finding.message, noteOf(result, finding));
      else if (unsigned number = std::exchange(generated[finding.file], 0))
        add(finding, std::to_string(number) + (number == 1 ? " use" : " uses") + " in generated code",
            noteOf(result, finding));
    for (const Complaint &complaint : result.complaints)
      remarks.push_back({"suppression", shortPath(complaint.file), complaint.line, 0, 0,
                         complaint.message, "", true});
    for (const auto &[key, count] : result.stale)
      remarks.push_back({"baseline", key.file, 0, 0, 0,
                         "stale: the baseline has " + std::to_string(count) + " more of [" + key.rule +
                             "] in '" + key.line + "' than there are",
                         "take it out with 'abi3ify check --write-baseline'", true});
    if (result.builds)
      for (const BuildSettings &package : *result.builds)
        if (!package.made && !package.areSet())
          remarks.push_back({"build-settings", shortPath(package.folder), 0, 0, 0,
                             "the settings of " + package.system + " do not set the limit",
                             package.obstacle, report.failOn >= FailOn::Manual});
    return std::move(remarks);
  }

private:
  void add(const Finding &finding, const std::string &message, const std::string &note) {
    Remark remark;
    remark.rule = finding.rule;
    remark.message = utf8(message);
    remark.note = utf8(note);
    remark.isLeft = isLeft(finding, report.failOn);
    remark.finding = &finding;
    if (!finding.originFile.empty()) {
      remark.file = utf8(shortPath(finding.originFile));
      remark.line = finding.originLine;
    } else {
      auto original = result.originals.find(finding.file);
      StringRef text = original == result.originals.end() ? StringRef() : original->second;
      Position position = positions.at(text, finding.range.begin);
      StringRef line = text.substr(finding.range.begin - (position.column - 1));
      remark.file = utf8(shortPath(finding.file));
      remark.line = position.line;
      remark.column = charactersIn(line.take_front(position.column - 1)) + 1;
      remark.endColumn = remark.column +
                         charactersIn(text.slice(finding.range.begin, finding.range.end).split('\n').first);
    }
    remarks.push_back(std::move(remark));
  }

  const Report &report;
  const RunResult &result;
  Positions positions;
  std::vector<Remark> remarks;
};

} // namespace

std::string noteOf(const RunResult &result, const Finding &finding) {
  std::string note;
  if (finding.hasEdit()) {
    std::string done = finding.state != State::Fixed ? "replace with"
                       : result.steps.empty()          ? "replaced with"
                                                       : "a patch replaces it with";
    note = describeEdit(result, finding, done);
    note += " (" + name(finding.safety).str() + ")";
    if (finding.state == State::Failed)
      note = "the edit was dropped: " + finding.reason;
    else if (!finding.reason.empty())
      note += ": " + finding.reason;
  } else
    note = name(finding.state).str() + ": " + finding.reason;
  if (finding.inMacro && finding.expansions)
    note += "; in a macro expanded " + std::to_string(finding.expansions) +
            (finding.expansions == 1 ? " time" : " times");
  if (finding.configurations.size() < result.project.configurations.size() &&
      !finding.configurations.empty())
    note += "; only under " + join(finding.configurations, ", ");
  return note;
}

std::vector<Remark> remarksOf(const Report &report) { return Remarks(report).list(); }

EditsOfFindings::EditsOfFindings(const RunResult &result) {
  // Composed edits lie within the rewrites that they come from: the smallest
  // one that has the whole of an edit, else the first that touches it.
  for (const auto &[file, list] : result.edits)
    for (const TextEdit &edit : list) {
      const Finding *best = nullptr;
      unsigned size = ~0u;
      for (const Finding &finding : result.findings)
        for (const Rewrite &rewrite : finding.rewrites) {
          bool touches = rewrite.extent.begin <= edit.range.end && edit.range.begin <= rewrite.extent.end;
          if (rewrite.file != file || !touches ||
              (finding.state != State::Fixable && finding.state != State::Fixed))
            continue;
          unsigned fit = rewrite.extent.contains(edit.range) ? rewrite.extent.size() : ~0u - 1;
          if (fit < size)
            size = fit, best = &finding;
        }
      if (best)
        edits[best].push_back({file, &edit});
    }
}

ArrayRef<EditsOfFindings::Edit> EditsOfFindings::of(const Finding &finding) const {
  auto found = edits.find(&finding);
  return found == edits.end() ? ArrayRef<Edit>() : ArrayRef(found->second);
}

} // namespace abi3ify
