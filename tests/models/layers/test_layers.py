"""What layers compute, beside what their gradients are."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from featurecols import kernels
from featurecols._core.arrays import Ids
from featurecols._core.spec import decode
from featurecols.errors import ColumnError
from featurecols.models.autodiff.tape import Value, gradients
from featurecols.models.autodiff.variables import Variables
from featurecols.models.errors import ModelError
from featurecols.models.layers import (
    Activation,
    BatchNormalization,
    Dense,
    Dropout,
    EmbeddingBag,
    Inputs,
    Linear,
    SparseLinear,
)
from featurecols.models.sequential import Sequential

Z = np.array([[-2.0, -0.5, 0.0, 0.5, 3.0]])


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("linear", lambda z: z),
        ("relu", lambda z: max(z, 0.0)),
        ("tanh", math.tanh),
        ("sigmoid", lambda z: 1 / (1 + math.exp(-z))),
        ("leaky_relu", lambda z: z if z > 0 else 0.2 * z),
        ("elu", lambda z: z if z > 0 else math.expm1(z)),
        ("selu", lambda z: 1.0507009873554805 * (z if z > 0 else 1.6732632423543772 * math.expm1(z))),
        ("silu", lambda z: z / (1 + math.exp(-z))),
        ("swish", lambda z: z / (1 + math.exp(-z))),
        ("softplus", lambda z: math.log1p(math.exp(z))),
        ("gelu", lambda z: z * 0.5 * (1 + math.erf(z / math.sqrt(2)))),
    ],
)
def test_activations(name, function):
    with Variables(dtype="float64").scope():
        got = Activation(name)(Value(Z)).array
    np.testing.assert_allclose(got[0], [function(z) for z in Z[0]], rtol=1e-14, atol=1e-15)


def test_softmax_rows_sum_to_one_however_large():
    with Variables(dtype="float64").scope():
        got = Activation("softmax")(Value(np.array([[1000.0, 1000.0], [0.0, math.log(3)]]))).array
    assert got.tolist() == [[0.5, 0.5], pytest.approx([0.25, 0.75])]


def test_dense_is_x_kernel_plus_bias():
    variables = Variables()
    variables.values["dense/kernel"] = np.array([[1.0, -1.0], [2.0, 0.5]], np.float32)
    variables.values["dense/bias"] = np.array([0.5, -0.25], np.float32)
    with variables.scope():
        assert Dense(2, "relu")(np.array([[1, 1], [0, -4]])).array.tolist() == [[3.5, 0.0], [0.0, 0.0]]


TABLE = np.array([[1.0, 2.0], [3.0, 4.0], [-3.0, 4.0]], np.float32)
BAGS = Ids(np.array([0, 1, -1, 2, 2], np.int32), np.array([0, 2, 3, 3, 5]), np.array([1.0, 3.0, 1.0, 0.5, -2.0], np.float32))


@pytest.mark.parametrize(
    ("combiner", "max_norm", "want"),
    [
        ("sum", None, [[10.0, 14.0], [0.0, 0.0], [0.0, 0.0], [4.5, -6.0]]),
        ("mean", None, [[2.5, 3.5], [0.0, 0.0], [0.0, 0.0], [-3.0, 4.0]]),
        ("sqrtn", None, [[10 / math.sqrt(10), 14 / math.sqrt(10)], [0.0, 0.0], [0.0, 0.0], [-3.0, 4.0]]),
        ("mean", 2.5, [[0.25 * 1.0 + 0.75 * 1.5, 0.25 * 2.0 + 0.75 * 2.0], [0.0, 0.0], [0.0, 0.0], [-1.5, 2.0]]),
    ],
)
def test_embedding_bag(combiner, max_norm, want):
    variables = Variables()
    variables.values["embedding_bag/table"] = TABLE
    with variables.scope():
        got = EmbeddingBag(3, 2, combiner=combiner, max_norm=max_norm)(BAGS).array
    np.testing.assert_allclose(got, want, rtol=1e-6)


def test_sparse_linear_counts():
    variables = Variables()
    variables.values["sparse_linear/weights"] = np.array([[1.0], [10.0], [100.0]], np.float32)
    variables.values["sparse_linear/bias"] = np.array([0.5], np.float32)
    ids = Ids(np.array([0, 0, 2, -1], np.int32), np.array([0, 3, 4, 4]))
    with variables.scope():
        assert SparseLinear(3)(ids).array.tolist() == [[102.5], [0.5], [0.5]]
        assert SparseLinear(3, combiner="mean", name="sparse_linear")(ids).array.tolist() == [[34.5], [0.5], [0.5]]


def test_gradients_of_ids_hold_their_rows_alone():
    variables = Variables()
    with variables.scope(training=True):
        loss = (EmbeddingBag(1000, 2, combiner="sum")(BAGS) * Value(np.ones((4, 2), np.float32))).sum()
    gradient = gradients(loss)["embedding_bag/table"]
    assert gradient.ids.tolist() == [0, 1, 2]
    assert gradient.rows.tolist() == [[1.0, 1.0], [3.0, 3.0], [-1.5, -1.5]]
    assert (variables.scratch.of(1000) == 0).all()


@pytest.mark.parametrize(
    "layer",
    [
        Activation("gelu"),
        Dense(3, "tanh", use_bias=False, name="x"),
        Dropout(0.3),
        BatchNormalization(0.5, epsilon=0.1),
        EmbeddingBag(5, 2, combiner="sqrtn", max_norm=1.0),
        SparseLinear(5, 2, combiner="mean"),
    ],
)
def test_json_and_repr_give_an_equal_layer(layer):
    assert decode(json.loads(json.dumps(layer.to_json()))) == layer
    assert eval(repr(layer)) == layer


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Activation("mish"), "Activation: unknown activation, got 'mish'; known are linear, relu"),
        (lambda: Dense(0), "Dense: units must be an integer of at least 1, got 0"),
        (lambda: Dense(2.5), "Dense: units must be an integer of at least 1, got 2.5"),
        (lambda: Dense(2, "relu6"), "Dense: unknown activation, got 'relu6'"),
        (lambda: Dense(2, name=""), "Dense: name must be a non-empty string, got ''"),
        (lambda: Dropout(1.0), r"Dropout: rate must be in \[0, 1\), got 1.0"),
        (lambda: BatchNormalization(1.0), r"BatchNormalization: momentum must be in \[0, 1\)"),
        (lambda: BatchNormalization(epsilon=0), "BatchNormalization: epsilon must be above 0"),
        (lambda: EmbeddingBag(5, 0), "EmbeddingBag: dimension must be"),
        (lambda: EmbeddingBag(5, 2, combiner="max"), "EmbeddingBag: unknown combiner, got 'max'; known are sum, mean, sqrtn"),
        (lambda: EmbeddingBag(5, 2, max_norm=0), "EmbeddingBag: max_norm must be above 0"),
        (lambda: SparseLinear(True), "SparseLinear: num_buckets must be an integer of at least 1, got True"),
    ],
)
def test_bad_arguments_fail_when_made(make, message):
    with pytest.raises(ColumnError, match=message):
        make()


def test_an_input_of_another_width_or_shape():
    with Variables().scope():
        with pytest.raises(ModelError, match="Dense: input_dim is 4, got 3; give data of that width"):
            Dense(2, input_dim=4)(np.ones((1, 3)))
        with pytest.raises(ModelError, match=r"Dense: takes a matrix \[rows, width\], got \(3,\)"):
            Dense(2)(np.ones(3))


@pytest.mark.parametrize("combiner", ["sum", "mean", "sqrtn"])
@pytest.mark.parametrize("max_norm", [None, 2.5])
def test_bags_have_the_bits_of_the_plan(combiner, max_norm):
    random = np.random.default_rng(0)
    table = random.normal(size=(50, 7)).astype(np.float32)
    lengths = random.integers(0, 6, 200)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    ids = Ids(random.integers(-5, 50, offsets[-1]), offsets, random.normal(size=offsets[-1]).astype(np.float32))
    variables, want = Variables(), np.empty((200, 7), np.float32)
    variables.values["embedding_bag/table"] = table
    with variables.scope():
        got = EmbeddingBag(50, 7, combiner=combiner, max_norm=max_norm)(ids).array
    how = ("sum", "mean", "sqrtn").index(combiner)
    assert kernels.embedding_bag.pool(ids.values, ids.offsets, ids.weights, table, how, max_norm or 0.0, want) == -1
    assert got.tobytes() == want.tobytes()


def test_dropout_drops_its_share_in_training_alone():
    variables, x = Variables(seed=1), Value(np.ones((200, 50), np.float32))
    with variables.scope(training=True):
        first = Dropout(0.3)(x).array
    with variables.scope(training=True):
        again = Dropout(0.3)(x).array
    variables.step = 1
    with variables.scope(training=True):
        other = Dropout(0.3)(x).array
    assert set(np.unique(first)) == {np.float32(0), np.float32(1 / 0.7)}
    assert 0.27 < (first == 0).mean() < 0.33
    assert first.tolist() == again.tolist() != other.tolist()
    with variables.scope():
        assert Dropout(0.3)(x).array.tolist() == x.array.tolist()


def test_batch_norm_normalizes_by_the_batch_in_training_and_by_its_averages_after():
    variables = Variables(seed=1)
    batches = [np.array([[1.0], [3.0]], np.float32), np.array([[5.0], [9.0]], np.float32), np.array([[0.0], [0.0]], np.float32)]
    for batch, want in zip(batches, ([-1, 1], [-1, 1], [0, 0]), strict=True):
        with variables.scope(training=True):
            got = BatchNormalization(0.6, epsilon=1e-9)(Value(batch)).array
        np.testing.assert_allclose(got[:, 0], want, atol=1e-6)
    # means 2, 7, 0 and variances 1, 4, 0; kept: 0, then 1/2, then min(0.6, 2/3)
    assert variables.states["batch_normalization/moving_mean"][0] == pytest.approx(0.6 * 4.5)
    assert variables.states["batch_normalization/moving_variance"][0] == pytest.approx(0.6 * 2.5)
    with variables.scope():
        got = BatchNormalization(0.6, epsilon=1e-9)(Value(batches[0])).array
    np.testing.assert_allclose(got, (batches[0] - 2.7) / np.sqrt(1.5), rtol=1e-6)


@pytest.mark.parametrize("layer", [Linear(1), SparseLinear(9), EmbeddingBag(9, 2), Inputs()])
def test_a_layer_of_rows_says_what_it_reads(layer):
    x = np.ones((4, 9), np.float32)
    model = Sequential([Dense(9), layer])
    model.compile("sgd", "mse")
    with pytest.raises(
        ModelError, match=r"reads (Examples|Ids), which a model_fn is given, .*, got 'Value'; use Dense\(units\)"
    ):
        model.fit(x, np.ones(4))
