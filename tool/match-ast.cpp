// The AST against the rules and the facts: one visitor for every shape of use.
#include "abi3ify/match-ast.h"
#include "abi3ify/appended-files.h"
#include "abi3ify/compat.h"
#include "abi3ify/facts.h"
#include "abi3ify/generated.h"
#include "abi3ify/judge.h"
#include "abi3ify/libc-includes.h"
#include "abi3ify/loops.h"
#include "abi3ify/preprocessor-facts.h"
#include "abi3ify/site.h"
#include "clang/AST/ExprCXX.h"
#include "clang/AST/RecursiveASTVisitor.h"
#include "clang/Frontend/CompilerInstance.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

using Place = std::pair<std::string, unsigned>;

/// The findings of one unit, while it is visited: one for a spelled token.
class Matches {
public:
  /// Adds a finding of the AST; several expansions of one macro body are kept
  /// apart until mergeMatches.
  void add(Finding finding, FileID level) {
    Place place{finding.file, finding.range.begin};
    if (finding.inMacro && !levels[place].insert(level).second && !finding.hasEdit())
      return;
    known.insert(place);
    if (finding.hasEdit())
      edited.insert(place);
    list.push_back(std::move(finding));
  }
  bool has(const Place &place) const { return known.count(place); }
  bool hasIn(const std::string &file) const {
    auto first = known.lower_bound({file, 0});
    return first != known.end() && first->first == file;
  }
  bool hasEdit(const Place &place) const { return edited.count(place); }
  std::vector<Finding> list;

private:
  std::set<Place> known, edited;
  std::map<Place, std::set<FileID>> levels;
};

class Visitor : public RecursiveASTVisitor<Visitor> {
public:
  Visitor(ASTContext &ast, const Spelling &spelling, const MatchContext &context,
          const std::string &pythonFolder, const PreprocessorFacts &preprocessor,
          Matches &matches, SeenTokens &seen, LibcUses &libcUses)
      : ast(ast), sources(ast.getSourceManager()), spelling(spelling), context(context),
        pythonFolder(pythonFolder), preprocessor(preprocessor), matches(matches), seen(seen),
        libcUses(libcUses) {}

  bool shouldVisitTemplateInstantiations() const { return true; }
  bool shouldVisitImplicitCode() const { return false; }

  bool TraverseDecl(Decl *decl) {
    if (decl && isa<TranslationUnitDecl>(decl->getDeclContext() ? cast<Decl>(decl->getDeclContext()) : decl) &&
        !isa<TranslationUnitDecl>(decl) && !isNearUsers(decl))
      return true;
    auto *outer = function;
    auto *outerTable = table;
    bool outerPattern = inPattern;
    if (auto *variable = dyn_cast_or_null<VarDecl>(decl))
      table = variable->hasGlobalStorage() ? variable : nullptr;
    if (auto *inner = dyn_cast_or_null<FunctionDecl>(decl))
      function = inner;
    if (auto *context = dyn_cast_or_null<DeclContext>(decl))
      inPattern = context->isDependentContext();
    bool result = RecursiveASTVisitor::TraverseDecl(decl);
    function = outer;
    table = outerTable;
    inPattern = outerPattern;
    return result;
  }

  bool TraverseStmt(Stmt *stmt) {
    if (!stmt)
      return true;
    parents.push_back(stmt);
    loops.add(stmt, ast);
    bool result = RecursiveASTVisitor::TraverseStmt(stmt);
    parents.pop_back();
    return result;
  }

  bool VisitNamedDecl(NamedDecl *decl) {
    if (auto *identifier = decl->getIdentifier())
      markSeen(decl->getLocation(), identifier->getName());
    return true;
  }

  bool VisitVarDecl(VarDecl *decl) {
    // A definition needs the struct's size, so an opaque one has no form.
    const Fact *fact = opaqueStruct(decl->getType());
    if (!fact || isa<ParmVarDecl>(decl))
      return true;
    // `static PyTypeObject T;` ahead of the definition proper is none.
    if (decl->getDefinition() ? decl->getDefinition() != decl : decl->getActingDefinition() != decl)
      return true;
    StringRef name = fact->name;
    if (fact->usableAt(context.floor) && fact->isStruct())
      addGeneric(decl->getLocation(), decl->getName(), name,
                 ("definition of a " + StringRef(decl->hasGlobalStorage() ? "static " : "") + name +
                  ", which is opaque in " + context.floor.api())
                     .str(),
                 Use::Value,
                 name != "PyTypeObject" || !decl->hasGlobalStorage() ? "the Limited API only has pointers to it"
                 : decl->isStaticLocal() ? "a type inside of a function is not converted; move its definition out of it"
                                         : "make it a heap type: a PyType_Spec, and PyType_FromSpec when the module is "
                                           "initialised");
    return true;
  }

