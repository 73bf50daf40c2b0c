// Static type objects become heap types: small texts in, edited texts out, or
// the reason why a type stays as it is.
#include "match_support.h"

using namespace abi3ify;

namespace {

const std::string Struct = "typedef struct { PyObject_HEAD PyObject *x; } Obj;\n";
const std::string Ready = "int ready(void) { return PyType_Ready(&T); }\n";
const std::string ReadyAfter = "int ready(void) { return limited_type_ready(&T, &T_spec); }\n";
const std::string New = "    .tp_new = PyType_GenericNew,\n";

const std::string ReadyBoth = "int ready(void)\n{\n    if (PyType_Ready(&T) < 0)\n"
                              "        return -1;\n    return PyType_Ready(&U);\n}\n";
const std::string SubtypeReadyAfter =
    "int ready(void)\n{\n    if (limited_type_ready(&T, &T_spec) < 0)\n        return -1;\n"
    "    return limited_subtype_ready(&U, &U_spec, T);\n}\n";
const std::string Pointer = "\nstatic PyTypeObject *T;\n";
const std::string NewSlot = "    {Py_tp_new, (void *)PyType_GenericNew},\n";
const std::string Flags = "    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,\n";

/// Of a type that is the base of others.
const std::string Base = "    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,\n";
const std::string BaseFlags =
    "    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE,\n";

/// The definition of a static type with these lines.
std::string typeT(const std::string &lines, const std::string &name = "T") {
  return "static PyTypeObject " + name + " = {\n    PyVarObject_HEAD_INIT(NULL, 0)\n" +
         "    .tp_name = \"m." + name + "\",\n" + lines + "};\n";
}

/// Slots and spec of a heap type with these lines.
std::string tablesT(const std::string &slots, const std::string &spec = Flags,
                    const std::string &name = "T") {
  return "static PyType_Slot " + name + "_slots[] = {\n" + slots + "    {0, NULL},\n};\n\n" +
         "static PyType_Spec " + name + "_spec = {\n    .name = \"m." + name + "\",\n" + spec +
         "    .slots = " + name + "_slots,\n};\n";
}

/// Without the helper functions that stand in front, and the line above them.
std::string withoutHelpers(std::string text) {
  size_t first = std::string::npos, begin;
  while ((begin = text.find("#ifndef LIMITED_")) != std::string::npos) {
    size_t end = text.find_first_not_of("\r\n", text.find("#endif", begin) + 6);
    text.erase(begin, end == std::string::npos ? end : end - begin);
    first = std::min(first, begin);
  }
  if (first == std::string::npos)
    return text;
  size_t above = llvm::StringRef(text).take_front(first).rtrim("\r\n").size();
  size_t line = above == 0 ? 0 : text.find('\n', above) + 1;
  return text.erase(line, first - line);
}

using Files = std::vector<std::pair<std::string, std::string>>;

/// All files, each under its name.
std::string convertedFiles(const Files &files, unsigned minor = 11) {
  Sample sample;
  sample.floor = Floor{minor};
  sample.lookAtAll(files);
  EXPECT_EQ(sample.reasons(StaticTypeRule), "");
  std::string result;
  for (const auto &[name, text] : files)
    result += "--- " + name + "\n" + withoutHelpers(sample.fixed(name));
  return result;
}

std::string converted(const std::string &text, unsigned minor = 11, bool cxx = false) {
  Sample sample;
  sample.floor = Floor{minor};
  sample.cxx = cxx;
  sample.look(text);
  EXPECT_EQ(sample.reasons(StaticTypeRule), "");
  return withoutHelpers(sample.fixed());
}

/// The same with CR LF at the end of each line.
std::string convertedCrlf(const std::string &text) {
  std::string source = "#include <Python.h>\r\n";
  for (char c : text)
    source += c == '\n' ? std::string("\r\n") : std::string(1, c);
  Sample sample;
  sample.noPython = true;
  sample.look(source);
  EXPECT_EQ(sample.reasons(StaticTypeRule), "");
  return withoutHelpers(sample.fixed());
}

/// Takes off what every text of a kind begins and ends with.
std::string between(const std::string &text, const std::string &begin, const std::string &end) {
  llvm::StringRef rest = text;
  EXPECT_TRUE(rest.consume_front(begin)) << text;
  EXPECT_TRUE(rest.consume_back(end)) << text;
  return rest.str();
}

/// Slots and spec of a T with these lines.
std::string tablesOf(const std::string &lines, unsigned minor = 11) {
  return between(converted(Struct + typeT(lines) + Ready, minor), Struct + "\n",
                 Pointer + ReadyAfter);
}

/// The functions in front of a T whose lines name them.
std::string functionsOf(const std::string &functions, const std::string &lines,
                        unsigned minor = 11) {
  std::string text = converted(Struct + functions + typeT(lines + New) + Ready, minor);
  size_t slots = text.find("\nstatic PyType_Slot ");
  EXPECT_NE(slots, std::string::npos) << text;
  return between(text.substr(0, slots), Struct, "");
}

/// A text behind a plain T and the function that readies it.
std::string usesOf(const std::string &text, unsigned minor = 11) {
  std::string all = converted(Struct + typeT(New) + Ready + text, minor);
  size_t begin = all.find(ReadyAfter);
  EXPECT_NE(begin, std::string::npos) << all;
  return begin == std::string::npos ? all : all.substr(begin + ReadyAfter.size());
}

/// Why types stay as they are; T is one of them.
std::string whyNotFiles(const Files &files, unsigned minor = 11) {
  Sample sample;
  sample.floor = Floor{minor};
  sample.lookAtAll(files);
  for (const auto &[name, text] : files)
    EXPECT_EQ(sample.fixed(name).find("PyType_Spec T_spec"), std::string::npos)
        << sample.fixed(name);
  return sample.reasons(StaticTypeRule);
}

/// The first line of the text is line 2, behind the include of Python.h.
std::string whyNot(const std::string &text, unsigned minor = 11) {
  return whyNotFiles({{"a.c", text}}, minor);
}
std::string whyNotFunctions(const std::string &functions, const std::string &lines,
                            unsigned minor = 11) {
  return whyNot(Struct + functions + typeT(lines + New) + Ready, minor);
}
std::string whyNotUses(const std::string &text, unsigned minor = 11) {
  return whyNot(Struct + typeT(New) + Ready + text, minor);
}

} // namespace

// --- the definition --------------------------------------------------------

TEST(StaticTypes, Positional) {
  EXPECT_EQ(converted(Struct +
                      "static PyTypeObject T = {\n"
                      "    PyVarObject_HEAD_INIT(NULL, 0)\n"
                      "    \"m.T\",                      /* tp_name */\n"
                      "    sizeof(Obj),                /* tp_basicsize */\n"
                      "    0,                          /* tp_itemsize */\n"
                      "    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,\n"
                      "    Py_TPFLAGS_DEFAULT,         /* tp_flags */\n"
                      "    \"A thing.\",                 /* tp_doc */\n" +
                      New + "};\n" + Ready),
            Struct + "\n" +
            tablesT("    {Py_tp_doc, \"A thing.\"},\n" + NewSlot,
                    "    .basicsize = sizeof(Obj),\n" + Flags) +
            Pointer + ReadyAfter);
}

TEST(StaticTypes, Designated) {
  EXPECT_EQ(tablesOf("    .tp_basicsize = sizeof(Obj),\n"
                     "    .tp_itemsize = 4,\n"
                     "    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,\n"
                     "    .tp_doc = PyDoc_STR(\"A thing.\"),\n"
                     "    .tp_new = (newfunc)PyType_GenericNew,\n"),
            tablesT("    {Py_tp_doc, PyDoc_STR(\"A thing.\")},\n" + NewSlot,
                    "    .basicsize = sizeof(Obj),\n"
                    "    .itemsize = 4,\n"
                    "    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | "
                    "Py_TPFLAGS_IMMUTABLETYPE,\n"));
}

TEST(StaticTypes, Mixed) {
  EXPECT_EQ(converted(Struct +
                      "static PyObject *repr(PyObject *self) { return "
                      "PyUnicode_FromString(\"T\"); }\n"
                      "static PyTypeObject T = {\n"
                      "    PyVarObject_HEAD_INIT(&PyType_Type, 0)\n"
                      "    \"m.T\", sizeof(Obj), 0,\n" +
                      New +
                      "    .tp_repr = (reprfunc)&repr,\n"
                      "};\n" +
                      Ready),
            Struct +
            "static PyObject *repr(PyObject *self) { return PyUnicode_FromString(\"T\"); }\n"
            "\n" +
            tablesT(NewSlot + "    {Py_tp_repr, (void *)&repr},\n",
                    "    .basicsize = sizeof(Obj),\n" + Flags) +
            Pointer + ReadyAfter);
}

TEST(StaticTypes, Cxx) {
  EXPECT_EQ(converted(Struct +
                      "static PyTypeObject T = {\n"
                      "    PyVarObject_HEAD_INIT(NULL, 0)\n"
                      "    \"m.T\", sizeof(Obj), 0,\n"
                      "};\n" +
                      Ready, 11, true),
            Struct +
            "\nstatic PyType_Slot T_slots[] = {\n"
            "    {0, NULL},\n"
            "};\n"
            "\nstatic PyType_Spec T_spec = {\n"
            "    \"m.T\",\n"
            "    sizeof(Obj),\n"
            "    0,\n"
            "    Py_TPFLAGS_DEFAULT\n"
            "             | Py_TPFLAGS_DISALLOW_INSTANTIATION\n"
            "             | Py_TPFLAGS_IMMUTABLETYPE,\n"
            "    T_slots,\n"
            "};\n" +
            Pointer + ReadyAfter);
}

TEST(StaticTypes, CommentsAreKept) {
  EXPECT_EQ(tablesOf("    /* As large as it gets. */\n"
                     "    .tp_basicsize = sizeof(Obj), // in bytes\n"
                     "    /* tp_itemsize */\n"
                     "    .tp_itemsize = 4, /* each */\n"
                     "    .tp_dealloc = 0, /* nothing to free */\n"
                     "    .tp_new = PyType_GenericNew, // tp_new\n"
                     "    /* The end. */\n"),
            tablesT("    /* nothing to free */\n" + NewSlot + "    /* The end. */\n",
                    "    /* As large as it gets. */\n"
                    "    .basicsize = sizeof(Obj), // in bytes\n"
                    "    .itemsize = 4, /* each */\n" +
                    Flags));
}

