/* Cells: containers that the garbage collector knows. */
#include "shapes.h"

/* --- Cell ---------------------------------------------------------------- */

static int
cell_init(Cell *self, PyObject *args, PyObject *kwargs)
{
    PyObject *first = NULL, *items;
    static char *names[] = {"items", NULL};
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O:Cell", names, &first)) {
        return -1;
    }
    items = first == NULL ? PyList_New(0) : PySequence_List(first);
    if (items == NULL) {
        return -1;
    }
    Py_XDECREF(self->items);
    self->items = items;
    return 0;
}

static int
cell_traverse(Cell *self, visitproc visit, void *arg)
{
    Py_VISIT(self->items);
    Py_VISIT(self->attributes);
    return 0;
}

static int
cell_clear(Cell *self)
{
    Py_CLEAR(self->items);
    Py_CLEAR(self->attributes);
    return 0;
}

static void
cell_dealloc(Cell *self)
{
    PyObject_GC_UnTrack(self);
    if (self->weakrefs != NULL) {
        PyObject_ClearWeakRefs((PyObject *)self);
    }
    if (self->items == NULL && self->attributes == NULL) {
        /* nothing to release */
        Py_TYPE(self)->tp_free((PyObject *)self);
        return;
    }
    cell_clear(self);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static int
cell_ready(Cell *self)
{
    if (self->items == NULL) {
        PyErr_SetString(PyExc_ValueError, "the cell is not filled");
        return -1;
    }
    return 0;
}

static Py_ssize_t
cell_length(Cell *self)
{
    return cell_ready(self) < 0 ? -1 : PyList_Size(self->items);
}

static PyObject *
cell_item(Cell *self, Py_ssize_t index)
{
    PyObject *item;
    if (cell_ready(self) < 0) {
        return NULL;
    }
    item = PyList_GetItem(self->items, index);
    Py_XINCREF(item);
    return item;
}

static int
cell_ass_item(Cell *self, Py_ssize_t index, PyObject *value)
{
    if (cell_ready(self) < 0) {
        return -1;
    }
    if (value == NULL) {
        return PySequence_DelItem(self->items, index);
    }
    Py_INCREF(value);
    return PyList_SetItem(self->items, index, value);
}

static int
cell_contains(Cell *self, PyObject *value)
{
    return cell_ready(self) < 0 ? -1 : PySequence_Contains(self->items, value);
}

static PyObject *
cell_concat(Cell *self, PyObject *other)
{
    if (!Cell_Check(other)) {
        PyErr_SetString(PyExc_TypeError, "a cell takes cells only");
        return NULL;
    }
    if (cell_ready(self) < 0 || cell_ready((Cell *)other) < 0) {
        return NULL;
    }
    return PySequence_Concat(self->items, ((Cell *)other)->items);
}

static PyObject *
cell_subscript(Cell *self, PyObject *key)
{
    if (cell_ready(self) < 0) {
        return NULL;
    }
    if (PyUnicode_Check(key)) {
        return PyObject_GetAttr((PyObject *)self, key);
    }
    return PyObject_GetItem(self->items, key);
}

static int
cell_ass_subscript(Cell *self, PyObject *key, PyObject *value)
{
    if (cell_ready(self) < 0) {
        return -1;
    }
    return value == NULL ? PyObject_DelItem(self->items, key)
                         : PyObject_SetItem(self->items, key, value);
}

static PyObject *
cell_iter(Cell *self)
{
    return cell_ready(self) < 0 ? NULL : PyObject_GetIter(self->items);
}

static PyObject *
cell_reduce(Cell *self, PyObject *Py_UNUSED(ignored))
{
    if (cell_ready(self) < 0) {
        return NULL;
    }
    return Py_BuildValue("(O(O))", Py_TYPE(self), self->items);
}

static PyMethodDef cell_methods[] = {
    {"__reduce__", (PyCFunction)cell_reduce, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL}
};

static PySequenceMethods cell_as_sequence = {
    .sq_length = (lenfunc)cell_length,
    .sq_concat = (binaryfunc)cell_concat,
    .sq_item = (ssizeargfunc)cell_item,
    .sq_ass_item = (ssizeobjargproc)cell_ass_item,
    .sq_contains = (objobjproc)cell_contains,
};

static PyMappingMethods cell_as_mapping = {
    (lenfunc)cell_length,
    (binaryfunc)cell_subscript,
    (objobjargproc)cell_ass_subscript,
};

PyTypeObject CellType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "shapes.Cell",
    .tp_basicsize = sizeof(Cell),
    .tp_dealloc = (destructor)cell_dealloc,
    .tp_as_sequence = &cell_as_sequence,
    .tp_as_mapping = &cell_as_mapping,
    .tp_hash = PyObject_HashNotImplemented,
    .tp_getattro = PyObject_GenericGetAttr,
    .tp_setattro = PyObject_GenericSetAttr,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .tp_doc = "Cell(items=())\n--\n\nA list with attributes.",
    .tp_traverse = (traverseproc)cell_traverse,
    .tp_clear = (inquiry)cell_clear,
    .tp_weaklistoffset = offsetof(Cell, weakrefs),
    .tp_iter = (getiterfunc)cell_iter,
    .tp_methods = cell_methods,
    .tp_dictoffset = offsetof(Cell, attributes),
    .tp_init = (initproc)cell_init,
};