  bool VisitFieldDecl(FieldDecl *decl) {
    const Fact *fact = opaqueStruct(decl->getType());
    if (fact && decl->getIdentifier() && !isPythons(decl->getParent()))
      addGeneric(decl->getLocation(), decl->getName(), fact->name,
                 ("a struct holds a " + fact->name + ", which is opaque in " + context.floor.api()).str(),
                 Use::Value, "the Limited API only has pointers to it");
    return true;
  }

  bool VisitUnaryExprOrTypeTraitExpr(UnaryExprOrTypeTraitExpr *size) {
    if (!size->isArgumentType()) {
      sizeOfPointed(size);
      return true;
    }
    if (const Fact *fact = opaqueStruct(size->getArgumentType()))
      addGeneric(size->getArgumentTypeInfo()->getTypeLoc().getBeginLoc(), fact->name, fact->name,
                 ("the size of " + fact->name + " is not known in " + context.floor.api()).str(), Use::SizeOf,
                 "the Limited API only has pointers to it");
    return true;
  }

  bool VisitCallExpr(CallExpr *call) {
    StringRef name = calledName(call);
    if (name.empty())
      return true;
    auto *callee = cast<DeclRefExpr>(call->getCallee()->IgnoreParenImpCasts());
    auto rules = speakingOf(callee->getDecl(), context.rules->forCall(name));
    if (rules.empty())
      return true;
    // A function may have another number of arguments in newer versions: a rule for each.
    auto fits = [&](const Rule *rule) { return rule->args.size() == call->getNumArgs(); };
    if (any_of(rules, [&](const Rule *rule) { return rule->custom.empty() && fits(rule); }))
      erase_if(rules, [&](const Rule *rule) { return rule->custom.empty() && !fits(rule); });
    Site site = siteOf(call);
    for (const Expr *argument : call->arguments())
      site.args.push_back(argument->IgnoreParenImpCasts());
    tryRules(rules, site, callee->getBeginLoc(), name, name);
    return true;
  }

  bool VisitUnresolvedLookupExpr(UnresolvedLookupExpr *lookup) {
    if (lookup->getName().isIdentifier()) {
      StringRef name = lookup->getName().getAsIdentifierInfo()->getName();
      name.consume_front(NormalPrefix);
      markSeen(lookup->getNameLoc(), name);
    }
    return true;
  }

  bool VisitLambdaExpr(LambdaExpr *lambda) {
    // The instances of a generic lambda hang on its call operator.
    if (auto *pattern = lambda->getDependentCallOperator())
      for (FunctionDecl *instance : pattern->specializations())
        TraverseDecl(instance);
    return true;
  }

  bool VisitDeclRefExpr(DeclRefExpr *reference) {
    auto *decl = reference->getDecl();
    if (!decl->getDeclName().isIdentifier())
      return true;
    StringRef name = decl->getName();
    name.consume_front(NormalPrefix);
    markSeen(reference->getLocation(), name);
    if (!isPythons(decl)) {
      libcUses.add(reference->getLocation(), decl->getName(), decl);
      if (facts().find(name) && facts().lacking(name, context.floor) && isDeclaredByHand(decl))
        addGeneric(reference->getLocation(), name, name, describeLack(name, context.floor), Use::Value,
                   "it is declared here by hand, so the limited build says nothing; do without it, "
                   "or give it another name if a source of yours defines it");
      if (!hasPlace(reference->getLocation(), name))
        tryNameRules(reference->getLocation(), name, decl);
      return true;
    }
    if (useInTable(reference, name))
      return true;
    Site site = siteOf(reference);
    useName(site, reference->getLocation(), name);
    return true;
  }

  /// Py_None and its kin are calls under a limit from 3.13 on, and what is
  /// initialised before the program runs wants constants in C.
  bool useInTable(const DeclRefExpr *reference, StringRef name) {
    StringRef macro = StringSwitch<StringRef>(name)
                          .Case("_Py_NoneStruct", "Py_None")
                          .Case("_Py_TrueStruct", "Py_True")
                          .Case("_Py_FalseStruct", "Py_False")
                          .Case("_Py_EllipsisObject", "Py_Ellipsis")
                          .Case("_Py_NotImplementedStruct", "Py_NotImplemented")
                          .Default("");
    const Rule *rule = context.rules->forCustom("constant-in-table");
    if (!table || macro.empty() || !rule || context.floor.minor < 13 ||
        ast.getLangOpts().CPlusPlus || !spelling.token(reference->getLocation(), macro))
      return false;
    FileID level;
    auto finding = findingOf(*rule, reference->getLocation(), macro, level);
    if (!finding)
      return false;
    finding->reason = *rule->reasonFor(Use::Value, context.floor);
    markSeen(reference->getLocation(), macro);
    matches.add(std::move(*finding), level);
    return true;
  }

