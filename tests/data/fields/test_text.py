from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import featurecols as fc
from featurecols import errors
from featurecols.data.tables import as_batch
from tests.data.fields.physical import decoded


def cells(data: Any, missing: tuple[Any, ...] = ()) -> Any:
    return as_batch({"x": data}).field("x", missing)


WORDS = ["a", None, "", "na\0me", "x" * 10_000, "žluť", "日本", "007"]


@pytest.mark.parametrize(
    "data",
    [
        WORDS,
        np.array(WORDS, dtype=object),
        *([np.array(WORDS, dtype=np.dtypes.StringDType(na_object=None))] if hasattr(np.dtypes, "StringDType") else []),
        pd.Series(WORDS, dtype=object),
        pd.Series(WORDS, dtype="str"),
        pd.array(WORDS, dtype="string"),
        pd.Index(WORDS),
        pa.array(WORDS),
        pa.array(WORDS).cast(pa.binary()),
    ],
)
def test_texts_as_they_are(data: Any) -> None:
    assert decoded(cells(data).tokens()) == [None if w is None else w.encode() for w in WORDS]
    assert cells(data).tokens().kind == "text"


def test_numpy_text_arrays() -> None:
    assert decoded(cells(np.array(["a", "žluť", ""])).tokens()) == [b"a", "žluť".encode(), b""]
    assert decoded(cells(np.array(["a", "žluť", "?"])[::2], ("?",)).tokens()) == [b"a", None]
    assert decoded(cells(np.array([b"a", b"\xff", b"a\0b"])).tokens()) == [b"a", b"\xff", b"a\0b"]
    assert decoded(cells(np.array(["a\0b", "c\0\0d"])).tokens()) == [b"a\0b", b"c\0\0d"]
    assert decoded(cells(np.array(["a", "b"], dtype=">U3")).tokens()) == [b"a", b"b"]


def test_invalid_utf8_is_taken_as_it_is() -> None:
    raw = pa.array([b"\xff\xfe", None, b"ok"])
    text = pa.Array.from_buffers(pa.string(), 3, raw.buffers())
    for data in (raw, text, text.dictionary_encode(), pa.chunked_array([text, text])[:3]):
        assert decoded(cells(data).tokens()) == [b"\xff\xfe", None, b"ok"]
        assert cells(data).slice(0, 1).to_pylist() == [b"\xff\xfe"]
    assert cells(text).slice(2, 3).to_pylist() == ["ok"]
    with pytest.raises(errors.DataError, match="needs a number in field 'x' at row 0, got b'"):
        cells(text).numbers()


@pytest.mark.parametrize("column", [fc.Numeric("x"), fc.Indicator(fc.Bucketized("x", [1.0]))])
def test_text_that_is_no_number_says_the_same_of_a_row_and_a_table(column: fc.Column) -> None:
    said = set()
    plan = fc.compile([column])
    for run in (lambda: plan.transform_row({"x": "3.0"}), lambda: plan.transform({"x": ["3.0"] * 2000})):
        with pytest.raises(fc.DataError, match=r"needs a number in field 'x'.*, got '3.0'; .*only the text of CSV") as caught:
            run()
        said.add(caught.value.hint)
    assert said == {errors.TEXT}


def test_bytes_of_one_width() -> None:
    array = pa.array([b"ab\0", None, b"xyz", b"???"], pa.binary(3))
    assert decoded(cells(array, ("???",)).slice(1, 4).tokens()) == [None, b"xyz", None]
    assert decoded(cells(array.dictionary_encode(), ("???",)).slice(1, 4).tokens()) == [None, b"xyz", None]


BAD = "bad \ud800"


@pytest.mark.parametrize(
    "data",
    [
        ["a", None, BAD, "b"],
        np.array(["a", None, BAD, "b"], dtype=object),
        np.array(["a", "c", BAD, "b"]),
        pd.Series(["a", None, BAD, "b"], dtype=object),
        ["a", 5, BAD, "b"],
        [["a"], None, ["b", BAD], [BAD]],
        [["a"], None, ["b", 5, BAD], [BAD]],
        [[["a"]], None, [["b", BAD]], [[BAD]]],
        [("a",), None, (BAD,), (BAD,)],
        np.array([["a", "b"], ["a", "c"], ["a", BAD], ["a", "c"]]),
        pd.Categorical.from_codes([1, -1, 0, 2], pd.Index([BAD, "a", "b"], dtype=object)),
    ],
)
def test_a_lone_surrogate_names_field_and_row(data: Any) -> None:
    with pytest.raises(errors.DataError) as caught:
        cells(data).tokens()
    assert (caught.value.field, caught.value.row) == ("x", 2)
    assert "lone surrogate" in str(caught.value)
    assert "\ud800" not in str(caught.value)


def test_a_lone_surrogate_in_rows() -> None:
    with pytest.raises(errors.DataError, match="lone surrogate has no UTF-8 bytes in field 'x' at row 1"):
        as_batch([{"x": "a"}, {"x": BAD}]).field("x")


def test_no_text_is_a_number() -> None:
    for data in (["7", None], pa.array(["7", None]).dictionary_encode(), pa.array([b"7", None])):
        found = cells(data)
        with pytest.raises(errors.DataError) as caught:
            found.numbers()
        assert (caught.value.row, caught.value.problem) == (0, "needs a number")
        with pytest.raises(errors.DataError, match="needs an integer in field 'x' at row 0"):
            found.integers()
        assert np.isnan(found.slice(1, 2).numbers().values).tolist() == [True]
        assert found.slice(1, 2).integers().valid.tolist() == [False]


def test_markers_hide_text_from_numbers() -> None:
    for data in (["?", None, "n/a"], pa.array(["?", None, "n/a"]).dictionary_encode()):
        assert np.isnan(cells(data, ("?", "n/a")).numbers().values).all()
        assert not cells(data, ("?", "n/a")).integers().valid.any()
