// Structs that begin with the struct of a builtin type, which the Limited API
// hides: PyUnicodeObject in front of one's own members. From 3.12 on the
// interpreter keeps the own members of a type behind those of its base
// (PEP 697): the struct loses its first member, the type is made with the size
// of what it adds, and each access asks PyObject_GetTypeData for the place.
// Checked: the struct is used by pointers only, whose members are named, and
// nothing reads the builtin's part of it; the type that has the struct is the
// only one; code that is not compiled names no member of it.
#include "abi3ify/site.h"
#include "abi3ify/local-files.h"
#include "abi3ify/static-types.h"
#include "abi3ify/text-lexer.h"
#include "clang/AST/ExprCXX.h"
#include "clang/AST/RecursiveASTVisitor.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

/// The definition of the record that a type is, or points to.
const RecordDecl *recordOf(QualType type) {
  auto *record = type->isPointerType() ? type->getPointeeType()->getAsRecordDecl()
                                       : type->getAsRecordDecl();
  return record ? record->getDefinition() : nullptr;
}

/// Every use of the structs of one unit.
struct StructUses : RecursiveASTVisitor<StructUses> {
  StructUses(TypeSurvey &survey, std::map<const RecordDecl *, TypePart> &parts)
      : survey(survey), parts(parts) {}

  bool shouldVisitTemplateInstantiations() const { return true; }

  bool TraverseStmt(Stmt *stmt) {
    if (!stmt)
      return true;
    parents.push_back(stmt);
    bool result = RecursiveASTVisitor::TraverseStmt(stmt);
    parents.pop_back();
    return result;
  }
  bool TraverseDecl(Decl *decl) {
    auto *outer = variable;
    if (auto *inner = dyn_cast_or_null<VarDecl>(decl))
      variable = inner;
    bool result = RecursiveASTVisitor::TraverseDecl(decl);
    variable = outer;
    return result;
  }

  bool VisitDeclaratorDecl(DeclaratorDecl *decl) {
    QualType type = decl->getType();
    if (!type->isPointerType() && !isa<FunctionDecl>(decl))
      if (TypePart *part = find(type->getBaseElementTypeUnsafe()->getAsRecordDecl()))
        block(*part, decl->getLocation(), "one is held by value here, not by a pointer");
    return true;
  }

  bool VisitCXXRecordDecl(CXXRecordDecl *record) {
    if (record->isThisDeclarationADefinition())
      for (const CXXBaseSpecifier &base : record->bases())
        if (TypePart *part = find(base.getType()->getAsRecordDecl()))
          block(*part, base.getBeginLoc(), "a class is derived from it here");
    return true;
  }
  bool VisitCXXConstructExpr(CXXConstructExpr *construction) {
    if (TypePart *part = find(construction->getType()->getAsRecordDecl()))
      block(*part, construction->getBeginLoc(), "one is constructed here");
    return true;
  }
  /// &Foo::member
  bool VisitDeclRefExpr(DeclRefExpr *reference) {
    auto *field = dyn_cast<FieldDecl>(reference->getDecl());
    if (TypePart *part = field ? find(field->getParent()) : nullptr)
      block(*part, reference->getLocation(), "a pointer to its member is made here");
    return true;
  }
  bool VisitUnaryOperator(UnaryOperator *op) {
    if (op->getOpcode() == UO_Deref || op->isIncrementDecrementOp())
      blockWhole(op->getSubExpr(), op->getOperatorLoc());
    return true;
  }
  bool VisitBinaryOperator(BinaryOperator *op) {
    if (op->isAdditiveOp() || op->isCompoundAssignmentOp())
      for (const Expr *side : {op->getLHS(), op->getRHS()})
        blockWhole(side, op->getOperatorLoc());
    return true;
  }
  bool VisitArraySubscriptExpr(ArraySubscriptExpr *element) {
    blockWhole(element->getBase(), element->getBeginLoc());
    return true;
  }
  /// A pointer that is more than the place of one object.
  void blockWhole(const Expr *pointer, SourceLocation place) {
    QualType type = pointer->getType();
    if (TypePart *part = type->isPointerType()
                             ? find(type->getPointeeType()->getAsRecordDecl()) : nullptr)
      block(*part, place, "one is used as a whole, or as one of an array");
  }

