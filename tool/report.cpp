#include "abi3ify/report.h"
#include "abi3ify/build-report.h"
#include "abi3ify/edits.h"
#include "abi3ify/match.h"
#include "abi3ify/positions.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace abi3ify {
namespace {

StringRef lineAt(StringRef text, unsigned offset) {
  size_t start = text.take_front(offset).rfind('\n');
  return text.substr(start == StringRef::npos ? 0 : start + 1)
      .take_until([](char c) { return c == '\n' || c == '\r'; });
}

/// The line of a number, which begins with 1.
StringRef lineOf(StringRef text, unsigned number) {
  for (; number > 1 && !text.empty(); --number)
    text = text.split('\n').second;
  return text.take_until([](char c) { return c == '\n' || c == '\r'; });
}

/// A line of a source as a terminal may see it: no control codes.
std::string visible(StringRef line) {
  std::string text = utf8(line);
  for (char &c : text)
    if (((unsigned char)c < ' ' && c != '\t') || c == 0x7f)
      c = '?';
  return text;
}

/// Blanks as wide as a text, tabs kept, so that a caret stands below its end.
std::string blanksFor(StringRef text) {
  std::string blanks;
  for (char c : utf8(text))
    if (c == '\t')
      blanks += c;
    else if ((c & 0xC0) != 0x80) // each character once, not each byte of it
      blanks += ' ';
  return blanks;
}

const char *verdictOf(State state) {
  switch (state) {
  case State::Fixed: return "remark";
  case State::Suppressed:
  case State::Advice: return "remark";
  default: return "warning";
  }
}

class TextPrinter {
public:
  TextPrinter(const RunResult &result, Floor floor, bool colours, raw_ostream &out)
      : result(result), floor(floor), colours(colours), out(out) {}

  void print() {
    std::map<std::string, size_t> generated;
    for (const Finding &finding : result.findings)
      if (!finding.originFile.empty())
        printOrigin(finding);
      else if (finding.state == State::Generated)
        ++generated[finding.file];
      else if (finding.state != State::Baselined) // known, and to be counted only
        printFinding(finding);
    for (const auto &[file, number] : generated) {
      auto first = find_if(result.findings, [&, &path = file](const Finding &finding) {
        return finding.file == path && finding.state == State::Generated &&
               finding.originFile.empty();
      });
      place(shortPath(file), {0, 0});
      out << number << (number == 1 ? " use" : " uses") << " in generated code: " << first->reason
          << " [generated]\n";
    }
    printSummary();
    if (result.builds)
      printMigrated(*result.builds, out);
  }

private:
  void colour(raw_ostream::Colors value, bool bold) {
    if (colours)
      out.changeColor(value, bold);
  }
  void reset() {
    if (colours)
      out.resetColor();
  }

  void place(StringRef file, Position position) {
    colour(raw_ostream::SAVEDCOLOR, true);
    out << file << ":";
    if (position.line)
      out << position.line << ":";
    if (position.line && position.column)
      out << position.column << ":";
    out << " ";
    reset();
  }

  /// The line of the origin that a finding's place was made from; the column is
  /// that of the name, if it is written there.
  void printOrigin(const Finding &finding) {
    auto origin = result.origins.find(finding.originFile);
    StringRef line = origin == result.origins.end()
                         ? StringRef()
                         : lineOf(origin->second, finding.originLine);
    size_t column = line.find(finding.symbol);
    std::string file = shortPath(finding.originFile);
    Position position = {finding.originLine, column == StringRef::npos ? 0 : unsigned(column) + 1};
    place(file, position);
    printMessage(finding);
    if (!line.empty())
      printLine(line, position.column, finding.symbol.size());
    place(file, position);
    colour(raw_ostream::CYAN, true);
    out << "note: ";
    reset();
    auto original = result.originals.find(finding.file);
    Position made = positions.at(
        original == result.originals.end() ? StringRef() : original->second, finding.range.begin);
    out << noteFor(finding) << " (" << shortPath(finding.file) << ":" << made.line << ")\n";
  }

  void printMessage(const Finding &finding) {
    StringRef verdict = verdictOf(finding.state);
    colour(verdict == "warning" ? raw_ostream::MAGENTA : raw_ostream::BLUE, true);
    out << verdict << ": ";
    reset();
    colour(raw_ostream::SAVEDCOLOR, true);
    out << finding.message;
    reset();
    out << " [" << finding.rule << "]\n";
  }

  /// With a mark of `width` below `column`; 0 for none.
  void printLine(StringRef line, unsigned column, size_t width) {
    out << visible(line) << "\n";
    if (!column)
      return;
    std::string indent = blanksFor(line.take_front(column - 1));
    colour(raw_ostream::GREEN, true);
    out << indent << '^' << std::string(width ? width - 1 : 0, '~') << "\n";
    reset();
  }

