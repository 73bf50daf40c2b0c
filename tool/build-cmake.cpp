// CMake, alone or under scikit-build-core: USE_SABI of each python_add_library,
// its component of find_package, and scikit-build-core's own key.
#include "abi3ify/build-settings.h"
#include "abi3ify/toml-edit.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/VersionTuple.h"
#include <set>

using namespace llvm;

namespace abi3ify {
namespace {

struct Word {
  StringRef text; ///< without quotes
  size_t begin = 0, end = 0;
};
struct Invocation {
  std::string name; ///< in lower case
  size_t begin = 0;
  std::vector<Word> words;
  bool has(StringRef text) const { return find(text); }
  const Word *find(StringRef text) const {
    for (const Word &word : words)
      if (word.text == text)
        return &word;
    return nullptr;
  }
};

/// [[text]] and [=[text]=], whose length is given; 0 if there is none.
size_t bracketLength(StringRef text) {
  size_t equals = text.drop_front().take_while([](char c) { return c == '='; }).size();
  if (!text.drop_front(1 + equals).starts_with("["))
    return 0;
  std::string close = "]" + std::string(equals, '=') + "]";
  size_t end = text.find(close);
  return end == StringRef::npos ? text.size() : end + close.size();
}

/// The invocations of a file; nothing if it is not what CMake reads.
std::optional<std::vector<Invocation>> lex(StringRef text) {
  std::vector<Invocation> all;
  unsigned depth = 0;
  for (size_t at = 0; at < text.size();) {
    char c = text[at];
    StringRef rest = text.substr(at);
    if (isSpace(c)) {
      ++at;
    } else if (c == '#') {
      size_t bracket = rest.size() > 1 && rest[1] == '[' ? bracketLength(rest.drop_front()) : 0;
      at = bracket ? at + 1 + bracket : std::min(text.find('\n', at), text.size());
    } else if (depth == 0) {
      StringRef name = rest.take_while([](char c) { return isAlnum(c) || c == '_'; });
      size_t open = at + name.size();
      while (open < text.size() && (text[open] == ' ' || text[open] == '\t'))
        ++open;
      if (name.empty() || open == text.size() || text[open] != '(')
        return std::nullopt;
      all.push_back({name.lower(), at, {}});
      depth = 1;
      at = open + 1;
    } else if (c == '(' || c == ')') {
      depth += c == '(' ? 1 : -1;
      ++at;
    } else if (c == '"') {
      size_t end = at + 1;
      while (end < text.size() && text[end] != '"')
        end += text[end] == '\\' ? 2 : 1;
      if (end >= text.size())
        return std::nullopt;
      all.back().words.push_back({text.slice(at + 1, end), at, end + 1});
      at = end + 1;
    } else {
      size_t end = at + (c == '[' ? bracketLength(rest) : 0);
      if (end == at)
        while (end < text.size() && !isSpace(text[end]) && !StringRef("()#\"").contains(text[end]))
          end += text[end] == '\\' ? 2 : 1;
      end = std::min(end, text.size());
      all.back().words.push_back({text.slice(at, end), at, end});
      at = end;
    }
  }
  return depth ? std::nullopt : std::optional(std::move(all));
}

class CMake {
public:
  CMake(const BuildInput &input, BuildSettings &out) : input(input), out(out) {}

  void add() {
    readFolder(input.folder, false);
    std::set<std::string> wantedPackages;
    for (const Found &module : modules)
      addModule(module, wantedPackages);
    for (const std::string &package : wantedPackages)
      addComponent(package);
    if (modules.empty())
      mine.push_back({"the extensions", inFolder(input.folder, "CMakeLists.txt"), 0,
                      {"find_package(Python REQUIRED COMPONENTS Interpreter Development.Module "
                       "Development.SABIModule)",
                       "python_add_library(NAME MODULE USE_SABI " + input.floor.str() +
                           " WITH_SOABI ...)"},
                      SettingState::ByHand, "no call that makes a module was found"});
    for (Setting &setting : mine) {
      if (!doubt.empty() && setting.state == SettingState::Missing) {
        setting.state = SettingState::ByHand;
        setting.reason = doubt;
        setting.insertions.clear();
      }
      out.settings.push_back(std::move(setting));
    }
    if (usesLibraryCommand && !hasMinimum)
      out.remarks.push_back("USE_SABI needs CMake 3.26: an older one fails, so ask for that in "
                            "cmake_minimum_required");
  }

private:
  struct Found {
    std::string file;
    StringRef text;
    Invocation call;
    bool conditional;
    unsigned line() const { return unsigned(text.take_front(call.begin).count('\n')) + 1; }
  };

