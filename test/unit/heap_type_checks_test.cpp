// Heap types that somebody wrote by hand: what is reported, what the edit is,
// and what is right and must be left alone.
#include "match_support.h"

using namespace abi3ify;

namespace {

const std::string Struct = "typedef struct { PyObject_HEAD PyObject *x; } Obj;\n";

/// A spec with a table of slots.
std::string spec(const std::string &slots, const std::string &flags = "Py_TPFLAGS_DEFAULT",
                 const std::string &name = "m.T") {
  return "static PyType_Slot slots[] = {" + slots + " {0, NULL}};\n" +
         "static PyType_Spec spec = {\"" + name + "\", sizeof(Obj), 0, " + flags + ", slots};\n";
}

const std::string Make = "PyObject *make(void) { return PyType_FromSpec(&spec); }\n";
const std::string Collected = "Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC";
const std::string DeallocSlot = "{Py_tp_dealloc, dealloc},";
const std::string TraverseSlot = "{Py_tp_traverse, traverse},";

/// "rule symbol: message" of the findings about heap types, with the reason of
/// those that have no edit.
std::string found(const std::string &text, unsigned minor = 11, bool cxx = false) {
  Sample sample;
  sample.floor = Floor{minor};
  sample.cxx = cxx;
  sample.look(text);
  std::string result;
  for (const Finding &finding : sample.findings)
    if (llvm::StringRef(finding.rule).starts_with("heap-type-"))
      result += finding.rule.substr(10) + " " + finding.symbol +
                (finding.hasEdit() ? "" : ": " + finding.reason) + "\n";
  return result;
}

/// What is said of a tp_dealloc with this body.
std::string foundInDealloc(const std::string &body, const std::string &front = "",
                           const std::string &behind = "", bool cxx = false) {
  std::string cast = cxx ? "{Py_tp_dealloc, (void *)dealloc}," : DeallocSlot;
  return found(Struct + front + "static void dealloc(PyObject *self)\n{\n" + body + "}\n" +
                   spec(cast) + behind,
               11, cxx);
}

/// What is said of a tp_traverse with this body.
std::string foundInTraverse(const std::string &body, const std::string &front = "",
                            const std::string &flags = Collected, unsigned minor = 11) {
  return found(Struct + front + "static int traverse(Obj *self, visitproc visit, void *arg)\n{\n" +
                   body + "    return 0;\n}\n" + spec(TraverseSlot, flags),
               minor);
}

const std::string Leak = "dealloc dealloc\n";
const std::string NoVisit = "traverse traverse\n";
const std::string DeallocAdvice =
    "; keep Py_TYPE(self) in a variable, and Py_DECREF it behind the call that frees the object\n";

const std::string NullAdvice =
    "null-slot Py_tp_new: take the entry away; if only C code may make instances, add "
    "Py_TPFLAGS_DISALLOW_INSTANTIATION to the flags\n";

// --- tp_dealloc -----------------------------------------------------------

TEST(HeapTypeDealloc, TakesTheTypeAheadAndReleasesItBehind) {
  EXPECT_EQ(fixedC(Struct + "static void dealloc(Obj *self)\n{\n    Py_CLEAR(self->x);\n"
                            "    if (self->x)\n    {\n        PyObject_Free(self);\n        return;\n"
                            "    }\n    PyObject_Free(self); // gone\n}\n" +
                   spec(DeallocSlot)),
            Struct + "static void dealloc(Obj *self)\n{\n"
                     "    PyTypeObject *tp = Py_TYPE((PyObject *)self);\n    Py_CLEAR(self->x);\n"
                     "    if (self->x)\n    {\n        PyObject_Free(self);\n        Py_DECREF(tp);\n"
                     "        return;\n    }\n    PyObject_Free(self);\n    Py_DECREF(tp); // gone\n}\n" +
                spec(DeallocSlot));
}

TEST(HeapTypeDealloc, KeepsTheEditOfTheCallThatFrees) {
  EXPECT_EQ(fixedC(Struct + "static void dealloc(PyObject *o)\n{\n    Py_TYPE(o)->tp_free(o);\n}\n" +
                   spec(DeallocSlot)),
            Struct + "static void dealloc(PyObject *o)\n{\n    PyTypeObject *tp = Py_TYPE(o);\n"
                     "    ((freefunc)PyType_GetSlot(Py_TYPE(o), Py_tp_free))(o);\n"
                     "    Py_DECREF(tp);\n}\n" +
                spec(DeallocSlot));
}

TEST(HeapTypeDealloc, UsesAVariableThatHoldsTheType) {
  EXPECT_EQ(fixedC(Struct + "static void dealloc(PyObject *self)\n{\n"
                            "    PyObject *cls = (PyObject *)Py_TYPE(self);\n"
                            "    PyObject_GC_Del(self);\n}\n" +
                   spec(DeallocSlot)),
            Struct + "static void dealloc(PyObject *self)\n{\n"
                     "    PyObject *cls = (PyObject *)Py_TYPE(self);\n"
                     "    PyObject_GC_Del(self);\n    Py_DECREF(cls);\n}\n" +
                spec(DeallocSlot));
}

TEST(HeapTypeDealloc, SeesEveryWayToFree) {
  for (const char *call :
       {"PyObject_Free(self);", "PyObject_Del(self);", "PyObject_GC_Del(self);",
        "self->ob_type->tp_free(self);", "((freefunc)PyType_GetSlot(Py_TYPE(self), Py_tp_free))(self);",
        "freefunc f; f = (freefunc)PyType_GetSlot(Py_TYPE(self), Py_tp_free); f(self);",
        "freefunc f = (freefunc)PyType_GetSlot(Py_TYPE(self), Py_tp_free); (*f)(self);",
        "PyTypeObject *tp = Py_TYPE(self); tp->tp_free(self);"})
    EXPECT_EQ(foundInDealloc(call), Leak) << call;
}

TEST(HeapTypeDealloc, LeavesEveryWayToReleaseAlone) {
  for (const char *body :
       {"PyTypeObject *tp = Py_TYPE(self); tp->tp_free(self); Py_DECREF(tp);",
        "PyTypeObject *tp = Py_TYPE(self); tp->tp_free(self); Py_DECREF((PyObject *)tp);",
        "PyTypeObject *t = self->ob_type; PyObject_Free(self); Py_XDECREF(t);",
        "PyObject *tp = (PyObject *)Py_TYPE(self); PyObject_Free(self); Py_DECREF(tp);",
        "PyObject *tp; tp = (PyObject *)Py_TYPE(self); PyObject_Free(self); Py_DecRef(tp);",
        "PyObject *tp = (PyObject *)Py_TYPE(self); PyObject_Free(self); Py_CLEAR(tp);",
        "PyTypeObject *tp = Py_TYPE(self); PyObject_Free(self); Py_CLEAR(tp);",
        "Py_DECREF(Py_TYPE(self)); PyObject_Free(self);",
        "PyObject *a = (PyObject *)Py_TYPE(self), *b = a; PyObject_Free(self); Py_DECREF(b);",
        "PyObject *t = PyObject_Type(self); Py_DECREF(t); PyObject_Free(self); Py_DECREF(t);",
        "PyTypeObject *tp = Py_TYPE(self); PyObject_Free(self);"
        " if (PyType_GetFlags(tp) & Py_TPFLAGS_HEAPTYPE) Py_DECREF(tp);"})
    EXPECT_EQ(foundInDealloc(body), "") << body;
}

TEST(HeapTypeDealloc, LeavesATypeOfTheWholeFileAlone) {
  EXPECT_EQ(foundInDealloc("PyObject_Free(self); Py_DECREF(Klass);", "static PyObject *Klass;\n"),
            "");
  EXPECT_EQ(foundInDealloc("PyObject_Free(self); Py_DECREF(state.obj_type);",
                           "static struct { PyObject *obj_type; } state;\n"),
            "");
}

TEST(HeapTypeDealloc, FollowsHelpers) {
  const std::string free = "static void put_away(PyObject *o) { PyObject_Free(o); }\n";
  EXPECT_EQ(foundInDealloc("put_away(self);", free),
            "dealloc dealloc: 'put_away' frees the object" + DeallocAdvice);
  EXPECT_EQ(foundInDealloc("PyTypeObject *t = Py_TYPE(self); put_away(self); Py_DECREF(t);", free),
            "");
  EXPECT_EQ(foundInDealloc("end(self);", "static void end(PyObject *o) { PyTypeObject *t = "
                                         "Py_TYPE(o); PyObject_Free(o); Py_DECREF(t); }\n"),
            "");
  EXPECT_EQ(foundInDealloc("PyTypeObject *t = Py_TYPE(self); PyObject_Free(self); drop(t);",
                           "static void drop(void *t) { Py_DECREF((PyObject *)t); }\n"),
            "");
  // A helper that only clears is no reason to be silent.
  EXPECT_EQ(foundInDealloc("clear((Obj *)self); PyObject_Free(self);",
                           "static void clear(Obj *o) { Py_CLEAR(o->x); }\n"),
            Leak);
}

TEST(HeapTypeDealloc, SaysNothingOfWhatItCannotSee) {
  const std::string declared = "void other(void *o);\n";
  EXPECT_EQ(foundInDealloc("other(self); PyObject_Free(self);", declared), "");
  EXPECT_EQ(foundInDealloc("other(Py_TYPE(self)); PyObject_Free(self);", declared), "");
  EXPECT_EQ(foundInDealloc("other(self);", declared), "");
  EXPECT_EQ(foundInDealloc("hook(self); PyObject_Free(self);", "static void (*hook)(PyObject *);\n"),
            "");
  // Nothing that is the C library's releases a type.
  EXPECT_EQ(foundInDealloc("memset(self, 0, 1); PyObject_Free(self);"), Leak);
}

TEST(HeapTypeDealloc, LeavesItToTheBase) {
  EXPECT_EQ(foundInDealloc("PyList_Type.tp_dealloc(self);"), "");
  EXPECT_EQ(foundInDealloc("destructor d = (destructor)PyType_GetSlot(base, Py_tp_dealloc); d(self);",
                           "static PyTypeObject *base;\n"),
            "");
}

TEST(HeapTypeDealloc, KnowsTheTrashcan) {
  EXPECT_EQ(foundInDealloc("PyTypeObject *tp = Py_TYPE(self); PyObject_GC_UnTrack(self);\n"
                           "Py_TRASHCAN_BEGIN(self, dealloc)\n"
                           "tp->tp_free(self); Py_DECREF(tp);\nPy_TRASHCAN_END\n"),
            "");
  EXPECT_EQ(foundInDealloc("    PyObject_GC_UnTrack(self);\n    Py_TRASHCAN_BEGIN(self, dealloc)\n"
                           "    PyObject_GC_Del(self);\n    Py_TRASHCAN_END\n"),
            Leak);
}

TEST(HeapTypeDealloc, AnObjectThatItsFinalizerRevivesKeepsItsType) {
  EXPECT_EQ(foundInDealloc("    if (PyObject_CallFinalizerFromDealloc(self) < 0)\n        return;\n"
                           "    PyObject_Free(self);\n"),
            Leak);
}

TEST(HeapTypeDealloc, IsForTheAuthorWhereThePathsAreNotClear) {
  EXPECT_EQ(foundInDealloc("if (kept) PyObject_Free(self); else kept = self;\n",
                           "static PyObject *kept;\n"),
            "dealloc dealloc: its tp_dealloc keeps the object on some path (a free list?), and the "
            "reference to the type with it" +
                DeallocAdvice);
  EXPECT_EQ(foundInDealloc("if (Py_REFCNT(self)) PyObject_Free(self); else PyObject_Del(self);\n"),
            "dealloc dealloc: the call that frees the object is no statement of its own in braces" +
                DeallocAdvice);
}

TEST(HeapTypeDealloc, IsForTheAuthorWhereOthersUseTheFunction) {
  EXPECT_EQ(foundInDealloc("PyObject_Free(self);\n", "",
                           "void sub_dealloc(PyObject *o) { dealloc(o); }\n"),
            "dealloc dealloc: it is also named in line 9" + DeallocAdvice);
  // Its own name in its own body is no other use.
  EXPECT_EQ(foundInDealloc("    (void)&dealloc;\n    PyObject_Free(self);\n"), Leak);
}

TEST(HeapTypeDealloc, LeavesBranchesOfOtherBuildsAlone) {
  EXPECT_EQ(foundInDealloc("PyObject_Free(self);\n#ifdef RELEASE\nPy_DECREF(Py_TYPE(self));\n#endif\n"),
            "");
  EXPECT_EQ(foundInDealloc("PyObject_Free(self);\n#ifdef DEBUG\nputs(\"gone\");\n#endif\n"), Leak);
}

TEST(HeapTypeDealloc, KnowsObjectsWithoutTheirType) {
  EXPECT_EQ(found(Struct + "static PyObject *alloc(PyTypeObject *t, Py_ssize_t n) { return NULL; }\n"
                           "static void dealloc(PyObject *o) { PyObject_Free(o); }\n" +
                  spec(DeallocSlot + "{Py_tp_alloc, alloc},")),
            "");
}

TEST(HeapTypeDealloc, KnowsATpFreeThatReleasesTheType) {
  const std::string dealloc = "static void dealloc(PyObject *o) { Py_TYPE(o)->tp_free(o); }\n";
  const std::string free = "static void end(void *o) { PyTypeObject *t = Py_TYPE((PyObject *)o);\n"
                           "    PyObject_Free(o); Py_DECREF(t); }\n";
  EXPECT_EQ(found(Struct + free + dealloc + spec(DeallocSlot + "{Py_tp_free, end},")), "");
  EXPECT_EQ(found(Struct + dealloc + spec(DeallocSlot + "{Py_tp_free, PyObject_Free},")), Leak);
}

TEST(HeapTypeDealloc, KnowsWhatCxxHasForIt) {
  const std::string holder = "struct Holder { PyObject *o; explicit Holder(PyObject *o) : o(o) {}\n"
                             "  ~Holder() { Py_DECREF(o); } };\n";
  EXPECT_EQ(foundInDealloc("Holder held((PyObject *)Py_TYPE(self)); PyObject_Free(self);\n", holder,
                           "", true),
            "");
  EXPECT_EQ(foundInDealloc("auto *t = Py_TYPE(self); auto end = [t] { Py_DECREF((PyObject *)t); };\n"
                           "PyObject_Free(self); end();\n",
                           "", "", true),
            "");
  EXPECT_EQ(foundInDealloc("    delete reinterpret_cast<Obj *>(self)->x;\n    PyObject_Free(self);\n",
                           "", "", true),
            Leak);
  EXPECT_EQ(found(Struct + "template <class T> void dealloc(PyObject *o) { PyObject_Free(o); }\n" +
                      spec("{Py_tp_dealloc, (void *)&dealloc<Obj>},"),
                  11, true),
            "dealloc dealloc: it is a template, which other types may share" + DeallocAdvice);
}

TEST(HeapTypeDealloc, SharesTheFunctionOfSeveralSpecs) {
  const std::string text = Struct + "static void dealloc(PyObject *o)\n{\n    PyObject_Free(o);\n}\n" +
                           spec(DeallocSlot) +
                           "static PyType_Spec second = {\"m.U\", 0, 0, 0, slots};\n"
                           "static PyType_Slot more[] = {{.slot = Py_tp_dealloc, .pfunc = "
                           "&dealloc}, {0}};\n"
                           "static PyType_Spec third = {.name = \"m.V\", .slots = more};\n";
  EXPECT_EQ(found(text), Leak);
}

TEST(HeapTypeDealloc, SeesTheUnitsOfAHeader) {
  Sample sample;
  sample.lookAtAll({{"o.h", "static void dealloc(PyObject *o)\n{\n    PyObject_Free(o);\n}\n" +
                                Struct + spec(DeallocSlot)},
                    {"a.c", "#include \"o.h\"\n"},
                    {"b.c", "#include \"o.h\"\n"}});
  EXPECT_EQ(sample.lines(), "o.h:1:13 dealloc fixable\n");
  EXPECT_EQ(sample.fixed("o.h"),
            "static void dealloc(PyObject *o)\n{\n    PyTypeObject *tp = Py_TYPE(o);\n"
            "    PyObject_Free(o);\n    Py_DECREF(tp);\n}\n" + Struct + spec(DeallocSlot));
}

TEST(HeapTypeDealloc, IsForTheAuthorWhereAHeaderDeclaresIt) {
  Sample sample;
  sample.lookAtAll({{"o.h", "void dealloc(PyObject *o);\n"},
                    {"a.c", "#include \"o.h\"\n" + Struct +
                                "void dealloc(PyObject *o)\n{\n    PyObject_Free(o);\n}\n" +
                                spec(DeallocSlot)}});
  EXPECT_EQ(sample.reasons("heap-type-dealloc"),
            "dealloc: it is declared in a header, so other sources may call it" + DeallocAdvice);
}

// --- tp_traverse ----------------------------------------------------------

TEST(HeapTypeTraverse, VisitsTheType) {
  EXPECT_EQ(foundInTraverse("Py_VISIT(self->x);\n"), NoVisit);
  EXPECT_EQ(foundInTraverse("Py_VISIT(self->x);\n", "", "Py_TPFLAGS_DEFAULT"), "");
}

TEST(HeapTypeTraverse, LeavesEveryVisitAlone) {
  for (const char *body :
       {"Py_VISIT(Py_TYPE(self));", "Py_VISIT(self->ob_base.ob_type);",
        "PyTypeObject *t = Py_TYPE(self); Py_VISIT(t);",
        "int r = visit((PyObject *)Py_TYPE(self), arg); if (r) return r;",
        "if (Py_REFCNT(self) > 0) { Py_VISIT(Py_TYPE(self)); }",
        "PyList_Type.tp_traverse((PyObject *)self, visit, arg);",
        "((traverseproc)PyType_GetSlot(Py_TYPE(self), Py_tp_traverse))((PyObject *)self, visit, arg);"})
    EXPECT_EQ(foundInTraverse(body), "") << body;
}

TEST(HeapTypeTraverse, FollowsHelpers) {
  EXPECT_EQ(foundInTraverse("return each(self, visit, arg);",
                            "static int each(Obj *o, visitproc visit, void *arg)\n"
                            "{ Py_VISIT(Py_TYPE(o)); return 0; }\n"),
            "");
  EXPECT_EQ(foundInTraverse("return each(self, visit, arg);",
                            "static int each(Obj *o, visitproc visit, void *arg)\n"
                            "{ Py_VISIT(o->x); return 0; }\n"),
            NoVisit);
  EXPECT_EQ(foundInTraverse("return each(self, visit, arg);",
                            "int each(Obj *o, visitproc visit, void *arg);\n"),
            "");
}

TEST(HeapTypeTraverse, IsForTheAuthorWithoutTheNamesOfPyVisit) {
  EXPECT_EQ(found(Struct + "static int traverse(Obj *self, visitproc v, void *a)\n"
                           "{\n    return self->x ? v(self->x, a) : 0;\n}\n" +
                  spec(TraverseSlot, Collected)),
            "traverse traverse: Py_VISIT needs its parameters to be called visit and arg; add "
            "Py_VISIT(Py_TYPE(self))\n");
}

TEST(HeapTypeTraverse, LooksAtBothSidesOfVersion39) {
  const std::string base = Collected + " | Py_TPFLAGS_BASETYPE";
  EXPECT_EQ(foundInTraverse("Py_VISIT(self->x);\n", "", base, 8), "");
  EXPECT_EQ(foundInTraverse("Py_VISIT(self->x);\n", "", base, 9), NoVisit);
  EXPECT_EQ(foundInTraverse("Py_VISIT(Py_TYPE(self));\n", "", base, 9), "");
  EXPECT_EQ(foundInTraverse("Py_VISIT(Py_TYPE(self));\n", "", base, 8),
            "traverse traverse: 3.8 visits the type of a subclass's instances by itself, and counts "
            "it twice then; visit it only where the program runs on 3.9 or later\n");
  EXPECT_EQ(foundInTraverse("if (is_new) Py_VISIT(Py_TYPE(self));\n", "extern int is_new;\n", base, 8),
            "");
  // Without subclasses nothing is counted twice.
  EXPECT_EQ(foundInTraverse("Py_VISIT(Py_TYPE(self));\n", "", Collected, 8), "");
}

TEST(HeapTypeTraverse, IsForTheAuthorBehindADirective) {
  EXPECT_EQ(foundInTraverse("#ifndef SLIM\n    Py_VISIT(self->x);\n#endif\n"),
            "traverse traverse: its tp_traverse begins with a preprocessor condition; add "
            "Py_VISIT(Py_TYPE(self))\n");
}

// --- slots ----------------------------------------------------------------

TEST(HeapTypeSlots, NullNewNeedsPlainFlags) {
  const std::string advice = NullAdvice;
  EXPECT_EQ(found(Struct + spec("{Py_tp_new, NULL},") + Make), "null-slot Py_tp_new\n");
  EXPECT_EQ(found(Struct + "#define FLAGS Py_TPFLAGS_DEFAULT\n" +
                  spec("{Py_tp_new, NULL},", "FLAGS") + Make),
            advice);
  EXPECT_EQ(found(Struct + spec("{Py_tp_new, NULL},", "1 ? 0 : 1") + Make), advice);
  EXPECT_EQ(found(Struct + "static PyType_Slot s[] = {{Py_tp_new, NULL}, {0, NULL}};\n"
                           "PyType_Spec t = {.name = \"m.T\", .slots = s};\n"),
            advice);
}

TEST(HeapTypeSlots, NullNewIsForTheAuthorWhereTheTypeMayBeMeantToBeCalled) {
  EXPECT_EQ(found(Struct + spec("{Py_tp_new, NULL},")), NullAdvice); // perhaps with bases
  EXPECT_EQ(found(Struct + spec("{Py_tp_new, NULL},", "Py_TPFLAGS_BASETYPE") + Make), NullAdvice);
  EXPECT_EQ(found(Struct + "int init(PyObject *, PyObject *, PyObject *);\n" +
                  spec("{Py_tp_new, NULL}, {Py_tp_init, init},") + Make),
            "");
  EXPECT_EQ(found(Struct + spec("{Py_tp_new, NULL}, {Py_tp_base, &PyList_Type},") + Make), "");
}

TEST(HeapTypeSlots, NullNewIsRightWhereItIsFilledLater) {
  EXPECT_EQ(found(Struct + spec("{Py_tp_new, NULL},") +
                  "void fill(void) { slots[0].pfunc = PyType_GenericNew; }\n"),
            "");
  EXPECT_EQ(found(Struct + spec("{Py_tp_new, NULL},") +
                  "void fill(void) { spec.flags |= Py_TPFLAGS_DISALLOW_INSTANTIATION; }\n"),
            "");
  EXPECT_EQ(found(Struct + spec("{Py_tp_new, NULL},") +
                  "void fill(PyTypeObject *t) { t->tp_new = NULL; }\n"),
            "");
}

TEST(HeapTypeSlots, ATableThatIsNotWhollyKnownIsLeftAlone) {
  EXPECT_EQ(found(Struct + "#define NOTHING(id) {id, NULL},\n" + spec("NOTHING(Py_tp_new)")),
            NullAdvice);
  EXPECT_EQ(found("extern PyType_Slot slots[];\nPyType_Spec spec = {\"m.T\", 0, 0, 0, slots};\n"), "");
  EXPECT_EQ(found("PyType_Slot slots[] = {{Py_tp_new, NULL}};\n"
                  "PyType_Spec spec = {\"m.T\", 0, 0, 0, slots};\n"),
            "");
}

TEST(HeapTypeSlots, ReadsEveryFormOfTables) {
  EXPECT_EQ(found("PyType_Spec spec = {.name = \"m.T\", .flags = Py_TPFLAGS_DEFAULT,\n"
                  "    .slots = (PyType_Slot[]){{Py_tp_new, NULL}, {0, NULL}}};\n" + Make),
            "null-slot Py_tp_new\n");
  EXPECT_EQ(found("PyObject *make(void)\n{\n    PyType_Slot s[] = {{Py_tp_new, NULL}, {0, NULL}};\n"
                  "    PyType_Spec t = {\"m.T\", 0, 0, Py_TPFLAGS_DEFAULT, s};\n"
                  "    return PyType_FromSpec(&t);\n}\n"),
            "null-slot Py_tp_new\n");
  EXPECT_EQ(found("static PyType_Slot a[] = {{Py_tp_new, NULL}, {0, NULL}}, b[] = {{0, NULL}};\n"
                  "PyType_Spec all[] = {{\"m.A\", 0, 0, 0, a}, {\"B\", 0, 0, 0, b}};\n"),
            NullAdvice + "name B: the type gets no __module__, and making it warns; write "
            "\"module.B\"\n");
  EXPECT_EQ(found("struct T { static PyType_Slot slots[]; static PyType_Spec spec; };\n"
                  "PyType_Slot T::slots[] = {{Py_tp_new, nullptr}, {0, nullptr}};\n"
                  "PyType_Spec T::spec = {\"m.T\", 0, 0, Py_TPFLAGS_DEFAULT, T::slots};\n"
                  "PyObject *make() { return PyType_FromSpec(&T::spec); }\n",
                  11, true),
            "null-slot Py_tp_new\n");
}

TEST(HeapTypeSlots, TwiceTheSameOrNot) {
  const std::string functions = "static PyObject *f(PyObject *o) { return NULL; }\n"
                                "static PyObject *g(PyObject *o) { return NULL; }\n";
  EXPECT_EQ(found(Struct + functions + spec("{Py_tp_repr, f}, {Py_tp_str, f}, {Py_tp_repr, f},")),
            "slot-twice Py_tp_repr\n");
  EXPECT_EQ(found(Struct + functions + spec("{Py_tp_repr, f},\n{Py_tp_repr, g},")),
            "slot-twice Py_tp_repr: the first is in line 5, and the last one counts; of Py_tp_doc, a "
            "second is a SystemError from 3.12 on\n");
}

// --- the spec -------------------------------------------------------------

TEST(HeapTypeName, GetsTheModule) {
  const std::string module = "static PyModuleDef def = {PyModuleDef_HEAD_INIT, \"mod\"};\n";
  const std::string other = "static PyModuleDef two = {PyModuleDef_HEAD_INIT, \"two\"};\n";
  EXPECT_EQ(fixedC(Struct + spec("", "Py_TPFLAGS_DEFAULT", "T") + module),
            Struct + spec("", "Py_TPFLAGS_DEFAULT", "mod.T") + module);
  EXPECT_EQ(found(Struct + spec("", "0", "T") + module + other),
            "name T: the type gets no __module__, and making it warns; write \"module.T\"\n");
  EXPECT_EQ(found(Struct + "#define NAME \"T\"\nstatic PyType_Slot slots[] = {{0, NULL}};\n"
                           "PyType_Spec spec = {NAME, 0, 0, 0, slots};\n" + module),
            "name T: a macro gives the name; write \"mod.T\"\n");
  EXPECT_EQ(found(Struct + spec("", "0", "T") + "void fill(void) { spec.name = \"a.T\"; }\n"), "");
}

TEST(HeapTypeCollector, NeedsATraverseOrABase) {
  const std::string gc = "gc spec: from 3.11 on making the type raises SystemError; write a "
                         "tp_traverse, or take the flag away if instances hold no objects\n";
  EXPECT_EQ(found(Struct + spec("", Collected) + Make), gc);
  EXPECT_EQ(found(Struct + spec("{Py_tp_base, &PyList_Type},", Collected) + Make), "");
  // Nobody makes it here, or somebody who may give it bases.
  EXPECT_EQ(found(Struct + spec("", Collected)), "");
  EXPECT_EQ(found(Struct + spec("", Collected) + "PyObject *add(PyType_Spec *);\n"
                                                 "PyObject *make(void) { return add(&spec); }\n"),
            "");
  EXPECT_EQ(found(Struct + spec("", Collected) +
                  "static PyObject *add(PyObject *m, PyType_Spec *s)\n"
                  "{ return PyType_FromModuleAndSpec(m, s, NULL); }\n"
                  "PyObject *make(void) { return add(NULL, &spec); }\n"),
            gc);
  EXPECT_EQ(found(Struct + spec("", Collected) +
                  "static PyObject *add(PyObject *b, PyType_Spec *s)\n"
                  "{ return PyType_FromSpecWithBases(s, b); }\n"
                  "PyObject *make(void) { return add(NULL, &spec); }\n"),
            "");
}

TEST(HeapTypeGetSlot, OfStaticTypesBelow310) {
  const std::string text = "void *f(void) { return PyType_GetSlot(&PyList_Type, Py_tp_init); }\n";
  EXPECT_EQ(found(text, 10), "");
  EXPECT_EQ(found(text, 9),
            "get-slot PyList_Type: before 3.10 it gives NULL and sets SystemError for a type that is "
            "no heap type; use the abstract functions, or a method by its name\n");
}

TEST(HeapTypeGetSlot, NotOfATypeThatIsConverted) {
  const std::string text = "static PyTypeObject T = {PyVarObject_HEAD_INIT(NULL, 0)\n"
                           "    .tp_name = \"m.T\", .tp_new = PyType_GenericNew};\n"
                           "void *f(void) { return PyType_GetSlot(&T, Py_tp_new); }\n";
  EXPECT_EQ(found(text + "int ready(void) { return PyType_Ready(&T); }\n", 9), "");
  EXPECT_EQ(found(text, 9).substr(0, 11), "get-slot T:");
}

TEST(HeapTypeSpecs, RightOnesAreLeftAlone) {
  EXPECT_EQ(found(Struct +
                  "static int traverse(Obj *self, visitproc visit, void *arg)\n"
                  "{\n    Py_VISIT(Py_TYPE(self));\n    Py_VISIT(self->x);\n    return 0;\n}\n"
                  "static void dealloc(Obj *self)\n{\n    PyTypeObject *tp = Py_TYPE(self);\n"
                  "    PyObject_GC_UnTrack(self);\n    Py_CLEAR(self->x);\n"
                  "    tp->tp_free((PyObject *)self);\n    Py_DECREF(tp);\n}\n" +
                  spec(TraverseSlot + DeallocSlot + "{Py_tp_doc, \"\"},", Collected) + Make),
            "");
}

} // namespace
