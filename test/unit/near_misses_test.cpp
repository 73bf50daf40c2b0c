// What only looks like a use stays as it is, and a real use is found in every
// construct of the languages. Texts in, findings and edited texts out.
#include "match_support.h"

using namespace abi3ify;

namespace {

void untouched(const std::string &text) { EXPECT_EQ(linesC(text), "") << text; }
void untouchedCxx(const std::string &text) { EXPECT_EQ(linesCxx(text), "") << text; }

} // namespace

// --- names ----------------------------------------------------------------------

TEST(NearMisses, UsersNamesThatBeginWithPy) {
  untouched("static int PyTuple_GET_SIZES(PyObject *t) { return t != 0; }\n"
            "struct PyTupleObjectList { PyObject *first; };\n"
            "enum { Py_TPFLAGS_OURS = 1 };\n"
            "typedef PyObject *PyTuple_GET_ITEM_t;\n"
            "#define PyVideo_GET_SIZE(v) ((v)->size)\n"
            "struct video { int size; };\n"
            "int f(PyObject *t, struct video *v) {\n"
            "  struct PyTupleObjectList l = {t};\n"
            "  PyTuple_GET_ITEM_t x = l.first;\n"
            "  return PyTuple_GET_SIZES(x) + PyVideo_GET_SIZE(v) + Py_TPFLAGS_OURS;\n}\n");
}

TEST(NearMisses, MembersOfTheUsersStructs) {
  untouched("struct video { int frame, ob_type, ob_refcnt, tp_name, f_code; void *interp; };\n"
            "int f(struct video *video, struct video v) {\n"
            "  return video->frame + video->ob_type + v.ob_refcnt + (*video).tp_name + v.f_code +\n"
            "         (video->interp != 0);\n}\n");
  // In code that no parse reads, too.
  untouched("#if 0\nint n = video->frame + video->f_code;\n#endif\n");
}

TEST(NearMisses, CommentsAndStrings) {
  untouched("/* PyTuple_GET_SIZE(t) */\n"
            "// o->ob_type, PyTuple_GET_ITEM(t, 0)\n"
            "const char *s = \"PyTuple_GET_SIZE(t) o->ob_refcnt\" \"_PyObject_GetDictPtr\";\n"
            "#if 0\n/* PyList_GET_ITEM */ const char *c = \"PyList_GET_SIZE(l)\";\n#endif\n"
            "#define DOC \"PyList_GET_ITEM(l, 0)\" // PyList_GET_ITEM\n");
  untouchedCxx("const char *s = R\"(PyTuple_GET_SIZE(t))\";\n");
}

TEST(NearMisses, ShadowedNames) {
  untouched("int f(int PyTuple_GET_SIZE) { return PyTuple_GET_SIZE; }\n"
            "int g(void) { struct PyTupleObject { int n; } t = {1}; return t.n; }\n"
            "int h(int (*_PyObject_GetDictPtr)(int)) { return _PyObject_GetDictPtr(1); }\n");
  untouchedCxx("namespace ours { struct PyTupleObject { int ob_item; };\n"
               "int _PyDict_Pop(int a, int b, int c) { return a + b + c; } }\n"
               "struct Box { int _PyObject_GetDictPtr() { return 0; } };\n"
               "int f() { using namespace ours; ours::PyTupleObject t{1}; Box b;\n"
               "  return t.ob_item + ours::_PyDict_Pop(1, 2, 3) + b._PyObject_GetDictPtr(); }\n");
}

TEST(NearMisses, MacrosOfTheUsersThatTakeAName) {
  // The user's own definition is what the name means from there on.
  untouched("#undef PyTuple_GET_SIZE\n#define PyTuple_GET_SIZE(t) PyTuple_Size(t)\n"
            "Py_ssize_t f(PyObject *t) { return PyTuple_GET_SIZE(t); }\n");
}

// --- function pointers ------------------------------------------------------------

TEST(NearMisses, PointersToAccessors) {
  EXPECT_EQ(linesC("typedef PyObject **(*finder)(PyObject *);\n"
                   "static finder all[] = {_PyObject_GetDictPtr, 0};\n"
                   "PyObject **f(PyObject *o) { finder g = &_PyObject_GetDictPtr; return g(o); }\n"
                   "finder h(void) { return all[0] ? all[0] : _PyObject_GetDictPtr; }\n"),
            "2:24 _PyObject_GetDictPtr manual\n"
            "3:41 _PyObject_GetDictPtr manual\n"
            "4:43 _PyObject_GetDictPtr manual\n");
  untouched("Py_ssize_t (*size)(PyObject *) = PyTuple_Size;\n"
            "Py_ssize_t f(PyObject *t) { return size(t) + (*size)(t); }\n");
}

