// The definition of a static type becomes PyType_Slot[], PyType_Spec and a
// pointer.
#include "abi3ify/facts.h"
#include "abi3ify/helpers.h"
#include "abi3ify/initialiser.h"
#include "abi3ify/macro-branches.h"
#include "abi3ify/site.h"
#include "abi3ify/static-types.h"
#include "abi3ify/text-lexer.h"
#include "llvm/ADT/StringExtras.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

class Definition {
public:
  /// `isMade`: another unit sees to it that it can be instantiated.
  Definition(TypeSurvey &survey, StaticType &type, bool isMade)
      : survey(survey), type(type), ast(survey.ast), spelling(survey.spelling),
        variable(type.definition), hasNew(isMade) {}

  void convert() {
    findExtent();
    if (auto *init = variable->getInit())
      entries = read(init);
    readAssignments();
    checkStruct();
    if (!type.part.blockers.empty())
      return;
    if (late)
      placeLate();
    indentation = findIndent();
    for (const MemberValue &entry : entries)
      use(entry);
    type.part.refusesSubtypes = !(flagBits & (1ul << 10)); // Py_TPFLAGS_BASETYPE
    finishFlags();
    checkLayout();
    checkNames();
    if (type.part.blockers.empty())
      write();
  }

private:
  void block(const Twine &reason) { survey.block(type, variable->getLocation(), reason); }
  void block(SourceLocation location, const Twine &reason) {
    survey.block(type, location, reason);
  }
  Floor floor() const { return survey.context.floor; }
  bool lacksStruct(StringRef name) const {
    const Fact *fact = facts().find(name);
    return fact && (!fact->usableAt(floor()) || (fact->isStruct() && fact->isOpaqueAt(floor())));
  }
  bool lacks(StringRef name) const { return facts().lacking(name, floor()); }

  const Expr *valueOf(StringRef member) const {
    for (const MemberValue &entry : entries)
      if (entry.name() == member)
        return entry.value;
    return nullptr;
  }

  /// A struct that begins with a builtin's is taken apart.
  void checkStruct() {
    const Expr *size = valueOf("tp_basicsize"), *base = valueOf("tp_base");
    const RecordDecl *record = size ? structOfSize(size) : nullptr;
    if (!record || !embeddedBuiltin(survey, record))
      return;
    relative = true;
    convertEmbedding(survey, type, record, base);
  }

  /// The declaration from its first word to its semicolon.
  void findExtent() {
    auto range = spelling.range(variable->getSourceRange().getBegin(),
                                variable->getSourceRange().getEnd());
    SourceLocation typeBegin = variable->getTypeSourceInfo()->getTypeLoc().getBeginLoc();
    auto typeSpot = spelling.range(typeBegin, variable->getLocation());
    if (!range || range->inMacro || !typeSpot || typeSpot->inMacro ||
        variable->getLocation().isMacroID())
      return block("a macro defines it");
    if (variable->getType().isConstQualified())
      return block("it is constant");
    if (variable->isStaticDataMember() || isa<FunctionDecl>(variable->getDeclContext()))
      return block("it is a member of a class or local to a function");
    level = range->file;
    text = spelling.text(level);
    extent = range->range;
    auto end = endOfDeclaration(text, extent.end);
    if (!end)
      return block("its declaration declares more than the type, or has attributes");
    extent.end = *end;
    newline = newlineOf(text);
    prefix = text.slice(extent.begin, typeSpot->range.begin).str();
    if (prefix.find('/') == std::string::npos)
      return;
    // Its comments go in front of the tables.
    TextLexer lexer(prefix);
    prefix.clear();
    while (lexer.next())
      prefix += lexer.spelled().str() + " ";
  }

  std::vector<MemberValue> read(const Expr *expr) {
    Initialiser found = readInitialiser(survey, expr);
    for (const Initialiser::Problem &problem : found.problems)
      block(problem.location, problem.reason);
    if (found.metaclass)
      setMetaclass(survey, type, found.metaclass);
    append_range(leftComments, found.comments);
    return std::move(found.values);
  }

  /// T.tp_x = value; in front of PyType_Ready(&T).
  void readAssignments() {
    auto tables = [&](const Expr *value) {
      for (const FieldAssignment &fill : survey.fillsOf(value))
        late |= !isKnownAtDefinition(fill.assignment->getRHS());
    };
    for (const MemberValue &entry : entries)
      tables(entry.value);
    for (const FieldAssignment &assigned : type.assignments) {
      const Expr *value = assigned.assignment->getRHS();
      auto range = spelling.range(value->getBeginLoc(), value->getEndLoc());
      if (!range || range->inMacro) {
        block(value->getBeginLoc(), "a macro gives the value");
        continue;
      }
      MemberValue entry{assigned.field, value, {}, {}, {}, {}};
      if (!isConstant(entry)) {
        block(value->getBeginLoc(), "'" + assigned.field->getName() + "' gets no constant");
        continue;
      }
      late |= entry.name() != "tp_base" && !isKnownAtDefinition(value);
      tables(value);
      auto same = find_if(entries, [&](const MemberValue &e) { return e.name() == entry.name(); });
      if (same == entries.end())
        entries.push_back(entry);
      else if (same->range.size() == 0)
        block(value->getBeginLoc(), "'" + entry.name() + "' is set twice");
      else { // what is set last counts
        entry.before = same->before;
        entry.behind = same->behind;
        *same = entry;
      }
    }
  }

