# Tests of the command line. Each test is a file with RUN lines and, behind
# them, the files that it works on, which split-file lays out below %t.
#
#   %abi3ify        the tool
#   %exits N CMD    runs CMD, which must exit with N
#   %python         an interpreter with headers; it is `python3` on PATH, too
#   %include        the folder of its Python.h
import hashlib
import os
import subprocess
import tempfile

import lit.formats

config.name = "cli"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".test"]
config.test_source_root = os.path.dirname(__file__)
abi3ify = os.path.abspath(lit_config.params["abi3ify"])
# Outside of any repository: whether a file is in one matters to the tool.
config.test_exec_root = os.path.join(
    tempfile.gettempdir(),
    f"abi3ify-cli-{os.getuid()}-{hashlib.sha1(abi3ify.encode()).hexdigest()[:8]}",
)


def find_python(oldest="3.11"):
    """The lowest CPython from `oldest` on, and its folder of headers."""
    listing = os.path.join(config.test_source_root, "..", "..", "scripts", "pythons")
    lines = subprocess.run([listing, "--min", oldest], stdout=subprocess.PIPE, text=True).stdout
    for line in lines.splitlines():
        _, executable, include = line.split("\t")
        real = subprocess.run(
            [executable, "-c", "import sys; print(sys.executable)"],
            stdout=subprocess.PIPE, text=True, check=True,
        ).stdout.strip()
        return real, include
    return None, None


python, include = find_python()
if python is None:
    lit_config.note("no CPython 3.11 or newer with headers: all tests are skipped")
    config.unsupported = True
    python = include = "/missing"

newest, _ = find_python("3.15")  # the first that has abi3t
if newest:
    config.available_features.add("python3.15")

bin_folder = os.path.join(config.test_exec_root, "bin")
os.makedirs(bin_folder, exist_ok=True)
link = os.path.join(bin_folder, "python3")
if not os.path.lexists(link) or os.readlink(link) != python:
    temporary = f"{link}.{os.getpid()}"
    os.symlink(python, temporary)
    os.replace(temporary, link)

config.environment["PATH"] = os.pathsep.join(
    [bin_folder, lit_config.params["tools"], os.environ["PATH"]])
config.environment["HOME"] = config.test_exec_root
config.environment["GIT_CONFIG_GLOBAL"] = os.devnull
config.environment["GIT_CONFIG_NOSYSTEM"] = "1"
config.environment["LC_ALL"] = "C.UTF-8"
for name in "AUTHOR", "COMMITTER":
    config.environment[f"GIT_{name}_NAME"] = "nobody"
    config.environment[f"GIT_{name}_EMAIL"] = "nobody@example.org"

config.substitutions += [
    ("%abi3ify", abi3ify),
    ("%exits", "bash " + os.path.join(config.test_source_root, "exits.sh")),
    ("%python", python),
    ("%newest", newest or "/missing"),
    ("%include", include),
    ("%inputs", os.path.join(config.test_source_root, "..", "inputs")),
]
if os.getuid() == 0:
    config.available_features.add("root")
    with tempfile.TemporaryDirectory() as folder:
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder],
                          stderr=subprocess.DEVNULL).returncode == 0:
            subprocess.run(["umount", folder], check=True)
            config.available_features.add("tmpfs")