TEST(NearMisses, ParenthesesAroundTheName) {
  // A macro with arguments is not expanded there; a function is called.
  EXPECT_EQ(linesC("PyObject **f(PyObject *o) { return (_PyObject_GetDictPtr)(o); }\n"),
            "1:37 _PyObject_GetDictPtr manual\n");
}

// --- C ------------------------------------------------------------------------------

TEST(NearMisses, OldStyleDefinitions) {
  EXPECT_EQ(fixedC("static PyObject *f(t, n)\n    PyObject *t;\n    Py_ssize_t n;\n"
                   "{\n    return PyTuple_GET_ITEM(t, n);\n}\n"
                   "static int PyTuple_GET_COUNT(t) PyObject *t; { return t->ob_type == 0; }\n"),
            "static PyObject *f(t, n)\n    PyObject *t;\n    Py_ssize_t n;\n"
            "{\n    return PyTuple_GetItem(t, n);\n}\n"
            "static int PyTuple_GET_COUNT(t) PyObject *t; { return Py_TYPE(t) == 0; }\n");
}

TEST(NearMisses, DesignatedInitialisers) {
  EXPECT_EQ(fixedC("struct s { Py_ssize_t ob_size; PyTypeObject *ob_type; PyObject *all[2]; };\n"
                   "struct s f(PyObject *t) {\n"
                   "  return (struct s){.ob_size = Py_SIZE(t), .ob_type = t->ob_type,\n"
                   "                    .all = {[1] = PyTuple_GET_ITEM(t, 1)}};\n}\n"),
            "struct s { Py_ssize_t ob_size; PyTypeObject *ob_type; PyObject *all[2]; };\n"
            "struct s f(PyObject *t) {\n"
            "  return (struct s){.ob_size = Py_SIZE(t), .ob_type = Py_TYPE(t),\n"
            "                    .all = {[1] = PyTuple_GetItem(t, 1)}};\n}\n");
  untouched("struct s { int ob_type, tp_name; };\nstruct s a = {.ob_type = 1, .tp_name = 2};\n");
}

TEST(NearMisses, StatementExpressions) {
  EXPECT_EQ(fixedC("#define SIZE(t) ({ PyObject *own = (t); PyTuple_GET_SIZE(own); })\n"
                   "Py_ssize_t f(PyObject *t) { return SIZE(PyTuple_GET_ITEM(t, 0)); }\n"),
            "#define SIZE(t) ({ PyObject *own = (t); PyTuple_Size(own); })\n"
            "Py_ssize_t f(PyObject *t) { return SIZE(PyTuple_GetItem(t, 0)); }\n");
  // The value of an assignment to a macro is the value of the whole.
  EXPECT_EQ(linesC("void f(PyObject *t, PyObject *o) { PyObject *x = ({ PyTuple_GET_ITEM(t, 0) = o; }); (void)x; }\n"),
            "1:53 PyTuple_GET_ITEM manual\n");
}

TEST(NearMisses, GenericSelections) {
  // Only the association that is chosen is compiled; the others are read.
  EXPECT_EQ(linesC("Py_ssize_t f(PyObject *t, long n) {\n"
                   "  return _Generic(t, PyObject *: PyTuple_GET_SIZE(t), default: 0) +\n"
                   "         _Generic(n, long: n, default: PyTuple_GET_SIZE(t)) +\n"
                   "         _Generic(PyTuple_GET_SIZE(t), default: 1);\n}\n"),
            "2:34 PyTuple_GET_SIZE fixable\n"
            "3:40 PyTuple_GET_SIZE fixable\n"
            "4:19 PyTuple_GET_SIZE fixable\n");
}

// --- C++ ----------------------------------------------------------------------------

TEST(NearMisses, Lambdas) {
  EXPECT_EQ(fixedCxx("Py_ssize_t f(PyObject *t) {\n"
                     "  auto size = [t, n = PyTuple_GET_SIZE(t)](int i = 0) mutable -> Py_ssize_t {\n"
                     "    return PyTuple_GET_SIZE(PyTuple_GET_ITEM(t, i)) + n;\n  };\n"
                     "  auto any = [](auto *o) { return o->ob_type; };\n"
                     "  return size() + (any(t) != nullptr);\n}\n"),
            "Py_ssize_t f(PyObject *t) {\n"
            "  auto size = [t, n = PyTuple_Size(t)](int i = 0) mutable -> Py_ssize_t {\n"
            "    return PyTuple_Size(PyTuple_GetItem(t, i)) + n;\n  };\n"
            "  auto any = [](auto *o) { return Py_TYPE(o); };\n"
            "  return size() + (any(t) != nullptr);\n}\n");
}

