#include "abi3ify/text-types.h"
#include "abi3ify/facts.h"
#include "llvm/ADT/StringSwitch.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

/// Words that stand in front of a name without declaring it.
bool isKeyword(StringRef word) {
  return is_contained({"return", "else", "case", "goto", "sizeof", "throw", "new", "delete", "do"},
                      word);
}

} // namespace

StringRef TextTypes::name(size_t back) const {
  return is(back, tok::raw_identifier) ? pieces[pieces.size() - 1 - back].text : StringRef();
}

void TextTypes::read(tok::TokenKind kind, StringRef text) {
  switch (kind) {
  case tok::semi:
  case tok::comma:
  case tok::equal:
  case tok::r_paren:
  case tok::l_square:
  case tok::l_brace:
    declare(kind);
    break;
  case tok::l_paren:
    list = {};
    break;
  default:
    break;
  }
  pieces.push_back({kind, text});
}

/// The last tokens may be `PyFooObject *v`, `PyFooObject v` or, in a list, `, *v`.
void TextTypes::declare(tok::TokenKind end) {
  StringRef variable = name(0), outer = list;
  if (end == tok::semi || end == tok::r_paren || end == tok::l_brace)
    list = {};
  bool pointer = is(1, tok::star);
  if (variable.empty() || !(pointer || is(1, tok::raw_identifier)))
    return;
  StringRef type = name(pointer ? 2 : 1);
  if (pointer && is(2, tok::comma))
    type = outer;
  if (isKeyword(type))
    return;
  variables.erase(variable); // some other variable of that name
  if (!isPythonsStruct(type))
    return;
  variables[variable] = type;
  if (end == tok::comma)
    list = type;
}

StringRef TextTypes::base() const {
  // Behind the dot or the arrow.
  if (StringRef variable = name(1); !variable.empty()) {
    bool member = is(2, tok::period) || is(2, tok::arrow) || is(2, tok::coloncolon);
    return member ? StringRef() : variables.lookup(variable);
  }
  if (!is(1, tok::r_paren))
    return {};
  size_t at = pieces.size() - 2, depth = 0;
  while (true) {
    depth += pieces[at].kind == tok::r_paren;
    depth -= pieces[at].kind == tok::l_paren;
    if (depth == 0)
      break;
    if (at-- == 0)
      return {};
  }
  auto typeAt = [&](size_t first, tok::TokenKind close) -> StringRef {
    if (first + 2 < pieces.size() && pieces[first].kind == tok::raw_identifier &&
        pieces[first + 1].kind == tok::star && pieces[first + 2].kind == close &&
        isPythonsStruct(pieces[first].text))
      return pieces[first].text;
    return {};
  };
  if (pieces[at + 1].kind == tok::l_paren) // ((PyFooObject *)x)
    return typeAt(at + 2, tok::r_paren);
  if (at >= 4 && pieces[at - 4].kind == tok::less) // static_cast<PyFooObject *>(x)
    return typeAt(at - 3, tok::greater);
  return {};
}

} // namespace abi3ify