  void printFinding(const Finding &finding) {
    auto original = result.originals.find(finding.file);
    StringRef text = original == result.originals.end() ? StringRef() : original->second;
    Position position = positions.at(text, finding.range.begin);
    std::string file = shortPath(finding.file);
    place(file, position);
    printMessage(finding);
    printLine(lineAt(text, finding.range.begin), position.column, finding.range.size());
    place(file, position);
    colour(raw_ostream::CYAN, true);
    out << "note: ";
    reset();
    out << noteFor(finding) << "\n";
  }

  std::string noteFor(const Finding &finding) {
    std::string note;
    if (finding.hasEdit()) {
      std::string done = finding.state == State::Fixed ? "replaced with" : "replace with";
      note = describeEdit(finding, done);
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

  std::string describeEdit(const Finding &finding, const std::string &done) {
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

  void printSummary() {
    size_t counts[StateCount] = {}, safe = 0, review = 0, files = 0;
    bool heapTypes = false; // the Limited API has all that is wrong in these
    std::set<std::string> seen;
    for (const Finding &finding : result.findings) {
      ++counts[unsigned(finding.state)];
      if (finding.state == State::Advice)
        continue; // no use that the floor lacks
      if (finding.state == State::Fixable)
        ++(finding.safety == Safety::Safe ? safe : review);
      files += seen.insert(finding.file).second;
      heapTypes |= StringRef(finding.rule).starts_with(HeapTypeRules);
    }
    size_t advice = counts[unsigned(State::Advice)];
    size_t total = result.findings.size() - advice;
    out << total << (total == 1 ? " use" : " uses") << " in " << files
        << (files == 1 ? " file" : " files") << " that " << floor.title()
        << " does not have" << (heapTypes ? ", or that are wrong in a heap type" : "");
    std::string list;
    for (unsigned i = 0; i < StateCount; ++i)
      if (counts[i] && State(i) != State::Advice) {
        list += (list.empty() ? ": " : ", ") + std::to_string(counts[i]) + " " +
                name(State(i)).str();
        if (State(i) == State::Fixable)
          list += " (" + std::to_string(safe) + " safe, " + std::to_string(review) + " review)";
      }
    out << list;
    if (advice)
      out << "; advice for " << advice << (advice == 1 ? " place" : " places");
    if (size_t errors = result.errors.size())
      out << "; " << errors << (errors == 1 ? " source" : " sources") << " could not be looked at";
    if (size_t wrong = result.complaints.size())
      out << "; " << wrong
          << (wrong == 1 ? " suppression to be mended" : " suppressions to be mended");
    if (size_t stale = result.stale.size())
      out << "; " << stale << (stale == 1 ? " stale entry" : " stale entries")
          << " in the baseline";
    out << "\n";
  }

  const RunResult &result;
  Positions positions;
  Floor floor;
  bool colours;
  raw_ostream &out;
};

json::Object jsonPosition(Positions &positions, StringRef text, unsigned offset) {
  Position position = positions.at(text, offset);
  return json::Object{{"line", position.line}, {"column", position.column}, {"offset", offset}};
}

} // namespace

std::string utf8(StringRef text) { return json::isUTF8(text) ? text.str() : json::fixUTF8(text); }

std::string shortPath(StringRef path) {
  SmallString<256> current;
  if (sys::fs::current_path(current))
    return path.str();
  std::string here = realPath(current) + "/";
  return path.starts_with(here) ? path.drop_front(here.size()).str() : path.str();
}

size_t countRemaining(const RunResult &result, FailOn failOn) {
  // A suppression or an entry of the baseline that stands for nothing would let
  // a new use in: the ratchet would have slipped.
  size_t others = result.complaints.size() + result.stale.size() +
                  (failOn >= FailOn::Manual && leavesBuildSettings(result));
  return others + count_if(result.findings, [&](const Finding &finding) {
    switch (finding.state) {
    case State::Fixed:
    case State::Advice:
    case State::Baselined:
    case State::Suppressed: return false;
    case State::Fixable:
      return finding.safety == Safety::Safe || failOn >= FailOn::Review;
    case State::Failed:
    case State::Manual: return failOn >= FailOn::Manual;
    case State::Unseen:
    case State::Generated: return failOn == FailOn::Any;
    }
    llvm_unreachable("unknown state");
  });
}

void printText(const RunResult &result, Floor floor, bool colours, raw_ostream &out) {
  TextPrinter(result, floor, colours, out).print();
}

void printJson(const RunResult &result, Floor floor, raw_ostream &out) {
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
                        {"target", floor.str()},
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
