#include "abi3ify/joint-edits.h"
#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;

namespace abi3ify {
namespace {

/// What stands between two runs of old text that stay, and whose work it is.
struct Gap {
  JointEdit edit;
  std::set<unsigned> findings;
};

std::vector<Gap> gapsOf(const std::string &file, const EditedFile &edited, unsigned oldSize) {
  std::vector<Gap> gaps;
  unsigned at = 0;
  std::string text;
  std::set<unsigned> findings;
  auto close = [&](unsigned end) {
    if (end == at && text.empty())
      return; // whose work it is counts for the next gap
    gaps.push_back({{file, {at, end}, text}, findings});
    text.clear();
    findings.clear();
  };
  for (const Piece &piece : edited.pieces) {
    if (piece.finding >= 0)
      findings.insert(piece.finding);
    // What was moved or stands there twice is new text, too.
    if (piece.finding >= 0 || piece.source < at) {
      text += edited.text.substr(piece.begin, piece.length);
      continue;
    }
    close(piece.source);
    at = piece.source + piece.length;
  }
  close(oldSize);
  return gaps;
}

class Joiner {
public:
  Joiner(ArrayRef<Finding> findings, const std::vector<bool> &wanted) : findings(findings) {
    for (unsigned i = 0; i < findings.size(); ++i)
      if (wanted[i] && findings[i].hasEdit())
        classes.insert(i);
  }

  void joinGroupsAndShares() {
    std::map<std::string, unsigned> groups;
    std::map<std::tuple<std::string, Range, std::string>, unsigned> rewrites;
    for (unsigned i : members()) {
      const Finding &finding = findings[i];
      if (!finding.group.empty())
        join(i, groups.try_emplace(finding.group, i).first->second);
      for (const Rewrite &rewrite : finding.rewrites)
        join(i, rewrites.try_emplace({rewrite.file, rewrite.extent, rewrite.to}, i).first->second);
    }
  }

  void joinGap(const Gap &gap) {
    for (unsigned i : gap.findings)
      join(i, *gap.findings.begin());
  }

  std::vector<JointEdits> sets(ArrayRef<Gap> gaps) const {
    std::map<unsigned, JointEdits> byLeader;
    for (unsigned i : members())
      byLeader[classes.getLeaderValue(i)].findings.push_back(i);
    for (const Gap &gap : gaps) {
      assert(!gap.findings.empty() && "each piece of new text has a finding");
      byLeader[classes.getLeaderValue(*gap.findings.begin())].edits.push_back(gap.edit);
    }
    std::vector<JointEdits> result;
    for (auto &[leader, set] : byLeader)
      result.push_back(std::move(set));
    sort(result, [](const JointEdits &a, const JointEdits &b) {
      return a.findings.front() < b.findings.front();
    });
    return result;
  }

private:
  std::vector<unsigned> members() const {
    std::vector<unsigned> list;
    for (unsigned i = 0; i < findings.size(); ++i)
      if (classes.findLeader(i) != classes.member_end())
        list.push_back(i);
    return list;
  }
  void join(unsigned a, unsigned b) { classes.unionSets(a, b); }

  ArrayRef<Finding> findings;
  EquivalenceClasses<unsigned> classes;
};

} // namespace

std::vector<JointEdits> jointEdits(ArrayRef<Finding> findings, const std::vector<bool> &wanted,
                                   const Edits &edits, const Texts &originals) {
  Joiner joiner(findings, wanted);
  joiner.joinGroupsAndShares();
  std::vector<Gap> gaps;
  for (const auto &[file, edited] : edits.files)
    append_range(gaps, gapsOf(file, edited, originals.at(file).size()));
  for (const Gap &gap : gaps)
    joiner.joinGap(gap);
  return joiner.sets(gaps);
}

} // namespace abi3ify
