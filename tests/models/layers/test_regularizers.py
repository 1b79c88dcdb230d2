"""What kernels add to the loss of training: Keras' formulas, their gradients, and where they count."""

from __future__ import annotations

import numpy as np
import pytest

import featurecols as fc
from featurecols.errors import ColumnError
from featurecols.models import DNNClassifier, DNNRegressor, Estimator, RunConfig, Sequential, load
from featurecols.models.autodiff.tape import Value, gradients
from featurecols.models.autodiff.variables import Variables, current
from featurecols.models.distributed.gradients import of_rows
from featurecols.models.errors import ModelError
from featurecols.models.estimators.config import EstimatorSpec
from featurecols.models.input.examples import Examples, Layout
from featurecols.models.layers import L1L2, Dense, penalty
from featurecols.models.layers.cross import Cross
from featurecols.models.layers.regularizers import as_regularizer
from featurecols.models.objective.losses import MeanSquaredError
from featurecols.models.optimization.optimizers import SGD
from tests.models.gradients import check

QUIET = RunConfig(progress=False)
X = np.random.default_rng(5).normal(size=(6, 4))
DATA = {"a": [1.0, -2.0, 3.0, 0.5], "b": [0.0, 1.0, -1.0, 2.0], "y": [1.0, 0.0, 2.0, -1.0]}
COLUMNS = [fc.Numeric("a"), fc.Numeric("b")]
BOTH = {"l1": 0.1, "l2": 0.01}


def test_amount_and_gradient_by_hand():
    kernel = Value(np.array([[1.0, -2.0], [0.0, 3.0]]), name="kernel")
    amount = L1L2(**BOTH).of(kernel)
    assert float(amount) == pytest.approx(0.1 * 6 + 0.01 * 14)
    want = [[0.1 + 0.02, -0.1 - 0.04], [0.0, 0.1 + 0.06]]
    np.testing.assert_allclose(gradients(amount)["kernel"], want, rtol=1e-15)
    shared = L1L2(**BOTH).of(kernel, members=2)  # the loss is the mean of both networks, the gradient that of each
    assert float(shared) == pytest.approx(0.37)
    np.testing.assert_allclose(gradients(shared)["kernel"], want, rtol=1e-15)


def test_gradients_of_a_loss_with_every_kernel():
    variables = Variables(dtype="float64")

    def build():
        x = current("input").parameter("input", X.shape, lambda shape, random: X.copy())
        y = Dense(3, "tanh", kernel_regularizer=BOTH)(Cross(1, kernel_regularizer=L1L2(l2=0.3))(x))
        again = Dense(3, kernel_regularizer="l2", name="twice")
        return (again(again(y)) * Value(X[:, :3])).sum() + penalty()

    with variables.scope(training=True):
        build()
    for array in variables.values.values():
        array += 0.2
    assert {"cross/kernel_0", "dense/kernel", "twice/kernel"} <= check(build, variables)
    with variables.scope():  # prediction has no penalty
        Dense(3, kernel_regularizer=BOTH, name="dense")(Value(X))
        assert float(penalty()) == 0


@pytest.mark.parametrize("given", ["l2", {"l2": 0.01}, L1L2(l2=0.01)])
def test_a_step_of_sequential_by_hand(given):
    def step(regularizer):
        layer = Dense(1, kernel_initializer="ones", kernel_regularizer=regularizer)
        model = Sequential([layer])
        model.compile(SGD(0.1), "mse")
        history = model.fit(X, X[:, 0], epochs=1, batch_size=6)
        return history.history["loss"][0], model.variables.values, model.evaluate(X, X[:, 0])

    (plain, free, _), (loss, held, after) = step(None), step(given)
    assert loss == pytest.approx(plain + 0.01 * 4, rel=1e-6)  # four weights of 1
    np.testing.assert_allclose(held["dense/kernel"], free["dense/kernel"] - 0.1 * 2 * 0.01, rtol=1e-5)
    np.testing.assert_array_equal(held["dense/bias"], free["dense/bias"])
    error = X @ held["dense/kernel"].astype(float) + held["dense/bias"] - X[:, :1]
    assert after == pytest.approx(float(np.square(error).mean()), rel=1e-5)  # without the penalty


