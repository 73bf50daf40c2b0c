/* Types with slots that the Limited API has late: buffers, calls by vector. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stddef.h>

/* --- Lane: bytes that others may write to --------------------------------- */

typedef struct {
    PyObject_HEAD
    char data[16];
    Py_ssize_t views;
    PyObject *weakrefs;
} Lane;

static int
lane_getbuffer(Lane *self, Py_buffer *view, int flags)
{
    if (PyBuffer_FillInfo(view, (PyObject *)self, self->data, sizeof(self->data), 0, flags) < 0) {
        return -1;
    }
    self->views++;
    return 0;
}

static void
lane_releasebuffer(Lane *self, Py_buffer *Py_UNUSED(view))
{
    self->views--;
}

static PyBufferProcs lane_as_buffer = {
    (getbufferproc)lane_getbuffer,
    (releasebufferproc)lane_releasebuffer,
};

static void
lane_dealloc(Lane *self)
{
    if (self->weakrefs != NULL)
        PyObject_ClearWeakRefs((PyObject *)self);
    Py_TYPE(self)->tp_free(self);
}

static PyObject *
lane_views(Lane *self, void *Py_UNUSED(closure))
{
    return PyLong_FromSsize_t(self->views);
}

static PyGetSetDef lane_getset[] = {
    {"views", (getter)lane_views, NULL, "how many are open", NULL},
    {NULL}
};

static PyTypeObject LaneType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "lanes.Lane",
    .tp_basicsize = sizeof(Lane),
    .tp_dealloc = (destructor)lane_dealloc,
    .tp_as_buffer = &lane_as_buffer,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .tp_weaklistoffset = offsetof(Lane, weakrefs),
    .tp_getset = lane_getset,
    .tp_new = PyType_GenericNew,
};

/* --- Caller: called by vector ----------------------------------------------- */

typedef struct {
    PyObject_HEAD
    PyObject *first;
    vectorcallfunc vectorcall;
} Caller;

static PyObject *
caller_vectorcall(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    Py_ssize_t count = PyVectorcall_NARGS(nargsf);
    Py_ssize_t keywords = kwnames == NULL ? 0 : PyTuple_Size(kwnames);
    PyObject *last = count > 0 ? args[count - 1] : Py_None;
    return Py_BuildValue("(OnnO)", ((Caller *)self)->first, count, keywords, last);
}

static PyObject *
caller_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    PyObject *first;
    static char *names[] = {"first", NULL};
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O:Caller", names, &first)) {
        return NULL;
    }
    Caller *self = (Caller *)PyType_GenericNew(type, NULL, NULL);
    if (self != NULL) {
        self->first = Py_NewRef(first);
        self->vectorcall = caller_vectorcall;
    }
    return (PyObject *)self;
}

static int
caller_traverse(Caller *self, visitproc visit, void *arg)
{
    Py_VISIT(self->first);
    return 0;
}

static int
caller_clear(Caller *self)
{
    Py_CLEAR(self->first);
    return 0;
}

static void
caller_dealloc(Caller *self)
{
    PyObject_GC_UnTrack(self);
    caller_clear(self);
    Py_TYPE(self)->tp_free(self);
}

static PyTypeObject CallerType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "lanes.Caller",
    .tp_basicsize = sizeof(Caller),
    .tp_dealloc = (destructor)caller_dealloc,
    .tp_vectorcall_offset = offsetof(Caller, vectorcall),
    .tp_call = PyVectorcall_Call,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL |
                Py_TPFLAGS_BASETYPE,
    .tp_traverse = (traverseproc)caller_traverse,
    .tp_clear = (inquiry)caller_clear,
    .tp_new = caller_new,
};

extern int add_kinds(PyObject *module);

static int
lanes_exec(PyObject *module)
{
    if (add_kinds(module) < 0) {
        return -1;
    }
    if (PyType_Ready(&LaneType) < 0) {
        return -1;
    }
    if (PyModule_AddObjectRef(module, "Lane", (PyObject *)&LaneType) < 0) {
        return -1;
    }
    /* Readies it. */
    return PyModule_AddType(module, &CallerType);
}

static PyModuleDef_Slot lanes_slots[] = {
    {Py_mod_exec, lanes_exec},
    {0, NULL}
};

static struct PyModuleDef lanes_module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "lanes",
    .m_slots = lanes_slots,
};

PyMODINIT_FUNC
PyInit_lanes(void)
{
    return PyModuleDef_Init(&lanes_module);
}
