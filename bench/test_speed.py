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


class Stages(unittest.TestCase):
    def test_a_stage_is_the_median_and_the_rest_is_what_the_process_took_besides(self):
        def run(parsing, cpu):
            return speed.Time(1, cpu, 1, "", f"a note\nstage parsing: {parsing} ms\nstage all else: 2.00 ms\n")
        stages = speed.stages_of([run(10, 0.020), run(30, 0.040), run(11, 0.021)])
        self.assertEqual(stages["parsing"], 11)
        self.assertEqual(stages["whole process"], 21)
        self.assertAlmostEqual(stages["loading and ending the process"], 8)

    def test_a_row_for_each_stage_that_counts_the_longest_first(self):
        def run(text):
            return [speed.Time(1, 0.004, 1, "", text)]
        columns, rows = speed.by_stage({"cold": run("stage short: 0.01 ms\nstage parsing: 3.00 ms\n"), "again": run("stage rules: 2.00 ms\n")}, 2)
        self.assertEqual(columns, ["cold", "again"])
        self.assertEqual([name for name, _ in rows][:2], ["whole process", "parsing"])
        self.assertIn(("rules", [0.0, 1.0]), rows)
        self.assertNotIn("short", dict(rows))

    def test_only_headers_are_left(self):
        with tempfile.TemporaryDirectory() as folder:
            results = Path(folder) / "abi3ify" / "results"
            results.mkdir(parents=True)
            (results / "unit-a").write_bytes(bytes(1 << 20))
            (results / "unit-b").write_bytes(b"result")
            self.assertEqual(speed.headers_only(folder), 1)
            self.assertEqual([f.name for f in results.iterdir()], ["unit-a"])


class Document(unittest.TestCase):
    def test_what_is_written_by_hand_stays(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "performance.md"
            path.write_text("# Performance\n\nold table\n\n## What it does about time\n\nMuch.\n")
            bench = speed.Bench(argparse.Namespace(abi3ify="abi3ify", runs=3))
            bench.row("C, 1 package", "`check`", 0.5, 0.25, 0.3, 2)
            bench.absent = ["Coccinelle"]
            for _ in range(2):
                speed.document(bench, [], [("one unit", "Ours.", ["cold", "again"], [("parsing", [61.25, 0])])], "a machine", path)
            text = path.read_text()
            self.assertIn("| C, 1 package | `check` | 0.500 | 0.250 | 0.3 | 2 |", text)
            self.assertIn("Not there: Coccinelle.", text)
            self.assertIn("| stage | cold | again |", text)
            self.assertIn("| parsing | 61.25 | 0.00 |", text)
            self.assertNotIn("old table", text)
            self.assertEqual(text.count("## What it does about time\n\nMuch.\n"), 1)


if __name__ == "__main__":
    unittest.main()
