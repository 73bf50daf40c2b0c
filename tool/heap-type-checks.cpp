#include "abi3ify/heap-type-checks.h"
#include "abi3ify/heap-type-specs.h"
#include "abi3ify/placed-findings.h"
#include "abi3ify/site.h"
#include "abi3ify/static-types.h"
#include "abi3ify/type-functions.h"

using namespace clang;
using namespace llvm;

namespace abi3ify {
namespace {

/// A name as messages have it.
std::string quoted(StringRef name) { return ("'" + name + "'").str(); }

class Checks {
public:
  Checks(ASTContext &ast, const Spelling &spelling, const MatchContext &context,
         const PreprocessorFacts &preprocessor)
      : ast(ast), sources(ast.getSourceManager()), spelling(spelling), context(context),
        preprocessor(preprocessor), specs(readSpecs(ast, usersDecls(ast, spelling))),
        findings(sources, spelling, context) {}

  std::vector<Finding> run() {
    for (const HeapTypeSpec &spec : specs.specs) {
      checkDealloc(spec);
      checkTraverse(spec);
      checkName(spec);
      checkSize(spec);
      if (!spec.complete)
        continue;
      checkCollector(spec);
      checkNull(spec);
      checkTwice(spec);
    }
    for (const CallExpr *call : specs.getSlots)
      checkGetSlot(call);
    return std::move(findings.list);
  }

private:
  // --- findings -------------------------------------------------------------

  Finding *add(StringRef rule, SourceLocation location, StringRef symbol, const Twine &message) {
    return findings.add(rule, location, symbol, message);
  }

  /// Where something stands, in the file that is spoken of.
  std::string lineOf(SourceLocation location) const {
    return "line " + std::to_string(sources.getExpansionLineNumber(location));
  }

  /// The text of an expression in a file, not in a macro's body.
  std::optional<SpelledRange> plainRange(SourceLocation begin, SourceLocation end) const {
    auto range = spelling.range(begin, end);
    return range && !range->inMacro ? range : std::nullopt;
  }

  void insert(Finding &finding, FileID file, unsigned offset, const Twine &text) const {
    Rewrite rewrite;
    rewrite.file = spelling.path(file);
    rewrite.extent = {offset, offset};
    rewrite.to = text.str();
    finding.rewrites.push_back(std::move(rewrite));
    finding.safety = Safety::Review;
  }

  /// Takes an entry of a table away, with its comma and its line.
  bool removeEntry(Finding &finding, const HeapTypeSlot &slot) const {
    auto range = plainRange(slot.entry->getBeginLoc(), slot.entry->getEndLoc());
    if (!range)
      return false;
    StringRef text = spelling.text(range->file);
    size_t comma = text.find_first_not_of(" \t\r\n", range->range.end);
    if (comma == StringRef::npos || text[comma] != ',')
      return false;
    Rewrite rewrite;
    rewrite.file = spelling.path(range->file);
    rewrite.extent = withLines(text, {range->range.begin, unsigned(comma + 1)});
    // What follows on the line moves to where it stood.
    if (!text.take_front(rewrite.extent.end).ends_with("\n"))
      rewrite.extent.end += text.drop_front(rewrite.extent.end)
                                .take_while([](char c) { return c == ' ' || c == '\t'; })
                                .size();
    rewrite.anew = true;
    finding.rewrites.push_back(std::move(rewrite));
    finding.safety = Safety::Review;
    return true;
  }

  // --- functions ------------------------------------------------------------

  /// The definition of a slot's function, if the unit has it and it is the
  /// user's.
  const FunctionDecl *definitionOf(const HeapTypeSpec &spec, unsigned slot) const {
    const HeapTypeSlot *entry = spec.slot(slot);
    const FunctionDecl *function = entry && entry->value ? functionOf(entry->value) : nullptr;
    const FunctionDecl *definition = nullptr;
    if (!function || !function->hasBody(definition) || !definition->getIdentifier() ||
        definition->isDependentContext())
      return nullptr;
    FileID file = sources.getFileID(sources.getExpansionLoc(definition->getLocation()));
    return spelling.isUsers(file) ? definition : nullptr;
  }

