"""The warning about training that left a model worse than the mean of the labels."""

import warnings

import numpy as np
import pytest

import featurecols as fc
from featurecols.models import DNNClassifier, DNNRegressor, LinearClassifier, LinearRegressor, RunConfig, Sequential, losses
from featurecols.models.errors import TrainingWarning
from featurecols.models.layers import Dense, DenseFeatures
from featurecols.models.optimization.optimizers import SGD, Adam
from featurecols.models.training.loss_check import RowLosses, is_worse

QUIET = RunConfig(progress=False)
RANDOM = np.random.default_rng(5)
X = RANDOM.normal(size=(600, 2))
Y = 3 * X[:, 0] + RANDOM.normal(size=600)
TABLE = {"small": X[:, 0], "dollars": 50_000 + 10_000 * X[:, 1], "y": Y}


def warned(train):
    """Return the texts of the warnings of a training."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        train()
    return [str(w.message) for w in found if w.category is TrainingWarning and "predicting the mean" in str(w.message)]


def network(y, x=X, optimizer="adam", epochs=1, seed=0):
    model = Sequential([Dense(8, "relu"), Dense(1)], seed=seed)
    model.compile(optimizer, "mse")
    return warned(lambda: model.fit(x, y, epochs=epochs, verbose=0))


def test_labels_far_from_one_are_the_reason_in_sequential():
    (found,) = network(1000 + 300 * Y)
    assert found.startswith("Sequential.fit: the loss after training is ")
    assert "which predicting the mean of the labels gives: the labels are not scaled (mean " in found
    assert found.endswith("; scale them; a DNNRegressor does so by itself on tables and files")


def test_the_feature_that_is_not_scaled_is_named():
    (found,) = network(Y, np.column_stack([X, 5000 + X[:, 0]]))
    assert ": x[2] is not scaled (mean 5,000, deviation " in found
    assert found.endswith("; scale it, in its Numeric with normalizer=ZScore()")


def test_the_column_that_is_not_scaled_is_named():
    plan = fc.compile([fc.Numeric("small"), fc.Numeric("dollars")])
    (found,) = warned(lambda: DNNRegressor(plan, [8], config=QUIET).train(TABLE, label="y", epochs=1))
    assert found.startswith("DNNRegressor.train: the loss after training is ")
    assert ": dollars is not scaled (mean " in found
    model = Sequential([DenseFeatures([fc.Numeric("small"), fc.Numeric("dollars")], normalize=False), Dense(1)])
    model.compile("adam", "mse")
    (found,) = warned(lambda: model.fit(TABLE, label="y", verbose=0))
    assert ": dollars is not scaled (mean " in found


def test_few_steps_are_the_reason():
    random = np.random.default_rng(1)
    x, y = 0.01 * random.normal(size=(2000, 2)), (random.random(2000) < 0.01).astype(int)  # the bias alone is learned
    model = Sequential([Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy")
    (found,) = warned(lambda: model.fit(x, y, verbose=0))
    assert found.endswith(": 63 steps were too few; raise epochs, or make batches smaller")


def test_a_high_learning_rate_is_the_reason():
    model = Sequential([Dense(1, "sigmoid")])
    model.compile(SGD(200.0), "binary_crossentropy")
    (found,) = warned(lambda: model.fit(X, np.arange(600) % 2, epochs=12, verbose=0))
    assert found.endswith(": it has risen, the learning rate may be too high; give an optimizer with a lower learning_rate")


def test_a_model_warns_once():
    model = Sequential([Dense(8, "relu"), Dense(1)])
    model.compile("adam", "mse")
    assert len(warned(lambda: [model.fit(X, 1000 + Y, verbose=0) for _ in range(3)])) == 1


@pytest.mark.parametrize("epochs", [1, None])
def test_a_model_as_good_as_the_mean_says_nothing(epochs):
    """Labels that have nothing to do with the features, also of a rare class and of counts."""
    columns, rows, random = [fc.Numeric("a")], 1000, np.random.default_rng(2)
    a = random.normal(size=rows)
    rare, counts, three = random.random(rows) < 0.008, random.poisson(2.7, rows), random.integers(0, 3, rows)
    models = [
        (DNNClassifier(columns, [8], config=QUIET), rare.astype(int)),
        (LinearClassifier(columns, n_classes=3, config=QUIET), three),
        (LinearRegressor(columns, loss=losses.Poisson(), config=QUIET), counts),
        (DNNRegressor(columns, [8], label_transform="log1p", config=QUIET), counts),
        (LinearRegressor(columns, config=QUIET), 1e9 + random.normal(size=rows)),
    ]
    for model, y in models:
        data = {"a": a, "y": y}
        assert warned(lambda model=model, data=data: model.train(data, label="y", epochs=epochs, batch_size=100)) == []


def test_labels_that_are_alike_and_weights_of_zero_are_left_to_other_warnings():
    assert network(np.full(600, 7.0)) == []
    model = Sequential([Dense(1)])
    model.compile("adam", "mse")
    assert warned(lambda: model.fit(X, 1000 + Y, sample_weight=np.zeros(600), verbose=0)) == []


def test_weights_count():
    """The rows with another label have the weight 0: the loss of those that count is good."""
    x = np.ones((600, 1))
    weights = np.where(np.arange(600) < 300, 1.0, 0.0)
    y = np.where(weights > 0, np.random.default_rng(3).normal(size=600), 500.0)
    assert len(network(y, x)) == 1
    model = Sequential([Dense(1)])
    model.compile(Adam(0.01), "mse")
    assert warned(lambda: model.fit(x, y, sample_weight=weights, epochs=60, verbose=0)) == []


def test_is_worse_is_more_than_chance():
    mean, ones = np.full(1000, 1.0), np.ones(1000)
    assert is_worse(RowLosses(mean * 1.06, mean), ones)
    assert not is_worse(RowLosses(mean * 1.04, mean), ones)
    outlier = mean.copy()
    outlier[0] = 500.0  # one row of a thousand: half of the mean loss more, by chance
    assert not is_worse(RowLosses(outlier, mean), ones)
    assert is_worse(RowLosses(outlier, mean), np.where(np.arange(1000) < 1, 1e6, 1.0)) is False
    assert not is_worse(RowLosses(np.full(1000, np.nan), mean), ones)
