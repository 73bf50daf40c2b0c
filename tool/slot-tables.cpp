#include "abi3ify/slot-tables.h"
#include "abi3ify/static-types.h"
#include "clang/AST/ASTContext.h"
#include "clang/AST/DynamicRecursiveASTVisitor.h"
#include "llvm/ADT/StringExtras.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

/// Collects the tables that the project's type objects have, in their definition or later.
class Tables : public DynamicRecursiveASTVisitor {
public:
  struct Owner {
    const VarDecl *type;
    StringRef member;
  };
  std::map<const VarDecl *, std::vector<Owner>> owners; ///< by canonical declaration

  bool VisitVarDecl(VarDecl *variable) override {
    if (isTypeObject(variable->getType()) && variable->hasInit())
      for (auto [field, value] : givenMembers(variable->getInit()))
        add(variable, field, value);
    return true;
  }

  /// T.tp_as_number = &table;
  bool VisitBinaryOperator(BinaryOperator *operation) override {
    if (operation->getOpcode() != BO_Assign)
      return true;
    const auto *member = dyn_cast<MemberExpr>(operation->getLHS()->IgnoreParens());
    const auto *object = member ? dyn_cast<DeclRefExpr>(member->getBase()->IgnoreParens()) : nullptr;
    const auto *type = object ? dyn_cast<VarDecl>(object->getDecl()) : nullptr;
    if (type && isTypeObject(type->getType()))
      if (const auto *field = dyn_cast<FieldDecl>(member->getMemberDecl()))
        add(type, field, operation->getRHS());
    return true;
  }

private:
  void add(const VarDecl *type, const FieldDecl *field, const Expr *value) {
    if (value && field->getName().starts_with("tp_as_"))
      if (const DeclRefExpr *reference = addressOfVariable(value))
        if (const auto *table = dyn_cast<VarDecl>(reference->getDecl()))
          owners[table->getCanonicalDecl()].push_back({type, field->getName()});
  }
};

} // namespace

void nameSlotTables(ASTContext &ast, const Spelling &spelling, const MatchContext &context,
                    std::vector<Finding> &findings) {
  const Rule *rule = context.rules->find(SlotTableRule);
  if (!rule || !context.rules->find(StaticTypeRule) || none_of(findings, [](const Finding &finding) {
        return finding.rule == NoRule &&
               (finding.symbol.ends_with("Methods") || finding.symbol == "PyBufferProcs");
      }))
    return;
  Tables tables;
  for (Decl *decl : usersDecls(ast, spelling))
    tables.TraverseDecl(decl);
  for (const auto &[table, owners] : tables.owners)
    for (const VarDecl *declaration : table->redecls()) {
      auto place = spelling.range(declaration->getBeginLoc(), declaration->getLocation());
      auto owner = spelling.range(owners.front().type->getLocation(), owners.front().type->getLocation());
      if (!place || !owner || place->file != owner->file)
        continue;
      for (Finding &finding : findings) {
        if (finding.rule != NoRule || finding.hasEdit() || finding.file != spelling.path(place->file) ||
            !place->range.contains(finding.range))
          continue;
        std::vector<std::string> names;
        for (const Tables::Owner &each : owners)
          if (std::string name = "'" + each.type->getName().str() + "'"; !is_contained(names, name))
            names.push_back(name);
        finding.rule = rule->id;
        finding.message = rule->title;
        finding.reason = "it is the " + owners.front().member.str() + " of " + join(names, ", ") +
                         " and goes with the type's conversion; see there what stands against that";
      }
    }
}

} // namespace abi3ify
