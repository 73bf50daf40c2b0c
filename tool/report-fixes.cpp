#include "abi3ify/report.h"
#include "clang/Tooling/DiagnosticsYaml.h"
#include "llvm/Support/FileSystem.h"

namespace tooling = clang::tooling;
using namespace llvm;

namespace abi3ify {

void printFixes(const Report &report, raw_ostream &out) {
  EditsOfFindings edits(report.result);
  SmallString<256> folder;
  sys::fs::current_path(folder);
  tooling::TranslationUnitDiagnostics document;
  for (const Remark &remark : remarksOf(report)) {
    if (!remark.finding)
      continue;
    const Finding &finding = *remark.finding;
    tooling::DiagnosticMessage message(remark.message + (remark.note.empty() ? "" : "; " + remark.note));
    message.FilePath = finding.file;
    message.FileOffset = finding.range.begin;
    for (auto [file, edit] : edits.of(finding))
      cantFail(message.Fix[file].add(
          tooling::Replacement(file, edit->range.begin, edit->range.size(), edit->text)));
    document.Diagnostics.emplace_back(
        remark.rule, message, SmallVector<tooling::DiagnosticMessage, 1>(),
        remark.isLeft ? tooling::Diagnostic::Warning : tooling::Diagnostic::Remark, folder);
  }
  yaml::Output yaml(out);
  yaml << document;
}

} // namespace abi3ify