  /// Whether a value may stand in static data.
  bool isConstant(const MemberValue &entry) const {
    const Expr *value = entry.value;
    if (entry.name() == "tp_base" || isObjectsNew(entry))
      return true;
    if (addressOfVariable(value))
      return true; // &T, for tp_base and the tables
    if (const VarDecl *variable = variableOf(value))
      return variable->hasGlobalStorage() && variable->getType()->isArrayType();
    return value->isConstantInitializer(ast, false);
  }

  /// PyBaseObject_Type.tp_new, which every heap type inherits.
  static bool isObjectsNew(const MemberValue &entry) {
    auto *member = dyn_cast<MemberExpr>(bare(entry.value));
    auto *base = member ? dyn_cast<DeclRefExpr>(member->getBase()->IgnoreParenImpCasts()) : nullptr;
    return base && entry.name() == "tp_new" &&
           member->getMemberDecl()->getName() == "tp_new" &&
           base->getDecl()->getName() == "PyBaseObject_Type";
  }

  /// Whether all that a value names is declared in front of the definition.
  bool isKnownAtDefinition(const Stmt *value) const {
    SourceManager &sources = ast.getSourceManager();
    if (auto *reference = dyn_cast_or_null<DeclRefExpr>(value)) {
      const Decl *first = reference->getDecl()->getCanonicalDecl();
      return sources.isBeforeInTranslationUnit(sources.getExpansionLoc(first->getLocation()),
                                               sources.getExpansionLoc(variable->getLocation()));
    }
    return !value || all_of(value->children(), [&](const Stmt *child) {
             return isKnownAtDefinition(child);
           });
  }

  /// In front of the function that readies the type: all that it needs is
  /// declared there.
  void placeLate() {
    const FunctionDecl *function = type.readiedIn;
    auto range = function ? spelling.range(function->getBeginLoc(), function->getBeginLoc())
                          : std::nullopt;
    if (!range || range->inMacro || range->file != level)
      return block("its values are declared behind it, and it is readied in another file");
    unsigned at = range->range.begin;
    // Above the comment that speaks of the function.
    while (at > 0) {
      StringRef above = text.take_front(at).rtrim(" \t\r\n");
      if (text.slice(above.size(), at).count('\n') > 1 || !above.ends_with("*/"))
        break;
      size_t begin = above.rfind("/*");
      if (begin == StringRef::npos || (begin > 0 && text[begin - 1] != '\n'))
        break;
      at = begin;
    }
    latePlace = at;
    for (MemberValue &entry : entries)
      entry.range = {};
  }

  // --- from members to slots --------------------------------------------

  /// One of what is written: a template, and comments as the source has them.
  struct Line {
    std::vector<std::string> before;
    std::string text, behind;
  };

  /// A text that is no template: what looks like an argument, becomes one.
  std::string raw(StringRef source) {
    std::string result;
    while (!source.empty()) {
      size_t dollar = source.find('$');
      result += source.take_front(dollar);
      if (dollar == StringRef::npos)
        break;
      source = source.drop_front(dollar);
      StringRef word = source.drop_front().take_while([](char c) {
        return isAlnum(c) || c == '_';
      });
      Argument argument;
      argument.name = "raw" + std::to_string(args.size());
      argument.text = "$" + word.str();
      argument.primary = true;
      args.push_back(argument);
      result += "$" + argument.name;
      source = source.drop_front(1 + word.size());
    }
    return result;
  }

  /// The value in the template: in its place in the source, without a cast.
  std::string valueText(const MemberValue &entry, const Expr *value) {
    if (entry.range.size() == 0) {
      auto range = spelling.range(value->getBeginLoc(), value->getEndLoc());
      return range ? raw(spelling.text(range->file).slice(range->range.begin, range->range.end))
                   : std::string();
    }
    auto range = spelling.rangeAt(level, value->getBeginLoc(), value->getEndLoc());
    Argument argument;
    argument.name = "v" + std::to_string(args.size());
    argument.range = range ? range->range : entry.range;
    argument.primary = true;
    args.push_back(argument);
    return "$" + argument.name;
  }

  /// Without casts: a slot's value is a void *.
  static const Expr *withoutCasts(const Expr *value) {
    value = value->IgnoreImplicit();
    while (auto *conversion = dyn_cast<CStyleCastExpr>(value->IgnoreParens()->IgnoreImplicit()))
      value = conversion->getSubExpr()->IgnoreImplicit();
    while (auto *named = dyn_cast<CXXNamedCastExpr>(value))
      value = named->getSubExpr()->IgnoreImplicit();
    return value;
  }