  bool VisitMemberExpr(MemberExpr *member) {
    auto *field = dyn_cast<FieldDecl>(member->getMemberDecl());
    if (!field || !field->getIdentifier())
      return true;
    StringRef name = field->getName();
    markSeen(member->getMemberLoc(), name);
    StringRef record = structNameOf(field->getParent());
    SmallVector<const Rule *, 2> mine;
    copy_if(speakingOf(field->getParent(), context.rules->forField(name)),
            std::back_inserter(mine),
            [&](const Rule *rule) { return rule->structName == record; });
    // PyObject_HEAD's members are spelled in Python's headers, but in a struct
    // of the user's they are the user's.
    if (!isPythons(field->getParent()) && mine.empty()) {
      if (!context.rules->forField(name).empty())
        noteOtherField(member, name);
      return true;
    }
    if (isPartOfOpaque(member))
      return true;
    Site site = siteOf(member);
    std::string symbol = (record + "." + name).str();
    if (isPartOfOuterUse(member, name, !mine.empty()))
      return true;
    if (mine.empty() && isOfRenamed(member))
      return true;
    SaveAndRestore together(group, pointersGroup(record));
    if (tryRules(mine, site, member->getMemberLoc(), name, name))
      return true;
    const Fact *fact = facts().find(record);
    if (!fact || !fact->memberUsableAt(name, context.floor))
      addGeneric(member->getMemberLoc(), name, symbol,
                 ("'" + name + "' of " + record + " is not part of " + context.floor.api()).str(),
                 site.use);
    return true;
  }

  bool VisitTypeLoc(TypeLoc type) {
    if (auto alias = type.getAs<TypedefTypeLoc>())
      useType(alias.getNameLoc(), declOf(alias));
    else if (auto tag = type.getAs<TagTypeLoc>())
      useType(tag.getNameLoc(), tag.getDecl());
    return true;
  }

  bool VisitDesignatedInitExpr(DesignatedInitExpr *init) {
    for (auto &designator : init->designators())
      if (designator.isFieldDesignator())
        if (auto *name = designator.getFieldName())
          markSeen(designator.getFieldLoc(), name->getName());
    return true;
  }

  /// Macros that the AST no longer shows.
  void useMacros(const PreprocessorFacts &facts_) {
    for (const MacroUse &text : facts_.stringised)
      if (auto spot = spelling.token(text.location, text.name))
        if (!patternPlaces.count({spelling.path(spot->file), spot->offset}))
          markSeen(text.location, text.name);
    for (const MacroUse &use : facts_.uses) {
      auto spot = spelling.token(use.location, use.name);
      if (!spot) { // pasted together, unless what it stands for was found there
        if (facts().lacking(use.name, context.floor))
          addGeneric(use.location, use.name, use.name, describeLack(use.name, context.floor), Use::Value);
        continue;
      }
      Place place{spelling.path(spot->file), spot->offset};
      if (use.own && !isOfCompat(use, place.first)) { // a macro of the user's that has the name
        markSeen(use.location, use.name);
        continue;
      }
      // In a template without an instance: left to the lexical net.
      if (patternPlaces.count(place) && !seen[place.first].count(place.second))
        continue;
      markSeen(use.location, use.name);
      libcUses.add(use.location, use.name, nullptr);
      if (matches.has(place))
        continue;
      if (tryNameRules(use.location, use.name))
        continue;
      if (!facts().lacking(use.name, context.floor))
        continue;
      if (!use.byName || !addByName(use.location, use.name))
        addGeneric(use.location, use.name, use.name, describeLack(use.name, context.floor), Use::Value);
    }
  }

