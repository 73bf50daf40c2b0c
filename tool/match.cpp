// One unit from its parse to its findings.
#include "abi3ify/match.h"
#include "abi3ify/abi3t-checks.h"
#include "abi3ify/build-macros.h"
#include "abi3ify/exported-names.h"
#include "abi3ify/facts.h"
#include "abi3ify/foreign-headers.h"
#include "abi3ify/global-names.h"
#include "abi3ify/heap-type-checks.h"
#include "abi3ify/helpers.h"
#include "abi3ify/identifiers.h"
#include "abi3ify/landmarks.h"
#include "abi3ify/local-files.h"
#include "abi3ify/libc-includes.h"
#include "abi3ify/macro-aliases.h"
#include "abi3ify/fastcall-adapters.h"
#include "abi3ify/internal-includes.h"
#include "abi3ify/match-ast.h"
#include "abi3ify/preprocessor-facts.h"
#include "abi3ify/slot-tables.h"
#include "abi3ify/stages.h"
#include "abi3ify/static-types.h"
#include "abi3ify/struct-names.h"
#include "abi3ify/unused-compat.h"
#include "abi3ify/version-checks.h"
#include "clang/AST/ASTContext.h"
#include "clang/AST/DeclCXX.h"
#include "clang/Frontend/CompilerInstance.h"
#include "clang/Sema/Sema.h"
#include "llvm/Support/Path.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

/// What one floor says of a parsed unit.
class FloorMatcher {
public:
  FloorMatcher(ASTContext &ast, const Spelling &spelling, const PreprocessorFacts &preprocessor,
               const Command &command, const MatchContext &context, const std::string &python,
               TextOf textOf)
      : ast(ast), spelling(spelling), preprocessor(preprocessor), command(command),
        context(context), python(python), textOf(textOf) {}

  FloorMatches match(ArrayRef<Landmark> landmarks) {
    out.floor = context.floor;
    LibcUses libc(ast.getSourceManager(), spelling);
    out.findings = matchAst(ast, spelling, context, python, preprocessor, out.seen, libc);
    joinIdentifiers(ast, spelling, context, out.findings);
    joinBlocks();
    leaveWithArguments();
    addFastcallAdapters(ast, spelling, context, out.findings);
    findExportedNames(ast, spelling, context, out.findings);
    addHelpers(*context.rules, preprocessor, python, textOf, out.findings);
    findIncludes();
    std::vector<Finding> missing = missingIncludes(libc, {});
    append_range(out.findings, missing);
    std::set<std::string> leaving =
        findUnusedCompat(ast, spelling, preprocessor, context, textOf, out.findings);
    if (!leaving.empty()) // What such a header brought is missing as well.
      for (Finding &finding : missingIncludes(libc, leaving))
        if (none_of(missing, [&](const Finding &known) { return known.rewrites == finding.rewrites; }))
          out.findings.push_back(std::move(finding));
    findInternalIncludes(preprocessor, context, textOf, out.findings);
    nameSlotTables(ast, spelling, context, out.findings);
    append_range(out.findings, checkHeapTypes(ast, spelling, context, preprocessor));
    checkAbi3t(ast, spelling, context, landmarks, out.findings);
    if (context.rules->find(StaticTypeRule)) {
      out.types = surveyTypes(ast, spelling, context, preprocessor);
      for (TypePart &part : out.types)
        addTypeHelpers(part);
    }
    append_range(out.findings, checkVersions(ast, spelling, context, python));
    checkBuildMacros(command, preprocessor, context, textOf, out.findings);
    checkRedefinitions(preprocessor, context, textOf, out.findings);
    checkVersionTests(preprocessor, context, python, textOf, out);
    checkGilTests(preprocessor, context, textOf, out);
    return std::move(out);
  }

private:
  std::vector<Finding> missingIncludes(const LibcUses &uses, const std::set<std::string> &leaving) {
    std::vector<Finding> found;
    findMissingIncludes(uses, preprocessor, spelling.path(ast.getSourceManager().getMainFileID()),
                        python, leaving, textOf, context, found);
    return found;
  }

  void addTypeHelpers(TypePart &part) {
    SmallVector<std::vector<Rewrite> *> lists = {&part.rewrites};
    for (TypePart::Ready &ready : part.readies)
      lists.append({&ready.plain, &ready.derived});
    for (std::vector<Rewrite> *rewrites : lists) {
      std::vector<Finding> one(1);
      one[0].rule = StaticTypeRule.str();
      one[0].rewrites = std::move(*rewrites);
      addHelpers(*context.rules, preprocessor, python, textOf, one);
      *rewrites = std::move(one[0].rewrites);
    }
  }

