from setuptools import Extension, setup

setup(
    name="plants",
    version="1.0",
    ext_modules=[Extension("plants", ["plants.c"])],
)