  static bool hasLambda(const Stmt *stmt) {
    return stmt && (isa<LambdaExpr>(stmt) || any_of(stmt->children(), hasLambda));
  }

  void addSlot(const MemberValue &entry, StringRef slot) {
    std::string id = ("Py_" + slot).str();
    if (slot == "was_sq_slice" || slot == "was_sq_ass_slice") // Python 3 calls them nowhere
      return;
    if (!facts().find(id))
      return block(entry.value->getBeginLoc(), "'" + entry.name() + "' has no slot");
    if (lacks(id))
      return block(entry.value->getBeginLoc(),
                   "the slot " + id + " is not in the Limited API at this floor, but from " +
                       Floor{*facts().find(id)->since}.str() + " on");
    const Expr *value = withoutCasts(entry.value);
    if (hasLambda(value))
      return block(value->getBeginLoc(), "a lambda is no value of a slot, which is a void *; give the function a name");
    QualType plain = value->getType();
    const clang::Type *pointee = plain->isArrayType()
                              ? plain->getArrayElementTypeNoTypeQual()
                              : plain->getPointeeType().getTypePtrOrNull();
    bool isFunction = plain->isFunctionType() || (pointee && pointee->isFunctionType());
    bool isConst = plain->isArrayType()
                       ? ast.getAsArrayType(plain)->getElementType().isConstQualified()
                       : !plain->getPointeeType().isNull() &&
                             plain->getPointeeType().isConstQualified();
    std::string cast = isFunction || isConst ? "(void *)" : "";
    slots.push_back({entry.before, "{" + id + ", " + cast + valueText(entry, value) + "},",
                     entry.behind});
  }

  /// Whether a value is NULL, in all builds or in none: else the type is blocked.
  bool isNothing(const MemberValue &entry) {
    bool null = isNull(entry.value, ast);
    StringRef macro = macroAround(entry.value, ast);
    bool isSlot = !is_contained({"tp_flags", "tp_basicsize", "tp_itemsize", "tp_name"}, entry.name());
    if (isSlot && !macro.empty())
      for (StringRef body : skippedDefinitions(macro, survey.preprocessor, spelling, ast.getSourceManager(), floor()))
        if (isNullText(body) != null)
          block(entry.value->getBeginLoc(), "'" + macro + "' is NULL in some builds and not in others, so its '" +
                                                entry.name() + "' cannot be a slot in all of them");
    return null;
  }
  static bool isNullText(StringRef body) {
    TextLexer lexer(body);
    StringRef last = "";
    while (lexer.next())
      if (lexer.spelled() != ")")
        last = lexer.spelled() == "NULL" || lexer.spelled() == "0" || lexer.spelled() == "nullptr" ? "NULL" : "other";
    return last != "other";
  }

  void use(const MemberValue &entry) {
    StringRef name = entry.name();
    if (name == "tp_flags")
      checkFlagMacros(entry.value);
    bool null = isNothing(entry);
    if (null) {
      // What was said of nothing goes to what follows.
      carried.insert(carried.end(), entry.before.begin(), entry.before.end());
      if (!entry.behind.empty())
        carried.push_back(entry.behind);
      return;
    }
    MemberValue now = entry;
    now.before.insert(now.before.begin(), carried.begin(), carried.end());
    carried.clear();
    if (name == "tp_name")
      return useName(now);
    if (name == "tp_basicsize" || name == "tp_itemsize") {
      bool size = name == "tp_basicsize";
      const RecordDecl *record = structOfSize(now.value);
      if (StringRef of = record ? structName(record) : ""; !of.empty() && lacksStruct(of))
        return block(now.value->getBeginLoc(), "its size is that of '" + of + "', which " + floor().title() +
                                                   " does not show; 0 stands for the size of its base");
      // A size there is of what a type adds to its base, and its struct has no head.
      if (floor().abi3t && !(size && relative))
        return block(now.value->getBeginLoc(),
                     size ? "abi3t has no object's head: take it out of the struct, give the size "
                            "as a negative number, and reach the struct with PyObject_GetTypeData"
                          : "abi3t has no types of variable size: keep the items in memory of "
                            "their own");
      (size ? basicsize : itemsize) = {
          now.before,
          (size && relative ? "-(int)" : "") + valueText(now, now.value->IgnoreImplicit()),
          now.behind};
      return;
    }
    if (name == "tp_flags")
      return useFlags(now);
    if (name == "tp_base")
      return useBase(now);
    if (name == "tp_as_number" || name == "tp_as_sequence" || name == "tp_as_mapping" ||
        name == "tp_as_async" || name == "tp_as_buffer")
      return useTable(now);
    if (name == "tp_dictoffset" || name == "tp_weaklistoffset" || name == "tp_vectorcall_offset")
      return useOffset(now);
    if (name == "tp_free" && isBuiltinFree(now.value))
      return; // inherited
    if (name == "tp_dealloc" && isBuiltinFree(now.value))
      return; // a heap type without one frees itself, and releases its type
    if (name == "tp_dealloc" || name == "tp_traverse") {
      const FunctionDecl *function = functionOf(now.value);
      const FunctionDecl *body = nullptr;
      if (!function || !function->hasBody(body))
        return block(now.value->getBeginLoc(),
                     "the body of its " + name + " is not in this unit");
      name == "tp_dealloc" ? convertDealloc(survey, type, body)
                           : convertTraverse(survey, type, body);
      hasTraverse |= name == "tp_traverse";
    }
    if (name == "tp_alloc") {
      const FunctionDecl *function = functionOf(now.value);
      const FunctionDecl *body = nullptr;
      if (function && function->hasBody(body) && !anyCall(body->getBody(), makesObjects))
        return block(now.value->getBeginLoc(),
                     "its tp_alloc makes objects without a reference to their type");
    }
    if (name == "tp_getattro")
      checkGetattro(now);
    if (name == "tp_new")
      hasNew = true;
    if (isObjectsNew(now))
      return;
    if (name == "tp_dict" || name == "tp_mro" || name == "tp_bases" || name == "tp_cache" ||
        name == "tp_subclasses" || name == "tp_weaklist" || name == "tp_version_tag")
      return block(now.value->getBeginLoc(), "'" + name + "' has no slot");
    if (name == "tp_members" || name == "tp_getset")
      checkAttributes(now);
    if (name == "tp_members") {
      membersEntry = now;
      type.part.memberTables.insert(tableKey(survey, variableOf(now.value)));
    }
    addSlot(now, name);
  }

