#include "abi3ify/spelling.h"
#include "abi3ify/appended-files.h"
#include "abi3ify/local-files.h"
#include "abi3ify/text-lexer.h"
#include "clang/Basic/SourceManager.h"
#include "clang/Lex/Lexer.h"
#include <functional>
#include "llvm/ADT/StringExtras.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {

const Spelling::FileFacts &Spelling::facts(FileID file) const {
  auto [it, added] = cache.try_emplace(file);
  if (added)
    if (auto entry = sources.getFileEntryRefForID(file)) {
      it->second.path = pathOf(*entry, sources.getFileManager());
      it->second.users = project.owns(it->second.path);
      // What was put behind the user's text is ours.
      if (it->second.users)
        it->second.end = std::min(text(file).find(AppendixMark), text(file).size());
    }
  return it->second;
}

bool Spelling::isUsers(FileID file) const { return facts(file).users; }
bool Spelling::isUsers(FileID file, unsigned offset) const {
  return facts(file).users && offset < facts(file).end;
}
bool Spelling::isUsers(SourceLocation location) const {
  if (location.isInvalid())
    return false;
  auto [file, offset] = sources.getDecomposedSpellingLoc(location);
  return isUsers(file, offset);
}
std::string Spelling::place(SourceLocation location) const {
  auto [file, offset] = isUsers(location) ? sources.getDecomposedSpellingLoc(location)
                                          : sources.getDecomposedExpansionLoc(location);
  return path(file) + ":" + std::to_string(offset);
}

const std::string &Spelling::path(FileID file) const { return facts(file).path; }
StringRef Spelling::text(FileID file) const { return sources.getBufferData(file); }

std::optional<Spot> Spelling::token(SourceLocation location, StringRef name) const {
  while (location.isValid()) {
    Spot spot;
    if (location.isMacroID()) {
      if (sources.isMacroArgExpansion(location)) {
        location = sources.getImmediateSpellingLoc(location);
        continue;
      }
      SourceLocation spelling = sources.getSpellingLoc(location);
      if (!isUsers(spelling)) {
        location = sources.getImmediateExpansionRange(location).getBegin();
        continue;
      }
      spot.inMacro = true;
      spot.level = sources.getFileID(location);
      location = spelling;
    } else
      spot.level = sources.getFileID(location);
    std::tie(spot.file, spot.offset) = sources.getDecomposedLoc(location);
    if (!isUsers(spot.file, spot.offset))
      return std::nullopt;
    StringRef rest = text(spot.file).substr(spot.offset);
    size_t same = std::mismatch(name.begin(), name.end(), rest.begin(), rest.end()).first - name.begin();
    if (same < name.size() && !rest.substr(same).starts_with("\\"))
      return std::nullopt;
    spot.length = Lexer::MeasureTokenLength(location, sources, options);
    spot.spliced = same < name.size();
    StringRef written = rest.take_front(spot.length);
    bool whole = spot.spliced ? withoutSplices(written) == name : written == name;
    return whole ? std::optional(spot) : std::nullopt;
  }
  return std::nullopt;
}

std::optional<SpelledRange> Spelling::range(SourceLocation begin, SourceLocation end) const {
  // Each list goes outwards: the token itself, then what it was expanded from.
  // The first level that both share and that the user typed is the text.
  auto levels = [&](SourceLocation location, bool isEnd) {
    SmallVector<SourceLocation, 8> list;
    while (location.isMacroID()) {
      if (sources.isMacroArgExpansion(location)) {
        location = sources.getImmediateSpellingLoc(location);
        continue;
      }
      list.push_back(location);
      CharSourceRange expansion = sources.getImmediateExpansionRange(location);
      location = isEnd ? expansion.getEnd() : expansion.getBegin();
    }
    list.push_back(location);
    return list;
  };
  if (begin.isInvalid() || end.isInvalid())
    return std::nullopt;
  auto begins = levels(begin, false), ends = levels(end, true);
  for (SourceLocation first : begins)
    for (SourceLocation last : ends) {
      if (sources.getFileID(first) != sources.getFileID(last))
        continue;
      auto [file, from] = sources.getDecomposedSpellingLoc(first);
      auto [endFile, to] = sources.getDecomposedSpellingLoc(last);
      if (file != endFile || to < from || !isUsers(file, from))
        continue;
      to += Lexer::MeasureTokenLength(sources.getSpellingLoc(last), sources, options);
      return SpelledRange{file, {from, to}, first.isMacroID()};
    }
  return std::nullopt;
}

