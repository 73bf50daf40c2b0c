#include <Python.h>

#define FIRST(pair) PyTuple_GET_ITEM(pair, 0)

/* pair.swap((1, "a")) is ("a", 1). */
static PyObject *swap(PyObject *self, PyObject *pair)
{
    if (!PyTuple_Check(pair))
        return PyErr_Format(PyExc_TypeError, "not a tuple: %s", Py_TYPE(pair)->tp_name);
    PyObject *turned = PyTuple_New(2);
    if (turned == NULL)
        return NULL;
    PyTuple_SET_ITEM(turned, 0, Py_NewRef(PyTuple_GET_ITEM(pair, 1)));
    PyTuple_SET_ITEM(turned, 1, Py_NewRef(FIRST(pair)) /* was first */);
    return turned;
}

static PyMethodDef methods[] = {{"swap", swap, METH_O, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "pair", NULL, 0, methods};
PyMODINIT_FUNC PyInit_pair(void) { return PyModule_Create(&module); }
