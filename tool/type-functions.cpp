// What a heap type's tp_dealloc and tp_traverse must do besides: an instance
// owns a reference to its type.
#include "abi3ify/facts.h"
#include "abi3ify/flow.h"
#include "abi3ify/site.h"
#include "abi3ify/static-types.h"
#include "clang/AST/DynamicRecursiveASTVisitor.h"
#include "clang/AST/ParentMap.h"
#include "clang/AST/StmtCXX.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

/// What a function says of its own object.
struct Body : ConstDynamicRecursiveASTVisitor {
  std::vector<const CallExpr *> calls;
  StringSet<> names;
  std::set<const VarDecl *> selves; ///< the parameter and its copies
  std::set<const VarDecl *> assigned;

  bool VisitCallExpr(const CallExpr *call) override {
    calls.push_back(call);
    return true;
  }
  bool VisitVarDecl(const VarDecl *decl) override {
    if (decl->getIdentifier())
      names.insert(decl->getName());
    if (decl->getInit() && isSelf(decl->getInit()))
      selves.insert(decl);
    return true;
  }
  static bool isFirst(const MemberExpr *member) {
    auto *field = dyn_cast<FieldDecl>(member->getMemberDecl());
    return field && field->getFieldIndex() == 0;
  }
  bool VisitDeclRefExpr(const DeclRefExpr *reference) override {
    if (reference->getDecl()->getIdentifier())
      names.insert(reference->getDecl()->getName());
    return true;
  }
  bool VisitBinaryOperator(const BinaryOperator *op) override {
    auto *left = dyn_cast<DeclRefExpr>(op->getLHS()->IgnoreParenImpCasts());
    auto *variable = left ? dyn_cast<VarDecl>(left->getDecl()) : nullptr;
    if (!op->isAssignmentOp() || !variable)
      return true;
    // A copy that gets another value is none.
    if (!assigned.insert(variable).second || variable->getInit() || !isSelf(op->getRHS()))
      selves.erase(variable);
    else
      selves.insert(variable);
    return true;
  }
  bool isSelf(const Expr *expr) const {
    expr = bare(expr);
    // &self->base, the first member: the base's struct in ours.
    if (auto *address = dyn_cast<UnaryOperator>(expr);
        address && address->getOpcode() == UO_AddrOf) {
      auto *member = dyn_cast<MemberExpr>(bare(address->getSubExpr()));
      while (member && isFirst(member) && !member->isArrow())
        member = dyn_cast<MemberExpr>(bare(member->getBase()));
      if (!member || !isFirst(member))
        return false;
      expr = bare(member->getBase());
    }
    auto *reference = dyn_cast<DeclRefExpr>(expr);
    return reference && selves.count(dyn_cast<VarDecl>(reference->getDecl()));
  }
};

const MemberExpr *calledMember(const CallExpr *call) {
  return dyn_cast<MemberExpr>(call->getCallee()->IgnoreParenImpCasts());
}

class Function {
public:
  Function(TypeSurvey &survey, StaticType &type, const FunctionDecl *function)
      : survey(survey), type(type), ast(survey.ast), spelling(survey.spelling),
        function(function) {
    auto [file, offset] = ast.getSourceManager().getDecomposedExpansionLoc(function->getLocation());
    // All types with this function are converted, or none.
    type.part.ties.insert("function:" + spelling.path(file) + ":" + std::to_string(offset));
    if (function->getNumParams() > 0)
      body.selves.insert(function->getParamDecl(0));
    for (const ParmVarDecl *parameter : function->parameters())
      body.names.insert(parameter->getName());
    body.TraverseStmt(function->getBody());
  }

  void dealloc() {
    if (function->getNumParams() != 1 || !isSpelled())
      return block(function->getLocation(), "a macro makes its tp_dealloc");
    for (const CallExpr *call : body.calls)
      classify(call);
    if (!type.part.blockers.empty())
      return;
    if (!checkPaths())
      return;
    if (frees.empty()) // the base's tp_dealloc does it
      return;
    StringRef name = typeVariable();
    bool known = !name.empty();
    for (StringRef candidate : {"tp", "type", "self_type"})
      if (!known && !body.names.count(candidate)) {
        name = candidate;
        break;
      }
    if (name.empty())
      return block(function->getLocation(), "no name is left in it for its type");
    if (!known)
      insertAtBegin("PyTypeObject *" + name.str() + " = " + typeOfSelf() + ";");
    for (const CallExpr *call : frees)
      releaseBehind(call, name);
  }

