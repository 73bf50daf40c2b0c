#include "abi3ify/precompiled-header.h"
#include "abi3ify/local-files.h"
#include "abi3ify/text-lexer.h"
#include "clang/Frontend/CompilerInstance.h"
#include "clang/Lex/Preprocessor.h"
#include "llvm/ADT/StringSet.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {

std::string definitionOf(const MacroInfo &macro, const Preprocessor &preprocessor) {
  std::string text = macro.isFunctionLike() ? macro.isVariadic() ? "(..." : "(" : "";
  for (const IdentifierInfo *parameter : macro.params())
    text += parameter->getName().str() + ",";
  for (const Token &token : macro.tokens())
    text += (token.hasLeadingSpace() ? " " : "|") + preprocessor.getSpelling(token);
  return text;
}

NameList::NameList(std::vector<StringRef> names) {
  sort(names);
  for (StringRef name : names)
    (text += name) += '\0';
}

bool NameList::contains(StringRef name) const {
  for (size_t begin = 0, end = text.size(); begin < end;) {
    size_t middle = begin + (end - begin) / 2;
    size_t start = middle == begin ? begin : text.rfind('\0', middle - 1) + 1;
    StringRef found(text.c_str() + start);
    if (found == name)
      return true;
    if (name < found)
      end = start;
    else
      begin = start + found.size() + 1;
  }
  return false;
}

/// Follows the unit's lines up to the last #include of the header.
class PrecompiledCheck::Watcher : public PPCallbacks {
public:
  Watcher(Preprocessor &preprocessor, const PrecompiledHeader &header, PrecompiledCheck &check)
      : preprocessor(preprocessor), sources(preprocessor.getSourceManager()), header(header),
        check(check) {
    preprocessor.setTokenWatcher([this](const Token &) {
      this->check.failed = true;
      leaveFile();
    });
  }

  void InclusionDirective(SourceLocation hash, const Token &directive, StringRef, bool,
                          CharSourceRange, OptionalFileEntryRef target, StringRef, StringRef,
                          const Module *, bool, SrcMgr::CharacteristicKind) override {
    if (!isOfUnit(hash))
      return;
    if (!target || !directive.getIdentifierInfo()->isStr("include"))
      return fail();
    std::string to = pathOf(*target);
    if (to == header.includes[next].to) {
      if (++next == header.includes.size())
        finish();
    } else if (header.files.count(to))
      fail(); // in another order
  }

  void MacroDefined(const Token &name, const MacroDirective *directive) override {
    StringRef text = name.getIdentifierInfo()->getName();
    if (!isOfUnit(name.getLocation()) || !header.names.contains(text))
      return;
    auto known = header.definitions.find(text.str());
    if (known == header.definitions.end() ||
        known->second != definitionOf(*directive->getMacroInfo(), preprocessor))
      return fail();
    defined.insert(text);
  }
  void MacroUndefined(const Token &name, const MacroDefinition &, const MacroDirective *) override {
    if (isOfUnit(name.getLocation()) && header.names.contains(name.getIdentifierInfo()->getName()))
      fail();
  }

  void PragmaDirective(SourceLocation location, PragmaIntroducerKind) override {
    if (!isOfUnit(location))
      return;
    TextLexer lexer(restOfLine(location));
    std::string words;
    while (lexer.next())
      words += lexer.spelled();
    if (words != "#pragmaonce" && words != "pragmaonce")
      fail();
  }

  void If(SourceLocation, SourceRange condition, ConditionValueKind) override { ask(condition); }
  void Elif(SourceLocation, SourceRange condition, ConditionValueKind, SourceLocation) override {
    ask(condition);
  }
  void Ifdef(SourceLocation location, const Token &name, const MacroDefinition &) override {
    ask(location, name, /*forValue=*/false);
  }
  void Ifndef(SourceLocation location, const Token &name, const MacroDefinition &) override {
    ask(location, name, /*forValue=*/false);
  }
  void Elifdef(SourceLocation location, const Token &name, const MacroDefinition &) override {
    ask(location, name, /*forValue=*/false);
  }
  void Elifndef(SourceLocation location, const Token &name, const MacroDefinition &) override {
    ask(location, name, /*forValue=*/false);
  }

private:
  /// Whether this stands among the lines in question, and not in what the
  /// header has; such files are entered again if they have no guard.
  bool isOfUnit(SourceLocation location) {
    if (check.whole || check.failed)
      return false;
    auto entry = sources.getFileEntryRefForID(sources.getFileID(sources.getExpansionLoc(location)));
    return entry && !header.files.count(pathOf(*entry));
  }

  std::string pathOf(FileEntryRef file) {
    auto [it, added] = paths.try_emplace(&file.getFileEntry());
    if (added)
      it->second = abi3ify::pathOf(file, sources.getFileManager());
    return it->second;
  }

  StringRef restOfLine(SourceLocation location) const {
    auto [file, offset] = sources.getDecomposedLoc(location);
    return sources.getBufferData(file).substr(offset).take_until(
        [](char c) { return c == '\n' || c == '\r'; });
  }

  void ask(SourceRange condition) {
    if (!isOfUnit(condition.getBegin()))
      return;
    TextLexer lexer(Lexer::getSourceText(CharSourceRange::getTokenRange(condition), sources,
                                         preprocessor.getLangOpts()));
    while (lexer.next())
      if (StringRef name = lexer.name(); !name.empty() && name != "defined")
        askFor(name, /*forValue=*/true);
  }
  void ask(SourceLocation location, const Token &name, bool forValue) {
    if (isOfUnit(location) && name.getIdentifierInfo())
      askFor(name.getIdentifierInfo()->getName(), forValue);
  }

  /// A name must mean now what it meant before the header.
  void askFor(StringRef name, bool forValue) {
    const MacroInfo *macro = preprocessor.getMacroInfo(preprocessor.getIdentifierInfo(name));
    if (!macro) {
      if (header.undefined.count(name.str()))
        fail();
      return;
    }
    if (macro->isBuiltinMacro()) {
      if (name == "__COUNTER__")
        fail();
      return;
    }
    bool leadsOn = forValue && any_of(macro->tokens(), [](const Token &token) {
                     return token.getIdentifierInfo() != nullptr;
                   });
    // Of the command line, or of the unit alone.
    SourceLocation place = macro->getDefinitionLoc();
    bool same = place.isInvalid() || sources.isWrittenInBuiltinFile(place) ||
                sources.isWrittenInCommandLineFile(place) || !header.names.contains(name);
    if (leadsOn || !same)
      fail();
  }

  void fail() { check.failed = true; }

  /// What does not fit is read in vain.
  void leaveFile() {
    if (auto *lexer = static_cast<Lexer *>(preprocessor.getCurrentFileLexer()))
      lexer->seek(lexer->getBuffer().size(), /*IsAtStartOfLine=*/true);
  }

  void finish() {
    for (const auto &[name, definition] : header.definitions)
      if (!defined.contains(name))
        check.failed = true;
    check.whole = true;
    preprocessor.setTokenWatcher(nullptr);
  }

  Preprocessor &preprocessor;
  SourceManager &sources;
  const PrecompiledHeader &header;
  PrecompiledCheck &check;
  size_t next = 0;
  StringSet<> defined;
  DenseMap<const FileEntry *, std::string> paths;
};

void PrecompiledCheck::watch(CompilerInstance &instance, const PrecompiledHeader &header) {
  Preprocessor &preprocessor = instance.getPreprocessor();
  preprocessor.addPPCallbacks(std::make_unique<Watcher>(preprocessor, header, *this));
}

} // namespace abi3ify
