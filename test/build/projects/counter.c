#include <Python.h>

/* total((1, 2)) is 3; limited() says how it was built. */
static PyObject *total(PyObject *self, PyObject *numbers)
{
    long sum = 0;
    if (!PyTuple_Check(numbers))
        return PyErr_Format(PyExc_TypeError, "a tuple is needed");
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(numbers); i++)
        sum += PyLong_AsLong(PyTuple_GET_ITEM(numbers, i));
    return PyErr_Occurred() ? NULL : PyLong_FromLong(sum);
}

static PyObject *limited(PyObject *self, PyObject *unused)
{
#ifdef Py_LIMITED_API
    return PyLong_FromLong(Py_LIMITED_API);
#else
    return PyLong_FromLong(0);
#endif
}

static PyMethodDef methods[] = {
    {"total", total, METH_O, NULL},
    {"limited", limited, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "counter", NULL, -1, methods};

PyMODINIT_FUNC PyInit_counter(void)
{
    return PyModule_Create(&module);
}
