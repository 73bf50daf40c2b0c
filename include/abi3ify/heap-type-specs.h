// The heap types that a unit makes by hand: PyType_Spec with its PyType_Slot[].
// In: the project's declarations. Out: what the tables say, and who else
// names them.
#pragma once
#include "clang/AST/Decl.h"
#include "clang/AST/Expr.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/DenseMap.h"
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace abi3ify {

/// Numbers of slots; the stable ABI keeps them.
enum SlotId : unsigned {
  SlotAlloc = 47,
  SlotBase = 48,
  SlotBases = 49,
  SlotClear = 51,
  SlotDealloc = 52,
  SlotDoc = 56,
  SlotInit = 60,
  SlotNew = 65,
  SlotTraverse = 71,
  SlotFree = 74,
};

/// Bits of a type's flags.
inline constexpr unsigned FlagNoInstances = 1u << 7, FlagBase = 1u << 10, FlagGC = 1u << 14;

struct HeapTypeSlot {
  unsigned id = 0;
  const clang::Expr *idExpr = nullptr;
  const clang::Expr *value = nullptr; ///< null if it is left out
  const clang::InitListExpr *entry = nullptr;
};

struct HeapTypeSpec {
  const clang::VarDecl *variable = nullptr;
  const clang::Expr *name = nullptr, *basicsize = nullptr, *flags = nullptr; ///< null if left out
  std::optional<unsigned long> flagBits;
  const clang::VarDecl *table = nullptr; ///< null: a literal in the spec itself
  std::vector<HeapTypeSlot> slots;       ///< without the end
  bool changed = false;  ///< its members are set somewhere
  bool complete = false; ///< all slots are known, and nothing changes them or the spec

  const HeapTypeSlot *slot(unsigned id) const;
  bool hasFlag(unsigned flag) const { return flagBits && (*flagBits & flag); }
};

/// All that a unit says of its specs.
struct HeapTypeSpecs {
  std::vector<HeapTypeSpec> specs;
  /// Who names a variable or a function; of a function, not as a slot's value.
  using References = std::map<const clang::Decl *, std::set<const clang::DeclRefExpr *>>;
  References references;
  std::vector<const clang::CallExpr *> getSlots; ///< calls of PyType_GetSlot
  bool setsNewToNull = false; ///< some t->tp_new = NULL

  /// Whether each use of a spec makes a type of it without giving bases.
  bool isMadeWithoutBases(const HeapTypeSpec &spec, clang::ASTContext &ast) const;
  /// The arguments that name a variable, with their calls.
  std::map<const clang::DeclRefExpr *, std::pair<const clang::CallExpr *, unsigned>> arguments;

private:
  bool makesWithoutBases(const clang::CallExpr *call, unsigned index, clang::ASTContext &ast,
                         unsigned depth) const;
};

HeapTypeSpecs readSpecs(clang::ASTContext &ast, llvm::ArrayRef<clang::Decl *> decls);

} // namespace abi3ify
