// The module: static types of a multi-phase module, in C++17.
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

#include <cstddef>
#include <new>
#include <string>
#include <vector>

namespace {

// --- Bag: a vector of objects, known to the garbage collector ---------------

struct Bag {
    PyObject_HEAD
    std::vector<PyObject *> *objects;
    PyObject *dict;
    PyObject *weakrefs;
};

#define AS_BAG(object) (reinterpret_cast<Bag *>(object))

extern PyTypeObject BagType;
extern PyTypeObject BagIterType;

PyObject *bag_new(PyTypeObject *type, PyObject *, PyObject *)
{
    Bag *self = reinterpret_cast<Bag *>(type->tp_alloc(type, 0));
    if (self == nullptr) {
        return nullptr;
    }
    self->objects = new (std::nothrow) std::vector<PyObject *>;
    if (self->objects == nullptr) {
        Py_DECREF(self);
        return PyErr_NoMemory();
    }
    return reinterpret_cast<PyObject *>(self);
}

int bag_init(PyObject *self, PyObject *args, PyObject *)
{
    auto &objects = *AS_BAG(self)->objects;
    const Py_ssize_t count = PyTuple_Size(args);
    for (Py_ssize_t i = 0; i < count; ++i) {
        PyObject *object = PyTuple_GetItem(args, i);
        Py_INCREF(object);
        objects.push_back(object);
    }
    return 0;
}

int bag_traverse(PyObject *self, visitproc visit, void *arg)
{
    Bag *bag = AS_BAG(self);
    Py_VISIT(bag->dict);
    if (bag->objects == nullptr) {
        return 0;
    }
    for (PyObject *object : *bag->objects) {
        Py_VISIT(object);
    }
    return 0;
}

int bag_clear(PyObject *self)
{
    Bag *bag = AS_BAG(self);
    Py_CLEAR(bag->dict);
    if (bag->objects != nullptr) {
        std::vector<PyObject *> objects;
        objects.swap(*bag->objects);
        for (PyObject *object : objects) {
            Py_DECREF(object);
        }
    }
    return 0;
}

void bag_dealloc(PyObject *self)
{
    Bag *bag = AS_BAG(self);
    PyObject_GC_UnTrack(self);
    if (bag->weakrefs) {
        PyObject_ClearWeakRefs(self);
    }
    bag_clear(self);
    delete bag->objects;
    Py_TYPE(self)->tp_free(self);
}

Py_ssize_t bag_length(PyObject *self)
{
    return static_cast<Py_ssize_t>(AS_BAG(self)->objects->size());
}

PyObject *bag_item(PyObject *self, Py_ssize_t index)
{
    const auto &objects = *AS_BAG(self)->objects;
    if (index < 0 || static_cast<std::size_t>(index) >= objects.size()) {
        PyErr_SetString(PyExc_IndexError, "bag index out of range");
        return nullptr;
    }
    Py_INCREF(objects[index]);
    return objects[index];
}

PySequenceMethods bag_as_sequence = {
    bag_length,
    nullptr,    // sq_concat
    nullptr,    // sq_repeat
    bag_item,
};

struct BagIter {
    PyObject_HEAD
    PyObject *bag;
    Py_ssize_t next;
};

PyObject *bag_iter(PyObject *self)
{
    BagIter *iter = PyObject_GC_New(BagIter, &BagIterType);
    if (iter == nullptr) {
        return nullptr;
    }
    Py_INCREF(self);
    iter->bag = self;
    iter->next = 0;
    PyObject_GC_Track(iter);
    return reinterpret_cast<PyObject *>(iter);
}

PyMemberDef bag_members[] = {
    {"attributes", T_OBJECT, offsetof(Bag, dict), READONLY, "the dictionary, or None"},
    {nullptr, 0, 0, 0, nullptr},
};

PyTypeObject BagType = {
    PyVarObject_HEAD_INIT(nullptr, 0)
    "pieces.Bag",                       // tp_name
    sizeof(Bag),                        // tp_basicsize
    0,                                  // tp_itemsize
    bag_dealloc,                        // tp_dealloc
    0,                                  // tp_vectorcall_offset
    nullptr,                            // tp_getattr
    nullptr,                            // tp_setattr
    nullptr,                            // tp_as_async
    nullptr,                            // tp_repr
    nullptr,                            // tp_as_number
    &bag_as_sequence,                   // tp_as_sequence
    nullptr,                            // tp_as_mapping
    nullptr,                            // tp_hash
    nullptr,                            // tp_call
    nullptr,                            // tp_str
    PyObject_GenericGetAttr,            // tp_getattro
    PyObject_GenericSetAttr,            // tp_setattro
    nullptr,                            // tp_as_buffer
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE,
    "Bag(*objects)\n--\n\nHolds objects.",
    bag_traverse,                       // tp_traverse
    bag_clear,                          // tp_clear
    nullptr,                            // tp_richcompare
    offsetof(Bag, weakrefs),            // tp_weaklistoffset
    bag_iter,                           // tp_iter
    nullptr,                            // tp_iternext
    nullptr,                            // tp_methods
    bag_members,                        // tp_members
    nullptr,                            // tp_getset
    nullptr,                            // tp_base
    nullptr,                            // tp_dict
    nullptr,                            // tp_descr_get
    nullptr,                            // tp_descr_set
    offsetof(Bag, dict),                // tp_dictoffset
    bag_init,                           // tp_init
    nullptr,                            // tp_alloc
    bag_new,                            // tp_new
};

void bagiter_dealloc(PyObject *self)
{
    PyObject_GC_UnTrack(self);
    Py_CLEAR(reinterpret_cast<BagIter *>(self)->bag);
    PyObject_GC_Del(self);
}

int bagiter_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(reinterpret_cast<BagIter *>(self)->bag);
    return 0;
}

