from setuptools import Extension, setup

setup(name="shelf", version="1.0", ext_modules=[Extension("shelf", ["shelf.c"])])