/* --- NamedCell: its base is set when the module is made ------------------ */

typedef struct {
    Cell cell;
    PyObject *name;
} NamedCell;

static int
namedcell_traverse(NamedCell *self, visitproc visit, void *arg)
{
    Py_VISIT(self->name);
    return cell_traverse((Cell *)self, visit, arg);
}

static int
namedcell_clear(NamedCell *self)
{
    Py_CLEAR(self->name);
    return cell_clear((Cell *)self);
}

static void
namedcell_dealloc(NamedCell *self)
{
    PyObject_GC_UnTrack(self);
    Py_CLEAR(self->name);
    cell_dealloc((Cell *)self);
}

static PyMemberDef namedcell_members[] = {
    {"name", T_OBJECT, offsetof(NamedCell, name), 0, NULL},
    {NULL, 0, 0, 0, NULL}
};

static PyTypeObject NamedCellType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    "shapes.NamedCell", sizeof(NamedCell), 0,
    (destructor)namedcell_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_traverse = (traverseproc)namedcell_traverse,
    .tp_clear = (inquiry)namedcell_clear,
    .tp_members = namedcell_members,
};

/* --- Token: made by a function alone, never by a call -------------------- */

typedef struct {
    PyObject_HEAD
    PyObject *value;
} Token;

PyObject *
token_new(PyObject *value)
{
    Token *token = PyObject_New(Token, &TokenType);
    if (token == NULL) {
        return NULL;
    }
    Py_INCREF(value);
    token->value = value;
    return (PyObject *)token;
}

static void
token_dealloc(PyObject *self)
{
    Py_DECREF(((Token *)self)->value);
    PyObject_Del(self);
}

static PyObject *
token_call(Token *self, PyObject *args, PyObject *kwargs)
{
    if (kwargs != NULL && PyDict_Size(kwargs) > 0) {
        PyErr_SetString(PyExc_TypeError, "a token takes no keywords");
        return NULL;
    }
    return Py_BuildValue("(OO)", self->value, args);
}

PyTypeObject TokenType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    "shapes.Token",
    sizeof(Token),
    .tp_dealloc = token_dealloc,
    .tp_call = (ternaryfunc)token_call,
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_doc = "What token() gives.",
};

int
cells_add(PyObject *module)
{
    CellType.tp_new = PyType_GenericNew;
    if (PyType_Ready(&CellType) < 0) {
        return -1;
    }
    NamedCellType.tp_base = &CellType;
    if (PyType_Ready(&NamedCellType) < 0) {
        return -1;
    }
    if (PyType_Ready(&TokenType) < 0) {
        return -1;
    }
    Py_INCREF(&CellType);
    PyModule_AddObject(module, "Cell", (PyObject *)&CellType);
    Py_INCREF(&NamedCellType);
    PyModule_AddObject(module, "NamedCell", (PyObject *)&NamedCellType);
    Py_INCREF(&TokenType);
    PyModule_AddObject(module, "Token", (PyObject *)&TokenType);
    return 0;
}
