// The tokens of a text that no parse has: whole files, branches that are left out, pieces of a call.
// In: any text. Out: its tokens in turn, with their places in the text.
#pragma once
#include "clang/Lex/Lexer.h"
#include <string>

namespace abi3ify {

class TextLexer {
public:
  enum Comments { Skip, Keep };
  explicit TextLexer(llvm::StringRef text, Comments comments = Skip);
  TextLexer(const TextLexer &) = delete;

  /// The next token, null behind the last one. It stays until the next call.
  const clang::Token *next();

  // Of the token that next() gave last:
  unsigned begin() const { return end() - token.getLength(); }
  unsigned end() const { return offset; }
  llvm::StringRef spelled() const { return llvm::StringRef(text).slice(begin(), end()); }
  /// An identifier or a keyword as it is written; empty for others.
  llvm::StringRef name() const;
  /// Whether it is the # of a directive.
  bool isHash() const { return token.is(clang::tok::hash) && token.isAtStartOfLine(); }

  /// Goes on at an offset.
  void seek(unsigned offset, bool atLineBegin) { lexer.seek(offset, atLineBegin); }

private:
  std::string text; ///< Clang's lexer wants a null behind it
  clang::Lexer lexer;
  clang::Token token;
  unsigned offset = 0;
};

} // namespace abi3ify
