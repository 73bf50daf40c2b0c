#include "abi3ify/report.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace abi3ify {
namespace {

/// XML has no place for control characters, not even escaped.
std::string escaped(StringRef text) {
  std::string plain, result;
  for (char c : text)
    plain += (unsigned char)c < ' ' && c != '\n' && c != '\t' ? ' ' : c;
  raw_string_ostream stream(result);
  printHTMLEscaped(plain, stream);
  return result;
}

/// A line break in an attribute would be read as a blank.
std::string attribute(StringRef name, StringRef value) {
  std::string text;
  for (char c : escaped(value))
    c == '\n' ? text += "&#10;" : text += c;
  return (" " + name + "=\"" + text + "\"").str();
}

void printCase(const Remark &remark, raw_ostream &out) {
  std::string place = remark.line ? std::to_string(remark.line) : "file";
  if (remark.column)
    place += ":" + std::to_string(remark.column);
  out << "    <testcase" << attribute("classname", remark.file)
      << attribute("name", place + " " + remark.rule) << attribute("file", remark.file);
  if (remark.line)
    out << attribute("line", std::to_string(remark.line));
  bool isSkipped = remark.finding && (remark.finding->state == State::Suppressed ||
                                      remark.finding->state == State::Baselined);
  std::string text = escaped(remark.note);
  if (remark.isLeft)
    out << ">\n      <failure" << attribute("type", remark.rule)
        << attribute("message", remark.message) << ">" << text << "</failure>\n    </testcase>\n";
  else if (isSkipped)
    out << ">\n      <skipped" << attribute("message", remark.note) << "/>\n    </testcase>\n";
  else
    out << ">\n      <system-out>" << escaped(remark.message) << "\n" << text
        << "</system-out>\n    </testcase>\n";
}

} // namespace

void printJunit(const Report &report, raw_ostream &out) {
  std::vector<Remark> remarks = remarksOf(report);
  const auto &errors = report.result.errors;
  size_t failures = count_if(remarks, [](const Remark &remark) { return remark.isLeft; });
  size_t skipped = count_if(remarks, [](const Remark &remark) {
    return !remark.isLeft && remark.finding &&
           (remark.finding->state == State::Suppressed || remark.finding->state == State::Baselined);
  });
  bool isClean = remarks.empty() && errors.empty();
  std::string counts = attribute("tests", std::to_string(remarks.size() + errors.size() + isClean)) +
                       attribute("failures", std::to_string(failures)) +
                       attribute("errors", std::to_string(errors.size())) +
                       attribute("skipped", std::to_string(skipped));
  out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite"
      << attribute("name", "abi3ify " + report.floor.str()) << counts << ">\n";
  for (const Remark &remark : remarks)
    printCase(remark, out);
  for (const SourceError &error : errors) {
    std::string file = utf8(shortPath(error.file));
    out << "    <testcase" << attribute("classname", file) << attribute("name", "read")
        << attribute("file", file) << ">\n      <error" << attribute("message", utf8(error.message))
        << "/>\n    </testcase>\n";
  }
  if (isClean) // a report without a test is taken for one that did not run
    out << "    <testcase" << attribute("classname", "abi3ify") << attribute("name", "no uses")
        << "/>\n";
  out << "  </testsuite>\n</testsuites>\n";
}

} // namespace abi3ify
