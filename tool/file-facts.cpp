#include "abi3ify/file-facts.h"
#include "abi3ify/project.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/BLAKE3.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace llvm;

namespace abi3ify {
namespace {

/// What a unit may print of the clock makes its result one of that moment.
constexpr StringLiteral TimeMacros[] = {"__DATE__", "__TIME__", "__TIMESTAMP__"};

int numberOf(const ErrorOr<vfs::Status> &status) {
  return status ? int(status->getType()) : FileFact::ErrorBase + status.getError().value();
}

std::string listingOf(vfs::directory_iterator it, std::error_code code) {
  if (code)
    return "error " + std::to_string(code.value());
  std::vector<std::string> names;
  for (vfs::directory_iterator end; it != end && !code; it.increment(code))
    names.push_back(it->path().str() + " " + std::to_string(int(it->type())));
  sort(names);
  std::string all;
  for (const std::string &name : names)
    all += name + '\0';
  return digestOf(all);
}

std::string realOf(StringRef path) {
  SmallString<256> real;
  std::error_code code = sys::fs::real_path(path, real);
  return code ? "error " + std::to_string(code.value()) : real.str().str();
}

class RememberingFile : public vfs::File {
public:
  RememberingFile(RememberingFileSystem &files, std::string path, std::unique_ptr<vfs::File> file)
      : files(files), path(std::move(path)), file(std::move(file)) {}

