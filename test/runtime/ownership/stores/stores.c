/* Stores that take a reference over, and objects that are put in the place of
   others. The part of a function's name in front of "_" says what it is called
   with: fill_ (first, second), resize_ (size,). */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>

/* --- fill_: (first, second) -------------------------------------------------- */

static PyObject *
fill_tuple(PyObject *self, PyObject *args)
{
    PyObject *first, *second, *pair;
    if (!PyArg_ParseTuple(args, "OO", &first, &second))
        return NULL;
    pair = PyTuple_New(2);
    if (pair == NULL)
        return NULL;
    Py_INCREF(first);
    PyTuple_SET_ITEM(pair, 0, first);
    Py_INCREF(second);
    PyTuple_SET_ITEM(pair, 1, second);
    return pair;
}

static PyObject *
fill_half(PyObject *self, PyObject *args)
{
    PyObject *first, *second, *text, *pair;
    if (!PyArg_ParseTuple(args, "OO", &first, &second))
        return NULL;
    if ((pair = PyTuple_New(2)) == NULL)
        return NULL;
    Py_INCREF(first);
    PyTuple_SET_ITEM(pair, 0, first);
    if (PyObject_Size(first) < 0 || (text = PyObject_Repr(second)) == NULL) {
        Py_DECREF(pair);
        return NULL;
    }
    PyTuple_SET_ITEM(pair, 1, text);
    return pair;
}

static PyObject *
fill_list(PyObject *self, PyObject *args)
{
    PyObject *first, *second, *list;
    Py_ssize_t i;
    if (!PyArg_ParseTuple(args, "OO", &first, &second))
        return NULL;
    list = PyList_New(6);
    if (list == NULL)
        return NULL;
    for (i = 0; i < 6; i++) {
        PyObject *item = i % 2 ? first : second;
        if (i == 4 && PyObject_Size(first) < 0) {
            Py_DECREF(list);
            return NULL;
        }
        Py_INCREF(item);
        PyList_SET_ITEM(list, i, item);
    }
    return list;
}

static void
put(PyObject *list, Py_ssize_t index, PyObject *item)
{
    Py_INCREF(item);
    PyList_SET_ITEM(list, index, item);
}

static PyObject *
fill_through(PyObject *self, PyObject *args)
{
    PyObject *first, *second, *list;
    if (!PyArg_ParseTuple(args, "OO", &first, &second))
        return NULL;
    list = PyList_New(2);
    if (list == NULL)
        return NULL;
    put(list, 0, first);
    put(list, 1, second);
    return list;
}

static PyObject *
fill_setref(PyObject *self, PyObject *args)
{
    PyObject *first, *second, *kept, *text;
    if (!PyArg_ParseTuple(args, "OO", &first, &second))
        return NULL;
    kept = first;
    Py_INCREF(kept);
    text = PyObject_Repr(second);
    if (text == NULL || PyObject_Size(first) < 0) {
        Py_XDECREF(text);
        Py_DECREF(kept);
        return NULL;
    }
    Py_SETREF(kept, text);
    Py_INCREF(second);
    if (PyObject_Size(kept) > 7)
        Py_SETREF(kept, second);
    else
        Py_DECREF(second);
    return kept;
}

typedef struct {
    PyObject *item;
} Holder;

static PyObject *
fill_xsetref(PyObject *self, PyObject *args)
{
    PyObject *first, *second;
    Holder holder = {NULL}, *held = &holder;
    if (!PyArg_ParseTuple(args, "OO", &first, &second))
        return NULL;
    Py_INCREF(first);
    Py_XSETREF(held->item, first);
    Py_INCREF(second);
    Py_XSETREF(held->item, second);
    Py_XSETREF(held->item, PyObject_Repr(first));
    if (PyObject_Size(first) < 0) {
        Py_XSETREF(held->item, NULL);
        return NULL;
    }
    return held->item;
}

static PyObject *
fill_default(PyObject *self, PyObject *args)
{
    PyObject *first, *second, *dict, *item, *again;
    if (!PyArg_ParseTuple(args, "OO", &first, &second))
        return NULL;
    dict = PyDict_New();
    if (dict == NULL)
        return NULL;
    item = PyDict_SetDefault(dict, first, second);
    again = item != NULL ? PyDict_SetDefault(dict, first, first) : NULL;
    Py_XINCREF(again);
    Py_DECREF(dict);
    return again;
}

/* --- resize_: (size,) ----------------------------------------------------------- */

static PyObject *
resize_tuple(PyObject *self, PyObject *args)
{
    PyObject *tuple, *item;
    Py_ssize_t size, i;
    if (!PyArg_ParseTuple(args, "n", &size))
        return NULL;
    if (size < 0) { /* older versions crash */
        PyErr_BadInternalCall();
        return NULL;
    }
    tuple = PyTuple_New(3);
    for (i = 0; tuple != NULL && i < 3; i++) {
        if ((item = PyLong_FromLong(70000 + (long)i)) == NULL) {
            Py_DECREF(tuple);
            return NULL;
        }
        PyTuple_SetItem(tuple, i, item);
    }
    if (tuple == NULL || _PyTuple_Resize(&tuple, size) < 0)
        return NULL;
    for (; i < size; i++) {
        Py_INCREF(Py_None);
        PyTuple_SetItem(tuple, i, Py_None);
    }
    return tuple;
}

static PyObject *
resize_bytes(PyObject *self, PyObject *args)
{
    PyObject *bytes;
    Py_ssize_t size;
    if (!PyArg_ParseTuple(args, "n", &size))
        return NULL;
    bytes = PyBytes_FromStringAndSize("bytes", 3);
    if (bytes == NULL || _PyBytes_Resize(&bytes, size) < 0)
        return NULL;
    if (size > 3)
        memset(PyBytes_AsString(bytes) + 3, '.', (size_t)(size - 3));
    return bytes;
}

#define SHAPE(name) {#name, name, METH_VARARGS, NULL}

static PyMethodDef methods[] = {
    SHAPE(fill_tuple),
    SHAPE(fill_half),
    SHAPE(fill_list),
    SHAPE(fill_through),
    SHAPE(fill_setref),
    SHAPE(fill_xsetref),
    SHAPE(fill_default),
    SHAPE(resize_tuple),
    SHAPE(resize_bytes),
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "stores", NULL, 0, methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC
PyInit_stores(void)
{
    return PyModuleDef_Init(&definition);
}
