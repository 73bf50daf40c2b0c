#include "abi3ify/settle.h"
#include "abi3ify/build-macros.h"
#include "abi3ify/left-out.h"
#include "abi3ify/origin.h"
#include "abi3ify/parallel.h"
#include "abi3ify/stages.h"

using namespace llvm;

namespace abi3ify {
namespace {

void findUnseenUses(const Reading &reading, const FloorMatches &matches, const RuleSet &rules,
                    const SettleOptions &options, std::vector<Finding> &findings) {
  // A source that did not parse has been looked at by nobody.
  std::set<std::string> broken;
  for (const SourceError &error : reading.errors)
    broken.insert(error.file);
  std::map<std::string, std::set<unsigned>> known = matches.seen;
  for (const Finding &finding : findings)
    known[finding.file].insert(finding.range.begin);
  struct Net {
    const std::string &file, &text;
    const std::set<unsigned> &seen;
    ArrayRef<Range> outOfLimit;
    std::vector<Finding> found;
  };
  std::vector<Net> nets;
  for (const auto &[file, text] : reading.originals) {
    if (broken.count(file))
      continue;
    auto out = matches.outOfLimit.find(file);
    nets.push_back({file, text, known[file],
                    out == matches.outOfLimit.end() ? ArrayRef<Range>() : ArrayRef(out->second),
                    {}});
  }
  parallelFor(options.jobs, nets.size(), [&](size_t i) {
    Net &net = nets[i];
    if (options.cache)
      net.found = options.cache->unseen(net.file, net.text, rules, options.rules, matches.floor,
                                        net.seen, net.outOfLimit);
    else
      findUnseen(net.file, net.text, rules, matches.floor, net.seen, net.outOfLimit, net.found);
  });
  for (Net &net : nets)
    append_range(findings, net.found);
}

/// Argument Clinic's output inside of a hand-written file has a checksum.
void setAsideBlocks(const std::string &file, const std::string &text,
                    std::vector<Finding> &findings) {
  for (auto [begin, end] : clinicBlocks(text))
    for (Finding &finding : findings)
      if (finding.file == file && begin <= finding.range.begin && finding.range.begin < end)
        setAside(finding, Clinic);
}

void setAsideGenerated(const Texts &originals, const GeneratedFiles &generated, bool editsClinic,
                       std::vector<Finding> &findings) {
  for (const auto &[file, text] : originals) {
    if (!editsClinic)
      setAsideBlocks(file, text, findings);
    auto made = generated.find(file);
    if (made == generated.end())
      continue;
    // No use, and nothing that whoever runs the generator could answer.
    erase_if(findings, [&, &path = file](const Finding &finding) {
      return finding.file == path && (finding.state == State::Advice ||
                                      (made->second.setsLimit && finding.rule == LimitValueRule));
    });
    for (Finding &finding : findings) {
      bool touches = finding.file == file ||
                     any_of(finding.rewrites, [&, &path = file](const Rewrite &rewrite) {
                       return rewrite.file == path;
                     });
      if (touches)
        setAside(finding, made->second);
    }
  }
}

/// Edits that are made all or none cannot be made if one of them is not wanted.
void releaseSuppressedGroups(std::vector<Finding> &findings) {
  std::map<std::string, std::string> kept; // group -> what is suppressed in it
  for (const Finding &finding : findings)
    if (finding.state == State::Suppressed && !finding.group.empty())
      kept.try_emplace(finding.group, finding.symbol);
  for (Finding &finding : findings)
    if (auto group = kept.find(finding.group);
        group != kept.end() && finding.state == State::Fixable) {
      finding.state = State::Manual;
      finding.safety = Safety::Manual;
      finding.rewrites.clear();
      finding.reason = "its edit must go with that of '" + group->second + "', which is suppressed";
    }
}

/// A file that a broken source reads may be used there in a way that nobody
/// has seen: it is not edited.
void protectWhatIsHalfKnown(const Reading &reading, std::vector<Finding> &findings) {
  for (Finding &finding : findings)
    for (const Rewrite &rewrite : finding.rewrites)
      if (auto broken = reading.readByBroken.find(rewrite.file);
          broken != reading.readByBroken.end()) {
        finding.state = State::Failed;
        finding.reason = broken->second + " also reads this file and cannot be parsed";
        break;
      }
}

} // namespace

void setAside(Finding &finding, const Generator &generator) {
  finding.state = State::Generated;
  finding.rewrites.clear();
  finding.reason = ("made by " + generator.name + ": " + generator.advice).str();
}

GeneratedFiles findGenerated(const Texts &texts, bool editsClinic) {
  GeneratedFiles generated;
  for (const auto &[file, text] : texts)
    if (auto generator = recogniseGenerator(file, text);
        generator && !(editsClinic && generator->name == Clinic.name))
      generated.insert_or_assign(file, *generator);
    else if (!generator && hasOrigins(file, text))
      generated.insert_or_assign(file, SomeGenerator);
  return generated;
}

Settled settle(const Reading &reading, const FloorMatches &matches, const RuleSet &rules,
               const GeneratedFiles &generated, const SettleOptions &options) {
  Stage stage("putting findings together");
  Settled settled;
  settled.findings = mergeMatches(matches.findings, matches.types);
  findUnseenUses(reading, matches, rules, options, settled.findings);
  tieToTests(matches.leftOut, settled.findings);
  // From here on each use has its state; generated code and suppressed lines
  // lose their edits.
  setAsideGenerated(reading.originals, generated, options.editsClinic, settled.findings);
  for (const auto &[file, text] : reading.originals)
    findOrigins(file, text, options.roots, settled.findings);
  protectWhatIsHalfKnown(reading, settled.findings);
  std::vector<Suppression> suppressions;
  for (const auto &[file, text] : reading.originals) {
    Suppressions own = readSuppressions(file, text);
    append_range(suppressions, own.all);
    append_range(settled.complaints, own.malformed);
  }
  settled.unused = applySuppressions(suppressions, settled.findings);
  releaseSuppressedGroups(settled.findings);
  return settled;
}

} // namespace abi3ify
