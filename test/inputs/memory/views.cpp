// The same in C++: a view into a string, and one into a memoryview.
#include <Python.h>

extern "C" PyObject *memory_widest(PyObject *, PyObject *text)
{
    if (PyUnicode_KIND(text) != PyUnicode_2BYTE_KIND)
        Py_RETURN_NONE;
    const Py_UCS2 *at = PyUnicode_2BYTE_DATA(text);
    Py_UCS2 widest = 0;
    for (Py_ssize_t i = 0; i < PyUnicode_GET_LENGTH(text); ++i)
        if (at[i] > widest)
            widest = at[i];
    if (widest == 0xffff)
        return PyUnicode_FromString("last");
    return PyLong_FromLong(widest);
}

extern "C" PyObject *memory_shape(PyObject *, PyObject *view)
{
    if (!PyMemoryView_Check(view)) {
        PyErr_SetString(PyExc_TypeError, "not a memoryview");
        return nullptr;
    }
    const Py_buffer *buffer = PyMemoryView_GET_BUFFER(view);
    PyObject *sizes = PyList_New(0);
    for (int i = 0; sizes != nullptr && i < buffer->ndim; ++i) {
        PyObject *size = PyLong_FromSsize_t(buffer->shape[i]);
        if (size == nullptr || PyList_Append(sizes, size) < 0)
            Py_CLEAR(sizes);
        Py_XDECREF(size);
    }
    PyObject *first = Py_None;
    Py_INCREF(first);
    if (PyMemoryView_GET_BUFFER(view)->len > 0) {
        Py_DECREF(first);
        first = PyLong_FromLong(*static_cast<const unsigned char *>(buffer->buf));
    }
    return Py_BuildValue("(NnNs)", sizes, buffer->itemsize, first, buffer->format);
}