PyObject *bagiter_next(PyObject *self)
{
    BagIter *iter = reinterpret_cast<BagIter *>(self);
    if (iter->next >= bag_length(iter->bag)) {
        return nullptr;
    }
    return bag_item(iter->bag, iter->next++);
}

PyTypeObject BagIterType = {
    PyVarObject_HEAD_INIT(nullptr, 0)
    "pieces.BagIter",
    sizeof(BagIter),
    0,
    bagiter_dealloc,
    0, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr,
    nullptr, nullptr, nullptr,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    nullptr,
    bagiter_traverse,
    nullptr, nullptr, 0,
    PyObject_SelfIter,
    bagiter_next,
};

// --- Ending: counts its finalisations ---------------------------------------

struct Ending {
    PyObject_HEAD
    PyObject *callback;
};

int ending_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
    PyObject *callback;
    static const char *names[] = {"callback", nullptr};
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O:Ending", const_cast<char **>(names),
                                     &callback)) {
        return -1;
    }
    Py_INCREF(callback);
    PyObject *old = reinterpret_cast<Ending *>(self)->callback;
    reinterpret_cast<Ending *>(self)->callback = callback;
    Py_XDECREF(old);
    return 0;
}

int ending_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(reinterpret_cast<Ending *>(self)->callback);
    return 0;
}

int ending_clear(PyObject *self)
{
    Py_CLEAR(reinterpret_cast<Ending *>(self)->callback);
    return 0;
}

void ending_dealloc(PyObject *self)
{
    PyObject_GC_UnTrack(self);
    ending_clear(self);
    Py_TYPE(self)->tp_free(self);
}

void ending_finalize(PyObject *self)
{
    PyObject *kind, *value, *traceback;
    PyErr_Fetch(&kind, &value, &traceback);
    if (PyObject *callback = reinterpret_cast<Ending *>(self)->callback) {
        PyObject *result = PyObject_CallFunctionObjArgs(callback, nullptr);
        if (result == nullptr) {
            PyErr_WriteUnraisable(self);
        }
        Py_XDECREF(result);
    }
    PyErr_Restore(kind, value, traceback);
}

PyMemberDef ending_members[] = {
    {"callback", T_OBJECT_EX, offsetof(Ending, callback), 0, nullptr},
    {nullptr, 0, 0, 0, nullptr},
};

