// --module-state: the types of a multi-phase module live in its state instead
// of in static pointers, so that each module object has its own.
// All types of a unit, or none: what keeps one of them from it is said with
// each, and they stay in static pointers then.
// Checked: the unit defines one module, with one Py_mod_exec function that
// makes the types, and no state yet; each use stands in a function that gets
// the module, or an object that can only be of one of its types.
#include "abi3ify/facts.h"
#include "abi3ify/site.h"
#include "abi3ify/static-types.h"
#include "clang/AST/DynamicRecursiveASTVisitor.h"
#include "llvm/ADT/StringExtras.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

constexpr unsigned BaseType = 1u << 10; ///< Py_TPFLAGS_BASETYPE
constexpr int ModExec = 2;              ///< Py_mod_exec
constexpr unsigned MethClass = 0x10, MethStatic = 0x20;

const InitListExpr *listOf(const Expr *reference) {
  auto *named = dyn_cast_or_null<DeclRefExpr>(reference ? bare(reference) : nullptr);
  auto *table = named ? dyn_cast<VarDecl>(named->getDecl()) : nullptr;
  const VarDecl *definition = table ? table->getInitializingDeclaration() : nullptr;
  return definition ? dyn_cast_or_null<InitListExpr>(definition->getInit()) : nullptr;
}

/// The functions that a table of structs has in a member.
std::set<const FunctionDecl *> functionsIn(const Expr *table,
                                           std::initializer_list<StringRef> members) {
  std::set<const FunctionDecl *> found;
  const InitListExpr *rows = listOf(table);
  for (const Expr *row : rows ? rows->inits() : ArrayRef<Expr *>())
    for (const auto [field, value] : givenMembers(row))
      if (is_contained(members, field->getName()))
        if (const FunctionDecl *function = functionOf(value))
          found.insert(function->getCanonicalDecl());
  return found;
}

/// How often functions and variables are named, and variables that are given
/// another value.
struct Names : DynamicRecursiveASTVisitor {
  bool VisitDeclRefExpr(DeclRefExpr *reference) override {
    ++counts[reference->getDecl()->getCanonicalDecl()];
    return true;
  }
  bool VisitBinaryOperator(BinaryOperator *op) override {
    return !op->isAssignmentOp() || change(op->getLHS());
  }
  bool VisitUnaryOperator(UnaryOperator *op) override {
    return (op->getOpcode() != UO_AddrOf && !op->isIncrementDecrementOp()) ||
           change(op->getSubExpr());
  }
  bool VisitVarDecl(VarDecl *variable) override {
    auto *function = dyn_cast_or_null<FunctionDecl>(variable->getParentFunctionOrMethod());
    if (function && !isa<ParmVarDecl>(variable) && variable->getIdentifier())
      for (const ParmVarDecl *parameter : function->parameters())
        if (parameter->getName() == variable->getName())
          changed.insert(parameter);
    return true;
  }
  bool change(const Expr *expr) {
    if (auto *reference = dyn_cast<DeclRefExpr>(bare(expr)))
      changed.insert(reference->getDecl());
    return true;
  }
  std::map<const Decl *, unsigned> counts;
  std::set<const ValueDecl *> changed;
};

/// Variables of the process that may keep an instance of a type, beyond the module.
struct Keepers : DynamicRecursiveASTVisitor {
  explicit Keepers(TypeSurvey &survey) : survey(survey) {}
  bool VisitBinaryOperator(BinaryOperator *op) override {
    const VarDecl *variable = variableOf(op->getLHS());
    if (op->getOpcode() != BO_Assign || !variable || !variable->hasGlobalStorage() || isNull(op->getRHS(), survey.ast))
      return true;
    QualType pointee = variable->getType()->getPointeeType();
    auto *record = pointee.isNull() ? nullptr : pointee->getAsRecordDecl();
    bool ofType = record && any_of(survey.types, [&](const auto &each) {
                    const RecordDecl *own = instanceStruct(each.second);
                    return own && own->getCanonicalDecl() == record->getCanonicalDecl();
                  });
    if (!found && (ofType || (isPointerTo(variable->getType(), "PyObject") && mayBeInstance(op->getRHS()))))
      found = op;
    return true;
  }
  /// What a call gives that gets a type, or that is the project's.
  bool mayBeInstance(const Stmt *value) const {
    return anyCall(value, [&](const CallExpr *call) {
      const FunctionDecl *callee = call->getDirectCallee();
      return !callee || isUsers(survey.ast, survey.spelling, callee) ||
             any_of(call->arguments(), [&](const Expr *argument) {
               const DeclRefExpr *type = addressOfVariable(argument);
               return type && survey.find(type->getDecl());
             });
    });
  }
  TypeSurvey &survey;
  const BinaryOperator *found = nullptr;
};

