#include "abi3ify/cache.h"
#include "abi3ify/file-facts.h"
#include "abi3ify/project.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/BLAKE3.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include <cstdlib>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace llvm;

namespace abi3ify {
namespace {

/// A file that is being written has an ending besides.
constexpr StringLiteral EntryPrefix = "unit-", NewSuffix = ".new";
constexpr size_t DigestSize = 32;

struct EntryFile {
  std::string path;
  uint64_t bytes;
  sys::TimePoint<> used;
};

/// The linker's digest of a loaded file; empty if it wrote none.
std::string buildIdOf(const dl_phdr_info &object) {
  for (unsigned i = 0; i < object.dlpi_phnum; ++i) {
    const auto &header = object.dlpi_phdr[i];
    if (header.p_type != PT_NOTE)
      continue;
    StringRef notes(reinterpret_cast<const char *>(object.dlpi_addr + header.p_vaddr),
                    header.p_memsz);
    while (notes.size() >= sizeof(ElfW(Nhdr))) {
      ElfW(Nhdr) note;
      std::memcpy(&note, notes.data(), sizeof(note));
      size_t name = alignTo(note.n_namesz, 4), whole = sizeof(note) + name + note.n_descsz;
      if (notes.size() < whole)
        break;
      if (note.n_type == NT_GNU_BUILD_ID && notes.substr(sizeof(note), 3) == "GNU")
        return notes.substr(sizeof(note) + name, note.n_descsz).str();
      notes = notes.drop_front(std::min<size_t>(notes.size(), sizeof(note) + name + alignTo(note.n_descsz, 4)));
    }
  }
  return {};
}

int addObject(dl_phdr_info *object, size_t, void *data) {
  auto &all = *static_cast<std::string *>(data);
  StringRef name = object->dlpi_name;
  std::string id = buildIdOf(*object);
  if (id.empty() && !name.starts_with("linux-vdso")) {
    auto buffer = MemoryBuffer::getFile(name.empty() ? "/proc/self/exe" : name, /*IsText=*/false,
                                        /*RequiresNullTerminator=*/false);
    id = buffer ? digestOf((*buffer)->getBuffer()) : "";
  }
  all += sys::path::filename(name).str() + '\0' + id + '\0';
  return 0;
}

/// A folder that only this user may write to.
bool isOurs(const std::string &folder) {
  struct stat status;
  return !stat(folder.c_str(), &status) && S_ISDIR(status.st_mode) &&
         status.st_uid == geteuid() && !(status.st_mode & (S_IWGRP | S_IWOTH));
}

Expected<std::vector<EntryFile>> entriesIn(const std::string &folder) {
  std::vector<EntryFile> list;
  std::error_code code;
  for (sys::fs::directory_iterator it(folder, code), end; it != end && !code; it.increment(code)) {
    // What is gone by now, another run has removed.
    auto status = it->status();
    if (status && sys::path::filename(it->path()).starts_with(EntryPrefix))
      list.push_back({it->path(), status->getSize(), status->getLastModificationTime()});
  }
  if (code && code != std::errc::no_such_file_or_directory)
    return createStringError("cannot read the cache in " + folder + ": " + code.message());
  return list;
}

/// What is not used for long goes first when there is too much.
void noteUse(const std::string &file) {
  struct stat status;
  if (!stat(file.c_str(), &status) && time(nullptr) - status.st_mtime > 60 * 60 * 24)
    utimensat(AT_FDCWD, file.c_str(), nullptr, 0);
}

/// Not mapped: a page that somebody cuts off would end the program.
std::optional<std::string> readWhole(const std::string &path) {
  auto file = sys::fs::openNativeFileForRead(path);
  if (!file) {
    consumeError(file.takeError());
    return std::nullopt;
  }
  std::string text;
  sys::fs::file_status status;
  bool good = !sys::fs::status(*file, status);
  text.resize(good ? status.getSize() : 0);
  for (size_t done = 0; good && done < text.size();) {
    auto count = sys::fs::readNativeFile(*file, {text.data() + done, text.size() - done});
    good = count && *count;
    done += good ? *count : 0;
    if (!count)
      consumeError(count.takeError());
  }
  sys::fs::closeFile(*file);
  return good ? std::optional(std::move(text)) : std::nullopt;
}

/// What an entry begins with.
std::string seal(StringRef key, StringRef bytes) {
  BLAKE3 hasher;
  hasher.update(digestOf(key));
  hasher.update(bytes);
  auto digest = hasher.final<DigestSize>();
  return std::string(digest.begin(), digest.end());
}

uint64_t bytesOf(ArrayRef<EntryFile> entries) {
  uint64_t bytes = 0;
  for (const EntryFile &entry : entries)
    bytes += entry.bytes;
  return bytes;
}

} // namespace

const std::string &programIdentity() {
  static const std::string identity = [] {
    std::string all = ABI3IFY_VERSION;
    dl_iterate_phdr(addObject, &all);
    return digestOf(all);
  }();
  return identity;
}

std::string Cache::usersFolder() {
  const char *cache = std::getenv("XDG_CACHE_HOME"), *home = std::getenv("HOME");
  std::string base;
  if (cache && sys::path::is_absolute(cache))
    base = cache;
  else if (home && sys::path::is_absolute(home))
    base = inFolder(home, ".cache");
  return base.empty() ? "" : inFolder(inFolder(base, "abi3ify"), "results");
}

std::unique_ptr<Cache> Cache::openUsers() {
  std::string folder = usersFolder();
  if (folder.empty() ||
      (!sys::fs::exists(folder) &&
       sys::fs::create_directories(folder, /*IgnoreExisting=*/true, sys::fs::owner_all)) ||
      !isOurs(folder))
    return nullptr;
  return std::make_unique<Cache>(folder);
}

Cache::~Cache() {
  if (!stored)
    return;
  auto entries = entriesIn(folder);
  if (!entries) {
    consumeError(entries.takeError());
    return;
  }
  uint64_t bytes = bytesOf(*entries);
  auto now = std::chrono::system_clock::now();
  sort(*entries, [](const EntryFile &a, const EntryFile &b) { return a.used < b.used; });
  // Not every run should have to do this.
  uint64_t most = bytes > mostBytes ? mostBytes / 4 * 3 : mostBytes;
  for (const EntryFile &entry : *entries) {
    // A run that was killed has left it.
    bool abandoned =
        StringRef(entry.path).ends_with(NewSuffix) && now - entry.used > std::chrono::hours(1);
    if ((bytes > most || abandoned) && !sys::fs::remove(entry.path))
      bytes -= entry.bytes;
  }
}

std::string Cache::fileOf(StringRef key) const {
  return inFolder(folder, (EntryPrefix + toHex(digestOf(key), /*LowerCase=*/true)).str());
}

std::optional<std::string> Cache::load(StringRef key) {
  std::string file = fileOf(key);
  auto entry = readWhole(file);
  if (!entry || entry->size() < DigestSize ||
      StringRef(*entry).take_front(DigestSize) != seal(key, StringRef(*entry).drop_front(DigestSize)))
    return std::nullopt;
  noteUse(file);
  entry->erase(0, DigestSize);
  return entry;
}

void Cache::store(StringRef key, StringRef bytes) {
  std::string file = fileOf(key);
  auto made = sys::fs::TempFile::create(folder + "/" + EntryPrefix + "%%%%%%%%" + NewSuffix);
  if (!made)
    return consumeError(made.takeError());
  raw_fd_ostream out(made->FD, /*shouldClose=*/false, /*unbuffered=*/true);
  out << seal(key, bytes) << bytes;
  bool failed = out.has_error();
  out.clear_error();
  consumeError(failed ? made->discard() : made->keep(file));
  stored = stored || !failed;
}

Expected<Cache::Size> Cache::sizeOf(const std::string &folder) {
  auto entries = entriesIn(folder);
  if (!entries)
    return entries.takeError();
  return Size{entries->size(), bytesOf(*entries)};
}

Expected<Cache::Size> Cache::clear(const std::string &folder) {
  auto entries = entriesIn(folder);
  if (!entries)
    return entries.takeError();
  for (const EntryFile &entry : *entries)
    if (std::error_code code = sys::fs::remove(entry.path))
      return createStringError("cannot remove " + entry.path + ": " + code.message());
  return Size{entries->size(), bytesOf(*entries)};
}

} // namespace abi3ify
