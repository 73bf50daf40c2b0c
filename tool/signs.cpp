#include "abi3ify/signs.h"
#include "abi3ify/spelling.h"
#include "abi3ify/text-lexer.h"
#include "abi3ify/text-search.h"
#include "llvm/ADT/StringExtras.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

/// The comments at the top of a file end within so many bytes.
constexpr size_t MostTop = 1 << 16;

/// The text of each line of a comment.
void addLines(StringRef comment, std::vector<std::string> &lines) {
  while (!comment.empty()) {
    StringRef line;
    std::tie(line, comment) = comment.split('\n');
    line = line.trim().ltrim("/*-= \t").rtrim("/* \t\r");
    if (!line.empty())
      lines.push_back(line.str());
  }
}

class Reader {
public:
  explicit Reader(StringRef text) : text(text), lexer(text, TextLexer::Keep) {}

  Signs read() {
    while (const Token *token = lexer.next()) {
      if (token->is(tok::comment)) {
        if (!code && lexer.end() <= MostTop)
          addLines(lexer.spelled(), signs.topLines);
      } else if (lexer.isHash()) {
        name.clear();
        directive();
      } else
        plain(*token);
    }
    return std::move(signs);
  }

private:
  void plain(const Token &token) {
    code = true;
    if (token.is(tok::l_paren) && !name.empty())
      signs.calls.insert(name);
    name.clear();
    if (token.isNot(tok::raw_identifier))
      return;
    name = token.needsCleaning() ? withoutSplices(token.getRawIdentifier())
                                 : token.getRawIdentifier().str();
    if (known.insert(name).second)
      signs.names.push_back({name, lexer.begin()});
  }

  void directive() {
    unsigned begin = lexer.end(), end = directiveEnd(text, begin);
    StringRef rest = text.slice(begin, end).ltrim();
    if (rest.consume_front("include")) {
      rest = rest.ltrim();
      if (rest.starts_with("<") || rest.starts_with("\""))
        signs.includes.push_back(
            rest.drop_front().take_until([](char c) { return c == '>' || c == '"'; }).str());
    } else if (rest.consume_front("define")) {
      rest = rest.ltrim();
      StringRef macro = rest.take_while([](char c) { return isAlnum(c) || c == '_'; });
      signs.defines.insert(macro.str());
      // Its body is code.
      lexer.seek(end - rest.size() + macro.size(), /*atLineBegin=*/false);
      return;
    }
    lexer.seek(end, /*atLineBegin=*/true);
  }

  StringRef text;
  TextLexer lexer;
  Signs signs;
  std::set<std::string> known;
  std::string name; ///< the token in front
  bool code = false;
};

} // namespace

Signs readSigns(StringRef text) { return Reader(text).read(); }

bool Mark::isNamed(StringRef source) const {
  if (where == Top)
    source = source.take_front(MostTop);
  return placeOf(source, text) != StringRef::npos;
}

bool Mark::shows(const Signs &signs) const {
  auto begins = [&](const std::string &line) { return StringRef(line).starts_with(text); };
  switch (where) {
  case Top: return any_of(signs.topLines, begins);
  case Include: return any_of(signs.includes, begins);
  case Define: return signs.defines.count(text.str());
  case Call: return signs.calls.count(text.str());
  }
  llvm_unreachable("unknown place");
}

} // namespace abi3ify
