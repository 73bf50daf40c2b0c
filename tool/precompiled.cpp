#include "abi3ify/precompiled.h"
#include "abi3ify/leading-region.h"
#include "abi3ify/local-files.h"
#include "abi3ify/stages.h"
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

/// Making one costs nearly as much as two parses without it. A unit alone is
/// parsed this often before it is thought to be parsed again.
constexpr unsigned PlainParses = 2;

/// What fits none of so many units, which begin alike, will fit no other.
constexpr unsigned MostRefusals = 2;

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
        /*AllowASTWithErrors=*/false, /*IncludeTimestamps=*/false);
  }

  void end(ASTContext &ast) override {
    nameStructs(ast);
    Preprocessor &preprocessor = instance->getPreprocessor();
    std::vector<StringRef> names;
    for (const auto &name : preprocessor.getIdentifierTable())
      names.push_back(name.first());
    header.names = NameList(std::move(names));
    HeaderSearch &search = preprocessor.getHeaderSearchInfo();
    for (auto folder = search.system_dir_begin(); folder != search.system_dir_end(); ++folder)
      if (auto entry = folder->getDirRef())
        header.systemFolders.insert(realPath(entry->getName()));
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
      maker.header.undefined.insert(name.getIdentifierInfo()->getName().str());
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

} // namespace

PrecompiledHeaders::PrecompiledHeaders(const Project &project, unsigned jobs, UnitCache *cache,
                                       When when)
    : project(project), jobs(jobs), when(when), kept(cache),
      disk(cache ? cache->diskState() : ownDisk) {}

PrecompiledHeaders::When PrecompiledHeaders::whenOfEnvironment() {
  const char *value = std::getenv("ABI3IFY_PRECOMPILED");
  return StringSwitch<When>(value ? value : "")
      .Case("never", When::Never)
      .Case("always", When::Always)
      .Default(When::WherePaid);
}

std::optional<std::string> PrecompiledHeaders::directivesOf(const Command &command,
                                                            const Texts *texts) const {
  if (command.invocation || any_of(command.args, [](StringRef flag) {
        return any_of(Obstacles, [&](StringRef obstacle) { return flag.starts_with(obstacle); });
      }))
    return std::nullopt;
  return leadingRegion(command, project, texts);
}

/// What units have in common that one header may serve.
static std::string beginningOf(const Command &command, StringRef directives) {
  std::vector<std::string> parts = {command.directory, sys::path::extension(command.file).str(),
                                    directives.str()};
  append_range(parts, command.args);
  append_range(parts, command.pythonArgs);
  return join(parts, StringRef("\0", 1));
}

PrecompiledHeaders::Place PrecompiledHeaders::placeOf(const ParseRequest &request, SharedCommand shared,
                                                      StringRef directives) const {
  ParseRequest making = request;
  making.command = &shared.command;
  std::string beginning = beginningOf(shared.command, directives);
  std::vector<std::string> arguments = compilerArguments(making);
  arguments.back() = request.preprocessOnly ? "lexed" : "parsed"; // instead of the source
  arguments.push_back(beginning);
  return {std::move(shared), join(arguments, StringRef("\0", 1)), std::move(beginning), directives.str()};
}

bool PrecompiledHeaders::isWorthMaking(const Place &place, const Slot &slot) {
  if (when == When::Always || slot.wanted || slot.requests > PlainParses)
    return true;
  std::call_once(counted, [&] {
    for (const Command &command : project.commands)
      if (auto directives = directivesOf(command, nullptr)) {
        std::set<std::string> beginnings = {beginningOf(command, *directives)};
        for (bool quiet : {true, false})
          beginnings.insert(beginningOf(withoutOwnFlags(command, quiet).command, *directives));
        for (const std::string &beginning : beginnings)
          ++alike[beginning];
      }
  });
  // Fewer are all read by the time that one is made.
  auto units = alike.find(place.beginning);
  return units != alike.end() && units->second > jobs;
}

void PrecompiledHeaders::lookIntoCache(Slot &slot, const Place &place,
                                       const ParseRequest &request) {
  slot.keptAs = place.key;
  if (request.mode == Mode::Find && request.normalHeader) {
    slot.keptAs += request.normalHeader->python;
    for (const auto &[file, text] : request.normalHeader->others)
      slot.keptAs += '\0' + file + '\0' + text;
  }
  KeptHeaders::Known known = kept.load(slot.keptAs, place.shared.command.directory);
  slot.wanted = known.wanted;
  if (known.useless)
    slot.state = Slot::Made;
  // What is a project's file is not a matter of the disk alone.
  if (known.header && !readsProject(*known.header)) {
    slot.header = std::move(known.header);
    slot.state = Slot::Made;
  }
}

bool PrecompiledHeaders::readsProject(const PrecompiledHeader &header) const {
  return any_of(header.parse.filesRead,
                [&](const std::string &file) { return project.owns(file); });
}

const PrecompiledHeader *PrecompiledHeaders::find(const ParseRequest &request) {
  const Command &command = *request.command;
  auto directives = when == When::Never ? std::nullopt : directivesOf(command, request.texts);
  if (!directives)
    return nullptr;
  // The one that others share, then its own.
  SharedCommand shared = withoutOwnFlags(command, request.mode == Mode::Find || request.preprocessOnly);
  if (shared.differs(command) && !firstPythonFolder(request).empty())
    if (auto found = findAt(placeOf(request, std::move(shared), *directives), request))
      return *found;
  return findAt(placeOf(request, {command, {}, {}}, *directives), request).value_or(nullptr);
}

