/* The C interface of datetime: all constructors, checks and members. */
#include <Python.h>
#include <datetime.h>

PyObject *date_parts(PyObject *self, PyObject *date);
PyObject *delta_parts(PyObject *self, PyObject *delta);

static PyObject *
checks(PyObject *self, PyObject *o)
{
    return Py_BuildValue("iiiiiiiiii", PyDate_Check(o), PyDate_CheckExact(o), PyDateTime_Check(o),
                         PyDateTime_CheckExact(o), PyTime_Check(o), PyTime_CheckExact(o),
                         PyDelta_Check(o), PyDelta_CheckExact(o), PyTZInfo_Check(o),
                         PyTZInfo_CheckExact(o));
}

static PyObject *
datetime_parts(PyObject *self, PyObject *o)
{
    PyDateTime_DateTime *when = (PyDateTime_DateTime *)o;
    return Py_BuildValue("iiiiiiO", PyDateTime_DATE_GET_HOUR(o), PyDateTime_DATE_GET_MINUTE(o),
                         PyDateTime_DATE_GET_SECOND(o), PyDateTime_DATE_GET_MICROSECOND(o),
                         PyDateTime_DATE_GET_FOLD(o), when->fold,
                         when->hastzinfo ? when->tzinfo : Py_None);
}

static PyObject *
time_parts(PyObject *self, PyObject *o)
{
    PyDateTime_Time *when = (PyDateTime_Time *)o;
    return Py_BuildValue("iiiiiiO", PyDateTime_TIME_GET_HOUR(o), PyDateTime_TIME_GET_MINUTE(o),
                         PyDateTime_TIME_GET_SECOND(o), PyDateTime_TIME_GET_MICROSECOND(o),
                         PyDateTime_TIME_GET_FOLD(o), when->fold,
                         when->hastzinfo ? when->tzinfo : Py_None);
}

/* new(kind, numbers...) */
static PyObject *
new_object(PyObject *self, PyObject *args)
{
    const char *kind;
    int a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0;
    if (!PyArg_ParseTuple(args, "s|iiiiiiii", &kind, &a, &b, &c, &d, &e, &f, &g, &h))
        return NULL;
    if (strcmp(kind, "date") == 0)
        return PyDate_FromDate(a, b, c);
    if (strcmp(kind, "datetime") == 0)
        return PyDateTime_FromDateAndTime(a, b, c, d, e, f, g);
    if (strcmp(kind, "datetime fold") == 0)
        return PyDateTime_FromDateAndTimeAndFold(a, b, c, d, e, f, g, h);
    if (strcmp(kind, "time") == 0)
        return PyTime_FromTime(a, b, c, d);
    if (strcmp(kind, "time fold") == 0)
        return PyTime_FromTimeAndFold(a, b, c, d, e);
    return PyDelta_FromDSU(a, b, c);
}

/* of(type): an object of a subclass, by the function of the interface */
static PyObject *
of(PyObject *self, PyObject *args)
{
    PyTypeObject *type;
    PyObject *zone = Py_None;
    if (!PyArg_ParseTuple(args, "O!|O", &PyType_Type, &type, &zone))
        return NULL;
    if (PyType_IsSubtype(type, PyDateTimeAPI->DateTimeType))
        return PyDateTimeAPI->DateTime_FromDateAndTime(2020, 2, 29, 1, 2, 3, 4, zone, type);
    if (PyType_IsSubtype(type, PyDateTimeAPI->DateType))
        return PyDateTimeAPI->Date_FromDate(2020, 2, 29, type);
    if (PyType_IsSubtype(type, PyDateTimeAPI->TimeType))
        return PyDateTimeAPI->Time_FromTimeAndFold(1, 2, 3, 4, zone, 1, type);
    return PyDateTimeAPI->Delta_FromDelta(1, 86401, -1, 1, type);
}

static PyObject *
zone(PyObject *self, PyObject *args)
{
    PyObject *offset = NULL, *name = NULL;
    if (!PyArg_ParseTuple(args, "|OO", &offset, &name))
        return NULL;
    if (name)
        return PyTimeZone_FromOffsetAndName(offset, name);
    if (offset)
        return PyTimeZone_FromOffset(offset);
    Py_INCREF(PyDateTime_TimeZone_UTC);
    return PyDateTime_TimeZone_UTC;
}

static PyObject *
from_timestamp(PyObject *self, PyObject *args)
{
    return PyTuple_Size(args) == 1 ? PyDate_FromTimestamp(args) : PyDateTime_FromTimestamp(args);
}

/* A subclass of a type that is only known once datetime is imported. */
typedef struct {
    PyObject_HEAD
    int minutes;
} Zone;

static int
Zone_init(Zone *self, PyObject *args, PyObject *keywords)
{
    return PyArg_ParseTuple(args, "i", &self->minutes) ? 0 : -1;
}

static PyObject *
Zone_utcoffset(Zone *self, PyObject *when)
{
    return PyDelta_FromDSU(0, 60 * self->minutes, 0);
}

static PyMethodDef Zone_methods[] = {
    {"utcoffset", (PyCFunction)Zone_utcoffset, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject ZoneType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "dates.Zone",
    .tp_basicsize = sizeof(Zone),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .tp_methods = Zone_methods,
    .tp_init = (initproc)Zone_init,
    .tp_new = PyType_GenericNew,
};

static PyMethodDef methods[] = {
    {"checks", checks, METH_O, NULL},
    {"date_parts", date_parts, METH_O, NULL},
    {"datetime_parts", datetime_parts, METH_O, NULL},
    {"delta_parts", delta_parts, METH_O, NULL},
    {"from_timestamp", from_timestamp, METH_VARARGS, NULL},
    {"new", new_object, METH_VARARGS, NULL},
    {"of", of, METH_VARARGS, NULL},
    {"time_parts", time_parts, METH_O, NULL},
    {"zone", zone, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "dates", NULL, -1, methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC
PyInit_dates(void)
{
    PyDateTime_IMPORT;
    if (PyDateTimeAPI == NULL)
        return NULL;
    ZoneType.tp_base = PyDateTimeAPI->TZInfoType;
    if (PyType_Ready(&ZoneType) < 0)
        return NULL;
    PyObject *m = PyModule_Create(&module);
    if (m == NULL)
        return NULL;
    Py_INCREF(&ZoneType);
    if (PyModule_AddObject(m, "Zone", (PyObject *)&ZoneType) < 0) {
        Py_DECREF(&ZoneType);
        Py_DECREF(m);
        return NULL;
    }
    return m;
}
