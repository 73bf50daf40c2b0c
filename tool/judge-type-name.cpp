// type-name: a type's tp_name as an argument of a format. From 3.13 on the
// conversion is changed: %T writes the name of an object's type, %N that of a
// type. Before, the name has to be asked for as an object of its own, around
// the statement:
//
//     {
//         PyObject *py_name = limited_type_name(Py_TYPE(o));
//         if (py_name != NULL) {
//             PyErr_Format(PyExc_TypeError, "not %.200U", py_name);
//             Py_DECREF(py_name);
//         }
//     }
//
// Assumed and checked: the format is a literal, and it, the call and the
// arguments are typed in one place, outside of macros' bodies.
#include "abi3ify/judge.h"
#include "abi3ify/type-name.h"
#include "clang/AST/ExprCXX.h"
#include "llvm/ADT/StringSwitch.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {

/// `expr` as an access of tp_name.
static const MemberExpr *asTypeName(const Expr *expr) {
  auto *member = dyn_cast<MemberExpr>(expr->IgnoreParenImpCasts());
  auto *field = member ? dyn_cast<FieldDecl>(member->getMemberDecl()) : nullptr;
  return field && field->getIdentifier() && field->getName() == "tp_name" &&
                 structName(field->getParent()) == "PyTypeObject"
             ? member
             : nullptr;
}

NamedCall::NamedCall(const Site &site, const FormatCall &format) : site(site), format(format) {
  auto spot = site.spelling.token(format.call->getCallee()->IgnoreParenImpCasts()->getBeginLoc(),
                                  calledName(format.call));
  if (!spot || spot->inMacro)
    return;
  level = spot->level;
  file = spot->file;
  text = site.spelling.text(file);
  auto spelled = callText(text, spot->offset, text.size(), /*isMacro=*/false);
  if (!spelled)
    return;
  all = spelled->all;
  for (unsigned i = format.function.arguments; i < format.call->getNumArgs(); ++i)
    if (auto name = nameAt(i))
      names.push_back(*name);
}

const Name *NamedCall::find(const Expr *member) const {
  auto found = find_if(names, [&](const Name &name) { return name.member == member; });
  return found == names.end() ? nullptr : &*found;
}

std::optional<Range> NamedCall::rangeOf(const Expr *expr) const {
  auto range = site.spelling.rangeAt(level, expr->getBeginLoc(), expr->getEndLoc());
  return range && range->file == file && !range->inMacro ? std::optional(range->range)
                                                         : std::nullopt;
}

std::optional<Name> NamedCall::nameAt(unsigned index) const {
  const Expr *argument = format.call->getArg(index);
  auto *member = asTypeName(argument);
  auto *conversion = member ? format.conversionOf(argument) : nullptr;
  if (!conversion || conversion->code != "s" || conversion->star)
    return std::nullopt;
  auto letter = spelledInLiteral(format.literal,
                                 {conversion->bytes.end - 1, conversion->bytes.end}, site);
  auto whole = rangeOf(argument->IgnoreImplicit());
  if (!letter || letter->inMacro || letter->file != file || !all.contains(letter->range) ||
      !whole || !all.contains(*whole))
    return std::nullopt;
  // NAME(o), a macro for Py_TYPE(o)->tp_name, would be taken for the type.
  auto type = rangeOf(member->getBase()->IgnoreImpCasts());
  auto field = site.spelling.token(member->getMemberLoc(), "tp_name");
  if (!field || field->inMacro || field->file != file || !type || !whole->contains(*type) ||
      type->end > field->offset || field->offset >= whole->end)
    return std::nullopt;
  return Name{member, index, letter->range, *whole};
}

Argument typeArgument(const NamedCall &call, const Name &name) {
  const Expr *base = name.member->getBase()->IgnoreImpCasts();
  Argument argument;
  argument.range = *call.rangeOf(base);
  argument.addressOf = !name.member->isArrow();
  argument.primary = isPrimary(base, argument.range, call.site, false, false);
  return argument;
}

