#include "abi3ify/baseline.h"
#include "abi3ify/project.h"
#include "abi3ify/report.h"
#include "abi3ify/write.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/xxhash.h"

using namespace llvm;

namespace abi3ify {
namespace {

/// A longer line is known by its beginning and a checksum.
constexpr size_t LongLine = 200;

/// The physical line of an offset with its blanks made single, so that a new
/// indentation does not make a use new.
std::string lineOf(StringRef text, size_t offset) {
  size_t begin = text.rfind('\n', offset);
  StringRef line = text.substr(begin == StringRef::npos ? 0 : begin + 1).split('\n').first;
  std::string single;
  SmallVector<StringRef, 16> words;
  SplitString(line, words, " \t\r\f\v");
  for (StringRef word : words)
    single += (single.empty() ? "" : " ") + word.str();
  if (single.size() > LongLine)
    single = utf8(StringRef(single).take_front(LongLine)) +
             formatv(" #{0:x-16}", xxh3_64bits(single)).str();
  return utf8(single);
}

/// From a folder to a file, over ".." where it lies elsewhere.
std::string relativeTo(StringRef folder, StringRef file) {
  auto from = sys::path::begin(folder), fromEnd = sys::path::end(folder);
  auto to = sys::path::begin(file), toEnd = sys::path::end(file);
  while (from != fromEnd && to != toEnd && *from == *to)
    ++from, ++to;
  SmallString<256> path;
  for (; from != fromEnd; ++from)
    sys::path::append(path, "..");
  for (; to != toEnd; ++to)
    sys::path::append(path, *to);
  return path.str().str();
}

constexpr StringRef Remedy = "; repair it, or write it anew with 'abi3ify check --write-baseline'";

/// The place that LLVM's parser puts in front: "[line:column, byte=N]: ".
Error notJson(const std::string &path, const std::string &message) {
  unsigned line = 0, column = 0;
  StringRef rest = message;
  if (rest.consume_front("[") && !rest.consumeInteger(10, line) && rest.consume_front(":") &&
      !rest.consumeInteger(10, column))
    return createStringError(path + ":" + Twine(line) + ":" + Twine(column) +
                             ": not valid JSON: " + rest.split("]: ").second + Remedy);
  return createStringError(path + ": not valid JSON: " + message + Remedy);
}

} // namespace

std::string Baseline::nameOf(const std::string &file) const {
  auto [name, added] = names.try_emplace(file);
  if (added) {
    // The repository may lie elsewhere for whoever runs this next.
    std::string base = repositoryOf(sys::path::parent_path(file));
    if (base.empty())
      base = realPath(sys::path::parent_path(path));
    name->second = utf8(relativeTo(base, file));
  }
  return name->second;
}

BaselineKey Baseline::keyOf(const Finding &finding, const Texts &originals) const {
  auto text = originals.find(finding.file);
  return {nameOf(finding.file), finding.rule, utf8(finding.symbol),
          text == originals.end() ? std::string()
                                  : lineOf(text->second, finding.range.begin)};
}

Expected<Baseline> readBaseline(const std::string &path) {
  auto buffer = MemoryBuffer::getFile(path);
  if (!buffer)
    return createStringError("cannot read the baseline " + path + ": " +
                             buffer.getError().message() +
                             "; 'abi3ify check --write-baseline' makes one");
  auto json = json::parse((*buffer)->getBuffer());
  if (!json)
    return notJson(path, toString(json.takeError()));
  Baseline baseline;
  baseline.path = path;
  const json::Object *document = json->getAsObject();
  auto version = document ? document->getInteger("version") : std::nullopt;
  const json::Array *entries = document ? document->getArray("entries") : nullptr;
  if (!version || !entries)
    return createStringError(path + ": not a baseline: it needs 'version' and 'entries'" + Remedy);
  if (*version != 1)
    return createStringError(path + ": a baseline of version " + Twine(*version) +
                             ", of which this abi3ify knows only version 1");
  baseline.target = document->getString("target").value_or("").str();
  for (size_t i = 0; i < entries->size(); ++i) {
    const json::Object *entry = (*entries)[i].getAsObject();
    BaselineKey key;
    for (auto [name, text] : {std::pair("file", &key.file), std::pair("rule", &key.rule),
                              std::pair("symbol", &key.symbol), std::pair("line", &key.line)}) {
      auto value = entry ? entry->getString(name) : std::nullopt;
      if (!value)
        return createStringError(path + ": entry " + Twine(i + 1) + " has no text '" + name +
                                 "'" + Remedy);
      *text = value->str();
    }
    auto count = entry->getInteger("count");
    if (!count || *count < 1 || *count > std::numeric_limits<int>::max())
      return createStringError(path + ": entry " + Twine(i + 1) +
                               " has no 'count' from 1 on" + Remedy);
    // Twice the same is what a merge of two branches leaves: no more pass by it.
    unsigned &known = baseline.entries[key];
    known = std::max(known, unsigned(*count));
  }
  return baseline;
}

Error writeBaseline(const Baseline &baseline) {
  std::string text;
  raw_string_ostream out(text);
  out << "{\n  \"version\": 1,\n  \"target\": " << json::Value(baseline.target)
      << ",\n  \"entries\": [";
  // One line an entry, sorted: a difference of versions reads well and merges.
  const char *comma = "\n";
  for (const auto &[key, count] : baseline.entries) {
    out << comma << "    {\"file\": " << json::Value(key.file) << ", \"rule\": "
        << json::Value(key.rule) << ", \"symbol\": " << json::Value(key.symbol)
        << ", \"line\": " << json::Value(key.line) << ", \"count\": " << count << "}";
    comma = ",\n";
  }
  out << (baseline.entries.empty() ? "]\n}\n" : "\n  ]\n}\n");
  return replaceFile(baseline.path, text);
}

void BaselineFilter::apply(std::vector<Finding> &findings) {
  std::vector<Finding *> inOrder;
  for (Finding &finding : findings)
    if (!is_contained({State::Fixed, State::Advice, State::Suppressed, State::Baselined},
                      finding.state))
      inOrder.push_back(&finding);
  // Of more uses than the baseline has, the last ones are new.
  sort(inOrder, [](const Finding *a, const Finding *b) {
    return std::tie(a->file, a->range, a->rule) < std::tie(b->file, b->range, b->rule);
  });
  for (Finding *finding : inOrder) {
    auto entry = left.find(baseline.keyOf(*finding, originals));
    if (entry == left.end())
      continue;
    finding->state = State::Baselined;
    if (!--entry->second)
      left.erase(entry);
  }
}

} // namespace abi3ify
