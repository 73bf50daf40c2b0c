from setuptools import Extension, setup

setup(
    name="herds",
    version="1.0",
    ext_modules=[Extension("herds", ["herds.c"])],
)
