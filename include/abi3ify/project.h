// Which sources are looked at, with which flags, and which files may change.
// In: the paths and flags of the command line. Out: a Project; nothing of the
// looked-at repository is executed to get it.
#pragma once
#include "abi3ify/bindings.h"
#include "abi3ify/floor.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/ErrorOr.h"
#include <set>
#include <string>
#include <vector>

namespace clang {
class CompilerInvocation;
}
namespace llvm::vfs {
class FileSystem;
}

namespace abi3ify {

/// One translation unit: how the compiler would be called for it.
struct Command {
  std::string directory;         ///< absolute
  std::string file;              ///< absolute, symbolic links resolved
  std::vector<std::string> args; ///< argv, without output, source and Python's folder
  std::vector<std::string> pythonArgs; ///< the flags that name Python's folder
  bool cxx = false;
  std::vector<std::string> configurations; ///< names of those that it belongs to
  /// Inside of a compiler that runs already (clang-tidy): its options and its
  /// files, instead of flags. `args` then has the macros alone.
  const clang::CompilerInvocation *invocation = nullptr;
  llvm::vfs::FileSystem *files = nullptr;
};

/// The headers of one CPython.
struct PythonHeaders {
  std::string include; ///< the folder of Python.h
  std::string platformInclude; ///< the folder of pyconfig.h, where it is another one
  Minor minor = 0;     ///< from patchlevel.h
};

/// Flags that every source is read with besides its own.
struct Configuration {
  std::string name;
  std::vector<std::string> flags;
};

/// NAME=flags, the flags split as a shell would.
llvm::Expected<Configuration> parseConfiguration(llvm::StringRef text);

struct ProjectOptions {
  std::vector<std::string> paths;
  std::vector<std::string> buildFolders; ///< -p; of several, each is a configuration
  std::vector<std::string> pythons; ///< --python; executables
  std::vector<std::string> flags;   ///< after --
  std::vector<Configuration> configurations; ///< --configuration
  bool onlyNamed = false; ///< --only-named; nothing to look at is no error
};

struct Project {
  std::vector<Command> commands; ///< sorted by file; one for each configuration that differs
  std::vector<std::string> configurations; ///< names, in the order given; empty for one alone
  std::vector<PythonHeaders> headers; ///< at hand
  bool headersAreInCommands = false;  ///< they came from the commands' own flags
  std::vector<std::string> paths; ///< that were given; absolute, resolved
  std::set<std::string> readForOthers; ///< sources that include files given, and are not themselves
  std::vector<std::string> roots; ///< what may be edited lies below one of these
  std::vector<std::string> listed; ///< sources and headers below the paths
  std::vector<Binding> bindings;   ///< of generators' sources below the paths
  std::vector<std::string> notes; ///< for stderr: what was assumed or left out

  /// The root that a file (absolute, resolved) lies below, the nearest if they
  /// nest; empty if there is none.
  llvm::StringRef rootOf(llvm::StringRef file) const;

  /// Whether a file (absolute, resolved) is one of the paths or lies below one.
  bool names(llvm::StringRef file) const;

  /// Whether a file (absolute, resolved) is the project's own.
  bool owns(llvm::StringRef file) const;
};

llvm::Expected<Project> findProject(const ProjectOptions &options);

/// That nothing there can be judged, and what is written there instead.
llvm::Error noSources(const Project &project, llvm::ArrayRef<std::string> paths);

/// The C and C++ sources below a folder, without those of other people's folders
/// and of packages in it.
std::vector<std::string> sourcesOfPackage(const std::string &folder);

/// Whether a text includes Python.h itself.
bool includesPython(llvm::StringRef text);

/// Asks the interpreter where its headers are; nothing is imported from the
/// current folder. A folder with a Python.h stands for itself.
llvm::Expected<PythonHeaders> askPython(llvm::StringRef executable);

/// Looks a program up in the PATH, but never in a folder of it that depends on
/// the current one: that may be the looked-at repository.
llvm::ErrorOr<std::string> findProgram(llvm::StringRef name);

/// Reads the version in INCLUDE/patchlevel.h.
llvm::Expected<Minor> readHeaderVersion(llvm::StringRef include);

/// The folder that holds .git, upwards from `path`; empty if there is none.
std::string repositoryOf(llvm::StringRef path);

/// FOLDER/NAME.
std::string inFolder(llvm::StringRef folder, llvm::StringRef name);
/// A path as seen from a folder: inFolder, unless it is absolute.
std::string absoluteFrom(llvm::StringRef folder, llvm::StringRef path);
bool isCxxSource(llvm::StringRef path);
bool isSource(llvm::StringRef path);

/// Absolute path with symbolic links resolved; the path itself if that fails.
std::string realPath(llvm::StringRef path);

} // namespace abi3ify
