/*[clinic input]
preserve
[clinic start generated code]*/

#if defined(Py_BUILD_CORE) && !defined(Py_BUILD_CORE_MODULE)
#  include "pycore_gc.h"            // PyGC_Head
#  include "pycore_runtime.h"       // _Py_ID()
#endif


PyDoc_STRVAR(shelf_place__doc__,
"place($module, /, item, row, column=-1, *, fixed=False)\n"
"--\n"
"\n");

#define SHELF_PLACE_METHODDEF    \
    {"place", _PyCFunction_CAST(shelf_place), METH_FASTCALL|METH_KEYWORDS, shelf_place__doc__},

static PyObject *
shelf_place_impl(PyObject *module, PyObject *item, int row, Py_ssize_t column, int fixed);

static PyObject *
shelf_place(PyObject *module, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    PyObject *return_value = NULL;
    static const char * const _keywords[] = {"item", "row", "column", "fixed", NULL};
    static _PyArg_Parser _parser = {NULL, _keywords, "place", 0};
    PyObject *argsbuf[4];
    Py_ssize_t noptargs = nargs + (kwnames ? PyTuple_GET_SIZE(kwnames) : 0) - 2;
    PyObject *item;
    int row;
    Py_ssize_t column = -1;
    int fixed = 0;

    args = _PyArg_UnpackKeywords(args, nargs, NULL, kwnames, &_parser, 2, 3, 0, argsbuf);
    if (!args) {
        goto exit;
    }
    item = args[0];
    row = _PyLong_AsInt(args[1]);
    if (row == -1 && PyErr_Occurred()) {
        goto exit;
    }
    if (!noptargs) {
        goto skip_optional_pos;
    }
    if (args[2]) {
        {
            Py_ssize_t ival = -1;
            PyObject *iobj = _PyNumber_Index(args[2]);
            if (iobj != NULL) {
                ival = PyLong_AsSsize_t(iobj);
                Py_DECREF(iobj);
            }
            if (ival == -1 && PyErr_Occurred()) {
                goto exit;
            }
            column = ival;
        }
        if (!--noptargs) {
            goto skip_optional_pos;
        }
    }
skip_optional_pos:
    if (!noptargs) {
        goto skip_optional_kwonly;
    }
    fixed = PyObject_IsTrue(args[3]);
    if (fixed < 0) {
        goto exit;
    }
skip_optional_kwonly:
    return_value = shelf_place_impl(module, item, row, column, fixed);

exit:
    return return_value;
}

PyDoc_STRVAR(shelf_label__doc__,
"label($module, text, /, size=1.0, *, font)\n"
"--\n"
"\n");

#define SHELF_LABEL_METHODDEF    \
    {"label", _PyCFunction_CAST(shelf_label), METH_FASTCALL|METH_KEYWORDS, shelf_label__doc__},

static PyObject *
shelf_label_impl(PyObject *module, const char *text, double size, PyObject *font);

static PyObject *
shelf_label(PyObject *module, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    PyObject *return_value = NULL;
    #if defined(Py_BUILD_CORE) && !defined(Py_BUILD_CORE_MODULE)

    #define NUM_KEYWORDS 2
    static struct {
        PyGC_Head _this_is_not_used;
        PyObject_VAR_HEAD
        PyObject *ob_item[NUM_KEYWORDS];
    } _kwtuple = {
        .ob_base = PyVarObject_HEAD_INIT(&PyTuple_Type, NUM_KEYWORDS)
        .ob_item = { &_Py_ID(size), &_Py_ID(font), },
    };
    #undef NUM_KEYWORDS
    #define KWTUPLE (&_kwtuple.ob_base.ob_base)

    #else  // !Py_BUILD_CORE
    #  define KWTUPLE NULL
    #endif  // !Py_BUILD_CORE

    static const char * const _keywords[] = {"", "size", "font", NULL};
    static _PyArg_Parser _parser = {
        .keywords = _keywords,
        .fname = "label",
        .kwtuple = KWTUPLE,
    };
    #undef KWTUPLE
    PyObject *argsbuf[3];
    Py_ssize_t noptargs = nargs + (kwnames ? PyTuple_GET_SIZE(kwnames) : 0) - 2;
    const char *text;
    double size = 1.0;
    PyObject *font;

    args = _PyArg_UnpackKeywords(args, nargs, NULL, kwnames, &_parser, 1, 2, 1, argsbuf);
    if (!args) {
        goto exit;
    }
    if (!PyUnicode_Check(args[0])) {
        _PyArg_BadArgument("label", "argument 1", "str", args[0]);
        goto exit;
    }
    Py_ssize_t text_length;
    text = PyUnicode_AsUTF8AndSize(args[0], &text_length);
    if (text == NULL) {
        goto exit;
    }
    if (strlen(text) != (size_t)text_length) {
        PyErr_SetString(PyExc_ValueError, "embedded null character");
        goto exit;
    }
    if (!noptargs) {
        goto skip_optional_pos;
    }
    if (args[1]) {
        if (PyFloat_CheckExact(args[1])) {
            size = PyFloat_AS_DOUBLE(args[1]);
        }
        else
        {
            size = PyFloat_AsDouble(args[1]);
            if (size == -1.0 && PyErr_Occurred()) {
                goto exit;
            }
        }
        if (!--noptargs) {
            goto skip_optional_pos;
        }
    }
skip_optional_pos:
    if (!PyList_Check(args[2])) {
        _PyArg_BadArgument("label", "argument 'font'", "list", args[2]);
        goto exit;
    }
    font = args[2];
    return_value = shelf_label_impl(module, text, size, font);

exit:
    return return_value;
}

