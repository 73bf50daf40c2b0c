#include "abi3ify/newer-branches.h"
#include "abi3ify/facts.h"
#include "abi3ify/text-lexer.h"
#include "llvm/ADT/StringExtras.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

constexpr StringRef NewerType = "newer-type";

/// The function that a rule's form calls in place of a name, with the same
/// arguments; empty if it does more than that.
std::string helperFor(StringRef name, const MatchContext &context) {
  for (const Rule *rule : context.rules->forCall(name)) {
    const Form *form = rule->custom == NewerType ? rule->formFor(Use::Value, context.floor) : nullptr;
    if (!form)
      continue;
    auto [helper, arguments] = StringRef(form->to).split('(');
    if (arguments == "$" + join(rule->args, ", $") + ")")
      return helper.str();
  }
  return {};
}

} // namespace

std::vector<Finding> helpersForBranch(const std::string &file, StringRef text, Range branch,
                                      const MatchContext &context) {
  std::vector<Finding> findings;
  TextLexer lexer(text.slice(branch.begin, branch.end));
  std::optional<Finding> called;
  while (const Token *token = lexer.next()) {
    if (lexer.isHash())
      return {};
    if (called && token->isNot(tok::l_paren))
      return {};
    if (called)
      findings.push_back(std::move(*called));
    called.reset();
    StringRef name = lexer.name();
    if (name.empty() || !isInteresting(name, *context.rules, context.floor))
      continue;
    std::string helper = token->needsCleaning() ? "" : helperFor(name, context);
    Range range{branch.begin + lexer.begin(), branch.begin + lexer.end()};
    if (!helper.empty())
      called = findingAt(context, context.rules->forCall(name).front()->id, file, range, name);
    if (!called)
      return {};
    Rewrite rewrite;
    rewrite.file = file;
    rewrite.extent = range;
    rewrite.to = helper;
    rewrite.anew = true;
    called->rewrites.push_back(std::move(rewrite));
    called->safety = Safety::Review;
    called->reason.clear();
  }
  return findings;
}

} // namespace abi3ify
