// YAML is parsed to find the places, and edited as text, so that comments and
// order stay; a second parse shows that only what was wanted has changed.
#include "abi3ify/init-tidy.h"
#include "abi3ify/project.h"
#include "abi3ify/spelling.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/YAMLParser.h"
#include <map>
#include <optional>

using namespace llvm;

namespace abi3ify {
namespace {

constexpr StringLiteral OurChecks = "abi3-*";
constexpr StringLiteral TargetKey = "Target";

using Places = std::pair<size_t, size_t>;

/// What an update needs of a .clang-tidy.
struct Config {
  struct Value {
    yaml::Node::NodeKind kind = yaml::Node::NK_Null;
    Places range;
    std::optional<size_t> bracket; ///< that a list or map begins with, unless it has lines
    std::optional<size_t> first;   ///< of a list or map: where its first entry begins
    size_t last = 0;               ///< of a list of texts: where its last entry ends
  };
  std::map<std::string, Value> keys;
  std::vector<std::string> checks;                ///< the globs
  std::map<std::string, std::string> options;     ///< CheckOptions
  std::map<std::string, Places> optionPlaces;     ///< of their values
  bool empty = true, flow = false;
};

class Reader {
public:
  Reader(StringRef file, StringRef text)
      : file(file), text(text), stream(MemoryBufferRef(text, file), sources, false) {
    sources.setDiagHandler(
        [](const SMDiagnostic &diagnostic, void *self) {
          auto &reader = *static_cast<Reader *>(self);
          if (reader.error.empty())
            reader.error = ":" + std::to_string(diagnostic.getLineNo()) + ": " +
                           diagnostic.getMessage().str();
        },
        this);
  }

  Expected<Config> read() {
    auto document = stream.begin();
    yaml::Node *root = document == stream.end() ? nullptr : document->getRoot();
    if (auto *map = dyn_cast_or_null<yaml::MappingNode>(root)) {
      config.empty = false;
      config.flow = bracketOf(*map).has_value();
      for (yaml::KeyValueNode &entry : *map)
        readKey(entry);
    } else if (root && !isa<yaml::NullNode>(root))
      return problem(":1: a .clang-tidy is a map of keys such as Checks");
    if (stream.failed() || !error.empty())
      return problem(error.empty() ? ": this is no YAML" : error);
    if (root && ++document != stream.end() && document->getRoot() &&
        !isa<yaml::NullNode>(document->getRoot()))
      return problem(": there is more than one document in it");
    return std::move(config);
  }

private:
  Error problem(const std::string &what) const {
    return createStringError(file + what + "; nothing was written");
  }
  size_t offset(SMLoc location) const { return location.getPointer() - text.data(); }
  Places places(yaml::Node &node) const {
    SMRange range = node.getSourceRange();
    return {offset(range.Start), offset(range.End)};
  }
  /// A node's range begins behind its bracket.
  std::optional<size_t> bracketOf(yaml::Node &node) const {
    StringRef before = text.take_front(places(node).first).rtrim();
    if (before.ends_with("[") || before.ends_with("{"))
      return before.size() - 1;
    return std::nullopt;
  }
  static std::string scalar(yaml::Node *node) {
    SmallString<64> storage;
    if (auto *value = dyn_cast_or_null<yaml::ScalarNode>(node))
      return value->getValue(storage).str();
    if (auto *block = dyn_cast_or_null<yaml::BlockScalarNode>(node))
      return block->getValue().str();
    return {};
  }

  void readKey(yaml::KeyValueNode &entry) {
    std::string key = scalar(entry.getKey());
    yaml::Node *node = entry.getValue();
    Config::Value &value = config.keys[key];
    if (!node || stream.failed())
      return;
    value.kind = yaml::Node::NodeKind(node->getType());
    value.range = places(*node);
    if (isa<yaml::SequenceNode, yaml::MappingNode>(node))
      value.bracket = bracketOf(*node);
    if (auto *list = dyn_cast<yaml::SequenceNode>(node)) {
      for (yaml::Node &item : *list) {
        if (!value.first)
          value.first = bracketOf(item).value_or(places(item).first);
        value.last = places(item).second;
        if (auto *map = dyn_cast<yaml::MappingNode>(&item))
          readPair(*map);
        else
          addChecks(key, scalar(&item));
      }
    } else if (auto *map = dyn_cast<yaml::MappingNode>(node)) {
      for (yaml::KeyValueNode &option : *map) {
        std::string name = scalar(option.getKey());
        if (!value.first && option.getKey())
          value.first = places(*option.getKey()).first;
        addOption(name, option.getValue());
      }
    } else
      addChecks(key, scalar(node));
  }

