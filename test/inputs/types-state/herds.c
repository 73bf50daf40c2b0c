/* A multi-phase module whose types may live in its state. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

typedef struct {
    PyObject_HEAD
    PyObject *members;
} Herd;

typedef struct {
    PyObject_HEAD
    Py_ssize_t number;
} Sheep;

static PyTypeObject HerdType;
static PyTypeObject SheepType;

/* --- Sheep -------------------------------------------------------------------- */

static PyObject *
sheep_repr(Sheep *self)
{
    return PyUnicode_FromFormat("<sheep %zd>", self->number);
}

static PyObject *
sheep_twin(Sheep *self, PyObject *Py_UNUSED(ignored))
{
    Sheep *twin = PyObject_New(Sheep, &SheepType);
    if (twin != NULL) {
        twin->number = self->number;
    }
    return (PyObject *)twin;
}

static PyObject *
sheep_richcompare(Sheep *self, PyObject *other, int op)
{
    if ((op != Py_EQ && op != Py_NE) || !PyObject_TypeCheck(other, &SheepType)) {
        Py_RETURN_NOTIMPLEMENTED;
    }
    if ((self->number == ((Sheep *)other)->number) == (op == Py_EQ)) {
        Py_RETURN_TRUE;
    }
    Py_RETURN_FALSE;
}

static PyMethodDef sheep_methods[] = {
    {"twin", (PyCFunction)sheep_twin, METH_NOARGS, "Another one with its number."},
    {NULL, NULL, 0, NULL}
};

static PyTypeObject SheepType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "herds.Sheep",
    .tp_basicsize = sizeof(Sheep),
    .tp_repr = (reprfunc)sheep_repr,
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_richcompare = (richcmpfunc)sheep_richcompare,
    .tp_methods = sheep_methods,
};

/* --- Herd --------------------------------------------------------------------- */

static PyObject *
herd_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    Py_ssize_t count = 0;
    if (!PyArg_ParseTuple(args, "|n:Herd", &count)) {
        return NULL;
    }
    Herd *self = (Herd *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    self->members = PyList_New(0);
    for (Py_ssize_t i = 0; self->members != NULL && i < count; i++) {
        Sheep *sheep = PyObject_New(Sheep, &SheepType);
        if (sheep == NULL) {
            Py_DECREF(self);
            return NULL;
        }
        sheep->number = i;
        if (PyList_Append(self->members, (PyObject *)sheep) < 0) {
            Py_DECREF(sheep);
            Py_DECREF(self);
            return NULL;
        }
        Py_DECREF(sheep);
    }
    return (PyObject *)self;
}

static int
herd_traverse(Herd *self, visitproc visit, void *arg)
{
    Py_VISIT(self->members);
    return 0;
}

static int
herd_clear(Herd *self)
{
    Py_CLEAR(self->members);
    return 0;
}

static void
herd_dealloc(Herd *self)
{
    PyObject_GC_UnTrack(self);
    Py_XDECREF(self->members);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyObject *
herd_members(Herd *self, void *Py_UNUSED(closure))
{
    Py_INCREF(self->members);
    return self->members;
}

static PyGetSetDef herd_getset[] = {
    {"members", (getter)herd_members, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL}
};

static PyTypeObject HerdType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "herds.Herd",
    .tp_basicsize = sizeof(Herd),
    .tp_dealloc = (destructor)herd_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_traverse = (traverseproc)herd_traverse,
    .tp_clear = (inquiry)herd_clear,
    .tp_getset = herd_getset,
    .tp_new = herd_new,
};

/* --- the module ----------------------------------------------------------------- */

static PyObject *
is_herd(PyObject *module, PyObject *object)
{
    return PyBool_FromLong(Py_TYPE(object) == &HerdType);
}

static PyMethodDef herds_methods[] = {
    {"is_herd", is_herd, METH_O, NULL},
    {NULL, NULL, 0, NULL}
};

static int
herds_exec(PyObject *module)
{
    if (PyType_Ready(&SheepType) < 0 || PyType_Ready(&HerdType) < 0) {
        return -1;
    }
    Py_INCREF(&SheepType);
    if (PyModule_AddObject(module, "Sheep", (PyObject *)&SheepType) < 0) {
        Py_DECREF(&SheepType);
        return -1;
    }
    return PyModule_AddObjectRef(module, "Herd", (PyObject *)&HerdType);
}

static PyModuleDef_Slot herds_slots[] = {
    {Py_mod_exec, herds_exec},
    {0, NULL}
};

static struct PyModuleDef herds_module = {
    PyModuleDef_HEAD_INIT, "herds", "Sheep in herds.", 0, herds_methods, herds_slots, NULL,
};

PyMODINIT_FUNC
PyInit_herds(void)
{
    return PyModuleDef_Init(&herds_module);
}