  bool VisitMemberExpr(MemberExpr *member) {
    auto *field = dyn_cast<FieldDecl>(member->getMemberDecl());
    TypePart *part = field ? find(field->getParent()) : nullptr;
    if (field && field->getIdentifier())
      if (auto spot = survey.spelling.token(member->getMemberLoc(), field->getName()))
        structs[{survey.spelling.path(spot->file), spot->offset}].insert(
            {field->getParent()->getDefinition(), member->getMemberLoc()});
    if (!part)
      return true;
    if (field->getFieldIndex() == 0)
      block(*part, member->getMemberLoc(), "the builtin's part is reached here");
    else if (!member->isArrow())
      block(*part, member->getMemberLoc(), "a member is reached with a dot, not by a pointer");
    else
      rewrite(*part, field->getParent(), member);
    return true;
  }

  bool VisitUnaryExprOrTypeTraitExpr(UnaryExprOrTypeTraitExpr *size) {
    TypePart *part = find(size->getTypeOfArgument()->getAsRecordDecl());
    // What the type's definition says is rewritten there.
    bool own = variable && isTypeObject(variable->getType());
    if (part && !own)
      block(*part, size->getBeginLoc(), "its size is asked for here, which no longer is that of "
                                        "an object");
    return true;
  }

  bool VisitOffsetOfExpr(OffsetOfExpr *offset) {
    TypePart *part = find(recordOf(offset->getTypeSourceInfo()->getType()));
    if (!part || (variable && isTypeObject(variable->getType())))
      return true;
    // {"name", T_OBJECT, offsetof(Foo, name), 0}: relative from now on.
    auto *entry = parents.size() > 1 ? memberEntry() : nullptr;
    if (!entry)
      block(*part, offset->getBeginLoc(), "the offset of a member is asked for here");
    else
      makeRelative(*part, entry);
    return true;
  }

  /// The entry of a PyMemberDef[] in which we are.
  const InitListExpr *memberEntry() const {
    for (const Stmt *parent : reverse(parents))
      if (auto *list = dyn_cast<InitListExpr>(parent))
        if (auto *record = list->getType()->getAsRecordDecl();
            record && structName(record) == "PyMemberDef")
          return list;
    return nullptr;
  }

  void makeRelative(TypePart &part, const InitListExpr *entry) {
    part.memberTables.insert(tableKey(survey, variable));
    for (const auto [field, value] : givenMembers(entry))
      if (field->getName() == "flags") {
        auto range = survey.spelling.range(value->getBeginLoc(), value->getEndLoc());
        if (!range || range->inMacro)
          break;
        Rewrite rewrite;
        rewrite.file = survey.spelling.path(range->file);
        Expr::EvalResult known;
        bool none = value->EvaluateAsInt(known, survey.ast) && known.Val.getInt() == 0;
        rewrite.extent = none ? range->range : Range{range->range.end, range->range.end};
        rewrite.to = none ? "Py_RELATIVE_OFFSET" : " | Py_RELATIVE_OFFSET";
        rewrite.anew = none;
        return add(part, rewrite);
      }
    block(part, entry->getBeginLoc(), "its flags are not spelled here, and need "
                                      "Py_RELATIVE_OFFSET");
  }

