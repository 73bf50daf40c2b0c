#include "abi3ify/report.h"

using namespace llvm;

namespace abi3ify {
namespace {

/// The text of a table's cell.
std::string cell(StringRef text) {
  std::string result;
  for (char c : text)
    if (c == '\n')
      result += "<br>";
    else if (c == '<')
      result += "&lt;";
    else if (StringRef("|*_`\\[").contains(c))
      (result += '\\') += c;
    else
      result += c;
  return result;
}

} // namespace

void printMarkdown(const Report &report, raw_ostream &out) {
  std::vector<Remark> remarks = remarksOf(report);
  size_t left = countRemaining(report.result, report.failOn);
  out << "### abi3ify " << report.floor.str() << ": "
      << (left ? std::to_string(left) + (left == 1 ? " use" : " uses") + " to look at"
               : std::string("nothing left"))
      << "\n";
  for (const SourceError &error : report.result.errors)
    out << "\nNot read: " << cell(utf8(shortPath(error.file))) << ": " << cell(utf8(error.message))
        << "\n";
  if (remarks.empty())
    return;
  out << "\n| place | rule | state | what | then |\n| --- | --- | --- | --- | --- |\n";
  for (const Remark &remark : remarks) {
    out << "| " << cell(remark.file);
    if (remark.line)
      out << ":" << remark.line;
    std::string state;
    if (remark.finding) {
      state = name(remark.finding->state).str();
      if (remark.finding->state == State::Fixable)
        state += ", " + name(remark.finding->safety).str();
    }
    out << " | " << cell(remark.rule) << " | " << state << " | " << cell(remark.message) << " | "
        << cell(remark.note) << " |\n";
  }
}

} // namespace abi3ify
