#include "abi3ify/run-python.h"
#include "abi3ify/project.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Program.h"
#include <cerrno>
#include <optional>

using namespace llvm;

namespace abi3ify {

static Expected<std::vector<std::string>> runOnce(StringRef interpreter,
                                                  ArrayRef<StringRef> arguments) {
  SmallString<128> output;
  if (std::error_code code = sys::fs::createTemporaryFile("abi3ify", "txt", output))
    return createStringError("cannot make a temporary file: " + code.message());
  FileRemover remover(output);
  std::vector<StringRef> argv = {interpreter};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  // PYTHONPATH may name the looked-at repository.
  std::vector<StringRef> environment;
  for (char **entry = environ; *entry; ++entry)
    if (!StringRef(*entry).starts_with("PYTHONPATH="))
      environment.push_back(*entry);
  std::optional<StringRef> redirects[] = {StringRef(""), StringRef(output), StringRef("")};
  std::string message;
  int status = sys::ExecuteAndWait(interpreter, argv, ArrayRef<StringRef>(environment), redirects,
                                   /*SecondsToWait=*/30, 0, &message);
  auto buffer = MemoryBuffer::getFile(output);
  if (status != 0 || !buffer)
    return createStringError(message);
  std::vector<std::string> lines;
  for (StringRef line : split((*buffer)->getBuffer(), '\n'))
    if (!line.trim().empty())
      lines.push_back(line.trim().str());
  return lines;
}

Expected<std::vector<std::string>> runPython(StringRef interpreter, StringRef program,
                                             ArrayRef<std::string> arguments) {
  // Never import from the current folder: it may be the looked-at repository,
  // and so may a virtual environment's packages be, hence -S.
  // Isolated mode does the first, but also ignores PYTHONHOME, which some
  // interpreters need; then the path is cleaned before anything is imported.
  std::string cleaned =
      "import sys; sys.path[:] = [p for p in sys.path if p not in ('', '.')]\n" + program.str();
  std::vector<StringRef> words = {"-I", "-S", "-c", cleaned};
  words.insert(words.end(), arguments.begin(), arguments.end());
  auto lines = runOnce(interpreter, words);
  if (lines)
    return lines;
  consumeError(lines.takeError());
  return runOnce(interpreter, ArrayRef(words).drop_front());
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

} // namespace abi3ify
