/* Borrowed references of lists, dicts and sys.modules, in the shapes that code
   takes them in. ownership.py makes them strong and counts the references.
   The part of a function's name in front of "_" says what it is called with. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* --- list_: (list, index) ------------------------------------------------ */

static PyObject *
list_incref(PyObject *self, PyObject *args)
{
    PyObject *list, *item;
    Py_ssize_t index;
    if (!PyArg_ParseTuple(args, "On", &list, &index))
        return NULL;
    item = PyList_GetItem(list, index);
    if (item == NULL)
        return NULL;
    Py_INCREF(item);
    return item;
}

static PyObject *
list_xincref(PyObject *self, PyObject *args)
{
    PyObject *list, *item;
    Py_ssize_t index;
    if (!PyArg_ParseTuple(args, "On", &list, &index))
        return NULL;
    item = PyList_GetItem(list, index);
    Py_XINCREF(item);
    return item;
}

static PyObject *
list_newref(PyObject *self, PyObject *args)
{
    PyObject *list;
    Py_ssize_t index;
    if (!PyArg_ParseTuple(args, "On", &list, &index))
        return NULL;
    PyObject *item = PyList_GetItem(list, index);
    if (!item)
        return NULL;
    return Py_NewRef(item);
}

static PyObject *
list_repr(PyObject *self, PyObject *args)
{
    PyObject *list, *item;
    Py_ssize_t index;
    if (!PyArg_ParseTuple(args, "On", &list, &index))
        return NULL;
    if ((item = PyList_GetItem(list, index)) == NULL)
        return NULL;
    return PyObject_Repr(item);
}

static PyObject *
list_loop(PyObject *self, PyObject *args)
{
    PyObject *list, *item;
    Py_ssize_t stop, i, total = 0;
    if (!PyArg_ParseTuple(args, "On", &list, &stop))
        return NULL;
    for (i = 0; i <= stop; i++) {
        Py_ssize_t length;
        item = PyList_GetItem(list, i);
        if (item == NULL)
            return NULL;
        if (item == Py_None)
            continue;
        if (PyType_Check(item))
            break;
        length = PyObject_Size(item);
        if (length < 0)
            return NULL;
        total += length;
    }
    return PyLong_FromSsize_t(total);
}

static PyObject *
list_nested(PyObject *self, PyObject *args)
{
    PyObject *list;
    Py_ssize_t index, i;
    if (!PyArg_ParseTuple(args, "On", &list, &index))
        return NULL;
    for (i = index; i >= 0; i--) {
        {
            PyObject *item = PyList_GetItem(list, i);
            if (item != NULL) {
                int found = item != Py_None && !PyType_Check(item);
                if (found) {
                    if (PyObject_Size(item) < 0)
                        return NULL;
                    return PyObject_Str(item);
                }
            }
            else
                return NULL;
        }
    }
    Py_RETURN_NONE;
}

static PyObject *
list_goto(PyObject *self, PyObject *args)
{
    PyObject *list, *item, *name = NULL, *result = NULL;
    Py_ssize_t index;
    if (!PyArg_ParseTuple(args, "On", &list, &index))
        goto done;
    name = PyUnicode_FromString("item");
    if (name == NULL)
        goto done;
    item = PyList_GetItem(list, index);
    if (item == NULL)
        goto done;
    if (item == Py_None) {
        PyErr_SetString(PyExc_LookupError, "None");
        goto done;
    }
    if (PyObject_Size(item) < 0)
        goto done;
    result = PyTuple_Pack(2, name, item);
done:
    Py_XDECREF(name);
    return result;
}

static PyObject *
list_switch(PyObject *self, PyObject *args)
{
    PyObject *list, *item, *result = NULL;
    Py_ssize_t index;
    if (!PyArg_ParseTuple(args, "On", &list, &index))
        return NULL;
    item = PyList_GetItem(list, index);
    if (item == NULL)
        return NULL;
    switch (index) {
    case 0:
        result = PyObject_Repr(item);
        break;
    case 1:
        return PyObject_Str(item);
    case 2:
    case 3:
        if (PyObject_Size(item) < 0)
            return NULL;
        /* fall through */
    default: {
        Py_INCREF(item);
        return item;
    }
    }
    return result;
}

static PyObject *
list_reassign(PyObject *self, PyObject *args)
{
    PyObject *list, *item;
    Py_ssize_t index, first;
    if (!PyArg_ParseTuple(args, "On", &list, &index))
        return NULL;
    item = PyList_GetItem(list, 0);
    if (item == NULL)
        return NULL;
    first = PyObject_Size(item);
    if (first < 0)
        return NULL;
    item = PyList_GetItem(list, index);
    if (item == NULL)
        return NULL;
    return PyBool_FromLong(item == Py_None || first == PyObject_IsTrue(item));
}

