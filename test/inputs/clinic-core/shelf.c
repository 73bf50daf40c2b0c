/* Functions whose arguments Argument Clinic of 3.13 unpacks. */
#ifndef Py_LIMITED_API
#  define Py_BUILD_CORE_MODULE 1
#endif

#include <Python.h>

typedef struct {
    PyObject_HEAD
    int width;
    int height;
} Box;

static PyTypeObject Lock_Type;

#include "clinic/shelf.c.h"

/*[clinic input]
module shelf
class shelf.Box "Box *" "&Box_Type"
[clinic start generated code]*/
/*[clinic end generated code: output=da39a3ee5e6b4b0d input=0]*/

static PyObject *
shelf_place_impl(PyObject *module, PyObject *item, int row, Py_ssize_t column, int fixed)
{
    return Py_BuildValue("(OinO)", item, row, column, fixed ? Py_True : Py_False);
}

static PyObject *
shelf_label_impl(PyObject *module, const char *text, double size, PyObject *font)
{
    return Py_BuildValue("(sdO)", text, size, font);
}

static PyObject *
shelf_span_impl(PyObject *module, PyObject *first, PyObject *last)
{
    return Py_BuildValue("(OO)", first, last ? last : Py_None);
}

static PyObject *
shelf_pair_impl(PyObject *module, PyObject *left, PyObject *right)
{
    return Py_BuildValue("(OO)", left, right ? right : Py_None);
}

static PyObject *
shelf_count_impl(PyObject *module, int number, const char *unit)
{
    return Py_BuildValue("(iz)", number, unit);
}

static PyObject *
shelf_parse_impl(PyObject *module, const char *key, PyObject *values)
{
    return Py_BuildValue("(sO)", key, values);
}

static PyObject *
shelf_Box_impl(PyTypeObject *type, int width, int height)
{
    Box *self = (Box *)type->tp_alloc(type, 0);
    if (self != NULL) {
        self->width = width;
        self->height = height;
    }
    return (PyObject *)self;
}

static PyObject *
shelf_Box_scale_impl(Box *self, int factor)
{
    return Py_BuildValue("(ii)", self->width * factor, self->height * factor);
}

static PyObject *
shelf_Box_size_impl(Box *self)
{
    return Py_BuildValue("(ii)", self->width, self->height);
}

static PyMethodDef Box_methods[] = {
    SHELF_BOX_SCALE_METHODDEF
    SHELF_BOX_SIZE_METHODDEF
    {NULL, NULL, 0, NULL}
};

static PyTypeObject Box_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "shelf.Box",
    .tp_basicsize = sizeof(Box),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_doc = shelf_Box__doc__,
    .tp_methods = Box_methods,
    .tp_new = shelf_Box,
};

static int
shelf_Lock___init___impl(PyObject *self)
{
    return 0;
}

static PyTypeObject Lock_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "shelf.Lock",
    .tp_basicsize = sizeof(PyObject),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = PyType_GenericNew,
    .tp_init = shelf_Lock___init__,
};

static PyMethodDef functions[] = {
    SHELF_PLACE_METHODDEF
    SHELF_LABEL_METHODDEF
    SHELF_SPAN_METHODDEF
    SHELF_PAIR_METHODDEF
    SHELF_COUNT_METHODDEF
    SHELF_PARSE_METHODDEF
    {NULL, NULL, 0, NULL}
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "shelf", NULL, -1, functions, NULL, NULL, NULL, NULL
};

PyMODINIT_FUNC
PyInit_shelf(void)
{
    PyObject *module;
    if (PyType_Ready(&Box_Type) < 0 || PyType_Ready(&Lock_Type) < 0) {
        return NULL;
    }
    module = PyModule_Create(&definition);
    if (module == NULL) {
        return NULL;
    }
    Py_INCREF(&Box_Type);
    Py_INCREF(&Lock_Type);
    if (PyModule_AddObject(module, "Box", (PyObject *)&Box_Type) < 0 ||
        PyModule_AddObject(module, "Lock", (PyObject *)&Lock_Type) < 0) {
        Py_DECREF(module);
        return NULL;
    }
    return module;
}
