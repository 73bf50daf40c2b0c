// Every mention of a static type object: calls that make the type, members set
// at run time, addresses, and what each becomes once the type is a pointer.
#include "abi3ify/facts.h"
#include "abi3ify/site.h"
#include "abi3ify/static-types.h"
#include "abi3ify/type-frees.h"
#include "abi3ify/type-order.h"
#include "clang/AST/RecursiveASTVisitor.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

bool isSlotTable(QualType type) {
  auto *record = type->getAsRecordDecl();
  StringRef name = record ? structName(record) : StringRef();
  return name == "PyNumberMethods" || name == "PySequenceMethods" || name == "PyMappingMethods" ||
         name == "PyAsyncMethods" || name == "PyBufferProcs";
}

class Visitor : public RecursiveASTVisitor<Visitor> {
public:
  explicit Visitor(TypeSurvey &survey)
      : survey(survey), spelling(survey.spelling) {}

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
    if (!decl)
      return true;
    auto *outerFunction = function;
    auto *outerVariable = variable;
    auto *outerLocal = localVariable;
    if (auto *inner = dyn_cast<FunctionDecl>(decl)) {
      function = inner;
      variable = localVariable = nullptr;
    }
    if (auto *inner = dyn_cast<VarDecl>(decl))
      localVariable = inner->isLocalVarDecl() && isa_and_nonnull<InitListExpr>(inner->getInit())
                          ? inner : nullptr;
    if (auto *inner = dyn_cast<VarDecl>(decl); inner && inner->hasGlobalStorage())
      variable = inner;
    bool result = RecursiveASTVisitor::TraverseDecl(decl);
    function = outerFunction;
    variable = outerVariable;
    localVariable = outerLocal;
    return result;
  }

  bool VisitVarDecl(VarDecl *decl) {
    if (!isTypeObject(decl->getType()) || isa<ParmVarDecl>(decl))
      return true;
    StaticType *type = survey.find(decl);
    if (!type)
      return true;
    if (decl->isLocalExternDecl())
      survey.block(*type, decl->getLocation(), "a function declares it for itself");
    // Each declaration becomes one of a pointer.
    auto spot = spelling.token(decl->getLocation(), decl->getName());
    if (!spot)
      survey.block(*type, decl->getLocation(), "a macro that is not the project's declares it");
    else
      type->part.mentions.insert({spelling.path(spot->file), spot->offset});
    return true;
  }

  bool VisitCallExpr(CallExpr *call) {
    if (!function)
      return true;
    const Expr *first = call->getNumArgs() > 0 ? bare(call->getArg(0)) : nullptr;
    if (const FunctionDecl *callee = call->getDirectCallee()) {
      callee = callee->getCanonicalDecl();
      order.calls[function].push_back({callee, call->getBeginLoc(), offsetOf(call->getBeginLoc())});
      survey.callers[callee].emplace_back(call, function);
      noteTableCall(call);
      if (calledName(call) == "PyType_Ready" && first)
        if (const VarDecl *table = tableOf(survey, first, function))
          survey.tableReadies.push_back({table, call, function, {parents.begin(), parents.end()}});
      // The object of another one, not the caller's own.
      if (isa_and_nonnull<MemberExpr, ArraySubscriptExpr>(first))
        survey.callsOfOthers.try_emplace(callee, call);
    }
    if (calledName(call) == "Py_SET_TYPE" && call->getNumArgs() == 2)
      noteType(call->getArg(0), call->getArg(1), call->getBeginLoc());
    if (StringRef named = calledName(call); (named == "memcpy" || named == "memmove") && call->getNumArgs() == 3)
      if (const RecordDecl *record = structOfSize(call->getArg(2)))
        copies.emplace_back(record, call->getBeginLoc());
    if (first && isFreeCall(call, survey.ast))
      survey.frees.push_back({function, call});
    return true;
  }

  bool VisitDeclRefExpr(DeclRefExpr *reference) {
    auto *decl = dyn_cast<VarDecl>(reference->getDecl());
    if (!decl)
      return true;
    if (auto *array = survey.ast.getAsArrayType(decl->getType()))
      if (auto *record = array->getElementType()->getAsRecordDecl();
          record && structName(record) == "PyMemberDef")
        survey.memberTables[decl->getCanonicalDecl()].insert(reference->getLocation());
    if (isSlotTable(decl->getType()) && !(variable && isTypeObject(variable->getType())))
      noteTable(decl, reference);
    if (StaticType *type = survey.find(decl))
      use(*type, reference);
    if (function && decl->getType()->isPointerType())
      order.pointers[decl->getCanonicalDecl()].push_back(
          {function, reference->getLocation(), offsetOf(reference->getLocation())});
    if (auto *address = dyn_cast_or_null<UnaryOperator>(parent(1));
        address && address->getOpcode() == UO_AddrOf)
      order.reached.insert(decl->getCanonicalDecl());
    // What a table holds is used with it.
    auto table = function && decl->hasGlobalStorage() ? survey.tables.find(decl)
                                                      : survey.tables.end();
    if (table != survey.tables.end())
      for (const TypeTable::Entry &entry : table->second.entries)
        order.uses[entry.type].push_back(
            {function, reference->getLocation(), offsetOf(reference->getLocation())});
    return true;
  }

  bool VisitUnaryOperator(UnaryOperator *op) {
    auto *operand = dyn_cast<DeclRefExpr>(op->getSubExpr()->IgnoreParenImpCasts());
    if (op->getOpcode() != UO_AddrOf || (operand && survey.find(operand->getDecl())))
      return true;
    if (auto spot = spelling.token(op->getOperatorLoc(), "&"); spot && spot->inMacro)
      otherAddresses.try_emplace({spelling.path(spot->file), spot->offset}, op->getOperatorLoc());
    return true;
  }

  bool VisitMemberExpr(MemberExpr *member) {
    auto *object = dyn_cast<DeclRefExpr>(member->getBase()->IgnoreParenImpCasts());
    if (member->isArrow() || (object && survey.find(object->getDecl())))
      return true;
    if (auto dot = spelling.token(member->getOperatorLoc(), "."); dot && dot->inMacro)
      otherMembers.try_emplace({spelling.path(dot->file), dot->offset}, member->getOperatorLoc());
    return true;
  }

  bool VisitLabelStmt(LabelStmt *label) {
    order.labels.emplace_back(function, offsetOf(label->getBeginLoc()));
    return true;
  }

  /// An object's type is set, or the object copied with its type: nobody owns a reference then.
  void noteType(const Expr *object, const Expr *value, SourceLocation place) {
    const DeclRefExpr *set = addressOfVariable(object);
    if (!(set && survey.find(set->getDecl())) && !addressOfVariable(value) && !isNull(value, survey.ast))
      retypings.push_back(place);
  }
  bool VisitCXXOperatorCallExpr(CXXOperatorCallExpr *call) {
    if (auto *record = call->getType()->getAsRecordDecl(); record && call->getOperator() == OO_Equal)
      copies.emplace_back(record, call->getOperatorLoc());
    return true;
  }

  /// table[i]->tp_x = value;
  bool VisitBinaryOperator(BinaryOperator *op) {
    if (op->getOpcode() == BO_Assign) {
      if (const RecordDecl *record = op->getLHS()->getType()->getAsRecordDecl())
        copies.emplace_back(record, op->getOperatorLoc());
      if (const Expr *object = objectOfType(op->getLHS()))
        noteType(object, op->getRHS(), op->getOperatorLoc());
    }
    auto *member = op->isAssignmentOp()
                       ? dyn_cast<MemberExpr>(op->getLHS()->IgnoreParenImpCasts()) : nullptr;
    if (function && member && member->isArrow() &&
        isPointerTo(member->getBase()->getType(), "PyTypeObject"))
      if (const VarDecl *table = tableOf(survey, member->getBase(), function))
        tableStores.try_emplace(table, op->getOperatorLoc());
    return true;
  }

  /// What only all uses together show.
  void finish() {
    for (const auto &[place, types] : macroTypes) {
      if (auto other = otherAddresses.find(place); other != otherAddresses.end())
        for (StaticType *type : types)
          survey.block(*type, other->second, "a macro that takes its address takes another one here");
      if (auto other = otherMembers.find(place); other != otherMembers.end())
        for (StaticType *type : types)
          survey.block(*type, other->second, "a macro that takes a member of it takes another's here");
    }
    checkTables();
    convertTables(survey);
    for (auto &[key, type] : survey.types) {
      for (const auto [field, value] :
           givenMembers(type.definition ? type.definition->getInit() : nullptr))
        checkFills(type, value);
      for (const FieldAssignment &field : type.assignments)
        if (type.isSequence)
          survey.block(type, field.assignment->getBeginLoc(),
                       "'" + field.field->getName() + "' is set, and the type of a struct "
                       "sequence can only be made as it is");
        else
          order.checkAssignment(survey, type, field), checkFills(type, field.assignment->getRHS());
      order.check(survey, type);
      for (SourceLocation place : retypings)
        survey.block(type, place, "an object becomes one of a type here, without a reference to it");
      const RecordDecl *record = instanceStruct(type);
      for (const auto &[copied, place] : copies)
        if (record && copied->getCanonicalDecl() == record->getCanonicalDecl())
          survey.block(type, place, "an object is copied whole here, without a reference to its type");
    }
  }