  /// A heap type keeps its module's name in its dict, where an attribute of its
  /// instances with that name stands: CPython 3.8 replaces that one, later ones
  /// leave it, and it is then what the type's own __module__ gives.
  void checkAttributes(const MemberValue &entry) {
    const VarDecl *table = variableOf(entry.value);
    const VarDecl *definition = table ? table->getInitializingDeclaration() : nullptr;
    auto *rows = definition ? dyn_cast_or_null<InitListExpr>(definition->getInit()) : nullptr;
    for (const Expr *row : rows ? rows->inits() : ArrayRef<Expr *>())
      for (const auto [field, value] : givenMembers(row))
        if (auto *literal = dyn_cast<clang::StringLiteral>(value->IgnoreParenImpCasts());
            literal && field->getName() == "name" && literal->getString() == "__module__")
          block(row->getBeginLoc(),
                "its instances have an attribute '__module__', and the __module__ of a heap type "
                "would no longer be a text but that attribute; name it otherwise, or change what "
                "reads the type's");
  }

  /// A proxy asks another object for what its own do not have. They have a __module__
  /// as soon as the dict of their type has.
  void checkGetattro(const MemberValue &entry) {
    const FunctionDecl *function = functionOf(entry.value), *body = nullptr;
    auto asksGeneric = [](const CallExpr *call) { return calledName(call) == "PyObject_GenericGetAttr"; };
    if (function && function->hasBody(body) && anyCall(body->getBody(), asksGeneric))
      type.part.remarks.push_back("PyObject_GenericGetAttr finds a __module__ then, the one of the type");
  }

  /// Whether a call makes an object that has a reference to its type.
  static bool makesObjects(const CallExpr *call) {
    return is_contained({"PyType_GenericAlloc", "PyObject_Init", "PyObject_InitVar",
                         "PyObject_INIT", "PyObject_INIT_VAR"},
                        calledName(call));
  }

  static bool isBuiltinFree(const Expr *value) {
    const FunctionDecl *function = functionOf(value);
    StringRef name = function && function->getDeclName().isIdentifier() ? function->getName()
                                                                        : StringRef();
    name.consume_front(NormalPrefix);
    return name == "PyObject_Free" || name == "PyObject_GC_Del";
  }

  void useName(const MemberValue &entry) {
    auto *literal = dyn_cast<clang::StringLiteral>(entry.value->IgnoreParenImpCasts());
    if (!literal)
      return block(entry.value->getBeginLoc(), "its name is no string literal");
    std::string module;
    if (!literal->getString().contains('.')) {
      module = moduleName(ast);
      if (module.empty()) { // the one of the unit that readies it, which convertTypes sees
        module = TypePart::ModuleMark.str();
        if (auto range = spelling.range(entry.value->getBeginLoc(), entry.value->getBeginLoc()))
          type.part.nameless.insert({spelling.path(range->file), range->range.begin,
                                     "its name has no module, and a heap type without one has no "
                                     "__module__; write \"module." + literal->getString().str() + "\""});
        else
          return block(entry.value->getBeginLoc(), "its name has no module");
      }
      module += ".";
    }
    fullName = module + literal->getString().str();
    if (!module.empty())
      module = "\"" + module + "\" ";
    name = {entry.before, module + valueText(entry, entry.value->IgnoreParenImpCasts()),
            entry.behind};
  }

