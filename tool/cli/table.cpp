#include "abi3ify/cli-pages.h"
#include "abi3ify/floor.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringRef.h"
#include <CLI/CLI.hpp>

namespace abi3ify {

static std::vector<std::string> choicesOf(llvm::StringRef type) {
  std::vector<std::string> choices;
  if (type == FloorType) {
    for (Minor minor = OldestFloor; minor <= NewestFloor; ++minor)
      choices.push_back("3." + std::to_string(minor));
    choices.push_back("abi3t");
  } else if (!type.empty() && llvm::isLower(type.front())) {
    for (llvm::StringRef choice : llvm::split(type, '|'))
      choices.push_back(choice.str());
  }
  return choices;
}

static OptionEntry entryOf(const CLI::Option &option) {
  OptionEntry entry;
  for (const std::string &name : option.get_snames())
    entry.names.push_back("-" + name);
  for (const std::string &name : option.get_lnames())
    entry.names.push_back("--" + name);
  if (option.get_items_expected_max() > 0)
    entry.value = option.get_type_name();
  entry.choices = choicesOf(entry.value);
  entry.description = option.get_description();
  entry.repeated = option.get_items_expected_max() > 1;
  return entry;
}

static CommandEntry commandOf(const CLI::App &app) {
  CommandEntry command{app.get_name(), app.get_description(), app.get_footer(), {}, {}};
  for (const CLI::Option *option : app.get_options())
    (option->get_positional() ? command.positionals : command.options).push_back(entryOf(*option));
  return command;
}

std::vector<CommandEntry> tableOf(const CLI::App &app) {
  std::vector<CommandEntry> table = {commandOf(app)};
  table.front().name.clear();
  for (const CLI::App *command : app.get_subcommands({}))
    table.push_back(commandOf(*command));
  return table;
}

} // namespace abi3ify
