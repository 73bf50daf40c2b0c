// What abi3t, the stable ABI that builds with and without the GIL share, does
// not allow and no single name shows: layouts of objects, and how modules are
// defined.
// In: the parse of a unit, and what names alone have shown. Out: findings of
// the rules in rules/abi3t; a name that is part of one of these goes away.
#pragma once
#include "abi3ify/placed-findings.h"
#include "abi3ify/preprocessor-facts.h"
#include "clang/AST/Decl.h"

namespace abi3ify {

/// Adds to `findings`. `landmarks`: of the unit, for how it makes its modules.
void checkAbi3t(clang::ASTContext &ast, const Spelling &spelling, const MatchContext &context,
                llvm::ArrayRef<Landmark> landmarks, std::vector<Finding> &findings);

/// A place of the user's that one finding speaks of as a whole, and the names in
/// it that need none of their own.
struct Whole {
  clang::SourceRange range;
  llvm::SmallVector<llvm::StringRef, 4> names;
};

/// The layouts of objects: structs that hold the object's head, and what
/// counts on it.
void checkLayouts(clang::ASTContext &ast, llvm::ArrayRef<clang::Decl *> decls,
                  const Rule *renames, const Spelling &spelling, PlacedFindings &out,
                  std::vector<Whole> &wholes);

/// Modules: definitions, functions that hand them out, tables of slots.
void checkModules(clang::ASTContext &ast, llvm::ArrayRef<clang::Decl *> decls,
                  const Spelling &spelling, llvm::ArrayRef<Landmark> landmarks,
                  PlacedFindings &out, std::vector<Whole> &wholes);

} // namespace abi3ify
