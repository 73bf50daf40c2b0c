#include "abi3ify/selection.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;

namespace abi3ify {
namespace {

constexpr Safety Safeties[] = {Safety::Safe, Safety::Review, Safety::Manual};

std::set<std::string> areasOf(const RuleSet &rules) {
  std::set<std::string> areas;
  for (const auto &rule : rules.all())
    areas.insert(rule->area);
  return areas;
}

/// The text among `known` that is most like another; empty if none is.
template <typename List> StringRef nearest(const List &known, StringRef text) {
  StringRef best;
  unsigned distance = std::min<size_t>(4, text.size());
  for (StringRef candidate : known)
    if (unsigned own = candidate.edit_distance(text, true, distance); own < distance) {
      distance = own;
      best = candidate;
    }
  return best;
}

std::string maybe(StringRef prefix, StringRef match, StringRef otherwise) {
  return match.empty() ? "; " + otherwise.str()
                       : ("; did you mean '" + prefix + match + "'?").str();
}

Error unknownRule(const RuleSet &rules, StringRef id) {
  // Whoever leaves out the prefix learns of it.
  if (areasOf(rules).count(id.str()))
    return createStringError("no rule is called '" + id + "'; the area is selected by 'area:" +
                             id + "'");
  for (Safety safety : Safeties)
    if (id == name(safety))
      return createStringError("no rule is called '" + id +
                               "'; the safety is selected by 'safety:" + id + "'");
  std::vector<StringRef> ids;
  for (const auto &rule : rules.all())
    ids.push_back(rule->id);
  return createStringError("no rule is called '" + id + "'" +
                           maybe("", nearest(ids, id), "'abi3ify rules' lists them"));
}

} // namespace

Error checkRuleIds(const RuleSet &rules, ArrayRef<std::string> ids) {
  for (const std::string &id : ids)
    if (id != NoRule && !rules.find(id))
      return unknownRule(rules, id);
  return Error::success();
}

Expected<Selectors> Selectors::parse(const RuleSet &rules, ArrayRef<std::string> texts) {
  Selectors selectors;
  for (StringRef text : texts) {
    if (text.consume_front("area:")) {
      std::set<std::string> areas = areasOf(rules);
      if (!areas.count(text.str()))
        return createStringError("no area is called '" + text + "'" +
                                 maybe("area:", nearest(areas, text),
                                       "'abi3ify rules' lists them in front of the rules"));
      for (const auto &rule : rules.all())
        if (rule->area == text)
          selectors.ids.insert(rule->id);
    } else if (text.consume_front("safety:")) {
      auto safety = find_if(Safeties, [&](Safety safety) { return name(safety) == text; });
      if (safety == std::end(Safeties))
        return createStringError("no safety is called '" + text +
                                 "'; it is safety:safe, safety:review or safety:manual");
      selectors.safeties.insert(*safety);
    } else if (text.contains(':'))
      return createStringError("'" + text +
                               "' selects nothing; give a rule's id, area:NAME or safety:NAME");
    else if (text != NoRule && !rules.find(text))
      return unknownRule(rules, text);
    else
      selectors.ids.insert(text.str());
  }
  return selectors;
}

bool Selectors::holds(StringRef rule, Safety safety) const {
  return names(rule) || safeties.count(safety);
}

Expected<Selection> Selection::parse(const RuleSet &rules, ArrayRef<std::string> select,
                                     ArrayRef<std::string> ignore,
                                     ArrayRef<PerFileIgnore> perFile) {
  Selection selection;
  for (auto [texts, selectors] :
       {std::pair(select, &selection.select), std::pair(ignore, &selection.ignore)}) {
    auto parsed = Selectors::parse(rules, texts);
    if (!parsed)
      return parsed.takeError();
    *selectors = std::move(*parsed);
  }
  for (const PerFileIgnore &entry : perFile) {
    auto parsed = Selectors::parse(rules, entry.rules);
    if (!parsed)
      return createStringError(entry.place + ": " + toString(parsed.takeError()));
    selection.perFile.emplace_back(entry, std::move(*parsed));
  }
  return selection;
}

bool Selection::holds(const Finding &finding) const {
  if (!looksAt(finding.file))
    return false;
  if (!select.empty() && !select.holds(finding.rule, finding.safety))
    return false;
  return !ignore.holds(finding.rule, finding.safety) &&
         none_of(perFile, [&](const auto &entry) {
           return entry.second.holds(finding.rule, finding.safety) &&
                  entry.first.matches(finding.file);
         });
}

bool Selection::speaksOf(StringRef rule, StringRef file) const {
  if (!looksAt(file) || (!select.empty() && !select.names(rule) && !select.namesSafety()))
    return false;
  return !ignore.names(rule) && none_of(perFile, [&](const auto &entry) {
    return entry.second.names(rule) && entry.first.matches(file);
  });
}

} // namespace abi3ify
