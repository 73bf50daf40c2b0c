// One unit inside of clang-tidy: the core reads it again, behind the
// normalising header, with the options of the compiler that runs.
// In: that compiler's options and files, and the checks that are enabled. Out:
// what each check says, with edits that do not meet each other.
#pragma once
#include "abi3ify/joint-edits.h"
#include "abi3ify/project.h"

namespace abi3ify::tidy {

inline constexpr llvm::StringRef CheckPrefix = "abi3-";

/// A check that is enabled.
struct Wish {
  std::string rule;
  std::string target; ///< empty: that of pyproject.toml
  bool review = false; ///< also fixes for review
};

/// The compiler that runs.
struct RunningCompiler {
  const clang::CompilerInvocation *invocation = nullptr;
  llvm::vfs::FileSystem *files = nullptr;
  std::string file;        ///< the main one, resolved
  std::string pythonFolder; ///< of the Python.h that was read
  bool cxx = false;
};

struct Report {
  std::string file;
  Range range;
  std::string rule, message;
  std::vector<JointEdit> edits; ///< all or none
};

struct Analysis {
  std::vector<Report> reports;
  std::vector<std::string> problems; ///< why something could not be looked at
};

/// The rules that have checks: the embedded ones.
const RuleSet &allRules();

Analysis analyse(const RunningCompiler &compiler, llvm::ArrayRef<Wish> wishes);

} // namespace abi3ify::tidy
