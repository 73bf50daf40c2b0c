/* What the units of shapes share: the structs, and types by name. */
#ifndef SHAPES_H
#define SHAPES_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>
#include <stddef.h>

typedef struct {
    PyObject_HEAD
    double x, y;
    PyObject *weakrefs;
} Point;

typedef struct {
    Point point;
    double z;
} Point3;

typedef struct {
    PyObject_HEAD
    PyObject *items; /* a list; NULL once cleared */
    PyObject *attributes;
    PyObject *weakrefs;
} Cell;

extern PyTypeObject PointType;
extern PyTypeObject CellType, TokenType;

#define Point_Check(o) PyObject_TypeCheck(o, &PointType)
#define Point_CheckExact(o) (Py_TYPE(o) == &PointType)
#define Cell_Check(o) PyObject_TypeCheck((o), &CellType)

PyObject *point_new(double x, double y);
PyObject *token_new(PyObject *value);

/* Each makes the types of its unit and adds them to the module. */
int points_add(PyObject *module);
int cells_add(PyObject *module);

#endif
