// memoryview-buffer: PyMemoryView_GET_BUFFER(m) gives a pointer into the
// memoryview. What it says of the memory is taken as a copy instead, which
// points to the same memory and lives as long: m keeps both.
// Assumed and checked: only members that stay right in a copy are read, at the
// call or through one local variable that gets nothing else.
#include "abi3ify/judge-memory.h"
#include "abi3ify/pointer-uses.h"
#include "clang/AST/ParentMap.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

constexpr llvm::StringLiteral Accessor = "PyMemoryView_GET_BUFFER";

class BufferCopy {
public:
  explicit BufferCopy(const Site &site)
      : site(site), parents(const_cast<Stmt *>(site.function->getBody())) {}

  /// All edits of the variable that gets the value, or of the one access.
  std::optional<std::vector<Rewrite>> write(std::string &group) {
    if (auto *member = readMember(site.expr)) {
      auto call = callRewrite(cast<CallExpr>(site.expr));
      auto dot = dotRewrite(member);
      if (!call || !dot || call->extent.end > dot->extent.begin)
        return std::nullopt;
      return std::vector<Rewrite>{*call, *dot};
    }
    const VarDecl *variable = receivingVariable();
    if (!variable)
      return std::nullopt;
    group = site.spelling.place(variable->getLocation());
    return ofVariable(variable);
  }

private:
  /// The read of a member that is right in a copy, too, whose object `pointer` is.
  const MemberExpr *readMember(const Expr *pointer) const {
    const Stmt *parent = up(pointer);
    auto *member = dyn_cast_or_null<MemberExpr>(parent);
    if (!member || !member->isArrow())
      return nullptr;
    StringRef name = member->getMemberDecl()->getName();
    bool kept = is_contained({StringRef("buf"), StringRef("len"), StringRef("itemsize"),
                              StringRef("readonly"), StringRef("ndim"), StringRef("format"),
                              StringRef("shape"), StringRef("strides"), StringRef("suboffsets")},
                             name);
    auto *read = dyn_cast_or_null<ImplicitCastExpr>(up(member, /*casts=*/false));
    return kept && read && read->getCastKind() == CK_LValueToRValue ? member : nullptr;
  }

  const Stmt *up(const Stmt *stmt, bool casts = true) const {
    const Stmt *parent = parents.getParent(const_cast<Stmt *>(stmt));
    while (isa_and_nonnull<ParenExpr>(parent) || (casts && isa_and_nonnull<ImplicitCastExpr>(parent)))
      parent = parents.getParent(const_cast<Stmt *>(parent));
    return parent;
  }

  const VarDecl *receivingVariable() const {
    const Stmt *parent = up(site.expr);
    if (auto *op = dyn_cast_or_null<BinaryOperator>(parent); op && op->getOpcode() == BO_Assign) {
      auto *reference = dyn_cast<DeclRefExpr>(peel(op->getLHS()));
      return reference ? local(dyn_cast<VarDecl>(reference->getDecl())) : nullptr;
    }
    if (auto *statement = dyn_cast_or_null<DeclStmt>(parent))
      for (const Decl *decl : statement->decls())
        if (auto *variable = dyn_cast<VarDecl>(decl))
          if (variable->getInit() && peel(variable->getInit()) == site.expr)
            return local(variable);
    return nullptr;
  }

  static const VarDecl *local(const VarDecl *variable) {
    return variable && variable->hasLocalStorage() && !isa<ParmVarDecl>(variable) ? variable
                                                                                   : nullptr;
  }

  bool isAccessor(const Expr *expr) const {
    auto *call = dyn_cast<CallExpr>(peel(expr));
    return call && calledName(call) == Accessor;
  }

