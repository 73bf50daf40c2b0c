/* What the headers of 3.15 have and no Limited API. The part of a function's name
   in front of "_" says what it is called with: array_ (tuple, how many of its
   items), chain_ (function, function). */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define ROOM 8

/* --- array_: (tuple, number) --------------------------------------------------- */

static PyObject *
array_tuple(PyObject *self, PyObject *args)
{
    PyObject *tuple, *array[ROOM];
    Py_ssize_t count, i;
    if (!PyArg_ParseTuple(args, "O!n", &PyTuple_Type, &tuple, &count))
        return NULL;
    for (i = 0; i < count && i < ROOM; i++) {
        array[i] = PyTuple_GetItem(tuple, i);
        if (array[i] == NULL)
            return NULL;
    }
    return PyTuple_FromArray(array, count);
}

static PyObject *
array_released(PyObject *self, PyObject *args)
{
    PyObject *tuple, *array[ROOM], *copy;
    Py_ssize_t count, i;
    if (!PyArg_ParseTuple(args, "O!n", &PyTuple_Type, &tuple, &count))
        return NULL;
    for (i = 0; i < count && i < ROOM; i++) {
        array[i] = PyTuple_GetItem(tuple, i);
        if (array[i] == NULL)
            return NULL;
    }
    copy = PyTuple_FromArray(array, count);
    if (copy == NULL)
        return NULL;
    count = PyTuple_Size(copy);
    Py_DECREF(copy);
    return PyLong_FromSsize_t(count);
}

/* --- chain_: (function, function) ------------------------------------------------ */

static PyObject *
chain_raised(PyObject *self, PyObject *args)
{
    PyObject *first, *second, *raised, *result;
    if (!PyArg_ParseTuple(args, "OO", &first, &second))
        return NULL;
    result = PyObject_CallObject(first, NULL);
    raised = PyErr_GetRaisedException();
    Py_XDECREF(result);
    result = PyObject_CallObject(second, NULL);
    _PyErr_ChainExceptions1(raised);
    if (PyErr_Occurred())
        Py_CLEAR(result);
    return result;
}

#define SHAPE(name) {#name, name, METH_VARARGS, NULL}

static PyMethodDef methods[] = {
    SHAPE(array_tuple),
    SHAPE(array_released),
    SHAPE(chain_raised),
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "latest", NULL, 0, methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC
PyInit_latest(void)
{
    return PyModuleDef_Init(&definition);
}
