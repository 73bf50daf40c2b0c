// Reads and adds keys of a file in the form of setup.cfg, as Python's configparser
// sees it; comments and order stay.
// In: the text. Out: values with their lines, or where a key goes.
#pragma once
#include "abi3ify/build-settings.h"

namespace abi3ify {

struct IniValue {
  std::string text;
  unsigned line = 0;
};

class IniFile {
public:
  /// The error names file and line.
  static llvm::Expected<IniFile> parse(llvm::StringRef file, llvm::StringRef text);

  /// Dashes and underscores in keys are the same.
  const IniValue *value(llvm::StringRef section, llvm::StringRef key) const;
  Insertion add(llvm::StringRef section, llvm::StringRef key, llvm::StringRef value) const;

private:
  struct Section {
    std::map<std::string, IniValue> values;
    size_t end = 0; ///< behind its last line that is neither blank nor a comment
  };
  std::string file, text;
  std::map<std::string, Section> sections;
};

} // namespace abi3ify