namespace {

/// Where the argument of Py_TYPE(o) is typed.
std::optional<Range> pyTypeArgument(const NamedCall &call, const CallExpr *made) {
  auto spot = call.site.spelling.token(
      made->getCallee()->IgnoreParenImpCasts()->getBeginLoc(), "Py_TYPE");
  if (!spot || spot->inMacro || spot->file != call.file)
    return std::nullopt;
  auto spelled = callText(call.text, spot->offset, call.text.size(), /*isMacro=*/true);
  return spelled && spelled->args.size() == 1 ? std::optional(spelled->args[0]) : std::nullopt;
}

/// The object whose type it is, where it is one's: of Py_TYPE(o) and o->ob_type.
std::optional<Argument> objectArgument(const NamedCall &call, const Name &name) {
  if (!name.member->isArrow())
    return std::nullopt;
  const Expr *type = peel(name.member->getBase());
  const Expr *object = nullptr;
  std::optional<Range> range;
  auto *made = dyn_cast<CallExpr>(type);
  auto *member = dyn_cast<MemberExpr>(type);
  if (made && calledName(made) == "Py_TYPE" && made->getNumArgs() == 1) {
    object = made->getArg(0)->IgnoreParenImpCasts();
    range = pyTypeArgument(call, made);
  } else if (member && member->isArrow() && member->getMemberDecl()->getName() == "ob_type") {
    object = member->getBase()->IgnoreParenImpCasts();
    range = call.rangeOf(object);
    auto field = call.site.spelling.token(member->getMemberLoc(), "ob_type");
    if (!field || field->inMacro || !range || range->end > field->offset)
      return std::nullopt;
  }
  if (!range || !name.text.contains(*range))
    return std::nullopt;
  Argument argument;
  argument.range = *range;
  argument.primary = isPrimary(object, *range, call.site, false, made);
  if (needsCast(object, "PyObject *", call.site.context))
    argument.cast = "PyObject *";
  return argument;
}

/// "%s" and Py_TYPE(o)->tp_name become "%T" and o.
std::vector<Rewrite> withConversion(const NamedCall &call, const Name &name) {
  auto object = objectArgument(call, name);
  Rewrite letter;
  letter.file = call.site.spelling.path(call.file);
  letter.extent = name.letter;
  letter.to = object ? "T" : "N";
  Rewrite argument;
  argument.file = letter.file;
  argument.extent = name.text;
  // As an argument of a call it stands between commas and needs no parentheses.
  argument.args.push_back(object ? *object : typeArgument(call, name));
  argument.args[0].name = "object";
  argument.args[0].primary |= argument.args[0].cast.empty() && !argument.args[0].addressOf;
  argument.to = "$object";
  return {argument, letter};
}

/// The call that has the expression as an argument.
const CallExpr *callAround(const Site &site) {
  for (const Stmt *parent : reverse(site.parents)) {
    if (isa<ParenExpr, ImplicitCastExpr>(parent))
      continue;
    return dyn_cast<CallExpr>(parent);
  }
  return nullptr;
}

} // namespace

/// The tp_name of CPython's own types, the same in 3.8 to 3.15.
static StringRef nameOfBuiltin(StringRef type) {
  return StringSwitch<StringRef>(type)
      .Case("PyBaseObject_Type", "object")
      .Case("PyBool_Type", "bool")
      .Case("PyByteArray_Type", "bytearray")
      .Case("PyBytes_Type", "bytes")
      .Case("PyComplex_Type", "complex")
      .Case("PyDict_Type", "dict")
      .Case("PyFloat_Type", "float")
      .Case("PyFrozenSet_Type", "frozenset")
      .Case("PyList_Type", "list")
      .Case("PyLong_Type", "int")
      .Case("PyMemoryView_Type", "memoryview")
      .Case("PyModule_Type", "module")
      .Case("PyRange_Type", "range")
      .Case("PySet_Type", "set")
      .Case("PySlice_Type", "slice")
      .Case("PyTuple_Type", "tuple")
      .Case("PyType_Type", "type")
      .Case("PyUnicode_Type", "str")
      .Default("");
}

/// (&PyList_Type)->tp_name, as Argument Clinic writes it: a text that never changes.
static std::optional<Rewrite> literalName(const Site &site) {
  auto *member = dyn_cast<MemberExpr>(site.expr);
  const Expr *object = member ? bare(member->getBase()) : nullptr;
  if (auto *address = dyn_cast_or_null<UnaryOperator>(object); address && address->getOpcode() == UO_AddrOf)
    object = bare(address->getSubExpr());
  const VarDecl *type = object ? variableOf(object) : nullptr;
  StringRef name = type ? nameOfBuiltin(type->getName()) : "";
  auto range = site.spelling.range(site.expr->getBeginLoc(), site.expr->getEndLoc());
  if (name.empty() || site.use != Use::Value || !range || range->inMacro)
    return std::nullopt;
  Rewrite rewrite;
  rewrite.file = site.spelling.path(range->file);
  rewrite.extent = range->range;
  rewrite.to = ("\"" + name + "\"").str();
  return rewrite;
}

bool judgeTypeName(const Site &site, const Rule &rule, Finding &finding) {
  finding.use = site.use;
  if (auto literal = literalName(site)) {
    finding.rewrites.push_back(std::move(*literal));
    finding.safety = Safety::Safe;
    return true;
  }
  const std::string *reason = rule.reasonFor(site.use, site.floor);
  finding.reason = reason ? *reason : std::string();
  const CallExpr *around = callAround(site);
  auto format = around ? formatCall(around, site) : std::nullopt;
  if (!format || format->function.kind != FormatKind::Print || site.use != Use::Value)
    return true;
  NamedCall call(site, *format);
  const Name *name = call.find(site.expr);
  if (!name)
    return true;
  if (site.floor.minor >= 13) {
    finding.rewrites = withConversion(call, *name);
    finding.reason = "%T and %N write the type's module in front of its name, unless that is "
                     "builtins or __main__; tp_name is the name alone for classes of Python code";
  } else {
    auto rewrite = askForNames(call);
    if (!rewrite)
      return true;
    finding.rewrites.push_back(std::move(*rewrite));
    if (call.names.size() > 1)
      finding.group = (site.spelling.path(call.file) + ":" + Twine(call.all.begin) + " tp_name").str();
    finding.reason = "a heap type of C that can be changed is written without the module that its tp_name has";
  }
  finding.safety = lower(rule.safety, Safety::Review);
  return true;
}

} // namespace abi3ify
