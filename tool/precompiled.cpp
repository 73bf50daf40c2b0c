#include "abi3ify/precompiled.h"
#include "abi3ify/leading-region.h"
#include "abi3ify/local-files.h"
#include "abi3ify/struct-names.h"
#include "clang/AST/ASTContext.h"
#include "clang/Frontend/CompilerInstance.h"
#include "clang/Lex/Preprocessor.h"
#include "clang/Serialization/ASTWriter.h"
#include "clang/Serialization/PCHContainerOperations.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Path.h"
#include <cstdlib>

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

/// Making one costs about as much as two parses without it, so a few units do
/// not pay for it; nor does one unit that has changed, in a project of many.
constexpr unsigned FewestUnits = 4, FewestRequests = 2;

/// Flags that put more in front of a source, or that look at what is not used.
constexpr llvm::StringLiteral Obstacles[] = {"-include",        "-imacros",     "-fmodule", "-fcxx-modules",
                                       "-x",              "-Wunused-macros", "-Weverything",
                                       "-fpch",           "-Xpreprocessor",  "-Wp,-i"};

/// Writes the header, and keeps what its parse has to tell.
class Maker : public UnitVisitor {
public:
  Maker(const Project &project, const ParseRequest &request, PrecompiledHeader &header)
      : project(project), source(request.command->file), finds(request.mode == Mode::Find),
        header(header) {}

  bool precompiles() const override { return true; }

  void begin(CompilerInstance &made) override {
    instance = &made;
    spelling.emplace(made.getSourceManager(), made.getLangOpts(), project);
    collectPreprocessorFacts(made, *spelling, facts);
    made.getPreprocessor().addPPCallbacks(std::make_unique<Macros>(made.getSourceManager(), *this));
  }

  std::unique_ptr<ASTConsumer> writer(CompilerInstance &made) override {
    return std::make_unique<PCHGenerator>(
        made.getPreprocessor(), made.getModuleCache(), header.path, /*isysroot=*/"", buffer,
        made.getCodeGenOpts(), ArrayRef<std::shared_ptr<ModuleFileExtension>>(),
        /*AllowASTWithErrors=*/false, /*IncludeTimestamps=*/true);
  }

  void end(ASTContext &ast) override {
    nameStructs(ast);
    Preprocessor &preprocessor = instance->getPreprocessor();
    for (const auto &name : preprocessor.getIdentifierTable())
      header.names.insert(name.first());
    SourceManager &sources = ast.getSourceManager();
    for (FileID file : localFiles(sources))
      if (auto entry = sources.getFileEntryRefForID(file))
        header.files.insert(pathOf(*entry, sources.getFileManager()));
    for (IncludeDirective &include : facts.includes)
      if (include.from == source)
        header.includes.push_back({include.to, {}});
      else if (!header.includes.empty())
        header.includes.back().within.push_back(std::move(include));
    noteDefinitions(preprocessor, sources);
  }

  /// Whether all is written, and the source's macros have no part in it but
  /// that they are there, as the source made them.
  bool done() const { return buffer->IsComplete && fits && !header.includes.empty(); }
  StringRef bytes() const { return {buffer->Data.data(), buffer->Data.size()}; }

private:
  struct Macros : PPCallbacks {
    Macros(const SourceManager &sources, Maker &maker) : sources(sources), maker(maker) {}
    void MacroDefined(const Token &name, const MacroDirective *) override {
      if (sources.isWrittenInMainFile(name.getLocation()))
        maker.own.push_back(name.getIdentifierInfo());
    }
    // What a macro of the unit's has in its body would be found in the headers.
    void MacroExpands(const Token &, const MacroDefinition &definition, SourceRange,
                      const MacroArgs *) override {
      const MacroInfo *macro = definition.getMacroInfo();
      maker.fits &= !maker.finds || !macro || !sources.isWrittenInMainFile(macro->getDefinitionLoc());
    }
    void MacroUndefined(const Token &name, const MacroDefinition &,
                        const MacroDirective *) override {
      maker.header.undefined.insert(name.getIdentifierInfo()->getName());
    }
    const SourceManager &sources;
    Maker &maker;
  };

