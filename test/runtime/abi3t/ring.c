/* A module for abi3t: no PyModuleDef, no struct with an object's head. The
   data of a Link lies where only the interpreter knows, and what the type
   defines is found by its token. */
#include <Python.h>
#include <stddef.h>

typedef struct {
    PyObject *next;
    PyObject *dict;
    Py_ssize_t weight;
} LinkData;

static int link_token;
static int made, freed; /* links in all, to count what the collector does */

/* The data of an object that may be of a subclass; with a reference to the
   class that has it. */
static LinkData *
link_data(PyObject *self, PyTypeObject **cls)
{
    if (PyType_GetBaseByToken(Py_TYPE(self), &link_token, cls) != 1) {
        if (!PyErr_Occurred()) {
            PyErr_SetString(PyExc_TypeError, "not a Link");
        }
        return NULL;
    }
    return (LinkData *)PyObject_GetTypeData(self, *cls);
}

/* The same while objects are visited: without a reference, and without effects. */
static LinkData *
link_data_during_gc(PyObject *self, PyTypeObject **cls)
{
    if (PyType_GetBaseByToken_DuringGC(Py_TYPE(self), &link_token, cls) != 1) {
        return NULL;
    }
    return (LinkData *)PyObject_GetTypeData_DuringGC(self, *cls);
}

static PyObject *
link_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"weight", NULL};
    Py_ssize_t weight = 1;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "|n:Link", names, &weight)) {
        return NULL;
    }
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    PyObject *self = allocate(type, 0);
    if (self == NULL) {
        return NULL;
    }
    PyTypeObject *cls;
    LinkData *data = link_data(self, &cls);
    if (data == NULL) {
        Py_DECREF(self);
        return NULL;
    }
    data->weight = weight;
    Py_DECREF(cls);
    made++;
    return self;
}

static int
link_traverse(PyObject *self, visitproc visit, void *arg)
{
    PyTypeObject *cls;
    LinkData *data = link_data_during_gc(self, &cls);
    if (data != NULL) {
        Py_VISIT(data->next);
        Py_VISIT(data->dict);
    }
    Py_VISIT(Py_TYPE(self));
    return 0;
}

static int
link_clear(PyObject *self)
{
    PyTypeObject *cls;
    LinkData *data = link_data(self, &cls);
    if (data == NULL) {
        PyErr_Clear();
        return 0;
    }
    Py_CLEAR(data->next);
    Py_CLEAR(data->dict);
    Py_DECREF(cls);
    return 0;
}

static void
link_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    link_clear(self);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(self);
    Py_DECREF(type);
    freed++;
}

static PyObject *
link_total(PyObject *self, PyObject *ignored)
{
    (void)ignored;
    PyTypeObject *cls;
    LinkData *data = link_data(self, &cls);
    if (data == NULL) {
        return NULL;
    }
    Py_ssize_t total = data->weight;
    PyObject *next = Py_XNewRef(data->next);
    while (next != NULL && next != self) {
        PyTypeObject *other;
        LinkData *linked = link_data(next, &other);
        if (linked == NULL) {
            Py_DECREF(next);
            Py_DECREF(cls);
            return NULL;
        }
        total += linked->weight;
        PyObject *after = Py_XNewRef(linked->next);
        Py_DECREF(next);
        Py_DECREF(other);
        next = after;
    }
    Py_XDECREF(next);
    Py_DECREF(cls);
    return PyLong_FromSsize_t(total);
}

static PyObject *
link_get_doubled(PyObject *self, void *closure)
{
    (void)closure;
    PyTypeObject *cls;
    LinkData *data = link_data(self, &cls);
    if (data == NULL) {
        return NULL;
    }
    PyObject *result = PyLong_FromSsize_t(2 * data->weight);
    Py_DECREF(cls);
    return result;
}

static PyMethodDef link_methods[] = {
    {"total", link_total, METH_NOARGS, "The weights of the links that follow, up to this one again."},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef link_members[] = {
    {"next", Py_T_OBJECT_EX, offsetof(LinkData, next), Py_RELATIVE_OFFSET, NULL},
    {"weight", Py_T_PYSSIZET, offsetof(LinkData, weight), Py_RELATIVE_OFFSET, NULL},
    {"__dictoffset__", Py_T_PYSSIZET, offsetof(LinkData, dict), Py_READONLY | Py_RELATIVE_OFFSET, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyGetSetDef link_getset[] = {
    {"doubled", link_get_doubled, NULL, NULL, NULL},
    {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot link_slots[] = {
    {Py_tp_token, &link_token},
    {Py_tp_new, (void *)link_new},
    {Py_tp_traverse, (void *)link_traverse},
    {Py_tp_clear, (void *)link_clear},
    {Py_tp_dealloc, (void *)link_dealloc},
    {Py_tp_methods, link_methods},
    {Py_tp_members, link_members},
    {Py_tp_getset, link_getset},
    {0, NULL},
};

static PyType_Spec link_spec = {
    .name = "ring.Link",
    .basicsize = -(int)sizeof(LinkData),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = link_slots,
};

typedef struct {
    PyTypeObject *link_type;
} RingState;

static int
ring_exec(PyObject *module)
{
    RingState *state = (RingState *)PyModule_GetState(module);
    state->link_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &link_spec, NULL);
    if (state->link_type == NULL) {
        return -1;
    }
    return PyModule_AddType(module, state->link_type);
}

static int
ring_traverse(PyObject *module, visitproc visit, void *arg)
{
    RingState *state = (RingState *)PyModule_GetState_DuringGC(module);
    Py_VISIT(state->link_type);
    return 0;
}

static int
ring_clear(PyObject *module)
{
    RingState *state = (RingState *)PyModule_GetState(module);
    Py_CLEAR(state->link_type);
    return 0;
}

static PyObject *
ring_counts(PyObject *module, PyObject *ignored)
{
    (void)module;
    (void)ignored;
    return Py_BuildValue("ii", made, freed);
}

static PyObject *
ring_is_link(PyObject *module, PyObject *object)
{
    RingState *state = (RingState *)PyModule_GetState(module);
    return PyBool_FromLong(PyObject_TypeCheck(object, state->link_type));
}

static PyMethodDef ring_methods[] = {
    {"counts", ring_counts, METH_NOARGS, "How many links were made, and how many were freed."},
    {"is_link", ring_is_link, METH_O, "Whether an object is a Link of this module."},
    {NULL, NULL, 0, NULL},
};

PyABIInfo_VAR(abi_info);

static PySlot ring_slots[] = {
    PySlot_STATIC_DATA(Py_mod_abi, &abi_info),
    PySlot_STATIC_DATA(Py_mod_name, "ring"),
    PySlot_STATIC_DATA(Py_mod_doc, "Links that make rings."),
    PySlot_STATIC_DATA(Py_mod_methods, ring_methods),
    PySlot_SIZE(Py_mod_state_size, sizeof(RingState)),
    PySlot_FUNC(Py_mod_state_traverse, ring_traverse),
    PySlot_FUNC(Py_mod_state_clear, ring_clear),
    PySlot_FUNC(Py_mod_exec, ring_exec),
    PySlot_DATA(Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED),
    PySlot_DATA(Py_mod_gil, Py_MOD_GIL_USED),
    PySlot_END,
};

PyMODEXPORT_FUNC
PyModExport_ring(void)
{
    return ring_slots;
}
