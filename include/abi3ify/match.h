// Holds the rules against one unit, and merges what the units say.
// In: a command, rules, floors. Out: for each floor findings, at most one for a
// spelled token; edits are described, not yet made.
#pragma once
#include "abi3ify/finding.h"
#include "abi3ify/project.h"
#include "abi3ify/unit.h"

namespace abi3ify {

struct MatchContext {
  const Project *project = nullptr;
  const RuleSet *rules = nullptr;
  Floor floor; ///< that the unit is held against at the moment
  bool moduleState = false; ///< types live in the state of their module
  const PythonHeaders *headers = nullptr;
  const NormalHeader *normalHeader = nullptr;
  const Texts *texts = nullptr; ///< instead of files on disk
  PrecompiledSource *precompiled = nullptr;
};

/// The rule that the conversion of a static type is reported under.
inline constexpr llvm::StringRef StaticTypeRule = "static-type";

/// The ids of rules about heap types that somebody wrote by hand begin so.
inline constexpr llvm::StringRef HeapTypeRules = "heap-type-";

/// The rule that reports PyType_GetSlot of a static type, at the type's name.
inline constexpr llvm::StringRef StaticGetSlotRule = "heap-type-get-slot";

/// A place that keeps a type from being converted, or one that must be looked
/// at once all units are known.
struct TypePlace {
  std::string file;
  unsigned offset = 0;
  std::string reason;
  bool ampersand = false; ///< & stands right in front, and is all that must go
  bool inMacro = false;   ///< that nothing expands, in code that is compiled
  auto operator<=>(const TypePlace &) const = default;
};

/// What one unit knows of one static type object.
struct TypePart {
  std::string key;  ///< the variable: its name, or where it stands if it is local to a file
  std::string name;
  bool defined = false; ///< in this unit; file and range are of the name there
  std::string file;
  Range range;
  std::string unit; ///< that defines it, if it is local to the unit
  std::vector<std::string> remarks; ///< what is to be said of its conversion
  std::vector<Rewrite> rewrites;
  std::vector<TypePlace> blockers;
  /// Tokens in code that is not compiled; a problem where no other unit does.
  std::vector<TypePlace> loose;
  std::set<std::pair<std::string, unsigned>> mentions; ///< of the variable
  /// PyType_Ready(&T), and the two ways in which it is rewritten: with a base,
  /// whose text stands for BaseMark, or without. In front of a call that
  /// readies what it is given, the extent is empty.
  struct Ready {
    std::string file;
    Range extent;
    std::string function; ///< which holds it
    std::string before, behind; ///< around the new call
    std::string parameter; ///< of the macro whose body has the call; empty for none
    int rank = 0; ///< among the insertions at one place; 0 for a call that is replaced
    std::vector<Rewrite> plain, derived;
  };
  std::vector<Ready> readies;
  std::string module;         ///< the only one that the unit defines, if it has readies
  std::set<TypePlace> nameless; ///< its name, where that lacks a module; ModuleMark stands for it
  static constexpr llvm::StringLiteral ModuleMark = "<module>";
  std::string baseText, baseKey; ///< of tp_base; the key if it is the project's
  std::string metaText, metaKey; ///< of its metaclass; empty for type
  std::string baseFile; ///< where its text was taken from, if it is no type's address
  Range baseRange;
  /// The key of the part that has the uses of its struct, if that begins with
  /// a builtin's.
  std::string embedder;
  std::string seenIn;                 ///< of such a part: the unit
  std::set<std::string> configurations; ///< of the unit
  std::set<std::string> memberTables; ///< of such a part: whose offsets become relative;
                                      ///< of the type: its tp_members
  bool refusesSubtypes = false;       ///< is known to have no Py_TPFLAGS_BASETYPE
  std::vector<Rewrite> externs;  ///< declarations of the spec, for a unit that only readies T
  /// T.tp_x: the variable's token, and the dot that becomes an arrow unless
  /// another finding rewrites the access.
  struct Member {
    std::string file;
    Range object, dot;
    std::string offset; ///< tp_weaklistoffset or the like, if it stands behind the dot
    std::string asked;  ///< in place of the whole, where only a heap type gives its slots
    unsigned end = 0;   ///< of the whole, with one of these
    auto operator<=>(const Member &) const = default;
  };
  std::vector<Member> members;
  /// The values of such offsets in the definition, which PyType_Ready keeps.
  std::map<std::string, std::string> offsets;
  static constexpr llvm::StringLiteral BaseMark = "<base>";
  /// T.tp_new = PyType_GenericNew; in another unit than the definition: the
  /// member and its value, which Python declares.
  std::vector<std::pair<std::string, std::string>> assigned;
  /// The same as `rewrites` for a type that becomes instantiable by that; in
  /// both the slots go where SlotsMark stands.
  std::vector<Rewrite> rewritesIfMade;
  static constexpr llvm::StringLiteral SlotsMark = "<slots>";
  /// The key of a part that is no type: its blockers are those of all types.
  static constexpr llvm::StringLiteral OfAllTypes = "<all>";
  /// What must be converted with it: other types, functions and tables that
  /// they share.
  std::set<std::string> ties;
};

/// By file: branches that the edit of a version test leaves out of the limited
/// build, each with the group of that test.
using LeftOutBranches = std::map<std::string, std::set<std::pair<Range, std::string>>>;

/// What one floor makes of a unit, or of all units that were read.
struct FloorMatches {
  Floor floor;
  std::vector<Finding> findings;
  SeenTokens seen;
  /// Code that only the full build compiles, by the project's own wish.
  std::map<std::string, std::vector<Range>> outOfLimit;
  LeftOutBranches leftOut;
  std::vector<TypePart> types;

