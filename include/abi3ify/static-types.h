// Static type objects of one unit: where they are defined, used and made, and
// which edits make heap types of them.
// In: the AST. Out: parts, plain values that convertTypes (match.h) puts
// together once all units are known.
//
// Assumed: nothing uses a type before the call that readies it, other than
// what is checked in the function that holds that call.
#pragma once
#include "abi3ify/match.h"
#include "abi3ify/preprocessor-facts.h"
#include "abi3ify/spelling.h"
#include "clang/AST/Decl.h"
#include "clang/AST/Expr.h"
#include "llvm/ADT/MapVector.h"

namespace abi3ify {

/// Everything that a unit says of the static type objects of the project.
std::vector<TypePart> surveyTypes(clang::ASTContext &ast, const Spelling &spelling,
                                  const MatchContext &context,
                                  const PreprocessorFacts &preprocessor);

/// T.tp_new = PyType_GenericNew; in the function that readies T.
struct FieldAssignment {
  const clang::FieldDecl *field = nullptr;
  const clang::BinaryOperator *assignment = nullptr;
};

/// A place that makes a type: a call of PyType_Ready, or the loop that has it.
struct TypeMade {
  const clang::FunctionDecl *function = nullptr;
  unsigned offset = 0; ///< from which on the type is there
  llvm::SmallVector<const clang::Stmt *, 8> parents = {}; ///< outermost first
  const clang::CallExpr *call = nullptr;
  const clang::Stmt *loop = nullptr;
  int rank = 0; ///< of the edits in front of the loop
  unsigned at = 0; ///< where these go
  std::string lead = {}, trail = {}; ///< around each statement there
};

/// The address of a type in a function, and the edit that makes a pointer of it.
struct TypeUse {
  const clang::FunctionDecl *function = nullptr;
  clang::SourceLocation location;
  size_t rewrite = 0; ///< its number among the part's
  Range whole;        ///< &T; empty for an edit that inserts the name
  bool inMacro = false;
  bool moved = false; ///< the edit is of a whole statement, which goes elsewhere
};

/// One static type object of a unit while the unit's AST lives.
struct StaticType {
  const clang::VarDecl *definition = nullptr; ///< null: another unit's
  const clang::VarDecl *canonical = nullptr;
  std::vector<const clang::VarDecl *> declarations; ///< without the definition
  std::vector<FieldAssignment> assignments;
  std::vector<TypeMade> made;
  std::vector<TypeUse> uses;
  /// How the function that makes it names it, and the module there; empty for
  /// a static pointer.
  std::string access, module;
  bool isSequence = false; ///< PyStructSequence_InitType fills it
  const clang::FunctionDecl *readiedIn = nullptr; ///< the first that calls PyType_Ready(&T)
  TypePart part;
};
using StaticTypes = llvm::MapVector<const clang::VarDecl *, StaticType>;

/// A variable whose initialiser has addresses of types.
struct TypeTable {
  struct Entry {
    StaticType *type;
    const clang::UnaryOperator *address;
  };
  std::vector<Entry> entries; ///< in the order of the source
};

/// PyType_Ready of what a table holds.
struct TableReady {
  const clang::VarDecl *table;
  const clang::CallExpr *call;
  const clang::FunctionDecl *function;
  llvm::SmallVector<const clang::Stmt *, 8> parents; ///< outermost first
};

/// What the stages of a unit's survey share.
struct TypeSurvey {
  clang::ASTContext &ast;
  const Spelling &spelling;
  const MatchContext &context;
  const PreprocessorFacts &preprocessor;
  StaticTypes types = {}; ///< by canonical declaration
  /// Mentions of the tables of slots (PyNumberMethods ...) outside of the
  /// definitions of types.
  std::map<const clang::VarDecl *, const clang::Expr *> looseTables = {};
  /// table.mp_length = f; by table.
  std::map<const clang::VarDecl *, std::vector<FieldAssignment>> tableFills = {};
  /// Where each PyMemberDef[] is named.
  std::map<const clang::VarDecl *, std::set<clang::SourceLocation>> memberTables = {};
  /// tp_free(self) and the like; functions that may call it, as they are a tp_dealloc or tp_free.
  struct Free {
    const clang::FunctionDecl *function; ///< that has it in its body
    const clang::CallExpr *call;
    std::set<const clang::RecordDecl *> structs = {}; ///< that the object may be; canonical
    bool unknown = false; ///< or it may be of any type
    bool inSlot = false;  ///< the function is a slot of a type
  };
  std::vector<Free> frees = {};
  std::set<const clang::FunctionDecl *> ends = {};
  /// By canonical function: its calls, each with the function around it.
  std::map<const clang::FunctionDecl *, std::vector<std::pair<const clang::CallExpr *, const clang::FunctionDecl *>>>
      callers = {};
  /// f(self->x): the function, and the first such call.
  std::map<const clang::FunctionDecl *, const clang::CallExpr *> callsOfOthers = {};

