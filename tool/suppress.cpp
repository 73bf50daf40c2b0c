#include "abi3ify/suppress.h"
#include "clang/Lex/Lexer.h"
#include "llvm/ADT/StringExtras.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {

std::vector<std::string> applySuppressions(const std::string &file, StringRef text,
                                           std::vector<Finding> &findings) {
  std::vector<std::string> complaints;
  if (!text.contains("abi3ify:"))
    return complaints;
  LangOptions options;
  options.LineComment = options.CPlusPlus = options.CPlusPlus11 = true;
  std::string copy = text.str();
  Lexer lexer(SourceLocation(), options, copy.data(), copy.data(), copy.data() + copy.size());
  lexer.SetCommentRetentionState(true);
  Token token;
  for (lexer.LexFromRawLexer(token); token.isNot(tok::eof); lexer.LexFromRawLexer(token)) {
    if (token.isNot(tok::comment))
      continue;
    unsigned begin = lexer.getCurrentBufferOffset() - token.getLength();
    StringRef comment = text.substr(begin, token.getLength());
    size_t mark = comment.find("abi3ify:");
    if (mark == StringRef::npos)
      continue;
    unsigned line = text.take_front(begin).count('\n') + 1;
    std::string place = file + ":" + std::to_string(line) + ": ";
    StringRef rest = comment.drop_front(mark + strlen("abi3ify:")).ltrim();
    if (!rest.consume_front("ignore[") || !rest.contains(']')) {
      complaints.push_back(place + "expected 'abi3ify: ignore[rule] reason'; it does not count");
      continue;
    }
    auto [ids, reason] = rest.split(']');
    reason = reason.trim();
    reason.consume_back("*/");
    reason = reason.trim();
    if (reason.empty()) {
      complaints.push_back(place + "a suppression needs a reason behind the bracket; it does not "
                                   "count");
      continue;
    }
    // A comment that stands alone speaks of the next line.
    size_t lineStart = text.rfind('\n', begin);
    lineStart = lineStart == StringRef::npos ? 0 : lineStart + 1;
    bool alone = text.slice(lineStart, begin).trim().empty();
    unsigned end = begin + token.getLength();
    unsigned target = text.take_front(alone ? end : begin).count('\n') + 1 + (alone ? 1 : 0);
    SmallVector<StringRef, 4> wanted;
    ids.split(wanted, ',');
    for (StringRef id : wanted) {
      bool used = false;
      for (Finding &finding : findings)
        if (finding.file == file && finding.rule == id.trim() &&
            text.take_front(finding.range.begin).count('\n') + 1 == target) {
          finding.state = State::Suppressed;
          finding.reason = reason.str();
          finding.rewrites.clear();
          used = true;
        }
      if (!used)
        complaints.push_back(place + "no use of rule '" + id.trim().str() +
                             "' here; remove the suppression");
    }
  }
  return complaints;
}

} // namespace abi3ify
