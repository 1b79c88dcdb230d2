"""Elapsed: the time between two timestamps, and durations, as numbers."""

from __future__ import annotations

import datetime
import math
from fractions import Fraction
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import featurecols as fc
from tests import laws
from tests.laws import Bad, Example, Wrong
from tests.reference import Kind, Row, float32

DateTime, Delta = datetime.datetime, datetime.timedelta
UTC, EAST = datetime.UTC, datetime.timezone(Delta(hours=5, minutes=30))
UNITS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400, "weeks": 604_800}
NAN = math.nan


class ElapsedReference(Kind):
    """The difference of Python's datetimes, rounded as the docstring says."""

    def width(self) -> int:
        return 1

    def numbers(self, row: Row) -> list[float]:
        c = self.column
        end = self.raw(c.end, row)
        start: Any = c.start
        if isinstance(start, fc.Field):
            start = self.raw(start, row)
        elif start is not None:
            start = start.text
        if end is None or (c.start is not None and start is None):
            return [NAN if c.default is None else float(c.default)]
        passed = as_delta(end) if c.start is None else as_datetime(end) - as_datetime(start)
        seconds, rest = divmod(passed, Delta(seconds=1))
        carried = seconds + (1 if rest and self._borrows(end, start) else 0)
        nanoseconds = Fraction((passed - Delta(seconds=carried)) / Delta(microseconds=1)) * 1000
        return [(carried + float(nanoseconds) / 1e9) / UNITS[c.unit]]

    def _borrows(self, end: Any, start: Any) -> bool:
        """Whether the microseconds of the end are fewer than those of the start: whole seconds are subtracted by themselves."""
        return self.column.start is not None and as_datetime(end).microsecond < as_datetime(start).microsecond

    def features(self, row: Row) -> list[float]:
        found = self.numbers(row)
        if self.column.default is None and math.isnan(found[0]):
            raise ValueError(f"{self.column.name}: missing without default")
        return [float32(found[0])]


def as_datetime(value: Any) -> DateTime:
    if isinstance(value, str):
        return DateTime.fromisoformat(value)
    return value if isinstance(value, DateTime) else DateTime(value.year, value.month, value.day)


def as_delta(value: Any) -> Delta:
    if isinstance(value, str):
        value = datetime.time.fromisoformat(value)
    if isinstance(value, datetime.time):
        return DateTime.combine(datetime.date.min, value) - DateTime.min
    return Delta(0) + value


REFERENCE = {fc.Elapsed: ElapsedReference}

BOTH = [
    {"in": DateTime(2024, 2, 28, 12), "out": DateTime(2024, 3, 1, 12)},
    {"in": DateTime(2024, 2, 28, 12, 0, 0, 250_001), "out": DateTime(2024, 2, 28, 12)},
    {"in": DateTime(1, 1, 1), "out": DateTime(9999, 12, 31, 23, 59, 59, 999_999)},
    {"in": DateTime(1969, 12, 31, 23, 59, 59, 999_999), "out": DateTime(1970, 1, 1, 0, 0, 0, 1)},
]

