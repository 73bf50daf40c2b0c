/* Strings made from arrays of one, two and four bytes a character; which are ASCII. */
#include <Python.h>

static PyObject *
make(PyObject *self, PyObject *args)
{
    int kind;
    PyObject *bytes;
    if (!PyArg_ParseTuple(args, "iS", &kind, &bytes))
        return NULL;
    const char *data = PyBytes_AsString(bytes);
    Py_ssize_t size = PyBytes_Size(bytes);
    switch (kind) {
    case 1:
        return PyUnicode_FromKindAndData(PyUnicode_1BYTE_KIND, data, size);
    case 2:
        return PyUnicode_FromKindAndData(PyUnicode_2BYTE_KIND, data, size / 2);
    case 4:
        return PyUnicode_FromKindAndData(PyUnicode_4BYTE_KIND, data, size / 4);
    default:
        return PyUnicode_FromKindAndData(kind, data, size);
    }
}

static PyObject *
sized(PyObject *self, PyObject *args)
{
    int kind;
    Py_ssize_t size;
    if (!PyArg_ParseTuple(args, "in", &kind, &size))
        return NULL;
    return PyUnicode_FromKindAndData(kind, "", size);
}

static PyObject *
is_ascii(PyObject *self, PyObject *text)
{
    return PyBool_FromLong(PyUnicode_Check(text) && PyUnicode_IS_ASCII(text));
}

static PyMethodDef methods[] = {
    {"is_ascii", is_ascii, METH_O, NULL},
    {"make", make, METH_VARARGS, NULL},
    {"sized", sized, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "kinds", NULL, -1, methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC
PyInit_kinds(void)
{
    return PyModule_Create(&module);
}
