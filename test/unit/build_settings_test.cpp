// Build settings: files in; what is set, what is missing and the new texts out.
#include "abi3ify/build-settings.h"
#include "abi3ify/ini-edit.h"
#include "abi3ify/toml-edit.h"
#include "support.h"

using namespace abi3ify;
using namespace llvm;

namespace {

constexpr StringRef Setuptools = "[build-system]\nbuild-backend = \"setuptools.build_meta\"\n";

/// A package in a folder of its own, at floor 3.11.
class Package {
public:
  explicit Package(Texts files, Floor floor = {11}) {
    for (const auto &[name, text] : files)
      folder.write(name, text);
    BuildFiles read;
    settings = findBuildSettings(folder.path, floor, {"python3"}, read);
  }

  /// "state what: reason", one a line.
  std::string states() const {
    std::string text;
    for (const Setting &setting : settings.settings)
      text += (name(setting.state) + " " + setting.what).str() +
              (setting.reason.empty() ? "" : ": " + local(setting.reason)) + "\n";
    return text;
  }
  /// The new text of a file.
  std::string edited(const std::string &name) const {
    auto found = settings.edited.find(folder.path + "/" + name);
    return found == settings.edited.end() ? "(not edited)" : found->second;
  }

  BuildSettings settings;

private:
  std::string local(StringRef text) const {
    size_t at = text.find(folder.path + "/");
    return at == StringRef::npos
               ? text.str()
               : (text.take_front(at) + text.drop_front(at + folder.path.size() + 1)).str();
  }
  TemporaryFolder folder;
};

/// The states that a setup.py gives beside the tag in a setup.cfg.
std::string statesOf(const std::string &setupPy) {
  Package package({{"setup.py", setupPy},
                   {"setup.cfg", "[bdist_wheel]\npy_limited_api = cp311\n"}});
  std::string all = package.states();
  StringRef states = all;
  EXPECT_EQ(package.settings.edited.empty(), !states.contains("missing")) << setupPy;
  if (!states.consume_back("set the wheel's tag\n"))
    return "the tag is not set: " + states.str();
  return states.rtrim().str();
}
std::string setup(const std::string &extension) {
  return "from setuptools import Extension, setup\nsetup(ext_modules=[" + extension + "])\n";
}
const std::string Flags = "define_macros=[(\"Py_LIMITED_API\", \"0x030B0000\")], py_limited_api=True";

TEST(BuildSettings, SetupPyThatIsCertain) {
  for (std::string text : std::vector<std::string>{
           setup("Extension('a', ['a.c'])"),
           "import setuptools\nsetuptools.setup(ext_modules=[setuptools.Extension('a', ['a.c'])])\n",
           "from setuptools import Extension as E, setup\next = E(name='a', sources=['a.c'])\nsetup(ext_modules=[ext])\n",
           "from distutils.core import Extension, setup\nlist = []\nlist.append(Extension('a', ['a.c']))\nsetup(ext_modules=list)\n",
           "from setuptools import Extension, setup\ndef made():\n    return [Extension('a', ['a.c'])]\nsetup(ext_modules=made())\n",
           "try:\n    from setuptools import Extension, setup\nexcept ImportError:\n    from distutils.core import Extension, setup\n"
           "if __name__ == '__main__':\n    setup(ext_modules=[Extension('a', ['a.c'])])\n",
       }) {
    EXPECT_EQ(statesOf(text), "missing extension 'a'") << text;
  }
  EXPECT_EQ(statesOf(setup("Extension(n, [n + '.c']) for n in ('a', 'b')")), "missing an extension");
  EXPECT_EQ(statesOf(setup("Extension('a', ['a.c'], " + Flags + ")")), "set extension 'a'");
  EXPECT_EQ(statesOf(setup("Extension('a', ['a.c'], " + Flags + ") if x else y")), "set extension 'a'");
}

TEST(BuildSettings, SetupPyThatIsNot) {
  auto reason = [](const std::string &text) {
    std::string states = statesOf(text);
    return StringRef(states).starts_with("by-hand extension 'a': ") ? states.substr(23) : states;
  };
  const std::string head = "from setuptools import Extension, setup\n", plain = "Extension('a', ['a.c'])",
                    call = "setup(ext_modules=[" + plain + "])\n";
  EXPECT_EQ(reason(setup("Extension('a', ['a.c'], **more)")), "its arguments are not written out");
  EXPECT_EQ(reason(setup("Extension('a', *more)")), "its arguments are not written out");
  EXPECT_EQ(reason(setup("Extension('a', ['a.c'], [], [('B', '1')])")), "define_macros is given by its position");
  EXPECT_EQ(reason(setup("Extension('a', ['a.c'], define_macros=macros)")),
            "its define_macros is not a list that is written out");
  EXPECT_EQ(reason(setup("Extension('a', ['a.c'], define_macros=[*macros])")),
            "its define_macros is not a list that is written out");
  EXPECT_EQ(reason(setup("Extension('a', ['a.c'], py_limited_api=ABI3)")), "its py_limited_api is not written out");
  EXPECT_EQ(reason(head + "if fast:\n    x = " + plain + "\n"), "it is made under a condition (line 2)");
  EXPECT_EQ(reason(setup(plain + " if fast else other")), "it is made under a condition (line 2)");
  EXPECT_EQ(reason(head + "setup(ext_modules=wrap([" + plain + "]))\n"), "something else than setup() gets it");
  EXPECT_EQ(reason(head + "setup(**dict(ext_modules=[" + plain + "]))\n"), "something else than setup() gets it");
  EXPECT_EQ(reason(head + "from Cython.Build import cythonize\nsetup(ext_modules=cythonize([" + plain + "]))\n"),
            "something else than setup() gets it");
  // What else in the file speaks against all of it.
  EXPECT_EQ(reason(head + "x = " + plain + "\nx.define_macros = []\n"), "define_macros is used behind the call (line 3)");
  EXPECT_EQ(reason(head + "class E(Extension): pass\n" + call), "Extension is more than called (line 2)");
  EXPECT_EQ(reason(head + "from other import Extension\n" + call), "Extension stands for something else, too (line 2)");
  EXPECT_EQ(reason(head + "def make(Extension):\n    return " + plain + "\n"),
            "Extension stands for something else, too (line 2)");
  EXPECT_EQ(reason(head + "setup(ext_modules=[" + plain + ", RustExtension('b')])\n"),
            "RustExtension makes an extension, too (line 2)");
  EXPECT_EQ(reason(head + "setup(ext_modules=[" + plain + "], cffi_modules=['b.py:ffi'])\n"),
            "cffi makes a module, too (line 2)");
  EXPECT_EQ(reason(head + "flags = ['-DPy_LIMITED_API=0x03080000']\n" + call),
            "it speaks of the Limited API itself (line 2)");
  EXPECT_EQ(reason(head + "class tagged:\n    def get_tag(self): pass\n" + call),
            "get_tag decides the name of a file (line 3)");
  EXPECT_EQ(reason(head + "setup(ext_modules=[" + plain + "], cmdclass={'bdist_wheel': own})\n"),
            "it speaks of bdist_wheel itself (line 2)");
  EXPECT_EQ(reason(head + "'It speaks of Py_LIMITED_API.'\n" + call), "missing extension 'a'");
  // No extension is seen.
  EXPECT_EQ(statesOf("from numpy.distutils.core import Extension, setup\n" + call),
            "by-hand the extensions: Extension is not the one of setuptools (line 2)");
  EXPECT_EQ(statesOf("import setuptools\nsetuptools.setup()\n"),
            "by-hand the extensions: no call of Extension was found in it");
  EXPECT_EQ(statesOf("setup(\n"), "by-hand the extensions: " + statesOf("setup(\n").substr(24));
  EXPECT_TRUE(StringRef(statesOf("setup(\n")).contains(" does not parse it: ")) << statesOf("setup(\n");
  EXPECT_TRUE(StringRef(statesOf("# coding: latin-1\n" + head + call)).contains("it is not UTF-8"));
}

TEST(BuildSettings, WhatIsSetOtherwiseStays) {
  EXPECT_EQ(statesOf(setup("Extension('a', ['a.c'], define_macros=[('Py_LIMITED_API', '0x03080000')], py_limited_api=True)")),
            "different extension 'a': Py_LIMITED_API is 0x03080000");
  EXPECT_EQ(statesOf(setup("Extension('a', ['a.c'], py_limited_api=False)")),
            "different extension 'a': py_limited_api is False");
  // One that is different keeps the others from being written.
  Package two({{"setup.py", setup("Extension('a', ['a.c']), Extension('b', ['b.c'], py_limited_api=False)")}});
  EXPECT_EQ(two.states(), "missing extension 'a'\ndifferent extension 'b': py_limited_api is False\n"
                          "missing the wheel's tag\n");
  EXPECT_TRUE(two.settings.edited.empty());
}

TEST(BuildSettings, TheTag) {
  auto tag = [](Texts files) {
    files["setup.py"] += setup("Extension('a', ['a.c'], " + Flags + ")");
    Package package(files);
    return package.states().substr(strlen("set extension 'a'\n")) + package.edited("setup.cfg") + "|" +
           package.edited("pyproject.toml");
  };
  EXPECT_EQ(tag({}), "missing the wheel's tag\n(not edited)|(not edited)");
  EXPECT_EQ(tag({{"setup.cfg", "[metadata]\nname = a"}}),
            "missing the wheel's tag\n[metadata]\nname = a\n\n[bdist_wheel]\npy_limited_api = cp311\n|(not edited)");
  EXPECT_EQ(tag({{"setup.cfg", "[bdist_wheel]\r\nuniversal = 0\r\n\r\n[x]\r\n"}}),
            "missing the wheel's tag\n[bdist_wheel]\r\nuniversal = 0\r\npy_limited_api = cp311\r\n\r\n[x]\r\n|(not edited)");
  EXPECT_EQ(tag({{"setup.cfg", "[bdist_wheel]\npy-limited-api: cp39\n"}}),
            "different the wheel's tag: py_limited_api is cp39\n(not edited)|(not edited)");
  EXPECT_EQ(tag({{"setup.cfg", "[a]\nb\n"}}),
            "by-hand the wheel's tag: setup.cfg:2: neither a section nor 'key = value'\n(not edited)|(not edited)");
  EXPECT_EQ(tag({{"pyproject.toml", Setuptools.str()}}),
            "missing the wheel's tag\n(not edited)|" + Setuptools.str() +
                "\n[tool.distutils.bdist_wheel]\npy_limited_api = \"cp311\"\n");
  EXPECT_EQ(tag({{"pyproject.toml", "[tool.distutils.bdist_wheel]\npy-limited-api = \"cp311\"\n"},
                 {"setup.cfg", "[bdist_wheel]\npy_limited_api = cp39\n"}}),
            "set the wheel's tag\n(not edited)|(not edited)");
}

TEST(BuildSettings, MacrosInAVariable) {
  auto edited = [](const std::string &macros, const std::string &value) {
    Package package({{"setup.py", macros + setup("Extension('a', ['a.c'], define_macros=" + value + ")")}});
    return package.states() + package.edited("setup.py");
  };
  const std::string list = "m = [('A', '1')]\nif x:\n    m += y\n    m.append(('B', '2'))\n",
                    options = "[('Py_LIMITED_API', '0x030B0000')], py_limited_api=True)], options={'bdist_wheel': {'py_limited_api': 'cp311'}})\n";
  EXPECT_EQ(edited(list, "m"), "missing extension 'a'\nmissing the wheel's tag\n" + list +
                                   "from setuptools import Extension, setup\nsetup(ext_modules=[Extension('a', ['a.c'], define_macros=m + " + options);
  for (std::string other : {"from x import m\n", "m = make()\n", "m = []\nm = tuple(m)\n", "def f(m): pass\nm = []\n", ""})
    EXPECT_EQ(edited(other, "m"), "by-hand extension 'a': its define_macros is not a list that is written out\n"
                                  "missing the wheel's tag\n(not edited)") << other;
  EXPECT_EQ(statesOf(list + setup("Extension('a', ['a.c'], define_macros=m + [('Py_LIMITED_API', '0x030B0000')], py_limited_api=True)")),
            "set extension 'a'");
  EXPECT_EQ(statesOf(list + setup("Extension('a', ['a.c'], define_macros=m + [('Py_LIMITED_API', '0x03080000')], py_limited_api=True)")),
            "different extension 'a': Py_LIMITED_API is 0x03080000");
}

TEST(BuildSettings, SetupPyKeepsItsStyle) {
  auto edited = [](const std::string &text) {
    return Package({{"setup.py", text}}).edited("setup.py");
  };
  EXPECT_EQ(edited("from setuptools import Extension, setup\r\nsetup(\r\n\text_modules=[\r\n"
                   "\t\tExtension(\"ä\", [\"ä.c\"],\r\n\t\t\tdefine_macros=[\r\n\t\t\t\t(\"A\", \"1\") # one\r\n\t\t\t]\r\n\t\t),\r\n\t],\r\n)\r\n"),
            "from setuptools import Extension, setup\r\nsetup(\r\n\text_modules=[\r\n"
            "\t\tExtension(\"ä\", [\"ä.c\"],\r\n\t\t\tdefine_macros=[\r\n\t\t\t\t(\"A\", \"1\"), # one\r\n"
            "\t\t\t\t(\"Py_LIMITED_API\", \"0x030B0000\"),\r\n\t\t\t],\r\n\t\t\tpy_limited_api=True,\r\n\t\t),\r\n\t],\r\n"
            "\toptions={\"bdist_wheel\": {\"py_limited_api\": \"cp311\"}},\r\n)\r\n");
  EXPECT_EQ(edited("\xEF\xBB\xBF" "from setuptools import *; import setuptools as s; from setuptools import setup, Extension\n"), "(not edited)");
  EXPECT_EQ(edited("\xEF\xBB\xBFimport setuptools as s; s.setup(ext_modules=[s.Extension('a', ['a.c'], define_macros=[])])"),
            "\xEF\xBB\xBFimport setuptools as s; s.setup(ext_modules=[s.Extension('a', ['a.c'], "
            "define_macros=[('Py_LIMITED_API', '0x030B0000')], py_limited_api=True)], "
            "options={'bdist_wheel': {'py_limited_api': 'cp311'}})");
}

TEST(BuildSettings, ExtensionsOfPyproject) {
  auto head = Setuptools.str() + "[tool.distutils.bdist_wheel]\npy_limited_api = \"cp311\"\n";
  Package tables({{"pyproject.toml", head + "[[tool.setuptools.ext-modules]]  # one\nname = \"a\"\nsources = [\"a.c\"]\n"
                                            "[[tool.setuptools.ext-modules]]\nname = \"b\"\nsources = []\npy-limited-api = true\n"
                                            "define-macros = [[\"Py_LIMITED_API\", \"0x030b0000\"]]"}});
  EXPECT_EQ(tables.states(), "missing extension 'a'\nset extension 'b'\nset the wheel's tag\n");
  EXPECT_EQ(tables.edited("pyproject.toml"),
            head + "[[tool.setuptools.ext-modules]]  # one\n"
                   "define-macros = [[\"Py_LIMITED_API\", \"0x030B0000\"]]\npy-limited-api = true\nname = \"a\"\nsources = [\"a.c\"]\n"
                   "[[tool.setuptools.ext-modules]]\nname = \"b\"\nsources = []\npy-limited-api = true\n"
                   "define-macros = [[\"Py_LIMITED_API\", \"0x030b0000\"]]");
  Package other({{"pyproject.toml", head + "[[tool.setuptools.ext-modules]]\nname = \"a\"\npy-limited-api = false\n"}});
  EXPECT_EQ(other.states(), "different extension 'a': py-limited-api is false\nset the wheel's tag\n");
}

const std::string Mesonpy = "[build-system]\nbuild-backend = \"mesonpy\"\n[tool.meson-python]\nlimited-api = true\n";

TEST(BuildSettings, Meson) {
  auto states = [](const std::string &text) {
    Package package({{"pyproject.toml", Mesonpy}, {"meson.build", text}});
    return package.states().substr(strlen("set the wheel's tag\n")) + package.edited("meson.build");
  };
  EXPECT_EQ(states("py.extension_module('a', 'a.c') # it's (one\n"),
            "missing extension 'a'\npy.extension_module('a', 'a.c', limited_api: '3.11') # it's (one\n");
  EXPECT_EQ(states("x = '''py.extension_module('b')'''\npy.extension_module('a',\n  ['a\\'.c'], install: true\n)"),
            "missing extension 'a'\nx = '''py.extension_module('b')'''\npy.extension_module('a',\n  ['a\\'.c'], install: true,\n  limited_api: '3.11',\n)");
  EXPECT_EQ(states("py.extension_module('a', limited_api: '3.11')"), "set extension 'a'\n(not edited)");
  EXPECT_EQ(states("py.extension_module('a', limited_api: '3.8', install: true)"),
            "different extension 'a': limited_api is '3.8'\n(not edited)");
  EXPECT_EQ(states("py.extension_module('a', limited_api: '3.11' + x)"),
            "by-hand extension 'a': its limited_api is not written out\n(not edited)");
  EXPECT_EQ(states("if x\n  py.extension_module('a')\nendif\n"),
            "by-hand extension 'a': it is made under a condition or in a loop\n(not edited)");
  EXPECT_EQ(states("if x\nendif\npy.extension_module('a', kwargs: more)\n"),
            "by-hand extension 'a': its arguments are not written out\n(not edited)");
  EXPECT_EQ(states("py.extension_module('a', c_args: ['-DPy_LIMITED_API=1'])"),
            "by-hand extension 'a': '-DPy_LIMITED_API=1' is set at meson.build:1\n(not edited)");
  EXPECT_EQ(states("subdir(x)\npy.extension_module('a')"),
            "by-hand extension 'a': the folder at meson.build:1 is not written out\n(not edited)");
  EXPECT_EQ(states("project('a')\n"), "by-hand the extensions: no call of extension_module was found\n(not edited)");
  EXPECT_EQ(Package({{"pyproject.toml", "[build-system]\nbuild-backend = \"mesonpy\"\n[tool]\nmeson-python = {args = {}}\n"},
                     {"meson.build", "py.extension_module('a')"}}).edited("pyproject.toml"),
            "[build-system]\nbuild-backend = \"mesonpy\"\n[tool]\nmeson-python = {args = {}, limited-api = true}\n");
}

const std::string Found = "find_package(Python COMPONENTS Development.Module Development.SABIModule)\n";

TEST(BuildSettings, CMake) {
  auto states = [](const std::string &text) {
    Package package({{"CMakeLists.txt", text}});
    return package.states() + package.edited("CMakeLists.txt");
  };
  EXPECT_EQ(states(Found + "if(X)\nendif()\n# python_add_library(b MODULE)\nPYTHON_ADD_LIBRARY (a MODULE \"a;(b.c\" #[[)]] a.c)\n"),
            "missing extension 'a'\nset the stable ABI's component of Python\n" + Found +
                "if(X)\nendif()\n# python_add_library(b MODULE)\nPYTHON_ADD_LIBRARY (a MODULE USE_SABI 3.11 WITH_SOABI \"a;(b.c\" #[[)]] a.c)\n");
  EXPECT_EQ(states(Found + "python_add_library(a MODULE USE_SABI 3.8 WITH_SOABI a.c)\n"),
            "different extension 'a': USE_SABI is 3.8\nset the stable ABI's component of Python\n(not edited)");
  EXPECT_EQ(states(Found + "python_add_library(a a.c)\n"),
            "by-hand extension 'a': it does not say that it is a MODULE\nset the stable ABI's component of Python\n(not edited)");
  EXPECT_EQ(states(Found + "function(add)\npython_add_library(a MODULE a.c)\nendfunction()\n"),
            "by-hand extension 'a': it is made under a condition, in a loop or a function\nset the stable ABI's component of Python\n(not edited)");
  EXPECT_EQ(states("if(X)\n find_package(Python COMPONENTS Development.Module)\nendif()\npython_add_library(a MODULE USE_SABI 3.11 WITH_SOABI a.c)\n"),
            "set extension 'a'\nby-hand the stable ABI's component of Python: it is asked for under a condition, in a loop or a function\n(not edited)");
  EXPECT_EQ(states("find_package(Python)\npython_add_library(a MODULE a.c)\n"),
            "missing extension 'a'\nby-hand the stable ABI's component of Python: no find_package asks for Development.Module\n(not edited)");
  EXPECT_EQ(states(Found + "add_compile_definitions(Py_LIMITED_API=0x03080000)\npython_add_library(a MODULE a.c)\n"),
            "by-hand extension 'a': Py_LIMITED_API is set at CMakeLists.txt:2\nset the stable ABI's component of Python\n(not edited)");
  EXPECT_EQ(states("add_library(a MODULE a.c)\n"),
            "by-hand extension 'a': whether it is an extension is for its author to say\n(not edited)");
  EXPECT_EQ(states("add_library(a MODULE a.c)\ntarget_compile_definitions(a PRIVATE Py_LIMITED_API=0x030B0000)\n"
                   "set_target_properties(a PROPERTIES PREFIX \"\" SUFFIX \".abi3.so\")\n"),
            "set extension 'a'\n(not edited)");
  EXPECT_EQ(states("python_add_library(a MODULE a.c\n"), "by-hand the extensions: no call that makes a module was found\n(not edited)");
  // As scikit-build-core's documentation has it.
  Package variables({{"pyproject.toml", "[build-system]\nbuild-backend = \"scikit_build_core.build\"\n[tool.scikit-build.wheel]\nexclude = []\n"},
                     {"CMakeLists.txt", "find_package(Python COMPONENTS Development.Module ${SKBUILD_SABI_COMPONENT})\n"
                                        "python_add_library(a MODULE WITH_SOABI USE_SABI ${SKBUILD_SABI_VERSION} a.c)\n"}});
  EXPECT_EQ(variables.states(), "missing the wheel's tag\nset extension 'a'\nset the stable ABI's component of Python\n");
  EXPECT_EQ(variables.edited("pyproject.toml"),
            "[build-system]\nbuild-backend = \"scikit_build_core.build\"\n[tool.scikit-build.wheel]\npy-api = \"cp311\"\nexclude = []\n");
}

TEST(BuildSettings, CMakeThatIsNewEnoughIsNotAskedFor) {
  auto remarks = [](const std::string &minimum) {
    return Package({{"CMakeLists.txt", minimum + Found + "python_add_library(a MODULE a.c)\n"}}).settings.remarks.size();
  };
  for (const char *minimum : {"3.26", "3.26.4", "3.27...3.30", "4.0", "\"3.26\" FATAL_ERROR"})
    EXPECT_EQ(remarks("cmake_minimum_required(VERSION " + std::string(minimum) + ")\n"), 0u) << minimum;
  for (const char *minimum : {"3.18", "3.9", "3.15...3.30", "${MINE}"})
    EXPECT_EQ(remarks("cmake_minimum_required(VERSION " + std::string(minimum) + ")\n"), 1u) << minimum;
  EXPECT_EQ(remarks(""), 1u);
}

TEST(BuildSettings, OtherSystems) {
  Package hatch(Texts{{"pyproject.toml", std::string("[build-system]\nbuild-backend = \"hatchling.build\"\n")}});
  EXPECT_EQ(hatch.settings.system, "hatchling.build");
  EXPECT_EQ(hatch.states(), "by-hand the compiler's flags: abi3ify does not know this build system\n");
  EXPECT_EQ(hatch.settings.settings[0].lines, std::vector<std::string>{"-DPy_LIMITED_API=0x030B0000"});
  EXPECT_EQ(Package(Texts()).settings.system, "no build system was found");
  Package broken(Texts{{"pyproject.toml", "[build-system\n"}, {"setup.py", setup("Extension('a', ['a.c'])")}});
  EXPECT_TRUE(StringRef(broken.states()).starts_with("by-hand the wheel's tag: pyproject.toml:1:")) << broken.states();
  EXPECT_TRUE(broken.settings.edited.empty());
}

TEST(BuildSettings, RequiresPython) {
  auto required = [](const std::string &text) {
    TemporaryFolder folder;
    folder.write("pyproject.toml", "[project]\nrequires-python = \"" + text + "\"\n");
    BuildFiles files;
    return requiredPython(folder.path, {}, files).value_or(0);
  };
  EXPECT_EQ(required(">=3.9"), 9u);
  EXPECT_EQ(required("!=3.9.1, >= 3.10.2,<4"), 10u);
  EXPECT_EQ(required("~=3.8"), 8u);
  EXPECT_EQ(required("<4"), 0u);
}

} // namespace

TEST(BuildSettings, NothingIsWrittenForAbi3t) {
  for (const char *file : {"setup.py", "meson.build", "CMakeLists.txt", "pyproject.toml"}) {
    Package package({{file, ""}}, Floor{15, /*abi3t=*/true});
    EXPECT_EQ(package.states(),
              "by-hand the compiler's flags: abi3ify knows no build system that makes abi3t\n");
    ASSERT_EQ(package.settings.settings.size(), 1u);
    EXPECT_EQ(join(package.settings.settings[0].lines, " "),
              "-DPy_LIMITED_API=0x030F0000 -DPy_TARGET_ABI3T=0x030F0000");
    EXPECT_TRUE(package.settings.edited.empty());
  }
}
