from setuptools import Extension, setup

setup(
    name="counter",
    version="1.0",
    ext_modules=[
        Extension(
            "counter",
            sources=["counter.c"],
            define_macros=[("NDEBUG", None)],  # release
        ),
        Extension("twin", ["twin.c"])
    ]
)
