/* tallybook: tables of records, packed into bytes, written as text, counted. */
#ifndef TALLYBOOK_H
#define TALLYBOOK_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* One column of a row, and how many a row has; rows are tuples here. */
#define FIELD(row, column) PyTuple_GET_ITEM((row), (column))
#define FIELD_COUNT(row) PyTuple_GET_SIZE(row)

/* Is the value of this very type? Subclasses are not. */
#define EXACTLY(value, type) (Py_TYPE(value) == &(type))

/* A named list of rows, with a running total for each first field. */
typedef struct {
    PyObject_HEAD
    PyObject *name;     /* str */
    PyObject *rows;     /* list of tuples */
    PyObject *totals;   /* dict: first field -> float */
    int readers;        /* iterators that are under way */
} TallyBook;

/* A book must outlive the iterators over it. */
#define HOLD_BOOK(book)         \
    do {                        \
        Py_INCREF(book);        \
        (book)->readers++;      \
    } while (0)

#define DROP_BOOK(book)         \
    do {                        \
        (book)->readers--;      \
        Py_DECREF(book);        \
    } while (0)

/* Bytes that grow; `start` belongs to PyMem. */
typedef struct {
    char *start;
    Py_ssize_t used;
    Py_ssize_t room;
} Sink;

int sink_put(Sink *sink, const void *from, Py_ssize_t count);
void sink_drop(Sink *sink);

/* codec.c */
PyObject *tally_pack(PyObject *module, PyObject *rows);
PyObject *tally_unpack(PyObject *module, PyObject *args);
PyObject *tally_checksum(PyObject *module, PyObject *data);
PyObject *tally_hex(PyObject *module, PyObject *data);

/* text.c */
PyObject *tally_split_line(PyObject *module, PyObject *const *args, Py_ssize_t nargs);
PyObject *tally_join_line(PyObject *module, PyObject *fields);
PyObject *tally_widths(PyObject *module, PyObject *rows);
PyObject *tally_initials(PyObject *module, PyObject *names);

#endif
