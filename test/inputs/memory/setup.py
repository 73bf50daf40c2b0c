from setuptools import Extension, setup

setup(name="memory", version="1.0", ext_modules=[Extension("memory", ["memory.c", "views.cpp"])])
