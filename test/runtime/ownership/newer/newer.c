/* Functions that the headers of 3.13 have, and no Limited API or only later ones.
   The part of a function's name in front of "_" says what it is called with: pop_
   (dict, key, default or nothing), word_ (dict, text), extend_ (list, items),
   attr_ (object, name), item_ (mapping, key), name_ (mapping, text), place_
   (module, text, value). */
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

/* --- attr_: (object, name) ------------------------------------------------------ */

static PyObject *
attr_optional(PyObject *self, PyObject *args)
{
    PyObject *object, *name, *value;
    if (!PyArg_ParseTuple(args, "OO", &object, &name))
        return NULL;
    switch (PyObject_GetOptionalAttr(object, name, &value)) {
    case 0:
        Py_RETURN_NONE;
    case 1:
        return value;
    default:
        return NULL;
    }
}

static PyObject *
attr_string(PyObject *self, PyObject *args)
{
    PyObject *object, *value;
    const char *name;
    int found;
    if (!PyArg_ParseTuple(args, "Os", &object, &name))
        return NULL;
    found = PyObject_GetOptionalAttrString(object, name, &value);
    Py_XDECREF(value);
    return found < 0 ? NULL : PyLong_FromLong(found);
}

/* --- item_: (mapping, key) -------------------------------------------------------- */

static PyObject *
item_optional(PyObject *self, PyObject *args)
{
    PyObject *mapping, *key, *value;
    if (!PyArg_ParseTuple(args, "OO", &mapping, &key))
        return NULL;
    if (PyMapping_GetOptionalItem(mapping, key, &value) < 0)
        return NULL;
    if (value == NULL)
        Py_RETURN_NONE;
    return value;
}

/* --- name_: (mapping, text) --------------------------------------------------------- */

static PyObject *
name_optional(PyObject *self, PyObject *args)
{
    PyObject *mapping, *value;
    const char *text;
    int found;
    if (!PyArg_ParseTuple(args, "Oy", &mapping, &text))
        return NULL;
    found = PyMapping_GetOptionalItemString(mapping, text, &value);
    if (found == 1)
        return value;
    Py_XDECREF(value);
    return found < 0 ? NULL : PyLong_FromLong(found);
}

/* --- place_: (module, text, value) ---------------------------------------------------- */

static PyObject *
place_given(PyObject *self, PyObject *args)
{
    PyObject *module, *value;
    const char *text;
    if (!PyArg_ParseTuple(args, "OyO", &module, &text, &value))
        return NULL;
    Py_INCREF(value);
    if (PyModule_Add(module, text, value) < 0)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *
place_new(PyObject *self, PyObject *args)
{
    PyObject *module, *value;
    const char *text;
    if (!PyArg_ParseTuple(args, "OyO", &module, &text, &value))
        return NULL;
    if (PyModule_Add(module, text, PyTuple_Pack(1, value)) < 0)
        return NULL;
    return PyObject_GetAttrString(module, text);
}

static PyObject *
place_failed(PyObject *self, PyObject *args)
{
    PyObject *module, *value;
    const char *text;
    if (!PyArg_ParseTuple(args, "OyO", &module, &text, &value))
        return NULL;
    if (PyModule_Add(module, text, PyObject_GetAttrString(value, "missing")) < 0)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *
place_lent(PyObject *self, PyObject *args)
{
    PyObject *module, *value;
    const char *text;
    if (!PyArg_ParseTuple(args, "OyO", &module, &text, &value))
        return NULL;
    if (PyModule_AddObjectRef(module, text, value) < 0)
        return NULL;
    return PyObject_GetAttrString(module, text);
}

static PyObject *
place_lent_failed(PyObject *self, PyObject *args)
{
    PyObject *module, *value;
    const char *text;
    int result;
    if (!PyArg_ParseTuple(args, "OyO", &module, &text, &value))
        return NULL;
    value = PyObject_GetAttrString(value, "missing");
    result = PyModule_AddObjectRef(module, text, value);
    Py_XDECREF(value);
    return result < 0 ? NULL : PyLong_FromLong(result);
}

#define SHAPE(name) {#name, name, METH_VARARGS, NULL}

static PyMethodDef methods[] = {
    SHAPE(pop_value),
    SHAPE(pop_nothing),
    SHAPE(word_pop),
    SHAPE(extend_copy),
    SHAPE(extend_cleared),
    SHAPE(attr_optional),
    SHAPE(attr_string),
    SHAPE(item_optional),
    SHAPE(name_optional),
    SHAPE(place_given),
    SHAPE(place_new),
    SHAPE(place_failed),
    SHAPE(place_lent),
    SHAPE(place_lent_failed),
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
