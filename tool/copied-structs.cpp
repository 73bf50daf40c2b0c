#include "abi3ify/copied-structs.h"
#include "abi3ify/facts.h"
#include "abi3ify/object-checks.h"
#include "abi3ify/site.h"
#include "abi3ify/global-names.h"
#include "abi3ify/static-types.h"
#include "clang/AST/DynamicRecursiveASTVisitor.h"
#include "clang/AST/ParentMapContext.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

constexpr StringRef CopiedStruct = "copied-struct";

/// Structs of CPython's that are copied, with the types that they are of.
constexpr std::pair<llvm::StringLiteral, llvm::StringLiteral> Builtins[] = {
    {"PyTypeObject", "Type"},         {"PyFrameObject", "Frame"},
    {"PyListObject", "List"},         {"PyTupleObject", "Tuple"},
    {"PyLongObject", "Long"},         {"PyFloatObject", "Float"},
    {"PyBytesObject", "Bytes"},       {"PyByteArrayObject", "ByteArray"},
    {"PyDictObject", "Dict"},         {"PyCodeObject", "Code"},
    {"PyCellObject", "Cell"},         {"PyMethodObject", "Method"},
    {"PyGenObject", "Gen"},           {"PyCoroObject", "Coro"},
    {"PyAsyncGenObject", "AsyncGen"}, {"PyTracebackObject", "TraceBack"},
    {"PyHeapTypeObject", "HeapType"}, {"PyFunctionObject", "Function"},
    {"PyASCIIObject", "Unicode"},     {"PyCompactUnicodeObject", "Unicode"},
    {"PySetObject", "Set"},           {"PySliceObject", "Slice"},
    {"PyComplexObject", "Complex"},   {"PyCFunctionObject", "CFunction"}};

/// A struct of the project's that begins as objects do.
struct Candidate {
  const RecordDecl *record = nullptr;
  bool spelledHead = false;            ///< ob_refcnt and ob_type are its own
  SmallVector<const FieldDecl *, 8> members; ///< behind the head
};

/// What code does with a struct.
struct Usage {
  bool reached = false;  ///< some pointer is cast to it
  bool measured = false; ///< its size is taken
  std::string builtin;   ///< the struct of a builtin's object that is cast to it
};

/// The struct that a pointer points to.
const RecordDecl *pointee(QualType type) {
  if (type.isNull() || !type->isPointerType())
    return nullptr;
  const RecordDecl *record = type->getPointeeType()->getAsRecordDecl();
  return record ? record->getDefinition() : nullptr;
}

bool isHead(QualType type) {
  const RecordDecl *record = type->getAsRecordDecl();
  StringRef name = record ? structName(record) : "";
  return name == "PyObject" || name == "PyVarObject";
}

/// The struct behind an object that Python's function has made.
StringRef madeBy(StringRef function) {
  if (!function.consume_front("Py"))
    return {};
  for (const auto &[name, kind] : Builtins) {
    StringRef rest = function;
    if (!rest.consume_front(kind) || !rest.consume_front("_"))
      continue;
    if (rest.starts_with("From") || rest.starts_with("New") || rest == "Pack" || rest == "Copy")
      return name;
  }
  return {};
}

class Collector : public ConstDynamicRecursiveASTVisitor {
public:
  Collector(ASTContext &ast, const Spelling &spelling) : ast(ast), spelling(spelling) {}

  bool VisitRecordDecl(const RecordDecl *record) override {
    if (!record->isCompleteDefinition() || record->isDependentType() || record->isUnion() ||
        record->getLocation().isInvalid() ||
        !spelling.isUsers(ast.getSourceManager().getExpansionLoc(record->getLocation())))
      return true;
    records.push_back(record);
    Candidate one;
    one.record = record;
    bool headed = false, named = true;
    SmallVector<const FieldDecl *, 8> fields(record->fields());
    for (const FieldDecl *field : fields) {
      StringRef name = field->getName();
      named &= !name.empty();
      if (field == fields.front() && isHead(field->getType()))
        headed = true;
      else if (name == "ob_refcnt" || name == "_ob_next" || name == "_ob_prev")
        one.spelledHead |= name == "ob_refcnt" && one.members.empty();
      else if (!(one.spelledHead && (name == "ob_type" || name == "ob_size")))
        one.members.push_back(field);
    }
    bool typed = any_of(fields, [](const FieldDecl *field) { return field->getName() == "ob_type"; });
    one.spelledHead &= typed;
    if (named && (headed || one.spelledHead))
      candidates.push_back(std::move(one));
    return true;
  }

