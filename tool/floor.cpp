#include "abi3ify/floor.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace abi3ify {

std::string Floor::limitedApi() const {
  std::string text;
  raw_string_ostream(text) << format("0x03%02X0000", minor);
  return text;
}

Expected<Minor> parseMinor(StringRef text) {
  StringRef rest = text;
  Minor minor;
  if (!rest.consume_front("3.") || rest.empty() || rest.getAsInteger(10, minor) || minor > 99)
    return createStringError("'" + text + "' is not a version of CPython 3 such as 3.11");
  return minor;
}

Expected<Floor> parseFloor(StringRef text) {
  auto minor = parseMinor(text);
  std::string accepted = " is not a target; give one of 3." + std::to_string(OldestFloor) +
                         " to 3." + std::to_string(NewestFloor);
  if (!minor) {
    consumeError(minor.takeError());
    return createStringError("'" + text + "'" + accepted);
  }
  if (*minor < OldestFloor || *minor > NewestFloor)
    return createStringError("'" + text + "'" + accepted);
  return Floor{*minor};
}

} // namespace abi3ify
