#include "abi3ify/pages.h"
#include "abi3ify/facts.h"
#include "abi3ify/finding.h"
#include "abi3ify/write.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <set>

using namespace llvm;

namespace abi3ify {
namespace {

/// The first line of what `rules --docs` writes, and may delete.
constexpr StringRef Mark = "<!-- Written by 'abi3ify rules --docs' from the rule's file. -->\n";
constexpr size_t MostExamples = 5;

std::string quoted(ArrayRef<std::string> names) {
  std::string text;
  for (const std::string &name : names)
    text += (text.empty() ? "`" : ", `") + name + "`";
  return text;
}

std::string version(Minor minor) { return "3." + std::to_string(minor); }

std::string lookedFor(const Rule &rule) {
  std::string names = quoted(rule.names);
  switch (rule.kind) {
  case MatchKind::Call: return "calls of " + names;
  case MatchKind::Name: return "the name " + names;
  case MatchKind::Type: return (rule.pointers ? "pointers to the type " : "the type ") + names;
  case MatchKind::Include: return "`#include` of " + names;
  case MatchKind::Custom:
    if (rule.names.empty())
      return "what the title says, by the signs that the text below names";
    if (rule.structName.empty())
      return "calls of " + names;
    [[fallthrough]];
  case MatchKind::Field:
    return "the member " + names + " of `" + rule.structName + "`" +
           (rule.via.empty() ? "" : " behind `" + rule.via + "`");
  }
  llvm_unreachable("unknown kind");
}

bool fires(const Rule &rule, const std::string &name, Floor floor) {
  if (!rule.speaksAt(floor) || !isFor(rule.target, floor))
    return false;
  if (rule.always || !rule.header.empty())
    return true;
  const Fact *fact = facts().find(rule.structName.empty() ? name : rule.structName);
  if (!fact)
    return true;
  if (!rule.structName.empty())
    return !fact->memberUsableAt(name, floor);
  return facts().lacking(name, floor);
}

/// "at every floor", or the floors of each group of names.
std::string firingFloors(const Rule &rule) {
  MapVector<std::tuple<Minor, Minor, unsigned>, std::vector<std::string>> groups;
  for (const std::string &name : rule.names.empty() ? std::vector<std::string>{""} : rule.names) {
    Minor first = 0, last = 0;
    for (Minor minor = OldestFloor; minor <= NewestFloor; ++minor)
      if (fires(rule, name, {minor})) {
        first = first ? first : minor;
        last = minor;
      }
    groups[{first, last, unsigned(fires(rule, name, {NewestFloor, /*abi3t=*/true}))}].push_back(name);
  }
  std::string text;
  for (const auto &[floors, names] : groups) {
    auto [first, last, abi3t] = floors;
    text += text.empty() ? "" : "; ";
    if (!first)
      text += abi3t ? "for abi3t alone" : "at no floor";
    else if (first == OldestFloor && last == NewestFloor)
      text += "at every floor";
    else
      text += first == last ? "at floor " + version(first)
                            : "at floors " + version(first) + " to " + version(last);
    if (first && last < NewestFloor && abi3t)
      text += " and for abi3t";
    else if (first && last == NewestFloor && !abi3t)
      text += ", not for abi3t";
    if (groups.size() > 1)
      text += " for " + quoted(names);
  }
  if (rule.headersFrom > OldestFloor || rule.headersUntil < NewestFloor)
    text += "; the headers have it " +
            (rule.headersFrom > OldestFloor ? "from " + version(rule.headersFrom) + " on"
                                            : "up to " + version(rule.headersUntil));
  if (rule.headersFrom > OldestFloor && rule.headersUntil < NewestFloor)
    text += " up to " + version(rule.headersUntil);
  if (rule.kind == MatchKind::Custom)
    text += "; only where what the text below asks for holds";
  return text + (rule.optional ? "; only where `--select` names the rule" : "");
}

std::string safetyOf(const Rule &rule) {
  if (rule.advice && rule.forms.empty())
    return "advice: nothing is edited, and no use is counted; whether it matters only the author "
           "knows";
  std::string text = name(rule.safety).str();
  switch (rule.safety) {
  case Safety::Safe: text += ": a valid program cannot tell the difference"; break;
  case Safety::Review: text += ": it compiles, and an edge case may change, which is named below"; break;
  case Safety::Manual: text += ": only the author can decide"; break;
  }
  bool lowered = any_of(rule.forms, [&](const Form &form) {
    return form.safety && *form.safety > rule.safety;
  });
  bool judged = rule.safety == Safety::Safe && any_of(rule.examples, [](const Example &example) {
    return example.after && example.safety == Safety::Review;
  });
  return text + (lowered  ? "; some forms are for review"
                 : judged ? "; for review where the code around it leaves a doubt"
                          : "");
}

std::string usesOf(Uses uses) {
  std::vector<std::string> list;
  for (Use use : {Use::Value, Use::Statement, Use::Assign, Use::Update, Use::Address, Use::SizeOf})
    if (uses.has(use))
      list.push_back(name(use).str());
  return list.size() == 6 || list.empty() ? "" : join(list, ", ");
}

void printForm(const Rule &rule, const Form &form, raw_ostream &out) {
  out << "- " << (form.since > OldestFloor ? "from floor " + version(form.since) + " on" : "at every floor");
  Uses usual;
  usual.add(Use::Value);
  usual.add(Use::Statement);
  if (std::string uses = usesOf(form.uses); !uses.empty() && form.uses.bits != usual.bits)
    out << ", as " << uses;
  if (rule.target == Target::Any && form.target != Target::Any)
    out << (form.target == Target::Abi3t ? ", for abi3t alone" : ", not for abi3t");
  out << ": ";
  if (!form.to.empty())
    out << "`" << form.to << "`";
  ListSeparator comma;
  for (const auto &[from, to] : form.rename)
    out << StringRef(comma) << "`" << from << "` becomes " << (to.empty() ? "nothing" : "`" + to + "`");
  if (form.to.empty() && form.rename.empty())
    out << (form.cast.empty() ? "removed" : "only casts");
  out << " (" << name(form.safety ? lower(rule.safety, *form.safety) : rule.safety) << ")";
  std::vector<std::string> needs;
  MapVector<StringRef, std::vector<std::string>> casts;
  for (const auto &[argument, type] : form.cast)
    casts[type].push_back(argument);
  for (const auto &[type, arguments] : casts)
    needs.push_back(quoted(arguments) + " cast to `" + type.str() + "` where the type is another");
  if (!form.pure.empty())
    needs.push_back("without side effects in " + quoted(form.pure));
  if (!form.null.empty())
    needs.push_back("if " + quoted(form.null) + " is NULL");
  if (!form.nonNull.empty())
    needs.push_back("if " + quoted(form.nonNull) + " is known not to be NULL");
  for (const auto &[argument, constant] : form.constant)
    needs.push_back("if `" + argument + "` is `" + constant + "`");
  if (form.strong)
    needs.push_back("a local variable takes the new reference, and its releases are added");
  if (!needs.empty())
    out << "; " << join(needs, "; ");
  out << "\n";
}

/// Those that differ in what they show.
std::vector<const Example *> shownExamples(const Rule &rule) {
  std::vector<const Example *> list;
  std::set<std::tuple<bool, std::string, std::string, bool>> seen;
  for (const Example &example : rule.examples)
    if (!example.unchanged && list.size() < MostExamples &&
        seen.insert({example.after.has_value(), example.floor ? example.floor->str() : "",
                     example.manual.value_or(""), example.safety == Safety::Review})
            .second)
      list.push_back(&example);
  return list;
}

std::string ended(StringRef text) { return text.rtrim().str() + "\n"; }

void printExample(const Example &example, raw_ostream &out) {
  std::string head;
  for (StringRef part : {StringRef(example.top), StringRef(example.given)})
    if (!part.empty())
      head += ended(part);
  std::string before = head + ended(example.before);
  std::vector<std::string> traits;
  if (example.cxx)
    traits.push_back("C++");
  if (example.floor)
    traits.push_back("floor " + example.floor->str());
  if (example.after && example.safety)
    traits.push_back(name(*example.safety).str());
  if (!example.after)
    traits.push_back("left to you");
  if (std::string label = join(traits, ", "); !label.empty()) {
    label[0] = toUpper(label[0]);
    out << "\n" << label << ":\n";
  }
  if (!example.after) {
    out << "\n```" << (example.cxx ? "c++" : "c") << "\n" << before << "```\n";
    return;
  }
  out << "\n```diff\n";
  std::string diff = unifiedDiff("", {{"x", before}}, {{"x", head + ended(*example.after)}});
  bool first = true;
  for (StringRef line : split(StringRef(diff).rtrim('\n'), '\n')) {
    if (line.starts_with("--- a/") || line.starts_with("+++ b/"))
      continue;
    if (line.starts_with("@@")) {
      if (!first)
        out << "...\n";
      first = false;
      continue;
    }
    out << line.rtrim() << "\n";
  }
  out << "```\n";
}

Error writePage(StringRef folder, StringRef file, StringRef text) {
  SmallString<128> path(folder);
  sys::path::append(path, file);
  std::error_code code;
  raw_fd_ostream out(path, code);
  if (code)
    return createStringError("cannot write " + path + ": " + code.message());
  out << Mark << text;
  return Error::success();
}

/// Pages of rules that there are no longer.
void removeOldPages(StringRef folder, const RuleSet &rules) {
  std::error_code code;
  for (sys::fs::directory_iterator it(folder, code), end; it != end && !code; it.increment(code)) {
    StringRef name = sys::path::filename(it->path());
    if (!name.consume_back(".md") || name == "index" || rules.find(name))
      continue;
    auto buffer = MemoryBuffer::getFile(it->path());
    if (buffer && (*buffer)->getBuffer().starts_with(Mark))
      sys::fs::remove(it->path());
  }
}

/// `code` and **strong** without their marks.
std::string withoutMarks(StringRef line) {
  std::string text;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '`')
      text += '\'';
    else if (line.substr(i).starts_with("**"))
      ++i;
    else
      text += line[i];
  }
  return text;
}

} // namespace