  llvm::MapVector<const clang::VarDecl *, TypeTable> tables = {};
  std::vector<TableReady> tableReadies = {};

  StaticType *find(const clang::Decl *decl);
  /// The members that are set at run time in the table of slots that `&table` is.
  llvm::ArrayRef<FieldAssignment> fillsOf(const clang::Expr *address) const;
  void block(StaticType &type, clang::SourceLocation location, const llvm::Twine &reason) const;
};

/// What ties types that share a function; the same in all units.
std::string functionTie(const TypeSurvey &survey, const clang::FunctionDecl *function);

/// Ties, or blocks, types by who else calls their tp_dealloc and tp_traverse; `decls`: the project's.
struct HeapTypeSpecs;
void tieCallers(TypeSurvey &survey, llvm::ArrayRef<clang::Decl *> decls, const HeapTypeSpecs &specs);

/// What a variable is given in a function, its first value too.
std::vector<const clang::Expr *> valuesOf(const clang::VarDecl *variable,
                                          const clang::FunctionDecl *function);

/// Finds every mention of the types in the project's declarations, with its
/// edit or the reason why there is none.
void findTypeUses(TypeSurvey &survey, llvm::ArrayRef<clang::Decl *> decls);

/// The first member of a struct of the project's that is a builtin type's
/// struct, such as PyListObject; null for any other struct.
const clang::FieldDecl *embeddedBuiltin(const TypeSurvey &survey, const clang::RecordDecl *record);

/// How such a struct is called, and the same in all units.
std::string embedderName(const clang::RecordDecl *record);
std::string embedderKey(const TypeSurvey &survey, const clang::RecordDecl *record);

/// A table of members, the same in all units; empty for null.
std::string tableKey(const TypeSurvey &survey, const clang::VarDecl *table);

/// The uses of such structs in a unit: parts that are no types, but of the type
/// whose `embedder` has their key.
std::vector<TypePart> surveyEmbedders(TypeSurvey &survey, llvm::ArrayRef<clang::Decl *> decls);

/// Takes the builtin's struct out of `record`, which is the struct of `type`;
/// `base` is its tp_base, null for none.
void convertEmbedding(TypeSurvey &survey, StaticType &type, const clang::RecordDecl *record,
                      const clang::Expr *base);

/// Where code asks whether a type is a heap type. Each stands against all types of the project.
std::vector<TypePlace> findHeapTypeTests(const TypeSurvey &survey, llvm::ArrayRef<clang::Decl *> decls);

/// Whether an expression is PyExc_ValueError or another exception of Python's.
bool isBuiltinException(const clang::Expr *expr);

/// Whether the project declares it.
bool isUsers(const clang::ASTContext &ast, const Spelling &spelling, const clang::Decl *decl);

/// The project's part of a unit; the headers of others are the larger one.
std::vector<clang::Decl *> usersDecls(const clang::ASTContext &ast, const Spelling &spelling);

/// Marks the types of struct sequences.
void findStructSequences(TypeSurvey &survey, llvm::ArrayRef<clang::Decl *> decls);

/// PyStructSequence_InitType and its like.
bool isSequenceReady(llvm::StringRef called);

/// The edits of such a call; none, with the type blocked, where a failure could
/// not be handed on. `parent`: of the call, casts aside.
std::vector<Rewrite> convertSequenceReady(TypeSurvey &survey, StaticType &type,
                                          const clang::CallExpr *call, const CallText &spelled,
                                          clang::FileID file, const clang::FunctionDecl *function,
                                          const clang::Stmt *parent);

/// `T.tp_name == NULL`: whether the type was made. The edit makes it `T == NULL`.
std::optional<Rewrite> sequenceTest(TypeSurvey &survey, const clang::MemberExpr *member,
                                    const Spot &spot, llvm::ArrayRef<const clang::Stmt *> parents);

/// `static PyTypeObject T;` becomes `static PyTypeObject *T;`.
void convertSequenceDefinition(TypeSurvey &survey, StaticType &type);

/// Whether a variable of the type is a type object.
bool isTypeObject(clang::QualType type);

/// The variable of the survey's tables that an expression in a function takes
/// an entry of; null for none.
const clang::VarDecl *tableOf(const TypeSurvey &survey, const clang::Expr *expr,
                              const clang::FunctionDecl *function, unsigned depth = 0);

/// Tables of types are filled where their types are made; loops that ready
/// their entries make them one by one.
void convertTables(TypeSurvey &survey);

/// Decides for --module-state whether the types of the unit live in their
/// module's state, and makes the edits that are not a type's own.
void placeInModuleState(TypeSurvey &survey);

/// A type's definition becomes slots, a spec and a pointer; its tables of
/// slots go away.
void convertDefinition(TypeSurvey &survey, StaticType &type);

/// The type gets another type than PyType_Type for its own.
void setMetaclass(TypeSurvey &survey, StaticType &type, const clang::Expr *meta);

/// Adds what a heap type's tp_dealloc and tp_traverse must do.
void convertDealloc(TypeSurvey &survey, StaticType &type, const clang::FunctionDecl *function);
void convertTraverse(TypeSurvey &survey, StaticType &type, const clang::FunctionDecl *function);

/// The object of `&T` behind casts and parentheses; null for anything else.
const clang::DeclRefExpr *addressOfVariable(const clang::Expr *expr);

/// NULL or 0, however it is spelled; also what no initialiser gives.
bool isNull(const clang::Expr *value, clang::ASTContext &ast);

/// Whether ` | FLAG` may stand behind an expression.
bool takesFlags(const clang::Expr *value);

/// The name of the only module that the unit defines; empty for none or several.
std::string moduleName(const clang::ASTContext &ast);

/// The function that `f` or `&f` names; null for anything else.
const clang::FunctionDecl *functionOf(const clang::Expr *expr);

/// The statement's text with its semicolon; nothing where it is not spelled at
/// one place of a file.
std::optional<SpelledRange> statementRange(const Spelling &spelling, const clang::Stmt *stmt);

/// Takes a statement away, with its line; false where it is not spelled at one place.
bool removeStatement(const TypeSurvey &survey, StaticType &type, const clang::Stmt *stmt);

/// The members of a struct that an initialiser gives, in their order; none if
/// it is no list.
std::vector<std::pair<const clang::FieldDecl *, const clang::Expr *>>
givenMembers(const clang::Expr *init);

/// Foo of sizeof(Foo); null for anything else.
const clang::RecordDecl *structOfSize(const clang::Expr *expr);

/// The struct whose size a type's definition gives; null if it is no sizeof.
const clang::RecordDecl *instanceStruct(const StaticType &type);

/// What a type's tp_base is set to, at run time or in its definition; null for
/// nothing.
const clang::Expr *baseOf(const StaticType &type);

/// The function that a type's definition gives for a slot; null for none.
const clang::FunctionDecl *slotFunction(const StaticType &type, llvm::StringRef slot);

/// The rule of stores into a type's dict, which set an attribute instead.
inline constexpr llvm::StringRef TypeDictRule = "type-dict";

/// Whether such a store reaches its type through a pointer; and whether one
/// names the type that `member` is of.
bool storesThroughPointer(llvm::ArrayRef<Finding> findings);
bool storesInto(llvm::ArrayRef<Finding> findings, const TypePart::Member &member);

/// Without Py_TPFLAGS_IMMUTABLETYPE in the spec.
void makeMutable(std::vector<Rewrite> &rewrites);

/// Gives up the stores through pointers, because `staticType` stays one.
void takeBackStores(std::vector<Finding> &findings, llvm::StringRef staticType);

/// Once types are converted: gives up the stores into one that is not, and makes
/// those through pointers part of a group.
void finishStores(std::vector<Finding> &findings, const std::string &group);

} // namespace abi3ify
