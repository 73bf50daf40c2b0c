#include "abi3ify/unit-cache.h"
#include "abi3ify/archived-rules.h"
#include "abi3ify/archived-types.h"
#include "abi3ify/stages.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/TargetParser/Host.h"
#include <cstdlib>

using namespace llvm;

namespace abi3ify {

ABI3IFY_FIELDS(PythonHeaders, include, platformInclude, minor)

/// Names of the environment that the compiler's driver looks at.
static constexpr StringLiteral DriverVariables[] = {
    "CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH", "OBJC_INCLUDE_PATH", "COMPILER_PATH",
    "LIBRARY_PATH", "GCC_EXEC_PREFIX", "GCC_ROOT", "GCC_TOOLCHAIN", "CLANG_CONFIG_FILE_SYSTEM_DIR",
    "CLANG_CONFIG_FILE_USER_DIR", "CLANG_NO_DEFAULT_CONFIG", "CCC_OVERRIDE_OPTIONS",
    "SOURCE_DATE_EPOCH", "SDKROOT", "HOME", "PATH", "SYSROOT"};

const std::string &commonKey() {
  static const std::string key = [] {
    ArchiveWriter out;
    out.write(programIdentity());
    out.write(sys::getHostCPUName()); // -march=native
    for (StringRef name : DriverVariables) {
      const char *value = std::getenv(name.data());
      out.write(value ? "=" + std::string(value) : std::string());
    }
    SmallString<256> current;
    sys::fs::current_path(current);
    out.write(StringRef(current));
    return out.bytes;
  }();
  return key;
}

namespace {

void writeCommand(ArchiveWriter &out, const Command &command) {
  const auto &[directory, file, args, pythonArgs, cxx, configurations, invocation, files] = command;
  out.write(directory);
  out.write(file);
  out.write(args);
  out.write(pythonArgs);
  out.write(cxx);
  out.write(configurations);
}

void writeHeaders(ArchiveWriter &out, const PythonHeaders *headers) {
  out.write(bool(headers));
  if (headers)
    out.write(*headers);
}

/// Whether the flags make a result depend on more than can be seen: the time of
/// day, or a folder of modules that Clang keeps for itself.
bool isElusive(const Command &command) {
  return command.invocation || any_of(command.args, [](StringRef flag) {
           return flag.contains("__DATE__") || flag.contains("__TIME") ||
                  flag.starts_with("-fmodule") || flag == "-fcxx-modules";
         });
}

/// An entry, as it lies in the cache.
template <class Result> struct Entry {
  std::vector<FileFact> facts;
  /// Of the files that were read: whether they are the project's to edit; or
  /// the digest of the text that stands for them, if there is one.
  std::vector<std::pair<std::string, std::string>> files;
  Result result;

  std::string bytes() const {
    ArchiveWriter out;
    out.write(facts);
    out.write(files);
    out.write(result);
    return std::move(out.bytes);
  }
};

/// The entry under a key for which both the disk and `describe` agree.
template <class Result>
std::optional<Result> find(Cache &cache, DiskState &disk, StringRef key,
                           function_ref<std::string(const std::string &file)> describe) {
  Stage stage("looking for results");
  auto bytes = cache.load(key);
  if (!bytes)
    return std::nullopt;
  Entry<Result> entry;
  ArchiveReader in(*bytes);
  in.read(entry.facts);
  in.read(entry.files);
  if (!disk.agrees(entry.facts) ||
      any_of(entry.files, [&](const auto &file) { return describe(file.first) != file.second; }))
    return std::nullopt;
  in.read(entry.result);
  if (!in.finished())
    return std::nullopt;
  return std::move(entry.result);
}

template <class Result>
void keep(Cache &cache, const RememberingFileSystem &files, StringRef key, const Result &result,
          ArrayRef<std::string> read,
          function_ref<std::string(const std::string &file)> describe) {
  Stage stage("keeping results");
  if (files.readTime)
    return;
  Entry<Result> entry;
  entry.facts = files.facts();
  std::set<std::string> all(read.begin(), read.end());
  for (const FileFact &fact : entry.facts)
    if (!fact.content.empty())
      all.insert(fact.real);
  for (const std::string &file : all)
    entry.files.emplace_back(file, describe(file));
  entry.result = result;
  cache.store(key, entry.bytes());
}

} // namespace

template <class T> bool UnitCache::load(StringRef key, T &value) {
  auto bytes = cache->load(key);
  if (!bytes)
    return false;
  ArchiveReader in(*bytes);
  in.read(value);
  return in.finished();
}

template <class T> void UnitCache::store(StringRef key, const T &value) {
  ArchiveWriter out;
  out.write(value);
  cache->store(key, out.bytes);
}

std::string keyOf(const RuleSet &rules, bool foreign) {
  ArchiveWriter out;
  out.write(foreign);
  for (const auto &rule : rules.all())
    if (foreign)
      out.write(*rule);
    else
      out.write(rule->id);
  return digestOf(out.bytes);
}

std::vector<Finding> UnitCache::unseen(const std::string &file, StringRef text,
                                       const RuleSet &rules, StringRef rulesKey, Floor floor,
                                       const std::set<unsigned> &seen,
                                       ArrayRef<Range> outOfLimit) {
  std::vector<Finding> findings;
  // The text of a whole unit costs more to lex than to look up.
  bool keeps = cache && text.size() > 4096;
  ArchiveWriter key;
  if (keeps) {
    key.write(StringRef("unseen"));
    key.write(programIdentity());
    key.write(rulesKey);
    key.write(floor);
    key.write(file);
    key.write(digestOf(text));
    key.write(seen);
    key.write(std::vector<Range>(outOfLimit));
    if (load(key.bytes, findings))
      return findings;
    findings.clear();
  }
  findUnseen(file, text, rules, floor, seen, outOfLimit, findings);
  if (keeps)
    store(key.bytes, findings);
  return findings;
}

Expected<RuleSet> UnitCache::embeddedRules() {
  if (!cache)
    return loadRules("");
  std::string key = "rules" + programIdentity();
  std::vector<Rule> list;
  RuleSet rules;
  if (load(key, list)) {
    for (Rule &rule : list)
      if (Error error = rules.add(std::move(rule)))
        return std::move(error);
    return rules;
  }
  auto loaded = loadRules("");
  if (!loaded)
    return loaded;
  list.clear();
  for (const auto &rule : loaded->all()) {
    list.push_back(*rule);
    list.back().examples.clear();
  }
  store(key, list);
  return loaded;
}

UnitMatches UnitCache::match(const Command &command, const MatchContext &context,
                             ArrayRef<Floor> floors, StringRef rules) {
  if (!cache || context.texts || isElusive(command))
    return matchUnit(command, context, floors);
  ArchiveWriter key;
  key.write(StringRef("match"));
  key.write(commonKey());
  key.write(rules);
  writeCommand(key, command);
  key.write(std::vector<Floor>(floors));
  key.write(context.moduleState);
  writeHeaders(key, context.headers);
  // Without headers of its own, a unit asks which version they are of.
  writeHeaders(key, context.project->headers.empty() ? nullptr : &context.project->headers.front());
  // A folder above a file may turn into one of other people's code.
  auto describe = [&](const std::string &file) {
    return std::string(context.project->owns(file) ? "own" : "");
  };
  if (auto known = find<UnitMatches>(*cache, disk, key.bytes, describe)) {
    ++found;
    return std::move(*known);
  }
  auto files = makeIntrusiveRefCnt<RememberingFileSystem>(disk, command.directory);
  Command watched = command;
  watched.files = files.get();
  UnitMatches result = matchUnit(watched, context, floors);
  keep(*cache, *files, key.bytes, result, result.parse.filesRead, describe);
  return result;
}

ParseResult UnitCache::parse(const ParseRequest &request) {
  const Command &command = *request.command;
  if (!cache || isElusive(command))
    return parseUnit(request);
  ArchiveWriter key;
  key.write(StringRef("parse"));
  key.write(commonKey());
  writeCommand(key, command);
  key.write(request.mode);
  key.write(request.floor);
  key.write(request.preprocessOnly);
  key.write(request.withoutHeads);
  key.write(bool(request.texts)); // so that the original's result stays
  writeHeaders(key, request.headers);
  std::map<std::string, std::string> digests;
  auto describe = [&](const std::string &file) -> std::string {
    if (!request.texts)
      return "";
    auto text = request.texts->find(file);
    if (text == request.texts->end())
      return "";
    std::string &digest = digests[file];
    if (digest.empty())
      digest = digestOf(text->second);
    return digest;
  };
  if (auto known = find<ParseResult>(*cache, disk, key.bytes, describe)) {
    ++found;
    return std::move(*known);
  }
  auto files = makeIntrusiveRefCnt<RememberingFileSystem>(disk, command.directory);
  Command watched = command;
  watched.files = files.get();
  ParseRequest remembered = request;
  remembered.command = &watched;
  ParseResult result = parseUnit(remembered);
  keep(*cache, *files, key.bytes, result, result.filesRead, describe);
  return result;
}

} // namespace abi3ify
