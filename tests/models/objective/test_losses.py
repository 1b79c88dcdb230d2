from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.metrics import log_loss

from featurecols._core.spec import decode
from featurecols.errors import ColumnError, DataError
from featurecols.models.autodiff.tape import Value
from featurecols.models.autodiff.variables import Variables
from featurecols.models.errors import ModelError
from featurecols.models.layers import Activation, Dense
from featurecols.models.objective import losses
from featurecols.models.objective.losses import BinaryCrossentropy, CategoricalCrossentropy, MeanSquaredError, Poisson
from tests.models.gradients import check

LOGISTIC, SOFTMAX = BinaryCrossentropy(from_logits=True), CategoricalCrossentropy(from_logits=True)
POISSON = Poisson(from_logits=True)
RANDOM = np.random.default_rng(5)
X = RANDOM.normal(size=(7, 3))
WEIGHTS = np.array([1.0, 0.0, 2.5, 0.5, 1.0, 3.0, 0.25])
CLASSES = np.array([0, 2, 1, 1, 0, 2, 2])
CASES = {
    "squared": (MeanSquaredError(), RANDOM.normal(size=(7, 2)), 2, None),
    "logistic": (LOGISTIC, np.array([0, 1, 1, 0, 1, 0, 0]), 1, None),
    "logistic soft, two outputs": (LOGISTIC, RANDOM.random((7, 2)), 2, None),
    "softmax classes": (SOFTMAX, CLASSES, 3, None),
    "softmax classes in a column": (SOFTMAX, CLASSES[:, None], 3, None),
    "softmax shares": (SOFTMAX, RANDOM.dirichlet(np.ones(3), 7), 3, None),
    "poisson": (POISSON, np.array([0, 3, 1, 0, 2, 10, 1]), 1, None),
    "absolute": (losses.MeanAbsoluteError(), RANDOM.normal(size=(7, 2)), 2, None),
    "huber": (losses.Huber(delta=0.7), RANDOM.normal(size=(7, 2)), 2, None),
    "quantile": (losses.Quantile(quantile=0.9), RANDOM.normal(size=(7, 2)), 2, None),
    "hinge": (losses.Hinge(), np.array([0, 1, 1, 0, 1, 0, 0]), 1, None),
    "focal": (losses.BinaryFocalCrossentropy(True, gamma=1.5, alpha=0.25), np.array([0, 1, 1, 0, 1, 0, 0]), 1, None),
    "focal of probabilities": (losses.BinaryFocalCrossentropy(), np.array([0, 1, 1, 0, 1, 0, 0]), 1, "sigmoid"),
    "kl": (losses.KLDivergence(True), RANDOM.dirichlet(np.ones(3), 7), 3, None),
    "probabilities of a sigmoid": (BinaryCrossentropy(), np.array([0, 1, 1, 0, 1, 0, 0]), 1, "sigmoid"),
    "probabilities of a softmax": (CategoricalCrossentropy(), CLASSES, 3, "softmax"),
}


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["even", "weighted"])
@pytest.mark.parametrize("case", CASES)
def test_gradients(case, weights, reduction):
    loss, labels, units, activation = CASES[case]
    variables = Variables(seed=4, dtype="float64")
    loss = loss.replace(reduction=reduction)
    assert check(lambda: loss(labels, Dense(units, activation)(X), weights), variables, tolerance=1e-6) == {
        "dense/kernel",
        "dense/bias",
    }


@pytest.mark.parametrize(
    ("loss", "labels", "units", "means"),
    [
        (BinaryCrossentropy(), np.array([0, 1, 1, 0, 1, 0, 0]), 1, lambda z: 1.0 / (1.0 + z.exp())),
        (CategoricalCrossentropy(), CLASSES, 3, lambda z: z.exp() / (z.exp() @ Value(np.ones((3, 3))))),
        (Poisson(), np.array([0, 3, 1, 0, 2, 10, 1]), 1, lambda z: z.exp() + 0.1),
    ],
    ids=["logistic", "softmax", "poisson"],
)
def test_gradients_of_means_that_a_users_own_function_made(loss, labels, units, means):
    variables = Variables(seed=4, dtype="float64")
    check(lambda: loss(labels, means(Dense(units)(X)), WEIGHTS), variables, tolerance=1e-6)


def test_weights_scale_rows_and_the_mean_is_over_rows():
    z, y = np.array([[0.0], [2.0]]), np.array([1.0, 1.0])
    assert float(MeanSquaredError()(y, z)) == 1.0
    assert float(MeanSquaredError()(y, z, [3.0, 1.0])) == 2.0
    assert float(MeanSquaredError(reduction="sum")(y, z, [3.0, 1.0])) == 4.0
    assert MeanSquaredError().each(y, z).tolist() == [1.0, 1.0]


