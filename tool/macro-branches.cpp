#include "abi3ify/macro-branches.h"
#include "abi3ify/condition.h"
#include "abi3ify/local-files.h"
#include "abi3ify/text-lexer.h"
#include "clang/AST/ASTContext.h"
#include "clang/AST/Expr.h"
#include "clang/Lex/Lexer.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

/// Whether the version of Python alone decides, in one way for all that there may be, that
/// a branch is left out.
bool isOfOldPython(StringRef condition, Floor floor) {
  return commonAnswer(condition, headersFrom(floor), floor).has_value();
}

/// Walks a text and keeps the bodies that stand in some of its ranges.
class Reader {
public:
  Reader(StringRef text, ArrayRef<Range> skipped, StringRef name, Floor floor, std::vector<std::string> &bodies)
      : text(text), skipped(skipped), name(name), floor(floor), bodies(bodies) {}

  void read() {
    TextLexer lexer(text);
    while (lexer.next()) {
      if (!lexer.isHash())
        continue;
      unsigned begin = lexer.begin(), end = directiveEnd(text, begin);
      lexer.next();
      StringRef word = lexer.name(), rest = text.slice(lexer.end(), end).trim();
      if (word.starts_with("if"))
        old.push_back(word == "if" && isOfOldPython(rest, floor));
      else if (word == "elif" && !old.empty())
        old.back() = old.back() && isOfOldPython(rest, floor);
      else if (word == "endif" && !old.empty())
        old.pop_back();
      else if (word == "define" && lexer.next() && lexer.name() == name && !is_contained(old, true) &&
               any_of(skipped, [&](Range range) { return range.contains({begin, begin}); }))
        bodies.push_back(text.slice(lexer.end(), end).trim().str());
      lexer.seek(end, /*atLineBegin=*/false);
    }
  }

private:
  StringRef text;
  ArrayRef<Range> skipped;
  StringRef name;
  Floor floor;
  std::vector<std::string> &bodies;
  std::vector<bool> old; ///< of the conditions around
};

} // namespace

StringRef macroAround(const Expr *expr, const ASTContext &ast) {
  const SourceManager &sources = ast.getSourceManager();
  SourceLocation location = expr->getBeginLoc();
  if (!location.isMacroID())
    return {};
  for (SourceLocation outer = sources.getImmediateExpansionRange(location).getBegin(); outer.isMacroID();
       outer = sources.getImmediateExpansionRange(location).getBegin())
    location = outer;
  return Lexer::getImmediateMacroName(location, sources, ast.getLangOpts());
}

std::vector<std::string> skippedDefinitions(StringRef name, const PreprocessorFacts &preprocessor,
                                            const Spelling &spelling, const SourceManager &sources, Floor floor) {
  std::vector<std::string> bodies;
  for (FileID file : localFiles(sources))
    if (auto skipped = preprocessor.skipped.find(spelling.path(file)); skipped != preprocessor.skipped.end())
      if (StringRef text = spelling.text(file); text.contains(name))
        Reader(text, skipped->second, name, floor, bodies).read();
  return bodies;
}

} // namespace abi3ify