  /// self->x becomes foo_data(self)->x, at the level where the member is named:
  /// STACK(o)->x, where a macro casts, becomes foo_data(STACK(o))->x.
  void rewrite(TypePart &part, const RecordDecl *record, const MemberExpr *member) {
    const Expr *base = member->getBase()->IgnoreImplicit();
    auto spot = survey.spelling.token(member->getMemberLoc(), member->getMemberDecl()->getName());
    auto rangeOf = [&](const Expr *expr) {
      auto range = survey.spelling.range(expr->getBeginLoc(), expr->getEndLoc());
      if (spot && (!range || range->file != spot->file || range->inMacro != spot->inMacro))
        range = survey.spelling.rangeAt(spot->level, expr->getBeginLoc(), expr->getEndLoc());
      return range;
    };
    auto range = rangeOf(base);
    if (!spot || !range || range->file != spot->file || range->range.end > spot->offset)
      return block(part, member->getMemberLoc(), "a macro reaches a member");
    // ((Foo *)o)->x needs no cast.
    const Expr *object = base;
    while (true) {
      auto *cast = dyn_cast<ExplicitCastExpr>(object->IgnoreParens());
      if (!cast || recordOf(cast->getType()) != record)
        break;
      object = cast->getSubExpr()->IgnoreImplicit();
    }
    object = object->IgnoreParens();
    auto inner = rangeOf(object);
    if (!inner || inner->file != range->file || !range->range.contains(inner->range))
      inner = range;
    Rewrite rewrite;
    rewrite.file = survey.spelling.path(range->file);
    rewrite.extent = range->range;
    rewrite.anew = true;
    rewrite.to = accessorName(record) + "($object)";
    Argument argument;
    argument.name = "object";
    argument.range = inner->range;
    argument.primary = true;
    rewrite.args.push_back(argument);
    add(part, rewrite);
  }

  /// A macro or a template that reaches members of several structs.
  void finish() {
    for (const auto &[place, uses] : structs)
      for (const auto &[record, location] : uses)
        if (TypePart *part = uses.size() > 1 ? find(record) : nullptr)
          block(*part, location, "this is the member of another struct as well");
  }

  TypePart *find(const RecordDecl *record) {
    auto found = record ? parts.find(record->getDefinition()) : parts.end();
    return found == parts.end() ? nullptr : &found->second;
  }
  void add(TypePart &part, const Rewrite &rewrite) {
    if (!is_contained(part.rewrites, rewrite))
      part.rewrites.push_back(rewrite);
  }
  void block(TypePart &part, SourceLocation location, const Twine &reason) {
    auto [file, offset] = survey.ast.getSourceManager().getDecomposedExpansionLoc(location);
    TypePlace place{survey.spelling.path(file), offset,
                    (part.name + " begins with the struct of a builtin type, and " + reason).str()};
    if (!is_contained(part.blockers, place))
      part.blockers.push_back(place);
  }

  static std::string accessorName(const RecordDecl *record) { return embedderName(record) + "_data"; }

  TypeSurvey &survey;
  std::map<const RecordDecl *, TypePart> &parts;
  SmallVector<const Stmt *, 64> parents;
  const VarDecl *variable = nullptr;
  /// Whose member a token names.
  std::map<std::pair<std::string, unsigned>, std::map<const RecordDecl *, SourceLocation>> structs;
};

/// Members of a struct that code names which this unit does not compile.
void findUncompiled(TypeSurvey &survey, const RecordDecl *record, TypePart &part) {
  std::set<StringRef> fields;
  for (const FieldDecl *field : record->fields())
    fields.insert(field->getName());
  SourceManager &sources = survey.ast.getSourceManager();
  std::set<std::string> looked;
  for (FileID file : localFiles(sources)) {
    std::string path = survey.spelling.path(file);
    if (!survey.spelling.isUsers(file) || !looked.insert(path).second)
      continue;
    auto skipped = survey.preprocessor.skipped.find(path);
    StringRef text = survey.spelling.text(file);
    for (Range range : skipped == survey.preprocessor.skipped.end() ? std::vector<Range>()
                                                                    : skipped->second) {
      TextLexer lexer(text.slice(range.begin, range.end));
      bool access = false;
      while (const Token *token = lexer.next()) {
        if (access && fields.count(lexer.name()))
          part.blockers.push_back({path, range.begin + lexer.begin(),
                                   part.name + " begins with the struct of a builtin type, and code "
                                   "that this build does not compile may reach a member here"});
        access = token->isOneOf(tok::arrow, tok::period);
      }
    }
  }
}

/// Collects the structs.
struct Collector : RecursiveASTVisitor<Collector> {
  explicit Collector(TypeSurvey &survey) : survey(survey) {}
  bool VisitRecordDecl(RecordDecl *record) {
    if (record->isThisDeclarationADefinition() && isUsers(survey.ast, survey.spelling, record) &&
        embeddedBuiltin(survey, record))
      found.push_back(record);
    return true;
  }
  TypeSurvey &survey;
  std::vector<RecordDecl *> found;
};

