#include "abi3ify/split.h"
#include "abi3ify/write.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace abi3ify {
namespace {

/// The areas of the wanted edits, in the order of the patches.
std::set<std::string> areasOf(const std::vector<Finding> &findings,
                              const std::vector<bool> &wanted, const RuleSet &rules) {
  std::set<std::string> areas;
  for (size_t i = 0; i < wanted.size(); ++i)
    if (const Rule *rule = wanted[i] ? rules.find(findings[i].rule) : nullptr)
      areas.insert(rule->area);
  return areas;
}

/// The texts that differ from the originals.
Texts changed(const Edits &edits, const Texts &originals) {
  Texts texts;
  for (const auto &[file, edited] : edits.files)
    if (edited.text != originals.at(file))
      texts[file] = edited.text;
  return texts;
}

/// Of the files in either: how they were, how they are.
std::string difference(const std::string &root, const Texts &originals, const Texts &before,
                       const Texts &after) {
  Texts old, now;
  for (const Texts *texts : {&before, &after})
    for (const auto &[file, text] : *texts) {
      auto was = before.find(file), is = after.find(file);
      old[file] = was == before.end() ? originals.at(file) : was->second;
      now[file] = is == after.end() ? originals.at(file) : is->second;
    }
  return unifiedDiff(root, old, now);
}

std::string listed(const std::map<std::string, unsigned> &rules) {
  std::string text;
  for (const auto &[rule, number] : rules)
    text += (text.empty() ? "" : ", ") + rule + " (" + std::to_string(number) + ")";
  return text;
}

/// As git format-patch writes it. The date is fixed, so that the same edits give
/// the same patches.
std::string mail(const SplitStep &step, size_t number, size_t all, Floor floor, StringRef diff) {
  std::string text;
  raw_string_ostream out(text);
  out << "From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001\n"
      << "From: abi3ify <abi3ify@localhost>\n"
      << "Date: Mon, 17 Sep 2001 00:00:00 +0000\n"
      << "Subject: [PATCH " << number << "/" << all << "] " << step.area
      << ": what Limited API " << floor.str() << " does not have\n\n"
      << "Edits by rule: " << listed(step.rules) << ".\n";
  if (!step.lateRules.empty())
    out << "Of earlier areas, because they go with these or did not compile without them: "
        << listed(step.lateRules) << ".\n";
  out << "---\n" << diff << "-- \nabi3ify " << ABI3IFY_VERSION << "\n";
  return text;
}

} // namespace

std::vector<SplitStep> splitByArea(const std::vector<Finding> &findings,
                                   const std::vector<bool> &wanted, const RuleSet &rules,
                                   ArrayRef<UnitFiles> units, const Texts &originals,
                                   const VerifyOptions &options) {
  std::vector<SplitStep> steps;
  std::set<std::string> done, areas = areasOf(findings, wanted, rules);
  std::vector<bool> before(wanted.size(), false);
  VerifyOptions full = options;
  full.limited = false;
  for (const std::string &area : areas) {
    done.insert(area);
    // What is left out may be needed by what is in: so each state is compiled,
    // and what does not hold yet waits for a later one.
    std::vector<bool> now = wanted;
    for (size_t i = 0; i < now.size(); ++i)
      if (now[i]) {
        const Rule *rule = rules.find(findings[i].rule);
        now[i] = rule && done.count(rule->area);
      }
    std::vector<Finding> copy = findings;
    keepGroupsWhole(copy, now);
    Edits edits;
    if (area == *areas.rbegin()) {
      now = wanted; // has been proved
      edits = makeEdits(findings, now, originals);
    } else
      edits = verifyEdits(copy, now, units, originals, full);
    SplitStep step;
    step.area = area;
    step.texts = changed(edits, originals);
    for (size_t i = 0; i < now.size(); ++i)
      if (now[i] && !before[i]) {
        const Rule *rule = rules.find(findings[i].rule);
        ++(rule && rule->area == area ? step.rules : step.lateRules)[findings[i].rule];
      }
    before = now;
    if (step.texts != (steps.empty() ? Texts() : steps.back().texts))
      steps.push_back(std::move(step));
  }
  return steps;
}

Error preparePatchFolder(const std::string &folder) {
  if (std::error_code code = sys::fs::create_directories(folder))
    return createStringError("cannot make the folder " + folder + ": " + code.message());
  std::error_code code;
  for (sys::fs::directory_iterator it(folder, code), end; it != end && !code; it.increment(code))
    if (StringRef(it->path()).ends_with(".patch"))
      return createStringError(it->path() + " is there already; remove the old patches or name "
                                            "another folder");
  if (code)
    return createStringError("cannot read the folder " + folder + ": " + code.message());
  return Error::success();
}

Expected<std::vector<std::string>> writePatches(const std::string &folder, const std::string &root,
                                                Floor floor, ArrayRef<SplitStep> steps,
                                                const Texts &originals) {
  std::vector<std::string> names;
  Texts before;
  for (size_t i = 0; i < steps.size(); ++i) {
    std::string name = formatv("{0,0+4}-{1}.patch", i + 1, steps[i].area).str();
    std::string diff = difference(root, originals, before, steps[i].texts);
    if (Error error = replaceFile(folder + "/" + name,
                                  mail(steps[i], i + 1, steps.size(), floor, diff)))
      return std::move(error);
    names.push_back(name);
    before = steps[i].texts;
  }
  return names;
}

} // namespace abi3ify
