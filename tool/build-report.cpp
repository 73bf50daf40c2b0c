#include "abi3ify/build-report.h"
#include "abi3ify/build-sources.h"
#include "abi3ify/report.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace abi3ify {
namespace {

std::vector<std::string> withDefault(ArrayRef<std::string> pythons) {
  std::vector<std::string> all(pythons.begin(), pythons.end());
  all.push_back("python3");
  return all;
}

Floor bestFloor(const Outlook &outlook, std::optional<Minor> required) {
  const FloorOutlook *best = nullptr;
  for (const FloorOutlook &floor : outlook.floors) {
    if (required && floor.floor.minor < *required)
      continue;
    // Of equal verdicts the fewest decisions, then the lowest floor.
    if (!best || std::tie(floor.verdict, floor.decisions) < std::tie(best->verdict, best->decisions))
      best = &floor;
  }
  return best ? best->floor : outlook.floors.back().floor;
}

std::string placeOf(const Setting &setting) {
  std::string place = shortPath(setting.file);
  return setting.line ? place + ":" + std::to_string(setting.line) : place;
}

std::string titleOf(const BuildSettings &package) {
  SmallString<128> folder(shortPath(package.folder));
  return "for floor " + package.floor.str() + " (" + package.system + ")";
}

std::string result(const BuildSettings &package) {
  if (package.floor.abi3t)
    return "the file is to be NAME.abi3t.so (on Windows NAME.pyd), the wheel's tag " +
           wheelTag(package.floor) + "-abi3.abi3t-PLATFORM";
  return "the file is to be NAME.abi3.so (on Windows NAME.pyd)" +
         (StringRef(package.system) == "CMake" || StringRef(package.system) == "Meson"
              ? std::string()
              : ", the wheel's tag " + wheelTag(package.floor) + "-abi3-PLATFORM");
}

std::string stateOf(const BuildSettings &package) {
  if (package.areSet())
    return "set";
  if (package.made)
    return "made";
  return package.canBeMade() ? "missing" : "by-hand";
}

/// What is not set, with what must stand there.
void printSettings(const BuildSettings &package, bool markdown, raw_ostream &out) {
  for (const Setting &setting : package.settings) {
    if (setting.state == SettingState::Set)
      continue;
    out << (markdown ? "- " : "") << (setting.file.empty() ? "" : placeOf(setting) + ": ")
        << setting.what;
    if (!setting.reason.empty())
      out << " (" << shortPath(setting.reason) << ")";
    out << "\n";
    if (markdown)
      out << "\n  ```\n";
    for (const std::string &line : setting.lines)
      out << (markdown ? "  " : "    ") << line << "\n";
    if (markdown)
      out << "  ```\n";
  }
}

void printRemarks(const BuildSettings &package, bool markdown, raw_ostream &out) {
  for (const std::string &remark : package.remarks)
    out << (markdown ? "- " : "") << remark << "\n";
}

json::Object jsonOf(const Setting &setting) {
  json::Array lines;
  for (const std::string &line : setting.lines)
    lines.push_back(utf8(line));
  return json::Object{
      {"what", utf8(setting.what)},
      {"file", setting.file.empty() ? json::Value(nullptr) : utf8(shortPath(setting.file))},
      {"line", setting.line ? json::Value(setting.line) : json::Value(nullptr)},
      {"state", name(setting.state)},
      {"reason", utf8(setting.reason)},
      {"lines", std::move(lines)}};
}

} // namespace

std::vector<BuildSettings> reportedSettings(const Project &project, const Outlook &outlook,
                                            std::optional<Floor> wanted,
                                            ArrayRef<std::string> pythons) {
  std::vector<BuildSettings> packages;
  std::vector<std::string> all = withDefault(pythons);
  BuildFiles files;
  for (const std::string &folder : packageFolders(project)) {
    Floor floor = wanted ? *wanted : bestFloor(outlook, requiredPython(folder, all, files));
    packages.push_back(findBuildSettings(folder, floor, all, files));
  }
  return packages;
}

void migrateBuildSettings(RunResult &result, Floor floor, ArrayRef<std::string> pythons) {
  result.builds.emplace();
  std::vector<std::string> all = withDefault(pythons);
  BuildFiles files;
  for (const std::string &folder : packageFolders(result.project)) {
    BuildSettings package = findBuildSettings(folder, floor, all, files);
    for (const auto &[file, text] : package.edited)
      if (realPath(file) != file || !result.project.owns(file))
        package.obstacle = shortPath(file) + " lies outside of the paths that were given";
    if (size_t left = result.left + result.errors.size())
      package.obstacle = "with " + std::to_string(left) + (left == 1 ? " use" : " uses") +
                         " left the build with the limit would fail";
    else if (package.canBeMade() && package.obstacle.empty())
      package.obstacle = notLookedAt(package, result, files);
    if (package.canBeMade() && package.obstacle.empty()) {
      package.made = true;
      result.originals.insert(package.originals.begin(), package.originals.end());
      result.edited.insert(package.edited.begin(), package.edited.end());
    }
    result.builds->push_back(std::move(package));
  }
}

bool leavesBuildSettings(const RunResult &result) {
  return result.builds && any_of(*result.builds, [](const BuildSettings &package) {
           return !package.made && !package.areSet();
         });
}

void printReported(ArrayRef<BuildSettings> packages, bool markdown, raw_ostream &out) {
  for (const BuildSettings &package : packages) {
    out << "\n" << (markdown ? "## " : "") << "Build settings " << titleOf(package);
    if (packages.size() > 1)
      out << " in " << shortPath(package.folder);
    out << (markdown ? "\n\n" : "\n");
    if (package.areSet()) {
      out << "all set: " << result(package) << "\n";
      continue;
    }
    printSettings(package, markdown, out);
    if (markdown)
      out << "\n";
    out << (package.canBeMade() ? "'abi3ify migrate --build-settings' makes these changes; "
                                : "to be set by hand; ")
        << result(package) << "\n";
    printRemarks(package, markdown, out);
  }
}

void printMigrated(ArrayRef<BuildSettings> packages, raw_ostream &out) {
  for (const BuildSettings &package : packages) {
    out << "build settings " << titleOf(package) << ": ";
    if (package.areSet()) {
      out << "all set\n";
      continue;
    }
    if (package.made) {
      ListSeparator comma;
      out << "changed in ";
      for (const auto &[file, text] : package.edited)
        out << comma << shortPath(file);
      out << "; " << result(package) << "\n";
    } else {
      out << "left to you"
          << (package.canBeMade() ? ": " + package.obstacle : std::string()) << "\n";
      printSettings(package, /*markdown=*/false, out);
    }
    printRemarks(package, /*markdown=*/false, out);
  }
}

json::Array jsonOf(ArrayRef<BuildSettings> packages) {
  json::Array list;
  for (const BuildSettings &package : packages) {
    json::Array settings, remarks;
    for (const Setting &setting : package.settings)
      settings.push_back(jsonOf(setting));
    for (const std::string &remark : package.remarks)
      remarks.push_back(utf8(remark));
    list.push_back(json::Object{{"folder", utf8(shortPath(package.folder))},
                                {"system", utf8(package.system)},
                                {"floor", package.floor.str()},
                                {"state", stateOf(package)},
                                {"reason", utf8(package.obstacle)},
                                {"settings", std::move(settings)},
                                {"remarks", std::move(remarks)}});
  }
  return list;
}

} // namespace abi3ify
