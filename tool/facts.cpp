#include "abi3ify/facts.h"
#include "abi3ify/embedded.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/ErrorHandling.h"

using namespace llvm;

namespace abi3ify {
namespace {

// The tables are ours and tested; a row that cannot be read is a broken build.
Minor minorOf(StringRef text) {
  auto minor = parseMinor(text);
  if (!minor)
    report_fatal_error(minor.takeError());
  return *minor;
}

template <class Fn> void forEachRow(StringRef table, Fn fn) {
  while (!table.empty()) {
    auto [line, rest] = table.split('\n');
    table = rest;
    if (line.empty() || line.starts_with("#"))
      continue;
    SmallVector<StringRef, 10> cells;
    line.split(cells, '\t');
    fn(cells);
  }
}

StringRef embeddedTable(StringRef path) {
  for (const EmbeddedFile &file : embeddedFiles())
    if (StringRef(file.path) == path)
      return file.text;
  report_fatal_error("missing table " + path);
}

} // namespace

bool Fact::memberUsableAt(StringRef member, Floor floor) const {
  if (!usableAt(floor) || isOpaqueAt(floor))
    return false;
  if (opacity == "full" || opacity == "-")
    return opacity == "full";
  SmallVector<StringRef, 4> list;
  members.split(list, ',');
  return opacity == "members" && is_contained(list, member);
}

Facts::Facts(StringRef table) {
  forEachRow(table, [&](ArrayRef<StringRef> cells) {
    if (cells.size() < 10 || cells[0] == "name")
      return;
    Fact fact;
    fact.name = cells[0];
    fact.kind = cells[1];
    fact.origin = cells[2];
    if (cells[3] != "-")
      fact.since = minorOf(cells[3]);
    fact.fullFrom = cells[4] == "-" ? OldestFloor : minorOf(cells[4]);
    fact.fullUntil = cells[5] == "-" ? NewestFloor : minorOf(cells[5]);
    // Names that 3.15 no longer has were not measured there.
    fact.abi3t = cells[6] != "n" || fact.fullUntil < NewestFloor;
    fact.opaqueInAbi3t = cells[6] == "opaque";
    fact.opacity = cells[7];
    fact.members = cells[8];
    if (cells[9] != "-")
      fact.shownFrom = minorOf(cells[9]);
    rows[fact.name] = fact;
  });
}

const Fact *Facts::find(StringRef name) const {
  auto row = rows.find(name);
  return row == rows.end() ? nullptr : &row->second;
}

bool Facts::lacking(StringRef name, Floor floor) const {
  const Fact *fact = find(name);
  // CPython promises that PyUnstable_ names are never limited; some exist in
  // free-threaded headers only, which the table was not measured with.
  return fact ? !fact->usableAt(floor) : name.starts_with("PyUnstable_");
}

const Facts &facts() {
  static const Facts table(embeddedTable("facts/limited-api.tsv"));
  return table;
}

std::string describeLack(StringRef name, Floor floor) {
  const Fact *fact = facts().find(name);
  std::string quoted = "'" + name.str() + "'";
  if (fact && floor.abi3t && fact->usableAt({floor.minor}))
    return quoted + " is not part of abi3t, the stable ABI of free-threaded builds";
  if (fact && fact->since)
    return quoted + " is in the Limited API only from 3." + std::to_string(*fact->since) + " on";
  if (fact && fact->origin == "poison")
    return quoted + " stays defined under the limit but cannot compile there";
  if (fact && fact->origin == "abi-only")
    return quoted + " is kept for old binaries only; it is no part of the Limited API";
  return quoted + " is not part of the Limited API";
}

namespace {

struct Members {
  StringMap<StringSet<>> structs;
  StringSet<> all;

  Members() {
    forEachRow(embeddedTable("facts/members.tsv"), [&](ArrayRef<StringRef> cells) {
      if (cells.size() < 2)
        return;
      SmallVector<StringRef, 64> list;
      cells[1].split(list, ',');
      for (StringRef member : list) {
        structs[cells[0]].insert(member);
        all.insert(member);
      }
    });
  }
};

const Members &members() {
  static const Members table;
  return table;
}

} // namespace

bool isPythonsStruct(StringRef name) { return members().structs.contains(name); }

bool isMemberOf(StringRef structName, StringRef member) {
  auto found = members().structs.find(structName);
  return found != members().structs.end() && found->second.contains(member);
}

bool isMember(StringRef member) { return members().all.contains(member); }

const LibcFact *findLibc(StringRef name) {
  static const StringMap<LibcFact> table = [] {
    StringMap<LibcFact> rows;
    forEachRow(embeddedTable("facts/libc.tsv"), [&](ArrayRef<StringRef> cells) {
      if (cells.size() >= 3 && cells[0] != "name")
        rows[cells[0]] = {cells[1], cells[2].ends_with("all") ? OldestFloor : minorOf(cells[2])};
    });
    return rows;
  }();
  auto row = table.find(name);
  return row == table.end() ? nullptr : &row->second;
}

} // namespace abi3ify
