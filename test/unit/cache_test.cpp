// The cache gives what was stored, or nothing; and a unit's result only while
// all that it depends on is as it was.
#include "abi3ify/archived-types.h"
#include "abi3ify/parallel.h"
#include "abi3ify/unit-cache.h"
#include "match_support.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace abi3ify;
using llvm::StringRef;

namespace {

std::string onlyEntry(const TemporaryFolder &folder) {
  std::string name = folder.list();
  EXPECT_TRUE(llvm::StringRef(name).starts_with("unit-") && !llvm::StringRef(name).contains(' ')) << name;
  return name;
}

/// A project of one unit, looked at through a cache that is opened anew each
/// time, as by runs of the tool.
class CachedUnit {
public:
  TemporaryFolder folder, store;
  std::vector<std::string> flags;
  bool fromCache = false;
  Floor floor{11};

  explicit CachedUnit(const std::string &text = "#include <Python.h>\n"
                                                "#include \"mine.h\"\n"
                                                "PyObject *f(PyObject *l) { return FIRST(l); }\n") {
    folder.write("src/a.c", text);
    folder.write("src/mine.h", "#define FIRST(l) PyList_GET_ITEM(l, 0)\n");
  }

  /// The bytes of what the unit gives; they must not depend on the cache.
  std::string look() {
    std::string cached = lookWith(std::make_unique<Cache>(store.path));
    EXPECT_EQ(cached, lookWith(nullptr));
    return cached;
  }

private:
  std::string lookWith(std::unique_ptr<Cache> cache) {
    bool caches = cache != nullptr;
    Project project;
    project.roots = {folder.path};
    project.headers = {llvm::cantFail(askPython("python3"))};
    RuleSet rules = llvm::cantFail(loadRules(""));
    NormalHeader header = normalHeader(rules);
    MatchContext context;
    context.project = &project;
    context.rules = &rules;
    context.headers = &project.headers[0];
    context.normalHeader = &header;
    Command command;
    command.directory = folder.path;
    command.file = folder.path + "/src/a.c";
    command.args = flags;
    UnitCache units(std::move(cache));
    ArchiveWriter out;
    out.write(units.match(command, context, floor, keyOf(rules, false)));
    if (caches)
      fromCache = units.hits() == 1;
    return out.bytes;
  }
};

} // namespace

TEST(Archive, WhatIsCutIsNoValue) {
  Finding finding = plainEdit({3, 7}, "text");
  finding.goesWith = {"a", "b"};
  finding.configurations = {"a"};
  UnitMatches unit;
  unit.file = "a.c";
  unit.floors.resize(2);
  unit.floors[1].findings = {finding, finding};
  unit.floors[1].seen["a.c"] = {1, 70000};
  unit.floors[1].types.resize(1);
  unit.floors[1].types[0].readies.resize(1);
  unit.floors[1].types[0].readies[0].plain = finding.rewrites;
  unit.parse.diagnostics = {{clang::DiagnosticsEngine::Error, "wrong", "all", {{"a.c", 3}}}};
  unit.parse.sawNormalHeader = true;
  ArchiveWriter out;
  out.write(unit);
  UnitMatches back;
  ArchiveReader in(out.bytes);
  in.read(back);
  EXPECT_TRUE(in.finished());
  EXPECT_EQ(back.floors[1].findings[1].rewrites, finding.rewrites);
  EXPECT_EQ(back.floors[1].findings[0].goesWith, finding.goesWith);
  EXPECT_EQ(back.parse.diagnostics[0].places[0].offset, 3u);
  ArchiveWriter again;
  again.write(back);
  EXPECT_EQ(again.bytes, out.bytes);
  for (size_t length = 0; length < out.bytes.size(); ++length) {
    UnitMatches part;
    ArchiveReader cut(llvm::StringRef(out.bytes).take_front(length));
    cut.read(part);
    EXPECT_FALSE(cut.finished()) << length;
  }
}

TEST(Cache, DamagedEntriesAreNone) {
  TemporaryFolder folder;
  Cache cache(folder.path);
  EXPECT_EQ(cache.load("key"), std::nullopt);
  cache.store("key", "some bytes");
  EXPECT_EQ(cache.load("key"), "some bytes");
  EXPECT_EQ(cache.load("other"), std::nullopt);
  std::string name = onlyEntry(folder), whole = folder.read(name);
  for (size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] ^= 1;
    folder.write(name, damaged);
    EXPECT_EQ(cache.load("key"), std::nullopt) << "byte " << i;
    folder.write(name, llvm::StringRef(whole).take_front(i));
    EXPECT_EQ(cache.load("key"), std::nullopt) << i << " bytes";
  }
  folder.write(name, whole + "x");
  EXPECT_EQ(cache.load("key"), std::nullopt);
  folder.write(name, whole);
  EXPECT_EQ(cache.load("key"), "some bytes");
  // In another entry's place.
  cache.store("other", "others");
  for (const char *key : {"key", "other"})
    EXPECT_TRUE(cache.load(key));
  for (llvm::StringRef each : llvm::split(folder.list(), ' '))
    if (each != name)
      folder.write(name, folder.read(each.str()));
  EXPECT_EQ(cache.load("key"), std::nullopt);
}