TEST(StaticTypes, CommentsAroundTheBraces) {
  EXPECT_EQ(converted(Struct + "\n/* above */\nstatic /* a */ PyTypeObject /* b */ T = // c\n{\n"
                               "    PyVarObject_HEAD_INIT(NULL, 0)\n    .tp_name = \"m.T\",\n"
                               "    .tp_new = PyType_GenericNew,\n} /* d */; // e\n" +
                      Ready),
            Struct + "\n/* above */\n/* a */\n/* b */\n// c\n/* d */\n" +
                tablesT(NewSlot) + llvm::StringRef(Pointer).rtrim().str() + " // e\n" + ReadyAfter);
}

TEST(StaticTypes, CommentsOfASubTable) {
  std::string fixed = converted(Struct + "static Py_ssize_t len(PyObject *o) { return 0; }\n"
                                         "static PySequenceMethods seq = // a\n{ /* b */\n    .sq_length = len, // c\n"
                                         "    /* d */\n} /* e */;\n" +
                                typeT("    .tp_as_sequence = &seq, // f\n    /* g */\n" + New) + Ready);
  EXPECT_NE(fixed.find("    // f\n    // a\n    /* e */\n    /* b */\n    {Py_sq_length, (void *)len}, // c\n"),
            std::string::npos) << fixed;
  EXPECT_NE(fixed.find("    /* g */\n"), std::string::npos) << fixed;
  EXPECT_NE(fixed.find("    /* d */\n"), std::string::npos) << fixed;
}

TEST(StaticTypes, TheWholeWithItsHelper) {
  EXPECT_EQ(fixedC(Struct + typeT(New) + Ready),
            "\n#ifndef LIMITED_TYPE_READY\n"
            "#define LIMITED_TYPE_READY\n"
            "/* Makes a type from its spec when it is first asked for. */\n"
            "static inline int\n"
            "limited_type_ready(PyTypeObject **type, PyType_Spec *spec)\n"
            "{\n"
            "    if (*type == NULL) {\n"
            "        *type = (PyTypeObject *)PyType_FromSpec(spec);\n"
            "    }\n"
            "    return *type == NULL ? -1 : 0;\n"
            "}\n"
            "#endif\n"
            "\n" +
            Struct + "\n" + tablesT(NewSlot) + Pointer + ReadyAfter);
}

TEST(StaticTypes, CommentInFrontOfTheType) {
  EXPECT_EQ(converted(Struct + "\n/* The type. */\n" + typeT(New) + Ready),
            Struct + "\n/* The type. */\n" + tablesT(NewSlot) + Pointer + ReadyAfter);
}

TEST(StaticTypes, Crlf) {
  EXPECT_EQ(convertedCrlf(Struct +
                          "static void dealloc(Obj *self)\n"
                          "{\n"
                          "    PyObject_Del(self);\n"
                          "}\n" +
                          typeT("    .tp_basicsize = sizeof(Obj), /* size */\n"
                                "    .tp_dealloc = (destructor)dealloc,\n" +
                                New) + Ready),
            "#include <Python.h>\r\n"
            "typedef struct { PyObject_HEAD PyObject *x; } Obj;\r\n"
            "static void dealloc(Obj *self)\r\n"
            "{\r\n"
            "    PyTypeObject *tp = Py_TYPE((PyObject *)self);\r\n"
            "    PyObject_Del(self);\r\n"
            "    Py_DECREF(tp);\r\n"
            "}\r\n"
            "\r\n"
            "static PyType_Slot T_slots[] = {\r\n"
            "    {Py_tp_dealloc, (void *)dealloc},\r\n"
            "    {Py_tp_new, (void *)PyType_GenericNew},\r\n"
            "    {0, NULL},\r\n"
            "};\r\n"
            "\r\n"
            "static PyType_Spec T_spec = {\r\n"
            "    .name = \"m.T\",\r\n"
            "    .basicsize = sizeof(Obj), /* size */\r\n"
            "    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,\r\n"
            "    .slots = T_slots,\r\n"
            "};\r\n"
            "\r\n"
            "static PyTypeObject *T;\r\n"
            "int ready(void) { return limited_type_ready(&T, &T_spec); }\r\n");
}

TEST(StaticTypes, ForwardDeclarations) {
  EXPECT_EQ(converted(Struct +
                      "static PyTypeObject T;\n"
                      "PyTypeObject *get(void) { return &T; }\n" +
                      typeT(New) + Ready),
            Struct +
            "static PyTypeObject *T;\n"
            "PyTypeObject *get(void) { return T; }\n"
            "\n" +
            tablesT(NewSlot) + ReadyAfter);
  EXPECT_EQ(converted(Struct +
                      "extern PyTypeObject T;\n"
                      "PyTypeObject T = {\n"
                      "    PyVarObject_HEAD_INIT(NULL, 0)\n"
                      "    .tp_name = \"m.T\",\n" +
                      New + "};\n" + Ready),
            Struct +
            "extern PyTypeObject *T;\n"
            "\n" +
            tablesT(NewSlot) + "\nPyTypeObject *T;\n" + ReadyAfter);
}

TEST(StaticTypes, ALongListOfFlags) {
  EXPECT_EQ(tablesOf("    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | "
                     "Py_TPFLAGS_LONG_SUBCLASS,\n"),
            tablesT("",
                    "    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | "
                    "Py_TPFLAGS_LONG_SUBCLASS\n"
                    "             | Py_TPFLAGS_DISALLOW_INSTANTIATION\n"
                    "             | Py_TPFLAGS_IMMUTABLETYPE,\n"));
}

TEST(StaticTypes, MacroOfMembers) {
  EXPECT_EQ(converted(Struct +
                      "#define SHARED .tp_new = PyType_GenericNew, .tp_doc = \"A thing.\"\n" +
                      typeT("    SHARED,\n") + Ready),
            Struct +
            "#define SHARED .tp_new = PyType_GenericNew, .tp_doc = \"A thing.\"\n"
            "\n" +
            tablesT(NewSlot + "    {Py_tp_doc, \"A thing.\"},\n") + Pointer + ReadyAfter);
}

TEST(StaticTypes, MembersOfAMacroComeInItsOrder) {
  std::string shared = "#define SHARED .tp_iter = PyObject_SelfIter, .tp_new = (newfunc)PyType_GenericNew\n";
  EXPECT_EQ(converted(Struct + shared + typeT("    SHARED,\n") + Ready),
            Struct + shared + "\n" + tablesT("    {Py_tp_iter, (void *)PyObject_SelfIter},\n" + NewSlot) +
                Pointer + ReadyAfter);
}

TEST(StaticTypes, ExternC) {
  EXPECT_EQ(converted("extern \"C\" {\n" + Struct + typeT(New) + "}\n" + Ready, 11, true),
            "extern \"C\" {\n" + Struct + "\nstatic PyType_Slot T_slots[] = {\n" + NewSlot +
            "    {0, NULL},\n"
            "};\n"
            "\nstatic PyType_Spec T_spec = {\n"
            "    \"m.T\",\n"
            "    0,\n"
            "    0,\n"
            "    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,\n"
            "    T_slots,\n"
            "};\n" +
            Pointer + "}\n" + ReadyAfter);
}

// --- tables of slots -------------------------------------------------------

TEST(StaticTypes, TablesAreFlattened) {
  EXPECT_EQ(converted(Struct +
                      "static Py_ssize_t len(PyObject *self) { return 1; }\n"
                      "static PyObject *neg(PyObject *self) { return NULL; }\n"
                      "\nstatic PySequenceMethods sequence = {\n"
                      "    (lenfunc)len, /* sq_length */\n"
                      "    0,            /* sq_concat */\n"
                      "};\n"
                      "\n/* Numbers. */\n"
                      "static PyNumberMethods number = {\n"
                      "    .nb_negative = neg, // minus\n"
                      "    /* The same. */\n"
                      "    .nb_positive = neg,\n"
                      "};\n"
                      "\n" +
                      typeT("    .tp_as_sequence = &sequence,\n"
                            "    .tp_as_number = &number, /* tp_as_number */\n" +
                            New) + Ready),
            Struct +
            "static Py_ssize_t len(PyObject *self) { return 1; }\n"
            "static PyObject *neg(PyObject *self) { return NULL; }\n"
            "\n/* Numbers. */\n" +
            tablesT("    {Py_sq_length, (void *)len},\n"
                    "    {Py_nb_negative, (void *)neg}, // minus\n"
                    "    /* The same. */\n"
                    "    {Py_nb_positive, (void *)neg},\n" +
                    NewSlot) + Pointer + ReadyAfter);
}

TEST(StaticTypes, ATableOfTwoTypes) {
  EXPECT_EQ(converted(Struct +
                      "static Py_ssize_t len(PyObject *self) { return 1; }\n"
                      "static PyObject *neg(PyObject *self) { return NULL; }\n"
                      "static PyMappingMethods mapping = {.mp_length = len};\n" +
                      typeT("    .tp_as_mapping = &mapping,\n" + New) +
                      typeT("    .tp_as_mapping = &mapping,\n" + New, "U") +
                      "int ready(void) { return PyType_Ready(&T) < 0 || PyType_Ready(&U) < 0; "
                      "}\n"),
            Struct +
            "static Py_ssize_t len(PyObject *self) { return 1; }\n"
            "static PyObject *neg(PyObject *self) { return NULL; }\n"
            "\n" +
            tablesT("    {Py_mp_length, (void *)len},\n" + NewSlot) + Pointer + "\n" +
            tablesT("    {Py_mp_length, (void *)len},\n" + NewSlot, Flags, "U") +
            "\nstatic PyTypeObject *U;\n"
            "int ready(void) { return limited_type_ready(&T, &T_spec) < 0 || "
            "limited_type_ready(&U, &U_spec) < 0; }\n");
}

TEST(StaticTypes, ATableOfABlockedType) {
  EXPECT_EQ(whyNot(Struct +
                   "static Py_ssize_t len(PyObject *self) { return 1; }\n"
                   "static PyObject *neg(PyObject *self) { return NULL; }\n"
                   "static PyMappingMethods mapping = {.mp_length = len};\n" +
                   typeT("    .tp_as_mapping = &mapping,\n" + New) +
                   typeT("    .tp_as_mapping = &mapping,\n" + New, "U") + Ready),
            "T: it is converted together with 'U', and a.c:12: no PyType_Ready(&U) makes it at "
            "a known place\n"
            "U: a.c:12: no PyType_Ready(&U) makes it at a known place\n");
}

TEST(StaticTypes, ATableThatIsUsedElsewhere) {
  EXPECT_EQ(whyNot(Struct +
                   "static Py_ssize_t len(PyObject *self) { return 1; }\n"
                   "static PyObject *neg(PyObject *self) { return NULL; }\n"
                   "static PyMappingMethods mapping = {.mp_length = len};\n" +
                   typeT("    .tp_as_mapping = &mapping,\n" + New) + Ready +
                   "lenfunc f(void) { return mapping.mp_length; }\n"),
            "T: a.c:13: 'mapping' is also used outside of types\n");
}

