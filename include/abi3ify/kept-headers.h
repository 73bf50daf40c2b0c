// Precompiled headers among what is kept for the next run (cache.h).
// In: headers and their keys. Out: what earlier runs have left under a key.
//
// With each header lies what its parse was told by the disk (file-facts.h). It is
// handed out if the disk would tell the same, so Clang itself need not look at
// times of files. A parse that wanted one leaves a mark where none was made.
#pragma once
#include "abi3ify/precompiled-header.h"
#include "abi3ify/unit-cache.h"

namespace abi3ify {

class KeptHeaders {
public:
  /// `units` (which must outlive this) may be null or keep nothing.
  explicit KeptHeaders(UnitCache *units) : units(units && units->store() ? units : nullptr) {}

  struct Known {
    bool wanted = false;  ///< by an earlier run
    bool useless = false; ///< making one has failed, and would again
    std::unique_ptr<PrecompiledHeader> header;
  };
  /// `directory`: that of the command.
  Known load(llvm::StringRef key, const std::string &directory);

  void noteWanted(llvm::StringRef key);

  /// `useful`: it may be handed out; else only that it was made is kept.
  void store(llvm::StringRef key, const PrecompiledHeader &header, bool useful);

  /// Whether the header did not fit a source in an earlier run.
  bool isRefused(llvm::StringRef key, llvm::StringRef source);
  void refuse(llvm::StringRef key, llvm::StringRef source);

private:
  UnitCache *units;
};

} // namespace abi3ify
