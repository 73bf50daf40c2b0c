// A guess at the lines that a source begins with, up to its #include of
// Python.h: the #define and #include directives, those of the project's headers
// that stand in front of Python.h among them.
// In: a source's text, and how to get at other files. Out: the directives.
//
// Conditions are not judged: what stands in them is left out, but for the guard
// of a header, and for code that stands in each branch. It need not be right (precompiled-header.h), only mostly.
#pragma once
#include "abi3ify/project.h"
#include "abi3ify/unit.h"
#include <optional>

namespace abi3ify {

/// A line for each directive, the #include of Python.h last; nothing if
/// something else stands in front of it. `texts` (or null) stand for files.
std::optional<std::string> leadingRegion(const Command &command, const Project &project,
                                         const Texts *texts);

} // namespace abi3ify
