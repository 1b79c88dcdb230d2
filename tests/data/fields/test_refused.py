"""A wrong value is refused in the same words in a table and in a single row."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import featurecols as fc

ROWS = 2_000  # more than take the row path
CATEGORY = "convert it to a string or an integer"
NUMBER = "cast it to a number, or read it with Vocabulary or Hashed"
INTEGER = "cast it to an integer, or read it with Vocabulary or Hashed"
HOUR = 'take what matters from it: DatePart(key, "hour"), Elapsed(key, start), or cast it to a string'
DURATION = 'read it with Elapsed(key, unit="hours"), or cast it to a number of seconds'
BEYOND = "scale it where it comes from, or read it as a category, with Vocabulary or Hashed"
NUMBERS = (
    fc.Numeric("v"),
    fc.Numeric("v", normalizer=fc.Log1p()),
    fc.Indicator(fc.Bucketized("v", [0, 1])),
    fc.Piecewise("v", [0, 1, 2]),
    fc.Cyclic("v", 24),
    fc.Ratio("v", "w"),
    fc.Indicator(fc.Weighted(fc.Identity("w", 3), "v")),
)


def refused(column: fc.Column, value: object) -> tuple[str, str | None, str | None, str]:
    """Return problem, field, what was got and the hint: of a row, and the same of the second half of a table."""
    plan = fc.compile([column])
    with pytest.raises(fc.DataError) as of_row:
        plan.transform_row({"v": value, "w": 1})
    with pytest.raises(fc.DataError) as of_table:
        plan.transform({"v": [None] * ROWS + [value] * ROWS, "w": [None] * ROWS + [1] * ROWS})
    found, table = of_row.value, of_table.value
    if "and there is no default" in table.problem:  # of the missing values before it
        with pytest.raises(fc.DataError) as of_table:
            plan.transform({"v": [value] * ROWS, "w": [1] * ROWS})
        table = of_table.value
    assert (table.subject, table.problem, table.field, table.hint) == (found.subject, found.problem, found.field, found.hint)
    assert (table.got or "").startswith((found.got or "")[:30])  # tables add the type of an Arrow array
    return found.problem, found.field, found.got, found.hint


@pytest.mark.parametrize("column", NUMBERS, ids=lambda c: c.name)
@pytest.mark.parametrize(
    ("value", "problem", "hint"),
    [
        (10**400, "a number is beyond float64", BEYOND),
        (Decimal("1e400"), "a number is beyond float64", BEYOND),
        (Decimal("-1e309"), "a number is beyond float64", BEYOND),
        (Decimal("-1e5000"), "a number is beyond float64", BEYOND),
        (b"5", "needs a number", NUMBER),
        (1 + 2j, "needs a number", NUMBER),
        (dt.timedelta(hours=5), "needs a number", DURATION),
        (np.timedelta64(5, "h"), "needs a number", DURATION),
        (pd.Timestamp("2024-01-01 05:00:00.123456789"), "needs a number", HOUR),
        ({"a": 1}, "needs a number", "flatten it into fields of their own"),
        (" 5 ", "needs a number", fc.errors.TEXT),
        (pa.MonthDayNano([0, 1, 1000]), "needs a number", DURATION),
        (pa.MonthDayNano([1, 1, 1000]), "needs a number", DURATION),
    ],
    ids=repr,
)
def test_numbers(column: fc.Column, value: object, problem: str, hint: str) -> None:
    found = refused(column, value)
    assert (found[0], found[1], found[3]) == (problem, "v", hint)


@pytest.mark.parametrize("choice", ["error", "drop", 0])
def test_integers(choice: str | int) -> None:
    column = fc.Indicator(fc.Identity("v", 10, out_of_range=choice))
    assert refused(column, 1.5) == ("needs a whole number below 2^53", "v", "1.5", "round it and cast it to an integer")
    assert refused(column, 1j) == ("needs an integer", "v", "1j", INTEGER)
    assert refused(column, pa.MonthDayNano([0, 1, 1000]))[::3] == ("needs an integer", DURATION)
    assert refused(column, Decimal("1.50"))[:3] == ("a decimal that is not whole", "v", "Decimal('1.50')")
    assert 'Field(key, invalid="missing")' in refused(column, "5")[3]


def test_integers_past_64_bits() -> None:
    error, keep = (fc.Indicator(fc.Identity("v", 10, out_of_range=choice)) for choice in ("error", "keep"))
    for value in (2**64, 2**63, -(2**63) - 1):
        assert refused(error, value)[:3] == ("id out of range 0 ... 9", "v", str(value))
        assert refused(keep, value)[:3] == ("needs an integer of 64 bits with a sign", "v", str(value))
    drop = fc.compile([fc.Indicator(fc.Identity("v", 2, out_of_range="drop"))])
    assert drop.transform({"v": [2**64, 1]}).tolist() == [[0, 0], [0, 1]]
    with pytest.raises(fc.DataError, match=r"id out of range 0 ... 9 in field 'v' at row 1, got 18446744073709551616"):
        fc.compile([fc.Identity("v", 10)]).encode({"v": [[1, 2], [3, 2**64]] * ROWS})


@pytest.mark.parametrize("source", [fc.Hashed("v", 10), fc.Vocabulary("v", ["a"]), fc.Crossed(["v", "w"], 10)])
def test_intervals_are_no_lists(source: fc.Column) -> None:
    plan = fc.compile([fc.Indicator(source)])
    for value in (pa.MonthDayNano([0, 1, 1000]), pa.MonthDayNano([1, 1, 1000])):
        for run in (plan.transform_row, lambda row: plan.transform({key: [one] * ROWS for key, one in row.items()})):
            with pytest.raises(fc.DataError, match=r"Interval is not a category.*seconds=1e-06"):
                run({"v": value, "w": 1})


def test_times_of_a_row() -> None:
    hour = fc.Cyclic(fc.DatePart("v", "hour"), 24)
    trimmed = "it has blanks around it, which Field('v', strip=True) removes"
    assert refused(hour, " 2024-01-01 ")[::3] == ("needs a time, and the text does not write one", trimmed)
    assert refused(hour, "\t12:30\n")[3] == trimmed
    assert refused(hour, " 2024-02-30 ")[3].startswith('write it as "2024-02-29"')
    late = np.datetime64("20000-01-01")
    for run in (fc.compile([hour]).transform_row, lambda row: fc.compile([hour]).transform({"v": [row["v"]] * ROWS})):
        with pytest.raises(fc.DataError, match=r"needs a time of the years 1 to 9999.*20000-01-01.*; leave the value out"):
            run({"v": late})
    assert refused(hour, dt.time(5, tzinfo=dt.UTC))[3].startswith("a time of day with a zone is no instant")
    assert refused(fc.Elapsed("v", unit="hours"), pa.MonthDayNano([1, 0, 0]))[3].startswith("months have no fixed length")
    plan = fc.compile([fc.DatePart(fc.Field("v", strip=True), "hour")])
    assert plan.encode({"v": [" 2024-01-01T05:00 "]}).ids["v_hour"].values.tolist() == [5]


def test_an_interval_of_a_row_is_a_duration() -> None:
    plan = fc.compile([fc.Elapsed("v", unit="hours")])
    interval = pa.MonthDayNano([0, 2, 3_600_000_000_001])
    want = np.float32(49 + 1e-9 / 3600)
    assert plan.transform_row({"v": interval}).tolist() == [want]
    assert plan.transform({"v": [interval] * ROWS}).tolist() == [[want]] * ROWS
    assert plan.transform({"v": pa.array([interval] * ROWS)}).tolist() == [[want]] * ROWS
    days = pa.MonthDayNano([0, 2**31 - 1, 0])  # more than Python's timedelta holds
    assert plan.transform_row({"v": days}).tolist() == plan.transform({"v": pa.array([days])}).tolist()[0] == [24 * 2**31]


@pytest.mark.parametrize("rows", [3, ROWS])
def test_periods_are_no_numbers(rows: int) -> None:
    periods = pd.DataFrame({"v": [pd.Period("2024-01")] * rows, "w": 1})
    says = r"'v'.*got 648 of type extension<pandas.period.*to_timestamp\(\)"
    for column in (*NUMBERS[:6], fc.Hashed("v", 10), fc.DatePart("v", "month"), fc.Elapsed("v", "v")):
        with pytest.raises(fc.DataError, match=says):
            fc.compile([column]).encode(periods)
    assert refused(fc.Numeric("v"), pd.Period("2024-01"))[3].startswith("read when it begins, column.dt.to_timestamp()")
    assert refused(fc.Elapsed("v", unit="days"), pd.Period("2024-01"))[3].startswith(
        "read when it begins, column.dt.to_timestamp()"
    )
    starts = pd.DataFrame({"v": periods["v"].dt.to_timestamp()})
    assert fc.compile([fc.DatePart("v", "month")]).encode(starts).ids["v_month"].values.tolist() == [0] * rows


@pytest.mark.parametrize("rows", [1, ROWS])
def test_infinite_times_say_so_in_tables_of_any_size(rows: int) -> None:
    for kind in (pa.timestamp("us"), pa.timestamp("us", "UTC"), pa.date32()):
        late = pa.array([(2**31 if kind == pa.date32() else 2**63) - 1] * rows, kind)  # "infinity" of DuckDB
        for column in (fc.DatePart("v", "hour", timezone="UTC"), fc.Elapsed("v", fc.Timestamp("2024-01-01"))):
            with pytest.raises(fc.DataError, match=r"needs a time of the years 1 to 9999.*'v' at row 0, got"):
                fc.compile([column]).encode({"v": late})


@pytest.mark.parametrize("rows", [1, ROWS])
@pytest.mark.parametrize("dtype", ["m8[Y]", "m8[M]", "m8"])
def test_durations_of_numpy_without_a_length(dtype: str, rows: int) -> None:
    """numpy makes 365.2425 days of a year."""
    plan = fc.compile([fc.Elapsed("v", unit="hours")])
    for data in ({"v": np.ones(rows, dtype)}, [{"v": np.ones(1, dtype)[0]}] * rows):
        with pytest.raises(
            fc.DataError, match=r"needs a time in field 'v' at row 0, got np.timedelta64\(1.*months have no fixed"
        ):
            plan.transform(data)
    assert plan.transform({"v": np.ones(rows, "m8[W]")}).tolist() == [[168.0]] * rows


def test_times_past_those_of_python_are_no_text() -> None:
    late = pa.array([8_000_000], pa.date32())
    for column in (fc.Split("v", "-"), fc.Words("v")):
        plan = fc.compile([fc.Hashed(column, 10)])
        for data in (late, late.dictionary_encode()):
            with pytest.raises(fc.DataError, match=r"needs text in field 'v' at row 0, got .*23873-"):
                plan.encode({"v": data})
