#include "abi3ify/unit.h"
#include "abi3ify/appended-files.h"
#include "abi3ify/builtin-headers.h"
#include "abi3ify/compat.h"
#include "abi3ify/invocation.h"
#include "abi3ify/local-files.h"
#include "abi3ify/precompiled-header.h"
#include "abi3ify/stages.h"
#include "clang/AST/ASTConsumer.h"
#include "clang/Basic/DiagnosticDriver.h"
#include "clang/Basic/DiagnosticOptions.h"
#include "clang/Basic/DiagnosticSerialization.h"
#include "clang/Frontend/CompilerInstance.h"
#include "clang/Frontend/FrontendAction.h"
#include "clang/Frontend/MultiplexConsumer.h"
#include "clang/Lex/Preprocessor.h"
#include "clang/Lex/PreprocessorOptions.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/VirtualFileSystem.h"
#include <set>

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

class Consumer : public ASTConsumer {
public:
  Consumer(UnitVisitor *visitor, const PrecompiledCheck *check) : visitor(visitor), check(check) {}
  void HandleTranslationUnit(ASTContext &context) override {
    if (visitor && (!check || check->holds()))
      visitor->end(context);
  }

private:
  UnitVisitor *visitor;
  const PrecompiledCheck *check;
};

void lexAll(Preprocessor &preprocessor) {
  preprocessor.EnterMainSourceFile();
  Token token;
  do
    preprocessor.Lex(token);
  while (token.isNot(tok::eof));
}

class Action : public ASTFrontendAction {
public:
  /// `header`: is used in the place of the unit's first lines, if not null.
  Action(const ParseRequest &request, UnitVisitor *visitor, const PrecompiledHeader *header,
         PrecompiledCheck &check)
      : request(request), visitor(visitor), header(header), check(check) {}

  TranslationUnitKind getTranslationUnitKind() override {
    return visitor && visitor->precompiles() ? TU_Prefix : TU_Complete;
  }

protected:
  std::unique_ptr<ASTConsumer> CreateASTConsumer(CompilerInstance &instance,
                                                 StringRef) override {
    if (header)
      check.watch(instance, *header);
    if (visitor)
      visitor->begin(instance);
    std::vector<std::unique_ptr<ASTConsumer>> consumers;
    consumers.push_back(std::make_unique<Consumer>(visitor, header ? &check : nullptr));
    if (auto writer = visitor ? visitor->writer(instance) : nullptr)
      consumers.push_back(std::move(writer));
    return std::make_unique<MultiplexConsumer>(std::move(consumers));
  }

  void ExecuteAction() override {
    if (request.preprocessOnly && !(visitor && visitor->precompiles()))
      lexAll(getCompilerInstance().getPreprocessor());
    else
      ASTFrontendAction::ExecuteAction();
  }

private:
  const ParseRequest &request;
  UnitVisitor *visitor;
  const PrecompiledHeader *header;
  PrecompiledCheck &check;
};

class PreprocessAction : public PreprocessorFrontendAction {
public:
  explicit PreprocessAction(UnitVisitor *visitor) : visitor(visitor) {}

protected:
  void ExecuteAction() override {
    if (visitor)
      visitor->begin(getCompilerInstance());
    lexAll(getCompilerInstance().getPreprocessor());
  }

private:
  UnitVisitor *visitor;
};

std::string placeOf(const SourceManager &sources, FileID file) {
  auto entry = sources.getFileEntryRefForID(file);
  return entry ? pathOf(*entry, sources.getFileManager()) : std::string();
}

// Keeps diagnostics as values; notes are left out, warnings of system headers
// never reach it.
class Collector : public DiagnosticConsumer {
public:
  explicit Collector(std::vector<Diagnostic> &out) : out(out) {}

  /// Whether a precompiled header could not be read.
  bool sawBadHeader() const { return badHeader; }

