#include "abi3ify/version-checks.h"
#include "abi3ify/facts.h"
#include "abi3ify/site.h"
#include "abi3ify/static-types.h"
#include "clang/AST/DynamicRecursiveASTVisitor.h"
#include "clang/Lex/Lexer.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

constexpr StringRef OffsetMember = "member-offset-name";
constexpr StringRef SideEffect = "clear-side-effect";
constexpr StringRef CopiedStruct = "copied-struct";

/// Whether evaluating it again changes something, as far as that is written.
bool changesSomething(const Stmt *stmt) {
  struct : ConstDynamicRecursiveASTVisitor {
    bool VisitUnaryOperator(const UnaryOperator *operation) override {
      return !(found |= operation->isIncrementDecrementOp());
    }
    bool VisitBinaryOperator(const BinaryOperator *operation) override {
      return !(found |= operation->isAssignmentOp());
    }
    bool VisitCXXOperatorCallExpr(const CXXOperatorCallExpr *call) override {
      return !(found |= call->getOperator() == OO_PlusPlus || call->getOperator() == OO_MinusMinus ||
                        call->isAssignmentOp());
    }
    bool found = false;
  } finder;
  finder.TraverseStmt(stmt);
  return finder.found;
}

class Checks : public ConstDynamicRecursiveASTVisitor {
public:
  Checks(ASTContext &ast, const Spelling &spelling, const MatchContext &context,
         const std::string &pythonFolder)
      : ast(ast), sources(ast.getSourceManager()), spelling(spelling), context(context),
        pythonFolder(pythonFolder) {}

  bool VisitInitListExpr(const InitListExpr *list) override {
    // __dictoffset__ and its kin, in a table of members.
    const RecordDecl *record = list->getType()->getAsRecordDecl();
    if (!record || !list->getNumInits() ||
        structName(record) != "PyMemberDef")
      return true;
    auto *name = dyn_cast<clang::StringLiteral>(bare(list->getInit(0)));
    if (!name || name->getCharByteWidth() != 1 ||
        !is_contained(ArrayRef<StringRef>{"__dictoffset__", "__weaklistoffset__",
                                          "__vectorcalloffset__"},
                      name->getString()))
      return true;
    if (auto range = spelling.range(name->getBeginLoc(), name->getEndLoc()))
      add(OffsetMember, *range, name->getString());
    return true;
  }

  bool VisitVarDecl(const VarDecl *variable) override {
    // What Py_CLEAR begins with: a pointer to its argument, or its value.
    SourceLocation location = variable->getLocation();
    const Expr *init = variable->getInit();
    if (!location.isMacroID() || !init || !variable->getIdentifier() ||
        (variable->getName() != "_py_tmp" && variable->getName() != "_tmp_op_ptr") ||
        Lexer::getImmediateMacroName(location, sources, ast.getLangOpts()) != "Py_CLEAR" ||
        !changesSomething(init))
      return true;
    if (auto spot = spelling.token(location, "Py_CLEAR"))
      add(SideEffect, {spot->file, {spot->offset, spot->offset + spot->length}, spot->inMacro},
          "Py_CLEAR");
    return true;
  }

  bool VisitRecordDecl(const RecordDecl *record) override {
    if (!record->isCompleteDefinition() || record->isDependentType() || record->isUnion() ||
        record->getLocation().isInvalid() ||
        !spelling.isUsers(sources.getExpansionLoc(record->getLocation())))
      return true;
    StringRef original = copyOf(record);
    if (original.empty())
      return true;
    StringRef name = original;
    if (auto *alias = record->getTypedefNameForAnonDecl())
      name = alias->getName();
    else if (record->getIdentifier())
      name = record->getName();
    auto range = spelling.range(record->getLocation(), record->getLocation());
    if (Finding *finding = range ? add(CopiedStruct, *range, name) : nullptr)
      finding->message = ("a copy of the layout of " + original).str();
    return true;
  }

  std::vector<Finding> findings;

private:
  Finding *add(StringRef id, const SpelledRange &at, StringRef symbol) {
    const Rule *rule = context.rules->find(id);
    if (!rule || !rule->speaksAt(context.floor))
      return nullptr;
    Finding finding;
    finding.file = spelling.path(at.file);
    finding.range = at.range;
    if (!known.insert({rule, finding.file, finding.range.begin}).second)
      return nullptr;
    finding.inMacro = at.inMacro;
    finding.rule = rule->id;
    finding.symbol = symbol.str();
    finding.message = rule->title;
    if (const std::string *reason = rule->reasonFor(Use::Value, context.floor))
      finding.reason = *reason;
    findings.push_back(std::move(finding));
    return &findings.back();
  }

  bool isInPythons(const Decl *decl) const {
    FileID file = sources.getFileID(sources.getExpansionLoc(decl->getLocation()));
    return !pythonFolder.empty() && file.isValid() && !spelling.isUsers(file) &&
           StringRef(spelling.path(file)).starts_with(pythonFolder);
  }

  static bool isOpaque(StringRef name) {
    const Fact *fact = facts().find(name);
    return !fact || fact->opacity == "opaque" || !fact->since;
  }

  /// The struct of CPython's that a struct of the user's is the copy of: by
  /// its name, or by the names of its members.
  StringRef copyOf(const RecordDecl *record) const {
    // struct _frame, which the headers only declare.
    for (const TagDecl *each : record->redecls())
      if (each != record && isInPythons(each))
        return structName(record).empty() ? record->getName() : structName(record);
    std::vector<StringRef> members;
    bool hasHead = false, isObject = false;
    for (const FieldDecl *field : record->fields()) {
      if (!field->getIdentifier())
        return {};
      StringRef name = field->getName();
      hasHead |= name == "ob_base";
      isObject |= name == "ob_refcnt";
      if (name != "ob_base")
        members.push_back(name);
    }
    if (isObject && members.size() == 2 && is_contained(members, "ob_type"))
      return "PyObject";
    if (!hasHead || members.empty())
      return {};
    // A few names that are common words prove nothing, nor does ob_item alone:
    // arrays are made in its image.
    size_t own = count_if(members, [](StringRef name) {
      size_t prefix = name.find('_'); // f_back, func_code
      return prefix && prefix <= 4 && isMember(name);
    });
    if (own < (members.size() == 1 && members[0] != "ob_item" ? 1u : 2u))
      return {};
    return structWith(members);
  }

  static StringRef structWith(ArrayRef<StringRef> members) {
    for (StringRef name : {"PyTypeObject", "PyFrameObject", "PyListObject", "PyTupleObject",
                           "PyLongObject", "PyFloatObject", "PyBytesObject", "PyByteArrayObject",
                           "PyDictObject", "PyCodeObject", "PyCellObject", "PyMethodObject",
                           "PyGenObject", "PyCoroObject", "PyAsyncGenObject", "PyTracebackObject",
                           "PyHeapTypeObject"})
      if (isOpaque(name) &&
          all_of(members, [&](StringRef member) { return isMemberOf(name, member); }))
        return name;
    return {};
  }

  ASTContext &ast;
  SourceManager &sources;
  const Spelling &spelling;
  const MatchContext &context;
  const std::string &pythonFolder;
  std::set<std::tuple<const Rule *, std::string, unsigned>> known;
};

} // namespace

std::vector<Finding> checkVersions(ASTContext &ast, const Spelling &spelling,
                                   const MatchContext &context, const std::string &pythonFolder) {
  Checks checks(ast, spelling, context, pythonFolder);
  for (Decl *decl : usersDecls(ast, spelling))
    checks.TraverseDecl(decl);
  return std::move(checks.findings);
}

} // namespace abi3ify