def test_values_by_scikit_learn():
    z = np.random.default_rng(6).normal(size=(7, 3))
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    assert float(SOFTMAX(CLASSES, z)) == pytest.approx(log_loss(CLASSES, p), rel=1e-12)
    assert float(CategoricalCrossentropy()(np.eye(3)[CLASSES], p)) == pytest.approx(log_loss(CLASSES, p), rel=1e-12)
    y = np.array([0, 1, 1, 0, 1, 0, 0])
    assert float(LOGISTIC(y, z[:, 0])) == pytest.approx(log_loss(y, LOGISTIC.mean(z[:, 0])), rel=1e-12)
    assert float(POISSON(CLASSES, z[:, 0])) == pytest.approx((np.exp(z[:, 0]) - CLASSES * z[:, 0]).mean(), rel=1e-12)


def test_values_of_robust_losses_by_hand():
    y, z = np.array([0.0, 0.0, 3.0, 1.0]), np.array([0.5, -2.0, 1.0, 1.0])
    assert losses.MeanAbsoluteError().each(y, z).tolist() == [0.5, 2.0, 2.0, 0.0]
    assert losses.Huber().each(y, z).tolist() == [0.125, 1.5, 1.5, 0.0]
    assert losses.Quantile(quantile=0.75).each(y, z).tolist() == [0.125, 1.5, 1.5, 0.0]
    assert losses.Hinge().each([0, 1, 1, -1], z).tolist() == [1.5, 3.0, 0.0, 2.0]
    p = 1 / (1 + np.exp(-z))
    labels = np.array([0, 1, 1, 0])
    right = np.where(labels == 1, p, 1 - p)
    focal = losses.BinaryFocalCrossentropy(from_logits=True, gamma=2.0, alpha=0.25)
    np.testing.assert_allclose(
        focal.each(labels, z), np.where(labels == 1, 0.25, 0.75) * (1 - right) ** 2 * -np.log(right), rtol=1e-12
    )
    shares = np.array([[0.5, 0.5, 0.0], [0.0, 1.0, 0.0]])
    kl = losses.KLDivergence().each(shares, np.array([[0.25, 0.5, 0.25], [0.1, 0.8, 0.1]]))
    np.testing.assert_allclose(kl, [0.5 * np.log(2), np.log(1.25)], rtol=1e-12)
    assert losses.BinaryFocalCrossentropy(True, gamma=0.0).each([1], np.array([0.3])) == pytest.approx(
        LOGISTIC.each([1], [0.3])
    )


@pytest.mark.parametrize(
    ("loss", "arguments", "message"),
    [
        (losses.Huber, {"delta": 0}, "delta must be above 0"),
        (losses.Huber, {"delta": "wide"}, "delta must be a number, at least 0"),
        (losses.Quantile, {"quantile": 1.5}, "quantile must be a number, from 0 to 1"),
        (losses.BinaryFocalCrossentropy, {"gamma": -1}, "gamma must be a number"),
        (losses.BinaryFocalCrossentropy, {"alpha": 2}, "alpha must be a number"),
    ],
)
def test_arguments_that_cannot_be(loss, arguments, message):
    with pytest.raises(ColumnError, match=message):
        loss(**arguments)
    with pytest.raises(DataError, match="Hinge: a label must be 0 or 1"):
        losses.Hinge()([0, 2], np.zeros((2, 1)))


def test_integers_as_logits_are_numbers_too():
    each = LOGISTIC.each(np.array([0, 1]), np.array([2, -1]))
    assert np.allclose(each, [np.log1p(np.exp(2.0)), np.log1p(np.exp(1.0))], rtol=1e-15)


def test_no_overflow_far_out():
    z = np.array([[-1000.0], [1000.0], [1000.0], [-1000.0]], np.float32)
    with np.errstate(all="raise", under="ignore"):
        assert LOGISTIC.each(np.array([0, 1, 0, 1]), z).tolist() == [0.0, 0.0, 1000.0, 1000.0]
        assert LOGISTIC.mean(z).reshape(-1).tolist() == [0.0, 1.0, 1.0, 0.0]
        assert SOFTMAX.each(np.array([0, 1]), np.array([[1000.0, 0.0], [1000.0, 0.0]], np.float32)).tolist() == [0.0, 1000.0]


def test_a_sigmoid_before_a_loss_on_means_keeps_its_logits():
    """Without the logits behind it, float32 1.0 would be clipped and its gradient lost."""
    variables = Variables()
    variables.values["dense/kernel"] = np.array([[50.0]], np.float32)
    with variables.scope(training=True):
        p = Dense(1, "sigmoid", use_bias=False)(np.ones((1, 1)))
        assert p.array[0, 0] == 1.0
        assert float(BinaryCrossentropy()([0.0], p)) == 50.0


