"""The wheel, as people get it: made by scripts/wheel, installed by pip, run where no Clang is.

    test_wheel.py [--dist FOLDER] [--keep]

--keep takes the wheel and the source distribution that a run before has left in FOLDER.
"""
import argparse
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import unittest
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 60e6
NEEDED = ["CMakeLists.txt", "LICENSE", "README.md", "pyproject.toml", "cmake", "facts", "include", "rules",
          "scripts", "test", "tool"]


class Options:
    dist = None


def run(command, expect=0, **more):
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", **more)
    assert done.returncode == expect, (command, done.returncode, done.stdout[-5000:])
    return done.stdout


def tools():
    return Path(run([ROOT / "scripts/build-tools", "packaging-tools"]).splitlines()[-1]) / "bin"


def only(pattern):
    found = list(Options.dist.glob(pattern))
    assert len(found) == 1, (pattern, found)
    return found[0]


class Wheel(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.version = re.search(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text(), re.M)[1]
        cls.wheel, cls.sdist = only("*.whl"), only("*.tar.gz")

    def test_tag_is_the_auditor_s(self):
        verdict = run([tools() / "auditwheel", "show", self.wheel])
        platform = re.search(r'"(manylinux_\d+_\d+_\w+)"', verdict)
        self.assertTrue(platform, verdict)
        self.assertIn("-py3-none-%s" % platform[1], self.wheel.name)

    def test_size(self):
        with zipfile.ZipFile(self.wheel) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        print("%s: %.1f MB, unpacked %.1f MB; %s: %.1f MB" % (
            self.wheel.name, self.wheel.stat().st_size / 1e6, size / 1e6,
            self.sdist.name, self.sdist.stat().st_size / 1e6))
        self.assertLess(size, LIMIT)

    def test_sdist_is_complete(self):
        """What git knows of the program is in it, and nothing that git ignores."""
        with tarfile.open(self.sdist) as archive:
            held = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
        known = set(run(["git", "ls-files", "-co", "--exclude-standard", *NEEDED], cwd=ROOT).splitlines())
        self.assertGreater(len(known), 500)
        self.assertEqual(known - held, set())
        self.assertEqual({name for name in held if name.startswith(("build/", "dist/"))}, set())

    def test_documented_commands(self):
        """The first block of docs/install.md, with the wheel as the package index."""
        block = re.search(r"```sh\n(.*?)```", (ROOT / "docs/install.md").read_text(), re.S)[1]
        self.assertIn("pip install abi3ify\n", block)
        with tempfile.TemporaryDirectory() as folder:
            shown = run(["bash", "-ec", block], cwd=folder,
                        env={**os.environ, "PATH": "%s:%s" % (tools(), os.environ["PATH"]), "PIP_NO_INDEX": "1",
                             "PIP_FIND_LINKS": str(Options.dist), "PIP_DISABLE_PIP_VERSION_CHECK": "1"})
            self.assertIn("\nabi3ify %s\n" % self.version, shown)
            self.assertTrue(Path(folder, "abi3ify.1").read_text().startswith(".\\\""))

    def test_it_works_without_clang(self):
        with tempfile.TemporaryDirectory() as folder:
            venv = Path(folder) / "venv"
            run([tools() / "python", "-m", "venv", venv])
            run([venv / "bin/pip", "install", "-q", "--no-index", "--disable-pip-version-check", self.wheel])
            program = venv / "bin/abi3ify"
            self.assertEqual(run([program, "--version"]), "abi3ify %s\n" % self.version)
            for page in ("man/man1/abi3ify.1", "bash-completion/completions/abi3ify", "zsh/site-functions/_abi3ify",
                         "fish/vendor_completions.d/abi3ify.fish", "doc/abi3ify/LICENSE"):
                self.assertTrue((venv / "share" / page).is_file(), page)
            if subprocess.run([ROOT / "scripts/without-clang", "true"]).returncode == 77:
                self.skipTest("no mount namespaces")
            shown = run([ROOT / "scripts/without-clang", ROOT / "scripts/demo", "--abi3ify", program])
            self.assertIn("one binary, ", shown)
            run([venv / "bin/pip", "uninstall", "-q", "-y", "--disable-pip-version-check", "abi3ify"])
            self.assertFalse(program.exists())


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--dist", type=Path, default=ROOT / "build/dist")
    parser.add_argument("--keep", action="store_true")
    options, names = parser.parse_known_args()
    Options.dist = options.dist.resolve()
    if not options.keep:
        done = subprocess.run([ROOT / "scripts/wheel", Options.dist], stdin=subprocess.DEVNULL)
        if done.returncode:
            sys.exit("scripts/wheel failed")
    unittest.main(argv=[sys.argv[0], *names])