  void traverse() {
    // On 3.8 the interpreter itself counts the type for its subclasses.
    if (survey.context.floor.minor < 9)
      return;
    if (function->getNumParams() != 3 || !isSpelled())
      return block(function->getLocation(), "a macro makes its tp_traverse");
    if (function->getParamDecl(0)->getName().empty())
      return block(function->getLocation(), "the first parameter of its tp_traverse has no name");
    for (const CallExpr *call : body.calls) {
      // The base's does it.
      if (isOthers(call, "tp_traverse"))
        return;
      // Py_VISIT(Py_TYPE(self)), whichever way it is expanded.
      if (isTypeOfSelf(call))
        return block(call->getBeginLoc(), "its tp_traverse looks at the type already");
    }
    if (function->getParamDecl(1)->getName() != "visit" ||
        function->getParamDecl(2)->getName() != "arg")
      return block(function->getLocation(),
                   "Py_VISIT needs its parameters to be called visit and arg");
    // Behind the declarations at its top.
    auto *block_ = cast<CompoundStmt>(function->getBody());
    const Stmt *first = nullptr;
    for (const Stmt *stmt : block_->body())
      if (!isa<DeclStmt>(stmt)) {
        first = stmt;
        break;
      }
    auto range = first ? spelling.range(first->getBeginLoc(), first->getBeginLoc()) : std::nullopt;
    auto level = spelling.token(block_->getLBracLoc(), "{");
    if (first && first->getBeginLoc().isMacroID())
      range = spelling.rangeAt(level->file, first->getBeginLoc(), first->getBeginLoc());
    if (!range || range->file != level->file || range->inMacro)
      return block(function->getLocation(), "its tp_traverse begins with a macro");
    StringRef text = spelling.text(range->file);
    Rewrite rewrite;
    rewrite.file = spelling.path(range->file);
    rewrite.extent = {range->range.begin, range->range.begin};
    rewrite.to = "Py_VISIT(" + typeOfSelf() + ");" + lineBreak(text, range->range.begin);
    type.part.rewrites.push_back(rewrite);
  }

private:
  void block(SourceLocation location, const Twine &reason) { survey.block(type, location, reason); }

  bool isSpelled() const {
    auto *body = dyn_cast<CompoundStmt>(function->getBody());
    auto brace = body ? spelling.token(body->getLBracLoc(), "{") : std::nullopt;
    return brace && !brace->inMacro;
  }
  /// A variable of the function's outermost block that holds Py_TYPE(self).
  StringRef typeVariable() const {
    for (const Stmt *stmt : cast<CompoundStmt>(function->getBody())->body())
      if (auto *declarations = dyn_cast<DeclStmt>(stmt))
        for (const Decl *decl : declarations->decls()) {
          auto *variable = dyn_cast<VarDecl>(decl);
          const Expr *value = variable ? variable->getInit() : nullptr;
          if (value && !body.assigned.count(variable) && isTypeOfSelf(value))
            return variable->getName();
        }
    return {};
  }

  /// Py_TYPE(self) or self->ob_type.
  bool isTypeOfSelf(const Expr *expr) const {
    const Expr *object = objectOfType(expr);
    return object && body.isSelf(object);
  }

  std::string typeOfSelf() const {
    const ParmVarDecl *self = function->getParamDecl(0);
    bool plain = isPointerTo(self->getType(), "PyObject");
    return std::string("Py_TYPE(") + (plain ? "" : "(PyObject *)") + self->getName().str() + ")";
  }

  /// Whether a call hands our object to the same slot of another type.
  bool isOthers(const CallExpr *call, StringRef slot) const {
    if (call->getNumArgs() == 0 || !body.isSelf(call->getArg(0)))
      return false;
    const FunctionDecl *callee = call->getDirectCallee();
    if (!callee || callee->getCanonicalDecl() == function->getCanonicalDecl())
      return false;
    for (const auto &[key, other] : survey.types) {
      const FunctionDecl *theirs = slotFunction(other, slot);
      if (theirs && theirs->getCanonicalDecl() == callee->getCanonicalDecl()) {
        type.part.ties.insert("type:" + other.part.key);
        return true;
      }
    }
    return false;
  }

