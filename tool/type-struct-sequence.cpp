// The types of struct sequences: static PyTypeObject T; without a value, filled
// by PyStructSequence_InitType(&T, &desc). They become pointers that
// PyStructSequence_NewType(&desc) fills.
#include "abi3ify/site.h"
#include "abi3ify/static-types.h"
#include "clang/AST/DynamicRecursiveASTVisitor.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

struct Calls : ConstDynamicRecursiveASTVisitor {
  explicit Calls(TypeSurvey &survey) : survey(survey) {}
  bool VisitCallExpr(const CallExpr *call) override {
    auto *reference = isSequenceReady(calledName(call)) && call->getNumArgs() == 2
                          ? addressOfVariable(call->getArg(0)) : nullptr;
    if (StaticType *type = reference ? survey.find(reference->getDecl()) : nullptr)
      type->isSequence = true;
    return true;
  }
  TypeSurvey &survey;
};

struct Returns : ConstDynamicRecursiveASTVisitor {
  bool VisitReturnStmt(const ReturnStmt *stmt) override {
    list.push_back(stmt);
    return true;
  }
  bool VisitLabelStmt(const LabelStmt *) override {
    hasLabel = true;
    return true;
  }
  std::vector<const ReturnStmt *> list;
  bool hasLabel = false;
};

/// What a function returns where something fails, as text; empty if that
/// cannot be seen.
std::string failureValue(const FunctionDecl *function, ASTContext &ast) {
  QualType type = function->getReturnType();
  if (isPointerTo(type, "PyObject") || isPointerTo(type, "PyTypeObject"))
    return "NULL";
  Returns returns;
  returns.TraverseStmt(function->getBody());
  bool minusOne = type->isSignedIntegerType() && any_of(returns.list, [&](const ReturnStmt *stmt) {
    Expr::EvalResult value;
    return stmt->getRetValue() && !stmt->getRetValue()->isValueDependent() &&
           stmt->getRetValue()->EvaluateAsInt(value, ast) && value.Val.getInt() == -1;
  });
  return minusOne ? "-1" : "";
}

/// Whether an initialiser sets nothing but the head of the object.
bool isEmpty(const Expr *init, ASTContext &ast) {
  for (const auto [field, value] : givenMembers(init)) {
    if (field->getName() == "ob_base")
      continue;
    Expr::EvalResult number;
    bool zero = (value->getType()->isIntegerType() && value->EvaluateAsInt(number, ast) &&
                 number.Val.getInt() == 0) ||
                value->isNullPointerConstant(ast, Expr::NPC_ValueDependentIsNotNull);
    if (!zero)
      return false;
  }
  return isa<InitListExpr>(init);
}

/// "x.name" of the PyStructSequence_Desc x; null if it is not a literal here.
const clang::StringLiteral *nameOf(const Expr *desc) {
  auto *reference = addressOfVariable(desc);
  auto *variable = reference ? dyn_cast<VarDecl>(reference->getDecl()) : nullptr;
  const VarDecl *definition = variable ? variable->getInitializingDeclaration() : nullptr;
  for (const auto [field, value] : givenMembers(definition ? definition->getInit() : nullptr))
    if (field->getName() == "name")
      return dyn_cast<clang::StringLiteral>(value->IgnoreParenImpCasts());
  return nullptr;
}

} // namespace

bool isSequenceReady(StringRef called) {
  return called == "PyStructSequence_InitType" || called == "PyStructSequence_InitType2";
}

void findStructSequences(TypeSurvey &survey, ArrayRef<Decl *> decls) {
  Calls calls(survey);
  for (const Decl *decl : decls)
    calls.TraverseDecl(decl);
}

