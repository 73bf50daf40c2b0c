// Which sources include a file, by the text of a project's files.
#include "abi3ify/include-graph.h"
#include "abi3ify/project.h"
#include "support.h"
#include "llvm/Support/Path.h"

namespace abi3ify {
namespace {

class IncludeGraph : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("abi3ify-test", folder));
    top = realPath(folder);
  }
  void TearDown() override { llvm::sys::fs::remove_directories(folder); }

  void add(llvm::StringRef name, llvm::StringRef text) {
    std::string path = inFolder(top, name);
    llvm::sys::fs::create_directories(llvm::sys::path::parent_path(path));
    std::ofstream(path) << text.str();
    files.insert(path);
  }

  /// The names from the folder on.
  std::vector<std::string> includers(llvm::StringRef name) {
    std::vector<std::string> names;
    for (const std::string &path : includersOf(inFolder(top, name), files))
      names.push_back(path.substr(top.size() + 1));
    return names;
  }
  using Names = std::vector<std::string>;

  llvm::SmallString<128> folder;
  std::string top;
  std::set<std::string> files;
};

TEST_F(IncludeGraph, ReachesThroughHeadersAndAroundCircles) {
  add("a.h", "#include \"b.h\"\n");
  add("b.h", "#include \"a.h\"\n");
  add("direct.c", "#include \"b.h\"\n");
  add("through.cpp", "  #  include \"a.h\"\n");
  add("none.c", "// \"b.h\"\n#include \"c.h\"\n");
  EXPECT_EQ(includers("b.h"), (Names{"direct.c", "through.cpp"}));
  EXPECT_EQ(includers("none.c"), Names());
}

TEST_F(IncludeGraph, AFileBesideIsMeant) {
  add("one/same.h", "");
  add("two/same.h", "");
  add("one/a.c", "#include \"same.h\"\n");
  add("two/b.c", "#include \"../two/same.h\"\n");
  EXPECT_EQ(includers("one/same.h"), Names{"one/a.c"});
  EXPECT_EQ(includers("two/same.h"), Names{"two/b.c"});
}

TEST_F(IncludeGraph, AnUncertainNameMeansAll) {
  add("one/lib/same.h", "");
  add("two/same.h", "");
  add("a.c", "#include <same.h>\n");
  add("b.c", "#include \"lib/same.h\"\n");
  EXPECT_EQ(includers("one/lib/same.h"), (Names{"a.c", "b.c"}));
  EXPECT_EQ(includers("two/same.h"), Names{"a.c"});
}

TEST_F(IncludeGraph, ASourceMayBeIncluded) {
  add("part.c", "");
  add("whole.c", "#include \"part.c\"\n");
  EXPECT_EQ(includers("part.c"), Names{"whole.c"});
}

} // namespace
} // namespace abi3ify
