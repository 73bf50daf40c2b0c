/* Functions from 3.13 on that are in no Limited API. The part of a function's
   name in front of "_" says what it is called with: pop_ (dict, key, default or
   nothing), word_ (dict, text), extend_ (list, items). */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* --- pop_: (dict, key[, default]) -------------------------------------------- */

static PyObject *
pop_value(PyObject *self, PyObject *args)
{
    PyObject *dict, *key, *other = NULL, *copy, *value;
    int found;
    if (!PyArg_ParseTuple(args, "OO|O", &dict, &key, &other))
        return NULL;
    copy = PyDict_Copy(dict);
    if (copy == NULL)
        return NULL;
    found = PyDict_Pop(copy, key, &value);
    Py_DECREF(copy);
    if (found < 0)
        return NULL;
    if (found)
        return value;
    Py_RETURN_NONE;
}

static PyObject *
pop_nothing(PyObject *self, PyObject *args)
{
    PyObject *dict, *key, *other = NULL, *copy;
    int found;
    if (!PyArg_ParseTuple(args, "OO|O", &dict, &key, &other))
        return NULL;
    copy = PyDict_Copy(dict);
    if (copy == NULL)
        return NULL;
    found = PyDict_Pop(copy, key, NULL);
    Py_DECREF(copy);
    return found < 0 ? NULL : PyLong_FromLong(found);
}

/* --- word_: (dict, text) ----------------------------------------------------------- */

static PyObject *
word_pop(PyObject *self, PyObject *args)
{
    PyObject *dict, *copy, *value;
    const char *text;
    int found;
    if (!PyArg_ParseTuple(args, "Oy", &dict, &text))
        return NULL;
    copy = PyDict_Copy(dict);
    if (copy == NULL)
        return NULL;
    found = PyDict_PopString(copy, text, &value);
    if (found == 1 && PyDict_PopString(copy, text, NULL) != 0) {
        Py_DECREF(value);
        found = -1;
    }
    Py_DECREF(copy);
    if (found < 0)
        return NULL;
    if (found)
        return value;
    Py_RETURN_NONE;
}

/* --- extend_: (list, items) --------------------------------------------------------- */

static PyObject *
extend_copy(PyObject *self, PyObject *args)
{
    PyObject *list, *items, *copy;
    if (!PyArg_ParseTuple(args, "OO", &list, &items))
        return NULL;
    copy = PyList_GetSlice(list, 0, PY_SSIZE_T_MAX);
    if (copy == NULL)
        return NULL;
    if (PyList_Extend(copy, items) < 0) {
        Py_DECREF(copy);
        return NULL;
    }
    return copy;
}

static PyObject *
extend_cleared(PyObject *self, PyObject *args)
{
    PyObject *list, *items, *copy;
    if (!PyArg_ParseTuple(args, "OO", &list, &items))
        return NULL;
    copy = PyList_GetSlice(list, 0, PY_SSIZE_T_MAX);
    if (copy == NULL)
        return NULL;
    if (PyList_Clear(copy) < 0 || PyList_Append(copy, items) < 0) {
        Py_DECREF(copy);
        return NULL;
    }
    return copy;
}

#define SHAPE(name) {#name, name, METH_VARARGS, NULL}

static PyMethodDef methods[] = {
    SHAPE(pop_value),
    SHAPE(pop_nothing),
    SHAPE(word_pop),
    SHAPE(extend_copy),
    SHAPE(extend_cleared),
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "newer", NULL, 0, methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC
PyInit_newer(void)
{
    return PyModuleDef_Init(&definition);
}
