// What the build system of a package must be told so that it builds one binary
// for every CPython from the floor on: the limit, the file's name, the wheel's tag.
// In: the build files of a folder and the floor. Out: the exact lines, each with
// its state; and the new texts, where all that is missing can be written with
// certainty. The build files are parsed; nothing of them runs.
#pragma once
#include "abi3ify/project.h"
#include "abi3ify/unit.h"
#include "llvm/Support/JSON.h"

namespace abi3ify {

struct Insertion {
  std::string file;
  size_t offset = 0;
  std::string text;
};

enum class SettingState {
  Set,       ///< stands there as wanted
  Missing,   ///< can be written with certainty
  Different, ///< another value stands there, which is its author's choice
  ByHand,    ///< the shape of the file leaves it to its author
};
llvm::StringRef name(SettingState state);

/// One thing that must be set.
struct Setting {
  std::string what; ///< "extension 'pair'", "the wheel's tag"
  std::string file;
  unsigned line = 0; ///< where it belongs; 0: in a place of its own
  std::vector<std::string> lines; ///< what must stand there
  SettingState state = SettingState::Set;
  std::string reason = {}; ///< of Different and ByHand
  std::vector<Insertion> insertions = {}; ///< of Missing
};

struct BuildSettings {
  std::string folder;
  std::string system; ///< "setuptools", "meson-python", ...
  Floor floor;
  std::vector<Setting> settings;
  std::vector<std::string> remarks;
  Texts originals, edited; ///< edited only if all that is missing can be written
  bool made = false;       ///< migrate makes the edits
  std::string obstacle;    ///< why migrate does not, though it could

  bool areSet() const;
  bool canBeMade() const { return !edited.empty(); }
};

/// The texts of files, read once; some of them may be ones that are not written yet.
class BuildFiles {
public:
  BuildFiles() = default;
  explicit BuildFiles(Texts instead) : instead(std::move(instead)) {}
  /// Null if there is no such file.
  const std::string *read(const std::string &path);

private:
  Texts instead;
  std::map<std::string, std::optional<std::string>> known;
};

/// The settings of one package; `pythons` are interpreters that may parse a setup.py.
BuildSettings findBuildSettings(const std::string &folder, Floor floor,
                                llvm::ArrayRef<std::string> pythons, BuildFiles &files);

/// The folders of the packages that the project's units belong to.
std::vector<std::string> packageFolders(const Project &project);

/// The lowest floor that the package's requires-python allows, if it names one.
std::optional<Minor> requiredPython(const std::string &folder,
                                    llvm::ArrayRef<std::string> pythons, BuildFiles &files);

/// What setup-py.py says of the text of a setup.py; nothing, and why, if it could
/// not be asked.
std::optional<llvm::json::Value> askSetupPy(llvm::StringRef text, Floor floor,
                                            llvm::ArrayRef<std::string> pythons,
                                            std::string &why);

/// "cp311".
std::string wheelTag(Floor floor);

// One function a build system; each adds to `out`.
struct BuildInput {
  const std::string &folder;
  Floor floor;
  llvm::ArrayRef<std::string> pythons;
  BuildFiles &files;
};
void addSetuptools(const BuildInput &input, BuildSettings &out);
void addMeson(const BuildInput &input, bool wheels, BuildSettings &out);
void addCMake(const BuildInput &input, bool wheels, BuildSettings &out);

} // namespace abi3ify