  /// Below 3.12 CPython takes no notice of a __dict__ and of weak references at the end of a heap type's
  /// struct where it asks whether two bases fit together: one of a class could then be used as the other.
  void checkLayout() {
    const RecordDecl *record = instanceStruct(type);
    if (floor().minor >= 12 || type.part.refusesSubtypes || !record)
      return;
    std::set<const FieldDecl *> links;
    for (StringRef member : {"tp_dictoffset", "tp_weaklistoffset"})
      if (const Expr *value = valueOf(member))
        if (auto *offset = dyn_cast<OffsetOfExpr>(bare(value)); offset && offset->getNumComponents() == 1 &&
            offset->getComponent(0).getKind() == OffsetOfNode::Field)
          links.insert(offset->getComponent(0).getField());
    auto behindBase = drop_begin(record->fields());
    if (!links.empty() && !record->field_empty() &&
        all_of(behindBase, [&](const FieldDecl *field) { return links.count(field); }))
      block("its struct adds only __dict__ or weak references to its base's, so below 3.12 a class could have a heap "
            "type like this and a type with other members for its bases");
  }

  /// A fallback for headers that lack a flag is taken by the one binary on each CPython.
  void checkFlagMacros(const Stmt *stmt) {
    const SourceManager &sources = ast.getSourceManager();
    auto *literal = dyn_cast<IntegerLiteral>(stmt);
    if (StringRef name = literal ? macroAround(literal, ast) : ""; name.starts_with("Py_TPFLAGS_") &&
        facts().find(name) && spelling.isUsers(sources.getSpellingLoc(literal->getBeginLoc())))
      block(literal->getBeginLoc(), "'" + name + "' is the project's own with these headers, and newer ones have it "
                                                 "with a value of its own");
    for (const Stmt *child : stmt->children())
      if (child)
        checkFlagMacros(child);
  }

  void useFlags(const MemberValue &entry) {
    Expr::EvalResult result;
    if (!entry.value->EvaluateAsInt(result, ast))
      return block(entry.value->getBeginLoc(), "its flags are no constant");
    flagBits = result.Val.getInt().getZExtValue();
    const Expr *value = entry.value->IgnoreImplicit();
    flags = {entry.before, valueText(entry, value), entry.behind};
    plainFlags = takesFlags(value);
  }

  void useBase(const MemberValue &entry) {
    auto *reference = addressOfVariable(entry.value);
    if (!reference) {
      // T.tp_base = api->Type; in front of PyType_Ready is as good there.
      auto range = spelling.range(entry.value->getBeginLoc(), entry.value->getEndLoc());
      if (entry.place.size() || !range || !isPure(entry.value, ast))
        return block(entry.value->getBeginLoc(), "its base is not the address of a type");
      type.part.baseText =
          spelling.text(range->file).slice(range->range.begin, range->range.end).str();
      type.part.baseFile = spelling.path(range->file);
      type.part.baseRange = range->range;
      return;
    }
    StringRef base = reference->getDecl()->getName();
    if (base == "PyBaseObject_Type")
      return;
    static const std::set<StringRef> finals = {
        "PyBool_Type", "PyCFunction_Type", "PyCapsule_Type", "PyCode_Type", "PyFrame_Type",
        "PyFunction_Type", "PyGen_Type", "PyMemoryView_Type", "PyMethod_Type", "PyRange_Type",
        "PySlice_Type"};
    if (finals.count(base))
      return block(entry.value->getBeginLoc(), "'" + base + "' has no subtypes that are heap types");
    StaticType *own = survey.find(reference->getDecl());
    type.part.baseKey = own ? own->part.key : "";
    type.part.baseText = !own ? ("&" + base).str() : own->access.empty() ? base.str() : own->access;
  }

  void useTable(const MemberValue &entry) {
    auto *reference = addressOfVariable(entry.value);
    auto *table = reference ? dyn_cast<VarDecl>(reference->getDecl()) : nullptr;
    const VarDecl *definition = table ? table->getInitializingDeclaration() : nullptr;
    ArrayRef<FieldAssignment> fills = survey.fillsOf(entry.value);
    bool given = definition && definition->getInit();
    if (!table || (fills.empty() && !given) || (!fills.empty() && table->hasExternalFormalLinkage()))
      return block(entry.value->getBeginLoc(), "its " + entry.name() + " is filled elsewhere");
    if (auto loose = survey.looseTables.find(table->getCanonicalDecl());
        loose != survey.looseTables.end())
      return block(loose->second->getBeginLoc(),
                   "'" + table->getName() + "' is also used outside of types");
    std::vector<MemberValue> members;
    if (given)
      members = read(definition->getInit());
    for (const FieldAssignment &fill : fills) {
      erase_if(members, [&](const MemberValue &member) { return member.name() == fill.field->getName(); });
      members.push_back({fill.field, fill.assignment->getRHS(), {}, {}, {}, {}});
    }
    std::vector<std::string> before = entry.before;
    if (!entry.behind.empty())
      before.push_back(entry.behind);
    if (given)
      append_range(before, commentsAround(survey, definition));
    std::vector<std::string> held;
    std::swap(held, carried);
    for (MemberValue &member : members) {
      // Its text leaves the place where it stood.
      member.range = {};
      member.before.insert(member.before.begin(), before.begin(), before.end());
      before.clear();
      if (isNothing(member)) {
        before = member.before;
        continue;
      }
      if (!functionOf(member.value)) {
        block(member.value->getBeginLoc(), "'" + member.name() + "' is no function's name");
        continue;
      }
      addSlot(member, member.name());
    }
    std::swap(held, carried);
    removeTable(table);
  }