  void HandleDiagnostic(DiagnosticsEngine::Level level, const clang::Diagnostic &info) override {
    DiagnosticConsumer::HandleDiagnostic(level, info);
    if (level < DiagnosticsEngine::Warning)
      return;
    badHeader |= info.getID() >= diag::DIAG_START_SERIALIZATION && info.getID() < diag::DIAG_START_LEX;
    abi3ify::Diagnostic diagnostic;
    diagnostic.level = level;
    SmallString<128> message;
    info.FormatDiagnostic(message);
    diagnostic.message = message.str().str();
    diagnostic.option = info.getDiags()->getDiagnosticIDs()
                            ->getWarningOptionForDiag(info.getID()).str();
    if (info.hasSourceManager() && info.getLocation().isValid())
      addPlaces(info.getSourceManager(), info.getLocation(), diagnostic.places);
    out.push_back(std::move(diagnostic));
  }

private:
  static void addPlaces(const SourceManager &sources, SourceLocation location,
                        std::vector<DiagnosticPlace> &places) {
    std::set<std::pair<std::string, unsigned>> seen;
    auto add = [&](SourceLocation place) {
      auto [file, offset] = sources.getDecomposedSpellingLoc(place);
      std::string path = placeOf(sources, file);
      if (!path.empty() && seen.insert({path, offset}).second)
        places.push_back({path, offset});
    };
    for (; location.isMacroID(); location = sources.getImmediateMacroCallerLoc(location))
      add(location);
    add(location);
  }

  std::vector<abi3ify::Diagnostic> &out;
  bool badHeader = false;
};

// Errors about the flags themselves, which say what must be stripped.
class FlagErrors : public DiagnosticConsumer {
public:
  void HandleDiagnostic(DiagnosticsEngine::Level level, const clang::Diagnostic &info) override {
    DiagnosticConsumer::HandleDiagnostic(level, info);
    if (level < DiagnosticsEngine::Error)
      return;
    SmallString<128> text;
    info.FormatDiagnostic(text);
    message = text.str().str();
    switch (info.getID()) {
    case diag::err_drv_unknown_argument:
    case diag::err_drv_unknown_argument_with_suggestion:
    case diag::err_drv_unsupported_opt:
    case diag::err_drv_unsupported_opt_for_target:
    case diag::err_drv_unsupported_option_argument:
    case diag::err_drv_invalid_value:
    case diag::err_drv_clang_unsupported:
      for (unsigned i = 0; i < info.getNumArgs(); ++i)
        if (info.getArgKind(i) == DiagnosticsEngine::ak_std_string)
          unknown.push_back(info.getArgStdStr(i));
        else if (info.getArgKind(i) == DiagnosticsEngine::ak_c_string)
          unknown.push_back(info.getArgCStr(i));
      break;
    default:
      break;
    }
  }
  std::vector<std::string> unknown;
  std::string message;
};

} // namespace

std::vector<std::string> compilerArguments(const ParseRequest &request) {
  const Command &command = *request.command;
  std::vector<std::string> args = {command.cxx ? "clang++" : "clang", "-fsyntax-only"};
  if (request.mode == Mode::Find)
    args.insert(args.end(), {"-I", NormalFolder.str()});
  args.insert(args.end(), command.args.begin(), command.args.end());
  if (!request.headers)
    args.insert(args.end(), command.pythonArgs.begin(), command.pythonArgs.end());
  else {
    args.insert(args.end(), {"-I", request.headers->include});
    if (!request.headers->platformInclude.empty())
      args.insert(args.end(), {"-I", request.headers->platformInclude});
    // Debian's pyconfig.h includes <TRIPLET/python3.X/pyconfig.h>, which lies
    // beside the folder of Python.h.
    args.insert(args.end(),
                {"-idirafter", sys::path::parent_path(request.headers->include).str()});
    // pycore_*.h, for sources that define Py_BUILD_CORE_MODULE.
    args.insert(args.end(), {"-idirafter", request.headers->include + "/internal"});
  }
  args.insert(args.end(), {"-resource-dir", BuiltinFolder.str(), "-ferror-limit=0"});
  switch (request.mode) {
  case Mode::Find:
    // assert's arguments are code like any other. A project that limits itself
    // by flags is still read with the full API.
    args.insert(args.end(),
                {"-w", "-UNDEBUG", "-UPy_LIMITED_API", "-UPy_TARGET_ABI3T", "-Wno-error=implicit-function-declaration",
                 "-Wno-error=int-conversion", "-Wno-error=incompatible-pointer-types",
                 "-Wno-error=incompatible-function-pointer-types"});
    break;
  case Mode::Full:
    args.insert(args.end(), {"-Wall", "-UPy_LIMITED_API", "-UPy_TARGET_ABI3T",
                             "-Wno-unused-command-line-argument"});
    break;
  case Mode::Limited:
    args.insert(args.end(), {"-Wall", "-UPy_LIMITED_API", "-UPy_TARGET_ABI3T"});
    append_range(args, request.floor.flags());
    if (request.withoutHeads && request.floor.abi3t)
      args.insert(args.end(), {"-DPyObject_HEAD=", "-DPyObject_VAR_HEAD=",
                               "-DPyObject_HEAD_INIT(type)=", "-DPyVarObject_HEAD_INIT(type,size)=",
                               "-DPyModuleDef_HEAD_INIT=0"});
    args.insert(args.end(),
                {"-Werror=implicit-function-declaration", "-Wno-unused-command-line-argument"});
    break;
  }
  // What is skipped is compared with Mode::Find.
  if (request.preprocessOnly)
    args.insert(args.end(), {"-w", "-UNDEBUG"});
  args.insert(args.end(), {"--", command.file});
  return args;
}

