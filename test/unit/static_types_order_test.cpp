// Static types that are spoken of before they are readied, and functions that
// reach those of another type through its type object.
#include "match_support.h"

using namespace abi3ify;
using namespace llvm;

namespace {

std::string typeObject(StringRef name, StringRef more) {
  return ("static PyTypeObject " + name + " = {\n    PyVarObject_HEAD_INIT(NULL, 0)\n    .tp_name = \"m." + name +
          "\", .tp_basicsize = sizeof(Obj), .tp_new = PyType_GenericNew,\n" + more + "};\n")
      .str();
}

struct Order : testing::Test {
  std::string before = "typedef struct { PyObject_HEAD PyObject *weak; } Obj;\n";

  std::string fixed(const std::string &text) {
    sample.floor = Floor{10};
    sample.look(before + text);
    return sample.fixed();
  }
  /// The reason why T stays.
  std::string reason(const std::string &text) {
    fixed(text);
    return sample.reasons(StaticTypeRule);
  }
  Sample sample;
};

bool has(StringRef text, StringRef part) { return text.contains(part); }

} // namespace

using KeptTypes = Order;

TEST_F(KeptTypes, AVariableIsSetBehindPyTypeReady) {
  std::string text = fixed(typeObject("T", "") +
                           "PyTypeObject *kept;\nint init(void)\n{\n    kept = &T; /* for all */\n"
                           "    if (PyType_Ready(&T) < 0)\n        return -1;\n    return 0;\n}\n");
  EXPECT_TRUE(has(text, "{\n    if (limited_type_ready(&T, &T_spec) < 0)\n        return -1;\n    kept = T; /* for all */\n    return 0;\n"))
      << text << sample.reasons(StaticTypeRule);
}

TEST_F(KeptTypes, NotIfSomebodyAsksInBetween) {
  for (std::string between : {"use(kept);", "own();"})
    EXPECT_TRUE(has(reason(typeObject("T", "") + "PyTypeObject *kept;\nvoid use(PyTypeObject *);\nvoid own(void);\n"
                           "int init(void)\n{\n    kept = &T;\n    " + between +
                           "\n    return PyType_Ready(&T);\n}\n"),
                    "it is used here before PyType_Ready"))
        << between;
}

TEST_F(KeptTypes, NotIfTheErrorPathAsks) {
  const std::string begin = typeObject("T", "") + "PyTypeObject *kept;\nvoid use(PyTypeObject *);\n"
                            "int init(void)\n{\n    kept = &T;\n    if (PyType_Ready(&T) < 0)\n        goto error;\n";
  EXPECT_TRUE(has(reason(begin + "    return 0;\nerror:\n    use(kept);\n    return -1;\n}\n"), "before PyType_Ready"));
  EXPECT_TRUE(has(fixed(begin + "    use(kept);\n    return 0;\nerror:\n    return -1;\n}\n"),
                  "        goto error;\n    kept = T;\n    use(kept);\n"));
}

TEST_F(KeptTypes, UnderTheSameConditionsOnly) {
  auto init = [](StringRef first, StringRef second) {
    return (typeObject("T", "") + "PyTypeObject *kept;\n#define HAVE_T\nint init(void)\n{\n#ifdef " + first +
            "\n    kept = &T;\n#endif\n#ifdef " + second + "\n    if (PyType_Ready(&T) < 0) return -1;\n#endif\n    return 0;\n}\n").str();
  };
  EXPECT_TRUE(has(fixed(init("HAVE_T", "HAVE_T")),
                  "#ifdef HAVE_T\n#endif\n#ifdef HAVE_T\n    if (limited_type_ready(&T, &T_spec) < 0) return -1;\n    kept = T;\n#endif\n"));
  EXPECT_TRUE(has(reason("#define TOO\n" + init("HAVE_T", "TOO")), "before PyType_Ready"));
}

TEST_F(Order, WhetherItIsReadied) {
  std::string text = fixed("static PyTypeObject T;\nstatic PyObject *make(void)\n{\n"
                           "    if (!(T.tp_flags & Py_TPFLAGS_READY))\n        if (PyType_Ready(&T) < 0)\n            return NULL;\n"
                           "    return PyType_GenericAlloc(&T, 0);\n}\nvoid *used[] = {(void *)make};\n" + typeObject("T", ""));
  EXPECT_TRUE(has(text, "    if (!(T != NULL))\n        if (limited_type_ready(&T, &T_spec) < 0)\n"))
      << text << sample.reasons(StaticTypeRule);
  // It is made above its spec.
  EXPECT_TRUE(has(text, "static PyTypeObject *T;\nstatic PyType_Spec T_spec;\n")) << text;
  text = fixed(typeObject("T", "") + "int ready(void)\n{\n    if (T.tp_dict == NULL)\n        return PyType_Ready(&T);\n    return 0;\n}\n");
  EXPECT_TRUE(has(text, "    if (T == NULL)\n        return limited_type_ready(&T, &T_spec);\n"))
      << text << sample.reasons(StaticTypeRule);
}

