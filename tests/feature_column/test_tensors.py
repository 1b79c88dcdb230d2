"""Features of any library in one form: dense, sparse, ragged; ranks, types, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from featurecols import feature_column as fc
from featurecols.feature_column import dtypes
from featurecols.feature_column.tensors import Tensor, keras_cast, tensor_of


class EagerTensor:
    """As a tensor of TensorFlow shows itself."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def numpy(self) -> Any:
        return self.value


class ForeignSparse:
    """As tf.SparseTensor shows itself."""

    indices = EagerTensor(np.array([[0, 1], [2, 0]]))
    values = EagerTensor(np.array([b"a", b"b"], dtype=object))
    dense_shape = EagerTensor(np.array([3, 2]))


class Ragged:
    row_splits = (0, 1)


def shown(tensor: Tensor) -> tuple[Any, ...]:
    values = tensor.values.to_pylist() if isinstance(tensor.values, pa.Array) else tensor.values.tolist()
    return tensor.dtype.name, tensor.shape, values, None if tensor.indices is None else tensor.indices.tolist()


@pytest.mark.parametrize(
    ("value", "dtype", "shape"),
    [
        ([1, 2], "int32", (2, 1)),
        ([2**40, 2], "int64", (2, 1)),
        ([1.5, 2], "float32", (2, 1)),
        ([True, False], "bool", (2, 1)),
        ([[1], [2]], "int32", (2, 1)),
        ([], "float32", (0, 1)),
        (np.zeros((2, 3, 1)), "float64", (2, 3, 1)),
        (np.zeros(2, np.float16), "float16", (2, 1)),
        (np.zeros(2, np.uint8), "uint8", (2, 1)),
        (EagerTensor(np.zeros((2, 2), np.int16)), "int16", (2, 2)),
        (pd.Series([1, 2]), "int64", (2, 1)),
        (pd.Series([1.5, 2]), "float64", (2, 1)),
        ([np.float64(1)], "float64", (1, 1)),
        (pa.array([1, 2], pa.uint32()), "uint32", (2, 1)),
        (pa.array([True, False]), "bool", (2, 1)),
        (pa.chunked_array([[1.5], [2.5]]), "float64", (2, 1)),
        (pa.array([[1, 2], [3, 4]], pa.list_(pa.int8(), 2)), "int8", (2, 2)),
        (pl.Series([1, 2]), "int64", (2, 1)),
    ],
)
def test_numbers(value: Any, dtype: str, shape: tuple[int, ...]) -> None:
    tensor = tensor_of("x", value)
    assert (tensor.dtype.name, tensor.shape, tensor.is_sparse) == (dtype, shape, False)
    assert tensor.array().shape == shape


TEXTS = [
    ["a\0", "é"],
    [b"a\0", "é"],
    np.array(["a\0", b"\xc3\xa9"], object),
    EagerTensor(np.array([b"a\0", b"\xc3\xa9"], object)),
    pd.Series(["a\0", "é"]),
    pa.array(["a\0", "é"]),
    pa.array([b"a\0", b"\xc3\xa9"], pa.large_binary()),
    pa.array(["a\0", "é"]).dictionary_encode(),
    pa.array(["a\0", "é"], pa.string_view()),
    pl.Series(["a\0", "é"]),
    pa.chunked_array([["a\0"], ["é"]]),
]


@pytest.mark.parametrize("value", TEXTS)
def test_strings(value: Any) -> None:
    assert shown(tensor_of("x", value)) == ("string", (2, 1), [b"a\0", b"\xc3\xa9"], None)


def test_numpy_strings() -> None:
    assert shown(tensor_of("x", np.array(["a", "é"])))[2] == [b"a", b"\xc3\xa9"]
    assert shown(tensor_of("x", np.array([b"a", b"\xff"])))[2] == [b"a", b"\xff"]


def test_sparse() -> None:
    given = fc.SparseTensor([[0, 1], [2, 0]], ["a", "b"], [3, 2])
    expect = ("string", (3, 2), [b"a", b"b"], [[0, 1], [2, 0]])
    assert shown(tensor_of("x", given)) == shown(tensor_of("x", ForeignSparse())) == expect
    assert (given.shape, given.dtype) == ((3, 2), dtypes.string)
    one = fc.SparseTensor([0, 2], [1.5, 2.5], [3])
    assert shown(tensor_of("x", one)) == ("float32", (3, 1), [1.5, 2.5], [[0, 0], [2, 0]])
    none = fc.SparseTensor([], [], [3, 2])
    assert (none.indices.shape, tensor_of("x", none).shape) == ((0, 2), (3, 2))
    with pytest.raises(ValueError, match="one value for each of 2"):
        fc.SparseTensor([[0, 0], [1, 0]], ["a"], [3, 2])


