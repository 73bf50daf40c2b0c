// A precompiled header changes no result: what a unit gives with one is what it
// gives without; and it is used where it can be, and only there.
#include "abi3ify/archived-types.h"
#include "abi3ify/precompiled.h"
#include "abi3ify/unit-cache.h"
#include "abi3ify/parallel.h"
#include "match_support.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace abi3ify;
using When = PrecompiledHeaders::When;

namespace {

/// Has findings of many kinds, and what no header declares.
constexpr llvm::StringLiteral Body = R"(
#include <structmember.h>
#ifdef PY_SSIZE_T_CLEAN
#define LENGTH(l) PyList_GET_SIZE(l)
#else
#define LENGTH(l) ((int)PyList_GET_SIZE(l))
#endif
#if PY_VERSION_HEX >= 0x030c0000
static int newer;
#endif
typedef struct { PyObject_HEAD PyObject *item; } Thing;
static PyTypeObject ThingType = { PyVarObject_HEAD_INIT(NULL, 0) "m.Thing", sizeof(Thing) };
static PyObject *first(PyObject *self, PyObject *list) {
  if (LENGTH(list) == 0 || !PyUnicode_Check(PyTuple_GET_ITEM(list, 0)))
    return NULL;
  assert(strlen(Py_TYPE(list)->tp_name) < 10);
  ((Thing *)self)->item = PyList_GET_ITEM(list, 0);
  Py_SIZE(list);
  return PyUnicod_FromString("") + _PyObject_CallNoArgs(self) + PyErr_SetNane;
}
static double unused(PyObject *x) { int left; return ((PyFloatObject *)x)->ob_fval; }
)";

class Compared {
public:
  TemporaryFolder folder;
  std::vector<std::string> flags;
  std::map<std::string, std::vector<std::string>> flagsOf; ///< of single units, behind those
  unsigned made = 0; ///< headers, by the first run
  Texts texts;

  /// What the units give must be the same in all modes, with headers that this
  /// run has made and with those of an earlier one; gives how many of their
  /// parses a precompiled header has served.
  unsigned hits(const std::vector<std::string> &units) {
    TemporaryFolder store;
    std::map<std::string, std::string> plain;
    for (const std::string &unit : units)
      plain[unit] = look(unit, nullptr);
    auto run = [&](unsigned &made) {
      UnitCache cache(std::make_unique<Cache>(store.path));
      PrecompiledHeaders always(project(), 1, &cache, When::Always);
      for (const std::string &unit : units)
        EXPECT_EQ(look(unit, &always), plain[unit]) << unit;
      made = always.made();
      return always.hits();
    };
    unsigned madeAgain;
    unsigned hits = run(made);
    EXPECT_EQ(run(madeAgain), hits);
    EXPECT_EQ(madeAgain, 0u) << "of " << made;
    return hits;
  }
  /// Of one unit with these lines in front.
  unsigned hits(llvm::StringRef lines, const std::string &unit = "src/a.c") {
    folder.write(unit, (lines + Body).str());
    return hits(std::vector{unit});
  }

private:
  const Project &project() {
    if (!known.roots.empty())
      return known;
    known.roots = {folder.path};
    known.headers = {llvm::cantFail(askPython("python3"))};
    return known;
  }

  /// Findings, diagnostics and files in each mode, as bytes and as text.
  std::string look(const std::string &unit, PrecompiledHeaders *precompiled) {
    project();
    MatchContext context;
    context.project = &known;
    context.rules = &rules;
    context.headers = &known.headers[0];
    context.normalHeader = &header;
    context.texts = &texts;
    context.precompiled = precompiled;
    Command command;
    command.directory = folder.path;
    command.file = folder.path + "/" + unit;
    command.cxx = llvm::StringRef(unit).ends_with(".cpp");
    command.args = flags;
    llvm::append_range(command.args, flagsOf[unit]);
    ArchiveWriter out;
    out.write(matchUnit(command, context, {{8}, {11}}));
    std::string said;
    for (Mode mode : {Mode::Full, Mode::Limited}) {
      ParseRequest request;
      request.command = &command;
      request.mode = mode;
      request.floor = {11};
      request.headers = context.headers;
      request.texts = &texts;
      request.precompiled = precompiled;
      ParseResult result = parseUnit(request);
      out.write(result);
      for (const Diagnostic &diagnostic : result.diagnostics)
        said += diagnostic.message + "\n";
    }
    return said + out.bytes;
  }