TEST(StaticTypes, ATableByAssignment) {
  EXPECT_EQ(converted(Struct +
                      "static Py_ssize_t len(PyObject *self) { return 1; }\n"
                      "static PyObject *neg(PyObject *self) { return NULL; }\n"
                      "static PyMappingMethods mapping = {.mp_length = len};\n" +
                      typeT(New) +
                      "int ready(void)\n"
                      "{\n"
                      "    T.tp_as_mapping = &mapping;\n"
                      "    return PyType_Ready(&T);\n"
                      "}\n"),
            Struct +
            "static Py_ssize_t len(PyObject *self) { return 1; }\n"
            "static PyObject *neg(PyObject *self) { return NULL; }\n"
            "\n" +
            tablesT(NewSlot + "    {Py_mp_length, (void *)len},\n") + Pointer +
            "int ready(void)\n"
            "{\n"
            "    return limited_type_ready(&T, &T_spec);\n"
            "}\n");
}

TEST(StaticTypes, ATableWithAValueThatIsNoFunction) {
  EXPECT_EQ(whyNot(Struct +
                   "extern lenfunc length;\n"
                   "#define LENGTH ((lenfunc)16)\n"
                   "static PyMappingMethods mapping = {.mp_length = LENGTH};\n" +
                   typeT("    .tp_as_mapping = &mapping,\n" + New) + Ready),
            "T: a.c:5: 'mp_length' is no function's name\n");
}

// --- offsets ---------------------------------------------------------------

TEST(StaticTypes, AnOffsetBecomesAMember) {
  EXPECT_EQ(converted("#include <stddef.h>\n" + Struct +
                      typeT("    .tp_weaklistoffset = offsetof(Obj, x),\n" + New) + Ready),
            "#include <stddef.h>\n"
            "#include <structmember.h>\n" +
            Struct +
            "\nstatic PyMemberDef T_members[] = {\n"
            "    {\"__weaklistoffset__\", T_PYSSIZET, offsetof(Obj, x), READONLY, NULL},\n"
            "    {NULL, 0, 0, 0, NULL},\n"
            "};\n"
            "\n" +
            tablesT(NewSlot + "    {Py_tp_members, T_members},\n") + Pointer + ReadyAfter);
  EXPECT_EQ(converted("#include <stddef.h>\n" + Struct +
                      typeT("    .tp_dictoffset = offsetof(Obj, x), /* the dict */\n" + New) +
                      Ready, 12),
            "#include <stddef.h>\n" + Struct +
            "\nstatic PyMemberDef T_members[] = {\n"
            "    {\"__dictoffset__\", Py_T_PYSSIZET, offsetof(Obj, x), Py_READONLY, NULL}, /* "
            "the dict */\n"
            "    {NULL, 0, 0, 0, NULL},\n"
            "};\n"
            "\n" +
            tablesT(NewSlot + "    {Py_tp_members, T_members},\n") + Pointer + ReadyAfter);
}

TEST(StaticTypes, OffsetsJoinTheMembersOfTheType) {
  EXPECT_EQ(converted("#include <structmember.h>\n" + Struct +
                      "static PyMemberDef members[] = {\n"
                      "    {\"x\", T_OBJECT, offsetof(Obj, x), READONLY, NULL},\n"
                      "    {NULL},\n"
                      "};\n" +
                      typeT("    .tp_weaklistoffset = offsetof(Obj, x),\n"
                            "    .tp_members = members,\n" +
                            New) + Ready),
            "#include <structmember.h>\n" + Struct +
            "static PyMemberDef members[] = {\n"
            "    {\"__weaklistoffset__\", T_PYSSIZET, offsetof(Obj, x), READONLY, NULL},\n"
            "    {\"x\", T_OBJECT, offsetof(Obj, x), READONLY, NULL},\n"
            "    {NULL},\n"
            "};\n"
            "\n" +
            tablesT("    {Py_tp_members, members},\n" + NewSlot) + Pointer + ReadyAfter);
}

TEST(StaticTypes, OffsetsInSharedMembers) {
  EXPECT_EQ(whyNot("#include <structmember.h>\n" + Struct +
                   "static PyMemberDef members[] = {\n"
                   "    {\"x\", T_OBJECT, offsetof(Obj, x), READONLY, NULL},\n"
                   "    {NULL},\n"
                   "};\n" +
                   typeT("    .tp_weaklistoffset = offsetof(Obj, x),\n"
                         "    .tp_members = members,\n" +
                         New) + typeT("    .tp_members = members,\n" + New, "U") +
                   "int ready(void) { return PyType_Ready(&T) < 0 || PyType_Ready(&U) < 0; }\n"),
            "T: a.c:18: it shares its tp_members with what names 'members' here, and needs "
            "entries of its own there\n");
}

TEST(StaticTypes, OffsetsBeforeTheirFloor) {
  EXPECT_EQ(whyNot("#include <stddef.h>\n" + Struct +
                   typeT("    .tp_weaklistoffset = offsetof(Obj, x),\n" + New) + Ready, 8),
            "T: a.c:7: a heap type has 'tp_weaklistoffset' from 3.9 on only\n");
  EXPECT_EQ(whyNot("#include <stddef.h>\n" + Struct +
                   typeT("    .tp_vectorcall_offset = offsetof(Obj, x),\n" + New) + Ready, 11),
            "T: a.c:7: Py_TPFLAGS_HAVE_VECTORCALL is in the Limited API from 3.12 on only\n");
}

TEST(StaticTypes, MembersOfTwoTypes) {
  EXPECT_EQ(converted("#include <structmember.h>\n" + Struct +
                      "static PyMemberDef members[] = {\n"
                      "    {\"x\", T_OBJECT, offsetof(Obj, x), READONLY, NULL},\n"
                      "    {NULL},\n"
                      "};\n" +
                      typeT("    .tp_members = members,\n" + New) +
                      typeT("    .tp_members = members,\n" + New, "U") + ReadyBoth),
            "#include <structmember.h>\n" + Struct +
            "static PyMemberDef members[] = {\n"
            "    {\"x\", T_OBJECT, offsetof(Obj, x), READONLY, NULL},\n"
            "    {NULL},\n"
            "};\n"
            "\n" +
            tablesT("    {Py_tp_members, members},\n" + NewSlot) + Pointer + "\n" +
            tablesT("    {Py_tp_members, members},\n" + NewSlot, Flags, "U") +
            "\nstatic PyTypeObject *U;\n"
            "int ready(void)\n"
            "{\n"
            "    if (limited_type_ready(&T, &T_spec) < 0)\n"
            "        return -1;\n"
            "    return limited_type_ready(&U, &U_spec);\n"
            "}\n");
}

// --- names -----------------------------------------------------------------

TEST(StaticTypes, ANameWithoutModule) {
  EXPECT_EQ(converted(Struct +
                      "static PyTypeObject T = {\n"
                      "    PyVarObject_HEAD_INIT(NULL, 0)\n"
                      "    .tp_name = \"T\",\n" +
                      New + "};\n" + Ready +
                      "static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, .m_name = "
                      "\"pkg.m\", .m_size = -1};\n"),
            Struct + "\nstatic PyType_Slot T_slots[] = {\n" + NewSlot +
            "    {0, NULL},\n"
            "};\n"
            "\nstatic PyType_Spec T_spec = {\n"
            "    .name = \"pkg.m.\" \"T\",\n" +
            Flags +
            "    .slots = T_slots,\n"
            "};\n" +
            Pointer + ReadyAfter +
            "static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, .m_name = \"pkg.m\", "
            ".m_size = -1};\n");
}

TEST(StaticTypes, NoName) {
  EXPECT_EQ(whyNot(Struct +
                   "static PyTypeObject T = {PyVarObject_HEAD_INIT(NULL, 0) .tp_new = "
                   "PyType_GenericNew};\n" +
                   Ready),
            "T: a.c:3: it has no tp_name\n");
}

TEST(StaticTypes, ATakenName) {
  EXPECT_EQ(whyNot(Struct + "int T_spec;\n" + typeT(New) + Ready),
            "T: a.c:4: the name 'T_spec', which its conversion needs, is taken\n");
}

TEST(StaticTypes, ANameInAMacro) {
  EXPECT_EQ(converted("#define NAME \"m.\" \"T\"\n" + Struct +
                      "static PyTypeObject T = {PyVarObject_HEAD_INIT(NULL, 0) NAME};\n" +
                      Ready),
            "#define NAME \"m.\" \"T\"\n" + Struct +
            "\nstatic PyType_Slot T_slots[] = {\n"
            "    {0, NULL},\n"
            "};\n"
            "\nstatic PyType_Spec T_spec = {\n"
            "    .name = NAME,\n"
            "    .flags = Py_TPFLAGS_DEFAULT\n"
            "             | Py_TPFLAGS_DISALLOW_INSTANTIATION\n"
            "             | Py_TPFLAGS_IMMUTABLETYPE,\n"
            "    .slots = T_slots,\n"
            "};\n" +
            Pointer + ReadyAfter);
}

// --- flags and tp_new by floor ---------------------------------------------

TEST(StaticTypes, WithoutNewAt39) {
  EXPECT_EQ(tablesOf("    .tp_basicsize = sizeof(Obj),\n", 9),
            "static PyObject *\n"
            "T_new(PyTypeObject *Py_UNUSED(type), PyObject *Py_UNUSED(args),\n"
            "      PyObject *Py_UNUSED(kwargs))\n"
            "{\n"
            "    PyErr_SetString(PyExc_TypeError, \"cannot create 'm.T' instances\");\n"
            "    return NULL;\n"
            "}\n"
            "\n" +
            tablesT("    {Py_tp_new, (void *)T_new},\n",
                    "    .basicsize = sizeof(Obj),\n"
                    "    .flags = Py_TPFLAGS_DEFAULT,\n"));
}

TEST(StaticTypes, WithoutNewAt310) {
  EXPECT_EQ(tablesOf("    .tp_basicsize = sizeof(Obj),\n", 10),
            tablesT("",
                    "    .basicsize = sizeof(Obj),\n"
                    "    .flags = Py_TPFLAGS_DEFAULT\n"
                    "             | Py_TPFLAGS_DISALLOW_INSTANTIATION\n"
                    "             | Py_TPFLAGS_IMMUTABLETYPE,\n"));
}

TEST(StaticTypes, WithNew) {
  EXPECT_EQ(tablesOf(New, 9),
            tablesT(NewSlot, "    .flags = Py_TPFLAGS_DEFAULT,\n"));
  EXPECT_EQ(tablesOf(New, 10),
            tablesT(NewSlot));
}