@pytest.mark.parametrize(
    "value",
    [
        pa.array([["a", None, "b"], None, [], ["c"]]),
        pa.chunked_array([[["a", None, "b"], None], [[], ["c"]]], pa.list_(pa.string())),
        pa.array([["a", None, "b"], None, [], ["c"]], pa.large_list(pa.large_binary())),
        pa.array([["x"], ["a", None, "b"], None, [], ["c"], ["y"]])[1:5],
        pl.Series([["a", None, "b"], None, [], ["c"]]),
    ],
)
def test_arrow_lists_are_sparse_rows(value: Any) -> None:
    assert shown(tensor_of("x", value)) == ("string", (4, 3), [b"a", b"b", b"c"], [[0, 0], [0, 2], [3, 0]])


def test_arrow_lists_of_numbers() -> None:
    assert shown(tensor_of("x", pa.array([[1.5], [2.5, 3.5]]))) == (
        "float64",
        (2, 2),
        [1.5, 2.5, 3.5],
        [[0, 0], [1, 0], [1, 1]],
    )
    assert tensor_of("x", pa.array([], pa.list_(pa.int64()))).shape == (0, 0)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (1.0, "batch dimension"),
        ("a", "batch dimension"),
        (np.float32(1), "batch dimension"),
        (Ragged(), "ragged"),
        (["a", None], "'' for a missing string"),
        ([1, None], "needs strings"),
        ([[1], [2, 3]], "not a tensor"),
        ([["a"], ["b", "c"]], "not a tensor"),
        (["a", 1], "needs strings"),
        (np.array([1, 2], object), "needs strings"),
        (np.array(["2020-01-01"], "M8[D]"), "numbers or strings"),
        (pa.array(["a", None]), "no nulls"),
        (pa.array([1, None]), "no nulls"),
        (pa.array([[[1]]]), "lists of lists"),
        (pa.array([1], pa.timestamp("s")), "numbers or strings"),
        (["a", "\ud800"], "UTF-8"),
        ([2**70], "needs strings"),
    ],
)
def test_what_is_refused(value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tensor_of("x", value)


def test_casts_wrap_and_cut() -> None:
    assert tensor_of("x", np.array([1.7, -2.5])).cast(dtypes.int64).values.tolist() == [1, -2]
    assert tensor_of("x", np.array([2**64 - 1], np.uint64)).cast(dtypes.int64).values.tolist() == [-1]
    assert tensor_of("x", np.array([1e300])).cast(dtypes.float32).values.tolist() == [np.inf]


def test_values_that_are_kept_keep_their_positions() -> None:
    tensor = tensor_of("x", np.array([[5, 6], [7, 8]])).keep(np.array([True, False, False, True]))
    assert shown(tensor) == ("int64", (2, 2), [5, 8], [[0, 0], [1, 1]])


def test_layers_cast_floats_of_the_features_they_read() -> None:
    found = keras_cast({"a": np.zeros(1), "b": np.zeros(1, np.int64), "c": Ragged()}, ["a", "b", "d"])
    assert {key: tensor.dtype.name for key, tensor in found.items()} == {"a": "float32", "b": "int64"}


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("dtype", ["i2", "i4", "i8", "u2", "u4", "u8", "f2", "f4", "f8"])
def test_byte_orders(order: str, dtype: str) -> None:
    """G1: an array in the other byte order is the same feature, dense and sparse."""
    for given in (
        np.array([3, 7, 100], order + dtype),
        fc.SparseTensor([[0], [1], [2]], np.array([3, 7, 100], order + dtype), [3]),
    ):
        tensor = tensor_of("x", given)
        assert tensor.values.dtype.isnative
        assert tensor.values.tolist() == [3, 7, 100]


def test_hashes_in_the_other_byte_order() -> None:
    """G1: the ids of TensorFlow 2.15."""
    column = fc.categorical_column_with_hash_bucket("k", 1000, fc.dtypes.uint64)
    dense = fc.sparse_tensors(column, {"k": np.array([2**63, 3, 2**64 - 1], ">u8")}).id_tensor
    assert (dense.values.tolist(), dense.indices.tolist()) == ([496, 921], [[0, 0], [1, 0]])
    sparse = fc.SparseTensor([[0, 0], [1, 0], [2, 1]], np.array([2**63, 3, 2**64 - 1], ">u8"), [3, 2])
    assert fc.sparse_tensors(column, {"k": sparse}).id_tensor.values.tolist() == [496, 921, 233]