private:
  /// In the file where it is expanded.
  unsigned offsetOf(SourceLocation location) const {
    return survey.ast.getSourceManager().getDecomposedExpansionLoc(location).second;
  }

  const Stmt *parent(unsigned up) const {
    return up < parents.size() ? parents[parents.size() - 1 - up] : nullptr;
  }

  /// The next one outwards from `up` that is no parenthesis, cast or init list
  /// of one type's value.
  unsigned behindCasts(unsigned up) const {
    while (parent(up) && isa<ParenExpr, CastExpr>(parent(up)))
      ++up;
    return up;
  }

  void use(StaticType &type, const DeclRefExpr *reference) {
    // The reference itself lies on top of the stack.
    StringRef name = reference->getDecl()->getName();
    auto spot = spelling.token(reference->getLocation(), name);
    if (!spot)
      return survey.block(type, reference->getLocation(),
                          "a macro that pastes names together, or is not the project's, uses it");
    std::string file = spelling.path(spot->file);
    type.part.mentions.insert({file, spot->offset});
    unsigned up = 1;
    while (parent(up) && isa<ParenExpr>(parent(up)))
      ++up;
    auto *address = dyn_cast_or_null<UnaryOperator>(parent(up));
    auto *member = dyn_cast_or_null<MemberExpr>(parent(up));
    if (address && address->getOpcode() == UO_AddrOf)
      return useAddress(type, reference, *spot, address, up);
    if (member && !member->isArrow())
      return useMember(type, reference, *spot, member, up);
    // The definition of the type in an instance of a template, sizeof, a copy.
    survey.block(type, reference->getLocation(),
                 "it is used as a whole here, not by its address");
  }

  void useAddress(StaticType &type, const DeclRefExpr *reference, const Spot &spot,
                  const UnaryOperator *address, unsigned up) {
    unsigned outer = behindCasts(up + 1);
    // Another type's tp_base: its definition sees to it.
    if (StaticType *derived = variable && !function ? survey.find(variable) : nullptr) {
      derived->part.ties.insert("type:" + type.part.key);
      return;
    }
    if (const VarDecl *table = variable ? variable : localVariable) {
      survey.tables[table].entries.push_back({&type, address});
      if (variable)
        return;
    }
    auto *call = dyn_cast_or_null<CallExpr>(parent(outer));
    StringRef called = call ? calledName(call) : StringRef();
    bool first = call && call->getNumArgs() > 0 && bare(call->getArg(0)) == address;
    if (called == "PyType_Ready" && first)
      return ready(type, call, spot, outer);
    if (type.isSequence && first && isSequenceReady(called))
      return readySequence(type, call, spot, outer);
    if (first && (called == "Py_TYPE" || called == "Py_SET_TYPE") && setsType(type, call, outer))
      return;
    // Py_SET_TYPE(&T, &M);
    if (called == "Py_SET_TYPE" && call->getNumArgs() == 2 && bare(call->getArg(1)) == address)
      if (const DeclRefExpr *set = addressOfVariable(call->getArg(0));
          set && survey.find(set->getDecl()))
        return;
    // T.tp_base = &B;
    if (auto *assignment = dyn_cast_or_null<BinaryOperator>(parent(outer)))
      if (auto *left = dyn_cast<MemberExpr>(assignment->getLHS()->IgnoreParenImpCasts()))
        if (auto *base = dyn_cast<DeclRefExpr>(left->getBase()->IgnoreParenImpCasts()))
          if (StaticType *derived = survey.find(base->getDecl());
              derived && bare(assignment->getRHS()) == address) {
            derived->part.ties.insert("type:" + type.part.key);
            return;
          }
    if (setsTypeOfObject(call, address, outer))
      return survey.block(type, reference->getLocation(),
                          "an object becomes one of this type here, without a reference to it");
    auto ampersand = spelling.token(address->getOperatorLoc(), "&");
    StringRef text = spelling.text(spot.file);
    bool ofParameter = ampersand && ampersand->inMacro && !parameterBehind(*ampersand).empty() &&
                       parameterBehind(*ampersand) != type.part.name;
    if (!ofParameter &&
        (!ampersand || ampersand->file != spot.file || ampersand->offset > spot.offset ||
         !text.slice(ampersand->offset + 1, spot.offset).trim(" \t(").empty()))
      return survey.block(type, reference->getLocation(),
                          "the & of its address is not spelled next to its name");
    if (called == "PyModule_AddObject" && call->getNumArgs() == 3 &&
        bare(call->getArg(2)) == address && !giveReference(type, reference, outer))
      return;
    if (takesOver(call, called, address, outer) && !takeReference(type))
      return survey.block(type, reference->getLocation(),
                          "a reference is given away here that nobody made; write Py_INCREF(" +
                              type.part.name + ") in front of it");
    if (isDecref(called) && !referenced.count({&type, function}))
      return survey.block(type, reference->getLocation(),
                          "a reference is released here that this function has not made");
    if (call)
      readyByFunction(type, call, address, spot, outer);
    Rewrite rewrite;
    rewrite.file = spelling.path(ampersand->file);
    TypeUse made{function, reference->getLocation(), type.part.rewrites.size(), {}, true};
    if (ofParameter) {
      shareMacro(type, *ampersand);
      rewrite.extent = {ampersand->offset, ampersand->offset + 1};
    } else {
      unsigned end = ampersand->offset + 1;
      while (end < spot.offset && (text[end] == ' ' || text[end] == '\t'))
        ++end;
      rewrite.extent = {ampersand->offset, end};
      // return&T
      if (ampersand->offset > 0 && (isAlnum(text[ampersand->offset - 1]) ||
                                    text[ampersand->offset - 1] == '_')) {
        rewrite.to = " ";
        rewrite.anew = true;
      }
      made.whole = {ampersand->offset, spot.offset + spot.length};
      made.inMacro = spot.inMacro || ampersand->inMacro;
    }
    type.uses.push_back(made);
    type.part.rewrites.push_back(rewrite);
    if (first && isIncref(called)) {
      references[{&type, function}].push_back(branch());
      referenced.insert({&type, function});
    }
    if (auto *assignment = dyn_cast_or_null<BinaryOperator>(parent(outer)))
      keep(type, *assignment, outer);
    bool compares = is_contained({"PyObject_TypeCheck", "Py_IS_TYPE"}, called);
    if (auto *op = dyn_cast_or_null<BinaryOperator>(parent(outer)))
      compares |= op->isEqualityOp();
    note(type, reference, spot, type.uses.size() - 1, compares);
  }

  /// t of `&t` or `&(t)` in a macro's body.
  StringRef parameterBehind(const Spot &ampersand) const {
    return spelling.text(ampersand.file).substr(ampersand.offset + 1).ltrim(" \t(").take_while([](char c) {
      return isAlnum(c) || c == '_';
    });
  }

  StringRef nameInFrontOf(const Spot &dot) const {
    StringRef before = spelling.text(dot.file).take_front(dot.offset);
    size_t begin = before.find_last_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    return before.substr(begin == StringRef::npos ? 0 : begin + 1);
  }

  /// The edit of a macro's body is one of all types that it is expanded with.
  void shareMacro(StaticType &type, const Spot &ampersand) {
    std::pair<std::string, unsigned> place{spelling.path(ampersand.file), ampersand.offset};
    type.part.ties.insert("macro:" + place.first + ":" + std::to_string(place.second));
    macroTypes[place].push_back(&type);
  }

  /// PyModule_AddObject(m, "x", table[i]) takes over a reference, which somebody
  /// in the function must have made.
  void noteTableCall(const CallExpr *call) {
    StringRef name = calledName(call);
    bool adds = (name == "PyModule_AddObject" || name == "PyModule_Add") && call->getNumArgs() == 3;
    if (!adds && !(isIncref(name) && call->getNumArgs() == 1))
      return;
    if (const VarDecl *table = tableOf(survey, call->getArg(adds ? 2 : 0), function)) {
      auto &calls = adds ? tableAdds : tableIncrefs;
      calls.try_emplace({table, function}, call->getBeginLoc());
    }
  }

  void blockTable(const VarDecl *variable, SourceLocation place, const Twine &reason) {
    for (const TypeTable::Entry &entry : survey.tables[variable].entries)
      survey.block(*entry.type, place, reason);
  }
  void checkTables() {
    for (const auto &[key, place] : tableAdds)
      if (!tableIncrefs.count(key))
        blockTable(key.first, place,
                   "a reference is taken over here that nobody made; write Py_INCREF in front of it");
    for (const auto &[table, place] : tableStores)
      blockTable(table, place, "a member is set here by way of a table");
  }

  /// The innermost statement whose inside need not run.
  const Stmt *branch() const {
    for (const Stmt *stmt : reverse(parents))
      if (isa<CompoundStmt, IfStmt, WhileStmt, ForStmt, DoStmt>(stmt))
        return stmt;
    return nullptr;
  }

  /// Takes a Py_INCREF(&T) that was made on the way to here.
  bool takeReference(StaticType &type) {
    auto &have = references[{&type, function}];
    for (auto it = have.rbegin(); it != have.rend(); ++it)
      if (is_contained(parents, *it)) {
        have.erase(std::next(it).base());
        return true;
      }
    return false;
  }

  /// Py_SET_TYPE(o, &T), Py_TYPE(o) = &T, o->ob_type = &T
  bool setsTypeOfObject(const CallExpr *call, const Expr *address, unsigned up) const {
    if (call && calledName(call) == "Py_SET_TYPE" && call->getNumArgs() == 2)
      return bare(call->getArg(1)) == address;
    auto *assignment = dyn_cast_or_null<BinaryOperator>(parent(up));
    return assignment && assignment->getOpcode() == BO_Assign &&
           objectOfType(assignment->getLHS());
  }

  /// Whether what is called, or our caller, takes over a reference.
  bool takesOver(const CallExpr *call, StringRef called, const Expr *address, unsigned up) const {
    if (isa_and_nonnull<ReturnStmt>(parent(up)))
      return isPointerTo(function->getReturnType(), "PyObject");
    auto index = call ? argumentIndex(call, address) : std::nullopt;
    if (!index)
      return false;
    if (called == "Py_BuildValue") {
      auto *format = dyn_cast<clang::StringLiteral>(call->getArg(0)->IgnoreParenImpCasts());
      return !format || format->getString().contains('N');
    }
    if (is_contained({"PyTuple_SetItem", "PyTuple_SET_ITEM", "PyList_SetItem", "PyList_SET_ITEM",
                      "PyStructSequence_SetItem", "PyStructSequence_SET_ITEM", "PyModule_Add"},
                     called))
      return *index == 2;
    // add(module, "T", (PyObject *)&T), which calls PyModule_AddObject.
    const ParmVarDecl *parameter = parameterOf(call, *index);
    return parameter && anyCall(bodyOf(parameter), [&](const CallExpr *inner) {
             StringRef name = calledName(inner);
             return inner->getNumArgs() == 3 && isNamed(inner->getArg(2), parameter) &&
                    (name == "PyModule_AddObject" || name == "PyModule_Add");
           }) && !anyCall(bodyOf(parameter), [&](const CallExpr *inner) {
             return isIncref(calledName(inner)) && inner->getNumArgs() == 1 &&
                    isNamed(inner->getArg(0), parameter);
           });
  }
  static bool isNamed(const Expr *expr, const ValueDecl *decl) {
    auto *reference = dyn_cast<DeclRefExpr>(bare(expr));
    return reference && reference->getDecl() == decl;
  }
  /// The parameter that an argument becomes, in a function whose body is known.
  static const ParmVarDecl *parameterOf(const CallExpr *call, unsigned index) {
    const FunctionDecl *callee = call->getDirectCallee(), *body = nullptr;
    return callee && callee->hasBody(body) && index < body->getNumParams()
               ? body->getParamDecl(index)
               : nullptr;
  }
  static const Stmt *bodyOf(const ParmVarDecl *parameter) {
    return cast<FunctionDecl>(parameter->getDeclContext())->getBody();
  }

  void note(StaticType &type, const DeclRefExpr *reference, const Spot &spot, size_t use = ~size_t(0),
            bool harmless = false) {
    if (function && !spot.inMacro)
      order.uses[&type].push_back({function, reference->getLocation(), spot.offset, use, harmless});
  }

  /// variable = &T; at `up`.
  void keep(const StaticType &type, const BinaryOperator &assignment, unsigned up) {
    auto *left = dyn_cast<DeclRefExpr>(assignment.getLHS()->IgnoreParenImpCasts());
    auto *variable = left ? dyn_cast<VarDecl>(left->getDecl()) : nullptr;
    if (function && variable && assignment.getOpcode() == BO_Assign && parent(up + 1) == function->getBody())
      order.kept[{&type, type.uses.size() - 1}] = {&assignment, variable};
  }

  void ready(StaticType &type, const CallExpr *call, const Spot &spot, unsigned up) {
    auto spelled = spelledCall(call, "PyType_Ready", spot);
    if (!spelled && readyInMacro(type, call, spot, up))
      return;
    if (!spelled || spelled->args.size() != 1)
      return survey.block(type, call->getBeginLoc(),
                          "PyType_Ready is called by a macro; write the call there");
    addReady(type, call, spot, spelled->all, spot.offset, up);
  }

  /// #define READY(t) if (PyType_Ready(&t) < 0) return NULL
  bool readyInMacro(StaticType &type, const CallExpr *call, const Spot &spot, unsigned up) {
    auto callee = spelling.token(call->getCallee()->getBeginLoc(), "PyType_Ready");
    if (!callee || !callee->inMacro)
      return false;
    StringRef text = spelling.text(callee->file);
    auto spelled = callText(text, callee->offset, directiveEnd(text, callee->offset), false);
    if (!spelled || spelled->args.size() != 1)
      return false;
    StringRef argument = text.slice(spelled->args[0].begin, spelled->args[0].end);
    Spot ampersand = *callee;
    ampersand.offset = spelled->args[0].begin;
    StringRef parameter = argument.starts_with("&") ? parameterBehind(ampersand) : StringRef();
    if (parameter.empty() || argument.drop_front().trim(" \t()") != parameter)
      return false;
    shareMacro(type, ampersand);
    addReady(type, call, *callee, spelled->all, spot.offset, up);
    if (parameter != type.part.name)
      type.part.readies.back().parameter = parameter;
    return true;
  }

  void readySequence(StaticType &type, const CallExpr *call, const Spot &spot, unsigned up) {
    auto spelled = spelledCall(call, calledName(call), spot);
    if (!spelled || spelled->args.size() != 2)
      return survey.block(type, call->getBeginLoc(), "a macro makes it; write the call there");
    if (any_of(parents, [](const Stmt *stmt) { return isa<LambdaExpr>(stmt); }))
      return survey.block(type, call->getBeginLoc(), "a lambda makes it");
    std::vector<Rewrite> edits =
        convertSequenceReady(survey, type, call, *spelled, spot.file, function,
                             parent(behindCasts(up + 1)));
    if (edits.empty())
      return;
    addReady(type, call, spot, spelled->all, spot.offset, up);
    type.part.readies.back().plain = type.part.readies.back().derived = edits;
  }

  /// add_type(m, "T", &T) < 0, where add_type readies what it is given: the type
  /// is made in front of the call, whose value is that of a failure if that fails.
  void readyByFunction(StaticType &type, const CallExpr *call, const Expr *address,
                       const Spot &spot, unsigned up) {
    auto index = argumentIndex(call, address);
    const FunctionDecl *callee = call->getDirectCallee();
    if (!function || !callee || !index)
      return;
    const ParmVarDecl *parameter = parameterOf(call, *index);
    std::string failure = calledName(call) == "PyModule_AddType" ? "-1"
                          : parameter ? failureOf(bodyOf(parameter), parameter)
                                      : "";
    if (failure.empty() || isStatement(up) ||
        any_of(type.made, [&](const TypeMade &made) { return made.function == function; }))
      return;
    auto spelled = spelledCall(call, callee->getName(), spot);
    if (!spelled)
      return;
    unsigned begin = spelled->all.begin, end = spelled->all.end;
    addReady(type, call, spot, {begin, begin}, begin, up);
    type.part.readies.back().before = "(";
    type.part.readies.back().behind = " < 0 ? " + failure + " : ";
    Rewrite close;
    close.file = spelling.path(spot.file);
    close.extent = {end, end};
    close.to = ")";
    type.part.rewrites.push_back(close);
  }

  /// A call's text, if it is spelled outside of macros in the file of `spot`.
  std::optional<CallText> spelledCall(const CallExpr *call, StringRef name,
                                      const Spot &spot) const {
    auto callee = spelling.token(call->getCallee()->getBeginLoc(), name);
    StringRef text = spelling.text(spot.file);
    return callee && callee->file == spot.file && !callee->inMacro && !spot.inMacro
               ? callText(text, callee->offset, text.size(), false)
               : std::nullopt;
  }

  /// `offset`: from where on the type is made.
  void addReady(StaticType &type, const CallExpr *call, const Spot &spot, Range extent,
                unsigned offset, unsigned up) {
    type.made.push_back({function, offset, {parents.begin(), parents.end() - up - 1}, call});
    TypePart::Ready ready;
    ready.file = spelling.path(spot.file);
    ready.extent = extent;
    ready.function =
        spelling.place(function ? function->getLocation() : call->getBeginLoc());
    type.part.readies.push_back(std::move(ready));
    if (!type.readiedIn)
      type.readiedIn = function;
  }

  /// Whether the value of the expression at `up` goes nowhere.
  bool isStatement(unsigned up) const {
    auto *around = parent(behindCasts(up + 1));
    return isa_and_nonnull<CompoundStmt, IfStmt, LabelStmt, SwitchStmt, SwitchCase, ForStmt,
                           WhileStmt, DoStmt>(around) &&
           !isCondition(up);
  }

  /// Whether the expression at `up` is the condition of an if.
  bool isCondition(unsigned up) const {
    unsigned outer = behindCasts(up + 1);
    auto *branch = dyn_cast_or_null<IfStmt>(parent(outer));
    return branch && branch->getCond() == parent(outer - 1);
  }

  /// What a function returns where PyType_Ready of its parameter fails, as
  /// text; empty if that is not seen.
  std::string failureOf(const Stmt *stmt, const ParmVarDecl *parameter) const {
    if (!stmt)
      return {};
    auto readies = [&](const CallExpr *call) {
      return calledName(call) == "PyType_Ready" && call->getNumArgs() == 1 &&
             isNamed(call->getArg(0), parameter);
    };
    if (auto *result = dyn_cast<ReturnStmt>(stmt)) {
      auto *call = result->getRetValue() ? dyn_cast<CallExpr>(bare(result->getRetValue())) : nullptr;
      return call && readies(call) ? "-1" : "";
    }
    if (auto *branch = dyn_cast<IfStmt>(stmt); branch && anyCall(branch->getCond(), readies)) {
      const Stmt *then = branch->getThen();
      if (auto *block = dyn_cast<CompoundStmt>(then); block && !block->body_empty())
        then = block->body_back();
      auto *result = dyn_cast<ReturnStmt>(then);
      const Expr *value = result ? result->getRetValue() : nullptr;
      Expr::EvalResult known;
      if (!value)
        return {};
      if (value->isNullPointerConstant(survey.ast, Expr::NPC_ValueDependentIsNotNull) &&
          value->getType()->isPointerType())
        return "NULL";
      if (value->EvaluateAsInt(known, survey.ast))
        return toString(known.Val.getInt(), 10);
      return {};
    }
    for (const Stmt *child : stmt->children())
      if (std::string found = failureOf(child, parameter); !found.empty())
        return found;
    return {};
  }

  /// Py_TYPE(&T) = &PyType_Type; says what a heap type is anyway.
  bool setsType(StaticType &type, const CallExpr *call, unsigned up) {
    const Expr *value = nullptr;
    const Stmt *whole = call;
    if (calledName(call) == "Py_SET_TYPE" && call->getNumArgs() == 2)
      value = call->getArg(1);
    else
      for (unsigned i = up + 1; parent(i); ++i) {
        if (auto *assignment = dyn_cast<BinaryOperator>(parent(i));
            assignment && assignment->getOpcode() == BO_Assign) {
          value = assignment->getRHS();
          whole = assignment;
          up = i;
        } else if (isa<ParenExpr, CastExpr, UnaryOperator>(parent(i)))
          continue;
        break;
      }
    if (!value)
      return false;
    setMetaclass(survey, type, value);
    auto *block = dyn_cast_or_null<CompoundStmt>(parent(up + 1));
    if (!block || !removeStatement(survey, type, whole))
      survey.block(type, call->getBeginLoc(), "its type is set in an expression");
    return true;
  }

  /// PyModule_AddObject takes over a reference. A static type could do without
  /// one; the pointer's own must stay.
  bool giveReference(StaticType &type, const DeclRefExpr *reference, unsigned up) {
    if (takeReference(type))
      return true;
    for (unsigned i = up; parent(i + 1); ++i) {
      auto *branch = dyn_cast<IfStmt>(parent(i + 1));
      bool unbraced = branch && (branch->getThen() == parent(i) || branch->getElse() == parent(i));
      if ((branch && !unbraced && branch->getCond() != parent(i)) ||
          isa<ForStmt, WhileStmt, DoStmt, SwitchStmt, LabelStmt, ConditionalOperator>(parent(i + 1)))
        break;
      if (!unbraced && !isa<CompoundStmt>(parent(i + 1)))
        continue;
      auto rewrites = referenceBefore(type, *parent(i), unbraced);
      if (rewrites.empty())
        break;
      type.uses.push_back({function, reference->getLocation(), type.part.rewrites.size(), {}});
      append_range(type.part.rewrites, rewrites);
      referenced.insert({&type, function});
      return true;
    }
    survey.block(type, reference->getLocation(),
                 "PyModule_AddObject takes over a reference here that nobody made; write "
                 "Py_INCREF(" + type.part.name + ") in front of it");
    return false;
  }

  /// Py_INCREF in front of a statement, with braces around both where it is the branch of an if. Empty if that cannot
  /// be written there, or the type may not be made yet.
  std::vector<Rewrite> referenceBefore(const StaticType &type, const Stmt &statement, bool unbraced) const {
    auto range = spelling.range(statement.getBeginLoc(), statement.getEndLoc());
    bool early = none_of(type.made, [&](const TypeMade &made) {
      return made.function == function && range && made.offset >= range->range.begin;
    });
    if (!range || range->inMacro || !early || (unbraced && !isa<Expr, ReturnStmt>(statement)))
      return {};
    StringRef text = spelling.text(range->file);
    Rewrite before, behind;
    before.file = behind.file = spelling.path(range->file);
    before.extent = {range->range.begin, range->range.begin};
    before.to = "Py_INCREF((PyObject *)" + type.part.name + ");";
    if (!unbraced) {
      before.to += (newlineOf(text) + indentAt(text, range->range.begin)).str();
      return {before};
    }
    auto end = behindSemicolon(text, range->range.end);
    if (!end)
      return {};
    before.to = "{ " + before.to + " ";
    behind.extent = {*end, *end};
    behind.to = " }";
    return {before, behind};
  }

  void useMember(StaticType &type, const DeclRefExpr *reference, const Spot &spot,
                 const MemberExpr *member, unsigned up) {
    auto *field = dyn_cast<FieldDecl>(member->getMemberDecl());
    auto *assignment = dyn_cast_or_null<BinaryOperator>(parent(up + 1));
    if (!variable && field && field->getIdentifier() &&
        (type.isSequence || field->getName() == "tp_dict"))
      if (auto test = sequenceTest(survey, member, spot, ArrayRef(parents).drop_back(up))) {
        if (!type.isSequence)
          order.lazy.insert(&type);
        type.part.rewrites.push_back(*test);
        return;
      }
    if (variable || !field || !field->getIdentifier())
      return survey.block(type, reference->getLocation(), "static data reads its members");
    if (asksWhetherReady(*field, up)) {
      order.lazy.insert(&type);
      if (auto test = readyTest(spot, up))
        return type.part.rewrites.push_back(*test);
      return survey.block(type, reference->getLocation(),
                          "whether it is readied is asked here in a way that is not known");
    }
    if (assignment && assignment->getOpcode() == BO_Assign && assignment->getLHS() == member) {
      if (!isa_and_nonnull<CompoundStmt>(parent(up + 2)))
        return survey.block(type, reference->getLocation(),
                            "'" + field->getName() + "' is set inside of another statement");
      type.assignments.push_back({field, assignment});
      order.places[assignment] = {function, spot.offset,
                                  {parents.begin(), parents.end() - (up + 2)}};
      return;
    }
    if (field->getName() == "ob_base")
      return survey.block(type, reference->getLocation(), "its object header is reached here");
    auto dot = spelling.token(member->getOperatorLoc(), ".");
    Range object{spot.offset, spot.offset + spot.length};
    if (dot && dot->inMacro && !spot.inMacro) {
      // t.tp_x in the body of a macro that gets the type
      StringRef parameter = nameInFrontOf(*dot);
      if (parameter.empty() || parameter == type.part.name)
        dot.reset();
      else {
        object = {unsigned(dot->offset - parameter.size()), dot->offset};
        shareMacro(type, *dot);
      }
    } else if (dot && dot->file != spot.file)
      dot.reset();
    if (!dot)
      return survey.block(type, reference->getLocation(),
                          "its member is not spelled next to its name");
    StringRef behind = spelling.text(dot->file).substr(dot->offset + 1);
    bool isPlain = behind.starts_with(field->getName());
    bool isOffset = isPlain && field->getName().ends_with("offset");
    type.part.members.push_back({spelling.path(dot->file), object, {dot->offset, dot->offset + 1},
                                 isOffset ? field->getName().str() : "",
                                 isPlain && !dot->inMacro ? askedOf(type, *field, parent(up + 1)) : "",
                                 unsigned(dot->offset + 1 + field->getName().size())});
    if (!isOffset)
      note(type, reference, spot);
  }

  /// What T.tp_init becomes below 3.10, where PyType_GetSlot fails for static types: from there on
  /// that is a rule's.
  std::string askedOf(const StaticType &type, const FieldDecl &field, const Stmt *around) const {
    std::string slot = ("Py_" + field.getName()).str();
    const Fact *fact = facts().find(slot);
    if (survey.context.floor.minor >= 10 || !fact || !fact->usableAt(survey.context.floor) ||
        !field.getType()->isFunctionPointerType() || !isa_and_nonnull<ImplicitCastExpr>(around))
      return {};
    return "((" + field.getType().getAsString() + ")PyType_GetSlot(" + type.part.name + ", " + slot + "))";
  }

  /// T.tp_flags & Py_TPFLAGS_READY
  bool asksWhetherReady(const FieldDecl &field, unsigned up) const {
    auto *op = dyn_cast_or_null<BinaryOperator>(parent(behindImplicit(up + 1)));
    Expr::EvalResult flag;
    return field.getName() == "tp_flags" && op && op->getOpcode() == BO_And &&
           op->getRHS()->EvaluateAsInt(flag, survey.ast) && flag.Val.getInt() == 1 << 12;
  }
  unsigned behindImplicit(unsigned up) const {
    while (isa_and_nonnull<ParenExpr, ImplicitCastExpr>(parent(up)))
      ++up;
    return up;
  }

  /// if (!(T.tp_flags & Py_TPFLAGS_READY)): whether the type was made. The edit makes it T != NULL.
  std::optional<Rewrite> readyTest(const Spot &spot, unsigned up) const {
    unsigned at = behindImplicit(up + 1);
    auto *op = cast<BinaryOperator>(parent(at));
    if (spot.inMacro)
      return std::nullopt;
    unsigned outer = behindImplicit(at + 1);
    auto *negation = dyn_cast_or_null<UnaryOperator>(parent(outer));
    auto *logical = dyn_cast_or_null<BinaryOperator>(parent(outer));
    if (!isa_and_nonnull<IfStmt>(parent(outer)) && !(negation && negation->getOpcode() == UO_LNot) &&
        !(logical && logical->isLogicalOp()))
      return std::nullopt;
    auto range = spelling.rangeAt(spot.level, op->getBeginLoc(), op->getEndLoc());
    if (!range || range->inMacro || range->file != spot.file || range->range.begin != spot.offset)
      return std::nullopt;
    Rewrite rewrite;
    rewrite.file = spelling.path(spot.file);
    rewrite.extent = {spot.offset + spot.length, range->range.end};
    rewrite.to = " != NULL";
    rewrite.anew = true;
    return rewrite;
  }

  void checkFills(StaticType &type, const Expr *table) {
    for (const FieldAssignment &fill : survey.fillsOf(table))
      order.checkAssignment(survey, type, fill);
  }

  /// table.mp_length = f; at the top of a block.
  bool fillsTable(const VarDecl *table, const DeclRefExpr *place) {
    auto *member = dyn_cast_or_null<MemberExpr>(parent(1));
    auto *assignment = dyn_cast_or_null<BinaryOperator>(parent(2));
    auto *field = member ? dyn_cast<FieldDecl>(member->getMemberDecl()) : nullptr;
    auto spot = spelling.token(place->getLocation(), table->getName());
    if (!function || !field || !assignment || assignment->getOpcode() != BO_Assign ||
        assignment->getLHS() != member || !isa_and_nonnull<CompoundStmt>(parent(3)) || !spot)
      return false;
    survey.tableFills[table->getCanonicalDecl()].push_back({field, assignment});
    order.places[assignment] = {function, spot->offset, {parents.begin(), parents.end() - 3}};
    return true;
  }

  void noteTable(const VarDecl *table, const DeclRefExpr *place) {
    if (fillsTable(table, place))
      return;
    // T.tp_as_number = &table; is the type's own.
    for (unsigned up = 1; parent(up); ++up) {
      if (isa<ParenExpr, CastExpr>(parent(up)))
        continue;
      if (auto *address = dyn_cast<UnaryOperator>(parent(up));
          address && address->getOpcode() == UO_AddrOf)
        continue;
      auto *assignment = dyn_cast<BinaryOperator>(parent(up));
      auto *left = assignment ? dyn_cast<MemberExpr>(assignment->getLHS()->IgnoreParenImpCasts())
                              : nullptr;
      auto *type = left ? dyn_cast<DeclRefExpr>(left->getBase()->IgnoreParenImpCasts()) : nullptr;
      if (type && survey.find(type->getDecl()))
        return;
      break;
    }
    survey.looseTables.try_emplace(table->getCanonicalDecl(), place);
  }

  TypeSurvey &survey;
  const Spelling &spelling;
  SmallVector<const Stmt *, 64> parents;
  const FunctionDecl *function = nullptr;
  const VarDecl *variable = nullptr; ///< with static storage, in whose initialiser we are
  const VarDecl *localVariable = nullptr; ///< a function's, with a list
  TypeOrder order;
  std::vector<SourceLocation> retypings; ///< Py_SET_TYPE(o, type), whatever the type
  std::vector<std::pair<const RecordDecl *, SourceLocation>> copies; ///< *a = *b
  /// Py_INCREF(&T) in a function that nothing has taken over yet.
  std::map<std::pair<StaticType *, const FunctionDecl *>, std::vector<const Stmt *>> references;
  std::set<std::pair<StaticType *, const FunctionDecl *>> referenced; ///< that have one
  /// &t and t. in macros, by place: with our types, and the first one with something else.
  std::map<std::pair<std::string, unsigned>, std::vector<StaticType *>> macroTypes;
  std::map<std::pair<std::string, unsigned>, SourceLocation> otherAddresses, otherMembers;
  using InFunction = std::pair<const VarDecl *, const FunctionDecl *>;
  std::map<InFunction, SourceLocation> tableAdds, tableIncrefs;
  std::map<const VarDecl *, SourceLocation> tableStores;
};

} // namespace

void findTypeUses(TypeSurvey &survey, ArrayRef<Decl *> decls) {
  Visitor visitor(survey);
  for (Decl *decl : decls)
    visitor.TraverseDecl(decl);
  visitor.finish();
}

} // namespace abi3ify
