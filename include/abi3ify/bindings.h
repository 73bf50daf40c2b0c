// Binding systems that change nothing about a hand-written source, or whose
// sources no compiler reads: what the Limited API asks of them is advice.
// In: texts of the project. Out: a line for each file.
#pragma once
#include "abi3ify/generated.h"

namespace abi3ify {

struct Binding {
  std::string file;   ///< absolute
  std::string system; ///< NumPy, PyO3 ...
  std::string advice;
  auto operator<=>(const Binding &) const = default;
};

/// Whether a file's name may be one of those that `readBindingSource` knows.
bool mayBeBindingSource(llvm::StringRef path);

/// A generator's own source (.pyx, .i, .sip, .pyf, a typesystem), a Cargo.toml
/// that takes PyO3, a setup.py that calls mypyc.
std::optional<Binding> readBindingSource(llvm::StringRef path, llvm::StringRef text);

/// What C and C++ files take from NumPy and from pythoncapi_compat.h, of which
/// the Limited API has a part. Files in `generated` are passed over.
std::vector<Binding> findBindings(const std::map<std::string, std::string> &texts,
                                  const GeneratedFiles &generated);

} // namespace abi3ify
