"""Types that are neither numbers nor categories: an error at the first value, with the way out."""

import datetime
import uuid
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from featurecols import errors
from featurecols.data.tables import as_batch
from tests.data.fields.physical import decoded, whole

DAY = datetime.date(2020, 2, 29)
MOMENT = datetime.datetime(2020, 2, 29, 12)


def cells(data: Any) -> Any:
    return as_batch({"x": data}).field("x")


@pytest.mark.parametrize(
    ("data", "got", "hint"),
    [
        ([None, DAY], "datetime.date(2020, 2, 29) of type date32[day]", "weekday"),
        ([None, MOMENT], "of type timestamp[us]", "hour"),
        (pd.Series([pd.NaT, MOMENT]), "of type timestamp", "hour"),
        (pd.Series([pd.NaT, MOMENT]).dt.tz_localize("UTC"), "UTC", "hour"),
        (np.array(["NaT", "2020-02-29"], "datetime64[D]"), "date32[day]", "weekday"),
        (np.array(["NaT", 5], "timedelta64[s]"), "duration[s]", "seconds"),
        ([None, datetime.time(1)], "time64[us]", "DatePart"),
        ([None, {"a": 1}], "struct", "flatten"),
        (pa.array([None, [("a", 1)]], pa.map_(pa.string(), pa.int8())), "map", "flatten"),
        (pa.array([None, datetime.timedelta(1)], pa.month_day_nano_interval()), "month_day_nano", "cast"),
        (pd.cut(pd.Series([np.nan, 1.0]), [0, 2]), "interval", "string"),
        (pd.Series(pd.PeriodIndex([None, "2020-02"], freq="M")), "period", "to_timestamp"),
    ],
)
def test_no_number_and_no_category(data: Any, got: str, hint: str) -> None:
    found = cells(data)
    for view in (found.numbers, found.integers, found.tokens):
        with pytest.raises(errors.DataError) as caught:
            view()
        assert (caught.value.field, caught.value.row) == ("x", 1)
        assert got in str(caught.value)
        assert hint in caught.value.hint
    assert found.slice(0, 1).to_pylist() == [None]
    assert decoded(found.slice(0, 1).tokens()) == [None]
    assert np.isnan(found.slice(0, 1).numbers().values).all()
    assert whole(found.slice(0, 1)) == [None]


@pytest.mark.parametrize(
    "data",
    [
        [None, None],
        pa.nulls(2),
        pa.nulls(2, pa.string()),
        pa.nulls(2, pa.dictionary(pa.int8(), pa.string())),
        [float("nan")] * 2,
    ],
)
def test_nothing_but_nulls(data: Any) -> None:
    found = cells(data)
    assert decoded(found.tokens()) == [None, None]
    assert np.isnan(found.numbers().values).tolist() == [True, True]
    assert whole(found) == [None, None]
    assert found.to_pylist() == [None, None]
    assert len(found.slice(1, 2).tokens()) == 1


def test_lists_of_nothing() -> None:
    for data in ([[None], [], None], pa.array([[None], [], None], pa.list_(pa.null()))):
        assert decoded(cells(data).tokens()) == [[None], [], []]
        assert cells(data).numbers().offsets.tolist() == [0, 1, 1, 1]


def test_extension_types() -> None:
    tensor = pa.fixed_shape_tensor(pa.int32(), (2,))
    pairs = pa.ExtensionArray.from_storage(tensor, pa.array([[1, 2], None], pa.list_(pa.int32(), 2)))
    assert whole(cells(pairs)) == [[1, 2], []]
    if hasattr(pa, "bool8"):  # the canonical types of newer Arrow
        flags = pa.ExtensionArray.from_storage(pa.bool8(), pa.array([1, 0, None], pa.int8()))
        assert decoded(cells(flags).tokens()) == [b"1", b"0", None]
        assert cells(flags).tokens().kind == "boolean"
        ids = pa.ExtensionArray.from_storage(pa.uuid(), pa.array([None, b"0123456789abcdef"], pa.binary(16)))
        for data in (ids, [None, uuid.UUID(int=1)]):
            with pytest.raises(errors.DataError, match=r"in field 'x' at row 1, got UUID\(.*; cast it to a number or a string"):
                cells(data).tokens()
    if hasattr(pa, "json_"):
        assert decoded(cells(pa.array(["{}", None], pa.json_())).tokens()) == [b"{}", None]


def test_a_value_beyond_pythons_dates_is_refused_in_words() -> None:
    """D8: Python has no date for it, so that showing the value was an OverflowError."""
    array = pa.array([2**62], pa.timestamp("us"))
    with pytest.raises(
        errors.DataError, match=r"needs a number in field 'x' at row 0, got .*148108-07-06T14:00:27.387904.* of type timestamp"
    ):
        as_batch({"x": array}).field("x").numbers()
    struct = pa.array([{"t": 2**62}], pa.struct([("t", pa.timestamp("us"))]))
    with pytest.raises(errors.DataError, match="needs a number in field 'x' at row 0"):
        as_batch({"x": struct}).field("x").numbers()