  /// What opens blocks and what closes them: all of a rule's in a file, or none.
  void joinBlocks() {
    for (Finding &finding : out.findings)
      if (finding.group.empty() && any_of(finding.rewrites, [](const Rewrite &rewrite) {
            StringRef to = rewrite.to;
            return to.consume_front(HelperPrefix) && (to.starts_with("begin_") || to.starts_with("end_"));
          }))
        finding.group = "blocks of " + finding.rule + " in " + finding.file;
  }

  /// An argument that an edit writes twice, and that holds a use which stays: the next
  /// run would find two uses there, and could edit one of them.
  void leaveWithArguments() {
    for (Finding &finding : out.findings)
      for (const Rewrite &rewrite : finding.rewrites) {
        const Finding *stays = nullptr;
        for (const Argument &argument : rewrite.args)
          if (StringRef(rewrite.to).count("$" + argument.name) > 1)
            for (const Finding &other : out.findings)
              if (!other.hasEdit() && other.file == rewrite.file && argument.range.contains(other.range))
                stays = &other;
        if (!stays)
          continue;
        finding.reason = "'" + stays->symbol + "' in it has no limited form there: " + stays->reason;
        finding.rewrites.clear();
        finding.safety = Safety::Manual;
        finding.state = State::Manual;
        break;
      }
  }

  /// Directives that a rule speaks of.
  void findIncludes() {
    for (const IncludeDirective &include : preprocessor.includes) {
      if (!context.project->owns(include.from))
        continue;
      for (const Rule *rule : context.rules->forInclude(sys::path::filename(include.name))) {
        if (!isFor(rule->target, context.floor))
          continue;
        StringRef line = textOf(include.from).substr(include.offset).take_until(
            [](char c) { return c == '\n' || c == '\r'; });
        Finding finding;
        finding.file = include.from;
        finding.range = {include.offset, unsigned(include.offset + line.rtrim().size())};
        finding.rule = rule->id;
        finding.symbol = include.name;
        finding.message = rule->title;
        if (const std::string *reason = rule->reasonFor(Use::Value, context.floor))
          finding.reason = *reason;
        out.findings.push_back(std::move(finding));
      }
    }
  }

  ASTContext &ast;
  const Spelling &spelling;
  const PreprocessorFacts &preprocessor;
  const Command &command;
  const MatchContext &context;
  const std::string &python;
  TextOf textOf;
  FloorMatches out;
};

/// Runs at the end of a parse in Mode::Find, once for each floor.
class FindVisitor : public UnitVisitor {
public:
  FindVisitor(const Command &command, const MatchContext &context, ArrayRef<Floor> floors,
              UnitMatches &out)
      : command(command), context(context), floors(floors), out(out) {}

  void start(const PrecompiledHeader *precompiled) override {
    header = precompiled;
    preprocessor = {};
  }

  void begin(CompilerInstance &made) override {
    instance = &made;
    spelling.emplace(made.getSourceManager(), made.getLangOpts(), *context.project);
    collectPreprocessorFacts(made, *spelling, preprocessor, header);
    made.setExternalSemaSource(macroAliases(made, preprocessor));
  }

  void end(ASTContext &ast) override {
    Stage stage("matching");
    GlobalNames names(instance->getSema());
    if (header)
      ast.setTraversalScope(ownDecls(ast));
    nameStructs(ast);
    std::string python = pythonFolder();
    out.includesPython = !python.empty();
    std::map<std::string, StringRef> texts;
    auto textOf = [&](const std::string &file) -> StringRef {
      if (texts.empty())
        texts = textsOf(ast.getSourceManager());
      auto text = texts.find(file);
      return text == texts.end() ? StringRef() : text->second;
    };
    foreign = findForeignHeaders(preprocessor, *context.project, python, [&](const std::string &file) {
      if (StringRef text = textOf(file); !text.empty())
        return text.str();
      // A precompiled header has read it.
      auto buffer = instance->getFileManager().getBufferForFile(file);
      return buffer ? (*buffer)->getBuffer().str() : std::string();
    });
    out.landmarks = findLandmarks(ast, *spelling, context, preprocessor);
    MatchContext atFloor = context;
    for (Floor floor : floors) {
      atFloor.floor = floor;
      FloorMatcher matcher(ast, *spelling, preprocessor, command, atFloor, python, textOf);
      out.floors.push_back(matcher.match(out.landmarks));
    }
  }