TEST_F(Order, AnOffsetIsWhatTheDefinitionSays) {
  const std::string ready = "int init(void)\n{\n    if (!T.tp_weaklistoffset)\n        return -1;\n    return PyType_Ready(&T);\n}\n";
  before = "#include <stddef.h>\n" + before;
  std::string text = fixed(typeObject("T", "    .tp_weaklistoffset = offsetof(Obj, weak),\n") + ready);
  EXPECT_TRUE(has(text, "    if (!offsetof(Obj, weak))\n")) << text << sample.reasons(StaticTypeRule);
  EXPECT_EQ(sample.reasons("type-offsets"), "");
  EXPECT_TRUE(has(reason(typeObject("T", "") + ready), "its 'tp_weaklistoffset' is read here, which its definition does not give"));
}

namespace {

/// D, whose base is B, with functions of both.
std::string derived(StringRef functions, StringRef ofDerived) {
  return ("static int b_traverse(PyObject *self, visitproc visit, void *arg) { Py_VISIT(((Obj *)self)->weak); return 0; }\n"
          "static void b_dealloc(PyObject *self) { PyObject_GC_UnTrack(self); Py_TYPE(self)->tp_free(self); }\n" +
          typeObject("B", "    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE,\n"
                          "    .tp_traverse = b_traverse, .tp_dealloc = b_dealloc,\n") +
          functions +
          typeObject("D", ("    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC, .tp_base = &B,\n" + ofDerived).str()) +
          "int init(void) { return PyType_Ready(&B) < 0 || PyType_Ready(&D) < 0; }\n")
      .str();
}

} // namespace

TEST_F(Order, TheBasesTraverseVisitsTheType) {
  std::string text = fixed(derived("static int d_traverse(PyObject *self, visitproc visit, void *arg)\n"
                                   "{\n    return B.tp_traverse(self, visit, arg);\n}\n",
                                   "    .tp_traverse = d_traverse,\n"));
  EXPECT_TRUE(has(text, "{\n    return ((traverseproc)PyType_GetSlot(B, Py_tp_traverse))(self, visit, arg);\n}\n"))
      << text << sample.reasons(StaticTypeRule);
  EXPECT_EQ(StringRef(text).count("Py_VISIT(Py_TYPE("), 1u) << text;
}

TEST_F(Order, TheBasesDeallocReleasesTheType) {
  std::string text = fixed(derived("static void d_dealloc(PyObject *self)\n{\n    PyObject_GC_UnTrack(self);\n    B.tp_dealloc(self);\n}\n",
                                   "    .tp_dealloc = d_dealloc,\n"));
  EXPECT_TRUE(has(text, "    ((destructor)PyType_GetSlot(B, Py_tp_dealloc))(self);\n}\n"))
      << text << sample.reasons(StaticTypeRule);
  EXPECT_EQ(StringRef(text).count("Py_DECREF(tp)"), 1u) << text;
}

TEST_F(Order, WhoseTraverseItIsMustBeKnown) {
  EXPECT_TRUE(has(reason(derived("static int d_traverse(PyObject *self, visitproc visit, void *arg)\n"
                                 "{\n    return Py_TYPE(self)->tp_base->tp_traverse(self, visit, arg);\n}\n",
                                 "    .tp_traverse = d_traverse,\n")),
                  "it hands the object to what may visit the type as well"));
  // Without one of its own a heap type gets a tp_dealloc that would call D's again.
  EXPECT_TRUE(has(reason(typeObject("B", "    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,\n") +
                         "static void d_dealloc(PyObject *self) { B.tp_dealloc(self); }\n" +
                         typeObject("D", "    .tp_base = &B, .tp_dealloc = d_dealloc,\n") +
                         "int init(void) { return PyType_Ready(&B) < 0 || PyType_Ready(&D) < 0; }\n"),
                  "it calls the tp_dealloc of another type"));
}

namespace {

std::string traversed(const std::string &head, const std::string &body) {
  return "static int t_traverse(" + head + ")\n{\n" + body + "    return 0;\n}\n" +
         typeObject("T", "    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC, .tp_traverse = t_traverse,\n") +
         "int init(void) { return PyType_Ready(&T); }\n";
}

} // namespace

