#include "abi3ify/ini-edit.h"
#include "abi3ify/spelling.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace abi3ify {

static std::string normal(StringRef key) {
  std::string text = key.trim().lower();
  std::replace(text.begin(), text.end(), '-', '_');
  return text;
}

Expected<IniFile> IniFile::parse(StringRef file, StringRef text) {
  IniFile ini;
  ini.file = file.str();
  ini.text = text.str();
  Section *section = nullptr;
  IniValue *value = nullptr;
  unsigned number = 0;
  for (size_t begin = 0; begin < text.size();) {
    size_t end = std::min(text.find('\n', begin), text.size() - 1) + 1;
    StringRef line = text.slice(begin, end).rtrim();
    begin = end;
    ++number;
    StringRef content = line.ltrim();
    if (content.empty() || content.starts_with("#") || content.starts_with(";"))
      continue;
    auto refuse = [&](const Twine &why) {
      return createStringError(file + ":" + Twine(number) + ": " + why);
    };
    if (content.size() < line.size()) {
      if (!value)
        return refuse("an indented line that continues nothing");
      value->text += (value->text.empty() ? "" : "\n") + content.str();
    } else if (line.starts_with("[")) {
      size_t close = line.find(']');
      if (close == StringRef::npos)
        return refuse("a section without ']'");
      auto [at, added] = ini.sections.try_emplace(line.slice(1, close).str());
      if (!added)
        return refuse("the section stands there twice");
      section = &at->second;
      value = nullptr;
    } else {
      size_t sign = line.find_first_of("=:");
      if (!section || sign == StringRef::npos)
        return refuse("neither a section nor 'key = value'");
      auto [at, added] = section->values.try_emplace(normal(line.take_front(sign)));
      if (!added)
        return refuse("the key stands there twice");
      value = &at->second;
      *value = {line.drop_front(sign + 1).trim().str(), number};
    }
    section->end = end;
  }
  return ini;
}

const IniValue *IniFile::value(StringRef section, StringRef key) const {
  auto found = sections.find(section.str());
  if (found == sections.end())
    return nullptr;
  auto value = found->second.values.find(normal(key));
  return value == found->second.values.end() ? nullptr : &value->second;
}

Insertion IniFile::add(StringRef section, StringRef key, StringRef value) const {
  std::string newline = newlineOf(text).str();
  std::string line = (key + " = " + value + newline).str();
  auto found = sections.find(section.str());
  if (found == sections.end()) {
    std::string start = text.empty() ? "" : StringRef(text).ends_with("\n") ? newline : newline + newline;
    return {file, text.size(), start + "[" + section.str() + "]" + newline + line};
  }
  size_t end = found->second.end;
  return {file, end, (text[end - 1] == '\n' ? "" : newline) + line};
}

} // namespace abi3ify
