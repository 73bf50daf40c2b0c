/* Borrowed references of weak references, in the shapes that code takes them
   in. ownership.py makes them strong and counts the references. A function
   named weak_ or weakmacro_ is called with (reference,). */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

static PyObject *
weak_incref(PyObject *self, PyObject *args)
{
    PyObject *reference, *object;
    if (!PyArg_ParseTuple(args, "O", &reference))
        return NULL;
    object = PyWeakref_GetObject(reference);
    if (object == NULL)
        return NULL;
    Py_INCREF(object);
    return object;
}

static PyObject *
weak_repr(PyObject *self, PyObject *args)
{
    PyObject *reference;
    if (!PyArg_ParseTuple(args, "O", &reference))
        return NULL;
    PyObject *object = PyWeakref_GetObject(reference);
    if (!object)
        return NULL;
    if (object == Py_None)
        Py_RETURN_NONE;
    return PyObject_Repr(object);
}

static PyObject *
weak_goto(PyObject *self, PyObject *args)
{
    PyObject *reference, *object, *size, *result = NULL;
    if (!PyArg_ParseTuple(args, "O", &reference))
        return NULL;
    size = PyLong_FromLong(77777);
    if (size == NULL)
        goto done;
    if ((object = PyWeakref_GetObject(reference)) == NULL)
        goto done;
    if (object == Py_None) {
        PyErr_SetString(PyExc_ReferenceError, "gone");
        goto done;
    }
    if (PyObject_Size(object) < 0)
        goto done;
    result = PyTuple_Pack(2, object, size);
done:
    Py_XDECREF(size);
    return result;
}

static PyObject *
weakmacro_loop(PyObject *self, PyObject *args)
{
    PyObject *reference, *object;
    Py_ssize_t length, total = 0;
    int i;
    if (!PyArg_ParseTuple(args, "O", &reference))
        return NULL;
    for (i = 0; i < 4; i++) {
        object = PyWeakref_GET_OBJECT(reference);
        if (i == 1)
            continue;
        if (object == Py_None)
            break;
        length = PyObject_Size(object);
        if (length < 0)
            return NULL;
        total += length;
    }
    return PyLong_FromSsize_t(total);
}

static PyObject *
weakmacro_alive(PyObject *self, PyObject *args)
{
    PyObject *reference, *object;
    if (!PyArg_ParseTuple(args, "O", &reference))
        return NULL;
    object = PyWeakref_GET_OBJECT(reference);
    if (object != Py_None)
        Py_RETURN_TRUE;
    Py_RETURN_FALSE;
}

static PyObject *
weakmacro_switch(PyObject *self, PyObject *args)
{
    PyObject *reference, *object, *alias;
    if (!PyArg_ParseTuple(args, "O", &reference))
        return NULL;
    object = PyWeakref_GET_OBJECT(reference);
    alias = (PyObject *)object;
    switch (PyObject_IsTrue(alias)) {
    case 0:
        break;
    case 1:
        return PyObject_Str(alias);
    default:
        return NULL;
    }
    return PyLong_FromLong(0);
}

static PyObject *
weakmacro_again(PyObject *self, PyObject *args)
{
    PyObject *reference, *object;
    if (!PyArg_ParseTuple(args, "O", &reference))
        return NULL;
    object = PyWeakref_GET_OBJECT(reference);
    if (object == Py_None) {
        PyErr_SetString(PyExc_ReferenceError, "gone");
        return NULL;
    }
    if (PyObject_Size(object) < 0)
        return NULL;
    object = PyWeakref_GET_OBJECT(reference);
    Py_INCREF(object);
    return object;
}

static PyObject *
weakmacro_nested(PyObject *self, PyObject *args)
{
    PyObject *reference, *result = NULL;
    if (!PyArg_ParseTuple(args, "O", &reference))
        return NULL;
    if (PyWeakref_Check(reference)) {
        PyObject *object = PyWeakref_GET_OBJECT(reference);
        if (object != Py_None) {
            PyObject *list = PyList_New(0);
            if (list == NULL)
                return NULL;
            if (PyObject_Size(object) < 0 || PyList_Append(list, object) < 0) {
                Py_DECREF(list);
                return NULL;
            }
            result = list;
        }
    }
    if (result == NULL)
        Py_RETURN_NONE;
    return result;
}

#define SHAPE(name) {#name, name, METH_VARARGS, NULL}

static PyMethodDef methods[] = {
    SHAPE(weak_incref),
    SHAPE(weak_repr),
    SHAPE(weak_goto),
    SHAPE(weakmacro_loop),
    SHAPE(weakmacro_alive),
    SHAPE(weakmacro_switch),
    SHAPE(weakmacro_again),
    SHAPE(weakmacro_nested),
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "referents", NULL, 0, methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC
PyInit_referents(void)
{
    return PyModuleDef_Init(&definition);
}