TEST(Cache, ReadersSeeWholeEntriesWhileOthersWrite) {
  TemporaryFolder folder;
  std::atomic<unsigned> wrong = 0, seen = 0;
  parallelFor(4, 400, [&](size_t i) {
    Cache cache(folder.path);
    if (i % 3)
      cache.store("key", std::string(20000 + i % 7, char('a' + i % 7)));
    else if (auto bytes = cache.load("key")) {
      ++seen;
      wrong += bytes->size() != 20000u + (bytes->front() - 'a') ||
               bytes->find_first_not_of(bytes->front()) != std::string::npos;
    }
  });
  EXPECT_EQ(wrong, 0u);
  EXPECT_GT(seen, 0u);
  onlyEntry(folder); // and nothing is left beside it
}

TEST(Cache, DropsTheOldestWhenThereIsTooMuch) {
  TemporaryFolder folder;
  auto age = [&](const std::string &name, int hours) {
    struct timespec times[2] = {{time(nullptr) - hours * 3600, 0}, {time(nullptr) - hours * 3600, 0}};
    EXPECT_FALSE(utimensat(AT_FDCWD, (folder.path + "/" + name).c_str(), times, 0));
  };
  { Cache(folder.path, 5000).store("old", std::string(2000, 'o')); }
  std::string old = onlyEntry(folder);
  age(old, 5);
  folder.write("mine.txt", "not an entry");
  folder.write("unit-12345678.new", "left by a killed run");
  age("unit-12345678.new", 2);
  { Cache(folder.path, 5000).store("young", std::string(2000, 'y')); }
  Cache cache(folder.path, 5000);
  EXPECT_TRUE(cache.load("old"));
  EXPECT_EQ(folder.read("unit-12345678.new"), "(no file)");
  { Cache(folder.path, 5000).store("youngest", std::string(2000, 'z')); }
  EXPECT_FALSE(cache.load("old"));
  EXPECT_TRUE(cache.load("youngest"));
  EXPECT_LE(llvm::cantFail(Cache::sizeOf(folder.path)).bytes, 5000u);
  llvm::cantFail(Cache::clear(folder.path));
  EXPECT_EQ(folder.list(), "mine.txt");
}

TEST(Cache, AFolderThatOthersMayWriteToIsNone) {
  TemporaryFolder folder;
  std::string before = getenv("XDG_CACHE_HOME") ? getenv("XDG_CACHE_HOME") : "";
  setenv("XDG_CACHE_HOME", folder.path.c_str(), 1);
  EXPECT_TRUE(Cache::openUsers());
  EXPECT_FALSE(chmod(Cache::usersFolder().c_str(), 0777));
  EXPECT_FALSE(Cache::openUsers());
  setenv("XDG_CACHE_HOME", "relative", 1);
  EXPECT_NE(Cache::usersFolder().substr(0, 8), "relative");
  before.empty() ? unsetenv("XDG_CACHE_HOME") : setenv("XDG_CACHE_HOME", before.c_str(), 1);
}

TEST(UnitCache, NothingChangedNothingParsed) {
  CachedUnit unit;
  std::string first = unit.look();
  EXPECT_FALSE(unit.fromCache);
  EXPECT_EQ(unit.look(), first);
  EXPECT_TRUE(unit.fromCache);
}

TEST(UnitCache, ADamagedEntryIsParsedAgain) {
  CachedUnit unit;
  std::string first = unit.look(), name = onlyEntry(unit.store), whole = unit.store.read(name);
  for (size_t length : {size_t(0), size_t(31), whole.size() / 2, whole.size() - 1}) {
    unit.store.write(name, llvm::StringRef(whole).take_front(length));
    EXPECT_EQ(unit.look(), first);
    EXPECT_FALSE(unit.fromCache);
  }
  EXPECT_EQ(unit.store.read(onlyEntry(unit.store)), whole);
}

TEST(UnitCache, ChangesOfFilesAreSeen) {
  CachedUnit unit;
  std::string first = unit.look();
  // The same size, and perhaps the same time stamp.
  unit.folder.write("src/mine.h", "#define FIRST(l) PyList_GET_ITEM(l, 1)\n");
  unit.look();
  EXPECT_FALSE(unit.fromCache);
  unit.folder.write("src/mine.h", "#define FIRST(l) PyTuple_GET_ITEM(l, 0)\n");
  EXPECT_NE(unit.look(), first);
  EXPECT_FALSE(unit.fromCache);
  unit.folder.write("src/mine.h", "#define FIRST(l) PyList_GET_ITEM(l, 0)\n");
  EXPECT_EQ(unit.look(), first);
}

