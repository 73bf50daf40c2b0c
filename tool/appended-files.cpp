#include "abi3ify/appended-files.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace llvm;

namespace abi3ify {
namespace {

class LongerFile : public vfs::File {
public:
  LongerFile(vfs::Status known, std::string text) : known(std::move(known)), text(std::move(text)) {}
  ErrorOr<vfs::Status> status() override { return known; }
  ErrorOr<std::unique_ptr<MemoryBuffer>> getBuffer(const Twine &name, int64_t, bool, bool) override {
    return MemoryBuffer::getMemBufferCopy(text, name);
  }
  std::error_code close() override { return {}; }

private:
  vfs::Status known;
  std::string text;
};

class AppendingFileSystem : public vfs::ProxyFileSystem {
public:
  AppendingFileSystem(IntrusiveRefCntPtr<vfs::FileSystem> files, const Appendices &appendices)
      : ProxyFileSystem(std::move(files)), appendices(appendices) {}

  // The size that is asked for must be the size that is read.
  ErrorOr<vfs::Status> status(const Twine &path) override {
    auto known = ProxyFileSystem::status(path);
    const std::string *extra = extraOf(path);
    return known && extra ? vfs::Status::copyWithNewSize(*known, known->getSize() + 1 + extra->size())
                          : known;
  }

  ErrorOr<std::unique_ptr<vfs::File>> openFileForRead(const Twine &path) override {
    const std::string *extra = extraOf(path);
    auto file = ProxyFileSystem::openFileForRead(path);
    if (!extra || !file)
      return file;
    auto buffer = (*file)->getBuffer(path);
    auto known = status(path);
    if (!buffer || !known)
      return buffer ? known.getError() : buffer.getError();
    return std::make_unique<LongerFile>(*known, ((*buffer)->getBuffer() + "\n" + *extra).str());
  }

private:
  const std::string *extraOf(const Twine &path) const {
    SmallString<128> storage;
    StringRef spelled = path.toStringRef(storage);
    for (const auto &[end, text] : appendices)
      if (endsWithPath(spelled, end))
        return &text;
    return nullptr;
  }

  const Appendices &appendices;
};

} // namespace

bool endsWithPath(StringRef path, StringRef end) {
  return path.consume_back(end) && (path.empty() || path.ends_with("/"));
}

IntrusiveRefCntPtr<vfs::FileSystem> withAppendices(IntrusiveRefCntPtr<vfs::FileSystem> files,
                                                   const Appendices &appendices) {
  if (appendices.empty())
    return files;
  return makeIntrusiveRefCnt<AppendingFileSystem>(std::move(files), appendices);
}

} // namespace abi3ify
