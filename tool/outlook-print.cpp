// The outlook for a person: the same tables as aligned text and as Markdown.
#include "abi3ify/build-report.h"
#include "abi3ify/outlook.h"
#include "abi3ify/report.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"
#include <array>

using namespace llvm;

namespace abi3ify {
namespace {

constexpr size_t Most = 10;  ///< rows of a table that could go on
constexpr size_t Places = 3; ///< named in a row

using Row = std::vector<std::string>;

struct Table {
  std::string title;
  Row head;
  std::string alignment; ///< of each column: 'l' or 'r'
  std::vector<Row> rows;
  std::vector<std::string> notes; ///< below it
};

std::string number(size_t value) { return std::to_string(value); }

std::string where(const OutlookPlace &place) {
  return place.file + ":" + number(place.position.line);
}

/// "3.8-3.11, 3.13"; `floors` ascend.
std::string rangesOf(ArrayRef<Floor> floors) {
  std::string text;
  for (size_t i = 0, last; i < floors.size(); i = last + 1) {
    for (last = i; last + 1 < floors.size() && floors[last + 1].abi3t == floors[last].abi3t &&
                   floors[last + 1].minor == floors[last].minor + 1;)
      ++last;
    text += (text.empty() ? "" : ", ") + floors[i].str() +
            (last > i ? "-" + floors[last].str() : "");
  }
  return text;
}

std::string firstOf(ArrayRef<std::string> list) {
  std::string text = join(list.take_front(Places), ", ");
  return list.size() > Places ? text + " and " + number(list.size() - Places) + " more" : text;
}

Table tableOfFloors(const Outlook &outlook) {
  Table table;
  table.head = {"floor", "uses", "safe", "review", "manual", "unseen", "generated", "next floor",
                "verdict, by the rules"};
  table.alignment = "lrrrrrrrl";
  bool above = false;
  size_t suppressed = 0, advice = 0;
  for (const FloorOutlook &floor : outlook.floors) {
    above |= floor.isAboveHeaders();
    suppressed = std::max(suppressed, floor.states[unsigned(State::Suppressed)]);
    advice = std::max(advice, floor.states[unsigned(State::Advice)]);
    std::string next = "-";
    if (floor.savedByNext)
      next = (*floor.savedByNext < 0 ? "+" : *floor.savedByNext > 0 ? "-" : "") +
             number(std::abs(*floor.savedByNext));
    table.rows.push_back({floor.floor.str() + (floor.isAboveHeaders() ? "*" : ""),
                          number(floor.uses), number(floor.safe), number(floor.review),
                          number(floor.states[unsigned(State::Manual)] +
                                 floor.states[unsigned(State::Failed)]),
                          number(floor.states[unsigned(State::Unseen)]),
                          number(floor.states[unsigned(State::Generated)]), next,
                          describe(floor)});
  }
  table.notes.push_back("next floor: how many uses more or fewer the floor above has");
  table.notes.push_back("abi3t: the stable ABI that free-threaded builds load, too, from 3.15 on");
  if (above)
    table.notes.push_back("* above the headers at hand (3." +
                          number(outlook.floors.back().headers) +
                          "): what newer ones add or drop is not seen; name one with --python");
  if (advice)
    table.notes.push_back("not counted: places with advice, " + number(advice) +
                          " at most; 'abi3ify check' shows them");
  if (suppressed)
    table.notes.push_back("not counted: suppressed uses, " + number(suppressed) + " at most");
  return table;
}

Table tableOfCosts(const Outlook &outlook) {
  struct Cost {
    std::array<size_t, 3> counts = {}; ///< manual, review, safe, where they are the most
    std::vector<Floor> floors;
  };
  std::map<std::string, Cost> costs;
  for (const FloorOutlook &floor : outlook.floors)
    for (const IdentifierCost &identifier : floor.identifiers) {
      if (!identifier.manual && !identifier.review)
        continue;
      Cost &cost = costs[identifier.symbol];
      cost.floors.push_back(floor.floor);
      cost.counts = std::max(cost.counts, {identifier.manual, identifier.review, identifier.safe});
    }
  std::vector<std::pair<std::string, Cost>> sorted(costs.begin(), costs.end());
  stable_sort(sorted,
              [](const auto &a, const auto &b) { return a.second.counts > b.second.counts; });
  Table table;
  table.title = "What costs most";
  table.head = {"identifier", "manual", "review", "safe", "at floors"};
  table.alignment = "lrrrl";
  for (const auto &[symbol, cost] : ArrayRef(sorted).take_front(Most))
    table.rows.push_back({symbol, number(cost.counts[0]), number(cost.counts[1]),
                          number(cost.counts[2]), rangesOf(cost.floors)});
  if (sorted.size() > Most)
    table.notes.push_back("and " + number(sorted.size() - Most) + " more, which --format json has");
  return table;
}

Table tableOfLoops(const Outlook &outlook) {
  struct Hot {
    std::set<std::tuple<std::string, unsigned, unsigned>> known;
    std::vector<std::string> places;
    std::vector<Floor> floors;
  };
  std::map<std::string, Hot> hot;
  for (const FloorOutlook &floor : outlook.floors)
    for (const IdentifierCost &identifier : floor.identifiers) {
      if (identifier.inLoops.empty())
        continue;
      Hot &all = hot[identifier.symbol];
      all.floors.push_back(floor.floor);
      for (const OutlookPlace &place : identifier.inLoops)
        if (all.known.insert({place.file, place.position.line, place.position.column}).second)
          all.places.push_back(where(place));
    }
  std::vector<std::pair<std::string, Hot>> sorted(hot.begin(), hot.end());
  stable_sort(sorted, [](const auto &a, const auto &b) {
    return a.second.places.size() > b.second.places.size();
  });
  Table table;
  table.title = "Replaced inside a loop, where speed counts";
  table.head = {"identifier", "places", "at floors", "first"};
  table.alignment = "lrll";
  for (const auto &[symbol, all] : ArrayRef(sorted).take_front(Most))
    table.rows.push_back(
        {symbol, number(all.places.size()), rangesOf(all.floors), firstOf(all.places)});
  if (sorted.size() > Most)
    table.notes.push_back("and " + number(sorted.size() - Most) + " more, which --format json has");
  return table;
}

/// "2 of 3 become heap types at 3.8-3.11, 3 of 3 at 3.12-3.15"; with the first
/// reason at the highest floor where one does not.
std::string staticTypesText(const Outlook &outlook) {
  MapVector<std::pair<size_t, size_t>, std::vector<Floor>> groups;
  const std::string *reason = nullptr;
  for (const FloorOutlook &floor : outlook.floors)
    if (floor.staticTypes) {
      groups[{floor.convertibleTypes, floor.staticTypes}].push_back(floor.floor);
      if (!floor.staticTypeReason.empty())
        reason = &floor.staticTypeReason;
    }
  std::string text;
  for (const auto &[counts, floors] : groups) {
    auto [convertible, all] = counts;
    text += (text.empty() ? "" : ", ") +
            number(convertible) + " of " + number(all) +
            (text.empty() ? " become heap types" : "") + " at " + rangesOf(floors);
  }
  return text.empty() ? "none" : text + (reason ? "; " + *reason : "");
}

/// "2 single-phase (PyInit_a at a.c:3, PyInit_b at b.c:9)" for the landmarks that
/// `label` gives a text.
std::string marksText(const Outlook &outlook,
                      function_ref<StringRef(const LandmarkPlace &)> label) {
  MapVector<StringRef, std::vector<std::string>> groups;
  for (const LandmarkPlace &mark : outlook.landmarks)
    if (StringRef text = label(mark); !text.empty())
      groups[text].push_back(mark.name + " at " + where(mark));
  std::string text;
  for (const auto &[label, places] : groups)
    text += (text.empty() ? "" : ", ") + number(places.size()) + " " + label.str() + " (" +
            firstOf(places) + ")";
  return text.empty() ? "none" : text;
}

StringRef phaseOf(const LandmarkPlace &mark) {
  switch (mark.kind) {
  case LandmarkKind::SinglePhase: return "single-phase";
  case LandmarkKind::MultiPhase: return "multi-phase";
  case LandmarkKind::ModuleInit: return "in a way that was not seen";
  default: return "";
  }
}

Table tableOfLandmarks(const Outlook &outlook) {
  Table table;
  table.title = "What decides early";
  table.alignment = "ll";
  table.head = {"", ""};
  table.rows.push_back({"static types", staticTypesText(outlook)});
  table.rows.push_back({"module initialisation", marksText(outlook, phaseOf)});
  for (auto [kind, title] : {std::pair(LandmarkKind::EmbeddedBuiltin, "embedded builtin structs"),
                             std::pair(LandmarkKind::VariableSize, "variable-sized types")})
    table.rows.push_back({title, marksText(outlook, [kind = kind](const LandmarkPlace &mark) {
                            return mark.kind == kind ? StringRef(mark.detail) : "";
                          })});
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> systems;
  for (const Outlook::Binding &binding : outlook.bindings)
    systems[{binding.system, binding.advice}].push_back(binding.file);
  std::string text;
  for (const auto &[system, files] : systems)
    text += (text.empty() ? "" : "; ") + system.first + " in " + firstOf(files) + " (" +
            system.second + ")";
  table.rows.push_back({"binding systems", text.empty() ? "none" : text});
  return table;
}

void printText(const Table &table, raw_ostream &out) {
  if (!table.title.empty())
    out << table.title << "\n";
  std::vector<Row> rows = {table.head};
  append_range(rows, table.rows);
  std::vector<size_t> widths(table.head.size());
  for (const Row &row : rows)
    for (size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], row[i].size());
  for (const Row &row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      std::string blanks(widths[i] - row[i].size(), ' ');
      line += (i ? "  " : "") + (table.alignment[i] == 'r' ? blanks + row[i] : row[i] + blanks);
    }
    if (StringRef text = StringRef(line).rtrim(); !text.empty())
      out << text << "\n";
  }
  for (const std::string &note : table.notes)
    out << note << "\n";
}