TEST(UnitCache, AHeaderThatAppearsEarlierOnThePathIsSeen) {
  CachedUnit unit("#include <Python.h>\n#include <mine.h>\nPyObject *f(PyObject *l) { return FIRST(l); }\n");
  unit.flags = {"-Iearly", "-Isrc"};
  std::string first = unit.look();
  EXPECT_EQ(unit.look(), first);
  EXPECT_TRUE(unit.fromCache);
  unit.folder.write("early/mine.h", "#define FIRST(l) PyTuple_GET_ITEM(l, 0)\n");
  EXPECT_NE(unit.look(), first);
  EXPECT_FALSE(unit.fromCache);
}

TEST(UnitCache, WhatHasIncludeLooksForIsSeen) {
  CachedUnit unit("#include <Python.h>\n#if __has_include(\"maybe.h\")\n"
                  "PyObject *f(PyObject *l) { return PyList_GET_ITEM(l, 0); }\n#endif\n");
  std::string first = unit.look();
  unit.folder.write("src/maybe.h", "");
  EXPECT_NE(unit.look(), first);
  EXPECT_FALSE(unit.fromCache);
}

TEST(UnitCache, ALinkThatLeadsElsewhereIsSeen) {
  CachedUnit unit("#include <Python.h>\n#include \"../link/mine.h\"\n"
                  "PyObject *f(PyObject *l) { return FIRST(l); }\n");
  unit.folder.write("a/mine.h", "#define FIRST(l) PyList_GET_ITEM(l, 0)\n");
  unit.folder.write("b/mine.h", "#define FIRST(l) PyList_GET_ITEM(l, 0)\n");
  std::string link = unit.folder.path + "/link";
  ASSERT_FALSE(symlink("a", link.c_str()));
  std::string first = unit.look();
  ASSERT_FALSE(unlink(link.c_str()) || symlink("b", link.c_str()));
  EXPECT_NE(unit.look(), first);
  EXPECT_FALSE(unit.fromCache);
}

TEST(UnitCache, AFolderThatBecomesOtherPeoplesIsSeen) {
  CachedUnit unit;
  std::string first = unit.look();
  unit.folder.write("src/pyvenv.cfg", "");
  EXPECT_NE(unit.look(), first);
  EXPECT_FALSE(unit.fromCache);
}

TEST(UnitCache, WhatTheCallerSaysIsPartOfTheKey) {
  CachedUnit unit;
  unit.look();
  unit.floor = {12};
  unit.look();
  EXPECT_FALSE(unit.fromCache);
  unit.flags = {"-DOTHER"};
  unit.look();
  EXPECT_FALSE(unit.fromCache);
  setenv("CPATH", "/nowhere", 1);
  unsetenv("CPATH");
  unit.look();
  EXPECT_TRUE(unit.fromCache);
}

TEST(UnitCache, TheTimeOfDayIsNotKept) {
  CachedUnit unit("#include <Python.h>\nconst char *made = __TIME__;\n");
  unit.look();
  unit.look();
  EXPECT_FALSE(unit.fromCache);
}

TEST(UnitCache, ModulesThatClangKeepsForItselfAreNotKeptHere) {
  CachedUnit unit("int a;\n");
  unit.flags = {"-fmodules", "-fmodules-cache-path=" + unit.folder.path + "/modules"};
  unit.look();
  unit.look();
  EXPECT_FALSE(unit.fromCache);
}

TEST(UnitCache, EditedTextsCountIfTheyAreRead) {
  TemporaryFolder folder, store;
  std::string file = folder.write("a.c", "int a;\n"), other = folder.write("b.c", "int b;\n");
  Command command;
  command.directory = folder.path;
  command.file = file;
  Texts texts = {{file, "int a = \"x\";\n"}, {other, "int b2;\n"}};
  ParseRequest request;
  request.command = &command;
  request.texts = &texts;
  auto parse = [&](unsigned hits) {
    UnitCache units(std::make_unique<Cache>(store.path));
    ParseResult result = units.parse(request);
    EXPECT_EQ(units.hits(), hits);
    std::string said;
    for (const Diagnostic &diagnostic : result.diagnostics)
      said += diagnostic.message + "\n";
    return said;
  };
  EXPECT_TRUE(StringRef(parse(0)).contains("constant"));
  texts[other] = "int b3;\n";
  EXPECT_TRUE(StringRef(parse(1)).contains("constant"));
  texts[file] = "int a = 1;\n";
  EXPECT_EQ(parse(0), "");
  request.texts = nullptr;
  EXPECT_EQ(parse(0), "");
  EXPECT_EQ(parse(1), "");
}
