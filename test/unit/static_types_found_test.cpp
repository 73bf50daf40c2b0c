// Wrong edits and crashes of the conversion of static types, each in its smallest form.
#include "match_support.h"

using namespace abi3ify;
using namespace llvm;

namespace {

const char *const Types = R"(typedef struct { PyObject_HEAD } Obj;
static PyTypeObject T = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "m.T", .tp_basicsize = sizeof(Obj), .tp_new = PyType_GenericNew,
)";

/// The type T of a text, as another one with the name U.
std::string secondType(StringRef text) {
  std::string second = text.split("typedef struct { PyObject_HEAD } Obj;\n").second.str();
  return second.replace(second.find(" T ="), 4, " U =");
}

/// The reasons of the conversions, one a line.
std::string reasonsAt(Floor floor, const std::string &text) {
  Sample sample;
  sample.floor = floor;
  sample.look(text);
  std::string all;
  for (const Finding &finding : sample.findings)
    if (finding.rule == StaticTypeRule)
      all += finding.symbol + ": " + (finding.hasEdit() ? "converted" : finding.reason) + "\n";
  return all;
}

} // namespace

TEST(StaticTypesFound, ATableThatIsFilledAtRunTime) {
  std::string reason = reasonsAt({10}, "static PyMappingMethods mapping;\n" + std::string(Types) +
                                         "    .tp_as_mapping = &mapping,\n};\n"
                                         "int ready(void) { return PyType_Ready(&T); }\n");
  EXPECT_NE(StringRef(reason).find("is filled elsewhere"), StringRef::npos) << reason;
}

TEST(StaticTypesFound, AMacroThatReadies) {
  Sample sample;
  const std::string second = secondType(Types);
  sample.look(std::string(Types) + "};\n" + second +
              "};\n#define ADD(m, n, t) \\\n    if (PyType_Ready(&t) < 0) return -1; \\\n"
              "    Py_INCREF(&t); \\\n    PyModule_AddObject(m, n, (PyObject *)&t)\n"
              "int ready(PyObject *m)\n{\n    ADD(m, \"T\", T);\n    ADD(m, \"U\", U);\n    return 0;\n}\n");
  std::string fixed = sample.fixed();
  EXPECT_NE(fixed.find("    if (limited_type_ready(&t, &t##_spec) < 0) return -1; \\\n"),
            std::string::npos) << fixed << sample.reasons(StaticTypeRule);
  EXPECT_NE(fixed.find(" \\\n    PyModule_AddObject(m, n, (PyObject *)t)\n"), std::string::npos)
      << fixed;
  EXPECT_NE(fixed.find("    ADD(m, \"T\", T);\n    ADD(m, \"U\", U);\n"), std::string::npos);
}

TEST(StaticTypesFound, AMacroWithItsParameterInParentheses) {
  Sample sample;
  const std::string second = secondType(Types);
  sample.look(std::string(Types) + "};\n" + second +
              "};\n#define ADD(m, n, t) \\\n    if (PyType_Ready(&(t)) < 0) return -1; \\\n"
              "    Py_INCREF(& (t)); \\\n    PyModule_AddObject(m, n, (PyObject *)(&(t)))\n"
              "#define Check(o) PyObject_TypeCheck(o, &(T))\n"
              "int check(PyObject *o) { return Check(o); }\n"
              "int ready(PyObject *m)\n{\n    ADD(m, \"T\", T);\n    ADD(m, \"U\", U);\n    return 0;\n}\n");
  std::string fixed = sample.fixed();
  EXPECT_NE(fixed.find("    if (limited_type_ready(&t, &t##_spec) < 0) return -1; \\\n"
                       "    Py_INCREF((PyObject *)( (t))); \\\n    PyModule_AddObject(m, n, (PyObject *)((t)))\n"
                       "#define Check(o) PyObject_TypeCheck(o, (T))\n"),
            std::string::npos) << fixed << sample.reasons(StaticTypeRule);
}

