// The lexical net: identifiers that no parse has looked at.
#include "abi3ify/facts.h"
#include "abi3ify/match.h"
#include "abi3ify/spelling.h"
#include "abi3ify/text-lexer.h"
#include "abi3ify/text-types.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

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
    TextLexer lexer(text);
    unsigned skipUntil = 0, bodyUntil = 0;
    while (const Token *token = lexer.next()) {
      if (lexer.begin() < skipUntil)
        continue;
      if (lexer.isHash()) {
        directive(lexer.end(), skipUntil, bodyUntil);
        types.read(tok::unknown, {});
        previous = tok::unknown;
        continue;
      }
      StringRef name = lexer.name();
      if (!name.empty()) {
        if (token->needsCleaning())
          name = names.insert(withoutSplices(name)).first->getKey();
        look(name, {lexer.begin(), lexer.end()}, lexer.begin() < bodyUntil);
      }
      types.read(token->getKind(), name);
      previous = token->getKind();
    }
  }

private:
  /// `offset`: behind the hash.
  void directive(unsigned offset, unsigned &skipUntil, unsigned &bodyUntil) {
    unsigned end = directiveEnd(text, offset);
    auto isName = [](char c) { return isAlnum(c) || c == '_'; };
    StringRef rest = text.slice(offset, end).ltrim();
    conditional(rest);
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

  void conditional(StringRef directive) {
    if (directive.starts_with("if"))
      open.push_back({isCore(directive), guardedBy(directive)});
    else if (directive.starts_with("el") && !open.empty())
      open.back() = {};
    else if (directive.starts_with("endif") && !open.empty())
      open.pop_back();
  }

  /// `#if defined(Py_BUILD_CORE) && !defined(Py_BUILD_CORE_MODULE)`, as Argument
  /// Clinic writes it, holds in the interpreter's own build and in no extension's.
  static bool isCore(StringRef directive) {
    return directive.contains(" defined(Py_BUILD_CORE) ") && !directive.contains("||") &&
           directive.contains("!defined(Py_BUILD_CORE_MODULE)");
  }

  /// NAME of `#ifdef NAME`: behind it the name is there whenever it is compiled.
  static StringRef guardedBy(StringRef directive) {
    if (!directive.consume_front("ifdef"))
      return "";
    return directive.ltrim(" \t").take_while([](char c) { return isAlnum(c) || c == '_'; });
  }

  bool isGuarded(StringRef name) const {
    return any_of(open, [&](const Conditional &outer) {
      return outer.core || (!outer.guards.empty() && outer.guards == name);
    });
  }

  void look(StringRef name, Range range, bool inBody) {
    if (isGuarded(name) || seen.count(range.begin) || !isInteresting(name, rules, floor) ||
        any_of(outOfLimit, [&](Range out) { return out.contains({range.begin, range.begin}); }))
      return;
    // A member's name means something only behind a dot or an arrow.
    if (previous == tok::arrow || previous == tok::period)
      lookAtMember(name, range, inBody);
    else if (facts().lacking(name, floor) ||
             any_of(rules.forName(name),
                    [&](const Rule *rule) { return isFor(rule->target, floor); }))
      add(name.str(), rules.forAnyUse(name, floor), describeLack(name, floor), range, inBody);
  }

  /// Found where the text tells the struct, or where the name alone does.
  void lookAtMember(StringRef name, Range range, bool inBody) {
    StringRef base = types.base();
    ArrayRef<const Rule *> known = rules.forField(name);
    // A rule that looks around a use before it speaks knows nothing of this one.
    auto choose = [&](auto isMeant) {
      const Rule *chosen = nullptr;
      for (const Rule *rule : known)
        if (isMeant(rule) && (!chosen || (!chosen->custom.empty() && rule->custom.empty())))
          chosen = rule;
      return chosen;
    };
    const Rule *rule = choose([&](const Rule *rule) { return rule->structName == base; });
    const Fact *fact = facts().find(base);
    if (isMemberOf(base, name)) {
      if (rule || !fact || !fact->memberUsableAt(name, floor))
        add(rule ? name.str() : (base + "." + name).str(), rule,
            ("'" + name + "' of " + base + " is not part of " + floor.api()).str(), range, inBody);
    } else if (isPythonsMember(name))
      add(name.str(), choose([](const Rule *) { return true; }),
          ("'" + name + "' is not part of " + floor.api()).str(), range, inBody);
  }

  void add(const std::string &symbol, const Rule *rule, const std::string &message, Range range,
           bool inBody) {
    Finding finding;
    finding.file = file;
    finding.range = range;
    finding.symbol = symbol;
    finding.rule = rule ? rule->id : NoRule.str();
    finding.message = rule ? rule->title : message;
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
  struct Conditional {
    bool core = false;
    StringRef guards;
  };
  std::vector<Conditional> open;
  TextTypes types;
  StringSet<> names; ///< those that line splices cut
  tok::TokenKind previous = tok::unknown;
};

} // namespace

void findUnseen(const std::string &file, StringRef text, const RuleSet &rules, Floor floor,
                const std::set<unsigned> &seen, ArrayRef<Range> outOfLimit,
                std::vector<Finding> &findings) {
  Net(file, text, rules, floor, seen, outOfLimit, findings).cast();
}

} // namespace abi3ify