  /// Takes in what another unit says at the same floor.
  void append(FloorMatches other);
};

/// What landmarks.h finds.
enum class LandmarkKind {
  SinglePhase,     ///< a PyInit function that makes its module
  MultiPhase,      ///< one that hands out a definition
  ModuleInit,      ///< one that does neither in this unit
  EmbeddedBuiltin, ///< a struct that begins with the struct of a builtin type
  VariableSize,    ///< a type or struct whose objects have a size each
};

struct Landmark {
  LandmarkKind kind;
  std::string file;
  unsigned offset = 0;
  std::string name;
  std::string detail; ///< the builtin's struct; what makes the size vary
  auto operator<=>(const Landmark &) const = default;
};

struct UnitMatches {
  std::string file; ///< the unit's source
  ParseResult parse;
  bool includesPython = false;
  std::map<std::string, std::vector<Range>> skipped; ///< what the preprocessor left out, by file
  std::vector<FloorMatches> floors; ///< in the order that was asked for
  std::vector<Landmark> landmarks;
  std::vector<std::string> notes;
};

/// Parses once, for all floors: the parse is of the full API and knows none.
/// Each of them takes the place of the context's floor.
UnitMatches matchUnit(const Command &command, const MatchContext &context,
                      llvm::ArrayRef<Floor> floors);

/// One finding a place: what several units or expansions say of the same
/// place is united (casts) or, where they disagree, left to the author. Adds a
/// finding for each static type of `types`.
std::vector<Finding> mergeMatches(std::vector<Finding> findings,
                                  llvm::ArrayRef<TypePart> types = {});

/// One finding for each static type object that a unit defines, with the edits
/// of all its uses. Findings about its members go the same way as it.
void convertTypes(llvm::ArrayRef<TypePart> parts, std::vector<Finding> &findings);

/// The lexical net over one file: names that the floor lacks, in code that no
/// parse has looked at. Adds findings in state unseen; none at the tokens
/// `seen`, and none in the ranges `outOfLimit`, which the limited build leaves out.
void findUnseen(const std::string &file, llvm::StringRef text, const RuleSet &rules, Floor floor,
                const std::set<unsigned> &seen, llvm::ArrayRef<Range> outOfLimit,
                std::vector<Finding> &findings);

/// Whether a name can only be Python's, wherever it stands.
bool isPythonsName(llvm::StringRef name);

/// Whether a name can only be a member of one of Python's structs.
bool isPythonsMember(llvm::StringRef name);

/// Whether a name is one that the floor lacks or that a rule reports anyway:
/// the tokens worth remembering.
bool isInteresting(llvm::StringRef name, const RuleSet &rules, Floor floor);

} // namespace abi3ify