  void readFolder(const std::string &folder, bool conditional) {
    std::string file = inFolder(folder, "CMakeLists.txt");
    const std::string *text = input.files.read(file);
    if (!text || !known.insert(file).second)
      return;
    auto calls = lex(*text);
    if (!calls) {
      doubt = file + " could not be read";
      return;
    }
    unsigned depth = 0;
    for (const Invocation &call : *calls) {
      StringRef name = call.name;
      if (name == "if" || name == "foreach" || name == "while" || name == "function" ||
          name == "macro")
        ++depth;
      else if (name.starts_with("end") && name != "endblock")
        depth -= depth > 0;
      Found found{file, *text, call, conditional || depth};
      if (name == "add_subdirectory" && !call.words.empty())
        readFolder(inFolder(folder, call.words.front().text), conditional || depth);
      else if (name == "find_package" && !call.words.empty() &&
               (call.words[0].text == "Python" || call.words[0].text == "Python3"))
        packages.push_back(found);
      else if (name == "python_add_library" || name == "python3_add_library" ||
               name == "nanobind_add_module" || (name == "add_library" && call.has("MODULE")))
        modules.push_back(found);
      else if (name == "cmake_minimum_required")
        hasMinimum |= folder == input.folder && atLeast(call, 3, 26);
      else
        readOther(found);
    }
  }

  /// cmake_minimum_required(VERSION 3.26...3.30): the lower one counts.
  static bool atLeast(const Invocation &call, unsigned major, unsigned minor) {
    const Word *version = call.find("VERSION");
    if (!version || version == &call.words.back())
      return false;
    VersionTuple asked;
    return !asked.tryParse(version[1].text.split("...").first) &&
           asked >= VersionTuple(major, minor);
  }

  /// What sets the limit in another way than USE_SABI.
  void readOther(const Found &found) {
    const std::vector<Word> &words = found.call.words;
    if (words.empty())
      return;
    for (const Word &word : words) {
      auto [name, value] = word.text.split('=');
      name.consume_front("-D");
      if (name == "Py_LIMITED_API") {
        limits[words[0].text.str()] = value.str();
        limitSeen = "Py_LIMITED_API is set at " + placeOf(found);
      }
    }
    const Word *suffix = found.call.find("SUFFIX");
    if (suffix && suffix != &words.back() && suffix[1].text == ".abi3.so")
      named.insert(words[0].text.str());
  }

  static std::string placeOf(const Found &found) {
    return (sys::path::filename(found.file) + ":" + Twine(found.line())).str();
  }

  void addModule(const Found &module, std::set<std::string> &wantedPackages) {
    const std::vector<Word> &words = module.call.words;
    std::string name = words.empty() ? "NAME" : words[0].text.str();
    Setting setting{"extension '" + name + "'", module.file, module.line(), {}};
    if (module.call.name == "add_library")
      addPlain(module, name, setting);
    else if (module.call.name == "nanobind_add_module")
      addNanobind(module, setting);
    else {
      usesLibraryCommand = true;
      wantedPackages.insert(module.call.name == "python3_add_library" ? "Python3" : "Python");
      addSabi(module, setting);
    }
    mine.push_back(std::move(setting));
  }

  void addSabi(const Found &module, Setting &setting) {
    const Invocation &call = module.call;
    const Word *use = call.find("USE_SABI"), *kind = call.find("MODULE");
    std::string missing = use ? "" : " USE_SABI " + input.floor.str();
    if (!call.has("WITH_SOABI"))
      missing += " WITH_SOABI";
    auto byHand = [&](SettingState state, const std::string &reason) {
      setting.state = state;
      setting.reason = reason;
      setting.lines = {"MODULE USE_SABI " + input.floor.str() + " WITH_SOABI"};
    };
    if (use) {
      StringRef value = use == &call.words.back() ? "" : use[1].text;
      if (value != input.floor.str() && value != "${SKBUILD_SABI_VERSION}")
        return byHand(SettingState::Different, "USE_SABI is " + value.str());
    }
    if (missing.empty())
      return;
    if (module.conditional)
      return byHand(SettingState::ByHand, "it is made under a condition, in a loop or a function");
    if (!kind)
      return byHand(SettingState::ByHand, "it does not say that it is a MODULE");
    if (!limitSeen.empty())
      return byHand(SettingState::ByHand, limitSeen);
    setting.state = SettingState::Missing;
    setting.lines = {"MODULE" + missing};
    setting.insertions = {{module.file, kind->end, missing}};
  }

