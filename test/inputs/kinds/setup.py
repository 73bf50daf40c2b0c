from setuptools import Extension, setup

setup(name="kinds", version="1.0", ext_modules=[Extension("kinds", ["kinds.c"])])