  /// Whether a branch of the function that is not compiled speaks of the type:
  /// then it is not for us to say what the function does.
  bool hasOtherBranch(const FunctionDecl *function) const {
    auto [file, begin] = sources.getDecomposedExpansionLoc(function->getBeginLoc());
    auto [endFile, end] = sources.getDecomposedExpansionLoc(function->getEndLoc());
    auto skipped = preprocessor.skipped.find(spelling.path(file));
    if (skipped == preprocessor.skipped.end() || file != endFile)
      return false;
    StringRef text = spelling.text(file);
    return any_of(skipped->second, [&, begin = begin, end = end](Range range) {
      if (range.begin < begin || range.end > end)
        return false;
      StringRef branch = text.slice(range.begin, range.end);
      return any_of(ArrayRef<StringRef>{"DECREF", "CLEAR", "VISIT", "TYPE", "type", "Free", "free",
                                        "Del"},
                    [&](StringRef word) { return branch.contains(word); });
    });
  }

  /// Why a function must not change although its type needs it; empty if it may.
  std::string otherUse(const FunctionDecl *function) const {
    if (function->isTemplateInstantiation())
      return "it is a template, which other types may share";
    auto file = [&](const Decl *decl) {
      return sources.getFileID(sources.getExpansionLoc(decl->getLocation()));
    };
    for (const FunctionDecl *declaration : function->redecls())
      if (file(declaration) != file(function))
        return "it is declared in a header, so other sources may call it";
    auto found = specs.references.find(function->getCanonicalDecl());
    if (found != specs.references.end())
      for (const DeclRefExpr *reference : found->second) {
        SourceLocation place = sources.getExpansionLoc(reference->getLocation());
        if (!sources.isPointWithin(place, function->getBeginLoc(), function->getEndLoc()))
          return "it is also named in " + lineOf(place);
      }
    return {};
  }

  /// The edits of a function, or the reason why there are none, and what to do.
  void finish(Finding &finding, FunctionEdits edits, std::string problem,
              const char *advice) const {
    if (problem.empty() && !edits.problems.empty())
      problem = edits.problems[0].reason;
    if (!problem.empty() || edits.rewrites.empty()) {
      finding.reason = problem + (problem.empty() ? "" : "; ") + advice;
      return;
    }
    finding.rewrites = std::move(edits.rewrites);
    finding.safety = Safety::Review;
  }

  void checkDealloc(const HeapTypeSpec &spec) {
    const FunctionDecl *function = definitionOf(spec, SlotDealloc);
    if (!function || hasOwnMemory(spec) || hasOtherBranch(function) ||
        mayReleaseType(spelling, function))
      return;
    const FunctionDecl *freeing = freeingFunction(function);
    if (!freeing)
      return; // it hands the object to what may do both
    Finding *finding =
        add("heap-type-dealloc", function->getLocation(), function->getName(),
            quoted(function->getName()) + " frees the object, but keeps its reference to the type");
    if (!finding)
      return;
    std::string problem = otherUse(function);
    if (freeing != function)
      problem = quoted(freeing->getNameAsString()) + " frees the object";
    auto none = [](const FunctionDecl *) { return false; };
    finish(*finding, releaseType(ast, spelling, function, none, /*throughSlot=*/false), problem,
           "keep Py_TYPE(self) in a variable, and Py_DECREF it behind the call that frees the "
           "object");
  }

  /// Whether a tp_alloc of the type's own may make objects without a
  /// reference to their type, or a tp_free release the type as well.
  bool hasOwnMemory(const HeapTypeSpec &spec) const {
    auto isOwn = [&](unsigned id, ArrayRef<StringRef> usual) {
      const HeapTypeSlot *slot = spec.slot(id);
      const FunctionDecl *function = slot && slot->value ? functionOf(slot->value) : nullptr;
      StringRef name = function && function->getIdentifier() ? function->getName() : StringRef();
      name.consume_front(NormalPrefix);
      return slot && !is_contained(usual, name);
    };
    return isOwn(SlotAlloc, {"PyType_GenericAlloc"}) ||
           isOwn(SlotFree, {"PyObject_Free", "PyObject_Del", "PyObject_GC_Del"});
  }

