#include "abi3ify/type-order.h"
#include "abi3ify/condition.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

/// Whether a function has made the type by an offset of its own.
bool isMadeBefore(const StaticType &type, const FunctionDecl *function, unsigned offset) {
  return any_of(type.made, [&](const TypeMade &made) {
    return made.function == function && made.offset < offset;
  });
}

template <typename Map> auto &listOf(const Map &map, const typename Map::key_type &key) {
  static const typename Map::mapped_type none;
  auto found = map.find(key);
  return found == map.end() ? none : found->second;
}

/// Whether a label stands between two offsets of a function, to which code in front of both may jump.
bool hasLabelBetween(const TypeOrder &order, const FunctionDecl &function, unsigned begin, unsigned end) {
  return any_of(order.labels, [&](const auto &label) {
    return label.first == &function && label.second > begin && label.second < end;
  });
}

bool reaches(const TypeOrder &order, const FunctionDecl *from, const std::set<const FunctionDecl *> &users,
             std::set<const FunctionDecl *> &seen) {
  if (!seen.insert(from).second)
    return false;
  if (users.count(from))
    return true;
  const FunctionDecl *body = nullptr;
  return from->hasBody(body) && any_of(listOf(order.calls, body), [&](const CallMention &call) {
           return reaches(order, call.callee, users, seen);
         });
}

/// The statement that makes a type, as a child of the outermost block of its
/// function, if the type is made whenever that runs: the call, or an if with it
/// in its condition.
const Stmt *makingStatement(const TypeMade &made) {
  auto block = find(made.parents, made.function->getBody());
  if (block == made.parents.end())
    return nullptr;
  auto next = std::next(block);
  const Stmt *maker = next == made.parents.end() ? made.call : *next;
  bool isWhole = isa<IfStmt>(maker)
                     ? std::next(next) == made.parents.end() || isa<Expr>(*std::next(next))
                     : isa<Expr>(maker);
  return isWhole ? maker : nullptr;
}

/// variable = &T; moves behind the statement that makes T, which stands further on in the same
/// block, if nobody asks the variable in between.
bool keepLater(const TypeOrder &order, const TypeSurvey &survey, StaticType &type, const TypeMention &mention,
               const TypeMade &made) {
  const Spelling &spelling = survey.spelling;
  auto found = order.kept.find({&type, mention.use});
  const Stmt *maker = found == order.kept.end() ? nullptr : makingStatement(made);
  if (!maker)
    return false;
  const auto &[assignment, variable] = found->second;
  auto from = statementRange(spelling, assignment), to = spelling.range(maker->getBeginLoc(), maker->getEndLoc());
  if (!from || !to || from->file != to->file || to->inMacro)
    return false;
  StringRef text = spelling.text(to->file);
  bool isBlock = text.slice(to->range.begin, to->range.end).ends_with("}");
  auto end = isBlock ? std::optional(to->range.end) : behindSemicolon(text, to->range.end);
  if (!end || !sameConditions(text, from->range.begin, to->range.begin) ||
      order.reached.count(variable->getCanonicalDecl()) ||
      hasLabelBetween(order, *mention.function, from->range.begin, *end))
    return false;
  auto asks = [&](const TypeMention &other) {
    return other.function == mention.function && other.offset > from->range.end &&
           (other.offset < *end || hasLabelBetween(order, *mention.function, *end, other.offset));
  };
  if (any_of(listOf(order.pointers, variable->getCanonicalDecl()), asks) ||
      any_of(listOf(order.calls, mention.function), [&](const CallMention &call) {
        return call.offset > from->range.end && call.offset < *end &&
               isUsers(survey.ast, spelling, call.callee);
      }))
    return false;
  TypeUse &use = type.uses[mention.use];
  // With the comment behind it on its line.
  StringRef rest = text.substr(from->range.end).split('\n').first;
  if (StringRef comment = rest.trim();
      comment.starts_with("//") || (comment.starts_with("/*") && comment.ends_with("*/")))
    from->range.end += rest.rtrim().size();
  StringRef statement = text.slice(from->range.begin, from->range.end);
  unsigned ampersand = use.whole.begin - from->range.begin, name = statement.find(type.part.name, ampersand);
  Rewrite &removal = type.part.rewrites[use.rewrite];
  removal.extent = withLines(text, from->range);
  removal.to.clear();
  removal.anew = true;
  Rewrite insertion;
  insertion.file = removal.file;
  insertion.extent = {*end, *end};
  insertion.to = (newlineOf(text) + indentAt(text, to->range.begin) + statement.take_front(ampersand) +
                  statement.drop_front(name)).str();
  type.part.rewrites.push_back(insertion);
  use.moved = true;
  return true;
}

