#include "abi3ify/unit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace abi3ify {
namespace {

// "PyObject *&(any, Py_ssize_t)": the result, whether it is an lvalue, and the
// parameters' types; "any" accepts every pointer to an object.
struct Signature {
  std::string result;
  bool lvalue = false;
  std::vector<std::string> params;
};

Signature parseSignature(StringRef text) {
  Signature signature;
  auto [result, params] = text.rsplit('(');
  result = result.trim();
  signature.lvalue = result.consume_back("&");
  signature.result = result.trim().str();
  SmallVector<StringRef, 4> list;
  params.trim().rtrim(')').split(list, ',');
  for (StringRef param : list)
    if (!param.trim().empty())
      signature.params.push_back(param.trim().str());
  return signature;
}

// One declaration; bit k of `templates` makes the k-th "any" a template type.
void declare(raw_ostream &out, StringRef name, const Signature &signature, bool cxx,
             unsigned templates) {
  std::vector<std::string> params, types;
  unsigned anys = 0;
  for (const std::string &param : signature.params) {
    if (param != "any")
      params.push_back(param);
    else if (!cxx)
      params.push_back("const volatile void *");
    else if (templates & (1u << anys++)) {
      types.push_back("class T" + std::to_string(types.size()));
      params.push_back("T" + std::to_string(types.size() - 1) + " *");
    } else
      params.push_back("PyObject *");
  }
  if (!types.empty())
    out << "template <" << join(types, ", ") << "> ";
  out << signature.result << (signature.lvalue ? " *" : " ") << NormalPrefix << name << "("
      << (params.empty() ? "void" : join(params, ", "))
      // A type of an anonymous namespace wants the template defined.
      << (types.empty() ? ");\n" : ") { __builtin_trap(); }\n");
}

/// The declarations for the rules that speak of one header; `header` empty:
/// of Python's.
std::string textFor(const RuleSet &rules, StringRef header, const Twine &guard) {
  std::string text;
  raw_string_ostream out(text);
  out << "#ifndef " << guard << "\n#define " << guard << "\n"
      // The include may stand in an extern "C" block, where no template may.
      << "#ifdef __cplusplus\nextern \"C++\" {\n#endif\n";
  StringSet<> done;
  for (const auto &rule : rules.all())
    for (const auto &[name, signatureText] : rule->macros) {
      if (rule->header != header || !done.insert(name).second)
        continue;
      Signature signature = parseSignature(signatureText);
      unsigned anys = count(signature.params, "any");
      out << "#ifdef " << name << "\n#undef " << name << "\n#ifdef __cplusplus\n";
      for (unsigned templates = 0; templates < (1u << anys); ++templates)
        declare(out, name, signature, true, templates);
      out << "#else\n";
      declare(out, name, signature, false, 0);
      out << "#endif\n";
      std::vector<std::string> params, args;
      for (size_t i = 0; i < signature.params.size(); ++i) {
        params.push_back("p" + std::to_string(i));
        args.push_back("(p" + std::to_string(i) + ")");
      }
      std::string call = (NormalPrefix + name + "(" + join(args, ", ") + ")").str();
      out << "#define " << name << "(" << join(params, ", ") << ") "
          << (signature.lvalue ? "(*" + call + ")" : call) << "\n#endif\n";
    }
  out << "#ifdef __cplusplus\n}\n#endif\n#endif\n";
  return text;
}

} // namespace

NormalHeader normalHeader(const RuleSet &rules) {
  NormalHeader result;
  result.python = textFor(rules, "", "ABI3IFY_NORMAL_H");
  for (const auto &rule : rules.all())
    if (!rule->header.empty() && !rule->macros.empty() &&
        none_of(result.others, [&](const auto &other) { return other.first == rule->header; }))
      result.others.emplace_back(rule->header,
                                 textFor(rules, rule->header,
                                         "ABI3IFY_NORMAL_" + Twine(result.others.size()) + "_H"));
  return result;
}

} // namespace abi3ify