PyDoc_STRVAR(shelf_span__doc__,
"span($module, first, last=None, /)\n"
"--\n"
"\n");

#define SHELF_SPAN_METHODDEF    \
    {"span", _PyCFunction_CAST(shelf_span), METH_FASTCALL, shelf_span__doc__},

static PyObject *
shelf_span_impl(PyObject *module, PyObject *first, PyObject *last);

static PyObject *
shelf_span(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    PyObject *return_value = NULL;
    PyObject *first;
    PyObject *last = NULL;

    if (!_PyArg_CheckPositional("span", nargs, 1, 2)) {
        goto exit;
    }
    if (!PyUnicode_Check(args[0])) {
        _PyArg_BadArgument("span", "argument 1", "str", args[0]);
        goto exit;
    }
    if (PyUnicode_READY(args[0]) == -1) {
        goto exit;
    }
    first = args[0];
    if (nargs < 2) {
        goto skip_optional;
    }
    last = args[1];
skip_optional:
    return_value = shelf_span_impl(module, first, last);

exit:
    return return_value;
}

PyDoc_STRVAR(shelf_pair__doc__,
"pair($module, left, right=None, /)\n"
"--\n"
"\n");

#define SHELF_PAIR_METHODDEF    \
    {"pair", _PyCFunction_CAST(shelf_pair), METH_FASTCALL, shelf_pair__doc__},

static PyObject *
shelf_pair_impl(PyObject *module, PyObject *left, PyObject *right);

static PyObject *
shelf_pair(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    PyObject *return_value = NULL;
    PyObject *left;
    PyObject *right = NULL;

    if (!_PyArg_UnpackStack(args, nargs, "pair",
        1, 2,
        &left, &right)) {
        goto exit;
    }
    return_value = shelf_pair_impl(module, left, right);

exit:
    return return_value;
}

PyDoc_STRVAR(shelf_count__doc__,
"count($module, number, unit=None, /)\n"
"--\n"
"\n");

#define SHELF_COUNT_METHODDEF    \
    {"count", _PyCFunction_CAST(shelf_count), METH_FASTCALL, shelf_count__doc__},

static PyObject *
shelf_count_impl(PyObject *module, int number, const char *unit);

static PyObject *
shelf_count(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    PyObject *return_value = NULL;
    int number;
    const char *unit = NULL;

    if (!_PyArg_ParseStack(args, nargs, "i|z:count",
        &number, &unit)) {
        goto exit;
    }
    return_value = shelf_count_impl(module, number, unit);

exit:
    return return_value;
}

PyDoc_STRVAR(shelf_parse__doc__,
"parse($module, /, key, values)\n"
"--\n"
"\n");

#define SHELF_PARSE_METHODDEF    \
    {"parse", _PyCFunction_CAST(shelf_parse), METH_FASTCALL|METH_KEYWORDS, shelf_parse__doc__},

static PyObject *
shelf_parse_impl(PyObject *module, const char *key, PyObject *values);

