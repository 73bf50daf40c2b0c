// Where an interpreter's headers are, and of which version they are.
#include "abi3ify/project.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Program.h"
#include <cerrno>
#include <optional>

using namespace llvm;

namespace abi3ify {

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
  // PYTHONPATH may name the looked-at repository.
  std::vector<StringRef> environment;
  for (char **entry = environ; *entry; ++entry)
    if (!StringRef(*entry).starts_with("PYTHONPATH="))
      environment.push_back(*entry);
  std::optional<StringRef> redirects[] = {StringRef(""), StringRef(output), StringRef("")};
  std::string message;
  int status = sys::ExecuteAndWait(program, argv, ArrayRef<StringRef>(environment), redirects,
                                   /*SecondsToWait=*/30, 0, &message);
  auto buffer = MemoryBuffer::getFile(output);
  if (status != 0 || !buffer)
    return createStringError("the interpreter '" + program +
                             "' did not say where its headers are" +
                             (message.empty() ? "" : " (" + message + ")") +
                             "; give one that runs, or a folder with a Python.h, with --python");
  std::vector<std::string> lines;
  for (StringRef line : split((*buffer)->getBuffer(), '\n'))
    if (!line.trim().empty())
      lines.push_back(line.trim().str());
  return lines;
}

ErrorOr<std::string> findProgram(StringRef name) {
  if (name.contains('/'))
    return sys::findProgramByName(name);
  const char *path = std::getenv("PATH");
  SmallVector<StringRef> folders;
  StringRef(path ? path : "").split(folders, ':', -1, /*KeepEmpty=*/false);
  erase_if(folders, [](StringRef folder) { return !sys::path::is_absolute(folder); });
  if (folders.empty())
    return std::make_error_code(std::errc::no_such_file_or_directory);
  return sys::findProgramByName(name, folders);
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
  if (sys::fs::is_directory(executable))
    return createStringError("the folder '" + executable +
                             "' has no Python.h; give an interpreter or the folder of its "
                             "Python.h with --python");
  auto program = findProgram(executable);
  if (!program || !sys::fs::exists(*program))
    return createStringError("cannot find the interpreter '" + executable +
                             "'; give one that is installed with --python");
  // Never import from the current folder: it may be the looked-at repository,
  // and so may a virtual environment's packages be, hence -S.
  // Isolated mode does the first, but also ignores PYTHONHOME, which some
  // interpreters need; then the path is cleaned before anything is imported.
  const std::string question =
      "import sys; sys.path[:] = [p for p in sys.path if p not in ('', '.')]; import sysconfig; "
      "print(sysconfig.get_path('include')); print(sysconfig.get_config_var('INCLUDEPY')); "
      "print(sysconfig.get_config_h_filename())";
  auto lines = runPython(*program, {"-I", "-S", "-c", question});
  if (!lines) {
    consumeError(lines.takeError());
    lines = runPython(*program, {"-S", "-c", question});
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
