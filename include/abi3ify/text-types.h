// What a text says of the types of its variables, without a parse.
// In: the tokens of a file, in order. Out: the struct of Python's that stands
// in front of a `.` or `->`, where the text leaves no doubt.
#pragma once
#include "clang/Basic/TokenKinds.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include <vector>

namespace abi3ify {

class TextTypes {
public:
  /// Reads one token. `text` must live on; it matters for identifiers only.
  void read(clang::tok::TokenKind kind, llvm::StringRef text);

  /// To be asked behind a `.` or `->`: the struct of `v` where `PyFooObject *v`
  /// was declared before, of `((PyFooObject *)x)` and of
  /// `static_cast<PyFooObject *>(x)`; empty where the text does not say.
  llvm::StringRef base() const;

private:
  struct Piece {
    clang::tok::TokenKind kind;
    llvm::StringRef text;
  };
  bool is(size_t back, clang::tok::TokenKind kind) const {
    return back < pieces.size() && pieces[pieces.size() - 1 - back].kind == kind;
  }
  llvm::StringRef name(size_t back) const;
  void declare(clang::tok::TokenKind end);

  std::vector<Piece> pieces;
  llvm::StringMap<llvm::StringRef> variables; ///< name -> struct, as declared last
  llvm::StringRef list; ///< the struct of `PyFooObject *a, ...`, while it goes on
};

} // namespace abi3ify
