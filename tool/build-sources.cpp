#include "abi3ify/build-sources.h"
#include "abi3ify/report.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace abi3ify {
namespace {

/// What C is made of before it is compiled.
bool isGeneratorsSource(StringRef name) {
  return is_contained({".pyx", ".i", ".swg", ".sip", ".pyf", ".y", ".l"},
                      sys::path::extension(name));
}

/// The names of sources in a text, as they stand there.
std::vector<StringRef> sourceNames(StringRef text) {
  std::vector<StringRef> names;
  auto isPart = [](char c) { return isAlnum(c) || StringRef("_./+-").contains(c); };
  while (!(text = text.drop_until(isPart)).empty()) {
    StringRef word = text.take_while(isPart);
    text = text.drop_front(word.size());
    if (!sys::path::stem(word).empty() && sys::path::filename(word).front() != '.' &&
        (isSource(word) || isGeneratorsSource(word)))
      names.push_back(word);
  }
  return names;
}

class Looked {
public:
  explicit Looked(const RunResult &result) : result(result) {
    for (const Command &command : result.project.commands)
      units.insert(command.file);
  }

  /// As a unit, or by one that includes it.
  bool has(const std::string &file) const {
    if (units.count(file))
      return true;
    std::string name = sys::path::filename(file).str();
    return result.originals.count(file) &&
           any_of(result.originals, [&](const auto &other) {
             return other.first != file && includes(other.second, name);
           });
  }

  /// One that ends so.
  bool hasNamed(StringRef name) const {
    while (name.consume_front("./") || name.consume_front("../") || name.consume_front("/"))
      ;
    std::string end = ("/" + name).str();
    return any_of(result.originals, [&](const auto &known) {
      return StringRef(known.first).ends_with(end) &&
             (has(known.first) || !includesPython(known.second));
    });
  }

private:
  static bool includes(StringRef text, StringRef name) {
    return any_of(split(text, '\n'), [&](StringRef line) {
      return line.ltrim().starts_with("#") && line.contains("include") &&
             (line.contains(("\"" + name + "\"").str()) || line.contains(("/" + name + "\"").str()));
    });
  }

  const RunResult &result;
  std::set<std::string> units;
};

} // namespace

std::string notLookedAt(const BuildSettings &package, const RunResult &result, BuildFiles &files) {
  Looked looked(result);
  for (const std::string &file : sourcesOfPackage(package.folder)) {
    const std::string *text = files.read(file);
    if (text && includesPython(*text) && !looked.has(file))
      return shortPath(file) + " was not looked at; give the package's folder, and a compile "
                               "database that has it";
  }
  std::set<std::string> builds = {inFolder(package.folder, "setup.py"),
                                  inFolder(package.folder, "pyproject.toml")};
  for (const Setting &setting : package.settings)
    if (!setting.file.empty())
      builds.insert(setting.file);
  for (const std::string &build : builds) {
    const std::string *text = files.read(build);
    for (StringRef name : text ? sourceNames(*text) : std::vector<StringRef>()) {
      std::string by = name.str() + ", which " + shortPath(build) + " names, ";
      if (isGeneratorsSource(name))
        return by + "is no C: what is made of it was not looked at";
      if (!looked.hasNamed(name))
        return by + (sys::fs::exists(inFolder(sys::path::parent_path(build), name))
                         ? "was not looked at; give the package's folder"
                         : "is not there, so it was not looked at");
    }
  }
  return {};
}

} // namespace abi3ify
