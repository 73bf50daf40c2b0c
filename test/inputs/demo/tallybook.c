/* The module: counting over rows, and Book, a list of rows with totals. */
#include "tallybook.h"

typedef struct {
    PyTypeObject *book;
    PyTypeObject *reader;
    PyTypeObject *summary;
} State;

/* ---- Functions over rows ---- */

/* columns(rows) -> tuple of lists; the rows are tuples of one length */
static PyObject *
tally_columns(PyObject *Py_UNUSED(module), PyObject *rows)
{
    PyObject *result = NULL;
    PyObject *table = PySequence_Fast(rows, "rows are a sequence");
    if (table == NULL) {
        return NULL;
    }
    Py_ssize_t height = PySequence_Fast_GET_SIZE(table);
    Py_ssize_t width = 0;
    for (Py_ssize_t r = 0; r < height; r++) {
        PyObject *row = PySequence_Fast_GET_ITEM(table, r);
        if (!PyTuple_Check(row)) {
            PyErr_Format(PyExc_TypeError, "row %zd is not a tuple", r);
            goto done;
        }
        if (r == 0) {
            width = FIELD_COUNT(row);
        }
        else if (FIELD_COUNT(row) != width) {
            PyErr_Format(PyExc_ValueError, "row %zd has %zd fields, not %zd",
                         r, FIELD_COUNT(row), width);
            goto done;
        }
    }
    result = PyTuple_New(width);
    if (result == NULL) {
        goto done;
    }
    for (Py_ssize_t c = 0; c < width; c++) {
        PyObject *column = PyList_New(height);
        if (column == NULL) {
            Py_CLEAR(result);
            goto done;
        }
        for (Py_ssize_t r = 0; r < height; r++) {
            PyObject *row = PySequence_Fast_GET_ITEM(table, r);
            PyList_SET_ITEM(column, r, Py_NewRef(FIELD(row, c)));
        }
        PyTuple_SET_ITEM(result, c, column);
    }
done:
    Py_DECREF(table);
    return result;
}

/* A number of a row as a double; *is_number tells whether it is one. */
static int
as_number(PyObject *value, double *number, int *is_number)
{
    *number = 0.0;
    *is_number = 1;
    if (PyFloat_Check(value)) {
        *number = PyFloat_AS_DOUBLE(value);
    }
    else if (PyLong_Check(value) && !PyBool_Check(value)) {
        *number = PyLong_AsDouble(value);
        if (*number == -1.0 && PyErr_Occurred()) {
            return -1;
        }
    }
    else {
        *is_number = 0;
    }
    return 0;
}

/* summary(rows) -> Summary(rows, fields, numbers, texts, total) */
static PyObject *
tally_summary(PyObject *module, PyObject *rows)
{
    State *state = (State *)PyModule_GetState(module);
    Py_ssize_t fields = 0, numbers = 0, texts = 0;
    double total = 0.0;
    if (!PyList_Check(rows)) {
        PyErr_Format(PyExc_TypeError, "rows are a list, not %R", Py_TYPE(rows));
        return NULL;
    }
    for (Py_ssize_t r = 0; r < PyList_GET_SIZE(rows); r++) {
        PyObject *row = PyList_GET_ITEM(rows, r);
        if (!PyTuple_Check(row)) {
            PyErr_Format(PyExc_TypeError, "row %zd is not a tuple", r);
            return NULL;
        }
        fields += FIELD_COUNT(row);
        for (Py_ssize_t c = 0; c < FIELD_COUNT(row); c++) {
            double number;
            int is_number;
            if (as_number(FIELD(row, c), &number, &is_number) < 0) {
                return NULL;
            }
            numbers += is_number;
            total += number;
            texts += PyUnicode_Check(FIELD(row, c));
        }
    }
    PyObject *result = PyStructSequence_New(state->summary);
    if (result == NULL) {
        return NULL;
    }
    PyStructSequence_SET_ITEM(result, 0, PyLong_FromSsize_t(PyList_GET_SIZE(rows)));
    PyStructSequence_SET_ITEM(result, 1, PyLong_FromSsize_t(fields));
    PyStructSequence_SET_ITEM(result, 2, PyLong_FromSsize_t(numbers));
    PyStructSequence_SET_ITEM(result, 3, PyLong_FromSsize_t(texts));
    PyStructSequence_SET_ITEM(result, 4, PyFloat_FromDouble(total));
    if (PyErr_Occurred()) {
        Py_DECREF(result);
        return NULL;
    }
    return result;
}

/* distinct(values) -> int */
static PyObject *
tally_distinct(PyObject *Py_UNUSED(module), PyObject *values)
{
    PyObject *set = PySet_New(values);
    if (set == NULL) {
        return NULL;
    }
    Py_ssize_t count = PySet_GET_SIZE(set);
    Py_DECREF(set);
    return PyLong_FromSsize_t(count);
}

