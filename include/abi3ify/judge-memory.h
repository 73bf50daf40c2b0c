// Judges of names that lead into an object's own memory, where the edit is one
// of the whole function. In: a Site and its rule. Out: as in judge.h.
#pragma once
#include "abi3ify/judge.h"

namespace abi3ify {

bool judgeMemoryViewBuffer(const Site &, const Rule &, Finding &);
bool judgeStringMemory(const Site &, const Rule &, Finding &);
bool judgeStringKind(const Site &, const Rule &, Finding &);
bool judgeNewString(const Site &, const Rule &, Finding &);
bool judgeKindAndData(const Site &, const Rule &, Finding &);

} // namespace abi3ify
