// Runs the finding part of the tool on texts, with the real headers of python3.
#pragma once
#include "abi3ify/left-out.h"
#include "abi3ify/match.h"
#include "abi3ify/verify.h"
#include "support.h"
#include <algorithm>

namespace abi3ify {

/// A small project: what is written into it, is looked at as the tool does.
class Sample {
public:
  bool cxx = false;
  Floor floor{11};
  std::vector<std::string> flags;
  bool noPython = false; ///< the text includes Python.h itself
  bool moduleState = false;

  /// Looks at a text, `#include <Python.h>` in front of it.
  void look(const std::string &text) { lookAt(cxx ? "a.cpp" : "a.c", text); }

  void lookAt(const std::string &name, const std::string &text) { lookAtAll({{name, text}}); }

  /// Looks at several files, each a name and a text. Headers (*.h) stand as
  /// they are written; every other file is a unit, with `#include <Python.h>`
  /// in front.
  void lookAtAll(const std::vector<std::pair<std::string, std::string>> &files) {
    std::vector<std::string> sources;
    for (const auto &[name, text] : files) {
      bool header = llvm::StringRef(name).ends_with(".h");
      std::string file =
          folder.write(name, (header || noPython ? "" : "#include <Python.h>\n") + text);
      if (!header)
        sources.push_back(file);
    }
    Project project;
    project.roots = {folder.path};
    project.headers = {headers()};
    MatchContext context;
    context.project = &project;
    context.rules = &rules();
    context.moduleState = moduleState;
    context.headers = &project.headers[0];
    NormalHeader header = normalHeader(rules());
    context.normalHeader = &header;
    FloorMatches all;
    std::set<std::string> read;
    for (const std::string &file : sources) {
      Command command;
      command.directory = folder.path;
      command.file = file;
      command.cxx = cxx;
      command.args = flags;
      command.args.push_back(cxx ? "-std=c++17" : "-std=gnu17");
      UnitMatches unit = matchUnit(command, context, floor);
      for (const Diagnostic &diagnostic : unit.parse.diagnostics)
        if (diagnostic.isError())
          ADD_FAILURE() << diagnostic.message;
      if (unit.includesPython)
        EXPECT_TRUE(unit.parse.sawNormalHeader);
      read.insert(unit.parse.filesRead.begin(), unit.parse.filesRead.end());
      for (FloorMatches &matches : unit.floors)
        all.append(std::move(matches));
      landmarks.insert(unit.landmarks.begin(), unit.landmarks.end());
    }
    findings = mergeMatches(std::move(all.findings), all.types);
    for (const std::string &file : read)
      if (project.owns(file)) {
        auto buffer = llvm::MemoryBuffer::getFile(file, false, false);
        originals[file] = (*buffer)->getBuffer().str();
        std::set<unsigned> known = all.seen[file];
        for (const Finding &finding : findings)
          if (finding.file == file)
            known.insert(finding.range.begin);
        findUnseen(file, originals[file], rules(), floor, known, all.outOfLimit[file],
                   findings);
      }
    tieToTests(all.leftOut, findings);
    std::vector<bool> wanted;
    for (const Finding &finding : findings)
      wanted.push_back(finding.hasEdit());
    LeftOutUses(findings, wanted);
    llvm::stable_sort(findings, [](const Finding &a, const Finding &b) {
      return std::tie(a.file, a.range) < std::tie(b.file, b.range);
    });
  }

  /// "line:column symbol state" for each finding, with "xN" in a macro and
  /// with the file in front if it is another one. Lines count from behind the
  /// include of Python.h.
  std::string lines() const {
    std::string result;
    for (const Finding &finding : findings) {
      llvm::StringRef text = originals.at(finding.file);
      llvm::StringRef before = text.take_front(finding.range.begin);
      llvm::StringRef name = llvm::StringRef(finding.file).drop_front(folder.path.size() + 1);
      bool main = name == "a.c" || name == "a.cpp";
      result += (main ? "" : name.str() + ":") +
                std::to_string(before.count('\n') + (main && !noPython ? 0 : 1)) + ":" +
                std::to_string(before.size() - (before.rfind('\n') + 1) + 1) + " " +
                finding.symbol + " " + abi3ify::name(finding.state).str() +
                (finding.inMacro ? " x" + std::to_string(finding.expansions) : "") + "\n";
    }
    return result;
  }

  /// "symbol: reason" for each finding of a rule that has no edit.
  std::string reasons(llvm::StringRef rule) const {
    std::string result;
    for (const Finding &finding : findings)
      if (finding.rule == rule && !finding.hasEdit())
        result += finding.symbol + ": " + finding.reason + "\n";
    return result;
  }

  /// The text of a file with all edits, without our include of Python.h.
  std::string fixed(const std::string &name = "") const {
    std::vector<bool> wanted;
    for (const Finding &finding : findings)
      wanted.push_back(finding.state == State::Fixable);
    Edits edits = makeEdits(findings, wanted, originals);
    EXPECT_TRUE(edits.conflicts.empty());
    std::string file = folder.path + "/" + (name.empty() ? cxx ? "a.cpp" : "a.c" : name);
    auto texts = edits.texts();
    llvm::StringRef text = texts.count(file) ? texts[file] : originals.at(file);
    text.consume_front("#include <Python.h>\n");
    return text.str();
  }

  static const RuleSet &rules() {
    static const RuleSet all = llvm::cantFail(loadRules(""));
    return all;
  }
  /// ABI3IFY_TEST_PYTHON names another interpreter.
  static const PythonHeaders &headers() {
    static const PythonHeaders found = [] {
      const char *python = getenv("ABI3IFY_TEST_PYTHON");
      return llvm::cantFail(askPython(python ? python : "python3"));
    }();
    return found;
  }

  TemporaryFolder folder;
  std::vector<Finding> findings;
  std::set<Landmark> landmarks;
  Texts originals;
};

/// The fixed text of a C source.
inline std::string fixedC(const std::string &text) {
  Sample sample;
  sample.look(text);
  return sample.fixed();
}
inline std::string fixedCxx(const std::string &text) {
  Sample sample;
  sample.cxx = true;
  sample.look(text);
  return sample.fixed();
}
inline std::string linesC(const std::string &text) {
  Sample sample;
  sample.look(text);
  return sample.lines();
}
inline std::string linesCxx(const std::string &text) {
  Sample sample;
  sample.cxx = true;
  sample.look(text);
  return sample.lines();
}

} // namespace abi3ify
