/* Functions with any number of arguments, as Argument Clinic of 3.11 and 3.12 unpacks them. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include "clinic/shelf.c.h"

/*[clinic input]
module shelf
[clinic start generated code]*/
/*[clinic end generated code: output=da39a3ee5e6b4b0d input=0]*/

static PyObject *
shelf_fill_impl(PyObject *module, PyObject *box, PyObject *args, int fixed)
{
    return Py_BuildValue("(OOO)", box, args, fixed ? Py_True : Py_False);
}

static PyObject *
shelf_sort_impl(PyObject *module, PyObject *args, PyObject *key)
{
    return Py_BuildValue("(OO)", args, key);
}

static PyObject *
shelf_move_impl(PyObject *module, PyObject *from, PyObject *to, PyObject *args)
{
    return Py_BuildValue("(OOO)", from, to, args);
}

static PyObject *
shelf_count_impl(PyObject *module, PyObject *first, PyObject *args)
{
    return Py_BuildValue("(OO)", first, args);
}

static PyMethodDef functions[] = {
    SHELF_FILL_METHODDEF
    SHELF_SORT_METHODDEF
    SHELF_MOVE_METHODDEF
    SHELF_COUNT_METHODDEF
    {NULL, NULL, 0, NULL}
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "shelf", NULL, -1, functions, NULL, NULL, NULL, NULL
};

PyMODINIT_FUNC
PyInit_shelf(void)
{
    return PyModule_Create(&definition);
}
