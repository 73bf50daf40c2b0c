/* Rows as lines of text: fields with separators between, quoted if need be. */
#include "tallybook.h"

/* Where the next separator stands outside of quotes; `stop` if nowhere. */
static Py_ssize_t
next_separator(PyObject *line, Py_ssize_t start, Py_ssize_t stop, Py_UCS4 separator)
{
    int kind = PyUnicode_KIND(line);
    const void *data = PyUnicode_DATA(line);
    int quoted = 0;
    for (Py_ssize_t i = start; i < stop; i++) {
        Py_UCS4 c = PyUnicode_READ(kind, data, i);
        if (c == '"') {
            quoted = !quoted;
        }
        else if (c == separator && !quoted) {
            return i;
        }
    }
    return stop;
}

/* split_line(line, separator=",") -> list of str, quotes kept */
PyObject *
tally_split_line(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t nargs)
{
    Py_UCS4 separator = ',';
    if (nargs < 1 || nargs > 2) {
        PyErr_Format(PyExc_TypeError, "split_line takes 1 or 2 arguments, not %zd", nargs);
        return NULL;
    }
    PyObject *line = args[0];
    if (!PyUnicode_Check(line)) {
        PyErr_Format(PyExc_TypeError, "a line is a str, not %R", Py_TYPE(line));
        return NULL;
    }
    if (nargs == 2) {
        if (!PyUnicode_Check(args[1]) || PyUnicode_GET_LENGTH(args[1]) != 1) {
            PyErr_SetString(PyExc_ValueError, "the separator is one character");
            return NULL;
        }
        separator = PyUnicode_READ_CHAR(args[1], 0);
    }
    if (PyUnicode_READY(line) < 0) {
        return NULL;
    }
    PyObject *fields = PyList_New(0);
    if (fields == NULL) {
        return NULL;
    }
    Py_ssize_t length = PyUnicode_GET_LENGTH(line);
    Py_ssize_t start = 0;
    for (;;) {
        Py_ssize_t end = next_separator(line, start, length, separator);
        PyObject *field = PyUnicode_Substring(line, start, end);
        if (field == NULL || PyList_Append(fields, field) < 0) {
            Py_XDECREF(field);
            Py_DECREF(fields);
            return NULL;
        }
        Py_DECREF(field);
        if (end == length) {
            return fields;
        }
        start = end + 1;
    }
}

/* One field of a line; with quotes when a plain one would be misread. */
static int
put_text(Sink *sink, PyObject *text)
{
    const char *utf8 = PyUnicode_AsUTF8(text /* stays with the str */);
    if (utf8 == NULL) {
        return -1;
    }
    if (PyUnicode_FindChar(text, 0, 0, PyUnicode_GET_LENGTH(text), 1) >= 0) {
        PyErr_SetString(PyExc_ValueError, "a line cannot hold a null character");
        return -1;
    }
    if (strpbrk(utf8, ",\"\n") == NULL) {
        return sink_put(sink, utf8, (Py_ssize_t)strlen(utf8));
    }
    if (sink_put(sink, "\"", 1) < 0) {
        return -1;
    }
    for (const char *c = utf8; *c != '\0'; c++) {
        if (sink_put(sink, c, 1) < 0 || (*c == '"' && sink_put(sink, c, 1) < 0)) {
            return -1;
        }
    }
    return sink_put(sink, "\"", 1);
}

static int
put_value(Sink *sink, PyObject *value)
{
    char number[64];
    if (PyUnicode_Check(value)) {
        return put_text(sink, value);
    }
    if (EXACTLY(value, PyFloat_Type)) {
        snprintf(number, sizeof number, "%.6g", ((PyFloatObject *)value)->ob_fval);
        return sink_put(sink, number, (Py_ssize_t)strlen(number));
    }
    PyObject *text = PyObject_Str(value);
    if (text == NULL) {
        return -1;
    }
    int result = put_text(sink, text);
    Py_DECREF(text);
    return result;
}

