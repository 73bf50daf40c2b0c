#include "abi3ify/origin.h"
#include "abi3ify/project.h"
#include "abi3ify/spelling.h"
#include "abi3ify/text-lexer.h"
#include "abi3ify/text-search.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

/// The name in a directive, without its quotes and escapes.
std::string unquoted(StringRef text) {
  std::string name;
  for (size_t i = 1; i < text.size() && text[i] != '"'; ++i) {
    if (text[i] == '\\' && i + 1 < text.size())
      ++i;
    name += text[i];
  }
  return name;
}

/// `rest`: of the line, behind the hash.
std::optional<LineDirective> parse(StringRef rest) {
  rest = rest.ltrim(" \t");
  rest.consume_front("line");
  rest = rest.ltrim(" \t");
  LineDirective directive;
  if (rest.consumeInteger(10, directive.line))
    return std::nullopt;
  rest = rest.ltrim(" \t");
  if (rest.starts_with("\""))
    directive.file = unquoted(rest);
  else if (!rest.trim().empty())
    return std::nullopt;
  return directive;
}

/// "grammar.y" as a file that is there: beside the generated one, in a folder
/// above it, or in the project.
std::string located(StringRef name, StringRef path, ArrayRef<std::string> roots) {
  if (sys::path::is_absolute(name))
    return realPath(name);
  std::vector<std::string> folders;
  for (StringRef folder = sys::path::parent_path(path); !folder.empty();
       folder = sys::path::parent_path(folder)) {
    folders.push_back(folder.str());
    if (is_contained(roots, folder))
      break;
  }
  append_range(folders, roots);
  for (const std::string &folder : folders)
    if (std::string file = inFolder(folder, name); sys::fs::exists(file))
      return realPath(file);
  return name.str();
}

/// What a generator says of its own file is its own code.
bool isOther(StringRef origin, StringRef path) {
  return !origin.empty() && !origin.starts_with("<") &&
         sys::path::filename(origin) != sys::path::filename(path);
}

std::string adviceFor(StringRef origin) {
  StringRef extension = sys::path::extension(origin);
  if (is_contained({".pyx", ".pxd", ".pxi"}, extension))
    return "use Cython 3.1 or newer with its Limited API mode, and change what the code calls";
  return StringSwitch<std::string>(extension)
      .Case(".i", "change it in the interface file, and generate with SWIG 4.2 or newer")
      .Case(".swg", "change it in the interface file, and generate with SWIG 4.2 or newer")
      .Case(".sip", "change it in the specification, and generate with SIP's Limited API option")
      .Default("change it there");
}

} // namespace

/// Whether anything in a text looks like `#line 7` or `# 7`, be it in a comment;
/// most have none, and need not be lexed.
static bool mayHaveLineDirectives(StringRef text) {
  if (placeOf(text, "%:") != StringRef::npos) // another way to write a hash
    return true;
  for (size_t at = text.find('#'); at != StringRef::npos; at = text.find('#', at + 1)) {
    StringRef rest = text.substr(at + 1).ltrim(" \t\v\f");
    if (rest.starts_with("line") || rest.starts_with("\\") || rest.starts_with("/*") ||
        (!rest.empty() && isDigit(rest.front())))
      return true;
  }
  return false;
}

std::vector<LineDirective> readLineDirectives(StringRef text) {
  std::vector<LineDirective> directives;
  if (!mayHaveLineDirectives(text))
    return directives;
  TextLexer lexer(text);
  std::string file;
  while (lexer.next()) {
    if (!lexer.isHash())
      continue;
    unsigned begin = lexer.end(), end = directiveEnd(text, begin);
    if (auto directive = parse(text.slice(begin, end))) {
      if (directive->file.empty())
        directive->file = file;
      file = directive->file;
      directive->offset = std::min<size_t>(end + 1, text.size());
      directives.push_back(std::move(*directive));
    }
    lexer.seek(end, /*IsAtStartOfLine=*/true);
  }
  return directives;
}

bool hasOrigins(StringRef path, StringRef text) {
  return any_of(readLineDirectives(text),
                [&](const LineDirective &directive) { return isOther(directive.file, path); });
}

void findOrigins(const std::string &path, StringRef text, ArrayRef<std::string> roots,
                 std::vector<Finding> &findings) {
  std::vector<LineDirective> directives = readLineDirectives(text);
  if (directives.empty())
    return;
  for (Finding &finding : findings) {
    if (finding.file != path)
      continue;
    auto behind = partition_point(directives, [&](const LineDirective &directive) {
      return directive.offset <= finding.range.begin;
    });
    if (behind == directives.begin())
      continue;
    const LineDirective &last = *std::prev(behind);
    if (!isOther(last.file, path))
      continue;
    std::string origin = located(last.file, path, roots);
    finding.originFile = origin;
    finding.originLine =
        last.line + text.slice(last.offset, finding.range.begin).count('\n');
    finding.state = State::Generated;
    finding.rewrites.clear();
    finding.reason = "written anew from " + sys::path::filename(origin).str() + ", line " +
                     std::to_string(finding.originLine) + ": " + adviceFor(origin);
  }
}

} // namespace abi3ify