TEST(NearMisses, TheContainerOfALambda) {
  // Fresh in the lambda's own flow of control.
  EXPECT_EQ(linesCxx("PyObject *f(PyObject *o) {\n"
                     "  auto pair = [o]() -> PyObject * {\n"
                     "    PyObject *t = PyTuple_New(1);\n"
                     "    if (!t) return nullptr;\n"
                     "    PyTuple_SET_ITEM(t, 0, o);\n"
                     "    return t;\n  };\n"
                     "  return pair();\n}\n"
                     "void g(PyObject *t, PyObject *o) {\n"
                     "  auto fill = [&] { PyTuple_SET_ITEM(t, 0, o); };\n  fill();\n}\n"),
            "5:5 PyTuple_SET_ITEM fixable\n"
            "11:21 PyTuple_SET_ITEM manual\n");
}

TEST(NearMisses, TemplatesAndTheirInstances) {
  EXPECT_EQ(fixedCxx("template <class T> Py_ssize_t size(T *t) { return PyTuple_GET_SIZE(t); }\n"
                     "template <class T> struct Box { T *o; auto type() { return o->ob_type; } };\n"
                     "struct Mine { int ob_type; };\n"
                     "int f(PyObject *t) {\n"
                     "  Box<PyObject> b{t}; return size(t) + (b.type() != nullptr);\n}\n"),
            "template <class T> Py_ssize_t size(T *t) { return PyTuple_Size(t); }\n"
            "template <class T> struct Box { T *o; auto type() { return Py_TYPE(o); } };\n"
            "struct Mine { int ob_type; };\n"
            "int f(PyObject *t) {\n"
            "  Box<PyObject> b{t}; return size(t) + (b.type() != nullptr);\n}\n");
  // One instance of Python's and one of the user's cannot have the same edit.
  EXPECT_EQ(linesCxx("template <class T> auto type(T *o) { return o->ob_type; }\n"
                     "struct Mine { int ob_type; };\n"
                     "int f(PyObject *t, Mine *m) { return (type(t) != nullptr) + type(m); }\n"),
            "1:48 ob_type manual\n");
  untouchedCxx("template <class T> auto type(T *o) { return o->ob_type; }\n"
               "struct Mine { int ob_type; };\n"
               "int f(Mine *m) { return type(m); }\n");
}

TEST(NearMisses, References) {
  EXPECT_EQ(fixedCxx("Py_ssize_t f(PyObject *&t, PyObject &o) {\n"
                     "  PyTypeObject *const &type = o.ob_type;\n"
                     "  auto &&size = PyTuple_GET_SIZE(t);\n"
                     "  return size + (type == t->ob_type);\n}\n"),
            "Py_ssize_t f(PyObject *&t, PyObject &o) {\n"
            "  PyTypeObject *const &type = Py_TYPE(&o);\n"
            "  auto &&size = PyTuple_Size(t);\n"
            "  return size + (type == Py_TYPE(t));\n}\n");
  // One that can be written through has no limited form.
  EXPECT_EQ(linesCxx("void f(PyObject *o) { PyTypeObject *&type = o->ob_type; type = nullptr; }\n"),
            "1:48 ob_type manual\n");
  EXPECT_EQ(linesCxx("void take(PyTypeObject *&); void look(PyTypeObject *const &);\n"
                     "void f(PyObject *o) { take(o->ob_type); look(o->ob_type); }\n"
                     "PyTypeObject *&g(PyObject *o) { return o->ob_type; }\n"),
            "2:31 ob_type manual\n"
            "2:49 ob_type fixable\n"
            "3:43 ob_type manual\n");
}

TEST(NearMisses, Operators) {
  EXPECT_EQ(linesCxx("struct Ref { PyObject *o; PyObject *operator->() { return o; } operator PyObject *() "
                     "{ return o; } PyObject &operator*() { return *o; } };\n"
                     "int f(Ref r) { return (r->ob_type == nullptr) + ((*r).ob_type == nullptr) +\n"
                     "                      int(PyTuple_GET_SIZE(r)); }\n"),
            "2:27 ob_type manual\n"
            "2:55 ob_type fixable\n"
            "3:27 PyTuple_GET_SIZE fixable\n");
  untouchedCxx("struct Tuple { int ob_item; Tuple *operator->() { return this; } "
               "int operator[](int i) { return i; } };\n"
               "int f(Tuple t) { return t->ob_item + t[0]; }\n");
}

// --- what the Limited API has, whatever it looks like ------------------------------------