TEST(StaticTypesFound, AMacroThatReadiesAnyObject) {
  std::string reason = reasonsAt({10}, std::string(Types) +
                                         "};\n#define TAKE(t) PyLong_FromVoidPtr((void *)&t)\n"
                                         "int other;\nPyObject *get(int x)\n"
                                         "{ return x ? TAKE(T) : TAKE(other); }\n"
                                         "int ready(void) { return PyType_Ready(&T); }\n");
  EXPECT_NE(StringRef(reason).find("takes another one here"), StringRef::npos) << reason;
}

TEST(StaticTypesFound, AMacroThatTakesAMemberOfTheTypeItGets) {
  const std::string second = secondType(Types);
  std::string macros = "};\n#define ALLOC(t) t.tp_alloc(&t, 0)\n"
                       "#define FLAGS(t) t.tp_flags\n#define BASE(t) ((PyObject *)t.tp_base)\n";
  Sample sample;
  sample.floor = {10};
  sample.look(std::string(Types) + "};\n" + second + macros +
              "PyObject *make(int x)\n{ return x ? ALLOC(T) : ALLOC(U); }\n"
              "PyObject *base(int x) { return x ? BASE(T) : BASE(U); }\n"
              "unsigned long flags(int x) { return x ? FLAGS(T) : FLAGS(U); }\n"
              "int ready(void) { return PyType_Ready(&T) || PyType_Ready(&U); }\n");
  std::string fixed = sample.fixed();
  EXPECT_NE(fixed.find("#define ALLOC(t) ((allocfunc)PyType_GetSlot(t, Py_tp_alloc))(t, 0)\n"
                       "#define FLAGS(t) PyType_GetFlags(t)\n"), std::string::npos)
      << fixed << sample.reasons(StaticTypeRule);
  EXPECT_NE(fixed.find("{ return x ? ALLOC(T) : ALLOC(U); }"), std::string::npos);
  std::string reason =
      reasonsAt({10}, std::string(Types) + macros + "struct { unsigned long tp_flags; } other;\n"
                      "unsigned long get(int x) { return x ? FLAGS(T) : FLAGS(other); }\n"
                      "int ready(void) { return PyType_Ready(&T); }\n");
  EXPECT_NE(StringRef(reason).find("takes another's here"), StringRef::npos) << reason;
}

TEST(StaticTypesFound, AMacroThatReadiesASubtype) {
  std::string reason = reasonsAt({10}, std::string(Types) +
                                         "    .tp_base = &PyList_Type,\n};\n"
                                         "#define READY(t) PyType_Ready(&t)\n"
                                         "int ready(void) { return READY(T); }\n");
  EXPECT_NE(StringRef(reason).find("which cannot know its base"), StringRef::npos) << reason;
}

TEST(StaticTypesFound, TwoTypesWithOneDealloc) {
  std::string text = "static void dealloc(PyObject *self)\n{\n    PyObject_Free(self);\n}\n" +
                     std::string(Types) + "    .tp_dealloc = dealloc,\n};\n";
  const std::string second = secondType(text);
  EXPECT_EQ(reasonsAt({10}, text + second +
                              "int ready(void)\n{\n"
                              "    return PyType_Ready(&T) < 0 || PyType_Ready(&U) < 0;\n}\n"),
            "T: converted\nU: converted\n");
}

TEST(StaticTypesFound, AReferenceGivenAwayInABranch) {
  const std::string begin = std::string(Types) + "};\nint ready(PyObject *m, int x)\n{\n";
  Sample sample;
  sample.floor = Floor{10};
  sample.look(begin + "    if (PyType_Ready(&T) < 0)\n        return -1;\n"
                      "    else\n"
                      "        PyModule_AddObject(m, \"T\", (PyObject *)&T);\n"
                      "    return 0;\n}\n");
  std::string fixed = sample.fixed();
  EXPECT_NE(StringRef(fixed).find("    else\n        { Py_INCREF((PyObject *)T); PyModule_AddObject(m, \"T\", (PyObject *)T); }\n"),
            StringRef::npos)
      << fixed;
  // Once for each round, which the braces would have to be around.
  std::string reason = reasonsAt({10}, begin + "    if (PyType_Ready(&T) < 0)\n        return -1;\n"
                                               "    while (x--)\n"
                                               "        PyModule_AddObject(m, \"T\", (PyObject *)&T);\n"
                                               "    return 0;\n}\n");
  EXPECT_NE(StringRef(reason).find("takes over a reference"), StringRef::npos) << reason;
}