  ErrorOr<vfs::Status> status() override { return file->status(); }
  ErrorOr<std::string> getName() override { return file->getName(); }
  ErrorOr<std::unique_ptr<MemoryBuffer>> getBuffer(const Twine &name, int64_t size, bool nul,
                                                   bool isVolatile) override {
    auto buffer = file->getBuffer(name, size, nul, isVolatile);
    if (auto status = file->status(); buffer && status)
      files.noteContent(path, file->getName().get(), *status, (*buffer)->getBuffer());
    else
      files.readTime = true; // nothing that can be relied on
    return buffer;
  }
  std::error_code close() override { return file->close(); }

private:
  RememberingFileSystem &files;
  std::string path;
  std::unique_ptr<vfs::File> file;
};

} // namespace

std::string digestOf(StringRef bytes) {
  auto digest = BLAKE3::hash<32>(arrayRefFromStringRef(bytes));
  return std::string(reinterpret_cast<const char *>(digest.data()), digest.size());
}

std::string DiskState::contentDigest(const vfs::Status &status, StringRef bytes) {
  // Two versions of a file may have one time stamp, if they follow each other fast.
  if (std::chrono::system_clock::now() - status.getLastModificationTime() < std::chrono::seconds(2))
    return digestOf(bytes);
  auto key = std::make_tuple(status.getUniqueID(), status.getLastModificationTime(), bytes.size());
  {
    std::lock_guard lock(mutex);
    if (auto found = digests.find(key); found != digests.end())
      return found->second;
  }
  std::string digest = digestOf(bytes);
  std::lock_guard lock(mutex);
  return digests[key] = digest;
}

void DiskState::readContent(StringRef path, Known &now) {
  now.content = "";
  SmallString<256> real;
  auto file = sys::fs::openNativeFileForRead(path, sys::fs::OF_None, &real);
  if (!file)
    return consumeError(file.takeError());
  auto buffer = MemoryBuffer::getOpenFile(*file, path, /*FileSize=*/-1,
                                          /*RequiresNullTerminator=*/false);
  if (buffer) {
    now.content = digestOf((*buffer)->getBuffer());
    now.real = real.str().str();
  }
  sys::fs::closeFile(*file);
}

bool DiskState::agrees(const FileFact &fact, Known &now) {
  if (fact.status != FileFact::NotAsked || !fact.content.empty()) {
    if (!now.status) {
      sys::fs::file_status status;
      std::error_code code = sys::fs::status(fact.path, status);
      now.status = code ? FileFact::ErrorBase + code.value() : int(status.type());
      now.id = status.getUniqueID();
    }
    if (fact.status != FileFact::NotAsked && *now.status != fact.status)
      return false;
  }
  if (!fact.content.empty()) {
    if (!now.content)
      readContent(fact.path, now);
    if (*now.content != fact.content)
      return false;
  }
  if (!fact.listing.empty()) {
    if (!now.listing) {
      std::error_code code;
      auto files = vfs::getRealFileSystem();
      auto it = files->dir_begin(fact.path, code);
      now.listing = listingOf(it, code);
    }
    if (*now.listing != fact.listing)
      return false;
  }
  if (!fact.real.empty()) {
    if (!now.real)
      now.real = realOf(fact.path);
    if (*now.real != fact.real)
      return false;
  }
  return true;
}

bool DiskState::agrees(ArrayRef<FileFact> facts) {
  std::lock_guard lock(mutex);
  std::map<sys::fs::UniqueID, unsigned> first;
  for (auto [number, fact] : enumerate(facts)) {
    Known &now = paths[fact.path];
    if (!agrees(fact, now))
      return false;
    if (!fact.content.empty() &&
        first.try_emplace(now.id, number).first->second != fact.sameAs)
      return false;
  }
  return true;
}

sys::fs::UniqueID DiskState::idOf(StringRef path) {
  std::lock_guard lock(mutex);
  return paths[path].id;
}

RememberingFileSystem::RememberingFileSystem(DiskState &disk, StringRef directory)
    : ProxyFileSystem(vfs::createPhysicalFileSystem()), disk(disk) {
  setCurrentWorkingDirectory(directory);
}

FileFact &RememberingFileSystem::factOf(const Twine &path) {
  SmallString<256> absolute;
  path.toVector(absolute);
  makeAbsolute(absolute);
  FileFact &fact = known[absolute.str().str()];
  fact.path = absolute.str().str();
  return fact;
}

ErrorOr<vfs::Status> RememberingFileSystem::status(const Twine &path) {
  auto status = ProxyFileSystem::status(path);
  factOf(path).status = numberOf(status);
  return status;
}

ErrorOr<std::unique_ptr<vfs::File>> RememberingFileSystem::openFileForRead(const Twine &path) {
  auto file = ProxyFileSystem::openFileForRead(path);
  FileFact &fact = factOf(path);
  if (!file) {
    // A folder opens and then fails, or not at all; its status tells.
    if (fact.status == FileFact::NotAsked)
      fact.status = numberOf(ProxyFileSystem::status(path));
    return file;
  }
  if (fact.status == FileFact::NotAsked)
    fact.status = numberOf((*file)->status());
  return std::make_unique<RememberingFile>(*this, fact.path, std::move(*file));
}

vfs::directory_iterator RememberingFileSystem::dir_begin(const Twine &path, std::error_code &code) {
  std::error_code again;
  auto copy = ProxyFileSystem::dir_begin(path, again);
  FileFact &fact = factOf(path);
  fact.listing = listingOf(copy, again);
  return ProxyFileSystem::dir_begin(path, code);
}

std::error_code RememberingFileSystem::getRealPath(const Twine &path,
                                                   SmallVectorImpl<char> &output) {
  std::error_code code = ProxyFileSystem::getRealPath(path, output);
  factOf(path).real =
      code ? "error " + std::to_string(code.value()) : std::string(output.begin(), output.end());
  return code;
}

void RememberingFileSystem::noteContent(StringRef path, StringRef real, const vfs::Status &status,
                                        StringRef bytes) {
  FileFact &fact = factOf(path);
  std::string digest = disk.contentDigest(status, bytes);
  if (!fact.content.empty() && fact.content != digest)
    readTime = true; // it has changed under our hands
  fact.content = digest;
  fact.real = real.str();
  ids[fact.path] = status.getUniqueID();
  for (StringRef macro : TimeMacros)
    readTime |= bytes.contains(macro);
}

void RememberingFileSystem::add(ArrayRef<FileFact> facts) {
  for (const FileFact &fact : facts) {
    known[fact.path] = fact;
    if (!fact.content.empty())
      ids[fact.path] = disk.idOf(fact.path);
  }
}

void RememberingFileSystem::add(const RememberingFileSystem &other) {
  for (const auto &[path, fact] : other.known) {
    auto [it, added] = known.try_emplace(path, fact);
    if (added)
      continue;
    FileFact &own = it->second;
    if (own.status == FileFact::NotAsked)
      own.status = fact.status;
    readTime |= fact.status != FileFact::NotAsked && own.status != fact.status;
    for (auto part : {&FileFact::content, &FileFact::listing, &FileFact::real}) {
      if ((own.*part).empty())
        own.*part = fact.*part;
      // It has changed since.
      readTime |= !(fact.*part).empty() && own.*part != fact.*part;
    }
  }
  for (const auto &[path, id] : other.ids)
    readTime |= ids.try_emplace(path, id).first->second != id;
  readTime |= other.readTime;
}

std::vector<FileFact> RememberingFileSystem::facts() const {
  std::vector<FileFact> list;
  std::map<sys::fs::UniqueID, unsigned> first;
  for (const auto &[path, fact] : known) {
    list.push_back(fact);
    if (auto id = ids.find(path); id != ids.end())
      list.back().sameAs = first.try_emplace(id->second, list.size() - 1).first->second;
  }
  return list;
}

} // namespace abi3ify
