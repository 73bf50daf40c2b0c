"""Builds small extension modules by plain compiler calls and runs their tests.

In: a folder with C or C++ sources and one PyInit_NAME. Out: the module, the
compiler's warnings, the outcome of each test. The demo and the run-time tests
share it; standard library only.
"""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent
SUPPORTED = ["3.%d" % minor for minor in range(8, 16)]
C_SUFFIXES = (".c",)
CXX_SUFFIXES = (".cc", ".cpp", ".cxx")
HEADER_SUFFIXES = (".h", ".hh", ".hpp", ".hxx")
NOT_SOURCES = {"build", "dist", "node_modules", "__pycache__"}


class Failure(Exception):
    """What went wrong, for the reader; `details` is a program's own output."""

    def __init__(self, message, details=""):
        super().__init__(message)
        self.details = details


@dataclass(frozen=True)
class Interpreter:
    version: str    # "3.11"
    exe: str
    include: str


@dataclass
class Extension:
    name: str
    sources: list
    include: list    # folders of its headers


@dataclass
class Build:
    folder: Path     # what goes to sys.path
    warnings: Counter = field(default_factory=Counter)


@dataclass
class TestRun:
    outcomes: dict   # test -> "ok", "failed", "error", "skipped: why"
    growth: int      # blocks of memory that each further run leaves behind
    output: str

    @property
    def passed(self):
        return bool(self.outcomes) and all(
            state == "ok" or state.startswith("skipped") for state in self.outcomes.values())


def version_key(version):
    return tuple(int(part) for part in version.split("."))


def interpreters(floor, fetch=False):
    """The CPythons of this machine from the floor on, in order."""
    command = [str(SCRIPTS / "pythons"), "--min", floor] + (["--fetch"] if fetch else [])
    listing = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    return [Interpreter(*line.split("\t")) for line in listing.splitlines()]


def missing_versions(found, floor):
    have = {interpreter.version for interpreter in found}
    return [version for version in SUPPORTED
            if version_key(version) >= version_key(floor) and version not in have]


def find_extension(folder):
    """The one module that the folder's sources make; Failure when unclear."""
    folder = Path(folder)
    files = [path for path in sorted(folder.rglob("*"))
             if path.is_file() and not any(part in NOT_SOURCES or part.startswith(".")
                                           for part in path.relative_to(folder).parts)]
    sources = [path for path in files if path.suffix.lower() in C_SUFFIXES + CXX_SUFFIXES]
    texts = {path: path.read_text(errors="replace") for path in sources}
    included = {os.path.basename(name) for text in texts.values()
                for name in re.findall(r'^\s*#\s*include\s*"([^"]+)"', text, re.M)}
    names = sorted({name for text in texts.values()
                    for name in re.findall(r"^[^/\n]*\bPyInit_(\w+)\s*\(", text, re.M)})
    if not sources:
        raise Failure("%s holds no C or C++ source" % folder)
    if len(names) != 1:
        raise Failure("one module is wanted, and the sources define %s"
                      % (", ".join(names) or "no PyInit function"))
    headers = sorted({path.parent for path in files if path.suffix.lower() in HEADER_SUFFIXES})
    return Extension(names[0], [path for path in sources if path.name not in included],
                     sorted({folder, *headers}))


ABI3T = "abi3t"  # the stable ABI of free-threaded builds, as a floor


def limited_flag(floor):
    if floor == ABI3T:
        return "-DPy_TARGET_ABI3T=0x030F0000"
    return "-DPy_LIMITED_API=0x%02X%02X0000" % version_key(floor)


def include_flags(extension, interpreter):
    # Debian splits pyconfig.h off into a folder that is found from the parent.
    # pycore_*.h are for sources that define Py_BUILD_CORE_MODULE.
    return (["-I%s" % folder for folder in extension.include]
            + ["-I", interpreter.include, "-idirafter", os.path.dirname(interpreter.include),
               "-idirafter", os.path.join(interpreter.include, "internal")])


