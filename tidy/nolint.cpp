#include "nolint.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/GlobPattern.h"

using namespace llvm;

namespace abi3ify::tidy {
namespace {

/// What follows the word: nothing or an empty list for all checks, else globs
/// of which the last that matches decides.
bool names(StringRef behind, StringRef check) {
  if (!behind.consume_front("("))
    return true;
  StringRef list = behind.take_until([](char c) { return c == ')' || c == '\n'; });
  if (list.size() == behind.size() || behind[list.size()] != ')')
    return true; // clang-tidy takes an open list for none
  SmallVector<StringRef> globs;
  list.split(globs, ',');
  bool named = false;
  for (StringRef glob : globs) {
    glob = glob.trim();
    bool negative = glob.consume_front("-");
    auto pattern = GlobPattern::create(glob);
    if (!pattern)
      consumeError(pattern.takeError());
    else if (pattern->match(check))
      named = !negative;
  }
  return named;
}

/// Whether a line has a word of clang-tidy's that names the check.
bool has(StringRef line, StringRef word, StringRef check) {
  for (size_t at = line.find(word); at != StringRef::npos; at = line.find(word, at + 1)) {
    StringRef behind = line.drop_front(at + word.size());
    if (!behind.empty() && isUpper(behind.front()))
      continue; // a longer word
    if (names(behind, check))
      return true;
  }
  return false;
}

} // namespace

bool isNolinted(StringRef text, unsigned offset, StringRef check) {
  if (!text.contains("NOLINT"))
    return false;
  StringRef previous;
  unsigned open = 0;
  for (StringRef rest = text; !rest.empty();) {
    auto [line, after] = rest.split('\n');
    open += has(line, "NOLINTBEGIN", check);
    bool here = offset < size_t(after.data() - text.data()) || after.empty();
    if (here)
      return open || has(line, "NOLINT", check) || has(previous, "NOLINTNEXTLINE", check);
    if (open)
      open -= has(line, "NOLINTEND", check);
    previous = line;
    rest = after;
  }
  return false;
}

} // namespace abi3ify::tidy