  Project known;
  RuleSet rules = llvm::cantFail(loadRules(""));
  NormalHeader header = normalHeader(rules);
};

} // namespace

TEST(Precompiled, FitsWhatBeginsWithPlainDirectives) {
  EXPECT_EQ(Compared().hits("#include <Python.h>\n"), 3u);
  EXPECT_EQ(Compared().hits("/* two\n lines */ // one\n\n  #  include \"Python.h\" // more\n"), 3u);
  EXPECT_EQ(Compared().hits("#define PY_SSIZE_T_CLEAN\n#define TWICE(x) ((x) + \\\n  (x)) /* of\n two */\n"
                            "#include <Python.h>\n"), 3u);
  EXPECT_EQ(Compared().hits("#include <stdio.h>\n#include <assert.h>\n#include <stdio.h>\n"
                            "#include <Python.h>\n#include <Python.h>\n"), 3u);
  EXPECT_EQ(Compared().hits("#define PY_SSIZE_T_CLEAN\r\n#include <Python.h>\r\n"), 3u);
}

TEST(Precompiled, IsSharedByUnitsWithFlagsOfTheirOwn) {
  Compared units;
  units.folder.write("src/x/own.h", "");
  for (const char *name : {"src/a.c", "src/b.c", "src/c.c"})
    units.folder.write(name, ("#include <Python.h>\n" + Body + "int of_flag = OWN_FLAG;\n").str());
  units.flagsOf["src/a.c"] = {"-DOWN_FLAG=1", "-g"};
  units.flagsOf["src/b.c"] = {"-D", "OWN_FLAG=2", "-Isrc/x", "-DOWN_NAME", "-UOWN_NAME"};
  units.flagsOf["src/c.c"] = {"-DOWN_FLAG=b", "-I", units.folder.path + "/src", "-Inowhere", "-I/usr/include"};
  EXPECT_EQ(units.hits({"src/a.c", "src/b.c", "src/c.c"}), 9u);
  EXPECT_EQ(units.made, 3u); // one for each mode
}

TEST(Precompiled, IsNotSharedWhereAFlagMatters) {
  Compared units;
  units.folder.write("src/a.c", ("#include <Python.h>\n" + Body).str());
  units.folder.write("src/b.c", ("#include <Python.h>\n" + Body).str());
  units.flagsOf["src/a.c"] = {"-DNO_SUCH_NAME"};
  // A macro that the headers ask for, or have as a name.
  for (const char *flag : {"-DHAVE_STRFTIME", "-DPyList_New=other", "-Dob_refcnt=count", "-Ulinux",
                           "-D_FORTIFY_SOURCE=2", "-Wp,-D_FORTIFY_SOURCE=2"}) {
    units.flagsOf["src/b.c"] = {flag};
    EXPECT_EQ(units.hits({"src/a.c", "src/b.c"}), 6u) << flag;
    EXPECT_EQ(units.made, 6u) << flag;
  }
  // One is not made where that gives a warning.
  units.flagsOf["src/b.c"] = {"-DWITH_PYMALLOC=0"};
  EXPECT_EQ(units.hits({"src/a.c", "src/b.c"}), 4u);
  // A folder that has a header of theirs.
  units.folder.write("src/x/object.h", "");
  units.flagsOf["src/b.c"] = {"-Isrc/x"};
  units.hits({"src/a.c", "src/b.c"});
  EXPECT_GT(units.made, 3u);
}

TEST(Precompiled, ALimitOfTheSource) {
  // Where a flag gives another limit, that is a warning.
  EXPECT_EQ(Compared().hits("#define Py_LIMITED_API 0x030b0000\n#include <Python.h>\n"
                            "#ifndef Py_LIMITED_API\nint full;\n#endif\n"), 4u);
}