static PyObject *
shelf_parse(PyObject *module, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    PyObject *return_value = NULL;
    static const char * const _keywords[] = {"key", "values", NULL};
    static _PyArg_Parser _parser = {
        .keywords = _keywords,
        .format = "sO!:parse",
        .kwtuple = NULL,
    };
    const char *key;
    PyObject *values;

    if (!_PyArg_ParseStackAndKeywords(args, nargs, kwnames, &_parser,
        &key, &PyTuple_Type, &values)) {
        goto exit;
    }
    return_value = shelf_parse_impl(module, key, values);

exit:
    return return_value;
}

PyDoc_STRVAR(shelf_numbers__doc__,
"numbers($module, a=1, b=2, c=3, d=4, e=5, f=6, g=7, /)\n"
"--\n"
"\n");

#define SHELF_NUMBERS_METHODDEF    \
    {"numbers", _PyCFunction_CAST(shelf_numbers), METH_FASTCALL, shelf_numbers__doc__},

static PyObject *
shelf_numbers_impl(PyObject *module, unsigned short a, unsigned int b,
                   unsigned long c, unsigned long long d, size_t e,
                   Py_ssize_t f, Py_ssize_t g);

static PyObject *
shelf_numbers(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    PyObject *return_value = NULL;
    unsigned short a = 1;
    unsigned int b = 2;
    unsigned long c = 3;
    unsigned long long d = 4;
    size_t e = 5;
    Py_ssize_t f = 6;
    Py_ssize_t g = 7;

    if (!_PyArg_CheckPositional("numbers", nargs, 0, 7)) {
        goto exit;
    }
    if (nargs < 1) {
        goto skip_optional;
    }
    if (!_PyLong_UnsignedShort_Converter(args[0], &a)) {
        goto exit;
    }
    if (nargs < 2) {
        goto skip_optional;
    }
    if (!_PyLong_UnsignedInt_Converter(args[1], &b)) {
        goto exit;
    }
    if (nargs < 3) {
        goto skip_optional;
    }
    if (!_PyLong_UnsignedLong_Converter(args[2], &c)) {
        goto exit;
    }
    if (nargs < 4) {
        goto skip_optional;
    }
    if (!_PyLong_UnsignedLongLong_Converter(args[3], &d)) {
        goto exit;
    }
    if (nargs < 5) {
        goto skip_optional;
    }
    if (!_PyLong_Size_t_Converter(args[4], &e)) {
        goto exit;
    }
    if (nargs < 6) {
        goto skip_optional;
    }
    if (!_Py_convert_optional_to_ssize_t(args[5], &f)) {
        goto exit;
    }
    if (nargs < 7) {
        goto skip_optional;
    }
    if (!_PyEval_SliceIndex(args[6], &g)) {
        goto exit;
    }
skip_optional:
    return_value = shelf_numbers_impl(module, a, b, c, d, e, f, g);

exit:
    return return_value;
}

PyDoc_STRVAR(shelf_Box__doc__,
"Box(width, height=1)\n"
"--\n"
"\n");

static PyObject *
shelf_Box_impl(PyTypeObject *type, int width, int height);

static PyObject *
shelf_Box(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    PyObject *return_value = NULL;
    #if defined(Py_BUILD_CORE) && !defined(Py_BUILD_CORE_MODULE)

    #define NUM_KEYWORDS 2
    static struct {
        PyGC_Head _this_is_not_used;
        PyObject_VAR_HEAD
        PyObject *ob_item[NUM_KEYWORDS];
    } _kwtuple = {
        .ob_base = PyVarObject_HEAD_INIT(&PyTuple_Type, NUM_KEYWORDS)
        .ob_item = { &_Py_ID(width), &_Py_ID(height), },
    };
    #undef NUM_KEYWORDS
    #define KWTUPLE (&_kwtuple.ob_base.ob_base)

    #else  // !Py_BUILD_CORE
    #  define KWTUPLE NULL
    #endif  // !Py_BUILD_CORE

    static const char * const _keywords[] = {"width", "height", NULL};
    static _PyArg_Parser _parser = {
        .keywords = _keywords,
        .fname = "Box",
        .kwtuple = KWTUPLE,
    };
    #undef KWTUPLE
    PyObject *argsbuf[2];
    PyObject * const *fastargs;
    Py_ssize_t nargs = PyTuple_GET_SIZE(args);
    Py_ssize_t noptargs = nargs + (kwargs ? PyDict_GET_SIZE(kwargs) : 0) - 1;
    int width;
    int height = 1;

    fastargs = _PyArg_UnpackKeywords(_PyTuple_CAST(args)->ob_item, nargs, kwargs, NULL, &_parser, 1, 2, 0, argsbuf);
    if (!fastargs) {
        goto exit;
    }
    width = _PyLong_AsInt(fastargs[0]);
    if (width == -1 && PyErr_Occurred()) {
        goto exit;
    }
    if (!noptargs) {
        goto skip_optional_pos;
    }
    height = _PyLong_AsInt(fastargs[1]);
    if (height == -1 && PyErr_Occurred()) {
        goto exit;
    }
skip_optional_pos:
    return_value = shelf_Box_impl(type, width, height);

exit:
    return return_value;
}

