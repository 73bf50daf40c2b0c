// An instance of a heap type owns a reference to its type: what tp_dealloc and
// tp_traverse do with it, and the edits that make them do what they must.
// In: the definition of such a function. Out: edits, or why there are none.
#pragma once
#include "abi3ify/object-body.h"
#include "abi3ify/spelling.h"

namespace abi3ify {

/// All edits of one function, or the places that stand against them.
struct FunctionEdits {
  std::vector<Rewrite> rewrites;
  struct Problem {
    clang::SourceLocation location;
    std::string reason;
  };
  std::vector<Problem> problems;
};

/// Whether another function does with the object what this one must do: the
/// base's tp_dealloc frees it, the base's tp_traverse visits its type.
using IsBases = llvm::function_ref<bool(const clang::FunctionDecl *)>;

/// Whose function t->tp_dealloc or t->tp_traverse is, called with the object.
enum class SlotOwner {
  Unknown,
  Builtin, ///< the builtin type's that is the base: it knows nothing of a reference to the type
  Bases,   ///< another type's of which IsBases would hold
};
using OwnerOfSlot = llvm::function_ref<SlotOwner(const clang::MemberExpr *)>;

/// tp_dealloc takes the type at its beginning and releases it behind each call
/// that frees the object. No edits without a problem: the base does it.
/// `throughSlot`: tp_free(self) is called through PyType_GetSlot from now on.
FunctionEdits releaseType(clang::ASTContext &ast, const Spelling &spelling,
                          const clang::FunctionDecl *function, IsBases isBases, bool throughSlot,
                          OwnerOfSlot ownerOfSlot = nullptr);

/// tp_traverse visits the type, ahead of all else that it does.
FunctionEdits visitType(clang::ASTContext &ast, const Spelling &spelling,
                        const clang::FunctionDecl *function, IsBases isBases,
                        OwnerOfSlot ownerOfSlot = nullptr);

/// Whether a tp_dealloc may release the type, itself or by what it calls; also
/// where the unit does not show what that does.
bool mayReleaseType(const Spelling &spelling, const clang::FunctionDecl *function);

/// Whether a tp_traverse may visit the type, in the same sense.
bool mayVisitType(const Spelling &spelling, const clang::FunctionDecl *function);

/// The call in a tp_traverse that visits the type whatever happens; null for none.
const clang::CallExpr *certainVisit(const clang::FunctionDecl *function);

/// The function that frees the object: the given one, or one that it hands the
/// object to; null where none is seen to.
const clang::FunctionDecl *freeingFunction(const clang::FunctionDecl *function);

} // namespace abi3ify
