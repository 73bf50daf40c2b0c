// The lexical net: identifiers that no parse has looked at.
#include "abi3ify/facts.h"
#include "abi3ify/match.h"
#include "abi3ify/spelling.h"
#include "clang/Lex/Lexer.h"
#include "llvm/ADT/StringExtras.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

/// Walks the tokens of a file; directives are passed over, except for the
/// bodies of macros.
class Net {
public:
  Net(const std::string &file, StringRef text, const RuleSet &rules, Floor floor,
      const std::set<unsigned> &seen, ArrayRef<Range> outOfLimit, std::vector<Finding> &findings)
      : file(file), text(text), rules(rules), floor(floor), seen(seen), outOfLimit(outOfLimit),
        findings(findings) {}

  void cast() {
    std::string copy = text.str();
    Lexer lexer(SourceLocation(), plainTextOptions(), copy.data(), copy.data(),
                copy.data() + copy.size());
    Token token;
    unsigned skipUntil = 0, bodyUntil = 0;
    tok::TokenKind previous = tok::unknown;
    while (!lexer.LexFromRawLexer(token) || token.isNot(tok::eof)) {
      if (token.is(tok::eof))
        break;
      unsigned end = lexer.getCurrentBufferOffset(), begin = end - token.getLength();
      if (begin < skipUntil)
        continue;
      if (token.is(tok::hash) && token.isAtStartOfLine()) {
        directive(end, skipUntil, bodyUntil);
        previous = tok::unknown;
        continue;
      }
      if (token.is(tok::raw_identifier))
        look(token.getRawIdentifier(), begin, begin < bodyUntil, previous);
      previous = token.getKind();
    }
  }

private:
  /// `offset`: behind the hash.
  void directive(unsigned offset, unsigned &skipUntil, unsigned &bodyUntil) {
    unsigned end = directiveEnd(text, offset);
    auto isName = [](char c) { return isAlnum(c) || c == '_'; };
    StringRef rest = text.slice(offset, end).ltrim();
    if (!rest.consume_front("define") || rest.empty() || isName(rest[0])) {
      skipUntil = end;
      return;
    }
    rest = rest.ltrim(" \t\\\r\n").drop_while(isName); // the macro's own name
    if (rest.starts_with("(")) // its parameters
      rest = rest.drop_front(std::min(rest.find(')'), rest.size()));
    skipUntil = end - rest.size();
    bodyUntil = end;
  }

  void look(StringRef name, unsigned offset, bool inBody, tok::TokenKind previous) {
    if (seen.count(offset) || !isInteresting(name, rules, floor) ||
        any_of(outOfLimit, [&](Range range) { return range.contains({offset, offset}); }))
      return;
    // A member's name means something only behind a dot or an arrow.
    bool member = previous == tok::arrow || previous == tok::period;
    bool lacking = facts().lacking(name, floor) || !rules.forName(name).empty();
    if (member ? rules.forField(name).empty() && !isSlotMember(name) : !lacking)
      return;
    Finding finding;
    finding.file = file;
    finding.range = {offset, unsigned(offset + name.size())};
    finding.symbol = name.str();
    ArrayRef<const Rule *> known = member ? rules.forField(name)
                                   : !rules.forCall(name).empty() ? rules.forCall(name)
                                   : !rules.forName(name).empty() ? rules.forName(name)
                                                                  : rules.forType(name);
    finding.rule = known.empty() ? NoRule.str() : known.front()->id;
    finding.message = known.empty() ? describeLack(name)
                                    : known.front()->title;
    finding.inMacro = inBody;
    finding.expansions = 0;
    finding.state = State::Unseen;
    finding.reason = inBody ? "in a macro that no source expands; change it by hand"
                            : "in code that is not compiled here (an inactive branch, or a "
                              "template without an instance); change it by hand";
    findings.push_back(std::move(finding));
  }

  const std::string &file;
  StringRef text;
  const RuleSet &rules;
  Floor floor;
  const std::set<unsigned> &seen;
  ArrayRef<Range> outOfLimit;
  std::vector<Finding> &findings;
};

} // namespace

void findUnseen(const std::string &file, StringRef text, const RuleSet &rules, Floor floor,
                const std::set<unsigned> &seen, ArrayRef<Range> outOfLimit,
                std::vector<Finding> &findings) {
  Net(file, text, rules, floor, seen, outOfLimit, findings).cast();
}

} // namespace abi3ify
