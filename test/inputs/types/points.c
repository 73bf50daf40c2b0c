/* Points: numbers in the plane, compared and hashed by value. */
#include "shapes.h"

static PyTypeObject PointIterType;

/* --- Point --------------------------------------------------------------- */

PyObject *
point_new(double x, double y)
{
    Point *point = PyObject_New(Point, &PointType);
    if (point == NULL) {
        return NULL;
    }
    point->x = x;
    point->y = y;
    point->weakrefs = NULL;
    return (PyObject *)point;
}

static int
point_init(Point *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"x", "y", NULL};
    return PyArg_ParseTupleAndKeywords(args, kwargs, "|dd:Point", names, &self->x, &self->y)
               ? 0 : -1;
}

static void
point_dealloc(Point *self)
{
    if (self->weakrefs != NULL) {
        PyObject_ClearWeakRefs((PyObject *)self);
    }
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyObject *
point_repr(Point *self)
{
    PyObject *x = PyFloat_FromDouble(self->x);
    PyObject *y = PyFloat_FromDouble(self->y);
    PyObject *text = x && y ? PyUnicode_FromFormat("Point(%R, %R)", x, y) : NULL;
    Py_XDECREF(x);
    Py_XDECREF(y);
    return text;
}

static Py_hash_t
point_hash(Point *self)
{
    Py_hash_t hash = (Py_hash_t)(self->x * 1000003.0) ^ (Py_hash_t)self->y;
    return hash == -1 ? -2 : hash;
}

static PyObject *
point_richcompare(PyObject *a, PyObject *b, int op)
{
    if (!Point_Check(a) || !Point_Check(b) || (op != Py_EQ && op != Py_NE)) {
        Py_RETURN_NOTIMPLEMENTED;
    }
    Point *left = (Point *)a, *right = (Point *)b;
    int equal = left->x == right->x && left->y == right->y;
    return PyBool_FromLong(op == Py_EQ ? equal : !equal);
}

static PyObject *
point_add(PyObject *a, PyObject *b)
{
    if (!Point_Check(a) || !Point_Check(b)) {
        Py_RETURN_NOTIMPLEMENTED;
    }
    return point_new(((Point *)a)->x + ((Point *)b)->x, ((Point *)a)->y + ((Point *)b)->y);
}

static PyObject *
point_negative(Point *self)
{
    return point_new(-self->x, -self->y);
}

static int
point_bool(Point *self)
{
    return self->x != 0 || self->y != 0;
}

static PyObject *
point_power(PyObject *a, PyObject *b, PyObject *modulus)
{
    double exponent;
    if (!Point_CheckExact(a) || modulus != Py_None) {
        Py_RETURN_NOTIMPLEMENTED;
    }
    exponent = PyFloat_AsDouble(b);
    if (exponent == -1 && PyErr_Occurred()) {
        return NULL;
    }
    return point_new(((Point *)a)->x * exponent, ((Point *)a)->y * exponent);
}

static PyNumberMethods point_as_number = {
    point_add,                  /* nb_add */
    0,                          /* nb_subtract */
    0,                          /* nb_multiply */
    0,                          /* nb_remainder */
    0,                          /* nb_divmod */
    point_power,                /* nb_power: scales */
    (unaryfunc)point_negative,  /* nb_negative */
    0,                          /* nb_positive */
    0,                          /* nb_absolute */
    (inquiry)point_bool,        /* nb_bool */
};

typedef struct {
    PyObject_HEAD
    Point *point;
    int next;
} PointIter;

static PyObject *
point_iter(Point *self)
{
    PointIter *iter = PyObject_New(PointIter, &PointIterType);
    if (iter == NULL) {
        return NULL;
    }
    Py_INCREF(self);
    iter->point = self;
    iter->next = 0;
    return (PyObject *)iter;
}

static PyObject *
point_swap(Point *self, PyObject *Py_UNUSED(ignored))
{
    return point_new(self->y, self->x);
}

static PyObject *
point_origin(PyObject *type, PyObject *Py_UNUSED(ignored))
{
    return PyObject_CallFunction(type, NULL);
}

static PyObject *
point_dot(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *a, *b;
    if (!PyArg_ParseTuple(args, "O!O!:dot", &PointType, &a, &PointType, &b)) {
        return NULL;
    }
    Point *left = (Point *)a, *right = (Point *)b;
    return PyFloat_FromDouble(left->x * right->x + left->y * right->y);
}

static PyMethodDef point_methods[] = {
    {"swap", (PyCFunction)point_swap, METH_NOARGS,
     "swap($self)\n--\n\nA point with x and y exchanged."},
    {"origin", point_origin, METH_NOARGS | METH_CLASS, "A point at (0, 0)."},
    {"dot", point_dot, METH_VARARGS | METH_STATIC, "dot(a, b)\n--\n\nThe inner product."},
    {NULL, NULL, 0, NULL}
};

static PyMemberDef point_members[] = {
    {"x", T_DOUBLE, offsetof(Point, x), 0, "to the right"},
    {"y", T_DOUBLE, offsetof(Point, y), READONLY, "upwards"},
    {NULL, 0, 0, 0, NULL}
};

static PyObject *
point_get_pair(Point *self, void *Py_UNUSED(closure))
{
    return Py_BuildValue("(dd)", self->x, self->y);
}

static int
point_set_pair(Point *self, PyObject *value, void *Py_UNUSED(closure))
{
    if (value == NULL) {
        PyErr_SetString(PyExc_AttributeError, "pair cannot be deleted");
        return -1;
    }
    return PyArg_ParseTuple(value, "dd:pair", &self->x, &self->y) ? 0 : -1;
}

static PyGetSetDef point_getset[] = {
    {"pair", (getter)point_get_pair, (setter)point_set_pair, "both as a tuple", NULL},
    {NULL, NULL, NULL, NULL, NULL}
};

PyTypeObject PointType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    "shapes.Point",                             /* tp_name */
    sizeof(Point),                              /* tp_basicsize */
    0,                                          /* tp_itemsize */
    (destructor)point_dealloc,                  /* tp_dealloc */
    0,                                          /* tp_print */
    0,                                          /* tp_getattr */
    0,                                          /* tp_setattr */
    0,                                          /* tp_reserved */
    (reprfunc)point_repr,                       /* tp_repr */
    &point_as_number,                           /* tp_as_number */
    0,                                          /* tp_as_sequence */
    0,                                          /* tp_as_mapping */
    (hashfunc)point_hash,                       /* tp_hash */
    0,                                          /* tp_call */
    0,                                          /* tp_str */
    0,                                          /* tp_getattro */
    0,                                          /* tp_setattro */
    0,                                          /* tp_as_buffer */
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,   /* tp_flags */
    "Point(x=0.0, y=0.0)\n--\n\nA point.",      /* tp_doc */
    0,                                          /* tp_traverse */
    0,                                          /* tp_clear */
    point_richcompare,                          /* tp_richcompare */
    offsetof(Point, weakrefs),                  /* tp_weaklistoffset */
    (getiterfunc)point_iter,                    /* tp_iter */
    0,                                          /* tp_iternext */
    point_methods,                              /* tp_methods */
    point_members,                              /* tp_members */
    point_getset,                               /* tp_getset */
    0,                                          /* tp_base */
    0,                                          /* tp_dict */
    0,                                          /* tp_descr_get */
    0,                                          /* tp_descr_set */
    0,                                          /* tp_dictoffset */
    (initproc)point_init,                       /* tp_init */
    0,                                          /* tp_alloc */
    PyType_GenericNew,                          /* tp_new */
};

