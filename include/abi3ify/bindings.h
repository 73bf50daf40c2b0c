// Binding systems that change nothing about a hand-written source, or whose
// sources no compiler reads: what the Limited API asks of them is advice.
// In: texts of the project. Out: a line for each file.
#pragma once
#include "abi3ify/floor.h"
#include "abi3ify/generated.h"

namespace abi3ify {

struct Binding {
  std::string file;   ///< absolute
  std::string system; ///< NumPy, PyO3 ...
  std::string advice;
  bool isLibrary = false; ///< that the source is written for: the limit is up to it
  bool isDeadEnd = false; ///< no version of it can use the Limited API
  Minor lowest = 0;       ///< floor that it can be built for
  auto operator<=>(const Binding &) const = default;
};

/// Whether a file's name may be one of those that `readBindingSource` knows.
bool mayBeBindingSource(llvm::StringRef path);

/// A generator's own source (.pyx, .i, .sip, .pyf, a typesystem), a Cargo.toml
/// that takes PyO3, a setup.py that calls mypyc.
std::optional<Binding> readBindingSource(llvm::StringRef path, llvm::StringRef text);

/// The library that a C or C++ file is written for, by the headers that it
/// includes and the macros that it calls: pybind11, nanobind ...
std::optional<Binding> readLibraryUse(llvm::StringRef path, llvm::StringRef text);

/// Such libraries; and what C and C++ files take from NumPy and from
/// pythoncapi_compat.h, of which the Limited API has a part, other than files
/// in `generated`.
std::vector<Binding> findBindings(const std::map<std::string, std::string> &texts,
                                  const GeneratedFiles &generated);

} // namespace abi3ify