  /// The component of the packages that the commands come from.
  void addComponent(const std::string &package) {
    bool found = false;
    for (const Found &place : packages) {
      const Invocation &call = place.call;
      const Word *component = call.find("Development.Module");
      if (!component)
        component = call.find("Development");
      bool has = call.has("Development.SABIModule") || call.has("${SKBUILD_SABI_COMPONENT}");
      if (call.words[0].text != package || (!component && !has))
        continue;
      found = true;
      Setting setting{"the stable ABI's component of " + package, place.file, place.line(), {}};
      if (!has) {
        setting.lines = {"Development.SABIModule"};
        setting.state = place.conditional ? SettingState::ByHand : SettingState::Missing;
        if (place.conditional)
          setting.reason = "it is asked for under a condition, in a loop or a function";
        else
          setting.insertions = {{place.file, component->end, " Development.SABIModule"}};
      }
      mine.push_back(std::move(setting));
    }
    if (!found)
      mine.push_back({"the stable ABI's component of " + package,
                      inFolder(input.folder, "CMakeLists.txt"), 0,
                      {"find_package(" + package +
                       " REQUIRED COMPONENTS Interpreter Development.Module Development.SABIModule)"},
                      SettingState::ByHand, "no find_package asks for Development.Module"});
  }

  void addPlain(const Found &module, const std::string &name, Setting &setting) {
    auto limit = limits.find(name);
    if (limit != limits.end() && named.count(name)) {
      if (StringRef(limit->second).equals_insensitive(input.floor.limitedApi()))
        return;
      setting.reason = "Py_LIMITED_API is " + limit->second;
    }
    setting.lines = {"target_compile_definitions(" + name +
                         " PRIVATE Py_LIMITED_API=" + input.floor.limitedApi() + ")",
                     "set_target_properties(" + name +
                         " PROPERTIES PREFIX \"\" SUFFIX \".abi3.so\")  # on Windows \".pyd\", and "
                         "link Python::SABIModule"};
    setting.state = setting.reason.empty() ? SettingState::ByHand : SettingState::Different;
    if (setting.reason.empty())
      setting.reason = "whether it is an extension is for its author to say";
  }

  void addNanobind(const Found &module, Setting &setting) {
    if (module.call.has("STABLE_ABI"))
      return;
    setting.lines = {"STABLE_ABI"};
    setting.state = SettingState::ByHand;
    setting.reason = "nanobind decides by itself what to do with it, from floor 3.12 on";
  }

  const BuildInput &input;
  BuildSettings &out;
  std::vector<Found> packages, modules;
  std::vector<Setting> mine;
  std::set<std::string> known, named;
  std::map<std::string, std::string> limits; ///< target -> value
  std::string doubt, limitSeen;
  bool usesLibraryCommand = false;
  bool hasMinimum = false; ///< cmake_minimum_required asks for 3.26 or newer
};

/// [tool.scikit-build] wheel.py-api
void addKey(const BuildInput &input, BuildSettings &out) {
  const TomlPath table = {"tool", "scikit-build", "wheel"}, key = {"tool", "scikit-build", "wheel", "py-api"};
  std::string tag = wheelTag(input.floor);
  Setting setting{"the wheel's tag", inFolder(input.folder, "pyproject.toml"), 0,
                  {"[tool.scikit-build]", "wheel.py-api = \"" + tag + "\""}};
  auto toml = TomlFile::parse(setting.file, *input.files.read(setting.file));
  if (!toml) {
    setting.state = SettingState::ByHand;
    setting.reason = toString(toml.takeError());
  } else if (toml->has(key)) {
    setting.line = toml->line(key);
    std::string has = toml->string(key).value_or("no text");
    setting.state = has == tag ? SettingState::Set : SettingState::Different;
    if (has != tag)
      setting.reason = "wheel.py-api is " + has;
  } else if (auto insertion = toml->add(table, "py-api", "\"" + tag + "\"")) {
    setting.state = SettingState::Missing;
    setting.insertions = {*insertion};
  } else {
    setting.state = SettingState::ByHand;
    setting.reason = "no place for it was found";
  }
  out.settings.push_back(std::move(setting));
}

} // namespace

void addCMake(const BuildInput &input, bool wheels, BuildSettings &out) {
  if (wheels)
    addKey(input, out);
  CMake(input, out).add();
}

} // namespace abi3ify
