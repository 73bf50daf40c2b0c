"""Traces small functions with coverage's C tracer, lines and branches, with generators, threads and errors; prints the data."""
import threading

import coverage
from coverage.tracer import CTracer

code = '''
def plain(n):
    if n > 1:
        return [i for i in range(n)]
    for i in range(n):
        try:
            1 / i
        except ZeroDivisionError:
            continue
    return None

def make():
    while True:
        got = yield 1
        if got:
            return

def run():
    plain(0); plain(1); plain(3)
    g = make()
    next(g)
    try:
        g.send(1)
    except StopIteration:
        pass
'''
with open("traced.py", "w") as file:
    file.write(code)
for branch in False, True:
    for concurrency in "thread", None:
        options = {} if concurrency is None else {"concurrency": concurrency}
        measured = coverage.Coverage(data_file=None, branch=branch, include=["*traced.py"], config_file=False, **options)
        measured.set_option("run:core", "ctrace")
        measured.start()
        space = {"__name__": "traced"}
        exec(compile(code, "traced.py", "exec"), space)
        space["run"]()
        thread = threading.Thread(target=space["plain"], args=(5,))
        thread.start()
        thread.join()
        measured.stop()
        data = measured.get_data()
        for name in data.measured_files():
            print(branch, name.rsplit("/", 1)[-1], sorted(data.lines(name)), sorted(data.arcs(name) or []))
tracer = CTracer()
print(sorted(n for n in dir(tracer) if not n.startswith("__")), tracer.get_stats(), tracer.activity())
print(type(tracer).__name__, type(tracer).__base__)