std::string pageOf(const Rule &rule) {
  std::string text;
  raw_string_ostream out(text);
  out << "# " << rule.id << "\n\n" << rule.title << ".\n\n"
      << "- **Looks for**: " << lookedFor(rule) << "\n"
      << "- **Fires**: " << firingFloors(rule) << "\n"
      << "- **Safety**: " << safetyOf(rule) << "\n"
      << "- **Area**: " << rule.area << "\n";
  if (!rule.rows.empty())
    out << "- **Catalogue**: " << join(rule.rows, ", ") << "\n";
  out << "\n" << StringRef(rule.docs).trim() << "\n";
  if (!rule.forms.empty()) {
    out << "\n## What is written\n\n";
    for (const Form &form : rule.forms)
      printForm(rule, form, out);
  }
  for (const auto &[name, definition] : rule.helpers)
    out << "\nThe helper `" << name << "` is written behind the includes:\n\n```c\n"
        << ended(definition) << "```\n";
  if (!rule.reasons.empty()) {
    out << "\n## What is left to you\n\n";
    for (const Reason &reason : rule.reasons) {
      std::string uses = usesOf(reason.uses);
      out << "- " << (uses.empty() ? "" : "as " + uses + ": ") << reason.text << "\n";
    }
  }
  out << "\n## Examples\n";
  for (const Example *example : shownExamples(rule))
    printExample(*example, out);
  out << "\nTo keep a use as it is: `// abi3ify: ignore[" << rule.id
      << "] reason` on its line or the one above.\n";
  return text;
}

