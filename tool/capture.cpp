#include "abi3ify/capture.h"
#include "abi3ify/project.h"
#include "abi3ify/write.h"
#include "clang/Options/Options.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Option/ArgList.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/Regex.h"
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>
#include <sys/wait.h>
#include <unistd.h>

using namespace llvm;
namespace options = clang::options;

namespace abi3ify {
namespace {

constexpr const char *Variable = "ABI3IFY_CAPTURE";

// Below the folder of a recording:
constexpr StringRef Links = "bin";      ///< links to this program
constexpr StringRef Compilers = "real"; ///< links to compilers that CC and CXX name by a path
constexpr StringRef Records = "records";

std::string currentFolder() {
  SmallString<256> folder;
  sys::fs::current_path(folder);
  return folder.str().str();
}

/// The folders of PATH, those of the recording left out.
std::vector<std::string> pathFolders(StringRef recording) {
  SmallVector<StringRef> parts;
  StringRef(getenv("PATH") ? getenv("PATH") : "").split(parts, ':', -1, false);
  std::vector<std::string> folders;
  for (StringRef part : parts)
    if (recording.empty() || !part.starts_with(recording))
      folders.push_back(part.str());
  return folders;
}

bool isCompiler(StringRef name) {
  static const Regex Names("^([a-z0-9_]+-)*(cc|c\\+\\+|gcc|g\\+\\+|clang|clang\\+\\+|c99|c11|c17|icx|icpx)"
                           "(-[0-9.]+)?$");
  return Names.match(name);
}

bool isSourceOfC(StringRef file) {
  StringRef extension = sys::path::extension(file);
  return StringSwitch<bool>(extension)
      .Cases({".c", ".C", ".cc", ".cp", ".cpp", ".cxx", ".c++", ".CPP"}, true)
      .Default(false);
}

/// What a compiler was asked to do.
class Invocation {
public:
  Invocation(StringRef compiler, ArrayRef<const char *> arguments)
      : compiler(compiler), words(arguments.begin(), arguments.end()), folder(currentFolder()) {
    // Files of arguments may be gone when the build has ended.
    cl::ExpansionContext expansion(allocator, cl::TokenizeGNUCommandLine);
    consumeError(expansion.expandResponseFiles(words));
  }

  /// One entry for each source that it compiles.
  json::Array entries() {
    unsigned missingIndex, missingCount;
    auto args = clang::getDriverOptTable().ParseArgs(words, missingIndex, missingCount);
    // Looking at a source only, as in the questions that build systems ask first.
    if (args.hasArg(options::OPT_E, options::OPT_M, options::OPT_MM, options::OPT__HASH_HASH_HASH))
      return {};
    json::Array entries;
    for (const opt::Arg *input : args.filtered(options::OPT_INPUT)) {
      if (!isSourceOfC(input->getValue()))
        continue;
      std::string file = absolute(input->getValue());
      json::Object entry{{"directory", folder}, {"file", file}, {"arguments", argumentsFor(args, file)}};
      if (const opt::Arg *output = args.getLastArg(options::OPT_o))
        entry["output"] = absolute(output->getValue());
      entries.push_back(std::move(entry));
    }
    return entries;
  }

private:
  /// Paths become absolute: build systems work in folders that they remove.
  json::Array argumentsFor(const opt::InputArgList &args, StringRef source) const {
    json::Array list{compiler};
    auto add = [&](std::string word) { list.push_back(std::move(word)); };
    for (auto it = args.begin(); it != args.end(); ++it) {
      const opt::Arg *arg = *it;
      StringRef value = arg->getNumValues() == 1 ? arg->getValue() : "";
      const opt::Option &option = arg->getOption();
      if (option.matches(options::OPT_INPUT) && isSourceOfC(value)) {
        if (absolute(value) == source)
          add(absolute(value));
      } else if (option.matches(options::OPT_I) || (option.matches(options::OPT_clang_i_Group) &&
                                                    sys::fs::exists(absolute(value)))) {
        add(option.getPrefixedName().str());
        add(absolute(value));
      } else { // as it is written
        unsigned end = std::next(it) == args.end() ? words.size() : (*std::next(it))->getIndex();
        for (const char *word : ArrayRef(words).slice(arg->getIndex(), end - arg->getIndex()))
          add(word);
      }
    }
    return list;
  }

  std::string absolute(StringRef path) const {
    SmallString<256> full(path);
    sys::path::make_absolute(folder, full);
    SmallString<256> real;
    return sys::fs::real_path(full, real) ? full.str().str() : real.str().str();
  }