  void noteDefinitions(const Preprocessor &preprocessor, const SourceManager &sources) {
    for (const IdentifierInfo *name : own) {
      const MacroInfo *macro = preprocessor.getMacroInfo(name);
      fits &= macro && sources.isWrittenInMainFile(macro->getDefinitionLoc());
      if (fits && !header.definitions.try_emplace(name->getName().str(), definitionOf(*macro, preprocessor)).second)
        fits = false; // twice
    }
  }

  const Project &project;
  const std::string &source;
  const bool finds;
  PrecompiledHeader &header;
  std::shared_ptr<PCHBuffer> buffer = std::make_shared<PCHBuffer>();
  std::optional<Spelling> spelling;
  PreprocessorFacts facts;
  CompilerInstance *instance = nullptr;
  std::vector<IdentifierInfo *> own; ///< macros of the source
  bool fits = true;
};

std::string refusal(StringRef key, const Command &command) {
  return key.str() + '\0' + command.file;
}

} // namespace

PrecompiledHeaders::PrecompiledHeaders(const Project &project, When when)
    : project(project), when(when) {}

PrecompiledHeaders::When PrecompiledHeaders::whenOfEnvironment() {
  const char *value = std::getenv("ABI3IFY_PRECOMPILED");
  return StringSwitch<When>(value ? value : "")
      .Case("never", When::Never)
      .Case("always", When::Always)
      .Default(When::WherePaid);
}

std::optional<PrecompiledHeaders::Place>
PrecompiledHeaders::placeOf(const ParseRequest &request) const {
  const Command &command = *request.command;
  if (when == When::Never || command.invocation || any_of(command.args, [](StringRef flag) {
        return any_of(Obstacles, [&](StringRef obstacle) { return flag.starts_with(obstacle); });
      }))
    return std::nullopt;
  auto directives = leadingRegion(command, project, request.texts);
  if (!directives)
    return std::nullopt;
  std::vector<std::string> arguments = compilerArguments(request);
  arguments.back() = sys::path::extension(command.file).str(); // the source
  arguments.push_back(command.directory);
  arguments.push_back(request.preprocessOnly ? "lexed" : "parsed");
  arguments.push_back(*directives);
  return Place{join(arguments, StringRef("\0", 1)), std::move(*directives)};
}

const PrecompiledHeader *PrecompiledHeaders::find(const ParseRequest &request) {
  bool always = when == When::Always;
  if (!always && project.commands.size() < FewestUnits)
    return nullptr;
  auto place = placeOf(request);
  if (!place)
    return nullptr;
  std::unique_lock lock(mutex);
  Slot &slot = slots[place->key];
  if (refused.count(refusal(place->key, *request.command)) ||
      (++slot.requests < FewestRequests && !always))
    return nullptr;
  // While another thread makes it, a plain parse is no slower than to wait.
  if (slot.begun) {
    given += slot.header != nullptr;
    return slot.header.get();
  }
  slot.begun = true;
  lock.unlock();
  auto header = make(request, place->directives);
  lock.lock();
  slot.header = std::move(header);
  given += slot.header != nullptr;
  return slot.header.get();
}

void PrecompiledHeaders::refuse(const ParseRequest &request) {
  if (auto place = placeOf(request)) {
    std::lock_guard lock(mutex);
    refused.insert(refusal(place->key, *request.command));
    --given;
  }
}

std::unique_ptr<PrecompiledHeader> PrecompiledHeaders::make(const ParseRequest &request,
                                                            const std::string &directives) {
  auto header = std::make_unique<PrecompiledHeader>();
  header->disk = makeIntrusiveRefCnt<RememberingFileSystem>(disk, request.command->directory);
  Command command = *request.command;
  command.file = (PrecompiledFolder + "/unit" + sys::path::extension(command.file)).str();
  command.files = header->disk.get();
  header->path = (PrecompiledFolder + "/unit.pch").str();
  header->memory[command.file] = directives;
  ParseRequest making = request;
  making.command = &command;
  making.texts = nullptr;
  making.precompiled = nullptr;
  making.memory = &header->memory;
  Maker maker(project, making, *header);
  header->parse = parseUnit(making, &maker);
  if (!maker.done() || !header->parse.diagnostics.empty() ||
      any_of(header->parse.filesRead, [&](const std::string &file) { return project.owns(file); }))
    return nullptr;
  header->memory[header->path] = maker.bytes().str();
  return header;
}

} // namespace abi3ify
