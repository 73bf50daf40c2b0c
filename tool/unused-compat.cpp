// A copy of pythoncapi_compat.h of which nothing is used: what it brings to
// old versions, the floor has. Older copies do not compile under the limit, so
// the #include goes.
// Checked: no declaration and no macro of the header with a name of Python's is
// named outside of it, other than in text that an edit replaces. Its other macros
// show when the result is compiled.
#include "abi3ify/compat.h"
#include "abi3ify/generated.h"
#include "abi3ify/unused-compat.h"
#include "clang/AST/ASTContext.h"
#include "clang/AST/RecursiveASTVisitor.h"
#include "llvm/Support/Path.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

/// The text that edits replace, by file.
class Replaced {
public:
  explicit Replaced(ArrayRef<Finding> findings) {
    for (const Finding &finding : findings)
      for (const Rewrite &rewrite : finding.rewrites)
        byFile[rewrite.file].push_back(&rewrite);
  }

  /// Whether the name at a place is gone afterwards.
  bool holds(const std::string &file, unsigned offset, StringRef name) const {
    auto rewrites = byFile.find(file);
    return rewrites != byFile.end() && any_of(rewrites->second, [&](const Rewrite *rewrite) {
      Range range{offset, unsigned(offset + name.size())};
      return !rewrite->castsOnly && rewrite->extent.contains(range) && !writes(rewrite->to, name) &&
             none_of(rewrite->args, [&](const Argument &argument) {
               return argument.text.empty() && argument.range.contains(range) &&
                      keeps(*rewrite, argument);
             });
    });
  }

private:
  /// Whether a template has a name among its words.
  static bool writes(StringRef to, StringRef name) {
    auto isName = [](char c) { return isAlnum(c) || c == '_'; };
    for (size_t at = to.find(name); at != StringRef::npos; at = to.find(name, at + 1))
      if ((at == 0 || !isName(to[at - 1])) &&
          (at + name.size() == to.size() || !isName(to[at + name.size()])))
        return true;
    return false;
  }
  /// An argument that the template does not mention goes away.
  static bool keeps(const Rewrite &rewrite, const Argument &argument) {
    return writes(rewrite.to, argument.name);
  }

  std::map<std::string, std::vector<const Rewrite *>> byFile;
};

/// The first mention of something that a header declares.
struct Mention : RecursiveASTVisitor<Mention> {
  Mention(const Spelling &spelling, const SourceManager &sources, StringRef header,
          const Replaced &replaced)
      : spelling(spelling), sources(sources), header(header), replaced(replaced) {}

  bool shouldVisitTemplateInstantiations() const { return true; }

  bool VisitDeclRefExpr(DeclRefExpr *reference) {
    return look(reference->getDecl(), reference->getLocation());
  }
  bool VisitTypedefTypeLoc(TypedefTypeLoc type) {
    return look(declOf(type), type.getBeginLoc());
  }
  bool VisitTagTypeLoc(TagTypeLoc type) {
    return look(type.getDecl(), type.getBeginLoc());
  }

  bool look(const NamedDecl *decl, SourceLocation location) {
    if (isIn(decl) && (!decl->getIdentifier() || stays(decl->getName(), location)))
      found = decl->getNameAsString();
    return found.empty();
  }
  void look(const MacroUse &use) {
    FileID file = sources.getFileID(use.definition);
    // Python's own macros may name it; only what the project spells counts.
    if (found.empty() && use.own && file.isValid() && spelling.path(file) == header &&
        spelling.token(use.location, use.name) && stays(use.name, use.location))
      found = use.name;
  }

  /// Whether a name stands outside of the header, and no edit replaces it.
  bool stays(StringRef name, SourceLocation location) const {
    auto spot = spelling.token(location, name);
    return !spot || (spelling.path(spot->file) != header &&
                     !replaced.holds(spelling.path(spot->file), spot->offset, name));
  }
  bool isIn(const Decl *decl) const {
    // The compiler's own function has the place of its first use.
    if (auto *function = dyn_cast<FunctionDecl>(decl); function && function->getBuiltinID())
      return false;
    FileID file = sources.getFileID(sources.getExpansionLoc(decl->getLocation()));
    return file.isValid() && spelling.path(file) == header;
  }

  const Spelling &spelling;
  const SourceManager &sources;
  StringRef header;
  const Replaced &replaced;
  std::string found;
};

} // namespace

std::set<std::string> findUnusedCompat(ASTContext &ast, const Spelling &spelling,
                      const PreprocessorFacts &preprocessor, const MatchContext &context,
                      function_ref<StringRef(const std::string &)> textOf,
                      std::vector<Finding> &findings) {
  const Rule *rule = context.rules->find(UnusedCompatRule);
  Replaced replaced(findings);
  auto python = find_if(preprocessor.includes, [](const IncludeDirective &include) {
    return sys::path::filename(include.to) == "Python.h";
  });
  std::vector<Finding> found;
  std::set<std::string> leaving;
  for (const IncludeDirective &include : preprocessor.includes) {
    // A copy that has nothing to answer for may stay.
    if (!rule || !context.project->owns(include.from) ||
        none_of(findings, [&](const Finding &finding) { return finding.file == include.to; }))
      continue;
    if (!isCompatHeader(include.to))
      continue;
    Mention mention(spelling, ast.getSourceManager(), include.to, replaced);
    for (const MacroUse &use : preprocessor.uses)
      mention.look(use);
    for (Decl *decl : ast.getTranslationUnitDecl()->noload_decls())
      if (mention.found.empty() && spelling.isUsers(decl->getLocation()) && !mention.isIn(decl))
        mention.TraverseDecl(decl);
    StringRef text = textOf(include.from);
    StringRef line = text.substr(include.offset).take_until(
        [](char c) { return c == '\n' || c == '\r'; });
    Finding finding;
    finding.file = include.from;
    finding.range = {include.offset, unsigned(include.offset + line.rtrim().size())};
    finding.rule = rule->id;
    finding.symbol = include.name;
    finding.message = rule->title;
    if (!mention.found.empty())
      finding.reason = ("'" + mention.found + "' comes from it; " +
                        recogniseGenerator(include.to, "")->advice).str();
    else {
      Rewrite rewrite;
      rewrite.file = include.from;
      rewrite.anew = true;
      // What comes first decides which parts of the C library's headers are seen.
      if (python != preprocessor.includes.end() && python->from == include.to) {
        rewrite.extent = finding.range;
        rewrite.to = "#include <Python.h>";
      } else
        rewrite.extent = withLines(text, finding.range);
      finding.rewrites.push_back(rewrite);
      finding.safety = rule->safety;
      finding.state = State::Fixable;
      leaving.insert(include.to);
    }
    found.push_back(std::move(finding));
  }
  append_range(findings, found);
  return leaving;
}

} // namespace abi3ify