  std::optional<std::vector<Rewrite>> ofVariable(const VarDecl *variable) {
    std::vector<Rewrite> rewrites;
    auto add = [&](std::optional<Rewrite> rewrite) {
      if (rewrite)
        rewrites.push_back(*rewrite);
      return rewrite.has_value();
    };
    QualType type = variable->getType();
    bool fixed = type->getPointeeType().isConstQualified();
    if (!type->isPointerType() || (fixed && !variable->getInit()) || !add(starRewrite(variable)))
      return std::nullopt;
    if (variable->getInit() && (!isAccessor(variable->getInit()) ||
                                !add(callRewrite(cast<CallExpr>(peel(variable->getInit()))))))
      return std::nullopt;
    for (const DeclRefExpr *mention : mentionsOf(variable, site.function)) {
      if (auto *member = readMember(mention)) {
        if (!add(dotRewrite(member)))
          return std::nullopt;
        continue;
      }
      auto *op = dyn_cast_or_null<BinaryOperator>(up(mention));
      if (!op || op->getOpcode() != BO_Assign || peel(op->getLHS()) != mention || fixed ||
          !isAccessor(op->getRHS()) || !isa_and_nonnull<CompoundStmt>(up(op)) ||
          !add(callRewrite(cast<CallExpr>(peel(op->getRHS())))))
        return std::nullopt;
    }
    return rewrites;
  }

  Rewrite at(const Spot &spot, Range extent, StringRef to) const {
    Rewrite rewrite;
    rewrite.file = site.spelling.path(spot.file);
    rewrite.extent = extent;
    rewrite.to = to.str();
    return rewrite;
  }

  /// PyMemoryView_GET_BUFFER(m), whose name and argument stay in their places.
  std::optional<Rewrite> callRewrite(const CallExpr *call) const {
    auto spot = site.spelling.token(call->getCallee()->IgnoreParenImpCasts()->getBeginLoc(), Accessor);
    if (!spot || spot->inMacro)
      return std::nullopt;
    StringRef text = site.spelling.text(spot->file);
    auto spelled = callText(text, spot->offset, text.size(), /*isMacro=*/true);
    if (!spelled || spelled->args.size() != 1 || call->getNumArgs() != 1)
      return std::nullopt;
    Rewrite rewrite = at(*spot, spelled->all, "limited_memoryview_buffer($view)");
    Argument view;
    view.name = "view";
    view.range = spelled->args[0];
    view.primary = bindsTightly(call->getArg(0)->IgnoreParenImpCasts());
    if (needsCast(call->getArg(0), "PyObject *", site.context))
      view.cast = "PyObject *";
    rewrite.args.push_back(view);
    return rewrite;
  }

  std::optional<Rewrite> dotRewrite(const MemberExpr *member) const {
    auto spot = site.spelling.token(member->getOperatorLoc(), "->");
    if (!spot || spot->inMacro)
      return std::nullopt;
    return at(*spot, {spot->offset, spot->offset + spot->length}, ".");
  }

  /// The star in front of the variable's name.
  std::optional<Rewrite> starRewrite(const VarDecl *variable) const {
    auto spot = site.spelling.token(variable->getLocation(), variable->getName());
    if (!spot || spot->inMacro)
      return std::nullopt;
    StringRef before = site.spelling.text(spot->file).take_front(spot->offset);
    unsigned star = before.rtrim(" \t").size();
    if (star == 0 || before[star - 1] != '*')
      return std::nullopt;
    // `Py_buffer *v` and `Py_buffer* v` keep one space.
    bool spaced = star >= 2 && isSpace(before[star - 2]);
    return at(*spot, {star - 1, spaced || star == spot->offset ? star : spot->offset},
              spaced || before[star - 2] == ',' ? "" : " ");
  }

  const Site &site;
  ParentMap parents;
};

} // namespace

bool judgeMemoryViewBuffer(const Site &site, const Rule &rule, Finding &finding) {
  const std::string *reason = rule.reasonFor(site.use, site.floor);
  finding.use = site.use;
  finding.reason = reason ? *reason : "";
  bool has = any_of(rule.forms, [&](const Form &form) { return form.holdsAt(site.floor); });
  if (!has || !site.function || !site.function->getBody() || finding.inMacro)
    return true;
  auto rewrites = BufferCopy(site).write(finding.group);
  if (!rewrites)
    return true;
  finding.rewrites = std::move(*rewrites);
  finding.safety = rule.safety;
  finding.reason = "of a memoryview that was released it is empty, with a ValueError set";
  return true;
}

} // namespace abi3ify