/* --- the iterator of a point: of use inside only ------------------------- */

static void
pointiter_dealloc(PointIter *self)
{
    Py_XDECREF(self->point);
    PyObject_Del(self);
}

static PyObject *
pointiter_next(PointIter *self)
{
    if (self->next >= 2) {
        return NULL;
    }
    return PyFloat_FromDouble(self->next++ == 0 ? self->point->x : self->point->y);
}

static PyTypeObject PointIterType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "shapes._PointIter",
    .tp_basicsize = sizeof(PointIter),
    .tp_dealloc = (destructor)pointiter_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_iter = PyObject_SelfIter,
    .tp_iternext = (iternextfunc)pointiter_next,
};

/* --- Point3: a subtype with a base in its initialiser -------------------- */

static int
point3_init(Point3 *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"x", "y", "z", NULL};
    return PyArg_ParseTupleAndKeywords(args, kwargs, "|ddd:Point3", names, &self->point.x,
                                       &self->point.y, &self->z) ? 0 : -1;
}

static PyMemberDef point3_members[] = {
    {"z", T_DOUBLE, offsetof(Point3, z), 0, "towards us"},
    {NULL, 0, 0, 0, NULL}
};

static PyTypeObject Point3Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "shapes.Point3",
    .tp_basicsize = sizeof(Point3),
    .tp_base = &PointType,      /* the rest comes from there */
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .tp_doc = "A point in space.",
    .tp_members = point3_members,
    .tp_init = (initproc)point3_init,
};

int
points_add(PyObject *module)
{
    if (PyType_Ready(&PointType) < 0 || PyType_Ready(&PointIterType) < 0) {
        return -1;
    }
    if (PyType_Ready(&Point3Type) < 0) {
        return -1;
    }
    Py_INCREF(&PointType);
    if (PyModule_AddObject(module, "Point", (PyObject *)&PointType) < 0) {
        Py_DECREF(&PointType);
        return -1;
    }
    Py_INCREF(&Point3Type);
    return PyModule_AddObject(module, "Point3", (PyObject *)&Point3Type);
}
