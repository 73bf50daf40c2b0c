// What the sources of seriesbox share: owned references, and loops over the
// items of Python's sequences.
#ifndef SERIESBOX_BOX_HPP
#define SERIESBOX_BOX_HPP

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <utility>
#include <vector>

namespace box {

// Owns one reference, or nothing.
class Ref {
public:
    explicit Ref(PyObject *owned = nullptr) : object_(owned) {}
    Ref(Ref &&other) noexcept : object_(other.release()) {}
    Ref(const Ref &) = delete;
    Ref &operator=(const Ref &) = delete;
    ~Ref() { Py_XDECREF(object_); }

    PyObject *get() const { return object_; }
    PyObject *release() { return std::exchange(object_, nullptr); }
    explicit operator bool() const { return object_ != nullptr; }

private:
    PyObject *object_;
};

// A new reference to an object of whatever struct.
template <class Object>
PyObject *shared(Object *object)
{
    Py_INCREF(object);
    return reinterpret_cast<PyObject *>(object);
}

// How each kind of sequence is read; the items are borrowed.
struct Tuple {
    static Py_ssize_t size(PyObject *tuple) { return PyTuple_GET_SIZE(tuple); }
    static PyObject *item(PyObject *tuple, Py_ssize_t i) { return PyTuple_GET_ITEM(tuple, i); }
};

struct List {
    static Py_ssize_t size(PyObject *list) { return PyList_GET_SIZE(list); }
    static PyObject *item(PyObject *list, Py_ssize_t i) { return PyList_GET_ITEM(list, i); }
};

// Calls visit(item) for each item until one call returns false.
template <class Kind, class Visit>
bool each(PyObject *sequence, Visit visit)
{
    for (Py_ssize_t i = 0; i < Kind::size(sequence); ++i) {
        if (!visit(Kind::item(sequence, i))) {
            return false;
        }
    }
    return true;
}

// Numbers to objects and back; `read` is false with an exception set.
template <class Number>
struct Convert;

template <>
struct Convert<double> {
    static PyObject *make(double number) { return PyFloat_FromDouble(number); }
    static bool read(PyObject *object, double &number)
    {
        number = PyFloat_CheckExact(object) ? PyFloat_AS_DOUBLE(object) : PyFloat_AsDouble(object);
        return number != -1.0 || !PyErr_Occurred();
    }
};

template <>
struct Convert<Py_ssize_t> {
    static PyObject *make(Py_ssize_t number) { return PyLong_FromSsize_t(number); }
    static bool read(PyObject *object, Py_ssize_t &number)
    {
        number = PyLong_AsSsize_t(object);
        return number != -1 || !PyErr_Occurred();
    }
};

template <class Number>
PyObject *to_tuple(const std::vector<Number> &numbers)
{
    PyObject *result = PyTuple_New(static_cast<Py_ssize_t>(numbers.size()));
    if (result == nullptr) {
        return nullptr;
    }
    Py_ssize_t position = 0;
    for (const Number &number : numbers) {
        PyObject *item = Convert<Number>::make(number);
        if (item == nullptr) {
            Py_DECREF(result);
            return nullptr;
        }
        PyTuple_SET_ITEM(result, position, item);
        ++position;
    }
    return result;
}

// Appends the numbers of a list, a tuple, or anything that can be iterated.
template <class Number>
bool from_sequence(PyObject *sequence, std::vector<Number> &numbers)
{
    auto add = [&numbers](PyObject *item) {
        Number number;
        if (!Convert<Number>::read(item, number)) {
            return false;
        }
        numbers.push_back(number);
        return true;
    };
    if (PyTuple_CheckExact(sequence)) {
        return each<Tuple>(sequence, add);
    }
    Ref list(PySequence_List(sequence));
    return list && each<List>(list.get(), add);
}

} // namespace box

#endif
