"""DatePart: parts of times, on the clocks of a zone, against `datetime` and `zoneinfo`."""

from __future__ import annotations

import datetime
import zoneinfo
from calendar import monthrange
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import featurecols as fc
from featurecols._core import zones
from tests import laws
from tests.laws import Bad, Example, Wrong
from tests.reference import Kind, Row, RowIds

Date, DateTime = datetime.date, datetime.datetime
UTC = datetime.UTC
PARTS = ("year", "month", "day", "quarter", "week", "day_of_year", "weekday", "hour", "minute", "is_weekend", "is_month_end")
SIZES = {"month": 12, "day": 31, "quarter": 4, "week": 53, "day_of_year": 366, "weekday": 7, "hour": 24, "minute": 60}


def parts(value: datetime.datetime) -> dict[str, int]:
    """Every part, by Python's own calendar."""
    _, last = monthrange(value.year, value.month)
    return {
        "year": value.year,
        "month": value.month - 1,
        "day": value.day - 1,
        "quarter": (value.month - 1) // 3,
        "week": value.isocalendar().week - 1,
        "day_of_year": value.timetuple().tm_yday - 1,
        "weekday": value.weekday(),
        "hour": value.hour,
        "minute": value.minute,
        "is_weekend": int(value.weekday() >= 5),
        "is_month_end": int(value.day == last),
    }


class DatePartReference(Kind):
    """A part of one Python datetime; text is read by `fromisoformat`."""

    def num_buckets(self) -> int:
        c = self.column
        return c.years[1] - c.years[0] + 1 if c.years else SIZES.get(c.part, 2)

    def ids(self, row: Row) -> RowIds:
        return self.map(self.column.source, row, self._id)

    def _id(self, value: Any) -> int:
        if isinstance(value, str):
            value = datetime.time.fromisoformat(value) if value[2] == ":" else DateTime.fromisoformat(value)
        if isinstance(value, datetime.time):
            return int(getattr(value, self.column.part))
        if not isinstance(value, DateTime):
            value = DateTime(value.year, value.month, value.day)
        if self.column.timezone is not None:
            value = value.astimezone(zoneinfo.ZoneInfo(self.column.timezone))
        found = parts(value)[self.column.part]
        if self.column.part != "year":
            return found
        first, last = self.column.years
        return found - first if first <= found <= last else -1


REFERENCE = {fc.DatePart: DatePartReference}

DAYS = [Date(2024, 2, 29), Date(2023, 12, 31), Date(2021, 1, 3), Date(1900, 3, 1), Date(1, 1, 1), Date(9999, 12, 31), None]
STAMPS = [
    DateTime(2024, 2, 29, 23, 59, 59, 999_999),
    DateTime(1969, 12, 31, 23, 59, 59, 1),
    DateTime(2000, 12, 31),
    None,
    DateTime(2020, 12, 31, 12, 30),
    DateTime(1, 1, 1),
]
INSTANTS = [
    DateTime(2024, 3, 31, 0, 59, 59, tzinfo=UTC),  # the clocks of Paris go forward a second later
    DateTime(2024, 3, 31, 1, 0, tzinfo=UTC),
    DateTime(2024, 10, 27, 0, 30, tzinfo=UTC),  # twice half past two
    DateTime(2024, 10, 27, 1, 30, tzinfo=UTC),
    None,
    DateTime(2023, 12, 31, 23, 30, tzinfo=UTC),
    DateTime(2500, 7, 1, 22, tzinfo=UTC),
    DateTime(1890, 7, 1, 22, tzinfo=UTC),  # local mean time
]

