"""Dense columns and sequences; the numbers were computed by TensorFlow 2.15."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import featurecols
from featurecols import feature_column as fc

A = fc.categorical_column_with_identity("a", 3)
W = fc.weighted_categorical_column(A, "w")
SPARSE = fc.SparseTensor
TABLE = fc.initializers.Constant([[1.0], [10.0], [100.0]])
UNSORTED = SPARSE([[1, 0], [0, 0], [0, 1]], [1, 2, 0], [2, 2])
WEIGHTS = SPARSE([[0, 0], [0, 1], [1, 0]], [1.0, 2.0, 3.0], [2, 2])


def dense(column: Any, **features: Any) -> Any:
    return fc.DenseFeatures(column)(features).tolist()


def embedding(column: Any = A, **arguments: Any) -> Any:
    return fc.embedding_column(column, 1, initializer=TABLE, **arguments)


def test_numbers() -> None:
    column = fc.numeric_column("n", (2, 1))
    assert dense(column, n=[[[1.0], [2.0]]]) == [[1, 2]]
    assert dense(fc.numeric_column("n"), n=np.array([1e300, np.nan, 16777217.0]))[::2] == [[np.inf], [16777216.0]]
    assert dense(fc.numeric_column("n", ()), n=[1.0, 2.0]) == [[1], [2]]
    assert dense(fc.numeric_column("n"), n=np.array([1 + 2j])) == [[1]]
    with pytest.raises(fc.InvalidArgumentError, match="needs 2 values"):
        dense(column, n=[1.0, 2.0])


def test_a_normalizer_sees_the_feature_in_its_own_type() -> None:
    seen = []

    def normalizer(x: Any) -> Any:
        seen.append((x.dtype.name, x.shape))
        return x // 2

    assert dense(fc.numeric_column("n", normalizer_fn=normalizer), n=np.array([5, 7, -3], np.int32)) == [[2], [3], [-2]]
    assert dense(fc.numeric_column("n", normalizer_fn=normalizer), n=np.array([5.0])) == [[2]]
    assert seen == [("int32", (3, 1)), ("float32", (1, 1))]
    with pytest.raises(fc.UnimplementedError):
        dense(fc.numeric_column("n", normalizer_fn=lambda x: x.astype(str)), n=[1.0])


def test_buckets_are_one_hot_by_element() -> None:
    column = fc.bucketized_column(fc.numeric_column("n", 2), [0.0, 10.0])
    assert dense(column, n=[[-1.0, 5.0], [10.0, 0.0]]) == [[1, 0, 0, 0, 1, 0], [0, 0, 1, 0, 1, 0]]
    assert dense(fc.bucketized_column(fc.numeric_column("n", ()), [0.0, 10.0]), n=[1.0, 20.0]) == [[0, 1, 0], [0, 0, 1]]
    with pytest.raises(fc.InvalidArgumentError):
        dense(fc.bucketized_column(fc.numeric_column("n", 3), [0.0]), n=[1.0])


def test_indicators_count_and_sum() -> None:
    assert dense(fc.indicator_column(A), a=[[0, 0, 2], [-1, 5, -7]]) == [[2, 0, 1], [0, 0, 0]]
    assert dense(fc.indicator_column(W), a=UNSORTED, w=WEIGHTS) == [[3, 0, 2], [0, 1, 0]]
    other = SPARSE([[0, 0], [0, 1]], [1.0, 2.0], [1, 2])  # weights pair by their place in the list, not by their indices
    assert dense(fc.indicator_column(W), a=SPARSE([[0, 0], [1, 0]], [1, 2], [2, 2]), w=other) == [[0, 1, 0], [0, 0, 2]]


@pytest.mark.parametrize("indices", [[[1, 0], [0, 0]], [[0, 0], [0, 0]], [[0, 0], [5, 0]], [[-1, 0], [0, 0]], [[0, 0], [1, 7]]])
def test_indicators_want_indices_that_rise_within_the_shape(indices: list[list[int]]) -> None:
    with pytest.raises(fc.InvalidArgumentError):
        dense(fc.indicator_column(A), a=SPARSE(indices, [1, 2], [2, 2]))


def test_ranks_above_two() -> None:
    assert dense(fc.indicator_column(A), a=[[[0, 1, 1]], [[2, -1, -1]]]) == [[1, 2, 0], [0, 0, 1]]
    assert dense(embedding(), a=[[[0, 1]], [[2, -1]]]) == [[5.5], [100]]
    for column in (fc.indicator_column(A), embedding()):
        with pytest.raises(fc.InvalidArgumentError):
            dense(column, a=[[[0], [1]]])
    with pytest.raises(fc.InvalidArgumentError, match="weighted indicator"):
        dense(fc.indicator_column(W), a=[[[0, 1]]], w=[[[1.0, 2.0]]])


def test_embeddings() -> None:
    assert dense(embedding(), a=UNSORTED) == [[50.5], [10]]
    assert dense(embedding(combiner="sum"), a=[[0, 2], [-1, -5]]) == [[101], [0]]
    assert dense(embedding(combiner=None), a=[[0, 2]]) == [[50.5]]
    assert dense(embedding(max_norm=5.0, combiner="sum"), a=[[0, 2]]) == [[6]]
    assert dense(embedding(max_norm=0, combiner="sum"), a=[[0, 2]]) == [[0]]
    assert dense(embedding(W, combiner="sum"), a=UNSORTED, w=WEIGHTS) == [[203], [10]]


def test_embeddings_that_fail() -> None:
    with pytest.raises(fc.InvalidArgumentError, match="past the table of 3 rows, got '5'"):
        dense(embedding(), a=[5, 0])
    with pytest.raises(ValueError, match="combiner must be one of"):
        dense(embedding(combiner="mean_all"), a=[0])
    with pytest.raises(ValueError, match="one weight for each of 1 ids"):
        dense(embedding(W), a=[0], w=[[1.0, 2.0]])
    with pytest.raises(TypeError, match="dimension must be an int"):
        dense(fc.embedding_column(A, 1.5), a=[0])
    with pytest.raises(AttributeError):
        dense(fc.embedding_column(fc.numeric_column("a"), 2), a=[0.0])
    with pytest.raises(ValueError, match="initializer must give shape"):
        dense(fc.embedding_column(A, 2, initializer=lambda shape, dtype: np.zeros((1, 1))), a=[0])
    with pytest.raises(fc.NotFoundError, match="ckpt_to_load_from does not exist"):
        dense(fc.embedding_column(A, 2, ckpt_to_load_from="x", tensor_name_in_ckpt="y"), a=[0])


def test_lookups_without_safety() -> None:
    unsafe = embedding(use_safe_embedding_lookup=False)
    rows = SPARSE([[0, 0], [2, 0], [2, 1]], [0, 1, 2], [4, 2])
    assert dense(unsafe, a=rows) == [[1], [0], [55]]  # and no fourth row
    with pytest.raises(fc.InvalidArgumentError, match="must not be negative"):
        dense(unsafe, a=SPARSE([[0, 0]], [-1], [1, 1]))
    weighted = embedding(W, use_safe_embedding_lookup=False)
    weights = SPARSE([[0, 0], [0, 1]], [2.0, -1.0], [1, 2])
    assert dense(weighted, a=[[0, 1]], w=weights) == [[-8]]  # (2 * 1 - 1 * 10) / (2 - 1)


def test_steps_of_ids() -> None:
    steps = fc.sequence_categorical_column_with_identity("a", 3)
    values, lengths = fc.SequenceFeatures(fc.indicator_column(steps))({"a": [[0, -1, 2], [1, -1, -1], [-1, -1, -1]]})
    assert lengths.tolist() == [3, 1, 0]
    assert values[:2].tolist() == [[[1, 0, 0], [0, 0, 0], [0, 0, 1]], [[0, 1, 0], [0, 0, 0], [0, 0, 0]]]
    values, lengths = fc.SequenceFeatures(embedding(steps))({"a": [[[0, 1], [2, -1]]]})
    assert (values.tolist(), lengths.tolist()) == ([[[5.5], [100]]], [2])
    with pytest.raises(fc.InvalidArgumentError):
        fc.SequenceFeatures(embedding(steps))({"a": UNSORTED})


def numbers(value: Any, **arguments: Any) -> Any:
    values, lengths = fc.SequenceFeatures(fc.sequence_numeric_column("n", **arguments))({"n": value})
    return values.tolist(), lengths.tolist()


def test_steps_of_numbers() -> None:
    given = SPARSE([[0, 0], [0, 1], [0, 2], [2, 0]], [1.0, 2.0, 3.0, 5.0], [3, 4])
    assert numbers(given, shape=2, default_value=-7.0) == ([[[1, 2], [3, -7]], [[-7, -7]] * 2, [[5, -7], [-7, -7]]], [2, 0, 1])
    deep = SPARSE([[0, 0, 0], [0, 1, 1]], [1.0, 2.0], [1, 2, 2])
    assert numbers(deep, shape=2) == ([[[1, 0], [0, 2]]], [2])
    whole = SPARSE([[0, 0]], np.array([5]), [1, 2])
    assert numbers(whole, default_value=3, dtype=fc.dtypes.int64) == ([[[5], [3]]], [1])
    halved = fc.sequence_numeric_column("n", normalizer_fn=lambda s: SPARSE(s.indices, s.values / 2, s.dense_shape))
    assert fc.SequenceFeatures(halved)({"n": given})[0][0, :, 0].tolist() == [0.5, 1.0, 1.5, 0.0]


def test_steps_of_no_rows_keep_their_number() -> None:
    values, lengths = fc.SequenceFeatures(fc.sequence_numeric_column("n", 2))(
        {"n": SPARSE([], np.zeros(0, np.float32), [0, 6])}
    )
    assert (values.shape, lengths.shape) == ((0, 3, 2), (0,))


@pytest.mark.parametrize(
    ("value", "arguments", "error"),
    [
        ([[1.0, 2.0]], {}, TypeError),
        (SPARSE([[0, 0]], np.array([5]), [1, 2]), {"dtype": fc.dtypes.int64}, TypeError),
        (SPARSE([[0, 0]], [1.0], [1, 3]), {"shape": 2}, fc.InvalidArgumentError),
        (UNSORTED, {"default_value": 0}, fc.InvalidArgumentError),
        (SPARSE([[0, 0]], [1.0], [1, 1]), {"default_value": "x"}, TypeError),
    ],
)
def test_steps_that_cannot_be(value: Any, arguments: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        numbers(value, **arguments)


def test_what_is_no_dense_or_sequence_column() -> None:
    with pytest.raises(ValueError, match="sequence column inside"):
        fc.SequenceFeatures(fc.indicator_column(A))({"a": [1]})
    with pytest.raises(ValueError, match="no dense row"):
        dense(fc.indicator_column(fc.sequence_categorical_column_with_identity("a", 3)), a=[1])


def test_results_that_cannot_fit_are_refused_with_their_size() -> None:
    wide = fc.indicator_column(fc.categorical_column_with_hash_bucket("h", 2**40))
    with pytest.raises(featurecols.SizeError, match="GiB"):
        dense(wide, h=["a", "b"])
    with pytest.raises(featurecols.SizeError, match="GiB"):
        numbers(SPARSE([[0, 0]], [1.0], [2, 2**50]))


def test_sequences_whose_last_index_lies_outside() -> None:
    """G4: rank 3 and 4; TensorFlow 2.15 computed the numbers. It checks indices only where it makes them dense."""
    steps = fc.sequence_categorical_column_with_identity("k", 5)
    table = fc.initializers.Constant(np.arange(10).reshape(5, 2))
    outside = SPARSE([[0, 0, 0], [0, 1, 5], [1, 0, 0]], [1, 2, 3], [2, 2, 2])
    assert fc.sparse_tensors(steps, {"k": outside}).id_tensor.indices.tolist() == [[0, 0, 0], [0, 1, 5], [1, 0, 0]]
    values, lengths = fc.SequenceFeatures(fc.embedding_column(steps, 2, initializer=table))({"k": outside})
    assert (values.tolist(), lengths.tolist()) == ([[[2, 3], [0, 0]], [[6, 7], [4, 5]]], [2, 1])
    with pytest.raises(fc.InvalidArgumentError, match="within dense_shape"):
        fc.SequenceFeatures(fc.indicator_column(steps))({"k": outside})
    beyond = SPARSE([[0, 0, 3], [1, 1, 9]], [1, 2], [2, 2, 2])
    with pytest.raises(fc.InvalidArgumentError, match="rows of ids must lie within"):
        fc.SequenceFeatures(fc.embedding_column(steps, 2))({"k": beyond})
    deep = SPARSE([[0, 0, 0, 3], [1, 1, 1, 1]], [1, 2], [2, 2, 2, 2])
    values, lengths = fc.SequenceFeatures(fc.indicator_column(steps))({"k": deep})
    assert values.tolist() == [[[0, 1, 0, 0, 0], [0] * 5], [[0] * 5, [0, 0, 1, 0, 0]]]
    assert lengths.tolist() == [1, 2]
    with pytest.raises(fc.InvalidArgumentError, match="without positions"):
        fc.SequenceFeatures(fc.embedding_column(steps, 2))({"k": SPARSE([[0, 0, 0]], [1], [2, 2, 0])})


def test_rows_of_two_axes_need_no_last_index() -> None:
    """G4: TensorFlow reads the row of an id alone where it looks ids up or sums weights."""
    outside = SPARSE([[0, 5], [1, 0]], [1, 2], [2, 2])
    assert dense(embedding(), a=outside) == [[10], [100]]
    weights = SPARSE([[0, 0], [1, 0]], [1.0, 1.0], [2, 2])
    assert dense(fc.indicator_column(W), a=outside, w=weights) == [[0, 1, 0], [0, 0, 1]]
    assert dense(fc.indicator_column(W), a=SPARSE([[0, 0], [5, 0]], [1, 2], [2, 2]), w=weights) == [[0, 1, 0], [0, 0, 0]]
    assert dense(embedding(), a=SPARSE([[0, 0], [5, 0]], [1, -2], [2, 2])) == [[10], [0]]  # what is left out has no row
    with pytest.raises(fc.InvalidArgumentError, match="rows of ids must lie within"):
        dense(embedding(), a=SPARSE([[0, 0], [5, 0]], [1, 2], [2, 2]))
    crossed = fc.crossed_column(["k", "j"], 10)
    words = SPARSE([[0, 5], [1, 0]], ["a", "b"], [2, 2])
    assert fc.sparse_tensors(crossed, {"k": words, "j": ["a", "b"]}).id_tensor.values.tolist() == [5, 7]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"combiner": ["sum"]}, TypeError, "a_embedding: combiner must be a string"),
        ({"max_norm": "3"}, TypeError, "a_embedding: max_norm must be a number"),
        ({"max_norm": -1}, ValueError, "a_embedding: max_norm must be a positive number"),
    ],
)
def test_errors_of_lookups_name_the_column(arguments: Any, error: type[Exception], message: str) -> None:
    """G10."""
    with pytest.raises(error) as found:
        dense(embedding(**arguments), a=[0])
    assert str(found.value).startswith(message)


def test_sizes_that_are_not_whole_have_no_table() -> None:
    """G10: ids are computed, and what needs a size is refused, as in TensorFlow."""
    three = fc.categorical_column_with_vocabulary_list("a", ["x", "y"], num_oov_buckets=3.0)
    assert fc.sparse_tensors(three, {"a": ["x", "z"]}).id_tensor.values.tolist()[0] == 0
    for layer in (fc.DenseFeatures(fc.indicator_column(three)), fc.DenseFeatures(embedding(three)), fc.LinearModel(three)):
        with pytest.raises(TypeError, match=r"a: the number of buckets must be an int, got 5\.0"):
            layer({"a": ["x"]})