TEST(StaticTypes, FlagsThatAreNoPlainOr) {
  EXPECT_EQ(tablesOf("    .tp_flags = sizeof(Obj) > 8 ? Py_TPFLAGS_BASETYPE : 0,\n" + New),
            tablesT(NewSlot,
                    "    .flags = (sizeof(Obj) > 8 ? Py_TPFLAGS_BASETYPE : 0) | "
                    "Py_TPFLAGS_IMMUTABLETYPE,\n"));
}

TEST(StaticTypes, NewOfObject) {
  EXPECT_EQ(converted(Struct + typeT("    .tp_basicsize = sizeof(Obj),\n") +
                      "int ready(void)\n"
                      "{\n"
                      "    T.tp_new = PyBaseObject_Type.tp_new;\n"
                      "    return PyType_Ready(&T);\n"
                      "}\n"),
            Struct + "\n" + tablesT("", "    .basicsize = sizeof(Obj),\n" + Flags) + Pointer +
            "int ready(void)\n"
            "{\n"
            "    return limited_type_ready(&T, &T_spec);\n"
            "}\n");
}

// --- what is set before PyType_Ready ---------------------------------------

TEST(StaticTypes, AssignmentsAreFolded) {
  EXPECT_EQ(converted(Struct + typeT("    .tp_doc = NULL,\n") +
                      "int ready(void)\n"
                      "{\n"
                      "    T.tp_new = PyType_GenericNew;\n"
                      "    T.tp_doc = \"A thing.\";\n"
                      "    Py_SET_TYPE(&T, &PyType_Type);\n"
                      "    if (PyType_Ready(&T) < 0)\n"
                      "        return -1;\n"
                      "    return 0;\n"
                      "}\n"),
            Struct + "\n" + tablesT("    {Py_tp_doc, \"A thing.\"},\n" + NewSlot) + Pointer +
            "int ready(void)\n"
            "{\n"
            "    if (limited_type_ready(&T, &T_spec) < 0)\n"
            "        return -1;\n"
            "    return 0;\n"
            "}\n");
}

TEST(StaticTypes, LateValues) {
  EXPECT_EQ(converted(Struct + typeT("    .tp_basicsize = sizeof(Obj),\n") +
                      "static PyObject *make(PyTypeObject *type, PyObject *args, PyObject "
                      "*kwargs) { return NULL; }\n"
                      "\n/* Makes T. */\n"
                      "int ready(void)\n"
                      "{\n"
                      "    T.tp_new = make;\n"
                      "    return PyType_Ready(&T);\n"
                      "}\n"),
            Struct +
            "static PyTypeObject *T;\n"
            "static PyObject *make(PyTypeObject *type, PyObject *args, PyObject *kwargs) { "
            "return NULL; }\n"
            "\n" +
            tablesT("    {Py_tp_new, (void *)make},\n",
                    "    .basicsize = sizeof(Obj),\n" + Flags) +
            "\n/* Makes T. */\n"
            "int ready(void)\n"
            "{\n"
            "    return limited_type_ready(&T, &T_spec);\n"
            "}\n");
}

TEST(StaticTypes, AssignmentsInAnotherPlace) {
  EXPECT_EQ(whyNot(Struct + typeT(New) + Ready + "void later(void) { T.tp_doc = \"late\"; }\n"),
            "T: a.c:9: 'tp_doc' is not set right in front of the type's PyType_Ready\n");
  EXPECT_EQ(whyNot(Struct + typeT(New) +
                   "int ready(int x)\n"
                   "{\n"
                   "    if (x) {\n"
                   "        T.tp_doc = \"x\";\n"
                   "    }\n"
                   "    return PyType_Ready(&T);\n"
                   "}\n"),
            "T: a.c:11: 'tp_doc' is not set right in front of the type's PyType_Ready\n");
  EXPECT_EQ(whyNot(Struct + typeT(New) +
                   "int ready(int x)\n"
                   "{\n"
                   "    if (x)\n"
                   "        T.tp_doc = \"x\";\n"
                   "    return PyType_Ready(&T);\n"
                   "}\n"),
            "T: a.c:11: 'tp_doc' is set inside of another statement\n");
}

TEST(StaticTypes, AssignmentsOfNoConstant) {
  EXPECT_EQ(whyNot(Struct + typeT(New) +
                   "int ready(const char *x)\n"
                   "{\n"
                   "    T.tp_doc = x;\n"
                   "    return PyType_Ready(&T);\n"
                   "}\n"),
            "T: a.c:10: 'tp_doc' gets no constant\n");
}

TEST(StaticTypes, LateValuesInAnotherFile) {
  EXPECT_EQ(whyNotFiles({{"t.h", typeT("")},
                         {"a.c", Struct +
                                 "#include \"t.h\"\n"
                                 "static PyObject *make(PyTypeObject *type, PyObject *args, "
                                 "PyObject *kwargs) { return NULL; }\n"
                                 "int ready(void)\n"
                                 "{\n"
                                 "    T.tp_new = make;\n"
                                 "    return PyType_Ready(&T);\n"
                                 "}\n"}}),
            "T: t.h:1: its values are declared behind it, and it is readied in another file\n");
}

TEST(StaticTypes, SetTwice) {
  EXPECT_EQ(whyNot(Struct + typeT("") +
                   "int ready(void)\n"
                   "{\n"
                   "    T.tp_new = PyType_GenericNew;\n"
                   "    T.tp_new = PyType_GenericNew;\n"
                   "    return PyType_Ready(&T);\n"
                   "}\n"),
            "T: a.c:10: 'tp_new' is set twice\n");
}

TEST(StaticTypes, AssignmentsInCxx) {
  EXPECT_EQ(converted(Struct +
                      "static PyTypeObject T = {PyVarObject_HEAD_INIT(NULL, 0) \"m.T\"};\n"
                      "int ready() {\n"
                      "    T.tp_basicsize = sizeof(Obj);\n"
                      "    T.tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE;\n"
                      "    T.tp_new = PyType_GenericNew;\n"
                      "    return PyType_Ready(&T);\n"
                      "}\n", 11, true),
            Struct + "\nstatic PyType_Slot T_slots[] = {\n" + NewSlot +
            "    {0, NULL},\n"
            "};\n"
            "\nstatic PyType_Spec T_spec = {\n"
            "    \"m.T\",\n"
            "    sizeof(Obj),\n"
            "    0,\n"
            "    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE,\n"
            "    T_slots,\n"
            "};\n" +
            Pointer +
            "int ready() {\n"
            "    return limited_type_ready(&T, &T_spec);\n"
            "}\n");
}

// --- several units ---------------------------------------------------------

const std::string Nameless = "#include <Python.h>\n" + Struct +
                             "PyTypeObject T = {\n    PyVarObject_HEAD_INIT(NULL, 0)\n"
                             "    .tp_name = \"T\",\n    .tp_basicsize = sizeof(Obj),\n};\n";

/// A unit that defines a module in a function, and readies T.
std::string moduleOf(const std::string &name, const std::string &function) {
  return "#include <Python.h>\nextern PyTypeObject T;\n"
         "PyObject *" + function + "(void)\n{\n"
         "    static struct PyModuleDef def = {PyModuleDef_HEAD_INIT, \"" + name + "\"};\n"
         "    if (PyType_Ready(&T) < 0)\n        return NULL;\n"
         "    return PyModule_Create(&def);\n}\n";
}

TEST(StaticTypes, ANameWithoutAModuleGetsThatOfTheUnitThatReadiesIt) {
  std::string text = convertedFiles({{"a.c", Nameless}, {"b.c", moduleOf("_ring", "start")}});
  EXPECT_TRUE(llvm::StringRef(text).contains(".name = \"_ring.\" \"T\",")) << text;
  EXPECT_FALSE(llvm::StringRef(text).contains("<module>")) << text;
}

TEST(StaticTypes, ANameWithoutAModuleThatTwoReady) {
  Sample sample;
  sample.lookAtAll({{"a.c", Nameless},
                    {"b.c", moduleOf("_ring", "start")},
                    {"c.c", moduleOf("_other", "begin")}});
  EXPECT_TRUE(llvm::StringRef(sample.reasons(StaticTypeRule)).contains("its name has no module"))
      << sample.reasons(StaticTypeRule);
}

TEST(StaticTypes, ReadyInAnotherUnit) {
  EXPECT_EQ(convertedFiles({{"t.h", "extern PyTypeObject T;\n"
                                    "PyTypeObject *get(void);\n"},
                            {"a.c", "#include \"t.h\"\n"
                                    "PyTypeObject T = {\n"
                                    "    PyVarObject_HEAD_INIT(NULL, 0)\n"
                                    "    .tp_name = \"m.T\",\n" +
                                    New +
                                    "};\n"
                                    "PyTypeObject *get(void) { return &T; }\n"},
                            {"b.c", "#include \"t.h\"\n" + Ready}}),
            "--- t.h\n"
            "extern PyTypeObject *T;\n"
            "extern PyType_Spec T_spec;\n"
            "PyTypeObject *get(void);\n"
            "--- a.c\n"
            "#include \"t.h\"\n"
            "\nstatic PyType_Slot T_slots[] = {\n" +
            NewSlot +
            "    {0, NULL},\n"
            "};\n"
            "\nPyType_Spec T_spec = {\n"
            "    .name = \"m.T\",\n" +
            Flags +
            "    .slots = T_slots,\n"
            "};\n"
            "\nPyTypeObject *T;\n"
            "PyTypeObject *get(void) { return T; }\n"
            "--- b.c\n"
            "#include \"t.h\"\n" +
            ReadyAfter);
}

TEST(StaticTypes, UsedInAnotherUnit) {
  EXPECT_EQ(convertedFiles({{"t.h", "extern PyTypeObject T;\n"
                                    "#define CHECK(o) PyObject_TypeCheck(o, &T)\n"},
                            {"a.c", "#include \"t.h\"\n"
                                    "PyTypeObject T = {\n"
                                    "    PyVarObject_HEAD_INIT(NULL, 0)\n"
                                    "    .tp_name = \"m.T\",\n" +
                                    New + "};\n" + Ready},
                            {"b.c", "#include \"t.h\"\n"
                                    "int is(PyObject *o) { return CHECK(o); }\n"}}),
            "--- t.h\n"
            "extern PyTypeObject *T;\n"
            "#define CHECK(o) PyObject_TypeCheck(o, T)\n"
            "--- a.c\n"
            "#include \"t.h\"\n" +
            tablesT(NewSlot) + "\nPyTypeObject *T;\n" + ReadyAfter +
            "--- b.c\n"
            "#include \"t.h\"\n"
            "int is(PyObject *o) { return CHECK(o); }\n");
}

