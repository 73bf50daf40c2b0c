// Finds the static type objects of a unit and every mention of them.
#include "abi3ify/static-types.h"
#include "abi3ify/local-files.h"
#include "abi3ify/facts.h"
#include "abi3ify/heap-type-specs.h"
#include "abi3ify/site.h"
#include "abi3ify/text-lexer.h"
#include "abi3ify/type-frees.h"
#include "abi3ify/type-functions.h"
#include "clang/AST/ExprCXX.h"
#include "clang/AST/RecursiveASTVisitor.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

/// Collects the project's static type objects: those of files and namespaces
/// with their definitions, and `extern PyTypeObject T;` in functions.
struct Collector : RecursiveASTVisitor<Collector> {
  explicit Collector(TypeSurvey &survey) : survey(survey) {}
  bool VisitVarDecl(VarDecl *decl) {
    bool local = decl->isLocalExternDecl();
    if ((!local && !decl->isFileVarDecl()) || decl->getLexicalDeclContext()->isRecord() ||
        !isTypeObject(decl->getType()) || !isUsers(survey.ast, survey.spelling, decl))
      return true;
    StaticType &type = survey.types[decl->getCanonicalDecl()];
    if (!type.canonical) {
      type.canonical = decl->getCanonicalDecl();
      type.definition = decl->getDefinition();
    }
    if (!type.definition) // `PyTypeObject T;` behind an extern one
      type.definition = decl->getActingDefinition();
    if (!local && decl != type.definition)
      type.declarations.push_back(decl);
    return true;
  }
  TypeSurvey &survey;
};

/// Fills what is known of a type before its uses are.
void begin(TypeSurvey &survey, StaticType &type) {
  const VarDecl *variable = type.definition ? type.definition : type.canonical;
  type.part.name = variable->getName();
  auto spot = survey.spelling.token(variable->getLocation(), variable->getName());
  SourceManager &sources = survey.ast.getSourceManager();
  auto [file, offset] = sources.getDecomposedExpansionLoc(type.canonical->getLocation());
  type.part.key = variable->hasExternalFormalLinkage()
                      ? variable->getQualifiedNameAsString()
                      : survey.spelling.path(file) + ":" + std::to_string(offset);
  type.part.ties.insert("type:" + type.part.key);
  if (!type.definition)
    return;
  type.part.defined = true;
  if (auto main = sources.getFileEntryRefForID(sources.getMainFileID());
      main && !variable->hasExternalFormalLinkage())
    type.part.unit = main->getName().str();
  if (auto *outer = dyn_cast<LinkageSpecDecl>(variable->getLexicalDeclContext());
      outer && !outer->hasBraces())
    survey.block(type, variable->getLocation(),
                 "extern \"C\" stands in front of it, without braces");
  std::tie(file, offset) = sources.getDecomposedExpansionLoc(variable->getLocation());
  type.part.file = survey.spelling.path(file);
  type.part.range = spot ? Range{spot->offset, spot->offset + spot->length}
                         : Range{offset, offset + 1};
}

/// `extern PyTypeObject T;` declares a pointer from now on.
void convertDeclarations(TypeSurvey &survey, StaticType &type) {
  for (const VarDecl *declaration : type.declarations) {
    auto spot = survey.spelling.token(declaration->getLocation(), declaration->getName());
    if (!spot || spot->inMacro) {
      survey.block(type, declaration->getLocation(), "a macro declares it");
      continue;
    }
    Rewrite rewrite;
    rewrite.file = survey.spelling.path(spot->file);
    rewrite.extent = {spot->offset, spot->offset};
    rewrite.to = "*";
    if (!type.access.empty()) {
      auto range = survey.spelling.range(declaration->getBeginLoc(), declaration->getEndLoc());
      StringRef text = survey.spelling.text(spot->file);
      auto end = range ? behindSemicolon(text, range->range.end) : std::nullopt;
      if (!end) {
        survey.block(type, declaration->getLocation(), "it is declared with something else");
        continue;
      }
      rewrite.extent = withLines(text, {range->range.begin, *end});
      rewrite.anew = true;
      rewrite.to = "";
    }
    type.part.rewrites.push_back(rewrite);
  }
}

