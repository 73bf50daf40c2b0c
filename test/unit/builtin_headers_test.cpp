// Clang's own headers come from the binary, whatever Clang the machine has.
#include "abi3ify/unit.h"
#include "support.h"
#include "llvm/Support/Path.h"

namespace abi3ify {
namespace {

/// What the compiler reads for a source; its errors are the test's.
std::vector<std::string> filesReadFor(llvm::StringRef name, llvm::StringRef text,
                                      std::vector<std::string> args = {}) {
  llvm::SmallString<128> folder;
  EXPECT_FALSE(llvm::sys::fs::createUniqueDirectory("abi3ify-test", folder));
  Command command;
  command.directory = folder.str().str();
  command.file = inFolder(folder, name);
  command.cxx = isCxxSource(name);
  command.args = args;
  std::ofstream(command.file) << text.str();
  ParseRequest request;
  request.command = &command;
  ParseResult result = parseUnit(request);
  llvm::sys::fs::remove_directories(folder);
  for (const Diagnostic &diagnostic : result.diagnostics)
    ADD_FAILURE() << diagnostic.message;
  EXPECT_TRUE(result.ran);
  return result.filesRead;
}

bool anyIsCalled(const std::vector<std::string> &files, llvm::StringRef name) {
  return llvm::any_of(files, [&](llvm::StringRef file) {
    return llvm::sys::path::filename(file) == name;
  });
}

constexpr llvm::StringLiteral Source =
    "#include <stddef.h>\n#include <limits.h>\n#include <stdatomic.h>\n"
    "size_t size; int most = INT_MAX; atomic_int count;\n";

TEST(BuiltinHeaders, ComeFromTheBinary) {
  std::vector<std::string> files = filesReadFor("a.c", Source);
  EXPECT_FALSE(anyIsCalled(files, "stddef.h"));
  EXPECT_FALSE(anyIsCalled(files, "stdatomic.h"));
  EXPECT_TRUE(anyIsCalled(files, "limits.h")); // the C library's, behind Clang's
}

TEST(BuiltinHeaders, CommandsOfAnotherClangChangeNothing) {
  EXPECT_FALSE(anyIsCalled(filesReadFor("a.c", Source, {"-resource-dir", "/usr/lib/clang/14"}),
                           "stddef.h"));
}

// The C++ library has headers of the same names, which go first.
TEST(BuiltinHeaders, StandBehindTheCxxLibrary) {
  std::vector<std::string> files = filesReadFor(
      "a.cpp", "#include <cstddef>\n#include <tgmath.h>\nstd::size_t size; double x = sqrt(2.0);\n");
  EXPECT_FALSE(anyIsCalled(files, "stddef.h"));
  EXPECT_TRUE(anyIsCalled(files, "tgmath.h"));
}

} // namespace
} // namespace abi3ify
