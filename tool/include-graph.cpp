#include "abi3ify/include-graph.h"
#include "abi3ify/project.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace abi3ify {

Includes scanIncludes(StringRef file) {
  Includes includes;
  auto buffer = MemoryBuffer::getFile(file);
  if (!buffer)
    return includes;
  StringRef rest = (*buffer)->getBuffer();
  while (!rest.empty()) {
    StringRef line;
    std::tie(line, rest) = rest.split('\n');
    line = line.ltrim();
    if (!line.consume_front("#") || !(line = line.ltrim()).consume_front("include"))
      continue;
    line = line.ltrim();
    bool quoted = line.consume_front("\"");
    if (!quoted && !line.consume_front("<"))
      continue;
    StringRef name = line.take_until([&](char c) { return c == (quoted ? '"' : '>'); });
    includes.python |= sys::path::filename(name) == "Python.h";
    if (sys::path::filename(name) != "Python.h")
      (quoted ? includes.quoted : includes.angled).push_back(name.str());
  }
  return includes;
}

/// Whether the name, behind its leading dots, is the end of the path.
static bool mayMean(StringRef name, StringRef path) {
  while (name.consume_front("./") || name.consume_front("../"))
    ;
  return path.consume_back(name) && path.ends_with("/");
}

/// What a file includes: a path of `files` where it is certain, else a name.
static std::vector<std::string> targetsOf(const std::string &path,
                                          const std::set<std::string> &files) {
  Includes includes = scanIncludes(path);
  for (std::string &name : includes.quoted) {
    std::string beside = realPath(inFolder(sys::path::parent_path(path), name));
    if (files.count(beside))
      name = beside;
  }
  append_range(includes.quoted, includes.angled);
  return includes.quoted;
}

std::set<std::string> includersOf(StringRef file, const std::set<std::string> &files) {
  struct Include {
    std::string by, target;
  };
  StringMap<std::vector<Include>> byFileName;
  for (const std::string &path : files)
    for (const std::string &target : targetsOf(path, files))
      byFileName[sys::path::filename(target)].push_back({path, target});
  std::set<std::string> reached = {file.str()}, sources;
  std::vector<std::string> queue = {file.str()};
  for (size_t i = 0; i < queue.size(); ++i) {
    const std::string path = queue[i];
    for (const auto &[by, target] : byFileName[sys::path::filename(path)]) {
      bool means = sys::path::is_absolute(target) ? target == path : mayMean(target, path);
      if (!means || !reached.insert(by).second)
        continue;
      queue.push_back(by);
      if (isSource(by))
        sources.insert(by);
    }
  }
  return sources;
}

} // namespace abi3ify
