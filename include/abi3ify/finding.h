// A use, judged, and the edit that would answer it. Plain values: everything
// that later stages need of a parse is in here.
#pragma once
#include "abi3ify/rule.h"
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace abi3ify {

/// Bytes [begin, end) of a file.
struct Range {
  unsigned begin = 0;
  unsigned end = 0;
  unsigned size() const { return end - begin; }
  bool contains(Range other) const { return begin <= other.begin && other.end <= end; }
  bool operator==(const Range &) const = default;
  auto operator<=>(const Range &) const = default;
};

/// Where a part of a use is spelled, and how it goes into the template.
struct Argument {
  std::string name;  ///< in the template, without $
  Range range;       ///< in the rewrite's file; its text stays where it stands
  std::string text;  ///< instead of the range, if not empty (an implicit this)
  std::string cast;  ///< "PyObject *", or empty
  bool primary = false;   ///< binds at least as tightly as a cast's operand
  bool addressOf = false; ///< reached with a dot: goes in as &x
  bool operator==(const Argument &) const = default;
};

/// One replacement of source text. Without a template only the casts go in.
struct Rewrite {
  std::string file;
  Range extent;
  bool castsOnly = false;
  std::string to;
  std::vector<Argument> args; ///< in the order in which they are spelled
  /// Not 0 if several findings need the same edit: it is made once. Among the
  /// insertions at one place a lower rank goes first.
  int sharedRank = 0;
  /// The template is the whole new text: nothing that stands between the
  /// arguments is kept.
  bool anew = false;
  bool operator==(const Rewrite &) const = default;
};

/// Advice: the floor has all that is used, and a newer version does it another
/// way; whether that matters here only the author knows.
enum class State { Fixable, Fixed, Failed, Manual, Advice, Suppressed, Unseen, Generated, Baselined };
llvm::StringRef name(State state);
inline constexpr unsigned StateCount = 9;

/// The rule id of a use that no rule knows.
inline constexpr llvm::StringRef NoRule = "not-limited";
/// The symbol of a finding that only the limited build shows.
inline constexpr llvm::StringRef WholeBuild = "limited build";

/// A place that stands in the way, of several.
struct RelatedPlace {
  std::string file; ///< absolute, resolved; not always the project's
  unsigned line = 0;
  std::string message;
  auto operator<=>(const RelatedPlace &) const = default;
};

struct Finding {
  std::string file; ///< absolute, resolved
  Range range;      ///< the name's token
  std::string rule; ///< id, or NoRule
  std::string symbol; ///< what is used, for example PyList_GET_ITEM
  Use use = Use::Value;
  State state = State::Manual;
  Safety safety = Safety::Manual;
  std::string message; ///< what is found here
  std::string reason;  ///< why it is manual, lowered, failed ...
  std::vector<RelatedPlace> places; ///< all of those that the reason has one of
  std::vector<Rewrite> rewrites; ///< all or none
  /// Findings of the same group are edited all or none; empty: alone.
  std::string group;
  /// Groups of version tests: with any of their edits this is no use any more.
  std::set<std::string> goesWith;
  bool inMacro = false;    ///< spelled in a macro's body
  unsigned expansions = 1; ///< of that body
  bool inLoop = false;     ///< a loop runs it, in one of the expansions at least
  std::string originFile;  ///< that a generator made the place from, if `#line` says so
  unsigned originLine = 0;

  std::set<std::string> configurations; ///< that it occurs under, of those with a name

  bool hasEdit() const { return !rewrites.empty(); }
};

/// Tokens that the parse has looked at, by file; what is left over there for
/// the lexical net.
using SeenTokens = std::map<std::string, std::set<unsigned>>;

} // namespace abi3ify
