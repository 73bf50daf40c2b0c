#include "abi3ify/configurations.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/StringSaver.h"
#include <map>
#include <set>

using namespace llvm;

namespace abi3ify {
namespace {

std::string nameIn(const Command &command, const Configuration &configuration) {
  return command.configurations.empty()
             ? configuration.name
             : command.configurations.front() + " " + configuration.name;
}

/// Commands that come to the same are one that belongs to several configurations.
std::vector<Command> united(ArrayRef<Command> commands) {
  using Key = std::tuple<std::string, std::string, std::vector<std::string>>;
  std::map<Key, Command> different;
  for (const Command &command : commands) {
    Key key(command.file, command.directory, command.args);
    auto [it, added] = different.try_emplace(key, command);
    if (!added)
      append_range(it->second.configurations, command.configurations);
  }
  std::vector<Command> list;
  for (auto &[key, command] : different)
    list.push_back(std::move(command));
  return list;
}

} // namespace

Expected<Configuration> parseConfiguration(StringRef text) {
  auto [name, flags] = text.split('=');
  name = name.trim();
  if (name.empty() || name.starts_with("-") || !text.contains('='))
    return createStringError("a configuration is given as NAME=flags, for example "
                             "\"debug=-DDEBUG=1\", not '" + text + "'");
  BumpPtrAllocator allocator;
  StringSaver saver(allocator);
  SmallVector<const char *> words;
  cl::TokenizeGNUCommandLine(flags, saver, words);
  return Configuration{name.str(), {words.begin(), words.end()}};
}

Error applyConfigurations(ArrayRef<Configuration> configurations, Project &project) {
  std::set<std::string> known;
  for (const Configuration &configuration : configurations)
    if (!known.insert(configuration.name).second)
      return createStringError("two configurations are called '" + configuration.name +
                               "'; give each a name of its own");
  std::vector<Command> commands;
  for (const Command &command : project.commands) {
    if (configurations.empty())
      commands.push_back(command);
    for (const Configuration &configuration : configurations) {
      Command configured = command;
      append_range(configured.args, configuration.flags);
      configured.configurations = {nameIn(command, configuration)};
      commands.push_back(std::move(configured));
    }
  }
  project.commands = united(commands);
  std::vector<std::string> folders = std::move(project.configurations), names;
  for (const Configuration &configuration : configurations)
    names.push_back(configuration.name);
  project.configurations.clear();
  for (const std::string &folder : folders)
    for (const std::string &name : names)
      project.configurations.push_back(folder + " " + name);
  if (folders.empty() || names.empty())
    project.configurations = folders.empty() ? names : folders;
  return Error::success();
}

} // namespace abi3ify