TEST(Precompiled, HeadersOfTheProject) {
  Compared unit;
  unit.folder.write("src/mine.h", "#ifndef MINE_H\n#define MINE_H\n#define OWN 1\n#include <stddef.h>\n"
                                  "#include <Python.h>\n#define ITEM(l) PyList_GET_ITEM(l, 0)\n"
                                  "static inline PyObject *own(PyObject *l) { return ITEM(l); }\n#endif\n");
  EXPECT_EQ(unit.hits("#include \"mine.h\"\n#include \"mine.h\"\n"), 3u);
  unit.folder.write("src/other.h", "#pragma once\n#include <string.h>\n#include \"mine.h\"\n");
  EXPECT_EQ(unit.hits("#include \"other.h\"\n#include \"Python.h\"\n"), 3u);
  unit.folder.write("include/far.h", "#include \"../src/mine.h\"\n");
  unit.flags = {"-Iinclude"};
  EXPECT_EQ(unit.hits("#include <far.h>\n"), 3u);
  unit.folder.write("src/code.h", "int code;\n");
  EXPECT_EQ(unit.hits("#include \"code.h\"\n#include <Python.h>\n"), 0u);
}

TEST(Precompiled, AUnitOfSeveralSources) {
  Compared unit;
  unit.folder.write("src/part.c", "#include <Python.h>\nPyObject *part(PyObject *l) { return PyList_GET_ITEM(l, 1); }\n");
  EXPECT_EQ(unit.hits("#include <Python.h>\n#include \"part.c\"\n"), 3u);
  EXPECT_EQ(unit.hits("#include \"part.c\"\n"), 3u);
}

TEST(Precompiled, Conditions) {
  EXPECT_EQ(Compared().hits("#if defined(_WIN32) && defined(_MSC_VER)\n#define inline __inline\n#elif 0\n"
                            "#define inline\n#endif\n#include <Python.h>\n"), 3u);
  EXPECT_EQ(Compared().hits("#ifndef MY_CHOICE\n#define MY_CHOICE 2\n#endif\n#include <Python.h>\n"), 3u);
  // The headers define it.
  EXPECT_EQ(Compared().hits("#ifndef _GNU_SOURCE\n#define _GNU_SOURCE 1\n#endif\n#include <Python.h>\n"), 0u);
  EXPECT_EQ(Compared().hits("#ifdef Py_PYTHON_H\n#error late\n#endif\n#include <Python.h>\n"), 0u);
  EXPECT_EQ(Compared().hits("#if 0\n#include <Python.h>\n#endif\n"), 0u);
  EXPECT_EQ(Compared().hits("#ifdef USE_CLEAN\n#define PY_SSIZE_T_CLEAN\n#endif\n#include <Python.h>\n"), 3u);
  Compared clean;
  clean.flags = {"-DUSE_CLEAN"};
  EXPECT_EQ(clean.hits("#ifdef USE_CLEAN\n#define PY_SSIZE_T_CLEAN\n#endif\n#include <Python.h>\n"), 0u);
}

TEST(Precompiled, DoesNotFitWhatChangesTheHeaders) {
  for (const char *lines :
       {"int early;\n#include <Python.h>\n", "#pragma pack(1)\n#include <Python.h>\n",
        "#undef __linux__\n#include <Python.h>\n",
        "#define PYTHON <Python.h>\n#include PYTHON\n", "#include <none.h>\n#include <Python.h>\n",
        "#include_next <Python.h>\n", ""})
    EXPECT_EQ(Compared().hits(lines), 0u) << lines;
  // What the headers expand may have to be found; it may be compiled.
  EXPECT_EQ(Compared().hits("#define inline\n#include <Python.h>\n"), 2u);
  // Under the limit the headers do not have it.
  EXPECT_EQ(Compared().hits("#define PyList_GET_ITEM(l, i) 0\n#include <Python.h>\n"), 1u);
  Compared redefined;
  redefined.flags = {"-DPY_SSIZE_T_CLEAN=1"};
  EXPECT_EQ(redefined.hits("#define PY_SSIZE_T_CLEAN\n#include <Python.h>\n"), 1u); // -w
  Compared forced;
  forced.folder.write("forced.h", "#define FORCED 1\n");
  forced.flags = {"-include", "forced.h"};
  EXPECT_EQ(forced.hits("#include <Python.h>\n"), 0u);
}

TEST(Precompiled, APythonOfTheProjectIsRead) {
  Compared unit;
  unit.folder.write("src/Python.h", "#include_next <Python.h>\n#define OWN(l) PyList_GET_ITEM(l, 0)\n");
  EXPECT_EQ(unit.hits("#include \"Python.h\"\nPyObject *f(PyObject *l) { return OWN(l); }\n"), 0u);
}

