from setuptools import Extension, setup

setup(
    name="lanes",
    version="1.0",
    ext_modules=[Extension("lanes", ["lanes.c", "kinds.c"])],
)
