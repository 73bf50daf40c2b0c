// The edits of a heap type's tp_dealloc and tp_traverse.
#include "abi3ify/type-functions.h"
#include "abi3ify/condition.h"
#include "abi3ify/flow.h"
#include "abi3ify/site.h"
#include "abi3ify/static-types.h"
#include "abi3ify/text-lexer.h"
#include "clang/AST/ParentMap.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

class Function {
public:
  Function(ASTContext &ast, const Spelling &spelling, const FunctionDecl *function, IsBases isBases,
           OwnerOfSlot ownerOfSlot)
      : ast(ast), spelling(spelling), function(function), isBases(isBases),
        ownerOfSlot(ownerOfSlot),
        body(function, selfOf(function)) {}

  FunctionEdits edits;

  void dealloc(bool throughSlot) {
    if (function->getNumParams() != 1 || !isSpelled())
      return block(function->getLocation(), "a macro makes its tp_dealloc");
    for (const CallExpr *call : body.calls)
      classify(call);
    if (!edits.problems.empty())
      return;
    if (!checkPaths())
      return;
    if (frees.empty()) // the base's tp_dealloc does it
      return;
    StringRef name = typeVariable(throughSlot);
    bool known = !name.empty();
    for (StringRef candidate : {"tp", "type", "self_type"})
      if (!known && !body.names.count(candidate)) {
        name = candidate;
        break;
      }
    if (name.empty())
      return block(function->getLocation(), "no name is left in it for its type");
    for (const CallExpr *call : frees)
      releaseBehind(call, name, throughSlot);
    if (!known)
      insertAtBegin("PyTypeObject *" + name.str() + " = " + typeOfSelf() + ";");
  }

  void traverse() {
    if (function->getNumParams() != 3 || !isSpelled())
      return block(function->getLocation(), "a macro makes its tp_traverse");
    std::vector<Rewrite> named;
    if (nameOf(0, &named).empty())
      return block(function->getLocation(), "the first parameter of its tp_traverse has no name");
    for (const CallExpr *call : body.calls) {
      SlotOwner owner = ownerOf(call, "tp_traverse");
      if (isOthers(call) || owner == SlotOwner::Bases) {
        if (!isOnEachPath(call))
          return block(call->getBeginLoc(), "it calls the tp_traverse of its base on some paths only");
        return; // the base's does it
      }
      if (owner == SlotOwner::Unknown && !leavesTypeAlone(call, body))
        return block(call->getBeginLoc(), "it hands the object to what may visit the type as well");
      // Py_VISIT(Py_TYPE(self)), whichever way it is expanded.
      if (body.isTypeOfSelf(call))
        return block(call->getBeginLoc(), "its tp_traverse looks at the type already");
    }
    if (nameOf(1, &named) != "visit" || nameOf(2, &named) != "arg")
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
    if (!sameConditions(text, level->offset, range->range.begin))
      return block(first->getBeginLoc(), "its tp_traverse begins with a preprocessor condition");
    Rewrite rewrite;
    rewrite.file = spelling.path(range->file);
    rewrite.extent = {range->range.begin, range->range.begin};
    rewrite.to = "Py_VISIT(" + typeOfSelf() + ");" + lineBreak(text, range->range.begin);
    edits.rewrites.push_back(rewrite);
    append_range(edits.rewrites, named);
  }

private:
  void block(SourceLocation location, const Twine &reason) {
    edits.problems.push_back({location, reason.str()});
  }

  /// Whether a call in a tp_traverse visits nothing but members, and makes nobody visit the type.
  bool leavesTypeAlone(const CallExpr *call, const ObjectBody &around) const {
    StringRef name = calledName(call);
    if (name.starts_with("Py_") || name.starts_with("PyObject_") || name.starts_with("_Py"))
      return true;
    const FunctionDecl *callee = call->getDirectCallee(), *definition = nullptr;
    ObjectBody::Variables handed;
    bool known = callee && callee->hasBody(definition) && !isBases(callee);
    for (unsigned i = 0; i < call->getNumArgs(); ++i) {
      bool self = around.isSelf(call->getArg(i));
      if (around.isTypeOfSelf(call->getArg(i)) || (self && (!known || i >= definition->getNumParams())))
        return false;
      if (self)
        handed.insert(definition->getParamDecl(i));
    }
    if (handed.empty() || !followed.insert(definition).second)
      return true;
    ObjectBody inner(definition, handed);
    return all_of(inner.calls, [&](const CallExpr *next) { return leavesTypeAlone(next, inner); });
  }

