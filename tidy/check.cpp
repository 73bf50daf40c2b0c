#include "check.h"
#include "abi3ify/unit.h"
#include "clang-tidy/ClangTidyDiagnosticConsumer.h"
#include "clang/ASTMatchers/ASTMatchFinder.h"
#include "clang/Basic/TargetInfo.h"
#include "clang/Frontend/CompilerInvocation.h"
#include "clang/Lex/HeaderSearch.h"
#include "clang/Lex/HeaderSearchOptions.h"
#include "clang/Lex/Preprocessor.h"
#include "clang/Lex/PreprocessorOptions.h"
#include "llvm/Support/Path.h"

using namespace clang;
using namespace llvm;

namespace abi3ify::tidy {
namespace {

std::string resolved(FileEntryRef file) {
  StringRef name = file.getFileEntry().tryGetRealPathName();
  return realPath(name.empty() ? file.getName() : name);
}

/// The folder of the Python.h that the unit has read; empty for none.
std::string pythonFolder(const SourceManager &sources) {
  for (auto it = sources.fileinfo_begin(); it != sources.fileinfo_end(); ++it)
    if (sys::path::filename(it->first.getName()) == "Python.h")
      return sys::path::parent_path(resolved(it->first)).str();
  return {};
}

/// The options of the compiler that runs, as far as they decide what a file means.
CompilerInvocation invocationOf(const Preprocessor &preprocessor, StringRef file) {
  CompilerInvocation invocation;
  invocation.getLangOpts() = preprocessor.getLangOpts();
  invocation.getTargetOpts() = preprocessor.getTargetInfo().getTargetOpts();
  invocation.getHeaderSearchOpts() = preprocessor.getHeaderSearchInfo().getHeaderSearchOpts();
  invocation.getPreprocessorOpts() = preprocessor.getPreprocessorOpts();
  invocation.getFileSystemOpts() = preprocessor.getFileManager().getFileSystemOpts();
  FrontendOptions &frontend = invocation.getFrontendOpts();
  frontend.ProgramAction = frontend::ParseSyntaxOnly;
  frontend.Inputs = {
      {file, InputKind(preprocessor.getLangOpts().CPlusPlus ? Language::CXX : Language::C)}};
  return invocation;
}

/// Said once, however many units have the same to say.
bool isNew(const std::string &problem) {
  static std::set<std::string> said;
  return said.insert(problem).second;
}

SourceLocation locationOf(SourceManager &sources, const std::string &file, unsigned offset) {
  FileID id;
  auto main = sources.getFileEntryRefForID(sources.getMainFileID());
  if (main && resolved(*main) == file)
    id = sources.getMainFileID();
  else if (auto entry = sources.getFileManager().getOptionalFileRef(file))
    id = sources.getOrCreateFileID(*entry, SrcMgr::C_User);
  return id.isValid() ? sources.getLocForStartOfFile(id).getLocWithOffset(offset)
                      : SourceLocation();
}

/// A pure removal takes a blank along where fix-its are merged; one that leaves
/// its last neighbour in place anew does not.
JointEdit withNeighbour(JointEdit edit, StringRef text) {
  if (!edit.text.empty())
    return edit;
  if (edit.range.end < text.size() && llvm::isASCII(text[edit.range.end]))
    edit.text = text[edit.range.end++];
  else if (edit.range.begin > 0)
    edit.text = text[--edit.range.begin];
  return edit;
}

} // namespace

std::shared_ptr<UnitSession> UnitSession::join() {
  static std::weak_ptr<UnitSession> current;
  std::shared_ptr<UnitSession> session = current.lock();
  if (!session || session->isOver())
    current = session = std::make_shared<UnitSession>();
  return session;
}

const Analysis &UnitSession::analysis(const SourceManager &sources) {
  if (done)
    return *done;
  done.emplace();
  auto main = sources.getFileEntryRefForID(sources.getMainFileID());
  RunningCompiler compiler;
  compiler.pythonFolder = pythonFolder(sources);
  if (!main || !preprocessor || compiler.pythonFolder.empty())
    return *done;
  CompilerInvocation invocation = invocationOf(*preprocessor, main->getName());
  compiler.invocation = &invocation;
  compiler.files = &sources.getFileManager().getVirtualFileSystem();
  compiler.file = resolved(*main);
  compiler.cxx = preprocessor->getLangOpts().CPlusPlus;
  *done = analyse(compiler, wishes);
  return *done;
}

void UnitSession::add(const Wish &wish) { wishes.push_back(wish); }

bool isNamed(StringRef checks, StringRef check) {
  SmallVector<StringRef> globs;
  checks.split(globs, ',');
  bool named = false;
  for (StringRef glob : globs) {
    glob = glob.trim();
    if (glob == check)
      named = true;
    else if (glob.consume_front("-") && glob == check)
      named = false;
  }
  return named;
}

Check::Check(StringRef name, clang::tidy::ClangTidyContext *context)
    : ClangTidyCheck(name, context), session(UnitSession::join()) {
  wish.rule = name.drop_front(CheckPrefix.size()).str();
  wish.target = Options.getLocalOrGlobal("Target", "").str();
  wish.review = Options.getLocalOrGlobal("Review", false);
  const Rule *rule = allRules().find(wish.rule);
  if (!rule || !rule->optional || isNamed(context->getOptions().Checks.value_or(""), name))
    session->add(wish);
}

bool Check::isLanguageVersionSupported(const LangOptions &options) const { return !options.ObjC; }

void Check::registerPPCallbacks(const SourceManager &, Preprocessor *now, Preprocessor *) {
  session->setPreprocessor(*now);
}

void Check::registerMatchers(ast_matchers::MatchFinder *finder) {
  finder->addMatcher(ast_matchers::translationUnitDecl(), this);
}

void Check::check(const ast_matchers::MatchFinder::MatchResult &match) {
  const Analysis &analysis = session->analysis(*match.SourceManager);
  for (const std::string &problem : analysis.problems)
    if (isNew(problem))
      configurationDiag("%0") << "abi3ify: " + problem;
  for (const Report &report : analysis.reports)
    if (report.rule == wish.rule)
      say(report, *match.SourceManager);
}

void Check::say(const Report &report, SourceManager &sources) {
  SourceLocation place = locationOf(sources, report.file, report.range.begin);
  if (place.isInvalid())
    return;
  auto message = diag(place, "%0");
  message << report.message;
  for (const JointEdit &edit : report.edits) {
    SourceLocation begin = locationOf(sources, edit.file, 0);
    JointEdit whole = withNeighbour(edit, sources.getBufferData(sources.getFileID(begin)));
    begin = begin.getLocWithOffset(whole.range.begin);
    CharSourceRange range =
        CharSourceRange::getCharRange(begin, begin.getLocWithOffset(whole.range.size()));
    message << (whole.range.size() ? FixItHint::CreateReplacement(range, whole.text)
                                   : FixItHint::CreateInsertion(begin, whole.text));
  }
}

void Check::storeOptions(clang::tidy::ClangTidyOptions::OptionMap &options) {
  Options.store(options, "Target", wish.target);
  Options.store(options, "Review", wish.review);
}

} // namespace abi3ify::tidy
