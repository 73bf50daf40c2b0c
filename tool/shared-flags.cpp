#include "abi3ify/shared-flags.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace abi3ify {
namespace {

/// Flags that say nothing of a place on the disk, unless a path stands in them.
constexpr StringLiteral Placeless[] = {"-D", "-U", "-W", "-f", "-m", "-O", "-g", "-std=", "-pthread", "-ansi", "-pipe"};

bool isPlaceless(StringRef flag) {
  return any_of(Placeless, [&](StringRef known) { return flag.starts_with(known); }) &&
         (flag.starts_with("-D") || !flag.contains('/'));
}

/// Python's and the system's headers ask for such names.
bool isReserved(StringRef macro) {
  return macro.starts_with("_") || macro.starts_with("Py") || macro.starts_with("PY_") || macro == "NDEBUG";
}

/// What is taken back behind the command's own flags (compilerArguments).
bool isTakenBack(StringRef macro, bool quiet) {
  return macro == "Py_LIMITED_API" || macro == "Py_TARGET_ABI3T" || (quiet && macro == "NDEBUG");
}

} // namespace

SharedCommand withoutOwnFlags(const Command &command, bool quiet) {
  SharedCommand shared{command, {}, {}};
  std::vector<std::string> &kept = shared.command.args;
  kept.clear();
  for (size_t i = 0; i < command.args.size(); ++i) {
    StringRef flag = command.args[i], value = flag.drop_front(std::min<size_t>(2, flag.size()));
    bool takesValue = flag.starts_with("-D") || flag.starts_with("-U") || flag.starts_with("-I");
    bool apart = takesValue && value.empty() && i + 1 < command.args.size();
    if (apart)
      value = command.args[++i];
    StringRef macro = value.take_until([](char c) { return c == '=' || c == '('; });
    if (flag.starts_with("-I"))
      shared.folders.push_back(absoluteFrom(command.directory, value));
    else if (takesValue && !isReserved(macro))
      shared.macros.push_back(macro.str());
    else if (takesValue && isTakenBack(macro, quiet))
      continue;
    else if (quiet && flag.starts_with("-W") && !flag.starts_with("-Wp,"))
      continue;
    else if (flag == "-g")
      continue;
    else {
      kept.push_back(flag.str());
      if (apart)
        kept.push_back(value.str());
    }
  }
  bool placeless = all_of(kept, isPlaceless) && all_of(command.pythonArgs, [](StringRef flag) {
    return flag == "-I" || sys::path::is_absolute(flag.starts_with("-I") ? flag.drop_front(2) : flag);
  });
  if (placeless)
    shared.command.directory = "/";
  return shared;
}

std::string firstPythonFolder(const ParseRequest &request) {
  if (request.headers)
    return request.headers->include;
  const std::vector<std::string> &flags = request.command->pythonArgs;
  if (flags.empty() || !StringRef(flags[0]).starts_with("-I"))
    return {};
  return absoluteFrom(request.command->directory,
                      flags[0] == "-I" && flags.size() > 1 ? flags[1] : flags[0].substr(2));
}

} // namespace abi3ify