PyDoc_STRVAR(shelf_Box_scale__doc__,
"scale($self, /, factor)\n"
"--\n"
"\n");

#define SHELF_BOX_SCALE_METHODDEF    \
    {"scale", _PyCFunction_CAST(shelf_Box_scale), METH_FASTCALL|METH_KEYWORDS, shelf_Box_scale__doc__},

static PyObject *
shelf_Box_scale_impl(Box *self, int factor);

static PyObject *
shelf_Box_scale(Box *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    PyObject *return_value = NULL;
    #if defined(Py_BUILD_CORE) && !defined(Py_BUILD_CORE_MODULE)

    #define NUM_KEYWORDS 1
    static struct {
        PyGC_Head _this_is_not_used;
        PyObject_VAR_HEAD
        PyObject *ob_item[NUM_KEYWORDS];
    } _kwtuple = {
        .ob_base = PyVarObject_HEAD_INIT(&PyTuple_Type, NUM_KEYWORDS)
        .ob_item = { &_Py_ID(factor), },
    };
    #undef NUM_KEYWORDS
    #define KWTUPLE (&_kwtuple.ob_base.ob_base)

    #else  // !Py_BUILD_CORE
    #  define KWTUPLE NULL
    #endif  // !Py_BUILD_CORE

    static const char * const _keywords[] = {"factor", NULL};
    static _PyArg_Parser _parser = {
        .keywords = _keywords,
        .fname = "scale",
        .kwtuple = KWTUPLE,
    };
    #undef KWTUPLE
    PyObject *argsbuf[1];
    int factor;

    args = _PyArg_UnpackKeywords(args, nargs, NULL, kwnames, &_parser, 1, 1, 0, argsbuf);
    if (!args) {
        goto exit;
    }
    factor = _PyLong_AsInt(args[0]);
    if (factor == -1 && PyErr_Occurred()) {
        goto exit;
    }
    return_value = shelf_Box_scale_impl(self, factor);

exit:
    return return_value;
}

PyDoc_STRVAR(shelf_Box_size__doc__,
"size($self, /)\n"
"--\n"
"\n");

#define SHELF_BOX_SIZE_METHODDEF    \
    {"size", (PyCFunction)shelf_Box_size, METH_NOARGS, shelf_Box_size__doc__},

static PyObject *
shelf_Box_size_impl(Box *self);

static PyObject *
shelf_Box_size(Box *self, PyObject *Py_UNUSED(ignored))
{
    return shelf_Box_size_impl(self);
}

static int
shelf_Lock___init___impl(PyObject *self);

static int
shelf_Lock___init__(PyObject *self, PyObject *args, PyObject *kwargs)
{
    int return_value = -1;

    PyTypeObject *base_tp = &Lock_Type;

    if ((Py_IS_TYPE(self, base_tp) ||
         Py_TYPE(self)->tp_new == base_tp->tp_new) &&
        !_PyArg_NoKeywords("Lock", kwargs)) {
        goto exit;
    }
    if ((Py_IS_TYPE(self, base_tp) ||
         Py_TYPE(self)->tp_new == base_tp->tp_new) &&
        !_PyArg_NoPositional("Lock", args)) {
        goto exit;
    }
    return_value = shelf_Lock___init___impl(self);

exit:
    return return_value;
}
/*[clinic end generated code: output=0a1b2c3d4e5f6071 input=a9049054013a1b77]*/
