/* Reads members, and so needs no PyDateTime_IMPORT. */
#include <Python.h>
#include <datetime.h>

PyObject *
date_parts(PyObject *self, PyObject *date)
{
    return Py_BuildValue("iii", PyDateTime_GET_YEAR(date), PyDateTime_GET_MONTH(date),
                         PyDateTime_GET_DAY(date));
}

PyObject *
delta_parts(PyObject *self, PyObject *delta)
{
    PyDateTime_Delta *fields = (PyDateTime_Delta *)delta;
    return Py_BuildValue("iiiiii", PyDateTime_DELTA_GET_DAYS(delta),
                         PyDateTime_DELTA_GET_SECONDS(delta),
                         PyDateTime_DELTA_GET_MICROSECONDS(delta), fields->days, fields->seconds,
                         ((PyDateTime_Delta *)delta)->microseconds);
}