TEST(Precompiled, EachSetOfFlagsHasItsOwn) {
  Compared units;
  units.folder.write("a.c", ("#include <Python.h>\n" + Body).str());
  units.folder.write("b.c", ("#define PY_SSIZE_T_CLEAN\n#include <Python.h>\n" + Body).str());
  EXPECT_EQ(units.hits(std::vector<std::string>{"a.c", "b.c", "a.c"}), 9u);
  units.flags = {"-DNDEBUG", "-Wextra", "-O2"};
  EXPECT_EQ(units.hits(std::vector<std::string>{"a.c"}) % 3, 0u);
}

TEST(Precompiled, Cxx) {
  EXPECT_EQ(Compared().hits("#include <string>\n#include <Python.h>\n#include <vector>\n"
                            "template <class T> PyObject *get(T *l) { return PyList_GET_ITEM(l, 0); }\n"
                            "std::vector<PyObject *> all(PyListObject *l) { return {get(l)}; }\n"
                            "auto lambda = [](PyObject *l) { return PyList_GET_ITEM(l, 0); };\n",
                            "src/a.cpp"), 3u);
  EXPECT_EQ(Compared().hits("extern \"C\" {\n#include <Python.h>\n}\n", "src/a.cpp"), 0u);
}

TEST(Precompiled, AnEditedText) {
  Compared unit;
  unit.texts[unit.folder.path + "/src/a.c"] =
      ("#define PY_SSIZE_T_CLEAN\n#include <Python.h>\n" + Body).str();
  EXPECT_EQ(unit.hits("int early;\n#include <Python.h>\n"), 3u);
}

TEST(Precompiled, WhatItHasReadIsAFactOfTheUnit) {
  TemporaryFolder folder, others, store;
  folder.write("a.c", "#include <Python.h>\nint a = VALUE;\n");
  others.write("Python.h", "#include \"inner.h\"\n");
  others.write("inner.h", "#define VALUE 1\n");
  Project project;
  project.roots = {folder.path};
  Command command;
  command.directory = folder.path;
  command.file = folder.path + "/a.c";
  command.args = {"-I" + others.path};
  auto look = [&] {
    PrecompiledHeaders precompiled(project, 1, nullptr, When::Always);
    UnitCache cache(std::make_unique<Cache>(store.path));
    ParseRequest request;
    request.command = &command;
    request.precompiled = &precompiled;
    size_t said = cache.parse(request).diagnostics.size();
    return std::make_tuple(cache.hits(), precompiled.hits(), said);
  };
  EXPECT_EQ(look(), std::make_tuple(0u, 1u, size_t(0)));
  EXPECT_EQ(look(), std::make_tuple(1u, 0u, size_t(0)));
  others.write("inner.h", "#define VALUE unknown\n");
  EXPECT_EQ(look(), std::make_tuple(0u, 1u, size_t(1)));
  // One that stands earlier on the path.
  folder.write("inner.h", "");
  command.args.insert(command.args.begin(), "-I" + folder.path);
  EXPECT_EQ(std::get<0>(look()), 0u);
}

namespace {

/// A unit that is edited and parsed, run after run.
class Runs {
public:
  TemporaryFolder folder, others, store;
  Project project;
  Command command;
  unsigned jobs = 1;
  unsigned made = 0, hits = 0; ///< of the last run

  Runs() {
    others.write("Python.h", "#include \"inner.h\"\n");
    others.write("inner.h", "#define VALUE 1\n");
    folder.write("a.c", "#include <Python.h>\nint a = VALUE;\n");
    project.roots = {folder.path};
    command = commandFor("a.c");
  }

  Command commandFor(const std::string &name) const {
    Command command;
    command.directory = folder.path;
    command.file = folder.path + "/" + name;
    command.args = {"-I" + folder.path, "-I" + others.path};
    return command;
  }

  /// What the compiler says; with or without a header the same.
  std::string run(When when = When::WherePaid) {
    std::string said = parse(when, made, hits);
    unsigned none;
    EXPECT_EQ(said, parse(When::Never, none, none));
    return said;
  }