std::optional<const PrecompiledHeader *> PrecompiledHeaders::findAt(const Place &place,
                                                                    const ParseRequest &request) {
  std::unique_lock lock(mutex);
  Slot &slot = slots[place.key];
  lock.unlock();
  std::call_once(slot.looked, [&] { lookIntoCache(slot, place, request); });
  lock.lock();
  ++slot.requests;
  // While another thread makes it, a plain parse is no slower than to wait. What
  // a source's lines stand against, its flags don't help.
  if (slot.state == Slot::BeingMade || isRefused(slot, request.command->file))
    return nullptr;
  if (slot.state == Slot::Unmade && !isWorthMaking(place, slot)) {
    if (slot.requests == 1)
      kept.noteWanted(slot.keptAs);
    return nullptr;
  }
  if (slot.state == Slot::Unmade) {
    slot.state = Slot::BeingMade;
    lock.unlock();
    auto header = make(request, place, slot);
    lock.lock();
    slot.state = Slot::Made;
    slot.header = std::move(header);
  }
  if (!slot.header || !fits(slot, place, request))
    return std::nullopt;
  ++slot.given;
  ++given;
  return slot.header.get();
}

/// Whether a folder, which a unit searches before Python's, has a file that the header looked for: all
/// that it did not find beside its includer it looked for in Python's folder.
PrecompiledHeaders::Folder PrecompiledHeaders::askFolder(StringRef path, const PrecompiledHeader &header,
                                                         StringRef python) {
  Folder folder{/*hasOthers=*/true, makeIntrusiveRefCnt<RememberingFileSystem>(disk, "/")};
  std::vector<StringRef> names;
  auto facts = header.disk->facts();
  for (const FileFact &fact : facts)
    if (StringRef name = fact.path; name.consume_front(python) && !name.empty())
      names.push_back(name);
  if (names.empty())
    return folder;
  // Clang leaves out what the system's folders have again.
  if (SmallString<256> real; !folder.asked->getRealPath(path, real) && header.systemFolders.count(real.str().str())) {
    folder.hasOthers = false;
    return folder;
  }
  auto status = folder.asked->status(path);
  folder.hasOthers = status && status->isDirectory() && any_of(names, [&](StringRef name) {
                       return folder.asked->exists(path + "/" + name);
                     });
  return folder;
}

/// Whether the flags that the header was made without do not matter to it.
bool PrecompiledHeaders::fits(Slot &slot, const Place &place, const ParseRequest &request) {
  const PrecompiledHeader &header = *slot.header;
  if (any_of(place.shared.macros, [&](StringRef macro) { return header.names.contains(macro); }))
    return false;
  for (const std::string &path : place.shared.folders) {
    auto [known, added] = slot.folders.try_emplace(path);
    Folder &folder = known->second;
    if (added)
      folder = askFolder(path, header, firstPythonFolder(request) + "/");
    if (folder.hasOthers)
      return false;
    if (auto *asked = dynamic_cast<RememberingFileSystem *>(request.command->files))
      asked->add(*folder.asked);
  }
  return true;
}

bool PrecompiledHeaders::isRefused(Slot &slot, const std::string &source) {
  auto [known, added] = slot.refused.try_emplace(source, false);
  if (added)
    known->second = kept.isRefused(slot.keptAs, source);
  return known->second;
}

void PrecompiledHeaders::refuse(const ParseRequest &request, const PrecompiledHeader &header) {
  std::lock_guard lock(mutex);
  Slot &slot = find_if(slots, [&](const auto &each) { return each.second.header.get() == &header; })->second;
  slot.refused[request.command->file] = true;
  --given;
  // None that has it is being read.
  if (++slot.refusals == slot.given && slot.refusals >= MostRefusals) {
    kept.store(slot.keptAs, *slot.header, /*useful=*/false);
    slot.header = nullptr;
  } else
    kept.refuse(slot.keptAs, request.command->file);
}

std::unique_ptr<PrecompiledHeader> PrecompiledHeaders::make(const ParseRequest &request,
                                                            const Place &place, const Slot &slot) {
  Stage stage("making a precompiled header");
  auto header = std::make_unique<PrecompiledHeader>();
  Command command = place.shared.command;
  header->disk = makeIntrusiveRefCnt<RememberingFileSystem>(disk, command.directory);
  command.file = (PrecompiledFolder + "/unit" + sys::path::extension(command.file)).str();
  command.files = header->disk.get();
  header->path = (PrecompiledFolder + "/unit.pch").str();
  header->memory[command.file] = place.directives;
  ParseRequest making = request;
  making.command = &command;
  making.texts = nullptr;
  making.precompiled = nullptr;
  making.memory = &header->memory;
  Maker maker(project, making, *header);
  header->parse = parseUnit(making, &maker);
  ++written;
  bool useful = maker.done() && header->parse.diagnostics.empty() && !readsProject(*header);
  if (useful)
    header->bytes = maker.bytes().str();
  kept.store(slot.keptAs, *header, useful);
  return useful ? std::move(header) : nullptr;
}

} // namespace abi3ify
