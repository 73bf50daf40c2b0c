// The floor: the lowest CPython that the extension must run on, and whether
// its free-threaded builds must load it, too.
// In: text such as "3.11" or "abi3t". Out: a value that knows its macros and
// how to compare itself with the versions in facts and rules.
#pragma once
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace abi3ify {

/// A CPython 3 version, by its minor number: 11 stands for 3.11.
using Minor = unsigned;

/// The oldest floor that the facts were measured for, and the newest.
inline constexpr Minor OldestFloor = 8;
inline constexpr Minor NewestFloor = 15;

/// The first floor that has abi3t, the stable ABI that builds with and without
/// the GIL share.
inline constexpr Minor OldestAbi3t = 15;

struct Floor {
  Minor minor = 0;
  bool abi3t = false; ///< what abi3t has counts, which is less than abi3 of that version

  /// The value of Py_LIMITED_API, for example "0x030B0000".
  std::string limitedApi() const;
  /// The flags that limit a build to it.
  std::vector<std::string> flags() const;
  /// As it is given with --target: "3.11", "abi3t".
  std::string str() const;
  /// "Limited API 3.11", "abi3t 3.15".
  std::string title() const;
  /// "the Limited API", "abi3t": what a name is part of, or not.
  llvm::StringRef api() const { return abi3t ? "abi3t" : "the Limited API"; }
  auto operator<=>(const Floor &) const = default;
};

/// What some rules, and some forms of others, are for alone.
enum class Target { Any, Abi3, Abi3t };
inline bool isFor(Target target, Floor floor) {
  return target == Target::Any || (target == Target::Abi3t) == floor.abi3t;
}

/// Reads "3.N", "abi3t" or "abi3t-3.N". The error says what was found and what
/// is accepted.
llvm::Expected<Floor> parseFloor(llvm::StringRef text);

/// Every floor from a version on, abi3t last.
std::vector<Floor> floorsFrom(Minor oldest);

/// Reads "3.N" of a fact or a rule, where any N counts (for example 3.2).
llvm::Expected<Minor> parseMinor(llvm::StringRef text);

} // namespace abi3ify
