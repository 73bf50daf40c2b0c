from setuptools import Extension, setup

setup(
    name="pieces",
    version="1.0",
    ext_modules=[Extension("pieces", ["pieces.cpp"], extra_compile_args=["-std=c++17"])],
)