  const std::set<Place> &otherFields() const { return otherFieldPlaces; }
  const std::set<Place> &spliced() const { return splicedPlaces; }

private:
  Site siteOf(const Expr *expr) {
    Site site{ast, spelling, context.floor};
    site.preprocessor = &preprocessor;
    site.function = function;
    site.expr = expr;
    // The visited expression itself lies on top.
    site.parents = parents;
    while (!site.parents.empty() && site.parents.back() == expr)
      site.parents = site.parents.drop_back();
    // A lambda's body is a function with ways out of its own.
    for (size_t i = 0; i + 1 < site.parents.size(); ++i)
      if (auto *lambda = dyn_cast<LambdaExpr>(site.parents[i]);
          lambda && lambda->getBody() == site.parents[i + 1])
        site.function = lambda->getCallOperator();
    classifyUse(site);
    return site;
  }

  /// A function or an object is Python's as well where the user declares it again,
  /// but not where the user defines it; a struct is whose header defines it.
  bool isPythons(const Decl *decl) const {
    if (auto *tag = dyn_cast<TagDecl>(decl))
      decl = tag->getDefinition() ? tag->getDefinition() : tag;
    if (!isa<FunctionDecl, VarDecl>(decl))
      return isInPythons(decl);
    auto *function = dyn_cast<FunctionDecl>(decl);
    if (const FunctionDecl *definition = function ? function->getDefinition() : nullptr)
      return isInPythons(definition);
    return any_of(decl->redecls(), [this](const Decl *each) { return isInPythons(each); });
  }

  bool isInPythons(const Decl *decl) const {
    SourceLocation location = sources.getSpellingLoc(decl->getLocation());
    // A name that a macro pastes together, such as PyDict_EVENT_ADDED.
    if (location.isValid() && sources.isWrittenInScratchSpace(location))
      location = sources.getExpansionLoc(decl->getLocation());
    if (location.isInvalid())
      return false;
    FileID file = sources.getFileID(location);
    auto [it, added] = pythonFiles.try_emplace(file);
    StringRef path = spelling.path(file);
    if (added)
      it->second = path.starts_with(NormalFolder) ||
                   (isInPythonFolder(path) && !spelling.isUsers(file));
    // A copy that does not compile under the limit will have to go: for all
    // other code, what it declares is Python's where that has it.
    return it->second || (isCompatHeader(path) && matches.hasIn(path.str()) &&
                          !(function && path == pathOf(function)));
  }

  /// The same for a macro; `file`: where it is used.
  bool isOfCompat(const MacroUse &use, StringRef file) const {
    SourceManager &sources = ast.getSourceManager();
    StringRef path = spelling.path(sources.getFileID(sources.getExpansionLoc(use.definition)));
    return isCompatHeader(path) && path != file && matches.hasIn(path.str());
  }

  StringRef pathOf(const Decl *decl) const {
    return spelling.path(sources.getFileID(sources.getExpansionLoc(decl->getLocation())));
  }

  /// Whether the user declares, without a body, what another object file has
  /// under a C name.
  bool isDeclaredByHand(const ValueDecl *decl) const {
    if (!spelling.isUsers(sources.getSpellingLoc(decl->getLocation())))
      return false;
    if (auto *function = dyn_cast<FunctionDecl>(decl))
      return !function->isDefined() && function->isExternC();
    auto *variable = dyn_cast<VarDecl>(decl);
    return variable && variable->isExternC() &&
           variable->hasDefinition() == VarDecl::DeclarationOnly;
  }

  /// A unit that does not reach Python.h has no such folder.
  bool isInPythonFolder(StringRef path) const {
    return !pythonFolder.empty() && path.starts_with(pythonFolder);
  }

  /// Those of the rules that speak of this declaration: of Python's headers,
  /// or of the header that they name.
  SmallVector<const Rule *, 2> speakingOf(const Decl *decl, ArrayRef<const Rule *> rules) const {
    SmallVector<const Rule *, 2> result;
    for (const Rule *rule : rules)
      if (rule->header.empty() ? isPythons(decl) : isDeclaredIn(decl, rule->header))
        result.push_back(rule);
    return result;
  }

  bool isDeclaredIn(const Decl *decl, StringRef header) const {
    SourceLocation location = sources.getSpellingLoc(decl->getLocation());
    StringRef path = location.isValid() ? spelling.path(sources.getFileID(location)) : StringRef();
    return endsWithPath(path, header);
  }

  bool hasPlace(SourceLocation location, StringRef name) const {
    auto spot = spelling.token(location, name);
    return spot && matches.has({spelling.path(spot->file), spot->offset});
  }

  bool isNearUsers(const Decl *decl) const {
    SourceLocation location = decl->getLocation();
    return location.isValid() &&
           spelling.isUsers(sources.getFileID(sources.getExpansionLoc(location)));
  }

  StringRef structNameOf(const RecordDecl *record) {
    auto [it, added] = structNames.try_emplace(record);
    if (added)
      it->second = structName(record);
    return it->second;
  }

