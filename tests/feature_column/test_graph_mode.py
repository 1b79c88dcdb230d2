"""Where TensorFlow builds a graph, errors come in another class and order."""

from __future__ import annotations

from typing import Any

import pytest

from featurecols import feature_column as fc
from featurecols.feature_column import graph_mode

A = fc.categorical_column_with_identity("a", 3)
W = fc.weighted_categorical_column(A, "w")
SPARSE = fc.SparseTensor
TWO, ONE = SPARSE([[0, 0], [1, 0]], [1, 2], [2, 1]), SPARSE([[0, 0]], [1.0], [2, 1])


def test_a_shape_that_does_not_fit_is_found_while_building() -> None:
    for call in (fc.DenseFeatures(fc.numeric_column("n")), lambda f: fc.input_layer(f, fc.numeric_column("n"))):
        with pytest.raises((fc.InvalidArgumentError, ValueError), match="needs 1 values") as found:
            call({"n": [[1.0, 2.0], [3.0, 4.0]]})
        assert isinstance(found.value, ValueError) == (not isinstance(call, fc.DenseFeatures))


def test_counts_of_weights() -> None:
    column = fc.indicator_column(W)
    with pytest.raises(ValueError, match="one weight for each of 2"):
        fc.DenseFeatures(column)({"a": TWO, "w": ONE})
    with pytest.raises(ValueError, match="one weight for each of 2"):  # a graph counts sparse features
        fc.input_layer({"a": TWO, "w": ONE}, column)
    with pytest.raises(fc.InvalidArgumentError, match="one weight for each of 2"):  # what is dense is counted in use
        fc.input_layer({"a": [1, 2], "w": ONE}, column)


def test_building_comes_before_running() -> None:
    columns = [fc.embedding_column(A, 1), fc.numeric_column("n")]
    features: Any = {"a": [7, 0], "n": [[1.0, 2.0], [3.0, 4.0]]}
    with pytest.raises(fc.InvalidArgumentError, match="past the table"):
        fc.DenseFeatures(columns)(features)
    with pytest.raises(ValueError, match="needs 1 values"):
        fc.input_layer(features, columns)
    with pytest.raises(fc.InvalidArgumentError, match="past the table"):
        fc.input_layer({"a": [7, 0], "n": [1.0, 2.0]}, columns)
    with pytest.raises(ValueError, match="a_shared_embedding"):  # several steps a row, and an id past the table
        fc.DenseFeatures(fc.shared_embeddings([A], 1))({"a": [[[7], [1]]]})


def test_a_cross_that_fails_waits_for_what_building_finds() -> None:
    columns = [fc.embedding_column(fc.crossed_column(["a", "b"], 9), 1), fc.numeric_column("n")]
    features: Any = {"a": [[[1]], [[2]]], "b": [1, 2], "n": [[1.0, 2.0], [3.0, 4.0]]}
    with pytest.raises(ValueError, match="needs 1 values"):
        fc.input_layer(features, columns)
    with pytest.raises(fc.InvalidArgumentError, match="crosses features"):
        fc.input_layer(features | {"n": [1.0, 2.0]}, columns)


def test_batch_sizes() -> None:
    numbers, ids = [fc.numeric_column("n"), fc.numeric_column("m")], [fc.numeric_column("n"), fc.indicator_column(A)]
    features: Any = {"n": [1.0], "m": [1.0, 2.0], "a": [1, 2]}
    for columns in (numbers, ids):
        with pytest.raises(ValueError, match="another number"):
            fc.DenseFeatures(columns)(features)
    with pytest.raises(ValueError, match="another number"):
        fc.input_layer(features, numbers)
    with pytest.raises(fc.InvalidArgumentError, match="another number"):
        fc.input_layer(features, ids)


@pytest.mark.parametrize("key", ["user id", "größe", "a:b"])
def test_names_must_do_as_scopes(key: str) -> None:
    column = fc.numeric_column(key)
    assert fc.DenseFeatures(column)({key: [1.0]}).tolist() == [[1]]
    shared = fc.shared_embeddings([fc.categorical_column_with_identity(key, 3)], 1)
    for call in (
        lambda: fc.input_layer({key: [1.0]}, column),
        lambda: fc.linear_model({key: [1.0]}, column),
        lambda: fc.DenseFeatures(shared)({key: [1]}),
    ):
        with pytest.raises(ValueError, match="graph scope"):
            call()


