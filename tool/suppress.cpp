#include "abi3ify/suppress.h"
#include "abi3ify/text-lexer.h"
#include "abi3ify/text-search.h"
#include "llvm/ADT/StringExtras.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

constexpr StringRef Mark = "abi3ify:";

/// Where the physical line that holds an offset begins; where the next begins.
size_t lineBegin(StringRef text, size_t offset) {
  size_t end = text.rfind('\n', offset);
  return end == StringRef::npos ? 0 : end + 1;
}
size_t lineEnd(StringRef text, size_t offset) {
  size_t end = text.find('\n', offset);
  return end == StringRef::npos ? text.size() : end + 1;
}

/// Whether a line splice joins a line with the next one; GCC and Clang allow
/// blanks behind the backslash.
bool isSpliced(StringRef line) { return line.rtrim().ends_with("\\"); }

/// The logical line of an offset.
Range logicalLine(StringRef text, size_t offset) {
  size_t begin = lineBegin(text, offset), end = lineEnd(text, offset);
  while (begin > 0) {
    size_t previous = lineBegin(text, begin - 1);
    if (!isSpliced(text.slice(previous, begin)))
      break;
    begin = previous;
  }
  while (end < text.size() && isSpliced(text.slice(lineBegin(text, end - 1), end)))
    end = lineEnd(text, end);
  return {unsigned(begin), unsigned(end)};
}

/// What a comment says, without its marks: of several lines, one text.
std::string plainText(StringRef comment) {
  if (!comment.consume_front("//")) {
    comment.consume_front("/*");
    comment.consume_back("*/");
  }
  SmallVector<StringRef, 4> lines;
  comment.split(lines, '\n');
  std::string text;
  for (StringRef line : lines) {
    line = line.trim();
    line.consume_back("\\");
    line = line.trim();
    if (!text.empty()) {
      line = line.ltrim("*").ltrim();
      if (!line.empty())
        text += " ";
    }
    text += line;
  }
  return text;
}

class Reader {
public:
  Reader(const std::string &file, StringRef text) : file(file), text(text) {}

  Suppressions read() {
    TextLexer lexer(text, TextLexer::Keep);
    size_t codeEnd = 0; // of the last token that is no comment
    while (const Token *token = lexer.next()) {
      if (token->isNot(tok::comment)) {
        settlePending(lexer.begin());
        codeEnd = lexer.end();
        continue;
      }
      if (lexer.spelled().contains(Mark))
        add(lexer.spelled(), lexer.begin(), codeEnd > lineBegin(text, lexer.begin()));
    }
    settlePending(text.size());
    return std::move(result);
  }

private:
  void add(StringRef comment, size_t begin, bool behindCode) {
    unsigned line = text.take_front(begin + comment.find(Mark)).count('\n') + 1;
    auto complain = [&](const Twine &message) {
      result.malformed.push_back({file, line, message.str()});
    };
    std::string said = plainText(comment);
    StringRef rest = StringRef(said).split(Mark).second.ltrim();
    bool wholeFile = rest.consume_front("ignore-file[");
    if ((!wholeFile && !rest.consume_front("ignore[")) || !rest.contains(']'))
      return complain("expected 'abi3ify: ignore[rule] reason' or 'abi3ify: ignore-file[rule] "
                      "reason'; it does not count");
    auto [ids, reason] = rest.split(']');
    reason = reason.trim();
    reason.consume_front(":");
    reason = reason.ltrim();
    if (reason.empty())
      return complain("a suppression needs a reason behind the bracket; it does not count");
    SmallVector<StringRef, 4> wanted;
    ids.split(wanted, ',');
    for (StringRef id : wanted) {
      if (id.trim().empty()) {
        complain("a rule's id is missing in the brackets");
        continue;
      }
      Suppression one;
      one.file = file;
      one.line = line;
      one.rule = id.trim().str();
      one.reason = reason.str();
      one.wholeFile = wholeFile;
      if (behindCode)
        one.target = logicalLine(text, begin);
      else if (!wholeFile)
        pending.push_back(result.all.size());
      result.all.push_back(std::move(one));
    }
  }

  /// A comment with no code in front of it speaks of the line of the next code.
  void settlePending(size_t code) {
    for (size_t index : pending)
      result.all[index].target = logicalLine(text, code);
    pending.clear();
  }

  const std::string &file;
  StringRef text;
  Suppressions result;
  std::vector<size_t> pending;
};

} // namespace

Suppressions readSuppressions(const std::string &file, StringRef text) {
  if (placeOf(text, Mark) == StringRef::npos)
    return {};
  return Reader(file, text).read();
}

std::vector<Suppression> applySuppressions(ArrayRef<Suppression> suppressions,
                                           std::vector<Finding> &findings) {
  std::vector<Suppression> unused;
  // What stands at the use itself goes before what is said of the whole file.
  for (bool wholeFile : {false, true})
    for (const Suppression &suppression : suppressions) {
      if (suppression.wholeFile != wholeFile)
        continue;
      bool used = false;
      for (Finding &finding : findings)
        if (suppression.covers(finding)) {
          used |= !wholeFile || finding.state != State::Suppressed;
          if (finding.state == State::Suppressed)
            continue;
          finding.state = State::Suppressed;
          finding.reason = suppression.reason;
          finding.rewrites.clear();
        }
      if (!used)
        unused.push_back(suppression);
    }
  return unused;
}

} // namespace abi3ify
