from setuptools import Extension as Ext, setup

modules = [Ext("counter", ["counter.c"], define_macros=[("Py_LIMITED_API", "0x030B0000")], py_limited_api=True)]

if __name__ == "__main__":
    setup(ext_modules=modules)