  /// The fact of a struct of Python's that a type is, or is an array of, when
  /// the Limited API hides its content; else null.
  const Fact *opaqueStruct(QualType type) {
    auto *record = type->getBaseElementTypeUnsafe()->getAsRecordDecl();
    const Fact *fact = record && isPythons(record) ? facts().find(structNameOf(record)) : nullptr;
    return fact && fact->isOpaqueAt(context.floor) ? fact : nullptr;
  }

  /// A rule without `always` holds only where the floor lacks the name.
  bool holds(const Rule &rule, StringRef name) const {
    return rule.speaksAt(context.floor) && isFor(rule.target, context.floor) &&
           (rule.always || !facts().find(name) || facts().lacking(name, context.floor));
  }

  void markSeen(SourceLocation location, StringRef name) {
    if (!isInteresting(name, *context.rules, context.floor))
      return;
    auto spot = spelling.token(location, name);
    if (!spot)
      return;
    // A template's own code is judged in its instances, where types are known.
    if (inPattern)
      patternPlaces.insert({spelling.path(spot->file), spot->offset});
    else
      seen[spelling.path(spot->file)].insert(spot->offset);
  }

  std::optional<Finding> findingAt(SourceLocation location, StringRef token, FileID &level) {
    if (inPattern)
      return std::nullopt;
    auto spot = spelling.token(location, token);
    if (!spot)
      return pastedFinding(location, token, level);
    Finding finding;
    finding.file = spelling.path(spot->file);
    finding.range = {spot->offset, spot->offset + spot->length};
    if (spot->spliced)
      splicedPlaces.insert({finding.file, spot->offset});
    finding.inMacro = spot->inMacro;
    finding.inLoop = isRunAgain(location);
    finding.symbol = token.str();
    finding.group = group;
    level = spot->level;
    return finding;
  }

  /// Once the visit is over, only the text knows which loop holds a place.
  bool isRunAgain(SourceLocation location) const {
    return parents.empty() ? loops.contains(location, sources) : isInLoop(parents, ast);
  }

  std::optional<Finding> findingOf(const Rule &rule, SourceLocation location, StringRef token,
                                   FileID &level) {
    auto finding = findingAt(location, token, level);
    if (finding) {
      finding->rule = rule.id;
      finding->message = rule.title;
      if (rule.advice)
        finding->state = State::Advice;
    }
    return finding;
  }

  /// Whether a token comes from a macro that pastes it together, or from one
  /// of a header that is neither the user's nor Python's.
  bool isPastedOrForeign(SourceLocation location) const {
    bool inPythons = false; // in the body of a macro of Python's
    while (location.isMacroID()) {
      SourceLocation spelling = sources.getSpellingLoc(location);
      if (sources.isWrittenInScratchSpace(spelling)) {
        // What Py_RETURN_NONE stands for is no use, however its name was made.
        StringRef name(sources.getCharacterData(spelling),
                       Lexer::MeasureTokenLength(spelling, sources, ast.getLangOpts()));
        const Fact *fact = inPythons ? facts().find(name) : nullptr;
        return !fact || !fact->usableAt(context.floor);
      }
      if (sources.isMacroArgExpansion(location)) {
        location = sources.getImmediateSpellingLoc(location);
        continue;
      }
      StringRef path = this->spelling.path(sources.getFileID(spelling));
      inPythons |= isInPythonFolder(path);
      if (!isInPythonFolder(path) && !path.starts_with(NormalFolder) &&
          !this->spelling.isUsers(spelling))
        return true;
      location = sources.getImmediateExpansionRange(location).getBegin();
    }
    return false;
  }

  /// Such a name is reported where the outermost macro is used.
  std::optional<Finding> pastedFinding(SourceLocation location, StringRef token, FileID &level) {
    auto [file, offset] = sources.getDecomposedExpansionLoc(location);
    if (!location.isMacroID() || !spelling.isUsers(file))
      return std::nullopt;
    if (!isPastedOrForeign(location))
      return std::nullopt;
    Finding finding;
    finding.file = spelling.path(file);
    unsigned length = Lexer::MeasureTokenLength(sources.getExpansionLoc(location), sources,
                                                ast.getLangOpts());
    finding.range = {offset, offset + length};
    finding.inLoop = isRunAgain(location);
    finding.symbol = token.str();
    level = file;
    return finding;
  }

