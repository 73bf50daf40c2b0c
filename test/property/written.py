"""Uses of names that no expression or statement is made of: written by hand.

`@` stands for the name, `#` makes an identifier of the line's own. Lines in OUTSIDE stand outside of functions. A name
that is not here gets the first of the general lines that compiles (probes.py).
"""

INSIDE = {
    # Attributes of a declaration.
    "extern @ int g#(void)": "Py_EXPORTED_SYMBOL Py_IMPORTED_SYMBOL Py_LOCAL_SYMBOL _Py_NO_RETURN "
                              "_PyINIT_EXPORTED_SYMBOL Py_NO_INLINE Py_ALWAYS_INLINE _Py_HOT_FUNCTION _Py_NO_INLINE "
                              "_Py_NO_SANITIZE_ADDRESS _Py_NO_SANITIZE_MEMORY _Py_NO_SANITIZE_THREAD",
    "extern @(3.8) int g#(void)": "Py_DEPRECATED _Py_DEPRECATED_EXTERNALLY",
    "int @((unused)) v": "Py_GCC_ATTRIBUTE",
    "int @(8) v; (void)v": "Py_ALIGNED",
    "int @(v); (void)0": "Py_UNUSED",
    "char v[4] @; (void)v": "_Py_NONSTRING",
    "struct s { @ union { int a; int b; }; }; (void)sizeof(struct s)": "_Py_ANONYMOUS",
    "switch (i) { case 0: (void)0; @; case 1: (void)0; }": "_Py_FALLTHROUGH",
    # Initialisers.
    "Py_tss_t v = @; (void)v": "Py_tss_NEEDS_INIT",
    "PyABIInfo v = @; (void)v": "_PyABIInfo_DEFAULT",
    "PyInterpreterConfig v = @; (void)v": "_PyInterpreterConfig_INIT _PyInterpreterConfig_LEGACY_INIT",
    "struct _PyTraceMalloc_Config v = @; (void)v": "_PyTraceMalloc_Config_INIT",
    "_Py_Identifier v = @(\"s\"); (void)v": "_Py_static_string_init",
    "PySlot v = @(0, 0); (void)v": "PySlot_DATA PySlot_FUNC PySlot_INT64 PySlot_PTR PySlot_PTR_STATIC PySlot_SIZE "
                                  "PySlot_STATIC_DATA PySlot_UINT64",
    "PySlot v = @; (void)v": "PySlot_END",
    # Arguments of a kind of their own.
    "(void)(@(1.0))": "Py_IS_FINITE Py_IS_INFINITY Py_IS_NAN",
    "(void)(@(int))": "_Py_IntegralTypeMax _Py_IntegralTypeMin _Py_IntegralTypeSigned _Py_IS_TYPE_SIGNED",
    "(void)(@(int, 0))": "_Py_ABS_CAST _Py_CAST _Py_STATIC_CAST _Py_InIntegralTypeRange",
    "(void)(@(void *, 0))": "_Py_FUNC_CAST",
    "(void)(@(0, int, short))": "Py_SAFE_DOWNCAST",
    "int v[4]; (void)(@(v))": "Py_ARRAY_LENGTH",
    "int v = 0; (void)(@(v))": "_Py_MakeRecCheck _Py_MakeEndRecCheck",
    "va_list v, w; @(v, w)": "Py_VA_COPY",
    "struct s { int m; }; (void)(@(struct s, m))": "Py_MEMBER_SIZE",
    "struct s { int m; } v; (void)(@(&v, struct s, m))": "_Py_CONTAINER_OF",
    "(void)(@(o, i, &i, &i, &i, &i))": "PySlice_GetIndicesEx",
    "PyCodeObject *v = 0; (void)(@(v))": "PyCode_GetNumFree _PyCode_CODE",
    "_Py_CODEUNIT v; (void)(@(v))": "_Py_OPARG _Py_OPCODE",
    "_Py_CODEUNIT v; @(v, 0)": "_Py_SET_OPCODE",
    "PyDictObject *v = 0; (void)(@(v))": "_PyDict_HasSplitTable",
    "PyGC_Head *v = 0; (void)(@(v))": "_PyGCHead_FINALIZED _PyGCHead_NEXT _PyGCHead_PREV _PyGCHead_SET_FINALIZED",
    "PyGC_Head *v = 0; @(v, v)": "_PyGCHead_SET_NEXT _PyGCHead_SET_PREV",
    "_PyUnicodeWriter *v = 0; (void)(@(v, 0, 0))": "_PyUnicodeWriter_Prepare",
    "_PyUnicodeWriter *v = 0; (void)(@(v, PyUnicode_1BYTE_KIND))": "_PyUnicodeWriter_PrepareKind",
    "@(EACH)": "PY_FOREACH_CODE_EVENT PY_FOREACH_DICT_EVENT PY_FOREACH_FUNC_EVENT",
    # One half of a pair.
    "@(o) } } while (0); } while (0)": "Py_TRASHCAN_SAFE_BEGIN",
    "@(o); } while (0); } while (0)": "Py_TRASHCAN_SAFE_BEGIN",
    "do { PyThreadState *tstate = 0; @": "Py_TRASHCAN_END",
    "do { unsigned char _old = 0; @": "Py_END_ALLOW_RECURSION",
    "unsigned short old_387controlword = 0, new_387controlword = 0; @": "_Py_SET_53BIT_PRECISION_START "
                                                                       "_Py_SET_53BIT_PRECISION_END",
    # Enumerators inside of a struct, in C++.
    "(void)_PyTraceMalloc_Config::@": "TRACEMALLOC_FINALIZED TRACEMALLOC_INITIALIZED TRACEMALLOC_NOT_INITIALIZED",
    "(void)PyStatus::@": "_PyStatus_TYPE_ERROR _PyStatus_TYPE_EXIT _PyStatus_TYPE_OK",
}

