#include "abi3ify/report.h"

using namespace llvm;

namespace abi3ify {
namespace {

/// Data of a workflow command; properties end at a colon or comma, too.
std::string escaped(StringRef text, bool isProperty) {
  std::string result;
  for (char c : text)
    if (c == '%')
      result += "%25";
    else if (c == '\r')
      result += "%0D";
    else if (c == '\n')
      result += "%0A";
    else if (isProperty && c == ':')
      result += "%3A";
    else if (isProperty && c == ',')
      result += "%2C";
    else
      result += c;
  return result;
}

} // namespace

void printGithub(const Report &report, raw_ostream &out) {
  for (const Remark &remark : remarksOf(report)) {
    if (remark.finding && (remark.finding->state == State::Suppressed ||
                           remark.finding->state == State::Baselined ||
                           remark.finding->state == State::Fixed))
      continue;
    out << (remark.isLeft ? "::error" : "::notice") << " file=" << escaped(remark.file, true);
    if (remark.line)
      out << ",line=" << remark.line;
    if (remark.column)
      out << ",col=" << remark.column << ",endColumn=" << remark.endColumn;
    out << ",title=" << escaped("abi3ify: " + remark.rule, true)
        << "::" << escaped(remark.message, false);
    if (!remark.note.empty())
      out << "%0A" << escaped(remark.note, false);
    out << "\n";
  }
  for (const SourceError &error : report.result.errors)
    out << "::error file=" << escaped(utf8(shortPath(error.file)), true)
        << ",title=abi3ify::" << escaped(utf8(error.message), false) << "\n";
}

} // namespace abi3ify