/* Adds an amount to the total of a key. */
static int
add_to(PyObject *totals, PyObject *key, double amount)
{
    PyObject *before = PyDict_GetItemWithError(totals, key);
    if (before == NULL && PyErr_Occurred()) {
        return -1;
    }
    if (before != NULL) {
        if (!PyFloat_Check(before)) {
            PyErr_Format(PyExc_TypeError, "the total of %R is not a float", key);
            return -1;
        }
        amount += PyFloat_AS_DOUBLE(before);
    }
    PyObject *after = PyFloat_FromDouble(amount);
    if (after == NULL) {
        return -1;
    }
    int result = PyDict_SetItem(totals, key, after);
    Py_DECREF(after);
    return result;
}

/* merge_totals(into, other) -> int: how many keys `into` has afterwards */
static PyObject *
tally_merge_totals(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *into, *other, *key, *amount;
    Py_ssize_t position = 0;
    if (FIELD_COUNT(args) != 2) {
        PyErr_Format(PyExc_TypeError, "merge_totals takes 2 dicts, not %zd arguments",
                     FIELD_COUNT(args));
        return NULL;
    }
    into = FIELD(args, 0 /* changed */);
    other = FIELD(args, 1 /* only read */);
    if (!PyDict_Check(into) || !PyDict_Check(other) || into == other) {
        PyErr_SetString(PyExc_TypeError, "merge_totals takes 2 different dicts");
        return NULL;
    }
    while (PyDict_Next(other, &position, &key, &amount)) {
        if (Py_TYPE(amount) != &PyFloat_Type) {
            PyErr_Format(PyExc_TypeError, "the total of %R is not a float", key);
            return NULL;
        }
        if (add_to(into, key, PyFloat_AS_DOUBLE(amount)) < 0) {
            return NULL;
        }
    }
    return PyLong_FromSsize_t(PyDict_GET_SIZE(into));
}

/* take(totals, keys) -> list: removes the keys; None for one that is missing */
static PyObject *
tally_take(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *totals, *keys;
    if (!PyArg_ParseTuple(args, "O!O!:take", &PyDict_Type, &totals, &PyTuple_Type, &keys)) {
        return NULL;
    }
    PyObject *result = PyList_New(PyTuple_GET_SIZE(keys));
    if (result == NULL) {
        return NULL;
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(keys); i++) {
        PyObject *value = _PyDict_Pop(totals, PyTuple_GET_ITEM(keys, i), Py_None);
        if (value == NULL) {
            Py_DECREF(result);
            return NULL;
        }
        PyList_SET_ITEM(result, i, value);
    }
    return result;
}

/* ---- The reader of a book: iterates over its rows ---- */

typedef struct {
    PyObject_HEAD
    TallyBook *book;    /* NULL when it is through */
    Py_ssize_t next;
} Reader;

static void
reader_finish(Reader *reader)
{
    TallyBook *book = reader->book;
    if (book != NULL) {
        reader->book = NULL;
        DROP_BOOK(book);
    }
}

static void
reader_dealloc(Reader *reader)
{
    PyTypeObject *type = Py_TYPE(reader);
    reader_finish(reader);
    PyObject_DEL(reader);
    Py_DECREF(type);
}

static PyObject *
reader_next(Reader *reader)
{
    if (reader->book == NULL) {
        return NULL;
    }
    if (reader->next >= PyList_GET_SIZE(reader->book->rows)) {
        reader_finish(reader);
        return NULL;
    }
    return Py_NewRef(PyList_GET_ITEM(reader->book->rows, reader->next++));
}

/* Only a book makes readers. */
static PyObject *
reader_new(PyTypeObject *type, PyObject *Py_UNUSED(args), PyObject *Py_UNUSED(kwargs))
{
    return PyErr_Format(PyExc_TypeError, "cannot create %R instances", type);
}

static PyType_Slot reader_slots[] = {
    {Py_tp_new, (void *)reader_new},
    {Py_tp_dealloc, (void *)reader_dealloc},
    {Py_tp_iter, (void *)PyObject_SelfIter},
    {Py_tp_iternext, (void *)reader_next},
    {0, NULL},
};

static PyType_Spec reader_spec = {
    .name = "tallybook.Reader",
    .basicsize = sizeof(Reader),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = reader_slots,
};

/* ---- Book ---- */

