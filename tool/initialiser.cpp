#include "abi3ify/initialiser.h"
#include "abi3ify/condition.h"
#include "abi3ify/site.h"
#include "abi3ify/text-lexer.h"
#include "llvm/ADT/StringExtras.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

/// /* tp_dealloc */ says nothing that the slot does not say.
bool namesAMember(StringRef comment) {
  comment.consume_front("//");
  comment.consume_front("/*");
  comment.consume_back("*/");
  comment = comment.trim(" \t\r\n*");
  for (StringRef prefix : {"tp_", "nb_", "sq_", "mp_", "am_", "bf_", "ob_", "was_sq_"})
    if (comment.starts_with(prefix) &&
        all_of(comment, [](char c) { return isAlnum(c) || c == '_'; }))
      return true;
  return false;
}

class Reader {
public:
  explicit Reader(const TypeSurvey &survey)
      : survey(survey), spelling(survey.spelling), sources(survey.ast.getSourceManager()) {}

  void read(const Expr *expr) {
    auto *list = dyn_cast<InitListExpr>(expr->IgnoreImplicit());
    if (!list)
      return block(expr->getBeginLoc(), "its initialiser is no list");
    auto found = spelling.range(list->getLBraceLoc(), list->getRBraceLoc());
    if (!found || found->inMacro)
      return block(expr->getBeginLoc(), "a macro makes its initialiser");
    file = found->file;
    braces = found->range;
    for (const auto [field, value] : givenMembers(list)) {
      if (field->getName() == "ob_base") {
        readHead(value);
        continue;
      }
      auto range = spelling.rangeAt(file, value->getBeginLoc(), value->getEndLoc());
      if (!range || range->inMacro || !braces.contains(range->range)) {
        block(value->getBeginLoc(), "a macro gives '" + field->getName() + "'");
        continue;
      }
      result.values.push_back({field, value, range->range, range->range});
    }
    // Those of one macro have one place in the file.
    llvm::sort(result.values, [&](const MemberValue &a, const MemberValue &b) {
      return a.place.begin != b.place.begin
                 ? a.place.begin < b.place.begin
                 : sources.isBeforeInTranslationUnit(a.value->getBeginLoc(), b.value->getBeginLoc());
    });
    // #define SHARED .tp_iter = f, .tp_clear = g
    for (MemberValue &member : result.values)
      for (const MemberValue &other : result.values)
        if (&other != &member && other.place.contains(member.place))
          member.range = {};
    for (MemberValue &member : result.values)
      if (member.range.size() == 0 && !isOfPlainMacro(member.value))
        block(member.value->getBeginLoc(), "a macro with parameters gives '" + member.name() + "'");
    readComments();
  }

  Initialiser result;

private:
  void block(SourceLocation location, const Twine &reason) { result.problems.push_back({location, reason.str()}); }
  void blockDirective(unsigned offset) {
    block(sources.getLocForStartOfFile(file).getLocWithOffset(offset), "a preprocessor directive stands in its initialiser");
  }

  /// Whether a value is spelled in the body of a macro without parameters.
  bool isOfPlainMacro(const Expr *value) const {
    for (SourceLocation location : {value->getBeginLoc(), value->getEndLoc()}) {
      if (!location.isMacroID() || sources.isMacroArgExpansion(location))
        return false;
      auto &expansion = sources.getSLocEntry(sources.getFileID(location)).getExpansion();
      if (expansion.isFunctionMacroExpansion())
        return false;
    }
    return true;
  }

  /// PyVarObject_HEAD_INIT(NULL, 0): another type than type is a metaclass.
  void readHead(const Expr *head) {
    const Expr *meta = nullptr;
    while (head) {
      const Expr *inner = nullptr;
      for (const auto [field, value] : givenMembers(head))
        if (field->getName() == "ob_base")
          inner = value;
        else if (field->getName() == "ob_type")
          meta = value;
      head = inner;
    }
    if (meta && !isNull(meta, survey.ast))
      result.metaclass = meta;
  }