TEST(StaticTypes, AUnitThatBlocksAnothersType) {
  EXPECT_EQ(whyNotFiles({{"t.h", "extern PyTypeObject T;\n"
                                 "PyTypeObject *get(void);\n"},
                         {"a.c", "#include \"t.h\"\n"
                                 "PyTypeObject T = {\n"
                                 "    PyVarObject_HEAD_INIT(NULL, 0)\n"
                                 "    .tp_name = \"m.T\",\n" +
                                 New + "};\n" + Ready},
                         {"b.c", "#include \"t.h\"\n"
                                 "PyTypeObject *table[] = {&T};\n"}}),
            "T: b.c:3: its address stands in static data, which is filled before a heap type "
            "exists; fill 'table' when the module is made\n");
}

TEST(StaticTypes, MembersSetInAnotherUnit) {
  EXPECT_EQ(whyNotFiles({{"t.h", "extern PyTypeObject T;\n"
                                 "PyTypeObject *get(void);\n"},
                         {"a.c", "#include \"t.h\"\n"
                                 "PyTypeObject T = {\n"
                                 "    PyVarObject_HEAD_INIT(NULL, 0)\n"
                                 "    .tp_name = \"m.T\",\n" +
                                 New + "};\n"},
                         {"b.c", "#include \"t.h\"\n"
                                 "int ready(void)\n"
                                 "{\n"
                                 "    T.tp_name = \"x\";\n"
                                 "    return PyType_Ready(&T);\n"
                                 "}\n"}}),
            "T: b.c:5: 'tp_name' is set in another unit than the one that defines the type\n");
}

// --- bases -----------------------------------------------------------------

TEST(StaticTypes, OwnBase) {
  EXPECT_EQ(converted(Struct + typeT(Base + New) + typeT("    .tp_base = &T,\n", "U") + ReadyBoth),
            Struct + "\n" + tablesT(NewSlot, BaseFlags) + Pointer + "\n" + tablesT("", Flags, "U") +
            "\nstatic PyTypeObject *U;\n" +
            SubtypeReadyAfter);
}

TEST(StaticTypes, BuiltinBase) {
  EXPECT_EQ(converted(typeT("    .tp_base = &PyList_Type,\n") + Ready),
            tablesT("") + Pointer +
            "int ready(void) { return limited_subtype_ready(&T, &T_spec, &PyList_Type); }\n");
  EXPECT_EQ(converted(typeT("    .tp_base = &PyBaseObject_Type,\n" + New) + Ready),
            tablesT(NewSlot) + Pointer + ReadyAfter);
}

TEST(StaticTypes, BaseByAssignment) {
  EXPECT_EQ(converted(Struct + typeT(Base + New) + typeT("", "U") +
                      "int ready(void)\n"
                      "{\n"
                      "    if (PyType_Ready(&T) < 0)\n"
                      "        return -1;\n"
                      "    U.tp_base = &T;\n"
                      "    return PyType_Ready(&U);\n"
                      "}\n"),
            Struct + "\n" + tablesT(NewSlot, BaseFlags) + Pointer + "\n" + tablesT("", Flags, "U") +
            "\nstatic PyTypeObject *U;\n" +
            SubtypeReadyAfter);
}

TEST(StaticTypes, BaseByExpression) {
  EXPECT_EQ(converted(Struct +
                      "struct api { PyTypeObject *type; };\n"
                      "struct api *api;\n" +
                      typeT("") +
                      "int ready(void)\n"
                      "{\n"
                      "    T.tp_base = api->type;\n"
                      "    return PyType_Ready(&T);\n"
                      "}\n"),
            Struct +
            "struct api { PyTypeObject *type; };\n"
            "struct api *api;\n"
            "\n" +
            tablesT("") + Pointer +
            "int ready(void)\n"
            "{\n"
            "    return limited_subtype_ready(&T, &T_spec, api->type);\n"
            "}\n");
}

TEST(StaticTypes, TheBaseIsReadiedTooLate) {
  EXPECT_EQ(whyNot(Struct + typeT(Base + New) + typeT("    .tp_base = &T,\n", "U") +
                   "int ready(void)\n"
                   "{\n"
                   "    if (PyType_Ready(&U) < 0)\n"
                   "        return -1;\n"
                   "    return PyType_Ready(&T);\n"
                   "}\n"),
            "T: it is converted together with 'U', and a.c:16: its base 'T' is not readied "
            "before it\n"
            "U: a.c:16: its base 'T' is not readied before it\n");
}

TEST(StaticTypes, TypesTiedByABase) {
  EXPECT_EQ(whyNot(Struct + typeT(New) + typeT("    .tp_base = &T,\n", "U") + ReadyBoth +
                   "PyTypeObject *table[] = {&U};\n"),
            "T: it is converted together with 'U', and a.c:19: its address stands in static "
            "data, which is filled before a heap type exists; fill 'table' when the module is "
            "made\n"
            "U: a.c:19: its address stands in static data, which is filled before a heap type "
            "exists; fill 'table' when the module is made\n");
}

// --- uses ------------------------------------------------------------------

TEST(StaticTypes, InAMacro) {
  EXPECT_EQ(usesOf("#define CHECK(o) (Py_TYPE(o) == &T)\n"
                   "int is(PyObject *o) { return CHECK(o); }\n"),
            "#define CHECK(o) (Py_TYPE(o) == T)\n"
            "int is(PyObject *o) { return CHECK(o); }\n");
  EXPECT_EQ(usesOf("#define CHECK(o) PyObject_TypeCheck(o, & T)\n"
                   "int is(PyObject *o) { return CHECK(o); }\n"
                   "int no(PyObject *o) { return !CHECK(o); }\n"),
            "#define CHECK(o) PyObject_TypeCheck(o, T)\n"
            "int is(PyObject *o) { return CHECK(o); }\n"
            "int no(PyObject *o) { return !CHECK(o); }\n");
}

TEST(StaticTypes, InAMacroThatNothingExpands) {
  EXPECT_EQ(usesOf("#define CHECK(o) PyObject_TypeCheck(o, &T)\n"),
            "#define CHECK(o) PyObject_TypeCheck(o, T)\n");
}

TEST(StaticTypes, AsAnArgumentOfAMacro) {
  EXPECT_EQ(usesOf("#define SAME(a, b) ((a) == (b))\n"
                   "int is(PyTypeObject *t) { return SAME(t, &T); }\n"),
            "#define SAME(a, b) ((a) == (b))\n"
            "int is(PyTypeObject *t) { return SAME(t, T); }\n");
}

TEST(StaticTypes, AMacroThatNamesTheTypeAlone) {
  EXPECT_EQ(whyNotUses("#define THE_TYPE T\n"
                       "int is(PyTypeObject *t) { return t == &THE_TYPE; }\n"),
            "T: a.c:10: the & of its address is not spelled next to its name\n");
  EXPECT_EQ(whyNotUses("#define THE_TYPE T\n"),
            "T: a.c:9: it is named here in code that this build does not compile\n");
}

TEST(StaticTypes, InStaticData) {
  EXPECT_EQ(whyNotUses("PyTypeObject *table[] = {&T};\n"),
            "T: a.c:9: its address stands in static data, which is filled before a heap type "
            "exists; fill 'table' when the module is made\n");
  EXPECT_EQ(whyNotUses("void f(void) { static PyTypeObject *t = &T; }\n"),
            "T: a.c:9: its address stands in static data, which is filled before a heap type "
            "exists; fill 't' when the module is made\n");
}

TEST(StaticTypes, AsAWhole) {
  EXPECT_EQ(whyNotUses("size_t f(void) { return sizeof(T); }\n"),
            "T: a.c:9: it is used as a whole here, not by its address\n");
}

TEST(StaticTypes, Casts) {
  EXPECT_EQ(usesOf("PyObject *f(void) { return PyObject_CallNoArgs((PyObject *)&T); }\n"
                   "PyObject *g(void) { return PyObject_CallNoArgs((PyObject *)(&T)); }\n"
                   "PyObject *h(void) { return PyObject_CallNoArgs((PyObject *) & T); }\n"),
            "PyObject *f(void) { return PyObject_CallNoArgs((PyObject *)T); }\n"
            "PyObject *g(void) { return PyObject_CallNoArgs((PyObject *)(T)); }\n"
            "PyObject *h(void) { return PyObject_CallNoArgs((PyObject *) T); }\n");
}

TEST(StaticTypes, AReferenceThatNobodyMade) {
  EXPECT_EQ(whyNotUses("PyObject *f(void) { return (PyObject *)&T; }\n"),
            "T: a.c:9: a reference is given away here that nobody made; write Py_INCREF(T) in "
            "front of it\n");
  EXPECT_EQ(whyNotUses("void f(void) { Py_DECREF(&T); }\n"),
            "T: a.c:9: a reference is released here that this function has not made\n");
}

TEST(StaticTypes, MembersWithAFieldRule) {
  EXPECT_EQ(usesOf("const char *f(void) { return T.tp_doc; }\n"),
            "const char *f(void) { return ((const char *)PyType_GetSlot(T, Py_tp_doc)); }\n");
}

TEST(StaticTypes, MembersWithoutAFieldRule) {
  EXPECT_EQ(usesOf("int f(void) { return T.tp_version_tag != 0; }\n"),
            "int f(void) { return T->tp_version_tag != 0; }\n");
}

TEST(StaticTypes, TheObjectHeader) {
  EXPECT_EQ(whyNotUses("Py_ssize_t f(void) { return T.ob_base.ob_size; }\n"),
            "T: a.c:9: its object header is reached here\n");
}

TEST(StaticTypes, AMemberSetInAnExpression) {
  EXPECT_EQ(whyNotUses("const char *f(void) { return (T.tp_doc = \"x\"); }\n"),
            "T: a.c:9: 'tp_doc' is set inside of another statement\n");
}

TEST(StaticTypes, UseBeforeReady) {
  EXPECT_EQ(whyNot(Struct + typeT(New) +
                   "int ready(PyObject *o)\n"
                   "{\n"
                   "    if (PyObject_IsInstance(o, (PyObject *)&T))\n"
                   "        return 1;\n"
                   "    return PyType_Ready(&T);\n"
                   "}\n"),
            "T: a.c:10: it is used here before PyType_Ready\n");
}

TEST(StaticTypes, CodeThatIsNotCompiled) {
  EXPECT_EQ(whyNotUses("#ifdef NEVER\n"
                       "PyTypeObject *f(void) { return &T; }\n"
                       "#endif\n"),
            "T: a.c:10: it is named here in code that this build does not compile\n");
}

