// Python.h, read once for all units that begin alike.
// In: requests for parses. Out: a precompiled header for those that it pays for.
//
// One is made for each distinct combination of flags and leading lines
// (leading-region.h), if it pays in this run or an earlier one has wanted it;
// later runs find it in the cache (kept-headers.h). Flags that do not matter to the
// headers (shared-flags.h) make no difference, where the header itself shows that:
// it has no name that they define, and finds no file in a folder that they name.
// None is made that gives a diagnostic or reads a file of the project's, and none is used
// where more than Python.h comes in front of the source (-include, modules) or
// where macros are counted that nobody uses. Whether it fits a unit is seen
// when the unit is read (precompiled-header.h).
//
// ABI3IFY_PRECOMPILED in the environment is for tests, which compare: with "never"
// there is none, with "always" there is one for the first request.
#pragma once
#include "abi3ify/kept-headers.h"
#include "abi3ify/project.h"
#include "abi3ify/shared-flags.h"
#include <atomic>
#include <mutex>

namespace abi3ify {

class PrecompiledHeaders : public PrecompiledSource {
public:
  enum class When { Never, WherePaid, Always };
  static When whenOfEnvironment();

  /// `project` must outlive this, as `cache` (which may be null); `jobs`: how
  /// many units are read at once.
  PrecompiledHeaders(const Project &project, unsigned jobs, UnitCache *cache,
                     When when = whenOfEnvironment());

  const PrecompiledHeader *find(const ParseRequest &request) override;
  void refuse(const ParseRequest &request, const PrecompiledHeader &header) override;

  /// How many parses were given one that did fit.
  unsigned hits() const { return given; }
  /// How many this run has made.
  unsigned made() const { return written; }

private:
  /// A folder that a unit searches for headers, and this header did not.
  struct Folder {
    bool hasOthers; ///< of the files that the header looked for
    llvm::IntrusiveRefCntPtr<RememberingFileSystem> asked;
  };
  struct Slot {
    std::once_flag looked; ///< into the cache
    bool wanted = false;   ///< by an earlier run
    unsigned requests = 0;
    enum { Unmade, BeingMade, Made } state = Unmade;
    std::unique_ptr<PrecompiledHeader> header; ///< null: none can be made
    unsigned given = 0, refusals = 0;    ///< to requests of this run, and by them
    std::string keptAs;                  ///< the key in the cache
    std::map<std::string, bool> refused; ///< by source: it does not fit
    std::map<std::string, Folder> folders; ///< by path
  };
  /// Where the header for a request is, or would be.
  struct Place {
    SharedCommand shared; ///< what the header is made with
    std::string key, beginning, directives;
  };

  Place placeOf(const ParseRequest &request, SharedCommand shared, llvm::StringRef directives) const;
  /// Null for none now; nothing if there will be none for this request.
  std::optional<const PrecompiledHeader *> findAt(const Place &place, const ParseRequest &request);
  Folder askFolder(llvm::StringRef path, const PrecompiledHeader &header, llvm::StringRef python);
  bool fits(Slot &slot, const Place &place, const ParseRequest &request);
  std::optional<std::string> directivesOf(const Command &command, const Texts *texts) const;
  bool isWorthMaking(const Place &place, const Slot &slot);
  bool isRefused(Slot &slot, const std::string &source);
  bool readsProject(const PrecompiledHeader &header) const;
  void lookIntoCache(Slot &slot, const Place &place, const ParseRequest &request);
  std::unique_ptr<PrecompiledHeader> make(const ParseRequest &request, const Place &place,
                                          const Slot &slot);

  const Project &project;
  const unsigned jobs;
  const When when;
  KeptHeaders kept;
  DiskState ownDisk;
  DiskState &disk;
  std::atomic<unsigned> given = 0, written = 0;
  std::once_flag counted;
  std::map<std::string, unsigned> alike; ///< units of the project, by beginning
  std::mutex mutex;
  std::map<std::string, Slot> slots;
};

} // namespace abi3ify
