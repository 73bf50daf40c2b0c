#include "abi3ify/settings.h"
#include "abi3ify/project.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/GlobPattern.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>

using namespace llvm;

namespace abi3ify {
namespace {

std::string placeOf(StringRef file, const toml::source_region &source) {
  return (file + ":" + Twine(source.begin.line) + ":" + Twine(source.begin.column)).str();
}

Error at(StringRef file, const toml::source_region &source, const Twine &message) {
  return createStringError(placeOf(file, source) + ": " + message);
}

/// One text, or a list of texts.
Error readTexts(StringRef file, StringRef key, const toml::node &node,
                std::vector<std::string> &out) {
  if (auto text = node.value_exact<std::string>()) {
    out.push_back(*text);
    return Error::success();
  }
  const toml::array *list = node.as_array();
  if (!list)
    return at(file, node.source(), "'" + key + "' is a text or a list of texts");
  for (const toml::node &item : *list) {
    auto text = item.value_exact<std::string>();
    if (!text)
      return at(file, item.source(), "'" + key + "' is a list of texts");
    out.push_back(*text);
  }
  return Error::success();
}

/// In braces are alternatives; a project needs few.
constexpr size_t MaxAlternatives = 1024;

/// "glob" = ["rule", ...]
Error readPerFileIgnores(StringRef file, const toml::node &node,
                         std::vector<PerFileIgnore> &entries) {
  const toml::table *table = node.as_table();
  if (!table)
    return at(file, node.source(),
              "'per-file-ignores' is a table of \"glob\" = [\"rule\", ...]");
  for (const auto &[key, rules] : *table) {
    PerFileIgnore entry;
    entry.pattern = std::string(key.str());
    entry.folder = realPath(sys::path::parent_path(file));
    entry.place = placeOf(file, rules.source());
    if (auto glob = GlobPattern::create(entry.pattern, MaxAlternatives); !glob)
      return at(file, key.source(), "'" + entry.pattern + "' is not a glob: " +
                                        toString(glob.takeError()));
    if (Error error = readTexts(file, entry.pattern, rules, entry.rules))
      return error;
    entries.push_back(std::move(entry));
  }
  return Error::success();
}

Error readKey(StringRef file, StringRef key, const toml::node &node, Settings &settings) {
  std::optional<std::string> *text = key == "target"        ? &settings.target
                                     : key == "rules"       ? &settings.rules
                                     : key == "baseline"    ? &settings.baseline
                                     : key == "fail-on"     ? &settings.failOn
                                                            : nullptr;
  std::vector<std::string> *list = key == "select"   ? &settings.select
                                   : key == "ignore" ? &settings.ignore
                                   : key == "python" ? &settings.pythons
                                   : key == "generated" ? &settings.generated
                                   : key == "build-folder" ? &settings.buildFolders
                                   : key == "configuration" ? &settings.configurations
                                                     : nullptr;
  std::optional<bool> *flag = key == "review"   ? &settings.review
                              : key == "verify" ? &settings.verify
                              : key == "module-state" ? &settings.moduleState
                                                : nullptr;
  if (text) {
    *text = node.value_exact<std::string>();
    if (!*text)
      return at(file, node.source(), "'" + key + "' is a text, for example \"3.11\"");
    return Error::success();
  }
  if (list)
    return readTexts(file, key, node, *list);
  if (flag) {
    *flag = node.value_exact<bool>();
    if (!*flag)
      return at(file, node.source(), "'" + key + "' is true or false");
    return Error::success();
  }
  if (key == "per-file-ignores")
    return readPerFileIgnores(file, node, settings.perFileIgnores);
  if (key == "jobs") {
    auto number = node.value_exact<int64_t>();
    if (!number || *number < 1 || *number > 1024)
      return at(file, node.source(), "'jobs' is a number from 1 to 1024");
    settings.jobs = unsigned(*number);
    return Error::success();
  }
  return at(file, node.source(),
            "unknown key '" + key +
                "'; known are target, rules, build-folder, configuration, fail-on, select, "
                "ignore, per-file-ignores, baseline, python, generated, jobs, module-state, review, "
                "verify");
}

/// Makes a path absolute. A program of the project's own is refused: the file
/// came with the sources, and nothing of theirs is run.
Error settlePython(StringRef file, const toml::node &node, StringRef folder, std::string &python) {
  if (!StringRef(python).contains('/'))
    return Error::success();
  SmallString<256> path(python);
  if (!sys::path::is_absolute(path)) {
    path = folder;
    sys::path::append(path, python);
  }
  sys::path::remove_dots(path, /*remove_dot_dot=*/true);
  python = path.str().str();
  if (path.starts_with((folder + "/").str()) && !sys::fs::exists(python + "/Python.h"))
    return at(file, node.source(),
              "'python' names '" + python +
                  "' inside of the project, of which nothing is run; name an interpreter "
                  "elsewhere, a folder with a Python.h, or give it with --python");
  return Error::success();
}

} // namespace

bool PerFileIgnore::matches(StringRef file) const {
  StringRef glob = pattern;
  bool others = glob.consume_front("!"); // as in ruff: all files but these
  StringRef subject = sys::path::filename(file);
  if (glob.contains('/')) {
    subject = file;
    if (!sys::path::is_absolute(glob) && (!subject.consume_front(folder) ||
                                          !subject.consume_front("/")))
      return false;
  }
  auto parsed = GlobPattern::create(glob, MaxAlternatives);
  if (!parsed)
    return consumeError(parsed.takeError()), false; // readSettings has said so
  return parsed->match(subject) != others;
}

Expected<Settings> readSettings(const std::string &folder) {
  Settings settings;
  for (StringRef parent = folder; !parent.empty(); parent = sys::path::parent_path(parent)) {
    SmallString<256> path(parent);
    sys::path::append(path, "pyproject.toml");
    if (!sys::fs::exists(path))
      continue;
    auto buffer = MemoryBuffer::getFile(path);
    if (!buffer)
      return createStringError(path + ": " + buffer.getError().message());
    toml::parse_result parsed =
        toml::parse(std::string_view((*buffer)->getBuffer()), std::string_view(path.data(), path.size()));
    if (!parsed)
      return at(path, parsed.error().source(), StringRef(parsed.error().description()));
    toml::node_view<toml::node> ours = parsed.table()["tool"]["abi3ify"];
    if (!ours)
      return settings;
    const toml::table *table = ours.as_table();
    if (!table)
      return at(path, ours.node()->source(), "[tool.abi3ify] is a table");
    for (const auto &[key, node] : *table)
      if (Error error = readKey(path, StringRef(key.str()), node, settings))
        return std::move(error);
    // Paths in the file are meant from where it lies.
    auto settle = [&](std::string &relative) {
      if (!sys::path::is_absolute(relative))
        relative = inFolder(parent, relative);
    };
    for (std::optional<std::string> *relative : {&settings.rules, &settings.baseline})
      if (*relative)
        settle(**relative);
    for_each(settings.buildFolders, settle);
    if (const toml::node *pythons = table->get("python"))
      for (std::string &python : settings.pythons)
        if (Error error = settlePython(path, *pythons, parent, python))
          return std::move(error);
    return settings;
  }
  return settings;
}

} // namespace abi3ify