  const PreprocessorFacts &preprocessorFacts() const { return preprocessor; }
  const ForeignHeaders &foreignHeaders() const { return foreign; }

private:
  /// What is not the precompiled header's; without what a walk over all would
  /// leave out at this level, because an expression has it.
  static std::vector<Decl *> ownDecls(const ASTContext &ast) {
    std::vector<Decl *> decls;
    copy_if(ast.getTranslationUnitDecl()->noload_decls(), std::back_inserter(decls),
            [](const Decl *decl) {
              auto *record = dyn_cast<CXXRecordDecl>(decl);
              return !isa<BlockDecl, CapturedDecl>(decl) && !(record && record->isLambda());
            });
    return decls;
  }

  /// Of all files that were read.
  std::map<std::string, StringRef> textsOf(const SourceManager &sources) const {
    std::map<std::string, StringRef> texts;
    for (FileID file : localFiles(sources))
      if (const std::string &path = spelling->path(file); !path.empty())
        texts.try_emplace(path, sources.getBufferData(file));
    return texts;
  }

  /// The folder of the Python.h that was read.
  std::string pythonFolder() const {
    for (const IncludeDirective &include : preprocessor.includes)
      if (sys::path::filename(include.to) == "Python.h" &&
          !StringRef(include.to).starts_with(NormalFolder))
        return sys::path::parent_path(include.to).str() + "/";
    return {};
  }

  const Command &command;
  const MatchContext &context;
  ArrayRef<Floor> floors;
  UnitMatches &out;
  std::optional<Spelling> spelling;
  PreprocessorFacts preprocessor;
  ForeignHeaders foreign;
  const PrecompiledHeader *header = nullptr;
  CompilerInstance *instance = nullptr;
};

/// Only what the preprocessor skips, for the limited mode.
class SkipVisitor : public UnitVisitor {
public:
  explicit SkipVisitor(const Project &project) : project(project) {}
  void start(const PrecompiledHeader *precompiled) override {
    header = precompiled;
    facts = {};
  }
  void begin(CompilerInstance &instance) override {
    spelling.emplace(instance.getSourceManager(), instance.getLangOpts(), project);
    collectPreprocessorFacts(instance, *spelling, facts, header);
  }
  PreprocessorFacts facts;

private:
  const PrecompiledHeader *header = nullptr;
  const Project &project;
  std::optional<Spelling> spelling;
};

/// Code that the project itself leaves out of its limited build is no use.
void dropWhatTheLimitSkips(const Command &command, const MatchContext &context,
                           const PreprocessorFacts &full, FloorMatches &matches) {
  SkipVisitor visitor(*context.project);
  ParseRequest request;
  request.command = &command;
  request.mode = Mode::Limited;
  request.floor = matches.floor;
  request.headers = context.headers;
  request.texts = context.texts;
  request.preprocessOnly = true;
  request.precompiled = context.precompiled;
  parseUnit(request, &visitor);
  for (const auto &[file, ranges] : visitor.facts.skipped) {
    auto also = full.skipped.find(file);
    for (Range range : ranges)
      if (also == full.skipped.end() ||
          none_of(also->second, [&](Range other) { return other.contains(range); }))
        matches.outOfLimit[file].push_back(range);
  }
  // The limited build reads the condition of a branch that it leaves out.
  auto isAsked = [&](const Finding &finding) {
    return finding.symbol == "Py_GIL_DISABLED" &&
           any_of(visitor.facts.conditions, [&](const ConditionDirective &condition) {
             return condition.asked && condition.file == finding.file &&
                    condition.range.contains(finding.range);
           });
  };
  erase_if(matches.findings, [&](const Finding &finding) {
    auto out = matches.outOfLimit.find(finding.file);
    // #ifndef Py_LIMITED_API around its own #define leaves out nothing that
    // is built without a flag.
    return out != matches.outOfLimit.end() && finding.symbol != "Py_LIMITED_API" &&
           !isAsked(finding) && any_of(out->second, [&](Range range) { return range.contains(finding.range); });
  });
}

