// Stores into a type's dict, and members inside the arguments of macros.
#include "match_support.h"

using namespace abi3ify;
using namespace llvm;

namespace {

const char *const Types = R"(typedef struct { PyObject_HEAD } Obj;
static PyTypeObject T = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "m.T", .tp_basicsize = sizeof(Obj), .tp_new = PyType_GenericNew,
};
)";

/// A second type, U; `more` are members of it.
std::string secondType(const std::string &more = "") {
  return "static PyTypeObject U = {\n    PyVarObject_HEAD_INIT(NULL, 0)\n"
         "    .tp_name = \"m.U\", .tp_basicsize = sizeof(Obj), " + more + "\n};\n";
}

Sample sampleOf(const std::string &text) {
  Sample sample;
  sample.floor = Floor{10};
  sample.look(text);
  return sample;
}

/// The flags of the specs, one a line.
std::string flagsOf(const Sample &sample) {
  std::string all;
  SmallVector<StringRef> lines;
  std::string text = sample.fixed();
  StringRef(text).split(lines, '\n');
  for (StringRef line : lines)
    if (line.trim().starts_with(".flags") || line.trim().starts_with("|"))
      all += line.trim().str() + "\n";
  return all;
}

/// What stands in the last function.
std::string bodyOf(const Sample &sample) {
  std::string text = sample.fixed();
  return text.substr(text.rfind("\n{\n") + 1);
}

} // namespace

TEST(TypeDict, AStoreAfterTheTypeWasReadied) {
  Sample sample = sampleOf(std::string(Types) +
                           "int ready(PyObject *v)\n{\n"
                           "    if (PyType_Ready(&T) < 0)\n        return -1;\n"
                           "    return PyDict_SetItemString(T.tp_dict, \"LIMIT\", v);\n}\n");
  EXPECT_EQ(bodyOf(sample), "{\n"
                            "    if (limited_type_ready(&T, &T_spec) < 0)\n        return -1;\n"
                            "    return PyObject_SetAttrString((PyObject *)T, \"LIMIT\", v);\n}\n");
  EXPECT_EQ(flagsOf(sample), ".flags = Py_TPFLAGS_DEFAULT,\n");
}

TEST(TypeDict, AStoreThroughALocalVariable) {
  Sample sample = sampleOf(std::string(Types) +
                           "int ready(PyObject *v)\n{\n    PyObject *d;\n"
                           "    if (PyType_Ready(&T) < 0)\n        return -1;\n"
                           "    d = T.tp_dict;\n"
                           "    if (PyDict_SetItemString(d, \"A\", v) < 0)\n        return -1;\n"
                           "    return PyDict_SetItem(d, v, v);\n}\n");
  EXPECT_EQ(bodyOf(sample), "{\n    PyObject *d;\n"
                            "    if (limited_type_ready(&T, &T_spec) < 0)\n        return -1;\n"
                            "    d = (PyObject *)T;\n"
                            "    if (PyObject_SetAttrString(d, \"A\", v) < 0)\n"
                            "        return -1;\n"
                            "    return PyObject_SetAttr(d, v, v);\n}\n");
  EXPECT_EQ(flagsOf(sample), ".flags = Py_TPFLAGS_DEFAULT,\n");
}

// The variable is one type's dict, then the other's.
TEST(TypeDict, AVariableOfTwoTypes) {
  Sample sample = sampleOf(Types + secondType() +
                           "int ready(PyObject *v)\n{\n"
                           "    if (PyType_Ready(&T) < 0 || PyType_Ready(&U) < 0)\n"
                           "        return -1;\n"
                           "    PyObject *d = T.tp_dict;\n"
                           "    PyDict_SetItemString(d, \"A\", v);\n"
                           "    d = U.tp_dict;\n"
                           "    return PyDict_SetItemString(d, \"A\", v);\n}\n");
  EXPECT_EQ(StringRef(sample.reasons("type-dict")).count("take Py_TPFLAGS_IMMUTABLETYPE out"), 2u);
  EXPECT_EQ(flagsOf(sample), ".flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,\n"
                             ".flags = Py_TPFLAGS_DEFAULT\n"
                             "| Py_TPFLAGS_DISALLOW_INSTANTIATION\n"
                             "| Py_TPFLAGS_IMMUTABLETYPE,\n");
}

// From 3.14 on an immutable type may not have a mutable base.
TEST(TypeDict, ABaseThatIsStoredInto) {
  std::string text = StringRef(Types).split("};").first.str() +
                     "    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,\n};\n" +
                     secondType(".tp_base = &T,") +
                     "int ready(PyObject *v)\n{\n"
                     "    if (PyType_Ready(&T) < 0 || PyType_Ready(&U) < 0)\n"
                     "        return -1;\n"
                     "    return PyDict_SetItemString(";
  EXPECT_EQ(flagsOf(sampleOf(text + "T.tp_dict, \"A\", v);\n}\n")),
            ".flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,\n.flags = Py_TPFLAGS_DEFAULT,\n");
  EXPECT_EQ(flagsOf(sampleOf(text + "U.tp_dict, \"A\", v);\n}\n")),
            ".flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE,\n"
            ".flags = Py_TPFLAGS_DEFAULT,\n");
}