  bool VisitCastExpr(const CastExpr *cast) override {
    const RecordDecl *to = pointee(cast->getType());
    const Expr *from = cast->getSubExpr();
    if (!to || pointee(from->getType()) == to || !spelling.isUsers(
            ast.getSourceManager().getExpansionLoc(to->getLocation())))
      return true;
    Usage &one = usage[to];
    one.reached = true;
    if (one.builtin.empty())
      one.builtin = builtinOf(from, cast).str();
    return true;
  }

  bool VisitUnaryExprOrTypeTraitExpr(const UnaryExprOrTypeTraitExpr *trait) override {
    if (trait->getKind() == UETT_SizeOf)
      if (const RecordDecl *record = trait->getTypeOfArgument()->getAsRecordDecl())
        usage[record->getDefinition()].measured = true;
    return true;
  }

  std::vector<const RecordDecl *> records;
  std::vector<Candidate> candidates;
  std::map<const RecordDecl *, Usage> usage;

private:
  /// The struct of the builtin's object that is cast, where the code shows it.
  StringRef builtinOf(const Expr *expr, const CastExpr *cast) const {
    for (const Expr *each = expr;;) {
      const RecordDecl *record = pointee(each->getType());
      StringRef name = record ? structName(record) : "";
      for (const auto &[known, kind] : Builtins)
        if (name == known && name != "PyTypeObject")
          return known;
      each = each->IgnoreParens();
      auto *inner = dyn_cast<CastExpr>(each);
      if (!inner)
        break;
      each = inner->getSubExpr();
    }
    const Expr *object = bare(expr);
    if (auto *call = dyn_cast<CallExpr>(object))
      return madeBy(calledName(call));
    const VarDecl *variable = variableOf(object);
    auto *function = variable ? dyn_cast<FunctionDecl>(variable->getDeclContext()) : nullptr;
    if (!function)
      return {};
    std::vector<const Stmt *> parents = parentsOf(cast);
    ObjectChecks checks(cast, parents, variable);
    for (const auto &[known, kind] : Builtins) {
      std::string check = ("Py" + kind + "_Check").str(), prefix = ("Py" + kind + "_").str();
      std::string made = prefix + "New*", from = prefix + "From*", pack = prefix + "Pack";
      if (checks.surely.contains(check) || checks.surely.contains(check + "Exact") ||
          isParsedAs(function, variable, prefix + "Type") ||
          isMadeBy(function, cast, variable, {made, from, pack}))
        return known;
    }
    return {};
  }

  std::vector<const Stmt *> parentsOf(const Stmt *stmt) const {
    std::vector<const Stmt *> parents;
    for (DynTypedNode node = DynTypedNode::create(*stmt);;) {
      auto above = ast.getParents(node);
      if (above.empty())
        break;
      node = above[0];
      if (const auto *parent = node.get<Stmt>())
        parents.push_back(parent);
      else if (!node.get<VarDecl>())
        break;
    }
    std::reverse(parents.begin(), parents.end());
    return parents;
  }

  ASTContext &ast;
  const Spelling &spelling;
};

class Judge {
public:
  Judge(ASTContext &ast, const Spelling &spelling, const std::string &pythonFolder)
      : ast(ast), sources(ast.getSourceManager()), spelling(spelling), pythonFolder(pythonFolder) {}

