// Meson, alone or under meson-python: limited_api of each extension_module, and
// meson-python's own key.
#include "abi3ify/build-settings.h"
#include "abi3ify/spelling.h"
#include "abi3ify/toml-edit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"
#include <set>

using namespace llvm;

namespace abi3ify {
namespace {

struct Token {
  enum Kind { Word, String, Sign } kind;
  StringRef text; ///< of a string: without its quotes
  size_t begin = 0, end = 0;
  bool plain = true; ///< a string without escapes and formats
};

/// The tokens of a meson.build; nothing if a string does not end.
std::optional<std::vector<Token>> lex(StringRef text) {
  std::vector<Token> tokens;
  for (size_t at = 0; at < text.size();) {
    char c = text[at];
    if (isSpace(c) || c == '\\') {
      ++at;
    } else if (c == '#') {
      at = std::min(text.find('\n', at), text.size());
    } else if (c == '\'') {
      StringRef quotes = text.substr(at).starts_with("'''") ? "'''" : "'";
      size_t begin = at + quotes.size(), end = begin;
      while (end < text.size() && !text.substr(end).starts_with(quotes))
        end += text[end] == '\\' && quotes.size() == 1 ? 2 : 1;
      if (end >= text.size())
        return std::nullopt;
      StringRef inner = text.slice(begin, end);
      bool format = !tokens.empty() && tokens.back().end == at && tokens.back().text == "f";
      tokens.push_back({Token::String, inner, at, end + quotes.size(),
                        !inner.contains('\\') && !format});
      at = end + quotes.size();
    } else if (isAlpha(c) || c == '_') {
      size_t end = at;
      while (end < text.size() && (isAlnum(text[end]) || text[end] == '_'))
        ++end;
      tokens.push_back({Token::Word, text.slice(at, end), at, end});
      at = end;
    } else {
      tokens.push_back({Token::Sign, text.substr(at, 1), at, at + 1});
      ++at;
    }
  }
  return tokens;
}

class Meson {
public:
  Meson(const BuildInput &input, BuildSettings &out) : input(input), out(out) {}

  void add() {
    readFolder(input.folder, false);
    if (calls.empty())
      calls.push_back({"the extensions", inFolder(input.folder, "meson.build"), 0, wanted(),
                       SettingState::ByHand, "no call of extension_module was found"});
    for (Setting &setting : calls) {
      if (!doubt.empty() && setting.state == SettingState::Missing) {
        setting.state = SettingState::ByHand;
        setting.reason = doubt;
        setting.insertions.clear();
      }
      out.settings.push_back(std::move(setting));
    }
    out.remarks.push_back("limited_api needs Meson 1.3 and python.allow_limited_api, which is on by default");
  }

private:
  std::vector<std::string> wanted() const { return {"limited_api: '" + input.floor.str() + "'"}; }

  void readFolder(const std::string &folder, bool conditional) {
    std::string file = inFolder(folder, "meson.build");
    const std::string *text = input.files.read(file);
    if (!text || !known.insert(file).second)
      return;
    auto tokens = lex(*text);
    if (!tokens) {
      doubt = file + " has a string without an end";
      return;
    }
    read(folder, file, *text, *tokens, conditional);
  }

  void read(const std::string &folder, const std::string &file, StringRef text,
            ArrayRef<Token> tokens, bool conditional) {
    unsigned depth = 0;
    auto sign = [&](size_t i, StringRef what) {
      return i < tokens.size() && tokens[i].kind == Token::Sign && tokens[i].text == what;
    };
    for (size_t i = 0; i < tokens.size(); ++i) {
      const Token &token = tokens[i];
      if (token.kind == Token::String &&
          (token.text.contains("Py_LIMITED_API") || token.text.contains("allow_limited_api")))
        doubt = "'" + token.text.str() + "' is set at " + placeOf(file, text, token.begin);
      if (token.kind != Token::Word)
        continue;
      if (token.text == "if" || token.text == "foreach")
        ++depth;
      else if (token.text == "endif" || token.text == "endforeach")
        depth -= depth > 0;
      else if (token.text == "subdir" && sign(i + 1, "(") && (i == 0 || !sign(i - 1, "."))) {
        if (i + 2 < tokens.size() && tokens[i + 2].kind == Token::String && tokens[i + 2].plain)
          readFolder(inFolder(folder, tokens[i + 2].text), conditional || depth);
        else
          doubt = "the folder at " + placeOf(file, text, token.begin) + " is not written out";
      } else if (token.text == "extension_module" && i && sign(i - 1, ".") && sign(i + 1, "("))
        addCall(file, text, tokens, i, conditional || depth);
    }
  }

