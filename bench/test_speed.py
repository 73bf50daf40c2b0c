"""What speed.py does beside taking the time."""
import argparse
import json
import tempfile
import unittest
from pathlib import Path

import speed


class Databases(unittest.TestCase):
    def test_a_compiler_only_reads(self):
        entry = {"arguments": ["gcc", "-O2", "-c", "a.c", "-o", "a.o", "-MF", "a.d", "-Iinclude"], "file": "a.c"}
        self.assertEqual(speed.syntax_flags(entry), ["-O2", "a.c", "-Iinclude"])

    def test_packages_are_parted_by_language_and_have_their_headers_floor(self):
        with tempfile.TemporaryDirectory() as folder:
            database = Path(folder) / "thing-1.0" / "database"
            database.mkdir(parents=True)
            entries = []
            for name in ("a.c", "b.cc", "gone.c"):
                if name != "gone.c":
                    (Path(folder) / name).touch()
                entries.append({"directory": folder, "file": name, "arguments": ["cc", "-I/x/python3.10", "-c", name]})
            (database / "compile_commands.json").write_text(json.dumps(entries))
            found = speed.packages(folder, [])
            self.assertEqual([(p.name, p.units, p.floor) for p in found["C"]], [("thing-1.0-C", 1, "3.10")])
            self.assertEqual([(p.name, p.units, p.floor) for p in found["C++"]], [("thing-1.0-C++", 1, "3.10")])
            self.assertEqual(speed.packages(folder, ["other"]), {"C": [], "C++": []})

    def test_the_synthetic_project_has_as_many_units_as_asked_for(self):
        with tempfile.TemporaryDirectory() as folder:
            project = speed.synthetic(Path(folder) / "p", 12, "/include", "3.11")
            self.assertEqual(project.units, 12)
            self.assertEqual(len({entry["file"] for entry in project.entries}), 12)
            for entry in project.entries:
                self.assertIn("#include <Python.h>", Path(entry["file"]).read_text())


class Document(unittest.TestCase):
    def test_what_is_written_by_hand_stays(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "performance.md"
            path.write_text("# Performance\n\nold table\n\n## What it does about time\n\nMuch.\n")
            bench = speed.Bench(argparse.Namespace(abi3ify="abi3ify", runs=3))
            bench.rows.append(("C, 1 package", "`check`", 0.5, 0.25, 0.3))
            for _ in range(2):
                speed.document(bench, [], [("one thread", [(60.0, "parser")])], "a machine", path)
            text = path.read_text()
            self.assertIn("| C, 1 package | `check` | 0.500 | 0.250 | 0.3 |", text)
            self.assertIn("| 60 % | parser |", text)
            self.assertNotIn("old table", text)
            self.assertEqual(text.count("## What it does about time\n\nMuch.\n"), 1)


if __name__ == "__main__":
    unittest.main()
