#include "abi3ify/bindings.h"
#include "abi3ify/facts.h"
#include "abi3ify/signs.h"
#include "abi3ify/text-search.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"
#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>

using namespace llvm;

namespace abi3ify {
namespace {

struct Library {
  StringRef name, advice;
  bool isDeadEnd = false;
  Minor lowest = 0;
};
const Library Pybind11 = {
    "pybind11", "pybind11 cannot use the Limited API; nanobind is the way there", true};
const Library BoostPython = {
    "Boost.Python", "Boost.Python cannot use the Limited API; nanobind is the way there", true};
const Library Nanobind = {
    "nanobind", "set nanobind's STABLE_ABI option, with floor 3.12", false, 12};
const Library Hpy = {"HPy", "build with HPy's universal mode"};

struct LibraryUse {
  Mark mark;
  const Library *library;
};
const LibraryUse libraryUses[] = {
    {{Mark::Include, "pybind11/"}, &Pybind11},
    {{Mark::Call, "PYBIND11_MODULE"}, &Pybind11},
    {{Mark::Include, "boost/python"}, &BoostPython},
    {{Mark::Call, "BOOST_PYTHON_MODULE"}, &BoostPython},
    {{Mark::Include, "nanobind/"}, &Nanobind},
    {{Mark::Call, "NB_MODULE"}, &Nanobind},
    {{Mark::Include, "hpy.h"}, &Hpy},
    {{Mark::Call, "HPy_MODINIT"}, &Hpy},
};

/// What NumPy's headers of 2.5 have and a limited build does not: by their
/// macros and declarations, with the limit and without, and what macros reach for.
struct NumpyName {
  StringRef name, instead;
};
const NumpyName numpyNames[] = {
    {"PyArrayScalar_VAL", "PyArray_ScalarAsCtype"},
    {"PyArrayScalar_ASSIGN", "PyArray_Scalar makes a new one"},
    {"PyArrayScalar_New", "PyArray_Scalar"},
    {"PyUnicodeScalarObject", "PyArray_ScalarAsCtype"},
    {"PyStringScalarObject", "PyBytes_AsString"},
    {"PyArray_malloc", "from 3.13 on"},
    {"PyArray_realloc", "from 3.13 on"},
    {"PyArray_free", "from 3.13 on"},
};

/// Cargo's `pyo3 = "0.22"` or `pyo3 = {features = [...]}`.
std::optional<std::string> adviceForPyO3(StringRef text) {
  toml::parse_result parsed = toml::parse(std::string_view(text.data(), text.size()));
  if (!parsed)
    return std::nullopt;
  const toml::table &table = parsed.table();
  toml::node_view<const toml::node> crate = table["dependencies"]["pyo3"];
  if (!crate)
    crate = table["workspace"]["dependencies"]["pyo3"];
  if (!crate)
    return std::nullopt;
  if (const toml::array *features = crate["features"].as_array())
    for (const toml::node &feature : *features)
      if (auto name = feature.value<std::string>(); name && StringRef(*name).starts_with("abi3"))
        return "its cargo feature " + *name +
               " is on and makes the extension an abi3 one; only the wheel's tag is to be seen to";
  return "turn on its cargo feature abi3-py3X, with the floor for X; no C is to be changed";
}

/// A line of Python that begins so.
bool hasLine(StringRef text, StringRef begin) {
  for (StringRef line; !text.empty();) {
    std::tie(line, text) = text.split('\n');
    if (line.starts_with(begin))
      return true;
  }
  return false;
}

/// The names that a copy of pythoncapi_compat.h brings.
std::set<std::string> backportsIn(const std::map<std::string, std::string> &texts) {
  std::set<std::string> names;
  for (const auto &[file, text] : texts) {
    if (!isCompatHeader(file))
      continue;
    Signs signs = readSigns(text);
    for (const std::set<std::string> *found : {&signs.defines, &signs.calls})
      copy_if(*found, std::inserter(names, names.end()), [](const std::string &name) {
        const Fact *fact = StringRef(name).starts_with("Py") ? facts().find(name) : nullptr;
        // What 3.8 has needs no backport.
        return fact && fact->fullFrom > OldestFloor;
      });
  }
  return names;
}

/// Whether a text has one of the names, be it in a comment; sooner told than
/// what the text really uses.
bool mayUse(StringRef text, const std::set<std::string> &names) {
  auto isWord = [](char c) { return isAlnum(c) || c == '_'; };
  for (size_t at = placeOf(text, "Py"); at != StringRef::npos; at = placeOf(text, "Py", at)) {
    StringRef word = text.substr(at).take_while(isWord);
    if ((at == 0 || !isWord(text[at - 1])) && names.count(word.str()))
      return true;
    at += word.size();
  }
  return false;
}

std::string numpyAdvice(StringRef text, const Signs &signs) {
  std::string list;
  for (const NamePlace &place : signs.names)
    for (const NumpyName &known : numpyNames)
      if (place.name == known.name)
        list += (list.empty() ? "" : ", ") + place.name + " in line " +
                std::to_string(1 + text.take_front(place.offset).count('\n')) + " (" +
                known.instead.str() + ")";
  return "build with the headers of NumPy 2" +
         (list.empty() ? std::string() : "; not in its Limited API mode: " + list);
}

/// "the Limited API has Py_NewRef (3.10); at no floor PyObject_CallOneArg".
std::string compatAdvice(const Signs &signs, const std::set<std::string> &backports) {
  std::string has, lacks;
  std::set<std::string> used;
  for (const NamePlace &place : signs.names)
    if (backports.count(place.name))
      used.insert(place.name);
  for (const std::string &name : used) {
    const Fact *fact = facts().find(name);
    std::string &list = fact->since ? has : lacks;
    list += (list.empty() ? "" : ", ") + name;
    if (fact->since)
      list += " (" + Floor{*fact->since}.str() + ")";
  }
  if (has.empty() && lacks.empty())
    return "";
  return "of the backports used here the Limited API has " + (has.empty() ? "none" : has) +
         (lacks.empty() ? "" : "; at no floor " + lacks);
}

} // namespace

bool mayBeBindingSource(StringRef path) {
  StringRef name = sys::path::filename(path);
  return name == "Cargo.toml" || name == "setup.py" ||
         is_contained({".pyx", ".i", ".swg", ".sip", ".pyf", ".xml"},
                      sys::path::extension(path));
}

std::optional<Binding> readBindingSource(StringRef path, StringRef text) {
  auto made = [&](StringRef system, const std::string &advice) {
    return Binding{path.str(), system.str(), advice};
  };
  StringRef name = sys::path::filename(path), ending = sys::path::extension(path);
  if (name == "Cargo.toml") {
    if (auto advice = adviceForPyO3(text))
      return made("PyO3", *advice);
  } else if (name == "setup.py") {
    if (hasLine(text, "from mypyc.build import") || hasLine(text, "import mypyc"))
      return made("mypyc", "its C has no Limited API mode");
  } else if (ending == ".pyx")
    return made("Cython", "use Cython 3.1 or newer with its Limited API mode, with a floor of 3.12 "
                          "or higher for speed");
  else if (ending == ".pyf") {
    if (text.contains_insensitive("python module"))
      return made("f2py", "its C is for the full API; see the notes of NumPy's version");
  } else if (ending == ".sip") {
    if (hasLine(text, "%Module"))
      return made("SIP", "generate with SIP's Limited API option");
  } else if (ending == ".xml") {
    if (text.contains("<typesystem "))
      return made("Shiboken", "generate with Shiboken's Limited API option");
  } else if (ending == ".i" || ending == ".swg") {
    if (hasLine(text, "%module"))
      return made("SWIG", "generate with SWIG 4.2 or newer, which knows the Limited API");
  }
  return std::nullopt;
}

std::optional<Binding> readLibraryUse(StringRef path, StringRef text) {
  const LibraryUse *use = firstShown(ArrayRef(libraryUses), text);
  if (!use)
    return std::nullopt;
  return Binding{path.str(),     use->library->name.str(), use->library->advice.str(),
                 /*isLibrary=*/true, use->library->isDeadEnd,  use->library->lowest};
}

std::vector<Binding> findBindings(const std::map<std::string, std::string> &texts,
                                  const GeneratedFiles &generated) {
  std::vector<Binding> bindings;
  std::set<std::string> backports = backportsIn(texts);
  for (const auto &[file, text] : texts) {
    if (auto library = readLibraryUse(file, text))
      bindings.push_back(std::move(*library));
    bool mayHaveNumpy = placeOf(text, "numpy/") != StringRef::npos;
    if (generated.count(file) || (!mayHaveNumpy && !mayUse(text, backports)))
      continue;
    Signs signs = readSigns(text);
    if (mayHaveNumpy && any_of(signs.includes, [](const std::string &name) {
          return StringRef(name).starts_with("numpy/");
        }))
      bindings.push_back({file, "NumPy's C API", numpyAdvice(text, signs)});
    if (std::string advice = compatAdvice(signs, backports); !advice.empty())
      bindings.push_back({file, "pythoncapi-compat", advice});
  }
  return bindings;
}

} // namespace abi3ify
