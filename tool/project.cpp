#include "abi3ify/project.h"
#include "abi3ify/compile-command.h"
#include "abi3ify/configurations.h"
#include "abi3ify/include-graph.h"
#include "clang/Tooling/JSONCompilationDatabase.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include <algorithm>
#include <cstdlib>
#include <optional>
#include <set>
#include <unistd.h>

using namespace llvm;

namespace abi3ify {

Error noSources(const Project &project, ArrayRef<std::string> paths) {
  std::string instead;
  for (const Binding &binding : project.bindings)
    instead += "; " + binding.file + " is for " + binding.system + ": " + binding.advice;
  return createStringError("no C or C++ source that includes Python.h found in " +
                           llvm::join(paths, ", ") +
                           "; name the sources or their folder, or give a build folder with -p" +
                           instead);
}

namespace {

bool isHeader(StringRef path) {
  return is_contained({".h", ".hh", ".hpp", ".hxx", ".h++", ".inc", ".inl", ".ipp", ".tcc"},
                      sys::path::extension(path));
}

bool below(StringRef file, StringRef folder) {
  return file == folder ||
         (file.starts_with(folder) && (folder.ends_with("/") || file[folder.size()] == '/'));
}

/// Python's own headers.
bool isPythonFolder(StringRef path) {
  return sys::fs::exists(inFolder(path, "Python.h")) &&
         sys::fs::exists(inFolder(path, "patchlevel.h"));
}

/// Folders that hold other people's code or results of builds.
bool isForeignFolder(StringRef path) {
  StringRef name = sys::path::filename(path);
  return name.starts_with(".") || name == "node_modules" || name == "site-packages" ||
         name == "__pycache__" || sys::fs::exists(inFolder(path, "pyvenv.cfg")) ||
         isPythonFolder(path);
}

/// What a walk through a folder gives.
struct Listing {
  std::set<std::string> files; ///< sources and headers, resolved
  std::set<std::string> links; ///< sources and headers that are symbolic links
  std::vector<Binding> bindings; ///< of generators' own sources
  std::string unreadable;      ///< the first folder that cannot be read, and why
};

void listSources(StringRef folder, Listing &listing) {
  std::error_code code;
  sys::fs::directory_iterator it(folder, code, /*follow_symlinks=*/false), end;
  for (; it != end && !code; it.increment(code)) {
    StringRef path = it->path();
    auto type = it->type();
    if (type == sys::fs::file_type::directory_file) {
      if (!isForeignFolder(path))
        listSources(path, listing);
    } else if (isSource(path) || isHeader(path)) {
      if (type == sys::fs::file_type::regular_file)
        listing.files.insert(realPath(path));
      else if (type == sys::fs::file_type::symlink_file)
        listing.links.insert(path.str());
    } else if (type == sys::fs::file_type::regular_file && mayBeBindingSource(path)) {
      if (auto buffer = MemoryBuffer::getFile(path))
        if (auto binding = readBindingSource(path, (*buffer)->getBuffer()))
          listing.bindings.push_back(std::move(*binding));
    }
  }
  if (code && listing.unreadable.empty())
    listing.unreadable = (folder + ": " + code.message()).str();
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
    std::vector<std::string> &notes = project.notes; // each configuration may have the same to say
    for (auto it = notes.begin(); it != notes.end();)
      it = std::find(notes.begin(), it, *it) == it ? it + 1 : notes.erase(it);
    if (project.commands.empty() && options.onlyNamed) {
      notes.push_back("no source of an extension module is among the files, nor includes them");
    } else if (project.commands.empty()) {
      findBindingSources();
      if (project.bindings.empty())
        return noSources(project, options.paths);
    }
    return std::move(project);
  }

private:
  /// Sources for a binding system, whose headers include Python.h for them.
  void findBindingSources() {
    for (const std::string &file : project.listed) {
      if (!isSource(file))
        continue;
      auto buffer = MemoryBuffer::getFile(file);
      if (auto library = buffer ? readLibraryUse(file, (*buffer)->getBuffer()) : std::nullopt)
        project.bindings.push_back(std::move(*library));
    }
  }

