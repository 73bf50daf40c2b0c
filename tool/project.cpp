#include "abi3ify/project.h"
#include "clang/Tooling/JSONCompilationDatabase.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include <algorithm>
#include <optional>
#include <set>

using namespace llvm;

namespace abi3ify {
namespace {

bool isCxxSource(StringRef path) {
  return StringSwitch<bool>(sys::path::extension(path))
      .Cases({".cc", ".cpp", ".cxx", ".c++", ".C"}, true)
      .Default(false);
}
bool isSource(StringRef path) { return path.ends_with(".c") || isCxxSource(path); }
bool isHeader(StringRef path) {
  return StringSwitch<bool>(sys::path::extension(path))
      .Cases({".h", ".hh", ".hpp", ".hxx", ".h++", ".inc", ".inl", ".ipp", ".tcc"}, true)
      .Default(false);
}

bool below(StringRef file, StringRef folder) {
  return file == folder ||
         (file.starts_with(folder) && (folder.ends_with("/") || file[folder.size()] == '/'));
}

std::string inFolder(StringRef a, StringRef b) {
  SmallString<128> path(a);
  sys::path::append(path, b);
  return path.str().str();
}

/// The folder that holds .git, upwards from `path`; empty if there is none.
std::string repositoryOf(StringRef path) {
  for (StringRef folder = path; !folder.empty(); folder = sys::path::parent_path(folder))
    if (sys::fs::exists(inFolder(folder, ".git")))
      return folder.str();
  return {};
}

/// Folders that hold other people's code or results of builds.
bool isPrivateFolder(StringRef path) {
  StringRef name = sys::path::filename(path);
  return name.starts_with(".") || name == "node_modules" || name == "__pycache__" ||
         sys::fs::exists(inFolder(path, "pyvenv.cfg"));
}

void listSources(StringRef folder, std::set<std::string> &files) {
  std::error_code code;
  for (sys::fs::directory_iterator it(folder, code, /*follow_symlinks=*/false), end;
       it != end && !code; it.increment(code)) {
    StringRef path = it->path();
    auto type = it->type();
    if (type == sys::fs::file_type::directory_file) {
      if (!isPrivateFolder(path))
        listSources(path, files);
    } else if (type == sys::fs::file_type::regular_file && (isSource(path) || isHeader(path)))
      files.insert(realPath(path));
  }
}

/// The names that a text includes. Only for guessing flags: conditions and
/// macros do not matter here.
struct Includes {
  std::vector<std::string> quoted, angled;
  bool python = false;
};
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

bool looksLikeCompiler(StringRef word) {
  StringRef stem = sys::path::stem(word);
  return stem.contains("gcc") || stem.contains("g++") || stem.contains("clang") ||
         stem == "cc" || stem == "c++" || stem.ends_with("-cc") || stem.ends_with("-c++");
}

/// The argv of a database entry without compiler, source and outputs.
Command fromDatabase(const clang::tooling::CompileCommand &entry) {
  Command command;
  command.directory = realPath(entry.Directory);
  SmallString<128> file(entry.Filename);
  if (!sys::path::is_absolute(file))
    file = inFolder(command.directory, entry.Filename);
  command.file = realPath(file);
  command.cxx = isCxxSource(command.file);
  size_t first = 1;
  if (entry.CommandLine.size() > 1 && looksLikeCompiler(entry.CommandLine[1]))
    first = 2; // ccache gcc ...
  if (first <= entry.CommandLine.size())
    command.cxx |= StringRef(entry.CommandLine[first - 1]).ends_with("++");
  for (size_t i = first; i < entry.CommandLine.size(); ++i) {
    StringRef arg = entry.CommandLine[i];
    if (is_contained({"-o", "-MF", "-MT", "-MQ"}, arg)) {
      ++i;
      continue;
    }
    if (arg == "-c" || arg == "-S" || arg == "-E" || arg == "--" || arg.starts_with("-M") ||
        (arg.starts_with("-o") && arg.size() > 2))
      continue;
    if (!arg.starts_with("-") && isSource(arg)) {
      std::string path = sys::path::is_absolute(arg) ? arg.str() : inFolder(command.directory, arg);
      if (realPath(path) == command.file)
        continue;
    }
    command.args.push_back(arg.str());
  }
  return command;
}

/// Moves the flags that name a folder with a Python.h to pythonArgs, and
/// returns the first of these folders.
std::optional<PythonHeaders> takePythonFolder(Command &command) {
  std::optional<PythonHeaders> headers;
  std::vector<std::string> rest;
  for (size_t i = 0; i < command.args.size(); ++i) {
    size_t first = i;
    StringRef arg = command.args[i];
    bool names = arg.consume_front("-isystem") || arg.consume_front("-I");
    if (names && arg.empty() && i + 1 < command.args.size())
      arg = command.args[++i];
    std::string folder = sys::path::is_absolute(arg) ? arg.str() : inFolder(command.directory, arg);
    bool python = names && sys::fs::exists(inFolder(folder, "Python.h"));
    auto &list = python ? command.pythonArgs : rest;
    list.insert(list.end(), command.args.begin() + first, command.args.begin() + i + 1);
    if (!python || headers)
      continue;
    if (auto minor = readHeaderVersion(folder))
      headers = PythonHeaders{folder, "", *minor};
    else
      consumeError(minor.takeError());
  }
  command.args = std::move(rest);
  return headers;
}

class Finder {
public:
  explicit Finder(const ProjectOptions &options) : options(options) {}