  void addCall(const std::string &file, StringRef text, ArrayRef<Token> tokens, size_t name,
               bool conditional) {
    size_t open = name + 1, close = open;
    int depth = 0;
    Setting setting{"an extension", file, lineOf(text, tokens[name].begin), wanted()};
    const Token *limit = nullptr;
    bool hasKwargs = false;
    for (; close < tokens.size(); ++close) {
      const Token &token = tokens[close];
      if (token.kind == Token::Sign && StringRef("([{").contains(token.text))
        ++depth;
      else if (token.kind == Token::Sign && StringRef(")]}").contains(token.text) && --depth == 0)
        break;
      bool first = depth == 1 && token.kind == Token::Word &&
                   (close == open + 1 || tokens[close - 1].text == ",") &&
                   close + 2 < tokens.size() && tokens[close + 1].text == ":";
      if (first && token.text == "limited_api")
        limit = &tokens[close + 2];
      hasKwargs |= first && token.text == "kwargs";
    }
    if (close == tokens.size())
      return;
    if (tokens[open + 1].kind == Token::String)
      setting.what = "extension '" + tokens[open + 1].text.str() + "'";
    bool literal = limit && limit->kind == Token::String && limit->plain &&
                   (limit[1].text == "," || limit[1].text == ")");
    if (literal && limit->text == input.floor.str()) {
      setting.state = SettingState::Set;
    } else if (limit) {
      setting.state = literal ? SettingState::Different : SettingState::ByHand;
      setting.reason = literal ? "limited_api is '" + limit->text.str() + "'"
                               : "its limited_api is not written out";
    } else if (conditional || hasKwargs || close == open + 1) {
      setting.state = SettingState::ByHand;
      setting.reason = conditional ? "it is made under a condition or in a loop"
                                   : "its arguments are not written out";
    } else {
      setting.state = SettingState::Missing;
      insertLast(file, text, tokens[close - 1], tokens[close], tokens[open], setting);
    }
    calls.push_back(std::move(setting));
  }

  /// Behind the last argument, in a line of its own where the bracket has one.
  void insertLast(const std::string &file, StringRef text, const Token &last, const Token &close,
                  const Token &open, Setting &setting) {
    bool comma = last.text == "," && last.kind == Token::Sign;
    std::string line = setting.lines.front();
    if (!text.slice(last.end, close.begin).contains('\n')) {
      setting.insertions.push_back({file, last.end, (comma ? " " : ", ") + line});
      return;
    }
    std::string newline = newlineOf(text).str();
    auto indentAt = [&](size_t at) {
      size_t start = text.rfind('\n', at);
      StringRef rest = text.substr(start == StringRef::npos ? 0 : start + 1);
      return rest.take_while([](char c) { return c == ' ' || c == '\t'; }).str();
    };
    std::string indent = indentAt(last.begin);
    if (!text.slice(open.end, last.begin).contains('\n'))
      indent += "  ";
    if (!comma)
      setting.insertions.push_back({file, last.end, ","});
    size_t end = text.find('\n', last.end);
    if (end > 0 && text[end - 1] == '\r')
      --end;
    setting.insertions.push_back({file, end, newline + indent + line + ","});
  }

  static unsigned lineOf(StringRef text, size_t offset) {
    return unsigned(text.take_front(offset).count('\n')) + 1;
  }
  static std::string placeOf(const std::string &file, StringRef text, size_t offset) {
    return (sys::path::filename(file) + ":" + Twine(lineOf(text, offset))).str();
  }

  const BuildInput &input;
  BuildSettings &out;
  std::vector<Setting> calls;
  std::set<std::string> known;
  std::string doubt;
};

/// [tool.meson-python] limited-api
void addKey(const BuildInput &input, BuildSettings &out) {
  Setting setting{"the wheel's tag", inFolder(input.folder, "pyproject.toml"), 0,
                  {"[tool.meson-python]", "limited-api = true"}};
  auto toml = TomlFile::parse(setting.file, *input.files.read(setting.file));
  if (!toml) {
    setting.state = SettingState::ByHand;
    setting.reason = toString(toml.takeError());
  } else if (auto value = toml->value({"tool", "meson-python", "limited-api"})) {
    setting.line = toml->line({"tool", "meson-python", "limited-api"});
    setting.state = *value == "true" ? SettingState::Set : SettingState::Different;
    if (*value != "true")
      setting.reason = "limited-api is " + *value;
  } else if (auto insertion = toml->add({"tool", "meson-python"}, "limited-api", "true")) {
    setting.state = SettingState::Missing;
    setting.insertions = {*insertion};
  } else {
    setting.state = SettingState::ByHand;
    setting.reason = "no place for it was found";
  }
  out.settings.push_back(std::move(setting));
  out.remarks.push_back("build the wheel with CPython " + input.floor.str() +
                        ": meson-python takes the tag from the interpreter that builds");
}

} // namespace

void addMeson(const BuildInput &input, bool wheels, BuildSettings &out) {
  if (wheels)
    addKey(input, out);
  Meson(input, out).add();
}

} // namespace abi3ify
