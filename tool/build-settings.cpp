#include "abi3ify/build-settings.h"
#include "abi3ify/ini-edit.h"
#include "abi3ify/toml-edit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include <set>

using namespace llvm;

namespace abi3ify {
namespace {

/// setuptools and meson-python look at the interpreter and stop.
constexpr StringRef FreeThreaded =
    "with a free-threaded CPython 3.13 or 3.14 the build stops: make its wheels without these settings";

bool exists(const std::string &folder, StringRef name) {
  return sys::fs::exists(inFolder(folder, name));
}

/// What a file asks for in text: [build-system] build-backend.
std::optional<std::string> backendOf(const std::string &folder, BuildFiles &files) {
  std::string path = inFolder(folder, "pyproject.toml");
  const std::string *text = files.read(path);
  if (!text)
    return std::nullopt;
  auto toml = TomlFile::parse(path, *text);
  if (!toml) {
    consumeError(toml.takeError()); // a setting will say it
    return std::nullopt;
  }
  return toml->string({"build-system", "build-backend"});
}

/// Where no build system is known: its author sees to the rest as well.
void addPlain(const BuildInput &input, const std::string &reason, BuildSettings &out) {
  out.settings.push_back({"the compiler's flags", "", 0,
                          input.floor.flags(),
                          SettingState::ByHand, reason});
}

void addSystem(const BuildInput &input, BuildSettings &out) {
  auto backend = backendOf(input.folder, input.files);
  bool cmake = exists(input.folder, "CMakeLists.txt"), meson = exists(input.folder, "meson.build");
  bool setup = exists(input.folder, "setup.py"), project = exists(input.folder, "pyproject.toml");
  if (input.floor.abi3t) {
    out.system = "free-threaded builds";
    addPlain(input, "abi3ify knows no build system that makes abi3t", out);
  } else if (backend && StringRef(*backend).starts_with("mesonpy")) {
    out.system = "meson-python";
    addMeson(input, /*wheels=*/true, out);
    out.remarks.push_back(FreeThreaded.str());
  } else if (backend && StringRef(*backend).starts_with("scikit_build_core")) {
    out.system = "scikit-build-core";
    addCMake(input, /*wheels=*/true, out);
  } else if (backend ? StringRef(*backend).starts_with("setuptools")
                     : setup || (!cmake && !meson && (project || exists(input.folder, "setup.cfg")))) {
    out.system = "setuptools";
    addSetuptools(input, out);
    out.remarks.push_back(FreeThreaded.str());
  } else if (backend) {
    out.system = *backend;
    addPlain(input, "abi3ify does not know this build system", out);
  } else if (cmake) {
    out.system = "CMake";
    addCMake(input, /*wheels=*/false, out);
  } else if (meson) {
    out.system = "Meson";
    addMeson(input, /*wheels=*/false, out);
  } else {
    out.system = "no build system was found";
    addPlain(input, "", out);
  }
}

void remarkOnPython(const std::string &folder, ArrayRef<std::string> pythons, BuildFiles &files,
                    BuildSettings &out) {
  auto required = requiredPython(folder, pythons, files);
  if (required && *required < out.floor.minor && !out.floor.abi3t)
    out.remarks.push_back("requires-python allows 3." + std::to_string(*required) +
                          ": below " + out.floor.str() +
                          " a build without these settings is still needed, or a higher requires-python");
}

/// The texts with all that is missing; empty if something else is not set.
void makeEdits(BuildFiles &files, BuildSettings &out) {
  std::map<std::string, std::vector<const Insertion *>> insertions;
  for (const Setting &setting : out.settings) {
    if (setting.state == SettingState::Set)
      continue;
    if (setting.state != SettingState::Missing || setting.insertions.empty())
      return;
    for (const Insertion &insertion : setting.insertions)
      insertions[insertion.file].push_back(&insertion);
  }
  for (auto &[file, list] : insertions) {
    stable_sort(list, [](auto *a, auto *b) { return a->offset < b->offset; });
    std::string text = *files.read(file);
    out.originals[file] = text;
    for (const Insertion *insertion : reverse(list))
      text.insert(insertion->offset, insertion->text);
    out.edited[file] = std::move(text);
  }
}

} // namespace

StringRef name(SettingState state) {
  switch (state) {
  case SettingState::Set: return "set";
  case SettingState::Missing: return "missing";
  case SettingState::Different: return "different";
  case SettingState::ByHand: return "by-hand";
  }
  llvm_unreachable("unknown state");
}

std::string wheelTag(Floor floor) { return "cp3" + std::to_string(floor.minor); }

bool BuildSettings::areSet() const {
  return all_of(settings,
                [](const Setting &setting) { return setting.state == SettingState::Set; });
}

const std::string *BuildFiles::read(const std::string &path) {
  if (auto found = instead.find(path); found != instead.end())
    return &found->second;
  auto [at, added] = known.try_emplace(path);
  if (added)
    if (auto buffer = MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false))
      at->second = (*buffer)->getBuffer().str();
  return at->second ? &*at->second : nullptr;
}