  void removeTable(const VarDecl *table) {
    for (const VarDecl *declaration : table->redecls()) {
      auto range = spelling.range(declaration->getSourceRange().getBegin(),
                                  declaration->getSourceRange().getEnd());
      StringRef source = range ? spelling.text(range->file) : StringRef();
      auto end = range ? endOfDeclaration(source, range->range.end) : std::nullopt;
      if (!range || range->inMacro || !end) {
        block(declaration->getLocation(), "a macro defines '" + table->getName() + "'");
        return;
      }
      Range whole = withLines(source, {range->range.begin, *end});
      // The empty line behind it goes too: another one, or a comment, is above.
      StringRef rest = source.drop_front(whole.end);
      if (source.take_front(whole.begin).ends_with(newline) && rest.starts_with(newline))
        whole.end += newline.size();
      Rewrite rewrite;
      rewrite.file = spelling.path(range->file);
      rewrite.extent = whole;
      rewrite.anew = true;
      type.part.rewrites.push_back(rewrite);
    }
  }

  void useOffset(const MemberValue &entry) {
    // Measured: 3.12 to 3.15 read the offset before they make it a whole one.
    if (relative)
      return block(entry.value->getBeginLoc(),
                   "its struct begins with a builtin's, and '" + entry.name() +
                       "' can be no offset in what it adds");
    if (floor().minor < 9)
      return block(entry.value->getBeginLoc(),
                   "a heap type has '" + entry.name() + "' from 3.9 on only");
    if (entry.name() == "tp_vectorcall_offset" && lacks("Py_TPFLAGS_HAVE_VECTORCALL"))
      return block(entry.value->getBeginLoc(),
                   "Py_TPFLAGS_HAVE_VECTORCALL is in the Limited API from 3.12 on only");
    offsets.push_back(entry);
    const Expr *value = entry.value->IgnoreImplicit();
    if (auto range = spelling.range(value->getBeginLoc(), value->getEndLoc()))
      type.part.offsets[entry.name().str()] =
          spelling.text(range->file).slice(range->range.begin, range->range.end);
  }

  /// The entry of a PyMemberDef[] for an offset; `value` is its text there.
  std::string memberText(const MemberValue &entry, const std::string &value) {
    std::string key = ("__" + entry.name().drop_front(3) + "__").str();
    if (key == "__vectorcall_offset__")
      key = "__vectorcalloffset__";
    bool modern = !lacks("Py_T_PYSSIZET") && facts().find("Py_T_PYSSIZET");
    needsStructmember |= !modern;
    return "{\"" + key + "\", " + (modern ? "Py_T_PYSSIZET" : "T_PYSSIZET") + ", " + value + ", " +
           (modern ? "Py_READONLY" : "READONLY") + ", NULL},";
  }

  // --- the whole -----------------------------------------------------------

  void finishFlags() {
    bool hasGC = flagBits & (1ul << 14);
    if (flags.text.empty())
      flags.text = "Py_TPFLAGS_DEFAULT";
    std::vector<StringRef> more;
    bool noNew = !hasNew && type.part.baseText.empty();
    if (floor().minor >= 10) {
      if (noNew)
        more.push_back("Py_TPFLAGS_DISALLOW_INSTANTIATION");
      more.push_back("Py_TPFLAGS_IMMUTABLETYPE");
    } else if (noNew)
      refuseNew();
    if (!more.empty() && !plainFlags)
      flags.text = "(" + flags.text + ")";
    for (StringRef flag : more)
      flags.text += " | " + flag.str();
    if (hasGC && !hasTraverse && type.part.baseText.empty())
      block("it has Py_TPFLAGS_HAVE_GC but no tp_traverse, which no heap type may from 3.11 on");
  }

  /// Below 3.10 nothing but a tp_new keeps `object`'s from being inherited.
  void refuseNew() {
    std::string function = type.part.name + "_new";
    newFunction = "static PyObject *\n" + function +
                  "(PyTypeObject *Py_UNUSED(type), PyObject *Py_UNUSED(args),\n" +
                  std::string(function.size() + 1, ' ') + "PyObject *Py_UNUSED(kwargs))\n{\n" +
                  indent() + "PyErr_SetString(PyExc_TypeError, \"cannot create '" + fullName +
                  "' instances\");\n" + indent() + "return NULL;\n}\n\n";
    names.push_back(function);
    slots.push_back({{}, "{Py_tp_new, (void *)" + function + "},", ""});
  }