  /// Gives each comment to the value that it speaks of: behind one on its
  /// line, else in front of the next one.
  void readComments() {
    StringRef source = spelling.text(file);
    TextLexer lexer(source.slice(braces.begin, braces.end), TextLexer::Keep);
    std::vector<std::string> waiting;
    std::vector<MemberValue> &values = result.values;
    size_t next = 0; // the first value that begins behind the token
    SettledConditionals conditionals(survey.context.floor);
    auto skipped = survey.preprocessor.skipped.find(spelling.path(file));
    while (const Token *token = lexer.next()) {
      unsigned begin = braces.begin + lexer.begin(), end = braces.begin + lexer.end();
      while (next < values.size() && values[next].place.begin <= begin) {
        values[next].before = std::move(waiting);
        waiting.clear();
        ++next;
      }
      bool inside = next > 0 && end <= values[next - 1].place.end;
      if (lexer.isHash()) {
        // #if PY_MAJOR_VERSION < 3: what every version leaves out goes, and so does the question.
        unsigned behind = std::min<unsigned>(directiveEnd(source, begin), braces.end);
        lexer.next();
        StringRef name = lexer.name();
        if (inside || !conditionals.take(name, source.slice(braces.begin + lexer.end(), behind).trim()))
          return blockDirective(begin);
        lexer.seek(behind - braces.begin, /*atLineBegin=*/false);
        continue;
      }
      if (token->isNot(tok::comment))
        continue;
      StringRef comment = source.slice(begin, end);
      bool isSkipped = skipped != survey.preprocessor.skipped.end() &&
                       any_of(skipped->second, [&](Range range) { return range.contains({begin, end}); });
      if (inside || isSkipped || namesAMember(comment))
        continue;
      bool sameLine = next > 0 && !source.slice(values[next - 1].place.end, begin).contains('\n') &&
                      values[next - 1].behind.empty();
      if (sameLine)
        values[next - 1].behind = comment.str();
      else
        waiting.push_back(comment.str());
    }
    if (!conditionals.areClosed())
      return blockDirective(braces.begin);
    result.comments = std::move(waiting);
  }

  const TypeSurvey &survey;
  const Spelling &spelling;
  const SourceManager &sources;
  FileID file;
  Range braces;
};

} // namespace

Initialiser readInitialiser(const TypeSurvey &survey, const Expr *expr) {
  Reader reader(survey);
  reader.read(expr);
  return std::move(reader.result);
}

std::vector<std::string> commentsAround(const TypeSurvey &survey, const VarDecl *definition) {
  const Spelling &spelling = survey.spelling;
  std::vector<std::string> comments;
  auto *list = dyn_cast_or_null<InitListExpr>(definition->getInit()->IgnoreImplicit());
  auto whole = spelling.range(definition->getSourceRange().getBegin(), definition->getSourceRange().getEnd());
  auto braces = list ? spelling.range(list->getLBraceLoc(), list->getRBraceLoc()) : std::nullopt;
  if (!whole || !braces || whole->inMacro || braces->inMacro || whole->file != braces->file)
    return comments;
  StringRef text = spelling.text(whole->file);
  auto end = endOfDeclaration(text, braces->range.end);
  for (Range part : {Range{whole->range.begin, braces->range.begin},
                     Range{braces->range.end, end.value_or(braces->range.end)}}) {
    TextLexer lexer(text.slice(part.begin, part.end), TextLexer::Keep);
    while (const Token *token = lexer.next())
      if (token->is(tok::comment))
        comments.push_back(lexer.spelled().str());
  }
  return comments;
}

std::optional<unsigned> endOfDeclaration(StringRef text, unsigned offset) {
  if (auto end = behindSemicolon(text, offset)) // as nearly always, and the lexer copies the text
    return end;
  TextLexer lexer(text.drop_front(offset));
  const Token *token = lexer.next();
  return token && token->is(tok::semi) ? std::optional(offset + lexer.end()) : std::nullopt;
}

} // namespace abi3ify
