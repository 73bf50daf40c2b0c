/* Rows to bytes and back. Every number is stored with its lowest byte first. */
#include "tallybook.h"

static const char MAGIC[4] = {'T', 'L', 'Y', '1'};

int
sink_put(Sink *sink, const void *from, Py_ssize_t count)
{
    if (count > sink->room - sink->used) {
        Py_ssize_t room = sink->room > 0 ? sink->room : 64;
        while (room - sink->used < count) {
            room *= 2;
        }
        char *start = (char *)PyMem_REALLOC(sink->start, room);
        if (start == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        sink->start = start;
        sink->room = room;
    }
    memcpy(sink->start + sink->used, from, count);
    sink->used += count;
    return 0;
}

void
sink_drop(Sink *sink)
{
    PyMem_FREE(sink->start);
    sink->start = NULL;
    sink->used = sink->room = 0;
}

static int
put_number(Sink *sink, unsigned long long number, int width)
{
    unsigned char bytes[8];
    for (int i = 0; i < width; i++) {
        bytes[i] = (unsigned char)(number >> (8 * i));
    }
    return sink_put(sink, bytes, width);
}

/* A tag, a length, and that many bytes. */
static int
put_block(Sink *sink, char tag, const char *bytes, Py_ssize_t length)
{
    if ((unsigned long long)length > 0xffffffffu) {
        PyErr_SetString(PyExc_OverflowError, "a field holds less than 4 GiB");
        return -1;
    }
    if (sink_put(sink, &tag, 1) < 0 || put_number(sink, (unsigned long long)length, 4) < 0) {
        return -1;
    }
    return sink_put(sink, bytes, length);
}

static int
put_field(Sink *sink, PyObject *value)
{
    if (Py_IsNone(value)) {
        return sink_put(sink, "n", 1);
    }
    if (PyBool_Check(value)) {
        return sink_put(sink, Py_IsTrue(value) ? "y" : "z", 1);
    }
    if (PyLong_Check(value)) {
        long long number = PyLong_AsLongLong(value);
        if (number == -1 && PyErr_Occurred()) {
            return -1;
        }
        if (sink_put(sink, "i", 1) < 0) {
            return -1;
        }
        return put_number(sink, (unsigned long long)number, 8);
    }
    if (EXACTLY(value, PyFloat_Type)) {
        double number = PyFloat_AS_DOUBLE(value);
        unsigned long long bits;
        memcpy(&bits, &number, sizeof bits);
        if (sink_put(sink, "d", 1) < 0) {
            return -1;
        }
        return put_number(sink, bits, 8);
    }
    if (PyUnicode_Check(value)) {
        Py_ssize_t length;
        const char *text = PyUnicode_AsUTF8AndSize(value, &length);
        if (text == NULL) {
            return -1;
        }
        return put_block(sink, 's', text, length);
    }
    if (PyBytes_Check(value)) {
        return put_block(sink, 'b', PyBytes_AS_STRING(value), PyBytes_GET_SIZE(value));
    }
    if (PyByteArray_Check(value)) {
        return put_block(sink, 'a',
                         PyByteArray_AS_STRING(value),    /* not kept past this call */
                         PyByteArray_GET_SIZE(value));
    }
    PyErr_Format(PyExc_TypeError, "cannot pack a value of %R", value->ob_type);
    return -1;
}

static int
put_field_count(Sink *sink, Py_ssize_t count)
{
    if (count > 0xffff) {
        PyErr_Format(PyExc_OverflowError, "a row has at most 65535 fields, not %zd", count);
        return -1;
    }
    return put_number(sink, (unsigned long long)count, 2);
}

static int
put_row(Sink *sink, PyObject *row)
{
    if (PyList_Check(row)) {
        if (put_field_count(sink, PyList_GET_SIZE(row)) < 0) {
            return -1;
        }
        for (Py_ssize_t i = 0; i < PyList_GET_SIZE(row); i++) {
            if (put_field(sink, PyList_GET_ITEM(row, i)) < 0) {
                return -1;
            }
        }
        return 0;
    }
    if (!PyTuple_Check(row)) {
        PyErr_Format(PyExc_TypeError, "a row is a tuple or a list, not %R", Py_TYPE(row));
        return -1;
    }
    if (put_field_count(sink, FIELD_COUNT(row)) < 0) {
        return -1;
    }
    for (Py_ssize_t i = 0; i < FIELD_COUNT(row); i++) {
        if (put_field(sink, FIELD(row, i)) < 0) {
            return -1;
        }
    }
    return 0;
}

PyObject *
tally_pack(PyObject *Py_UNUSED(module), PyObject *rows)
{
    Sink sink = {NULL, 0, 0};
    PyObject *result = NULL;
    PyObject *table = PySequence_Fast(rows, "rows are a sequence");
    if (table == NULL) {
        return NULL;
    }
    if (sink_put(&sink, MAGIC, sizeof MAGIC) < 0 ||
        put_number(&sink, (unsigned long long)PySequence_Fast_GET_SIZE(table), 4) < 0) {
        goto done;
    }
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(table); i++) {
        if (put_row(&sink, PySequence_Fast_GET_ITEM(table, i)) < 0) {
            goto done;
        }
    }
    result = PyBytes_FromStringAndSize(NULL, sink.used);
    if (result != NULL) {
        memcpy(PyBytes_AS_STRING(result), sink.start, sink.used);
    }
done:
    sink_drop(&sink);
    Py_DECREF(table);
    return result;
}

