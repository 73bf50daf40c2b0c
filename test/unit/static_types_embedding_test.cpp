// Types whose struct begins with a builtin's: taken apart from 3.12 on, with
// every use of the struct, or left with the place that forbids it.
#include "match_support.h"

using namespace abi3ify;
using namespace llvm;

namespace {

/// A subtype of list with two members of its own.
struct Stack {
  std::string members = "    PyObject *top;\n    int depth;\n";
  std::string uses = "static int depth_of(Stack *self) { return self->depth; }\n";
  std::string more; ///< of the type's members
  std::string builtin = "PyListObject", base = "PyList_Type";

  std::string text() const {
    return "typedef struct {\n    " + builtin + " base;\n" + members + "} Stack;\n" + uses +
           "static PyTypeObject StackType = {\n    PyVarObject_HEAD_INIT(NULL, 0)\n"
           "    .tp_name = \"m.Stack\", .tp_basicsize = sizeof(Stack), .tp_base = &" + base +
           ",\n" + more + "};\nint ready(void) { return PyType_Ready(&StackType); }\n";
  }
  Sample look(unsigned minor = 12) const {
    Sample sample;
    sample.floor = Floor{minor};
    sample.look(text());
    return sample;
  }
  std::string reason(unsigned minor = 12) const {
    return look(minor).reasons(StaticTypeRule);
  }
};

bool contains(const std::string &text, StringRef part) { return StringRef(text).contains(part); }

} // namespace

TEST(StaticTypesEmbedding, TheStructLosesItsFirstMember) {
  std::string fixed = Stack().look().fixed();
  EXPECT_TRUE(contains(fixed, "typedef struct {\n    PyObject *top;\n    int depth;\n} Stack;\n"
                              "\nstatic PyTypeObject *StackType;\n"
                              "\n/* What StackType adds to its base. */\n"
                              "static inline Stack *\nStack_data(void *self)\n{\n"
                              "    return (Stack *)PyObject_GetTypeData((PyObject *)self, StackType);\n"
                              "}\n")) << fixed;
  EXPECT_TRUE(contains(fixed, "return Stack_data(self)->depth;")) << fixed;
  EXPECT_TRUE(contains(fixed, ".basicsize = -(int)sizeof(Stack)")) << fixed;
}

TEST(StaticTypesEmbedding, NothingIsLeftToSayOfTheStruct) {
  for (const Finding &finding : Stack().look().findings)
    EXPECT_TRUE(finding.hasEdit()) << finding.symbol << ": " << finding.reason;
}

TEST(StaticTypesEmbedding, CastsAndMacros) {
  Stack stack;
  stack.uses = "#define DEPTH(o) (((Stack *)(o))->depth)\n"
               "static int both(PyObject *a, PyObject *b)\n{\n"
               "    ((Stack *)a)->depth = 1;\n"
               "    return DEPTH(b) + DEPTH(a);\n}\n";
  std::string fixed = stack.look().fixed();
  EXPECT_TRUE(contains(fixed, "#define DEPTH(o) (Stack_data((o))->depth)") ||
              contains(fixed, "#define DEPTH(o) (Stack_data(o)->depth)")) << fixed;
  EXPECT_TRUE(contains(fixed, "Stack_data(a)->depth = 1;")) << fixed;
}

TEST(StaticTypesEmbedding, MembersOfPython) {
  Stack stack;
  stack.uses = "#include <structmember.h>\n#include <stddef.h>\n"
               "static PyMemberDef members[] = {\n"
               "    {\"top\", T_OBJECT, offsetof(Stack, top), READONLY},\n"
               "    {\"any\", T_OBJECT, offsetof(Stack, top), 0},\n    {NULL}};\n";
  stack.more = "    .tp_members = members,\n";
  std::string fixed = stack.look().fixed();
  EXPECT_TRUE(contains(fixed, "offsetof(Stack, top), READONLY | Py_RELATIVE_OFFSET}")) << fixed;
  EXPECT_TRUE(contains(fixed, "offsetof(Stack, top), Py_RELATIVE_OFFSET}")) << fixed;
}

TEST(StaticTypesEmbedding, AnOffsetThatCannotBeRelative) {
  Stack stack;
  stack.uses = "#include <stddef.h>\n";
  stack.more = "    .tp_dictoffset = offsetof(Stack, top),\n";
  EXPECT_TRUE(contains(stack.reason(), "'tp_dictoffset' can be no offset in what it adds"))
      << stack.reason();
}

