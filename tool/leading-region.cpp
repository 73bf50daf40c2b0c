#include "abi3ify/leading-region.h"
#include "abi3ify/spelling.h"
#include "abi3ify/text-lexer.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

/// Python.h does not come behind more text than this.
constexpr size_t MostText = 1 << 16;

/// Whichever branch is taken, there may be code in it.
struct Conditional {
  bool code = false; ///< in the branch that is being read
  bool inAll = true, hasElse = false;

  void nextBranch(bool isElse) {
    inAll &= code;
    code = false;
    hasElse |= isElse;
  }
  bool surelyCode() const { return inAll && hasElse; }
};

class RegionReader {
public:
  RegionReader(const Command &command, const Project &project, const Texts *texts)
      : command(command), project(project), texts(texts) {}

  /// Whether Python.h is reached.
  bool read(const std::string &file) {
    std::string text = textOf(file);
    TextLexer lexer(text);
    std::vector<Conditional> skipped; // whose text is left out
    std::string guard;                // the name of an #ifndef that just came
    while (lexer.next()) {
      if (!lexer.isHash()) {
        if (!guard.empty())
          skipped.emplace_back();
        guard.clear();
        if (skipped.empty())
          return stop();
        skipped.back().code = true;
        continue;
      }
      unsigned begin = lexer.begin(), end = directiveEnd(text, begin);
      if (!lexer.next())
        return stop();
      StringRef word = lexer.name();
      unsigned behind = lexer.end();
      lexer.next();
      bool guards = word == "define" && !guard.empty() && lexer.name() == guard;
      if (!guard.empty() && !guards)
        skipped.emplace_back();
      guard = word == "ifndef" && skipped.empty() ? lexer.name().str() : "";
      if (word.starts_with("if")) {
        if (guard.empty())
          skipped.emplace_back();
      } else if (!skipped.empty() && word.starts_with("el"))
        skipped.back().nextBranch(word == "else");
      else if (!skipped.empty() && word == "endif") {
        skipped.back().nextBranch(false);
        bool code = skipped.back().surelyCode();
        skipped.pop_back();
        if (code && skipped.empty())
          return stop();
        if (code)
          skipped.back().code = true;
      } else if (skipped.empty() && !guards && word != "endif" &&
                 !take(file, word, StringRef(text).slice(behind, end)))
        return stop();
      if (reached || stopped)
        return reached;
      lexer.seek(end, /*atLineBegin=*/false);
    }
    return false;
  }

  std::string directives;

private:
  bool stop() {
    stopped = true;
    return false;
  }

  std::string textOf(const std::string &file) const {
    if (texts)
      if (auto text = texts->find(file); text != texts->end())
        return text->second.substr(0, MostText);
    auto buffer = MemoryBuffer::getFile(file, /*IsText=*/false, /*RequiresNullTerminator=*/false);
    return buffer ? (*buffer)->getBuffer().take_front(MostText).str() : std::string();
  }

  /// Whether a directive may stand in front of Python.h.
  bool take(const std::string &file, StringRef word, StringRef rest) {
    if (word == "pragma")
      return rest.trim() == "once";
    if (word == "define") {
      directives += ("#define " + withoutComment(rest) + "\n").str();
      return true;
    }
    rest = rest.ltrim();
    if (word != "include" || rest.empty() || (rest[0] != '<' && rest[0] != '"'))
      return false;
    StringRef name = rest.drop_front().take_until([&](char c) { return c == '>' || c == '"'; });
    if (std::string own = ownHeader(file, name, rest[0] == '"'); !own.empty()) {
      // The second time its guard leaves it out.
      if (seen.insert(own).second)
        read(own);
      return !stopped;
    }
    // There is none beside a source that is the project's: ownHeader would have it.
    directives += name == "Python.h" ? "#include <Python.h>\n" : ("#include " + rest.take_front(name.size() + 2) + "\n").str();
    reached = sys::path::filename(name) == "Python.h";
    return true;
  }

  /// What is behind the last token says nothing.
  static StringRef withoutComment(StringRef text) {
    TextLexer lexer(text);
    unsigned end = 0;
    while (lexer.next())
      end = lexer.end();
    return text.take_front(end).trim();
  }

  /// The project's file that is meant; empty for a header of others.
  std::string ownHeader(const std::string &file, StringRef name, bool quoted) const {
    std::vector<std::string> folders;
    if (quoted)
      folders.push_back(sys::path::parent_path(file).str());
    for (size_t i = 0; i < command.args.size(); ++i) {
      StringRef flag = command.args[i];
      if (flag == "-I" && i + 1 < command.args.size())
        folders.push_back(absoluteFrom(command.directory, command.args[++i]));
      else if (flag.consume_front("-I"))
        folders.push_back(absoluteFrom(command.directory, flag));
    }
    for (const std::string &folder : folders)
      if (std::string path = inFolder(folder, name); sys::fs::exists(path)) {
        path = realPath(path);
        return project.owns(path) ? path : "";
      }
    return "";
  }

  const Command &command;
  const Project &project;
  const Texts *texts;
  std::set<std::string> seen;
  bool reached = false, stopped = false;
};

} // namespace

std::optional<std::string> leadingRegion(const Command &command, const Project &project,
                                         const Texts *texts) {
  RegionReader reader(command, project, texts);
  if (!reader.read(command.file))
    return std::nullopt;
  return std::move(reader.directives);
}

} // namespace abi3ify
