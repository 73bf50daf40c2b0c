#include "abi3ify/edits.h"
#include "abi3ify/spelling.h"
#include "abi3ify/text-lexer.h"
#include "llvm/ADT/StringExtras.h"
#include <algorithm>

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

struct LexedToken {
  unsigned begin, end;
  bool comment;
};

std::vector<LexedToken> lex(StringRef text) {
  TextLexer lexer(text, TextLexer::Keep);
  std::vector<LexedToken> tokens;
  while (const Token *token = lexer.next())
    tokens.push_back({lexer.begin(), lexer.end(), token->is(tok::comment)});
  return tokens;
}

/// A piece of a template: text, or the name of an argument.
struct TemplatePart {
  std::string text;
  bool argument = false;
  bool alone = false; ///< an argument of a call in the template: no parentheses needed
};

std::vector<TemplatePart> parseTemplate(StringRef to) {
  std::vector<TemplatePart> parts;
  while (!to.empty()) {
    size_t dollar = to.find('$');
    if (dollar != 0)
      parts.push_back({to.substr(0, dollar).str()});
    if (dollar == StringRef::npos)
      break;
    to = to.drop_front(dollar + 1);
    StringRef name = to.take_while([](char c) { return isAlnum(c) || c == '_'; });
    parts.push_back({name.str(), true});
    to = to.drop_front(name.size());
  }
  for (size_t i = 0; i < parts.size(); ++i) {
    if (!parts[i].argument)
      continue;
    StringRef left = i ? StringRef(parts[i - 1].text).rtrim() : "";
    StringRef right = i + 1 < parts.size() ? StringRef(parts[i + 1].text).ltrim() : "";
    bool compared = left.ends_with("==") || left.ends_with("!=") || left.ends_with("<=") ||
                    left.ends_with(">=");
    bool opened = left.ends_with("(") || left.ends_with(",") ||
                  (left.ends_with("=") && !compared);
    parts[i].alone = opened && (right.starts_with(")") || right.starts_with(",") ||
                                right.starts_with(";"));
  }
  return parts;
}

/// The edits of one file, nested into each other.
struct Node {
  const Rewrite *rewrite = nullptr;
  unsigned finding = 0;
  std::vector<Node> children; ///< in the order of the source
};

class Composer {
public:
  Composer(StringRef source, EditedFile &out) : source(source), out(out) {}

  /// Copies [range) of the source, with the nodes in it applied.
  void emitRange(Range range, ArrayRef<Node> nodes) {
    unsigned at = range.begin;
    for (const Node &node : nodes) {
      Range extent = node.rewrite->extent;
      if (!range.contains(extent) || extent.begin < at)
        continue;
      copy({at, extent.begin});
      emitNode(node);
      at = extent.end;
    }
    copy({at, range.end});
  }

private:
  void copy(Range range) {
    if (range.size())
      append(source.slice(range.begin, range.end), range.begin, -1);
  }
  void append(StringRef text, unsigned from, int finding) {
    out.pieces.push_back({unsigned(out.text.size()), unsigned(text.size()), from, finding});
    out.text += text;
  }

  /// if (Py_IsNone(x)) becomes if (x == Py_None), not if ((x == Py_None)): some
  /// compilers warn of that.
  std::string withoutDoubleParentheses(const Rewrite &rewrite) const {
    StringRef to = rewrite.to;
    StringRef left = source.take_front(rewrite.extent.begin).rtrim();
    StringRef right = source.drop_front(rewrite.extent.end).ltrim();
    if (!left.consume_back("(") || !right.starts_with(")") || !to.starts_with("(") ||
        !to.ends_with(")"))
      return rewrite.to;
    // Not for what is handed to a macro or a function: NOT(x == Py_None) may
    // negate x, and a comma would part two arguments.
    left = left.rtrim();
    bool condition = any_of(ArrayRef<StringRef>{"if", "while", "switch"}, [&](StringRef keyword) {
      return left.ends_with(keyword) &&
             (left.size() == keyword.size() ||
              !(isAlnum(left[left.size() - keyword.size() - 1]) ||
                left[left.size() - keyword.size() - 1] == '_'));
    });
    if (!condition)
      return rewrite.to;
    // Only if the first parenthesis is the last one's partner.
    int depth = 0;
    for (size_t i = 0; i < to.size(); ++i) {
      depth += to[i] == '(' ? 1 : to[i] == ')' ? -1 : 0;
      if (depth == 0 && i + 1 < to.size())
        return rewrite.to;
    }
    return to.drop_front().drop_back().str();
  }