std::string pageOfNoRule() {
  return ("# " + NoRule +
          "\n\nThe name is not in the Limited API at the floor, and no rule knows a "
          "replacement.\n\nThe finding names what is used. Look it up in the documentation of "
          "CPython's C API: often a public function, an attribute of the Python object, or a "
          "higher floor does the same. If it is an API of your own or one that you know a "
          "replacement for, a rule in a folder of yours (`--rules DIR`) rewrites it; "
          "docs/writing-rules.md tells how.\n")
      .str();
}

std::string plainText(StringRef page) {
  std::string text;
  bool code = false;
  for (StringRef line : split(page.rtrim('\n'), '\n')) {
    if (line.starts_with("```")) {
      code = !code;
      continue;
    }
    if (code)
      text += (line.empty() ? "" : "    " + line.str()) + "\n";
    else if (StringRef title = line.ltrim('#'); title.size() < line.size())
      text += title.trim().str() + "\n" +
              std::string(title.trim().size(), line.starts_with("##") ? '-' : '=') + "\n";
    else
      text += withoutMarks(line) + "\n";
  }
  return text;
}

Error writePages(const RuleSet &rules, StringRef folder) {
  if (std::error_code code = sys::fs::create_directories(folder))
    return createStringError("cannot make the folder " + folder + ": " + code.message());
  std::map<std::string, std::vector<const Rule *>> areas;
  for (const auto &rule : rules.all()) {
    areas[rule->area].push_back(rule.get());
    if (Error error = writePage(folder, rule->id + ".md", pageOf(*rule)))
      return error;
  }
  if (Error error = writePage(folder, NoRule.str() + ".md", pageOfNoRule()))
    return error;
  removeOldPages(folder, rules);
  std::string index = "# Rules\n\n" + std::to_string(rules.all().size()) +
                      " rules by area. A use that none of them knows is [" + NoRule.str() + "](" +
                      NoRule.str() + ".md).\n\n";
  for (const auto &[area, list] : areas)
    index += (index.back() == '\n' ? "[" : ", [") + area + "](#" + area + ")";
  index += "\n";
  for (auto &[area, list] : areas) {
    index += "\n## " + area + "\n\n";
    sort(list, [](const Rule *a, const Rule *b) { return a->id < b->id; });
    for (const Rule *rule : list)
      index += "- [" + rule->id + "](" + rule->id + ".md): " + rule->title + " (" +
               (rule->advice && rule->forms.empty() ? "advice" : name(rule->safety).str()) + ")\n";
  }
  return writePage(folder, "index.md", index);
}

} // namespace abi3ify
