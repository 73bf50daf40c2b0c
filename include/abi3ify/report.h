// Prints a run's findings, for a person or for a program.
// In: a RunResult. Out: one of the formats of `--format`.
#pragma once
#include "abi3ify/run.h"
#include "llvm/Support/raw_ostream.h"

namespace abi3ify {

/// What counts for the exit code: each level includes those before it.
enum class FailOn { Safe, Review, Manual, Any };

/// Whether `failOn` counts a finding as left.
bool isLeft(const Finding &finding, FailOn failOn);
/// The number of findings that are left and that `failOn` counts.
size_t countRemaining(const RunResult &result, FailOn failOn);

/// What is printed.
struct Report {
  const RunResult &result;
  Floor floor;
  FailOn failOn = FailOn::Any;
  bool colours = false;
};

struct ReportFormat {
  llvm::StringRef name, title;
  void (*print)(const Report &report, llvm::raw_ostream &out);
  bool onlyCheck = false; ///< it speaks of edits that are still to be made
};
llvm::ArrayRef<ReportFormat> reportFormats();
/// Null if there is none of that name.
const ReportFormat *findReportFormat(llvm::StringRef name);

/// Like a compiler: place, source line, caret, note; then the counts.
void printText(const Report &report, llvm::raw_ostream &out);
/// Beside a diff, which shows no finding: the edits that were dropped, and the summary.
void printDropped(const Report &report, llvm::raw_ostream &out);
/// The same, with the edits as Clang's -fdiagnostics-parseable-fixits writes them.
void printFixits(const Report &report, llvm::raw_ostream &out);
/// docs/findings.schema.json describes it.
void printJson(const Report &report, llvm::raw_ostream &out);
/// What clang-apply-replacements reads.
void printFixes(const Report &report, llvm::raw_ostream &out);
/// SARIF 2.1.0; docs/sarif.schema.json describes the part of it that is used.
void printSarif(const Report &report, llvm::raw_ostream &out);
/// Workflow commands of GitHub Actions.
void printGithub(const Report &report, llvm::raw_ostream &out);
void printJunit(const Report &report, llvm::raw_ostream &out);
void printMarkdown(const Report &report, llvm::raw_ostream &out);

/// What is to be done about a finding, or why it is as it is.
std::string noteOf(const RunResult &result, const Finding &finding);

/// One thing that formats for programs say; findings in generated code are one
/// for each file.
struct Remark {
  std::string rule;
  std::string file; ///< as a person would type it; empty for none
  unsigned line = 0, column = 0, endColumn = 0; ///< in characters; 0: not known
  std::string message, note;
  bool isLeft = false;              ///< counts for the exit code
  const Finding *finding = nullptr; ///< null for what is no finding
};
std::vector<Remark> remarksOf(const Report &report);

/// The composed edits of a run by the finding that each is of; where one is of
/// several, by the first of them.
class EditsOfFindings {
public:
  explicit EditsOfFindings(const RunResult &result);
  using Edit = std::pair<llvm::StringRef, const TextEdit *>; ///< file, edit
  llvm::ArrayRef<Edit> of(const Finding &finding) const;

private:
  std::map<const Finding *, std::vector<Edit>> edits;
};

/// Texts may hold any bytes; a report is UTF-8.
std::string utf8(llvm::StringRef text);

/// How many characters a text has, for columns of editors and web pages.
unsigned charactersIn(llvm::StringRef text);

/// A path as a person would type it: relative to the current folder.
std::string shortPath(llvm::StringRef path);

} // namespace abi3ify