/// What the limit does to headers of others, only a compiler knows: they may have
/// a branch for it.
void findForeignFailures(const Command &command, const MatchContext &context,
                         const ForeignHeaders &headers, std::vector<FloorMatches> &floors) {
  // A function that is not declared is only a warning, which -isystem hides; and
  // no other warning counts, whatever -Werror says.
  Command strict = command;
  strict.args.insert(strict.args.end(), {"-Wno-error", "-Wsystem-headers"});
  std::map<std::pair<std::set<std::string>, bool>, ParseResult> parses;
  Minor newest = context.headers                      ? context.headers->minor
                 : context.project->headers.empty() ? NewestFloor
                                                      : context.project->headers.front().minor;
  for (FloorMatches &matches : floors) {
    // Above Python's headers at hand, a header of others would miss what it may count on.
    Floor limit = matches.floor.minor > newest ? Floor{newest} : matches.floor;
    std::set<std::string> lacking = mayLack(headers, limit);
    if (lacking.empty())
      continue;
    auto [parse, isNew] = parses.try_emplace({std::move(lacking), limit.abi3t});
    if (isNew) {
      ParseRequest request;
      request.command = &strict;
      request.mode = Mode::Limited;
      request.floor = limit;
      request.headers = context.headers;
      request.texts = context.texts;
      request.withoutHeads = true;
      request.precompiled = context.precompiled;
      parse->second = parseUnit(request);
    }
    append_range(matches.findings,
                 foreignFailures(headers, parse->second, limit, *context.project, matches.floor));
  }
}

} // namespace

bool isPythonsMember(StringRef name) {
  // The others (frame, d_name, func_name) may be members of anything, and
  // ob_base is one of every struct that begins with PyObject_HEAD.
  if (name == "ob_base")
    return false;
  for (StringRef prefix : {"ob_", "tp_", "nb_", "sq_", "mp_", "am_", "bf_", "ht_", "co_", "im_",
                           "ma_", "tb_", "gi_", "cr_", "ag_"})
    if (name.starts_with(prefix))
      return isMember(name);
  return false;
}

bool isPythonsName(StringRef name) {
  for (StringRef prefix : {"Py", "_Py", "PY", "_PY", "METH_", "CO_"})
    if (name.starts_with(prefix))
      return true;
  // The types of slots. All other names (digit, getter) are ordinary words.
  const Fact *fact = facts().find(name);
  return fact && fact->origin == "limited" && fact->kind == "type";
}

bool isInteresting(StringRef name, const RuleSet &rules, Floor floor) {
  if (isPythonsName(name) && facts().lacking(name, floor))
    return true;
  if (!rules.forField(name).empty() || isMember(name))
    return true;
  return any_of(rules.forName(name),
                [&](const Rule *rule) { return rule->always && isFor(rule->target, floor); });
}

void FloorMatches::append(FloorMatches other) {
  append_range(findings, other.findings);
  for (auto &[file, offsets] : other.seen)
    seen[file].merge(offsets);
  for (auto &[file, ranges] : other.outOfLimit)
    append_range(outOfLimit[file], ranges);
  for (auto &[file, branches] : other.leftOut)
    leftOut[file].merge(branches);
  append_range(types, other.types);
}

UnitMatches matchUnit(const Command &command, const MatchContext &context,
                      ArrayRef<Floor> floors) {
  UnitMatches out;
  out.file = command.file;
  FindVisitor visitor(command, context, floors, out);
  ParseRequest request;
  request.command = &command;
  request.mode = Mode::Find;
  request.headers = context.headers;
  request.normalHeader = context.normalHeader;
  request.texts = context.texts;
  request.precompiled = context.precompiled;
  out.parse = parseUnit(request, &visitor);
  out.skipped = visitor.preprocessorFacts().skipped;
  // What the limit leaves out depends on its value.
  if (visitor.preprocessorFacts().asksForLimit)
    for (FloorMatches &matches : out.floors)
      dropWhatTheLimitSkips(command, context, visitor.preprocessorFacts(), matches);
  if (!command.invocation) // nothing is proved inside of another compiler
    findForeignFailures(command, context, visitor.foreignHeaders(), out.floors);
  if (out.includesPython && !out.parse.sawNormalHeader)
    out.notes.push_back(command.file + " includes Python.h in a way that bypasses the include "
                                       "path; accessors are reported but not rewritten");
  for (const std::string &flag : out.parse.strippedFlags)
    out.notes.push_back(command.file + ": flag " + flag + " is unknown to clang and left out");
  return out;
}

} // namespace abi3ify
