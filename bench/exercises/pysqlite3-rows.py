"""Goes through pysqlite3: connections, cursors, rows, blobs, adapters, functions, aggregates, caches and errors; prints the results."""
import datetime
import gc
import os
import pickle
import re
import sys
import tempfile
import threading

from pysqlite3 import dbapi2 as sqlite

GONE = []


def say(*things):
    print(re.sub("0x[0-9a-f]+", "0x...", " ".join(map(str, things))))


def outcome(function, *arguments, **named):
    try:
        return repr(function(*arguments, **named))
    except Exception as error:
        return f"{type(error).__name__}: {error}"


for name in ("Connection", "Cursor", "Row", "Statement", "Cache", "PrepareProtocol", "Blob", "Node"):
    kind = getattr(sqlite, name, None)
    say(name, kind, kind and kind.__mro__)

db = sqlite.connect(":memory:", detect_types=sqlite.PARSE_DECLTYPES | sqlite.PARSE_COLNAMES)
cursor = db.cursor()
cursor.execute("create table t(id integer primary key, name text, size real, data blob, day date, at timestamp)")
VALUES = [("plain", 1.5, b"bytes", datetime.date(2020, 1, 2), datetime.datetime(2020, 1, 2, 3, 4, 5, 678)),
          ("\u00e4\U0001f600", -0.0, bytearray(b"array"), None, None), (None, 2 ** 40, memoryview(b"view"), None, None), ("", 1e300, b"", None, None)]
cursor.executemany("insert into t(name, size, data, day, at) values(?, ?, ?, ?, ?)", VALUES)
say(cursor.rowcount, cursor.lastrowid, cursor.description, db.total_changes, db.in_transaction)
db.commit()
say(list(cursor.execute("select * from t order by id")), cursor.description)
say(cursor.execute("select name from t where id = :one", {"one": 1}).fetchone(), cursor.fetchone(), cursor.fetchmany(3), cursor.fetchall())
say(cursor.execute('select size as "size [float]", 9223372036854775807, -9223372036854775808 from t').fetchmany(2))
for sql, arguments in [("select", ()), ("select ?", ()), ("select ?", (1, 2)), ("select :a", {}), ("select ?", (2 ** 64,)), ("select ?", (object(),)), ("select ?", ("\ud800",)),
                       ("select 1; select 2", ()), ("insert into t(id) values(1)", ()), ("select * from none", ()), (5, ()), ("select ?", 5), ("", ()), ("-- nothing", ())]:
    say(sql, outcome(lambda: cursor.execute(sql, arguments).fetchall()))
    db.rollback()

db.row_factory = sqlite.Row
row = db.execute("select id, name, size from t where id = 1").fetchone()
say(row["id"], row["NAME"], row[2], row[-1], row[0:2], len(row), list(row), row.keys(), tuple(row), dict(row), row == db.execute("select id, name, size from t where id = 1").fetchone(),
      hash(row) == hash(row), row != 5, outcome(lambda: row["none"]), outcome(lambda: row[7]), outcome(lambda: row["\u00e4"]), outcome(lambda: row < row))
say(outcome(sqlite.Row), outcome(sqlite.Row, cursor, (1, 2)), outcome(sqlite.Row, 1, 2), outcome(pickle.dumps, row))


class OwnRow(sqlite.Row):
    def __del__(self):
        GONE.append("row")


class OwnCursor(sqlite.Cursor):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.extra = 1

    def __del__(self):
        GONE.append("cursor")


class OwnConnection(sqlite.Connection):
    def cursor(self):
        return super().cursor(OwnCursor)


own = sqlite.connect(":memory:", factory=OwnConnection)
own.row_factory = OwnRow
say(own.execute("select 1 as a").fetchone()["a"], own.cursor().extra, type(own).__name__)
own.close()
del own
gc.collect()
say(sorted(GONE), outcome(sqlite.Cursor, 5), outcome(sqlite.Connection), outcome(OwnCursor))


class Total:
    def __init__(self):
        self.sum = 0

    def step(self, value):
        self.sum += value or 0

    def inverse(self, value):
        self.sum -= value or 0

    def value(self):
        return self.sum

    finalize = value


class Broken:
    def step(self, value):
        raise ValueError

    def finalize(self):
        return 1 / 0


db.row_factory = None
db.create_function("twice", 1, lambda x: x * 2 if x is not None else None)
db.create_function("fails", 0, lambda: 1 / 0)
db.create_function("kinds", -1, lambda *a: repr(a), deterministic=True)
db.create_aggregate("total_of", 1, Total)
db.create_aggregate("broken", 1, Broken)
db.create_collation("back", lambda a, b: (a < b) - (a > b))
say(db.execute("select twice(id), kinds(1, 1.5, 'x', x'00ff', null) from t").fetchall(), outcome(lambda: db.execute("select fails()").fetchall()))
say(db.execute("select total_of(id) from t").fetchall(), outcome(lambda: db.execute("select broken(id) from t").fetchall()))
if hasattr(db, "create_window_function"):
    say(outcome(db.create_window_function, "moving", 1, Total))
    say(outcome(lambda: db.execute("select moving(id) over (order by id rows between 1 preceding and current row) from t").fetchall()))
