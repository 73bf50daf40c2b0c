// The members of a rule, for archive.h.
#pragma once
#include "abi3ify/archive.h"
#include "abi3ify/rule.h"

namespace abi3ify {

ABI3IFY_FIELDS(Floor, minor, abi3t)
ABI3IFY_FIELDS(Uses, bits)
ABI3IFY_FIELDS(Form, since, target, uses, to, cast, pure, null, nonNull, constant, safety, strong,
               rename)
ABI3IFY_FIELDS(Reason, uses, target, text)
ABI3IFY_FIELDS(Example, line, given, top, before, beside, after, manual, unchanged, cxx, fileScope,
               floor, safety, headersFrom, headersUntil)
ABI3IFY_FIELDS(Rule, file, id, title, area, docs, rows, kind, names, custom, args, structName, via,
               header, helpers, macros, always, target, pointers, optional, advice, below, safety,
               forms, reasons, headersFrom, headersUntil, examples)

} // namespace abi3ify