std::string withoutSplices(StringRef written) {
  std::string name;
  while (!written.empty()) {
    auto [part, rest] = written.split('\\');
    name += part;
    written = rest.ltrim(" \t\r");
    written.consume_front("\n");
  }
  return name;
}

const LangOptions &plainTextOptions() {
  static const LangOptions options = [] {
    LangOptions all;
    all.LineComment = all.CPlusPlus = all.CPlusPlus11 = all.CPlusPlus14 = true;
    all.RawStringLiterals = true;
    return all;
  }();
  return options;
}

namespace {

/// Finds both ends of an expression at one level. A macro's argument lies in
/// two places: where it is spelled, and where the parameter stands in the body.
class LevelSearch {
public:
  using Ends = std::pair<SourceLocation, SourceLocation>;
  LevelSearch(const SourceManager &sources, FileID level, function_ref<bool(Ends)> accepts)
      : sources(sources), level(level), accepts(accepts) {}

  /// The widest that is accepted.
  std::optional<Ends> find(SourceLocation begin, SourceLocation end) const {
    if (begin.isInvalid() || end.isInvalid())
      return std::nullopt;
    auto begins = outwards(begin, false), ends = outwards(end, true);
    Ends widest(begins.back(), ends.back());
    if (isAtLevel(widest.first) && isAtLevel(widest.second) && accepts(widest))
      return widest;
    // What stands in one argument as a whole is spelled there.
    for (SourceLocation first : reverse(begins))
      for (SourceLocation last : reverse(ends))
        if (areInOneArgument(first, last))
          if (auto spelled = find(sources.getImmediateSpellingLoc(first),
                                  sources.getImmediateSpellingLoc(last)))
            return spelled;
    return std::nullopt;
  }

private:
  bool isAtLevel(SourceLocation location) const { return sources.getFileID(location) == level; }

  /// The location and what it was expanded from, up to the level or a file.
  SmallVector<SourceLocation, 8> outwards(SourceLocation location, bool isEnd) const {
    SmallVector<SourceLocation, 8> list = {location};
    while (list.back().isMacroID() && !isAtLevel(list.back())) {
      CharSourceRange expansion = sources.getImmediateExpansionRange(list.back());
      list.push_back(isEnd ? expansion.getEnd() : expansion.getBegin());
    }
    return list;
  }

  bool areInOneArgument(SourceLocation first, SourceLocation last) const {
    auto isInner = [&](SourceLocation location) {
      return location.isMacroID() && !isAtLevel(location) && sources.isMacroArgExpansion(location);
    };
    return isInner(first) && isInner(last) &&
           sources.getImmediateExpansionRange(first).getBegin() ==
               sources.getImmediateExpansionRange(last).getBegin();
  }

  const SourceManager &sources;
  FileID level;
  function_ref<bool(Ends)> accepts;
};

} // namespace

std::optional<SpelledRange> Spelling::rangeAt(FileID level, SourceLocation begin,
                                              SourceLocation end, Range within) const {
  std::optional<SpelledRange> result;
  auto accepts = [&](LevelSearch::Ends ends) {
    auto [file, from] = sources.getDecomposedSpellingLoc(ends.first);
    auto [endFile, to] = sources.getDecomposedSpellingLoc(ends.second);
    if (file != endFile || to < from || !isUsers(file, from))
      return false;
    to += Lexer::MeasureTokenLength(sources.getSpellingLoc(ends.second), sources, options);
    if (!within.contains({from, to}))
      return false;
    result = SpelledRange{file, {from, to}, ends.first.isMacroID()};
    return true;
  };
  LevelSearch(sources, level, accepts).find(begin, end);
  return result;
}

