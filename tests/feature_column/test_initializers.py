"""First tables: shapes, seeds, configs."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

from featurecols import feature_column as fc
from featurecols.feature_column import initializers


def test_tables_have_the_shape_and_repeat_by_seed() -> None:
    normal = initializers.TruncatedNormal(stddev=0.5, seed=3)
    table = normal((200, 4), fc.dtypes.float32, name="t")
    assert (table.shape, table.dtype) == ((200, 4), np.float32)
    assert np.abs(table).max() <= 1.0
    assert np.array_equal(table, normal((200, 4), name="t"))
    assert not np.array_equal(table, initializers.TruncatedNormal(stddev=0.5, seed=4)((200, 4), name="t"))
    assert not np.array_equal(table, normal((200, 4), name="another"))
    assert initializers.TruncatedNormal(mean=5.0)((50, 1)).mean() > 4


def test_constants() -> None:
    assert initializers.Constant(2)((1, 3)).tolist() == [[2.0, 2.0, 2.0]]
    assert initializers.Constant(np.eye(2))((2, 2)).tolist() == [[1, 0], [0, 1]]
    assert initializers.Zeros()((2, 1)).tolist() == [[0], [0]]


def test_configs_make_the_same_again() -> None:
    for made in (initializers.Constant([[1.0]]), initializers.Zeros(), initializers.TruncatedNormal(1.0, 2.0, 3)):
        again = type(made).from_config(made.get_config())
        assert again.get_config() == made.get_config()
        assert again != made


TABLE = np.arange(6, dtype=np.float32).reshape(3, 2)


def with_partition(shape: Any, dtype: Any, partition_info: Any) -> Any:
    assert partition_info is None
    return TABLE


def with_more(shape: Any, dtype: Any = None, **more: Any) -> Any:
    assert more == {}
    return TABLE


class Made:
    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
        return TABLE


@pytest.mark.parametrize("initializer", [with_partition, with_more, Made, Made(), functools.partial(with_partition)])
def test_initializers_of_version_one(initializer: Any) -> None:
    """G6: partition_info is None, for those that have such an argument; a class is made an object first."""
    a = fc.categorical_column_with_identity("a", 3)
    old = fc.v1.shared_embedding_columns([a], 2, initializer=initializer)
    new = fc.shared_embeddings([a], 2, initializer=initializer)
    assert fc.input_layer({"a": [1]}, fc.embedding_column(a, 2, initializer=initializer)).tolist() == [[2, 3]]
    assert fc.input_layer({"a": [1]}, old).tolist() == fc.DenseFeatures(new)({"a": [1]}).tolist() == [[2, 3]]


def test_initializers_of_other_arguments() -> None:
    """G6: as in TensorFlow."""
    a = fc.categorical_column_with_identity("a", 3)
    for initializer in (lambda: TABLE, lambda shape: TABLE, lambda s, d: TABLE):
        with pytest.raises(TypeError, match="dtype"):
            fc.input_layer({"a": [1]}, fc.embedding_column(a, 2, initializer=initializer))
