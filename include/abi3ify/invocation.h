// The options of a compiler that runs already, for a parse of ours.
// In: a request whose command has an invocation. Out: a copy of it, changed as
// the request's mode wants it.
#pragma once
#include "abi3ify/unit.h"

namespace abi3ify {

/// For Mode::Find, and Mode::Limited when only preprocessing: nothing is proved
/// inside of another compiler.
std::shared_ptr<clang::CompilerInvocation> adaptInvocation(const ParseRequest &request);

} // namespace abi3ify
