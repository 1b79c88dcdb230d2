"""DenseFeatures, SequenceFeatures and concatenate_context_input: order, checks, tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from featurecols import feature_column as fc

A = fc.categorical_column_with_identity("a", 3)
N = fc.numeric_column("n")
E = fc.embedding_column(A, 2)


def test_columns_are_sorted_by_code_points() -> None:
    columns = [fc.numeric_column(key) for key in ("z", "ä", "B", "a", "_")]
    layer = fc.DenseFeatures(columns)
    assert [name for name, _, _ in layer.slices] == ["B", "_", "a", "z", "ä"]
    assert layer({key: [float(i)] for i, key in enumerate("zäBa_")}).tolist() == [[2, 4, 3, 0, 1]]


@pytest.mark.parametrize("columns", [N, [N], (N,), {N}, iter([N])])
def test_ways_to_give_columns(columns: Any) -> None:
    assert fc.DenseFeatures(columns)({"n": [1.0], "unused": object()}).tolist() == [[1]]


@pytest.mark.parametrize(
    "columns",
    [[], {}, {"n": N}, ["n"], [N, None], [N, N], [N, fc.numeric_column("n", 2)], [A], [fc.sequence_numeric_column("n")], [[N]]],
)
def test_columns_that_are_refused(columns: Any) -> None:
    with pytest.raises(ValueError, match=r"DenseFeatures: "):
        fc.DenseFeatures(columns)


def test_features_that_are_refused() -> None:
    with pytest.raises(ValueError, match="must be a dict"):
        fc.DenseFeatures(N)([1.0])
    with pytest.raises(ValueError, match="another number"):
        fc.DenseFeatures([N, fc.numeric_column("m")])({"n": [1.0], "m": [1.0, 2.0]})


def test_parts_by_column() -> None:
    parts: dict[Any, Any] = {}
    fc.DenseFeatures([N, fc.indicator_column(A)])({"n": [5.0], "a": [1]}, parts)
    assert parts[N].tolist() == [[5]]
    assert parts[fc.indicator_column(A)].tolist() == [[0, 1, 0]]


def test_tables_stay_and_can_be_replaced() -> None:
    layer = fc.DenseFeatures(E)
    first = layer({"a": [0, 1, 2]})
    assert np.array_equal(first, layer.weights["a_embedding"])
    assert np.abs(first).max() <= 2 / np.sqrt(2)
    assert np.array_equal(first, layer({"a": [0, 1, 2]}))
    layer.set_weights({"a_embedding": [[1, 2], [3, 4], [5, 6]]})
    assert layer({"a": [2]}).tolist() == [[5, 6]]
    for weights, message in (
        ({"b": [[1]]}, "no weights of that name"),
        ({"a_embedding": [[1, 2]]}, "need shape|must have shape"),
    ):
        with pytest.raises(ValueError, match=message):
            layer.set_weights(weights)


def test_initializers_are_called_as_in_tensorflow() -> None:
    calls = []

    def initializer(shape: Any, dtype: Any = None) -> Any:
        calls.append((shape, dtype))
        return np.ones(shape)

    assert fc.DenseFeatures(fc.embedding_column(A, 2, initializer=initializer))({"a": [1]}).tolist() == [[1, 1]]
    assert calls == [((3, 2), np.float32)]


def test_shared_columns_have_one_table() -> None:
    b = fc.categorical_column_with_identity("b", 3)
    columns = fc.shared_embeddings([b, A], 2)
    layer, other = fc.DenseFeatures(columns), fc.DenseFeatures(columns[:1])
    row = layer({"a": [1], "b": [1]})[0]
    assert row[:2].tolist() == row[2:].tolist() == other({"b": [1]})[0].tolist()
    assert list(layer.weights) == ["a_b_shared_embedding"]


def test_features_may_be_another_mapping() -> None:
    from types import MappingProxyType

    assert fc.DenseFeatures(N)(MappingProxyType({"n": [1.0]})).tolist() == [[1]]


def sequence(*columns: Any, **features: Any) -> Any:
    return fc.SequenceFeatures(columns)(features)


def test_sequences_side_by_side() -> None:
    numbers = fc.SparseTensor([[0, 0], [0, 1], [2, 0]], [1.0, 2.0, 3.0], [3, 2])
    ids = fc.SparseTensor([[0, 0], [0, 1], [2, 0]], [1, 0, 1], [3, 2])
    steps = fc.indicator_column(fc.sequence_categorical_column_with_identity("a", 2))
    values, lengths = sequence(fc.sequence_numeric_column("n"), steps, n=numbers, a=ids)
    assert values.tolist() == [[[0, 1, 1], [1, 0, 2]], [[0, 0, 0], [0, 0, 0]], [[0, 1, 3], [0, 0, 0]]]
    assert lengths.tolist() == [2, 0, 1]
    shorter = fc.SparseTensor([[0, 0], [1, 0], [2, 0]], [1, 0, 1], [3, 2])
    with pytest.raises(fc.InvalidArgumentError, match="different lengths"):
        sequence(fc.sequence_numeric_column("n"), steps, n=numbers, a=shorter)
    wider = fc.SparseTensor([[0, 0], [0, 1], [2, 0]], [1, 0, 1], [3, 3])
    with pytest.raises(fc.InvalidArgumentError, match="same steps"):
        sequence(fc.sequence_numeric_column("n"), steps, n=numbers, a=wider)
    taller = fc.SparseTensor([[0, 0], [0, 1], [2, 0]], [1, 0, 1], [4, 2])
    with pytest.raises(ValueError, match="another number"):
        sequence(fc.sequence_numeric_column("n"), steps, n=numbers, a=taller)


def test_integers_of_steps_keep_their_type_and_do_not_mix() -> None:
    whole = fc.sequence_numeric_column("i", default_value=0, dtype=fc.dtypes.int64)
    given = fc.SparseTensor([[0, 0]], np.array([5]), [1, 1])
    assert sequence(whole, i=given)[0].dtype == np.int64
    floats = fc.SparseTensor([[0, 0]], [5.0], [1, 1])
    with pytest.raises(fc.InvalidArgumentError, match="type"):
        sequence(whole, fc.sequence_numeric_column("n"), i=given, n=floats)


@pytest.mark.parametrize("column", [N, fc.sequence_categorical_column_with_identity("a", 3)])
def test_columns_that_are_no_sequences(column: Any) -> None:
    with pytest.raises(ValueError, match="SequenceDenseColumn"):
        fc.SequenceFeatures(column)


@pytest.mark.parametrize(
    ("context", "steps", "error"),
    [
        (np.float32([1]), np.float32([[[1]]]), ValueError),
        (np.float32([[1]]), np.float32([[1]]), ValueError),
        (np.float64([[1]]), np.float32([[[1]]]), TypeError),
        (np.float32([[1]]), np.int64([[[1]]]), TypeError),
        (np.float32([[1], [2]]), np.float32([[[1]]]), fc.InvalidArgumentError),
    ],
)
def test_contexts_that_do_not_fit(context: Any, steps: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        fc.concatenate_context_input(context, steps)


def test_a_context_is_repeated() -> None:
    joined = fc.concatenate_context_input([[1.0, 2.0], [3.0, 4.0]], np.zeros((2, 2, 1), np.float32))
    assert joined.tolist() == [[[0, 1, 2], [0, 1, 2]], [[0, 3, 4], [0, 3, 4]]]


def test_tables_of_shared_columns_are_those_of_every_layer() -> None:
    """G11: set_weights of one layer reaches the others, before and after their first call."""
    b = fc.categorical_column_with_identity("b", 3)
    columns = fc.shared_embeddings([b, A], 2)
    one, two, model = fc.DenseFeatures(columns), fc.DenseFeatures(columns[:1]), fc.LinearModel(columns)
    two({"b": [1]})
    one.set_weights({"a_b_shared_embedding": [[1, 2], [3, 4], [5, 6]]})
    assert one({"a": [1], "b": [2]}).tolist() == [[3, 4, 5, 6]]
    assert two({"b": [2]}).tolist() == [[5, 6]]
    assert two.weights["a_b_shared_embedding"].tolist() == [[1, 2], [3, 4], [5, 6]]
    model.set_weights({"a_shared_embedding": [[1], [10]], "a_b_shared_embedding/embedding_weights": [[0, 0], [1, 1], [0, 0]]})
    assert model({"a": [1], "b": [0]}).tolist() == [[11]]
    assert two({"b": [1]}).tolist() == [[1, 1]]


def test_configs() -> None:
    """G12: what Keras 2.15 gives for the same layers."""
    columns = [N, fc.indicator_column(A)]
    numeric = {"key": "n", "shape": (1,), "default_value": None, "dtype": "float32", "normalizer_fn": None}
    identity = {"key": "a", "number_buckets": 3, "default_value": None}
    inner = {"class_name": "IdentityCategoricalColumn", "config": identity}
    config = fc.DenseFeatures(columns, name="d", trainable=False).get_config()
    assert config == {
        "name": "d",
        "trainable": False,
        "dtype": "float32",
        "feature_columns": [
            {"class_name": "IndicatorColumn", "config": {"categorical_column": inner}},
            {"class_name": "NumericColumn", "config": numeric},
        ],
        "partitioner": None,
    }
    again = fc.DenseFeatures.from_config(config)
    assert again.get_config() == config
    assert again({"n": [5.0], "a": [1]}).tolist() == [[0, 1, 0, 5]]
    root = fc.DenseFeatures(fc.numeric_column("n", normalizer_fn=np.sqrt)).get_config()
    assert fc.DenseFeatures.from_config(root, {"sqrt": np.sqrt})({"n": [4.0]}).tolist() == [[2]]
    model = fc.LinearModel(columns, units=2, sparse_combiner="mean", name="l")
    assert fc.LinearModel.from_config(model.get_config()).get_config() == model.get_config()
    steps = fc.SequenceFeatures(fc.sequence_numeric_column("n"), name="s")
    assert fc.SequenceFeatures.from_config(steps.get_config()).get_config() == steps.get_config()
    with pytest.raises(NotImplementedError):
        fc.DenseFeatures(fc.shared_embeddings([A], 2)).get_config()
    with pytest.raises(ValueError, match="dtype can only be float32"):
        fc.DenseFeatures(N, dtype="float64")


def test_output_shapes() -> None:
    """G12: what Keras 2.15 gives for the same layers."""
    dense, steps = fc.DenseFeatures([N, fc.indicator_column(A)]), fc.SequenceFeatures(fc.sequence_numeric_column("n", 2))
    shapes: Any = [(5,), (None, 3), [4, 2], (None, None, 2)]
    assert [dense.compute_output_shape(shape) for shape in shapes] == [(5, 4), (None, 4), (4, 4), (None, 4)]
    assert [steps.compute_output_shape(shape) for shape in shapes[1:]] == [(None, 3, 2), (4, 2, 2), (None, None, 2)]
    assert fc.LinearModel(N, units=3).compute_output_shape((None, 7)) == (None, 3)
    with pytest.raises(IndexError, match="2 sizes"):
        steps.compute_output_shape((5,))
    with pytest.raises(TypeError, match="must be a tuple"):
        dense.compute_output_shape(7)  # type: ignore[arg-type]
