"""The documents' blocks against the program.

```sh       each line that begins with abi3ify has only options that exist
```console  "$ abi3ify ..." is run in a copy of test/docs/sources; what follows is its output
```toml     a pyproject.toml whose settings are accepted
```yaml     stands in the file that the comment above the block names; a block that begins
            with "id:" is that whole file

test_text.py --update writes the outputs of the console blocks anew.
"""
import re
import shlex
import shutil
import tempfile
import unittest
from contextlib import contextmanager
from pathlib import Path

import common
from common import HERE, ROOT, headers_for, run

DOCUMENTS = [ROOT / "README.md", *(ROOT / "docs" / name for name in ("writing-rules.md", "first-report.md", "ci.md", "editor.md"))]
# Written by bench/run.py; only its commands are looked at.
PACKAGES = ROOT / "docs/corpus.md"
BLOCK = re.compile(r"(?:<!-- (?P<file>\S+) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)```\n", re.S)
SESSION = re.compile(r"(?P<prompt>\$ (?P<command>[^\n]*)\n)(?P<output>(?:(?!\$ )[^\n]*\n)*)")
MISUSE = "Run with --help for more information."


def blocks(document, kind):
    return [block for block in BLOCK.finditer(document.read_text()) if block["kind"] == kind]


def words(command):
    arguments = shlex.split(command, comments=True)
    assert arguments[0] == "abi3ify", command
    return arguments[1:]


def commands(document):
    """Every command that the document shows."""
    for kind in ("sh", "console"):
        for block in blocks(document, kind):
            for line in block["text"].splitlines():
                line = line.removeprefix("$ ") if kind == "console" else line
                if line.startswith("abi3ify "):
                    yield line


@contextmanager
def scratch():
    """A folder with the sources and the rule of one's own that the documents speak of."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(HERE / "sources", folder, dirs_exist_ok=True)
        shutil.copytree(HERE / "rules/dict", Path(folder) / "my-rules/dict")
        yield folder


def output_of(command, folder):
    arguments = words(command)
    floor = arguments[arguments.index("--target") + 1] if "--target" in arguments else "3.11"
    asks = arguments[0] in ("check", "migrate", "report") or "--test" in arguments
    end = arguments.index("--") if "--" in arguments else len(arguments)
    done = run([*arguments[:end], *(headers_for(floor) if asks else []), *arguments[end:]], folder)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


def shown_anew(document, folder):
    def session(match):
        return match["prompt"] + output_of(match["command"], folder)

    def block(match):
        if match["kind"] != "console":
            return match[0]
        return "```console\n" + SESSION.sub(session, match["text"]) + "```\n"
    return BLOCK.sub(block, document.read_text())


def update():
    with scratch() as folder:
        for document in DOCUMENTS:
            document.write_text(shown_anew(document, folder))


class Documents(unittest.TestCase):
    maxDiff = None

    def test_outputs_are_the_program_s(self):
        with scratch() as folder:
            for document in DOCUMENTS:
                with self.subTest(document.name):
                    self.assertEqual(document.read_text(), shown_anew(document, folder))

    def test_commands_are_accepted(self):
        # In an empty folder, without headers: each run ends right after its arguments are read.
        for document in [*DOCUMENTS, PACKAGES]:
            shown = list(commands(document))
            self.assertTrue(shown, f"{document.name} shows no command")
            for command in shown:
                with self.subTest(command), tempfile.TemporaryDirectory() as folder:
                    self.assertNotIn(MISUSE, self.parse(words(command), folder).stderr)

    def test_wrong_options_are_noticed(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertIn(MISUSE, self.parse(["check", "--no-such-option"], folder).stderr)

    def parse(self, arguments, folder):
        end = arguments.index("--") if "--" in arguments else len(arguments)
        if arguments[0] not in ("explain", "capture", "init", "generate"):
            arguments = [*arguments[:end], "--python", folder + "/none", *arguments[end:]]
        return run(arguments, folder)

    def test_settings_are_accepted(self):
        for document in DOCUMENTS:
            for block in blocks(document, "toml"):
                with self.subTest(block["text"]), scratch() as folder:
                    Path(folder, "pyproject.toml").write_text(block["text"])
                    self.assertNotIn("pyproject.toml:", self.parse(["check"], folder).stderr)

    def test_wrong_settings_are_noticed(self):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "pyproject.toml").write_text("[tool.abi3ify]\nno-such-key = 1\n")
            self.assertIn("pyproject.toml:2", self.parse(["check"], folder).stderr)

    def test_rules_are_the_files(self):
        for document in DOCUMENTS:
            for block in blocks(document, "yaml"):
                with self.subTest(block["text"]):
                    self.assertTrue(block["file"], "no comment above the block names its file")
                    text = (ROOT / block["file"]).read_text()
                    if block["text"].startswith("id:"):
                        self.assertEqual(block["text"], text)
                    else:
                        self.assertIn("\n" + block["text"], "\n" + text)

    def test_steps_of_continuous_integration_run(self):
        """Each command of the files that ci.md shows; test/integration installs the package."""
        for file, steps in (("github.yml", r"^ *- run: (.*)$"), ("gitlab.yml", r"^    - (.*)$")):
            found = re.findall(steps, (HERE / "ci" / file).read_text(), re.M)
            self.assertIn("pip install abi3ify", found)
            for command in found:
                if command.startswith("abi3ify "):
                    with self.subTest(command), scratch() as folder:
                        arguments = words(command)
                        done = run([*arguments, *headers_for("3.11")], folder)
                        self.assertEqual(done.returncode, 1, done.stderr)
                        if "--output" in arguments:
                            self.assertTrue(Path(folder, arguments[arguments.index("--output") + 1]).stat().st_size)

    def test_every_key_is_shown(self):
        """The keys that the reader of rules knows all stand in a block of the guide."""
        reader = (ROOT / "tool/rule-reader.cpp").read_text()
        shown = "\n".join(block["text"] for block in blocks(ROOT / "docs/writing-rules.md", "yaml"))
        for key in sorted(set(re.findall(r'key == "([\w-]+)"', reader))):
            with self.subTest(key):
                self.assertRegex(shown, rf'(^|[\s{{,"]){re.escape(key)}"?:')

    def test_links_lead_somewhere(self):
        for document in [*DOCUMENTS, *sorted((ROOT / "docs").glob("*.md"))]:
            for target in re.findall(r"\]\(([^)#:]+)[^)]*\)", document.read_text()):
                with self.subTest(f"{document.name}: {target}"):
                    self.assertTrue((document.parent / target).exists())


class OwnRules(unittest.TestCase):
    def test_examples_hold(self):
        # The oldest and the newest headers, where most differs.
        found = [executable for _, executable in common.Machine.pythons]
        if not found:
            self.skipTest("no CPython with headers on this machine")
        pythons = [word for executable in {found[0], found[-1]} for word in ("--python", executable)]
        done = run(["rules", "--test", str(HERE / "rules"), *pythons], ROOT)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn(": 0 failed", done.stdout)


if __name__ == "__main__":
    common.main(update)
