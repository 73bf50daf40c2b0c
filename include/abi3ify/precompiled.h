// Python.h, read once for all units that begin alike.
// In: requests for parses. Out: a precompiled header for those that it pays for.
//
// One is made for each distinct combination of flags, folder and leading lines
// (leading-region.h), in memory, and lives as long as the run. None is made
// that gives a diagnostic or reads a file of the project's, and none is used
// where more than Python.h comes in front of the source (-include, modules) or
// where macros are counted that nobody uses. Whether it fits a unit is seen
// when the unit is read (precompiled-header.h).
//
// ABI3IFY_PRECOMPILED in the environment is for tests, which compare: with "never"
// there is none, with "always" there is one for the first request.
#pragma once
#include "abi3ify/precompiled-header.h"
#include "abi3ify/project.h"
#include <atomic>
#include <mutex>

namespace abi3ify {

class PrecompiledHeaders : public PrecompiledSource {
public:
  enum class When { Never, WherePaid, Always };
  static When whenOfEnvironment();

  /// `project` must outlive this.
  explicit PrecompiledHeaders(const Project &project, When when = whenOfEnvironment());

  const PrecompiledHeader *find(const ParseRequest &request) override;
  void refuse(const ParseRequest &request) override;

  /// How many parses were given one that did fit.
  unsigned hits() const { return given; }

private:
  struct Slot {
    unsigned requests = 0;
    bool begun = false; ///< somebody makes it, or has
    std::unique_ptr<PrecompiledHeader> header;
  };
  struct Place {
    std::string key, directives;
  };

  std::optional<Place> placeOf(const ParseRequest &request) const;
  std::unique_ptr<PrecompiledHeader> make(const ParseRequest &request,
                                          const std::string &directives);

  const Project &project;
  const When when;
  std::atomic<unsigned> given = 0;
  DiskState disk;
  std::mutex mutex;
  std::map<std::string, Slot> slots;
  std::set<std::string> refused; ///< keys and sources
};

} // namespace abi3ify
