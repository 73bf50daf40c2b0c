// Rules: one YAML file each, loaded and checked before anything is parsed.
// In: the embedded files, and a folder of the user's own. Out: a RuleSet that
// finds the rules of a name. Every error names file, line and column.
#pragma once
#include "abi3ify/floor.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringMap.h"
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace abi3ify {

/// How an expression is used where it stands.
enum class Use { Value, Statement, Assign, Update, Address, SizeOf };
llvm::StringRef name(Use use);

/// A fix is safe (a valid program cannot tell), for review (compiles; a named
/// edge case may change) or manual (only the author can decide).
enum class Safety { Safe, Review, Manual };
llvm::StringRef name(Safety safety);
inline Safety lower(Safety a, Safety b) { return a < b ? b : a; }

/// A set of uses.
struct Uses {
  unsigned bits = 0;
  void add(Use use) { bits |= 1u << unsigned(use); }
  bool has(Use use) const { return bits & (1u << unsigned(use)); }
};

using Pairs = std::vector<std::pair<std::string, std::string>>;
const std::string *lookup(const Pairs &pairs, llvm::StringRef key);

/// One way to write a use, from a floor on.
struct Form {
  Minor since = 2;
  Target target = Target::Any; ///< Abi3 also where it writes what abi3t lacks
  Uses uses;
  std::string to;                ///< template with $name
  Pairs cast;                    ///< argument -> type that it must have
  std::vector<std::string> pure; ///< arguments that must have no side effects
  std::vector<std::string> null;    ///< arguments that must be NULL literals
  std::vector<std::string> nonNull; ///< arguments that must be known not to be NULL
  Pairs constant; ///< argument -> name of the macro or enumerator that it must be
  std::optional<Safety> safety;     ///< lower than the rule's
  bool strong = false; ///< gives a new reference where a borrowed one was: it must be released
  Pairs rename;                  ///< name and type rules: old token -> new token

  bool holdsAt(Floor floor) const { return since <= floor.minor && isFor(target, floor); }
};

/// What is said where no form applies.
struct Reason {
  Uses uses; ///< empty: every use
  Target target = Target::Any;
  std::string text;
};

struct Example {
  unsigned line = 0; ///< of the rule file
  std::string given, top, before;
  Pairs beside; ///< headers of the project: name -> text
  std::optional<std::string> after;  ///< the text expected
  std::optional<std::string> manual; ///< a part of the reason expected
  bool unchanged = false;
  bool cxx = false;
  bool fileScope = false; ///< before and after stand outside of functions
  std::optional<Floor> floor;
  std::optional<Safety> safety;
  Minor headersFrom = OldestFloor, headersUntil = NewestFloor;
};

enum class MatchKind { Call, Field, Name, Type, Include, Custom };

struct Rule {
  std::string file; ///< where it was read from
  std::string id, title, area, docs;
  std::vector<std::string> rows; ///< of the catalogue
  MatchKind kind = MatchKind::Call;
  std::vector<std::string> names; ///< of the calls, fields, names, types or headers
  std::string custom;             ///< the function that decides, if any
  std::vector<std::string> args;
  std::string structName; ///< field rules: whose field
  std::string via;        ///< field rules: the field of the outer struct that leads to it
  std::string header;     ///< who declares the names, by the end of the path; empty: Python
  Pairs helpers;          ///< functions that forms call: name -> definition
  Pairs macros;           ///< macro name -> signature for the normalised header
  bool always = false;
  Target target = Target::Any; ///< where it fires at all
  bool pointers = false; ///< type rules: renames the type behind a pointer only, with all its uses
  bool optional = false; ///< fires only when it is selected by its id
  bool advice = false;   ///< says what may matter; what it finds is no use that the floor lacks
  Minor below = NewestFloor + 1; ///< fires only at lower floors
  Safety safety = Safety::Safe;
  std::vector<Form> forms; ///< highest `since` first
  std::vector<Reason> reasons;
  Minor headersFrom = OldestFloor, headersUntil = NewestFloor;
  std::vector<Example> examples;

  /// The first form for a use at a floor that `holds` accepts; null when there
  /// is none.
  const Form *formFor(Use use, Floor floor,
                      llvm::function_ref<bool(const Form &)> holds = nullptr) const;
  /// Whether it may speak at a floor at all.
  bool speaksAt(Floor floor) const { return floor.minor < below; }
  /// What to say where there is no form; null when the rule says nothing.
  const std::string *reasonFor(Use use, Floor floor) const;
};

/// All rules of a run, with the tables that find them by name. Owns them.
class RuleSet {
public:
  llvm::ArrayRef<std::unique_ptr<Rule>> all() const { return rules; }
  const Rule *find(llvm::StringRef id) const;
  llvm::ArrayRef<const Rule *> forCall(llvm::StringRef name) const;
  llvm::ArrayRef<const Rule *> forField(llvm::StringRef name) const;
  llvm::ArrayRef<const Rule *> forName(llvm::StringRef name) const;
  llvm::ArrayRef<const Rule *> forType(llvm::StringRef name) const;
  /// By the last part of the header's path.
  llvm::ArrayRef<const Rule *> forInclude(llvm::StringRef name) const;
  const Rule *forCustom(llvm::StringRef custom) const;
  /// The rule that speaks of a name in whatever use: not one whose judge looks
  /// at some calls at every floor (casts, formats), nor one to be selected.
  const Rule *forAnyUse(llvm::StringRef name, Floor floor) const;

  llvm::Error add(Rule rule);
  /// Keeps the rules for which `keep` holds.
  void filter(llvm::function_ref<bool(const Rule &)> keep);

private:
  using Table = llvm::StringMap<std::vector<const Rule *>>;
  void index();
  void index(const Rule &rule);
  std::vector<std::unique_ptr<Rule>> rules;
  Table calls, fields, names, types, includes;
};

/// Reads one rule from its text. `file` is for messages; its folder is the
/// area, its stem must be the rule's id.
llvm::Expected<Rule> parseRule(llvm::StringRef file, llvm::StringRef text);

/// The embedded rules and those under `folder` (if not empty). All errors of
/// all files are joined into one.
llvm::Expected<RuleSet> loadRules(llvm::StringRef folder);

/// The same from a folder alone.
llvm::Expected<RuleSet> loadRuleFolder(llvm::StringRef folder);

} // namespace abi3ify
