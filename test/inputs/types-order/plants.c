/* Types that are spoken of before they are readied, and whose functions call each other by way of the type objects. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <assert.h>
#include <stddef.h>

typedef struct {
    PyObject_HEAD
    PyObject *root;
    PyObject *weakrefs;
} Stem;

typedef struct {
    Stem stem;
    PyObject *support;
} Vine;

typedef struct {
    PyObject_HEAD
    long number;
} Leaf;

static PyTypeObject *stem_type = NULL;
static PyTypeObject *vine_type = NULL;
static PyTypeObject Leaf_Type;

/* --- Leaf: readied when the first one is made ------------------------------- */

static PyObject *
leaf_new(long number)
{
    Leaf *leaf;

    if (!(Leaf_Type.tp_flags & Py_TPFLAGS_READY)) {
        if (PyType_Ready(&Leaf_Type) != 0) {
            return NULL;
        }
    }
    leaf = (Leaf *)Leaf_Type.tp_alloc(&Leaf_Type, 0);
    if (leaf == NULL) {
        return NULL;
    }
    leaf->number = number;
    return (PyObject *)leaf;
}

static PyObject *
leaf_repr(PyObject *self)
{
    return PyUnicode_FromFormat("leaf %ld", ((Leaf *)self)->number);
}

static void
leaf_dealloc(Leaf *self)
{
    PyObject_GC_UnTrack(self);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static int
leaf_traverse(PyObject *Py_UNUSED(self), visitproc Py_UNUSED(visit), void *Py_UNUSED(arg))
{
    return 0;
}

static PyTypeObject Leaf_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "plants.Leaf",
    .tp_basicsize = sizeof(Leaf),
    .tp_dealloc = (destructor)leaf_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_traverse = leaf_traverse,
    .tp_repr = leaf_repr,
};

/* --- Stem ------------------------------------------------------------------- */

static int
stem_traverse(Stem *self, visitproc visit, void *arg)
{
    int err;
#undef VISIT
#define VISIT(v) if ((v) != NULL && (err = visit((PyObject *)(v), arg)) != 0) return err

    VISIT(self->root);
    return 0;
}

static int
stem_clear(Stem *self)
{
    Py_CLEAR(self->root);
    return 0;
}

static void
stem_dealloc(Stem *self)
{
    PyObject_GC_UnTrack(self);
    if (self->weakrefs != NULL) {
        PyObject_ClearWeakRefs((PyObject *)self);
    }
    stem_clear(self);
    Py_TYPE(self)->tp_free((PyObject *)self);
    self = NULL;
}

static int
stem_init(Stem *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"root", NULL};
    PyObject *root = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O", names, &root)) {
        return -1;
    }
    Py_INCREF(root);
    Py_XSETREF(self->root, root);
    return 0;
}

static PyTypeObject Stem_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "plants.Stem",
    .tp_basicsize = sizeof(Stem),
    .tp_dealloc = (destructor)stem_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE,
    .tp_traverse = (traverseproc)stem_traverse,
    .tp_clear = (inquiry)stem_clear,
    .tp_init = (initproc)stem_init,
    .tp_new = PyType_GenericNew,
    .tp_weaklistoffset = offsetof(Stem, weakrefs),
};

/* --- Vine: a Stem with a support ---------------------------------------------- */

static int
vine_traverse(Vine *self, visitproc visit, void *arg)
{
    Py_VISIT(self->support);
    return Stem_Type.tp_traverse((PyObject *)self, visit, arg);
}

static int
vine_clear(Vine *self)
{
    Py_CLEAR(self->support);
    return Stem_Type.tp_clear((PyObject *)self);
}

static void
vine_dealloc(Vine *self)
{
    PyObject_GC_UnTrack(self);
    Py_CLEAR(self->support);
    PyObject_GC_Track(self);
    Stem_Type.tp_dealloc((PyObject *)self);
}

static int
vine_init(Vine *self, PyObject *args, PyObject *kwargs)
{
    PyObject *none, *support = Py_None;
    if (!PyArg_ParseTuple(args, "|O", &support)) {
        return -1;
    }
    Py_INCREF(support);
    Py_XSETREF(self->support, support);
    none = PyTuple_New(0);
    if (none == NULL || Stem_Type.tp_init((PyObject *)self, none, kwargs) < 0) {
        Py_XDECREF(none);
        return -1;
    }
    Py_DECREF(none);
    return 0;
}