@pytest.mark.parametrize(
    ("loss", "labels", "message"),
    [
        (
            LOGISTIC,
            [0, 1, 2],
            r"BinaryCrossentropy: a label must be in \[0, 1\] at row 2, got \[2\]",
        ),
        (
            LOGISTIC,
            [0, np.nan, 1],
            r"BinaryCrossentropy: a label is missing or infinite at row 1, got \[nan\]; drop rows",
        ),
        (
            LOGISTIC,
            [0, 1],
            r"BinaryCrossentropy: labels must have shape \(3, 1\), got \(2,\); give one label per output",
        ),
        (POISSON, [0, 1, -1], "Poisson: a label must be at least 0 at row 2"),
        (MeanSquaredError(), [0.0, np.inf, 1.0], "MeanSquaredError: a label is missing or infinite at row 1"),
    ],
)
def test_labels_that_cannot_be(loss, labels, message):
    with pytest.raises(DataError, match=message):
        loss(np.array(labels), np.zeros((3, 1)))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 3, 1], "CategoricalCrossentropy: a label must be a class, 0 to 2 at row 1, got 3; raise n_classes, or mend it"),
        ([0, -1, 1], "a label must be a class, 0 to 2 at row 1, got -1"),
        ([0.5, 1, 1], "a label must be a class, 0 to 2 at row 0, got 0.5"),
        ([0, 1, np.nan], "a label is missing or infinite at row 2"),
        ([[0, 1], [1, 0], [1, 0]], r"labels must have shape \(3,\) or \(3, 3\), got \(3, 2\)"),
    ],
)
def test_classes_that_cannot_be(labels, message):
    with pytest.raises(DataError, match=message):
        SOFTMAX(np.array(labels), np.zeros((3, 3)))


@pytest.mark.parametrize(("weights", "row"), [([1, -1, 1], 1), ([1, 1, np.nan], 2), ([np.inf, 1, 1], 0)])
def test_weights_that_cannot_be(weights, row):
    with pytest.raises(DataError, match=f"weights: a weight must be finite and at least 0 at row {row}"):
        MeanSquaredError()(np.zeros(3), np.zeros((3, 1)), np.array(weights))


def test_one_weight_for_each_row():
    with pytest.raises(DataError, match=r"weights: needs one weight for each of 3 rows, got \(2,\)"):
        MeanSquaredError()(np.zeros(3), np.zeros((3, 1)), [1.0, 1.0])


def test_names_and_json():
    assert losses.get("binary_crossentropy") == losses.BinaryCrossentropy(from_logits=False)
    assert losses.get("categorical_crossentropy") == losses.CategoricalCrossentropy(from_logits=False)
    assert losses.get("sparse_categorical_crossentropy") == losses.SparseCategoricalCrossentropy()
    assert losses.get("mse") == losses.MeanSquaredError()
    for loss, *_ in CASES.values():
        assert decode(json.loads(json.dumps(loss.to_json()))) == loss
    with pytest.raises(ModelError, match="loss: unknown name 'hing'; known are mse, mean_squared_error"):
        losses.get("hing")
    with pytest.raises(ColumnError, match="MeanSquaredError: unknown reduction, got 'max'"):
        MeanSquaredError(reduction="max")


def test_losses_of_saved_models_take_logits_unless_they_say_otherwise():
    saved = {
        "models.Logistic.v1": (LOGISTIC, [0, 1, 1]),
        "models.Softmax.v1": (SOFTMAX, [0, 2, 1]),
        "models.Poisson.v1": (POISSON, [0, 3, 1]),
        "models.Squared.v1": (MeanSquaredError(), [0.5, 1.0, 2.0]),
    }
    for kind, (new, labels) in saved.items():
        z = np.linspace(-1, 1, 9).reshape(3, 3) if new is SOFTMAX else np.array([-1.0, 0.5, 2.0])
        old = decode({"type": kind})
        assert old.each(labels, z).tolist() == new.each(labels, z).tolist()
        assert old.to_json() == {"type": kind}
        assert repr(old) == repr(new)
    assert not decode({"type": "models.Logistic.v1", "from_logits": False}).from_logits


def test_a_squared_error_of_a_sigmoid_is_that_of_its_output():
    variables = Variables(seed=1)
    with variables.scope():
        out = Activation("sigmoid")(Value(np.array([[0.0], [2.0]])))
    assert MeanSquaredError().each([1.0, 1.0], out).tolist() == np.square(1 - out.array[:, 0]).tolist()
