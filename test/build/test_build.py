#!/usr/bin/env python3
"""Migrates a small project with --build-settings and builds it with its own build system.

    test_build.py PROJECT --abi3ify PATH [--update]

PROJECT is a folder of projects/; counter.c goes beside its build files. The edited build files
must be those of expected/PROJECT (--update writes them), a second migration must change nothing,
and the report must print nothing more to do. Then the real tool builds: a wheel with the right
tag (or, with CMake alone, only the module), in it one NAME.abi3.so for each module, which is
imported by the floor's CPython and by the newest. Before the migration the same build gives no
such file. Exit: 0 all is well, 1 something differs, 77 the tools are missing.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "scripts"))
sys.dont_write_bytecode = True
import extbuild  # noqa: E402

SKIPPED = 77
SOURCES = {"counter.c", "twin.c"}
IMPORT = """
import {name}
assert {name}.__file__.endswith("/{name}.abi3.so"), {name}.__file__
assert {name}.limited() == {limit:#x}, hex({name}.limited())
assert {name}.total((1, 2)) == 3
"""


class Options:
    project = abi3ify = venv = None
    update = False


def run(command, folder, **more):
    environment = {**os.environ, "PATH": "%s:%s" % (Options.venv / "bin", os.environ["PATH"]),
                   "PIP_DISABLE_PIP_VERSION_CHECK": "1", **more}
    environment.pop("PYTHONPATH", None)
    return subprocess.run([str(word) for word in command], cwd=folder, env=environment, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def build_files(folder):
    return {str(path.relative_to(folder)): path.read_bytes().decode()
            for path in sorted(Path(folder).rglob("*")) if path.is_file() and path.name not in SOURCES}


class Build(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        self.python = Options.venv / "bin/python"
        version = run([self.python, "-c", "import sys; print('3.%d' % sys.version_info[1])"], self.folder)
        self.floor = version.stdout.strip()
        self.minor = int(self.floor.split(".")[1])
        self.copy = self.folder / "copy"
        shutil.copytree(HERE / "projects" / Options.project, self.copy)
        source = self.copy / "src" if (self.copy / "src").is_dir() else self.copy
        text = (HERE / "projects/counter.c").read_text()
        (source / "counter.c").write_text(text)
        self.modules = ["counter"]
        if Options.project == "setup-py":
            (source / "twin.c").write_text(text.replace("PyInit_counter", "PyInit_twin").replace('"counter"', '"twin"'))
            self.modules.append("twin")

    def abi3ify(self, *arguments):
        return run([Options.abi3ify, *arguments, "--python", self.python, "."], self.copy)

    def build(self, name):
        """The tag of the wheel (None without one), and the folder that its modules are in."""
        built, out = self.folder / name, self.folder / (name + "-out")
        shutil.copytree(self.copy, built)
        if not any((built / file).exists() for file in ("pyproject.toml", "setup.py")):
            for command in (["cmake", "-S", ".", "-B", out, "-G", "Ninja", "-DPython3_EXECUTABLE=%s" % self.python],
                            ["cmake", "--build", out]):
                done = run(command, built)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            return None, out / "src"
        done = run([self.python, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "--no-index",
                    "-w", out, "."], built)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        [wheel] = out.glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(out)
            [metadata] = [name for name in archive.namelist() if name.endswith(".dist-info/WHEEL")]
            [tag] = [line.split()[1] for line in archive.read(metadata).decode().splitlines() if line.startswith("Tag:")]
        self.assertTrue(wheel.name.endswith("-%s.whl" % tag), wheel.name)
        return tag.split("-", 2)[:2], out

    def libraries(self, folder):
        return sorted(path.name for path in folder.glob("*.so"))

    def test_it(self):
        tag, folder = self.build("before")
        self.assertNotIn("abi3", tag or [])
        self.assertNotIn("abi3.so", " ".join(self.libraries(folder)))
        done = self.abi3ify("migrate", "--target", self.floor, "--build-settings")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assert_expected()
        again = self.abi3ify("migrate", "--target", self.floor, "--build-settings", "--diff")
        self.assertEqual((again.returncode, again.stdout), (0, ""), again.stderr)
        report = json.loads(self.abi3ify("report", "--target", self.floor, "--format", "json").stdout)
        self.assertEqual([package["state"] for package in report["build_settings"]], ["set"])

        tag, folder = self.build("after")
        if tag:
            self.assertEqual(tag, ["cp3%d" % self.minor, "abi3"])
        self.assertEqual(self.libraries(folder), ["%s.abi3.so" % name for name in self.modules])
        pythons = extbuild.interpreters(self.floor)
        for python in dict.fromkeys([pythons[0].exe, pythons[-1].exe]):
            for name in self.modules:
                program = IMPORT.format(name=name, limit=0x03000000 | self.minor << 16)
                done = run([python, "-B", "-c", program], folder)
                self.assertEqual(done.returncode, 0, done.stderr)

    def assert_expected(self):
        """The build files as they were looked at by a person; written for floor 3.11."""
        expected = HERE / "expected" / Options.project
        found = {name: text.replace(self.floor, "3.11").replace("cp3%d" % self.minor, "cp311")
                 .replace("0x03%02X0000" % self.minor, "0x030B0000")
                 for name, text in build_files(self.copy).items()}
        if Options.update:
            for name, text in found.items():
                (expected / name).parent.mkdir(parents=True, exist_ok=True)
                (expected / name).write_bytes(text.encode())
        self.assertEqual(found, build_files(expected))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("project")
    parser.add_argument("--abi3ify", type=Path, default=ROOT / "build/bin/abi3ify")
    parser.add_argument("--update", action="store_true")
    given = parser.parse_args()
    Options.project, Options.abi3ify, Options.update = given.project, given.abi3ify.resolve(), given.update
    tools = subprocess.run([sys.executable, ROOT / "scripts/build-tools"], stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if tools.returncode:
        print("skipped: the build systems cannot be installed, %s" % tools.stderr.strip())
        sys.exit(SKIPPED)
    Options.venv = Path(tools.stdout.strip())
    unittest.main(argv=sys.argv[:1])


if __name__ == "__main__":
    main()