EXAMPLES = [
    Example(
        "days between",
        [fc.Elapsed("out", "in", "hours")],
        rows=BOTH,
        changes={
            "end": "in",
            "start": fc.Timestamp("2020-01-01"),
            "unit": "minutes",
            "name": "stay",
        },
        wrong=[
            Wrong(lambda: fc.Elapsed("", "in"), ("key", "''")),
            Wrong(lambda: fc.Elapsed(fc.Numeric("x"), "in"), ("end", "Numeric('x')")),  # type: ignore[arg-type]
            Wrong(lambda: fc.Elapsed("out", fc.Hashed("x", 3)), ("start", "Hashed('x', 3)")),  # type: ignore[arg-type]
            Wrong(lambda: fc.Elapsed("out", 5), ("start", "got 5")),  # type: ignore[arg-type]
            Wrong(lambda: fc.Elapsed("out", "in", "years"), ("unit", "'years'")),  # type: ignore[arg-type]
            Wrong(lambda: fc.Elapsed("out", "in", default="0"), ("default", "'0'")),  # type: ignore[arg-type]
            Wrong(lambda: fc.Elapsed("out", "in", name=""), ("name", "''")),
            Wrong(lambda: fc.Timestamp("2024-02-30"), ("text", "'2024-02-30'")),
            Wrong(lambda: fc.Timestamp("12:30"), ("text", "'12:30'")),
        ],
        bad=[
            Bad({"in": ["2024-01-01", None], "out": ["2024-01-02", "2024-01-02"]}, ("out", "missing", "default"), 1),
            Bad({"in": ["2024-01-01"], "out": ["soon"]}, ("out", "time", "soon"), 0),
            Bad({"in": ["2024-01-01", "2024-01-01T00:00Z"], "out": ["2024-01-02", "2024-01-02"]}, ("in", "zone"), 1),
            Bad({"in": [[DateTime(2024, 1, 1)]], "out": [[DateTime(2024, 1, 1)]]}, ("one time",), 0),
            Bad({"in": ["2024-01-01"]}, ("out", "in"), None),
        ],
    ),
    Example(
        "since a fixed instant",
        [fc.Elapsed("at", DateTime(2024, 1, 1, 5, 30, tzinfo=EAST), default=-1.5)],
        rows=[{"at": at} for at in (DateTime(2024, 1, 1, tzinfo=UTC), None, DateTime(2024, 1, 4, 12, tzinfo=UTC))],
        expect=[[0.0], [-1.5], [3.5]],
        changes={"default": 0.0, "start": fc.Timestamp("2024-01-01T00:00:00Z")},
        bad=[Bad({"at": [DateTime(2024, 1, 1)]}, ("at", "zone", "Timestamp"), 0)],
    ),
    Example(
        "text and dates",
        [
            fc.Elapsed("day", datetime.date(2000, 1, 1), "weeks", default=NAN),
            fc.Elapsed("day", "born", default=0),
            fc.Elapsed("born", fc.Timestamp("1999-12-31T00:00:00.5"), "seconds", default=0),
        ],
        rows=[
            {"day": d, "born": b}
            for d, b in (
                ("2000-01-15", datetime.date(1999, 12, 31)),
                ("2000-01-01T12:00", None),
                (None, datetime.date(2000, 1, 1)),
            )
        ],
    ),
    Example(
        "durations",
        [fc.Elapsed("took", unit="minutes", default=0)],
        rows=[{"took": took} for took in (Delta(minutes=90), None, Delta(seconds=-1, microseconds=500_000), Delta(days=400))],
        expect=[[90.0], [0.0], [float32(-0.5 / 60)], [576_000.0]],
        bad=[Bad({"took": [DateTime(2024, 1, 1)]}, ("took", "duration", "start"), 0)],
    ),
    Example(
        "time of day",
        [fc.Elapsed("at", unit="hours", default=12)],
        rows=[{"at": at} for at in (datetime.time(6, 30), None, datetime.time(23, 59, 59, 999_999))],
    ),
    Example(
        "what other columns read",
        [
            fc.Elapsed("out", "in", "seconds"),
            fc.Numeric(fc.Elapsed("out", "in", "days", name="stay"), default=0, normalizer=fc.ZScore(), name="scaled"),
            fc.Bucketized(fc.Elapsed("out", "in", "days", name="stay"), [0, 1], missing_bucket=3),
        ],
        rows=BOTH,
    ),
]

test_laws = laws.of(EXAMPLES)


def test_every_argument_is_tried() -> None:
    laws.covers(fc.Elapsed, EXAMPLES)


def test_missing_times_are_missing_to_other_columns() -> None:
    stay = fc.Elapsed("out", "in", "days")
    columns = [fc.Indicator(fc.Bucketized(stay, [1], missing_bucket=2)), fc.Numeric(stay, default=9, name="filled")]
    data = {"in": ["2024-01-01", None], "out": ["2024-01-03", "2024-01-03"]}
    assert fc.compile(columns).transform(data).tolist() == [[0, 1, 0, 2], [0, 0, 1, 9]]


def test_a_learned_scale_is_that_of_the_numbers() -> None:
    """A ZScore and Quantiles over it learn what pandas counts."""
    random = np.random.default_rng(4)
    start = pd.Timestamp("2024-01-01") + pd.to_timedelta(pd.Series(random.integers(0, 10**6, 500)), unit="s")
    end = start + pd.to_timedelta(pd.Series(random.integers(0, 10**5, 500)), unit="s")
    stay = fc.Numeric(fc.Elapsed("end", "start", "hours"), normalizer=fc.ZScore(), name="stay")
    plan = fc.fit([stay, fc.Indicator(fc.Bucketized(stay, fc.Quantiles(4)))], pd.DataFrame({"start": start, "end": end}))
    hours = (end - start).dt.total_seconds() / 3600
    found = plan.transform({"start": start, "end": end})
    np.testing.assert_allclose(found[:, 0], (hours - hours.mean()) / hours.std(ddof=0), rtol=1e-5, atol=1e-6)
    assert found[:, 1:].sum(axis=0).tolist() == [125, 125, 125, 125]


