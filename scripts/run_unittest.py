"""Runs one unittest file and writes what became of each test as JSON.

    run_unittest.py TEST.py REPORT.json [REPEAT]

The report is written only when all tests came to their end, so a crash
leaves none. REPEAT further runs measure how many blocks of memory each leaves
behind, at the least ("growth"; 0 without them). Runs on CPython 3.8 and later.
"""
import array
import gc
import importlib.util
import json
import sys
import unittest


class Outcomes(unittest.TextTestResult):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.outcomes = {}

    def stopTest(self, test):
        self.outcomes.setdefault(test.id(), "ok")
        super().stopTest(test)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.outcomes[test.id()] = "skipped: " + reason

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.outcomes[test.id()] = "failed"

    def addError(self, test, error):
        super().addError(test, error)
        self.outcomes[test.id()] = "error"

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error is not None:
            self.outcomes[test.id()] = "failed"


def growth(module, repeat):
    # Attribute lookups by fresh strings fill the types' cache for long: emptied
    # each time, so that what remains is what the module holds on to.
    empty_caches = getattr(sys, "_clear_internal_caches", None) or sys._clear_type_cache
    blocks = array.array("q", [0] * repeat)
    for i in range(repeat):
        unittest.defaultTestLoader.loadTestsFromModule(module).run(unittest.TestResult())
        empty_caches()
        gc.collect()
        blocks[i] = sys.getallocatedblocks()
    steps = [after - before for before, after in zip(blocks[1:], blocks[2:])]
    return max(0, min(steps, default=0))


def main(test, report, repeat="0"):
    spec = importlib.util.spec_from_file_location("test", test)
    module = importlib.util.module_from_spec(spec)
    sys.modules["test"] = module
    spec.loader.exec_module(module)
    suite = unittest.defaultTestLoader.loadTestsFromModule(module)
    result = unittest.TextTestRunner(resultclass=Outcomes, verbosity=1).run(suite)
    found = {"outcomes": result.outcomes,
             "growth": growth(module, int(repeat)) if result.wasSuccessful() else 0}
    with open(report, "w") as file:
        json.dump(found, file)
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