/// The name of the builtin type that has a struct and may be a base for PEP
/// 697; empty for those of variable size, and for type itself.
StringRef builtinBase(StringRef builtin) {
  return StringSwitch<StringRef>(builtin)
      .Case("PyUnicodeObject", "PyUnicode_Type")
      .Case("PyListObject", "PyList_Type")
      .Case("PyDictObject", "PyDict_Type")
      .Case("PySetObject", "PySet_Type")
      .Case("PyFloatObject", "PyFloat_Type")
      .Case("PyComplexObject", "PyComplex_Type")
      .Case("PyByteArrayObject", "PyByteArray_Type")
      .Case("PyBaseExceptionObject", "an exception of Python's")
      .Default("");
}

/// Whether a tp_base has that struct, or one that begins with it.
bool isBaseWith(const Expr *base, StringRef builtin) {
  if (builtin == "PyBaseExceptionObject")
    return isBuiltinException(base);
  auto *named = addressOfVariable(base);
  return named && named->getDecl()->getName() == builtinBase(builtin);
}

} // namespace

bool isBuiltinException(const Expr *expr) {
  auto *named = dyn_cast<DeclRefExpr>(bare(expr));
  return named && isPointerTo(named->getType(), "PyObject") && named->getDecl()->getIdentifier() &&
         named->getDecl()->getName().starts_with("PyExc_");
}

std::string embedderName(const RecordDecl *record) {
  if (auto *name = record->getTypedefNameForAnonDecl())
    return name->getName().str();
  return record->getName().str();
}

const FieldDecl *embeddedBuiltin(const TypeSurvey &survey, const RecordDecl *record) {
  record = record ? record->getDefinition() : nullptr;
  if (!record || record->field_empty() || record->isUnion())
    return nullptr;
  const FieldDecl *first = *record->field_begin();
  auto *type = first->getType()->getAsRecordDecl();
  if (!type || isUsers(survey.ast, survey.spelling, type) || structName(type) == "PyObject" ||
      structName(type) == "PyVarObject" || !type->getDefinition())
    return nullptr;
  // Python's: it begins with an object's head, which only Python declares.
  const RecordDecl *head = type->getDefinition();
  while (head && !head->field_empty()) {
    StringRef name = structName(head);
    if (name == "PyObject" || name == "PyVarObject")
      return first;
    const FieldDecl *inner = *head->field_begin();
    auto *next = inner->getType()->getAsRecordDecl();
    head = next ? next->getDefinition() : nullptr;
  }
  return nullptr;
}

std::string tableKey(const TypeSurvey &survey, const VarDecl *table) {
  if (!table)
    return {};
  auto [file, offset] =
      survey.ast.getSourceManager().getDecomposedExpansionLoc(table->getCanonicalDecl()->getLocation());
  return survey.spelling.path(file) + ":" + std::to_string(offset);
}

std::string embedderKey(const TypeSurvey &survey, const RecordDecl *record) {
  auto [file, offset] = survey.ast.getSourceManager().getDecomposedExpansionLoc(
      record->getDefinition()->getLocation());
  return "struct:" + survey.spelling.path(file) + ":" + std::to_string(offset);
}

std::vector<TypePart> surveyEmbedders(TypeSurvey &survey, ArrayRef<Decl *> decls) {
  Collector collector(survey);
  for (Decl *decl : decls)
    collector.TraverseDecl(decl);
  std::map<const RecordDecl *, TypePart> parts;
  for (RecordDecl *record : collector.found) {
    TypePart &part = parts[record];
    part.key = embedderKey(survey, record);
    part.name = embedderName(record);
  }
  std::vector<TypePart> result;
  if (parts.empty())
    return result;
  StructUses uses(survey, parts);
  for (Decl *decl : decls)
    uses.TraverseDecl(decl);
  uses.finish();
  SourceManager &sources = survey.ast.getSourceManager();
  for (auto &[record, part] : parts) {
    part.seenIn = survey.spelling.path(sources.getMainFileID());
    findUncompiled(survey, record, part);
  }
  for (auto &[record, part] : parts)
    result.push_back(std::move(part));
  return result;
}

