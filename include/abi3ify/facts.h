// What the Limited API contains, by version: the table facts/limited-api.tsv,
// generated from CPython's manifest and from measured header visibility.
// In: a name. Out: its row, or whether the name may be used at a floor.
#pragma once
#include "abi3ify/floor.h"
#include "llvm/ADT/StringMap.h"
#include <optional>

namespace abi3ify {

/// One row. The strings point into the table, which lives as long as the
/// program. The columns' meaning and sources: facts/README.md.
struct Fact {
  llvm::StringRef name;
  llvm::StringRef kind;       ///< function macro const data type struct enumerator
  llvm::StringRef origin;     ///< limited abi-only header full poison
  std::optional<Minor> since; ///< the first floor that may use it; none: never
  Minor fullFrom = 0;         ///< headers whose full API has it, first and last
  Minor fullUntil = 0;
  bool abi3t = false; ///< abi3t has the name, if abi3 has it
  llvm::StringRef opacity; ///< of a struct: opaque, members or full
  bool opaqueInAbi3t = false; ///< a struct that is there by its name only
  llvm::StringRef members; ///< comma-separated, for opacity "members"
  std::optional<Minor> shownFrom; ///< the lowest limit under which any headers show it

  bool usableAt(Floor floor) const {
    return since && *since <= floor.minor && (abi3t || !floor.abi3t);
  }
  bool isOpaqueAt(Floor floor) const {
    return opacity == "opaque" || (opaqueInAbi3t && floor.abi3t);
  }
  /// Whether all headers hide the name from code that is compiled for the floor.
  bool isHiddenAt(Floor floor) const { return !shownFrom || *shownFrom > floor.minor; }
  bool isStruct() const { return kind == "struct"; }
  /// Whether code may read or write this member of the struct at the floor.
  bool memberUsableAt(llvm::StringRef member, Floor floor) const;
};

class Facts {
public:
  /// Reads a table in the format of facts/limited-api.tsv.
  explicit Facts(llvm::StringRef table);

  const Fact *find(llvm::StringRef name) const;
  /// True for a name that the table knows and that the floor lacks.
  bool lacking(llvm::StringRef name, Floor floor) const;

private:
  llvm::StringMap<Fact> rows;
};

/// The table in the binary.
const Facts &facts();

/// Why a floor lacks a name, as a message.
std::string describeLack(llvm::StringRef name, Floor floor);

/// The members of the structs that CPython's headers have had, of all versions:
/// facts/members.tsv.
bool isPythonsStruct(llvm::StringRef name);
bool isMemberOf(llvm::StringRef structName, llvm::StringRef member);
/// Of any of the structs.
bool isMember(llvm::StringRef member);

/// The libc header that declares a name and that Python.h stopped including,
/// with the first floor at which it did: facts/libc.tsv.
struct LibcFact {
  llvm::StringRef header;
  Minor since = 0;
};
const LibcFact *findLibc(llvm::StringRef name);

} // namespace abi3ify
