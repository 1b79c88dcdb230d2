"""First tables: shapes, seeds, configs."""

from __future__ import annotations

import numpy as np

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