WARNING = re.compile(r"^(.+?):\d+(?::\d+)?: warning: (.*)$", re.M)


def compile_call(command):
    """Runs a compiler; its warnings without their places, Failure on errors."""
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
                          errors="replace", env={**os.environ, "LC_ALL": "C"})
    if done.returncode != 0:
        raise Failure("the compiler failed: %s" % " ".join(str(part) for part in command),
                      done.stdout)
    return Counter((os.path.basename(name), message) for name, message in WARNING.findall(done.stdout))


def is_cxx(source):
    return source.suffix.lower() in CXX_SUFFIXES


def build(extension, interpreter, folder, floor=None):
    """Compiles and links into `folder`; with a floor against the Limited API."""
    cc, cxx = os.environ.get("CC", "cc"), os.environ.get("CXX", "c++")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    flags = ["-O1", "-fPIC", "-Wall"] + include_flags(extension, interpreter)
    if floor:
        flags.append(limited_flag(floor))
    result = Build(folder)
    objects = []
    for number, source in enumerate(extension.sources):
        objects.append(folder / ("%d-%s.o" % (number, source.stem)))
        compiler = cxx if is_cxx(source) else cc
        result.warnings += compile_call([compiler, *flags, "-c", source, "-o", objects[-1]])
    linker = cxx if any(map(is_cxx, extension.sources)) else cc
    # Symbols are bound at import, so that one that is missing shows at once.
    link_flags = (["-bundle", "-undefined", "dynamic_lookup"] if sys.platform == "darwin"
                  else ["-shared", "-Wl,-z,now"])
    compile_call([linker, *link_flags, *objects, "-o", folder / module_file(extension, floor)])
    return result


def module_file(extension, floor=None):
    return extension.name + (".%s.so" % (floor if floor == ABI3T else "abi3") if floor else ".so")


def clang_warnings(extension, interpreter, floor=None):
    """What LLVM's own Clang says, with -Wall; None when it is not there."""
    prefix = Path(os.environ.get("LLVM_PREFIX", "/usr/lib/llvm-22"))
    if not (prefix / "bin/clang++").exists():
        return None
    warnings = Counter()
    for source in extension.sources:
        compiler = prefix / ("bin/clang++" if is_cxx(source) else "bin/clang")
        warnings += compile_call([compiler, "-fsyntax-only", "-Wall",
                                  *include_flags(extension, interpreter),
                                  *([limited_flag(floor)] if floor else []), source])
    return warnings


def run_python(interpreter, folder, arguments):
    """Runs the interpreter with the folder first on sys.path."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    env.update(PYTHONPATH=str(folder), PYTHONDONTWRITEBYTECODE="1", PYTHONIOENCODING="utf-8")
    try:
        return subprocess.run([interpreter.exe, "-s", *map(str, arguments)], env=env, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, errors="replace", timeout=300)
    except subprocess.TimeoutExpired as error:
        raise Failure("CPython %s did not finish within %d seconds"
                      % (interpreter.version, error.timeout)) from None


def ended(returncode):
    if returncode < 0:
        return "was killed by %s" % signal.Signals(-returncode).name
    return "ended with status %d" % returncode


def run_test(interpreter, folder, test, repeat=0):
    """The outcomes of a unittest file; Failure when it did not come to its end."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "report.json"
        done = run_python(interpreter, folder,
                          [SCRIPTS / "run_unittest.py", test, report, str(repeat)])
        if not report.exists():
            raise Failure("CPython %s %s in %s" % (interpreter.version, ended(done.returncode),
                                                   os.path.basename(test)), done.stdout)
        result = json.loads(report.read_text())
    return TestRun(result["outcomes"], result["growth"], done.stdout)


def full_name(interpreter):
    """For example "CPython 3.11.7"."""
    done = run_python(interpreter, "", ["-c", "import sys; print(sys.version.split()[0])"])
    return "CPython " + (done.stdout.strip() or interpreter.version)
