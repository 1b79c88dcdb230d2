"""Metrics by Keras' names: literal values, and scikit-learn's where it has the same."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as theirs

from featurecols.errors import DataError
from featurecols.models import Sequential
from featurecols.models.layers import Activation, Dense
from featurecols.models.objective import keras_metrics
from featurecols.models.optimization.optimizers import Adam

Y = np.array([0, 1, 2, 2, 1, 0, 2])
P = np.array(
    [[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6], [0.1, 0.6, 0.3], [0.3, 0.4, 0.3], [0.5, 0.4, 0.1], [0.4, 0.3, 0.3]]
)
W = np.array([1.0, 2.0, 1.0, 0.5, 3.0, 1.0, 2.0])
ONE_HOT = np.eye(3)[Y]
SEVERAL = np.array([[1, 0, 1], [0, 0, 1], [1, 1, 0], [0, 1, 0], [1, 0, 0], [0, 1, 1], [1, 1, 1]])
CLOSE = {"rel": 1e-12, "abs": 1e-12}


def score(name, labels, means, weights=None, one_class=True):
    found = keras_metrics.get(name).start(one_class)
    found.add(labels, means, weights)
    return found.result()


@pytest.mark.parametrize("labels", [Y, Y.astype(np.float32), Y[:, None], ONE_HOT])
def test_f4_three_classes(labels):
    """F4: three classes."""
    chosen = P.argmax(axis=1)
    for weights in (None, W):
        more = {"average": "macro", "sample_weight": weights, "zero_division": 0}
        assert score("precision", labels, P, weights) == pytest.approx(theirs.precision_score(Y, chosen, **more), **CLOSE)
        assert score("recall", labels, P, weights) == pytest.approx(theirs.recall_score(Y, chosen, **more), **CLOSE)
        each = [theirs.roc_auc_score(k == Y, P[:, k], sample_weight=weights) for k in range(3)]
        assert score("auc", labels, P, weights) == pytest.approx(np.mean(each), **CLOSE)
        assert score("mse", labels, P, weights) == pytest.approx(
            theirs.mean_squared_error(ONE_HOT, P, sample_weight=weights), **CLOSE
        )
        assert score("mae", labels, P, weights) == pytest.approx(
            theirs.mean_absolute_error(ONE_HOT, P, sample_weight=weights), **CLOSE
        )
        assert score("r2", labels, P, weights) == pytest.approx(theirs.r2_score(ONE_HOT, P, sample_weight=weights), **CLOSE)
        for name in ("accuracy", "categorical_accuracy", "sparse_categorical_accuracy"):
            assert score(name, labels, P, weights) == pytest.approx(np.average(chosen == Y, weights=weights), **CLOSE)
    assert score("accuracy", labels, P) == 5 / 7
    perfect = np.eye(3)[Y]
    assert [score(name, labels, perfect) for name in ("precision", "recall", "auc", "mse", "r2")] == [1.0, 1.0, 1.0, 0.0, 1.0]


def test_f1_and_the_best_of_several_classes():
    for weights in (None, W):
        want = theirs.f1_score(Y, P.argmax(axis=1), average="macro", sample_weight=weights)
        assert score("f1", Y, P, weights) == pytest.approx(want, **CLOSE)
    assert score("f1_score", np.array([0, 1, 1]), np.array([[0.6], [0.7], [0.2]])) == 0.5
    assert score("top_1_accuracy", np.array([0, 2]), P[[0, 3]]) == 0.5
    assert score("top_2_accuracy", ONE_HOT[[0, 2]], P[[0, 3]]) == 1.0
    assert score("top_1_accuracy", np.array([1]), np.array([[0.5, 0.5]])) == 0.0  # a tie
    assert score("sparse_top_k_categorical_accuracy", Y, P) == 1.0


def test_numbers_by_hand():
    y, p = np.array([1.0, 2.0, 4.0]), np.array([[2.0], [1.0], [4.0]])
    assert score("rmse", y, p) == pytest.approx((2 / 3) ** 0.5)
    assert score("root_mean_squared_error", y, p, np.array([1.0, 0.0, 1.0])) == pytest.approx(0.5**0.5)
    assert score("pinball", y, p) == pytest.approx(1 / 3)
    assert score("pinball_0.9", y, p) == pytest.approx((0.1 + 0.9) / 3)
    assert score("pinball_.9", y, p, np.array([1.0, 0.0, 0.0])) == pytest.approx(0.1)


def test_f4_a_class_that_is_neither_label_nor_predicted_does_not_count():
    """F4: a class that is neither label nor predicted does not count."""
    means = np.array([[0.6, 0.3, 0.1], [0.3, 0.6, 0.1]])
    assert score("precision", np.array([0, 1]), means) == 1.0
    assert score("auc", np.array([0, 1]), means) == 1.0


def test_f4_several_sigmoids():
    """F4: several sigmoids."""
    found = P > 0.5
    assert score("binary_accuracy", SEVERAL, P, one_class=False) == (found == SEVERAL).mean()
    assert score("accuracy", SEVERAL, P, one_class=False) == (found == SEVERAL).mean()
    assert score("binary_accuracy", SEVERAL, P, W, one_class=False) == pytest.approx(
        np.average((found == SEVERAL).mean(axis=1), weights=W), **CLOSE
    )
    for name, theirs_of in (("precision", theirs.precision_score), ("recall", theirs.recall_score)):
        want = theirs_of(SEVERAL, found, average="macro", zero_division=0, sample_weight=W)
        assert score(name, SEVERAL, P, W, one_class=False) == pytest.approx(want, **CLOSE)
    want = theirs.roc_auc_score(SEVERAL, P, average="macro", sample_weight=W)
    assert score("auc", SEVERAL, P, W, one_class=False) == pytest.approx(want, **CLOSE)
    assert score("binary_accuracy", np.array([[1, 1]]), np.array([[0.9, 0.1]]), one_class=False) == 0.5


def test_f4_one_output_is_what_it_was():
    """F4: one output is what it was."""
    y, p = np.array([0, 1, 1, 0]), np.array([[0.2], [0.9], [0.4], [0.6]])
    for name in ("accuracy", "binary_accuracy", "precision", "recall"):
        assert score(name, y, p) == 0.5
    assert score("auc", y, p) == 0.75


FAST = Adam(0.05)


def test_f4_in_training():
    """F4: in training."""
    random = np.random.default_rng(1)
    x = random.normal(size=(600, 3)).astype(np.float32)
    model = Sequential([Dense(3, activation="softmax")], seed=1)
    model.compile(FAST, "sparse_categorical_crossentropy", ["precision", "recall", "auc", "mae", "mse", "r2"])
    row = model.fit(x, x.argmax(axis=1), epochs=20).rows[-1]
    assert all(0.9 < row[name] <= 1 for name in ("precision", "recall", "auc"))
    several = Sequential([Dense(3, activation="sigmoid")], seed=1)
    several.compile(FAST, "binary_crossentropy", ["accuracy", "binary_accuracy", "precision"])
    row = several.fit(x, (x > 0).astype(int), epochs=20).rows[-1]
    assert row["accuracy"] == row["binary_accuracy"] > 0.9


@pytest.mark.parametrize("name", ["precision", "recall", "auc"])
def test_f4_labels_that_are_no_classes(name):
    """F4: a precision of 2.01 came of labels 0 to 4 beside a squared error."""
    with pytest.raises(DataError, match=rf"{name}.*: a label must be in \[0, 1\], got \[3\]; compile the metrics of numbers"):
        score(name, np.array([0, 3, 1]), np.array([[0.2], [0.7], [0.9]]))
    assert score("auc", np.array([0.0, 0.5, 1.0]), np.array([[0.2], [0.7], [0.9]])) == pytest.approx(
        17 / 18
    )  # half of the second row is positive


@pytest.mark.parametrize("least", [0, -1])
def test_the_class_of_a_margin_is_its_sign(least):
    """They were compared with a half, and labels of -1 with class 0."""
    margins = np.array([[-2.0], [-0.2], [0.2], [0.4], [3.0]], np.float32)
    labels = np.array([least, least, 1, least, 1])
    model = Sequential([Dense(1, use_bias=False, kernel_initializer="ones")])
    names = ["accuracy", "binary_accuracy", "precision", "recall", "f1", "auc", "mae"]
    model.compile("sgd", "hinge", names)
    found = dict(zip(["loss", *names], model.evaluate(margins, labels), strict=True))
    signs, truth = margins[:, 0] > 0, labels > 0
    assert found["accuracy"] == found["binary_accuracy"] == theirs.accuracy_score(truth, signs) == 0.8
    assert found["precision"] == pytest.approx(theirs.precision_score(truth, signs))
    assert found["recall"] == theirs.recall_score(truth, signs) == 1
    assert found["f1"] == pytest.approx(theirs.f1_score(truth, signs))
    assert found["auc"] == pytest.approx(theirs.roc_auc_score(truth, margins[:, 0]))
    assert found["mae"] == pytest.approx(np.abs(margins[:, 0] - labels).mean())


def test_several_margins_are_labels_of_their_own():
    margins = np.array([[-1.0, 2.0], [0.3, 0.4], [-0.1, -3.0]], np.float32)
    labels = np.array([[-1, 1], [1, 1], [1, -1]])
    model = Sequential([Activation("linear")])
    model.compile("sgd", "hinge", ["accuracy"])
    assert model.evaluate(margins, labels)[1] == pytest.approx(5 / 6)