/// python_requires in the call of setup(): as setuptools has it, before setup.cfg.
static std::optional<std::string> requiredBySetup(const std::string &folder,
                                                  ArrayRef<std::string> pythons,
                                                  BuildFiles &files) {
  const std::string *file = files.read(inFolder(folder, "setup.py"));
  if (!file || !StringRef(*file).contains("python_requires"))
    return std::nullopt;
  std::string why;
  auto script = askSetupPy(*file, {OldestFloor}, pythons, why);
  auto text = script ? script->getAsObject()->getString("python_requires") : std::nullopt;
  return text ? std::optional(text->str()) : std::nullopt;
}

std::optional<Minor> requiredPython(const std::string &folder, ArrayRef<std::string> pythons,
                                    BuildFiles &files) {
  std::string text, path = inFolder(folder, "pyproject.toml");
  if (const std::string *file = files.read(path)) {
    if (auto toml = TomlFile::parse(path, *file))
      text = toml->string({"project", "requires-python"}).value_or("");
    else
      consumeError(toml.takeError());
  }
  if (text.empty())
    text = requiredBySetup(folder, pythons, files).value_or("");
  path = inFolder(folder, "setup.cfg");
  if (const std::string *file = files.read(path); file && text.empty()) {
    if (auto ini = IniFile::parse(path, *file)) {
      if (const IniValue *value = ini->value("options", "python_requires"))
        text = value->text;
    } else
      consumeError(ini.takeError());
  }
  std::optional<Minor> lowest;
  for (StringRef part : split(text, ',')) {
    part = part.trim();
    Minor minor;
    if ((part.consume_front(">=") || part.consume_front("~=")) &&
        part.ltrim().consume_front("3.") &&
        !part.ltrim().drop_front(2).consumeInteger(10, minor))
      lowest = std::max(lowest.value_or(0), minor);
  }
  return lowest;
}

BuildSettings findBuildSettings(const std::string &folder, Floor floor,
                                ArrayRef<std::string> pythons, BuildFiles &files) {
  BuildSettings out;
  out.folder = folder;
  out.floor = floor;
  addSystem({folder, floor, pythons, files}, out);
  makeEdits(files, out);
  if (out.canBeMade()) {
    // Read once more: all of it must be as wanted now, and nothing may be gone.
    BuildFiles after(out.edited);
    BuildSettings again;
    again.folder = folder;
    again.floor = floor;
    addSystem({folder, floor, pythons, after}, again);
    if (!again.areSet() || again.settings.size() != out.settings.size()) {
      out.edited.clear();
      for (Setting &setting : out.settings)
        if (setting.state == SettingState::Missing) {
          setting.state = SettingState::ByHand;
          setting.reason = "the edit did not hold when the file was read again";
        }
    }
  }
  remarkOnPython(folder, pythons, files, out);
  return out;
}

std::vector<std::string> packageFolders(const Project &project) {
  SmallString<256> current;
  sys::fs::current_path(current);
  std::string here = realPath(current);
  std::set<std::string> folders;
  for (const Command &command : project.commands) {
    StringRef root = project.rootOf(command.file);
    if (root.empty())
      continue;
    // Without a repository a root is only the path that was given: the package
    // may begin above it, in the current folder.
    StringRef top = !exists(root.str(), ".git") && (root + "/").str().starts_with(here + "/")
                        ? StringRef(here) : root;
    std::string nearest, highest;
    for (StringRef folder = sys::path::parent_path(command.file); folder.size() >= top.size();
         folder = sys::path::parent_path(folder)) {
      std::string name = folder.str();
      if (exists(name, "pyproject.toml") || exists(name, "setup.py") || exists(name, "setup.cfg")) {
        nearest = name;
        break;
      }
      if (exists(name, "CMakeLists.txt") || exists(name, "meson.build"))
        highest = name;
    }
    folders.insert(!nearest.empty() ? nearest : !highest.empty() ? highest : root.str());
  }
  return {folders.begin(), folders.end()};
}

} // namespace abi3ify
