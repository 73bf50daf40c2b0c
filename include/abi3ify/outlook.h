// What `abi3ify report` says: for every floor what remains and how hard it is,
// and what is the same at all of them. By the rules alone: nothing is compiled.
// In: what runFloors found. Out: plain values, then text, Markdown or JSON.
#pragma once
#include "abi3ify/positions.h"
#include "abi3ify/run.h"
#include "llvm/Support/raw_ostream.h"

namespace abi3ify {

/// A place as it is printed.
struct OutlookPlace {
  std::string file; ///< relative to the current folder, where it lies below
  Position position;
  std::string name; ///< what stands there
};

enum class Verdict {
  Works,     ///< nothing is left in the code that is compiled
  Command,   ///< `migrate` makes all that is left
  Generated, ///< files must be generated again
  Binding,   ///< a binding system must be told, in whose terms the sources are
  Decisions, ///< uses for which rules have advice, and no edit
  Blocked,   ///< a use that no rule knows, or a binding system without a Limited API
  Unknown,   ///< a source could not be looked at
};
llvm::StringRef name(Verdict verdict);

/// One identifier at one floor.
struct IdentifierCost {
  std::string symbol;
  size_t manual = 0, review = 0, safe = 0; ///< failed ones are manual
  std::vector<OutlookPlace> inLoops; ///< of those with an edit
};

struct FloorOutlook {
  Floor floor;
  Minor headers = 0; ///< that it was read with
  size_t states[StateCount] = {};
  size_t safe = 0, review = 0; ///< of the fixable ones
  size_t uses = 0;             ///< all but suppressed ones and advice
  std::optional<long> savedByNext; ///< uses that the next floor does not have
  std::vector<IdentifierCost> identifiers; ///< the most manual uses first, then review
  size_t staticTypes = 0, convertibleTypes = 0;
  std::string staticTypeReason; ///< of the first that is not, with its place
  Verdict verdict = Verdict::Works;
  std::optional<OutlookPlace> first; ///< of the decisions, or what blocks
  size_t decisions = 0, blockers = 0, generatedFiles = 0, errors = 0;

  bool isAboveHeaders() const { return headers < floor.minor; }
};

struct LandmarkPlace : OutlookPlace {
  LandmarkKind kind;
  std::string detail;
};

struct Outlook {
  size_t sources = 0;
  std::vector<FloorOutlook> floors;
  std::vector<LandmarkPlace> landmarks;
  struct Binding {
    std::string file, system, advice;
  };
  std::vector<Binding> bindings;
  std::vector<BuildSettings> builds;
};

Outlook outlookOf(const FloorsResult &result);

/// Tables, as aligned text or as Markdown.
void printOutlook(const Outlook &outlook, bool markdown, llvm::raw_ostream &out);

/// docs/report.schema.json describes it.
void printOutlookJson(const Outlook &outlook, llvm::raw_ostream &out);

/// The verdict as a sentence.
std::string describe(const FloorOutlook &floor);

} // namespace abi3ify
