#include "abi3ify/cli-pages.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringRef.h"

using namespace llvm;

namespace abi3ify {
namespace {

/// In single quotes, for all three shells.
std::string quoted(StringRef text) {
  std::string out = "'";
  for (char c : text)
    out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

/// Prints the rules' ids, a line each.
constexpr StringLiteral RuleIds = "abi3ify rules 2>/dev/null | cut -f2";

bool isFolder(const OptionEntry &option) { return option.value == FolderType; }
/// Where a file is not certain, its name is still the best guess.
bool isFile(const OptionEntry &option) {
  return option.value == FileType || option.value == PathType || option.value == ProgramType;
}

std::string namesOf(const CommandEntry &command) {
  std::vector<std::string> names;
  for (const OptionEntry &option : command.options)
    append_range(names, option.names);
  return join(names, " ");
}

std::vector<std::string> commandsOf(ArrayRef<CommandEntry> table) {
  std::vector<std::string> names;
  for (const CommandEntry &command : table.drop_front())
    names.push_back(command.name);
  return names;
}

/// What bash says of an option's value; nothing is completed if nothing is known.
std::string bashValue(const OptionEntry &option) {
  if (!option.choices.empty())
    return "words=" + quoted(join(option.choices, " "));
  if (option.value == RuleType)
    return ("words=$(" + RuleIds + ")").str();
  if (isFolder(option))
    return "kind=-d";
  return isFile(option) ? "kind=-f" : "words=";
}

std::string bashValues(const CommandEntry &command) {
  std::string text;
  for (const OptionEntry &option : command.options)
    if (!option.value.empty()) {
      std::vector<std::string> patterns;
      for (const std::string &name : option.names)
        patterns.push_back(quoted(command.name + " " + name));
      text += "        " + join(patterns, "|") + ") " + bashValue(option) + " ;;\n";
    }
  return text;
}

/// The specification of an option for zsh's _arguments, without its name.
std::string zshRest(const OptionEntry &option) {
  auto escaped = [](StringRef text) {
    std::string out;
    for (char c : text)
      out += (is_contained({'[', ']', ':', '\\'}, c) ? "\\" : "") + std::string(1, c);
    return out;
  };
  std::string text = option.names.empty() ? "" : "[" + escaped(option.description) + "]";
  if (option.value.empty())
    return text;
  text += ":" + escaped(option.names.empty() ? option.description : StringRef(option.value).lower()) + ":";
  if (!option.choices.empty())
    return text + "(" + join(option.choices, " ") + ")";
  if (option.value == RuleType)
    return text + "($(" + RuleIds.str() + "))";
  return text + (isFolder(option) ? "_files -/" : isFile(option) ? "_files" : " ");
}

std::string zshCommand(const CommandEntry &command) {
  std::string text = "                " + command.name + ")\n                    _arguments -S";
  for (const OptionEntry &option : command.options)
    for (const std::string &name : option.names)
      text += " \\\n                        " +
              quoted((option.repeated ? "*" : "") + name + zshRest(option));
  for (const OptionEntry &positional : command.positionals)
    text += " \\\n                        " +
            quoted((positional.repeated ? "*" : "1") + zshRest(positional));
  return text + "\n                    ;;\n";
}

std::string fishOption(StringRef condition, const OptionEntry &option) {
  std::string text = "complete -c abi3ify -n " + quoted(condition);
  for (StringRef name : option.names)
    text += name.starts_with("--") ? " -l " + name.drop_front(2).str() : " -s " + name.drop_front().str();
  if (!option.choices.empty())
    text += " -x -a " + quoted(join(option.choices, " "));
  else if (option.value == RuleType)
    text += " -x -a " + quoted("(" + RuleIds.str() + ")");
  else if (isFolder(option))
    text += " -x -a '(__fish_complete_directories)'";
  else if (isFile(option))
    text += " -r -F";
  else if (!option.value.empty())
    text += " -x";
  return text + " -d " + quoted(option.description) + "\n";
}

} // namespace

std::string bashCompletion(const std::vector<CommandEntry> &table) {
  std::string text = "# Completion of abi3ify for bash, printed by 'abi3ify generate bash'.\n"
                     "_abi3ify() {\n"
                     "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
                     "    local command= kind= words= word\n"
                     "    COMPREPLY=()\n"
                     "    if [[ $current == = ]]; then current=\n"
                     "    elif [[ $previous == = ]]; then previous=${COMP_WORDS[COMP_CWORD-2]}\n"
                     "    fi\n"
                     "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
                     "        case $word in\n"
                     "        --) return ;; # the compiler's flags\n"
                     "        " + join(commandsOf(table), "|") + ") command=${command:-$word} ;;\n"
                     "        esac\n"
                     "    done\n"
                     "    case \"$command $previous\" in\n";
  for (const CommandEntry &command : table)
    text += bashValues(command);
  text += "        *)\n            case \"$command $current\" in\n";
  for (const CommandEntry &command : table)
    if (!command.name.empty())
      text += "            " + quoted(command.name + " -") + "*) words=" + quoted(namesOf(command)) + " ;;\n";
  for (const CommandEntry &command : table)
    for (const OptionEntry &positional : command.positionals)
      text += "            " + quoted(command.name + " ") + "*) " + bashValue(positional) + " ;;\n";
  text += "            ' '*) words=" + quoted(join(commandsOf(table), " ") + " " + namesOf(table.front())) + " ;;\n"
          "            esac ;;\n"
          "    esac\n"
          "    if [[ $kind ]]; then\n"
          "        compopt -o filenames 2>/dev/null\n"
          "        mapfile -t COMPREPLY < <(compgen \"$kind\" -- \"$current\")\n"
          "    else\n"
          "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
          "    fi\n"
          "}\n"
          "complete -F _abi3ify abi3ify\n";
  return text;
}

std::string zshCompletion(const std::vector<CommandEntry> &table) {
  std::string text = "#compdef abi3ify\n"
                     "# Completion of abi3ify for zsh, printed by 'abi3ify generate zsh'.\n"
                     "_abi3ify() {\n"
                     "    local context state state_descr line\n"
                     "    typeset -A opt_args\n"
                     "    _arguments -C";
  for (const OptionEntry &option : table.front().options)
    for (const std::string &name : option.names)
      text += " \\\n        " + quoted(name + zshRest(option));
  text += " \\\n        '1:command:->command' '*::argument:->argument'\n"
          "    case $state in\n"
          "        command)\n"
          "            local -a commands=(";
  for (const CommandEntry &command : ArrayRef(table).drop_front())
    text += "\n                " + quoted(command.name + ":" + command.description);
  text += ")\n            _describe command commands\n            ;;\n"
          "        argument)\n            case $line[1] in\n";
  for (const CommandEntry &command : ArrayRef(table).drop_front())
    text += zshCommand(command);
  return text + "            esac\n            ;;\n    esac\n}\n"
                "if [[ $funcstack[1] == _abi3ify ]]; then _abi3ify \"$@\"; else compdef _abi3ify abi3ify; fi\n";
}

std::string fishCompletion(const std::vector<CommandEntry> &table) {
  std::string text = "# Completion of abi3ify for fish, printed by 'abi3ify generate fish'.\n";
  for (const CommandEntry &command : ArrayRef(table).drop_front())
    text += "complete -c abi3ify -n __fish_use_subcommand -f -a " + command.name + " -d " +
            quoted(command.description) + "\n";
  for (const CommandEntry &command : table) {
    std::string condition = command.name.empty() ? "__fish_use_subcommand"
                                                 : "__fish_seen_subcommand_from " + command.name;
    for (const OptionEntry &option : command.options)
      text += fishOption(condition, option);
    for (const OptionEntry &positional : command.positionals)
      if (positional.value != PathType) // fish offers files by itself
        text += fishOption(condition, positional);
  }
  return text;
}

} // namespace abi3ify