// Who else reaches a function that the conversion would change.
namespace {

/// T with the function `own` for its tp_dealloc, and a second type with `others`.
std::string twoTypes(const std::string &functions, const std::string &others) {
  std::string text = "typedef struct { PyObject_HEAD int x; } Foo;\n"
                     "static void own(PyObject *o) { Py_TYPE(o)->tp_free(o); }\n" + functions +
                     "static PyTypeObject T = {PyVarObject_HEAD_INIT(NULL, 0) .tp_name = \"m.T\", .tp_basicsize = sizeof(Foo),\n"
                     "    .tp_dealloc = own, .tp_flags = Py_TPFLAGS_DEFAULT, .tp_new = PyType_GenericNew};\n"
                     "static PyTypeObject U = {PyVarObject_HEAD_INIT(NULL, 0) .tp_name = \"m.U\", .tp_basicsize = sizeof(Foo),\n" +
                     others + "    .tp_new = PyType_GenericNew};\n";
  return text + "int ready(void) { return PyType_Ready(&T) < 0 || PyType_Ready(&U) < 0; }\n";
}

constexpr const char *Conditional = "#if 1\n    .tp_flags = Py_TPFLAGS_DEFAULT,\n#endif\n";

} // namespace

TEST(StaticTypesFound, ADeallocThatAStaticTypesOwnCalls) {
  std::string call = "static void theirs(PyObject *o) { ((Foo *)o)->x = 1; own(o); }\n";
  std::string deep = "static void helper(PyObject *o) { own(o); }\nstatic void theirs(PyObject *o) { helper(o); }\n";
  for (const std::string &functions : {call, deep}) {
    std::string reasons = reasonsAt({10}, twoTypes(functions, std::string(Conditional) + "    .tp_dealloc = theirs,\n"));
    EXPECT_NE(reasons.find("T: it is converted together with 'U'"), std::string::npos) << reasons;
  }
}

TEST(StaticTypesFound, ADeallocThatIsGivenElsewhere) {
  for (const std::string functions : {"static void setup(PyTypeObject *t) { t->tp_dealloc = own; }\n",
                                      "static void (*chain[])(PyObject *) = {own};\n"}) {
    std::string reasons = reasonsAt({10}, twoTypes(functions, ""));
    EXPECT_NE(reasons.find("T: a.c:4: its tp_dealloc is also given to what"), std::string::npos) << reasons;
  }
  std::string compared = reasonsAt({10}, twoTypes("int is(PyObject *o) { return Py_TYPE(o)->tp_dealloc == own; }\n", ""));
  EXPECT_EQ(compared.find("its tp_dealloc is also"), std::string::npos) << compared;
}

TEST(StaticTypesFound, ADeallocThatNamesItselfToTheTrashcan) {
  std::string reasons = reasonsAt({10}, "typedef struct { PyObject_HEAD PyObject *x; } Foo;\n"
                                        "static void own(PyObject *o)\n{\n    PyObject_GC_UnTrack(o);\n    Py_TRASHCAN_BEGIN(o, own)\n"
                                        "    Py_CLEAR(((Foo *)o)->x);\n    Py_TYPE(o)->tp_free(o);\n    Py_TRASHCAN_END\n}\n"
                                        "static int traverse(PyObject *o, visitproc visit, void *arg)\n{\n    Py_VISIT(((Foo *)o)->x);\n    return 0;\n}\n"
                                        "static PyTypeObject T = {PyVarObject_HEAD_INIT(NULL, 0) .tp_name = \"m.T\", .tp_basicsize = sizeof(Foo),\n"
                                        "    .tp_dealloc = own, .tp_traverse = traverse, .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,\n"
                                        "    .tp_new = PyType_GenericNew};\nint ready(void) { return PyType_Ready(&T); }\n");
  EXPECT_EQ(reasons, "T: converted\n");
}

