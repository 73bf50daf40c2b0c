#include "abi3ify/rule.h"
#include "abi3ify/facts.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;

namespace abi3ify {

StringRef name(Use use) {
  switch (use) {
  case Use::Value: return "value";
  case Use::Statement: return "statement";
  case Use::Assign: return "assign";
  case Use::Update: return "update";
  case Use::Address: return "address";
  case Use::SizeOf: return "sizeof";
  }
  llvm_unreachable("unknown use");
}

StringRef name(Safety safety) {
  switch (safety) {
  case Safety::Safe: return "safe";
  case Safety::Review: return "review";
  case Safety::Manual: return "manual";
  }
  llvm_unreachable("unknown safety");
}

const std::string *lookup(const Pairs &pairs, StringRef key) {
  auto found = find_if(pairs, [&](const auto &pair) { return pair.first == key; });
  return found == pairs.end() ? nullptr : &found->second;
}

const Form *Rule::formFor(Use use, Floor floor,
                          function_ref<bool(const Form &)> holds) const {
  for (const Form &form : forms)
    if (form.holdsAt(floor) && form.uses.has(use) && (!holds || holds(form)))
      return &form;
  return nullptr;
}

const std::string *Rule::reasonFor(Use use, Floor floor) const {
  const Reason *best = nullptr;
  // What is said for a target or a use alone goes before what is said of all.
  auto rank = [&](const Reason &reason) {
    return (reason.target != Target::Any ? 2 : 0) + (reason.uses.bits ? 1 : 0);
  };
  for (const Reason &reason : reasons)
    if (isFor(reason.target, floor) && (!reason.uses.bits || reason.uses.has(use)) &&
        (!best || rank(reason) > rank(*best)))
      best = &reason;
  return best ? &best->text : nullptr;
}

const Rule *RuleSet::find(StringRef id) const {
  auto found = find_if(rules, [&](const auto &rule) { return rule->id == id; });
  return found == rules.end() ? nullptr : found->get();
}

static ArrayRef<const Rule *> rowsOf(const StringMap<std::vector<const Rule *>> &table,
                                     StringRef name) {
  auto found = table.find(name);
  return found == table.end() ? ArrayRef<const Rule *>() : ArrayRef<const Rule *>(found->second);
}
ArrayRef<const Rule *> RuleSet::forCall(StringRef n) const { return rowsOf(calls, n); }
ArrayRef<const Rule *> RuleSet::forField(StringRef n) const { return rowsOf(fields, n); }
ArrayRef<const Rule *> RuleSet::forName(StringRef n) const { return rowsOf(names, n); }
ArrayRef<const Rule *> RuleSet::forType(StringRef n) const { return rowsOf(types, n); }
ArrayRef<const Rule *> RuleSet::forInclude(StringRef n) const { return rowsOf(includes, n); }

const Rule *RuleSet::forCustom(StringRef custom) const {
  auto found = find_if(rules, [&](const auto &rule) { return rule->custom == custom; });
  return found == rules.end() ? nullptr : found->get();
}

const Rule *RuleSet::forAnyUse(StringRef name, Floor floor) const {
  for (ArrayRef<const Rule *> known : {forCall(name), forName(name), forType(name)})
    for (const Rule *rule : known)
      if (!rule->optional && isFor(rule->target, floor) &&
          !(rule->always && !rule->custom.empty()))
        return rule;
  return nullptr;
}

Error RuleSet::add(Rule rule) {
  if (const Rule *other = find(rule.id))
    return createStringError(rule.file + ":1:1: rule id '" + rule.id + "' is taken by " +
                             other->file);
  rules.push_back(std::make_unique<Rule>(std::move(rule)));
  index(*rules.back());
  return Error::success();
}

void RuleSet::filter(function_ref<bool(const Rule &)> keep) {
  erase_if(rules, [&](const auto &rule) { return !keep(*rule); });
  index();
}

void RuleSet::index() {
  for (Table *table : {&calls, &fields, &names, &types, &includes})
    table->clear();
  for (const auto &rule : rules)
    index(*rule);
}

void RuleSet::index(const Rule &rule) {
  for (const std::string &name : rule.names)
    switch (rule.kind) {
    case MatchKind::Call: calls[name].push_back(&rule); break;
    case MatchKind::Custom: (rule.structName.empty() ? calls : fields)[name].push_back(&rule); break;
    case MatchKind::Field: fields[name].push_back(&rule); break;
    case MatchKind::Name: names[name].push_back(&rule); break;
    case MatchKind::Type: types[name].push_back(&rule); break;
    case MatchKind::Include: includes[name].push_back(&rule); break;
    }
}

} // namespace abi3ify
