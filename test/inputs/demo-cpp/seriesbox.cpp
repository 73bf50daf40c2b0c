// The module: Series, a labelled row of numbers, and functions over numbers.
#include "box.hpp"

#include <algorithm>
#include <new>
#include <numeric>

namespace {

using Numbers = std::vector<double>;

struct Series {
    PyObject_HEAD
    PyObject *label;
    Numbers *numbers;
};

PyTypeObject *series_type;    // one for the process; single-phase module

#define AS_SERIES(object) (reinterpret_cast<Series *>(object))
#define IS_SERIES(object) (Py_TYPE(object) == series_type)
#define LABEL(object) (AS_SERIES(object)->label)

// Takes over the label's reference.
PyObject *make_series(PyObject *label, Numbers numbers)
{
    box::Ref owned(label);
    Series *series = PyObject_New(Series, series_type);
    if (series == nullptr) {
        return nullptr;
    }
    series->label = owned.release();
    series->numbers = new (std::nothrow) Numbers(std::move(numbers));
    if (series->numbers == nullptr) {
        Py_DECREF(series);
        return PyErr_NoMemory();
    }
    return reinterpret_cast<PyObject *>(series);
}

PyObject *series_new(PyTypeObject *, PyObject *args, PyObject *kwargs)
{
    if (kwargs != nullptr && PyDict_GET_SIZE(kwargs) != 0) {
        PyErr_SetString(PyExc_TypeError, "Series takes no keyword arguments");
        return nullptr;
    }
    if (PyTuple_GET_SIZE(args) != 2 || !PyUnicode_Check(PyTuple_GET_ITEM(args, 0))) {
        PyErr_SetString(PyExc_TypeError, "Series takes a label and numbers");
        return nullptr;
    }
    Numbers numbers;
    if (!box::from_sequence(PyTuple_GET_ITEM(args, 1), numbers)) {
        return nullptr;
    }
    return make_series(Py_NewRef(PyTuple_GET_ITEM(args, 0)), std::move(numbers));
}

void series_dealloc(Series *self)
{
    PyTypeObject *type = Py_TYPE(self);
    delete self->numbers;
    Py_XDECREF(self->label);
    PyObject_Del(self);
    Py_DECREF(type);
}

PyObject *series_repr(Series *self)
{
    char count[32];
    snprintf(count, sizeof count, "%zu", self->numbers->size());
    return PyUnicode_FromFormat("<Series %R: %s numbers>", self->label, count);
}

Py_ssize_t series_length(Series *self)
{
    return static_cast<Py_ssize_t>(self->numbers->size());
}

PyObject *series_item(Series *self, Py_ssize_t index)
{
    if (index < 0 || index >= series_length(self)) {
        PyErr_SetString(PyExc_IndexError, "no such number");
        return nullptr;
    }
    return box::Convert<double>::make((*self->numbers)[static_cast<size_t>(index)]);
}

// scale(factor) -> the series itself, changed
PyObject *series_scale(Series *self, PyObject *factor)
{
    double by;
    if (!box::Convert<double>::read(factor, by)) {
        return nullptr;
    }
    for (double &number : *self->numbers) {
        number *= by;
    }
    return box::shared(self);
}

// joined(other) -> a new series with the numbers of both
PyObject *series_joined(Series *self, PyObject *other)
{
    if (!IS_SERIES(other)) {
        PyErr_Format(PyExc_TypeError, "expected a Series, not %R", Py_TYPE(other));
        return nullptr;
    }
    Numbers numbers(*self->numbers);
    numbers.insert(numbers.end(), AS_SERIES(other)->numbers->begin(), AS_SERIES(other)->numbers->end());
    PyObject *label = PyUnicode_FromFormat("%U+%U", self->label, LABEL(other));
    if (label == nullptr) {
        return nullptr;
    }
    return make_series(label, std::move(numbers));
}

// to_bytes() -> the numbers as the machine stores them
PyObject *series_to_bytes(Series *self, PyObject *)
{
    const Py_ssize_t size = series_length(self) * static_cast<Py_ssize_t>(sizeof(double));
    PyObject *bytes = PyBytes_FromStringAndSize(nullptr, size);
    if (bytes != nullptr && size > 0) {
        memcpy(PyBytes_AS_STRING(bytes), self->numbers->data(), static_cast<size_t>(size));
    }
    return bytes;
}

PyObject *series_get_numbers(Series *self, void *)
{
    return box::to_tuple(*self->numbers);
}

PyObject *series_get_label(Series *self, void *)
{
    return box::shared(self->label);
}

int series_set_label(Series *self, PyObject *label, void *)
{
    if (label == nullptr || !PyUnicode_Check(label)) {
        PyErr_SetString(PyExc_TypeError, "the label is a str");
        return -1;
    }
    Py_SETREF(LABEL(self), Py_NewRef(label));
    return 0;
}

PyMethodDef series_methods[] = {
    {"scale", reinterpret_cast<PyCFunction>(series_scale), METH_O, nullptr},
    {"joined", reinterpret_cast<PyCFunction>(series_joined), METH_O, nullptr},
    {"to_bytes", reinterpret_cast<PyCFunction>(series_to_bytes), METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

PyGetSetDef series_getset[] = {
    {"numbers", reinterpret_cast<getter>(series_get_numbers), nullptr, nullptr, nullptr},
    {"label", reinterpret_cast<getter>(series_get_label),
     reinterpret_cast<setter>(series_set_label), nullptr, nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

template <class Function>
void *slot(Function function)
{
    return reinterpret_cast<void *>(function);
}

PyType_Slot series_slots[] = {
    {Py_tp_new, slot(series_new)},
    {Py_tp_dealloc, slot(series_dealloc)},
    {Py_tp_repr, slot(series_repr)},
    {Py_tp_methods, series_methods},
    {Py_tp_getset, series_getset},
    {Py_sq_length, slot(series_length)},
    {Py_sq_item, slot(series_item)},
    {0, nullptr},
};

PyType_Spec series_spec = {
    "seriesbox.Series", sizeof(Series), 0, Py_TPFLAGS_DEFAULT, series_slots,
};

// from_bytes(label, data) -> Series
PyObject *from_bytes(PyObject *, PyObject *args)
{
    PyObject *label;
    Py_buffer view;
    if (!PyArg_ParseTuple(args, "Uy*:from_bytes", &label, &view)) {
        return nullptr;
    }
    PyObject *result = nullptr;
    if (view.len % static_cast<Py_ssize_t>(sizeof(double)) != 0) {
        PyErr_Format(PyExc_ValueError, "%zd bytes hold no whole numbers", view.len);
    }
    else {
        Numbers numbers(static_cast<size_t>(view.len) / sizeof(double));
        if (view.len > 0) {
            memcpy(numbers.data(), view.buf, static_cast<size_t>(view.len));
        }
        result = make_series(Py_NewRef(label), std::move(numbers));
    }
    PyBuffer_Release(&view);
    return result;
}

// ranks(numbers) -> tuple: the position of each number in their order
PyObject *ranks(PyObject *, PyObject *sequence)
{
    Numbers numbers;
    if (!box::from_sequence(sequence, numbers)) {
        return nullptr;
    }
    std::vector<size_t> order(numbers.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
        return numbers[a] < numbers[b] || (numbers[a] == numbers[b] && a < b);
    });
    std::vector<Py_ssize_t> result(numbers.size());
    for (size_t position = 0; position < order.size(); ++position) {
        result[order[position]] = static_cast<Py_ssize_t>(position);
    }
    return box::to_tuple(result);
}

// steps(counts) -> tuple of int: the sums so far
PyObject *steps(PyObject *, PyObject *sequence)
{
    std::vector<Py_ssize_t> counts;
    if (!box::from_sequence(sequence, counts)) {
        return nullptr;
    }
    std::partial_sum(counts.begin(), counts.end(), counts.begin());
    return box::to_tuple(counts);
}

// labels(series) -> list of str; every item of the list is a Series
PyObject *labels(PyObject *, PyObject *list)
{
    if (!PyList_Check(list)) {
        PyErr_Format(PyExc_TypeError, "expected a list, not %R", list->ob_type);
        return nullptr;
    }
    box::Ref result(PyList_New(PyList_GET_SIZE(list)));
    if (!result) {
        return nullptr;
    }
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list); ++i) {
        PyObject *series = PyList_GET_ITEM(list, i);
        if (!IS_SERIES(series)) {
            PyErr_Format(PyExc_TypeError, "item %zd is no Series", i);
            return nullptr;
        }
        if (PyList_SetItem(result.get(), i, Py_NewRef(LABEL(series))) < 0) {
            return nullptr;
        }
    }
    return result.release();
}

// letters(text) -> dict: how often each character of a text stands in it
PyObject *letters(PyObject *, PyObject *text)
{
    if (!PyUnicode_Check(text)) {
        PyErr_Format(PyExc_TypeError, "expected a str, not %R", Py_TYPE(text));
        return nullptr;
    }
    box::Ref counts(PyDict_New());
    if (!counts) {
        return nullptr;
    }
    const int kind = PyUnicode_KIND(text);
    const void *data = PyUnicode_DATA(text);
    for (Py_ssize_t i = 0; i < PyUnicode_GET_LENGTH(text); ++i) {
        box::Ref letter(PyUnicode_FromOrdinal(static_cast<int>(PyUnicode_READ(kind, data, i))));
        if (!letter) {
            return nullptr;
        }
        PyObject *before = PyDict_GetItemWithError(counts.get(), letter.get());
        if (before == nullptr && PyErr_Occurred()) {
            return nullptr;
        }
        Py_ssize_t count = 0;
        if (before != nullptr && !box::Convert<Py_ssize_t>::read(before, count)) {
            return nullptr;
        }
        box::Ref after(PyLong_FromSsize_t(count + 1));
        if (!after || PyDict_SetItem(counts.get(), letter.get(), after.get()) < 0) {
            return nullptr;
        }
    }
    return counts.release();
}

PyMethodDef methods[] = {
    {"from_bytes", from_bytes, METH_VARARGS, nullptr},
    {"ranks", ranks, METH_O, nullptr},
    {"steps", steps, METH_O, nullptr},
    {"labels", labels, METH_O, nullptr},
    {"letters", letters, METH_O, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "seriesbox", "Labelled rows of numbers.", -1, methods,
    nullptr, nullptr, nullptr, nullptr,
};

} // namespace

PyMODINIT_FUNC PyInit_seriesbox()
{
    box::Ref result(PyModule_Create(&definition));
    if (!result) {
        return nullptr;
    }
    if (series_type == nullptr) {
        series_type = reinterpret_cast<PyTypeObject *>(PyType_FromSpec(&series_spec));
    }
    if (series_type == nullptr || PyModule_AddType(result.get(), series_type) < 0) {
        return nullptr;
    }
    return result.release();
}