  void emitNode(const Node &node) {
    const Rewrite &rewrite = *node.rewrite;
    if (rewrite.castsOnly)
      return emitCasts(node);
    auto parts = parseTemplate(withoutDoubleParentheses(rewrite));
    std::vector<const Argument *> used;
    for (const TemplatePart &part : parts)
      if (part.argument)
        used.push_back(find(rewrite, part.text));
    bool inPlace = true;
    unsigned last = rewrite.extent.begin;
    for (const Argument *argument : used) {
      inPlace &= argument->text.empty() && argument->range.begin >= last;
      last = argument->range.end;
    }
    // An argument that is left out takes its text along, comments as well.
    if (rewrite.anew)
      return emitAnew(node, parts);
    inPlace ? emitInPlace(node, parts) : emitMoved(node, parts);
  }

  static const Argument *find(const Rewrite &rewrite, StringRef name) {
    auto found = find_if(rewrite.args, [&](const Argument &a) { return a.name == name; });
    assert(found != rewrite.args.end() && "templates are checked when rules are loaded");
    return &*found;
  }

  void emitCasts(const Node &node) {
    unsigned at = node.rewrite->extent.begin;
    for (const Argument &argument : node.rewrite->args) {
      if (argument.cast.empty())
        continue;
      emitRange({at, argument.range.begin}, node.children);
      emitArgument(node, argument, true);
      at = argument.range.end;
    }
    emitRange({at, node.rewrite->extent.end}, node.children);
  }

  void emitInPlace(const Node &node, ArrayRef<TemplatePart> parts) {
    unsigned at = node.rewrite->extent.begin;
    std::string text; // of the template, since the last argument
    for (const TemplatePart &part : parts) {
      if (!part.argument) {
        text += part.text;
        continue;
      }
      const Argument &argument = *find(*node.rewrite, part.text);
      emitGap(node, {at, argument.range.begin}, text);
      text.clear();
      emitArgument(node, argument, part.alone);
      at = argument.range.end;
    }
    emitGap(node, {at, node.rewrite->extent.end}, text);
  }

  /// Order changes or an argument is used twice: the text is put together
  /// anew, with comments between the arguments kept in front.
  void emitMoved(const Node &node, ArrayRef<TemplatePart> parts) {
    unsigned at = node.rewrite->extent.begin;
    for (const Argument &argument : node.rewrite->args) {
      if (argument.text.empty()) {
        keepComments(node, {at, argument.range.begin});
        at = argument.range.end;
      }
    }
    keepComments(node, {at, node.rewrite->extent.end});
    emitAnew(node, parts);
  }

  void emitAnew(const Node &node, ArrayRef<TemplatePart> parts) {
    // The empty piece remembers whose work a removal is.
    append("", node.rewrite->extent.begin, node.finding);
    for (const TemplatePart &part : parts)
      if (part.argument)
        emitArgument(node, *find(*node.rewrite, part.text), part.alone);
      else
        append(part.text, node.rewrite->extent.begin, node.finding);
  }

  /// What must follow a comment that is moved.
  StringRef behind(StringRef comment) const {
    return comment.starts_with("//") ? newlineOf(source) : " ";
  }

  void keepComments(const Node &node, Range range) {
    StringRef text = source.slice(range.begin, range.end);
    for (const LexedToken &token : lex(text))
      if (token.comment) {
        StringRef comment = text.slice(token.begin, token.end);
        append((comment + behind(comment)).str(), range.begin + token.begin, node.finding);
      }
  }

  void emitArgument(const Node &node, const Argument &argument, bool alone) {
    int finding = node.finding;
    unsigned at = argument.text.empty() ? argument.range.begin : node.rewrite->extent.begin;
    std::string open, close;
    bool wrap = !argument.primary && (!alone || !argument.cast.empty() || argument.addressOf);
    if (!argument.cast.empty())
      open = "(" + argument.cast + ")";
    if (argument.addressOf)
      open += "&";
    if (wrap) {
      open += "(";
      close = ")";
    }
    if (!open.empty())
      append(open, at, finding);
    if (!argument.text.empty())
      append(argument.text, at, finding);
    else
      emitRange(argument.range, node.children);
    if (!close.empty())
      append(close, argument.range.end, finding);
  }