unsigned directiveEnd(StringRef text, unsigned offset) {
  bool lineComment = false;
  char quote = 0;
  for (size_t i = offset; i < text.size(); ++i) {
    StringRef rest = text.substr(i);
    if (rest.starts_with("\\\r\n"))
      i += 2;
    else if (rest[0] == '\\' && (quote || rest.starts_with("\\\n")))
      ++i;
    else if (rest[0] == '\n')
      return i;
    else if (quote)
      quote = rest[0] == quote ? 0 : quote;
    else if (lineComment)
      continue;
    else if (rest.starts_with("//"))
      lineComment = true;
    else if (rest.starts_with("/*")) {
      size_t end = text.find("*/", i + 2);
      if (end == StringRef::npos)
        return text.size();
      i = end + 1;
    } else if (rest[0] == '"' || (rest[0] == '\'' && (i == 0 || !isDigit(text[i - 1]))))
      quote = rest[0];
  }
  return text.size();
}

StringRef newlineOf(StringRef text) { return text.contains("\r\n") ? "\r\n" : "\n"; }

std::string withNewlines(StringRef text, StringRef newline) {
  std::string result;
  for (char c : text)
    c == '\n' ? result.append(newline) : result.append(1, c);
  return result;
}

void eachDefinedFunction(StringRef text, function_ref<void(StringRef)> see) {
  TextLexer lexer(text);
  std::string name;
  unsigned depth = 0;
  bool closed = false; // behind the ) of NAME(...)
  while (const Token *token = lexer.next()) {
    if (token->is(tok::l_brace) && closed)
      see(name);
    closed = false;
    if (token->is(tok::l_paren)) {
      ++depth;
    } else if (token->is(tok::r_paren) && depth > 0) {
      closed = --depth == 0 && !name.empty();
    } else if (!depth) {
      name = lexer.name();
    }
  }
}

StringRef indentAt(StringRef text, unsigned offset) {
  size_t begin = text.take_front(offset).rfind('\n') + 1;
  return text.substr(begin).take_while([](char c) { return c == ' ' || c == '\t'; });
}

std::optional<unsigned> behindSemicolon(StringRef text, unsigned offset) {
  size_t at = text.find_first_not_of(" \t\r\n\f\v", offset);
  return at != StringRef::npos && text[at] == ';' ? std::optional<unsigned>(at + 1) : std::nullopt;
}

Range withLines(StringRef text, Range range) {
  unsigned begin = range.begin, end = range.end;
  while (begin > 0 && (text[begin - 1] == ' ' || text[begin - 1] == '\t'))
    --begin;
  while (end < text.size() && (text[end] == ' ' || text[end] == '\t' || text[end] == '\r'))
    ++end;
  bool alone = (begin == 0 || text[begin - 1] == '\n') && end < text.size() && text[end] == '\n';
  return alone ? Range{begin, end + 1} : range;
}

std::optional<CallText> callText(StringRef text, unsigned nameOffset, unsigned limit,
                                 bool isMacro) {
  // Positions are relative to the name; only these bytes are lexed.
  TextLexer lexer(text.slice(nameOffset, limit));
  const Token *token = lexer.next();
  if (!token || token->isNot(tok::raw_identifier))
    return std::nullopt;
  token = lexer.next();
  if (!token || token->isNot(tok::l_paren))
    return std::nullopt;
  CallText call;
  unsigned depth = 1, first = 0, last = 0;
  bool any = false;
  auto close = [&] {
    call.args.push_back({nameOffset + first, nameOffset + last});
    any = false;
  };
  while ((token = lexer.next())) {
    // A macro's arguments end at every comma outside of parentheses; a
    // function's also may have commas inside of braces and brackets.
    if (token->is(tok::l_paren) || (!isMacro && token->isOneOf(tok::l_brace, tok::l_square))) {
      ++depth;
    } else if (!isMacro && token->isOneOf(tok::r_brace, tok::r_square)) {
      --depth;
    } else if (token->is(tok::r_paren) && --depth == 0) {
      if (any)
        close();
      else if (!call.args.empty())
        return std::nullopt; // the last one is empty
      call.all = {nameOffset, nameOffset + lexer.end()};
      return call;
    } else if (token->is(tok::comma) && depth == 1) {
      if (!any)
        return std::nullopt; // an empty macro argument
      close();
      continue;
    }
    if (!any)
      first = lexer.begin();
    any = true;
    last = lexer.end();
  }
  return std::nullopt;
}

} // namespace abi3ify
