"""What every part of the bench uses: running a command with a time-out, failing with a cause, finding the interpreters.

In: commands and names. Out: their output, or a Failure whose text is the cause.
"""
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "abi3ify"


class Failure(Exception):
    """A step did not reach what it is for; the text is the cause, in one line."""


@dataclass
class Done:
    code: int
    out: str
    err: str


def run(argv, *, timeout, cwd=None, env=None, allowed=(0,), what=None):
    """Runs argv, ends it with its children after `timeout` seconds, fails unless the exit code is allowed."""
    argv = [str(a) for a in argv]
    what = what or " ".join([os.path.basename(argv[0])] + argv[1:3])
    try:
        process = subprocess.Popen(argv, cwd=cwd, env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})},
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True, errors="replace", start_new_session=True)
    except OSError as error:
        raise Failure(f"{argv[0]}: {error.strerror}") from None
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise Failure(f"{what}: no end after {timeout} s") from None
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    if allowed is not None and process.returncode not in allowed:
        raise Failure(f"{what}: exit {process.returncode}: {first_cause(err) or first_cause(out) or 'no output'}")
    return Done(process.returncode, out, err)


def first_cause(text):
    """The first line of an output that speaks of an error, else its last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for line in lines:
        if any(word in line for word in ("error:", "Error:", "ERROR", "fatal:")):
            return line[:300]
    return lines[-1][:300] if lines else ""


@dataclass
class Python:
    version: str        # "3.11"
    exe: str
    include: str


def count(number, noun):
    return f"{number} {noun}" + ("" if number == 1 else "s")


def pythons(wanted):
    """Interpreters with headers, by version, as scripts/pythons finds them."""
    rows = [line.split("\t") for line in run([REPOSITORY / "scripts" / "pythons"], timeout=120).out.splitlines()]
    found = {row[0]: Python(*row) for row in rows if len(row) == 3}
    return {v: found[v] for v in wanted if v in found}


def index_answers():
    """Whether the package index can be asked for a file."""
    with tempfile.TemporaryDirectory() as folder:
        return run([venv(sys.executable, "pip", []), "-m", "pip", "--retries", "0", "--timeout", "30", "download", "--quiet", "--no-deps", "--dest", folder, "iniconfig"],
                   timeout=120, allowed=None).code == 0


def venv(python_exe, label, requirements):
    """A venv with exactly these requirements, made once; gives its interpreter."""
    key = hashlib.sha256("\n".join([os.path.realpath(python_exe), *requirements]).encode()).hexdigest()[:12]
    folder = CACHE / "venv" / f"{label}-{key}"
    exe = folder / "bin" / "python"
    if not (folder / "ready").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        if run([python_exe, "-c", "import ensurepip"], timeout=60, allowed=None).code:
            site_folder(python_exe, folder, requirements)
        else:
            run([python_exe, "-m", "venv", folder], timeout=120)
            if requirements:
                run([exe, "-m", "pip", "install", "--quiet", *requirements], timeout=600)
        (folder / "ready").touch()
    return str(exe)


def site_folder(python_exe, folder, requirements):
    """For an interpreter that comes without pip: the requirements in a folder, and an interpreter that has it on its path.

    Another interpreter's pip puts them there. PYTHONPATH of the caller comes first, as it does with a venv.
    """
    site, exe = folder / "site", folder / "bin" / "python"
    run([venv(sys.executable, "pip", ["pip==26.3"]), "-m", "pip", "--python", python_exe, "install", "--quiet", "--target", site, *requirements], timeout=600)
    exe.parent.mkdir()
    exe.write_text(f'#!/bin/sh\nPYTHONPATH="${{PYTHONPATH:+$PYTHONPATH:}}{site}" exec "{python_exe}" "$@"\n')
    exe.chmod(0o755)
