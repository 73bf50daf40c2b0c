#include "abi3ify/write.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace llvm;

namespace abi3ify {
namespace {

struct Entry {
  std::string target, temporary;
};

std::string temporaryFor(const std::string &target) {
  SmallString<256> path(sys::path::parent_path(target));
  sys::path::append(path, "." + sys::path::filename(target) + ".abi3ify-new");
  return path.str().str();
}

std::string journalPath(const std::string &root) {
  SmallString<256> path(root);
  sys::path::append(path, JournalName);
  return path.str().str();
}

/// Writes a whole new file and waits until it is on the disk.
Error writeWhole(const std::string &path, StringRef text, unsigned permissions) {
  // What lies there is left over, or a link that must not be followed.
  sys::fs::remove(path);
  int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, permissions);
  if (descriptor < 0)
    return createStringError("cannot write " + path + ": " + errnoAsErrorCode().message());
  while (!text.empty()) {
    ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0) {
      std::error_code code = errnoAsErrorCode();
      ::close(descriptor);
      return createStringError("cannot write " + path + ": " + code.message());
    }
    text = text.drop_front(written);
  }
  // The mask of the process must not take away what the old file allowed.
  bool failed = ::fchmod(descriptor, permissions) || ::fsync(descriptor);
  std::error_code code = errnoAsErrorCode();
  if (::close(descriptor) || failed)
    return createStringError("cannot write " + path + ": " + code.message());
  return Error::success();
}

Error writeJournal(const std::string &root, StringRef state, ArrayRef<Entry> entries) {
  json::Array list;
  for (const Entry &entry : entries)
    list.push_back(json::Object{{"target", entry.target}, {"temporary", entry.temporary}});
  json::Value journal = json::Object{{"state", state}, {"files", std::move(list)}};
  std::string text;
  raw_string_ostream(text) << journal << "\n";
  std::string path = journalPath(root), next = path + ".new";
  if (Error error = writeWhole(next, text, 0644)) {
    sys::fs::remove(next);
    return error;
  }
  if (std::error_code code = sys::fs::rename(next, path))
    return createStringError("cannot write " + path + ": " + code.message());
  return Error::success();
}

void takeBack(const std::string &root, ArrayRef<Entry> entries) {
  for (const Entry &entry : entries)
    sys::fs::remove(entry.temporary);
  sys::fs::remove(journalPath(root) + ".new");
  sys::fs::remove(journalPath(root));
}

Error finish(const std::string &root, ArrayRef<Entry> entries) {
  for (const Entry &entry : entries)
    if (sys::fs::exists(entry.temporary))
      if (std::error_code code = sys::fs::rename(entry.temporary, entry.target))
        return createStringError("cannot replace " + entry.target + ": " + code.message() +
                                 "; run the command again to finish");
  sys::fs::remove(journalPath(root));
  return Error::success();
}

} // namespace

Error writeFiles(const std::string &root, const Texts &texts) {
  std::vector<Entry> entries;
  std::vector<unsigned> permissions;
  for (const auto &[file, text] : texts) {
    sys::fs::file_status status;
    if (std::error_code code = sys::fs::status(file, status))
      return createStringError(file + ": " + code.message() + "; nothing was written");
    if (!(status.permissions() & sys::fs::owner_write))
      return createStringError(file + " is read-only; make it writable (chmod u+w) or leave it "
                                      "out; nothing was written");
    entries.push_back({file, temporaryFor(file)});
    permissions.push_back(status.permissions());
  }
  if (entries.empty())
    return Error::success();
  auto fail = [&](Error error) {
    takeBack(root, entries);
    return createStringError(toString(std::move(error)) +
                             "; no source was changed: mend the cause and run again");
  };
  if (Error error = writeJournal(root, "preparing", entries))
    return fail(std::move(error));
  size_t i = 0;
  for (const auto &[file, text] : texts) {
    if (Error error = writeWhole(entries[i].temporary, text, permissions[i]))
      return fail(std::move(error));
    ++i;
  }
  if (Error error = writeJournal(root, "ready", entries))
    return fail(std::move(error));
  return finish(root, entries);
}

Error replaceFile(const std::string &path, StringRef text) {
  std::string target = realPath(path);
  sys::fs::file_status status;
  unsigned permissions = sys::fs::status(target, status) ? 0666 & ~sys::fs::getUmask()
                                                         : unsigned(status.permissions());
  if (!(permissions & sys::fs::owner_write))
    return createStringError("cannot write " + path + ": it is read-only");
  Error error = writeWhole(temporaryFor(target), text, permissions);
  if (!error)
    if (std::error_code code = sys::fs::rename(temporaryFor(target), target))
      error = createStringError("cannot replace " + path + ": " + code.message());
  if (error)
    sys::fs::remove(temporaryFor(target));
  return error;
}

Expected<std::string> settleJournal(const std::string &root) {
  std::string path = journalPath(root);
  auto buffer = MemoryBuffer::getFile(path);
  if (!buffer)
    return "";
  auto journal = json::parse((*buffer)->getBuffer());
  const json::Object *object = journal ? journal->getAsObject() : nullptr;
  const json::Array *list = object ? object->getArray("files") : nullptr;
  if (!list) {
    if (!journal)
      consumeError(journal.takeError());
    return createStringError(path + " is left from an interrupted run but cannot be read; "
                                    "look for files named '.*.abi3ify-new' beside the "
                                    "sources, delete them and it, and compare the sources with "
                                    "version control");
  }
  std::vector<Entry> entries;
  for (const json::Value &value : *list)
    if (const json::Object *entry = value.getAsObject()) {
      Entry parsed{entry->getString("target").value_or("").str(),
                   entry->getString("temporary").value_or("").str()};
      // A journal is only a text in the repository: it may name nothing but
      // our own temporary files below its folder.
      if (parsed.temporary != temporaryFor(parsed.target) ||
          !StringRef(realPath(parsed.target)).starts_with(realPath(root) + "/"))
        return createStringError(path + " names files that no run of abi3ify writes; delete it");
      entries.push_back(parsed);
    }
  if (object->getString("state") == StringRef("ready")) {
    if (Error error = finish(root, entries))
      return std::move(error);
    return "finished the interrupted run that left " + path;
  }
  takeBack(root, entries);
  return "took back the interrupted run that left " + path;
}

} // namespace abi3ify