static int
book_add_row(TallyBook *book, PyObject *row)
{
    double amount;
    int is_number;
    if (book->readers > 0) {
        PyErr_SetString(PyExc_RuntimeError, "the book is being read");
        return -1;
    }
    if (!PyTuple_Check(row) || FIELD_COUNT(row) == 0) {
        PyErr_SetString(PyExc_TypeError, "a row is a tuple with at least one field");
        return -1;
    }
    for (Py_ssize_t i = 1; i < FIELD_COUNT(row); i++) {
        if (as_number(FIELD(row, i), &amount, &is_number) < 0) {
            return -1;
        }
        if (is_number && add_to(book->totals, FIELD(row, 0), amount) < 0) {
            return -1;
        }
    }
    return PyList_Append(book->rows, row);
}

static PyObject *
book_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"name", "rows", NULL};
    PyObject *name, *rows = NULL;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "U|O:Book", keywords, &name, &rows)) {
        return NULL;
    }
    TallyBook *book = PyObject_GC_New(TallyBook, type);
    if (book == NULL) {
        return NULL;
    }
    book->readers = 0;
    book->name = Py_NewRef(name);
    book->rows = PyList_New(0);
    book->totals = PyDict_New();
    PyObject_GC_Track(book);
    if (book->rows == NULL || book->totals == NULL) {
        Py_DECREF(book);
        return NULL;
    }
    if (rows != NULL) {
        PyObject *table = PySequence_Fast(rows, "rows are a sequence");
        for (Py_ssize_t i = 0; table != NULL && i < PySequence_Fast_GET_SIZE(table); i++) {
            if (book_add_row(book, PySequence_Fast_GET_ITEM(table, i)) < 0) {
                Py_CLEAR(table);
            }
        }
        if (table == NULL) {
            Py_DECREF(book);
            return NULL;
        }
        Py_DECREF(table);
    }
    return (PyObject *)book;
}

static int
book_traverse(TallyBook *book, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(book));
    Py_VISIT(book->name);
    Py_VISIT(book->rows);
    Py_VISIT(book->totals);
    return 0;
}

static int
book_clear(TallyBook *book)
{
    Py_CLEAR(book->name);
    Py_CLEAR(book->rows);
    Py_CLEAR(book->totals);
    return 0;
}

static void
book_dealloc(TallyBook *book)
{
    PyTypeObject *type = Py_TYPE(book);
    PyObject_GC_UnTrack(book);
    book_clear(book);
    PyObject_GC_Del(book);
    Py_DECREF(type);
}

static PyObject *
book_repr(TallyBook *book)
{
    return PyUnicode_FromFormat("<Book %R of %zd rows>", book->name, PyList_GET_SIZE(book->rows));
}

static Py_ssize_t
book_length(TallyBook *book)
{
    return PyList_GET_SIZE(book->rows);
}

static PyObject *
book_item(TallyBook *book, Py_ssize_t index)
{
    if (index < 0 || index >= PyList_GET_SIZE(book->rows)) {
        PyErr_SetString(PyExc_IndexError, "no such row");
        return NULL;
    }
    PyObject *row = PyList_GET_ITEM(book->rows, index);
    Py_INCREF(row);
    return row;
}

static PyObject *
book_iter(TallyBook *book)
{
    State *state = (State *)PyType_GetModuleState(Py_TYPE(book));
    if (state == NULL) {
        return NULL;
    }
    Reader *reader = PyObject_NEW(Reader, state->reader);
    if (reader == NULL) {
        return NULL;
    }
    reader->book = book;
    reader->next = 0;
    HOLD_BOOK(book);
    return (PyObject *)reader;
}

/* add(row) -> the book itself, so that calls can be chained */
static PyObject *
book_add(TallyBook *book, PyObject *row)
{
    if (book_add_row(book, row) < 0) {
        return NULL;
    }
    return Py_NewRef(book);
}

/* reset(totals): other totals from now on; None for no totals yet */
static PyObject *
book_reset(TallyBook *book, PyObject *totals)
{
    if (Py_IsNone(totals)) {
        PyObject *empty = PyDict_New();
        if (empty == NULL) {
            return NULL;
        }
        Py_XSETREF(book->totals, empty);
    }
    else if (totals->ob_type == &PyDict_Type) {
        Py_SETREF(book->totals, Py_NewRef(totals));
    }
    else {
        PyErr_Format(PyExc_TypeError, "totals are a dict or None, not %R", Py_TYPE(totals));
        return NULL;
    }
    Py_RETURN_NONE;
}

/* total(key) -> float; 0.0 for a key without one */
static PyObject *
book_total(TallyBook *book, PyObject *key)
{
    PyObject *total = PyDict_GetItemWithError(book->totals, key);
    if (total == NULL) {
        return PyErr_Occurred() ? NULL : PyFloat_FromDouble(0.0);
    }
    return Py_NewRef(total);
}

/* settle(key) -> float: removes the total; KeyError for a key without one */
static PyObject *
book_settle(TallyBook *book, PyObject *key)
{
    return _PyDict_Pop(book->totals, key, NULL);
}

