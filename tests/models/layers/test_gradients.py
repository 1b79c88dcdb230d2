"""Every layer, alone and in every pair, against finite differences."""

from __future__ import annotations

import numpy as np
import pytest

from featurecols._core.arrays import Ids
from featurecols.models.autodiff.tape import Value, concat
from featurecols.models.autodiff.variables import Variables, current
from featurecols.models.layers import Activation, BatchNormalization, Dense, Dropout, EmbeddingBag, SparseLinear
from featurecols.models.layers.activation import FUNCTIONS
from featurecols.models.objective import losses
from tests.models.gradients import check

RANDOM = np.random.default_rng(7)
X = RANDOM.normal(size=(6, 4))
Y = RANDOM.normal(size=(6, 3))
WEIGHTS = np.array([1.0, 0.5, 2.0, 0.0, 1.0, 3.0])
ONE_EACH = Ids(np.array([0, 3, -1, 3, 4, 1], np.int32))
LISTS = Ids(np.array([0, 3, 3, -1, 4, 1, 2, 2], np.int32), np.array([0, 2, 2, 4, 5, 8, 8]))
WEIGHTED = Ids(LISTS.values, LISTS.offsets, np.array([0.5, 1.0, 2.0, 1.0, 0.0, -1.0, 0.25, 0.25], np.float32))
SLICED = Ids(np.arange(-3, 5, dtype=np.int32), np.array([2, 3, 3, 4, 6, 7, 8]))

LAYERS = {
    **{name: Activation(name) for name in ("linear", "relu", "tanh", "sigmoid", "gelu", "softmax")},
    "dense": Dense(4),
    "dense_tanh": Dense(4, "tanh"),
    "dense_without_bias": Dense(4, use_bias=False),
    "batch_norm": BatchNormalization(),
    "dropout": Dropout(0.4),
}


def noisy(shape, random):
    return random.normal(size=shape)


def input_() -> Value:
    """A parameter in place of the data, so that the gradient with respect to a layer's input is checked too."""
    return current("input").parameter("input", X.shape, lambda shape, random: X.copy())


@pytest.mark.parametrize("second", LAYERS)
@pytest.mark.parametrize("first", LAYERS)
def test_two_layers_and_a_loss(first, second):
    variables = Variables(seed=3, dtype="float64")

    def build():
        y = Dense(3, name="head")(LAYERS[second](LAYERS[first](input_())))
        return losses.MeanSquaredError()(Y, y, WEIGHTS)

    assert "input" in check(build, variables)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_activation(name):
    variables = Variables(seed=3, dtype="float64")
    assert check(lambda: losses.MeanSquaredError()(Y, Dense(3, name)(input_()), WEIGHTS), variables) == {
        "input",
        "dense/kernel",
        "dense/bias",
    }


FOUR = RANDOM.dirichlet(np.ones(4), 6)
LOSSES = {
    "squared": (losses.MeanSquaredError(), FOUR),
    "logistic": (losses.BinaryCrossentropy(from_logits=True), FOUR.round()),
    "softmax": (losses.CategoricalCrossentropy(from_logits=True), np.array([0, 3, 1, 2, 0, 2])),
    "softmax of shares": (losses.CategoricalCrossentropy(from_logits=True), FOUR),
    "poisson": (losses.Poisson(from_logits=True), np.arange(24).reshape(6, 4)),
}


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["even", "weighted"])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("layer", [*LAYERS, "embedding bag", "sparse linear"])
def test_every_layer_under_every_loss(layer, loss, weights):
    function, labels = LOSSES[loss]
    variables = Variables(seed=3, dtype="float64")

    def build():
        if layer == "embedding bag":
            y = EmbeddingBag(5, 4, combiner="mean")(WEIGHTED)
        elif layer == "sparse linear":
            y = SparseLinear(5, 4)(LISTS)
        else:
            y = LAYERS[layer](input_())
        return function(labels, y, weights)

    trained = {"embedding bag": "embedding_bag/table", "sparse linear": "sparse_linear/weights"}
    assert trained.get(layer, "input") in check(build, variables)


@pytest.mark.parametrize("layer", ["batch_norm", "dense_tanh"])
def test_prediction_differentiates_too(layer):
    variables = Variables(seed=3, dtype="float64")

    def build():
        return (Dense(3, name="head")(LAYERS[layer](input_())) * Value(Y)).sum()

    with variables.scope(training=True):
        build()
    assert "input" in check(build, variables, training=False)


@pytest.mark.parametrize("combiner", ["sum", "mean", "sqrtn"])
@pytest.mark.parametrize("max_norm", [None, 0.7])
@pytest.mark.parametrize("ids", [ONE_EACH, LISTS, WEIGHTED, SLICED], ids=["one", "lists", "weighted", "sliced"])
def test_embedding_bag(ids, combiner, max_norm):
    variables = Variables(seed=1, dtype="float64")

    def build():
        y = EmbeddingBag(5, 3, combiner=combiner, max_norm=max_norm)(ids)
        return losses.MeanSquaredError()(Y, y, WEIGHTS)

    assert check(build, variables) == {"embedding_bag/table"}


@pytest.mark.parametrize("combiner", ["sum", "mean", "sqrtn"])
def test_sparse_linear(combiner):
    variables = Variables(seed=1, dtype="float64")

    def build():
        return losses.CategoricalCrossentropy(from_logits=True)(
            np.array([0, 2, 1, 1, 0, 2]), SparseLinear(5, 3, combiner=combiner)(WEIGHTED), WEIGHTS
        )

    assert check(build, variables) == {"sparse_linear/weights", "sparse_linear/bias"}


def test_what_is_used_twice_adds_up():
    variables = Variables(seed=1, dtype="float64")

    def build():
        shared = EmbeddingBag(5, 3, name="shared")
        both = shared(ONE_EACH) * shared(LISTS) + shared(WEIGHTED)
        x = concat([both, input_(), Dense(2, "tanh", name="tower")(input_())])
        again = Dense(2, "tanh", name="tower")(input_())
        return losses.MeanSquaredError()(Y, Dense(3)(concat([x, again, again])))

    assert check(build, variables) == {"shared/table", "input", "tower/kernel", "tower/bias", "dense/kernel", "dense/bias"}
