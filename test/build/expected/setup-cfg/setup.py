import setuptools


def extensions():
    return [setuptools.Extension('counter', ['counter.c'], extra_compile_args=['-O1'], define_macros=[('Py_LIMITED_API', '0x030B0000')], py_limited_api=True,)]


setuptools.setup(ext_modules=extensions())