  std::string parse(When when, unsigned &made, unsigned &hits) const {
    UnitCache cache(std::make_unique<Cache>(store.path));
    PrecompiledHeaders precompiled(project, jobs, &cache, when);
    ParseRequest request;
    request.command = &command;
    request.precompiled = &precompiled;
    std::string said;
    for (const Diagnostic &diagnostic : parseUnit(request).diagnostics)
      said += diagnostic.message + "\n";
    made = precompiled.made();
    hits = precompiled.hits();
    return said;
  }
};

} // namespace

TEST(KeptHeaders, TheSecondRunThatWantsOneMakesIt) {
  Runs unit;
  EXPECT_EQ(unit.run(), "");
  EXPECT_EQ(std::pair(unit.made, unit.hits), std::pair(0u, 0u));
  unit.run();
  EXPECT_EQ(std::pair(unit.made, unit.hits), std::pair(1u, 1u));
  for (int i = 0; i < 2; ++i) {
    unit.folder.write("a.c", "#include <Python.h>\nint b = VALUE + x;\n");
    EXPECT_NE(unit.run(), "");
    EXPECT_EQ(std::pair(unit.made, unit.hits), std::pair(0u, 1u));
  }
}

TEST(KeptHeaders, TheFirstRunMakesOneForMoreUnitsThanAreReadAtOnce) {
  Runs units;
  for (std::string name : {"a.c", "b.c", "c.c", "other.c"}) {
    units.folder.write(name, name[0] == 'o' ? "#define O\n#include <Python.h>\n" : "#include <Python.h>\n");
    units.project.commands.push_back(units.commandFor(name));
  }
  units.jobs = 3;
  units.run();
  EXPECT_EQ(units.made, 0u);
  units.jobs = 2;
  units.command = units.commandFor("other.c");
  units.run();
  EXPECT_EQ(units.made, 0u);
  units.command = units.commandFor("b.c");
  units.run();
  EXPECT_EQ(units.made, 1u);
}

TEST(KeptHeaders, AHeaderThatChangesIsReadAnew) {
  Runs unit;
  unit.run(When::Always);
  // The same size, and the same time.
  std::string inner = unit.others.path + "/inner.h";
  struct stat before;
  ASSERT_FALSE(stat(inner.c_str(), &before));
  unit.others.write("inner.h", "#define VALUE x\n");
  struct timespec times[2] = {before.st_atim, before.st_mtim};
  ASSERT_FALSE(utimensat(AT_FDCWD, inner.c_str(), times, 0));
  EXPECT_NE(unit.run(), "");
  EXPECT_EQ(unit.made, 1u); // an earlier run has wanted it
  unit.others.write("inner.h", "#define VALUE 1\n");
  EXPECT_EQ(unit.run(), "");
  // One that stands earlier on the path.
  unit.others.write("Python.h", "#include <inner.h>\n");
  unit.run();
  unit.run();
  EXPECT_EQ(std::pair(unit.made, unit.hits), std::pair(0u, 1u));
  unit.folder.write("inner.h", "#define VALUE y\n");
  EXPECT_NE(unit.run(), "");
  EXPECT_EQ(unit.hits, 0u); // it is the project's
}

TEST(KeptHeaders, OnlyTheContentOfAHeaderCounts) {
  Runs unit;
  unit.run(When::Always);
  struct timespec times[2] = {{1000, 0}, {1000, 0}};
  ASSERT_FALSE(utimensat(AT_FDCWD, (unit.others.path + "/inner.h").c_str(), times, 0));
  unit.run();
  EXPECT_EQ(std::pair(unit.made, unit.hits), std::pair(0u, 1u));
}

TEST(KeptHeaders, AHeaderThatBecomesTheProjectsIsReadByTheUnit) {
  Runs unit;
  unit.run(When::Always);
  unit.project.roots.push_back(unit.others.path);
  unit.run();
  EXPECT_EQ(unit.hits, 0u);
}

TEST(KeptHeaders, WhatIsOfNoUseIsNotMadeAgain) {
  Runs unit;
  unit.others.write("inner.h", "#define VALUE 1\n#warning old\n");
  unit.command.args.push_back("-Wsystem-headers");
  for (unsigned made : {0u, 1u, 0u, 0u}) {
    EXPECT_EQ(unit.run(), "old\n");
    EXPECT_EQ(std::pair(unit.made, unit.hits), std::pair(made, 0u));
  }
  unit.others.write("inner.h", "#define VALUE 1\n");
  EXPECT_EQ(unit.run(), "");
  EXPECT_EQ(unit.made, 1u);
  // It fits no unit that asks for what it defines.
  unit.folder.write("a.c", "#ifdef VALUE\n#define VALUE 2\n#endif\n#include <Python.h>\nint a = VALUE;\n");
  for (unsigned i = 0; i < 3; ++i) {
    EXPECT_EQ(unit.run(), "");
    EXPECT_EQ(std::pair(unit.made, unit.hits), std::pair(0u, 0u));
  }
}