class ModuleState {
public:
  explicit ModuleState(TypeSurvey &survey)
      : survey(survey), spelling(survey.spelling), ast(survey.ast) {}

  void place() {
    for (Decl *decl : usersDecls(ast, spelling))
      names.TraverseDecl(decl);
    if (!findModule() || !checkTypes() || !reachAll()) {
      for (auto &[key, type] : survey.types)
        if (type.definition)
          type.part.remarks.push_back("in a static pointer, not in the module's state: " + reason);
      return;
    }
    StaticType *first = nullptr;
    for (auto &[key, type] : survey.types) {
      type.access = stateIn(exec, nullptr) + "->" + type.part.name;
      type.module = exec->getParamDecl(0)->getName();
      type.part.ties.insert("state:" + spelling.path(file));
      if (!first || type.definition->getLocation() < first->definition->getLocation())
        first = &type;
    }
    for (auto &[key, type] : survey.types)
      for (const TypeUse &use : type.uses)
        rewriteUse(type, use);
    declareState(*first);
    defineFunctions(*first);
    setMembers(*first);
  }

private:
  bool no(const Twine &why, SourceLocation place = {}) {
    reason = why.str();
    if (place.isValid()) {
      SourceManager &sources = ast.getSourceManager();
      auto [id, offset] = sources.getDecomposedExpansionLoc(place);
      reason = (StringRef(spelling.path(id)).rsplit('/').second + ":" +
                Twine(sources.getExpansionLineNumber(place)) + ": " + why)
                   .str();
    }
    return false;
  }

  const Expr *member(StringRef name) const {
    for (const auto [field, value] : givenMembers(module->getInit()))
      if (field->getName() == name)
        return value;
    return nullptr;
  }
  bool namedOnce(const Expr *table) {
    auto *reference = table ? dyn_cast<DeclRefExpr>(bare(table)) : nullptr;
    return reference && names.counts[reference->getDecl()->getCanonicalDecl()] == 1;
  }
  bool isEmpty(StringRef name) const {
    const Expr *value = member(name);
    return !value || isNull(value, ast);
  }

  // --- what must hold ---------------------------------------------------------

  bool findModule() {
    if (survey.context.floor.abi3t)
      return no("it is a PyModuleDef that gives a module its state, and abi3t has none");
    if (survey.context.floor.minor < 10)
      return no("PyType_FromModuleAndSpec is in the Limited API from 3.10 on");
    for (Decl *decl : usersDecls(ast, spelling)) {
      auto *variable = dyn_cast<VarDecl>(decl);
      auto *record = variable ? variable->getType()->getAsRecordDecl() : nullptr;
      if (!record || structName(record) != "PyModuleDef" || !variable->getInit())
        continue;
      if (module)
        return no("this source defines two modules", variable->getLocation());
      module = variable;
    }
    if (!module)
      return no("this source defines no module");
    const InitListExpr *slots = listOf(member("m_slots"));
    if (!slots)
      return no("the module is made by PyModule_Create, in one phase", module->getLocation());
    for (StringRef used : {"m_size", "m_traverse", "m_clear", "m_free"})
      if (!isEmpty(used))
        return no("the module has a state or an end of its own", module->getLocation());
    for (const Expr *row : slots->inits()) {
      int slot = 0;
      const Expr *value = nullptr;
      Expr::EvalResult known;
      for (const auto [field, given] : givenMembers(row))
        if (field->getName() == "value")
          value = given;
        else if (given->EvaluateAsInt(known, ast))
          slot = known.Val.getInt().getExtValue();
      if (slot != ModExec)
        continue;
      const FunctionDecl *function = value ? functionOf(value) : nullptr, *body = nullptr;
      if (exec || !function || !function->hasBody(body))
        return no("its Py_mod_exec is not one function of this source", row->getBeginLoc());
      exec = body;
    }
    auto range = spelling.range(module->getLocation(), module->getLocation());
    if (!exec || exec->getNumParams() != 1 || exec->getParamDecl(0)->getName().empty() || !range ||
        range->inMacro)
      return no("the module has no Py_mod_exec function", module->getLocation());
    file = range->file;
    text = spelling.text(file);
    if (namedOnce(member("m_methods")))
      methods = functionsIn(member("m_methods"), {"ml_meth"});
    prefix = module->getName().str();
    for (StringRef end : {"_module", "module", "_def", "def"})
      if (StringRef(prefix).ends_with(end) && prefix.size() > end.size()) {
        prefix.resize(prefix.size() - end.size());
        break;
      }
    prefix = StringRef(prefix).rtrim('_').str();
    for (StringRef part : {"_state", "_get_state", "_state_of", "_traverse", "_clear", "_free"})
      if (auto taken = ast.Idents.find(prefix + part.str()); taken != ast.Idents.end())
        return no("the name '" + prefix + part + "' is taken", module->getLocation());
    return true;
  }