  BumpPtrAllocator allocator;
  std::string compiler;
  SmallVector<const char *> words;
  std::string folder;
};

/// A whole file under a name that no other process uses.
Error writeRecord(StringRef recording, json::Array entries) {
  SmallString<256> path;
  int descriptor;
  auto now = std::chrono::system_clock::now().time_since_epoch().count();
  if (std::error_code code = sys::fs::createUniqueFile(
          recording + "/" + Records + "/" + formatv("{0:D20}", now).str() + "-%%%%%%%%.part",
          descriptor, path))
    return createFileError(path, code);
  {
    raw_fd_ostream out(descriptor, /*shouldClose=*/true);
    out << json::Value(std::move(entries));
  }
  if (std::error_code code = sys::fs::rename(path, path.str().drop_back(5) + ".json"))
    return createFileError(path, code);
  return Error::success();
}

using Environment = std::map<std::string, std::string>;

class Recording {
public:
  explicit Recording(const std::string &folder) : folder(folder) {}
  ~Recording() { sys::fs::remove_directories(folder); }

  Error prepare() {
    self = sys::fs::getMainExecutable(nullptr, reinterpret_cast<void *>(&isCompiler));
    for (StringRef part : {Links, Compilers, Records})
      if (std::error_code code = sys::fs::create_directory(folder + "/" + part))
        return createFileError(folder, code);
    for (const std::string &place : pathFolders("")) {
      std::error_code code;
      for (sys::fs::directory_iterator file(place, code), end; !code && file != end;
           file.increment(code))
        if (StringRef name = sys::path::filename(file->path()); isCompiler(name))
          link(name);
    }
    environment["PATH"] = folder + "/" + Links.str() + ":" + join(pathFolders(""), ":");
    environment[Variable] = folder;
    // A compiler that a cache answers for is not called.
    environment["CCACHE_DISABLE"] = "1";
    for (const char *variable : {"CC", "CXX"})
      takeOver(variable);
    return Error::success();
  }

  const Environment &variables() const { return environment; }

  /// The entries in the order of the compilations; those whose source is gone
  /// are only counted.
  Expected<json::Array> read(size_t &vanished) const {
    std::set<std::string> files;
    std::error_code code;
    for (sys::fs::directory_iterator file(folder + "/" + Records, code), end;
         !code && file != end; file.increment(code))
      if (StringRef(file->path()).ends_with(".json"))
        files.insert(file->path());
    json::Array entries;
    for (const std::string &file : files) {
      auto buffer = MemoryBuffer::getFile(file);
      if (!buffer)
        return createFileError(file, buffer.getError());
      auto parsed = json::parse((*buffer)->getBuffer());
      if (!parsed)
        return parsed.takeError();
      for (json::Value &entry : *parsed->getAsArray())
        if (sys::fs::exists(*entry.getAsObject()->getString("file")))
          entries.push_back(std::move(entry));
        else
          ++vanished;
    }
    return entries;
  }

private:
  void link(StringRef name) {
    // There may be one already, from a folder in front.
    (void)sys::fs::create_link(self, folder + "/" + Links + "/" + name);
  }

  /// A compiler that a variable names by its path is not looked up in PATH.
  void takeOver(const char *variable) {
    const char *value = getenv(variable);
    if (!value)
      return;
    auto [first, rest] = StringRef(value).split(' ');
    if (!first.contains('/'))
      return first.empty() || isCompiler(first) ? void() : link(first);
    StringRef name = sys::path::filename(first);
    SmallString<256> real(first);
    sys::fs::make_absolute(real);
    if (sys::fs::create_link(real, folder + "/" + Compilers + "/" + name))
      return; // both name one file
    link(name);
    environment[variable] = folder + "/" + Links.str() + "/" + name.str() +
                            (rest.empty() ? "" : " " + rest.str());
  }

