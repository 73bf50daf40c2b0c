from setuptools import Extension, setup

setup(
    name="stacks",
    version="1.0",
    ext_modules=[Extension("stacks", ["stacks.c", "links.c"])],
)
