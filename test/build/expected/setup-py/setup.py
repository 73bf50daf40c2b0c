from setuptools import Extension, setup

setup(
    name="counter",
    version="1.0",
    ext_modules=[
        Extension(
            "counter",
            sources=["counter.c"],
            define_macros=[("NDEBUG", None), ("Py_LIMITED_API", "0x030B0000")],  # release
            py_limited_api=True,
        ),
        Extension("twin", ["twin.c"], define_macros=[("Py_LIMITED_API", "0x030B0000")], py_limited_api=True)
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
