#include "abi3ify/cli-pages.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringRef.h"

using namespace llvm;

namespace abi3ify {
namespace {

/// Text for roff: no letter of it is a command.
std::string escaped(StringRef text) {
  std::string out;
  for (char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n'))
      out += std::string("\\&") + c;
    else
      out += c;
  }
  return out;
}

std::string bold(StringRef text) { return "\\fB" + escaped(text) + "\\fR"; }
std::string italic(StringRef text) { return "\\fI" + escaped(text) + "\\fR"; }

/// A value is in italics, choices are words to be written.
std::string valueOf(const OptionEntry &option) {
  if (option.choices.empty() || option.value == FloorType)
    return italic(option.value);
  return join(map_range(option.choices, bold), "|");
}

std::string optionText(const OptionEntry &option) {
  std::string text = ".TP\n";
  if (option.names.empty())
    text += valueOf(option);
  else
    text += join(map_range(option.names, bold), ", ");
  if (!option.names.empty() && !option.value.empty())
    text += " " + valueOf(option);
  return text + "\n" + escaped(option.description) + "\n";
}

/// The options of a command that not each command has.
std::string commandText(const CommandEntry &command) {
  std::string text = ".SS " + bold("abi3ify " + command.name);
  for (const OptionEntry &positional : command.positionals)
    text += " [" + italic(positional.value) + "]" + (positional.repeated ? "..." : "");
  text += "\n" + escaped(command.description) + ".\n";
  for (const auto *list : {&command.positionals, &command.options})
    for (const OptionEntry &option : *list)
      text += optionText(option);
  if (!command.footer.empty())
    text += ".PP\n" + escaped(command.footer) + "\n";
  return text;
}

} // namespace

std::string manualPage(const std::vector<CommandEntry> &table) {
  std::string text = ".\\\" Printed by 'abi3ify generate man'.\n"
                     ".TH ABI3IFY 1 \"\" \"abi3ify " ABI3IFY_VERSION "\" \"User Commands\"\n"
                     ".SH NAME\nabi3ify \\- take extension modules of CPython to the Limited C API\n"
                     ".SH SYNOPSIS\n" +
                     bold("abi3ify") + " " + italic("COMMAND") + " [" + italic("OPTION") + "]... [" +
                     italic("PATH") + "]... [" + bold("--") + " " + italic("FLAG") + "...]\n"
                     ".SH DESCRIPTION\n" +
                     escaped("abi3ify reads hand-written C and C++ extension modules with Clang, "
                             "reports what the Limited C API does not have at the chosen floor, "
                             "and rewrites what it can prove. Results go to standard output, all "
                             "else to standard error.") +
                     "\n";
  for (const OptionEntry &option : table.front().options)
    text += optionText(option);
  text += ".SH COMMANDS\n";
  for (size_t i = 1; i < table.size(); ++i)
    text += commandText(table[i]);
  text += ".SH EXIT STATUS\n"
          ".TP\n.B 0\nNothing is left that \\fB\\-\\-fail\\-on\\fR counts.\n"
          ".TP\n.B 1\nFindings remain; with \\fB\\-\\-diff\\fR, there is a difference.\n"
          ".TP\n.B 2\nThe run itself failed, or a source could not be parsed.\n"
          ".SH FILES\n.TP\n.I pyproject.toml\nSettings stand under [tool.abi3ify]; options win over "
          "them.\n"
          ".TP\n.I compile_commands.json\nThe sources' own flags, looked for in the current folder "
          "and in build*/.\n";
  return text;
}

} // namespace abi3ify
