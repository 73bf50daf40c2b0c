/* Strings that are read and filled in their own memory, and memoryviews looked into. */
#include <Python.h>
#include <assert.h>
#include <string.h>

PyObject *memory_widest(PyObject *self, PyObject *text);
PyObject *memory_shape(PyObject *self, PyObject *view);

/* Each way out of a function that reads: early, in a loop, through a label, at the end. */
static PyObject *
find(PyUnicodeObject *text, Py_UCS4 wanted)
{
    Py_UCS1 *at = PyUnicode_1BYTE_DATA(text), *end = at + PyUnicode_GET_LENGTH(text);
    Py_UCS1 *begin = at;
    PyObject *answer = NULL;
    if (at == end)
        Py_RETURN_NONE;
    while (at < end) {
        if (*at == 0)
            goto done;
        if (*at++ == wanted)
            return PyLong_FromSsize_t(at - begin - 1);
    }
    at = PyUnicode_1BYTE_DATA(text);
    answer = PyLong_FromLong(-1 - (long)at[0]);
    return answer;
done:
    PyErr_SetString(PyExc_ValueError, "a null character");
    return NULL;
}

static int
sum(PyObject *text, unsigned long long *total)
{
    const void *data = PyUnicode_DATA(text);
    int kind = PyUnicode_KIND(text);
    Py_ssize_t size = PyUnicode_GET_LENGTH(text);
    if (size > 1000)
        return -1;
    for (Py_ssize_t i = 0; i < size; i++) {
        if (kind == PyUnicode_1BYTE_KIND)
            *total += ((const Py_UCS1 *)data)[i];
        else if (kind == PyUnicode_2BYTE_KIND)
            *total += ((const Py_UCS2 *)data)[i];
        else
            *total += ((const Py_UCS4 *)data)[i];
    }
    return 0;
}

static PyObject *
twice1(PyObject *text)
{
    Py_UCS1 *in = PyUnicode_1BYTE_DATA(text);
    Py_ssize_t size = PyUnicode_GET_LENGTH(text);
    PyObject *made = PyUnicode_New(2 * size, PyUnicode_IS_ASCII(text) ? 127 : 255);
    if (made == NULL)
        return NULL;
    Py_UCS1 *out = PyUnicode_1BYTE_DATA(made);
    for (Py_ssize_t i = 0; i < size; i++) {
        if (in[i] == '!') {
            Py_DECREF(made);
            PyErr_SetString(PyExc_ValueError, "an exclamation mark");
            return NULL;
        }
        *out++ = in[i];
        *out++ = in[i];
    }
    return made;
}

static PyObject *
twice2(PyObject *text)
{
    Py_UCS2 *in = PyUnicode_2BYTE_DATA(text);
    Py_ssize_t size = PyUnicode_GET_LENGTH(text);
    PyObject *made = PyUnicode_New(2 * size, 0xffff);
    if (made != NULL) {
        memcpy(PyUnicode_2BYTE_DATA(made), in, 2 * (size_t)size);
        memcpy(PyUnicode_2BYTE_DATA(made) + size, in, 2 * (size_t)size);
    }
    return made;
}

static PyObject *
twice4(PyObject *text)
{
    Py_UCS4 *in = PyUnicode_4BYTE_DATA(text);
    Py_ssize_t size = PyUnicode_GET_LENGTH(text), i;
    PyObject *made;
    int kind;
    void *data;
    made = PyUnicode_New(2 * size, 0x10ffff);
    if (!made)
        goto done;
    kind = PyUnicode_KIND(made);
    data = PyUnicode_DATA(made);
    for (i = 0; i < 2 * size; i++)
        PyUnicode_WRITE(kind, data, i, in[i / 2]);
done:
    return made;
}

static PyObject *
twice(PyObject *self, PyObject *text)
{
    if (!PyUnicode_Check(text)) {
        PyErr_SetString(PyExc_TypeError, "not a str");
        return NULL;
    }
    switch (PyUnicode_KIND(text)) {
    case PyUnicode_1BYTE_KIND:
        return twice1(text);
    case PyUnicode_2BYTE_KIND:
        return twice2(text);
    case PyUnicode_4BYTE_KIND:
        return twice4(text);
    }
    return NULL;
}

static PyObject *
wanted(PyObject *self, PyObject *args)
{
    PyObject *text;
    int c;
    if (!PyArg_ParseTuple(args, "UC", &text, &c))
        return NULL;
    return find((PyUnicodeObject *)text, (Py_UCS4)c);
}

static PyObject *
total(PyObject *self, PyObject *text)
{
    unsigned long long all = 0;
    if (sum(text, &all) < 0)
        Py_RETURN_NONE;
    return PyLong_FromUnsignedLongLong(all);
}

/* hex digits, in a string whose kind is asserted */
static PyObject *
hex(PyObject *self, PyObject *number)
{
    unsigned long value = PyLong_AsUnsignedLong(number);
    PyObject *text;
    char *out;
    if (value == (unsigned long)-1 && PyErr_Occurred())
        return NULL;
    text = PyUnicode_New(4, 127);
    if (text == NULL)
        return NULL;
    assert(PyUnicode_KIND(text) == PyUnicode_1BYTE_KIND);
    out = (char *)PyUnicode_DATA(text);
    for (int i = 0; i < 4; i++)
        out[i] = "0123456789abcdef"[value >> (12 - 4 * i) & 15];
    return text;
}

/* the decimal digits are ASCII */
static void *
digits(PyObject *text)
{
    return PyUnicode_1BYTE_DATA(text);
}

static PyObject *
decimal(PyObject *self, PyObject *number)
{
    PyObject *text = PyObject_Str(number), *result;
    const char *found = text ? digits(text) : NULL;
    result = found ? PyBytes_FromString(found) : NULL;
    Py_XDECREF(text);
    return result;
}

/* a scanner that looks at the null character behind the last one */
static PyObject *
words(PyObject *self, PyObject *text)
{
    int kind;
    const void *data;
    Py_ssize_t i = 0;
    long found = 0;
    if (!PyUnicode_Check(text) || PyUnicode_READY(text) < 0)
        return PyErr_Format(PyExc_TypeError, "a str is needed");
    kind = PyUnicode_KIND(text);
    data = PyUnicode_DATA(text);
    while (PyUnicode_READ(kind, data, i) != 0) {
        if (PyUnicode_READ(kind, data, i) != ' ' && (PyUnicode_READ(kind, data, i + 1) == ' ' || PyUnicode_READ(kind, data, i + 1) == 0))
            found++;
        i++;
    }
    return PyLong_FromLong(found);
}

static PyMethodDef methods[] = {
    {"words", words, METH_O, NULL},
    {"twice", twice, METH_O, NULL},
    {"find", wanted, METH_VARARGS, NULL},
    {"total", total, METH_O, NULL},
    {"hex", hex, METH_O, NULL},
    {"decimal", decimal, METH_O, NULL},
    {"widest", memory_widest, METH_O, NULL},
    {"shape", memory_shape, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "memory", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC
PyInit_memory(void)
{
    return PyModule_Create(&module);
}