  bool checkTypes() {
    if (!survey.tables.empty())
      return no("a table of types is static", survey.tables.begin()->first->getLocation());
    for (auto &[key, type] : survey.types) {
      if (!type.definition || type.definition->hasExternalFormalLinkage())
        return no("other sources may use '" + type.part.name + "'",
                  type.canonical->getLocation());
      if (!type.part.metaText.empty())
        return no("'" + type.part.name + "' has a metaclass", type.definition->getLocation());
      if (type.isSequence || !type.part.members.empty())
        return no("'" + type.part.name + "' is reached by its members",
                  type.definition->getLocation());
      if (const RecordDecl *record = instanceStruct(type); record && embeddedBuiltin(survey, record))
        return no("the accessor of " + embedderName(record) + " needs '" + type.part.name + "'",
                  record->getLocation());
      for (const TypePlace &place : type.part.loose)
        if (!type.part.mentions.count({place.file, place.offset}))
          return no("code that is not compiled names '" + type.part.name + "'",
                    type.definition->getLocation());
      for (const TypePart::Ready &ready : type.part.readies)
        if (!ready.parameter.empty())
          return no("a macro makes '" + type.part.name + "'", type.definition->getLocation());
      for (const TypeMade &made : type.made)
        if (!made.function || made.function->getCanonicalDecl() != exec->getCanonicalDecl())
          return no("'" + type.part.name + "' is made in another function than Py_mod_exec's",
                    made.call->getBeginLoc());
      auto range = spelling.range(type.definition->getLocation(), type.definition->getLocation());
      if (!range || range->file != file)
        return no("'" + type.part.name + "' is defined in a header",
                  type.definition->getLocation());
    }
    return true;
  }

  bool reachAll() {
    for (auto &[key, type] : survey.types)
      for (const TypeUse &use : type.uses)
        if (use.inMacro)
          return no("a macro names '" + type.part.name + "'", use.location);
        else if (use.moved)
          return no("a variable keeps '" + type.part.name + "'", use.location);
        else if (stateIn(use.function, &use).empty())
          return no("'" + use.function->getName() + "' has no way to the module, and names '" +
                        type.part.name + "'",
                    use.location);
    Keepers keepers(survey);
    for (Decl *decl : usersDecls(ast, spelling))
      keepers.TraverseDecl(decl);
    if (keepers.found)
      return no("a variable of the process may keep an instance", keepers.found->getBeginLoc());
    return true;
  }

  // --- ways to the state --------------------------------------------------------

  /// How a function reaches the state; empty where it cannot.
  std::string stateIn(const FunctionDecl *function, const TypeUse *use) {
    if (!function || function->getNumParams() == 0)
      return {};
    const ParmVarDecl *first = function->getParamDecl(0);
    auto *canonical = function->getCanonicalDecl();
    // Who else calls it may give it something else; its table is the one that names it.
    if (first->getName().empty() || names.changed.count(first) || names.counts[canonical] != 1)
      return {};
    if (canonical == exec->getCanonicalDecl() || methods.count(canonical))
      return isPointerTo(first->getType(), "PyObject")
                 ? prefix + "_get_state(" + first->getName().str() + ")" : "";
    const StaticType *owner = nullptr;
    bool isNew = false;
    for (auto &[key, type] : survey.types)
      if (isFunctionOf(type, canonical, isNew)) {
        if (owner)
          return {};
        owner = &type;
      }
    if (!owner || (!isFinal(*owner) && survey.context.floor.minor < 13))
      return {};
    usesTypes = true;
    if (isNew)
      return prefix + "_state_of(" + first->getName().str() + ")";
    bool plain = isPointerTo(first->getType(), "PyObject");
    return prefix + "_state_of(Py_TYPE(" + (plain ? "" : "(PyObject *)") +
           first->getName().str() + "))";
  }

