// What several units, and several expansions of one macro body, say of the
// same spelled place becomes one finding.
#include "abi3ify/match.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"

using namespace llvm;

namespace abi3ify {
namespace {

/// The same edit but for casts: takes over b's casts. False if they disagree.
bool unite(Rewrite &a, const Rewrite &b) {
  if (a.file != b.file || a.extent != b.extent || a.to != b.to || a.castsOnly != b.castsOnly ||
      a.args.size() != b.args.size())
    return false;
  for (auto [mine, theirs] : zip(a.args, b.args)) {
    if (mine.name != theirs.name || mine.range != theirs.range || mine.text != theirs.text ||
        mine.addressOf != theirs.addressOf)
      return false;
    if (!mine.cast.empty() && !theirs.cast.empty() && mine.cast != theirs.cast)
      return false;
    if (mine.cast.empty())
      mine.cast = theirs.cast;
    mine.primary &= theirs.primary;
  }
  return true;
}

void giveUp(Finding &finding, StringRef reason) {
  finding.rewrites.clear();
  finding.safety = Safety::Manual;
  finding.reason = reason.str();
}

void unite(Finding &a, Finding b) {
  a.expansions += b.inMacro ? b.expansions : 0;
  a.inLoop |= b.inLoop;
  a.configurations.insert(b.configurations.begin(), b.configurations.end());
  if (a.rule == b.rule)
    for (RelatedPlace &place : b.places)
      if (!is_contained(a.places, place))
        a.places.push_back(place);
  // What may matter gives way to what does.
  if (b.state == State::Advice && a.state != State::Advice)
    return;
  if (a.state == State::Advice && b.state != State::Advice) {
    b.configurations = std::move(a.configurations); // of both by now
    a = std::move(b);
    return;
  }
  if (a.rule != b.rule) {
    // A rule knows more than the generic net.
    if (a.rule == NoRule) {
      b.expansions = a.expansions;
      b.inLoop = a.inLoop;
      b.configurations = std::move(a.configurations);
      a = std::move(b);
    } else if (b.rule != NoRule)
      giveUp(a, "rules '" + a.rule + "' and '" + b.rule + "' both hold here");
    return;
  }
  if (!a.hasEdit())
    return;
  if (!b.hasEdit())
    return giveUp(a, b.reason);
  if (a.group != b.group || a.rewrites.size() != b.rewrites.size())
    return giveUp(a, "its expansions need different edits");
  for (auto [mine, theirs] : zip(a.rewrites, b.rewrites))
    if (!unite(mine, theirs))
      return giveUp(a, "its expansions need different edits");
  if (b.safety > a.safety) {
    a.safety = b.safety;
    a.reason = b.reason;
  }
}

/// Whether text goes away with a rewrite: it lies in none of its arguments.
bool takesAway(const Rewrite &rewrite, const std::string &file, Range range) {
  return !rewrite.castsOnly && rewrite.file == file && rewrite.extent.contains(range) &&
         none_of(rewrite.args, [&](const Argument &argument) {
           return argument.text.empty() && argument.range.contains(range) &&
                  StringRef(rewrite.to).contains("$" + argument.name);
         });
}

/// A name that goes away with another use's edit, such as the cast in
/// ((PyFloatObject *)x)->ob_fval, is part of that use; so is one whose own edit
/// is all in what goes away (Py_TYPE in Py_TYPE(x)->tp_name).
bool goesAwayWith(const Finding &finding, const Finding &other) {
  if (!finding.group.empty() && finding.group != other.group)
    return false;
  // The definition of a helper, which other findings may need as well.
  auto isShared = [](const Rewrite &inner) { return inner.sharedRank && inner.extent.size() == 0; };
  bool onlyShared = all_of(finding.rewrites, isShared);
  return any_of(other.rewrites, [&](const Rewrite &outer) {
    return takesAway(outer, finding.file, finding.range) &&
           all_of(finding.rewrites, [&](const Rewrite &inner) {
             return (isShared(inner) && !onlyShared) ||
                    (outer.extent != inner.extent && takesAway(outer, inner.file, inner.extent));
           });
  });
}

/// A token has one finding; a missing header is known by its name, because
/// each unit may see another first use of it.
using Place = std::tuple<std::string, unsigned, std::string>;

Place placeOf(const Finding &finding) {
  if (StringRef(finding.symbol).starts_with("-D")) // a flag, of all units that have it
    return {"", 0, finding.symbol};
  bool insertion = finding.hasEdit() && finding.rewrites[0].extent.size() == 0 &&
                   finding.rule != StaticTypeRule; // known by its definition
  return {finding.file, insertion ? finding.rewrites[0].extent.begin : finding.range.begin,
          insertion ? finding.rewrites[0].to : std::string()};
}

} // namespace

std::vector<Finding> mergeMatches(std::vector<Finding> findings, ArrayRef<TypePart> types) {
  convertTypes(types, findings);
  std::map<Place, Finding> places;
  for (const Finding &finding : findings) {
    auto [it, added] = places.try_emplace(placeOf(finding), finding);
    if (!added)
      unite(it->second, finding);
  }
  // A group is kept or given up whole, wherever its members stand.
  std::set<std::string> broken;
  for (const Finding &finding : findings)
    if (!finding.group.empty() && !places.at(placeOf(finding)).hasEdit())
      broken.insert(finding.group);
  std::vector<Finding> merged;
  for (auto &[key, finding] : places) {
    if (finding.hasEdit() && broken.count(finding.group))
      giveUp(finding, "it belongs to an edit that cannot be made as a whole");
    if (!finding.hasEdit())
      finding.group.clear();
    finding.state = finding.hasEdit()                ? State::Fixable
                    : finding.state == State::Advice ? State::Advice
                                                     : State::Manual;
    merged.push_back(std::move(finding));
  }
  StringMap<std::vector<const Finding *>> editing; // by file that their edits change
  for (const Finding &finding : merged)
    for (const Rewrite &rewrite : finding.rewrites)
      if (auto &here = editing[rewrite.file]; here.empty() || here.back() != &finding)
        here.push_back(&finding);
  std::vector<char> parts;
  for (const Finding &finding : merged)
    parts.push_back(any_of(editing[finding.file], [&](const Finding *other) {
      return other != &finding && goesAwayWith(finding, *other);
    }));
  std::vector<Finding> result;
  for (size_t i = 0; i < merged.size(); ++i)
    if (!parts[i])
      result.push_back(std::move(merged[i]));
  return result;
}

} // namespace abi3ify