  /// {key: NAME, value: TEXT}, as older files have it.
  void readPair(yaml::MappingNode &map) {
    std::string name;
    for (yaml::KeyValueNode &entry : map) {
      std::string key = scalar(entry.getKey());
      if (key == "key")
        name = scalar(entry.getValue());
      else if (key == "value")
        addOption(name, entry.getValue());
      else
        entry.skip();
    }
  }

  void addOption(const std::string &name, yaml::Node *value) {
    if (!value)
      return;
    config.options[name] = scalar(value);
    config.optionPlaces[name] = places(*value);
    value->skip();
  }

  void addChecks(StringRef key, StringRef globs) {
    if (key != "Checks")
      return;
    SmallVector<StringRef> list;
    globs.split(list, ',');
    for (StringRef glob : list)
      for (StringRef line : split(glob, '\n'))
        if (!line.trim().empty())
          config.checks.push_back(line.trim().str());
  }

  StringRef file, text;
  SourceMgr sources;
  yaml::Stream stream;
  std::string error;
  Config config;
};

class Updater {
public:
  Updater(StringRef file, StringRef old, Floor floor)
      : file(file), old(old), newline(newlineOf(old)), target("'" + floor.str() + "'") {}

  Expected<std::string> update() {
    auto read = Reader(file, old).read();
    if (!read)
      return read.takeError();
    config = std::move(*read);
    text = old.str();
    if (config.flow)
      return byHand("it is written in braces");
    // From the end to the front, so that places hold; what is new comes last.
    bool optionsFirst = isLater("CheckOptions", "Checks");
    for (bool options : {optionsFirst, !optionsFirst})
      if (Error error = options ? addTarget() : addChecks())
        return std::move(error);
    return text == old ? std::move(text) : proved();
  }

private:
  Error byHand(const Twine &why) const {
    return createStringError(file + ": " + why + "; add " + OurChecks +
                             " to Checks, and Target: " + target +
                             " to CheckOptions, by hand; nothing was written");
  }

  bool isLater(const std::string &a, const std::string &b) const {
    auto later = config.keys.find(a), earlier = config.keys.find(b);
    return later != config.keys.end() &&
           (earlier == config.keys.end() || later->second.range > earlier->second.range);
  }

  /// A key at the end of the document.
  void append(const std::string &lines) {
    size_t end = text.size();
    // "..." ends a document.
    for (size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
      StringRef line = StringRef(text).substr(at).take_until([](char c) { return c == '\n'; });
      if (line.rtrim() == "...")
        end = std::min(end, at);
      if (text.find('\n', at) == std::string::npos)
        break;
    }
    std::string added = withNewlines(lines, newline);
    if (end > 0 && text[end - 1] != '\n')
      added = newline.str() + added;
    text.insert(end, added);
  }

  Error addChecks() {
    // The last glob that matches decides.
    if (!config.checks.empty() && is_contained(config.checks, OurChecks) &&
        none_of(config.checks, [](StringRef glob) { return glob == "-abi3-*"; }))
      return Error::success();
    auto found = config.keys.find("Checks");
    if (found == config.keys.end()) {
      append(("Checks: '" + OurChecks + "'\n").str());
      return Error::success();
    }
    const Config::Value &value = found->second;
    auto [begin, end] = value.range;
    switch (value.kind) {
    case yaml::Node::NK_Sequence:
      return addItem(value, ("'" + OurChecks + "'").str());
    case yaml::Node::NK_Scalar: {
      bool quoted = end > begin && (text[begin] == '\'' || text[begin] == '"');
      if (text.substr(begin, end - begin).find('\n') != std::string::npos && !quoted)
        return byHand("Checks goes on over several lines without quotes");
      StringRef globs = StringRef(text).slice(begin + quoted, end - quoted).rtrim();
      if (!quoted && (globs.contains('#') || globs.starts_with("*") || globs.starts_with("&")))
        return byHand("Checks is written in a way that is not known");
      bool comma = !globs.empty() && !globs.ends_with(",");
      text.insert(begin + quoted + globs.size(), ((comma ? "," : "") + OurChecks).str());
      return Error::success();
    }
    case yaml::Node::NK_BlockScalar:
      return addLine(begin, end);
    case yaml::Node::NK_Null:
      return byHand("Checks has no value");
    default:
      return byHand("Checks is neither a text nor a list");
    }
  }

  /// A last line of a text that is folded or kept (> or |).
  Error addLine(size_t begin, size_t end) {
    StringRef block = StringRef(text).slice(begin, end);
    StringRef trimmed = block.rtrim();
    size_t lineStart = trimmed.rfind('\n');
    if (lineStart == StringRef::npos)
      return byHand("Checks has no value");
    StringRef last = trimmed.drop_front(lineStart + 1);
    std::string indent = last.take_while([](char c) { return c == ' '; }).str();
    std::string added = last.ends_with(",") ? "" : ",";
    added += (newline + indent + OurChecks).str();
    text.insert(begin + trimmed.size(), added);
    return Error::success();
  }

