// The command cache: where results are kept, how much they take; and away with them.
#include "abi3ify/cache.h"
#include "abi3ify/command.h"

using namespace llvm;

namespace abi3ify {

static std::string describe(Cache::Size size) {
  return std::to_string(size.entries) + (size.entries == 1 ? " result, " : " results, ") +
         std::to_string((size.bytes + 1023) / 1024) + " KiB";
}

int cacheCommand(StringRef action) {
  if (!action.empty() && action != "clear")
    return fail("cache takes 'clear' or nothing, not '" + action + "'");
  std::string folder = Cache::usersFolder();
  if (folder.empty())
    return fail("there is no place for a cache: neither XDG_CACHE_HOME nor HOME is an absolute path");
  auto size = action.empty() ? Cache::sizeOf(folder) : Cache::clear(folder);
  if (!size)
    return fail(size.takeError());
  outs() << folder << ": " << describe(*size) << (action.empty() ? "" : " removed") << "\n";
  return Clean;
}

} // namespace abi3ify