  /// Tries the rules in their order; true if one of them made a finding.
  bool tryRules(ArrayRef<const Rule *> rules, const Site &site, SourceLocation location,
                StringRef token, StringRef symbol) {
    for (const Rule *rule : rules) {
      if (!holds(*rule, symbol))
        continue;
      // A rule that fires at every floor is only about the uses that it names.
      if (rule->always && rule->custom.empty() && rule->kind != MatchKind::Field &&
          !rule->formFor(site.use, context.floor) && !namesUse(*rule, site.use, context.floor))
        continue;
      FileID level;
      auto finding = findingOf(*rule, location, token, level);
      if (!finding)
        continue;
      if (Judge judge = rule->custom.empty() ? nullptr : findJudge(rule->custom)) {
        if (!judge(site, *rule, *finding))
          continue;
      } else
        applyForms(site, *rule, *finding);
      // A judge may move a finding to another token; the rules that follow
      // speak of this one.
      auto spot = spelling.token(location, token);
      bool moved = spot && spot->offset != finding->range.begin;
      matches.add(std::move(*finding), level);
      if (!moved)
        return true;
    }
    return false;
  }

  /// A reason without uses speaks of those that no form covers; of all, in a
  /// rule that has no form.
  static bool namesUse(const Rule &rule, Use use, Floor floor) {
    return any_of(rule.reasons, [&](const Reason &reason) {
      return isFor(reason.target, floor) && (reason.uses.has(use) || (!reason.uses.bits && rule.forms.empty()));
    });
  }

  /// `decl` null: a macro, which is by its name alone.
  bool tryNameRules(SourceLocation location, StringRef name, const Decl *decl = nullptr) {
    ArrayRef<const Rule *> rules = context.rules->forName(name);
    for (const Rule *rule : decl ? speakingOf(decl, rules) : SmallVector<const Rule *, 2>(rules)) {
      if (!holds(*rule, name))
        continue;
      FileID level;
      auto finding = findingOf(*rule, location, name, level);
      if (!finding)
        continue;
      applyRename(*rule, location, name, *finding);
      matches.add(std::move(*finding), level);
      return true;
    }
    return false;
  }

  void applyRename(const Rule &rule, SourceLocation location, StringRef name, Finding &finding) {
    auto spot = spelling.token(location, name);
    if (!spot) {
      finding.reason = "its name comes out of a macro that pastes it together or that is not the "
                       "project's";
      return;
    }
    for (const Form &form : rule.forms) {
      const std::string *to = lookup(form.rename, name);
      if (!form.holdsAt(context.floor) || (form.rename.size() && !to))
        continue;
      Rewrite rewrite;
      rewrite.file = finding.file;
      rewrite.extent = finding.range;
      rewrite.to = to ? *to : form.to;
      // What goes away takes the white space behind it along.
      if (rewrite.to.empty())
        rewrite.extent.end += spelling.text(spot->file).substr(rewrite.extent.end)
                                  .take_while([](char c) { return c == ' ' || c == '\t'; })
                                  .size();
      finding.rewrites.push_back(rewrite);
      finding.safety = form.safety ? lower(rule.safety, *form.safety) : rule.safety;
      return;
    }
    const std::string *reason = rule.reasonFor(Use::Value, context.floor);
    finding.reason = reason ? *reason : "no form of rule '" + rule.id + "' holds at this floor";
  }

  /// A function, object or enumerator of Python's, by name.
  void useName(const Site &site, SourceLocation location, StringRef name) {
    if (hasPlace(location, name))
      return;
    // The call around it is visited first and has matched where it could.
    if (tryNameRules(location, name, cast<DeclRefExpr>(site.expr)->getDecl()))
      return;
    const Fact *fact = facts().find(name);
    if (fact && fact->usableAt(context.floor))
      return;
    if (!addByName(location, name, cast<DeclRefExpr>(site.expr)->getDecl()))
      addGeneric(location, name, name, describeLack(name, context.floor), site.use);
  }

  /// What a rule replaces where it is called. Of rules for several numbers of arguments, as a function has them in
  /// several versions, the one for this version's.
  bool addByName(SourceLocation location, StringRef name, const NamedDecl *decl = nullptr) {
    const Rule *rule = context.rules->forAnyUse(name, context.floor);
    if (auto *function = dyn_cast_or_null<FunctionDecl>(decl); function && rule && rule->kind == MatchKind::Call)
      for (const Rule *other : context.rules->forCall(name))
        if (other->kind == MatchKind::Call && other->args.size() == function->getNumParams())
          rule = other;
    FileID level;
    auto finding = rule ? findingOf(*rule, location, name, level) : std::nullopt;
    if (!finding)
      return false;
    finding->reason = "it is not called here but used by name; wrap the replacement in a "
                      "function of your own";
    matches.add(std::move(*finding), level);
    return true;
  }