/* What is still to be read. */
typedef struct {
    const unsigned char *at;
    const unsigned char *end;
} Source;

static const unsigned char *
take(Source *source, unsigned long long count)
{
    if ((unsigned long long)(source->end - source->at) < count) {
        PyErr_SetString(PyExc_ValueError, "packed table is cut short");
        return NULL;
    }
    const unsigned char *start = source->at;
    source->at += count;
    return start;
}

static int
take_number(Source *source, int width, unsigned long long *number)
{
    const unsigned char *bytes = take(source, (unsigned long long)width);
    if (bytes == NULL) {
        return -1;
    }
    *number = 0;
    for (int i = width; i-- > 0;) {
        *number = *number << 8 | bytes[i];
    }
    return 0;
}

static PyObject *
take_block(Source *source, unsigned char tag)
{
    unsigned long long length;
    if (take_number(source, 4, &length) < 0) {
        return NULL;
    }
    const char *bytes = (const char *)take(source, length);
    if (bytes == NULL) {
        return NULL;
    }
    switch (tag) {
    case 's':
        return PyUnicode_DecodeUTF8(bytes, (Py_ssize_t)length, NULL);
    case 'b':
        return PyBytes_FromStringAndSize(bytes, (Py_ssize_t)length);
    default:
        return PyByteArray_FromStringAndSize(bytes, (Py_ssize_t)length);
    }
}

static PyObject *
take_field(Source *source)
{
    unsigned long long bits;
    double number;
    const unsigned char *tag = take(source, 1);
    if (tag == NULL) {
        return NULL;
    }
    switch (*tag) {
    case 'n':
        Py_RETURN_NONE;
    case 'y':
        Py_RETURN_TRUE;
    case 'z':
        Py_RETURN_FALSE;
    case 'i':
        if (take_number(source, 8, &bits) < 0) {
            return NULL;
        }
        return PyLong_FromLongLong((long long)bits);
    case 'd':
        if (take_number(source, 8, &bits) < 0) {
            return NULL;
        }
        memcpy(&number, &bits, sizeof number);
        return PyFloat_FromDouble(number);
    case 's':
    case 'b':
    case 'a':
        return take_block(source, *tag);
    default:
        return PyErr_Format(PyExc_ValueError, "unknown field tag %d", *tag);
    }
}

