"""Fields as times: every container, unit and zone gives the times that Python has of them, or an error by row."""

import datetime
import random
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import featurecols as fc
from featurecols import errors, kernels
from featurecols._core import times
from featurecols._core.times import DURATION, INSTANT, LOCAL, TIME_OF_DAY, Moment
from featurecols.data.tables import as_batch

Date, DateTime, Time, Delta, UTC = datetime.date, datetime.datetime, datetime.time, datetime.timedelta, datetime.UTC
DAY = 1_582_934_400  # 2020-02-29
EAST = datetime.timezone(Delta(hours=2))


def read(data: Any) -> list[Moment | None]:
    found = as_batch({"x": data}).field("x").times()
    seconds = found.seconds()
    after = found.after(seconds)
    there = np.ones(len(seconds), np.bool_) if found.valid is None else found.valid
    rest = np.zeros(len(seconds), np.int64) if after is None else after
    return [
        Moment(int(s), int(n), found.kind(i)) if there[i] else None for i, (s, n) in enumerate(zip(seconds, rest, strict=True))
    ]


@pytest.mark.parametrize(
    ("data", "want"),
    [
        ([DateTime(2020, 2, 29, 0, 0, 1, 5), None], [Moment(DAY + 1, 5000, LOCAL), None]),
        ([DateTime(2020, 2, 29, tzinfo=EAST), DateTime(2020, 2, 29)], [Moment(DAY - 7200, 0, INSTANT), Moment(DAY, 0, LOCAL)]),
        ([Date(2020, 2, 29), DateTime(2020, 2, 29, 5)], [Moment(DAY, 0, LOCAL), Moment(DAY + 18_000, 0, LOCAL)]),
        ([pd.Timestamp("2020-02-29 00:00:00.000000001")], [Moment(DAY, 1, LOCAL)]),
        ([pd.Timedelta(1, "ns"), Delta(days=-1, microseconds=1)], [Moment(0, 1, DURATION), Moment(-86_400, 1000, DURATION)]),
        ([Time(1, 2, 3, 4)], [Moment(3723, 4000, TIME_OF_DAY)]),
        ([np.datetime64("2020-02-29T00", "h"), np.datetime64("NaT")], [Moment(DAY, 0, LOCAL), None]),
        (np.array(["2020-02", "NaT"], "M8[M]"), [Moment(DAY - 28 * 86_400, 0, LOCAL), None]),
        (np.array(["2020-02-29T00:00:00.5"], "M8[ms]"), [Moment(DAY, 500_000_000, LOCAL)]),
        (np.array([3], "m8[h]"), [Moment(10_800, 0, DURATION)]),
        (
            pd.Series(pd.to_datetime(["2020-02-29", None])).dt.tz_localize("Europe/Paris"),
            [Moment(DAY - 3600, 0, INSTANT), None],
        ),
        (pd.Series(["2020-02-29", None, "00:01"], dtype="category"), [Moment(DAY, 0, LOCAL), None, Moment(60, 0, TIME_OF_DAY)]),
        (pl.Series([Date(2020, 2, 29), None]), [Moment(DAY, 0, LOCAL), None]),
        (pl.Series([Delta(seconds=-1)]), [Moment(-1, 0, DURATION)]),
        (pa.array([-1, None], pa.timestamp("ms")), [Moment(-1, 999_000_000, LOCAL), None]),
        (pa.array([86_400_001], pa.date64()), [Moment(86_400, 0, LOCAL)]),
        (pa.array([1], pa.time32("ms")), [Moment(0, 1_000_000, TIME_OF_DAY)]),
        (["2020-02-29T01:00:00.25+01:00", "2020-02-29 00:00"], [Moment(DAY, 250_000_000, INSTANT), Moment(DAY, 0, LOCAL)]),
        ([None, None], [None, None]),
    ],
)
def test_times_are_read(data: Any, want: list[Moment | None]) -> None:
    assert read(data) == want
    view = as_batch({"x": data}).field("x")
    one_by_one = [None if value is None else times.moment_of(value) for value in view.to_pylist()]
    assert one_by_one == want


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ([Date(2020, 1, 1), "2023-02-29"], "row 1, got '2023-02-29'"),
        (["2020-01-01", "24:00"], "row 1, got '24:00'; write it as"),
        ([None, 5], "row 1, got 5"),
        ([None, b"2020-01-01"], "row 1, got b'2020-01-01'"),
        ([Time(1, tzinfo=UTC)], "row 0"),
        (pa.array([None, 2**62], pa.timestamp("us")), "years 1 to 9999 in field 'x' at row 1"),
    ],
)
def test_anything_else_is_refused_by_row(data: Any, says: str) -> None:
    with pytest.raises(errors.DataError, match="needs a time") as caught:
        read(data)
    assert says in str(caught.value)


