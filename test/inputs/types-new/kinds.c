/* Types with a metaclass, and types that a loop or a macro readies. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

typedef struct {
    PyObject_HEAD
} Nothing;

/* --- a metaclass ---------------------------------------------------------------- */

static PyObject *
meta_kind(PyObject *type, void *Py_UNUSED(closure))
{
    PyObject *name = PyObject_GetAttrString(type, "__name__");
    PyObject *kind = name == NULL ? NULL : PyUnicode_FromFormat("kind of %U", name);
    Py_XDECREF(name);
    return kind;
}

static PyGetSetDef meta_getset[] = {
    {"kind", meta_kind, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL}
};

static PyTypeObject MetaType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "lanes.Meta",
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .tp_getset = meta_getset,
    .tp_base = &PyType_Type,
};

static PyTypeObject MarkedType = {
    PyVarObject_HEAD_INIT(&MetaType, 0)
    .tp_name = "lanes.Marked",
    .tp_basicsize = sizeof(Nothing),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .tp_new = PyType_GenericNew,
};

/* --- a table ---------------------------------------------------------------------- */

static PyTypeObject LeftType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "lanes.Left",
    .tp_basicsize = sizeof(Nothing),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .tp_new = PyType_GenericNew,
};

static PyTypeObject RightType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "lanes.Right",
    .tp_base = &LeftType,
    .tp_flags = Py_TPFLAGS_DEFAULT,
};

static struct side {
    const char *name;
    PyTypeObject *type;
} sides[] = {
    {"Left", &LeftType},
    {"Right", &RightType},
    {NULL, NULL}
};

/* --- a macro ---------------------------------------------------------------------- */

static PyTypeObject UpType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "lanes.Up",
    .tp_basicsize = sizeof(Nothing),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = PyType_GenericNew,
};

static PyTypeObject DownType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "lanes.Down",
    .tp_basicsize = sizeof(Nothing),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = PyType_GenericNew,
};

#define ADD(module, name, type) \
    do { \
        if (PyType_Ready(&type) < 0) \
            return -1; \
        if (PyModule_AddObjectRef(module, name, (PyObject *)&type) < 0) \
            return -1; \
    } while (0)

int
add_kinds(PyObject *module)
{
    struct side *side;

    if (PyType_Ready(&MetaType) < 0 || PyType_Ready(&MarkedType) < 0) {
        return -1;
    }
    if (PyModule_AddObjectRef(module, "Meta", (PyObject *)&MetaType) < 0 ||
        PyModule_AddObjectRef(module, "Marked", (PyObject *)&MarkedType) < 0) {
        return -1;
    }
    for (side = sides; side->name != NULL; side++) {
        if (PyType_Ready(side->type) < 0) {
            return -1;
        }
        if (PyModule_AddObjectRef(module, side->name, (PyObject *)side->type) < 0) {
            return -1;
        }
    }
    ADD(module, "Up", UpType);
    ADD(module, "Down", DownType);
    return 0;
}