@pytest.mark.parametrize("members", [1, 2])
def test_l2_of_a_network_is_weight_decay_of_its_kernels(members):
    """torch.optim.SGD(weight_decay=d) adds d * w to the gradient: l2 = d / 2."""

    def kernels(**options):
        made = DNNRegressor(COLUMNS, [3], members=members, config=QUIET, **options).train(DATA, label="y", steps=1)
        return {name: array for name, array in made.variables.values.items() if name.endswith("kernel")}

    held = kernels(optimizer=SGD(0.05), kernel_regularizer={"l2": 0.2})
    decayed = kernels(optimizer=SGD(0.05, weight_decay=0.4))
    free = kernels(optimizer=SGD(0.05))
    assert list(held) == ["dnn/hidden_0/kernel", "dnn/logits/kernel"]
    for name, array in held.items():
        np.testing.assert_allclose(array, decayed[name], rtol=1e-5)
        assert np.abs(array).sum() < np.abs(free[name]).sum()


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_several_processes_count_it_once(reduction):
    model = DNNRegressor(
        COLUMNS, [3], kernel_regularizer=BOTH, loss=MeanSquaredError(reduction=reduction), optimizer=SGD(1e-9), config=QUIET
    )
    model.train(DATA, label="y", steps=1)
    plan, variables = model.plan, model.variables
    x = Examples.of(plan.encode(DATA), Layout(plan.encoded_slots, plan.tables), np.array(DATA["y"], np.float32))
    whole = of_rows(model._forward, x, (0, 4, 4), variables, reduction)
    parts = [of_rows(model._forward, x.slice(*rows[:2]), rows, variables, reduction) for rows in ((0, 1, 4), (1, 4, 4))]
    assert sum(loss for loss, _ in parts) == pytest.approx(whole[0], rel=1e-6)
    for name, gradient in whole[1].items():
        np.testing.assert_allclose(parts[0][1][name] + parts[1][1][name], gradient, rtol=1e-5, atol=1e-6)


def test_a_model_fn_adds_it_or_is_told():
    def model_fn(added):
        def call(features, labels, mode):
            with_it = Dense(1, kernel_regularizer="l2")(Value(features.dense))
            loss = MeanSquaredError()(labels, with_it)
            loss = loss + penalty() if added else loss
            return EstimatorSpec(mode, loss=loss, train_op=SGD(0.1).minimize(loss))

        return Estimator(call, columns=COLUMNS, config=QUIET)

    assert model_fn(True).train(DATA, label="y", steps=2).variables.step == 2
    with pytest.raises(
        ModelError, match=r"dense/kernel: what its kernel_regularizer adds.*add fc.models.layers.penalty\(\) to the loss"
    ):
        model_fn(False).train(DATA, label="y", steps=2)


def test_it_is_saved_as_plain_amounts(tmp_path):
    model = DNNClassifier(COLUMNS, [3], kernel_regularizer="l1_l2", kernel_initializer="he_normal", config=QUIET)
    rows = {**DATA, "y": [0, 1, 1, 0]}
    model.train(rows, label="y", epochs=2).save(tmp_path / "model")
    assert model.spec()["kernel_regularizer"] == {"l1": 0.01, "l2": 0.01}
    again = load(tmp_path / "model")
    assert again.fingerprint == model.fingerprint
    assert again.spec() == model.spec()
    for each in (again, model):
        each.train(rows, label="y", epochs=2)
    assert again.fingerprint == model.fingerprint
    made = fc.models.model_from_json(model.spec()).train(rows, label="y", epochs=2)
    assert made.arguments()["kernel_initializer"] == "he_normal"
    layers = Sequential([Dense(1, kernel_regularizer={"l1": 0.5})])
    layers.compile("sgd", "mse")
    assert fc.models.model_from_json(layers.spec()).layers == layers.layers


@pytest.mark.parametrize("given", [0.1, "L2", {}, {"l3": 1.0}, {"l2": -1.0}, {"l2": "much"}])
def test_wrong_regularizers_are_told(given):
    with pytest.raises(ColumnError, match=r"kernel_regularizer|l2 must be a finite number of at least 0"):
        DNNClassifier(COLUMNS, [3], kernel_regularizer=given)


def test_nothing_is_no_regularizer():
    assert as_regularizer("Dense", None) is None
    assert Dense(3) == Dense(3, kernel_regularizer=None, kernel_initializer="glorot_uniform")


@pytest.mark.parametrize("given", [{"l2": 0.0}, {"l1": 0, "l2": 0}, L1L2()])
def test_amounts_of_0_are_no_regularizer_and_are_saved_as_none(given, tmp_path):
    model = DNNRegressor(COLUMNS, [2], kernel_regularizer=given, config=QUIET).train(DATA, "y", steps=1)
    model.save(tmp_path / "model")
    assert "kernel_regularizer" not in model.spec()
    assert load(tmp_path / "model").predict(DATA)["predictions"].tobytes() == model.predict(DATA)["predictions"].tobytes()
    assert Dense(2, kernel_regularizer=given) == Dense(2)