/// Members that are set here, of a type that another unit defines.
void giveAssignments(TypeSurvey &survey, StaticType &type) {
  for (const FieldAssignment &field : type.assignments) {
    const Expr *value = field.assignment->getRHS();
    const FunctionDecl *function = functionOf(value);
    const DeclRefExpr *object = addressOfVariable(value);
    const NamedDecl *named = function ? function : object ? object->getDecl() : nullptr;
    auto literal = survey.spelling.range(value->getBeginLoc(), value->getEndLoc());
    StringRef member = field.field->getName();
    const Fact *slot = facts().find("Py_" + member.str());
    // What these do is looked at with the definition.
    bool hasSlot = member != "tp_dealloc" && member != "tp_traverse" &&
                   (member == "tp_base" || (slot && slot->usableAt(survey.context.floor)));
    if (!hasSlot)
      survey.block(type, field.assignment->getBeginLoc(),
                   "'" + member + "' is set in another unit than the one that defines the type");
    else if (isa<clang::StringLiteral>(bare(value)) && literal && !literal->inMacro)
      type.part.assigned.emplace_back(
          member, survey.spelling.text(literal->file)
                                      .slice(literal->range.begin, literal->range.end));
    else if (!named || isUsers(survey.ast, survey.spelling, named))
      survey.block(type, field.assignment->getBeginLoc(),
                   "'" + member + "' is set in another unit than the one that defines the type, to "
                                  "what only that unit may know");
    else
      type.part.assigned.emplace_back(member, (object ? "&" : "") + named->getName().str());
  }
}

/// Behind a declaration of the type one of its spec.
std::optional<Rewrite> declareSpec(const TypeSurvey &survey, const VarDecl &declaration,
                                   StringRef storage) {
  auto spot = survey.spelling.token(declaration.getLocation(), declaration.getName());
  StringRef text = spot ? survey.spelling.text(spot->file) : StringRef();
  size_t end = spot && !spot->inMacro ? text.find(';', spot->offset) : StringRef::npos;
  if (end == StringRef::npos)
    return std::nullopt;
  Rewrite rewrite;
  rewrite.file = survey.spelling.path(spot->file);
  rewrite.extent = {unsigned(end) + 1, unsigned(end) + 1};
  rewrite.to = (newlineOf(text) + storage + " PyType_Spec " + declaration.getName() + "_spec;").str();
  return rewrite;
}

/// PyType_Ready(&T) makes the type.
void convertReadies(TypeSurvey &survey, StaticType &type) {
  const std::string &name = type.part.name;
  for (TypePart::Ready &ready : type.part.readies) {
    if (!ready.plain.empty()) // a struct sequence's
      continue;
    Rewrite rewrite;
    rewrite.file = ready.file;
    rewrite.extent = ready.extent;
    rewrite.anew = true;
    rewrite.sharedRank = ready.rank;
    std::string spec;
    auto add = [&](std::vector<Rewrite> &list, const std::string &function,
                   const std::string &base) {
      rewrite.to = ready.before + function + ", &" + spec + base + ")" + ready.behind;
      list.push_back(rewrite);
    };
    std::string base = ", " + TypePart::BaseMark.str();
    const std::string &pointer = ready.parameter.empty() ? name : ready.parameter;
    spec = ready.parameter.empty() ? name + "_spec" : ready.parameter + "##_spec";
    if (!type.access.empty()) {
      std::string function = "limited_module_type_ready(" + type.module + ", &" + type.access;
      add(ready.plain, function, ", NULL");
      add(ready.derived, function, base);
      continue;
    }
    if (!type.part.metaText.empty()) {
      std::string function = "limited_metatype_ready(&" + pointer;
      add(ready.plain, function, ", " + type.part.metaText + ", NULL");
      add(ready.derived, function, ", " + type.part.metaText + base);
      continue;
    }
    add(ready.plain, "limited_type_ready(&" + pointer, "");
    add(ready.derived, "limited_subtype_ready(&" + pointer, base);
  }
  if (type.part.readies.empty() || type.isSequence)
    return;
  if (!type.definition) {
    for (const VarDecl *declaration : type.declarations)
      if (auto rewrite = declareSpec(survey, *declaration, "extern"))
        type.part.externs.push_back(*rewrite);
    return;
  }
  // It is readied above its definition. C++ knows no such declaration.
  bool early = any_of(type.part.readies, [&](const TypePart::Ready &ready) {
    return ready.file == type.part.file && ready.extent.begin < type.part.range.begin;
  });
  if (!early || survey.ast.getLangOpts().CPlusPlus || type.declarations.empty())
    return;
  if (auto rewrite = declareSpec(survey, *type.declarations.front(), "static"))
    type.part.rewrites.push_back(*rewrite);
}

