#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* A list that counts how often something was pushed. */
typedef struct {
    PyListObject list;
    Py_ssize_t pushed; /* ever */
    PyObject *last;
} Stack;

extern PyTypeObject StackType;
extern PyTypeObject LinkType;

Py_ssize_t stack_pushed(Stack *stack);
