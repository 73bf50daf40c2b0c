#include "abi3ify/preprocessor-facts.h"
#include "abi3ify/local-files.h"
#include "abi3ify/precompiled-header.h"
#include "clang/Frontend/CompilerInstance.h"
#include "clang/Lex/MacroArgs.h"
#include "clang/Lex/Preprocessor.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Path.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

/// What a limited build defines; abi3t also the last one, whatever the headers' build.
constexpr llvm::StringLiteral LimitMacros[] = {"Py_LIMITED_API", "Py_TARGET_ABI3T", "Py_GIL_DISABLED"};

bool mentions(const MacroInfo &info, ArrayRef<StringRef> names) {
  return any_of(info.tokens(), [&](const Token &token) {
    const IdentifierInfo *word = token.getIdentifierInfo();
    return word && is_contained(names, word->getName());
  });
}

/// Whether the body of a macro has the version of Python's headers.
bool asksForVersion(const MacroInfo &info) {
  return mentions(info, {"PY_VERSION_HEX", "PY_MINOR_VERSION"});
}

class Callbacks : public PPCallbacks {
public:
  Callbacks(Preprocessor &preprocessor, const Spelling &spelling, PreprocessorFacts &facts,
            const PrecompiledHeader *header)
      : preprocessor(preprocessor), sources(preprocessor.getSourceManager()), spelling(spelling),
        facts(facts), header(header) {}

  void MacroExpands(const Token &name, const MacroDefinition &definition, SourceRange range,
                    const MacroArgs *arguments) override {
    const MacroInfo *info = definition.getMacroInfo();
    if (!info || info->isBuiltinMacro() || !mayBeUsers(name.getLocation()))
      return;
    if (arguments)
      noteStrings(*info, *arguments);
    StringRef text = name.getIdentifierInfo()->getName();
    bool own = spelling.isUsers(info->getDefinitionLoc());
    if (own && asksForVersion(*info))
      noteVersionMacro(text, *info, range, arguments);
    if (!own || text.starts_with("Py") || text.starts_with("_Py"))
      facts.uses.push_back({text.str(), name.getLocation(), own, /*byName=*/false,
                            info->getDefinitionLoc()});
  }

  void InclusionDirective(SourceLocation hash, const Token &, StringRef name, bool angled,
                          CharSourceRange, OptionalFileEntryRef target, StringRef, StringRef,
                          const Module *, bool, SrcMgr::CharacteristicKind) override {
    IncludeDirective include;
    auto [file, offset] = sources.getDecomposedExpansionLoc(hash);
    include.from = spelling.path(file);
    if (isTold(include.from))
      return;
    if (target)
      include.to = resolved(*target);
    include.name = name.str();
    include.angled = angled;
    include.offset = offset;
    include.depth = depth(file);
    facts.includes.push_back(std::move(include));
    if (!sawPython && sys::path::filename(name) == "Python.h")
      enterPython(hash);
    tellOfHeader();
  }

  void MacroDefined(const Token &name, const MacroDirective *directive) override {
    if (!spelling.isUsers(name.getLocation()))
      return;
    const MacroInfo *info = directive->getMacroInfo();
    StringRef text = name.getIdentifierInfo()->getName();
    if (!asksForVersion(*info) && !mentions(*info, {"Py_GIL_DISABLED"}) && !text.starts_with("Py") && !text.starts_with("_Py") && !text.starts_with("METH_"))
      return;
    DefineDirective definition;
    auto [file, offset] = sources.getDecomposedLoc(name.getLocation());
    definition.name = text.str();
    definition.file = spelling.path(file);
    definition.range = {offset, offset + name.getLength()};
    definition.body = {definition.range.end, definition.range.end};
    if (info->getNumTokens()) {
      const Token &first = info->tokens().front(), &last = info->tokens().back();
      definition.body = {sources.getFileOffset(first.getLocation()),
                         sources.getFileOffset(last.getLocation()) + last.getLength()};
    }
    definition.function = info->isFunctionLike();
    definition.afterPython = sawPython;
    facts.definitions.push_back(std::move(definition));
  }