TEST(StaticTypesEmbedding, BelowTheFloor) {
  std::string reason = Stack().reason(11);
  EXPECT_TRUE(contains(reason, "Stack begins with PyListObject, whose size the Limited API hides; "
                               "from floor 3.12 on")) << reason;
}

TEST(StaticTypesEmbedding, TheBuiltinsPartIsReached) {
  Stack stack;
  stack.uses += "static PyObject **items(Stack *self) { return self->base.ob_item; }\n";
  EXPECT_TRUE(contains(stack.reason(), "the builtin's part is reached here")) << stack.reason();
}

TEST(StaticTypesEmbedding, ByValue) {
  Stack stack;
  stack.uses += "static int copy(Stack *self) { Stack other = *self; return other.depth; }\n";
  EXPECT_TRUE(contains(stack.reason(), "one is held by value here")) << stack.reason();
}

TEST(StaticTypesEmbedding, AStructOfAStruct) {
  Stack stack;
  stack.uses += "typedef struct { Stack stack; int more; } Deep;\n"
                "int more_of(Deep *deep) { return deep->more; }\n";
  EXPECT_TRUE(contains(stack.reason(), "one is held by value here")) << stack.reason();
}

TEST(StaticTypesEmbedding, ItsSizeIsAskedFor) {
  Stack stack;
  stack.uses += "static size_t size(void) { return sizeof(Stack); }\n";
  EXPECT_TRUE(contains(stack.reason(), "its size is asked for here")) << stack.reason();
}

TEST(StaticTypesEmbedding, OfVariableSize) {
  Stack stack;
  stack.builtin = "PyTupleObject";
  stack.base = "PyTuple_Type";
  EXPECT_TRUE(contains(stack.reason(), "of whose types this tool makes no subtypes"))
      << stack.reason();
}

TEST(StaticTypesEmbedding, AnotherBase) {
  Stack stack;
  stack.base = "PyDict_Type";
  EXPECT_TRUE(contains(stack.reason(), "its tp_base is not PyList_Type")) << stack.reason();
}

TEST(StaticTypesEmbedding, TwoTypesOfOneStruct) {
  Stack stack;
  std::string second = StringRef(stack.text()).split("static PyTypeObject ").second.str();
  for (size_t at; (at = second.find("StackType")) != std::string::npos;)
    second.replace(at, 9, "OtherType");
  for (size_t at; (at = second.find("int ready")) != std::string::npos;)
    second.replace(at, 9, "int other");
  Sample sample;
  sample.floor = Floor{12};
  sample.look(stack.text() + "static PyTypeObject " + second);
  std::string reason = sample.reasons(StaticTypeRule);
  EXPECT_TRUE(contains(reason, "has the same struct, which begins with a builtin's")) << reason;
}

TEST(StaticTypesEmbedding, TheBuiltinsDealloc) {
  Stack stack;
  stack.uses = "static void stack_dealloc(Stack *self)\n{\n    Py_CLEAR(self->top);\n"
               "    PyList_Type.tp_dealloc((PyObject *)self);\n}\n";
  stack.more = "    .tp_dealloc = (destructor)stack_dealloc,\n";
  std::string fixed = stack.look().fixed();
  EXPECT_TRUE(contains(fixed, "    PyTypeObject *tp = Py_TYPE((PyObject *)self);\n"
                              "    Py_CLEAR(Stack_data(self)->top);\n"
                              "    ((destructor)PyType_GetSlot(&PyList_Type, Py_tp_dealloc))"
                              "((PyObject *)self);\n    Py_DECREF(tp);\n")) << fixed;
}

TEST(StaticTypesEmbedding, AnException) {
  Sample sample;
  sample.floor = Floor{12};
  sample.look("typedef struct {\n    PyBaseExceptionObject head;\n    int code;\n} Failure;\n"
              "static void failure_dealloc(Failure *self)\n{\n"
              "    ((PyTypeObject *)PyExc_OSError)->tp_dealloc((PyObject *)self);\n}\n"
              "static PyTypeObject FailureType = {\n    PyVarObject_HEAD_INIT(NULL, 0)\n"
              "    .tp_name = \"m.Failure\", .tp_basicsize = sizeof(Failure),\n"
              "    .tp_dealloc = (destructor)failure_dealloc,\n};\n"
              "int ready(void)\n{\n"
              "    FailureType.tp_base = (PyTypeObject *)PyExc_OSError;\n"
              "    return PyType_Ready(&FailureType);\n}\n"
              "int code_of(Failure *self) { return self->code; }\n");
  std::string fixed = sample.fixed();
  EXPECT_TRUE(contains(fixed, "limited_subtype_ready(&FailureType, &FailureType_spec, "
                              "(PyTypeObject *)PyExc_OSError)")) << fixed
      << sample.reasons(StaticTypeRule);
  EXPECT_TRUE(contains(fixed, "Failure_data(self)->code")) << fixed;
  EXPECT_TRUE(contains(fixed, "(self);\n    Py_DECREF(tp);") ||
              contains(fixed, "((PyObject *)self);\n    Py_DECREF(tp);")) << fixed;
}

