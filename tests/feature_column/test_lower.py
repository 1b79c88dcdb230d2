"""Ids at their positions; the numbers were computed by TensorFlow 2.15 where no other reason is given."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from featurecols import feature_column as fc
from featurecols.feature_column.transformed import Transformed

A = fc.categorical_column_with_identity("a", 3)
V = fc.categorical_column_with_vocabulary_list("v", ["p", "q", "r"])
N = fc.numeric_column("n")
SPARSE = fc.SparseTensor


def ids(column: Any, **features: Any) -> tuple[Any, ...]:
    tensor = fc.sparse_tensors(column, features).id_tensor
    return tensor.values.tolist(), tensor.indices.tolist(), tensor.shape


def test_a_feature_is_needed_and_named() -> None:
    with pytest.raises(ValueError, match="not in the features dict"):
        fc.sparse_tensors(A, {"b": [1]})


def test_columns_are_transformed_once_a_call() -> None:
    calls = []

    def counted(x: Any) -> Any:
        calls.append(x)
        return x

    number = fc.numeric_column("n", normalizer_fn=counted)
    layer = fc.DenseFeatures(
        [number, fc.bucketized_column(number, [0.0]), fc.indicator_column(fc.bucketized_column(number, [0.0]))]
    )
    layer({"n": [1.0, -1.0]})
    assert len(calls) == 1
    cache = Transformed({"a": [1]})
    assert fc.sparse_tensors(A, cache) is fc.sparse_tensors(fc.categorical_column_with_identity("a", 3), cache)


@pytest.mark.parametrize("value", [[5, -1, -2, 2], np.array([5, -1, -2, 2], np.int8), pa.array([5, -1, -2, 2])])
def test_identity_keeps_what_is_out_of_range(value: Any) -> None:
    assert ids(A, a=value) == ([5, -2, 2], [[0, 0], [2, 0], [3, 0]], (4, 1))
    with_default = fc.categorical_column_with_identity("a", 3, 1)
    assert ids(with_default, a=value)[0] == [1, 1, 2]


def test_identity_of_unsigned_integers() -> None:
    assert ids(A, a=np.array([2**64 - 2, 1], np.uint64))[0] == [-2, 1]
    assert ids(A, a=SPARSE([[0, 0], [0, 1]], np.array([255, 1], np.uint8), [1, 2]))[0] == [255, 1]


def test_hashes_are_fingerprints() -> None:
    column = fc.categorical_column_with_hash_bucket("h", 1000)
    assert ids(column, h=np.array([b"\xff\xfe\x00", "\0"], object))[0] == [431, 796]
    assert ids(column, h=[[["a", ""], ["b", "c"]], [["", ""], ["d", ""]]])[:2] == (
        [939, 822, 872, 465],
        [[0, 0, 0], [0, 1, 0], [0, 1, 1], [1, 1, 0]],
    )
    lists = pa.array([["a"], None, ["b", "c"]])
    assert ids(column, h=lists) == ([939, 822, 872], [[0, 0], [2, 0], [2, 1]], (3, 2))


def test_integers_are_hashed_as_their_digits() -> None:
    integers = fc.categorical_column_with_hash_bucket("h", 10**6, fc.dtypes.int64)
    texts = fc.categorical_column_with_hash_bucket("h", 10**6)
    values = np.array([0, 7, 2**63, 2**64 - 2], np.uint64)
    assert ids(integers, h=values)[0] == ids(texts, h=[str(v) for v in values.tolist()])[0]
    assert ids(integers, h=np.array([-(2**63), 7]))[0] == ids(texts, h=[str(-(2**63)), "7"])[0]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (A, [1.0]),
        (A, ["1"]),
        (A, [True]),
        (V, [1]),
        (V, [1.0]),
        (fc.categorical_column_with_vocabulary_list("v", [1, 2]), ["1"]),
        (fc.categorical_column_with_hash_bucket("v", 5), [1]),
        (fc.categorical_column_with_hash_bucket("v", 5, fc.dtypes.int64), ["1"]),
        (fc.categorical_column_with_hash_bucket("v", 5, fc.dtypes.int64), [1.5]),
        (fc.categorical_column_with_hash_bucket("v", 5), [True]),
    ],
)
def test_types_that_do_not_go_together(column: Any, value: Any) -> None:
    with pytest.raises(ValueError, match=r"needs integers|needs strings|the column reads"):
        fc.sparse_tensors(column, {column.key: value})


def test_buckets() -> None:
    column = fc.bucketized_column(N, [0.1, 0.3])
    nan = float("nan")
    assert ids(column, n=np.array([0.1, 0.3, 0.09999999, nan, -np.inf, np.inf]))[0] == [1, 2, 0, 2, 0, 2]
    pair = fc.sparse_tensors(fc.bucketized_column(fc.numeric_column("n", 2), [0.0, 10.0]), {"n": [[-1.0, 5.0], [10.0, 0.0]]})
    assert (pair.id_tensor.values.tolist(), pair.id_tensor.values.dtype) == ([0, 4, 2, 4], np.int32)
    assert ids(fc.bucketized_column(N, [16777216, 16777217]), n=np.array([16777215, 16777216]))[0] == [0, 2]


def test_buckets_of_another_shape() -> None:
    with pytest.raises(fc.InvalidArgumentError, match="needs 1 values a row"):
        ids(fc.bucketized_column(N, [0.0]), n=[[1.0, 2.0], [3.0, 4.0]])
    with pytest.raises(ValueError, match="needs 1 values a row"):
        ids(fc.bucketized_column(N, [0.0]), n=[[1.0, 2.0]])
    # one value in all stands for every element
    assert ids(fc.bucketized_column(fc.numeric_column("n", 3), [0.0]), n=[1.0])[0] == [1, 3, 5]
    with pytest.raises(IndexError):
        ids(fc.bucketized_column(fc.numeric_column("n", ()), [0.0]), n=[1.0])


@pytest.mark.parametrize(("value", "error"), [(["1"], "UnimplementedError"), (SPARSE([[0, 0]], [1.0], [1, 1]), "DataError")])
def test_numbers_that_are_none(value: Any, error: str) -> None:
    with pytest.raises(Exception, match="n: ") as found:
        ids(fc.bucketized_column(N, [0.0]), n=value)
    assert type(found.value).__name__ == error


def test_crosses() -> None:
    cross = fc.crossed_column(["a", "b"], 1000)
    assert ids(cross, a=["x", ""], b=["y", "z"])[0] == [624, 787]
    assert ids(cross, a=[-1, 3], b=[4, 5])[0] == [958, 412]
    assert ids(cross, a=np.array([1.7, -2.5]), b=[4, 5])[0] == [725, 79]
    assert ids(cross, a=[True, False], b=[4, 5])[0] == [725, 98]
    assert ids(fc.crossed_column(["b", "a"], 1000), a=["x", "y"], b=["u", "v"])[0] == [920, 547]
    assert ids(fc.crossed_column(["a", "b"], 1000, 5), a=["x"], b=["y"])[0] == [72]
    assert ids(fc.crossed_column(["a", "b"], 1000, -1), a=["x"], b=["y"])[0] == [671]
    assert ids(fc.crossed_column(["a", "b"], 1000, 0), a=["x"], b=["y"])[0] == [624]


def test_a_row_without_a_value_has_no_cross() -> None:
    a = SPARSE([[0, 0]], ["x"], [2, 1])
    assert ids(fc.crossed_column(["a", "b"], 1000), a=a, b=["y", "z"]) == ([624], [[0, 0]], (2, 1))
    assert ids(fc.crossed_column(["a", "b"], 1000), a=[], b=pa.array([], pa.string())) == ([], [], (0, 0))


def test_sparse_leaves_come_before_dense_ones() -> None:
    column = fc.crossed_column(["a", fc.bucketized_column(N, [0.0, 10.0])], 1000)
    assert ids(column, a=["x"], n=[5.0])[0] == [859]
    assert ids(column, a=SPARSE([[0, 0]], ["x"], [1, 1]), n=[5.0])[0] == [727]


def test_leaves_that_are_columns_enter_by_their_ids() -> None:
    assert ids(fc.crossed_column([V, "a"], 1000), v=["p", "zzz", ""], a=["x", "x", "x"])[:2] == ([43, 932], [[0, 0], [1, 0]])
    kept = fc.crossed_column(["a", fc.categorical_column_with_identity("q", 3)], 100)
    assert ids(kept, a=["x"] * 4, q=[1, -1, 7, -5])[:2] == ([59, 56, 1], [[0, 0], [2, 0], [3, 0]])


@pytest.mark.parametrize(
    ("column", "features", "error"),
    [
        (fc.crossed_column(["a", "b"], 9), {"a": ["x"], "b": ["x", "y"]}, fc.InvalidArgumentError),
        (fc.crossed_column(["a", "b"], 9), {"a": [[["x"]]], "b": ["y"]}, fc.InvalidArgumentError),
        (fc.crossed_column(["a", "b"], 9, 2**63), {"a": ["x"], "b": ["y"]}, OverflowError),
        (fc.crossed_column(["b", fc.weighted_categorical_column(A, "w")], 9), {"a": [1], "w": [1.0], "b": ["y"]}, ValueError),
        (
            fc.crossed_column(["b", fc.sequence_categorical_column_with_identity("a", 3)], 9),
            {"a": [1], "b": ["y"]},
            fc.InvalidArgumentError,
        ),
    ],
)
def test_crosses_that_cannot_be(column: Any, features: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        fc.sparse_tensors(column, features)


def test_weights() -> None:
    column = fc.weighted_categorical_column(V, "w")
    pair = fc.sparse_tensors(column, {"v": ["p", "", "q"], "w": [0.5, 0.0, -1.0]})
    assert pair.weight_tensor is not None
    assert (pair.weight_tensor.values.tolist(), pair.weight_tensor.indices.tolist()) == ([0.5, -1.0], [[0, 0], [2, 0]])
    integers = fc.weighted_categorical_column(V, "w", fc.dtypes.int64)
    pair = fc.sparse_tensors(integers, {"v": ["p"], "w": np.array([3])})
    assert pair.weight_tensor is not None
    assert pair.weight_tensor.values.dtype == np.float32


def test_weighed_buckets_are_counted_from_zero_for_each_element() -> None:
    buckets = fc.bucketized_column(fc.numeric_column("n", 2), [0.0, 10.0])
    pair = fc.sparse_tensors(fc.weighted_categorical_column(buckets, "w"), {"n": [[-1.0, 5.0]], "w": [[1.0, 2.0]]})
    assert (pair.id_tensor.values.tolist(), pair.id_tensor.values.dtype) == ([0, 1], np.int32)


@pytest.mark.parametrize(
    ("column", "features"),
    [
        (fc.weighted_categorical_column(V, "w"), {"v": ["p"]}),
        (fc.weighted_categorical_column(V, "w"), {"v": ["p"], "w": np.array([1.0])}),
        (fc.weighted_categorical_column(V, "w"), {"v": ["p"], "w": [1]}),
        (fc.weighted_categorical_column(fc.weighted_categorical_column(V, "w"), "x"), {"v": ["p"], "w": [1.0], "x": [1.0]}),
    ],
)
def test_weights_that_do_not_fit(column: Any, features: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"weights must be|weighs a weighted|not in the features"):
        fc.sparse_tensors(column, features)


def test_numbers_of_a_declaration_are_cut_to_integers_of_64_bits() -> None:
    assert ids(fc.categorical_column_with_hash_bucket("h", 10.7), h=["a"])[0] == [9]
    assert ids(fc.categorical_column_with_hash_bucket("h", np.int64(10)), h=["a"])[0] == [9]
    assert ids(fc.crossed_column(["a", "b"], 10.0), a=["a"], b=["a"])[0] == [5]
    assert ids(fc.crossed_column(["a", "b"], 10, 1.5), a=["a"], b=["a"])[0] == [3]
    assert ids(fc.categorical_column_with_identity("a", 3.7, True), a=[3, 2, 5])[0] == [1, 2, 1]
    with pytest.raises(OverflowError, match="64 bits"):
        ids(fc.categorical_column_with_hash_bucket("h", 2**63), h=["a"])
    with pytest.raises(TypeError, match="boundaries must be numbers"):
        ids(fc.bucketized_column(N, ["a", "b"]), n=[1.0])
    assert ids(fc.bucketized_column(N, [0.1, 0.1 + 1e-12, 0.5]), n=np.array([0.1, 0.2, 0.05]))[0] == [2, 2, 0]
    assert ids(fc.bucketized_column(N, [1e300, 1e301]), n=[1.0, float("inf")])[0] == [0, 2]


def test_what_has_no_ids() -> None:
    with pytest.raises(AttributeError, match="not a categorical column"):
        fc.sparse_tensors(N, {"n": [1.0]})


NUMPY_INTEGERS = [np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64]


@pytest.mark.parametrize("number", NUMPY_INTEGERS)
def test_numbers_of_numpy_are_numbers(number: Any) -> None:
    """G2: every number of a declaration; the ids and shapes of TensorFlow 2.15."""
    table = fc.initializers.Constant(np.arange(6).reshape(3, 2))
    identity = fc.categorical_column_with_identity("k", number(3), number(1))
    hashed = fc.categorical_column_with_hash_bucket("k", number(10))
    oov = fc.categorical_column_with_vocabulary_list("k", ["a", "b"], num_oov_buckets=number(3))
    default = fc.categorical_column_with_vocabulary_list("k", ["a", "b"], default_value=number(1))
    crossed = fc.crossed_column(["k", "j"], number(10), number(5))
    assert ids(identity, k=[1, 5, 2])[0] == [1, 1, 2]
    assert ids(hashed, k=["a", "c", "x"])[0] == [9, 2, 0]
    assert ids(oov, k=["a", "c", "x"])[0] == [0, 3, 4]
    assert ids(default, k=["a", "c", "x"])[0] == [0, 1, 1]
    assert ids(crossed, k=["a", "b"], j=["c", "d"])[0] == [2, 2]
    assert ids(fc.categorical_column_with_vocabulary_list("k", [number(1), number(0)]), k=[1, 0, 7])[0] == [0, 1, -1]
    assert fc.DenseFeatures(fc.embedding_column(identity, number(2), initializer=table))({"k": [1, 0, 2]}).tolist() == [
        [2, 3],
        [0, 1],
        [4, 5],
    ]
    steps = fc.sequence_categorical_column_with_identity("k", number(3))
    assert fc.SequenceFeatures(fc.embedding_column(steps, number(2)))({"k": [[1, 0], [2, -1]]})[0].shape == (2, 2, 2)
    assert fc.LinearModel([identity], number(2))({"k": [1, 0]}).shape == (2, 2)
    assert fc.LinearModel([fc.crossed_column(["k", "j"], number(10))])({"k": ["a"], "j": ["b"]}).shape == (1, 1)
    numbers = [fc.serialize_feature_column(c)["config"] for c in (identity, hashed, oov, default, crossed)]
    assert [type(v) for config in numbers for v in config.values() if isinstance(v, np.generic)] == []


def test_large_numbers() -> None:
    """G10: as many buckets as TensorFlow takes, up to 2^62."""
    many = fc.categorical_column_with_vocabulary_list("k", ["a", "b"], num_oov_buckets=2**31)
    assert ids(many, k=["a", "x"])[0] == [0, 1828677636]
    more = fc.categorical_column_with_vocabulary_list("k", ["a", "b"], num_oov_buckets=2**40)
    assert ids(more, k=["a", "x"])[0] == [0, 802840078340]
    wide = fc.categorical_column_with_identity("k", 2**63 - 1, 0)
    assert ids(wide, k=np.array([1, 2**62]))[0] == [1, 2**62]
    far = fc.categorical_column_with_vocabulary_list("k", ["a"], default_value=2**63 - 1)
    assert ids(far, k=["a", "x"])[0] == [0, 2**63 - 1]


@pytest.mark.parametrize(
    ("column", "expect"),
    [
        (fc.categorical_column_with_identity("k", 5, float("nan")), [1, -(2**63)]),
        (fc.categorical_column_with_identity("k", float("nan")), [1, 9]),
        (fc.categorical_column_with_identity("k", float("inf"), 0), [0, 0]),
        (fc.categorical_column_with_identity("k", 2.5, 0), [1, 0]),
    ],
)
def test_numbers_that_are_not_whole(column: Any, expect: list[int]) -> None:
    """G10: the ids of TensorFlow 2.15, which casts such numbers."""
    assert ids(column, k=[1, 9])[0] == expect


VOCABULARY = fc.categorical_column_with_vocabulary_list


@pytest.mark.parametrize(
    ("column", "error", "message"),
    [
        (
            fc.categorical_column_with_hash_bucket("tag", float("nan")),
            TypeError,
            "tag: hash_bucket_size must be an int, got nan",
        ),
        (VOCABULARY("tag", ["a"], num_oov_buckets=float("nan")), TypeError, "tag: num_oov_buckets must be an int, got nan"),
        (VOCABULARY("tag", ["a"], num_oov_buckets=None), TypeError, "tag: num_oov_buckets must be an int, got None"),
        (VOCABULARY("tag", ["a"], num_oov_buckets=2**63), OverflowError, "tag: num_oov_buckets must fit 64 bits"),
        (VOCABULARY("tag", ["a"], num_oov_buckets=2**63 - 1), ValueError, "Vocabulary tag: num_oov_buckets must be 0 to"),
        (VOCABULARY("tag", ["a"], default_value=2**63), ValueError, "tag: a number must fit 64 bits"),
        (VOCABULARY("tag", ["a"], default_value=float("nan")), TypeError, "tag: default_value must be an id, got nan"),
        (fc.crossed_column(["tag", "b"], 9, b"x"), TypeError, "b_X_tag: hash_key must be an int, got b'x'"),
        (fc.crossed_column(["tag", "b"], 9, "3"), TypeError, "b_X_tag: hash_key must be an int, got '3'"),
        (fc.crossed_column(["tag", "b"], 9, float("inf")), OverflowError, "b_X_tag: hash_key must fit 64 bits, got inf"),
        (
            fc.bucketized_column(fc.numeric_column("age"), [float("nan")]),
            ValueError,
            "Bucketized age_bucketized: a boundary must be a number",
        ),
    ],
)
def test_errors_name_the_column_and_the_argument(column: Any, error: type[Exception], message: str) -> None:
    """G10: no text speaks of a field "value", and no error comes from numpy or the column inside."""
    with pytest.raises(error) as found:
        fc.sparse_tensors(column, {"tag": ["a"], "b": ["c"], "age": [1.0]})
    assert str(found.value).startswith(message)