TEST(StaticTypes, AParameterOfTheSameName) {
  EXPECT_EQ(usesOf("int f(int T) { return T; }\n"),
            "int f(int T) { return T; }\n");
}

TEST(StaticTypes, NewAndGetter) {
  EXPECT_EQ(usesOf("PyTypeObject *g(void) { return &T; }\n"
                   "Obj *h(void) { return PyObject_New(Obj, &T); }\n"),
            "PyTypeObject *g(void) { return T; }\n"
            "Obj *h(void) { return PyObject_New(Obj, T); }\n");
}

TEST(StaticTypes, Comparisons) {
  EXPECT_EQ(usesOf("int f(PyObject *o) { return o->ob_type == &T || Py_IS_TYPE(o, &T); }\n"),
            "int f(PyObject *o) { return Py_TYPE(o) == T || Py_IS_TYPE(o, T); }\n");
}

// --- PyModule_AddObject ----------------------------------------------------

TEST(StaticTypes, AddObjectWithIncref) {
  EXPECT_EQ(converted(Struct + typeT(New) +
                      "int add(PyObject *m)\n"
                      "{\n"
                      "    if (PyType_Ready(&T) < 0)\n"
                      "        return -1;\n"
                      "    Py_INCREF(&T);\n"
                      "    return PyModule_AddObject(m, \"T\", (PyObject *)&T);\n"
                      "}\n"),
            Struct + "\n" + tablesT(NewSlot) + Pointer +
            "int add(PyObject *m)\n"
            "{\n"
            "    if (limited_type_ready(&T, &T_spec) < 0)\n"
            "        return -1;\n"
            "    Py_INCREF((PyObject *)T);\n"
            "    return PyModule_AddObject(m, \"T\", (PyObject *)T);\n"
            "}\n");
  EXPECT_EQ(converted(Struct + typeT(New) +
                      "int add(PyObject *m)\n"
                      "{\n"
                      "    if (PyType_Ready(&T) < 0)\n"
                      "        return -1;\n"
                      "    Py_INCREF((PyObject *)&T);\n"
                      "    return PyModule_AddObject(m, \"T\", (PyObject *)&T);\n"
                      "}\n"),
            Struct + "\n" + tablesT(NewSlot) + Pointer +
            "int add(PyObject *m)\n"
            "{\n"
            "    if (limited_type_ready(&T, &T_spec) < 0)\n"
            "        return -1;\n"
            "    Py_INCREF((PyObject *)T);\n"
            "    return PyModule_AddObject(m, \"T\", (PyObject *)T);\n"
            "}\n");
}

TEST(StaticTypes, AddObjectWithoutIncref) {
  EXPECT_EQ(converted(Struct + typeT(New) +
                      "int add(PyObject *m)\n"
                      "{\n"
                      "    if (PyType_Ready(&T) < 0)\n"
                      "        return -1;\n"
                      "    return PyModule_AddObject(m, \"T\", (PyObject *)&T);\n"
                      "}\n"),
            Struct + "\n" + tablesT(NewSlot) + Pointer +
            "int add(PyObject *m)\n"
            "{\n"
            "    if (limited_type_ready(&T, &T_spec) < 0)\n"
            "        return -1;\n"
            "    Py_INCREF((PyObject *)T);\n"
            "    return PyModule_AddObject(m, \"T\", (PyObject *)T);\n"
            "}\n");
}

TEST(StaticTypes, AddObjectInAnotherFunction) {
  EXPECT_EQ(usesOf("int add(PyObject *m)\n"
                   "{\n"
                   "    return PyModule_AddObject(m, \"T\", (PyObject *)&T);\n"
                   "}\n"),
            "int add(PyObject *m)\n"
            "{\n"
            "    Py_INCREF((PyObject *)T);\n"
            "    return PyModule_AddObject(m, \"T\", (PyObject *)T);\n"
            "}\n");
}

TEST(StaticTypes, AddObjectRefCountOnce) {
  EXPECT_EQ(converted(Struct + typeT(New) +
                      "int add(PyObject *m)\n"
                      "{\n"
                      "    if (PyType_Ready(&T) < 0)\n"
                      "        return -1;\n"
                      "    Py_INCREF(&T);\n"
                      "    PyModule_AddObject(m, \"T\", (PyObject *)&T);\n"
                      "    PyModule_AddObject(m, \"U\", (PyObject *)&T);\n"
                      "    return 0;\n"
                      "}\n"),
            Struct + "\n" + tablesT(NewSlot) + Pointer +
            "int add(PyObject *m)\n"
            "{\n"
            "    if (limited_type_ready(&T, &T_spec) < 0)\n"
            "        return -1;\n"
            "    Py_INCREF((PyObject *)T);\n"
            "    PyModule_AddObject(m, \"T\", (PyObject *)T);\n"
            "    Py_INCREF((PyObject *)T);\n"
            "    PyModule_AddObject(m, \"U\", (PyObject *)T);\n"
            "    return 0;\n"
            "}\n");
}

TEST(StaticTypes, AddObjectRef) {
  EXPECT_EQ(usesOf("int add(PyObject *m) { return PyModule_AddObjectRef(m, \"T\", (PyObject "
                   "*)&T); }\n"),
            "int add(PyObject *m) { return PyModule_AddObjectRef(m, \"T\", (PyObject *)T); }\n");
}

// --- tp_dealloc ------------------------------------------------------------

TEST(StaticTypes, FreesBySlot) {
  EXPECT_EQ(functionsOf("static void dealloc(Obj *self)\n"
                        "{\n"
                        "    Py_XDECREF(self->x);\n"
                        "    Py_TYPE(self)->tp_free((PyObject *)self);\n"
                        "}\n", "    .tp_dealloc = (destructor)dealloc,\n"),
            "static void dealloc(Obj *self)\n"
            "{\n"
            "    PyTypeObject *tp = Py_TYPE((PyObject *)self);\n"
            "    Py_XDECREF(self->x);\n"
            "    ((freefunc)PyType_GetSlot(tp, Py_tp_free))((PyObject *)self);\n"
            "    Py_DECREF(tp);\n"
            "}\n");
}

TEST(StaticTypes, FreesByFunction) {
  EXPECT_EQ(functionsOf("static void dealloc(Obj *self)\n"
                        "{\n"
                        "    PyObject_Del(self);\n"
                        "}\n", "    .tp_dealloc = (destructor)dealloc,\n"),
            "static void dealloc(Obj *self)\n"
            "{\n"
            "    PyTypeObject *tp = Py_TYPE((PyObject *)self);\n"
            "    PyObject_Del(self);\n"
            "    Py_DECREF(tp);\n"
            "}\n");
  EXPECT_EQ(functionsOf("static void dealloc(PyObject *self)\n"
                        "{\n"
                        "    PyObject_Free(self);\n"
                        "}\n", "    .tp_dealloc = (destructor)dealloc,\n"),
            "static void dealloc(PyObject *self)\n"
            "{\n"
            "    PyTypeObject *tp = Py_TYPE(self);\n"
            "    PyObject_Free(self);\n"
            "    Py_DECREF(tp);\n"
            "}\n");
  EXPECT_EQ(functionsOf("static void dealloc(Obj *self)\n"
                        "{\n"
                        "    PyObject_GC_UnTrack(self);\n"
                        "    PyObject_GC_Del(self);\n"
                        "}\n", "    .tp_dealloc = (destructor)dealloc,\n"),
            "static void dealloc(Obj *self)\n"
            "{\n"
            "    PyTypeObject *tp = Py_TYPE((PyObject *)self);\n"
            "    PyObject_GC_UnTrack(self);\n"
            "    PyObject_GC_Del(self);\n"
            "    Py_DECREF(tp);\n"
            "}\n");
}

TEST(StaticTypes, TwoExits) {
  EXPECT_EQ(functionsOf("static void dealloc(Obj *self)\n"
                        "{\n"
                        "    if (!self->x) {\n"
                        "        PyObject_Del(self);\n"
                        "        return;\n"
                        "    }\n"
                        "    Py_DECREF(self->x);\n"
                        "    PyObject_Del(self);\n"
                        "}\n", "    .tp_dealloc = (destructor)dealloc,\n"),
            "static void dealloc(Obj *self)\n"
            "{\n"
            "    PyTypeObject *tp = Py_TYPE((PyObject *)self);\n"
            "    if (!self->x) {\n"
            "        PyObject_Del(self);\n"
            "        Py_DECREF(tp);\n"
            "        return;\n"
            "    }\n"
            "    Py_DECREF(self->x);\n"
            "    PyObject_Del(self);\n"
            "    Py_DECREF(tp);\n"
            "}\n");
}

TEST(StaticTypes, AnExitWithoutBraces) {
  EXPECT_EQ(whyNotFunctions("static void dealloc(Obj *self)\n"
                            "{\n"
                            "    if (self->x)\n"
                            "        PyObject_Del(self);\n"
                            "    else\n"
                            "        PyObject_Free(self);\n"
                            "}\n", "    .tp_dealloc = (destructor)dealloc,\n"),
            "T: a.c:6: the call that frees the object is no statement of its own in braces "
            "(and 1 more place)\n");
}

TEST(StaticTypes, AMacroThatFreesTheObject) {
  std::string text = functionsOf("#define FREE(o) Py_TYPE(o)->tp_free((PyObject *)o)\n"
                                 "static void dealloc(Obj *self)\n"
                                 "{\n"
                                 "    Py_XDECREF(self->x);\n"
                                 "    FREE(self);\n"
                                 "}\n", "    .tp_dealloc = (destructor)dealloc,\n");
  EXPECT_TRUE(llvm::StringRef(text).contains("    FREE(self);\n    Py_DECREF(tp);\n}\n")) << text;
}

TEST(StaticTypes, AMacroThatDoesMoreThanFree) {
  EXPECT_EQ(whyNotFunctions("#define LEAVE(o) PyObject_Free(o); return\n"
                            "static void dealloc(Obj *self)\n"
                            "{\n"
                            "    LEAVE(self);\n"
                            "}\n", "    .tp_dealloc = (destructor)dealloc,\n"),
            "T: a.c:6: the call that frees the object is no statement of its own in braces\n");
}

TEST(StaticTypes, AnAssert) {
  EXPECT_EQ(functionsOf("#include <assert.h>\n"
                        "static void dealloc(Obj *self)\n"
                        "{\n"
                        "    assert(self->x == NULL);\n"
                        "    PyObject_Del(self);\n"
                        "}\n", "    .tp_dealloc = (destructor)dealloc,\n"),
            "#include <assert.h>\n"
            "static void dealloc(Obj *self)\n"
            "{\n"
            "    PyTypeObject *tp = Py_TYPE((PyObject *)self);\n"
            "    assert(self->x == NULL);\n"
            "    PyObject_Del(self);\n"
            "    Py_DECREF(tp);\n"
            "}\n");
}

