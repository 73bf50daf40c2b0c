// Stores into the dict of a type, which have become settings of attributes:
// the types that they may meet are made so that it works, and the edit of a
// store that may meet a static type is taken back.
#include "abi3ify/static-types.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;

namespace abi3ify {
namespace {

/// The object whose attribute is set, in the edit of a store; else null.
const Argument *objectOf(const Finding &finding) {
  if (finding.rule != TypeDictRule || !finding.hasEdit() || finding.rewrites[0].args.empty())
    return nullptr;
  return &finding.rewrites[0].args[0];
}

void takeBack(Finding &finding, const std::string &reason) {
  finding.rewrites.clear();
  finding.safety = Safety::Manual;
  finding.reason = reason;
}

} // namespace

bool storesThroughPointer(ArrayRef<Finding> findings) {
  return any_of(findings, [](const Finding &finding) {
    const Argument *object = objectOf(finding);
    return object && !object->addressOf;
  });
}

bool storesInto(ArrayRef<Finding> findings, const TypePart::Member &member) {
  return any_of(findings, [&](const Finding &finding) {
    const Argument *object = objectOf(finding);
    return object && object->addressOf && finding.rewrites[0].file == member.file &&
           object->range == member.object;
  });
}

void makeMutable(std::vector<Rewrite> &rewrites) {
  const StringRef flag = "Py_TPFLAGS_IMMUTABLETYPE";
  for (Rewrite &rewrite : rewrites) {
    size_t at = rewrite.to.rfind(flag);
    size_t bar = at == std::string::npos ? at : rewrite.to.rfind('|', at);
    if (bar == std::string::npos)
      continue;
    while (bar > 0 && isspace(static_cast<unsigned char>(rewrite.to[bar - 1])))
      --bar;
    rewrite.to.erase(bar, at + flag.size() - bar);
  }
}

void takeBackStores(std::vector<Finding> &findings, StringRef staticType) {
  for (Finding &finding : findings)
    if (const Argument *object = objectOf(finding); object && !object->addressOf)
      takeBack(finding, "the type may be a static one, such as '" + staticType.str() +
                            "', whose attributes cannot be set; once all are heap types without "
                            "Py_TPFLAGS_IMMUTABLETYPE, write PyObject_SetAttrString");
}

void finishStores(std::vector<Finding> &findings, const std::string &group) {
  for (Finding &finding : findings) {
    const Argument *object = objectOf(finding);
    if (object && object->addressOf)
      takeBack(finding, "its type is not converted, and the attributes of a static type cannot be "
                        "set; once it is a heap type without Py_TPFLAGS_IMMUTABLETYPE, write "
                        "PyObject_SetAttrString");
    else if (object && finding.group.empty())
      finding.group = group;
  }
}

} // namespace abi3ify