/// A bar would end its cell.
std::string cell(StringRef text) {
  std::string safe;
  for (char c : text)
    safe += c == '|' ? std::string("\\|") : std::string(1, c);
  return safe;
}

void printMarkdown(const Table &table, raw_ostream &out) {
  if (!table.title.empty())
    out << "## " << table.title << "\n\n";
  auto print = [&](const Row &row) {
    out << "|";
    for (const std::string &text : row)
      out << " " << cell(text) << (text.empty() ? "|" : " |");
    out << "\n";
  };
  print(table.head);
  out << "|";
  for (char alignment : table.alignment)
    out << (alignment == 'r' ? " ---: |" : " --- |");
  out << "\n";
  for (const Row &row : table.rows)
    print(row);
  for (const std::string &note : table.notes)
    out << "\n" << (StringRef(note).starts_with("*") ? "\\" : "") << note << "\n";
}

} // namespace

void printOutlook(const Outlook &outlook, bool markdown, raw_ostream &out) {
  if (markdown)
    out << "# What the Limited API would take\n\n";
  out << outlook.sources << (outlook.sources == 1 ? " source" : " sources")
      << ", judged by the rules alone: 'abi3ify check --verify' proves the edits for one floor\n";
  auto print = [&](const Table &table) {
    if (table.rows.empty())
      return;
    out << "\n";
    markdown ? printMarkdown(table, out) : printText(table, out);
  };
  print(tableOfFloors(outlook));
  print(tableOfLandmarks(outlook));
  print(tableOfCosts(outlook));
  print(tableOfLoops(outlook));
  printReported(outlook.builds, markdown, out);
}

} // namespace abi3ify