TEST(TypeDict, AStoreIntoATypeThatStaysStatic) {
  Sample sample = sampleOf(std::string(Types) +
                           "PyTypeObject *const table[] = {&T};\n"
                           "int ready(PyObject *v)\n{\n"
                           "    if (PyType_Ready(&T) < 0)\n        return -1;\n"
                           "    return PyDict_SetItemString(T.tp_dict, \"LIMIT\", v);\n}\n");
  EXPECT_NE(StringRef(sample.reasons("type-dict")).find("its type is not converted"),
            StringRef::npos)
      << sample.reasons("type-dict");
}

namespace {

/// Any type may come in.
const char *const Adder = "static int add(PyTypeObject *t, PyObject *v)\n{\n"
                          "    return PyDict_SetItemString(t->tp_dict, \"A\", v);\n}\n";
const char *const Ready = "int ready(PyObject *v)\n{\n"
                          "    return PyType_Ready(&T) < 0 ? -1 : add(&T, v);\n}\n";

} // namespace

TEST(TypeDict, AStoreThroughAPointer) {
  Sample sample = sampleOf(std::string(Types) + Adder + Ready);
  EXPECT_EQ(flagsOf(sample), ".flags = Py_TPFLAGS_DEFAULT,\n");
  EXPECT_NE(sample.fixed().find("PyObject_SetAttrString((PyObject *)t, \"A\", v)"),
            std::string::npos);
}

TEST(TypeDict, AStoreThroughAPointerWhereATypeStaysStatic) {
  Sample sample = sampleOf(Types + secondType() + Adder + "PyTypeObject *table[] = {&U};\n" + Ready);
  EXPECT_NE(StringRef(sample.reasons("type-dict")).find("such as 'U'"), StringRef::npos)
      << sample.reasons("type-dict");
  EXPECT_EQ(flagsOf(sample), ".flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,\n");
}

TEST(TypeDict, AStoreInAnotherUnit) {
  Sample sample;
  sample.floor = Floor{10};
  std::string text = Types;
  text.replace(text.find("static PyTypeObject"), 7, "");
  sample.lookAtAll({{"t.h", "extern PyTypeObject T;\n"},
                    {"a.c", "#include \"t.h\"\n" + text + "int ready(void)\n{\n"
                            "    return PyType_Ready(&T);\n}\n"},
                    {"b.c", "#include \"t.h\"\nint add(PyObject *v)\n{\n"
                            "    return PyDict_SetItemString(T.tp_dict, \"A\", v);\n}\n"}});
  EXPECT_EQ(flagsOf(sample), ".flags = Py_TPFLAGS_DEFAULT,\n");
  std::string other = sample.fixed("b.c");
  EXPECT_NE(other.find("PyObject_SetAttrString((PyObject *)T, \"A\", v)"), std::string::npos)
      << other;
}

TEST(TypeDict, ADictThatIsAlsoRead) {
  Sample sample = sampleOf("int f(PyTypeObject *t, PyObject *v)\n{\n"
                           "    PyObject *d = t->tp_dict;\n"
                           "    return PyDict_GetItemString(d, \"A\") == NULL &&\n"
                           "           PyDict_SetItemString(d, \"A\", v);\n}\n");
  EXPECT_NE(sample.reasons("type-dict"), "");
}

TEST(MembersInArguments, OfMacros) {
  EXPECT_EQ(fixedC("typedef struct { PyObject_HEAD PyTypeObject *t; } Foo;\n"
                   "#define SIZE(x) PyTuple_GET_SIZE((x)->tp_bases)\n"
                   "#define SAME(x) x\n"
                   "void f(PyObject *o, Foo *s) {\n"
                   "  Py_INCREF(o->ob_type);\n"
                   "  Py_ssize_t n = PyTuple_GET_SIZE(Py_TYPE(o)->tp_bases) + SIZE(s->t);\n"
                   "  n += SAME(PyTuple_GET_SIZE(s->t->tp_bases)) + SIZE(SAME(s)->t);\n"
                   "  n += PyTuple_GET_SIZE(SAME(o)->ob_type->tp_bases);\n"
                   "}\n"),
            "typedef struct { PyObject_HEAD PyTypeObject *t; } Foo;\n"
            "#define SIZE(x) PyTuple_Size(((PyObject *)PyType_GetSlot(x, Py_tp_bases)))\n"
            "#define SAME(x) x\n"
            "void f(PyObject *o, Foo *s) {\n"
            "  Py_INCREF((PyObject *)Py_TYPE(o));\n"
            "  Py_ssize_t n = PyTuple_Size(((PyObject *)PyType_GetSlot(Py_TYPE(o), Py_tp_bases))) "
            "+ SIZE(s->t);\n"
            "  n += SAME(PyTuple_Size(((PyObject *)PyType_GetSlot(s->t, Py_tp_bases)))) "
            "+ SIZE(SAME(s)->t);\n"
            "  n += PyTuple_Size(((PyObject *)PyType_GetSlot(Py_TYPE(SAME(o)), Py_tp_bases)));\n"
            "}\n");
}
