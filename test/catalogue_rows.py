#!/usr/bin/env python3
"""Each row of the catalogue's section I is named by a rule, or by catalogue-rows.tsv beside this file.

What is found by the tables of names has a unit test that shows it, what cannot be checked
a reason in docs/catalogue-errata.md.
"""
import re
import sys
import unittest
from pathlib import Path

TEST = Path(__file__).resolve().parent
ROOT = TEST.parent
ROWS = [f"I{number:02}" for number in range(1, 39)]


def rows_of_rules():
    rows = {}
    for rule in sorted((ROOT / "rules").glob("*/*.yaml")):
        for names in re.findall(r"^rows: \[(.*)\]$", rule.read_text(), re.M):
            for row in re.split(r",\s*", names):
                rows.setdefault(row, []).append(rule.stem)
    return rows


def others():
    lines = (TEST / "catalogue-rows.tsv").read_text().splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")]


class CatalogueRows(unittest.TestCase):
    def test_each_row_is_known_once(self):
        rules = rows_of_rules()
        listed = [row for row, _, _ in others()]
        self.assertEqual(sorted(set(listed)), listed)
        self.assertEqual([row for row in ROWS if (row in rules) == (row in listed)], [])
        self.assertEqual([row for row in listed if row not in ROWS], [])

    def test_what_is_listed_is_shown(self):
        tests = set()
        for source in (TEST / "unit").glob("*.cpp"):
            tests |= {".".join(found) for found in re.findall(r"^TEST\((\w+), (\w+)\)", source.read_text(), re.M)}
        errata = (ROOT / "docs/catalogue-errata.md").read_text()
        reasons = set(re.findall(r"^\| (I\d\d) \|.*\|.*not checked", errata, re.M))
        for row, how, where in others():
            with self.subTest(row):
                self.assertIn(how, ("net", "none"))
                if how == "net":
                    self.assertIn(where, tests)
                else:
                    self.assertEqual(where, "docs/catalogue-errata.md")
                    self.assertIn(row, reasons)


if __name__ == "__main__":
    sys.exit(unittest.main())
