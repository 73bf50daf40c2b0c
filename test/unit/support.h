// What the tests share: short ways to make findings and to print them.
#pragma once
#include "abi3ify/edits.h"
#include "abi3ify/spelling.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"
#include <fstream>

namespace abi3ify {

/// Where the n-th `part` stands in `text`.
inline unsigned at(llvm::StringRef text, llvm::StringRef part, unsigned nth = 0) {
  size_t found = text.find(part);
  while (nth-- && found != llvm::StringRef::npos)
    found = text.find(part, found + 1);
  EXPECT_NE(found, llvm::StringRef::npos) << part.str();
  return found;
}

inline Range rangeOf(llvm::StringRef text, llvm::StringRef part, unsigned nth = 0) {
  unsigned begin = at(text, part, nth);
  return {begin, unsigned(begin + part.size())};
}

/// A fixable finding with one rewrite: the n-th call of `name` becomes `to`;
/// `args` names the call's arguments.
inline Finding callEdit(llvm::StringRef text, llvm::StringRef name, const std::string &to,
                        std::vector<std::string> args, unsigned nth = 0) {
  Finding finding;
  finding.file = "a.c";
  finding.rule = finding.symbol = name.str();
  finding.range = rangeOf(text, name, nth);
  finding.state = State::Fixable;
  finding.safety = Safety::Safe;
  Rewrite rewrite;
  rewrite.file = "a.c";
  rewrite.to = to;
  auto call = callText(text, finding.range.begin, text.size(), true);
  EXPECT_TRUE(call && call->args.size() == args.size()) << text.str();
  rewrite.extent = call->all;
  for (size_t i = 0; i < args.size(); ++i) {
    Argument argument;
    argument.name = args[i];
    argument.range = call->args[i];
    argument.primary = true;
    rewrite.args.push_back(argument);
  }
  finding.rewrites.push_back(rewrite);
  return finding;
}

/// A finding that replaces a range by a text.
inline Finding plainEdit(Range range, const std::string &to) {
  Finding finding;
  finding.file = "a.c";
  finding.range = range;
  finding.rule = "plain";
  finding.state = State::Fixable;
  finding.safety = Safety::Safe;
  Rewrite rewrite;
  rewrite.file = "a.c";
  rewrite.extent = range;
  rewrite.to = to;
  finding.rewrites.push_back(rewrite);
  return finding;
}

inline Edits editsOf(llvm::StringRef text, llvm::ArrayRef<Finding> findings) {
  return makeEdits(findings, std::vector<bool>(findings.size(), true), {{"a.c", text.str()}});
}

/// The text with all edits made.
inline std::string edited(llvm::StringRef text, llvm::ArrayRef<Finding> findings) {
  Edits edits = editsOf(text, findings);
  EXPECT_TRUE(edits.conflicts.empty());
  return edits.files["a.c"].text;
}

/// A folder for the files of one test; removed at its end.
class TemporaryFolder {
public:
  TemporaryFolder() {
    llvm::SmallString<128> made, real;
    EXPECT_FALSE(llvm::sys::fs::createUniqueDirectory("abi3ify-test", made));
    EXPECT_FALSE(llvm::sys::fs::real_path(made, real));
    path = real.str().str();
  }
  ~TemporaryFolder() { llvm::sys::fs::remove_directories(path); }

  std::string write(const std::string &name, llvm::StringRef text) const {
    std::string file = path + "/" + name;
    EXPECT_FALSE(llvm::sys::fs::create_directories(file.substr(0, file.rfind('/'))));
    std::ofstream(file, std::ios::binary) << text.str();
    return file;
  }
  std::string read(const std::string &name) const {
    auto buffer = llvm::MemoryBuffer::getFile(path + "/" + name);
    return buffer ? (*buffer)->getBuffer().str() : "(no file)";
  }
  /// The names of all files in it, hidden ones as well.
  std::string list() const {
    std::vector<std::string> names;
    std::error_code code;
    for (llvm::sys::fs::directory_iterator it(path, code), end; it != end && !code;
         it.increment(code))
      names.push_back(it->path().substr(path.size() + 1));
    llvm::sort(names);
    return llvm::join(names, " ");
  }

  std::string path;
};

} // namespace abi3ify