  Expected<Project> find() {
    if (Error error = findRoots())
      return std::move(error);
    if (Error error = findCommands())
      return std::move(error);
    if (Error error = findHeaders())
      return std::move(error);
    sort(project.commands,
         [](const Command &a, const Command &b) { return std::tie(a.file, a.args) < std::tie(b.file, b.args); });
    if (project.commands.empty())
      return createStringError(
          "no C or C++ source that includes Python.h found in " + llvm::join(options.paths, ", ") +
          "; name the sources or their folder, or give a build folder with -p");
    return std::move(project);
  }

private:
  Error findRoots() {
    std::set<std::string> files;
    for (const std::string &path : options.paths) {
      sys::fs::file_status status;
      if (std::error_code code = sys::fs::status(path, status))
        return createStringError(path + ": " + code.message() +
                                 "; give a source, a folder or a repository");
      std::string real = realPath(path);
      bool folder = sys::fs::is_directory(status);
      std::string root = repositoryOf(real);
      project.roots.push_back(!root.empty() ? root
                              : folder      ? real
                                            : sys::path::parent_path(real).str());
      wanted.push_back(real);
      if (folder)
        listSources(real, files);
      else
        files.insert(real);
    }
    project.listed.assign(files.begin(), files.end());
    return Error::success();
  }

  bool isWanted(StringRef file) const {
    return any_of(wanted, [&](StringRef path) { return below(file, path); });
  }

  Error findCommands() {
    if (!options.buildFolder.empty()) {
      std::string database = inFolder(options.buildFolder, "compile_commands.json");
      if (!sys::fs::exists(database))
        return createStringError("no compile_commands.json in the build folder " +
                                 options.buildFolder);
      if (Error error = readDatabase(database))
        return error;
      if (project.commands.empty())
        project.notes.push_back(database + " has no entry for a source below " +
                                llvm::join(options.paths, ", "));
    }
    for (const std::string &database : findDatabases()) {
      if (!project.commands.empty())
        break;
      // One that is about other sources is as good as none.
      if (Error error = readDatabase(database))
        return error;
    }
    if (project.commands.empty())
      inferCommands();
    return Error::success();
  }

  Error readDatabase(const std::string &database) {
    std::string message;
    auto loaded = clang::tooling::JSONCompilationDatabase::loadFromFile(
        database, message, clang::tooling::JSONCommandLineSyntax::AutoDetect);
    if (!loaded)
      return createStringError(database + ": " + StringRef(message).rtrim());
    StringSet<> seen;
    for (const auto &entry : loaded->getAllCompileCommands()) {
      Command command = fromDatabase(entry);
      if (!isWanted(command.file) || !isSource(command.file))
        continue;
      if (!sys::fs::exists(command.file)) {
        project.notes.push_back(database + " names " + command.file +
                                ", which does not exist; left out");
        continue;
      }
      command.args.insert(command.args.end(), options.flags.begin(), options.flags.end());
      if (seen.insert(command.file + "\n" + llvm::join(command.args, "\n")).second)
        project.commands.push_back(std::move(command));
    }
    return Error::success();
  }

  /// compile_commands.json in the current folder, the paths and their
  /// repositories, and in the build folders of these.
  std::vector<std::string> findDatabases() const {
    std::vector<std::string> folders = {"."};
    for (const auto &list : {wanted, project.roots})
      for (const std::string &folder : list)
        folders.push_back(folder);
    std::vector<std::string> found;
    auto add = [&](const std::string &folder) {
      std::string database = inFolder(folder, "compile_commands.json");
      if (sys::fs::exists(database) && !is_contained(found, realPath(database)))
        found.push_back(realPath(database));
    };
    for (const std::string &folder : folders) {
      add(folder);
      std::set<std::string> builds;
      std::error_code code;
      for (sys::fs::directory_iterator it(folder, code), end; it != end && !code;
           it.increment(code))
        if (sys::path::filename(it->path()).starts_with("build"))
          builds.insert(it->path());
      for (const std::string &build : builds)
        add(build);
    }
    return found;
  }

