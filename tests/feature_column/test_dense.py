"""Indicators, embeddings and shared embeddings: checks and names."""

from __future__ import annotations

from typing import Any

import pytest

from featurecols import feature_column as fc

A = fc.categorical_column_with_identity("a", 3)
B = fc.categorical_column_with_identity("b", 3)


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: fc.indicator_column("a"), ValueError),
        (lambda: fc.indicator_column(fc.numeric_column("n")), ValueError),
        (lambda: fc.embedding_column(A, None), ValueError),
        (lambda: fc.embedding_column(A, 0), ValueError),
        (lambda: fc.embedding_column(A, "3"), TypeError),
        (lambda: fc.embedding_column(A, 2, ckpt_to_load_from="x"), ValueError),
        (lambda: fc.embedding_column(A, 2, tensor_name_in_ckpt="x"), ValueError),
        (lambda: fc.embedding_column(A, 2, initializer="x"), ValueError),
        (lambda: fc.shared_embeddings([A, B], 0), ValueError),
        (lambda: fc.shared_embeddings([A, B], 2, initializer=3), ValueError),
        (lambda: fc.shared_embeddings([A, B], 2, ckpt_to_load_from="x"), ValueError),
        (lambda: fc.shared_embeddings([], 2), IndexError),
        (lambda: fc.shared_embeddings([fc.numeric_column("n")], 2), AttributeError),
        (lambda: fc.shared_embeddings([A, fc.categorical_column_with_identity("c", 4)], 2), ValueError),
        (lambda: fc.shared_embeddings([A, fc.categorical_column_with_hash_bucket("c", 3)], 2), ValueError),
    ],
)
def test_wrong_arguments(make: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        make()


def test_names_and_shapes() -> None:
    assert (fc.indicator_column(A).name, fc.indicator_column(A).variable_shape) == ("a_indicator", (1, 3))
    assert (fc.embedding_column(A, 4).name, fc.embedding_column(A, 4).variable_shape) == ("a_embedding", (4,))
    cross = fc.crossed_column(["b", "a"], 9)
    assert fc.embedding_column(cross, 4).name == "a_X_b_embedding"
    assert fc.embedding_column(A, 4).parse_example_spec == A.parse_example_spec


def test_the_default_initializer() -> None:
    config = fc.embedding_column(A, 16).initializer.get_config()
    assert config == {"mean": 0.0, "stddev": 0.25, "seed": None, "dtype": "float32"}


def test_shared_columns_come_in_the_order_given() -> None:
    weighted = fc.weighted_categorical_column(B, "w")
    columns = fc.shared_embeddings([weighted, A], 2)
    assert [c.name for c in columns] == ["b_weighted_by_w_shared_embedding", "a_shared_embedding"]
    table = columns[0].shared_embedding_column_creator
    assert table is columns[1].shared_embedding_column_creator
    assert (table.name, table.num_buckets, table.dimension) == ("a_b_weighted_by_w_shared_embedding", 3, 2)
    assert fc.shared_embeddings([A], 2, shared_embedding_collection_name="zz")[0].shared_embedding_column_creator.name == "zz"
    assert columns[1] != fc.shared_embeddings([A], 2)[0]


def test_weights_and_sequences_share_with_what_they_hold() -> None:
    steps = fc.sequence_categorical_column_with_identity("s", 3)
    assert len(fc.shared_embeddings([steps, A, fc.weighted_categorical_column(B, "w")], 2)) == 3