TEST_F(Order, TraverseWithDirectives) {
  const std::string head = "PyObject *self, visitproc visit, void *arg";
  std::string text = fixed(traversed(head, "    int err;\n#undef VISIT\n#define VISIT(v) if ((err = visit(v, arg))) return err\n"
                                           "    VISIT(((Obj *)self)->weak);\n"));
  EXPECT_TRUE(has(text, "return err\n    Py_VISIT(Py_TYPE(self));\n    VISIT(")) << text;
  EXPECT_TRUE(has(reason(traversed(head, "#if 1\n    Py_VISIT(((Obj *)self)->weak);\n#endif\n")),
                  "its tp_traverse begins with a preprocessor condition"));
}

TEST_F(Order, TraverseThatDoesNothing) {
  std::string text = fixed(traversed("PyObject *Py_UNUSED(self), visitproc Py_UNUSED(visit), void *Py_UNUSED(arg)", ""));
  EXPECT_TRUE(has(text, "static int t_traverse(PyObject *self, visitproc visit, void *arg)\n{\n    Py_VISIT(Py_TYPE(self));\n"))
      << text << sample.reasons(StaticTypeRule);
}

TEST_F(Order, TheObjectIsForgottenOnceItIsFreed) {
  std::string text = fixed("static void t_dealloc(Obj *self)\n{\n    PyObject *op = (PyObject *)self;\n"
                           "    Py_CLEAR(self->weak);\n    Py_TYPE(self)->tp_free(op);\n    self = NULL;\n    op = NULL;\n}\n" +
                           typeObject("T", "    .tp_dealloc = (destructor)t_dealloc,\n") +
                           "int init(void) { return PyType_Ready(&T); }\n");
  EXPECT_TRUE(has(text, "    ((freefunc)PyType_GetSlot(tp, Py_tp_free))(op);\n    Py_DECREF(tp);\n    self = NULL;\n"))
      << text << sample.reasons(StaticTypeRule);
}

TEST_F(Order, TablesThatAreFilledAtRunTime) {
  const std::string functions = "static Py_ssize_t length(PyObject *o) { return 1; }\n"
                                "static PyObject *item(PyObject *o, PyObject *k) { return NULL; }\n";
  const std::string fills = "    mapping.mp_length = length;\n    mapping.mp_subscript = (binaryfunc)item;\n";
  const std::string ready = "    T.tp_as_mapping = &mapping;\n    return PyType_Ready(&T);\n}\n";
  std::string text = fixed("static PyMappingMethods mapping;\n" + typeObject("T", "") + functions + "int init(void)\n{\n" + fills + ready);
  EXPECT_TRUE(has(text, "    {Py_mp_length, (void *)length},\n    {Py_mp_subscript, (void *)item},\n"))
      << text << sample.reasons(StaticTypeRule);
  EXPECT_TRUE(has(text, "int init(void)\n{\n    return limited_type_ready(&T, &T_spec);\n}\n")) << text;
  EXPECT_FALSE(has(text, "mapping")) << text;
  // Over what the initialiser gives.
  text = fixed(functions + "static PyMappingMethods mapping = {NULL, item};\n" + typeObject("T", "    .tp_as_mapping = &mapping,\n") +
               "int init(void)\n{\n    mapping.mp_length = length;\n    return PyType_Ready(&T);\n}\n");
  EXPECT_TRUE(has(text, "    {Py_mp_subscript, (void *)item},\n    {Py_mp_length, (void *)length},\n"))
      << text << sample.reasons(StaticTypeRule);
  EXPECT_TRUE(has(reason("static PyMappingMethods mapping;\n" + functions + typeObject("T", "    .tp_as_mapping = &mapping,\n") +
                         "int init(int x)\n{\n    if (x) {\n" + fills + "    }\n    return PyType_Ready(&T);\n}\n"),
                  "'mp_length' is not set right in front of the type's PyType_Ready"));
  EXPECT_TRUE(has(reason("PyMappingMethods mapping;\n" + functions + typeObject("T", "    .tp_as_mapping = &mapping,\n") +
                         "int init(int x)\n{\n" + fills + "    return PyType_Ready(&T);\n}\n"),
                  "its tp_as_mapping is filled elsewhere"));
}

TEST_F(KeptTypes, NotInAVariableOfAnotherTypeThatIsAsked) {
  EXPECT_TRUE(has(reason(typeObject("T", "") + "PyObject *kept;\nint init(void)\n{\n    kept = (PyObject *)&T;\n    Py_INCREF(kept);\n"
                         "    return PyType_Ready(&T);\n}\n"),
                  "it is used here before PyType_Ready"));
}

