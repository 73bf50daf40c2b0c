// Conditions are read by the grammar of #if. A value is a number or, where
// other macros decide, unknown; && and || know more than their parts.
#include "abi3ify/condition.h"
#include "abi3ify/spelling.h"
#include "abi3ify/text-lexer.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

using Value = std::optional<int64_t>;

struct Piece {
  tok::TokenKind kind;
  StringRef text;
  unsigned begin, end;
};

std::vector<Piece> tokensOf(StringRef text) {
  TextLexer lexer(text);
  std::vector<Piece> pieces;
  while (const Token *token = lexer.next())
    pieces.push_back({token->getKind(), text.slice(lexer.begin(), lexer.end()), lexer.begin(),
                      lexer.end()});
  return pieces;
}

Value numberOf(StringRef text) {
  while (!text.empty() && StringRef("uUlL").contains(text.back()))
    text = text.drop_back();
  std::string digits;
  copy_if(text, std::back_inserter(digits), [](char c) { return c != '\''; });
  uint64_t number;
  if (StringRef(digits).getAsInteger(0, number))
    return std::nullopt;
  return int64_t(number);
}

/// What is never defined where CPython's headers are read.
bool isOfOtherPython(StringRef name) {
  return name == "PYPY_VERSION" || name == "GRAALVM_PYTHON" || name == "IRONPYTHON" ||
         name == "PYSTON_VERSION";
}

class Parser {
public:
  Parser(StringRef text, const ConditionContext &context)
      : pieces(tokensOf(text)), context(context) {}

  /// Nothing if the text is no whole expression.
  std::optional<Value> parse() {
    Value value = conditional();
    if (broken || at != pieces.size() || pieces.empty())
      return std::nullopt;
    return value;
  }

  std::vector<VersionComparison> comparisons;

private:
  bool is(tok::TokenKind kind) const { return at < pieces.size() && pieces[at].kind == kind; }
  bool take(tok::TokenKind kind) { return is(kind) && ++at; }
  Value fail() {
    broken = true;
    return std::nullopt;
  }

  Value conditional() {
    Value test = binary(0);
    if (!take(tok::question))
      return test;
    // Nobody asks what stands on the side that is not taken.
    size_t before = comparisons.size();
    Value yes = conditional();
    if (test && !*test)
      comparisons.resize(before);
    if (!take(tok::colon))
      return fail();
    before = comparisons.size();
    Value no = conditional();
    if (test && *test)
      comparisons.resize(before);
    if (test)
      return *test ? yes : no;
    return yes && no && *yes == *no ? yes : Value();
  }

  static int strength(tok::TokenKind kind) {
    switch (kind) {
    case tok::pipepipe: return 1;
    case tok::ampamp: return 2;
    case tok::pipe: return 3;
    case tok::caret: return 4;
    case tok::amp: return 5;
    case tok::equalequal: case tok::exclaimequal: return 6;
    case tok::less: case tok::lessequal: case tok::greater: case tok::greaterequal: return 7;
    case tok::lessless: case tok::greatergreater: return 8;
    case tok::plus: case tok::minus: return 9;
    case tok::star: case tok::slash: case tok::percent: return 10;
    default: return 0;
    }
  }

  Value binary(int least) {
    size_t begin = at;
    Value left = unary();
    while (!broken && at < pieces.size()) {
      const Piece &operation = pieces[at];
      int mine = strength(operation.kind);
      if (!mine || mine <= least)
        break;
      size_t middle = at++;
      Value right = binary(mine);
      if (mine == 6 || mine == 7)
        noteComparison(begin, middle, left, right);
      left = apply(operation.kind, left, right);
    }
    return left;
  }

  static Value apply(tok::TokenKind kind, Value left, Value right) {
    if (kind == tok::ampamp)
      return (left && !*left) || (right && !*right) ? Value(0) : left && right ? Value(1) : Value();
    if (kind == tok::pipepipe)
      return (left && *left) || (right && *right) ? Value(1) : left && right ? Value(0) : Value();
    if (!left || !right)
      return std::nullopt;
    int64_t a = *left, b = *right;
    switch (kind) {
    case tok::pipe: return a | b;
    case tok::caret: return a ^ b;
    case tok::amp: return a & b;
    case tok::equalequal: return a == b;
    case tok::exclaimequal: return a != b;
    case tok::less: return a < b;
    case tok::lessequal: return a <= b;
    case tok::greater: return a > b;
    case tok::greaterequal: return a >= b;
    case tok::lessless: return b >= 0 && b < 63 ? Value(int64_t(uint64_t(a) << b)) : Value();
    case tok::greatergreater: return b >= 0 && b < 63 ? Value(a >> b) : Value();
    case tok::plus: return int64_t(uint64_t(a) + uint64_t(b));
    case tok::minus: return int64_t(uint64_t(a) - uint64_t(b));
    case tok::star: return int64_t(uint64_t(a) * uint64_t(b));
    case tok::slash: return b && b != -1 ? Value(a / b) : Value();
    case tok::percent: return b && b != -1 ? Value(a % b) : Value();
    default: return std::nullopt;
    }
  }

