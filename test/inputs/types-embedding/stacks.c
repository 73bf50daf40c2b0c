/* Types whose objects begin with an object of a builtin type. */
#include "stacks.h"
#include <stddef.h>
#include <structmember.h>

#define STACK(o) ((Stack *)(o))
#define PUSHED(o) (((Stack *)(o))->pushed)

/* --- Stack: a list ----------------------------------------------------------- */

static PyObject *
stack_push(Stack *self, PyObject *item)
{
    if (PyList_Append((PyObject *)self, item) < 0)
        return NULL;
    self->pushed++;
    Py_INCREF(item);
    Py_XSETREF(self->last, item);
    return PyLong_FromSsize_t(stack_pushed(self));
}

static int
stack_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
    if (PyList_Type.tp_init(self, args, kwargs) < 0)
        return -1;
    PUSHED(self) = PyList_Size(self);
    return 0;
}

static int
stack_traverse(Stack *self, visitproc visit, void *arg)
{
    Py_VISIT(self->last);
    return PyList_Type.tp_traverse((PyObject *)self, visit, arg);
}

static int
stack_clear(Stack *self)
{
    Py_CLEAR(self->last);
    return PyList_Type.tp_clear((PyObject *)self);
}

static void
stack_dealloc(Stack *self)
{
    PyObject_GC_UnTrack(self);
    Py_CLEAR(self->last);
    PyList_Type.tp_dealloc((PyObject *)self);
}

static PyMethodDef stack_methods[] = {
    {"push", (PyCFunction)stack_push, METH_O, "Appends, and counts."},
    {NULL, NULL, 0, NULL}
};

static PyMemberDef stack_members[] = {
    {"pushed", T_PYSSIZET, offsetof(Stack, pushed), READONLY, "how often"},
    {"last", T_OBJECT, offsetof(Stack, last), 0, "pushed"},
    {NULL, 0, 0, 0, NULL}
};

PyTypeObject StackType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "stacks.Stack",
    .tp_basicsize = sizeof(Stack),
    .tp_dealloc = (destructor)stack_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .tp_traverse = (traverseproc)stack_traverse,
    .tp_clear = (inquiry)stack_clear,
    .tp_methods = stack_methods,
    .tp_members = stack_members,
    .tp_base = &PyList_Type,
    .tp_init = stack_init,
};

/* --- Label: a string with another one ---------------------------------------- */

typedef struct {
    PyUnicodeObject text;
    PyObject *lower;
} Label;

static PyTypeObject LabelType;

static PyObject *
label_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    PyObject *self = PyUnicode_Type.tp_new(type, args, kwargs);
    if (self == NULL)
        return NULL;
    ((Label *)self)->lower = PyObject_CallMethod(self, "lower", NULL);
    if (((Label *)self)->lower == NULL) {
        Py_DECREF(self);
        return NULL;
    }
    return self;
}

static PyObject *
label_lowered(PyObject *self, void *Py_UNUSED(closure))
{
    PyObject *lower = Py_TYPE(self) == &LabelType ? ((Label *)self)->lower : Py_None;
    Py_INCREF(lower);
    return lower;
}

static void
label_dealloc(Label *self)
{
    Py_XDECREF(self->lower);
    PyUnicode_Type.tp_dealloc((PyObject *)self);
}

static PyGetSetDef label_getset[] = {
    {"lowered", label_lowered, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL}
};

static PyTypeObject LabelType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    "stacks.Label",
    sizeof(Label),
    .tp_dealloc = (destructor)label_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_UNICODE_SUBCLASS,
    .tp_getset = label_getset,
    .tp_base = &PyUnicode_Type,
    .tp_new = label_new,
};

/* --- Failure: an exception ----------------------------------------------------- */

typedef struct {
    PyBaseExceptionObject head;
    int code;
} Failure;

static int
failure_init(Failure *self, PyObject *args, PyObject *kwargs)
{
    self->code = (int)PyTuple_Size(args);
    return ((PyTypeObject *)PyExc_ValueError)->tp_init((PyObject *)self, args, kwargs);
}

static PyMemberDef failure_members[] = {
    {"code", T_INT, offsetof(Failure, code), READONLY, NULL},
    {NULL, 0, 0, 0, NULL}
};

static PyTypeObject FailureType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "stacks.Failure",
    .tp_basicsize = sizeof(Failure),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .tp_members = failure_members,
    .tp_init = (initproc)failure_init,
};

/* --- the module ----------------------------------------------------------------- */

static int
stacks_exec(PyObject *module)
{
    FailureType.tp_base = (PyTypeObject *)PyExc_ValueError;
    if (PyType_Ready(&StackType) < 0 || PyType_Ready(&LabelType) < 0 ||
        PyType_Ready(&FailureType) < 0 || PyType_Ready(&LinkType) < 0) {
        return -1;
    }
    if (PyModule_AddObjectRef(module, "Stack", (PyObject *)&StackType) < 0 ||
        PyModule_AddObjectRef(module, "Label", (PyObject *)&LabelType) < 0 ||
        PyModule_AddObjectRef(module, "Failure", (PyObject *)&FailureType) < 0) {
        return -1;
    }
    return PyModule_AddObjectRef(module, "Link", (PyObject *)&LinkType);
}

static PyModuleDef_Slot stacks_slots[] = {
    {Py_mod_exec, stacks_exec},
    {0, NULL}
};

static struct PyModuleDef stacks_module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "stacks",
    .m_slots = stacks_slots,
};

PyMODINIT_FUNC
PyInit_stacks(void)
{
    return PyModuleDef_Init(&stacks_module);
}