static PyObject *
book_pack(TallyBook *book, PyObject *Py_UNUSED(none))
{
    return tally_pack(NULL, book->rows);
}

static PyObject *
book_get_name(TallyBook *book, void *Py_UNUSED(closure))
{
    return Py_NewRef(book->name);
}

static int
book_set_name(TallyBook *book, PyObject *name, void *Py_UNUSED(closure))
{
    if (name == NULL || !PyUnicode_Check(name)) {
        PyErr_SetString(PyExc_TypeError, "the name is a str");
        return -1;
    }
    Py_INCREF(name);
    Py_SETREF(book->name, name);
    return 0;
}

static PyMethodDef book_methods[] = {
    {"add", (PyCFunction)book_add, METH_O, NULL},
    {"reset", (PyCFunction)book_reset, METH_O, NULL},
    {"total", (PyCFunction)book_total, METH_O, NULL},
    {"settle", (PyCFunction)book_settle, METH_O, NULL},
    {"pack", (PyCFunction)book_pack, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef book_getset[] = {
    {"name", (getter)book_get_name, (setter)book_set_name, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot book_slots[] = {
    {Py_tp_new, (void *)book_new},
    {Py_tp_traverse, (void *)book_traverse},
    {Py_tp_clear, (void *)book_clear},
    {Py_tp_dealloc, (void *)book_dealloc},
    {Py_tp_repr, (void *)book_repr},
    {Py_tp_iter, (void *)book_iter},
    {Py_tp_methods, book_methods},
    {Py_tp_getset, book_getset},
    {Py_sq_length, (void *)book_length},
    {Py_sq_item, (void *)book_item},
    {0, NULL},
};

static PyType_Spec book_spec = {
    .name = "tallybook.Book",
    .basicsize = sizeof(TallyBook),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = book_slots,
};

/* ---- The module ---- */

static PyStructSequence_Field summary_fields[] = {
    {"rows", NULL}, {"fields", NULL}, {"numbers", NULL}, {"texts", NULL}, {"total", NULL},
    {NULL, NULL},
};

static PyStructSequence_Desc summary_description = {
    "tallybook.Summary", NULL, summary_fields, 5,
};

static int
tally_exec(PyObject *module)
{
    State *state = (State *)PyModule_GetState(module);
    state->summary = PyStructSequence_NewType(&summary_description);
    if (state->summary == NULL || PyModule_AddType(module, state->summary) < 0) {
        return -1;
    }
    state->reader = (PyTypeObject *)PyType_FromModuleAndSpec(module, &reader_spec, NULL);
    if (state->reader == NULL) {
        return -1;
    }
    state->book = (PyTypeObject *)PyType_FromModuleAndSpec(module, &book_spec, NULL);
    if (state->book == NULL || PyModule_AddType(module, state->book) < 0) {
        return -1;
    }
    return 0;
}

static int
tally_traverse(PyObject *module, visitproc visit, void *arg)
{
    State *state = (State *)PyModule_GetState(module);
    Py_VISIT(state->book);
    Py_VISIT(state->reader);
    Py_VISIT(state->summary);
    return 0;
}

static int
tally_clear(PyObject *module)
{
    State *state = (State *)PyModule_GetState(module);
    Py_CLEAR(state->book);
    Py_CLEAR(state->reader);
    Py_CLEAR(state->summary);
    return 0;
}

static PyMethodDef tally_methods[] = {
    {"pack", tally_pack, METH_O, NULL},
    {"unpack", tally_unpack, METH_VARARGS, NULL},
    {"checksum", tally_checksum, METH_O, NULL},
    {"hex", tally_hex, METH_O, NULL},
    {"split_line", (PyCFunction)(void (*)(void))tally_split_line, METH_FASTCALL, NULL},
    {"join_line", tally_join_line, METH_O, NULL},
    {"widths", tally_widths, METH_O, NULL},
    {"initials", tally_initials, METH_O, NULL},
    {"columns", tally_columns, METH_O, NULL},
    {"summary", tally_summary, METH_O, NULL},
    {"distinct", tally_distinct, METH_O, NULL},
    {"merge_totals", tally_merge_totals, METH_VARARGS, NULL},
    {"take", tally_take, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot tally_slots[] = {
    {Py_mod_exec, (void *)tally_exec},
    {0, NULL},
};

static struct PyModuleDef tally_module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "tallybook",
    .m_doc = "Tables of records, packed into bytes, written as text, counted.",
    .m_size = sizeof(State),
    .m_methods = tally_methods,
    .m_slots = tally_slots,
    .m_traverse = tally_traverse,
    .m_clear = tally_clear,
};

PyMODINIT_FUNC
PyInit_tallybook(void)
{
    return PyModuleDef_Init(&tally_module);
}