TEST(KeptHeaders, WhatFitsNoneOfTheFirstUnitsIsNotTriedWithTheOthers) {
  Runs units;
  auto look = [&](llvm::ArrayRef<std::string> names) {
    UnitCache cache(std::make_unique<Cache>(units.store.path));
    PrecompiledHeaders precompiled(units.project, 1, &cache, When::Always);
    std::string tried;
    for (const std::string &name : names) {
      units.folder.write(name, "#ifdef VALUE\n#endif\n#include <Python.h>\nint a = VALUE;\n");
      Command command = units.commandFor(name);
      ParseRequest request;
      request.command = &command;
      const PrecompiledHeader *header = precompiled.find(request);
      tried += header ? "y" : "n";
      if (header)
        precompiled.refuse(request, *header);
    }
    return tried + std::to_string(precompiled.made());
  };
  EXPECT_EQ(look({"a.c", "b.c", "c.c"}), "yyn1");
  EXPECT_EQ(look({"d.c"}), "n0");
}

TEST(KeptHeaders, NoneIsMadeBehindCodeOfEachBranch) {
  Runs unit;
  auto made = [&](const std::string &lines) {
    unit.folder.write("a.c", lines + "#include <Python.h>\n");
    unit.run(When::Always);
    return std::pair(unit.made, unit.hits);
  };
  EXPECT_EQ(made("#ifdef A\nint a;\n#elif B\n#if C\nint b;\n#else\nint c;\n#endif\n#else\nint d;\n#endif\n"),
            std::pair(0u, 0u));
  EXPECT_EQ(made("#ifdef A\nint a;\n#elif B\nint b;\n#endif\n#define E\n"), std::pair(1u, 1u));
  EXPECT_EQ(made("#ifdef A\nint a;\n#else\n#if B\nint b;\n#endif\n#endif\n#define F\n"), std::pair(1u, 1u));
}

TEST(KeptHeaders, DamagedOnesAreNone) {
  Runs unit;
  unit.run(When::Always);
  std::string name = unit.store.list(), whole = unit.store.read(name);
  ASSERT_GT(whole.size(), 10000u);
  for (size_t at = 0; at < whole.size(); at += whole.size() / 40) {
    std::string damaged = whole;
    damaged[at] ^= 1;
    unsigned made, hits;
    for (const std::string &content : {damaged, whole.substr(0, at)}) {
      unit.store.write(name, content);
      EXPECT_EQ(unit.parse(When::WherePaid, made, hits), "");
      EXPECT_EQ(std::pair(made, hits), std::pair(0u, 0u)) << at;
    }
  }
  unit.run(); // now it is wanted, and made anew
  unit.run();
  EXPECT_EQ(std::pair(unit.made, unit.hits), std::pair(0u, 1u));
}

TEST(KeptHeaders, RunsThatWriteDamageAndRemoveAtOnce) {
  Runs unit;
  unit.folder.write("a.c", "#include <Python.h>\nint a = VALUE + x;\n");
  std::string said = unit.run(When::Always), name = unit.store.list(), whole = unit.store.read(name);
  std::string entry = unit.store.path + "/" + name;
  std::atomic<unsigned> wrong = 0, hits = 0;
  parallelFor(4, 120, [&](size_t i) {
    switch (i % 8) {
    case 0:
      unit.store.write(name, whole.substr(0, whole.size() * (i % 5) / 5));
      break;
    case 1:
      truncate(entry.c_str(), whole.size() / 2);
      break;
    case 2:
      unlink(entry.c_str());
      break;
    default:
      unsigned made, mine;
      wrong += unit.parse(i % 2 ? When::Always : When::WherePaid, made, mine) != said;
      hits += mine;
    }
  });
  EXPECT_EQ(wrong, 0u);
  EXPECT_GT(hits, 0u);
}