// All of it is set in set_late_types.
PyTypeObject EndingType = {PyVarObject_HEAD_INIT(nullptr, 0)};

// --- Sealed and Inner: never made by a call, one with a base -----------------

struct Sealed {
    PyObject_HEAD
    long number;
};

PyObject *sealed_int(PyObject *self)
{
    return PyLong_FromLong(reinterpret_cast<Sealed *>(self)->number);
}

PyNumberMethods sealed_as_number = {
    nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr,
    nullptr, nullptr, nullptr, nullptr, nullptr, nullptr,
    sealed_int,
};

void sealed_dealloc(PyObject *self)
{
    PyObject_Free(self);
}

PyObject *sealed_str(PyObject *self)
{
    return PyUnicode_FromFormat("sealed %ld", reinterpret_cast<Sealed *>(self)->number);
}

PyObject *sealed_get(PyObject *self, PyObject *object, PyObject *)
{
    if (object == nullptr) {
        Py_INCREF(self);
        return self;
    }
    return sealed_int(self);
}

int sealed_set(PyObject *self, PyObject *, PyObject *value)
{
    if (value == nullptr) {
        PyErr_SetString(PyExc_AttributeError, "it stays");
        return -1;
    }
    const long number = PyLong_AsLong(value);
    if (number == -1 && PyErr_Occurred()) {
        return -1;
    }
    reinterpret_cast<Sealed *>(self)->number = number;
    return 0;
}

PyTypeObject SealedType = {
    PyVarObject_HEAD_INIT(nullptr, 0)
    "pieces.Sealed",
    sizeof(Sealed),
    0,
    sealed_dealloc,
    0, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr,
    sealed_str,
};

PyTypeObject InnerType = {
    PyVarObject_HEAD_INIT(nullptr, 0)
    "pieces.Inner",
    sizeof(Sealed),
};

// --- Loose: the module gets it without a reference of its own ---------------

struct Loose {
    PyObject_HEAD
    PyObject *text;
};

PyObject *loose_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static const char *names[] = {"text", nullptr};
    PyObject *text;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "U:Loose", const_cast<char **>(names), &text)) {
        return nullptr;
    }
    Loose *self = reinterpret_cast<Loose *>(type->tp_alloc(type, 0));
    if (self != nullptr) {
        Py_INCREF(text);
        self->text = text;
    }
    return reinterpret_cast<PyObject *>(self);
}

void loose_dealloc(PyObject *self)
{
    if (reinterpret_cast<Loose *>(self)->text == nullptr) {
        PyObject_Free(self);
    } else {
        Py_DECREF(reinterpret_cast<Loose *>(self)->text);
        PyObject_Free(self);
    }
}

PyObject *loose_getattro(PyObject *self, PyObject *name)
{
    if (PyUnicode_CompareWithASCIIString(name, "text") == 0) {
        PyObject *text = reinterpret_cast<Loose *>(self)->text;
        Py_INCREF(text);
        return text;
    }
    return PyObject_GenericGetAttr(self, name);
}

PyTypeObject LooseType = {
    PyVarObject_HEAD_INIT(nullptr, 0)
    "pieces.Loose",             // tp_name
    sizeof(Loose),              // tp_basicsize
    0,                          // tp_itemsize
    (destructor)loose_dealloc,  // tp_dealloc
};

// --- Leaving: a tp_finalize, and object's tp_dealloc --------------------------

struct Leaving {
    PyObject_HEAD
};

long left;

void leaving_finalize(PyObject *)
{
    ++left;
}

PyTypeObject LeavingType = {
    PyVarObject_HEAD_INIT(nullptr, 0)
    "pieces.Leaving",
    sizeof(Leaving),
};

// --- the module ---------------------------------------------------------------

PyObject *pieces_seal(PyObject *, PyObject *args)
{
    long number;
    int inner = 0;
    if (!PyArg_ParseTuple(args, "l|p:seal", &number, &inner)) {
        return nullptr;
    }
    Sealed *sealed = inner ? PyObject_New(Sealed, &InnerType) : PyObject_New(Sealed, &SealedType);
    if (sealed != nullptr) {
        sealed->number = number;
    }
    return reinterpret_cast<PyObject *>(sealed);
}