  void classify(const CallExpr *call) {
    StringRef name = calledName(call);
    const MemberExpr *member = calledMember(call);
    StringRef slot = member && member->getMemberDecl()->getIdentifier()
                         ? member->getMemberDecl()->getName() : StringRef();
    bool ofSelf = call->getNumArgs() > 0 && body.isSelf(call->getArg(0));
    if (ofSelf && (slot == "tp_free" || name == "PyObject_Free" || name == "PyObject_GC_Del")) {
      frees.push_back(call);
      ends.insert(call);
    } else if (ofSelf && slot == "tp_dealloc" && isBuiltinBases(member)) {
      if (survey.context.floor.minor < 10)
        return block(call->getBeginLoc(), "the tp_dealloc of a builtin type can be asked for from "
                                          "3.10 on only");
      frees.push_back(call);
      ends.insert(call);
    } else if (ofSelf && slot == "tp_dealloc")
      block(call->getBeginLoc(), "it calls the tp_dealloc of another type, which may release the "
                                 "type as well");
    else if (ofSelf && isOthers(call, "tp_dealloc"))
      ends.insert(call);
    else if (isDecref(name) && call->getNumArgs() > 0 &&
             mayBeType(call->getArg(call->getNumArgs() - 1)))
      block(call->getBeginLoc(), "its tp_dealloc releases a type already");
  }

  /// PyList_Type.tp_dealloc of our tp_base, which frees the object and, as its
  /// type is no heap type, leaves the reference to ours.
  bool isBuiltinBases(const MemberExpr *member) const {
    const Expr *base = baseOf(type);
    auto *named = dyn_cast<DeclRefExpr>(bare(member->getBase()));
    if (!base || !named || survey.find(named->getDecl()))
      return false;
    if (isBuiltinException(named))
      return isBuiltinException(base);
    auto *own = addressOfVariable(base);
    return own && own->getDecl()->getCanonicalDecl() == named->getDecl()->getCanonicalDecl();
  }

  /// Py_TYPE of anything, or a variable that may hold a type.
  static bool mayBeType(const Expr *expr) {
    expr = bare(expr);
    if (auto *call = dyn_cast<CallExpr>(expr))
      return calledName(call) == "Py_TYPE";
    return isPointerTo(expr->getType(), "PyTypeObject");
  }

  /// How often the memory was given back.
  struct Freed {
    enum : unsigned { Not = 1, Once = 2, Twice = 4, Deferred = 8, Kept = 16 };
    unsigned bits = 0;
    void join(const Freed &other) { bits |= other.bits; }
    bool operator==(const Freed &) const = default;
  };

  bool isLocalCopy(const Expr *expr) const {
    auto *reference = dyn_cast<DeclRefExpr>(bare(expr));
    auto *variable = reference ? dyn_cast<VarDecl>(reference->getDecl()) : nullptr;
    return variable && variable->hasLocalStorage() && body.selves.count(variable);
  }

  /// Whether a mention of the object may let other code keep it.
  bool mayKeep(const DeclRefExpr *self, const ParentMap &parents) const {
    const Stmt *child = self, *parent = parents.getParent(child);
    while (isa_and_nonnull<ParenExpr, CastExpr>(parent)) {
      child = parent;
      parent = parents.getParent(parent);
    }
    if (auto *call = dyn_cast_or_null<CallExpr>(parent))
      return !ends.count(call) &&
             !StringSwitch<bool>(calledName(call))
                  .Cases({"PyObject_GC_UnTrack", "PyObject_ClearWeakRefs", "Py_TYPE", "Py_SIZE",
                          "PyObject_CallFinalizerFromDealloc"}, true)
                  .Default(calledName(call).starts_with("_PyTrash_"));
    if (auto *assignment = dyn_cast_or_null<BinaryOperator>(parent))
      return assignment->isAssignmentOp() && assignment->getRHS() == child &&
             !isLocalCopy(assignment->getLHS());
    if (auto *declarations = dyn_cast_or_null<DeclStmt>(parent))
      return any_of(declarations->decls(), [&](const Decl *decl) {
        auto *variable = dyn_cast<VarDecl>(decl);
        return variable && variable->getInit() && !body.selves.count(variable) &&
               !isPointerTo(variable->getType(), "PyTypeObject");
      });
    return !isa_and_nonnull<MemberExpr, UnaryOperator, IfStmt, CompoundStmt>(parent);
  }

