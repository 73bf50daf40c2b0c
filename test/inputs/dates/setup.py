from setuptools import Extension, setup

setup(
    name="dates",
    version="1.0",
    ext_modules=[Extension("dates", ["dates.c", "parts.c"])],
)
