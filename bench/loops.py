"""Times a loop in several builds of a package.

In: an interpreter, the trees to import from, the loop as timeit takes it. Out: by build the shortest time of one
pass in seconds. The builds take turns, so that what else the machine does meets all of them.
"""
from common import run
from owntests import environment

ROUNDS, TIMING_SECONDS = 3, 120
LOOP = """import sys, timeit
timer = timeit.Timer(sys.argv[2], sys.argv[1])
passes, _ = timer.autorange()
print(min(timer.repeat(5, passes)) / passes)"""


def measure(python, trees, setup, statement, scratch):
    seconds = {}
    for _ in range(ROUNDS):
        for build, tree in trees.items():
            done = run([python, "-c", LOOP, setup, statement], cwd=scratch, env=environment(tree), timeout=TIMING_SECONDS, what="the loop")
            seconds[build] = min(float(done.out.split()[-1]), seconds.get(build, float("inf")))
    return seconds