  /// Replaces source text between arguments by template text: only the tokens
  /// that differ, so that white space and comments stay.
  void emitGap(const Node &node, Range range, StringRef text) {
    StringRef old = source.slice(range.begin, range.end);
    auto olds = lex(old), news = lex(text);
    auto all = olds;
    erase_if(olds, [](const LexedToken &token) { return token.comment; });
    auto same = [&](const LexedToken &a, const LexedToken &b) {
      return old.slice(a.begin, a.end) == text.slice(b.begin, b.end);
    };
    size_t head = 0, tail = 0;
    while (head < olds.size() && head < news.size() && same(olds[head], news[head]))
      ++head;
    while (tail < olds.size() - head && tail < news.size() - head &&
           same(olds[olds.size() - 1 - tail], news[news.size() - 1 - tail]))
      ++tail;
    size_t oldCount = olds.size() - head - tail, newCount = news.size() - head - tail;
    if (!oldCount && !newCount)
      return copy(range);
    // A removal takes the white space along that its extent covers. The empty
    // piece remembers whose work the gap is.
    if (text.empty() && all.size() == olds.size())
      return append("", range.begin, node.finding);

    unsigned from, to; // in `old`
    if (oldCount) {
      from = olds[head].begin;
      to = olds[head + oldCount - 1].end;
    } else {
      // Behind a comment that speaks of the argument before.
      from = to = head ? olds[head - 1].end : 0;
      for (const LexedToken &token : all)
        if (token.comment && token.begin >= from && (!tail || token.end <= olds[head].begin))
          to = from = StringRef(old).slice(token.begin, token.end).starts_with("//")
                          ? (tail ? olds[head].begin : token.end)
                          : token.end;
    }
    std::string middle;
    if (newCount) {
      unsigned begin = head ? news[head - 1].end : 0;
      unsigned end = tail ? news[news.size() - tail].begin : text.size();
      middle = text.slice(begin, end).str();
      // The white space that the source has around stays; no second one.
      if (oldCount) {
        bool space = !head && text.starts_with(" ") && (from == 0 || !isSpace(old[from - 1]));
        middle = (space ? " " : "") + StringRef(middle).trim().str();
      } else if (tail)
        middle = StringRef(middle).rtrim().str();
    } else {
      // Nothing comes instead: one side's white space goes too.
      while (from > 0 && isSpace(old[from - 1]) && old[from - 1] != '\n')
        --from;
    }
    // No blank between a parenthesis of the template and the argument.
    if (oldCount && newCount && !tail && text.ends_with("(") &&
        old.drop_front(to).ltrim(" \t").empty())
      to = old.size();
    // A template's own space behind "=" or "," in front of an argument.
    if (oldCount && newCount && !tail && text.ends_with(" ") && !old.ends_with(" ") &&
        to == old.size())
      middle += " ";
    copy({range.begin, range.begin + from});
    std::string kept;
    for (const LexedToken &token : all)
      if (token.comment && token.begin >= from && token.end <= to) {
        StringRef comment = old.slice(token.begin, token.end);
        bool space = token.begin > 0 && isSpace(old[token.begin - 1]) &&
                     range.begin + from > node.rewrite->extent.begin;
        kept += (space ? " " : "") + comment.str();
        StringRef next = StringRef(middle).ltrim();
        if (comment.starts_with("//") || (!next.starts_with(",") && !next.starts_with(")")))
          kept += behind(comment);
      }
    if (!kept.empty())
      middle = kept + StringRef(middle).ltrim().str();
    append(middle, range.begin + from, node.finding);
    copy({range.begin + to, range.end});
  }

  StringRef source;
  EditedFile &out;
};

/// Whether `inner` may stand inside of `outer`: in one of its arguments, or in
/// the text around casts.
bool mayNest(const Rewrite &outer, const Rewrite &inner) {
  if (!outer.extent.contains(inner.extent) || outer.extent == inner.extent)
    return false;
  return outer.castsOnly
             ? all_of(outer.args,
                      [&](const Argument &argument) {
                        return argument.cast.empty() || argument.range.contains(inner.extent) ||
                               inner.extent.end <= argument.range.begin ||
                               inner.extent.begin >= argument.range.end;
                      })
             : any_of(outer.args, [&](const Argument &argument) {
                 return argument.text.empty() && argument.range.contains(inner.extent);
               });
}

} // namespace