  Error findRoots() {
    Listing listing;
    for (const std::string &path : options.paths) {
      sys::fs::file_status status;
      if (std::error_code code = sys::fs::status(path, status))
        return createStringError(path + ": " + code.message() +
                                 "; give a source, a folder or a repository");
      std::string real = realPath(path);
      bool folder = sys::fs::is_directory(status);
      // A path is judged by how it is written: a link on it must not lead out
      // of the repository that somebody has pointed at.
      std::string written = absolutePath(path);
      std::string root = repositoryOf(written);
      if (!root.empty())
        root = realPath(root);
      else
        root = folder ? real : realPath(sys::path::parent_path(written));
      if (!below(real, root))
        return createStringError(path + " is a symbolic link to " + real + ", outside of " + root +
                                 "; name that place itself");
      project.roots.push_back(root);
      project.paths.push_back(real);
      if (folder)
        listSources(real, listing);
      else {
        listing.files.insert(real);
        namedFiles.push_back(real);
      }
    }
    if (!listing.unreadable.empty())
      return createStringError(listing.unreadable + "; make it readable or name other folders");
    for (const std::string &link : listing.links)
      followLink(link, listing.files);
    project.listed.assign(listing.files.begin(), listing.files.end());
    project.bindings = std::move(listing.bindings);
    sort(project.bindings);
    findIncluders();
    return Error::success();
  }

  /// A header, or a source that others include, is read by their units.
  void findIncluders() {
    if (namedFiles.empty())
      return;
    Listing all;
    for (const std::string &root : project.roots)
      listSources(root, all);
    for (const std::string &file : namedFiles)
      for (const std::string &includer : includersOf(file, all.files)) {
        project.readForOthers.insert(includer);
        included.insert(file);
      }
    erase_if(project.readForOthers, [&](const std::string &file) { return project.names(file); });
  }

  /// Without a look at links; but what ".." means only the disk knows.
  static std::string absolutePath(StringRef path) {
    SmallString<256> absolute(path);
    sys::fs::make_absolute(absolute);
    if (is_contained(ArrayRef<StringRef>(SmallVector<StringRef>(
                         sys::path::begin(absolute), sys::path::end(absolute))),
                     ".."))
      return realPath(absolute);
    sys::path::remove_dots(absolute);
    return absolute.str().str();
  }

  void followLink(const std::string &link, std::set<std::string> &files) {
    if (!sys::fs::exists(link)) {
      // Editors leave such links behind as locks.
      if (!sys::path::filename(link).starts_with("."))
        files.insert(link); // reading it says what is wrong
      return;
    }
    std::string real = realPath(link);
    if (sys::fs::is_directory(real))
      return;
    if (project.owns(real))
      files.insert(real);
    else
      project.notes.push_back(link + " is a symbolic link to " + real +
                              ", outside of the project; left out");
  }

  bool isWanted(StringRef file) const {
    return project.names(file) || project.readForOthers.count(file.str());
  }

