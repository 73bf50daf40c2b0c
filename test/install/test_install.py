"""`cmake --install`: the program, its manual page, its completions.

    test_install.py --build FOLDER --cmake PATH

Installs into a scratch folder; what lies there must be what the program prints, name each option that
its help names, and work in the real man, bash, zsh and fish (of these, the ones that the machine has).
The command that installs and the lines for the shells' start-up files are those of docs/install.md.
"""
import argparse
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

DOCS = (Path(__file__).resolve().parents[2] / "docs/install.md").read_text()
PAGES = {"man": "man/man1/abi3ify.1", "bash": "bash-completion/completions/abi3ify",
         "zsh": "zsh/site-functions/_abi3ify", "fish": "fish/vendor_completions.d/abi3ify.fish"}
BASH = """
source "$1"; shift
complete -p abi3ify >/dev/null || exit
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_abi3ify && printf '%s\\n' "${COMPREPLY[@]}"
"""


class Options:
    build = cmake = None


def run(command, **more):
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, **more)
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


def needs(program):
    return unittest.skipUnless(shutil.which(program), "no %s on this machine" % program)


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.scratch.cleanup)
        cls.prefix = Path(cls.scratch.name) / "stage"
        Path(cls.scratch.name, "build").symlink_to(Options.build)
        make, install = re.search(r"## For packagers\n\n```sh\n(.*?)```", DOCS, re.S)[1].splitlines()
        assert make == "make", make         # which made Options.build
        run(["sh", "-c", install], cwd=cls.scratch.name,
            env={**os.environ, "PATH": "%s:%s" % (Path(Options.cmake).parent, os.environ["PATH"])})
        cls.abi3ify = cls.prefix / "bin/abi3ify"
        cls.pages = {what: cls.prefix / "share" / path for what, path in PAGES.items()}
        cls.environment = {**os.environ, "PATH": "%s:%s" % (cls.prefix / "bin", os.environ["PATH"]),
                           "HOME": cls.scratch.name, "TERM": "dumb", "LC_ALL": "C.UTF-8"}
        cls.folder = Path(cls.scratch.name) / "work"
        (cls.folder / "a folder").mkdir(parents=True)
        (cls.folder / "a source.c").touch()

    def commands(self):
        text = run([self.abi3ify, "--help"])
        return re.findall(r"^  (\w+) ", text[text.index("Subcommands:"):], re.M)

    def help_of(self, command):
        return set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", "".join(
            line[:line.find("  ", 4)] for line in run([self.abi3ify, command, "--help"]).splitlines()
            if line.startswith("  -"))))

    def test_program_runs(self):
        self.assertRegex(run([self.abi3ify, "--version"]), r"^abi3ify [\d.]+$")

    def test_pages_are_not_stale(self):
        for what, path in self.pages.items():
            self.assertEqual(path.read_text(), run([self.abi3ify, "generate", what]), what)

    def test_no_other_page(self):
        done = subprocess.run([self.abi3ify, "generate", "csh"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("man, bash, zsh or fish", done.stderr)

    def test_every_option_is_in_every_page(self):
        commands = self.commands()
        self.assertLessEqual({"check", "migrate", "report", "explain", "rules", "generate"}, set(commands))
        texts = {what: path.read_text().replace("\\-", "-") for what, path in self.pages.items()}
        for command in commands:
            options = self.help_of(command)
            self.assertIn("--help", options)
            section = re.search(r"^\.SS .fBabi3ify %s\b.*?(?=^\.S[SH] )" % command, texts["man"], re.M | re.S)[0]
            words = re.search(r"^ *'%s -'\*\) words='(.*)' ;;" % command, texts["bash"], re.M)[1].split()
            self.assertEqual(set(words), options)
            zsh = re.search(r"^ *%s\)\n *_arguments.*?;;" % command, texts["zsh"], re.M | re.S)[0]
            fish = [line for line in texts["fish"].splitlines() if "from %s'" % command in line]
            for option in options:
                with self.subTest(command + " " + option):
                    self.assertIn(".fB%s\\fR" % option, section.replace("\\fB", ".fB"))
                    self.assertRegex(zsh, r"'\*?%s['\[]" % option)
                    dashes = " -l " if option.startswith("--") else " -s "
                    self.assertTrue(any(dashes + option.lstrip("-") + " " in line for line in fish))

    @needs("man")
    def test_man_shows_the_page(self):
        done = subprocess.run(["man", "--warnings", "abi3ify"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True,
                              env={**self.environment, "MANPATH": str(self.prefix / "share/man"), "MANWIDTH": "100"})
        if done.returncode == 0 and "has been minimized" in done.stdout:
            self.skipTest("this machine's man is a stand-in")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for line in ("ABI3IFY(1)", "--fail-on any|safe|review|manual", "abi3ify migrate [PATH]..."):
            self.assertIn(line, done.stdout)

    def bash(self, *words):
        return run(["bash", "--norc", "-c", BASH, "bash", self.pages["bash"], *words],
                   env=self.environment, cwd=self.folder).split("\n")[:-1]

    def test_bash(self):
        self.assertEqual(self.bash("abi3ify", "mi"), ["migrate"])
        self.assertEqual(self.bash("abi3ify", "check"), ["check"])
        self.assertEqual(set(self.commands()) | {"-h", "--help", "--version"}, set(self.bash("abi3ify", "")))
        self.assertEqual(self.bash("abi3ify", "check", "--fa"), ["--fail-on"])
        self.assertEqual(self.bash("abi3ify", "check", "--fail-on", ""), ["any", "safe", "review", "manual"])
        self.assertEqual(self.bash("abi3ify", "report", "--format", "=", "ma"), ["markdown"])
        self.assertEqual(self.bash("abi3ify", "check", "--target", "3.1"), ["3.10", "3.11", "3.12", "3.13", "3.14", "3.15"])
        self.assertEqual(self.bash("abi3ify", "explain", "tuple-get-i"), ["tuple-get-item"])
        self.assertEqual(set(self.bash("abi3ify", "check", "a")), {"a folder", "a source.c"})
        self.assertEqual(self.bash("abi3ify", "check", "-p", "a"), ["a folder"])
        self.assertEqual(self.bash("abi3ify", "check", "x.c", "--", "-D"), [""])

    def start_up(self, shell):
        """The line that docs/install.md has for a shell's start-up file."""
        return re.search(r"^\| %s \| `([^`]*)`" % shell, DOCS, re.M)[1].replace("\\|", "|")

    def test_start_up_of_bash(self):
        shown = run(["bash", "--norc", "-c", self.start_up("bash") + "\ncomplete -p abi3ify"], env=self.environment)
        self.assertIn("-F _abi3ify abi3ify", shown)

    @needs("zsh")
    def test_start_up_of_zsh(self):
        shown = run(["zsh", "-f", "-c", "autoload -U compinit; compinit -u -D\n" + self.start_up("zsh") + "\necho $_comps[abi3ify]"],
                    env=self.environment)
        self.assertEqual(shown, "_abi3ify\n")

    @needs("fish")
    def test_start_up_of_fish(self):
        shown = run(["fish", "--no-config", "-c", self.start_up("fish") + "\ncomplete -C 'abi3ify mi'"], env=self.environment)
        self.assertEqual(shown.split("\t")[0].strip(), "migrate")

    @needs("fish")
    def test_fish(self):
        def complete(line):
            out = run(["fish", "--no-config", "-c", "source $argv[1]; complete -C $argv[2]", self.pages["fish"], line],
                      env=self.environment, cwd=self.folder)
            return [word.split("\t")[0] for word in out.splitlines()]
        self.assertEqual(complete("abi3ify mi"), ["migrate"])
        self.assertEqual(complete("abi3ify check --fa"), ["--fail-on"])
        self.assertEqual(set(complete("abi3ify check --fail-on ")), {"any", "safe", "review", "manual"})
        self.assertEqual(complete("abi3ify explain tuple-get-i"), ["tuple-get-item"])
        self.assertIn("a source.c", complete("abi3ify check a"))

    @needs("zsh")
    def test_zsh(self):
        def complete(line, wanted):
            """What an interactive zsh writes when the tabulator is pressed behind the line."""
            child, terminal = pty.fork()
            if not child:
                os.chdir(self.folder)
                os.execvpe("zsh", ["zsh", "-f", "-i"], {**self.environment, "COLUMNS": "200"})
            shown = ""

            def read_until(text):
                nonlocal shown
                end = time.monotonic() + 30
                while text not in shown and time.monotonic() < end:
                    if select.select([terminal], [], [], 1)[0]:
                        try:
                            shown += os.read(terminal, 65536).decode(errors="replace")
                        except OSError:
                            break
                return text in shown
            try:
                os.write(terminal, ("PS1=; fpath=(%s $fpath); autoload -U compinit; compinit -u -D; echo rea''dy\n"
                                    % self.pages["zsh"].parent).encode())
                self.assertTrue(read_until("ready"), shown)
                shown = ""
                os.write(terminal, line.encode() + b"\t")
                return read_until(wanted), shown
            finally:
                os.kill(child, 9)
                os.waitpid(child, 0)
                os.close(terminal)
        for line, wanted in (("abi3ify mi", "migrate"), ("abi3ify check --fa", "--fail-on"),
                             ("abi3ify check --fail-on m", "manual"), ("abi3ify explain tuple-get-i", "tuple-get-item"),
                             ("abi3ify report --format ma", "markdown"), ("abi3ify check a\\ s", "source.c")):
            with self.subTest(line):
                found, shown = complete(line, wanted)
                self.assertTrue(found, shown)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--cmake", default=shutil.which("cmake"))
    options = parser.parse_args()
    Options.build, Options.cmake = options.build.resolve(), options.cmake
    unittest.main(argv=sys.argv[:1])