TEST(StaticTypesFound, AHeapTypeMadeByHandThatCallsIt) {
  std::string byHand = "static void theirs(PyObject *o)\n{\n    PyTypeObject *t = Py_TYPE(o);\n    own(o);\n    Py_DECREF(t);\n}\n"
                       "static PyType_Slot slots[] = {{Py_tp_dealloc, theirs}, {0, NULL}};\n"
                       "PyType_Spec spec = {\"m.V\", sizeof(Foo), 0, Py_TPFLAGS_DEFAULT, slots};\n";
  std::string reasons = reasonsAt({10}, twoTypes(byHand, ""));
  EXPECT_NE(reasons.find("T: a.c:7: its tp_dealloc is called by 'theirs' of a heap type made by hand"), std::string::npos) << reasons;
}

TEST(StaticTypesFound, ATraverseThatAHeapTypeMadeByHandCalls) {
  std::string reasons = reasonsAt({10}, "typedef struct { PyObject_HEAD PyObject *x; } Foo;\n"
                                        "static int own(PyObject *o, visitproc visit, void *arg)\n{\n    Py_VISIT(((Foo *)o)->x);\n    return 0;\n}\n"
                                        "static int theirs(PyObject *o, visitproc visit, void *arg)\n{\n    Py_VISIT(Py_TYPE(o));\n    return own(o, visit, arg);\n}\n"
                                        "static PyType_Slot slots[] = {{Py_tp_traverse, theirs}, {0, NULL}};\n"
                                        "PyType_Spec spec = {\"m.V\", sizeof(Foo), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC, slots};\n"
                                        "static PyTypeObject T = {PyVarObject_HEAD_INIT(NULL, 0) .tp_name = \"m.T\", .tp_basicsize = sizeof(Foo),\n"
                                        "    .tp_traverse = own, .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC, .tp_new = PyType_GenericNew};\n"
                                        "int ready(void) { return PyType_Ready(&T); }\n");
  EXPECT_NE(reasons.find("its tp_traverse is called by 'theirs' of a heap type made by hand"), std::string::npos) << reasons;
}

// It frees objects of the struct that the static type has, too, but sees to the type of its own.
TEST(StaticTypesFound, AHeapTypeMadeByHandWithTheSameStruct) {
  Sample sample;
  sample.floor = Floor{10};
  sample.look("typedef struct { PyObject_HEAD int x; } Foo;\n"
              "static void theirs(Foo *o)\n{\n    PyTypeObject *t = Py_TYPE(o);\n    PyObject_Free(o);\n    Py_DECREF(t);\n}\n"
              "static PyType_Slot slots[] = {{Py_tp_dealloc, theirs}, {0, NULL}};\n"
              "PyType_Spec spec = {\"m.V\", sizeof(Foo), 0, Py_TPFLAGS_DEFAULT, slots};\n"
              "static PyTypeObject T = {PyVarObject_HEAD_INIT(NULL, 0) .tp_name = \"m.T\", .tp_basicsize = sizeof(Foo),\n"
              "    .tp_flags = Py_TPFLAGS_DEFAULT, .tp_new = PyType_GenericNew};\n"
              "int ready(void) { return PyType_Ready(&T); }\n");
  std::string fixed = sample.fixed();
  EXPECT_NE(fixed.find("limited_type_ready(&T"), std::string::npos) << fixed;
  EXPECT_NE(fixed.find("    PyObject_Free(o);\n    Py_DECREF(t);\n"), std::string::npos) << fixed;
}

TEST(StaticTypesFound, ABaseThatAHelperGets) {
  std::string text = twoTypes("int setup(PyTypeObject *t, PyTypeObject *base) { t->tp_base = base; return PyType_Ready(t); }\n", Conditional);
  text.replace(text.find("PyType_Ready(&U)"), 16, "setup(&U, &T)");
  std::string reasons = reasonsAt({10}, text);
  EXPECT_NE(reasons.find("T: it is converted together with 'U'"), std::string::npos) << reasons;
}

TEST(StaticTypesFound, ALambdaForASlot) {
  Sample sample;
  sample.cxx = true;
  sample.flags = {"-std=c++20"};
  sample.floor = Floor{10};
  sample.look("struct Foo { PyObject_HEAD };\n"
              "static PyTypeObject T = {.ob_base = PyVarObject_HEAD_INIT(nullptr, 0) .tp_name = \"m.T\", .tp_basicsize = sizeof(Foo),\n"
              "    .tp_repr = [](PyObject *o) { return PyObject_Str(o); }, .tp_flags = Py_TPFLAGS_DEFAULT};\n"
              "int ready() { return PyType_Ready(&T); }\n");
  ASSERT_EQ(sample.findings.size(), 1u);
  EXPECT_NE(StringRef(sample.findings[0].reason).find("a lambda is no value of a slot"), StringRef::npos) << sample.findings[0].reason;
}