/// A type that is made when it is first needed: elsewhere it may not be there yet.
void checkLazy(const TypeOrder &order, TypeSurvey &survey, StaticType &type) {
  if (order.lazy.count(&type))
    for (const TypeMention &mention : listOf(order.uses, &type))
      if (!mention.harmless && !isMadeBefore(type, mention.function, mention.offset))
        return survey.block(type, mention.location,
                            "it may be used here before it is readied, which is asked elsewhere");
}

void checkUses(const TypeOrder &order, TypeSurvey &survey, StaticType &type) {
  for (const TypeMention &mention : listOf(order.uses, &type))
    for (const TypeMade &made : type.made)
      if (made.function == mention.function && mention.offset < made.offset &&
          !isMadeBefore(type, mention.function, mention.offset) &&
          !keepLater(order, survey, type, mention, made))
        return survey.block(type, mention.location, "it is used here before PyType_Ready");
}

/// init() { make_constants(); PyType_Ready(&T); }
void checkCalls(const TypeOrder &order, TypeSurvey &survey, StaticType &type) {
  std::set<const FunctionDecl *> users, makers;
  for (const TypeMention &mention : listOf(order.uses, &type))
    users.insert(mention.function->getCanonicalDecl());
  for (const TypeMade &made : type.made)
    if (made.function)
      makers.insert(made.function->getCanonicalDecl());
  for (const TypeMade &made : type.made)
    for (const CallMention &call : listOf(order.calls, made.function)) {
      std::set<const FunctionDecl *> seen = makers;
      if (call.offset < made.offset && reaches(order, call.callee, users, seen) &&
          !isMadeBefore(type, made.function, call.offset))
        return survey.block(type, call.location, "what is called here, before PyType_Ready, uses it");
    }
}

} // namespace

void TypeOrder::checkAssignment(TypeSurvey &survey, StaticType &type, const FieldAssignment &field) const {
  const TypeMade &place = places.find(field.assignment)->second;
  auto isFollowedBy = [&](const TypeMade &made) {
    if (made.function != place.function || place.offset >= made.offset ||
        !is_contained(made.parents, place.parents.back()) ||
        hasLabelBetween(*this, *made.function, place.offset, made.offset))
      return false;
    FileID file = survey.ast.getSourceManager().getDecomposedExpansionLoc(made.function->getLocation()).first;
    return sameConditions(survey.spelling.text(file), place.offset, made.offset);
  };
  StringRef name = field.field->getName();
  if (type.made.empty() || !all_of(type.made, isFollowedBy))
    survey.block(type, field.assignment->getBeginLoc(),
                 "'" + name + "' is not set right in front of the type's PyType_Ready");
  else if (!removeStatement(survey, type, field.assignment))
    survey.block(type, field.assignment->getBeginLoc(), "'" + name + "' is set by a macro");
}

void TypeOrder::check(TypeSurvey &survey, StaticType &type) const {
  checkUses(*this, survey, type);
  checkCalls(*this, survey, type);
  checkLazy(*this, survey, type);
}

} // namespace abi3ify
