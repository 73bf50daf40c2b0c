/* Heap types written by hand, with what is wrong with such ones as a rule. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

typedef struct { PyObject_HEAD PyObject *next; } Link;

/* Two ways to free an object that forget its type. */
static void
leaf_dealloc(PyObject *self)
{
    Py_TYPE(self)->tp_free(self);
}

static int
link_traverse(Link *self, visitproc visit, void *arg)
{
    Py_VISIT(self->next);
    return 0;
}

static int
link_clear(Link *self)
{
    Py_CLEAR(self->next);
    return 0;
}

static void
link_dealloc(Link *self)
{
    PyObject_GC_UnTrack(self);
    link_clear(self);
    if (PyErr_Occurred() != NULL) {
        PyObject_GC_Del(self);
        return;
    }
    PyObject_GC_Del(self);
}

static PyType_Slot leaf_slots[] = {
    {Py_tp_dealloc, leaf_dealloc},
    {0, NULL},
};

static PyType_Spec leaf_spec = {
    .name = "Leaf",
    .basicsize = sizeof(PyObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .slots = leaf_slots,
};

static PyType_Slot link_slots[] = {
    {Py_tp_dealloc, link_dealloc},
    {Py_tp_traverse, link_traverse},
    {Py_tp_clear, link_clear},
    {0, NULL},
};

static PyType_Spec link_spec = {
    "trees.Link",
    sizeof(Link),
    0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    link_slots,
};

/* Only the module may make these. */
static PyType_Slot handle_slots[] = {
    {Py_tp_new, NULL},
    {0, NULL},
};

static PyType_Spec handle_spec = {
    .name = "trees.Handle",
    .basicsize = sizeof(PyObject),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = handle_slots,
};

static PyObject *
make_link_type(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(unused))
{
    return PyType_FromSpec(&link_spec);
}

static PyMethodDef functions[] = {
    {"make_link_type", make_link_type, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module_def = {
    PyModuleDef_HEAD_INIT, "trees", NULL, -1, functions, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC
PyInit_trees(void)
{
    PyObject *module = PyModule_Create(&module_def);
    if (module == NULL)
        return NULL;
    PyModule_AddObject(module, "Leaf", PyType_FromSpec(&leaf_spec));
    PyModule_AddObject(module, "Handle", PyType_FromSpec(&handle_spec));
    return module;
}
