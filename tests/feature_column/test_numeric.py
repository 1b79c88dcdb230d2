"""numeric_column and bucketized_column: checks, their order, defaults, names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from featurecols import feature_column as fc

N = fc.numeric_column("n")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"shape": None}, AssertionError),
        ({"shape": 1.5}, TypeError),
        ({"shape": "a"}, TypeError),
        ({"shape": np.int64(2)}, TypeError),
        ({"shape": [np.int64(2)]}, TypeError),
        ({"shape": [[2]]}, TypeError),
        ({"shape": (2, 0)}, ValueError),
        ({"shape": -1}, ValueError),
        ({"dtype": fc.dtypes.string}, ValueError),
        ({"dtype": fc.dtypes.bool}, ValueError),
        ({"dtype": fc.dtypes.complex64}, ValueError),
        ({"dtype": "float32"}, AttributeError),
        ({"default_value": "x"}, TypeError),
        ({"default_value": [None]}, TypeError),
        ({"default_value": np.float32(1)}, TypeError),
        ({"default_value": np.int64(1)}, TypeError),
        ({"default_value": 1.5, "dtype": fc.dtypes.int32}, TypeError),
        ({"default_value": [1.5], "dtype": fc.dtypes.int32}, TypeError),
        ({"default_value": [1, 2]}, ValueError),
        ({"default_value": [[1]]}, ValueError),
        ({"default_value": [1], "shape": ()}, ValueError),
        ({"normalizer_fn": 3}, TypeError),
        ({"key": 5}, ValueError),
        ({"key": b"n"}, ValueError),
        # the order of the checks: shape, dtype, default, normalizer, key
        ({"shape": None, "dtype": fc.dtypes.string, "key": 5}, AssertionError),
        ({"dtype": "float32", "default_value": [1, 2, 3], "key": 5}, AttributeError),
        ({"default_value": "x", "normalizer_fn": 3, "key": 5}, TypeError),
        ({"normalizer_fn": 3, "key": 5}, TypeError),
    ],
)
def test_wrong_arguments(arguments: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        fc.numeric_column(**{"key": "n"} | arguments)


@pytest.mark.parametrize(
    ("arguments", "default"),
    [
        ({"default_value": 3}, (3,)),
        ({"default_value": True}, (True,)),
        ({"default_value": 1.5, "shape": 2}, (1.5, 1.5)),
        ({"default_value": np.float64(0.5)}, (0.5,)),
        ({"default_value": 7, "shape": ()}, 7),
        ({"default_value": 7, "shape": (2, 2), "dtype": fc.dtypes.int64}, ((7, 7), (7, 7))),
        ({"default_value": np.array([1, 2]), "shape": 2}, (1, 2)),
        ({"default_value": [[1, 2.5]], "shape": (1, 2)}, ((1, 2.5),)),
        ({}, None),
    ],
)
def test_defaults(arguments: dict[str, Any], default: Any) -> None:
    column = fc.numeric_column("n", **arguments)
    assert column.default_value == default
    assert column.parse_example_spec == {"n": fc.FixedLenFeature(column.shape, column.dtype, default)}


def test_names_and_shapes() -> None:
    assert fc.numeric_column("").name == ""
    assert fc.numeric_column("n", 2).variable_shape == (2,)
    assert fc.numeric_column("n", True).shape == (True,)
    column = fc.bucketized_column(fc.numeric_column("n", 3), (0, 1.5))
    assert (column.name, column.num_buckets, column.variable_shape) == ("n_bucketized", 9, (3, 3))
    assert column.parse_example_spec == fc.numeric_column("n", 3).parse_example_spec


@pytest.mark.parametrize(
    ("source", "boundaries", "error"),
    [
        ("n", [1], ValueError),
        (fc.bucketized_column(N, [0]), [1], ValueError),
        (fc.sequence_numeric_column("n"), [1], ValueError),
        (fc.numeric_column("n", (2, 2)), [1], ValueError),
        (N, [], ValueError),
        (N, None, ValueError),
        (N, np.array([1, 2]), ValueError),
        (N, np.array([1]), ValueError),
        (N, {1, 2}, ValueError),
        (N, "ab", ValueError),
        (N, 3, ValueError),
        (N, [1, 1], ValueError),
        (N, [2, 1], ValueError),
        (N, [1, "a"], TypeError),
        (N, [1, None], TypeError),
    ],
)
def test_wrong_boundaries(source: Any, boundaries: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        fc.bucketized_column(source, boundaries)


@pytest.mark.parametrize("boundaries", [[1], [float("-inf"), 0, float("inf")], [False, 1, 2.5], [1, float("nan")]])
def test_right_boundaries(boundaries: list[Any]) -> None:
    assert fc.bucketized_column(N, boundaries).num_buckets == len(boundaries) + 1


def test_a_scalar_source_has_no_ids() -> None:
    column = fc.bucketized_column(fc.numeric_column("n", ()), [0])
    with pytest.raises(IndexError, match="shape"):
        _ = column.num_buckets