static PyTypeObject Vine_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "plants.Vine",
    .tp_basicsize = sizeof(Vine),
    .tp_dealloc = (destructor)vine_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE,
    .tp_base = &Stem_Type,
    .tp_traverse = (traverseproc)vine_traverse,
    .tp_clear = (inquiry)vine_clear,
    .tp_init = (initproc)vine_init,
};

/* --- Graft: has the attributes of another object ------------------------------- */

typedef struct {
    PyObject_HEAD
    PyObject *other;
} Graft;

static PyObject *
graft_new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(kwargs))
{
    Graft *self;
    PyObject *other;
    if (!PyArg_ParseTuple(args, "O", &other)) {
        return NULL;
    }
    self = (Graft *)type->tp_alloc(type, 0);
    if (self != NULL) {
        Py_INCREF(other);
        self->other = other;
    }
    return (PyObject *)self;
}

static void
graft_dealloc(Graft *self)
{
    Py_XDECREF(self->other);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyObject *
graft_getattro(PyObject *self, PyObject *name)
{
    PyObject *found = PyObject_GenericGetAttr(self, name);
    if (found == NULL && PyErr_ExceptionMatches(PyExc_AttributeError)) {
        PyErr_Clear();
        found = PyObject_GetAttr(((Graft *)self)->other, name);
    }
    return found;
}

static PyTypeObject Graft_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "plants.Graft",
    .tp_basicsize = sizeof(Graft),
    .tp_dealloc = (destructor)graft_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_getattro = graft_getattro,
    .tp_new = graft_new,
};

/* --- the module ---------------------------------------------------------------- */

static PyObject *
plants_leaf(PyObject *Py_UNUSED(module), PyObject *number)
{
    long value = PyLong_AsLong(number);
    return value == -1 && PyErr_Occurred() ? NULL : leaf_new(value);
}

static PyObject *
plants_weak_at(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(ignored))
{
    return PyLong_FromSsize_t(Stem_Type.tp_weaklistoffset);
}

static PyObject *
plants_kind(PyObject *Py_UNUSED(module), PyObject *object)
{
    if (PyObject_TypeCheck(object, vine_type)) {
        return PyUnicode_FromString("vine");
    }
    return PyUnicode_FromString(PyObject_TypeCheck(object, stem_type) ? "stem" : "neither");
}

static PyMethodDef plants_methods[] = {
    {"leaf", plants_leaf, METH_O, "A leaf with a number."},
    {"weak_at", plants_weak_at, METH_NOARGS, "Where a stem keeps its weak references."},
    {"kind", plants_kind, METH_O, "What something is."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef plants_module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "plants",
    .m_size = -1,
    .m_methods = plants_methods,
};

PyMODINIT_FUNC
PyInit_plants(void)
{
    PyObject *module = NULL;

    assert(Stem_Type.tp_weaklistoffset > 0);
    stem_type = &Stem_Type;
    vine_type = &Vine_Type;
    if (PyType_Ready(&Stem_Type) < 0)
        goto error;
    if (PyType_Ready(&Vine_Type) < 0)
        goto error;
    if (PyType_Ready(&Graft_Type) < 0)
        goto error;
    module = PyModule_Create(&plants_module);
    if (module == NULL)
        goto error;
    Py_INCREF(stem_type);
    if (PyModule_AddObject(module, "Stem", (PyObject *)stem_type) < 0) {
        Py_DECREF(stem_type);
        goto error;
    }
    Py_INCREF(vine_type);
    if (PyModule_AddObject(module, "Vine", (PyObject *)vine_type) < 0) {
        Py_DECREF(vine_type);
        goto error;
    }
    Py_INCREF(&Graft_Type);
    if (PyModule_AddObject(module, "Graft", (PyObject *)&Graft_Type) < 0) {
        Py_DECREF(&Graft_Type);
        goto error;
    }
    return module;
error:
    Py_XDECREF(module);
    return NULL;
}
