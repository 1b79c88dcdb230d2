"""Optimizers step for step against torch.optim (tools/torch_steps.py), Ftrl against the paper."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from featurecols._core.arrays import Ids
from featurecols._core.spec import decode
from featurecols.errors import ColumnError
from featurecols.models.autodiff.tape import IndexedSlices
from featurecols.models.autodiff.variables import Variables
from featurecols.models.errors import ModelError
from featurecols.models.layers import Dense, EmbeddingBag
from featurecols.models.objective.losses import MeanSquaredError
from featurecols.models.optimization import optimizers
from featurecols.models.optimization.clipping import ClipNorm, ClipValue
from featurecols.models.optimization.optimizers import (
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    Ftrl,
    Groups,
    Lion,
    Nadam,
    RMSProp,
)
from featurecols.models.optimization.schedules import Cosine

TORCH = json.loads((Path(__file__).parent / "torch_steps.json").read_text())
START = np.array(TORCH["start"])

OURS = {
    "sgd": SGD(0.1),
    "sgd rows": SGD(0.1),
    "sgd_momentum": SGD(0.1, momentum=0.9),
    "sgd_nesterov": SGD(0.1, momentum=0.8, nesterov=True),
    "sgd_decay": SGD(0.1, momentum=0.9, weight_decay=0.05),
    "adagrad": Adagrad(0.5),
    "adagrad rows": Adagrad(0.5),
    "adam": Adam(0.1, 0.8, 0.99, epsilon=1e-6),
    "adam_decay": Adam(0.1, weight_decay=0.1),
    "adamw": AdamW(0.1, weight_decay=0.2),
    "sparse_adam rows": Adam(0.1, 0.8, 0.99, epsilon=1e-30),
    "nadam": Nadam(0.1, 0.8, 0.99, momentum_decay=0.3),
    "nadam_decay": Nadam(0.1, weight_decay=0.1),
    "adamax": Adamax(0.1, 0.8, 0.99, weight_decay=0.1),
    "adadelta": Adadelta(0.7, 0.9, weight_decay=0.1),
    "rmsprop": RMSProp(0.05),
    "rmsprop_momentum": RMSProp(0.05, 0.95, epsilon=1e-5, momentum=0.7),
    "rmsprop_centered": RMSProp(0.05, 0.95, epsilon=1e-5, momentum=0.7, centered=True),
}


def model(value, dtype="float64"):
    variables = Variables(dtype=dtype)
    variables.values["p"] = np.array(value, dtype)
    return variables


def torch_gradients(name):
    for gradient, rows in zip(TORCH["gradients"], TORCH["rows"], strict=True):
        g = np.array(gradient)
        yield IndexedSlices(np.array(rows), g[rows], g.shape) if name.endswith("rows") else g


def test_every_torch_case_is_answered():
    assert set(OURS) == set(TORCH["steps"])


@pytest.mark.parametrize("name", OURS)
def test_torch_step_for_step(name):
    variables, rtol = model(START), 1e-6 if name.startswith("nadam") else 1e-12  # torch has the product of momenta in float32
    for gradient, want in zip(torch_gradients(name), TORCH["steps"][name], strict=True):
        OURS[name].apply(variables, {"p": gradient})
        np.testing.assert_allclose(variables.values["p"], want, rtol=rtol, atol=1e-14)


def test_lion_by_hand():
    variables = model([[1.0, -2.0, 0.0]])
    optimizer = Lion(0.1, 0.5, 0.75, weight_decay=0.5)
    optimizer.apply(variables, {"p": np.array([[4.0, -1.0, 0.0]])})  # m = g / 4
    np.testing.assert_allclose(variables.values["p"], [[0.85, -1.8, 0.0]], rtol=1e-15)
    optimizer.apply(variables, {"p": np.array([[-2.0, 0.1, 1.0]])})  # 0.5 * m + 0.5 * g is -0.5, -0.075, 0.5
    np.testing.assert_allclose(variables.values["p"], [[0.9075, -1.61, -0.1]], rtol=1e-15)
    np.testing.assert_allclose(variables.slots["p/Lion.m"], [[0.25, -0.1625, 0.25]], rtol=1e-15)


@pytest.mark.parametrize("name", OURS)
def test_float32_stays_float32_and_close(name):
    variables = model(START, "float32")
    for gradient in torch_gradients(name):
        OURS[name].apply(variables, {"p": gradient})
    assert {a.dtype for a in variables.values.values()} == {np.dtype("float32")}
    np.testing.assert_allclose(variables.values["p"], TORCH["steps"][name][-1], rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("optimizer", [*OURS.values(), Ftrl(0.5, 0.1, 0.2), Lion(0.1)], ids=[*OURS, "ftrl", "lion"])
def test_rows_that_hold_everything_are_the_dense_gradient(optimizer):
    dense, sparse = model(START), model(START)
    order = np.array([2, 0, 3, 1])
    for gradient in TORCH["gradients"]:
        g = np.array(gradient)
        optimizer.apply(dense, {"p": g})
        optimizer.apply(sparse, {"p": IndexedSlices(order, g[order], g.shape)})
    assert dense.values["p"].tobytes() == sparse.values["p"].tobytes()
    assert {k: v.tolist() for k, v in dense.slots.items()} == {k: v.tolist() for k, v in sparse.slots.items()}


@pytest.mark.parametrize("optimizer", [*OURS.values(), Ftrl(0.5, 0.1, 0.2), Lion(0.1)], ids=[*OURS, "ftrl", "lion"])
def test_rows_move_nothing_else(optimizer):
    variables = model(START)
    optimizer.apply(variables, {"p": np.ones((4, 3))})
    before, slots = variables.values["p"].copy(), {k: v.copy() for k, v in variables.slots.items()}
    optimizer.apply(variables, {"p": IndexedSlices(np.array([2]), np.array([[1.0, -2.0, 3.0]]), (4, 3))})
    same = variables.values["p"] == before
    assert same[[0, 1, 3]].all()
    assert not same[2].any()
    for name, slot in slots.items():
        if not name.endswith("count"):
            assert variables.slots[name][[0, 1, 3]].tolist() == slot[[0, 1, 3]].tolist(), name


class Paper:
    """McMahan et al., Ad Click Prediction: a View from the Trenches, KDD 2013, algorithm 1, as it is printed."""

    def __init__(self, alpha, beta, l1, l2, n):
        self.alpha, self.beta, self.l1, self.l2, self.z, self.n = alpha, beta, l1, l2, 0.0, n

    def weight(self):
        if abs(self.z) <= self.l1:
            return 0.0
        return -(1 / ((self.beta + math.sqrt(self.n)) / self.alpha + self.l2)) * (self.z - math.copysign(self.l1, self.z))

    def step(self, g):
        sigma = (math.sqrt(self.n + g * g) - math.sqrt(self.n)) / self.alpha
        self.z += g - sigma * self.weight()
        self.n += g * g
        return self.weight()


@pytest.mark.parametrize(
    ("alpha", "beta", "l1", "l2", "n"), [(0.1, 1.0, 0.0, 0.0, 0.0), (0.5, 1.0, 0.3, 0.7, 0.0), (0.2, 0.0, 2.0, 0.01, 0.1)]
)
def test_ftrl_is_the_paper(alpha, beta, l1, l2, n):
    optimizer = Ftrl(alpha, l1, l2, beta=beta, initial_accumulator=n)
    variables, papers = model(np.zeros((4, 3))), [[Paper(alpha, beta, l1, l2, n) for _ in range(3)] for _ in range(4)]
    for gradient, rows in zip(TORCH["gradients"] * 3, TORCH["rows"] * 3, strict=True):
        g = np.array(gradient)
        optimizer.apply(variables, {"p": IndexedSlices(np.array(rows), g[rows], g.shape)})
        for i in rows:
            want = [papers[i][c].step(g[i, c]) for c in range(3)]
            np.testing.assert_allclose(variables.values["p"][i], want, rtol=1e-12, atol=1e-15)


def test_f2_ftrl_without_slots_starts_from_the_weights_it_is_given():
    """F2: w = -(z - sign(z) l1) / ((beta + sqrt(n)) / alpha + l2) solved for z, by hand: z = 0 would forget w."""
    optimizer = Ftrl(0.5, 0.25, 2.0, beta=1.0, initial_accumulator=0.25)
    variables = model(np.array([[3.0, -2.0, 0.0]]))
    variables.trained.add("p")
    optimizer.apply(variables, {"p": np.zeros((1, 3))})
    assert variables.slots["p/Ftrl.z"].tolist() == [[-(3.0 * (1.5 / 0.5 + 2.0) + 0.25), 2.0 * 5.0 + 0.25, 0.0]]
    assert variables.values["p"].tolist() == [[3.0, -2.0, 0.0]]
    fresh = model(np.array([[3.0, -2.0, 0.0]]))
    optimizer.apply(fresh, {"p": np.zeros((1, 3))})
    assert fresh.slots["p/Ftrl.z"].tolist() == [[0.0, 0.0, 0.0]]


def test_f2_ftrl_goes_on_from_what_another_optimizer_learned():
    """F2: FTRL goes on from what another optimizer learned."""
    variables = model(np.array([[3.0, -2.0]]))
    SGD(1.0).apply(variables, {"p": np.array([[1.0, -1.0]])})
    Ftrl(0.5).apply(variables, {"p": np.array([[0.0, 0.0]])})
    np.testing.assert_allclose(variables.values["p"], [[2.0, -1.0]], rtol=1e-12)


def test_l1_gives_exact_zeros_and_l2_shrinks():
    g = np.array([[0.5, -3.0]])
    free, lasso, ridge = model(np.zeros((1, 2))), model(np.zeros((1, 2))), model(np.zeros((1, 2)))
    for variables, optimizer in ((free, Ftrl(0.5)), (lasso, Ftrl(0.5, l1=1.0)), (ridge, Ftrl(0.5, l2=5.0))):
        optimizer.apply(variables, {"p": g})
    assert lasso.values["p"][0, 0] == 0.0
    assert lasso.values["p"][0, 1] > 0
    assert (abs(ridge.values["p"]) < abs(free.values["p"])).all()


@pytest.mark.parametrize("optimizer", [SGD(0.1), Adagrad(0.5), Adam(0.05), AdamW(0.05), RMSProp(0.02), Ftrl(0.5)])
def test_every_optimizer_learns_dense_and_sparse_parameters(optimizer):
    random = np.random.default_rng(0)
    ids = Ids(random.integers(0, 8, 64).astype(np.int32))
    x = random.normal(size=(64, 2)).astype(np.float32)
    y = np.sin(ids.values)[:, None] + x @ np.array([[1.0], [-0.5]])
    variables, losses = Variables(seed=2), []
    for _ in range(300):
        with variables.scope(training=True):
            loss = MeanSquaredError()(y, Dense(1)(x) + EmbeddingBag(8, 1)(ids))
        losses.append(float(loss))
        optimizer.minimize(loss).run(variables)
    assert variables.step == 300
    assert losses[-1] < 0.01 < 1 < losses[0]


def test_the_rate_follows_the_schedule_of_the_run():
    variables = model([[0.0]])
    variables.step, variables.start, variables.stop = 107, 100, 110
    SGD(Cosine(1.0)).apply(variables, {"p": np.ones((1, 1))})
    assert variables.values["p"][0, 0] == pytest.approx(-0.5 * (1 + math.cos(math.pi * 0.7)))


def test_clipping_comes_before_the_step():
    for clip, want in ((ClipNorm(1.0), [-0.6, -0.8]), (ClipValue(2.0), [-2.0, -2.0]), (None, [-3.0, -4.0])):
        variables = model([0.0, 0.0])
        SGD(1.0, clip=clip).apply(variables, {"p": np.array([3.0, 4.0])})
        assert variables.values["p"].tolist() == pytest.approx(want)


def test_groups_move_their_own():
    variables = Variables(dtype="float64")
    variables.values.update({"linear/w": np.zeros(1), "dnn/w": np.zeros(1)})
    groups = Groups((("linear", SGD(0.1)), ("dnn", Adam(0.01))))
    groups.apply(variables, {"linear/w": np.ones(1), "dnn/w": np.ones(1)})
    assert variables.values["linear/w"][0] == -0.1
    assert variables.values["dnn/w"][0] == pytest.approx(-0.01)
    assert set(variables.slots) == {"dnn/w/Adam.count", "dnn/w/Adam.m", "dnn/w/Adam.v"}
    with pytest.raises(ModelError, match="unknown parameter 'other/w'; known are linear, dnn"):
        groups.apply(variables, {"other/w": np.ones(1)})


@pytest.mark.parametrize(
    "optimizer", [*OURS.values(), Ftrl(0.1, 0.1), Groups((("a", SGD(0.1)), ("", Adam(clip=ClipNorm(1.0)))))]
)
def test_json_gives_an_equal_optimizer(optimizer):
    assert decode(json.loads(json.dumps(optimizer.to_json()))) == optimizer


def test_names():
    assert optimizers.get("Ftrl") == Ftrl(0.1)
    assert optimizers.get("adam") == Adam(0.001)
    assert optimizers.get("sgd", learning_rate=0.5) == SGD(0.5)
    assert optimizers.get(lambda: Adam(0.5)) == Adam(0.5)
    assert optimizers.get(Groups((("a", SGD(0.1)),))) == Groups((("a", SGD(0.1)),))
    with pytest.raises(ModelError, match="unknown name 'lamb'; known are SGD, Adagrad, Adam, AdamW, RMSProp, Ftrl"):
        optimizers.get("lamb")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SGD(0.0), "SGD: learning_rate must be a finite number above 0, got 0.0"),
        (lambda: SGD(0.1, momentum=1.0), r"SGD: momentum must be in \[0, 1\), got 1.0"),
        (lambda: SGD(0.1, nesterov=True), "nesterov needs a momentum"),
        (lambda: SGD(0.1, weight_decay=-1), "SGD: weight_decay must be a finite number of at least 0, got -1"),
        (lambda: Adam(float("nan")), "Adam: learning_rate must be a finite number above 0, got nan"),
        (lambda: Adam(beta_2=1.5), r"Adam: beta_2 must be in \[0, 1\), got 1.5"),
        (lambda: AdamW(epsilon=-1), "AdamW: epsilon"),
        (lambda: Adagrad(initial_accumulator=-1), "Adagrad: initial_accumulator"),
        (lambda: RMSProp(rho=-0.1), "RMSProp: rho"),
        (lambda: Ftrl(l1=-1), "Ftrl: l1 must be"),
        (lambda: Ftrl(Cosine(0.1)), "Ftrl: learning_rate must be a number"),
        (lambda: Ftrl(initial_accumulator=0), "one must be above 0, or the first step is 0/0"),
        (lambda: Adam(clip=1.0), "Adam: clip must be ClipNorm or ClipValue, got 1.0"),
        (lambda: ClipNorm(0), "ClipNorm: norm must be"),
    ],
)
def test_bad_arguments_fail_when_made(make, message):
    with pytest.raises(ColumnError, match=message):
        make()
