"""The build backend of pyproject.toml: scikit-build-core, but for pre-commit.

pre-commit installs a hook by `pip install .` in its own clone of the hook's repository. Nobody who
commits is to build LLVM code, or to have an LLVM, so there the wheel of this very version comes
from the package index, whichever pip is told to use.
"""
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def _for_hook():
    """Whether pip runs in an environment that pre-commit has made inside of this clone."""
    environment = os.environ.get("VIRTUAL_ENV")
    if not environment:
        return False
    folder = Path(environment).resolve()
    return folder.parent == ROOT and folder.name.startswith("py_env-")


if _for_hook():
    # No more than these: the metadata is that of the wheel, too.
    def get_requires_for_build_wheel(config_settings=None):
        return ["pip"]

    def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
        version = re.search(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text(), re.M)[1]
        before = set(os.listdir(wheel_directory))
        subprocess.run([sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--dest",
                        wheel_directory, "abi3ify==" + version], stdin=subprocess.DEVNULL, check=True)
        return (set(os.listdir(wheel_directory)) - before).pop()
else:
    from scikit_build_core.build import *  # noqa: F401,F403