  void useType(SourceLocation location, const NamedDecl *decl) {
    if (!decl->getIdentifier())
      return;
    StringRef name = decl->getName();
    markSeen(location, name);
    auto rules = speakingOf(decl, context.rules->forType(name));
    if (!isPythons(decl) && rules.empty()) {
      libcUses.add(location, name, decl);
      return;
    }
    const Fact *fact = facts().find(name);
    if (auto *record = dyn_cast<RecordDecl>(decl); !fact && record)
      fact = facts().find(structNameOf(record));
    bool usable = fact && fact->usableAt(context.floor);
    for (const Rule *rule : rules) {
      if ((usable && !rule->always) || !isFor(rule->target, context.floor))
        continue;
      FileID level;
      auto finding = findingOf(*rule, location, name, level);
      if (!finding)
        return;
      applyRename(*rule, location, name, *finding);
      if (rule->pointers)
        keepPointers(location, *finding);
      matches.add(std::move(*finding), level);
      return;
    }
    if (!usable)
      addGeneric(location, name, name, describeLack(name, context.floor), Use::Value);
  }

  /// What is renamed behind pointers is renamed with all its members, or not at all.
  std::string pointersGroup(StringRef record) const {
    bool pointers = any_of(context.rules->forType(record),
                           [](const Rule *rule) { return rule->pointers; });
    return pointers ? ("struct " + record).str() : "";
  }

  /// The struct itself, as a variable or for its size, has no other name.
  void keepPointers(SourceLocation location, Finding &finding) {
    finding.group = pointersGroup(finding.symbol);
    auto spot = spelling.token(location, finding.symbol);
    if (!spot || spelling.text(spot->file).substr(finding.range.end).ltrim().starts_with("*"))
      return;
    finding.rewrites.clear();
    finding.safety = Safety::Manual;
    finding.reason = "only a pointer to it can be declared otherwise";
  }

  /// sizeof(*pointer), which compiles for the other type as well.
  void sizeOfPointed(const UnaryExprOrTypeTraitExpr *size) {
    const RecordDecl *record = size->getArgumentExpr()->getType()->getAsRecordDecl();
    std::string name = record ? structNameOf(record).str() : "";
    SaveAndRestore together(group, pointersGroup(name));
    if (!group.empty() && isPythons(record))
      addGeneric(size->getOperatorLoc(), "sizeof", name,
                 "the size of " + name + " is not known in the Limited API", Use::SizeOf,
                 "the Limited API only has pointers to it");
  }

  void addGeneric(SourceLocation location, StringRef token, StringRef symbol,
                  const std::string &message, Use use,
                  const std::string &reason = "no rule knows a replacement") {
    FileID level;
    auto finding = findingAt(location, token, level);
    if (!finding || matches.has({finding->file, finding->range.begin}))
      return;
    finding->rule = NoRule.str();
    finding->symbol = symbol.str();
    finding->message = message;
    finding->use = use;
    finding->reason = reason;
    matches.add(std::move(*finding), level);
  }

  /// o->long_value.ob_digit: the outer member is the use, not what lies in it.
  bool isPartOfOpaque(const MemberExpr *member) {
    auto *outer = dyn_cast<MemberExpr>(member->getBase()->IgnoreParenImpCasts());
    auto *field = outer ? dyn_cast<FieldDecl>(outer->getMemberDecl()) : nullptr;
    if (!field || member->isArrow() || !field->getIdentifier() || !isPythons(field->getParent()))
      return false;
    const Fact *fact = facts().find(structNameOf(field->getParent()));
    return !fact || !fact->memberUsableAt(field->getName(), context.floor);
  }

  /// The member access of Python's that reaches its struct through `inner`.
  const MemberExpr *outerMember(const Expr *inner) const {
    const Stmt *child = inner;
    auto at = find(reverse(parents), inner);
    for (const Stmt *parent : make_range(at == parents.rend() ? parents.rbegin() : at + 1, parents.rend())) {
      if (parent == inner)
        continue;
      if (isa<ParenExpr, ImplicitCastExpr>(parent)) {
        child = parent;
        continue;
      }
      auto *outer = dyn_cast<MemberExpr>(parent);
      auto *field = outer && outer->getBase() == child
                        ? dyn_cast<FieldDecl>(outer->getMemberDecl())
                        : nullptr;
      return field && field->getIdentifier() && isPythons(field) ? outer : nullptr;
    }
    return nullptr;
  }