namespace {

/// The real Python.h, then the normalising header. A source that limits itself
/// is still read with the full API.
std::string virtualPython(StringRef spelled) {
  std::string before, behind;
  for (StringRef macro : {"Py_LIMITED_API", "Py_TARGET_ABI3T"}) {
    before += ("#pragma push_macro(\"" + macro + "\")\n#undef " + macro + "\n").str();
    behind += ("#pragma pop_macro(\"" + macro + "\")\n").str();
  }
  return (before + "#include_next <" + spelled + ">\n" + behind +
          "#include \"abi3ify-normal.h\"\n")
      .str();
}

void addNormalHeader(const NormalHeader &header, vfs::InMemoryFileSystem &memory) {
  auto add = [&](StringRef name, StringRef text) {
    memory.addFile(NormalFolder + "/" + name, 0, MemoryBuffer::getMemBufferCopy(text));
  };
  add("Python.h", virtualPython("Python.h"));
  // Some sources spell the folder of one version: <python3.11/Python.h>.
  for (Minor minor = OldestFloor; minor <= NewestFloor; ++minor) {
    std::string spelled = "python3." + std::to_string(minor) + "/Python.h";
    add(spelled, virtualPython(spelled));
  }
  add("abi3ify-normal.h", header.python);
}

void addFiles(const Texts &files, vfs::InMemoryFileSystem &memory) {
  for (const auto &[path, text] : files)
    memory.addFileNoOwn(path, 0, MemoryBufferRef(text, path));
}

IntrusiveRefCntPtr<vfs::FileSystem> fileSystem(const ParseRequest &request,
                                               const PrecompiledHeader *header) {
  IntrusiveRefCntPtr<vfs::FileSystem> disk(request.command->files);
  if (!disk) {
    disk = vfs::createPhysicalFileSystem();
    disk->setCurrentWorkingDirectory(request.command->directory);
  }
  auto memory = makeIntrusiveRefCnt<vfs::InMemoryFileSystem>();
  memory->setCurrentWorkingDirectory(request.command->directory);
  if (!request.command->invocation) // another compiler has its own
    addBuiltinHeaders(*memory);
  if (request.memory)
    addFiles(*request.memory, *memory);
  if (header) {
    addFiles(header->memory, *memory);
    memory->addFileNoOwn(header->path, 0, MemoryBufferRef(header->bytes, header->path));
  }
  if (request.mode == Mode::Find && request.normalHeader) {
    addNormalHeader(*request.normalHeader, *memory);
    disk = withAppendices(disk, request.normalHeader->others);
  }
  auto overlay = makeIntrusiveRefCnt<vfs::OverlayFileSystem>(disk);
  overlay->pushOverlay(memory);
  return overlay;
}

// Asks the driver for an invocation; flags that clang does not know are taken
// out, one refusal after the other, and reported.
std::shared_ptr<CompilerInvocation> makeInvocation(std::vector<std::string> args,
                                                   IntrusiveRefCntPtr<vfs::FileSystem> files,
                                                   ParseResult &result) {
  Stage stage("compiler's driver");
  for (unsigned attempt = 0; attempt < 20; ++attempt) {
    FlagErrors errors;
    DiagnosticOptions options;
    CreateInvocationOptions create;
    create.VFS = files;
    create.Diags = makeDiagnostics(*files, options, &errors);
    std::vector<const char *> argv;
    for (const std::string &arg : args)
      argv.push_back(arg.c_str());
    auto invocation = createInvocation(argv, create);
    if (invocation && !create.Diags->hasErrorOccurred()) {
      useBuiltinHeaders(*invocation);
      return invocation;
    }
    size_t before = args.size();
    for (const std::string &flag : errors.unknown)
      if (flag.size() > 1 && flag[0] == '-')
        llvm::erase_if(args, [&](const std::string &arg) {
          bool same = arg == flag || (StringRef(arg).starts_with(flag) && flag.back() == '=');
          if (same)
            result.strippedFlags.push_back(arg);
          return same;
        });
    if (args.size() == before) {
      result.diagnostics.push_back({DiagnosticsEngine::Fatal, errors.message, "", {}});
      return nullptr;
    }
  }
  return nullptr;
}

} // namespace