PyObject *pieces_left(PyObject *, PyObject *)
{
    return PyLong_FromLong(left);
}

PyMethodDef pieces_methods[] = {
    {"left", pieces_left, METH_NOARGS, "How many Leavings were finalised."},
    {"seal", pieces_seal, METH_VARARGS, "A Sealed, or an Inner."},
    {nullptr, nullptr, 0, nullptr},
};

int pieces_exec(PyObject *module)
{
    EndingType.tp_name = "pieces.Ending";
    EndingType.tp_basicsize = sizeof(Ending);
    EndingType.tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC;
    EndingType.tp_dealloc = ending_dealloc;
    EndingType.tp_traverse = ending_traverse;
    EndingType.tp_clear = ending_clear;
    EndingType.tp_finalize = ending_finalize;
    EndingType.tp_members = ending_members;
    EndingType.tp_init = ending_init;
    EndingType.tp_new = PyType_GenericNew;
    if (PyType_Ready(&EndingType) < 0) {
        return -1;
    }

    LooseType.tp_flags = Py_TPFLAGS_DEFAULT;
    LooseType.tp_getattro = loose_getattro;
    LooseType.tp_new = loose_new;
    if (PyType_Ready(&LooseType) < 0) {
        return -1;
    }

    LeavingType.tp_flags = Py_TPFLAGS_DEFAULT;
    LeavingType.tp_finalize = leaving_finalize;
    LeavingType.tp_new = PyType_GenericNew;
    if (PyType_Ready(&LeavingType) < 0) {
        return -1;
    }

    SealedType.tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE;
    SealedType.tp_as_number = &sealed_as_number;
    SealedType.tp_descr_get = sealed_get;
    SealedType.tp_descr_set = sealed_set;
    if (PyType_Ready(&SealedType) < 0) {
        return -1;
    }
    InnerType.tp_flags = Py_TPFLAGS_DEFAULT;
    InnerType.tp_base = &SealedType;
    if (PyType_Ready(&InnerType) < 0) {
        return -1;
    }
    if (PyType_Ready(&BagType) < 0) {
        return -1;
    }
    if (PyType_Ready(&BagIterType) < 0) {
        return -1;
    }

    Py_INCREF(&BagType);
    if (PyModule_AddObject(module, "Bag", reinterpret_cast<PyObject *>(&BagType)) < 0) {
        Py_DECREF(&BagType);
        return -1;
    }
    Py_INCREF(&SealedType);
    if (PyModule_AddObject(module, "Sealed", reinterpret_cast<PyObject *>(&SealedType)) < 0) {
        Py_DECREF(&SealedType);
        return -1;
    }
    Py_INCREF(&InnerType);
    if (PyModule_AddObject(module, "Inner", reinterpret_cast<PyObject *>(&InnerType)) < 0) {
        Py_DECREF(&InnerType);
        return -1;
    }
    Py_INCREF(&EndingType);
    if (PyModule_AddObject(module, "Ending", reinterpret_cast<PyObject *>(&EndingType)) < 0) {
        Py_DECREF(&EndingType);
        return -1;
    }
    Py_INCREF(&LeavingType);
    if (PyModule_AddObject(module, "Leaving", reinterpret_cast<PyObject *>(&LeavingType)) < 0) {
        Py_DECREF(&LeavingType);
        return -1;
    }
    return PyModule_AddObject(module, "Loose", reinterpret_cast<PyObject *>(&LooseType));
}

PyModuleDef_Slot pieces_slots[] = {
    {Py_mod_exec, reinterpret_cast<void *>(pieces_exec)},
    {0, nullptr},
};

PyModuleDef pieces_module = {
    PyModuleDef_HEAD_INIT,
    "pieces",
    "Types of a multi-phase module.",
    0,
    pieces_methods,
    pieces_slots,
    nullptr,
    nullptr,
    nullptr,
};

} // namespace

PyMODINIT_FUNC PyInit_pieces()
{
    return PyModuleDef_Init(&pieces_module);
}