unsigned EditedFile::oldOffset(unsigned offset) const {
  auto piece = upper_bound(pieces, offset,
                           [](unsigned value, const Piece &p) { return value < p.begin; });
  if (piece == pieces.begin())
    return offset;
  --piece;
  return piece->finding < 0 ? piece->source + (offset - piece->begin) : piece->source;
}

int EditedFile::findingAt(unsigned offset) const {
  for (const Piece &piece : pieces)
    if (piece.finding >= 0 && piece.begin <= offset && offset <= piece.begin + piece.length)
      return piece.finding;
  return -1;
}

Texts Edits::texts() const {
  Texts result;
  for (const auto &[file, edited] : files)
    result[file] = edited.text;
  return result;
}

/// The edits of one file as a forest. Those that overlap without nesting are
/// told to `conflict`, and not in it.
static std::vector<Node> nest(std::vector<Node> nodes,
                              function_ref<void(unsigned, unsigned)> conflict) {
  // Outer before inner, insertions before what begins at the same place.
  stable_sort(nodes, [](const Node &a, const Node &b) {
    Range x = a.rewrite->extent, y = b.rewrite->extent;
    if (x.begin != y.begin)
      return x.begin < y.begin;
    if ((x.size() == 0) != (y.size() == 0))
      return x.size() == 0;
    if (x.end != y.end)
      return x.end > y.end;
    if (a.rewrite->sharedRank != b.rewrite->sharedRank)
      return a.rewrite->sharedRank < b.rewrite->sharedRank;
    return a.rewrite->to < b.rewrite->to;
  });
  std::vector<Node> roots;
  for (Node &node : nodes) {
    std::vector<Node> *level = &roots;
    bool placed = true;
    while (placed && !level->empty() &&
           level->back().rewrite->extent.end > node.rewrite->extent.begin) {
      Node &outer = level->back();
      placed = mayNest(*outer.rewrite, *node.rewrite);
      if (!placed)
        conflict(outer.finding, node.finding);
      level = &outer.children;
    }
    if (placed)
      level->push_back(std::move(node));
  }
  return roots;
}

Edits makeEdits(ArrayRef<Finding> findings, const std::vector<bool> &wanted,
                const Texts &originals) {
  Edits edits;
  std::vector<bool> left = wanted;
  std::map<std::string, std::vector<Node>> roots;
  size_t known;
  do {
    std::map<std::string, std::vector<Node>> byFile;
    for (unsigned i = 0; i < findings.size(); ++i)
      if (left[i])
        for (const Rewrite &rewrite : findings[i].rewrites) {
          auto &nodes = byFile[rewrite.file];
          // Findings of a group may share an edit (the removal of a variable),
          // and any findings the definition of a helper.
          bool shared =
              (rewrite.sharedRank || !findings[i].group.empty()) &&
              any_of(nodes, [&](const Node &node) {
                return *node.rewrite == rewrite &&
                       (rewrite.sharedRank || findings[node.finding].group == findings[i].group);
              });
          if (!shared)
            nodes.push_back({&rewrite, i, {}});
        }
    // What conflicts goes out of every file, and may free others.
    roots.clear();
    known = edits.conflicts.size();
    for (auto &[file, nodes] : byFile)
      roots[file] = nest(std::move(nodes), [&](unsigned a, unsigned b) {
        edits.conflicts.emplace_back(a, b);
        left[a] = left[b] = false;
      });
  } while (edits.conflicts.size() > known);
  for (auto &[file, nodes] : roots) {
    auto original = originals.find(file);
    assert(original != originals.end() && "every edited file was read");
    EditedFile &out = edits.files[file];
    Composer(original->second, out).emitRange({0, unsigned(original->second.size())}, nodes);
  }
  return edits;
}

std::string preview(const Rewrite &rewrite, StringRef text) {
  EditedFile out;
  Node node{&rewrite, 0, {}};
  Composer(text, out).emitRange(rewrite.extent, node);
  return out.text;
}

std::vector<TextEdit> textEdits(const EditedFile &edited, size_t oldSize) {
  std::vector<TextEdit> list;
  unsigned at = 0;
  std::string text;
  std::set<unsigned> findings;
  auto close = [&](unsigned end) {
    if (end == at && text.empty())
      return; // whose work this is counts for the next edit
    list.push_back({{at, end}, text, findings});
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
  return list;
}

} // namespace abi3ify