TEST(StaticTypes, ALabel) {
  EXPECT_EQ(functionsOf("static void dealloc(Obj *self)\n"
                        "{\n"
                        "    if (!self->x)\n"
                        "        goto done;\n"
                        "    Py_DECREF(self->x);\n"
                        "done:\n"
                        "    PyObject_Del(self);\n"
                        "}\n", "    .tp_dealloc = (destructor)dealloc,\n"),
            "static void dealloc(Obj *self)\n"
            "{\n"
            "    PyTypeObject *tp = Py_TYPE((PyObject *)self);\n"
            "    if (!self->x)\n"
            "        goto done;\n"
            "    Py_DECREF(self->x);\n"
            "done:\n"
            "    PyObject_Del(self);\n"
            "    Py_DECREF(tp);\n"
            "}\n");
}

TEST(StaticTypes, OwnVariableOfTheType) {
  EXPECT_EQ(functionsOf("static void dealloc(Obj *self)\n"
                        "{\n"
                        "    PyTypeObject *type = Py_TYPE(self);\n"
                        "    type->tp_free(self);\n"
                        "}\n", "    .tp_dealloc = (destructor)dealloc,\n"),
            "static void dealloc(Obj *self)\n"
            "{\n"
            "    PyTypeObject *type = Py_TYPE((PyObject *)self);\n"
            "    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);\n"
            "    Py_DECREF(type);\n"
            "}\n");
  EXPECT_EQ(functionsOf("static void dealloc(Obj *self)\n"
                        "{\n"
                        "    PyTypeObject *tp = &PyList_Type;\n"
                        "    (void)tp;\n"
                        "    PyObject_Del(self);\n"
                        "}\n", "    .tp_dealloc = (destructor)dealloc,\n"),
            "static void dealloc(Obj *self)\n"
            "{\n"
            "    PyTypeObject *type = Py_TYPE((PyObject *)self);\n"
            "    PyTypeObject *tp = &PyList_Type;\n"
            "    (void)tp;\n"
            "    PyObject_Del(self);\n"
            "    Py_DECREF(type);\n"
            "}\n");
}

TEST(StaticTypes, ACopyOfSelf) {
  EXPECT_EQ(functionsOf("static void dealloc(PyObject *op)\n"
                        "{\n"
                        "    Obj *self = (Obj *)op;\n"
                        "    Py_XDECREF(self->x);\n"
                        "    PyObject_Del(self);\n"
                        "}\n", "    .tp_dealloc = (destructor)dealloc,\n"),
            "static void dealloc(PyObject *op)\n"
            "{\n"
            "    PyTypeObject *tp = Py_TYPE(op);\n"
            "    Obj *self = (Obj *)op;\n"
            "    Py_XDECREF(self->x);\n"
            "    PyObject_Del(self);\n"
            "    Py_DECREF(tp);\n"
            "}\n");
}

TEST(StaticTypes, TheDeallocOfTheBase) {
  EXPECT_EQ(converted(Struct +
                      "static void dealloc(Obj *self)\n"
                      "{\n"
                      "    PyObject_Del(self);\n"
                      "}\n"
                      "static void drop(Obj *self)\n"
                      "{\n"
                      "    Py_CLEAR(self->x);\n"
                      "    dealloc(self);\n"
                      "}\n" +
                      typeT("    .tp_dealloc = (destructor)dealloc,\n" + Base + New) +
                      typeT("    .tp_base = &T,\n"
                            "    .tp_dealloc = (destructor)drop,\n", "U") +
                      ReadyBoth),
            Struct +
            "static void dealloc(Obj *self)\n"
            "{\n"
            "    PyTypeObject *tp = Py_TYPE((PyObject *)self);\n"
            "    PyObject_Del(self);\n"
            "    Py_DECREF(tp);\n"
            "}\n"
            "static void drop(Obj *self)\n"
            "{\n"
            "    Py_CLEAR(self->x);\n"
            "    dealloc(self);\n"
            "}\n"
            "\n" +
            tablesT("    {Py_tp_dealloc, (void *)dealloc},\n" + NewSlot, BaseFlags) + Pointer + "\n" +
            tablesT("    {Py_tp_dealloc, (void *)drop},\n", Flags, "U") +
            "\nstatic PyTypeObject *U;\n" +
            SubtypeReadyAfter);
}

TEST(StaticTypes, TheDeallocOfAnotherTypeBySlot) {
  EXPECT_EQ(whyNotFunctions("static void dealloc(Obj *self)\n"
                            "{\n"
                            "    PyList_Type.tp_dealloc((PyObject *)self);\n"
                            "}\n", "    .tp_dealloc = (destructor)dealloc,\n"),
            "T: a.c:5: it calls the tp_dealloc of another type, which may release the type as "
            "well\n");
}

TEST(StaticTypes, AFreeList) {
  EXPECT_EQ(whyNotFunctions("static Obj *spare;\n"
                            "static void dealloc(Obj *self)\n"
                            "{\n"
                            "    if (!spare) {\n"
                            "        spare = self;\n"
                            "        return;\n"
                            "    }\n"
                            "    PyObject_Del(self);\n"
                            "}\n", "    .tp_dealloc = (destructor)dealloc,\n"),
            "T: a.c:4: its tp_dealloc keeps the object on some path (a free list?), and the "
            "reference to the type with it\n");
}

TEST(StaticTypes, FreedTwice) {
  EXPECT_EQ(whyNotFunctions("static void dealloc(Obj *self)\n"
                            "{\n"
                            "    if (self->x) {\n"
                            "        PyObject_Del(self);\n"
                            "    }\n"
                            "    PyObject_Del(self);\n"
                            "}\n", "    .tp_dealloc = (destructor)dealloc,\n"),
            "T: a.c:3: its tp_dealloc frees the object twice on some path\n");
}

TEST(StaticTypes, FreedInNoKnownWay) {
  EXPECT_EQ(whyNotFunctions("#include <stdlib.h>\n"
                            "static void dealloc(Obj *self)\n"
                            "{\n"
                            "    free(self);\n"
                            "}\n", "    .tp_dealloc = (destructor)dealloc,\n"),
            "T: a.c:4: its tp_dealloc does not free the object in a way that is known\n");
}

TEST(StaticTypes, ReleasesItsTypeAlready) {
  EXPECT_EQ(whyNotFunctions("static void dealloc(Obj *self)\n"
                            "{\n"
                            "    PyTypeObject *tp = Py_TYPE(self);\n"
                            "    PyObject_Del(self);\n"
                            "    Py_DECREF(tp);\n"
                            "}\n", "    .tp_dealloc = (destructor)dealloc,\n"),
            "T: a.c:7: its tp_dealloc releases a type already\n");
}

TEST(StaticTypes, NoDeallocOfItsOwn) {
  EXPECT_EQ(tablesOf(New),
            tablesT(NewSlot));
  EXPECT_EQ(tablesOf("    .tp_dealloc = (destructor)PyObject_Free,\n"
                     "    .tp_free = PyObject_Free,\n" +
                     New),
            tablesT(NewSlot));
}

TEST(StaticTypes, ADeallocInAnotherUnit) {
  EXPECT_EQ(whyNotFunctions("void dealloc(PyObject *self);\n",
                            "    .tp_dealloc = (destructor)dealloc,\n"),
            "T: a.c:7: the body of its tp_dealloc is not in this unit\n");
}

TEST(StaticTypes, ADeallocByAMacro) {
  EXPECT_EQ(whyNotFunctions("#define DEALLOC(f) static void f(Obj *self) { PyObject_Del(self); "
                            "}\n"
                            "DEALLOC(dealloc)\n", "    .tp_dealloc = (destructor)dealloc,\n"),
            "T: a.c:4: a macro makes its tp_dealloc\n");
}

TEST(StaticTypes, ADeallocOfTwoTypes) {
  EXPECT_EQ(whyNot(Struct +
                   "static void dealloc(Obj *self)\n"
                   "{\n"
                   "    PyObject_Del(self);\n"
                   "}\n" +
                   typeT("    .tp_dealloc = (destructor)dealloc,\n" + New) +
                   typeT("    .tp_dealloc = (destructor)dealloc,\n" + New, "U") + Ready),
            "T: it is converted together with 'U', and a.c:13: no PyType_Ready(&U) makes it at "
            "a known place\n"
            "U: a.c:13: no PyType_Ready(&U) makes it at a known place\n");
}

TEST(StaticTypes, ACommentBehindTheCall) {
  EXPECT_EQ(functionsOf("static void dealloc(Obj *self)\n"
                        "{\n"
                        "    if (self->x) {\n"
                        "        Py_CLEAR(self->x);\n"
                        "    }\n"
                        "    Py_TYPE(self)->tp_free((PyObject *)self); /* last */\n"
                        "}\n", "    .tp_dealloc = (destructor)dealloc,\n"),
            "static void dealloc(Obj *self)\n"
            "{\n"
            "    PyTypeObject *tp = Py_TYPE((PyObject *)self);\n"
            "    if (self->x) {\n"
            "        Py_CLEAR(self->x);\n"
            "    }\n"
            "    ((freefunc)PyType_GetSlot(tp, Py_tp_free))((PyObject *)self);\n"
            "    Py_DECREF(tp); /* last */\n"
            "}\n");
}

TEST(StaticTypes, ATpFreeThatIsKept) {
  EXPECT_EQ(whyNotFunctions("static void dealloc(Obj *self)\n"
                            "{\n"
                            "    freefunc f = Py_TYPE(self)->tp_free;\n"
                            "    f(self);\n"
                            "}\n", "    .tp_dealloc = (destructor)dealloc,\n"),
            "T: a.c:3: its tp_dealloc does not free the object in a way that is known\n");
}

// --- tp_traverse -----------------------------------------------------------

