// Where an interpreter's headers are, and of which version they are.
#include "abi3ify/project.h"
#include "abi3ify/run-python.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

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
  auto lines = runPython(*program,
                         "import sysconfig; print(sysconfig.get_path('include')); "
                         "print(sysconfig.get_config_var('INCLUDEPY')); "
                         "print(sysconfig.get_config_h_filename())",
                         {});
  if (!lines) {
    std::string why = toString(lines.takeError());
    return createStringError("the interpreter '" + *program +
                             "' did not say where its headers are" +
                             (why.empty() ? "" : " (" + why + ")") +
                             "; give one that runs, or a folder with a Python.h, with --python");
  }
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