  /// Whether each path that ends well makes a call of a tp_traverse.
  bool isOnEachPath(const CallExpr *call) const {
    ParentMap parents(function->getBody());
    const Stmt *child = call;
    for (const Stmt *parent = parents.getParent(child); parent; child = parent, parent = parents.getParent(parent)) {
      if (auto *branch = dyn_cast<IfStmt>(parent); branch && branch->getCond() != child)
        return false;
      if (auto *op = dyn_cast<BinaryOperator>(parent); op && op->isLogicalOp() && op->getRHS() == child)
        return false;
      if (auto *choice = dyn_cast<ConditionalOperator>(parent); choice && choice->getCond() != child)
        return false;
      if (isa<ForStmt, WhileStmt, SwitchStmt, LabelStmt>(parent))
        return false;
    }
    return !returnsZeroBefore(function->getBody(), call);
  }

  /// A `return 0;` in front of a call.
  bool returnsZeroBefore(const Stmt *stmt, const CallExpr *call) const {
    auto *result = dyn_cast_or_null<ReturnStmt>(stmt);
    Expr::EvalResult value;
    if (result && result->getRetValue() && result->getRetValue()->EvaluateAsInt(value, ast) && value.Val.getInt() == 0)
      return ast.getSourceManager().isBeforeInTranslationUnit(stmt->getBeginLoc(), call->getBeginLoc());
    return stmt && any_of(stmt->children(), [&](const Stmt *child) { return returnsZeroBefore(child, call); });
  }

  /// Whether a call hands our object to a slot.
  bool isSlotOfSelf(const CallExpr *call, StringRef slot) const {
    return call->getNumArgs() > 0 && body.isSelf(call->getArg(0)) && body.calledSlot(call) == slot;
  }
  SlotOwner ownerOf(const CallExpr *call, StringRef slot) const {
    return ownerOfSlot && isSlotOfSelf(call, slot) && calledMember(call) ? ownerOfSlot(calledMember(call))
                                                                         : SlotOwner::Unknown;
  }

  static ObjectBody::Variables selfOf(const FunctionDecl *function) {
    return function->getNumParams() > 0 ? ObjectBody::Variables{function->getParamDecl(0)}
                                        : ObjectBody::Variables();
  }

  bool isSpelled() const {
    auto *body = dyn_cast<CompoundStmt>(function->getBody());
    auto brace = body ? spelling.token(body->getLBracLoc(), "{") : std::nullopt;
    return brace && !brace->inMacro;
  }
  /// A variable of the function's outermost block that holds Py_TYPE(self).
  StringRef typeVariable(bool typed) const {
    for (const Stmt *stmt : cast<CompoundStmt>(function->getBody())->body())
      if (auto *declarations = dyn_cast<DeclStmt>(stmt))
        for (const Decl *decl : declarations->decls()) {
          auto *variable = dyn_cast<VarDecl>(decl);
          const Expr *value = variable ? variable->getInit() : nullptr;
          if (value && !body.assigned.count(variable) && body.isTypeOfSelf(value) &&
              (!typed || isPointerTo(variable->getType(), "PyTypeObject")))
            return variable->getName();
        }
    return {};
  }

  std::string typeOfSelf() const {
    bool plain = isPointerTo(function->getParamDecl(0)->getType(), "PyObject");
    return std::string("Py_TYPE(") + (plain ? "" : "(PyObject *)") + nameOf(0) + ")";
  }

  /// A parameter's name. Of Py_UNUSED(name) the one inside, with the edit that leaves it alone.
  std::string nameOf(unsigned index, std::vector<Rewrite> *edits = nullptr) const {
    const ParmVarDecl *parameter = function->getParamDecl(index);
    StringRef name = parameter->getName(), unused = name;
    if (!unused.consume_front("_unused_"))
      return name.str();
    SourceManager &sources = ast.getSourceManager();
    auto [file, offset] = sources.getDecomposedExpansionLoc(parameter->getLocation());
    std::string written = ("Py_UNUSED(" + unused + ")").str();
    if (!spelling.isUsers(file) || !spelling.text(file).substr(offset).starts_with(written))
      return name.str();
    if (edits) {
      Rewrite rewrite;
      rewrite.file = spelling.path(file);
      rewrite.extent = {offset, unsigned(offset + written.size())};
      rewrite.to = unused.str();
      rewrite.anew = true;
      edits->push_back(rewrite);
    }
    return unused.str();
  }

