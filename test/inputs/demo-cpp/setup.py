from setuptools import Extension, setup

setup(
    name="seriesbox",
    version="1.0",
    ext_modules=[Extension("seriesbox", ["seriesbox.cpp"], depends=["box.hpp"],
                           extra_compile_args=["-std=c++17"])],
)