/// Names of types in code that this unit does not compile: in other branches,
/// and in macros that nothing expands.
void findLooseTokens(TypeSurvey &survey) {
  SourceManager &sources = survey.ast.getSourceManager();
  std::map<StringRef, StaticType *> byName;
  for (auto &[key, type] : survey.types)
    byName[type.part.name] = &type;
  if (byName.empty())
    return;
  std::set<std::string> looked;
  for (FileID file : localFiles(sources)) {
    std::string path = survey.spelling.path(file);
    if (!survey.spelling.isUsers(file) || !looked.insert(path).second)
      continue;
    StringRef text = survey.spelling.text(file);
    auto skipped = survey.preprocessor.skipped.find(path);
    auto isSkipped = [&](unsigned offset) {
      return skipped != survey.preprocessor.skipped.end() &&
             any_of(skipped->second, [&](Range range) {
               return range.begin <= offset && offset < range.end;
             });
    };
    TextLexer lexer(text);
    unsigned directive = 0; // the end of the #define that we are in
    unsigned ampersand = 0; // the end of an &
    bool unary = false;
    tok::TokenKind last = tok::unknown;
    while (const Token *token = lexer.next()) {
      unsigned end = lexer.end(), begin = lexer.begin();
      if (lexer.isHash())
        directive = directiveEnd(text, begin);
      if (token->is(tok::amp)) {
        unary = !tok::isAnyIdentifier(last) && last != tok::raw_identifier &&
                last != tok::r_paren && last != tok::r_square && last != tok::numeric_constant;
        ampersand = end;
      }
      last = token->getKind();
      auto type = byName.find(lexer.name());
      if (type == byName.end() || (begin >= directive && !isSkipped(begin)))
        continue;
      TypePlace place{path, begin, ""};
      place.inMacro = begin < directive && !isSkipped(begin);
      // &T, as an argument or the like: it means the same where nothing compiles it.
      place.ampersand = ampersand == begin && unary &&
                        !StringRef(".[-").contains(text.substr(end).ltrim(" \t").take_front(1));
      type->second->part.loose.push_back(place);
    }
  }
}

} // namespace

ArrayRef<FieldAssignment> TypeSurvey::fillsOf(const Expr *address) const {
  const DeclRefExpr *named = addressOfVariable(address);
  auto *table = named ? dyn_cast<VarDecl>(named->getDecl()) : nullptr;
  auto fills = table ? tableFills.find(table->getCanonicalDecl()) : tableFills.end();
  return fills == tableFills.end() ? ArrayRef<FieldAssignment>() : ArrayRef(fills->second);
}

bool isUsers(const ASTContext &ast, const Spelling &spelling, const Decl *decl) {
  const SourceManager &sources = ast.getSourceManager();
  SourceLocation location = sources.getExpansionLoc(decl->getLocation());
  return location.isValid() && spelling.isUsers(sources.getFileID(location));
}

std::vector<Decl *> usersDecls(const ASTContext &ast, const Spelling &spelling) {
  std::vector<Decl *> decls;
  // Those of a precompiled header are others', and are not loaded.
  copy_if(ast.getTranslationUnitDecl()->noload_decls(), std::back_inserter(decls),
          [&](const Decl *decl) { return isUsers(ast, spelling, decl); });
  return decls;
}

bool isTypeObject(QualType type) {
  auto *record = type->getAsRecordDecl();
  return record && structName(record) == "PyTypeObject";
}

