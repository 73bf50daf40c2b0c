// What all units say of a static type becomes one conversion, or one reason
// why there is none.
#include "abi3ify/match.h"
#include "abi3ify/spelling.h"
#include "abi3ify/static-types.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace llvm;

namespace abi3ify {
namespace {

/// The whole of a type.
struct WholeType {
  std::string name, file, unit;
  std::vector<std::string> remarks;
  Range range;
  bool defined = false, readiedElsewhere = false, isMutable = false;
  std::string baseText, baseKey, baseFile, metaText, metaKey, embedder;
  Range baseRange;
  std::vector<Rewrite> rewrites, externs;
  std::vector<TypePart::Ready> readies;
  std::set<TypePlace> blockers, loose, nameless;
  std::set<std::string> modules; ///< of the units that ready it
  std::set<std::pair<std::string, unsigned>> mentions;
  std::set<TypePart::Member> members;
  std::map<std::string, std::string> offsets;
  std::set<std::string> ties;
  std::map<std::string, std::set<std::string>> assigned; ///< by other units than its own
  std::set<std::string> seenIn, memberTables, configurations;
  bool refusesSubtypes = false;
  std::set<std::string> unseen; ///< places that are changed but not compiled
};

/// Which types hang together: sets of ties, each known by one of them.
class Sets {
public:
  std::string of(const std::string &tie) {
    auto found = parent.find(tie);
    return found == parent.end() ? tie : found->second = of(found->second);
  }
  void join(const std::string &a, const std::string &b) {
    if (of(a) != of(b))
      parent[of(a)] = of(b);
  }

private:
  std::map<std::string, std::string> parent;
};

void addNew(std::vector<Rewrite> &list, ArrayRef<Rewrite> more) {
  for (const Rewrite &rewrite : more)
    if (!is_contained(list, rewrite))
      list.push_back(rewrite);
}

/// Whether two rewrites put different texts into the same place.
bool clash(const Rewrite &a, const Rewrite &b) {
  return a.extent.size() && a.file == b.file && a.extent == b.extent && a != b;
}

std::map<std::string, WholeType> joinParts(ArrayRef<TypePart> parts) {
  std::map<std::string, WholeType> types;
  for (const TypePart &part : parts)
    for (const auto &[member, value] : part.assigned)
      types[part.key].assigned[member].insert(value);
  for (const TypePart &part : parts) {
    WholeType &type = types[part.key];
    if (part.defined && type.defined && (type.file != part.file || type.range != part.range))
      type.blockers.insert({part.file, part.range.begin,
                            "another type of this name is defined here, and other units may mean "
                            "either"});
    if (!part.unit.empty() && !type.unit.empty() && type.unit != part.unit)
      type.blockers.insert({part.file, part.range.begin,
                            "each unit that includes it has one of its own, and must ready it"});
    if (part.defined)
      type.unit = part.unit;
    if (part.defined || type.name.empty()) {
      type.name = part.name;
      type.file = part.file;
      type.range = part.range;
    }
    if (part.defined) {
      type.baseText = part.baseText;
      type.baseKey = part.baseKey;
      type.metaText = part.metaText;
      type.metaKey = part.metaKey;
      type.baseFile = part.baseFile;
      type.baseRange = part.baseRange;
      type.embedder = part.embedder;
      type.remarks = part.remarks;
      type.refusesSubtypes = part.refusesSubtypes;
      type.offsets = part.offsets;
    }
    type.defined |= part.defined;
    type.readiedElsewhere |= !part.readies.empty() && !part.defined;
    bool made = type.assigned.count("tp_new") || type.assigned.count("tp_base");
    const std::vector<Rewrite> &own = part.defined && made ? part.rewritesIfMade : part.rewrites;
    for (const Rewrite &rewrite : own)
      if (any_of(type.rewrites, [&](const Rewrite &known) { return clash(known, rewrite); }))
        type.blockers.insert({rewrite.file, rewrite.extent.begin,
                              "units or configurations need different edits here"});
    addNew(type.rewrites, own);
    type.configurations.insert(part.configurations.begin(), part.configurations.end());
    addNew(type.externs, part.externs);
    for (const TypePart::Ready &ready : part.readies)
      if (none_of(type.readies, [&](const TypePart::Ready &known) {
            return known.file == ready.file && known.extent == ready.extent &&
                   known.rank == ready.rank;
          }))
        type.readies.push_back(ready);
    type.blockers.insert(part.blockers.begin(), part.blockers.end());
    type.loose.insert(part.loose.begin(), part.loose.end());
    type.nameless.insert(part.nameless.begin(), part.nameless.end());
    if (!part.readies.empty())
      type.modules.insert(part.module);
    type.mentions.insert(part.mentions.begin(), part.mentions.end());
    type.members.insert(part.members.begin(), part.members.end());
    type.memberTables.insert(part.memberTables.begin(), part.memberTables.end());
    if (!part.seenIn.empty())
      type.seenIn.insert(part.seenIn);
    type.ties.insert(part.ties.begin(), part.ties.end());
  }
  return types;
}

/// 0 if the file cannot be read.
unsigned lineOf(const TypePlace &place) {
  auto buffer = MemoryBuffer::getFile(place.file);
  return buffer ? 1 + (*buffer)->getBuffer().take_front(place.offset).count('\n') : 0;
}

/// "file.c:12" of a place.
std::string placeText(const TypePlace &place) {
  unsigned line = lineOf(place);
  return StringRef(place.file).rsplit('/').second.str() + (line ? ":" + std::to_string(line) : "");
}

/// The uses of a type's struct go the type's way.
void takeStructs(std::map<std::string, WholeType> &types) {
  std::map<std::string, WholeType *> owners;
  for (auto &[key, type] : types) {
    auto part = types.find(type.embedder);
    if (type.embedder.empty() || part == types.end())
      continue;
    auto [owner, first] = owners.try_emplace(type.embedder, &type);
    if (!first)
      type.blockers.insert({type.file, type.range.begin,
                            "'" + owner->second->name + "' has the same struct, which begins with "
                            "a builtin's"});
    if (!type.unit.empty() && part->second.seenIn.size() > 1)
      type.blockers.insert({type.file, type.range.begin,
                            "its struct begins with a builtin's, and other sources that see the "
                            "struct do not see the type"});
    for (const std::string &table : part->second.memberTables)
      if (!type.memberTables.count(table))
        type.blockers.insert({type.file, type.range.begin,
                              "its struct begins with a builtin's, and the members of another type "
                              "have offsets in it"});
    addNew(type.rewrites, part->second.rewrites);
    type.blockers.insert(part->second.blockers.begin(), part->second.blockers.end());
  }
}

/// Findings without an edit that a conversion removes the code of, and those of members that
/// it writes in another way.
void dropAnswered(ArrayRef<Rewrite> rewrites, std::vector<Finding> &findings) {
  erase_if(findings, [&](const Finding &finding) {
    bool isMember = StringRef(finding.symbol).starts_with("tp_");
    return any_of(rewrites, [&](const Rewrite &rewrite) {
      return rewrite.anew && rewrite.args.empty() && rewrite.file == finding.file &&
             rewrite.extent.contains(finding.range) &&
             (rewrite.to.empty() ? !finding.hasEdit() : isMember);
    });
  });
}

/// Reasons that only the whole shows.
void checkWhole(WholeType &type) {
  for (const TypePlace &place : type.loose)
    if (type.mentions.count({place.file, place.offset}))
      continue;
    else if (place.ampersand) {
      Rewrite rewrite;
      rewrite.file = place.file;
      rewrite.extent = {place.offset - 1, place.offset};
      type.rewrites.push_back(rewrite);
      if (!place.inMacro)
        type.unseen.insert(placeText(place));
    } else
      type.blockers.insert({place.file, place.offset,
                            "it is named here in code that this build does not compile"});
  if (type.readies.empty() && type.blockers.empty())
    type.blockers.insert({type.file, type.range.begin, "no PyType_Ready(&" + type.name +
                                                           ") makes it at a known place"});
  for (size_t i = 0; i < type.rewrites.size(); ++i)
    for (size_t j = 0; j < i; ++j)
      if (type.rewrites[i].file == type.rewrites[j].file && type.rewrites[i].extent.size() &&
          type.rewrites[i].extent == type.rewrites[j].extent)
        type.blockers.insert({type.rewrites[i].file, type.rewrites[i].extent.begin,
                              "its units want different edits here"});
}

/// What other units assign becomes slots of the definition.
void placeAssigned(WholeType &type) {
  std::vector<std::string> lines;
  for (const auto &[member, values] : type.assigned) {
    if (values.size() > 1)
      type.blockers.insert({type.file, type.range.begin,
                            "two units set its '" + member + "' to different values"});
    if (member == "tp_base") {
      if (!type.baseText.empty())
        type.blockers.insert({type.file, type.range.begin, "another unit sets its tp_base again"});
      type.baseText = *values.begin() == "&PyBaseObject_Type" ? "" : *values.begin();
    } else
      lines.push_back("{Py_" + member + ", (void *)" + *values.begin() + "},");
  }
  for (Rewrite &rewrite : type.rewrites) {
    size_t at = rewrite.to.find(TypePart::SlotsMark);
    if (at == std::string::npos)
      continue;
    StringRef before = StringRef(rewrite.to).take_front(at);
    std::string indent = before.substr(before.rfind('\n') + 1).str();
    std::string newline = newlineOf(before).str(), text;
    for (const std::string &line : lines) {
      if (before.contains(StringRef(line).split(',').first.str() + ","))
        type.blockers.insert({type.file, type.range.begin,
                              "another unit sets a member again: " + line});
      text += line + newline + indent;
    }
    rewrite.to.replace(at, TypePart::SlotsMark.size(), text);
  }
}

/// A name without a module gets that of the one module whose unit readies the type.
void nameModule(WholeType &type) {
  if (type.nameless.empty())
    return;
  if (type.modules.size() != 1 || type.modules.begin()->empty()) {
    type.blockers.insert(type.nameless.begin(), type.nameless.end());
    return;
  }
  for (Rewrite &rewrite : type.rewrites)
    for (size_t at; (at = rewrite.to.find(TypePart::ModuleMark)) != std::string::npos;)
      rewrite.to.replace(at, TypePart::ModuleMark.size(), *type.modules.begin());
}

/// Whether a finding is about a name in the expression that a type's base is.
bool isInBase(const WholeType &type, const Finding &finding) {
  return finding.file == type.baseFile && type.baseRange.contains(finding.range);
}

/// The base's text moves to where the type is made, with the names that other
/// edits give to what is in it.
void renameInBase(WholeType &type, ArrayRef<Finding> findings) {
  std::map<unsigned, const Rewrite *, std::greater<>> names; // from the end on
  for (const Finding &finding : findings) {
    if (!isInBase(type, finding))
      continue;
    for (const Rewrite &rewrite : finding.rewrites)
      if (type.baseRange.contains(rewrite.extent) && rewrite.file == type.baseFile)
        names[rewrite.extent.begin] = &rewrite;
    if (!finding.hasEdit() || any_of(finding.rewrites, [](const Rewrite &rewrite) {
          return !rewrite.args.empty();
        }))
      type.blockers.insert({finding.file, finding.range.begin,
                            finding.hasEdit() ? "its base is written in another way"
                                              : "its base needs '" + finding.symbol +
                                                    "', which has no limited form"});
  }
  for (const auto &[begin, rewrite] : names)
    type.baseText.replace(begin - type.baseRange.begin, rewrite->extent.size(), rewrite->to);
}

/// What renameInBase took goes the type's way: the code that had it is removed.
void tieBase(const WholeType &type, const Finding &whole, MutableArrayRef<Finding> findings) {
  for (Finding &finding : findings) {
    if (!isInBase(type, finding) || !finding.hasEdit())
      continue;
    auto removal = find_if(whole.rewrites, [&](const Rewrite &rewrite) {
      return rewrite.anew && rewrite.file == finding.file &&
             rewrite.extent.contains(finding.range);
    });
    if (removal == whole.rewrites.end())
      continue;
    for (Rewrite &rewrite : finding.rewrites)
      if (rewrite.extent.size() && removal->extent.contains(rewrite.extent))
        rewrite = *removal;
    finding.group = whole.group;
  }
}

/// The calls that make the type, with its base; the base must have been made.
void makeReadies(WholeType &type, const std::map<std::string, WholeType> &types) {
  for (TypePart::Ready &ready : type.readies) {
    auto mustBeMade = [&](const std::string &key, StringRef role) {
      auto other = types.find(key);
      if (other == types.end())
        return;
      bool here = false, before = false;
      for (const TypePart::Ready &made : other->second.readies)
        if (made.function == ready.function) {
          here = true;
          before |= std::tie(made.extent.begin, made.rank) < std::tie(ready.extent.begin, ready.rank);
        }
      if (!before)
        type.blockers.insert({ready.file, ready.extent.begin,
                              "its " + role.str() + " '" + other->second.name + "' " +
                                  (here ? "is not readied before it"
                                        : "is readied elsewhere, so nothing shows that it comes first")});
    };
    mustBeMade(type.baseKey, "base");
    auto base = types.find(type.baseKey);
    if (base != types.end() && base->second.refusesSubtypes)
      type.blockers.insert({type.file, type.range.begin,
                            "its base '" + base->second.name + "' has no Py_TPFLAGS_BASETYPE, which "
                            "the base of a heap type needs"});
    mustBeMade(type.metaKey, "metaclass");
    if (!ready.parameter.empty() && (!type.baseText.empty() || !type.metaText.empty()))
      type.blockers.insert({ready.file, ready.extent.begin,
                            "a macro readies it, which cannot know its base; write the call there"});
    if (type.baseText.empty()) {
      addNew(type.rewrites, ready.plain);
      continue;
    }
    for (Rewrite &rewrite : ready.derived)
      if (size_t at = rewrite.to.find(TypePart::BaseMark); at != std::string::npos)
        rewrite.to.replace(at, TypePart::BaseMark.size(), type.baseText);
    addNew(type.rewrites, ready.derived);
  }
  if (!type.readiedElsewhere)
    return;
  // The spec is seen by the other unit.
  std::string local = "static PyType_Spec " + type.name + "_spec";
  for (Rewrite &rewrite : type.rewrites)
    if (size_t at = rewrite.to.find(local); at != std::string::npos)
      rewrite.to.erase(at, StringRef("static ").size());
  addNew(type.rewrites, type.externs);
}

/// T.tp_weaklistoffset is what the definition says: an expression that other places
/// can write as well. The slots of T can be asked for, once it is a heap type.
void writeMembers(WholeType &type) {
  erase_if(type.members, [&](const TypePart::Member &member) {
    Rewrite rewrite;
    rewrite.file = member.file;
    rewrite.extent = {member.object.begin, member.end};
    rewrite.anew = true;
    if (!member.asked.empty()) {
      rewrite.to = member.asked;
      type.rewrites.push_back(rewrite);
      return true;
    }
    if (member.offset.empty())
      return false;
    auto value = type.offsets.find(member.offset);
    if (value == type.offsets.end()) {
      type.blockers.insert({member.file, member.object.begin,
                            "its '" + member.offset + "' is read here, which its definition does not give"});
      return false;
    }
    bool isCall = StringRef(value->second).starts_with("offsetof(") &&
                  StringRef(value->second).find(')') == value->second.size() - 1;
    rewrite.to = isCall ? value->second : "(" + value->second + ")";
    type.rewrites.push_back(rewrite);
    return true;
  });
}

/// Types whose attributes are set are not immutable, and neither are those
/// that have such a base. A store through a pointer may mean any of them.
void findMutable(std::map<std::string, WholeType> &types, ArrayRef<Finding> findings) {
  bool all = storesThroughPointer(findings);
  for (auto &[key, type] : types)
    type.isMutable = all || any_of(type.members, [&](const TypePart::Member &member) {
                       return storesInto(findings, member);
                     });
  for (bool grown = true; grown;) {
    grown = false;
    for (auto &[key, type] : types)
      if (auto base = types.find(type.baseKey);
          base != types.end() && base->second.isMutable && !type.isMutable)
        type.isMutable = grown = true;
  }
  for (auto &[key, type] : types)
    if (type.isMutable)
      makeMutable(type.rewrites);
}

} // namespace

void convertTypes(ArrayRef<TypePart> parts, std::vector<Finding> &findings) {
  std::map<std::string, WholeType> types = joinParts(parts);
  if (auto ofAll = types.extract(TypePart::OfAllTypes.str()))
    for (auto &[key, type] : types)
      type.blockers.insert(ofAll.mapped().blockers.begin(), ofAll.mapped().blockers.end());
  takeStructs(types);
  Sets sets;
  for (auto &[key, type] : types) {
    placeAssigned(type);
    writeMembers(type);
    nameModule(type);
    renameInBase(type, findings);
    makeReadies(type, types);
    checkWhole(type);
    for (const std::string &tie : type.ties)
      sets.join("type:" + key, tie);
  }
  auto stays = find_if(types, [](const auto &entry) {
    return entry.second.defined && !entry.second.blockers.empty();
  });
  if (stays != types.end())
    takeBackStores(findings, stays->second.name);
  bool throughPointer = storesThroughPointer(findings);
  findMutable(types, findings);
  if (throughPointer)
    for (auto &[key, type] : types)
      sets.join("type:" + key, "stores");
  // A set of types that depend on each other is converted whole.
  std::map<std::string, const WholeType *> blocked;
  std::map<std::string, unsigned> sizes;
  for (auto &[key, type] : types) {
    const std::string leader = sets.of("type:" + key);
    if (type.defined)
      ++sizes[leader];
    if (type.defined && !type.blockers.empty())
      blocked.try_emplace(leader, &type);
  }
  std::set<TypePart::Member> members;
  for (auto &[key, type] : types) {
    if (!type.defined)
      continue;
    const std::string leader = sets.of("type:" + key);
    Finding finding;
    finding.file = type.file;
    finding.range = type.range;
    finding.rule = StaticTypeRule.str();
    finding.symbol = type.name;
    finding.configurations = type.configurations;
    finding.message = "'" + type.name + "' is a static type object";
    auto other = blocked.find(leader);
    if (!type.blockers.empty()) {
      const TypePlace &first = *type.blockers.begin();
      finding.reason = placeText(first) + ": " + first.reason;
      if (size_t more = type.blockers.size() - 1) {
        finding.reason += " (and " + std::to_string(more) + (more == 1 ? " more place)" : " more places)");
        for (const TypePlace &place : type.blockers)
          finding.places.push_back({place.file, lineOf(place), place.reason});
      }
    } else if (other != blocked.end()) {
      finding.reason = "it is converted together with '" + other->second->name + "', and " +
                       placeText(*other->second->blockers.begin()) + ": " +
                       other->second->blockers.begin()->reason;
    } else {
      finding.safety = Safety::Review;
      finding.rewrites = type.rewrites;
      if (!type.unseen.empty())
        finding.reason = "look at " + join(type.unseen, ", ") +
                         " as well, which this build does not compile";
      for (const std::string &remark : type.remarks)
        finding.reason += (finding.reason.empty() ? "" : "; ") + remark;
      dropAnswered(type.rewrites, findings);
      erase_if(findings, [&type = type](const Finding &use) {
        return use.rule == StaticGetSlotRule && type.mentions.count({use.file, use.range.begin});
      });
      bool renamed = any_of(findings, [&type = type](const Finding &use) {
        return isInBase(type, use);
      });
      if (sizes[leader] > 1 || !type.members.empty() || throughPointer || renamed)
        finding.group = "types " + leader;
      tieBase(type, finding, findings);
      for (const TypePart::Member &member : type.members) {
        bool rewritten = false;
        for (Finding &use : findings)
          for (Rewrite &rewrite : use.rewrites)
            for (Argument &argument : rewrite.args)
              if (rewrite.file == member.file && argument.range == member.object &&
                  argument.addressOf) {
                argument.addressOf = false;
                use.group = finding.group;
                rewritten = true;
              }
        // Once for all types that a macro gets.
        if (members.insert(member).second && !rewritten) {
          Rewrite arrow;
          arrow.file = member.file;
          arrow.extent = member.dot;
          arrow.to = "->";
          finding.rewrites.push_back(arrow);
        }
      }
    }
    findings.push_back(std::move(finding));
  }
  finishStores(findings, sizes.empty() ? "" : "types " + sets.of("stores"));
}

} // namespace abi3ify