say(db.execute("select name from t where name is not null order by name collate back").fetchall())
db.create_collation("back", None)
say(outcome(lambda: db.execute("select name from t order by name collate back").fetchall()), outcome(db.create_collation, "x", 5), outcome(db.create_function, "x"))
seen = []
db.set_authorizer(lambda *a: sqlite.SQLITE_DENY if a[1] == "t" and a[2] == "size" else sqlite.SQLITE_OK)
say(outcome(lambda: db.execute("select size from t").fetchall()))
db.set_authorizer(None)
db.set_trace_callback(seen.append)
db.set_progress_handler(lambda: 0, 1)
db.execute("select count(*) from t").fetchall()
db.set_trace_callback(None)
db.set_progress_handler(lambda: 1, 1)
say(seen, outcome(lambda: db.execute("select count(*) from t, t, t").fetchall()))
db.set_progress_handler(None, 1)

if hasattr(db, "open_blob"):
    blob = db.open_blob("t", "data", 1)
    say(blob, len(blob), blob.read(2), blob.tell(), blob.seek(-1, 2), blob.read(), outcome(blob.seek, 9), outcome(lambda: blob[0]), outcome(lambda: blob[1:3]), outcome(lambda: blob[::2]), outcome(lambda: blob[9]))
    say(outcome(blob.seek, 0), outcome(blob.write, b"BY"), outcome(blob.write, b"too long for it"), outcome(blob.__setitem__, 4, 83), outcome(blob.__setitem__, slice(0, 2), b"by"), outcome(blob.__setitem__, 0, 999))
    blob.close()
    say(outcome(blob.read), db.execute("select data from t where id = 1").fetchall())
    with db.open_blob("t", "data", 1, True) as held:
        say(held.read(), outcome(held.write, b"x"))


class Point:
    def __init__(self, x):
        self.x = x

    def __conform__(self, protocol):
        return f"point {self.x}" if protocol is sqlite.PrepareProtocol else None


class Place:
    pass


sqlite.register_adapter(Place, lambda place: "place")
sqlite.register_converter("upper", lambda data: data.decode().upper())
say(db.execute('select ?, ?, \'low\' as "y [upper]"', (Point(3), Place())).fetchall())
say(outcome(sqlite.adapt, Point(4)), outcome(sqlite.adapt, 5), outcome(sqlite.adapt, object()), outcome(sqlite.adapt, object(), sqlite.PrepareProtocol, "other"))
say(sqlite.complete_statement("select 1;"), sqlite.complete_statement("select 1"), outcome(sqlite.enable_callback_tracebacks, False), sqlite.PrepareProtocol())
db.text_factory = bytes
say(db.execute("select name from t where id = 1").fetchone())
db.text_factory = lambda data: data[::-1]
say(db.execute("select name from t where id = 1").fetchone())
db.text_factory = str

with db:
    db.execute("insert into t(name) values('kept')")
say(outcome(lambda: db.__exit__(ValueError, None, None)), db.execute("select count(*) from t").fetchone(), outcome(lambda: list(db.iterdump())[:2]), db.isolation_level, outcome(setattr, db, "isolation_level", "EXCLUSIVE"), outcome(setattr, db, "isolation_level", 5))
say(outcome(db.executescript, "create table s(a); insert into s values(1);") != "", db.execute("select * from s").fetchall(), outcome(db.executescript, "nonsense;"), outcome(lambda: db("select 1") is not None), outcome(db.interrupt))
other = sqlite.connect(":memory:")
say(outcome(db.backup, other, pages=1, progress=lambda *a: seen.append(a)), other.execute("select count(*) from t").fetchone(), outcome(db.backup, db), outcome(db.backup, 5))
held = []
thread = threading.Thread(target=lambda: held.append(outcome(db.execute, "select 1").split(".")[0]))
thread.start(), thread.join()
say([text.split("thread id")[0] for text in held])
with tempfile.TemporaryDirectory() as folder:
    place = os.path.join(folder, "one.db")
    for path in (place, place.encode(), type("P", (), {"__fspath__": lambda self: place})()):
        disk = sqlite.connect(path, timeout=0.1, isolation_level=None, cached_statements=5)
        disk.execute("create table if not exists d(x)")
        for n in range(20):
            disk.execute(f"insert into d values({n})")
        say(disk.execute("select count(*) from d").fetchone())
        disk.close()
say(outcome(sqlite.connect, "/none/here"), outcome(sqlite.connect), outcome(sqlite.connect, 5), outcome(sqlite.connect, ":memory:", cached_statements="x"))

for kind in (sqlite.Connection, sqlite.Cursor, sqlite.Row):
    say(kind.__name__, outcome(setattr, kind, "x", 1) if sys.version_info >= (3, 10) else "")
watched = [None.__class__, db, cursor, row]
before = [sys.getrefcount(o) for o in watched[1:]]
for n in range(200):
    db.execute("select ?", (n,)).fetchall(), row["name"], cursor.execute(f"select {n % 150}").fetchone(), outcome(db.execute, "nonsense"), list(row), sqlite.Row(cursor, (1,))
    inner = sqlite.connect(":memory:")
    inner.execute("select 1").fetchall()
    inner.close()
cursor.execute("select 1").fetchall()
del inner
gc.collect()
say([sys.getrefcount(o) - n for o, n in zip(watched[1:], before)])
cursor.close(), other.close(), db.close()
say(outcome(db.execute, "select 1"), outcome(cursor.execute, "select 1"), outcome(db.cursor))
