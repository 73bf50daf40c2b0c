/* Calls with an array of arguments, and what belongs to them, up to 3.12. The
   part of a function's name in front of "_" says what it is called with:
   vector_ and function_ (callable, arguments, names or None, values of the names),
   plain_ (callable, arguments), method_ (object, name, arguments, names or None,
   values), stack_ (names, values), chain_ (function, function). */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define ROOM 8

/* Puts the items of a tuple into the vector, borrowed; how many, or -1. */
static Py_ssize_t
put(PyObject **vector, Py_ssize_t used, PyObject *tuple)
{
    Py_ssize_t count = PyTuple_Size(tuple), i;
    if (count > ROOM - used) {
        PyErr_SetString(PyExc_OverflowError, "too many items");
        return -1;
    }
    for (i = 0; i < count; i++)
        vector[used + i] = PyTuple_GetItem(tuple, i);
    return count;
}

typedef struct {
    PyObject *callable;
    PyObject *vector[ROOM];
    Py_ssize_t count;
    PyObject *names;     /* or NULL */
} Request;

static int
read_request(PyObject *args, Request *request)
{
    PyObject *positional, *names, *values;
    if (!PyArg_ParseTuple(args, "OO!OO!", &request->callable, &PyTuple_Type, &positional,
                          &names, &PyTuple_Type, &values))
        return -1;
    request->names = names == Py_None ? NULL : names;
    request->count = put(request->vector, 0, positional);
    if (request->count < 0 || put(request->vector, request->count, values) < 0)
        return -1;
    return 0;
}

/* --- vector_: (callable, arguments, names, values) ------------------------------ */

static PyObject *
vector_public(PyObject *self, PyObject *args)
{
    Request request;
    if (read_request(args, &request) < 0)
        return NULL;
    return PyObject_Vectorcall(request.callable, request.vector, request.count, request.names);
}

static PyObject *
vector_private(PyObject *self, PyObject *args)
{
    Request request;
    PyObject *result;
    if (read_request(args, &request) < 0)
        return NULL;
    result = _PyObject_Vectorcall(request.callable, request.vector, request.count, request.names);
    if (result == NULL)
        return NULL;
    return Py_BuildValue("(NN)", result, PyLong_FromSsize_t(request.count));
}

static PyObject *
vector_dict(PyObject *self, PyObject *args)
{
    Request request;
    PyObject *named = NULL, *result;
    if (read_request(args, &request) < 0)
        return NULL;
    if (request.names != NULL) {
        named = _PyStack_AsDict(request.vector + request.count, request.names);
        if (named == NULL)
            return NULL;
    }
    result = PyObject_VectorcallDict(request.callable, request.vector, request.count, named);
    Py_XDECREF(named);
    return result;
}

/* --- plain_: (callable, arguments) ------------------------------------------------ */

static PyObject *
plain_fast(PyObject *self, PyObject *args)
{
    PyObject *callable, *tuple, *vector[ROOM];
    Py_ssize_t count;
    if (!PyArg_ParseTuple(args, "OO!", &callable, &PyTuple_Type, &tuple))
        return NULL;
    count = put(vector, 0, tuple);
    return count < 0 ? NULL : _PyObject_FastCall(callable, vector, count);
}

static PyObject *
plain_dict(PyObject *self, PyObject *args)
{
    PyObject *callable, *tuple, *vector[ROOM];
    Py_ssize_t count;
    if (!PyArg_ParseTuple(args, "OO!", &callable, &PyTuple_Type, &tuple))
        return NULL;
    count = put(vector, 0, tuple);
    return count < 0 ? NULL : PyObject_VectorcallDict(callable, vector, count, NULL);
}

/* --- function_: the same with functions written in Python ----------------------- */

static PyObject *
function_call(PyObject *self, PyObject *args)
{
    Request request;
    if (read_request(args, &request) < 0)
        return NULL;
    return _PyFunction_Vectorcall(request.callable, request.vector, request.count, request.names);
}

/* --- method_: (object, name, arguments, names, values) ---------------------------- */

static int
read_method(PyObject *args, PyObject **vector, Py_ssize_t *count, PyObject **name, PyObject **names)
{
    PyObject *positional, *values;
    if (!PyArg_ParseTuple(args, "OOO!OO!", &vector[0], name, &PyTuple_Type, &positional,
                          names, &PyTuple_Type, &values))
        return -1;
    if (*names == Py_None)
        *names = NULL;
    *count = put(vector, 1, positional);
    if (*count < 0 || put(vector, 1 + *count, values) < 0)
        return -1;
    ++*count;
    return 0;
}

static PyObject *
method_public(PyObject *self, PyObject *args)
{
    PyObject *vector[ROOM], *name, *names;
    Py_ssize_t count;
    if (read_method(args, vector, &count, &name, &names) < 0)
        return NULL;
    return PyObject_VectorcallMethod(name, vector, count, names);
}

static PyObject *
method_private(PyObject *self, PyObject *args)
{
    PyObject *vector[ROOM], *name, *names;
    Py_ssize_t count;
    if (read_method(args, vector, &count, &name, &names) < 0)
        return NULL;
    return _PyObject_VectorcallMethod(name, vector, count, names);
}

/* --- stack_: (names, values) -------------------------------------------------------- */

static PyObject *
stack_dict(PyObject *self, PyObject *args)
{
    PyObject *names, *values, *vector[ROOM], *dict, *items;
    if (!PyArg_ParseTuple(args, "O!O!", &PyTuple_Type, &names, &PyTuple_Type, &values)
        || put(vector, 0, values) < 0)
        return NULL;
    dict = _PyStack_AsDict(vector, names);
    if (dict == NULL)
        return NULL;
    items = PyDict_Items(dict);
    Py_DECREF(dict);
    return items;
}

/* --- chain_: (function, function) ----------------------------------------------------- */

static PyObject *
chain_fetched(PyObject *self, PyObject *args)
{
    PyObject *first, *second, *type = NULL, *value = NULL, *traceback = NULL, *result;
    if (!PyArg_ParseTuple(args, "OO", &first, &second))
        return NULL;
    result = PyObject_CallObject(first, NULL);
    if (result == NULL)
        PyErr_Fetch(&type, &value, &traceback);
    Py_XDECREF(result);
    result = PyObject_CallObject(second, NULL);
    _PyErr_ChainExceptions(type, value, traceback);
    if (PyErr_Occurred())
        Py_CLEAR(result);
    return result;
}

#define SHAPE(name) {#name, name, METH_VARARGS, NULL}

static PyMethodDef methods[] = {
    SHAPE(vector_public),
    SHAPE(vector_private),
    SHAPE(vector_dict),
    SHAPE(plain_fast),
    SHAPE(plain_dict),
    SHAPE(function_call),
    SHAPE(method_public),
    SHAPE(method_private),
    SHAPE(stack_dict),
    SHAPE(chain_fetched),
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "calls", NULL, 0, methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC
PyInit_calls(void)
{
    return PyModuleDef_Init(&definition);
}