  /// Whether a function is called with instances of a type, and while the
  /// module's state is whole.
  bool isFunctionOf(const StaticType &type, const FunctionDecl *function, bool &isNew) {
    static const std::set<StringRef> slots = {
        "tp_repr", "tp_str", "tp_hash", "tp_call", "tp_getattro", "tp_setattro", "tp_iter",
        "tp_iternext", "tp_init", "tp_richcompare", "tp_new"};
    for (const auto [field, value] : givenMembers(type.definition->getInit())) {
      StringRef name = field->getName();
      const FunctionDecl *slot = slots.count(name) ? functionOf(value) : nullptr;
      if (slot && slot->getCanonicalDecl() == function) {
        isNew = name == "tp_new";
        return true;
      }
      if (name == "tp_methods" && namedOnce(value) && isInstanceMethod(value, function))
        return true;
      if (name == "tp_getset" && namedOnce(value) && functionsIn(value, {"get", "set"}).count(function))
        return true;
    }
    return false;
  }

  static bool isInstanceMethod(const Expr *table, const FunctionDecl *function) {
    const InitListExpr *rows = listOf(table);
    for (const Expr *row : rows ? rows->inits() : ArrayRef<Expr *>()) {
      bool ofOurs = false, ofInstances = false;
      for (const auto [field, value] : givenMembers(row)) {
        const FunctionDecl *named = field->getName() == "ml_meth" ? functionOf(value) : nullptr;
        ofOurs |= named && named->getCanonicalDecl() == function;
        Expr::EvalResult flags;
        if (field->getName() == "ml_flags" &&
            value->EvaluateAsInt(flags, function->getASTContext()))
          ofInstances = !(flags.Val.getInt().getZExtValue() & (MethClass | MethStatic));
      }
      if (ofOurs)
        return ofInstances;
    }
    return false;
  }

  bool isFinal(const StaticType &type) const {
    for (const FieldAssignment &assigned : type.assignments)
      if (assigned.field->getName() == "tp_flags")
        return false;
    for (const auto [field, value] : givenMembers(type.definition->getInit())) {
      Expr::EvalResult flags;
      if (field->getName() == "tp_flags" &&
          (!value->EvaluateAsInt(flags, ast) || (flags.Val.getInt().getZExtValue() & BaseType)))
        return false;
    }
    return true;
  }

  // --- edits ------------------------------------------------------------------

  void rewriteUse(StaticType &type, const TypeUse &use) {
    Rewrite &rewrite = type.part.rewrites[use.rewrite];
    std::string access = stateIn(use.function, &use) + "->" + type.part.name;
    if (use.whole.size() == 0) { // an insertion that names it
      size_t at = rewrite.to.find(type.part.name);
      rewrite.to.replace(at, type.part.name.size(), access);
      return;
    }
    rewrite.extent = use.whole;
    rewrite.to = (rewrite.to == " " ? " " : "") + access;
    rewrite.anew = true;
  }

  void insert(StaticType &type, unsigned at, const std::string &what) {
    Rewrite rewrite;
    rewrite.file = spelling.path(file);
    rewrite.extent = {at, at};
    rewrite.to = withNewlines(what, newlineOf(text));
    type.part.rewrites.push_back(rewrite);
  }

  unsigned lineOf(unsigned offset) const {
    size_t begin = text.take_front(offset).rfind('\n');
    return begin == StringRef::npos ? 0 : begin + 1;
  }