  const std::string &indent() const { return indentation; }
  std::string findIndent() const {
    for (const MemberValue &entry : entries)
      if (entry.place.size())
        if (StringRef found = indentAt(text, entry.place.begin); !found.empty())
          return found.str();
    return "    ";
  }

  void checkNames() {
    const std::string &base = type.part.name;
    names.insert(names.end(), {base + "_slots", base + "_spec"});
    if (!offsets.empty() && !membersEntry)
      names.push_back(base + "_members");
    for (const std::string &taken : names)
      if (auto found = ast.Idents.find(taken); found != ast.Idents.end())
        block("the name '" + taken + "', which its conversion needs, is taken");
    if (name.text.empty() && type.part.blockers.empty())
      block("it has no tp_name");
  }

  void addOffsets(std::string &out) {
    if (offsets.empty())
      return;
    std::string sentinel = "{NULL, 0, 0, 0, NULL},";
    if (!membersEntry) {
      out += "static PyMemberDef " + type.part.name + "_members[] = {\n";
      for (const MemberValue &entry : offsets)
        addLines(out, Line{entry.before,
                           memberText(entry, valueText(entry, entry.value->IgnoreImplicit())),
                           entry.behind});
      out += indent() + sentinel + "\n};\n\n";
      slots.push_back({{}, "{Py_tp_members, " + type.part.name + "_members},", ""});
      return;
    }
    // In front of those that the type has.
    auto *reference = dyn_cast<DeclRefExpr>(bare(membersEntry->value));
    auto *table = reference ? dyn_cast<VarDecl>(reference->getDecl()) : nullptr;
    const VarDecl *definition = table ? table->getInitializingDeclaration() : nullptr;
    auto *init = definition ? dyn_cast_or_null<InitListExpr>(definition->getInit()) : nullptr;
    auto brace = init ? spelling.token(init->getLBraceLoc(), "{") : std::nullopt;
    if (!brace || brace->inMacro || brace->file != level)
      return block("its tp_members are not spelled in this file");
    // The array of another type would give that one the offsets, too.
    auto named = survey.memberTables.find(table->getCanonicalDecl());
    if (named != survey.memberTables.end())
      for (SourceLocation place : named->second)
        if (place != reference->getLocation())
          return block(place, "it shares its tp_members with what names '" + table->getName() +
                                  "' here, and needs entries of its own there");
    auto size = definition->getTypeSourceInfo()->getTypeLoc().getAsAdjusted<ArrayTypeLoc>();
    auto *list = init->getSyntacticForm() ? init->getSyntacticForm() : init;
    if ((size && size.getSizeExpr()) ||
        any_of(list->inits(), [](const Expr *e) { return isa_and_nonnull<DesignatedInitExpr>(e); }))
      return block(table->getLocation(), "entries are added to '" + table->getName() +
                                             "', which has a size or numbers of its own");
    Rewrite rewrite;
    rewrite.file = spelling.path(level);
    rewrite.extent = {brace->offset + 1, brace->offset + 1};
    for (const MemberValue &entry : offsets) {
      const Expr *value = entry.value->IgnoreImplicit();
      auto range = spelling.range(value->getBeginLoc(), value->getEndLoc());
      std::string there = range ? text.slice(range->range.begin, range->range.end).str() : "";
      rewrite.to += newline + indent() + memberText(entry, there);
    }
    type.part.rewrites.push_back(rewrite);
  }

  void addLines(std::string &out, ArrayRef<Line> lines) {
    for (const Line &line : lines) {
      for (const std::string &comment : line.before)
        out += indent() + raw(comment) + "\n";
      out += indent() + line.text + (line.behind.empty() ? "" : " " + raw(line.behind)) + "\n";
    }
  }

  void addSpecLine(std::string &out, StringRef field, const Line &line) {
    if (line.text.empty()) {
      if (ast.getLangOpts().CPlusPlus)
        out += indent() + "0,\n";
      return;
    }
    Line whole = line;
    whole.text = (ast.getLangOpts().CPlusPlus ? "" : "." + field.str() + " = ") + line.text + ",";
    // Flags in lines of their own where one would be too long.
    size_t width = indent().size() + whole.text.size();
    if (field == "flags" && width > 79)
      for (size_t at = whole.text.find(" | "); at != std::string::npos;) {
        std::string apart = "\n" + indent() + "         | ";
        whole.text.replace(at, 3, apart);
        at = whole.text.find(" | ", at + apart.size());
      }
    addLines(out, whole);
  }

