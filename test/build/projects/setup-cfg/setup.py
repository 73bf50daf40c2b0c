import setuptools


def extensions():
    return [setuptools.Extension('counter', ['counter.c'], extra_compile_args=['-O1'],)]


setuptools.setup(ext_modules=extensions())