TEST(StaticTypesFound, AConstantType) {
  std::string text = std::string(Types) + "};\n"
                     "int ready(void) { return PyType_Ready((PyTypeObject *)&T); }\n";
  text.replace(text.find("static PyTypeObject"), 19, "static const PyTypeObject");
  std::string reason = reasonsAt({10}, text);
  EXPECT_NE(StringRef(reason).find("it is constant"), StringRef::npos) << reason;
}

// What is not readied itself is made in front of the call that does it.
TEST(StaticTypesFound, AFunctionThatReadiesItsParameter) {
  Sample sample;
  sample.floor = Floor{10};
  sample.look("static int add(PyObject *m, const char *n, PyTypeObject *t)\n{\n"
              "    if (PyType_Ready(t) < 0)\n        return -2;\n    Py_INCREF(t);\n"
              "    return PyModule_AddObject(m, n, (PyObject *)t);\n}\n" +
              std::string(Types) + "};\nint ready(PyObject *m)\n{\n"
              "    if (add(m, \"T\", &T) < 0)\n        return -1;\n    return 0;\n}\n");
  std::string fixed = sample.fixed();
  EXPECT_NE(StringRef(fixed).find("    if ((limited_type_ready(&T, &T_spec) < 0 ? -2 : "
                                  "add(m, \"T\", T)) < 0)\n"),
            StringRef::npos)
      << fixed;
}

TEST(StaticTypesFound, AFunctionWhoseFailureIsNotSeen) {
  for (const char *call : {"    add(m, &T);\n", "    if (add(m, &T))\n        return;\n"}) {
    std::string body = StringRef(call).contains("if") ? "static int add(PyObject *m, PyTypeObject *t)\n"
                                                        "{\n    return PyType_Ready(t) + 1;\n}\n"
                                                      : "static int add(PyObject *m, PyTypeObject *t)\n"
                                                        "{\n    return PyType_Ready(t);\n}\n";
    std::string reason = reasonsAt({10}, body + Types + "};\nvoid ready(PyObject *m)\n{\n" + call + "}\n");
    EXPECT_NE(StringRef(reason).find("no PyType_Ready(&T)"), StringRef::npos) << reason;
  }
}

namespace {

/// The files of a type that one unit defines and another one readies.
std::vector<std::pair<std::string, std::string>> twoUnits(const std::string &assignment) {
  return {{"t.h", "extern PyTypeObject T;\n"},
          {"a.c", "#include \"t.h\"\ntypedef struct { PyObject_HEAD } Obj;\nPyTypeObject T = {\n"
                  "    PyVarObject_HEAD_INIT(NULL, 0)\n"
                  "    .tp_name = \"m.T\", .tp_basicsize = sizeof(Obj),\n};\n"},
          {"b.c", "#include \"t.h\"\nstatic PyObject *own(PyTypeObject *t, PyObject *a, PyObject *k)\n"
                  "{ return PyType_GenericNew(t, a, k); }\n"
                  "newfunc other = own;\nint ready(void)\n{\n    " + assignment +
                      "\n    return PyType_Ready(&T);\n}\n"}};
}

} // namespace

TEST(StaticTypesFound, AMemberThatAnotherUnitSets) {
  Sample sample;
  sample.lookAtAll(twoUnits("T.tp_new = PyType_GenericNew;"));
  EXPECT_NE(sample.fixed("a.c").find("    {Py_tp_new, (void *)PyType_GenericNew},\n    {0, NULL},"),
            std::string::npos) << sample.fixed("a.c") << sample.reasons(StaticTypeRule);
  EXPECT_EQ(sample.fixed("a.c").find("DISALLOW_INSTANTIATION"), std::string::npos);
  EXPECT_EQ(sample.fixed("b.c").find("T.tp_new"), std::string::npos) << sample.fixed("b.c");
}