  /// Every path gives the memory back once, or loses it, and with it the
  /// reference to the type, as it did before.
  bool checkPaths() {
    ParentMap parents(function->getBody());
    auto cfg = buildFlowGraph(function, ast);
    if (!cfg) {
      block(function->getLocation(), "the flow of control in its tp_dealloc cannot be followed");
      return false;
    }
    auto in = forwardFlow(
        *cfg, Freed{Freed::Not},
        [&](const Stmt *stmt, Freed &state) {
          auto *call = dyn_cast<CallExpr>(stmt);
          if (ends.count(stmt))
            state.bits = (state.bits & (Freed::Not | Freed::Deferred | Freed::Kept) ? Freed::Once
                                                                                     : 0) |
                         (state.bits & (Freed::Once | Freed::Twice) ? Freed::Twice : 0);
          // The trashcan may keep the object and call tp_dealloc again later.
          else if (call && calledName(call).starts_with("_PyTrash_") && state.bits == Freed::Not)
            state.bits = Freed::Deferred;
          else if (auto *mention = dyn_cast<DeclRefExpr>(stmt);
                   mention && state.bits & Freed::Not && body.isSelf(mention) &&
                   mayKeep(mention, parents))
            state.bits = (state.bits & ~Freed::Not) | Freed::Kept;
        },
        [](const CFGBlock &block, unsigned, Freed &state) {
          if (block.hasNoReturnElement()) // a failed assert
            state.bits = 0;
        });
    unsigned end = in[cfg->getExit().getBlockID()].bits & ~Freed::Deferred;
    if (!ends.empty() && (end & ~Freed::Not) == Freed::Once)
      return true;
    block(function->getLocation(),
          ends.empty() ? "its tp_dealloc does not free the object in a way that is known"
          : end & Freed::Twice ? "its tp_dealloc frees the object twice on some path"
                               : "its tp_dealloc keeps the object on some path (a free list?), and "
                                 "the reference to the type with it");
    return false;
  }

  void insertAtBegin(const std::string &line) {
    auto *compound = cast<CompoundStmt>(function->getBody());
    auto brace = spelling.token(compound->getLBracLoc(), "{");
    StringRef text = spelling.text(brace->file);
    std::string indent = "    ";
    if (!compound->body_empty())
      if (auto range = spelling.rangeAt(brace->file, compound->body_front()->getBeginLoc(),
                                        compound->body_front()->getBeginLoc()))
        if (text.slice(brace->offset, range->range.begin).contains('\n'))
          indent = indentAt(text, range->range.begin).str();
    Rewrite rewrite;
    rewrite.file = spelling.path(brace->file);
    rewrite.extent = {brace->offset + 1, brace->offset + 1};
    rewrite.to = newlineOf(text).str() + indent + line;
    type.part.rewrites.push_back(rewrite);
  }

  void releaseBehind(const CallExpr *call, StringRef name) {
    ParentMap parents(function->getBody());
    const Stmt *whole = call, *above = parents.getParent(call);
    while (above && isa<ParenExpr, CastExpr, LabelStmt>(above)) {
      if (isa<LabelStmt>(above)) { // done: PyObject_Del(self);
        above = parents.getParent(above);
        break;
      }
      whole = above;
      above = parents.getParent(above);
    }
    auto range = statementRange(spelling, whole);
    if (!isa_and_nonnull<CompoundStmt>(above) || !range)
      return block(call->getBeginLoc(),
                   "the call that frees the object is no statement of its own in braces");
    StringRef text = spelling.text(range->file);
    Rewrite rewrite;
    rewrite.file = spelling.path(range->file);
    rewrite.extent = {range->range.end, range->range.end};
    rewrite.to = lineBreak(text, range->range.begin) + "Py_DECREF(" + name.str() + ");";
    const MemberExpr *member = calledMember(call);
    if (member && member->getMemberDecl()->getName() == "tp_free") {
      auto argument = spelling.rangeAt(range->file, call->getArg(0)->getBeginLoc(),
                                       call->getArg(0)->getEndLoc());
      if (!argument)
        return block(call->getBeginLoc(), "a macro frees the object");
      rewrite.extent = range->range;
      rewrite.anew = true;
      rewrite.to =
          "((freefunc)PyType_GetSlot(" + name.str() + ", Py_tp_free))($self);" + rewrite.to;
      Argument self;
      self.name = "self";
      self.range = argument->range;
      self.primary = true;
      rewrite.args.push_back(self);
    }
    type.part.rewrites.push_back(rewrite);
  }

  /// A new line like the one of an offset.
  static std::string lineBreak(StringRef text, unsigned offset) {
    return (newlineOf(text) + indentAt(text, offset)).str();
  }

  TypeSurvey &survey;
  StaticType &type;
  ASTContext &ast;
  const Spelling &spelling;
  const FunctionDecl *function;
  Body body;
  std::vector<const CallExpr *> frees; ///< that this function makes itself
  std::set<const Stmt *> ends;         ///< the same, and calls of a base's tp_dealloc
};

} // namespace

void convertDealloc(TypeSurvey &survey, StaticType &type, const FunctionDecl *function) {
  Function(survey, type, function).dealloc();
}

void convertTraverse(TypeSurvey &survey, StaticType &type, const FunctionDecl *function) {
  Function(survey, type, function).traverse();
}

} // namespace abi3ify