  /// What is taken back before Python.h is read, it never sees.
  void MacroUndefined(const Token &name, const MacroDefinition &, const MacroDirective *) override {
    StringRef text = name.getIdentifierInfo()->getName();
    if (!sawPython)
      erase_if(facts.definitions,
               [&](const DefineDirective &definition) { return definition.name == text; });
  }

  void SourceRangeSkipped(SourceRange range, SourceLocation) override {
    auto [file, begin] = sources.getDecomposedLoc(range.getBegin());
    if (spelling.isUsers(file))
      facts.skipped[spelling.path(file)].push_back({begin, sources.getFileOffset(range.getEnd())});
  }

  void If(SourceLocation location, SourceRange condition, ConditionValueKind) override {
    open(location);
    noteCondition(location);
    askForLimit(condition);
  }
  void Elif(SourceLocation location, SourceRange condition, ConditionValueKind value,
            SourceLocation) override {
    noteCondition(location, value != CVK_NotEvaluated);
    askForLimit(condition);
  }
  void Elifdef(SourceLocation location, const Token &name, const MacroDefinition &) override {
    noteCondition(location);
    askForLimit(name);
  }
  void Elifdef(SourceLocation location, SourceRange, SourceLocation) override {
    noteCondition(location, /*asked=*/false);
  }
  void Elifndef(SourceLocation location, const Token &name, const MacroDefinition &) override {
    noteCondition(location);
    askForLimit(name);
  }
  void Elifndef(SourceLocation location, SourceRange, SourceLocation) override {
    noteCondition(location, /*asked=*/false);
  }
  void Ifdef(SourceLocation location, const Token &name, const MacroDefinition &) override {
    open(location);
    noteCondition(location);
    askForLimit(name);
  }
  void Ifndef(SourceLocation location, const Token &name, const MacroDefinition &) override {
    noteCondition(location);
    // The guard of a header is open around all of it and no condition.
    auto [file, offset] = sources.getDecomposedLoc(location);
    bool guard = file != sources.getMainFileID() && guards.insert(file).second &&
                 open_[file] == 0 && !askForLimit(name);
    if (!guard)
      open(location);
    else
      guardOf[location] = true;
    askForLimit(name);
  }
  void Endif(SourceLocation location, SourceLocation ifLocation) override {
    if (!guardOf.count(ifLocation))
      --open_[sources.getFileID(location)];
  }

private:
  // Most expansions stand in system headers; they are not worth a look.
  bool mayBeUsers(SourceLocation location) const {
    return location.isMacroID() || spelling.isUsers(sources.getFileID(location));
  }

  /// Whether an #include stands in a file of the header's that is entered again,
  /// having no guard, at the place where the header has told all of it.
  bool isTold(const std::string &from) {
    telling &= header && header->files.contains(from);
    return telling;
  }

  /// What the file that is included now has included when the header was made.
  void tellOfHeader() {
    if (!header || told == header->includes.size() ||
        header->includes[told].to != facts.includes.back().to)
      return;
    append_range(facts.includes, header->includes[told++].within);
    telling = true;
  }

  void enterPython(SourceLocation include) {
    sawPython = true;
    facts.ssizeClean = preprocessor.isMacroDefined("PY_SSIZE_T_CLEAN");
    while (include.isValid() && !spelling.isUsers(sources.getFileID(include)))
      include = sources.getIncludeLoc(sources.getFileID(include));
    facts.pythonInclude = include;
  }