def test_nanoseconds_count() -> None:
    plan = fc.compile([fc.Elapsed("b", "a", "seconds")])
    a, b = pd.Timestamp("2024-01-01 00:00:00.000000001"), pd.Timestamp("2024-01-01 00:00:00.000000255")
    assert plan.transform({"a": pd.Series([a]), "b": pd.Series([b])}).tolist() == [[float32(2.54e-07)]]
    assert plan.transform_row({"a": a, "b": b}).tolist() == [float32(2.54e-07)]


def test_models_scale_it() -> None:
    column = fc.Elapsed("b", "a")
    assert column.with_default_normalizer() == fc.Numeric(column, normalizer=fc.ZScore(), name="b_since_a")


@pytest.mark.parametrize("text", ["2024-01-01", "2024-01-01T12:30:00.5+01:00"])
def test_a_fixed_time_is_written_as_it_was_given(text: str) -> None:
    column = fc.Elapsed("b", fc.Timestamp(text))
    assert fc.columns_from_json(fc.columns_to_json([column])) == (column,)
    assert column.to_dict()["start"] == {"type": "Timestamp.v1", "text": text}


@pytest.mark.parametrize(
    ("row", "field"), [({"in": None, "out": "2024-01-02"}, "in"), ({"in": "2024-01-01", "out": None}, "out")]
)
def test_an_error_names_the_field_that_is_missing(row: dict[str, Any], field: str) -> None:
    plan = fc.compile([fc.Elapsed("out", "in")])
    good = {"in": "2024-01-01", "out": "2024-01-02"}
    with pytest.raises(fc.DataError, match="a time is missing") as caught:
        plan.transform([good, row])
    assert (caught.value.field, caught.value.row) == (field, 1)
    with pytest.raises(fc.DataError, match="a time is missing") as caught:
        plan.transform_row(row)
    assert caught.value.field == field
    with pytest.raises(fc.DataError, match="out_since_in: a number is missing") as caught:
        fc.compile([fc.Numeric(fc.Elapsed("out", "in"))]).transform([good, row])
    assert (caught.value.field, caught.value.row) == (None, 1)


def test_an_interval_without_months_is_a_duration() -> None:
    intervals = [(0, 2, 43_200 * 10**9), (0, -1, 1), (0, 0, -5), (0, 40_000, 0)]
    array = pa.array([None, *map(pa.MonthDayNano, intervals)])
    plan = fc.compile([fc.Elapsed("took", unit="hours", default=-1.0)])
    want = np.float32([-1, 60, -24 + 1 / 3.6e12, -5 / 3.6e12, 960_000])[:, None]
    for data in (array, pa.concat_arrays([array, array]).slice(5)):
        np.testing.assert_array_equal(plan.transform(pa.table({"took": data})), want)
    np.testing.assert_array_equal(plan.transform(pa.table({"took": pa.concat_arrays([array] * 400)})), np.tile(want, (400, 1)))
    relation = duckdb.sql("SELECT TIMESTAMP '2024-03-03 12:00' - TIMESTAMP '2024-03-01' AS took FROM range(3)")
    assert plan.transform(relation).tolist() == [[60.0]] * 3
    assert [str(column) for column in fc.suggest(duckdb.sql("SELECT interval (i) hour AS took FROM range(30) t(i)"))] == [
        "Numeric(Elapsed('took', unit='hours'), default=Median(), normalizer=(ZScore(),))"
    ]


@pytest.mark.parametrize("rows", [1, 1500])
def test_an_interval_of_months_is_refused_with_a_way_out(rows: int) -> None:
    took = pa.table({"took": pa.array([None, *[pa.MonthDayNano((1, 0, 5))] * rows])})
    with pytest.raises(
        fc.DataError, match=r"took_days: needs a time in field 'took' at row 1.*months have no fixed length"
    ) as caught:
        fc.compile([fc.Elapsed("took", default=0)]).transform(took)
    assert caught.value.row == 1


@pytest.mark.parametrize("rows", [3, 3_000])
@pytest.mark.parametrize("start", ["2024-01-01T05:00", "2024-01-01T05:00Z", "05:00", None, datetime.timedelta(hours=2)])
def test_one_field_may_be_missing_throughout_whatever_the_other_holds(start: object, rows: int) -> None:
    plan = fc.compile([fc.Elapsed("a", "b", default=-1)])
    for data in ({"a": [None] * rows, "b": [start] * rows}, {"a": [start] * rows, "b": [None] * rows}):
        assert plan.transform(data).tolist() == [[-1]] * rows
        assert plan.transform(pa.table(data)).tolist() == [[-1]] * rows


def test_a_fixed_time_that_is_given_as_text_names_a_field_and_the_error_says_so() -> None:
    with pytest.raises(fc.DataError, match=r"the data has 'a'; a fixed time is written Timestamp\('2024-01-01'\)"):
        fc.compile([fc.Elapsed("a", "2024-01-01")]).transform({"a": ["2024-01-02"]})