const Diagnostic *ParseResult::firstError() const {
  for (const Diagnostic &diagnostic : diagnostics)
    if (diagnostic.isError())
      return &diagnostic;
  return nullptr;
}

namespace {

void noteFiles(const ParseRequest &request, const SourceManager &sources, ParseResult &result) {
  std::set<std::string> read(result.filesRead.begin(), result.filesRead.end());
  DenseSet<const FileEntry *> entered;
  for (FileID file : localFiles(sources))
    entered.insert(sources.getFileEntryForID(file));
  for (auto it = sources.fileinfo_begin(); it != sources.fileinfo_end(); ++it) {
    StringRef path = it->first.getName();
    if (path.starts_with(NormalFolder) || path.starts_with(BuiltinFolder) ||
        path.starts_with(PrecompiledFolder)) {
      result.sawNormalHeader |= path.ends_with("abi3ify-normal.h");
      continue;
    }
    std::string real = pathOf(it->first, sources.getFileManager());
    // A text that stands for a file is known before anything reads it.
    if (request.texts && request.texts->count(real) && !entered.contains(&it->first.getFileEntry()))
      continue;
    read.insert(real);
  }
  result.filesRead.assign(read.begin(), read.end());
}

/// Reads the source, behind `header` if it is not null. Nothing if that header
/// does not fit.
std::optional<ParseResult> parse(const ParseRequest &request, UnitVisitor *visitor,
                                 const PrecompiledHeader *header) {
  Stage stage(header                                ? "parsing behind a precompiled header"
              : visitor && visitor->precompiles() ? "making a precompiled header"
                                                  : "parsing");
  ParseResult result;
  if (visitor)
    visitor->start(header);
  auto files = fileSystem(request, header);
  auto invocation = request.command->invocation
                        ? adaptInvocation(request)
                        : makeInvocation(compilerArguments(request), files, result);
  if (!invocation)
    return result;
  invocation->getFrontendOpts().DisableFree = false;
  // Without carets the compiler does not count errors on stderr.
  invocation->getDiagnosticOpts().ShowCarets = false;
  if (request.texts)
    for (const auto &[path, text] : *request.texts)
      invocation->getPreprocessorOpts().addRemappedFile(
          path, MemoryBuffer::getMemBufferCopy(text, path).release());

  if (header)
    invocation->getPreprocessorOpts().ImplicitPCHInclude = header->path;

  auto made = makeInstance(std::move(invocation), files);
  CompilerInstance &instance = *made;
  Collector collector(result.diagnostics);
  PrecompiledCheck check;
  instance.createDiagnostics(&collector, /*ShouldOwnClient=*/false);
  if (request.preprocessOnly && !header && !(visitor && visitor->precompiles())) {
    PreprocessAction action(visitor);
    instance.ExecuteAction(action);
  } else {
    Action action(request, visitor, header, check);
    instance.ExecuteAction(action);
  }
  result.ran = true;

  if (header && (!check.holds() || collector.sawBadHeader()))
    return std::nullopt;
  if (header) {
    result.filesRead = header->parse.filesRead;
    result.sawNormalHeader = header->parse.sawNormalHeader;
    if (auto *disk = dynamic_cast<RememberingFileSystem *>(request.command->files))
      disk->add(*header->disk);
  }
  if (instance.hasSourceManager())
    noteFiles(request, instance.getSourceManager(), result);
  return result;
}

} // namespace

ParseResult parseUnit(const ParseRequest &request, UnitVisitor *visitor) {
  if (const PrecompiledHeader *header =
          request.precompiled ? request.precompiled->find(request) : nullptr) {
    if (auto result = parse(request, visitor, header))
      return std::move(*result);
    request.precompiled->refuse(request, *header);
  }
  return *parse(request, visitor, nullptr);
}

} // namespace abi3ify