  std::string folder, self;
  Environment environment;
};

/// The exit code of a command that runs in the foreground as if called without us.
Expected<int> runForeground(const std::vector<std::string> &command, const Environment &changes) {
  std::vector<char *> words;
  for (const std::string &word : command)
    words.push_back(const_cast<char *>(word.c_str()));
  words.push_back(nullptr);
  // A key press that interrupts the build must leave us to write what was recorded.
  auto interrupt = std::signal(SIGINT, SIG_IGN);
  pid_t child = fork();
  if (child < 0)
    return createStringError("the command could not be started");
  if (child == 0) {
    std::signal(SIGINT, interrupt);
    for (const auto &[name, value] : changes)
      setenv(name.c_str(), value.c_str(), 1);
    execvp(words[0], words.data());
    errs() << "abi3ify: error: " << command[0] << ": " << std::strerror(errno) << "\n";
    _exit(127);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  std::signal(SIGINT, interrupt);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/// What tells two compilations apart: one source may go into several modules.
std::pair<std::string, std::string> keyOf(const json::Value &entry) {
  const json::Object *object = entry.getAsObject();
  auto text = [&](StringRef key) {
    return object ? object->getString(key).value_or("").str() : std::string();
  };
  return {text("file"), text("output")};
}

/// The entries of an older file; none if there is no file.
Expected<json::Array> readDatabase(const std::string &path) {
  if (!sys::fs::exists(path))
    return json::Array();
  auto buffer = MemoryBuffer::getFile(path);
  if (!buffer)
    return createFileError(path, buffer.getError());
  auto parsed = json::parse((*buffer)->getBuffer());
  if (!parsed)
    return createStringError(path + " is no compile database: " + toString(parsed.takeError()) +
                             "; move it away, or name another file with --output");
  if (!parsed->getAsArray())
    return createStringError(path + " is no compile database; move it away, or name another file "
                                    "with --output");
  return std::move(*parsed->getAsArray());
}

/// The nearest folder of those above that is still there.
void settleFolder(json::Object &entry) {
  StringRef folder = *entry.getString("directory");
  while (!sys::fs::is_directory(folder))
    folder = sys::path::parent_path(folder);
  entry["directory"] = folder.str();
}

} // namespace

Expected<Captured> capture(const std::vector<std::string> &command, const std::string &database) {
  auto before = readDatabase(database);
  if (!before)
    return before.takeError();
  SmallString<256> folder;
  if (std::error_code code = sys::fs::createUniqueDirectory("abi3ify-capture", folder))
    return createFileError(folder, code);
  Recording recording(realPath(folder));
  if (Error error = recording.prepare())
    return std::move(error);
  auto status = runForeground(command, recording.variables());
  if (!status)
    return status.takeError();

  Captured captured;
  captured.status = *status;
  auto recorded = recording.read(captured.vanished);
  if (!recorded)
    return recorded.takeError();
  // The last compilation into a file counts.
  std::map<std::pair<std::string, std::string>, size_t> places;
  json::Array entries;
  for (json::Value &entry : *recorded) {
    settleFolder(*entry.getAsObject());
    auto [place, isNew] = places.try_emplace(keyOf(entry), entries.size());
    if (isNew)
      entries.push_back(std::move(entry));
    else
      entries[place->second] = std::move(entry);
  }
  captured.recorded = entries.size();
  if (entries.empty())
    return captured;
  for (json::Value &entry : *before)
    if (!places.count(keyOf(entry)) && sys::fs::exists(keyOf(entry).first)) {
      entries.push_back(std::move(entry));
      ++captured.kept;
    }
  std::string text = formatv("{0:2}\n", json::Value(std::move(entries))).str();
  if (Error error = replaceFile(realPath(database), text))
    return std::move(error);
  return captured;
}

std::optional<int> actAsCompiler(int argc, char **argv) {
  const char *recording = getenv(Variable);
  StringRef name = sys::path::filename(argv[0]);
  if (!recording || !sys::fs::exists(Twine(recording) + "/" + Links + "/" + name))
    return std::nullopt;
  std::vector<std::string> folders = pathFolders(recording);
  std::string real = (Twine(recording) + "/" + Compilers + "/" + name).str();
  if (sys::fs::exists(real)) {
    // One step: a compiler may be told by its name what it is.
    real = std::filesystem::read_symlink(real).string();
  } else {
    std::vector<StringRef> places(folders.begin(), folders.end());
    auto found = sys::findProgramByName(name, places);
    if (!found) {
      errs() << "abi3ify: error: " << name << " is not on PATH any more\n";
      return 127;
    }
    real = *found;
  }
  json::Array entries = Invocation(real, ArrayRef(argv + 1, argc - 1)).entries();
  // A build is not stopped because it could not be recorded.
  if (!entries.empty())
    if (Error error = writeRecord(recording, std::move(entries)))
      errs() << "abi3ify: warning: not recorded: " << toString(std::move(error)) << "\n";
  // Compiler caches look for the compiler in PATH: they must not find us again.
  setenv("PATH", join(folders, ":").c_str(), 1);
  argv[0] = real.data();
  execv(real.c_str(), argv);
  errs() << "abi3ify: error: " << real << ": " << std::strerror(errno) << "\n";
  return 126;
}

} // namespace abi3ify
