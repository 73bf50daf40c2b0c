/* The module, and types that are filled when it is made. */
#include "shapes.h"

/* --- Blank: nearly all by assignments ------------------------------------- */

typedef struct {
    PyObject_HEAD
    int touched;
} Blank;

static PyTypeObject BlankType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_flags = Py_TPFLAGS_DEFAULT,
};

static PyObject *
blank_touch(Blank *self, PyObject *Py_UNUSED(ignored))
{
    return PyLong_FromLong(++self->touched);
}

static PyMethodDef blank_methods[] = {
    {"touch", (PyCFunction)blank_touch, METH_NOARGS, "touch()\n--\n\nCounts."},
    {NULL, NULL, 0, NULL}
};

/* --- Plain: nothing but a constant ------------------------------------------- */

typedef struct {
    PyObject_HEAD
} Plain;

static PyTypeObject PlainType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "shapes.Plain",
    .tp_basicsize = sizeof(Plain),
    .tp_base = &PyBaseObject_Type,
    .tp_new = PyType_GenericNew,
};

/* --- Task: awaitable ------------------------------------------------------ */

typedef struct {
    PyObject_HEAD
    PyObject *result; /* NULL when it was given away */
} Task;

static PyObject *
task_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    PyObject *result;
    static char *names[] = {"result", NULL};
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O:Task", names, &result)) {
        return NULL;
    }
    Task *self = (Task *)PyType_GenericNew(type, NULL, NULL);
    if (self != NULL) {
        Py_INCREF(result);
        self->result = result;
    }
    return (PyObject *)self;
}

static void
task_dealloc(Task *self)
{
    Py_XDECREF(self->result);
    Py_TYPE(self)->tp_free(self);
}

static PyObject *
task_next(Task *self)
{
    if (self->result != NULL) {
        PyObject *result = self->result;
        self->result = NULL;
        PyErr_SetObject(PyExc_StopIteration, result);
        Py_DECREF(result);
    }
    return NULL;
}

static PyObject *
task_anext(Task *self)
{
    if (self->result == NULL) {
        PyErr_SetNone(PyExc_StopAsyncIteration);
        return NULL;
    }
    return PyObject_CallFunctionObjArgs((PyObject *)Py_TYPE(self), self->result, NULL);
}

static PyAsyncMethods task_as_async = {
    PyObject_SelfIter,      /* am_await */
    PyObject_SelfIter,      /* am_aiter */
    (unaryfunc)task_anext,  /* am_anext */
};

static PyTypeObject TaskType = {
    PyVarObject_HEAD_INIT(&PyType_Type, 0)
    .tp_name = "shapes.Task",
    .tp_basicsize = sizeof(Task),
    .tp_dealloc = (destructor)task_dealloc,
    .tp_as_async = &task_as_async,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .tp_iter = PyObject_SelfIter,
    .tp_iternext = (iternextfunc)task_next,
    .tp_new = task_new,
};

/* --- Extent and Span: struct sequences ------------------------------------ */

static PyStructSequence_Field extent_fields[] = {
    {"width", "to the right"},
    {"height", NULL},
    {"unit", "not in the tuple"},
    {NULL, NULL}
};

static PyStructSequence_Desc extent_desc = {
    "shapes.Extent", "How large something is.", extent_fields, 2
};

static PyTypeObject ExtentType;

static PyStructSequence_Desc span_desc = {
    .name = "shapes.Span",
    .fields = extent_fields,
    .n_in_sequence = 3,
};

static PyTypeObject SpanType = {{{0}}};

static PyObject *
fill(PyObject *record)
{
    int i;
    if (record == NULL) {
        return NULL;
    }
    for (i = 0; i < 3; i++) {
        PyObject *item = PyLong_FromLong(i + 3);
        if (item == NULL) {
            Py_DECREF(record);
            return NULL;
        }
        PyStructSequence_SET_ITEM(record, i, item);
    }
    return record;
}

static PyObject *
shapes_extent(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(ignored))
{
    return fill(PyStructSequence_New(&ExtentType));
}

/* Its type is made by the first call. */
static PyObject *
shapes_span(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(ignored))
{
    if (SpanType.tp_name == NULL) {
        PyStructSequence_InitType(&SpanType, &span_desc);
    }
    return fill(PyStructSequence_New(&SpanType));
}

