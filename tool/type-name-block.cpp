// type-name below 3.13: the statement around a call becomes a block that asks
// for the names, makes the call if it got them, and releases them.
#include "abi3ify/type-name.h"
#include "abi3ify/text-lexer.h"
#include "clang/AST/DynamicRecursiveASTVisitor.h"
#include "clang/AST/ExprCXX.h"
#include "clang/Basic/SourceManager.h"
#include "llvm/ADT/StringExtras.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

/// How the statement around a call uses its value.
struct Around {
  enum Kind { None, Statement, ReturnNull, ReturnValue, Assign, Declare } kind = None;
  const Stmt *statement = nullptr; ///< without its semicolon
  const Stmt *parent = nullptr;
  const Expr *target = nullptr;    ///< that is assigned to
  const VarDecl *variable = nullptr;
};

bool isBody(const Stmt *parent, const Stmt *child) {
  if (auto *loop = dyn_cast<ForStmt>(parent))
    return child == loop->getBody();
  if (auto *branch = dyn_cast<IfStmt>(parent))
    return child == branch->getThen() || child == branch->getElse();
  if (auto *loop = dyn_cast<WhileStmt>(parent))
    return child == loop->getBody();
  return isa<CompoundStmt, CaseStmt, DefaultStmt, LabelStmt>(parent);
}

bool isPlainVariable(const VarDecl *variable) {
  auto *written = variable->getTypeSourceInfo();
  return variable->hasLocalStorage() && written && variable->getType()->isPointerType() &&
         !variable->getType().isConstQualified() &&
         variable->getInitStyle() == VarDecl::CInit &&
         !written->getType()->getContainedDeducedType();
}

/// The value of a statement expression is its last statement's.
bool isValueOfBlock(const Site &site, const Stmt *parent, const Stmt *child) {
  auto *block = dyn_cast<CompoundStmt>(parent);
  auto place = llvm::find(site.parents, parent);
  return block && block->body_back() == child && place != site.parents.begin() &&
         isa<StmtExpr>(*std::prev(place));
}

Around aroundOf(const Site &site, const CallExpr *call) {
  Around around;
  const Stmt *child = call;
  bool pointer = call->getType()->isPointerType(), cast = false;
  for (const Stmt *parent : reverse(site.parents.take_until([&](const Stmt *s) { return s == call; }))) {
    if (isBody(parent, child)) {
      if (isValueOfBlock(site, parent, child) || (cast && around.kind != Around::ReturnNull))
        return {};
      if (!around.kind)
        around.kind = Around::Statement;
      around.statement = child;
      around.parent = parent;
      return around;
    }
    if (around.kind)
      return {};
    if (isa<ParenExpr, ImplicitCastExpr, FullExpr>(parent)) {
      child = parent;
      continue;
    }
    if (auto *conversion = dyn_cast<ExplicitCastExpr>(parent)) {
      // A cast of the NULL that PyErr_Format returns is no loss.
      cast |= !conversion->getType()->isVoidType();
    } else if (auto *returned = dyn_cast<ReturnStmt>(parent);
               returned && pointer && returned->getRetValue()->getType()->isPointerType()) {
      around.kind = calledName(call) == "PyErr_Format" ? Around::ReturnNull : Around::ReturnValue;
    } else if (auto *assignment = dyn_cast<BinaryOperator>(parent);
               assignment && assignment->getOpcode() == BO_Assign && assignment->getRHS() == child &&
               assignment->getLHS()->getType()->isPointerType() &&
               isPure(assignment->getLHS(), site.context)) {
      around.kind = Around::Assign;
      around.target = assignment->getLHS();
    } else if (auto *declaration = dyn_cast<DeclStmt>(parent);
               declaration && declaration->isSingleDecl() &&
               isa<VarDecl>(declaration->getSingleDecl()) &&
               isPlainVariable(llvm::cast<VarDecl>(declaration->getSingleDecl()))) {
      around.kind = Around::Declare;
      around.variable = llvm::cast<VarDecl>(declaration->getSingleDecl());
    } else
      return {};
    child = parent;
  }
  return {};
}

bool mentions(const Stmt *stmt, StringRef name) {
  class Finder : public ConstDynamicRecursiveASTVisitor {
  public:
    StringRef name;
    bool found = false;
    bool VisitDeclRefExpr(const DeclRefExpr *reference) override {
      auto *decl = reference->getDecl();
      found |= decl->getDeclName().isIdentifier() && decl->getName() == name;
      return !found;
    }
    bool VisitVarDecl(const VarDecl *variable) override {
      found |= variable->getName() == name;
      return !found;
    }
  } finder;
  finder.name = name;
  finder.TraverseStmt(const_cast<Stmt *>(stmt));
  return finder.found;
}

/// A template that is put together of pieces of the source and text.
class Template {
public:
  explicit Template(Rewrite &rewrite) : rewrite(rewrite) {}