def test_lists_of_times() -> None:
    found = as_batch({"x": [[Date(2020, 2, 29)], [], None, [None]]}).field("x").times()
    assert (found.ticks * (found.per_second == 1)).tolist() == [DAY, 0]
    assert found.offsets is not None
    assert found.offsets.tolist() == [0, 1, 1, 1, 2]


def test_the_kernel_reads_text_as_the_row_path_does() -> None:
    """Texts with one or two characters changed: both read them as the same time, or both read none."""
    rng = random.Random(18)
    plain = ("2020-01-01", "2020-02-29T12:30:59.123456789Z", "05:06", "23:59:59.5", "0001-01-01T00:00:00+00:01")
    plain += ("9999-12-31T23:59:59-00:01", "2019-12-31 00:00+0100", "2020-02-29T12:30:59+01")
    texts = list(plain)
    for _ in range(4000):
        text = list(rng.choice(plain))
        for _ in range(rng.randint(1, 2)):
            at = rng.randrange(len(text) + 1)
            text[at : at + rng.randint(0, 1)] = rng.choice(["", *"0123456789:-+TZ. "])
        texts.append("".join(text))
    array = pa.array(texts)
    offsets = np.frombuffer(array.buffers()[1], np.int32)[: len(texts) + 1]
    kinds, seconds, rest = kernels.iso_times.scan(offsets, np.frombuffer(array.buffers()[2], np.uint8))
    found = [None if k == 255 else Moment(int(s), int(n), int(k)) for k, s, n in zip(kinds, seconds, rest, strict=True)]
    assert found == list(map(times.read, texts))
    assert sum(moment is not None for moment in found) > 300


def test_the_calendar_is_pythons() -> None:
    days = np.random.default_rng(3).integers(-719_162, 2_932_896, 3000)
    year, month, day = times.date_of(days)
    for k, d in enumerate(days.tolist()):
        want = Date.fromordinal(d + 719_163)
        assert (want.year, want.month, want.day) == times.date_of(d) == (year[k], month[k], day[k])
        assert times.days_of(want.year, want.month, want.day) == d


@pytest.mark.parametrize("unit", ["D", "s", "ms", "us", "ns"])
@pytest.mark.parametrize("rows", [1, 2_000])
def test_masked_times_of_numpy(unit: str, rows: int) -> None:
    values = np.ma.array(np.array(["2024-03-01", "2024-04-01"] * rows, f"M8[{unit}]"), mask=[False, True] * rows)
    assert fc.compile([fc.DatePart("v", "month")]).encode({"v": values}).ids["v_month"].values.tolist() == [2, -1] * rows
    lists = fc.compile([fc.DatePart("v", "month")]).encode([{"v": values[:2]}]).ids["v_month"]
    assert lists.values.tolist() == [2, -1]
    with pytest.raises(fc.DataError, match=r"needs a number in field 'v' at row 0, got .*2024"):
        fc.compile([fc.Numeric("v")]).transform({"v": values})