  /// Whether a call hands our object to the same function of another type.
  bool isOthers(const CallExpr *call) const {
    const FunctionDecl *callee = call->getDirectCallee();
    return callee && call->getNumArgs() > 0 && body.isSelf(call->getArg(0)) &&
           callee->getCanonicalDecl() != function->getCanonicalDecl() && isBases(callee);
  }

  void classify(const CallExpr *call) {
    StringRef name = calledName(call);
    if (body.isFree(call)) {
      frees.push_back(call);
      ends.insert(call);
    } else if (SlotOwner owner = ownerOf(call, "tp_dealloc"); owner != SlotOwner::Unknown) {
      if (owner == SlotOwner::Builtin)
        frees.push_back(call);
      ends.insert(call);
    } else if (isSlotOfSelf(call, "tp_dealloc"))
      block(call->getBeginLoc(), "it calls the tp_dealloc of another type, which may release the "
                                 "type as well");
    else if (isOthers(call))
      ends.insert(call);
    else if (isDecref(name) && call->getNumArgs() > 0 &&
             body.mayBeType(call->getArg(call->getNumArgs() - 1)))
      block(call->getBeginLoc(), "its tp_dealloc releases a type already");
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
      return !ends.count(call) && !calledName(call).starts_with("_PyTrash_") &&
             !is_contained({"PyObject_GC_UnTrack", "PyObject_ClearWeakRefs", "Py_TYPE", "Py_SIZE",
                            "PyObject_CallFinalizerFromDealloc"},
                           calledName(call));
    if (auto *assignment = dyn_cast_or_null<BinaryOperator>(parent))
      return assignment->isAssignmentOp() && assignment->getRHS() == child &&
             !isLocalCopy(assignment->getLHS());
    if (auto *declarations = dyn_cast_or_null<DeclStmt>(parent))
      return any_of(declarations->decls(), [&](const Decl *decl) {
        auto *variable = dyn_cast<VarDecl>(decl);
        return variable && variable->getInit() && !body.selves.count(variable) &&
               !isPointerTo(variable->getType(), "PyTypeObject");
      });
    // &self->link may lead back to it.
    if (isa_and_nonnull<MemberExpr>(parent)) {
      const Stmt *outer = parents.getParent(parent);
      while (isa_and_nonnull<ParenExpr>(outer))
        outer = parents.getParent(outer);
      auto *address = dyn_cast_or_null<UnaryOperator>(outer);
      return address && address->getOpcode() == UO_AddrOf;
    }
    return !isa_and_nonnull<UnaryOperator, IfStmt, CompoundStmt>(parent);
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
        [&](const CFGBlock &block, unsigned edge, Freed &state) {
          // A failed assert, and an object that lives on, with its type.
          if (block.hasNoReturnElement() ||
              (edge == 0 && isRevival(block.getTerminatorCondition())))
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

  /// PyObject_CallFinalizerFromDealloc(self) < 0, or without the comparison.
  static bool isRevival(const Stmt *condition) {
    auto *expr = dyn_cast_or_null<Expr>(condition);
    if (auto *op = dyn_cast_or_null<BinaryOperator>(expr ? bare(expr) : nullptr))
      expr = op->getOpcode() == BO_LT || op->getOpcode() == BO_NE ? op->getLHS() : nullptr;
    auto *call = dyn_cast_or_null<CallExpr>(expr ? bare(expr) : nullptr);
    return call && calledName(call) == "PyObject_CallFinalizerFromDealloc";
  }

  /// In a line of its own, behind a comment on the brace's; with what shares that, if anything does.
  void insertAtBegin(const std::string &line) {
    auto brace = spelling.token(cast<CompoundStmt>(function->getBody())->getLBracLoc(), "{");
    StringRef text = spelling.text(brace->file);
    unsigned begin = brace->offset + 1, at = begin;
    TextLexer lexer(text.drop_front(begin), TextLexer::Keep);
    const Token *token = lexer.next();
    for (; token && token->is(tok::comment) && !text.slice(at, begin + lexer.end()).contains('\n'); token = lexer.next())
      at = begin + lexer.end();
    unsigned next = token ? begin + lexer.begin() : unsigned(text.size());
    bool shares = !text.slice(at, next).contains('\n');
    bool hasIndent = token && token->isNot(tok::r_brace) && !lexer.isHash();
    std::string before = shares ? " " : hasIndent ? lineBreak(text, next) : newlineOf(text).str() + "    ";
    Rewrite rewrite;
    rewrite.file = spelling.path(brace->file);
    rewrite.extent.begin = rewrite.extent.end = shares ? begin : at;
    rewrite.to = before + line;
    edits.rewrites.push_back(rewrite);
  }

  /// The use of a macro, FREE(self);, whose body has the call as a statement of its own.
  std::optional<SpelledRange> macroStatement(const Stmt *stmt, const CompoundStmt *block) const {
    auto brace = block ? spelling.token(block->getLBracLoc(), "{") : std::nullopt;
    if (!brace || brace->inMacro || !stmt->getBeginLoc().isMacroID())
      return std::nullopt;
    auto range = spelling.rangeAt(brace->file, stmt->getBeginLoc(), stmt->getEndLoc());
    const SourceManager &sources = ast.getSourceManager();
    auto next = std::next(find(block->body(), stmt));
    if (next != block->body_end() && // of the same use of the macro
        sources.getExpansionLoc((*next)->getBeginLoc()) ==
            sources.getExpansionLoc(stmt->getBeginLoc()))
      return std::nullopt;
    auto end = range ? behindSemicolon(spelling.text(brace->file), range->range.end) : std::nullopt;
    if (!end)
      return std::nullopt;
    range->range.end = *end;
    return range;
  }

  void releaseBehind(const CallExpr *call, StringRef name, bool throughSlot) {
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
    bool inMacro = !range;
    if (!range)
      range = macroStatement(whole, dyn_cast_or_null<CompoundStmt>(above));
    if (!isa_and_nonnull<CompoundStmt>(above) || !range)
      return block(call->getBeginLoc(),
                   "the call that frees the object is no statement of its own in braces");
    StringRef text = spelling.text(range->file);
    Rewrite rewrite;
    rewrite.file = spelling.path(range->file);
    rewrite.extent = {range->range.end, range->range.end};
    rewrite.to = lineBreak(text, range->range.begin) + "Py_DECREF(" + name.str() + ");";
    const MemberExpr *member = throughSlot ? calledMember(call) : nullptr;
    if (member && member->getMemberDecl()->getName() == "tp_free" && !inMacro) {
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
    edits.rewrites.push_back(rewrite);
  }

  /// A new line like the one of a statement, which may share it with others.
  static std::string lineBreak(StringRef text, unsigned offset) {
    StringRef line = text.take_front(offset).rsplit('\n').second;
    return line.trim().empty() ? (newlineOf(text) + indentAt(text, offset)).str() : " ";
  }

  ASTContext &ast;
  const Spelling &spelling;
  const FunctionDecl *function;
  IsBases isBases;
  OwnerOfSlot ownerOfSlot;
  ObjectBody body;
  mutable std::set<const FunctionDecl *> followed; ///< from its tp_traverse
  std::vector<const CallExpr *> frees; ///< that this function makes itself
  std::set<const Stmt *> ends;         ///< the same, and calls of a base's tp_dealloc
};

} // namespace

FunctionEdits releaseType(ASTContext &ast, const Spelling &spelling, const FunctionDecl *function,
                          IsBases isBases, bool throughSlot, OwnerOfSlot ownerOfSlot) {
  Function edited(ast, spelling, function, isBases, ownerOfSlot);
  edited.dealloc(throughSlot);
  return std::move(edited.edits);
}

FunctionEdits visitType(ASTContext &ast, const Spelling &spelling, const FunctionDecl *function,
                        IsBases isBases, OwnerOfSlot ownerOfSlot) {
  Function edited(ast, spelling, function, isBases, ownerOfSlot);
  edited.traverse();
  return std::move(edited.edits);
}

} // namespace abi3ify