StaticType *TypeSurvey::find(const Decl *decl) {
  auto *variable = dyn_cast_or_null<VarDecl>(decl);
  auto found = variable ? types.find(variable->getCanonicalDecl()) : types.end();
  return found == types.end() ? nullptr : &found->second;
}

void TypeSurvey::block(StaticType &type, SourceLocation location, const Twine &reason) const {
  auto [file, offset] = ast.getSourceManager().getDecomposedExpansionLoc(location);
  type.part.blockers.push_back({spelling.path(file), offset, reason.str()});
}

const FunctionDecl *functionOf(const Expr *expr) {
  expr = bare(expr);
  if (auto *address = dyn_cast<UnaryOperator>(expr); address && address->getOpcode() == UO_AddrOf)
    expr = bare(address->getSubExpr());
  auto *reference = dyn_cast<DeclRefExpr>(expr);
  return reference ? dyn_cast<FunctionDecl>(reference->getDecl()) : nullptr;
}

bool isNull(const Expr *value, ASTContext &ast) {
  value = value->IgnoreParenCasts();
  if (value->isValueDependent())
    return false;
  if (isa<ImplicitValueInitExpr>(value))
    return true;
  Expr::EvalResult result;
  if (value->getType()->isIntegerType() && value->EvaluateAsInt(result, ast))
    return result.Val.getInt() == 0;
  return value->isNullPointerConstant(ast, Expr::NPC_ValueDependentIsNotNull) !=
         Expr::NPCK_NotNull;
}

bool takesFlags(const Expr *value) {
  auto *op = dyn_cast<BinaryOperator>(value->IgnoreImplicit());
  return bindsTightly(value) || (op && op->getOpcode() == BO_Or);
}

std::string moduleName(const ASTContext &ast) {
  std::string found;
  std::vector<const Decl *> variables;
  for (const Decl *decl : ast.getTranslationUnitDecl()->noload_decls()) {
    variables.push_back(decl);
    if (auto *function = dyn_cast<FunctionDecl>(decl); function && function->hasBody())
      variables.insert(variables.end(), function->decls_begin(), function->decls_end());
  }
  for (const Decl *decl : variables) {
    auto *module = dyn_cast<VarDecl>(decl);
    auto *record = module ? module->getType()->getAsRecordDecl() : nullptr;
    if (!record || structName(record) != "PyModuleDef")
      continue;
    for (const auto [field, value] : givenMembers(module->getInit())) {
      auto *literal = field->getName() == "m_name"
                          ? dyn_cast<clang::StringLiteral>(value->IgnoreParenImpCasts())
                          : nullptr;
      if (!literal)
        continue;
      if (!found.empty())
        return {};
      found = literal->getString().str();
    }
  }
  return found;
}

const DeclRefExpr *addressOfVariable(const Expr *expr) {
  auto *address = dyn_cast<UnaryOperator>(bare(expr));
  return address && address->getOpcode() == UO_AddrOf
             ? dyn_cast<DeclRefExpr>(address->getSubExpr()->IgnoreParenImpCasts())
             : nullptr;
}

std::optional<SpelledRange> statementRange(const Spelling &spelling, const Stmt *stmt) {
  auto range = spelling.range(stmt->getBeginLoc(), stmt->getEndLoc());
  if (!range || range->inMacro)
    return std::nullopt;
  auto end = behindSemicolon(spelling.text(range->file), range->range.end);
  if (!end)
    return std::nullopt;
  range->range.end = *end;
  return range;
}

bool removeStatement(const TypeSurvey &survey, StaticType &type, const Stmt *stmt) {
  auto range = statementRange(survey.spelling, stmt);
  if (!range)
    return false;
  Rewrite rewrite;
  rewrite.file = survey.spelling.path(range->file);
  rewrite.extent = withLines(survey.spelling.text(range->file), range->range);
  rewrite.anew = true;
  type.part.rewrites.push_back(rewrite);
  return true;
}