def test_which_columns_need_a_graph() -> None:
    assert graph_mode.has_shared(fc.shared_embeddings([A], 1))
    assert not graph_mode.has_shared([fc.embedding_column(A, 1)])


def shared(key: str = "p", **arguments: Any) -> Any:
    return fc.shared_embeddings([fc.categorical_column_with_identity(key, 3)], 1, **arguments)


@pytest.mark.parametrize("key", ["user id", "größe", "a:b"])
def test_a_linear_model_replaces_what_is_no_scope(key: str) -> None:
    """G5: beside shared embeddings too; only columns with tables must have names that do."""
    number, ids = fc.numeric_column(key), fc.categorical_column_with_identity(key, 3)
    features: Any = {"p": [1], key: [1]}
    assert fc.LinearModel([*shared(), number])(features).tolist() == [[0]]
    assert fc.LinearModel([*shared(), ids])(features).tolist() == [[0]]
    assert fc.LinearModel([*shared(), fc.indicator_column(ids)])(features).tolist() == [[0]]
    for model in (
        fc.LinearModel([*shared(), fc.embedding_column(ids, 1)]),
        fc.LinearModel(shared(key)),
        fc.LinearModel(shared(shared_embedding_collection_name=key)),
        fc.DenseFeatures([*shared(), number]),
        fc.DenseFeatures(shared(shared_embedding_collection_name=key)),
    ):
        with pytest.raises(ValueError, match="graph scope"):
            model(features)


@pytest.mark.parametrize("key", ["-x", "/x", "_a", ">x"])
def test_scopes_that_nothing_is_around_begin_with_a_letter(key: str) -> None:
    """G5: a table of shared embeddings, and columns of version 1's linear_model."""
    features: Any = {"p": [1], key: [1]}
    assert fc.DenseFeatures([*shared(), fc.numeric_column(key)])(features).shape == (1, 2)
    for call in (
        lambda: fc.linear_model(features, fc.numeric_column(key)),
        lambda: fc.DenseFeatures(shared(shared_embedding_collection_name=key))(features),
        lambda: fc.LinearModel(shared(shared_embedding_collection_name=key))(features),
    ):
        with pytest.raises(ValueError, match="graph scope"):
            call()


def test_a_backslash_is_noticed_when_a_graph_runs() -> None:
    """G5."""
    column = fc.numeric_column("a\\b")
    with pytest.raises(fc.InvalidArgumentError, match="graph's node"):
        fc.input_layer({"a\\b": [1.0]}, column)
    assert fc.LinearModel([*shared(), column])({"p": [1], "a\\b": [1.0]}).tolist() == [[0]]


def test_names_of_tables_are_strings() -> None:
    """G10."""
    with pytest.raises(TypeError, match="must be a string"):
        fc.DenseFeatures(shared(shared_embedding_collection_name=5))({"p": [1]})


def test_names_that_a_graph_takes_for_one() -> None:
    """G5: a linear model beside shared embeddings; TensorFlow 2.15 says that the variable exists already."""
    features: Any = {"p": [1], "a/b": [1.0], "a_b": [1.0]}
    columns = [fc.numeric_column("a/b"), fc.numeric_column("a_b")]
    assert fc.LinearModel(columns)(features).tolist() == [[0]]
    with pytest.raises(ValueError, match="takes for one"):
        fc.LinearModel([*shared(), *columns])(features)


def test_an_indicator_of_several_steps_is_noticed_while_building() -> None:
    """G4: before TensorFlow 2.15 sees that an index lies outside."""
    column = fc.indicator_column(fc.categorical_column_with_identity("k", 5))
    with pytest.raises(ValueError, match="within dense_shape"):
        fc.input_layer({"k": SPARSE([[0, 0, 0], [1, 2, 2]], [1, 2], [2, 3, 1])}, column)