  void checkTraverse(const HeapTypeSpec &spec) {
    const FunctionDecl *function = definitionOf(spec, SlotTraverse);
    if (!function || !spec.hasFlag(FlagGC))
      return;
    if (context.floor.minor < 9)
      return checkEarlyVisit(spec, function);
    if (hasOtherBranch(function) || mayVisitType(spelling, function))
      return;
    Finding *finding =
        add("heap-type-traverse", function->getLocation(), function->getName(),
            quoted(function->getName()) +
                " does not visit the type, which each instance refers to");
    if (!finding)
      return;
    auto none = [](const FunctionDecl *) { return false; };
    finish(*finding, visitType(ast, spelling, function, none), otherUse(function),
           "add Py_VISIT(Py_TYPE(self))");
  }

  /// 3.8 visits the type of a subclass's instances by itself.
  void checkEarlyVisit(const HeapTypeSpec &spec, const FunctionDecl *function) {
    const CallExpr *visit = spec.hasFlag(FlagBase) ? certainVisit(function) : nullptr;
    if (!visit)
      return;
    if (Finding *finding = add("heap-type-traverse", function->getLocation(), function->getName(),
                               quoted(function->getName()) + " visits the type on 3.8, too"))
      finding->reason = "3.8 visits the type of a subclass's instances by itself, and counts it "
                        "twice then; visit it only where the program runs on 3.9 or later";
  }

  // --- the spec -------------------------------------------------------------

  void checkName(const HeapTypeSpec &spec) {
    auto *literal = spec.name && !spec.changed
                        ? dyn_cast<clang::StringLiteral>(bare(spec.name)) : nullptr;
    if (!literal || !literal->isOrdinary() || literal->getString().contains('.') ||
        literal->getString().empty())
      return;
    Finding *finding = add("heap-type-name", literal->getBeginLoc(), literal->getString(),
                           "the name " + quoted(literal->getString()) + " has no module in it");
    if (!finding)
      return;
    auto range = plainRange(literal->getBeginLoc(), literal->getBeginLoc());
    std::string module = moduleName(ast);
    if (module.empty())
      finding->reason = "the type gets no __module__, and making it warns; write \"module." +
                        literal->getString().str() + "\"";
    else if (!range || !spelling.text(range->file).substr(range->range.begin).starts_with("\""))
      finding->reason = "a macro gives the name; write \"" + module + "." +
                        literal->getString().str() + "\"";
    else
      insert(*finding, range->file, range->range.begin + 1, module + ".");
  }

  void checkSize(const HeapTypeSpec &spec) {
    Expr::EvalResult size;
    if (!spec.basicsize || spec.changed || context.floor.minor >= 12 ||
        spec.basicsize->isValueDependent() || !spec.basicsize->EvaluateAsInt(size, ast) ||
        !size.Val.getInt().isNegative())
      return;
    if (Finding *finding = add("heap-type-basicsize", spec.basicsize->getBeginLoc(),
                               spec.variable->getName(),
                               "a negative basicsize means nothing before 3.12"))
      finding->reason = "it asks for room behind the base's struct from 3.12 on; before, a type "
                        "of negative size is made without an error";
  }

  void checkCollector(const HeapTypeSpec &spec) {
    if (!spec.hasFlag(FlagGC) || spec.slot(SlotTraverse) || spec.slot(SlotBase) ||
        spec.slot(SlotBases) || !specs.isMadeWithoutBases(spec, ast))
      return;
    if (Finding *finding =
            add("heap-type-gc", spec.variable->getLocation(), spec.variable->getName(),
                quoted(spec.variable->getName()) +
                    " has Py_TPFLAGS_HAVE_GC, but no Py_tp_traverse"))
      finding->reason = "from 3.11 on making the type raises SystemError; write a tp_traverse, or "
                        "take the flag away if instances hold no objects";
  }

  // --- slots ----------------------------------------------------------------

  void checkNull(const HeapTypeSpec &spec) {
    for (const HeapTypeSlot &slot : spec.slots) {
      if (slot.value && !isNull(slot.value, ast))
        continue;
      if (slot.id == SlotNew)
        checkNullNew(spec, slot);
      else if (slot.id == SlotDoc && context.floor.minor < 10)
        checkNullDoc(slot);
    }
  }