  Value unary() {
    if (take(tok::exclaim)) {
      Value value = unary();
      return value ? Value(!*value) : value;
    }
    if (take(tok::minus)) {
      Value value = unary();
      return value ? Value(int64_t(-uint64_t(*value))) : value;
    }
    if (take(tok::plus))
      return unary();
    if (take(tok::tilde)) {
      Value value = unary();
      return value ? Value(~*value) : value;
    }
    return primary();
  }

  Value primary() {
    if (at == pieces.size())
      return fail();
    if (take(tok::l_paren)) {
      Value value = conditional();
      return take(tok::r_paren) ? value : fail();
    }
    const Piece &piece = pieces[at++];
    if (piece.kind == tok::numeric_constant)
      return numberOf(piece.text);
    if (piece.kind == tok::char_constant)
      return std::nullopt;
    if (piece.kind != tok::raw_identifier)
      return fail();
    if (piece.text == "defined") {
      bool inside = take(tok::l_paren);
      if (!is(tok::raw_identifier))
        return fail();
      Value value = isDefined(pieces[at++].text);
      return !inside || take(tok::r_paren) ? value : fail();
    }
    // A macro with arguments, or __has_include(<x.h>).
    if (take(tok::l_paren)) {
      for (unsigned depth = 1; depth; ++at) {
        if (at == pieces.size())
          return fail();
        depth += pieces[at].kind == tok::l_paren;
        depth -= pieces[at].kind == tok::r_paren;
      }
      return std::nullopt;
    }
    return valueOf(piece.text);
  }

  Value isDefined(StringRef name) const {
    if (name == "Py_LIMITED_API")
      return context.limit.has_value();
    if (name == "Py_TARGET_ABI3T" && context.limit && context.limit->abi3t)
      return 1;
    if (name == "Py_GIL_DISABLED" && context.gilDisabled)
      return *context.gilDisabled;
    if (name == "PY_VERSION_HEX" || name == "PY_MINOR_VERSION" || name == "PY_MAJOR_VERSION")
      return 1;
    if (isOfOtherPython(name))
      return 0;
    return std::nullopt;
  }

  Value valueOf(StringRef name) const {
    if (name == "PY_VERSION_HEX")
      return context.hex;
    if (name == "PY_MAJOR_VERSION")
      return context.hex >> 24;
    if (name == "PY_MINOR_VERSION")
      return context.hex >> 16 & 0xFF;
    if (name == "Py_LIMITED_API")
      return context.limit ? 0x03000000 + (context.limit->minor << 16) : 0;
    if (name == "Py_GIL_DISABLED" && context.gilDisabled)
      return *context.gilDisabled;
    if (isOfOtherPython(name))
      return 0;
    return std::nullopt;
  }

  /// Sides are the tokens [begin, middle) and behind `middle` up to here.
  void noteComparison(size_t begin, size_t middle, Value left, Value right) {
    auto macro = [&](size_t from, size_t to) {
      while (to - from > 2 && pieces[from].kind == tok::l_paren &&
             pieces[to - 1].kind == tok::r_paren)
        ++from, --to;
      StringRef name = to - from == 1 ? pieces[from].text : StringRef();
      return name == "PY_VERSION_HEX" || name == "PY_MINOR_VERSION" ? name : StringRef();
    };
    auto isPlain = [&](size_t from, size_t to) {
      return none_of(ArrayRef(pieces).slice(from, to - from),
                     [](const Piece &piece) { return piece.kind == tok::raw_identifier; });
    };
    StringRef onLeft = macro(begin, middle), onRight = macro(middle + 1, at);
    VersionComparison comparison;
    comparison.operation = pieces[middle].text.str();
    Value number;
    if (!onLeft.empty() && right && isPlain(middle + 1, at))
      number = right;
    else if (!onRight.empty() && left && isPlain(begin, middle)) {
      number = left;
      for (char &c : comparison.operation) // the other way round
        c = c == '<' ? '>' : c == '>' ? '<' : c;
    }
    if (!number || *number < 0 || *number > 0x0FFFFFFF)
      return;
    comparison.minor = (onLeft.empty() ? onRight : onLeft) == "PY_MINOR_VERSION";
    comparison.value = *number;
    comparison.range = {pieces[begin].begin, pieces[at - 1].end};
    comparisons.push_back(std::move(comparison));
  }

  std::vector<Piece> pieces;
  ConditionContext context;
  size_t at = 0;
  bool broken = false;
};

} // namespace