EXAMPLES = [
    Example(
        "weekdays",
        [fc.DatePart("day", "weekday")],
        rows=[{"day": day, "at": at} for day, at in zip(DAYS, [*STAMPS, None], strict=True)],
        expect=[3, 6, 6, 3, 0, 4, -1],
        changes={"source": "at", "part": "month", "timezone": "Europe/Paris", "name": "d"},
        wrong=[
            Wrong(lambda: fc.DatePart("", "hour"), ("key", "''")),
            Wrong(lambda: fc.DatePart(fc.Hashed("x", 3), "hour"), ("source", "Hashed('x', 3)")),
            Wrong(lambda: fc.DatePart("t", "second"), ("part", "'second'", "weekday")),  # type: ignore[arg-type]
            Wrong(lambda: fc.DatePart("t", "hour", timezone="Paris"), ("timezone", "'Paris'", "Europe/Paris")),
            Wrong(lambda: fc.DatePart("t", "hour", timezone=2), ("timezone", "got 2")),  # type: ignore[arg-type]
            Wrong(lambda: fc.DatePart("t", "year"), ("years", "None")),
            Wrong(lambda: fc.DatePart("t", "year", years=(2030, 2020)), ("years", "(2030, 2020)")),
            Wrong(lambda: fc.DatePart("t", "hour", years=(2020, 2030)), ("years", "(2020, 2030)")),
            Wrong(lambda: fc.DatePart("t", "hour", name=""), ("name", "''")),
        ],
        bad=[
            Bad({"day": ["2024-01-01", "2024-02-30"]}, ("day", "time", "2024-02-30"), 1),
            Bad({"day": [5]}, ("day", "time", "5"), 0),
            Bad({"day": [Date(2024, 1, 1), DateTime(2024, 1, 1, tzinfo=UTC)]}, ("day", "zone", "timezone="), 1),
            Bad({"day": [datetime.time(1)]}, ("day", "time of day"), 0),
            Bad({"days": [Date(2024, 1, 1)]}, ("day", "days"), None),
        ],
    ),
    Example(
        "all parts of days",
        [fc.DatePart("day", part, years=(1900, 2023) if part == "year" else None) for part in PARTS],  # type: ignore[arg-type]
        rows=[{"day": day} for day in DAYS],
        expect=[-1, 123, 121, 0, -1, -1, -1],
        changes={"years": (1, 2022)},
    ),
    Example("hours", [fc.DatePart("at", "hour")], rows=[{"at": at} for at in STAMPS], expect=[23, 23, 0, -1, 12, 0]),
    Example(
        "hours in Paris",
        [fc.DatePart("at", "hour", timezone="Europe/Paris"), fc.DatePart("at", "day", timezone="Europe/Paris")],
        rows=[{"at": at} for at in INSTANTS],
        expect=[1, 3, 2, 2, -1, 0, 0, 22],
        changes={"timezone": "UTC"},
        bad=[Bad({"at": [None, DateTime(2024, 1, 1)]}, ("at", "without a zone", "timezone"), 1)],
    ),
    Example(
        "hours of text",
        [fc.DatePart("at", "hour", timezone="Asia/Kolkata"), fc.DatePart("at", "is_weekend", timezone="Asia/Kolkata")],
        rows=[{"at": at} for at in ("2024-06-01T12:30+02:00", "1999-12-31 23:59:59.123456Z", None, "2024-06-01T20:00:00-0100")],
        expect=[16, 5, -1, 2],
    ),
    Example(
        "times of day",
        [fc.DatePart("at", "hour"), fc.DatePart("at", "minute")],
        rows=[{"at": at} for at in (datetime.time(23, 59, 59, 999_999), None, datetime.time(0))],
        expect=[23, -1, 0],
    ),
    Example(
        "lists of days",
        [fc.Crossed([fc.DatePart("days", "month"), "city"], 50), fc.DatePart("days", "month")],
        rows=[{"days": d, "city": c} for d, c in ((DAYS[:2], "Oslo"), ([], "Bonn"), (None, "Lima"), ([None, DAYS[2]], "Oslo"))],
    ),
]

test_laws = laws.of(EXAMPLES)


def test_every_argument_is_tried() -> None:
    laws.covers(fc.DatePart, EXAMPLES)


@pytest.mark.parametrize("name", ["America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu"])
def test_instants_are_taken_to_a_zone_as_zoneinfo_and_pandas_do(name: str) -> None:
    zone = zoneinfo.ZoneInfo(name)
    random = np.random.default_rng(18)
    changes = zones.zone(name).starts
    changes = changes[(changes > 0) & (changes < 4_000_000_000)]
    seconds = np.concatenate([random.integers(-2_000_000_000, 5_000_000_000, 150), changes[:50], changes[:50] - 1])
    frame = pd.to_datetime(pd.Series(seconds), unit="s", utc=True)
    local = [DateTime.fromtimestamp(int(s), zone) for s in seconds]
    shown = frame.dt.tz_convert(zone).dt  # by name, older pandas take pytz, which ends in 2037
    for part, of_pandas in (("hour", shown.hour), ("day", shown.day - 1), ("weekday", shown.day_of_week)):
        found = fc.compile([fc.DatePart("at", part, timezone=name)]).encode({"at": frame}).ids[f"at_{part}"].values  # type: ignore[arg-type]
        assert found.tolist() == of_pandas.tolist() == [parts(value)[part] for value in local]


def test_all_units_give_the_same() -> None:
    seconds = np.array([-1, 0, 86_399, 1_709_164_800])
    plan = fc.compile([fc.DatePart("at", "hour"), fc.DatePart("at", "day")])
    want = plan.encode({"at": pa.array(seconds, pa.timestamp("s"))})
    for unit in ("ms", "us", "ns"):
        found = plan.encode({"at": pa.array(seconds, pa.timestamp("s")).cast(pa.timestamp(unit))})
        assert [found.ids[name].values.tolist() for name in found.ids] == [want.ids[name].values.tolist() for name in want.ids]
    assert want.ids["at_hour"].values.tolist() == [23, 0, 23, 0]
    assert want.ids["at_day"].values.tolist() == [30, 0, 0, 28]


def test_ids_mean_what_people_call_them() -> None:
    assert [fc.compile([fc.Indicator(fc.DatePart("at", "weekday"))]).feature_names[i] for i in (0, 6)] == [
        "at_weekday_indicator=Monday",
        "at_weekday_indicator=Sunday",
    ]
    assert fc.compile([fc.Indicator(fc.DatePart("at", "month"))]).feature_names[0] == "at_month_indicator=1"
    year = fc.DatePart("at", "year", years=(2020, 2021))
    assert fc.compile([fc.Indicator(year)]).feature_names == ("at_year_indicator=2020", "at_year_indicator=2021")


def test_a_machine_without_zones_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(name: str) -> None:
        raise zoneinfo.ZoneInfoNotFoundError(name)

    monkeypatch.setattr(zoneinfo, "ZoneInfo", nothing)
    monkeypatch.setattr(zoneinfo, "available_timezones", set)
    with pytest.raises(fc.ColumnError, match=r"time zone database.*'Europe/Zurich'.*pip install tzdata"):
        zones.zone.__wrapped__("Europe/Zurich")
    assert zones.zone.__wrapped__("UTC").offset(0) == 0
