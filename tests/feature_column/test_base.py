"""What all declarations share: equality, order, shapes, parents, pickling."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from featurecols import feature_column as fc
from featurecols.feature_column import base


def test_columns_are_equal_and_hashable_by_value() -> None:
    a, b = fc.numeric_column("a"), fc.numeric_column("a", shape=[1])
    assert a == b
    assert len({a, b, fc.numeric_column("a", shape=2)}) == 2
    assert fc.categorical_column_with_identity("a", 3) != fc.categorical_column_with_identity("a", 3, 0)
    # an embedding holds an initializer object, so two made apart differ
    assert fc.embedding_column(fc.categorical_column_with_identity("a", 3), 2) != fc.embedding_column(
        fc.categorical_column_with_identity("a", 3), 2
    )


def test_columns_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        fc.numeric_column("a").key = "b"


def test_order_is_that_of_the_text() -> None:
    a, b = fc.numeric_column("a"), fc.numeric_column("b")
    assert a < b
    assert b > a


def test_a_shape_counts_its_elements() -> None:
    shape = fc.numeric_column("a", shape=(2, 3)).variable_shape
    assert (shape.num_elements(), shape.as_list(), shape.ndims, shape.rank) == (6, [2, 3], 2, 2)
    assert fc.numeric_column("a", shape=()).variable_shape.num_elements() == 1


def test_parents() -> None:
    number = fc.numeric_column("n")
    buckets = fc.bucketized_column(number, [0])
    assert number.parents == ["n"]
    assert buckets.parents == [number]
    assert fc.crossed_column(["a", buckets], 5).parents == ["a", buckets]
    weighted = fc.weighted_categorical_column(buckets, "w")
    assert weighted.parents == [buckets, "w"]
    assert fc.indicator_column(weighted).parents == [weighted]


def test_copies_and_pickles_of_a_used_column_are_equal() -> None:
    column = fc.categorical_column_with_vocabulary_list("v", ["a", "b"])
    first = fc.sparse_tensors(column, {"v": ["b"]}).id_tensor.values
    for other in (copy.deepcopy(column), pickle.loads(pickle.dumps(column))):
        assert other == column
        assert np.array_equal(fc.sparse_tensors(other, {"v": ["b"]}).id_tensor.values, first)


def test_is_below_names_the_argument() -> None:
    assert base.is_below(0, 1, "w", "n")
    assert not base.is_below(1.5, 1, "w", "n")
    with pytest.raises(TypeError, match="w: n must be an int, got None"):
        base.is_below(None, 1, "w", "n")


def test_shapes_are_equal_to_lists() -> None:
    """G11: as tf.TensorShape is."""
    shape = fc.indicator_column(fc.categorical_column_with_identity("p", 4)).variable_shape
    assert shape == [1, 4]
    assert shape == [1, 4]
    assert shape == (1, 4)
    assert (shape != [1, 4], shape == [1, 5], shape == None, shape == "x") == (False, False, False, False)  # noqa: E711
    assert (shape[:1] == [1], shape + (3,) == [1, 4, 3], shape.__radd__([3]) == [3, 1, 4]) == (True, True, True)  # noqa: RUF005
    assert (shape.concatenate([3]).as_list(), shape.rank, shape.dims, shape[-1]) == ([1, 4, 3], 2, [1, 4], 4)
    assert {shape: 1}[(1, 4)] == 1  # type: ignore[index]


@pytest.mark.parametrize("key", [None, 2.5, b"w", ["w"]])
def test_keys_of_weights_are_strings(key: object) -> None:
    """G10: a TypeError that names the column, where a layer collects the features that it reads."""
    column = fc.weighted_categorical_column(fc.categorical_column_with_identity("a", 3), key)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="weight_feature_key must be a string"):
        fc.LinearModel(column)({"a": [1], "w": [1.0]})
