#include "abi3ify/joint-edits.h"
#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;

namespace abi3ify {
namespace {

struct FileEdit {
  std::string file;
  TextEdit edit;
};

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

  void joinWork(const TextEdit &edit) {
    for (unsigned i : edit.findings)
      join(i, *edit.findings.begin());
  }

  std::vector<JointEdits> sets(ArrayRef<FileEdit> edits) const {
    std::map<unsigned, JointEdits> byLeader;
    for (unsigned i : members())
      byLeader[classes.getLeaderValue(i)].findings.push_back(i);
    for (const auto &[file, edit] : edits) {
      assert(!edit.findings.empty() && "each piece of new text has a finding");
      byLeader[classes.getLeaderValue(*edit.findings.begin())].edits.push_back(
          {file, edit.range, edit.text});
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
  std::vector<FileEdit> all;
  for (const auto &[file, edited] : edits.files)
    for (TextEdit &edit : textEdits(edited, originals.at(file).size())) {
      joiner.joinWork(edit);
      all.push_back({file, std::move(edit)});
    }
  return joiner.sets(all);
}

} // namespace abi3ify