std::vector<Rewrite> convertSequenceReady(TypeSurvey &survey, StaticType &type,
                                          const CallExpr *call, const CallText &spelled, FileID file,
                                          const FunctionDecl *function, const Stmt *parent) {
  auto block = [&](const Twine &reason) {
    survey.block(type, call->getBeginLoc(), reason);
    return std::vector<Rewrite>();
  };
  const clang::StringLiteral *name = nameOf(call->getArg(1));
  if (!name)
    return block("the name in its PyStructSequence_Desc is not seen here, and a heap type without "
                 "a module in its name has no __module__");
  if (!name->getString().contains('.'))
    return block("its name has no module, and a heap type without one has no __module__; write "
                 "\"module." + name->getString() + "\"");
  StringRef text = survey.spelling.text(file);
  std::string path = survey.spelling.path(file);
  StringRef called = calledName(call);
  unsigned begin = spelled.all.begin, end = spelled.all.end;
  Rewrite rename;
  rename.file = path;
  rename.extent = {begin, begin + unsigned(called.size())};
  rename.to = "limited_struct_sequence_ready";
  if (called == "PyStructSequence_InitType2")
    return {rename};
  // PyStructSequence_InitType says nothing of a failure, and PyStructSequence_New
  // would crash without a type.
  const StringRef advice = "; write PyStructSequence_InitType2, which says whether it failed";
  auto *branch = dyn_cast_or_null<IfStmt>(parent);
  bool isStatement = isa_and_nonnull<CompoundStmt>(parent) ||
                     (branch && !branch->getElse() && branch->getCond() != call);
  auto semicolon = behindSemicolon(text, end);
  if (!isStatement || !semicolon || !function)
    return block("the call is no statement of its own" + advice);
  Returns returns;
  returns.TraverseStmt(function->getBody());
  if (returns.hasLabel)
    return block("this function may clean up behind a label when something fails" + advice);
  std::string failure = failureValue(function, survey.ast);
  if (failure.empty())
    return block("nothing shows what this function returns when something fails" + advice);
  rename.to = "if (" + rename.to;
  StringRef indent = indentAt(text, begin), newline = newlineOf(text);
  Rewrite tail;
  tail.file = path;
  tail.extent = {end, *semicolon};
  tail.to = (" < 0) {" + newline + indent + (indent.contains('\t') ? "\t" : "    ") + "return " +
             failure + ";" + newline + indent + "}")
                .str();
  return {rename, tail};
}

std::optional<Rewrite> sequenceTest(TypeSurvey &survey, const MemberExpr *member, const Spot &spot,
                                    ArrayRef<const Stmt *> parents) {
  StringRef name = member->getMemberDecl()->getName();
  if (name != "tp_name" && name != "tp_dict")
    return std::nullopt;
  bool tested = false;
  for (const Stmt *parent : reverse(parents)) {
    if (parent == member || isa<ParenExpr>(parent))
      continue;
    if (auto *cast = dyn_cast<ImplicitCastExpr>(parent)) {
      tested |= cast->getCastKind() == CK_PointerToBoolean;
      continue;
    }
    if (auto *op = dyn_cast<UnaryOperator>(parent))
      tested |= op->getOpcode() == UO_LNot;
    else if (auto *op = dyn_cast<BinaryOperator>(parent))
      tested |= op->isLogicalOp() ||
                (op->isEqualityOp() &&
                 (op->getLHS()->isNullPointerConstant(survey.ast, Expr::NPC_NeverValueDependent) ||
                  op->getRHS()->isNullPointerConstant(survey.ast, Expr::NPC_NeverValueDependent)));
    else
      tested |= isa<IfStmt>(parent);
    break;
  }
  auto token = survey.spelling.token(member->getMemberLoc(), name);
  if (!tested || !token || token->file != spot.file || token->inMacro || spot.inMacro)
    return std::nullopt;
  Rewrite rewrite;
  rewrite.file = survey.spelling.path(spot.file);
  rewrite.extent = {spot.offset + spot.length, token->offset + token->length};
  StringRef gone = survey.spelling.text(spot.file)
                       .slice(rewrite.extent.begin, rewrite.extent.end - token->length);
  return gone.trim(" \t") == "." ? std::optional(rewrite) : std::nullopt;
}

void convertSequenceDefinition(TypeSurvey &survey, StaticType &type) {
  const VarDecl *variable = type.definition;
  auto block = [&](const Twine &reason) {
    survey.block(type, variable->getLocation(), reason);
  };
  auto spot = survey.spelling.token(variable->getLocation(), variable->getName());
  if (!spot || spot->inMacro)
    return block("a macro defines it");
  if (variable->getType().isConstQualified())
    return block("it is constant");
  Rewrite star;
  star.file = survey.spelling.path(spot->file);
  star.extent = {spot->offset, spot->offset};
  star.to = "*";
  type.part.rewrites.push_back(star);
  const Expr *init = variable->getInit();
  if (!init || init->getBeginLoc() == variable->getLocation()) // none is written
    return;
  auto range = survey.spelling.range(init->getBeginLoc(), init->getEndLoc());
  unsigned behind = spot->offset + spot->length;
  if (!isEmpty(init, survey.ast) || !range || range->inMacro || range->file != spot->file ||
      range->range.begin < behind)
    return block("its value sets members, which a struct sequence gets from its "
                 "PyStructSequence_Desc");
  Rewrite value;
  value.file = star.file;
  value.extent = {behind, range->range.end};
  value.anew = true;
  type.part.rewrites.push_back(value);
}

} // namespace abi3ify
