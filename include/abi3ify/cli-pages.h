// The manual page and the shells' completions, made of the table of options
// that the command line is read with.
// In: the table; `man`, `bash`, `zsh` or `fish`. Out: the page's text.
#pragma once
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace abi3ify {

/// What an option's type name says of its values. One in small letters is a list
/// of choices, with '|' between.
inline constexpr const char *FileType = "FILE", *FolderType = "DIR", *PathType = "PATH",
                            *ProgramType = "EXE", *RuleType = "RULE", *FloorType = "FLOOR",
                            *NumberType = "N", *WordType = "WHAT";

struct OptionEntry {
  std::vector<std::string> names; ///< with their dashes; none for a positional
  std::string value;              ///< the type's name; empty for a flag
  std::vector<std::string> choices;
  std::string description;
  bool repeated = false;
};

struct CommandEntry {
  std::string name, description, footer;
  std::vector<OptionEntry> options, positionals;
};

/// The program itself first, without a name.
std::vector<CommandEntry> tableOf(const CLI::App &app);

std::string manualPage(const std::vector<CommandEntry> &table);
std::string bashCompletion(const std::vector<CommandEntry> &table);
std::string zshCompletion(const std::vector<CommandEntry> &table);
std::string fishCompletion(const std::vector<CommandEntry> &table);

} // namespace abi3ify
