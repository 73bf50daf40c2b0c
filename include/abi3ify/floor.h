// The floor: the lowest CPython that the extension must run on.
// In: text such as "3.11". Out: a value that knows its Py_LIMITED_API and how
// to compare itself with the versions in facts and rules.
#pragma once
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>

namespace abi3ify {

/// A CPython 3 version, by its minor number: 11 stands for 3.11.
using Minor = unsigned;

/// The oldest floor that the facts were measured for, and the newest.
inline constexpr Minor OldestFloor = 8;
inline constexpr Minor NewestFloor = 15;

struct Floor {
  Minor minor = 0;

  /// The value of Py_LIMITED_API, for example "0x030B0000".
  std::string limitedApi() const;
  std::string str() const { return "3." + std::to_string(minor); }
};

/// Reads "3.N". The error says what was found and what is accepted.
llvm::Expected<Floor> parseFloor(llvm::StringRef text);

/// Reads "3.N" of a fact or a rule, where any N counts (for example 3.2).
llvm::Expected<Minor> parseMinor(llvm::StringRef text);

} // namespace abi3ify
