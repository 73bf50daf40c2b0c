// What of a command the headers up to Python.h depend on, so that packages with
// flags of their own share one precompiled header.
// In: a command. Out: the same without the flags that probably do not matter to
// them: macros and folders of the project's. Whether they really do not is asked
// of the header, once it is there (precompiled.h).
#pragma once
#include "abi3ify/project.h"
#include "abi3ify/unit.h"

namespace abi3ify {

struct SharedCommand {
  Command command;
  std::vector<std::string> macros;  ///< that the flags left out define or take back
  std::vector<std::string> folders; ///< that they have searched for headers; absolute

  bool differs(const Command &from) const {
    return command.args != from.args || command.directory != from.directory;
  }
};

/// `quiet`: as the source is read with assertions on, and without warnings.
SharedCommand withoutOwnFlags(const Command &command, bool quiet);

/// The first folder of Python's that is searched for headers; empty for none.
std::string firstPythonFolder(const ParseRequest &request);

} // namespace abi3ify
