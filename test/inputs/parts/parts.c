/* Private functions of ints, floats and frames, and text that is run. */
#include <Python.h>
#include <stdio.h>

extern PyTypeObject Tray_Type;
PyObject *PyTray_Number(PyObject *);

static PyObject *
run_string(PyObject *self, PyObject *args)
{
    const char *text;
    int start;
    PyObject *globals, *locals;
    if (!PyArg_ParseTuple(args, "siOO", &text, &start, &globals, &locals))
        return NULL;
    return PyRun_String(text, start, globals, locals);
}

static PyObject *
run_simple(PyObject *self, PyObject *args)
{
    const char *text;
    if (!PyArg_ParseTuple(args, "s", &text))
        return NULL;
    return PyLong_FromLong(PyRun_SimpleString(text));
}

static PyObject *
to_bytes(PyObject *self, PyObject *args)
{
    PyObject *number;
    int size, is_little, is_signed;
    unsigned char bytes[64];
    if (!PyArg_ParseTuple(args, "O!iii", &PyLong_Type, &number, &size, &is_little, &is_signed))
        return NULL;
    if (_PyLong_AsByteArray((PyLongObject *)number, bytes, size, is_little, is_signed) < 0)
        return NULL;
    return PyBytes_FromStringAndSize((char *)bytes, size);
}

static PyObject *
from_bytes(PyObject *self, PyObject *args)
{
    PyObject *bytes;
    int is_little, is_signed;
    if (!PyArg_ParseTuple(args, "Sii", &bytes, &is_little, &is_signed))
        return NULL;
    return _PyLong_FromByteArray((unsigned char *)PyBytes_AsString(bytes), PyBytes_Size(bytes), is_little, is_signed);
}

static PyObject *
ints(PyObject *self, PyObject *args)
{
    PyObject *a, *b;
    int base, bits;
    if (!PyArg_ParseTuple(args, "O!O!ii", &PyLong_Type, &a, &PyLong_Type, &b, &bits, &base))
        return NULL;
    return Py_BuildValue("nNNNNN", (Py_ssize_t)_PyLong_NumBits(a), _PyLong_GCD(a, b), _PyLong_Lshift(a, bits),
                         _PyLong_Rshift(a, bits), _PyLong_Format(a, base), _PyLong_Copy((PyLongObject *)a));
}

static PyObject *
pack(PyObject *self, PyObject *args)
{
    double number;
    int size, is_little;
    char bytes[8];
    if (!PyArg_ParseTuple(args, "dii", &number, &size, &is_little))
        return NULL;
    if ((size == 8   ? PyFloat_Pack8(number, bytes, is_little)
         : size == 4 ? PyFloat_Pack4(number, bytes, is_little)
                     : PyFloat_Pack2(number, bytes, is_little)) < 0)
        return NULL;
    return PyBytes_FromStringAndSize(bytes, size);
}

static PyObject *
unpack(PyObject *self, PyObject *args)
{
    PyObject *bytes;
    int is_little;
    double number;
    if (!PyArg_ParseTuple(args, "Si", &bytes, &is_little))
        return NULL;
    const char *data = PyBytes_AsString(bytes);
    number = PyBytes_Size(bytes) == 8   ? PyFloat_Unpack8(data, is_little)
             : PyBytes_Size(bytes) == 4 ? PyFloat_Unpack4(data, is_little)
                                        : PyFloat_Unpack2(data, is_little);
    if (number == -1.0 && PyErr_Occurred())
        return NULL;
    return PyFloat_FromDouble(number);
}

static PyObject *
frame(PyObject *self, PyObject *object)
{
    PyFrameObject *frame = (PyFrameObject *)object;
    PyObject *back = (PyObject *)PyFrame_GetBack(frame);
    if (back == NULL && !PyErr_Occurred()) {
        back = Py_None;
        Py_INCREF(back);
    }
    return Py_BuildValue("NNNNi", back, PyFrame_GetGlobals(frame), PyFrame_GetLocals(frame),
                         PyFrame_GetBuiltins(frame), PyFrame_GetLasti(frame));
}

static PyObject *
code(PyObject *self, PyObject *object)
{
    PyCodeObject *code = (PyCodeObject *)object;
    return Py_BuildValue("NNNNOOOOiiii", PyCode_GetCode(code), PyCode_GetVarnames(code), PyCode_GetFreevars(code),
                         PyCode_GetCellvars(code), code->co_name, code->co_filename, code->co_consts,
                         code->co_names, code->co_firstlineno, code->co_flags, code->co_argcount,
                         code->co_kwonlyargcount);
}

static PyObject *
print(PyObject *self, PyObject *args)
{
    PyObject *object;
    const char *name;
    int flags;
    if (!PyArg_ParseTuple(args, "Osi", &object, &name, &flags))
        return NULL;
    FILE *file = fopen(name, "w");
    if (file == NULL)
        return PyErr_SetFromErrno(PyExc_OSError);
    int failed = PyObject_Print(object, file, flags);
    fclose(file);
    return failed ? NULL : PyLong_FromLong(failed);
}

static PyObject *
refuse(PyObject *self, PyObject *other)
{
    PyErr_Format(PyExc_TypeError, "no '%s'", Py_TYPE(other)->tp_name);
    return NULL;
}

/* A heap type without the flag of one that does not change. */
static PyMethodDef coin_methods[] = {
    {"refuse", refuse, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot coin_slots[] = {
    {Py_tp_methods, coin_methods},
    {0, NULL},
};

static PyType_Spec coin_spec = {"parts.Coin", sizeof(PyObject), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, coin_slots};

static PyMethodDef methods[] = {
    {"run_string", run_string, METH_VARARGS, NULL},
    {"run_simple", run_simple, METH_VARARGS, NULL},
    {"to_bytes", to_bytes, METH_VARARGS, NULL},
    {"from_bytes", from_bytes, METH_VARARGS, NULL},
    {"ints", ints, METH_VARARGS, NULL},
    {"pack", pack, METH_VARARGS, NULL},
    {"unpack", unpack, METH_VARARGS, NULL},
    {"frame", frame, METH_O, NULL},
    {"code", code, METH_O, NULL},
    {"print", print, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

PyMODINIT_FUNC
PyInit_parts(void)
{
    static struct PyModuleDef definition = {
        PyModuleDef_HEAD_INIT, "parts", NULL, -1, methods, NULL, NULL, NULL, NULL,
    };
    PyObject *module = PyModule_Create(&definition);
    if (module == NULL)
        return NULL;
    if (PyType_Ready(&Tray_Type) < 0) {
        Py_DECREF(module);
        return NULL;
    }
    Py_INCREF(&Tray_Type);
    if (PyModule_AddObject(module, "Tray", (PyObject *)&Tray_Type) < 0) {
        Py_DECREF(&Tray_Type);
        Py_DECREF(module);
        return NULL;
    }
    PyObject *coin = PyType_FromSpec(&coin_spec);
    if (coin == NULL || PyModule_AddObject(module, "Coin", coin) < 0) {
        Py_XDECREF(coin);
        Py_DECREF(module);
        return NULL;
    }
    return module;
}