  /// PyDateTimeAPI->DateType, where what replaces PyDateTimeAPI has the same members.
  bool isOfRenamed(const MemberExpr *member) {
    auto *object = dyn_cast<DeclRefExpr>(member->getBase()->IgnoreParenImpCasts());
    if (!object || !object->getDecl()->getDeclName().isIdentifier())
      return false;
    StringRef name = object->getDecl()->getName();
    return spelling.token(object->getLocation(), name) &&
           any_of(speakingOf(object->getDecl(), context.rules->forName(name)),
                  [&](const Rule *rule) {
                    return holds(*rule, name) && any_of(rule->forms, [&](const Form &form) {
                             return form.holdsAt(context.floor) && lookup(form.rename, name);
                           });
                  });
  }

  /// Whether a rule takes `name` and the member behind it together.
  bool isViaOf(const MemberExpr *outer, StringRef name) {
    auto *field = cast<FieldDecl>(outer->getMemberDecl());
    StringRef record = structNameOf(field->getParent());
    return any_of(context.rules->forField(field->getName()), [&](const Rule *rule) {
      return rule->structName == record && rule->via == name;
    });
  }

  /// o->ob_type->tp_name: where the member of the opaque type has no
  /// replacement, that is the use. t->tp_as_number->nb_add: the replacement
  /// takes both members.
  bool isPartOfOuterUse(const MemberExpr *member, StringRef name, bool hasRule) {
    const MemberExpr *outer = outerMember(member);
    if (!outer)
      return false;
    if (isViaOf(outer, name))
      return true;
    StringRef outerName = outer->getMemberDecl()->getName();
    const Fact *fact = facts().find(
        structNameOf(cast<FieldDecl>(outer->getMemberDecl())->getParent()));
    if (!hasRule || !fact || fact->opacity != "opaque")
      return false;
    if (const MemberExpr *whole = outerMember(outer); whole && isViaOf(whole, outerName)) {
      outer = whole;
      outerName = whole->getMemberDecl()->getName();
    }
    auto spot = spelling.token(outer->getMemberLoc(), outerName);
    return !spot || !matches.hasEdit({spelling.path(spot->file), spot->offset});
  }

  /// `#define TYPE(o) ((o)->ob_type)` may be expanded for other structs too, and
  /// a template may have an instance for them.
  void noteOtherField(const MemberExpr *member, StringRef name) {
    if (auto spot = spelling.token(member->getMemberLoc(), name))
      otherFieldPlaces.insert({spelling.path(spot->file), spot->offset});
  }

  ASTContext &ast;
  SourceManager &sources;
  const Spelling &spelling;
  const MatchContext &context;
  const std::string &pythonFolder;
  const PreprocessorFacts &preprocessor;
  Matches &matches;
  SeenTokens &seen;
  LibcUses &libcUses;
  const FunctionDecl *function = nullptr;
  const VarDecl *table = nullptr; ///< whose initialiser it stands in, if that is static
  bool inPattern = false; ///< in a template, not in an instance of it
  std::string group; ///< of the findings that are made
  std::set<Place> patternPlaces;
  SmallVector<const Stmt *, 64> parents;
  LoopRanges loops;
  mutable DenseMap<FileID, bool> pythonFiles;
  DenseMap<const RecordDecl *, StringRef> structNames;
  std::set<Place> otherFieldPlaces, splicedPlaces;
};

} // namespace

std::vector<Finding> matchAst(ASTContext &ast, const Spelling &spelling,
                              const MatchContext &context, const std::string &pythonFolder,
                              const PreprocessorFacts &preprocessor, SeenTokens &seen,
                              LibcUses &libcUses) {
  Matches matches;
  Visitor visitor(ast, spelling, context, pythonFolder, preprocessor, matches, seen, libcUses);
  visitor.TraverseDecl(ast.getTranslationUnitDecl());
  visitor.useMacros(preprocessor);
  auto giveUp = [](Finding &finding, const char *reason) {
    finding.rewrites.clear();
    finding.safety = Safety::Manual;
    finding.reason = reason;
  };
  for (Finding &finding : matches.list) {
    Place place{finding.file, finding.range.begin};
    if (visitor.otherFields().count(place))
      giveUp(finding, finding.inMacro
                          ? "other expansions of this macro reach a member of another struct"
                          : "other instances of this template reach a member of another struct");
    if (visitor.spliced().count(place))
      giveUp(finding, "a line splice cuts the name in two; join it, and run again");
  }
  return std::move(matches.list);
}

} // namespace abi3ify
