/* Private functions up to 3.12 that give new references or take items out. The
   part of a function's name in front of "_" says what it is called with:
   pop_ (dict, key, default or nothing), attr_ (object, name), add_ (set, items). */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* --- pop_: (dict, key[, default]) -------------------------------------------- */

static PyObject *
pop_raising(PyObject *self, PyObject *args)
{
    PyObject *dict, *key, *other = NULL, *copy, *value;
    if (!PyArg_ParseTuple(args, "OO|O", &dict, &key, &other))
        return NULL;
    copy = PyDict_Copy(dict);
    if (copy == NULL)
        return NULL;
    value = _PyDict_Pop(copy, key, NULL);
    Py_DECREF(copy);
    return value;
}

static PyObject *
pop_none(PyObject *self, PyObject *args)
{
    PyObject *dict, *key, *other = NULL, *copy, *value;
    if (!PyArg_ParseTuple(args, "OO|O", &dict, &key, &other))
        return NULL;
    copy = PyDict_Copy(dict);
    if (copy == NULL)
        return NULL;
    value = _PyDict_Pop(copy, key, Py_None);
    Py_DECREF(copy);
    return value;
}

static PyObject *
pop_other(PyObject *self, PyObject *args)
{
    PyObject *dict, *key, *other = NULL, *copy, *value;
    if (!PyArg_ParseTuple(args, "OO|O", &dict, &key, &other))
        return NULL;
    copy = PyDict_Copy(dict);
    if (copy == NULL)
        return NULL;
    value = _PyDict_Pop(copy, key, other);
    Py_DECREF(copy);
    return value;
}

/* --- attr_: (object, name) ------------------------------------------------------ */

static PyObject *
attr_found(PyObject *self, PyObject *args)
{
    PyObject *object, *name, *value;
    if (!PyArg_ParseTuple(args, "OO", &object, &name))
        return NULL;
    switch (_PyObject_LookupAttr(object, name, &value)) {
    case 0:
        Py_RETURN_NONE;
    case 1:
        return value;
    default:
        return NULL;
    }
}

static PyObject *
attr_released(PyObject *self, PyObject *args)
{
    PyObject *object, *name, *value = NULL;
    int found;
    if (!PyArg_ParseTuple(args, "OO", &object, &name))
        return NULL;
    found = _PyObject_LookupAttr(object, name, &value);
    Py_XDECREF(value);
    return found < 0 ? NULL : PyLong_FromLong(found);
}

/* --- add_: (set, items) ------------------------------------------------------------ */

static PyObject *
add_update(PyObject *self, PyObject *args)
{
    PyObject *set, *items, *copy;
    if (!PyArg_ParseTuple(args, "OO", &set, &items))
        return NULL;
    copy = PySet_New(set);
    if (copy == NULL)
        return NULL;
    if (_PySet_Update(copy, items) < 0) {
        Py_DECREF(copy);
        return NULL;
    }
    set = PyLong_FromSsize_t(PySet_Size(copy));
    Py_DECREF(copy);
    return set;
}

#define SHAPE(name) {#name, name, METH_VARARGS, NULL}

static PyMethodDef methods[] = {
    SHAPE(pop_raising),
    SHAPE(pop_none),
    SHAPE(pop_other),
    SHAPE(attr_found),
    SHAPE(attr_released),
    SHAPE(add_update),
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "removed", NULL, 0, methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC
PyInit_removed(void)
{
    return PyModuleDef_Init(&definition);
}
