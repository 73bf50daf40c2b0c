// From rewrites to new text: nested ones are composed as a tree, and every
// piece of the result remembers where it came from.
// In: a file's text and the findings whose edits are wanted. Out: the new text
// with a map back, and the findings that cannot be edited together.
#pragma once
#include "abi3ify/finding.h"
#include "abi3ify/unit.h"

namespace abi3ify {

/// A run of bytes of the new text.
struct Piece {
  unsigned begin = 0;   ///< in the new text
  unsigned length = 0;
  unsigned source = 0;  ///< offset in the old text that it stands for
  int finding = -1;     ///< the edit that wrote it; -1: copied from the old text
};

struct EditedFile {
  std::string text;
  std::vector<Piece> pieces;

  /// The old offset that a new offset stands for.
  unsigned oldOffset(unsigned offset) const;
  /// The finding that wrote the text at or next to an offset; -1 for none.
  int findingAt(unsigned offset) const;
};

/// A replacement of old text, ready to be made.
struct TextEdit {
  Range range;
  std::string text;
  std::set<unsigned> findings; ///< whose work it is
};

/// What lies between the pieces that were copied: in the order of the text,
/// without overlaps.
std::vector<TextEdit> textEdits(const EditedFile &edited, size_t oldSize);

struct Edits {
  std::map<std::string, EditedFile> files;
  /// Indices of findings whose rewrites overlap those of another one in a way
  /// that cannot be nested, with the index of the other.
  std::vector<std::pair<unsigned, unsigned>> conflicts;

  Texts texts() const;
};

/// Makes the edits of all findings for which `wanted` holds. Conflicting ones
/// are left out, both of them.
Edits makeEdits(llvm::ArrayRef<Finding> findings, const std::vector<bool> &wanted,
                const Texts &originals);

/// One rewrite alone, for messages: what will stand there.
std::string preview(const Rewrite &rewrite, llvm::StringRef text);

} // namespace abi3ify
