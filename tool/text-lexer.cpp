#include "abi3ify/text-lexer.h"
#include "abi3ify/spelling.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {

TextLexer::TextLexer(StringRef source, Comments comments)
    : text(source.str()), lexer(SourceLocation(), plainTextOptions(), text.data(), text.data(),
                                text.data() + text.size()) {
  lexer.SetCommentRetentionState(comments == Keep);
  token.startToken();
}

const Token *TextLexer::next() {
  lexer.LexFromRawLexer(token);
  offset = lexer.getCurrentBufferOffset();
  return token.is(tok::eof) ? nullptr : &token;
}

StringRef TextLexer::name() const {
  return token.is(tok::raw_identifier) ? token.getRawIdentifier() : StringRef();
}

} // namespace abi3ify
