// Seven of the rules, as Coccinelle would have them: what `make bench` sets it to.
@@ expression l, i; @@
- PyList_GET_ITEM(l, i)
+ PyList_GetItem(l, i)
@@ expression l; @@
- PyList_GET_SIZE(l)
+ PyList_Size(l)
@@ expression t, i; @@
- PyTuple_GET_ITEM(t, i)
+ PyTuple_GetItem(t, i)
@@ expression t; @@
- PyTuple_GET_SIZE(t)
+ PyTuple_Size(t)
@@ expression b; @@
- PyBytes_AS_STRING(b)
+ PyBytes_AsString(b)
@@ expression f; @@
- PyFloat_AS_DOUBLE(f)
+ PyFloat_AsDouble(f)
@@ expression u; @@
- PyUnicode_GET_LENGTH(u)
+ PyUnicode_GetLength(u)
