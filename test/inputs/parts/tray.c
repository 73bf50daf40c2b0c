/* A type whose name has no module, and which another source readies; a function with a name like Python's. */
#include <Python.h>

#define FREE(o) Py_TYPE(o)->tp_free((PyObject *)o)

typedef struct { PyObject_HEAD int number; } Tray;

PyObject *
PyTray_Number(PyObject *self)
{
    return PyLong_FromLong(((Tray *)self)->number);
}

static PyObject *
tray_number(PyObject *self, PyObject *unused)
{
    return PyTray_Number(self);
}

static void
tray_dealloc(Tray *self)
{
    FREE(self);
}

static PyMethodDef tray_methods[] = {
    {"number", tray_number, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

PyTypeObject Tray_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "Tray",
    .tp_basicsize = sizeof(Tray),
    .tp_dealloc = (destructor)tray_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_methods = tray_methods,
    .tp_new = PyType_GenericNew,
};