std::vector<std::pair<const FieldDecl *, const Expr *>> givenMembers(const Expr *expr) {
  // A lambda in it makes it a full expression.
  auto *init = dyn_cast_or_null<InitListExpr>(expr ? expr->IgnoreImplicit() : nullptr);
  if (init && init->isSyntacticForm() && init->getSemanticForm())
    init = init->getSemanticForm();
  auto *record = init ? init->getType()->getAsRecordDecl() : nullptr;
  std::vector<std::pair<const FieldDecl *, const Expr *>> members;
  if (record)
    for (const auto [field, value] : zip(record->fields(), init->inits()))
      if (value && !isa<ImplicitValueInitExpr>(value))
        members.emplace_back(field, value);
  return members;
}

const RecordDecl *structOfSize(const Expr *expr) {
  auto *size = dyn_cast<UnaryExprOrTypeTraitExpr>(bare(expr));
  return size && size->getKind() == UETT_SizeOf ? size->getTypeOfArgument()->getAsRecordDecl()
                                                : nullptr;
}

const RecordDecl *instanceStruct(const StaticType &type) {
  for (const auto [field, value] :
       givenMembers(type.definition ? type.definition->getInit() : nullptr))
    if (field->getName() == "tp_basicsize")
      return structOfSize(value);
  return nullptr;
}

const Expr *baseOf(const StaticType &type) {
  for (const FieldAssignment &assigned : type.assignments)
    if (assigned.field->getName() == "tp_base")
      return assigned.assignment->getRHS();
  for (const auto [field, value] :
       givenMembers(type.definition ? type.definition->getInit() : nullptr))
    if (field->getName() == "tp_base")
      return value;
  return nullptr;
}

const FunctionDecl *slotFunction(const StaticType &type, StringRef slot) {
  for (const auto [field, value] :
       givenMembers(type.definition ? type.definition->getInit() : nullptr))
    if (field->getName() == slot)
      return functionOf(value);
  return nullptr;
}

std::string functionTie(const TypeSurvey &survey, const FunctionDecl *function) {
  if (function->hasExternalFormalLinkage())
    return "function:" + function->getQualifiedNameAsString();
  return "function:" + survey.spelling.place(function->getCanonicalDecl()->getLocation());
}

/// Types that share a function which releases or visits their type, or a table of
/// slots, are converted together or not at all: also one that cannot be.
static void tieShared(const TypeSurvey &survey, StaticType &type) {
  auto tie = [&](StringRef slot, const Expr *value) {
    const FunctionDecl *function = functionOf(value);
    const DeclRefExpr *table = addressOfVariable(value);
    if (function && (slot == "tp_dealloc" || slot == "tp_traverse"))
      type.part.ties.insert(functionTie(survey, function));
    else if (table && slot.starts_with("tp_as_"))
      type.part.ties.insert("table:" + type.part.file + ":" + table->getDecl()->getName().str());
  };
  for (const auto [field, value] :
       givenMembers(type.definition ? type.definition->getInit() : nullptr))
    tie(field->getName(), value);
  for (const FieldAssignment &assigned : type.assignments)
    tie(assigned.field->getName(), assigned.assignment->getRHS());
}