  /// The struct, in front of what first mentions one of the types.
  void declareState(StaticType &first) {
    unsigned at = text.size();
    for (auto &[key, type] : survey.types) {
      for (const VarDecl *declaration : type.definition->redecls()) {
        auto range = spelling.range(declaration->getBeginLoc(), declaration->getBeginLoc());
        if (range && range->file == file)
          at = std::min(at, range->range.begin);
      }
      for (const TypeUse &use : type.uses)
        if (auto range = spelling.range(use.function->getBeginLoc(), use.function->getBeginLoc());
            range && range->file == file)
          at = std::min(at, range->range.begin);
    }
    std::string state = prefix + "_state";
    std::string out = "/* What each module object has for itself. */\ntypedef struct {\n";
    for (auto &[key, type] : survey.types)
      out += "    PyTypeObject *" + type.part.name + ";\n";
    out += "} " + state + ";\n\nstatic inline " + state + " *\n" + prefix +
           "_get_state(PyObject *module)\n{\n    return (" + state +
           " *)PyModule_GetState(module);\n}\n\n";
    bool byDefinition = survey.context.floor.minor >= 13;
    if (usesTypes) {
      if (byDefinition)
        out += "static struct PyModuleDef " + module->getNameAsString() + ";\n\n";
      out += "static inline " + state + " *\n" + prefix + "_state_of(PyTypeObject *type)\n{\n" +
             (byDefinition ? "    return " + prefix + "_get_state(PyType_GetModuleByDef(type, &" +
                                 module->getNameAsString() + "));\n"
                           : "    return (" + state + " *)PyType_GetModuleState(type);\n") +
             "}\n\n";
    }
    insert(first, lineOf(at), out);
  }

  void defineFunctions(StaticType &first) {
    std::string state = prefix + "_state *state = " + prefix + "_get_state(module);\n";
    std::string visits, clears;
    for (auto &[key, type] : survey.types) {
      visits += "    Py_VISIT(state->" + type.part.name + ");\n";
      clears += "    Py_CLEAR(state->" + type.part.name + ");\n";
    }
    auto range = spelling.range(module->getBeginLoc(), module->getBeginLoc());
    insert(first, lineOf(range ? range->range.begin : 0),
           "static int\n" + prefix + "_traverse(PyObject *module, visitproc visit, void *arg)\n{\n"
           "    " + state + visits + "    return 0;\n}\n\nstatic int\n" + prefix +
           "_clear(PyObject *module)\n{\n    " + state + clears + "    return 0;\n}\n\n"
           "static void\n" + prefix + "_free(void *module)\n{\n    " + prefix +
           "_clear((PyObject *)module);\n}\n\n");
  }

  /// m_size, m_traverse, m_clear and m_free of the definition.
  void setMembers(StaticType &first) {
    auto *list = cast<InitListExpr>(module->getInit());
    if (list->getSyntacticForm())
      list = list->getSyntacticForm();
    bool named = any_of(list->inits(), [](const Expr *e) { return isa<DesignatedInitExpr>(e); });
    const std::vector<std::pair<StringRef, std::string>> wanted = {
        {"m_size", "sizeof(" + prefix + "_state)"}, {"m_traverse", prefix + "_traverse"}, {"m_clear", prefix + "_clear"},
        {"m_free", prefix + "_free"}};
    unsigned end = 0;
    std::string indent = "    ", added;
    for (const auto [field, value] : givenMembers(module->getInit()))
      if (auto range = spelling.range(value->getBeginLoc(), value->getEndLoc());
          range && range->file == file && !range->inMacro) {
        end = std::max(end, range->range.end);
        indent = indentAt(text, range->range.begin).str();
      }
    for (const auto &[name, value] : wanted) {
      const Expr *given = member(name);
      auto range = given ? spelling.range(given->getBeginLoc(), given->getEndLoc()) : std::nullopt;
      if (!range || range->inMacro || range->file != file) {
        added += ",\n" + indent + (named ? "." + name.str() + " = " : "") + value;
        continue;
      }
      Rewrite rewrite;
      rewrite.file = spelling.path(file);
      rewrite.extent = range->range;
      rewrite.anew = true;
      rewrite.to = value;
      first.part.rewrites.push_back(rewrite);
    }
    if (!added.empty())
      insert(first, end, added);
  }

  TypeSurvey &survey;
  const Spelling &spelling;
  ASTContext &ast;
  Names names;
  const VarDecl *module = nullptr;
  const FunctionDecl *exec = nullptr;
  std::set<const FunctionDecl *> methods; ///< of the module
  FileID file;
  StringRef text;
  std::string prefix, reason;
  bool usesTypes = false; ///< some function reaches the state by a type
};

} // namespace

void placeInModuleState(TypeSurvey &survey) { ModuleState(survey).place(); }

} // namespace abi3ify
