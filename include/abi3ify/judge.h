// Rules that need logic: named functions that look around the place where a
// rule matched and say which edit is right, or that none is.
// In: a Site and its rule. Out: a Finding with or without rewrites.
#pragma once
#include "abi3ify/site.h"

namespace abi3ify {

/// Builds the finding's rewrite from the rule's forms; true if there is one.
/// Otherwise the finding is manual with its reason.
bool applyForms(const Site &site, const Rule &rule, Finding &finding);

/// A judge: may change safety, reason, rewrites and group of the finding, or
/// drop it by returning false.
using Judge = bool (*)(const Site &site, const Rule &rule, Finding &finding);

/// The judge of a name in `match: {custom: NAME}`; null if there is none.
Judge findJudge(llvm::StringRef name);

bool judgeObjectCast(const Site &, const Rule &, Finding &);
bool judgeFreshContainer(const Site &, const Rule &, Finding &);
bool judgeUnicodeRead(const Site &, const Rule &, Finding &);
bool judgeSlotCall(const Site &, const Rule &, Finding &);
bool judgeSlotTable(const Site &, const Rule &, Finding &);
bool judgeUnicodeReady(const Site &, const Rule &, Finding &);
bool judgeTypeDict(const Site &, const Rule &, Finding &);
bool judgeUnpackedTuple(const Site &, const Rule &, Finding &);
bool judgeTypeName(const Site &, const Rule &, Finding &);
bool judgeFormatConversion(const Site &, const Rule &, Finding &);
bool judgeFormatBuffer(const Site &, const Rule &, Finding &);
bool judgeFormatSize(const Site &, const Rule &, Finding &);

/// The judges of calls whose contract changes between versions; null for
/// another name. judge-versions.cpp, judge-conversions.cpp.
Judge findVersionJudge(llvm::StringRef name);
Judge findConversionJudge(llvm::StringRef name);

} // namespace abi3ify
