"""docs/rules holds what `abi3ify rules --docs` writes, and nothing else."""
import tempfile
import unittest
from pathlib import Path

import common
from common import ROOT, run

PAGES = ROOT / "docs/rules"
AGAIN = "run 'abi3ify rules --docs docs/rules' with the program as it is built now, and commit the pages"


class Pages(unittest.TestCase):
    def test_they_are_not_stale(self):
        with tempfile.TemporaryDirectory() as folder:
            done = run(["rules", "--docs", folder], ROOT)
            self.assertEqual(done.returncode, 0, done.stderr)
            written = {path.name: path.read_text() for path in Path(folder).iterdir()}
        kept = {path.name: path.read_text() for path in PAGES.iterdir()} if PAGES.is_dir() else {}
        self.assertGreater(len(written), 100)
        stale = sorted(name for name in written.keys() | kept.keys() if written.get(name) != kept.get(name))
        self.assertEqual(stale, [], AGAIN)

    def test_the_index_names_each_page(self):
        index = (PAGES / "index.md").read_text()
        for path in PAGES.iterdir():
            if path.name != "index.md":
                self.assertIn("(%s)" % path.name, index)


if __name__ == "__main__":
    common.main()
