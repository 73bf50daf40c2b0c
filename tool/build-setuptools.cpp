// setuptools: extensions in setup.py or pyproject.toml; the tag in setup.cfg,
// pyproject.toml or setup.py.
#include "abi3ify/build-settings.h"
#include "abi3ify/embedded.h"
#include "abi3ify/ini-edit.h"
#include "abi3ify/run-python.h"
#include "abi3ify/toml-edit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace abi3ify {
namespace {

constexpr StringRef ReaderOfSetup = "tool/setup-py.py";
const TomlPath Modules = {"tool", "setuptools", "ext-modules"};
const TomlPath TagTable = {"tool", "distutils", "bdist_wheel"};

StringRef embedded(StringRef path) {
  for (const EmbeddedFile &file : embeddedFiles())
    if (file.path == std::string_view(path))
      return file.text;
  llvm_unreachable("a file that the build embeds");
}

class Setuptools {
public:
  Setuptools(const BuildInput &input, BuildSettings &out) : input(input), out(out) {
    setupPy = inFolder(input.folder, "setup.py");
    setupCfg = inFolder(input.folder, "setup.cfg");
    pyproject = inFolder(input.folder, "pyproject.toml");
  }

  void add() {
    bool inToml = false;
    if (const std::string *text = input.files.read(pyproject)) {
      auto parsed = TomlFile::parse(pyproject, *text);
      if (parsed)
        toml.emplace(std::move(*parsed));
      else
        byHand("the wheel's tag", pyproject, 0, {}, toString(parsed.takeError()));
    }
    if (toml && toml->size(Modules)) {
      addModulesOfToml();
      inToml = true;
    }
    std::optional<json::Value> script;
    if (input.files.read(setupPy))
      script = readSetupPy();
    if (script)
      addModulesOfScript(*script->getAsObject(), inToml);
    else if (!inToml)
      byHand("the extensions", "", 0, linesOfExtension(), "no place that makes them was found");
    addTag(script ? script->getAsObject() : nullptr);
  }

private:
  std::vector<std::string> linesOfExtension() const {
    return {"define_macros=[(\"Py_LIMITED_API\", \"" + input.floor.limitedApi() + "\")]",
            "py_limited_api=True"};
  }

  void byHand(const std::string &what, const std::string &file, unsigned line,
              std::vector<std::string> lines, const std::string &reason) {
    out.settings.push_back({what, file, line, std::move(lines), SettingState::ByHand, reason});
  }

  /// [[tool.setuptools.ext-modules]]
  void addModulesOfToml() {
    for (size_t i = 0; i < toml->size(Modules); ++i) {
      TomlPath module = Modules;
      module.push_back(std::to_string(i));
      TomlPath name = module;
      name.push_back("name");
      Setting setting{"extension '" + toml->string(name).value_or("?") + "'", pyproject,
                      toml->line(module), {}};
      bool sure = addMacros(module, setting);
      sure &= addKey(module, "py-limited-api", "true", setting);
      if (!sure && setting.state == SettingState::Missing) {
        setting.state = SettingState::ByHand;
        setting.reason = "no place for it was found";
      }
      out.settings.push_back(std::move(setting));
    }
  }

  /// False if a key is missing and cannot be written.
  bool addKey(const TomlPath &table, const std::string &key, const std::string &wanted,
              Setting &setting) {
    TomlPath path = table;
    path.push_back(key);
    if (auto value = toml->value(path)) {
      if (*value != wanted)
        differ(setting, key + " is " + *value, key + " = " + wanted);
      return true;
    }
    missing(setting, key + " = " + wanted);
    auto insertion = toml->add(table, key, wanted);
    if (insertion)
      setting.insertions.push_back(*insertion);
    return insertion.has_value();
  }