std::vector<Range> branchesBehind(StringRef text, unsigned end) {
  TextLexer lexer(text.drop_front(end));
  std::vector<Range> branches;
  unsigned depth = 0, begin = end;
  bool directive = false;
  unsigned hash = end;
  while (const Token *token = lexer.next()) {
    if (lexer.isHash()) {
      directive = true;
      hash = end + lexer.begin();
      continue;
    }
    StringRef word = directive && !token->isAtStartOfLine() ? lexer.name() : "";
    directive = false;
    if (word == "if" || word == "ifdef" || word == "ifndef") {
      ++depth;
    } else if (depth && word == "endif") {
      --depth;
    } else if (!depth && (word == "endif" || word == "else" || word == "elif" ||
                          word == "elifdef" || word == "elifndef")) {
      branches.push_back({begin, unsigned(text.rfind('\n', hash)) + 1});
      if (word == "endif")
        return branches;
      begin = std::min(text.find('\n', hash), text.size() - 1) + 1;
    }
  }
  return {}; // it has no end
}

/// The directives that decide whether the code at `offset` is compiled, outermost first.
static std::vector<std::string> conditionsAround(StringRef text, unsigned offset) {
  TextLexer lexer(text);
  std::vector<std::string> open;
  while (lexer.next() && lexer.begin() < offset) {
    if (!lexer.isHash())
      continue;
    std::string line = text.slice(lexer.begin(), directiveEnd(text, lexer.begin())).trim().str();
    const Token *token = lexer.next();
    StringRef word = token ? lexer.name() : "";
    if (word.starts_with("if"))
      open.push_back(line);
    else if (word.starts_with("el") && !open.empty())
      open.back() += "\n" + line;
    else if (word == "endif" && !open.empty())
      open.pop_back();
  }
  return open;
}

std::optional<bool> commonAnswer(StringRef condition, ArrayRef<unsigned> versions, std::optional<Floor> limit) {
  std::optional<bool> first = answer(condition, {versions.front(), limit});
  for (unsigned version : versions)
    if (!first || answer(condition, {version, limit}) != first)
      return std::nullopt;
  return first;
}

bool SettledConditionals::take(StringRef directive, StringRef condition) {
  if (directive == "endif")
    return depth && depth--;
  if (directive == "else")
    return depth;
  depth += directive == "if";
  auto limited = commonAnswer(condition, versions, floor);
  bool asksForVersion = condition.contains("PY_M") || condition.contains("PY_VERSION_HEX");
  return (directive == "if" || (directive == "elif" && depth)) && asksForVersion && limited &&
         limited == commonAnswer(condition, versions, std::nullopt);
}

bool sameConditions(StringRef text, unsigned first, unsigned second) {
  return !text.slice(std::min(first, second), std::max(first, second)).contains('#') ||
         conditionsAround(text, first) == conditionsAround(text, second);
}

bool VersionComparison::holds(unsigned hex) const {
  unsigned mine = minor ? hex >> 16 & 0xFF : hex;
  if (operation == "<")
    return mine < value;
  if (operation == "<=")
    return mine <= value;
  if (operation == ">")
    return mine > value;
  if (operation == ">=")
    return mine >= value;
  return operation == "==" ? mine == value : mine != value;
}

std::string VersionComparison::askedOfLimit() const {
  if (operation == "==" || operation == "!=")
    return {};
  // A limit has zeros where a release has its number: 0x030C0000 stands for
  // 3.12.0 final, 0x030C00F0, and so do all tests of it or of what came before.
  unsigned version = minor ? 0x03000000 + (value << 16) : value;
  bool includes = operation == ">=" || operation == "<"; // the value is on the newer side
  if (minor && !includes)
    version += 0x10000;
  else if (!minor && (version & 0xFFFF) < (includes ? 0xF1u : 0xF0u))
    version &= ~0xFFFFu;
  else if (!minor && !includes)
    ++version;
  char text[32];
  snprintf(text, sizeof text, "Py_LIMITED_API+0 %s 0x%08X",
           operation.front() == '<' ? "<" : ">=", version);
  return text;
}

std::vector<unsigned> headersFrom(Floor floor) {
  std::vector<unsigned> versions;
  for (unsigned minor = floor.minor; minor <= NewestFloor; ++minor)
    for (unsigned release : {0x00F0u, 0xFFF0u})
      versions.push_back(0x03000000 + (minor << 16) + release);
  return versions;
}

std::optional<bool> answer(StringRef condition, const ConditionContext &context) {
  auto value = Parser(condition, context).parse();
  if (!value || !*value)
    return std::nullopt;
  return **value != 0;
}

std::vector<VersionComparison> versionComparisons(StringRef condition) {
  // Which limit does not matter, only that there is one.
  Parser parser(condition, {0x030800F0, Floor{8}});
  if (!parser.parse())
    return {};
  return std::move(parser.comparisons);
}

} // namespace abi3ify
