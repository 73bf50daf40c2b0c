#include "abi3ify/output.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Process.h"

using namespace llvm;

namespace abi3ify {

Error printOutput(const std::string &path, StringRef colour,
                  function_ref<void(raw_ostream &, bool colours)> print) {
  if (path.empty()) {
    bool colours = colour == "always" ||
                   (colour == "auto" && sys::Process::StandardOutHasColors() &&
                    !sys::Process::GetEnv("NO_COLOR"));
    outs().enable_colors(colours);
    print(outs(), colours);
    outs().flush();
    if (outs().has_error()) {
      std::error_code code = outs().error();
      outs().clear_error();
      return createStringError("cannot write the result: " + code.message());
    }
    return Error::success();
  }
  std::error_code code;
  raw_fd_ostream file(path, code);
  if (code && (file.clear_error(), true))
    return createStringError("cannot write " + path + ": " + code.message());
  print(file, colour == "always");
  file.close();
  if (file.has_error()) {
    code = file.error();
    file.clear_error();
    return createStringError("cannot write " + path + ": " + code.message());
  }
  return Error::success();
}

Error tryOutput(const std::string &path) {
  if (path.empty())
    return Error::success();
  bool there = sys::fs::exists(path);
  std::error_code code;
  {
    raw_fd_ostream file(path, code, sys::fs::OF_Append);
    file.clear_error();
  }
  if (code)
    return createStringError("cannot write " + path + ": " + code.message() +
                             "; nothing was done");
  if (!there)
    sys::fs::remove(path);
  return Error::success();
}

} // namespace abi3ify