  bool addMacros(const TomlPath &module, Setting &setting) {
    std::string pair = "[\"Py_LIMITED_API\", \"" + input.floor.limitedApi() + "\"]";
    TomlPath macros = module;
    macros.push_back("define-macros");
    if (!toml->has(macros))
      return addKey(module, "define-macros", "[" + pair + "]", setting);
    for (size_t i = 0; i < toml->size(macros); ++i) {
      TomlPath name = macros, value;
      name.push_back(std::to_string(i));
      value = name;
      name.push_back("0");
      value.push_back("1");
      if (toml->string(name) != "Py_LIMITED_API")
        continue;
      std::string has = toml->string(value).value_or("no text");
      if (!StringRef(has).equals_insensitive(input.floor.limitedApi()))
        differ(setting, "Py_LIMITED_API is " + has, "define-macros = [" + pair + "]");
      return true;
    }
    missing(setting, "define-macros = [..., " + pair + "]");
    auto insertion = toml->append(macros, pair);
    if (insertion)
      setting.insertions.push_back(*insertion);
    return insertion.has_value();
  }

  static void missing(Setting &setting, const std::string &line) {
    if (setting.state == SettingState::Set)
      setting.state = SettingState::Missing;
    setting.lines.push_back(line);
  }
  static void differ(Setting &setting, const std::string &what, const std::string &line) {
    setting.state = SettingState::Different;
    setting.reason += (setting.reason.empty() ? "" : " and ") + what;
    setting.lines.push_back(line);
  }

  /// What setup-py.py says; nothing if it could not be asked, which is a setting
  /// to be made by hand.
  std::optional<json::Value> readSetupPy() {
    std::string why;
    if (auto value = askSetupPy(*input.files.read(setupPy), input.floor, input.pythons, why))
      return value;
    byHand("the extensions", setupPy, 0, linesOfExtension(), why);
    return std::nullopt;
  }

  void addModulesOfScript(const json::Object &script, bool inToml) {
    std::string doubt;
    for (const json::Value &value : *script.getArray("doubts")) {
      const json::Object &entry = *value.getAsObject();
      doubt = entry.getString("text")->str();
      if (int64_t line = *entry.getInteger("line"))
        doubt += " (line " + std::to_string(line) + ")";
      break;
    }
    const json::Array &extensions = *script.getArray("extensions");
    for (const json::Value &value : extensions) {
      const json::Object &entry = *value.getAsObject();
      Setting setting = settingOf(entry);
      auto name = entry.getString("name");
      setting.what = name ? "extension '" + name->str() + "'" : "an extension";
      if (!doubt.empty() && setting.state == SettingState::Missing)
        doubtful(setting, doubt);
      out.settings.push_back(std::move(setting));
    }
    if (extensions.empty() && (!inToml || !doubt.empty()))
      byHand("the extensions", setupPy, 0, linesOfExtension(),
             doubt.empty() ? "no call of Extension was found in it" : doubt);
  }

  static void doubtful(Setting &setting, const std::string &doubt) {
    setting.state = SettingState::ByHand;
    setting.reason = doubt;
    setting.insertions.clear();
  }

  Setting settingOf(const json::Object &entry) {
    Setting setting;
    setting.file = setupPy;
    setting.line = unsigned(*entry.getInteger("line"));
    setting.reason = entry.getString("reason")->str();
    for (const json::Value &line : *entry.getArray("lines"))
      setting.lines.push_back(line.getAsString()->str());
    setting.state = StringSwitch<SettingState>(*entry.getString("state"))
                        .Case("set", SettingState::Set)
                        .Case("missing", SettingState::Missing)
                        .Case("different", SettingState::Different)
                        .Default(SettingState::ByHand);
    for (const json::Value &value : *entry.getArray("insertions")) {
      const json::Object &insertion = *value.getAsObject();
      setting.insertions.push_back({setupPy, size_t(*insertion.getInteger("offset")),
                                    insertion.getString("text")->str()});
    }
    return setting;
  }

