"""Element types: names, attributes, and what stands for them."""

from __future__ import annotations

import numpy as np
import pytest

from featurecols import feature_column as fc
from featurecols.feature_column import dtypes


class ForeignType:
    """As tf.DType shows itself."""

    name = "int64"
    is_integer = True


def test_kinds() -> None:
    assert [d.is_integer for d in (fc.dtypes.int8, fc.dtypes.uint64, fc.dtypes.float16, fc.dtypes.string)] == [
        True,
        True,
        False,
        False,
    ]
    assert [d.is_floating for d in (fc.dtypes.bfloat16, fc.dtypes.half, fc.dtypes.double, fc.dtypes.bool)] == [
        True,
        True,
        True,
        False,
    ]
    assert fc.dtypes.bool.is_bool
    assert fc.dtypes.complex64.is_complex
    assert fc.dtypes.int32.base_dtype is fc.dtypes.int32


def test_numpy_types_both_ways() -> None:
    assert dtypes.uint16.as_numpy_dtype is np.uint16
    assert dtypes.string.as_numpy_dtype is np.object_
    for name in ("float32", "int8", "uint64", "bool", "complex128"):
        assert dtypes.as_dtype(np.dtype(name)) == dtypes.NAMES[name]
    assert dtypes.as_dtype(np.float64) is dtypes.float64
    assert dtypes.as_dtype(np.dtype("S3")) is dtypes.string
    assert dtypes.as_dtype(np.array(["a"]).dtype) is dtypes.string


def test_equal_to_a_type_of_that_name_from_elsewhere() -> None:
    assert dtypes.int64 == ForeignType()
    assert dtypes.int32 != ForeignType()
    assert dtypes.int32 != 3
    assert dtypes.as_dtype(ForeignType()) is dtypes.int64
    assert len({dtypes.float32, dtypes.as_dtype("float32")}) == 1


@pytest.mark.parametrize("value", [3, None, "float33", np.dtype("M8[s]"), object()])
def test_what_is_no_type(value: object) -> None:
    with pytest.raises(TypeError, match="not an element type"):
        fc.as_dtype(value)


@pytest.mark.parametrize("value", ["float32", None, 3, "string"])
def test_a_dtype_argument_must_be_a_type(value: object) -> None:
    with pytest.raises(AttributeError, match="dtype must be an element type"):
        fc.numeric_column("n", dtype=value)
    with pytest.raises(AttributeError, match="dtype must be an element type"):
        fc.categorical_column_with_hash_bucket("n", 3, value)


def test_a_foreign_or_numpy_type_is_taken_as_an_argument() -> None:
    assert fc.numeric_column("n", dtype=ForeignType()).dtype is dtypes.int64
    assert fc.categorical_column_with_hash_bucket("n", 3, np.int32).dtype is dtypes.int32


def test_types_are_equal_to_their_names() -> None:
    """G11: this is also what makes tf.float32 == dtypes.float32 true, since a tf.DType looks the other side up by equality."""
    for dtype in (dtypes.float32, dtypes.string, dtypes.bool, dtypes.uint64):
        assert dtype == dtype.name
        assert dtype.name == dtype
        assert {dtype.name: 1}[dtype] == 1  # type: ignore[index]
    assert dtypes.float32 == "float"
    assert dtypes.float32 == np.float32
    assert dtypes.float32 == np.dtype("float32")
    assert dtypes.as_dtype(float) == dtypes.float32
    assert (dtypes.float32 != "float32", dtypes.float32 == "float64", dtypes.float32 == None) == (False, False, False)  # noqa: E711
    assert (dtypes.uint8.is_unsigned, dtypes.int8.is_unsigned, dtypes.int64.size, dtypes.string.size) == (True, False, 8, 0)
