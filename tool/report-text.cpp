#include "abi3ify/build-report.h"
#include "abi3ify/match.h"
#include "abi3ify/positions.h"
#include "abi3ify/report.h"

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
  /// `edits` null: without them.
  TextPrinter(const Report &report, const EditsOfFindings *edits, raw_ostream &out)
      : result(report.result), edits(edits), floor(report.floor), colours(report.colours),
        out(out) {}

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

  void printDropped() {
    for (const Finding &finding : result.findings)
      if (finding.state == State::Failed)
        printFinding(finding);
    printSummary();
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
    out << noteOf(result, finding) << " (" << shortPath(finding.file) << ":" << made.line << ")\n";
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
    out << noteOf(result, finding) << "\n";
    printPlaces(finding);
    if (edits)
      for (auto [edited, edit] : edits->of(finding))
        printFixit(edited, *edit);
  }

  void printPlaces(const Finding &finding) {
    constexpr size_t Most = 5;
    for (const RelatedPlace &each : ArrayRef(finding.places).take_front(Most)) {
      place(shortPath(each.file), {each.line, 0});
      colour(raw_ostream::CYAN, true);
      out << "note: ";
      reset();
      out << visible(each.message) << "\n";
    }
    if (finding.places.size() > Most)
      out << "and " << finding.places.size() - Most << " more, which --format json has\n";
  }

  void printFixit(StringRef file, const TextEdit &edit) {
    StringRef text = result.originals.at(file.str());
    Position begin = positions.at(text, edit.range.begin), end = positions.at(text, edit.range.end);
    out << "fix-it:\"";
    out.write_escaped(shortPath(file));
    out << "\":{" << begin.line << ':' << begin.column << '-' << end.line << ':' << end.column
        << "}:\"";
    out.write_escaped(edit.text);
    out << "\"\n";
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
  const EditsOfFindings *edits;
  Positions positions;
  Floor floor;
  bool colours;
  raw_ostream &out;
};

} // namespace

void printText(const Report &report, raw_ostream &out) {
  TextPrinter(report, nullptr, out).print();
}

void printDropped(const Report &report, raw_ostream &out) {
  TextPrinter(report, nullptr, out).printDropped();
}

void printFixits(const Report &report, raw_ostream &out) {
  EditsOfFindings edits(report.result);
  TextPrinter(report, &edits, out).print();
}

} // namespace abi3ify
