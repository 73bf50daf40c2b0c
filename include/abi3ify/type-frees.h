// Instances that are freed without their tp_dealloc: a constructor that fails,
// a helper. An instance of a heap type owns a reference to its type, which must
// go there, too.
// In: the calls of a unit. Out: edits of the types' conversions, and types
// blocked where it is not seen what is freed.
#pragma once
#include "abi3ify/static-types.h"

namespace abi3ify {

struct HeapTypeSpecs;

/// Whether a call frees the memory of an object: PyObject_Free and its like, or
/// tp_free, whichever way it is reached.
bool isFreeCall(const clang::CallExpr *call, const clang::ASTContext &ast);

/// Adds the functions that are the tp_dealloc or tp_free of a type, or of one
/// made by hand: these see to the type by other means.
void collectEnds(TypeSurvey &survey, const StaticType &type);
void collectEnds(TypeSurvey &survey, const HeapTypeSpecs &specs);

/// Finds out what each free may be of, once all ends are known; then each type is checked.
void resolveFrees(TypeSurvey &survey);
void checkFrees(TypeSurvey &survey, StaticType &type);

} // namespace abi3ify