static PyObject *
take_row(Source *source)
{
    unsigned long long count;
    if (take_number(source, 2, &count) < 0) {
        return NULL;
    }
    PyObject *row = PyTuple_New((Py_ssize_t)count);
    if (row == NULL) {
        return NULL;
    }
    for (Py_ssize_t i = 0; i < (Py_ssize_t)count; i++) {
        PyObject *value = take_field(source);
        if (value == NULL) {
            Py_DECREF(row);
            return NULL;
        }
        PyTuple_SET_ITEM(row, i, value);
    }
    return row;
}

static PyObject *
take_table(Source *source)
{
    unsigned long long count;
    const unsigned char *magic = take(source, sizeof MAGIC);
    if (magic == NULL) {
        return NULL;
    }
    if (memcmp(magic, MAGIC, sizeof MAGIC) != 0) {
        PyErr_SetString(PyExc_ValueError, "not a packed table");
        return NULL;
    }
    if (take_number(source, 4, &count) < 0) {
        return NULL;
    }
    /* Each row takes two bytes at least, so a wrong count asks for no memory. */
    if (count > (unsigned long long)(source->end - source->at) / 2) {
        PyErr_SetString(PyExc_ValueError, "packed table is cut short");
        return NULL;
    }
    PyObject *rows = PyList_New((Py_ssize_t)count);
    if (rows == NULL) {
        return NULL;
    }
    for (Py_ssize_t i = 0; i < (Py_ssize_t)count; i++) {
        PyObject *row = take_row(source);
        if (row == NULL) {
            Py_DECREF(rows);
            return NULL;
        }
        PyList_SET_ITEM(rows, i, row);
    }
    return rows;
}

PyObject *
tally_unpack(PyObject *Py_UNUSED(module), PyObject *args)
{
    Py_buffer data;
    if (!PyArg_ParseTuple(args, "y*:unpack", &data)) {
        return NULL;
    }
    Source source = {(const unsigned char *)data.buf,
                     (const unsigned char *)data.buf + data.len};
    PyObject *rows = take_table(&source);
    if (rows != NULL && source.at != source.end) {
        PyErr_Format(PyExc_ValueError, "%zd bytes follow the table",
                     (Py_ssize_t)(source.end - source.at));
        Py_CLEAR(rows);
    }
    PyBuffer_Release(&data);
    return rows;
}

PyObject *
tally_checksum(PyObject *Py_UNUSED(module), PyObject *data)
{
    Py_buffer view;
    unsigned long low = 1, high = 0;
    if (PyObject_GetBuffer(data, &view, PyBUF_SIMPLE) < 0) {
        return NULL;
    }
    const unsigned char *bytes = (const unsigned char *)view.buf;
    for (Py_ssize_t i = 0; i < view.len; i++) {
        low = (low + bytes[i]) % 65521;
        high = (high + low) % 65521;
    }
    PyBuffer_Release(&view);
    return PyLong_FromUnsignedLong(high << 16 | low);
}

/* The bytes in hexadecimal, as bytes; for both kinds of bytes objects. */
PyObject *
tally_hex(PyObject *Py_UNUSED(module), PyObject *data)
{
    static const char digits[] = "0123456789abcdef";
    const char *from;
    Py_ssize_t length;
    if (PyBytes_Check(data)) {
        from = PyBytes_AS_STRING(data);
        length = PyBytes_GET_SIZE(data);
    }
    else if (PyByteArray_Check(data)) {
        from = PyByteArray_AS_STRING(data);
        length = PyByteArray_GET_SIZE(data);
    }
    else {
        PyErr_Format(PyExc_TypeError, "expected bytes or bytearray, not %R", Py_TYPE(data));
        return NULL;
    }
    PyObject *result = PyBytes_FromStringAndSize(NULL, 2 * length);
    if (result == NULL) {
        return NULL;
    }
    char *to = PyBytes_AS_STRING(result);
    for (Py_ssize_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)from[i];
        *to++ = digits[byte >> 4];
        *to++ = digits[byte & 15];
    }
    return result;
}