  void source(Argument argument) {
    argument.name = "a" + std::to_string(rewrite.args.size());
    rewrite.to += "$" + argument.name;
    rewrite.args.push_back(std::move(argument));
    behindName = true;
  }
  void source(Range range) {
    if (!range.size())
      return;
    Argument argument;
    argument.range = range;
    argument.primary = true;
    source(argument);
  }
  Template &operator<<(const std::string &added) {
    // A letter right behind $a1 would be part of that name.
    if (behindName && !added.empty() && (isAlnum(added[0]) || added[0] == '_')) {
      Argument argument;
      argument.text = added;
      argument.primary = true;
      source(argument);
      return *this;
    }
    rewrite.to += added;
    behindName &= added.empty();
    return *this;
  }

private:
  Rewrite &rewrite;
  bool behindName = false;
};

/// The statement that asks for the names first.
class Block {
public:
  Block(const NamedCall &call, const Around &around) : call(call), around(around) {}

  std::optional<Rewrite> write() {
    auto statement = statementRange();
    if (!statement)
      return std::nullopt;
    rewrite.file = call.site.spelling.path(call.file);
    rewrite.extent = *statement;
    layOut();
    pickNames();
    Template out(rewrite);
    if (around.kind == Around::Declare) {
      out.source(Range{statement->begin, call.all.begin});
      out << "NULL;" + newline + outer;
    }
    if (braces)
      out << (behindCondition ? " {" : "{") + newline + inner;
    for (size_t i = 0; i < call.names.size(); ++i) {
      out << (i ? newline + inner : "") + "PyObject *" + variables[i] + " = " +
                 (i ? variables[i - 1] + " == NULL ? NULL : " : "");
      askForName(out, call.names[i]);
      out << ";";
    }
    const std::string &last = variables.back(), deep = newline + inner + step;
    if (around.kind == Around::ReturnValue)
      out << newline + inner + "PyObject *" + result + " = NULL;";
    if (around.kind == Around::Assign) {
      out << newline + inner + "if (" + last + " == NULL) {" + deep;
      out.source(*target);
      out << " = NULL;" + newline + inner + "}" + newline + inner + "else {" + deep;
      out.source(Range{target->begin, call.all.begin});
    } else
      out << newline + inner + "if (" + last + " != NULL) {" + deep;
    if (around.kind == Around::ReturnValue)
      out << result + " = ";
    else if (around.kind == Around::Declare)
      out << around.variable->getName().str() + " = ";
    else if (around.kind == Around::Statement)
      out.source(Range{statement->begin, call.all.begin});
    column = around.kind == Around::ReturnValue ? result.size() + 3
             : around.kind == Around::Assign    ? call.all.begin - target->begin
             : around.kind == Around::Declare   ? around.variable->getName().size() + 3
             : around.kind == Around::Statement ? call.all.begin - statement->begin
                                                : 0;
    callPieces(out);
    if (around.kind == Around::Statement || around.kind == Around::Assign)
      out.source(Range{call.all.end, statement->end});
    else
      out << ";";
    out << deep + "Py_DECREF(" + last + ");" + newline + inner + "}";
    // Who prints without a result leaves no error behind.
    if (call.format.call->getType()->isVoidType())
      out << newline + inner + "else {" + deep + "PyErr_Clear();" + newline + inner + "}";
    for (size_t i = variables.size() - 1; i-- > 0;)
      out << newline + inner + "Py_XDECREF(" + variables[i] + ");";
    if (around.kind == Around::ReturnNull)
      out << newline + inner + "return NULL;";
    if (around.kind == Around::ReturnValue)
      out << newline + inner + "return " + result + ";";
    if (braces)
      out << newline + outer + "}";
    // In the order of the source; what is text goes anywhere.
    stable_sort(rewrite.args, [](const Argument &a, const Argument &b) {
      return a.range.begin < b.range.begin;
    });
    return rewrite;
  }

private:
  /// From the statement's first token to its semicolon.
  std::optional<Range> statementRange() {
    SourceLocation begin = around.statement->getBeginLoc(), end = around.statement->getEndLoc();
    auto range = call.site.spelling.rangeAt(call.level, begin, end);
    if (!range || range->inMacro || range->file != call.file || !range->range.contains(call.all))
      return std::nullopt;
    Range whole = range->range;
    if (!call.text.slice(whole.begin, whole.end).ends_with(";")) {
      auto end = behindSemicolon(call.text, whole.end);
      if (!end)
        return std::nullopt;
      whole.end = *end;
    }
    if (around.target) {
      target = call.rangeOf(around.target->IgnoreImpCasts());
      if (!target || target->begin != whole.begin)
        return std::nullopt;
    }
    if (around.kind == Around::Declare &&
        (!isa<CompoundStmt>(around.parent) ||
         !call.text.slice(whole.begin, call.all.begin).rtrim().ends_with("=")))
      return std::nullopt;
    return whole;
  }