static PyObject *
list_none(PyObject *self, PyObject *args)
{
    PyObject *list, *item;
    Py_ssize_t index;
    if (!PyArg_ParseTuple(args, "On", &list, &index))
        return NULL;
    item = PyList_GetItem(list, index);
    if (item == NULL)
        return NULL;
    if (PyObject_IsTrue(item) < 0)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *
list_unbraced(PyObject *self, PyObject *args)
{
    PyObject *list, *item;
    Py_ssize_t index;
    int truth;
    if (!PyArg_ParseTuple(args, "On", &list, &index))
        return NULL;
    if (index > 1)
        item = PyList_GetItem(list, index);
    else
        item = PyList_GetItem(list, 0);
    if (item == NULL)
        return NULL;
    else if (item == Py_None)
        Py_RETURN_NONE;
    truth = PyObject_IsTrue(item);
    if (truth < 0) return NULL; else if (truth) Py_RETURN_TRUE;
    Py_RETURN_FALSE;
}

static PyObject *
list_alias(PyObject *self, PyObject *args)
{
    PyObject *list, *item;
    PyTypeObject *type;
    Py_ssize_t index;
    if (!PyArg_ParseTuple(args, "On", &list, &index))
        return NULL;
    item = PyList_GetItem(list, index);
    if (item == NULL)
        return NULL;
    if (!PyType_Check(item)) {
        PyErr_SetString(PyExc_TypeError, "no type");
        return NULL;
    }
    type = (PyTypeObject *)item;
    return PyBool_FromLong((PyType_GetFlags(type) & Py_TPFLAGS_HEAPTYPE) != 0);
}

static PyObject *
list_stolen(PyObject *self, PyObject *args)
{
    PyObject *list, *item, *result;
    Py_ssize_t index;
    if (!PyArg_ParseTuple(args, "On", &list, &index))
        return NULL;
    result = PyTuple_New(1);
    if (result == NULL)
        return NULL;
    item = PyList_GetItem(list, index);
    if (item == NULL) {
        Py_DECREF(result);
        return NULL;
    }
    Py_INCREF(item);
    PyTuple_SetItem(result, 0, item);
    return result;
}

static PyObject *
list_two(PyObject *self, PyObject *args)
{
    PyObject *list, *result;
    Py_ssize_t index;
    if (!PyArg_ParseTuple(args, "On", &list, &index))
        return NULL;
    PyObject *first = PyList_GetItem(list, 0);
    if (first == NULL)
        return NULL;
    PyObject *second = PyList_GetItem(list, index);
    if (second == NULL)
        return NULL;
    result = PyList_New(0);
    if (result == NULL)
        return NULL;
    if (PyList_Append(result, first) < 0 || PyList_Append(result, second) < 0) {
        Py_DECREF(result);
        return NULL;
    }
    return result;
}

static PyObject *
list_pair(PyObject *self, PyObject *args)
{
    PyObject *list, *first, *second, *result;
    Py_ssize_t index;
    if (!PyArg_ParseTuple(args, "On", &list, &index))
        return NULL;
    if (!(first = PyList_GetItem(list, index)) || !(second = PyList_GetItem(list, 0)))
        return NULL;
    result = PyTuple_Pack(2, first, second);
    return result;
}

static PyObject *
list_while(PyObject *self, PyObject *args)
{
    PyObject *list, *item;
    Py_ssize_t index, count = 0;
    if (!PyArg_ParseTuple(args, "On", &list, &index))
        return NULL;
    do {
        item = PyList_GetItem(list, index);
        if (!item)
            break;
        if (item != Py_None)
            count += PyObject_IsTrue(item) == 1;
    } while (--index >= 0);
    if (PyErr_Occurred())
        return NULL;
    return PyLong_FromSsize_t(count);
}

/* --- dict_: (dict, key), dictplain_: the same ------------------------------ */

static PyObject *
dict_incref(PyObject *self, PyObject *args)
{
    PyObject *dict, *key, *value;
    if (!PyArg_ParseTuple(args, "OO", &dict, &key))
        return NULL;
    value = PyDict_GetItemWithError(dict, key);
    if (value != NULL) {
        Py_INCREF(value);
        return value;
    }
    if (PyErr_Occurred())
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *
dict_xnewref(PyObject *self, PyObject *args)
{
    PyObject *dict, *key, *value;
    if (!PyArg_ParseTuple(args, "OO", &dict, &key))
        return NULL;
    value = PyDict_GetItemWithError(dict, key);
    if (value == NULL && !PyErr_Occurred())
        PyErr_SetObject(PyExc_KeyError, key);
    return Py_XNewRef(value);
}

static PyObject *
dict_size(PyObject *self, PyObject *args)
{
    PyObject *dict, *key;
    if (!PyArg_ParseTuple(args, "OO", &dict, &key))
        return NULL;
    Py_ssize_t size = 0;
    PyObject *value = PyDict_GetItemWithError(dict, key);
    if (value) {
        size = PyObject_Size(value);
        if (size < 0)
            return NULL;
    }
    else if (PyErr_Occurred())
        return NULL;
    return PyLong_FromSsize_t(size);
}

static PyObject *
dict_goto(PyObject *self, PyObject *args)
{
    PyObject *dict, *key, *value, *text, *result = NULL;
    if (!PyArg_ParseTuple(args, "OO", &dict, &key))
        return NULL;
    text = PyUnicode_FromString("<%R>");
    if (text == NULL)
        goto error;
    value = PyDict_GetItemWithError(dict, key);
    if (value == NULL) {
        if (!PyErr_Occurred())
            PyErr_SetObject(PyExc_KeyError, key);
        goto error;
    }
    if (value == Py_None)
        goto none;
    if (PyObject_Size(value) < 0)
        goto error;
    result = PyObject_Repr(value);
    Py_DECREF(text);
    return result;
none:
    Py_DECREF(text);
    Py_RETURN_NONE;
error:
    Py_XDECREF(text);
    return NULL;
}

static PyObject *
dict_twice(PyObject *self, PyObject *args)
{
    PyObject *dict, *key, *value;
    int i, seen = 0;
    if (!PyArg_ParseTuple(args, "OO", &dict, &key))
        return NULL;
    for (i = 0; i < 3; i++) {
        value = PyDict_GetItemWithError(dict, key);
        if (!value) {
            if (PyErr_Occurred())
                return NULL;
            continue;
        }
        if (value == Py_None)
            break;
        seen++;
        if (PyObject_Size(value) < 0)
            return NULL;
    }
    return PyLong_FromLong(seen);
}

static PyObject *
dictplain_incref(PyObject *self, PyObject *args)
{
    PyObject *dict, *key, *value;
    if (!PyArg_ParseTuple(args, "OO", &dict, &key))
        return NULL;
    if (!(value = PyDict_GetItem(dict, key))) {
        PyErr_SetObject(PyExc_KeyError, key);
        return NULL;
    }
    Py_INCREF(value);
    return value;
}

static PyObject *
dictplain_switch(PyObject *self, PyObject *args)
{
    PyObject *dict, *key, *value, *alias;
    if (!PyArg_ParseTuple(args, "OO", &dict, &key))
        return NULL;
    value = PyDict_GetItem(dict, key);
    if (value == NULL) {
        PyErr_SetString(PyExc_LookupError, "missing");
        return NULL;
    }
    alias = (PyObject *)value;
    switch (PyObject_IsTrue(alias)) {
    case 1:
        return Py_NewRef(Py_True);
    case 0:
        break;
    default:
        return NULL;
    }
    Py_RETURN_NONE;
}

/* --- import_: (name,) ------------------------------------------------------ */

static PyObject *
import_incref(PyObject *self, PyObject *args)
{
    const char *name;
    PyObject *module;
    if (!PyArg_ParseTuple(args, "y", &name))
        return NULL;
    module = PyImport_AddModule(name);
    if (module == NULL)
        return NULL;
    Py_INCREF(module);
    return module;
}

static PyObject *
import_name(PyObject *self, PyObject *args)
{
    const char *name;
    if (!PyArg_ParseTuple(args, "y", &name))
        return NULL;
    PyObject *module = PyImport_AddModule(name);
    if (!module)
        return NULL;
    return PyModule_GetNameObject(module);
}

static PyObject *
import_item(PyObject *self, PyObject *args)
{
    const char *name;
    PyObject *module, *key, *value;
    if (!PyArg_ParseTuple(args, "y", &name))
        return NULL;
    key = PyUnicode_FromString("marker");
    if (!key)
        return NULL;
    module = PyImport_AddModule(name);
    if (!module)
        goto error;
    value = PyDict_GetItemWithError(PyModule_GetDict(module), key);
    if (!value) {
        if (!PyErr_Occurred())
            PyErr_SetObject(PyExc_AttributeError, key);
        goto error;
    }
    Py_DECREF(key);
    return Py_NewRef(value);
error:
    Py_DECREF(key);
    return NULL;
}

static PyObject *
import_mark(PyObject *self, PyObject *args)
{
    const char *name;
    PyObject *module;
    if (!PyArg_ParseTuple(args, "y", &name))
        return NULL;
    if ((module = PyImport_AddModule(name)) == NULL ||
        PyModule_AddIntConstant(module, "touched", 1) < 0)
        return NULL;
    Py_RETURN_NONE;
}

#define SHAPE(name) {#name, name, METH_VARARGS, NULL}

static PyMethodDef methods[] = {
    SHAPE(list_incref),
    SHAPE(list_xincref),
    SHAPE(list_newref),
    SHAPE(list_repr),
    SHAPE(list_loop),
    SHAPE(list_nested),
    SHAPE(list_goto),
    SHAPE(list_switch),
    SHAPE(list_reassign),
    SHAPE(list_none),
    SHAPE(list_unbraced),
    SHAPE(list_alias),
    SHAPE(list_stolen),
    SHAPE(list_two),
    SHAPE(list_pair),
    SHAPE(list_while),
    SHAPE(dict_incref),
    SHAPE(dict_xnewref),
    SHAPE(dict_size),
    SHAPE(dict_goto),
    SHAPE(dict_twice),
    SHAPE(dictplain_incref),
    SHAPE(dictplain_switch),
    SHAPE(import_incref),
    SHAPE(import_name),
    SHAPE(import_item),
    SHAPE(import_mark),
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "containers", NULL, 0, methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC
PyInit_containers(void)
{
    return PyModuleDef_Init(&definition);
}
