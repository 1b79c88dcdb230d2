from __future__ import annotations

import numpy as np
import pytest

from featurecols._core.arrays import Ids
from featurecols.models.autodiff.variables import Variables, glorot, snake, zeros
from featurecols.models.errors import ModelError
from featurecols.models.layers import BatchNormalization, Dense, Dropout, EmbeddingBag

X = np.ones((4, 3), np.float32)


def test_unnamed_layers_are_numbered_by_call_and_found_again():
    variables = Variables(seed=1)
    outputs = []
    for _ in range(2):
        with variables.scope():
            outputs.append(Dense(2)(Dense(5, "relu")(X)).array)
    assert list(variables.values) == ["dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias"]
    assert outputs[0].tolist() == outputs[1].tolist()


def test_one_name_shares_and_a_changed_shape_is_refused():
    variables = Variables()
    with variables.scope():
        a, b = Dense(2, name="tower")(X), Dense(2, name="tower")(X * 2)
        assert (b.array == 2 * a.array).all()
        assert list(variables.values) == ["tower/kernel", "tower/bias"]
        with pytest.raises(ModelError, match=r"tower/kernel: the parameter has shape \(3, 2\), and this call needs \(3, 5\)"):
            Dense(5, name="tower")(X)
    with (
        variables.scope(),
        pytest.raises(ModelError, match=r"tower/kernel: the parameter has shape \(3, 2\), .* \(7, 2\)"),
    ):
        Dense(2, name="tower")(np.ones((4, 7)))


def test_names_nest():
    variables = Variables()
    with variables.scope() as scope:
        for part in ("linear", "dnn"):
            with scope.inside(part):
                Dense(1, use_bias=False)(X)
                Dense(1, use_bias=False)(X)
    assert list(variables.values) == ["linear/dense/kernel", "linear/dense_1/kernel", "dnn/dense/kernel", "dnn/dense_1/kernel"]


def test_seed_and_name_decide_the_first_values():
    def first(seed, name):
        variables = Variables(seed)
        with variables.scope():
            Dense(2, name=name)(X)
        return variables.values[f"{name}/kernel"].tolist()

    assert first(1, "a") == first(1, "a")
    assert first(1, "a") != first(2, "a")
    assert first(1, "a") != first(1, "b")


def test_dropout_depends_on_seed_and_step_alone():
    def dropped(seed, step, training=True):
        variables = Variables(seed)
        variables.step = step
        with variables.scope(training):
            return (Dropout(0.5)(np.ones((50, 4), np.float32)).array == 0).tolist()

    assert dropped(1, 7) == dropped(1, 7)
    assert dropped(1, 7) != dropped(1, 8)
    assert dropped(1, 7) != dropped(2, 7)
    assert not np.any(dropped(1, 7, training=False))


def test_dropout_keeps_the_mean():
    variables = Variables(3)
    with variables.scope(training=True):
        y = Dropout(0.25)(np.ones((1000, 100), np.float32)).array
    assert set(np.unique(y)) == {np.float32(0), np.float32(4 / 3)}
    assert (y == 0).mean() == pytest.approx(0.25, abs=0.005)


def test_batch_norm_moves_its_averages_in_training_only():
    x = np.array([[1.0, 10.0], [3.0, 30.0]], np.float32)
    variables = Variables()
    layer = BatchNormalization(0.6, epsilon=1e-9)
    with variables.scope(training=True):
        assert layer(x).array.tolist() == [[-1.0, -1.0], [1.0, 1.0]]
    mean, variance = (
        variables.states["batch_normalization/moving_mean"],
        variables.states["batch_normalization/moving_variance"],
    )
    assert (mean.tolist(), variance.tolist()) == ([2.0, 20.0], [1.0, 100.0])
    for scale, want in ((2, [3.0, 30.0]), (3, [0.6 * 3 + 0.4 * 6, 0.6 * 30 + 0.4 * 60])):  # halves first, then momentum
        with variables.scope(training=True):
            layer(x * scale)
        assert mean.tolist() == pytest.approx(want)
    with variables.scope():
        y = layer(x).array
    np.testing.assert_allclose(y, (x - mean) / np.sqrt(variance), rtol=1e-6)
    assert mean.tolist() == pytest.approx([4.2, 42.0])


def test_a_layer_outside_a_model_says_where_it_belongs():
    with pytest.raises(ModelError, match="Dense: called outside a model, so it has no parameters; call it inside"):
        Dense(2)(X)


def test_an_id_past_its_table_is_an_error_and_not_memory():
    variables = Variables()
    with (
        variables.scope(),
        pytest.raises(ModelError, match="embedding_bag/table: an id must be below 4, got 4"),
    ):
        EmbeddingBag(4, 2)(Ids(np.array([0, 4], np.int32)))


def test_glorot_and_names():
    kernel = glorot((300, 100), np.random.default_rng(0))
    limit = np.sqrt(6 / 400)
    assert 0.99 * limit < np.abs(kernel).max() <= limit
    assert kernel.std() == pytest.approx(limit / np.sqrt(3), rel=0.02)
    assert zeros((2,), np.random.default_rng(0)).tolist() == [0.0, 0.0]
    assert [snake(n) for n in ("Dense", "BatchNorm", "EmbeddingBag")] == ["dense", "batch_norm", "embedding_bag"]
