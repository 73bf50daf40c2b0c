#include "abi3ify/toml-edit.h"
#include "abi3ify/spelling.h"
#include "llvm/ADT/StringExtras.h"
#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>
#include <sstream>

using namespace llvm;

namespace abi3ify {

struct TomlFile::Parsed {
  std::string file, text;
  toml::table root;
};

namespace {

const toml::node *nodeAt(const toml::table &root, const TomlPath &path) {
  const toml::node *node = &root;
  for (const std::string &key : path) {
    size_t index;
    if (const toml::table *table = node->as_table())
      node = table->get(key);
    else if (const toml::array *array = node->as_array();
             array && to_integer(key, index) && index < array->size())
      node = array->get(index);
    else
      return nullptr;
    if (!node)
      return nullptr;
  }
  return node;
}

/// The same for writing: tables that are missing are made.
toml::node *madeAt(toml::table &root, const TomlPath &path) {
  toml::node *node = &root;
  for (const std::string &key : path) {
    size_t index;
    if (toml::table *table = node->as_table()) {
      if (!table->contains(key))
        table->insert(key, toml::table());
      node = table->get(key);
    } else if (toml::array *array = node->as_array();
               array && to_integer(key, index) && index < array->size())
      node = array->get(index);
    else
      return nullptr;
  }
  return node;
}

/// Parses `value` and gives its node.
std::optional<toml::table> tableWith(const std::string &value) {
  toml::parse_result parsed = toml::parse("value = " + value);
  if (!parsed)
    return std::nullopt;
  return std::move(parsed).table();
}

std::string written(const toml::node &node) {
  std::ostringstream out;
  node.visit([&](const auto &value) { out << value; });
  return out.str();
}

/// The offset of a position of toml++, whose columns count characters.
size_t offsetOf(StringRef text, toml::source_position position) {
  size_t offset = 0;
  for (unsigned line = 1; line < position.line; ++line) {
    size_t end = text.find('\n', offset);
    if (end == StringRef::npos)
      return text.size();
    offset = end + 1;
  }
  for (unsigned column = 1; column < position.column && offset < text.size(); ++column)
    do
      ++offset;
    while (offset < text.size() && (text[offset] & 0xC0) == 0x80);
  return offset;
}

/// Behind the line that begins at or around `offset`.
size_t behindLine(StringRef text, size_t offset) {
  size_t end = text.find('\n', offset);
  return end == StringRef::npos ? text.size() : end + 1;
}

std::string bare(const TomlPath &path) { return join(path, "."); }

} // namespace

TomlFile::TomlFile(std::unique_ptr<Parsed> parsed) : parsed(std::move(parsed)) {}
TomlFile::TomlFile(TomlFile &&) = default;
TomlFile::~TomlFile() = default;

Expected<TomlFile> TomlFile::parse(StringRef file, StringRef text) {
  auto made = std::make_unique<Parsed>();
  made->file = file.str();
  made->text = text.str();
  toml::parse_result result = toml::parse(std::string_view(text), std::string_view(file));
  if (!result)
    return createStringError(file + ":" + Twine(result.error().source().begin.line) + ":" +
                             Twine(result.error().source().begin.column) + ": " +
                             StringRef(result.error().description()));
  made->root = std::move(result).table();
  return TomlFile(std::move(made));
}

bool TomlFile::has(const TomlPath &path) const { return nodeAt(parsed->root, path); }

std::optional<std::string> TomlFile::value(const TomlPath &path) const {
  const toml::node *node = nodeAt(parsed->root, path);
  return node ? std::optional(written(*node)) : std::nullopt;
}

std::optional<std::string> TomlFile::string(const TomlPath &path) const {
  const toml::node *node = nodeAt(parsed->root, path);
  return node ? node->value_exact<std::string>() : std::nullopt;
}

unsigned TomlFile::line(const TomlPath &path) const {
  const toml::node *node = nodeAt(parsed->root, path);
  return node ? node->source().begin.line : 0;
}

size_t TomlFile::size(const TomlPath &path) const {
  const toml::node *node = nodeAt(parsed->root, path);
  const toml::array *array = node ? node->as_array() : nullptr;
  return array ? array->size() : 0;
}

std::optional<Insertion> TomlFile::add(const TomlPath &path, const std::string &key,
                                       const std::string &value) const {
  StringRef text = parsed->text;
  auto content = tableWith(value);
  if (!content)
    return std::nullopt;
  // What must come out of the parse of the new text.
  toml::table wanted = parsed->root;
  toml::node *node = madeAt(wanted, path);
  if (!node || !node->as_table() || node->as_table()->contains(key))
    return std::nullopt;
  node->as_table()->insert(key, *content->get("value"));

  std::string newline = newlineOf(text).str();
  std::string line = key + " = " + value + newline;
  std::vector<Insertion> ways;
  // Behind the header of the table, or of one around it with a dotted key.
  for (size_t depth = path.size(); depth > 0; --depth) {
    const toml::node *table = nodeAt(parsed->root, TomlPath(path.begin(), path.begin() + depth));
    if (!table)
      continue;
    auto source = table->source();
    size_t begin = offsetOf(text, source.begin), end = offsetOf(text, source.end);
    std::string dotted;
    for (size_t i = depth; i < path.size(); ++i)
      dotted += path[i] + ".";
    size_t after = behindLine(text, begin);
    bool ended = after > 0 && text[after - 1] == '\n';
    ways.push_back({parsed->file, after, (ended ? "" : newline) + dotted + line});
    // { name = "x" }
    if (end > begin + 1 && text[end - 1] == '}') {
      size_t last = text.take_front(end - 1).rtrim().size();
      ways.push_back({parsed->file, last, (text[last - 1] == '{' ? "" : ", ") + dotted + key +
                                              " = " + value});
    }
  }
  std::string start = text.empty() ? "" : text.ends_with("\n") ? newline : newline + newline;
  ways.push_back({parsed->file, text.size(), start + "[" + bare(path) + "]" + newline + line});
  for (const Insertion &way : ways) {
    std::string tried = text.str();
    tried.insert(way.offset, way.text);
    toml::parse_result result = toml::parse(std::string_view(tried));
    if (result && result.table() == wanted)
      return way;
  }
  return std::nullopt;
}

std::optional<Insertion> TomlFile::append(const TomlPath &path, const std::string &value) const {
  StringRef text = parsed->text;
  auto content = tableWith(value);
  const toml::node *array = nodeAt(parsed->root, path);
  if (!content || !array || !array->as_array())
    return std::nullopt;
  toml::table wanted = parsed->root;
  madeAt(wanted, path)->as_array()->push_back(*content->get("value"));
  size_t end = offsetOf(text, array->source().end);
  if (!end || text[end - 1] != ']')
    return std::nullopt;
  size_t last = text.take_front(end - 1).rtrim().size();
  bool open = text[last - 1] == '[' || text[last - 1] == ',';
  Insertion way{parsed->file, last, (open ? text[last - 1] == ',' ? " " : "" : ", ") + value};
  std::string tried = text.str();
  tried.insert(way.offset, way.text);
  toml::parse_result result = toml::parse(std::string_view(tried));
  return result && result.table() == wanted ? std::optional(way) : std::nullopt;
}

} // namespace abi3ify
