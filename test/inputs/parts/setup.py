from setuptools import Extension, setup

setup(name="parts", version="1.0", ext_modules=[Extension("parts", ["parts.c", "tray.c"])])
