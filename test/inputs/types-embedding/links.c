/* Chains of objects, which the trashcan takes apart. */
#include "stacks.h"

typedef struct {
    PyObject_HEAD
    PyObject *next;
} Link;

Py_ssize_t
stack_pushed(Stack *stack)
{
    return stack->pushed;
}

static int
link_traverse(Link *self, visitproc visit, void *arg)
{
    Py_VISIT(self->next);
    return 0;
}

static int
link_clear(Link *self)
{
    Py_CLEAR(self->next);
    return 0;
}

static void
link_dealloc(Link *self)
{
    PyObject_GC_UnTrack(self);
    Py_TRASHCAN_BEGIN(self, link_dealloc)
    Py_XDECREF(self->next);
    Py_TYPE(self)->tp_free((PyObject *)self);
    Py_TRASHCAN_END
}

static PyObject *
link_new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(kwargs))
{
    PyObject *next = Py_None;
    Link *self;
    if (!PyArg_ParseTuple(args, "|O:Link", &next))
        return NULL;
    self = (Link *)type->tp_alloc(type, 0);
    if (self != NULL) {
        Py_INCREF(next);
        self->next = next;
    }
    return (PyObject *)self;
}

PyTypeObject LinkType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "stacks.Link",
    .tp_basicsize = sizeof(Link),
    .tp_dealloc = (destructor)link_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .tp_traverse = (traverseproc)link_traverse,
    .tp_clear = (inquiry)link_clear,
    .tp_new = link_new,
};