void convertEmbedding(TypeSurvey &survey, StaticType &type, const RecordDecl *record,
                      const Expr *base) {
  const FieldDecl *first = embeddedBuiltin(survey, record);
  record = record->getDefinition();
  StringRef builtin = structName(first->getType()->getAsRecordDecl());
  std::string begins = embedderName(record) + " begins with " + builtin.str() + ", ";
  type.part.embedder = embedderKey(survey, record);
  auto block = [&](SourceLocation place, const Twine &reason) {
    survey.block(type, place, begins + reason);
  };
  if (survey.context.floor.minor < 12)
    return block(first->getLocation(), "whose size the Limited API hides; from floor 3.12 on its "
                                       "members can be kept apart from it");
  if (builtinBase(builtin).empty())
    return block(first->getLocation(),
                 "of whose types this tool makes no subtypes; keep the builtin object in a member "
                 "of type PyObject * instead");
  if (!base || !isBaseWith(base, builtin))
    return block(first->getLocation(), "and its tp_base is not " + builtinBase(builtin));
  auto field = survey.spelling.range(first->getSourceRange().getBegin(), first->getEndLoc());
  auto definition = survey.spelling.range(record->getBeginLoc(), record->getEndLoc());
  if (!field || field->inMacro || !definition || definition->inMacro)
    return block(first->getLocation(), "and a macro defines it");
  StringRef text = survey.spelling.text(field->file);
  auto fieldEnd = behindSemicolon(text, field->range.end);
  size_t semicolon = text.find(';', definition->range.end);
  if (!fieldEnd || semicolon == StringRef::npos)
    return block(first->getLocation(), "and is not declared alone");
  Rewrite member;
  member.file = survey.spelling.path(field->file);
  member.extent = withLines(text, {field->range.begin, *fieldEnd});
  member.anew = true;
  type.part.rewrites.push_back(member);

  // The accessor stands behind the struct and a declaration of the type.
  SourceManager &sources = survey.ast.getSourceManager();
  unsigned at = unsigned(semicolon) + 1;
  bool declared = false;
  for (const VarDecl *declaration : type.declarations) {
    auto [file, offset] = sources.getDecomposedExpansionLoc(declaration->getLocation());
    if (file != field->file)
      continue;
    declared = true;
    if (size_t end = text.find(';', offset); end != StringRef::npos && end + 1 > at)
      at = unsigned(end) + 1;
    break;
  }
  bool external = type.definition->hasExternalFormalLinkage();
  if (!declared && !type.definition->getDeclContext()->getRedeclContext()->Equals(
                       record->getDeclContext()->getRedeclContext()))
    return block(first->getLocation(), "and the type is declared in another namespace");
  if (!declared && !external && survey.ast.getLangOpts().CPlusPlus)
    return block(first->getLocation(), "and the type is not declared in front of it");
  std::string accessor = embedderName(record) + "_data";
  if (auto found = survey.ast.Idents.find(accessor); found != survey.ast.Idents.end())
    return block(first->getLocation(), "and the name '" + accessor + "' is taken");
  std::string name = type.part.name;
  std::string indent = indentAt(text, field->range.begin).str();
  std::string pointer = (record->getTypedefNameForAnonDecl() || survey.ast.getLangOpts().CPlusPlus
                             ? "" : "struct ") + embedderName(record) + " *";
  std::string lines = "\n\n";
  if (!declared)
    lines += (external ? "extern" : "static") + std::string(" PyTypeObject *") + name + ";\n\n";
  lines += "/* What " + name + " adds to its base. */\nstatic inline " + pointer + "\n" + accessor +
           "(void *self)\n{\n" + indent + "return (" + pointer +
           ")PyObject_GetTypeData((PyObject *)self, " + name + ");\n}";
  Rewrite insertion;
  insertion.file = member.file;
  insertion.extent = {at, at};
  insertion.to = withNewlines(lines, newlineOf(text));
  type.part.rewrites.push_back(insertion);
}

} // namespace abi3ify
