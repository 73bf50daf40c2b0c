// Unified diffs, and what git thinks of the files.
#include "abi3ify/write.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace abi3ify {
namespace {

std::vector<StringRef> splitLines(StringRef text) {
  std::vector<StringRef> lines;
  while (!text.empty()) {
    size_t end = text.find('\n');
    size_t size = end == StringRef::npos ? text.size() : end + 1;
    lines.push_back(text.substr(0, size));
    text = text.drop_front(size);
  }
  return lines;
}

/// A line that both have, only the first has (-) or only the second has (+).
struct DiffLine {
  char kind;
  StringRef text;
};

/// Myers' greedy algorithm.
std::vector<DiffLine> diffLines(ArrayRef<StringRef> a, ArrayRef<StringRef> b) {
  int n = a.size(), m = b.size(), limit = n + m;
  std::vector<int> furthest(2 * limit + 2, 0);
  std::vector<std::vector<int>> trace;
  auto at = [&](std::vector<int> &v, int k) -> int & { return v[k + limit]; };
  int found = -1;
  for (int d = 0; d <= limit && found < 0; ++d) {
    trace.push_back(furthest);
    for (int k = -d; k <= d; k += 2) {
      int x = k == -d || (k != d && at(furthest, k - 1) < at(furthest, k + 1))
                  ? at(furthest, k + 1)
                  : at(furthest, k - 1) + 1;
      int y = x - k;
      while (x < n && y < m && a[x] == b[y])
        ++x, ++y;
      at(furthest, k) = x;
      if (x >= n && y >= m) {
        found = d;
        break;
      }
    }
  }
  std::vector<DiffLine> lines;
  int x = n, y = m;
  for (int d = found; d > 0; --d) {
    auto &v = trace[d];
    int k = x - y;
    int previous = k == -d || (k != d && at(v, k - 1) < at(v, k + 1)) ? k + 1 : k - 1;
    int px = at(v, previous), py = px - previous;
    while (x > px && y > py)
      lines.push_back({' ', a[--x]}), --y;
    if (x == px)
      lines.push_back({'+', b[--y]});
    else
      lines.push_back({'-', a[--x]});
  }
  while (x > 0)
    lines.push_back({' ', a[--x]});
  std::reverse(lines.begin(), lines.end());
  return lines;
}

void printHunks(ArrayRef<DiffLine> lines, raw_ostream &out) {
  constexpr size_t Context = 3;
  size_t i = 0, oldLine = 1, newLine = 1;
  while (true) {
    size_t change = i;
    while (change < lines.size() && lines[change].kind == ' ')
      ++change;
    if (change == lines.size())
      return;
    size_t begin = change - std::min(Context, change - i);
    oldLine += begin - i;
    newLine += begin - i;
    // A hunk goes on while the next change is near.
    size_t end = change, quiet = 0;
    for (size_t j = change; j < lines.size() && quiet <= 2 * Context; ++j) {
      quiet = lines[j].kind == ' ' ? quiet + 1 : 0;
      if (!quiet)
        end = j + 1;
    }
    end = std::min(lines.size(), end + Context);
    size_t olds = 0, news = 0;
    for (size_t j = begin; j < end; ++j) {
      olds += lines[j].kind != '+';
      news += lines[j].kind != '-';
    }
    out << "@@ -" << (olds ? oldLine : oldLine - 1) << "," << olds << " +"
        << (news ? newLine : newLine - 1) << "," << news << " @@\n";
    for (size_t j = begin; j < end; ++j) {
      out << lines[j].kind << lines[j].text;
      if (!lines[j].text.ends_with("\n"))
        out << "\n\\ No newline at end of file\n";
    }
    oldLine += olds;
    newLine += news;
    i = end;
  }
}

std::string relative(const std::string &root, StringRef file) {
  return file.starts_with(root + "/") ? file.drop_front(root.size() + 1).str() : file.str();
}

} // namespace

std::string unifiedDiff(const std::string &root, const Texts &before, const Texts &after) {
  std::string text;
  raw_string_ostream out(text);
  for (const auto &[file, edited] : after) {
    const std::string &original = before.at(file);
    if (original == edited)
      continue;
    std::string name = relative(root, file);
    out << "--- a/" << name << "\n+++ b/" << name << "\n";
    printHunks(diffLines(splitLines(original), splitLines(edited)), out);
  }
  return text;
}

/// What a run of git printed, split at its zero bytes; nothing if it failed.
static std::optional<std::vector<std::string>> runGit(ArrayRef<std::string> words) {
  SmallString<128> output;
  if (sys::fs::createTemporaryFile("abi3ify", "txt", output))
    return std::nullopt;
  FileRemover remover(output);
  std::vector<StringRef> args(words.begin(), words.end());
  std::optional<StringRef> redirects[] = {StringRef(""), StringRef(output), StringRef("")};
  int status = sys::ExecuteAndWait(args[0], args, std::nullopt, redirects, 60);
  auto buffer = MemoryBuffer::getFile(output);
  // 1: git config found no such key.
  if ((status != 0 && status != 1) || !buffer)
    return std::nullopt;
  std::vector<std::string> entries;
  for (StringRef entry : split((*buffer)->getBuffer(), '\0'))
    if (!entry.empty())
      entries.push_back(entry.str());
  return entries;
}

Expected<std::vector<std::string>> changedSinceIndex(const std::string &root,
                                                     const std::vector<std::string> &files,
                                                     bool &inRepository) {
  inRepository = sys::fs::exists(root + "/.git");
  if (!inRepository || files.empty())
    return std::vector<std::string>();
  auto git = findProgram("git");
  if (!git)
    return createStringError(root + " is a git repository but git is not installed; give "
                                    "--allow-dirty to edit without the way back");
  // The repository's own settings must not make git run its programs.
  std::vector<std::string> args = {*git, "-C", root};
  auto filters = runGit({*git, "-C", root, "config", "-z", "--name-only", "--get-regexp",
                         "^filter\\..*\\.(clean|smudge|process|required)$"});
  if (filters)
    for (const std::string &key : *filters)
      args.insert(args.end(),
                  {"-c", key + (StringRef(key).ends_with(".required") ? "=false" : "=")});
  for (const char *word : {"-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null",
                           "--literal-pathspecs", "status", "--porcelain", "-z", "--no-renames",
                           "--untracked-files=all", "--ignored", "--"})
    args.push_back(word);
  args.insert(args.end(), files.begin(), files.end());
  auto entries = filters ? runGit(args) : std::nullopt;
  if (!entries)
    return createStringError("git status failed in " + root +
                             "; see what it says there, or give --allow-dirty to edit without "
                             "the way back");
  std::vector<std::string> changed;
  // "XY path": Y is the work tree; a staged change alone is in the index.
  for (StringRef entry : *entries)
    if (entry.size() > 3 && entry[1] != ' ')
      changed.push_back(entry.drop_front(3).str());
  return changed;
}

} // namespace abi3ify