  /// The tag's place: the one where it stands; else setup.cfg, pyproject.toml or
  /// setup.py, the first that exists.
  void addTag(const json::Object *script) {
    std::string tag = wheelTag(input.floor);
    Setting setting{"the wheel's tag", "", 0, {}};
    auto compare = [&](StringRef has, StringRef line) {
      if (has == tag)
        return;
      differ(setting, ("py_limited_api is " + has).str(), line.str());
    };
    std::optional<IniFile> ini;
    if (const std::string *text = input.files.read(setupCfg)) {
      auto parsed = IniFile::parse(setupCfg, *text);
      if (!parsed) {
        byHand("the wheel's tag", setupCfg, 0, {"[bdist_wheel]", "py_limited_api = " + tag},
               toString(parsed.takeError()));
        return;
      }
      ini.emplace(std::move(*parsed));
    }
    std::string inToml = "py_limited_api = \"" + tag + "\"";
    // The later of these wins, as setuptools reads them.
    for (StringRef key : {"py_limited_api", "py-limited-api"}) {
      TomlPath path = TagTable;
      path.push_back(key.str());
      if (!toml || !toml->has(path))
        continue;
      setting.file = pyproject;
      setting.line = toml->line(path);
      compare(toml->string(path).value_or("no text"), inToml);
      out.settings.push_back(std::move(setting));
      return;
    }
    if (const IniValue *value = ini ? ini->value("bdist_wheel", "py_limited_api") : nullptr) {
      setting.file = setupCfg;
      setting.line = value->line;
      compare(value->text, "py_limited_api = " + tag);
    } else if (auto has = script ? script->getString("tag") : std::nullopt) {
      setting = settingOf(*script->getObject("setup"));
      setting.what = "the wheel's tag";
      setting.state = SettingState::Set;
      std::string line = setting.lines.front();
      setting.reason.clear();
      setting.lines.clear();
      compare(*has, line);
    } else if (ini) {
      setting.file = setupCfg;
      setting.state = SettingState::Missing;
      setting.lines = {"[bdist_wheel]", "py_limited_api = " + tag};
      setting.insertions = {ini->add("bdist_wheel", "py_limited_api", tag)};
    } else if (toml) {
      setting.file = pyproject;
      setting.lines = {"[tool.distutils.bdist_wheel]", inToml};
      setting.state = SettingState::ByHand;
      setting.reason = "no place for it was found";
      if (auto insertion = toml->add(TagTable, "py_limited_api", "\"" + tag + "\"")) {
        setting.state = SettingState::Missing;
        setting.reason.clear();
        setting.insertions = {*insertion};
      }
    } else if (const json::Object *setup = script ? script->getObject("setup") : nullptr) {
      setting = settingOf(*setup);
      setting.what = "the wheel's tag";
      if (!script->getArray("doubts")->empty() && setting.state == SettingState::Missing)
        doubtful(setting, "see the extensions");
    } else {
      byHand("the wheel's tag", setupCfg, 0, {"[bdist_wheel]", "py_limited_api = " + tag},
             "setup.py was not read");
      return;
    }
    out.settings.push_back(std::move(setting));
  }

  const BuildInput &input;
  BuildSettings &out;
  std::string setupPy, setupCfg, pyproject;
  std::optional<TomlFile> toml;
};

} // namespace

std::optional<json::Value> askSetupPy(StringRef text, Floor floor, ArrayRef<std::string> pythons,
                                      std::string &why) {
  SmallString<128> copy;
  int descriptor;
  if (std::error_code code = sys::fs::createTemporaryFile("abi3ify", "py", descriptor, copy)) {
    why = "cannot make a temporary file: " + code.message();
    return std::nullopt;
  }
  FileRemover remover(copy);
  raw_fd_ostream(descriptor, /*shouldClose=*/true) << text;
  for (const std::string &name : pythons) {
    auto python = findProgram(name);
    if (!python || sys::fs::is_directory(*python))
      continue;
    auto lines = runPython(*python, embedded(ReaderOfSetup),
                           {copy.str().str(), floor.limitedApi(), wheelTag(floor)});
    if (!lines) {
      consumeError(lines.takeError());
      continue;
    }
    auto value = json::parse(join(*lines, "\n"));
    if (value && value->getAsObject())
      return std::move(*value);
    if (!value)
      consumeError(value.takeError());
  }
  why = "there is no python3 that could parse the file";
  return std::nullopt;
}

void addSetuptools(const BuildInput &input, BuildSettings &out) { Setuptools(input, out).add(); }

} // namespace abi3ify
