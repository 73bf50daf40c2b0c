"""Uses what MySQLdb's module does without a server: escapes values, fails to connect, shows its types and errors; prints it all."""
import datetime
import sys

from MySQLdb import _mysql
from MySQLdb.converters import conversions


def outcome(function, *arguments, **named):
    try:
        return repr(function(*arguments, **named))
    except Exception as error:
        return f"{type(error).__name__}: {error}"


print(sorted(n for n in dir(_mysql) if not n.startswith("__")))
print(_mysql.version_info, _mysql.__version__, _mysql.get_client_info())
for text in ["", "a'b", "a\\b\0c\n\r\x1a\"", "\u00e4\u20ac", "\ud800", b"a'b", b"\0", bytearray(b"'"), None, 3, 1.5]:
    print(ascii(text), outcome(_mysql.escape_string, text), outcome(_mysql.string_literal, text), outcome(_mysql.escape, text, conversions))
for value in [datetime.date(2020, 1, 2), datetime.timedelta(1, 2, 3), [1, "a'"], ("x", None), {"k": 1}, {1, 2}, True, object]:
    print(outcome(_mysql.escape, value, conversions) if value is not object else outcome(_mysql.escape, value, {}))
print(outcome(_mysql.escape), outcome(_mysql.escape, 1), outcome(_mysql.escape, 1, 2), outcome(_mysql.debug, 3))
for named in [{"unix_socket": "/nowhere/socket", "user": "a"}, {"host": "127.0.0.1", "port": 1, "connect_timeout": 2}, {"port": "x"}, {"conv": 3},
              {"nothing": 1}, {"unix_socket": "/nowhere/socket", "conv": conversions, "ssl": {"ca": "/nowhere"}}, {"client_flag": "x"}]:
    print(sorted(named), outcome(_mysql.connect, **named))
for kind in _mysql.connection, _mysql.result:
    print(kind.__name__, kind.__base__, sorted(n for n in dir(kind) if not n.startswith("__")))
print(outcome(_mysql.result), outcome(_mysql.result, 3))


class Own(_mysql.connection):
    pass


print(outcome(Own, unix_socket="/nowhere/socket"), issubclass(Own, _mysql.connection))
watched = [sys.getrefcount(o) for o in (conversions, None if sys.version_info >= (3, 12) else conversions)]
for _ in range(200):
    outcome(_mysql.connect, unix_socket="/nowhere/socket", conv=conversions)
    _mysql.escape("a'b", conversions)
print(abs(sys.getrefcount(conversions) - watched[0]) < 20)
