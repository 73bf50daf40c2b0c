// From an entry of a compile database to the flags that matter for parsing.
#include "abi3ify/compile-command.h"
#include "clang/Tooling/JSONCompilationDatabase.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace abi3ify {

static bool looksLikeCompiler(StringRef word) {
  StringRef stem = sys::path::stem(word);
  return stem.contains("gcc") || stem.contains("g++") || stem.contains("clang") ||
         stem == "cc" || stem == "c++" || stem.ends_with("-cc") || stem.ends_with("-c++");
}

/// How many words a flag takes away that writes a file or loads a program;
/// zero for all others. A look at the sources must do neither.
static unsigned sizeOfSideEffect(StringRef arg) {
  if (is_contained({"-o", "-MF", "-MT", "-MQ", "-MJ", "--output", "--serialize-diagnostics",
                    "-serialize-diagnostics", "-plugin"},
                   arg))
    return 2;
  for (StringRef start : {"-M", "-o", "--output=", "-Wp,-M", "-save-temps", "--save-temps",
                          "-ftime-", "-fplugin=", "-fpass-plugin=",
                          "-fsave-optimization-record", "-dependency-file", "-wrapper"})
    if (arg.starts_with(start))
      return 1 + (arg == "-dependency-file" || arg == "-wrapper");
  return is_contained({"-c", "-S", "-E", "-H", "-v", "-###", "--"}, arg);
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
    // "-Xclang -load -Xclang FILE" would load a program.
    if (arg == "-Xclang" && i + 1 < entry.CommandLine.size() &&
        is_contained({"-load", "-add-plugin", "-plugin"}, StringRef(entry.CommandLine[i + 1]))) {
      i += 3;
      continue;
    }
    if (unsigned size = sizeOfSideEffect(arg)) {
      i += size - 1;
      continue;
    }
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

} // namespace abi3ify
