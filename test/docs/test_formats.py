"""The formats for other programs, each given to a program or a reader of its own: the edits of `fixes`, `fixits` and SARIF
make the text that migrate writes, and all of them say of each use what the JSON output says."""
import html
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree as ET
from pathlib import Path
from urllib.parse import unquote

import jsonschema
import sarif_pydantic

import common
from common import ROOT, headers_for, run
from test_schema import EXTRA

FLOOR = "3.11"
APPLY = Path(os.environ.get("LLVM_PREFIX", "/usr/lib/llvm-22"), "bin/clang-apply-replacements")
# A path and a text that each format must quote, and columns behind characters of several bytes.
AWKWARD = {
    "odd name, 50%: <a>.c": """#include <Python.h>
/* \u00e9\u00e9\u20ac */ Py_ssize_t wide(PyObject *t) { return PyTuple_GET_SIZE(t); }
void slot(PyObject *t, PyObject ***p) { *p = &PyTuple_GET_ITEM(t, 0); }
""",
}


class Formats(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name).resolve() / "project"
        shutil.copytree(ROOT / "test/inputs/demo", self.folder)
        self.flags = ["--target", FLOOR, *headers_for(FLOOR)]

    def add(self, files, encoding):
        for name, text in files.items():
            (self.folder / name).write_bytes(text.encode(encoding))

    def check(self, form, *more, status=1):
        done = run(["check", "--format", form, *self.flags, *more], self.folder)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stdout

    def read(self):
        return {path.name: path.read_bytes() for path in self.folder.iterdir() if path.suffix in (".c", ".h")}

    def migrated(self):
        before = self.read()
        done = run(["migrate", "--review", *self.flags], self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        after = self.read()
        for name, text in before.items():
            (self.folder / name).write_bytes(text)
        self.assertNotEqual(before, after)
        return after

    def findings(self, *more):
        return json.loads(self.check("json", *more, status=self.status))

    status = 1

    def test_clang_applies_the_fixes(self):
        wanted = self.migrated()
        fixes = self.folder / "fixes"
        fixes.mkdir()
        (fixes / "abi3ify.yaml").write_text(self.check("fixes"))
        done = subprocess.run([APPLY, "--remove-change-desc-files", fixes], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        self.assertEqual(self.read(), wanted)

    def test_parseable_fixits_give_the_migrated_text(self):
        wanted = self.migrated()
        line = re.compile(r'^fix-it:"(.*)":\{(\d+):(\d+)-(\d+):(\d+)\}:"(.*)"$', re.M)
        unescaped = lambda text: text.encode().decode("unicode_escape").encode("latin-1")
        edits = {}
        for file, *place, text in line.findall(self.check("fixits")):
            edits.setdefault(file, []).append(([int(n) for n in place], unescaped(text)))
        texts = self.read()
        for file, list in edits.items():
            starts = [0]
            for one in texts[file].split(b"\n"):
                starts.append(starts[-1] + len(one) + 1)
            offset = lambda row, column: starts[row - 1] + column - 1
            for (row, column, last_row, last_column), text in sorted(list, reverse=True):
                old = texts[file]
                texts[file] = old[:offset(row, column)] + text + old[offset(last_row, last_column):]
        self.assertEqual(texts, wanted)

    def test_sarif(self):
        self.add(EXTRA, "latin-1")
        self.add(AWKWARD, "utf-8")
        self.status = 2
        document = json.loads(self.check("sarif", status=2))
        jsonschema.Draft202012Validator(json.loads((ROOT / "docs/sarif.schema.json").read_text()),
                                        format_checker=jsonschema.FormatChecker()).validate(document)
        sarif_pydantic.Sarif.model_validate(document)
        [sarif] = document["runs"]
        rules = [rule["id"] for rule in sarif["tool"]["driver"]["rules"]]
        findings = self.findings()
        [invocation] = sarif["invocations"]
        self.assertFalse(invocation["executionSuccessful"])
        self.assertEqual(len(invocation["toolExecutionNotifications"]), len(findings["errors"]))
        said = {}
        for result in sarif["results"]:
            self.assertEqual(rules[result["ruleIndex"]], result["ruleId"])
            [location] = result["locations"]
            place = location["physicalLocation"]
            said[unquote(place["artifactLocation"]["uri"]), place["region"]["startLine"], result["ruleId"]] = result
        states = set()
        for finding in findings["findings"]:
            result = said[finding["file"], finding["line"], finding["rule"]]
            states.add(finding["state"])
            self.assertEqual(len(result.get("relatedLocations", [])), len(finding["places"]))
            self.assertEqual("fixes" in result, result["properties"]["state"] == "fixable")
            self.assertEqual("suppressions" in result, finding["state"] == "suppressed")
            self.assertEqual(result["level"], "note" if finding["state"] in ("suppressed", "advice") else "error")
        self.assertLessEqual({"fixable", "manual", "suppressed", "unseen", "generated"}, states)

    def test_each_fix_of_sarif_stands_alone(self):
        self.add(AWKWARD, "utf-8")
        texts = self.read()
        [sarif] = json.loads(self.check("sarif"))["runs"]
        fixes = 0
        for result in sarif["results"]:
            for fix in result.get("fixes", ()):
                fixes += 1
                for change in fix["artifactChanges"]:
                    self.follow(change, texts[unquote(change["artifactLocation"]["uri"])])
        self.assertGreater(fixes, 50)

    def follow(self, change, text):
        """Lines and columns name the same bytes as the offsets do, and no replacement meets another."""
        lines, end = text.split(b"\n"), 0
        for replacement in change["replacements"]:
            region = replacement["deletedRegion"]
            self.assertGreaterEqual(region["byteOffset"], end)
            end = region["byteOffset"] + region["byteLength"]
            for row, column, offset in ((region["startLine"], region["startColumn"], region["byteOffset"]),
                                        (region["endLine"], region["endColumn"], end)):
                before = sum(len(line) + 1 for line in lines[:row - 1])
                self.assertEqual(before + len(lines[row - 1].decode()[:column - 1].encode()), offset)

    def test_columns_are_characters(self):
        self.add(AWKWARD, "utf-8")
        [name] = AWKWARD
        line = AWKWARD[name].splitlines()[1]
        [sarif] = json.loads(self.check("sarif"))["runs"]
        [region] = [result["locations"][0]["physicalLocation"]["region"] for result in sarif["results"]
                    if result["ruleId"] == "tuple-get-size" and "odd" in str(result["locations"])]
        self.assertEqual(line[region["startColumn"] - 1:region["endColumn"] - 1], "PyTuple_GET_SIZE")

    def test_github(self):
        self.add(EXTRA, "latin-1")
        self.add(AWKWARD, "utf-8")
        self.status = 2
        command = re.compile(r"::(error|notice) file=([^,:]*)(?:,line=(\d+))?(?:,col=(\d+),endColumn=(\d+))?"
                             r",title=abi3ify(?:%3A ([\w-]+))?::(.*)")
        said, errors = {}, 0
        for line in self.check("github", status=2).splitlines():
            level, file, row, _, _, rule, text = command.fullmatch(line).groups()
            for code, char in (("%2C", ","), ("%3A", ":"), ("%25", "%")):
                file = file.replace(code, char)
            errors += rule is None
            if rule:
                said.setdefault((file, int(row), rule), []).append((level, text))
        document = self.findings()
        self.assertEqual(errors, len(document["errors"]))
        wanted = {(f["file"], f["line"], f["rule"]) for f in document["findings"]
                  if f["state"] not in ("suppressed", "generated")}
        first = {(f["file"], f["line"], f["rule"]) for f in document["findings"] if f["state"] == "generated"}
        self.assertEqual(set(said) - first, wanted)
        self.assertTrue(set(said) & first)

    def test_junit(self):
        self.add(EXTRA, "latin-1")
        self.add(AWKWARD, "utf-8")
        self.status = 2
        [suite] = ET.fromstring(self.check("junit", status=2))
        document = self.findings()
        cases = list(suite)
        for count, element in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            self.assertEqual(int(suite.get(count)), sum(case.find(element) is not None for case in cases))
        self.assertEqual(int(suite.get("tests")), len(cases))
        self.assertEqual(int(suite.get("errors")), len(document["errors"]))
        self.assertEqual(int(suite.get("skipped")), document["summary"]["suppressed"])
        failed = {(case.get("file"), int(case.get("line"))) for case in cases if case.find("failure") is not None}
        self.assertEqual(failed, {(f["file"], f["line"]) for f in document["findings"]
                                  if f["state"] not in ("suppressed", "advice")})

    def test_junit_of_nothing(self):
        for path in self.folder.glob("*.[ch]"):
            path.unlink()
        self.add({"clean.c": "#include <Python.h>\nint one(void) { return 1; }\n"}, "utf-8")
        [suite] = ET.fromstring(self.check("junit", status=0))
        self.assertEqual((suite.get("tests"), suite.get("failures"), len(suite)), ("1", "0", 1))

    def test_junit_fails_as_the_exit_code_does(self):
        """With --fail-on safe, what is left to its author fails neither the run nor a test."""
        for path in self.folder.glob("*.[ch]"):
            path.unlink()
        self.add({"slot.c": AWKWARD["odd name, 50%: <a>.c"].replace("_GET_SIZE(t)", "_Size(t)")}, "utf-8")
        [suite] = ET.fromstring(self.check("junit", "--fail-on", "safe", status=0))
        self.assertEqual((suite.get("tests"), suite.get("failures")), ("1", "0"))

    def test_markdown(self):
        self.add(EXTRA, "latin-1")
        self.add(AWKWARD, "utf-8")
        self.status = 2
        text = self.check("markdown", status=2)
        from markdown_it import MarkdownIt
        tokens = MarkdownIt("commonmark").enable("table").parse(text)
        rows = sum(token.type == "tr_open" for token in tokens) - 1
        document = self.findings()
        generated = {f["file"] for f in document["findings"] if f["state"] == "generated"}
        others = [f for f in document["findings"] if f["state"] != "generated"]
        self.assertEqual(rows, len(others) + len(generated))
        cells = [html.unescape(token.content) for token in tokens if token.type == "inline"]
        self.assertTrue(any(r"50%: <a>.c:2" in cell for cell in cells), cells[-20:])
        self.assertIn("Not read: broken.c", " ".join(cells))

    def test_what_a_format_is_not_for(self):
        for arguments, words in ((["check", "--format", "xml"], "text, json, sarif, github, junit, markdown, fixes, fixits"),
                                 (["migrate", "--format", "fixes"], "still to be made"),
                                 (["migrate", "--diff", "--format", "sarif"], "--diff prints a diff")):
            done = run([*arguments, *self.flags], self.folder)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn(words, done.stderr)


if __name__ == "__main__":
    common.main()
