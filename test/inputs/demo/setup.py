from setuptools import Extension, setup

setup(
    name="tallybook",
    version="1.0",
    ext_modules=[Extension("tallybook", ["tallybook.c", "codec.c", "text.c"],
                           depends=["tallybook.h"])],
)