OUTSIDE = {
    "@ g#(void);": "PyMODINIT_FUNC PyMODEXPORT_FUNC",
    "@ int g#(void);": "_PyINIT_FUNC_DECLSPEC",
    "@(int) g#(void) { return 0; }": "Py_LOCAL_INLINE",
    "@(g#) = \"s\";": "PyDoc_VAR",
    "static PyModuleDef g# = { @ };": "PyModuleDef_HEAD_INIT",
    "static struct { PyObject_HEAD } g# = { @(0) };": "PyObject_HEAD_INIT",
    "static struct { PyObject_VAR_HEAD } g# = { @(0, 0) };": "PyVarObject_HEAD_INIT",
    "static int g#(PyObject *o, visitproc visit, void *arg) { @(o); return 0; }": "Py_VISIT",
}

#: Macros that the lines use.
MACROS = "#define EACH(x)\n"

#: {(name, language): why no use of it compiles, though the headers show it}
NONE = {
    ("Py_UNICODE_MATCH", ""): "reads members that no struct of 3.8 to 3.12 has together",
    ("PY_MONITORING_IS_INSTRUMENTED_EVENT", ""): "names a macro that only CPython itself sees",
    ("_PY_MONITORING_IS_UNGROUPED_EVENT", ""): "names a macro that only CPython itself sees",
    ("Py_ARRAY_LENGTH", "c++"): "C only, with a compiler that calls itself GNU C",
    ("_PyTraceMalloc_Config_INIT", "c++"): "names an enumerator without its struct, which is C only",
    ("_Py_STDC_VERSION", "c++"): "names a macro that C alone has",
}

#: {name: why different rules speak of it in different places}
SEVERAL = {
    "PY_UNICODE_TYPE": "a macro up to 3.12, a type later: one rule for each, and the net cannot tell",
    "_PyLong_AsByteArray": "five arguments up to 3.12, six later: one rule for each, and the net cannot tell",
}


def uses():
    """{name: [(line, whether it stands outside of functions)]}."""
    found = {}
    for table, outside in (INSIDE, False), (OUTSIDE, True):
        for line, names in table.items():
            for name in names.split():
                found.setdefault(name, []).append((line.replace("@", name), outside))
    return found