  void checkNullNew(const HeapTypeSpec &spec, const HeapTypeSlot &slot) {
    // What says it another way is right already, and a type with an __init__
    // or a base is there to be called.
    if (spec.hasFlag(FlagNoInstances) || specs.setsNewToNull || spec.slot(SlotInit) ||
        spec.slot(SlotBase) || spec.slot(SlotBases))
      return;
    Finding *finding = add("heap-type-null-slot", slot.idExpr->getBeginLoc(), "Py_tp_new",
                           "Py_tp_new with NULL has no effect: Python code can make instances");
    if (!finding)
      return;
    if (context.floor.minor < 10) {
      finding->reason = "below 3.10 only a tp_new that raises TypeError keeps object.__new__ from "
                        "being inherited";
      return;
    }
    bool isClear = !spec.hasFlag(FlagBase) && specs.isMadeWithoutBases(spec, ast);
    auto flags = isClear && spec.flags && takesFlags(spec.flags->IgnoreImplicit())
                     ? plainRange(spec.flags->getBeginLoc(), spec.flags->getEndLoc())
                     : std::nullopt;
    if (flags && removeEntry(*finding, slot)) {
      insert(*finding, flags->file, flags->range.end, " | Py_TPFLAGS_DISALLOW_INSTANTIATION");
      finding->reason = "Py_TPFLAGS_DISALLOW_INSTANTIATION among the flags has it";
    } else
      finding->reason = "take the entry away; if only C code may make instances, add "
                        "Py_TPFLAGS_DISALLOW_INSTANTIATION to the flags";
  }

  void checkNullDoc(const HeapTypeSlot &slot) {
    Finding *finding = add("heap-type-null-slot", slot.idExpr->getBeginLoc(), "Py_tp_doc",
                           "Py_tp_doc with NULL crashes on 3.8 and 3.9");
    if (finding && removeEntry(*finding, slot))
      finding->safety = Safety::Safe;
    else if (finding)
      finding->reason = "leave the slot out";
  }

  void checkTwice(const HeapTypeSpec &spec) {
    for (auto second = spec.slots.begin(); second != spec.slots.end(); ++second) {
      auto first = find_if(spec.slots, [&](const HeapTypeSlot &slot) {
        return slot.id == second->id;
      });
      if (first == second)
        continue;
      auto range = spelling.range(second->idExpr->getBeginLoc(), second->idExpr->getEndLoc());
      StringRef name = range ? spelling.text(range->file).slice(range->range.begin,
                                                                range->range.end)
                             : StringRef("a slot");
      Finding *finding = add("heap-type-slot-twice", second->idExpr->getBeginLoc(), name,
                             name + " is given twice");
      if (!finding || (isSame(first->value, second->value) && removeEntry(*finding, *second)))
        continue;
      finding->reason = "the first is in " + lineOf(first->idExpr->getBeginLoc()) +
                        ", and the last one counts; of Py_tp_doc, a second is a SystemError from "
                        "3.12 on";
    }
  }

  /// Whether two values are the same function.
  static bool isSame(const Expr *a, const Expr *b) {
    const FunctionDecl *first = a ? functionOf(a) : nullptr, *second = b ? functionOf(b) : nullptr;
    return first && second && first->getCanonicalDecl() == second->getCanonicalDecl();
  }

  void checkGetSlot(const CallExpr *call) {
    const DeclRefExpr *type = addressOfVariable(call->getArg(0));
    if (!type || !isTypeObject(type->getType()) || context.floor.minor >= 10)
      return;
    StringRef name = type->getDecl()->getName();
    if (Finding *finding = add(StaticGetSlotRule, type->getLocation(), name,
                               "PyType_GetSlot of the static type " + quoted(name)))
      finding->reason = "before 3.10 it gives NULL and sets SystemError for a type that is no heap "
                        "type; use the abstract functions, or a method by its name";
  }

  ASTContext &ast;
  SourceManager &sources;
  const Spelling &spelling;
  const MatchContext &context;
  const PreprocessorFacts &preprocessor;
  HeapTypeSpecs specs;
  PlacedFindings findings;
};

} // namespace

std::vector<Finding> checkHeapTypes(ASTContext &ast, const Spelling &spelling,
                                    const MatchContext &context,
                                    const PreprocessorFacts &preprocessor) {
  return Checks(ast, spelling, context, preprocessor).run();
}

} // namespace abi3ify
