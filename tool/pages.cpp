#include "abi3ify/pages.h"
#include "abi3ify/finding.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace abi3ify {
namespace {

void printForms(const Rule &rule, raw_ostream &out) {
  for (const Form &form : rule.forms) {
    out << "- from floor 3." << form.since << " on";
    std::vector<std::string> uses;
    for (Use use : {Use::Assign, Use::Update, Use::Address, Use::SizeOf})
      if (form.uses.has(use))
        uses.push_back(name(use).str());
    if (!uses.empty())
      out << " (" << join(uses, ", ") << ")";
    out << ": ";
    if (!form.to.empty())
      out << "`" << form.to << "`";
    for (const auto &[from, to] : form.rename)
      out << (&from == &form.rename.front().first ? "" : ", ") << "`" << from << "` becomes `" << to
          << "`";
    for (const auto &[argument, type] : form.cast)
      if (form.to.empty())
        out << "`(" << type << ")` in front of the " << argument;
    if (form.to.empty() && form.rename.empty() && form.cast.empty())
      out << "removed";
    out << " (" << name(form.safety ? lower(rule.safety, *form.safety) : rule.safety) << ")\n";
  }
}

void printExample(const Example &example, raw_ostream &out) {
  if (example.unchanged)
    return;
  out << "\n```" << (example.cxx ? "c++" : "c") << "\n";
  if (!example.top.empty())
    out << StringRef(example.top).rtrim() << "\n";
  if (!example.given.empty())
    out << example.given << "\n\n";
  out << "// before\n" << StringRef(example.before).rtrim() << "\n";
  if (example.after)
    out << "\n// after\n" << StringRef(*example.after).rtrim() << "\n";
  out << "```\n";
  if (example.manual)
    out << "This is left to you.\n";
}

Error writePage(StringRef folder, StringRef file, StringRef text) {
  SmallString<128> path(folder);
  sys::path::append(path, file);
  std::error_code code;
  raw_fd_ostream out(path, code);
  if (code)
    return createStringError("cannot write " + path + ": " + code.message());
  out << text;
  return Error::success();
}

} // namespace

std::string pageOf(const Rule &rule) {
  std::string text;
  raw_string_ostream out(text);
  out << "# " << rule.id << "\n\n" << rule.title << ".\n\n" << StringRef(rule.docs).trim() << "\n\n";
  out << "Safety: " << name(rule.safety) << ". Area: " << rule.area << ".";
  if (!rule.rows.empty())
    out << " Catalogue: " << join(rule.rows, ", ") << ".";
  out << "\n";
  if (!rule.forms.empty()) {
    out << "\n## What is written\n\n";
    printForms(rule, out);
  }
  if (!rule.reasons.empty()) {
    out << "\n## What is left to you\n\n";
    for (const Reason &reason : rule.reasons)
      out << "- " << reason.text << "\n";
  }
  out << "\n## Examples\n";
  for (const Example &example : rule.examples)
    printExample(example, out);
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

Error writePages(const RuleSet &rules, StringRef folder) {
  if (std::error_code code = sys::fs::create_directories(folder))
    return createStringError("cannot make the folder " + folder + ": " + code.message());
  std::map<std::string, std::vector<const Rule *>> areas;
  for (const auto &rule : rules.all()) {
    areas[rule->area].push_back(rule.get());
    if (Error error = writePage(folder, rule->id + ".md", pageOf(*rule)))
      return error;
  }
  std::string index = "# Rules\n";
  for (auto &[area, list] : areas) {
    index += "\n## " + area + "\n\n";
    sort(list, [](const Rule *a, const Rule *b) { return a->id < b->id; });
    for (const Rule *rule : list)
      index += "- [" + rule->id + "](" + rule->id + ".md): " + rule->title + " (" +
               name(rule->safety).str() + ")\n";
  }
  return writePage(folder, "index.md", index);
}

} // namespace abi3ify