  void inferCommands() {
    StringMap<Includes> includes;
    for (const std::string &file : project.listed)
      includes[file] = scanIncludes(file);

    // The includes of single files need the rest of the project to be resolved.
    std::set<std::string> known(project.listed.begin(), project.listed.end());
    for (const std::string &root : project.roots)
      listSources(root, known);

    // <lz4.h> may be the project's own copy; the system's goes first.
    std::set<std::string> folders, foldersAfterSystem, included;
    StringMap<std::vector<std::string>> edges;
    std::vector<std::string> queue(project.listed);
    for (size_t i = 0; i < queue.size(); ++i) {
      const std::string file = queue[i];
      if (!includes.contains(file))
        includes[file] = scanIncludes(file);
      const Includes mine = includes[file];
      std::vector<std::string> targets;
      auto search = [&](StringRef name, std::set<std::string> &into) {
        auto found = find_if(known, [&](StringRef path) {
          return path.ends_with(("/" + name).str()) && !name.starts_with("..");
        });
        if (found == known.end())
          return;
        targets.push_back(*found);
        into.insert(StringRef(*found).drop_back(name.size() + 1).str());
      };
      for (const std::string &name : mine.quoted) {
        std::string beside = realPath(inFolder(sys::path::parent_path(file), name));
        if (known.count(beside))
          targets.push_back(beside);
        else
          search(name, folders);
      }
      for (const std::string &name : mine.angled)
        search(name, foldersAfterSystem);
      for (const std::string &target : targets) {
        edges[file].push_back(target);
        if (isSource(target))
          included.insert(target);
        if (!includes.contains(target)) {
          includes[target] = scanIncludes(target);
          queue.push_back(target);
        }
      }
    }

    unsigned withoutPython = 0;
    for (const std::string &file : project.listed) {
      if (!isSource(file) || included.count(file))
        continue;
      if (!reachesPython(file, includes, edges)) {
        ++withoutPython;
        continue;
      }
      Command command;
      command.directory = project.roots.front();
      command.file = file;
      command.cxx = isCxxSource(file);
      command.args.push_back(command.cxx ? "-std=gnu++17" : "-std=gnu11");
      for (const std::string &folder : folders)
        command.args.push_back("-I" + folder);
      for (const std::string &folder : foldersAfterSystem)
        command.args.push_back("-idirafter" + folder);
      command.args.insert(command.args.end(), options.flags.begin(), options.flags.end());
      project.commands.push_back(std::move(command));
    }
    if (!project.commands.empty())
      project.notes.push_back("no compile_commands.json: flags are inferred; give -p DIR or "
                              "'-- flags' if a source does not parse");
    if (withoutPython && !project.commands.empty())
      project.notes.push_back(std::to_string(withoutPython) +
                              " sources do not include Python.h and are left out");
  }

  static bool reachesPython(const std::string &file, StringMap<Includes> &includes,
                            StringMap<std::vector<std::string>> &edges) {
    std::vector<std::string> queue = {file};
    std::set<std::string> seen = {file};
    for (size_t i = 0; i < queue.size(); ++i) {
      if (includes[queue[i]].python)
        return true;
      for (const std::string &target : std::vector<std::string>(edges[queue[i]]))
        if (seen.insert(target).second)
          queue.push_back(target);
    }
    return false;
  }

  Error findHeaders() {
    std::vector<std::string> pythons = options.pythons;
    std::optional<PythonHeaders> recorded;
    for (Command &command : project.commands) {
      auto headers = takePythonFolder(command);
      if (!recorded)
        recorded = headers;
    }
    if (pythons.empty() && recorded) {
      project.headers.push_back(*recorded);
      project.headersAreInCommands = true;
      return Error::success();
    }
    if (pythons.empty())
      pythons.push_back("python3");
    for (const std::string &python : pythons) {
      auto headers = askPython(python);
      if (!headers)
        return headers.takeError();
      project.headers.push_back(*headers);
    }
    return Error::success();
  }