  /// An entry in front of a list or map, or behind all of a list.
  Error addItem(const Config::Value &value, const std::string &item, bool front = false) {
    if (value.bracket) {
      if (front || !value.first)
        text.insert(*value.bracket + 1, item + (value.first ? ", " : ""));
      else
        text.insert(value.last, ", " + item);
      return Error::success();
    }
    if (!value.first)
      return byHand("a list or map is empty");
    // Lists: "- " stands in front of the first entry.
    size_t lineStart = StringRef(text).take_front(*value.first).rfind('\n') + 1;
    StringRef lead = StringRef(text).slice(lineStart, *value.first);
    bool list = value.kind == yaml::Node::NK_Sequence;
    if (!lead.trim().empty() && !(list && lead.trim() == "-"))
      return byHand("an entry stands on the line of its key");
    std::string indent = lead.take_while([](char c) { return c == ' '; }).str();
    std::string line = indent + (list ? "- " : "") + item + newline.str();
    if (front) {
      text.insert(lineStart, line);
      return Error::success();
    }
    // Behind the line of the last entry, where a comment may follow it.
    size_t behind = std::min(text.find('\n', value.last), text.size() - 1) + 1;
    if (behind > 0 && text[behind - 1] != '\n')
      line = newline.str() + line;
    text.insert(behind, line);
    return Error::success();
  }

  Error addTarget() {
    auto option = config.options.find(TargetKey.str());
    if (option != config.options.end()) {
      if ("'" + option->second + "'" == target)
        return Error::success();
      auto [begin, end] = config.optionPlaces.at(TargetKey.str());
      StringRef value = StringRef(text).slice(begin, end);
      text.replace(begin, value.rtrim().size(), target);
      return Error::success();
    }
    auto found = config.keys.find("CheckOptions");
    if (found == config.keys.end()) {
      append("CheckOptions:\n  Target: " + target + "\n");
      return Error::success();
    }
    const Config::Value &value = found->second;
    if (value.kind == yaml::Node::NK_Mapping)
      return addItem(value, "Target: " + target, /*front=*/true);
    if (value.kind == yaml::Node::NK_Sequence)
      return addItem(value, "{key: Target, value: " + target + "}", /*front=*/true);
    return byHand("CheckOptions is neither a map nor a list");
  }

  /// The new text says what the old one did, and what was wanted.
  Expected<std::string> proved() {
    auto now = Reader(file, text).read();
    if (!now)
      return consumeError(now.takeError()), byHand("it is written in a way that is not known");
    std::vector<std::string> checks = config.checks;
    if (checks.size() != now->checks.size())
      checks.push_back(OurChecks.str());
    std::map<std::string, std::string> options = config.options;
    options[TargetKey.str()] = StringRef(target).trim('\'').str();
    auto keys = [](const Config &all) {
      std::set<std::string> names = {"Checks", "CheckOptions"};
      for (const auto &[name, value] : all.keys)
        names.insert(name);
      return names;
    };
    if (now->checks != checks || now->options != options || keys(*now) != keys(config))
      return byHand("it is written in a way that is not known");
    return std::move(text);
  }

  StringRef file, old, newline;
  std::string target, text;
  Config config;
};

} // namespace

Expected<std::string> initTidy(const std::string &folder, Floor floor) {
  std::string path = inFolder(folder, ".clang-tidy"), old;
  bool known = sys::fs::exists(path);
  if (known) {
    auto buffer = MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
    if (!buffer)
      return createStringError(path + ": " + buffer.getError().message());
    old = (*buffer)->getBuffer().str();
  }
  // A new file would hide the one of a folder above.
  if (!known)
    for (StringRef parent = sys::path::parent_path(folder); !parent.empty();
         parent = sys::path::parent_path(parent))
      if (sys::fs::exists(inFolder(parent, ".clang-tidy"))) {
        old = "InheritParentConfig: true\n";
        break;
      }
  auto text = withTidyChecks(path, old, floor);
  if (!text)
    return text.takeError();
  if (known && *text == old)
    return path + " has the checks already";
  if (Error error = writeToOutput(path, [&](raw_ostream &out) {
        out << *text;
        return Error::success();
      }))
    return std::move(error);
  return (known ? "updated " : "wrote ") + path;
}

Expected<std::string> withTidyChecks(StringRef file, StringRef text, Floor floor) {
  return Updater(file, text, floor).update();
}

} // namespace abi3ify