TEST(StaticTypesFound, NothingThatAnotherUnitSets) {
  Sample sample;
  sample.lookAtAll(twoUnits(""));
  EXPECT_NE(sample.fixed("a.c").find("_slots[] = {\n    {0, NULL},"), std::string::npos)
      << sample.fixed("a.c");
  EXPECT_NE(sample.fixed("a.c").find("DISALLOW_INSTANTIATION"), std::string::npos);
}

TEST(StaticTypesFound, ABaseThatAnotherUnitSets) {
  Sample sample;
  sample.lookAtAll(twoUnits("T.tp_base = &PyList_Type;"));
  EXPECT_NE(sample.fixed("b.c").find("limited_subtype_ready(&T, &T_spec, &PyList_Type)"),
            std::string::npos) << sample.fixed("b.c") << sample.reasons(StaticTypeRule);
}

TEST(StaticTypesFound, AFunctionThatOnlyAnotherUnitKnows) {
  Sample sample;
  sample.lookAtAll(twoUnits("T.tp_new = own;"));
  EXPECT_NE(sample.reasons(StaticTypeRule).find("to what only that unit may know"),
            std::string::npos) << sample.reasons(StaticTypeRule);
}

TEST(StaticTypesFound, ForAbi3tOnlyWithoutAHead) {
  std::string text = std::string(Types) + "    .tp_basicsize = sizeof(Obj),\n};\n"
                                          "int ready(void) { return PyType_Ready(&T); }\n";
  EXPECT_EQ(reasonsAt({15}, text), "T: converted\n");
  std::string reason = reasonsAt({15, /*abi3t=*/true}, text);
  EXPECT_NE(StringRef(reason).find("abi3t has no object's head"), StringRef::npos) << reason;
}

TEST(StaticTypesFound, AnAttributeThatIsLookedForElsewhere) {
  auto remark = [](const std::string &call) {
    Sample sample;
    sample.look("typedef struct { PyObject_HEAD PyObject *target; } Proxy;\n"
                "static PyObject *get(PyObject *self, PyObject *name)\n{\n    PyObject *found = " + call +
                "(self, name);\n"
                "    return found ? found : PyObject_GetAttr(((Proxy *)self)->target, name);\n}\n" +
                std::string(Types) + "    .tp_getattro = get,\n};\nint ready(void) { return PyType_Ready(&T); }\n");
    auto type = find_if(sample.findings, [](const Finding &finding) { return finding.rule == StaticTypeRule; });
    return type == sample.findings.end() || !type->hasEdit() ? "not converted" : type->reason;
  };
  EXPECT_EQ(remark("PyObject_GenericGetAttr"), "PyObject_GenericGetAttr finds a __module__ then, the one of the type");
  EXPECT_EQ(remark("PyDict_GetItem"), "");
}

TEST(StaticTypesFound, AnAttributeNamedModule) {
  std::string reason = reasonsAt(
      {10}, "static PyObject *module_of(PyObject *o, void *c) { Py_RETURN_NONE; }\n"
          "static PyGetSetDef getset[] = {{\"__module__\", module_of, NULL, NULL, NULL}, {NULL}};\n" +
              std::string(Types) + "    .tp_getset = getset,\n};\n"
              "int ready(void) { return PyType_Ready(&T); }\n");
  EXPECT_NE(StringRef(reason).find("would no longer be a text"), StringRef::npos) << reason;
}

namespace {

std::string metaOf(unsigned minor, const std::string &more, bool runTime = false) {
  Sample sample;
  sample.floor = Floor{minor};
  sample.look("typedef struct { PyObject_HEAD } Obj;\nstatic PyTypeObject Meta = {\n"
              "    PyVarObject_HEAD_INIT(NULL, 0)\n    .tp_name = \"m.Meta\", .tp_base = &PyType_Type,\n" +
              more + "};\nstatic PyTypeObject T = {\n    PyVarObject_HEAD_INIT(" +
              (runTime ? "NULL" : "&Meta") + ", 0)\n"
              "    .tp_name = \"m.T\", .tp_basicsize = sizeof(Obj), .tp_new = PyType_GenericNew,\n};\n"
              "int ready(void)\n{\n" + (runTime ? "    Py_SET_TYPE(&T, &Meta);\n" : "") +
              "    return PyType_Ready(&Meta) < 0 || PyType_Ready(&T) < 0 ? -1 : 0;\n}\n");
  std::string reasons = sample.reasons(StaticTypeRule);
  return reasons.empty() ? sample.fixed() : reasons;
}

} // namespace

