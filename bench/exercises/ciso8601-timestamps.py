"""Parses timestamps of all forms with ciso8601, looks at its time zones and their counts; prints the results and the errors."""
import copy
import datetime
import gc
import pickle
import sys

from ciso8601 import FixedOffset, parse_datetime, parse_datetime_as_naive, parse_rfc3339

DATES = ["2014", "2014-02", "2014-02-05", "20140205", "2014-W05", "2014W05", "2014-W05-3", "2014W053", "2014-036", "2014036"]
TIMES = ["", "T12", "T12:30", "T1230", "T12:30:45", "T123045", "T12:30:45.5", "T12:30:45,123456", "T12:30:45.123456789", " 23:59:59", "T24:00:00", "t12:30"]
ZONES = ["", "Z", "z", "+00", "-00:00", "+0530", "+05:30", "-11:59", "+23:59", "+24:00", "-0060"]


def outcome(function, *arguments, **named):
    try:
        return repr(function(*arguments, **named))
    except Exception as error:
        return f"{type(error).__name__}: {error}"


for date in DATES:
    for time in TIMES:
        for zone in ZONES if time else [""]:
            text = date + time + zone
            print(text, *(outcome(f, text) for f in (parse_datetime, parse_datetime_as_naive, parse_rfc3339)), sep=" | ")
for bad in ["", "x", "2014-13-01", "2014-02-30", "0000-01-01", "2014-W54", "2014-366", "2014-01-01T25", "2014-01-01T12:60", "2014-01-01T12:30:45.",
            "2014-01-01T12:30:45Zx", "2014\u2212", "\ud800", b"2014", None, 5]:
    print(ascii(bad), outcome(parse_datetime, bad), outcome(parse_rfc3339, bad), sep=" | ")

zone = FixedOffset(3600)
moment = datetime.datetime(2020, 1, 2, 3, 4, 5, tzinfo=zone)
print(type(zone), type(zone).__mro__, zone, str(zone), moment, moment.utcoffset(), moment.dst(), moment.tzname())
for offset in [0, 1, -1, 86399, -86399, 86400, -86400, 2 ** 40, "1", None]:
    print(offset, outcome(FixedOffset, offset))
for argument in [moment, moment.replace(tzinfo=None), moment.replace(tzinfo=FixedOffset(0)), None, 3]:
    print(outcome(zone.fromutc, argument))
print(moment.astimezone(FixedOffset(-7200)), pickle.loads(pickle.dumps(moment)) == moment, copy.deepcopy(moment) == moment)
print(parse_datetime("2014-01-01T00:00:00+01:00") == datetime.datetime(2013, 12, 31, 23, tzinfo=datetime.timezone.utc))


class Own(FixedOffset):
    pass


print(Own(60), isinstance(Own(60), datetime.tzinfo))
gc.collect()
watched = [sys.getrefcount(o) for o in (zone, moment)]
for _ in range(1000):
    parse_datetime("2014-01-01T00:00:00+01:00"), zone.utcoffset(moment), zone.fromutc(moment), outcome(FixedOffset, 86400)
print([sys.getrefcount(o) - n for o, n in zip((zone, moment), watched)])
