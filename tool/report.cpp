#include "abi3ify/report.h"
#include "abi3ify/build-report.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"

using namespace llvm;

namespace abi3ify {

ArrayRef<ReportFormat> reportFormats() {
  static constexpr ReportFormat Formats[] = {
      {"text", "for a person, in a terminal", printText},
      {"json", "all there is to know; docs/findings.schema.json", printJson},
      {"sarif", "SARIF 2.1.0, with fixes", printSarif},
      {"github", "annotations of GitHub Actions", printGithub},
      {"junit", "a test report: a test for each finding", printJunit},
      {"markdown", "a table, for a comment", printMarkdown},
      {"fixes", "YAML for clang-apply-replacements", printFixes, true},
      {"fixits", "text, with the edits as Clang's parseable fix-its", printFixits, true},
  };
  return Formats;
}

const ReportFormat *findReportFormat(StringRef name) {
  auto *found = find_if(reportFormats(), [&](const ReportFormat &each) { return each.name == name; });
  return found == reportFormats().end() ? nullptr : found;
}

std::string utf8(StringRef text) { return json::isUTF8(text) ? text.str() : json::fixUTF8(text); }

unsigned charactersIn(StringRef text) {
  // All bytes of a character but the first begin with the bits 10.
  return count_if(utf8(text), [](char c) { return (c & 0xC0) != 0x80; });
}

std::string shortPath(StringRef path) {
  SmallString<256> current;
  if (sys::fs::current_path(current))
    return path.str();
  std::string here = realPath(current) + "/";
  return path.starts_with(here) ? path.drop_front(here.size()).str() : path.str();
}

bool isLeft(const Finding &finding, FailOn failOn) {
  switch (finding.state) {
  case State::Fixed:
  case State::Advice:
  case State::Baselined:
  case State::Suppressed: return false;
  case State::Fixable:
    return finding.safety == Safety::Safe || failOn >= FailOn::Review;
  case State::Failed:
  case State::Manual: return failOn >= FailOn::Manual;
  case State::Unseen:
  case State::Generated: return failOn == FailOn::Any;
  }
  llvm_unreachable("unknown state");
}

size_t countRemaining(const RunResult &result, FailOn failOn) {
  // A suppression or an entry of the baseline that stands for nothing would let
  // a new use in: the ratchet would have slipped.
  size_t others = result.complaints.size() + result.stale.size() +
                  (failOn >= FailOn::Manual && leavesBuildSettings(result));
  return others + count_if(result.findings, [&](const Finding &finding) {
           return isLeft(finding, failOn);
         });
}

} // namespace abi3ify
