"""Identity, hashes, crosses and weights: checks and names."""

from __future__ import annotations

from typing import Any

import pytest

from featurecols import feature_column as fc

A = fc.categorical_column_with_identity("a", 3)
BUCKETS = fc.bucketized_column(fc.numeric_column("n"), [0.0])


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: fc.categorical_column_with_identity("a", None), TypeError),
        (lambda: fc.categorical_column_with_identity("a", "3"), TypeError),
        (lambda: fc.categorical_column_with_identity("a", 0), ValueError),
        (lambda: fc.categorical_column_with_identity("a", 3, 3), ValueError),
        (lambda: fc.categorical_column_with_identity("a", 3, -1), ValueError),
        (lambda: fc.categorical_column_with_identity("a", 3, "x"), TypeError),
        (lambda: fc.categorical_column_with_identity(3, 3), ValueError),
        (lambda: fc.categorical_column_with_identity(3, None), TypeError),
        (lambda: fc.categorical_column_with_hash_bucket("h", None), ValueError),
        (lambda: fc.categorical_column_with_hash_bucket("h", 0), ValueError),
        (lambda: fc.categorical_column_with_hash_bucket("h", "3"), TypeError),
        (lambda: fc.categorical_column_with_hash_bucket(3, 3, fc.dtypes.float32), ValueError),
        (lambda: fc.categorical_column_with_hash_bucket("h", 3, fc.dtypes.bool), ValueError),
        (lambda: fc.crossed_column(["a", "b"], 0), ValueError),
        (lambda: fc.crossed_column(["a", "b"], None), ValueError),
        (lambda: fc.crossed_column(["a", "b"], -5), ValueError),
        (lambda: fc.crossed_column(["a"], 5), ValueError),
        (lambda: fc.crossed_column([], 5), ValueError),
        (lambda: fc.crossed_column("a", 5), ValueError),
        (lambda: fc.crossed_column((k for k in "ab"), 5), TypeError),
        (lambda: fc.crossed_column(["a", 5], 5), ValueError),
        (lambda: fc.crossed_column(["a", fc.numeric_column("n")], 5), ValueError),
        (lambda: fc.crossed_column(["a", fc.categorical_column_with_hash_bucket("h", 3)], 5), ValueError),
        (lambda: fc.weighted_categorical_column(A, "w", None), ValueError),
        (lambda: fc.weighted_categorical_column(A, "w", fc.dtypes.string), ValueError),
        (lambda: fc.weighted_categorical_column(A, "w", "float32"), AttributeError),
    ],
)
def test_wrong_arguments(make: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        make()


def test_names_and_buckets() -> None:
    assert (A.name, A.num_buckets) == ("a", 3)
    assert fc.categorical_column_with_hash_bucket("h", 2**40).num_buckets == 2**40
    assert fc.crossed_column("ba", 10).name == "a_X_b"
    assert fc.crossed_column(["a", "a"], 10).name == "a_X_a"
    inner = fc.crossed_column(["zz", "b"], 5, hash_key=3)
    outer = fc.crossed_column([inner, BUCKETS, "B"], 7)
    assert (outer.name, outer.num_buckets) == ("B_X_b_X_n_bucketized_X_zz", 7)
    assert list(outer.leaves()) == ["zz", "b", BUCKETS, "B"]
    assert fc.weighted_categorical_column(BUCKETS, "w").name == "n_bucketized_weighted_by_w"
    assert fc.weighted_categorical_column(BUCKETS, "w").num_buckets == 2


def test_what_a_cross_takes_without_a_word() -> None:
    weighted = fc.weighted_categorical_column(A, "w")
    steps = fc.sequence_categorical_column_with_identity("s", 3)
    assert fc.crossed_column([weighted, steps], 9).name == "a_weighted_by_w_X_s"


def test_specs() -> None:
    assert A.parse_example_spec == {"a": fc.VarLenFeature(fc.dtypes.int64)}
    hashed = fc.categorical_column_with_hash_bucket("h", 3, fc.dtypes.int32)
    assert hashed.parse_example_spec == {"h": fc.VarLenFeature(fc.dtypes.int32)}
    assert fc.crossed_column(["a", A], 5).parse_example_spec == {"a": fc.VarLenFeature(fc.dtypes.int64)}  # the later one
    weighted = fc.weighted_categorical_column(A, "w", fc.dtypes.int64)
    assert weighted.parse_example_spec == {"a": fc.VarLenFeature(fc.dtypes.int64), "w": fc.VarLenFeature(fc.dtypes.int64)}
    with pytest.raises(ValueError, match="weights cannot be a feature"):
        _ = fc.weighted_categorical_column(A, "a").parse_example_spec