TEST_F(KeptTypes, NotWhereAJumpLeavesItOut) {
  const std::string begin = typeObject("T", "") + "PyTypeObject *kept;\nstatic PyObject *show(PyObject *o) { return NULL; }\n"
                            "int init(int x)\n{\n    if (x) goto ready;\n";
  EXPECT_TRUE(has(reason(begin + "    kept = &T;\nready:\n    PyErr_Clear();\n    return PyType_Ready(&T);\n}\n"), "before PyType_Ready"));
  EXPECT_TRUE(has(reason(begin + "    T.tp_repr = show;\nready:\n    return PyType_Ready(&T);\n}\n"),
                  "'tp_repr' is not set right in front of the type's PyType_Ready"));
}

TEST_F(Order, SlotsUnderAConditionOfThePreprocessor) {
  EXPECT_TRUE(has(reason("#define HAVE_SHOW\n" + typeObject("T", "") + "static PyObject *show(PyObject *o) { return NULL; }\n"
                         "int init(void)\n{\n#ifdef HAVE_SHOW\n    T.tp_repr = show;\n#endif\n    return PyType_Ready(&T);\n}\n"),
                  "'tp_repr' is not set right in front of the type's PyType_Ready"));
}

TEST_F(Order, ATypeThatMayNotBeThereYet) {
  const std::string make = typeObject("T", "") + "PyObject *make(void)\n{\n    if (!(T.tp_flags & Py_TPFLAGS_READY) && PyType_Ready(&T) < 0)\n"
                           "        return NULL;\n    return PyType_GenericAlloc(&T, 0);\n}\n";
  EXPECT_TRUE(has(reason(make + "int is(PyObject *o) { return PyObject_IsInstance(o, (PyObject *)&T); }\n"),
                  "it may be used here before it is readied"));
  EXPECT_TRUE(has(reason(make + "int is(void) { return (T.tp_flags & Py_TPFLAGS_READY) != 0; }\n"),
                  "whether it is readied is asked here in a way that is not known"));
  EXPECT_TRUE(has(fixed(make + "int is(PyObject *o) { return PyObject_TypeCheck(o, &T) || Py_TYPE(o) == &T; }\n"),
                  "PyObject_TypeCheck(o, T) || Py_TYPE(o) == T; }"));
}

TEST_F(Order, AnObjectOfATypeThatIsAVariable) {
  for (std::string set : {"Py_SET_TYPE(o, type)", "o->ob_type = type"})
    EXPECT_TRUE(has(reason(typeObject("T", "") + "void of(PyObject *o, PyTypeObject *type) { " + set + "; }\n"
                           "int init(void) { return PyType_Ready(&T); }\n"),
                    "an object becomes one of a type here"))
        << set;
  for (std::string copy : {"*a = *b", "memcpy(a, b, sizeof(Obj))"})
    EXPECT_TRUE(has(reason("#include <string.h>\n" + typeObject("T", "") + "void of(Obj *a, Obj *b) { " + copy + "; }\n"
                           "int init(void) { return PyType_Ready(&T); }\n"),
                    "an object is copied whole here"))
        << copy;
}

TEST_F(Order, WaysToTheTraverseOfTheBase) {
  auto traverse = [&](StringRef functions, StringRef statement) {
    return reason(derived((functions + "static int d_traverse(PyObject *self, visitproc visit, void *arg)\n{\n    " + statement +
                           "\n    return 0;\n}\n").str(),
                          "    .tp_traverse = d_traverse,\n"));
  };
  constexpr const char *Hands = "it hands the object to what may visit the type as well";
  constexpr const char *Helper = "static int up(PyObject *o, visitproc visit, void *arg) { return b_traverse(o, visit, arg); }\n";
  EXPECT_TRUE(has(traverse(Helper, "if (up(self, visit, arg)) return -1;"), Hands));
  EXPECT_TRUE(has(traverse("", "traverseproc up = B.tp_traverse;\n    if (up(self, visit, arg)) return -1;"), Hands));
  EXPECT_TRUE(has(traverse("", "if ((*B.tp_traverse)(self, visit, arg)) return -1;"), Hands));
  EXPECT_TRUE(has(traverse("int elsewhere(PyObject *, visitproc, void *);\n", "if (elsewhere(self, visit, arg)) return -1;"), Hands));
  EXPECT_TRUE(has(traverse("", "if (((Obj *)self)->weak) return B.tp_traverse(self, visit, arg);"), "on some paths only"));
  EXPECT_TRUE(has(traverse("", "if (!((Obj *)self)->weak) return 0;\n    return B.tp_traverse(self, visit, arg);"), "on some paths only"));
  // What visits members alone may be called.
  EXPECT_EQ(traverse("static int members(PyObject *o, visitproc visit, void *arg) { Py_VISIT(((Obj *)o)->weak); return 0; }\n",
                     "if (members(self, visit, arg)) return -1;"), "");
}
