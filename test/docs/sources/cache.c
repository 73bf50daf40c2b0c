#include <Python.h>

Py_ssize_t cached(PyObject *cache)
{
    return PyODict_SIZE(cache);
}
