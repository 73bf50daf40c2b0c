// The members of what one unit gives, for archive.h. Nothing in it refers to
// anything outside of it.
#pragma once
#include "abi3ify/archived-rules.h"
#include "abi3ify/file-facts.h"
#include "abi3ify/match.h"

namespace abi3ify {

ABI3IFY_FIELDS(Range, begin, end)
ABI3IFY_FIELDS(Argument, name, range, text, cast, primary, addressOf)
ABI3IFY_FIELDS(Rewrite, file, extent, castsOnly, to, args, sharedRank, anew)
ABI3IFY_FIELDS(RelatedPlace, file, line, message)
ABI3IFY_FIELDS(Finding, file, range, rule, symbol, use, state, safety, message, reason, places, rewrites,
               group, goesWith, inMacro, expansions, inLoop, originFile, originLine, configurations)
ABI3IFY_FIELDS(TypePlace, file, offset, reason, ampersand, inMacro)
ABI3IFY_FIELDS(TypePart::Ready, file, extent, function, before, behind, parameter, rank, plain,
               derived)
ABI3IFY_FIELDS(TypePart::Member, file, object, dot, offset, asked, end)
ABI3IFY_FIELDS(TypePart, key, name, defined, file, range, unit, remarks, rewrites, blockers, loose,
               mentions, readies, module, nameless, baseText, baseKey, metaText, metaKey, baseFile,
               baseRange, embedder, seenIn, configurations, memberTables, refusesSubtypes, externs, members,
               offsets, assigned, rewritesIfMade, ties)
ABI3IFY_FIELDS(FloorMatches, floor, findings, seen, outOfLimit, leftOut, types)
ABI3IFY_FIELDS(Landmark, kind, file, offset, name, detail)
ABI3IFY_FIELDS(DiagnosticPlace, file, offset)
ABI3IFY_FIELDS(Diagnostic, level, message, option, places)
ABI3IFY_FIELDS(ParseResult, ran, diagnostics, filesRead, strippedFlags, sawNormalHeader)
ABI3IFY_FIELDS(UnitMatches, file, parse, includesPython, skipped, floors, landmarks, notes)
ABI3IFY_FIELDS(FileFact, path, status, content, listing, real, sameAs)

} // namespace abi3ify
