from setuptools import Extension, setup

setup(
    name="shapes",
    version="1.0",
    ext_modules=[Extension("shapes", ["shapes.c", "points.c", "cells.c"], depends=["shapes.h"])],
)