/* --- functions ------------------------------------------------------------ */

static PyObject *
shapes_kind(PyObject *Py_UNUSED(module), PyObject *object)
{
    if (Point_CheckExact(object)) {
        return PyUnicode_FromString("point");
    }
    if (Point_Check(object)) {
        return PyUnicode_FromString("kind of point");
    }
    if (Cell_Check(object)) {
        return PyUnicode_FromString("cell");
    }
    if (Py_TYPE(object) == &TokenType) {
        return PyUnicode_FromString("token");
    }
    return PyUnicode_FromFormat("neither %R nor %R", &PointType, (PyObject *)&CellType);
}

static PyObject *
shapes_token(PyObject *Py_UNUSED(module), PyObject *value)
{
    return token_new(value);
}

static PyObject *
shapes_point(PyObject *Py_UNUSED(module), PyObject *args)
{
    double x, y;
    if (!PyArg_ParseTuple(args, "dd:point", &x, &y)) {
        return NULL;
    }
    return point_new(x, y);
}

static PyObject *
shapes_label(PyObject *Py_UNUSED(module), PyObject *object)
{
    return PyUnicode_FromFormat("a %s", Py_TYPE(object)->tp_name);
}

static PyMethodDef shapes_methods[] = {
    {"label", shapes_label, METH_O, "An object's type, as messages call it."},
    {"kind", shapes_kind, METH_O, "What an object is."},
    {"token", shapes_token, METH_O, "A token that holds a value."},
    {"point", shapes_point, METH_VARARGS, "A point, made without its __init__."},
    {"extent", shapes_extent, METH_NOARGS, "A record."},
    {"span", shapes_span, METH_NOARGS, "Another record."},
    {NULL, NULL, 0, NULL}
};

static struct PyModuleDef shapes_module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "shapes",
    .m_doc = "Types in three units.",
    .m_size = 0,
    .m_methods = shapes_methods,
};

PyMODINIT_FUNC
PyInit_shapes(void)
{
    PyObject *limit;
    PyObject *module = PyModule_Create(&shapes_module);
    if (module == NULL) {
        return NULL;
    }

    BlankType.tp_name = "shapes.Blank";
    BlankType.tp_basicsize = sizeof(Blank);
    BlankType.tp_doc = "Blank()\n--\n\nFilled late.";
    BlankType.tp_methods = blank_methods;
    BlankType.tp_new = PyType_GenericNew;
    if (PyType_Ready(&BlankType) < 0 || PyType_Ready(&PlainType) < 0 ||
        PyType_Ready(&TaskType) < 0) {
        goto failed;
    }
    limit = PyLong_FromLong(99);
    if (limit == NULL) {
        goto failed;
    }
    if (PyDict_SetItemString(PlainType.tp_dict, "LIMIT", limit) < 0) {
        Py_DECREF(limit);
        goto failed;
    }
    Py_DECREF(limit);
    PyType_Modified(&PlainType);
    if (points_add(module) < 0 || cells_add(module) < 0) {
        goto failed;
    }
    if (ExtentType.tp_name == NULL && PyStructSequence_InitType2(&ExtentType, &extent_desc) < 0) {
        goto failed;
    }
    Py_INCREF(&ExtentType);
    if (PyModule_AddObject(module, "Extent", (PyObject *)&ExtentType) < 0) {
        Py_DECREF(&ExtentType);
        goto failed;
    }
    Py_INCREF(&BlankType);
    if (PyModule_AddObject(module, "Blank", (PyObject *)&BlankType) < 0) {
        Py_DECREF(&BlankType);
        goto failed;
    }
    Py_INCREF(&PlainType);
    if (PyModule_AddObject(module, "Plain", (PyObject *)&PlainType) < 0) {
        Py_DECREF(&PlainType);
        goto failed;
    }
    Py_INCREF(&TaskType);
    if (PyModule_AddObject(module, "Task", (PyObject *)&TaskType) < 0) {
        Py_DECREF(&TaskType);
        goto failed;
    }
    return module;

failed:
    Py_DECREF(module);
    return NULL;
}
