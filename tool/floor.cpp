#include "abi3ify/floor.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>

using namespace llvm;

namespace abi3ify {

std::string Floor::limitedApi() const {
  std::string text;
  raw_string_ostream(text) << format("0x03%02X0000", minor);
  return text;
}

std::vector<std::string> Floor::flags() const {
  std::vector<std::string> flags = {"-DPy_LIMITED_API=" + limitedApi()};
  if (abi3t)
    flags.push_back("-DPy_TARGET_ABI3T=" + limitedApi());
  return flags;
}

std::string Floor::str() const {
  std::string version = "3." + std::to_string(minor);
  if (!abi3t)
    return version;
  return minor == OldestAbi3t ? "abi3t" : "abi3t-" + version;
}

std::string Floor::title() const {
  return (abi3t ? "abi3t 3." : "Limited API 3.") + std::to_string(minor);
}

std::vector<Floor> floorsFrom(Minor oldest) {
  std::vector<Floor> floors;
  for (Minor minor = oldest; minor <= NewestFloor; ++minor)
    floors.push_back({minor});
  for (Minor minor = std::max(oldest, OldestAbi3t); minor <= NewestFloor; ++minor)
    floors.push_back({minor, true});
  return floors;
}

Expected<Minor> parseMinor(StringRef text) {
  StringRef rest = text;
  Minor minor;
  if (!rest.consume_front("3.") || rest.empty() || rest.getAsInteger(10, minor) || minor > 99)
    return createStringError("'" + text + "' is not a version of CPython 3 such as 3.11");
  return minor;
}

Expected<Floor> parseFloor(StringRef text) {
  if (text == "abi3t")
    return Floor{OldestAbi3t, true};
  StringRef version = text;
  bool abi3t = version.consume_front("abi3t-");
  auto minor = parseMinor(version);
  std::string accepted = " is not a target; give one of 3." + std::to_string(OldestFloor) +
                         " to 3." + std::to_string(NewestFloor) +
                         ", or abi3t, which begins with 3." + std::to_string(OldestAbi3t);
  if (!minor) {
    consumeError(minor.takeError());
    return createStringError("'" + text + "'" + accepted);
  }
  if (*minor < (abi3t ? OldestAbi3t : OldestFloor) || *minor > NewestFloor)
    return createStringError("'" + text + "'" + accepted);
  return Floor{*minor, abi3t};
}

} // namespace abi3ify