  /// In `#define TEXT(x) #x` the argument is a string, and no use of a name.
  void noteStrings(const MacroInfo &info, const MacroArgs &arguments) {
    for (auto [number, parameter] : enumerate(info.params())) {
      unsigned strings = 0, others = 0;
      tok::TokenKind previous = tok::unknown;
      for (const Token &token : info.tokens()) {
        if (token.getIdentifierInfo() == parameter)
          ++(previous == tok::hash ? strings : others);
        previous = token.getKind();
      }
      if (!strings || others)
        continue;
      for (const Token *token = arguments.getUnexpArgument(number); token->isNot(tok::eof); ++token)
        if (const IdentifierInfo *identifier = token->getIdentifierInfo())
          facts.stringised.push_back({identifier->getName().str(), token->getLocation(), false});
    }
  }

  void noteVersionMacro(StringRef name, const MacroInfo &info, SourceRange range,
                        const MacroArgs *arguments) {
    auto [file, begin] = sources.getDecomposedExpansionLoc(range.getBegin());
    VersionMacroUse use{name.str(), spelling.path(file), {}, {}};
    auto [endFile, end] = sources.getDecomposedExpansionLoc(range.getEnd());
    use.range = {begin, endFile == file ? end + Lexer::MeasureTokenLength(
                                                    sources.getExpansionLoc(range.getEnd()), sources,
                                                    preprocessor.getLangOpts())
                                        : begin};
    auto add = [&](const Token &token) { use.text += " " + preprocessor.getSpelling(token); };
    for (const Token &token : info.tokens()) {
      const IdentifierInfo *word = token.getIdentifierInfo();
      int parameter = word && arguments ? info.getParameterNum(word) : -1;
      if (parameter < 0)
        add(token);
      else
        for (const Token *each = arguments->getUnexpArgument(parameter); each->isNot(tok::eof);
             ++each)
          add(*each);
    }
    facts.versionMacros.push_back(std::move(use));
  }

  /// `location`: of the directive's name.
  void noteCondition(SourceLocation location, bool asked = true) {
    auto [file, offset] = sources.getDecomposedLoc(location);
    if (spelling.isUsers(file))
      facts.conditions.push_back(
          {spelling.path(file), {offset, directiveEnd(sources.getBufferData(file), offset)}, asked,
           sawPython});
  }

  void open(SourceLocation location) { ++open_[sources.getFileID(location)]; }
  unsigned depth(FileID file) const {
    auto found = open_.find(file);
    return found == open_.end() ? 0 : found->second;
  }

  void askForLimit(SourceRange condition) {
    if (!spelling.isUsers(condition.getBegin()))
      return;
    StringRef text = Lexer::getSourceText(CharSourceRange::getTokenRange(condition), sources,
                                          preprocessor.getLangOpts());
    facts.asksForLimit |= any_of(LimitMacros, [&](StringRef name) { return text.contains(name); });
  }
  bool askForLimit(const Token &name) {
    StringRef text = name.getIdentifierInfo() ? name.getIdentifierInfo()->getName() : "";
    bool limit = is_contained(LimitMacros, text);
    facts.asksForLimit |= limit && spelling.isUsers(name.getLocation());
    return limit;
  }

  std::string resolved(FileEntryRef file) {
    auto [it, added] = paths.try_emplace(&file.getFileEntry());
    if (added)
      it->second = pathOf(file, sources.getFileManager());
    return it->second;
  }

  Preprocessor &preprocessor;
  SourceManager &sources;
  const Spelling &spelling;
  PreprocessorFacts &facts;
  const PrecompiledHeader *header; ///< may be null
  size_t told = 0; ///< of the header's includes
  bool telling = false;
  bool sawPython = false;
  std::map<FileID, unsigned> open_;
  std::set<FileID> guards;
  std::map<SourceLocation, bool> guardOf;
  DenseMap<const FileEntry *, std::string> paths;
};

} // namespace

void collectPreprocessorFacts(CompilerInstance &instance, const Spelling &spelling,
                              PreprocessorFacts &facts, const PrecompiledHeader *header) {
  Preprocessor &preprocessor = instance.getPreprocessor();
  preprocessor.addPPCallbacks(
      std::make_unique<Callbacks>(preprocessor, spelling, facts, header));
}

} // namespace abi3ify
