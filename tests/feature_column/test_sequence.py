"""Sequence declarations: the inner column's checks and names."""

from __future__ import annotations

from typing import Any

import pytest

from featurecols import feature_column as fc


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: fc.sequence_numeric_column("n", None), AssertionError),
        (lambda: fc.sequence_numeric_column("n", 1.5), TypeError),
        (lambda: fc.sequence_numeric_column("n", 0), ValueError),
        (lambda: fc.sequence_numeric_column("n", dtype=fc.dtypes.string), ValueError),
        (lambda: fc.sequence_numeric_column("n", dtype="float32"), AttributeError),
        (lambda: fc.sequence_numeric_column("n", normalizer_fn=3), TypeError),
        (lambda: fc.sequence_categorical_column_with_identity("a", 0), ValueError),
        (lambda: fc.sequence_categorical_column_with_hash_bucket("a", None), ValueError),
        (lambda: fc.sequence_categorical_column_with_vocabulary_list("a", []), ValueError),
        (lambda: fc.sequence_categorical_column_with_vocabulary_file("a", ""), ValueError),
    ],
)
def test_wrong_arguments(make: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        make()


def test_names_and_specs() -> None:
    column = fc.sequence_categorical_column_with_hash_bucket("h", 7, fc.dtypes.int64)
    assert (column.name, column.num_buckets) == ("h", 7)
    assert column.parse_example_spec == {"h": fc.VarLenFeature(fc.dtypes.int64)}
    number = fc.sequence_numeric_column("q", shape=(2, 3), dtype=fc.dtypes.int32)
    assert (number.name, number.variable_shape, number.default_value) == ("q", (2, 3), 0.0)
    assert number.parse_example_spec == {"q": fc.VarLenFeature(fc.dtypes.int32)}


def test_key_and_default_of_numbers_are_not_checked() -> None:
    assert fc.sequence_numeric_column(5, default_value="x").name == 5  # type: ignore[arg-type]