  /// The struct of CPython's that one of the user's is the copy of.
  StringRef copyOf(const Candidate &one, const Usage &usage) const {
    // An object that is surely a builtin's has that builtin's layout, whatever
    // the names are.
    if (!usage.builtin.empty() && (one.spelledHead || !one.members.empty()))
      return usage.builtin;
    SmallVector<StringRef, 4> likes = structsWith(one);
    StringRef like = likes.empty() ? StringRef() : likes.front();
    if (one.spelledHead)
      return like.empty() ? "PyObject" : like;
    if (like.empty() || usage.measured)
      return {};
    // A few names that are common words prove nothing; two with a prefix do.
    size_t own = count_if(one.members, [](const FieldDecl *field) {
      size_t prefix = field->getName().find('_'); // f_back, func_code
      return prefix && prefix <= 4 && isMember(field->getName());
    });
    if (own >= 2)
      return like;
    bool isLocal = sources.isInMainFile(sources.getExpansionLoc(one.record->getLocation()));
    auto same = find_if(likes, [&](StringRef name) { return hasLayoutOf(one, name); });
    return isLocal && usage.reached && same != likes.end() ? *same : StringRef();
  }

  /// struct _frame, which the headers only declare.
  StringRef declaredByPython(const RecordDecl *record) const {
    for (const TagDecl *each : record->redecls())
      if (each != record && isInPythons(each))
        return structName(record).empty() ? record->getName() : structName(record);
    return {};
  }

private:
  bool isInPythons(const Decl *decl) const {
    FileID file = sources.getFileID(sources.getExpansionLoc(decl->getLocation()));
    return !pythonFolder.empty() && file.isValid() && !spelling.isUsers(file) &&
           StringRef(spelling.path(file)).starts_with(pythonFolder);
  }

  static bool isOpaque(StringRef name) {
    const Fact *fact = facts().find(name);
    return !fact || fact->opacity == "opaque" || !fact->since;
  }

  /// Those that have members of all its members' names.
  static SmallVector<StringRef, 4> structsWith(const Candidate &one) {
    SmallVector<StringRef, 4> names;
    for (const auto &[name, kind] : Builtins)
      if (!one.members.empty() && isOpaque(name) && all_of(one.members, [&](const FieldDecl *member) {
            return isMemberOf(name, member->getName());
          }))
        names.push_back(name);
    return names;
  }

  /// Whether each member has the type that the headers' struct gives it.
  bool hasLayoutOf(const Candidate &one, StringRef name) const {
    const RecordDecl *real = nullptr;
    for (const NamedDecl *decl : globalsNamed(name, ast))
      if (auto *type = dyn_cast<TypedefNameDecl>(decl))
        if (const RecordDecl *record = type->getUnderlyingType()->getAsRecordDecl())
          real = record->getDefinition();
    return real && all_of(one.members, [&](const FieldDecl *mine) {
             return any_of(real->fields(), [&](const FieldDecl *theirs) {
               return theirs->getName() == mine->getName() &&
                      isLike(mine->getType(), theirs->getType());
             });
           });
  }

  bool isLike(QualType mine, QualType theirs) const {
    auto plain = [&](QualType type) {
      if (const clang::ArrayType *array = ast.getAsArrayType(type))
        type = array->getElementType();
      return type.getCanonicalType().getUnqualifiedType();
    };
    return plain(mine) == plain(theirs) || (mine->isRecordType() && theirs->isRecordType());
  }

  ASTContext &ast;
  const SourceManager &sources;
  const Spelling &spelling;
  const std::string &pythonFolder;
};

} // namespace

std::vector<Finding> checkCopiedStructs(ASTContext &ast, const Spelling &spelling,
                                        const MatchContext &context,
                                        const std::string &pythonFolder) {
  Collector collector(ast, spelling);
  for (Decl *decl : usersDecls(ast, spelling))
    collector.TraverseDecl(decl);
  Judge judge(ast, spelling, pythonFolder);
  PlacedFindings findings(ast.getSourceManager(), spelling, context);
  auto add = [&](const RecordDecl *record, StringRef original) {
    StringRef name = original;
    if (auto *alias = record->getTypedefNameForAnonDecl())
      name = alias->getName();
    else if (record->getIdentifier())
      name = record->getName();
    findings.add(CopiedStruct, record->getLocation(), name, "a copy of the layout of " + original);
  };
  for (const RecordDecl *record : collector.records)
    if (StringRef original = judge.declaredByPython(record); !original.empty())
      add(record, original);
  for (const Candidate &one : collector.candidates)
    if (StringRef original = judge.copyOf(one, collector.usage[one.record]); !original.empty())
      add(one.record, original);
  return std::move(findings.list);
}

} // namespace abi3ify