  const ProjectOptions &options;
  Project project;
  std::vector<std::string> wanted;
};

} // namespace

std::string realPath(StringRef path) {
  SmallString<256> real;
  if (!sys::fs::real_path(path, real))
    return real.str().str();
  SmallString<256> absolute(path);
  sys::fs::make_absolute(absolute);
  sys::path::remove_dots(absolute, /*remove_dot_dot=*/true);
  return absolute.str().str();
}

Expected<Project> findProject(const ProjectOptions &options) { return Finder(options).find(); }

bool Project::owns(StringRef file) const {
  if (!any_of(roots, [&](StringRef root) { return below(file, root); }))
    return false;
  // Python's headers may lie in the repository, in a virtual environment.
  return none_of(headers, [&](const PythonHeaders &python) {
    return below(file, realPath(python.include)) ||
           (!python.platformInclude.empty() && below(file, realPath(python.platformInclude)));
  });
}

Expected<Minor> readHeaderVersion(StringRef include) {
  std::string path = inFolder(include, "patchlevel.h");
  auto buffer = MemoryBuffer::getFile(path);
  if (!buffer)
    return createStringError(path + ": " + buffer.getError().message());
  StringRef rest = (*buffer)->getBuffer();
  size_t at = rest.find("PY_MINOR_VERSION");
  Minor minor;
  if (at == StringRef::npos ||
      rest.drop_front(at + strlen("PY_MINOR_VERSION")).ltrim().consumeInteger(10, minor))
    return createStringError(path + ": no PY_MINOR_VERSION in it");
  return minor;
}

/// What a run of the interpreter printed, line by line.
static Expected<std::vector<std::string>> runPython(StringRef program,
                                                    ArrayRef<StringRef> arguments) {
  SmallString<128> output;
  if (std::error_code code = sys::fs::createTemporaryFile("abi3ify", "txt", output))
    return createStringError("cannot make a temporary file: " + code.message());
  FileRemover remover(output);
  std::vector<StringRef> argv = {program};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  std::optional<StringRef> redirects[] = {StringRef(""), StringRef(output), StringRef("")};
  std::string message;
  int status = sys::ExecuteAndWait(program, argv, std::nullopt, redirects,
                                   /*SecondsToWait=*/30, 0, &message);
  auto buffer = MemoryBuffer::getFile(output);
  if (status != 0 || !buffer)
    return createStringError("the interpreter '" + program +
                             "' did not say where its headers are" +
                             (message.empty() ? "" : ": " + message));
  std::vector<std::string> lines;
  for (StringRef line : split((*buffer)->getBuffer(), '\n'))
    if (!line.trim().empty())
      lines.push_back(line.trim().str());
  return lines;
}

static Expected<PythonHeaders> headersAt(StringRef include, StringRef platformInclude) {
  auto minor = readHeaderVersion(include);
  if (!minor)
    return minor.takeError();
  return PythonHeaders{include.str(), platformInclude.str(), *minor};
}

Expected<PythonHeaders> askPython(StringRef executable) {
  if (sys::fs::exists(inFolder(executable, "Python.h")))
    return headersAt(realPath(executable), "");
  auto program = sys::findProgramByName(executable);
  if (!program)
    return createStringError("cannot find the interpreter '" + executable +
                             "'; give one that is installed with --python");
  // Never import from the current folder: it may be the looked-at repository.
  // Isolated mode does that, but also ignores PYTHONHOME, which some
  // interpreters need; then the path is cleaned before anything is imported.
  const std::string question =
      "import sys; sys.path[:] = [p for p in sys.path if p not in ('', '.')]; import sysconfig; "
      "print(sysconfig.get_path('include')); print(sysconfig.get_config_var('INCLUDEPY')); "
      "print(sysconfig.get_config_h_filename())";
  auto lines = runPython(*program, {"-I", "-c", question});
  if (!lines) {
    consumeError(lines.takeError());
    lines = runPython(*program, {"-c", question});
  }
  if (!lines)
    return lines.takeError();
  for (size_t i = 0; i < lines->size() && i < 2; ++i) {
    StringRef include = (*lines)[i];
    if (!sys::fs::exists(inFolder(include, "Python.h")))
      continue;
    bool whole = sys::fs::exists(inFolder(include, "pyconfig.h")) || lines->size() < 3;
    return headersAt(include, whole ? "" : sys::path::parent_path((*lines)[2]));
  }
  return createStringError("the interpreter '" + executable + "' has no headers: " +
                           (lines->empty() ? "" : (*lines)[0]) +
                           "/Python.h is missing; install its development package (python3-dev) "
                           "or give another interpreter with --python");
}

} // namespace abi3ify