TEST(StaticTypesFound, AMetaclass) {
  std::string fixed = metaOf(12, "");
  EXPECT_NE(fixed.find("limited_metatype_ready(&T, &T_spec, Meta, NULL) < 0"), std::string::npos)
      << fixed;
  fixed = metaOf(12, "", true);
  EXPECT_NE(fixed.find("limited_metatype_ready(&T, &T_spec, Meta, NULL) < 0"), std::string::npos)
      << fixed;
  EXPECT_EQ(fixed.find("Py_SET_TYPE"), std::string::npos) << fixed;
  EXPECT_NE(metaOf(11, "").find("takes from 3.12 on"), std::string::npos) << metaOf(11, "");
  std::string made = metaOf(12, "    .tp_new = PyType_GenericNew,\n");
  EXPECT_NE(made.find("its metaclass 'Meta' has a tp_new"), std::string::npos) << made;
}

// immutables: one of two types with a tp_dealloc cannot be converted, before its slots are looked at.
TEST(StaticTypesFound, ATypeThatStaysKeepsThoseThatShareItsDealloc) {
  const std::string second = secondType(Types);
  std::string ready = "int ready(void) { return PyType_Ready(&T) || PyType_Ready(&U); }\n";
  std::string dealloc = "static void end(PyObject *self) { PyObject_Free(self); }\n";
  std::string shared = "    .tp_dealloc = end,\n};\n";
  for (std::string blocked : {"#ifdef MORE\n    .tp_doc = \"more\",\n#endif\n", "    .tp_dict = NULL,\n"}) {
    std::string reason = reasonsAt({10}, dealloc + Types + shared + second + blocked + shared + ready);
    bool stays = blocked[0] == '#';
    EXPECT_EQ(StringRef(reason).count(": converted"), stays ? 0u : 2u) << reason;
    EXPECT_EQ(StringRef(reason).contains("T: it is converted together with 'U'"), stays) << reason;
  }
  // A table, too.
  std::string table = "static PyNumberMethods numbers = {.nb_bool = yes};\n";
  std::string reason = reasonsAt(
      {10}, "static int yes(PyObject *self) { return self != NULL; }\n" + table + Types +
                "    .tp_as_number = &numbers,\n};\n" + second +
                "#ifdef MORE\n    .tp_doc = \"more\",\n#endif\n    .tp_as_number = &numbers,\n};\n" + ready);
  EXPECT_EQ(StringRef(reason).count(": converted"), 0u) << reason;
}

// The table is no riddle of its own: the type's finding says what to do.
TEST(StaticTypesFound, ATableGoesWithItsType) {
  const std::string table = "static Py_ssize_t len(PyObject *o) { return o != NULL; }\n"
                            "static PyMappingMethods mapping = {.mp_length = len};\n";
  auto reason = [](const std::string &text) {
    Sample sample;
    sample.floor = {10};
    sample.look(text);
    std::string all;
    for (const Finding &finding : sample.findings)
      if (finding.symbol == "PyMappingMethods")
        all += finding.rule + ": " + finding.reason + "\n";
    return all;
  };
  const std::string expected = "static-type-table: it is the tp_as_mapping of 'T' and goes with the "
                               "type's conversion; see there what stands against that\n";
  EXPECT_EQ(reason(table + Types + "    .tp_as_mapping = &mapping,\n};\n"), expected);
  EXPECT_EQ(reason(table + Types + "};\nint make(void) { T.tp_as_mapping = &mapping; return 0; }\n"),
            expected);
  EXPECT_TRUE(StringRef(reason(table + "void *get(void) { return &mapping; }\n")).starts_with("not-limited: "));
  EXPECT_EQ(reason(table + Types + "    .tp_as_mapping = &mapping,\n};\n"
                                   "int ready(void) { return PyType_Ready(&T); }\n"), "");
}