TEST(StaticTypesEmbedding, SeveralUnits) {
  Sample sample;
  sample.floor = Floor{12};
  sample.lookAtAll({{"stack.h", "typedef struct {\n    PyListObject base;\n    int depth;\n} Stack;\n"
                                "extern PyTypeObject StackType;\n"},
                    {"a.c", "#include \"stack.h\"\nPyTypeObject StackType = {\n"
                            "    PyVarObject_HEAD_INIT(NULL, 0)\n    .tp_name = \"m.Stack\",\n"
                            "    .tp_basicsize = sizeof(Stack),\n    .tp_base = &PyList_Type,\n};\n"
                            "int ready(void) { return PyType_Ready(&StackType); }\n"},
                    {"b.c", "#include \"stack.h\"\n"
                            "int depth_of(Stack *stack) { return stack->depth; }\n"}});
  EXPECT_TRUE(contains(sample.fixed("b.c"), "return Stack_data(stack)->depth;"))
      << sample.fixed("b.c") << sample.reasons(StaticTypeRule);
  std::string header = sample.fixed("stack.h");
  EXPECT_TRUE(contains(header, "extern PyTypeObject *StackType;\n\n/* What StackType adds"))
      << header;
}

TEST(StaticTypesEmbedding, ACastThatIsAMacro) {
  Stack stack;
  stack.uses = "#define STACK(o) ((Stack *)(o))\n"
               "static void bump(Stack *s) { s->depth++; }\n"
               "static void twice(PyObject *o) { bump(STACK(o)); STACK(o)->depth++; }\n"
               "void *used[] = {(void *)twice};\n";
  std::string fixed = stack.look().fixed();
  EXPECT_TRUE(contains(fixed, "#define STACK(o) ((Stack *)(o))\n")) << fixed;
  EXPECT_TRUE(contains(fixed, "bump(STACK(o)); Stack_data(o)->depth++;")) << fixed;
}

TEST(StaticTypesEmbedding, AMacroForTwoStructs) {
  Stack stack;
  stack.uses = "typedef struct { int depth; } Other;\n#define DEPTH(s) ((s)->depth)\n"
               "int both(Stack *a, Other *b) { return DEPTH(a) + DEPTH(b); }\n";
  EXPECT_TRUE(contains(stack.reason(), "the member of another struct as well")) << stack.reason();
}

TEST(StaticTypesEmbedding, AsOneOfAnArray) {
  Stack stack;
  stack.uses += "char *behind(Stack *self) { return (char *)(self + 1); }\n";
  EXPECT_TRUE(contains(stack.reason(), "used as a whole, or as one of an array")) << stack.reason();
}

TEST(StaticTypesEmbedding, CodeThatIsNotCompiled) {
  Stack stack;
  stack.uses += "#ifdef TRACE\nvoid trace(Stack *s) { s->depth = 0; }\n#endif\n";
  EXPECT_TRUE(contains(stack.reason(), "may reach a member here")) << stack.reason();
}

TEST(StaticTypesEmbedding, ATypeThatOthersDoNotSee) {
  Sample sample;
  sample.floor = Floor{12};
  sample.lookAtAll({{"stack.h", "typedef struct {\n    PyListObject base;\n    int depth;\n} Stack;\n"},
                    {"a.c", "#include \"stack.h\"\nstatic PyTypeObject StackType = {\n"
                            "    PyVarObject_HEAD_INIT(NULL, 0)\n    .tp_name = \"m.Stack\",\n"
                            "    .tp_basicsize = sizeof(Stack),\n    .tp_base = &PyList_Type,\n};\n"
                            "int ready(void) { return PyType_Ready(&StackType); }\n"},
                    {"b.c", "#include \"stack.h\"\n"
                            "int depth_of(Stack *stack) { return stack->depth; }\n"}});
  std::string reason = sample.reasons(StaticTypeRule);
  EXPECT_TRUE(contains(reason, "do not see the type")) << reason;
}