  void layOut() {
    newline = newlineOf(call.text);
    outer = indentAt(call.text, rewrite.extent.begin);
    inner = outer;
    step = StringRef(outer).contains('\t') ? "\t" : "    ";
    StringRef before = call.text.take_front(rewrite.extent.begin);
    bool ownLine = before.rtrim(" \t").ends_with("\n");
    auto *block = dyn_cast<CompoundStmt>(around.parent);
    scope = around.statement;
    if (block && ownLine && block->body_front() == around.statement &&
        around.kind != Around::Declare) {
      // At the head of a block its braces do.
      braces = false;
      scope = block;
      return;
    }
    StringRef head = before.rtrim();
    behindCondition = ownLine && isa<IfStmt, ForStmt, WhileStmt>(around.parent) &&
                      (head.ends_with(")") || head.ends_with("else"));
    if (behindCondition) {
      // The brace goes behind the condition, and closes below its keyword.
      outer = indentAt(call.text, keywordOffset(head.size()));
      rewrite.extent.begin = head.size();
    } else
      inner += step;
  }

  /// The line of `if`, `while`, `for` or `else`.
  unsigned keywordOffset(unsigned end) const {
    auto *branch = dyn_cast<IfStmt>(around.parent);
    SourceLocation location = branch && around.statement == branch->getElse()
                                  ? branch->getElseLoc()
                                  : around.parent->getBeginLoc();
    auto range = call.site.spelling.rangeAt(call.level, location, location);
    return range && range->file == call.file ? range->range.begin : end;
  }

  void pickNames() {
    auto fresh = [&](const std::string &wanted) {
      std::string name = wanted;
      for (unsigned i = 2; mentions(scope, name) || is_contained(variables, name); ++i)
        name = wanted + std::to_string(i);
      return name;
    };
    for (size_t i = 0; i < call.names.size(); ++i)
      variables.push_back(fresh("py_name"));
    result = fresh("py_result");
  }

  void askForName(Template &out, const Name &name) {
    Argument type = typeArgument(call, name);
    out << "limited_type_name(";
    type.primary |= !type.addressOf; // alone between the parentheses
    out.source(type);
    out << ")";
  }

  struct Change {
    Range range;
    std::string text;
  };

  /// A further line of the call: what is aligned with the call moves with it,
  /// the rest by the new blocks.
  Change moved(unsigned line) const {
    std::string old = indentAt(call.text, call.all.begin).str(), now = inner + step;
    unsigned has = indentAt(call.text, line).size();
    unsigned before = call.all.begin - (call.text.take_front(call.all.begin).rfind('\n') + 1);
    unsigned after = now.size() + column;
    if (step != "\t" && has >= before && after < before)
      return {{line, line + (before - after)}, ""};
    unsigned more = has >= before ? after - before : now.size() - std::min(old.size(), now.size());
    return {{line, line}, step == "\t" ? now.substr(std::min(old.size(), now.size()))
                                      : std::string(more, ' ')};
  }

  /// The call with other letters and arguments, its further lines indented.
  void callPieces(Template &out) {
    std::vector<Change> changes;
    std::string letter = call.site.floor.minor >= 11 ? "U" : "S";
    for (size_t i = 0; i < call.names.size(); ++i) {
      changes.push_back({call.names[i].letter, letter});
      changes.push_back({call.names[i].text, variables[i]});
    }
    for (unsigned line : lines())
      changes.push_back(moved(line));
    sort(changes, [](const Change &a, const Change &b) { return a.range < b.range; });
    unsigned at = call.all.begin;
    for (const Change &change : changes) {
      out.source(Range{at, change.range.begin});
      out << change.text;
      at = change.range.end;
    }
    out.source(Range{at, call.all.end});
  }

  /// Where the call's further lines begin: behind its own commas, so that no
  /// edit in an argument is cut in two.
  std::vector<unsigned> lines() const {
    StringRef part = call.text.slice(call.all.begin, call.all.end);
    TextLexer lexer(part, TextLexer::Keep);
    std::vector<unsigned> found;
    unsigned depth = 0, end = 0;
    bool parts = false;
    while (const Token *token = lexer.next()) {
      size_t line = part.slice(end, lexer.begin()).rfind('\n');
      // Adjacent literals are parted like arguments: no edit spans them.
      bool closes = depth == 1 && token->is(tok::r_paren);
      if (line != StringRef::npos && (parts || closes || tok::isStringLiteral(token->getKind())))
        found.push_back(call.all.begin + end + line + 1);
      depth += token->isOneOf(tok::l_paren, tok::l_square, tok::l_brace);
      depth -= token->isOneOf(tok::r_paren, tok::r_square, tok::r_brace);
      parts = depth == 1 && (token->isOneOf(tok::comma, tok::l_paren) ||
                             (parts && token->is(tok::comment)));
      end = lexer.end();
    }
    return found;
  }

  const NamedCall &call;
  const Around &around;
  Rewrite rewrite;
  std::optional<Range> target;
  std::string newline, outer, inner, step, result;
  std::vector<std::string> variables;
  const Stmt *scope = nullptr; ///< in which the new variables' names must be free
  bool braces = true, behindCondition = false;
  unsigned column = 0; ///< of the call, from the beginning of its new statement
};

} // namespace

std::optional<Rewrite> askForNames(const NamedCall &call) {
  Around around = aroundOf(call.site, call.format.call);
  return around.kind ? Block(call, around).write() : std::nullopt;
}

} // namespace abi3ify