  void write() {
    std::string out;
    // An empty line in front, unless there is one, or a comment on the type.
    StringRef above = text.take_front(late ? latePlace : extent.begin).rtrim(" \t");
    if (!above.ends_with(newline + newline) && !above.rtrim().ends_with("*/") && !above.empty())
      out = "\n";
    out += newFunction;
    addOffsets(out);
    if (!type.part.blockers.empty())
      return;
    const std::string &base = type.part.name;
    carried.insert(carried.end(), leftComments.begin(), leftComments.end());
    bool open = variable->hasExternalFormalLinkage(); // to other units
    slots.push_back({carried, (open ? TypePart::SlotsMark.str() : "") + "{0, NULL},", ""});
    if (variable->getInit())
      for (const std::string &comment : commentsAround(survey, variable))
        out += raw(comment) + "\n";
    out += "static PyType_Slot " + base + "_slots[] = {\n";
    addLines(out, slots);
    out += "};\n\nstatic PyType_Spec " + base + "_spec = {\n";
    addSpecLine(out, "name", name);
    addSpecLine(out, "basicsize", basicsize);
    addSpecLine(out, "itemsize", itemsize);
    addSpecLine(out, "flags", flags);
    addSpecLine(out, "slots", {{}, base + "_slots", ""});
    out += "};\n";
    // A forward declaration in the same file defines it well enough.
    bool forward = !type.access.empty() || any_of(type.declarations, [&](const VarDecl *other) {
      return !variable->hasExternalFormalLinkage() &&
             other->getStorageClass() == SC_Static &&
             ast.getSourceManager().getFileID(
                 ast.getSourceManager().getExpansionLoc(other->getLocation())) == level;
    });
    std::string pointer = forward ? "" : prefix + "PyTypeObject *" + base + ";";
    if (late) {
      Rewrite rewrite;
      rewrite.file = spelling.path(level);
      rewrite.extent = forward ? withLines(text, extent) : extent;
      rewrite.anew = true;
      rewrite.to = pointer;
      type.part.rewrites.push_back(rewrite);
      out += "\n";
    } else if (!forward)
      out += "\n" + pointer;
    else
      out = StringRef(out).rtrim().str();
    out = withNewlines(out, newline);
    Rewrite rewrite;
    rewrite.file = spelling.path(level);
    rewrite.extent = late ? Range{latePlace, latePlace} : extent;
    rewrite.anew = true;
    rewrite.to = out;
    llvm::sort(args, [](const Argument &a, const Argument &b) { return a.range < b.range; });
    rewrite.args = args;
    type.part.rewrites.push_back(rewrite);
    if (needsStructmember)
      includeStructmember();
  }

  /// T_PYSSIZET and READONLY come from there below 3.12.
  void includeStructmember() {
    for (const IncludeDirective &include : survey.preprocessor.includes)
      if (StringRef(include.name).ends_with("structmember.h"))
        return;
    unsigned end = endOfIncludes(text);
    if (end == 0)
      return block("it needs structmember.h; include it behind Python.h");
    Rewrite rewrite;
    rewrite.file = spelling.path(level);
    rewrite.extent = {end, end};
    rewrite.to = "#include <structmember.h>" + newline;
    rewrite.sharedRank = -1; // in front of helpers
    type.part.rewrites.push_back(rewrite);
  }

  TypeSurvey &survey;
  StaticType &type;
  ASTContext &ast;
  const Spelling &spelling;
  const VarDecl *variable;
  FileID level;
  StringRef text;
  std::string prefix; ///< the words in front of its type
  std::string newline;
  Range extent;
  bool relative = false;  ///< its size is of what it adds to its base
  bool late = false;      ///< the tables stand in front of the function that readies it,
  unsigned latePlace = 0; ///< here
  std::string indentation;
  std::vector<MemberValue> entries;
  std::vector<std::string> carried, leftComments;
  std::vector<Argument> args;
  std::vector<Line> slots;
  std::vector<MemberValue> offsets;
  Line name, basicsize, itemsize, flags;
  std::string fullName, newFunction;
  std::vector<std::string> names; ///< that the conversion introduces
  std::optional<MemberValue> membersEntry;
  bool hasNew; ///< something makes instances
  unsigned long flagBits = 0;
  bool plainFlags = true, hasTraverse = false, needsStructmember = false;
};

} // namespace

void setMetaclass(TypeSurvey &survey, StaticType &type, const Expr *meta) {
  auto *named = addressOfVariable(meta);
  if (named && named->getDecl()->getName() == "PyType_Type")
    return;
  if (!named || survey.context.floor.minor < 12)
    return survey.block(type, meta->getBeginLoc(),
                        "it has a metaclass of its own, which PyType_FromMetaclass takes from 3.12 "
                        "on");
  StaticType *own = survey.find(named->getDecl());
  // The function would not call it, and refuses such a metaclass from 3.14 on.
  if (own && slotFunction(*own, "tp_new"))
    return survey.block(type, meta->getBeginLoc(),
                        "its metaclass '" + own->part.name + "' has a tp_new of its own");
  type.part.metaText = (own ? "" : "&") + named->getDecl()->getName().str();
  if (own) {
    type.part.metaKey = own->part.key;
    type.part.ties.insert("type:" + own->part.key);
  }
}

void convertDefinition(TypeSurvey &survey, StaticType &type) {
  if (type.definition->hasExternalFormalLinkage()) {
    StaticType made = type;
    Definition(survey, made, true).convert();
    type.part.rewritesIfMade = std::move(made.part.rewrites);
  }
  Definition(survey, type, false).convert();
}

} // namespace abi3ify
