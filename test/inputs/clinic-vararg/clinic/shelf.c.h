/*[clinic input]
preserve
[clinic start generated code]*/

PyDoc_STRVAR(shelf_fill__doc__,
"fill($module, /, box, *args, fixed=False)\n"
"--\n"
"\n");

#define SHELF_FILL_METHODDEF    \
    {"fill", _PyCFunction_CAST(shelf_fill), METH_FASTCALL|METH_KEYWORDS, shelf_fill__doc__},

static PyObject *
shelf_fill_impl(PyObject *module, PyObject *box, PyObject *args, int fixed);

static PyObject *
shelf_fill(PyObject *module, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    PyObject *return_value = NULL;
    static const char * const _keywords[] = {"box", "fixed", NULL};
    static _PyArg_Parser _parser = {
        .keywords = _keywords,
        .fname = "fill",
        .kwtuple = NULL,
    };
    PyObject *argsbuf[3];
    Py_ssize_t noptargs = Py_MIN(nargs, 1) + (kwnames ? PyTuple_GET_SIZE(kwnames) : 0) - 1;
    PyObject *box;
    PyObject *__clinic_args = NULL;
    int fixed = 0;

    args = _PyArg_UnpackKeywordsWithVararg(args, nargs, NULL, kwnames, &_parser, 1, 1, 0, 1, argsbuf);
    if (!args) {
        goto exit;
    }
    box = args[0];
    __clinic_args = args[1];
    if (!noptargs) {
        goto skip_optional_kwonly;
    }
    fixed = PyObject_IsTrue(args[2]);
    if (fixed < 0) {
        goto exit;
    }
skip_optional_kwonly:
    return_value = shelf_fill_impl(module, box, __clinic_args, fixed);

exit:
    Py_XDECREF(__clinic_args);
    return return_value;
}

PyDoc_STRVAR(shelf_sort__doc__,
"sort($module, /, *args, key)\n"
"--\n"
"\n");

#define SHELF_SORT_METHODDEF    \
    {"sort", _PyCFunction_CAST(shelf_sort), METH_FASTCALL|METH_KEYWORDS, shelf_sort__doc__},

static PyObject *
shelf_sort_impl(PyObject *module, PyObject *args, PyObject *key);

static PyObject *
shelf_sort(PyObject *module, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    PyObject *return_value = NULL;
    static const char * const _keywords[] = {"key", NULL};
    static _PyArg_Parser _parser = {
        .keywords = _keywords,
        .fname = "sort",
        .kwtuple = NULL,
    };
    PyObject *argsbuf[2];
    PyObject *__clinic_args = NULL;
    PyObject *key;

    args = _PyArg_UnpackKeywordsWithVararg(args, nargs, NULL, kwnames, &_parser, 0, 0, 1, 0, argsbuf);
    if (!args) {
        goto exit;
    }
    __clinic_args = args[0];
    key = args[1];
    return_value = shelf_sort_impl(module, __clinic_args, key);

exit:
    Py_XDECREF(__clinic_args);
    return return_value;
}

PyDoc_STRVAR(shelf_move__doc__,
"move($module, from, /, to, *args)\n"
"--\n"
"\n");

#define SHELF_MOVE_METHODDEF    \
    {"move", _PyCFunction_CAST(shelf_move), METH_FASTCALL|METH_KEYWORDS, shelf_move__doc__},

static PyObject *
shelf_move_impl(PyObject *module, PyObject *from, PyObject *to, PyObject *args);

static PyObject *
shelf_move(PyObject *module, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    PyObject *return_value = NULL;
    static const char * const _keywords[] = {"", "to", NULL};
    static _PyArg_Parser _parser = {
        .keywords = _keywords,
        .fname = "move",
        .kwtuple = NULL,
    };
    PyObject *argsbuf[3];
    PyObject *from;
    PyObject *to;
    PyObject *__clinic_args = NULL;

    args = _PyArg_UnpackKeywordsWithVararg(args, nargs, NULL, kwnames, &_parser, 2, 2, 0, 2, argsbuf);
    if (!args) {
        goto exit;
    }
    from = args[0];
    to = args[1];
    __clinic_args = args[2];
    return_value = shelf_move_impl(module, from, to, __clinic_args);

exit:
    Py_XDECREF(__clinic_args);
    return return_value;
}

PyDoc_STRVAR(shelf_count__doc__,
"count($module, first, /, *args)\n"
"--\n"
"\n");

#define SHELF_COUNT_METHODDEF    \
    {"count", _PyCFunction_CAST(shelf_count), METH_FASTCALL, shelf_count__doc__},

static PyObject *
shelf_count_impl(PyObject *module, PyObject *first, PyObject *args);

static PyObject *
shelf_count(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    PyObject *return_value = NULL;
    PyObject *first;
    PyObject *__clinic_args = NULL;

    if (!_PyArg_CheckPositional("count", nargs, 1, PY_SSIZE_T_MAX)) {
        goto exit;
    }
    first = args[0];
    __clinic_args = PyTuple_New(nargs - 1);
    if (!__clinic_args) {
        goto exit;
    }
    for (Py_ssize_t i = 0; i < nargs - 1; ++i) {
        PyTuple_SET_ITEM(__clinic_args, i, Py_NewRef(args[1 + i]));
    }
    return_value = shelf_count_impl(module, first, __clinic_args);

exit:
    Py_XDECREF(__clinic_args);
    return return_value;
}
/*[clinic end generated code: output=0a1b2c3d4e5f6072 input=a9049054013a1b77]*/
