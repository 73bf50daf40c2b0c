#include "abi3ify/kept-headers.h"
#include "abi3ify/archived-types.h"
#include "abi3ify/stages.h"

using namespace llvm;

namespace abi3ify {

ABI3IFY_FIELDS(NameList, text)
ABI3IFY_FIELDS(IncludeDirective, from, to, name, angled, offset, depth)
ABI3IFY_FIELDS(PrecompiledHeader::Include, to, within)

/// What the disk has told lies beside it, and its bytes behind it.
template <OneOf<PrecompiledHeader> T> auto fieldsOf(T &header) {
  auto &[memory, path, bytes, includes, definitions, names, undefined, files, systemFolders, parse, disk] = header;
  return std::tie(memory, path, includes, definitions, names, undefined, files, systemFolders, parse);
}

namespace {

enum class Kind { Wanted, Useless, Header };

/// One header must not drive out all else.
constexpr uint64_t MostBytes = Cache::MostBytes / 8;

std::string keyFor(StringRef what, StringRef key) {
  ArchiveWriter out;
  out.write(what);
  out.write(commonKey());
  out.write(key);
  return std::move(out.bytes);
}

std::string headerKey(StringRef key) { return keyFor("precompiled", key); }

std::string refusalKey(StringRef key, StringRef source) {
  return keyFor("not precompiled", key) + source.str();
}

} // namespace

KeptHeaders::Known KeptHeaders::load(StringRef key, const std::string &directory) {
  Stage stage("loading a precompiled header");
  Known known;
  auto bytes = units ? units->store()->load(headerKey(key)) : std::nullopt;
  if (!bytes)
    return known;
  known.wanted = true;
  ArchiveReader in(*bytes);
  Kind kind;
  std::vector<FileFact> facts;
  in.read(kind);
  in.read(facts);
  DiskState &disk = units->diskState();
  if (kind == Kind::Wanted || !disk.agrees(facts))
    return known;
  if (kind == Kind::Useless) {
    known.useless = in.finished();
    return known;
  }
  auto header = std::make_unique<PrecompiledHeader>();
  in.read(*header);
  size_t behind = in.left().size();
  if (!behind)
    return known;
  header->disk = makeIntrusiveRefCnt<RememberingFileSystem>(disk, directory);
  header->disk->add(facts);
  bytes->erase(0, bytes->size() - behind);
  header->bytes = std::move(*bytes);
  known.header = std::move(header);
  return known;
}

void KeptHeaders::noteWanted(StringRef key) {
  if (!units)
    return;
  ArchiveWriter out;
  out.write(Kind::Wanted);
  out.write(std::vector<FileFact>());
  units->store()->store(headerKey(key), out.bytes);
}

void KeptHeaders::store(StringRef key, const PrecompiledHeader &header, bool useful) {
  if (!units || header.disk->readTime)
    return;
  auto bytesOf = [&](Kind kind) {
    ArchiveWriter out;
    out.write(kind);
    out.write(header.disk->facts());
    if (kind == Kind::Header) {
      out.write(header);
      out.bytes += header.bytes;
    }
    return std::move(out.bytes);
  };
  std::string bytes = bytesOf(useful ? Kind::Header : Kind::Useless);
  if (bytes.size() > MostBytes)
    bytes = bytesOf(Kind::Useless);
  units->store()->store(headerKey(key), bytes);
}

bool KeptHeaders::isRefused(StringRef key, StringRef source) {
  return units && units->store()->load(refusalKey(key, source));
}

void KeptHeaders::refuse(StringRef key, StringRef source) {
  if (units)
    units->store()->store(refusalKey(key, source), "");
}

} // namespace abi3ify
