from setuptools import Extension as Ext, setup

modules = [Ext("counter", ["counter.c"])]

if __name__ == "__main__":
    setup(ext_modules=modules)
