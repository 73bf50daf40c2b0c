#include "abi3ify/foreign-headers.h"
#include "abi3ify/facts.h"
#include "abi3ify/text-lexer.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace abi3ify {
namespace {

constexpr size_t Named = 5; ///< names in a message

/// Python's names and members in a text.
std::set<std::string> namesIn(StringRef text) {
  std::set<std::string> names;
  if (!text.contains("Py")) // most of the system's headers; without a lexer
    return names;
  TextLexer lexer(text);
  while (lexer.next())
    if (StringRef name = lexer.name(); isPythonsName(name) || isPythonsMember(name))
      names.insert(name.str());
  return names;
}

/// The project's #include that leads to a file first; null for none.
const IncludeDirective *leadingTo(const std::string &header, const PreprocessorFacts &preprocessor,
                                  const Project &project) {
  const std::string *file = &header;
  // In the order in which they are read, no file comes before what includes it.
  for (auto end = preprocessor.includes.end();;) {
    auto include = std::find_if(preprocessor.includes.begin(), end, [&](const IncludeDirective &each) {
      return each.to == *file;
    });
    if (include == end)
      return nullptr;
    if (project.owns(include->from))
      return &*include;
    file = &include->from;
    end = include;
  }
}

/// The header and its folder, as an #include would name it.
StringRef shortName(StringRef path) {
  StringRef folder = sys::path::filename(sys::path::parent_path(path));
  return path.take_back(folder.size() + 1 + sys::path::filename(path).size());
}

/// What of Python's the compiler speaks of; empty for nothing.
StringRef nameIn(StringRef message) {
  SmallVector<StringRef, 8> parts;
  message.split(parts, '\'');
  for (size_t i = 1; i < parts.size(); i += 2)
    if (facts().find(parts[i]) || isPythonsMember(parts[i]))
      return parts[i];
  return "";
}

} // namespace

std::set<std::string> mayLack(const ForeignHeaders &headers, Floor floor) {
  std::set<std::string> lacking;
  for (const auto &[path, header] : headers)
    for (const std::string &name : header.names) {
      const Fact *fact = facts().find(name);
      if (name == "Py_LIMITED_API" || name == "Py_TARGET_ABI3T")
        lacking.insert(name + " " + floor.str());
      else if (!fact || !fact->usableAt(floor) || (fact->isStruct() && fact->isOpaqueAt(floor)))
        lacking.insert(name);
    }
  return lacking;
}

ForeignHeaders findForeignHeaders(const PreprocessorFacts &preprocessor, const Project &project,
                                  StringRef python,
                                  function_ref<std::string(const std::string &)> textOf) {
  ForeignHeaders headers;
  // Of these none is read: Python's own, which may lie in several folders
  // (pyconfig.h), and what they bring in.
  std::set<StringRef> pythons;
  auto isPythons = [&](StringRef file) {
    return file.starts_with(python) || file.starts_with(NormalFolder) || pythons.count(file);
  };
  std::set<StringRef> known;
  for (const IncludeDirective &include : preprocessor.includes) {
    const std::string &path = include.to;
    if (path.empty() || !known.insert(path).second)
      continue;
    if (isPythons(path) || isPythons(include.from)) {
      pythons.insert(path);
      continue;
    }
    if (project.owns(path))
      continue;
    ForeignHeader header;
    header.text = textOf(path);
    header.names = namesIn(header.text);
    const IncludeDirective *own =
        header.names.empty() ? nullptr : leadingTo(path, preprocessor, project);
    if (!own)
      continue;
    header.name = own->name;
    header.file = own->from;
    std::string text = textOf(own->from);
    StringRef line = StringRef(text).substr(own->offset).split('\n').first;
    header.range = {own->offset, unsigned(own->offset + line.rtrim().size())};
    headers.emplace(path, std::move(header));
  }
  return headers;
}

std::vector<Finding> foreignFailures(const ForeignHeaders &headers, const ParseResult &limited,
                                     Floor limit, const Project &project, Floor floor) {
  struct Failures {
    const ForeignHeader *first;
    std::vector<RelatedPlace> places = {};
    SetVector<StringRef> names = {};
  };
  std::map<std::pair<std::string, Range>, Failures> failures; // by #include
  std::set<std::pair<StringRef, unsigned>> later; // lines that name what the floor has, and the limit lacks
  for (const Diagnostic &diagnostic : limited.diagnostics) {
    if (!diagnostic.isError() || diagnostic.places.empty())
      continue;
    const DiagnosticPlace &place = diagnostic.places.back();
    auto header = headers.find(place.file);
    // What the project puts into a macro of such a header is its own.
    if (header == headers.end() || any_of(diagnostic.places, [&](const DiagnosticPlace &each) {
          return project.owns(each.file);
        }))
      continue;
    const ForeignHeader &foreign = header->second;
    unsigned line = 1 + StringRef(foreign.text).take_front(place.offset).count('\n');
    StringRef name = nameIn(diagnostic.message);
    if (const Fact *fact = facts().find(name); fact && fact->usableAt(floor) && !fact->usableAt(limit))
      later.insert({place.file, line});
    if (later.count({place.file, line})) // one error brings others along
      continue;
    Failures &all =
        failures.try_emplace({foreign.file, foreign.range}, Failures{&foreign}).first->second;
    RelatedPlace related{place.file, line, StringRef(diagnostic.message).split('\n').first.str()};
    if (!is_contained(all.places, related))
      all.places.push_back(std::move(related));
    if (!name.empty())
      all.names.insert(name);
  }
  std::vector<Finding> findings;
  for (auto &[place, all] : failures) {
    Finding finding;
    std::tie(finding.file, finding.range) = place;
    finding.rule = NoRule.str();
    finding.symbol = all.first->name;
    std::string names;
    for (StringRef name : ArrayRef(all.names.getArrayRef()).take_front(Named))
      names += (names.empty() ? ": '" : ", '") + name.str() + "'";
    if (all.names.size() > Named)
      names += " and " + std::to_string(all.names.size() - Named) + " more";
    finding.message = "'" + finding.symbol + "' brings in code of others that " + floor.title() +
                      " does not compile" + names;
    const RelatedPlace &first = all.places.front();
    finding.reason = (shortName(first.file) + ":" + Twine(first.line) + ": " + first.message +
                      "; take a version of it that knows the limit, or do without it")
                         .str();
    finding.places = std::move(all.places);
    findings.push_back(std::move(finding));
  }
  return findings;
}

} // namespace abi3ify
