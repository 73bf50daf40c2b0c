// Macros that a unit defines in one way here, and in another way in a branch
// that this build leaves out.
// In: what the preprocessor has skipped. Out: the other bodies.
#pragma once
#include "abi3ify/floor.h"
#include "abi3ify/preprocessor-facts.h"
#include "clang/AST/Expr.h"

namespace abi3ify {

/// The outermost macro that spells an expression's beginning; empty for none.
llvm::StringRef macroAround(const clang::Expr *expr, const clang::ASTContext &ast);

/// The bodies of `name` in what was skipped, but for what no version of Python from
/// `floor` on compiles.
std::vector<std::string> skippedDefinitions(llvm::StringRef name, const PreprocessorFacts &preprocessor,
                                            const Spelling &spelling, const clang::SourceManager &sources,
                                            Floor floor);

} // namespace abi3ify
