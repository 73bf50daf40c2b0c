"""The C interface of datetime, with subclasses that define what they should not.

The module is taken from sys.path, so the same test serves every build of it.
"""
# floors: 3.8 3.12
import datetime
import sys
import unittest


class Fake(datetime.datetime):
    """What tests put in the place of datetime.datetime."""


REAL = datetime.datetime
datetime.datetime = Fake
try:
    import dates
finally:
    datetime.datetime = REAL


class Odd(datetime.datetime):
    year = month = hour = fold = 7
    tzinfo = property(lambda self: object())

    def __new__(cls, *args, **keywords):
        raise RuntimeError("not through the interface")

    def __init__(self, *args, **keywords):
        raise RuntimeError("not through the interface")


class OddDate(datetime.date):
    year = property(lambda self: 1 / 0)


class OddTime(datetime.time):
    second = None
    tzinfo = property(lambda self: object())


class OddDelta(datetime.timedelta):
    days = seconds = "none"


ZONE = datetime.timezone(datetime.timedelta(hours=2), "there")


class DatesTest(unittest.TestCase):
    def test_constructors(self):
        self.assertEqual(dates.new("date", 2020, 2, 29), datetime.date(2020, 2, 29))
        when = dates.new("datetime", 2020, 2, 29, 1, 2, 3, 4)
        self.assertEqual(when, REAL(2020, 2, 29, 1, 2, 3, 4))
        self.assertIs(type(when), REAL)
        self.assertEqual(dates.new("datetime fold", 1, 1, 1, 1, 1, 1, 1, 1).fold, 1)
        self.assertEqual(dates.new("time", 1, 2, 3, 4), datetime.time(1, 2, 3, 4))
        self.assertEqual(dates.new("time fold", 1, 2, 3, 4, 1).fold, 1)
        self.assertEqual(dates.new("delta", 1, 86401, -1), datetime.timedelta(1, 86401, -1))
        self.assertEqual(dates.new("delta", -1, 0, -1), datetime.timedelta(-1, 0, -1))

    def test_bad_values(self):
        for args in (("date", 2021, 2, 29), ("date", 0, 1, 1), ("time", 24), ("datetime", 1, 13, 1),
                     ("time fold", 1, 1, 1, 1, 2), ("time fold", 1, 1, 1, 1, -1),
                     ("datetime fold", 1, 1, 1, 1, 1, 1, 1, 3)):
            with self.assertRaises(ValueError):
                dates.new(*args)
        with self.assertRaises(OverflowError):
            dates.new("delta", 10 ** 9)
        with self.assertRaises(TypeError):
            dates.of(REAL, 5)

    def test_checks(self):
        for value in (datetime.date(1, 1, 1), REAL(1, 1, 1), datetime.time(), ZONE,
                      datetime.timedelta(), datetime.tzinfo(), Fake(1, 1, 1), OddDate(1, 1, 1),
                      OddTime(), OddDelta(), None, 5):
            expected = []
            for kind in (datetime.date, REAL, datetime.time, datetime.timedelta, datetime.tzinfo):
                expected += [isinstance(value, kind), type(value) is kind]
            self.assertEqual(dates.checks(value), tuple(map(int, expected)), value)

    def test_members(self):
        self.assertEqual(dates.date_parts(REAL(9999, 12, 31)), (9999, 12, 31))
        self.assertEqual(dates.date_parts(OddDate(2020, 2, 29)), (2020, 2, 29))
        self.assertEqual(dates.datetime_parts(REAL(1, 1, 1, 2, 3, 4, 999999, fold=1)),
                         (2, 3, 4, 999999, 1, 1, None))
        self.assertEqual(dates.time_parts(datetime.time(2, 3, 4, 999999, ZONE)),
                         (2, 3, 4, 999999, 0, 0, ZONE))
        self.assertEqual(dates.time_parts(OddTime(2, 3, 4, 5, ZONE)), (2, 3, 4, 5, 0, 0, ZONE))
        self.assertEqual(dates.delta_parts(datetime.timedelta(-3, 5, 7)), (-3, 5, 7, -3, 5, 7))
        self.assertEqual(dates.delta_parts(OddDelta(1, 2, 3)), (1, 2, 3, 1, 2, 3))

    def test_subclasses(self):
        odd = dates.of(Odd, ZONE)
        self.assertIs(type(odd), Odd)
        self.assertEqual(dates.date_parts(odd), (2020, 2, 29))
        self.assertEqual(dates.datetime_parts(odd), (1, 2, 3, 4, 0, 0, ZONE))
        self.assertIs(type(dates.of(OddDate)), OddDate)
        self.assertIs(type(dates.of(OddTime, ZONE)), OddTime)
        delta = dates.of(OddDelta)
        self.assertIs(type(delta), OddDelta)
        self.assertEqual(delta, datetime.timedelta(1, 86401, -1))

    def test_tzinfo_is_borrowed(self):
        zone = datetime.timezone(datetime.timedelta(hours=3))
        when = REAL(1, 1, 1, tzinfo=zone)
        before = sys.getrefcount(zone)
        for _ in range(100):
            dates.datetime_parts(when)
        self.assertEqual(sys.getrefcount(zone), before)

    def test_zones(self):
        self.assertIs(dates.zone(), datetime.timezone.utc)
        self.assertIs(dates.zone(datetime.timedelta()), datetime.timezone.utc)
        self.assertEqual(dates.zone(datetime.timedelta(hours=2)), ZONE)
        self.assertEqual(dates.zone(datetime.timedelta(hours=2), "x").tzname(None), "x")
        with self.assertRaises(ValueError):
            dates.zone(datetime.timedelta(1))

    def test_subtype(self):
        self.assertIs(dates.Zone.__base__, datetime.tzinfo)
        when = REAL(2020, 1, 1, tzinfo=dates.Zone(90))
        self.assertEqual(when.utcoffset(), datetime.timedelta(minutes=90))
        self.assertEqual(dates.checks(when.tzinfo)[8:], (1, 0))

    def test_timestamps(self):
        self.assertEqual(dates.from_timestamp(86400 * 3), datetime.date.fromtimestamp(86400 * 3))
        self.assertEqual(dates.from_timestamp(5, ZONE), REAL.fromtimestamp(5, ZONE))
        with self.assertRaises(TypeError):
            dates.from_timestamp("x")


if __name__ == "__main__":
    unittest.main()
