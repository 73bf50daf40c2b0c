"""Takes values of all kinds to a SQLite file by ODBC and back with pyodbc; prints rows, descriptions and errors."""
import datetime
import decimal
import glob
import pickle
import re
import sys

import pyodbc

driver = glob.glob("/usr/lib/*/odbc/libsqlite3odbc.so")[0]


def outcome(function, *arguments, **named):
    try:
        return re.sub(" at 0x[0-9a-f]+", "", repr(function(*arguments, **named)))
    except Exception as error:
        return f"{type(error).__name__}: {re.sub('/usr/lib/[^ ]*', 'DRIVER', str(error))}"


pyodbc.pooling = False
print(pyodbc.version, pyodbc.apilevel, pyodbc.paramstyle, pyodbc.threadsafety, outcome(pyodbc.connect, "DRIVER=/nowhere"), outcome(pyodbc.connect, 3))
connection = pyodbc.connect(f"Driver={driver};Database=rows.db", autocommit=True)
cursor = connection.cursor()
cursor.execute("drop table if exists t")
cursor.execute("create table t (i integer, b bigint, f double, s varchar(50), x blob, d date, m timestamp, y tinyint)")
rows = [(1, 2 ** 40, 1.5, "text", b"\0\1\xff", datetime.date(2020, 1, 2), datetime.datetime(2020, 1, 2, 3, 4, 5), True),
        (-1, -2 ** 40, -1e300, "\u00e4\u20ac", b"", datetime.date(1999, 12, 31), datetime.datetime(1999, 12, 31, 23, 59, 59), False),
        (None,) * 8]
for row in rows:
    print(outcome(cursor.execute("insert into t values (?,?,?,?,?,?,?,?)", row).__class__.__name__.lower))
print(outcome(cursor.executemany, "insert into t (i, s) values (?, ?)", [(n, str(n)) for n in range(20)]))
print(outcome(cursor.executemany, "insert into t (i, s) values (?, ?)", ((n, "g") for n in range(3))))
for bad in [("select ?",), ("select ?", 1, 2), ("nothing", 1), ("select * from nowhere",), (3,), ("insert into t (i) values (?)", object())]:
    print(bad[0], outcome(cursor.execute, *bad))
cursor.execute("select * from t")
print(cursor.description)
for row in cursor:
    print(row, len(row), row.i, row[3], row[-1:], row == tuple(row), row.cursor_description[0][0])
first = cursor.execute("select i, s as name from t where i = 1").fetchone()
first.name = "other"
print(first, outcome(getattr, first, "nothing"), outcome(lambda: first[9]), first < first, pickle.loads(pickle.dumps(first)), "other" in first)
print(outcome(cursor.execute("select count(*) from t").fetchval), outcome(cursor.fetchone), outcome(cursor.fetchmany, 2))
print(cursor.tables(table="t").fetchone().table_name, [c.column_name for c in cursor.columns(table="t")])
print(outcome(cursor.execute, "select ?", decimal.Decimal("12345678901234567890.123")), outcome(cursor.fetchone))
print(outcome(cursor.execute, "select ?", datetime.time(1, 2, 3)), outcome(cursor.fetchone), outcome(cursor.setinputsizes, [(pyodbc.SQL_INTEGER, 0, 0)]))
connection.add_output_converter(pyodbc.SQL_INTEGER, lambda raw: ("converted", len(raw)))
print(outcome(cursor.execute("select i from t where i = 1").fetchone))
connection.clear_output_converters()
connection.setencoding("utf-8")
print(outcome(connection.setencoding, "nothing"), outcome(connection.setdecoding, pyodbc.SQL_CHAR, "latin1"), outcome(connection.getinfo, pyodbc.SQL_DRIVER_NAME))
connection.autocommit = False
cursor.execute("delete from t")
connection.rollback()
print(cursor.execute("select count(*) from t").fetchone()[0], connection.autocommit, outcome(connection.timeout.__class__.__name__.lower))
watched = sys.getrefcount(pyodbc.Row)
for _ in range(50):
    cursor.execute("select * from t").fetchall()
print(abs(sys.getrefcount(pyodbc.Row) - watched) < 5)
cursor.close()
print(outcome(cursor.execute, "select 1"), outcome(connection.close), outcome(connection.cursor))