/* join_line(fields) -> str */
PyObject *
tally_join_line(PyObject *Py_UNUSED(module), PyObject *fields)
{
    Sink sink = {NULL, 0, 0};
    PyObject *line = NULL;
    PyObject *items = PySequence_Fast(fields, "fields are a sequence");
    if (items == NULL) {
        return NULL;
    }
    Py_ssize_t count = PySequence_Fast_GET_SIZE(items);
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *value = PySequence_Fast_GET_ITEM(items,
                                                   i);    /* borrowed */
        if ((i > 0 && sink_put(&sink, ",", 1) < 0) || put_value(&sink, value) < 0) {
            goto done;
        }
    }
    line = PyUnicode_DecodeUTF8(sink.start != NULL ? sink.start : "", sink.used, NULL);
done:
    sink_drop(&sink);
    Py_DECREF(items);
    return line;
}

/* widths(rows) -> tuple of int: the longest text of each column */
PyObject *
tally_widths(PyObject *Py_UNUSED(module), PyObject *rows)
{
    Py_ssize_t columns = 0;
    if (!PyList_Check(rows)) {
        PyErr_Format(PyExc_TypeError, "rows are a list, not %R", Py_TYPE(rows));
        return NULL;
    }
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(rows); i++) {
        PyObject *row = PyList_GET_ITEM(rows, i);
        if (!PyTuple_Check(row)) {
            PyErr_Format(PyExc_TypeError, "row %zd is not a tuple", i);
            return NULL;
        }
        if (((PyVarObject *)row)->ob_size > columns) {
            columns = FIELD_COUNT(row);
        }
    }
    Py_ssize_t *widest = PyMem_NEW(Py_ssize_t, columns);
    if (widest == NULL) {
        return PyErr_NoMemory();
    }
    memset(widest, 0, (size_t)columns * sizeof *widest);
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(rows); i++) {
        PyObject *row = PyList_GET_ITEM(rows, i);
        for (Py_ssize_t c = 0; c < FIELD_COUNT(row); c++) {
            if (PyUnicode_Check(FIELD(row, c)) && PyUnicode_GET_LENGTH(FIELD(row, c)) > widest[c]) {
                widest[c] = PyUnicode_GET_LENGTH(FIELD(row, c));
            }
        }
    }
    PyObject *result = PyTuple_New(columns);
    for (Py_ssize_t c = 0; result != NULL && c < columns; c++) {
        PyObject *width = PyLong_FromSsize_t(widest[c]);
        if (width == NULL) {
            Py_CLEAR(result);
            break;
        }
        PyTuple_SET_ITEM(result, c, width);
    }
    PyMem_DEL(widest);
    return result;
}

/* initials(names) -> list of str: the first character of each name */
PyObject *
tally_initials(PyObject *Py_UNUSED(module), PyObject *names)
{
    if (!PySequence_Check(names)) {
        PyErr_Format(PyExc_TypeError, "names are a sequence, not %R", Py_TYPE(names));
        return NULL;
    }
    Py_ssize_t count = PySequence_Size(names);
    if (count < 0) {
        return NULL;
    }
    PyObject *result = PyList_New(count);
    if (result == NULL) {
        return NULL;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *name = PySequence_ITEM(names, i);
        if (name == NULL) {
            Py_DECREF(result);
            return NULL;
        }
        if (!PyUnicode_Check(name) || PyUnicode_GET_LENGTH(name) == 0) {
            PyErr_Format(PyExc_ValueError, "name %zd is empty or no str", i);
            Py_DECREF(name);
            Py_DECREF(result);
            return NULL;
        }
        PyObject *initial = PyUnicode_FromOrdinal((int)PyUnicode_READ_CHAR(name, 0));
        Py_DECREF(name);
        if (initial == NULL) {
            Py_DECREF(result);
            return NULL;
        }
        PyList_SET_ITEM(result, i, initial);
    }
    return result;
}