TEST(KeptNames, AreNoFindingAtTheLowestFloor) {
  Sample sample;
  sample.floor = Floor{8};
  sample.look(R"(#include <stddef.h>
/* heads and instances of structs of one's own */
typedef struct { PyObject_HEAD int n; } Foo;
typedef struct { PyObject_VAR_HEAD int n[1]; } Row;
static PyModuleDef definition = {PyModuleDef_HEAD_INIT, "m", NULL, 0, NULL, NULL, NULL, NULL, NULL};
size_t sizes(void) { return sizeof(PyObject) + sizeof(PyVarObject) + offsetof(Foo, ob_base); }
/* addresses of Python's types in tables */
static PyObject *const types[] = {(PyObject *)&PyList_Type, (PyObject *)&PyDict_Type};
int weak(PyObject *r) { return PyWeakref_Check(r) + PyWeakref_CheckRef(r) + PyWeakref_CheckProxy(r); }
int slice(PyObject *s, Py_ssize_t *v) { return PySlice_GetIndicesEx(s, 5, v, v + 1, v + 2, v + 3); }
struct foreign { int version; };
int capsule(PyObject *c) {
  struct foreign *api = (struct foreign *)PyCapsule_GetPointer(c, "foreign._api");
  return PyCapsule_CheckExact(c) ? api->version : PyCapsule_IsValid(c, "foreign._api");
}
int dicts(PyObject *d) {
  PyObject *key, *value;
  Py_ssize_t at = 0;
  int n = 0;
  while (PyDict_Next(d, &at, &key, &value))
    n += key == value;
  return n;
}
int checks(PyObject *o) {
  return PyAnySet_Check(o) + PyList_Check(o) + PyList_CheckExact(o) + PyTuple_Check(o) +
         PyTuple_CheckExact(o) + PyDict_Check(o) + PyDict_CheckExact(o) + PyUnicode_Check(o) +
         PyUnicode_CheckExact(o) + PyBytes_Check(o) + PyBytes_CheckExact(o) + PyLong_Check(o) +
         PyLong_CheckExact(o) + PyFloat_Check(o) + PyFloat_CheckExact(o) + PyBool_Check(o) +
         PyComplex_Check(o) + PyModule_Check(o) + PySlice_Check(o) + PySet_Check(o) +
         PyFrozenSet_Check(o) + PyCFunction_Check(o) + PyMemoryView_Check(o) +
         PyByteArray_Check(o) + PyIter_Check(o) + PyIndex_Check(o) + PyCallable_Check(o);
}
int features(PyObject *o) {
  PyTypeObject *t = Py_TYPE(o);
  return PyType_HasFeature(t, Py_TPFLAGS_BASETYPE) + PyType_FastSubclass(t, Py_TPFLAGS_LIST_SUBCLASS) +
         PyType_IS_GC(t) + PyType_Check(o) + PyType_CheckExact(o) + PyObject_TypeCheck(o, &PyList_Type);
}
PyObject *class_of(PyObject *o) {
  PyType_Modified(Py_TYPE(o));
  return PyObject_GetAttrString(o, "__class__");
}
int exceptions(PyObject *e) {
  return PyExceptionClass_Check(e) + (PyExceptionInstance_Check(e) && PyExceptionInstance_Class(e) == e);
}
static PyObject *with_words(PyObject *self, PyObject *args, PyObject *words) { return args ? self : words; }
static PyObject *none(PyObject *self, PyObject *Py_UNUSED(ignored)) { (void)self; Py_RETURN_NONE; }
static PyObject *yes(PyObject *self, PyObject *args) { (void)self; (void)args; Py_RETURN_TRUE; }
static PyMethodDef methods[] = {
  {"with_words", (PyCFunction)with_words, METH_VARARGS | METH_KEYWORDS, NULL},
  {"w", (PyCFunction)(void (*)(void))(PyCFunctionWithKeywords)with_words, METH_VARARGS | METH_KEYWORDS, NULL},
  {"none", none, METH_NOARGS, NULL},
  {"yes", yes, METH_VARARGS, NULL},
  {NULL, NULL, 0, NULL},
};
Py_LOCAL_SYMBOL int small(int a, char c);
int small(int a, char c) {
  const char *name = Py_STRINGIFY(small);
  switch (a) {
  case 0: return Py_MIN(a, 3) + Py_MAX(a, 4) + Py_ABS(a) + Py_CHARMASK(c) + name[0];
  case 1: return (int)(sizeof methods / sizeof *methods) + (types[0] == (PyObject *)&definition);
  default: Py_UNREACHABLE();
  }
}
)");
  EXPECT_EQ(sample.lines(), "");
}

TEST(KeptNames, TheBufferOfFloor11) {
  EXPECT_EQ(linesC("int f(PyObject *o) {\n"
                   "  Py_buffer b;\n"
                   "  if (PyObject_GetBuffer(o, &b, PyBUF_SIMPLE) < 0) return -1;\n"
                   "  int n = b.buf && b.obj && b.len && b.itemsize && b.readonly && b.ndim && b.format &&\n"
                   "          b.shape && b.strides && b.suboffsets && b.internal;\n"
                   "  PyBuffer_Release(&b);\n  return n;\n}\n"),
            "");
}