TEST(StaticTypes, TraverseVisitsTheType) {
  EXPECT_EQ(functionsOf("static int traverse(Obj *self, visitproc visit, void *arg)\n"
                        "{\n"
                        "    Py_VISIT(self->x);\n"
                        "    return 0;\n"
                        "}\n",
                        "    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,\n"
                        "    .tp_traverse = (traverseproc)traverse,\n", 9),
            "static int traverse(Obj *self, visitproc visit, void *arg)\n"
            "{\n"
            "    Py_VISIT(Py_TYPE((PyObject *)self));\n"
            "    Py_VISIT(self->x);\n"
            "    return 0;\n"
            "}\n");
  EXPECT_EQ(functionsOf("static int traverse(PyObject *self, visitproc visit, void *arg)\n"
                        "{\n"
                        "    Obj *own = (Obj *)self;\n"
                        "    Py_VISIT(own->x);\n"
                        "    return 0;\n"
                        "}\n",
                        "    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,\n"
                        "    .tp_traverse = (traverseproc)traverse,\n", 11),
            "static int traverse(PyObject *self, visitproc visit, void *arg)\n"
            "{\n"
            "    Obj *own = (Obj *)self;\n"
            "    Py_VISIT(Py_TYPE(self));\n"
            "    Py_VISIT(own->x);\n"
            "    return 0;\n"
            "}\n");
  EXPECT_EQ(functionsOf("static int traverse(Obj *self, visitproc visit, void *arg)\n"
                        "{\n"
                        "    return 0;\n"
                        "}\n",
                        "    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,\n"
                        "    .tp_traverse = (traverseproc)traverse,\n", 9),
            "static int traverse(Obj *self, visitproc visit, void *arg)\n"
            "{\n"
            "    Py_VISIT(Py_TYPE((PyObject *)self));\n"
            "    return 0;\n"
            "}\n");
}

TEST(StaticTypes, TraverseAt38) {
  EXPECT_EQ(functionsOf("static int traverse(Obj *self, visitproc visit, void *arg)\n"
                        "{\n"
                        "    Py_VISIT(self->x);\n"
                        "    return 0;\n"
                        "}\n",
                        "    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,\n"
                        "    .tp_traverse = (traverseproc)traverse,\n", 8),
            "static int traverse(Obj *self, visitproc visit, void *arg)\n"
            "{\n"
            "    Py_VISIT(self->x);\n"
            "    return 0;\n"
            "}\n");
}

TEST(StaticTypes, TheTraverseOfTheBase) {
  EXPECT_EQ(converted(Struct +
                      "static int traverse(Obj *self, visitproc visit, void *arg)\n"
                      "{\n"
                      "    Py_VISIT(self->x);\n"
                      "    return 0;\n"
                      "}\n"
                      "static int more(Obj *self, visitproc visit, void *arg)\n"
                      "{\n"
                      "    return traverse(self, visit, arg);\n"
                      "}\n" +
                      typeT("    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE,\n"
                            "    .tp_traverse = (traverseproc)traverse,\n" +
                            New) +
                      typeT("    .tp_base = &T,\n"
                            "    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,\n"
                            "    .tp_traverse = (traverseproc)more,\n", "U") +
                      ReadyBoth),
            Struct +
            "static int traverse(Obj *self, visitproc visit, void *arg)\n"
            "{\n"
            "    Py_VISIT(Py_TYPE((PyObject *)self));\n"
            "    Py_VISIT(self->x);\n"
            "    return 0;\n"
            "}\n"
            "static int more(Obj *self, visitproc visit, void *arg)\n"
            "{\n"
            "    return traverse(self, visit, arg);\n"
            "}\n"
            "\n" +
            tablesT("    {Py_tp_traverse, (void *)traverse},\n" + NewSlot,
                    "    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE | "
                    "Py_TPFLAGS_IMMUTABLETYPE,\n") +
            Pointer + "\n" +
            tablesT("    {Py_tp_traverse, (void *)more},\n",
                    "    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | "
                    "Py_TPFLAGS_IMMUTABLETYPE,\n", "U") +
            "\nstatic PyTypeObject *U;\n" +
            SubtypeReadyAfter);
}

TEST(StaticTypes, TraverseWithOtherNames) {
  EXPECT_EQ(whyNotFunctions("static int traverse(Obj *self, visitproc v, void *a)\n"
                            "{\n"
                            "    return self->x ? v(self->x, a) : 0;\n"
                            "    return 0;\n"
                            "}\n",
                            "    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,\n"
                            "    .tp_traverse = (traverseproc)traverse,\n"),
            "T: a.c:3: Py_VISIT needs its parameters to be called visit and arg\n");
}

TEST(StaticTypes, TraverseThatVisitsTheType) {
  EXPECT_EQ(whyNotFunctions("static int traverse(Obj *self, visitproc visit, void *arg)\n"
                            "{\n"
                            "    Py_VISIT(Py_TYPE(self));\n"
                            "    return 0;\n"
                            "}\n",
                            "    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,\n"
                            "    .tp_traverse = (traverseproc)traverse,\n"),
            "T: a.c:5: its tp_traverse looks at the type already\n");
}

TEST(StaticTypes, GcWithoutTraverse) {
  EXPECT_EQ(whyNotFunctions("", "    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,\n"),
            "T: a.c:3: it has Py_TPFLAGS_HAVE_GC but no tp_traverse, which no heap type may "
            "from 3.11 on\n");
}

// --- what keeps a type as it is --------------------------------------------

TEST(StaticTypes, AMetaclass) {
  EXPECT_EQ(whyNot(Struct +
                   "extern PyTypeObject Meta;\n"
                   "static PyTypeObject T = {\n"
                   "    PyVarObject_HEAD_INIT(&PyList_Type, 0)\n"
                   "    .tp_name = \"m.T\",\n" +
                   New + "};\n" + Ready),
            "T: a.c:5: it has a metaclass of its own, which PyType_FromMetaclass takes from "
            "3.12 on\n");
  EXPECT_EQ(whyNot(Struct + typeT(New) +
                   "int ready(void)\n"
                   "{\n"
                   "    Py_SET_TYPE(&T, &PyList_Type);\n"
                   "    return PyType_Ready(&T);\n"
                   "}\n"),
            "T: a.c:10: it has a metaclass of its own, which PyType_FromMetaclass takes from "
            "3.12 on\n");
}

TEST(StaticTypes, ADirectiveInTheInitialiser) {
  EXPECT_EQ(whyNot(Struct +
                   typeT("#ifdef NEVER\n"
                         "    .tp_doc = \"x\",\n"
                         "#endif\n" +
                         New) + Ready),
            "T: a.c:6: a preprocessor directive stands in its initialiser\n");
}

TEST(StaticTypes, ADirectiveThatAllVersionsAnswerAlike) {
  EXPECT_EQ(converted(Struct +
                      typeT("#if PY_MAJOR_VERSION < 3\n"
                            "    .tp_print = old_print, /* an old one */\n"
                            "    .tp_compare = old_compare,\n"
                            "#else /* Python 3 */\n"
                            "    .tp_basicsize = sizeof(Obj), /* a new one */\n"
                            "#endif\n"
                            "#if PY_VERSION_HEX >= 0x03080000\n"
                            "    .tp_vectorcall_offset = 0,\n"
                            "#endif\n" +
                            New) + Ready),
            Struct + "\n" + tablesT(NewSlot, "    .basicsize = sizeof(Obj), /* a new one */\n" + Flags) + Pointer +
                ReadyAfter);
  for (const char *condition : {"#if PY_VERSION_HEX >= 0x030d0000", "#if PY_VERSION_HEX < 0x03000000 || defined(X)",
                                "#if 0", "#if 1", "#ifndef Py_LIMITED_API", "#if defined(Py_LIMITED_API)", "#if !defined(Py_LIMITED_API)",
                                "#if PY_MAJOR_VERSION >= 3\n#define Y\n#elif X"})
    EXPECT_NE(whyNot(Struct + typeT(condition + ("\n    .tp_doc = \"x\",\n#endif\n" + New)) + Ready)
                  .find("a preprocessor directive stands in its initialiser\n"), std::string::npos) << condition;
  // In a value, and one that began in front of the braces.
  EXPECT_EQ(whyNot(Struct + typeT("    .tp_flags = Py_TPFLAGS_DEFAULT\n#if PY_MAJOR_VERSION < 3\n        | 1\n#endif\n"
                                  "        | Py_TPFLAGS_BASETYPE,\n" + New) + Ready),
            "T: a.c:7: a preprocessor directive stands in its initialiser\n");
  EXPECT_NE(whyNot("#if PY_MAJOR_VERSION >= 3\n" + Struct + typeT(New + "#endif\n") + Ready)
                .find("a preprocessor directive stands in its initialiser\n"), std::string::npos);
}

TEST(StaticTypes, MadeByAMacro) {
  EXPECT_EQ(whyNot("#define TYPE(name) static PyTypeObject name = {PyVarObject_HEAD_INIT(NULL, "
                   "0) .tp_name = \"m.T\"}\n"
                   "TYPE(T);\n" +
                   Ready),
            "T: a.c:3: a macro defines it (and 1 more place)\n");
  EXPECT_EQ(whyNot("#define INIT {PyVarObject_HEAD_INIT(NULL, 0) .tp_name = \"m.T\"}\n"
                   "static PyTypeObject T = INIT;\n" +
                   Ready),
            "T: a.c:3: a macro makes its initialiser\n");
}

TEST(StaticTypes, NoReady) {
  EXPECT_EQ(whyNot(typeT(New) + "PyTypeObject *f(void) { return &T; }\n"),
            "T: a.c:2: no PyType_Ready(&T) makes it at a known place\n");
}

TEST(StaticTypes, TwoInOneDeclaration) {
  EXPECT_EQ(whyNot("static PyTypeObject T = {PyVarObject_HEAD_INIT(NULL, 0) .tp_name = "
                   "\"m.T\"}, *other;\n" +
                   Ready),
            "T: a.c:2: its declaration declares more than the type, or has attributes\n");
}

TEST(StaticTypes, ASlotThatTheFloorLacks) {
  EXPECT_EQ(whyNot(Struct +
                   "static int get(PyObject *o, Py_buffer *b, int f) { return -1; }\n"
                   "static PyBufferProcs procs = {.bf_getbuffer = get};\n" +
                   typeT("    .tp_as_buffer = &procs,\n" + New) + Ready, 10),
            "T: a.c:4: the slot Py_bf_getbuffer is not in the Limited API at this floor, but "
            "from 3.11 on\n");
}

TEST(StaticTypes, AMemberWithoutASlot) {
  EXPECT_EQ(whyNot(Struct +
                   typeT("    .tp_vectorcall = NULL,\n"
                         "    .tp_version_tag = 7,\n" +
                         New) + Ready),
            "T: a.c:7: 'tp_version_tag' has no slot\n");
}

TEST(StaticTypes, ReadyInACondition) {
  EXPECT_EQ(converted(Struct + typeT(New) +
                      "int ready(void)\n"
                      "{\n"
                      "    if (PyType_Ready(&T)) return -1;\n"
                      "    return 0;\n"
                      "}\n"
                      "int again(void) { return PyType_Ready(&T); }\n"),
            Struct + "\n" + tablesT(NewSlot) + Pointer +
            "int ready(void)\n"
            "{\n"
            "    if (limited_type_ready(&T, &T_spec)) return -1;\n"
            "    return 0;\n"
            "}\n"
            "int again(void) { return limited_type_ready(&T, &T_spec); }\n");
}