  Error findCommands() {
    for (const std::string &folder : options.buildFolders) {
      std::string database = inFolder(folder, "compile_commands.json");
      if (!sys::fs::exists(database))
        return createStringError("no compile_commands.json in the build folder " + folder);
      size_t before = project.commands.size();
      if (Error error = readDatabase(database))
        return error;
      if (project.commands.size() == before)
        project.notes.push_back(database + " has no entry for a source below " +
                                llvm::join(options.paths, ", "));
      if (options.buildFolders.size() > 1) {
        project.configurations.push_back(folder);
        for (Command &command : drop_begin(project.commands, before))
          command.configurations = {folder};
      }
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
    else
      noteSourcesWithoutCommand();
    return applyConfigurations(options.configurations, project);
  }

  /// Sources of extensions that the database does not know.
  void noteSourcesWithoutCommand() {
    std::set<std::string> known;
    for (const Command &command : project.commands)
      known.insert(command.file);
    StringSet<> included;
    std::vector<std::string> without;
    for (const std::string &file : project.listed) {
      Includes includes = scanIncludes(file);
      for (StringRef name : includes.quoted)
        included.insert(sys::path::filename(name));
      if (isSource(file) && includes.python && !known.count(file))
        without.push_back(file);
    }
    for (const std::string &file : without)
      if (!included.contains(sys::path::filename(file)))
        project.notes.push_back(file + ": the compile database does not name it; its uses are "
                                       "found by their names only (unseen)");
  }

  Error readDatabase(const std::string &database) {
    // Clang's reader accepts and prints more than it should.
    auto text = MemoryBuffer::getFile(database);
    if (!text)
      return createStringError(database + ": " + text.getError().message());
    if (auto json = json::parse((*text)->getBuffer()); !json)
      return createStringError(database + " is not valid JSON: " + toString(json.takeError()) +
                               "; write it again with the build, or remove it");
    std::string message;
    auto loaded = clang::tooling::JSONCompilationDatabase::loadFromFile(
        database, message, clang::tooling::JSONCommandLineSyntax::AutoDetect);
    if (!loaded)
      return createStringError(database + " is not a compile database: " +
                               StringRef(message).rtrim() +
                               "; write it again with the build, or remove it");
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
    for (const auto &list : {project.paths, project.roots})
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
    std::vector<std::string> candidates = project.listed;
    append_range(candidates, project.readForOthers);
    sort(candidates);
    StringMap<Includes> includes;
    for (const std::string &file : candidates)
      includes[file] = scanIncludes(file);

    // The includes of single files need the rest of the project to be resolved.
    Listing all;
    for (const std::string &root : project.roots)
      listSources(root, all);
    std::set<std::string> &known = all.files;
    known.insert(candidates.begin(), candidates.end());

    // <lz4.h> may be the project's own copy; the system's goes first.
    std::set<std::string> folders, foldersAfterSystem;
    StringMap<std::vector<std::string>> edges;
    std::vector<std::string> queue(candidates);
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
    for (const std::string &file : candidates) {
      if (!isSource(file) || included.count(file))
        continue;
      if (!reachesPython(file, includes, edges)) {
        ++withoutPython;
        continue;
      }
      Command command;
      command.directory = realPath("."); // where the user's flags are meant
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
                              (withoutPython == 1 ? " source does" : " sources do") +
                              " not include Python.h and " +
                              (withoutPython == 1 ? "is" : "are") + " left out");
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
  std::vector<std::string> namedFiles; ///< paths that are no folders
  std::set<std::string> included;      ///< by other files of the project, as far as is known
};

} // namespace

std::string repositoryOf(StringRef path) {
  for (StringRef folder = path; !folder.empty(); folder = sys::path::parent_path(folder))
    if (sys::fs::exists(inFolder(folder, ".git")))
      return folder.str();
  return {};
}

std::string inFolder(StringRef a, StringRef b) {
  SmallString<128> path(a);
  sys::path::append(path, b);
  return path.str().str();
}

std::string absoluteFrom(StringRef folder, StringRef path) {
  return sys::path::is_absolute(path) ? path.str() : inFolder(folder, path);
}

bool isCxxSource(StringRef path) {
  return is_contained({".cc", ".cpp", ".cxx", ".c++", ".C"}, sys::path::extension(path));
}
bool isSource(StringRef path) { return path.ends_with(".c") || isCxxSource(path); }

std::string realPath(StringRef path) {
  SmallString<256> real;
  if (!sys::fs::real_path(path, real))
    return real.str().str();
  SmallString<256> absolute(path);
  sys::fs::make_absolute(absolute);
  sys::path::remove_dots(absolute, /*remove_dot_dot=*/true);
  return absolute.str().str();
}

static void addSources(StringRef folder, std::vector<std::string> &files) {
  std::error_code code;
  for (sys::fs::directory_iterator it(folder, code, /*follow_symlinks=*/false), end;
       it != end && !code; it.increment(code)) {
    StringRef path = it->path();
    if (it->type() == sys::fs::file_type::directory_file) {
      if (!isForeignFolder(path) &&
          none_of(ArrayRef<StringRef>{"pyproject.toml", "setup.py", "setup.cfg"},
                  [&](StringRef name) { return sys::fs::exists(inFolder(path, name)); }))
        addSources(path, files);
    } else if (isSource(path))
      files.push_back(realPath(path));
  }
}

std::vector<std::string> sourcesOfPackage(const std::string &folder) {
  std::vector<std::string> files;
  addSources(folder, files);
  sort(files);
  return files;
}

bool includesPython(StringRef text) {
  return any_of(split(text, '\n'), [](StringRef line) {
    line = line.ltrim();
    if (!line.consume_front("#") || !(line = line.ltrim()).consume_front("include"))
      return false;
    line = line.ltrim().drop_front(line.ltrim().empty() ? 0 : 1);
    return sys::path::filename(line.take_until([](char c) { return c == '"' || c == '>'; })) ==
           "Python.h";
  });
}

Expected<Project> findProject(const ProjectOptions &options) { return Finder(options).find(); }

StringRef Project::rootOf(StringRef file) const {
  StringRef nearest;
  for (StringRef root : roots)
    if (below(file, root) && root.size() > nearest.size())
      nearest = root;
  return nearest;
}

bool Project::names(StringRef file) const {
  return any_of(paths, [&](StringRef path) { return below(file, path); });
}

bool Project::owns(StringRef file) const {
  StringRef root = rootOf(file);
  if (root.empty())
    return false;
  // Python's headers may lie in the repository, and so may other people's
  // code in a virtual environment.
  for (StringRef folder = sys::path::parent_path(file); folder.size() > root.size();
       folder = sys::path::parent_path(folder))
    if (isForeignFolder(folder))
      return false;
  return none_of(headers, [&](const PythonHeaders &python) {
    return below(file, realPath(python.include)) ||
           (!python.platformInclude.empty() && below(file, realPath(python.platformInclude)));
  });
}

} // namespace abi3ify
