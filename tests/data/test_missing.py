import datetime
import decimal
import math
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import featurecols as fc
from featurecols.data.missing import NONE, Markers, present, presenter


class Text(str):
    __slots__ = ()


@pytest.mark.parametrize(
    "value",
    [
        None,
        float("nan"),
        np.float32("nan"),
        np.float64("nan"),
        np.datetime64("NaT"),
        np.timedelta64("NaT"),
        pd.NA,
        pd.NaT,
        decimal.Decimal("nan"),
        pa.scalar(None, pa.string()),
        np.array(float("nan")),
    ],
)
def test_missing(value: Any) -> None:
    assert present(value) is None


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ("a", "a"),
        ("", ""),
        (b"a", b"a"),
        (5, 5),
        (2**70, 2**70),
        (True, True),
        (1.5, 1.5),
        (float("inf"), float("inf")),
        (np.int64(5), 5),
        (np.uint64(2**64 - 1), 2**64 - 1),
        (np.float32(0.5), 0.5),
        (np.float16(0.5), 0.5),
        (np.longdouble(0.5), 0.5),
        (np.bool_(True), True),
        (np.str_("a"), "a"),
        (np.bytes_(b"a"), b"a"),
        (Text("a"), "a"),
        (bytearray(b"a"), b"a"),
        (memoryview(b"a"), b"a"),
        (pa.scalar("a"), "a"),
        (pa.scalar(5), 5),
        (np.array(5), 5),
        ([1, None], [1, None]),
        ((1, float("nan")), [1, None]),
        ([[1], None, [pd.NA]], [[1], None, [None]]),
        (np.array([1.5, float("nan")]), [1.5, None]),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (np.array(["a", None], dtype=object), ["a", None]),
        (np.ma.MaskedArray([1, 2], [False, True]), [1, None]),
        (pa.array([1, None]), [1, None]),
        (pa.scalar(["a", None]), ["a", None]),
        (pd.Series(["a", None]), ["a", None]),
        (pl.Series(["a", None]), ["a", None]),
        ([], []),
    ],
)
def test_present(value: Any, plain: Any) -> None:
    found = present(value)
    assert found == plain
    assert type(found) is type(plain)


@pytest.mark.parametrize("value", [datetime.date(2020, 1, 1), decimal.Decimal("1.5"), datetime.timedelta(1), {"a": 1}, 1j])
def test_other_types_pass(value: Any) -> None:
    assert present(value) == value


def test_negative_zero_stays() -> None:
    assert math.copysign(1.0, present(-0.0)) == -1.0


@pytest.mark.parametrize(
    ("marker", "same", "other"),
    [
        ("?", ["?", b"?", np.str_("?"), pa.scalar("?"), Text("?")], ["", "??", "a", 0, None]),
        ("", ["", b""], [" ", 0, False]),
        (-999, [-999, -999.0, "-999", b"-999", np.int16(-999), np.float32(-999)], [999, "-999.0", "-0999", -998.5]),
        (-999.0, [-999, -999.0, "-999"], ["-999.0"]),
        ("-999", [-999, -999.0, "-999"], ["-999 "]),
        ("007", ["007"], [7, "7", 7.0]),
        (0, [0, 0.0, -0.0, False, "0"], ["", "00", True]),
        (True, [True, 1, 1.0, "1"], [False, "True"]),
        (0.5, [0.5, np.float32(0.5)], ["0.5", 0]),
        (0.1, [0.1], [np.float32(0.1), "0.1"]),
        (float("inf"), [float("inf")], [float("-inf"), "inf"]),
        (1e300, [1e300], ["1e300"]),
        (2**53 + 1, [2**53 + 1, str(2**53 + 1)], [2.0**53, 2**53]),
        (2.0**60, [2.0**60, 2**60], [str(2**60)]),
        (b"\xff", [b"\xff"], ["\xff", "ÿ"]),
        ("\ud800", [], ["a", "?"]),
    ],
)
def test_markers(marker: Any, same: list[Any], other: list[Any]) -> None:
    check = presenter(Markers.of((marker,)))
    assert [check(v) for v in same] == [None] * len(same)
    assert [check(v) for v in other] == [present(v) for v in other]
    assert check([*same, *other]) == [*[None] * len(same), *[present(v) for v in other]]


def test_markers_are_split_by_what_they_are_compared_with() -> None:
    markers = Markers.of(("?", -999, 0.5, float("nan"), float("inf"), 2**53 + 1, 10**400))
    assert markers.texts == tuple(sorted([b"-999", b"9007199254740993", b"?", str(10**400).encode()]))
    assert markers.integers == (-999, 2**53 + 1, 10**400)
    assert markers.floats == (-999.0, 0.5, float("inf"))
    assert not NONE
    assert not Markers.of(())
    assert Markers.of([float("nan")]).values == frozenset()


@pytest.mark.parametrize("unit", ["ns", "us", "s", "D"])
def test_a_moment_of_numpy_is_never_the_integer_that_counts_it(unit):
    day, none = np.datetime64("2020-01-01", unit), np.datetime64("NaT", unit)
    assert present(day) is day
    assert present(none) is None
    assert present(np.array(day)) == day
    assert present(np.array([day, none])) == [day, None]
    assert present(np.timedelta64("NaT", "ns")) is None
    hashed, number = fc.compile([fc.Indicator(fc.Hashed("x", 3))]), fc.compile([fc.Numeric("x", default=0)])
    for value in (day, np.timedelta64(5, "ns")):
        for plan in (hashed, number):
            with pytest.raises(fc.DataError):
                plan.transform_row({"x": value})
            with pytest.raises(fc.DataError):
                plan.transform({"x": [None, value]})