/// Takes over what is to be edited in a function of a type, or what forbids it.
static void convertFunction(TypeSurvey &survey, StaticType &type, const FunctionDecl *function,
                            StringRef slot) {
  auto [file, offset] =
      survey.ast.getSourceManager().getDecomposedExpansionLoc(function->getLocation());
  auto end = survey.ast.getSourceManager().getDecomposedExpansionLoc(function->getEndLoc()).second;
  auto skipped = survey.preprocessor.skipped.find(survey.spelling.path(file));
  StringRef text = survey.spelling.text(file);
  if (skipped != survey.preprocessor.skipped.end())
    for (Range range : skipped->second)
      if (StringRef branch = text.slice(range.begin, range.end);
          offset <= range.begin && range.end <= end &&
          (branch.contains("ree(") || branch.contains("_Del(") || branch.contains("tp_free")))
        survey.block(type, function->getLocation(),
                     "a branch of its " + slot + " that is not compiled frees the object, too");
  auto isBases = [&](const FunctionDecl *callee) {
    for (const auto &[key, other] : survey.types) {
      const FunctionDecl *theirs = slotFunction(other, slot);
      if (theirs && theirs->getCanonicalDecl() == callee->getCanonicalDecl()) {
        type.part.ties.insert("type:" + other.part.key);
        return true;
      }
    }
    return false;
  };
  auto ownerOfSlot = [&](const MemberExpr *member) {
    const Expr *base = baseOf(type);
    auto *named = dyn_cast<DeclRefExpr>(bare(member->getBase()));
    if (!base || !named)
      return SlotOwner::Unknown;
    if (const StaticType *other = survey.find(named->getDecl())) {
      const FunctionDecl *theirs = slotFunction(*other, slot);
      return theirs && isBases(theirs) ? SlotOwner::Bases : SlotOwner::Unknown;
    }
    // PyList_Type.tp_dealloc(self), which PyType_GetSlot knows from 3.10 on.
    if (survey.context.floor.minor < 10)
      return SlotOwner::Unknown;
    auto *own = addressOfVariable(base);
    bool same = isBuiltinException(named)
                    ? isBuiltinException(base)
                    : own && own->getDecl()->getCanonicalDecl() == named->getDecl()->getCanonicalDecl();
    return same ? SlotOwner::Builtin : SlotOwner::Unknown;
  };
  FunctionEdits edits =
      slot == "tp_dealloc"
          ? releaseType(survey.ast, survey.spelling, function, isBases, /*throughSlot=*/true,
                        ownerOfSlot)
          : visitType(survey.ast, survey.spelling, function, isBases, ownerOfSlot);
  for (const FunctionEdits::Problem &problem : edits.problems)
    survey.block(type, problem.location, problem.reason);
  append_range(type.part.rewrites, edits.rewrites);
}

void convertDealloc(TypeSurvey &survey, StaticType &type, const FunctionDecl *function) {
  convertFunction(survey, type, function, "tp_dealloc");
}

void convertTraverse(TypeSurvey &survey, StaticType &type, const FunctionDecl *function) {
  // On 3.8 the interpreter itself counts the type for its subclasses.
  if (survey.context.floor.minor >= 9)
    convertFunction(survey, type, function, "tp_traverse");
}

std::vector<TypePart> surveyTypes(ASTContext &ast, const Spelling &spelling,
                                  const MatchContext &context,
                                  const PreprocessorFacts &preprocessor) {
  TypeSurvey survey{ast, spelling, context, preprocessor};
  std::vector<Decl *> decls = usersDecls(ast, spelling);
  Collector collector(survey);
  for (Decl *decl : decls)
    collector.TraverseDecl(decl);
  std::vector<TypePart> parts = surveyEmbedders(survey, decls);
  if (auto tests = findHeapTypeTests(survey, decls); !tests.empty()) {
    TypePart &part = parts.emplace_back();
    part.key = TypePart::OfAllTypes.str();
    part.blockers = std::move(tests);
  }
  if (survey.types.empty())
    return parts;
  for (auto &[key, type] : survey.types)
    begin(survey, type);
  findStructSequences(survey, decls);
  findTypeUses(survey, decls);
  findLooseTokens(survey);
  if (context.moduleState)
    placeInModuleState(survey);
  for (auto &[key, type] : survey.types) {
    collectEnds(survey, type);
    tieShared(survey, type);
  }
  HeapTypeSpecs specs = readSpecs(ast, decls);
  collectEnds(survey, specs);
  resolveFrees(survey);
  tieCallers(survey, decls, specs);
  for (auto &[key, type] : survey.types) {
    convertDeclarations(survey, type);
    if (type.definition && type.isSequence)
      convertSequenceDefinition(survey, type);
    else if (type.definition) {
      checkFrees(survey, type);
      convertDefinition(survey, type);
    } else
      giveAssignments(survey, type);
    convertReadies(survey, type);
  }
  for (auto &[key, type] : survey.types) {
    if (!type.part.readies.empty())
      type.part.module = moduleName(ast);
    parts.push_back(std::move(type.part));
  }
  return parts;
}

} // namespace abi3ify
