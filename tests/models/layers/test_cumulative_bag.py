"""An Embedding of a Piecewise in models: the bits of the plan, the gradient of torch, and models that go on after a load."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import featurecols as fc
from featurecols import kernels
from featurecols.models.autodiff.tape import Value, gradients
from featurecols.models.input.last_rows import all_rows, last_rows
from featurecols.models.layers.cumulative_bag import cumulative_bag

NAME = "x_piecewise_embedding"


def numbers() -> list[float | None]:
    return [None, *np.random.default_rng(0).uniform(-5, 70, 40).tolist(), 20.0, 0.0, 60.0, None]


def planned() -> tuple[fc.Plan, Any, Any]:
    """A plan with a table, its table, and the ids that encode gives for the numbers."""
    table = np.random.default_rng(1).normal(size=(5, 3)).astype(np.float32)
    plan = fc.compile([fc.Embedding(fc.Piecewise("x", [0, 20, 60, 61]), 3)]).with_tables({NAME: table})
    return plan, table, plan.encode({"x": numbers()}).ids[NAME]


def test_training_sums_the_bits_of_the_plan_and_of_the_ids_one_after_the_other() -> None:
    plan, table, ids = planned()
    out = cumulative_bag(last_rows(ids), Value(table, name="t")).array
    assert out.tobytes() == plan.transform({"x": numbers()}).tobytes()
    each = np.zeros_like(out)
    kernels.embedding_bag.pool(ids.values, ids.offsets, ids.weights, table, 0, 0.0, each)
    assert out.tobytes() == each.tobytes()
    kept = all_rows(last_rows(ids).slice(3, 9))
    there = ids.slice(3, 9).compact()
    assert [a.tolist() for a in (kept.values, kept.offsets, kept.weights)] == [
        a.tolist() for a in (there.values, there.offsets, there.weights)
    ]


def test_the_gradient_is_that_of_finite_differences() -> None:
    _, table, ids = planned()
    located, weights = last_rows(ids), np.random.default_rng(2).normal(size=(len(ids), 3))
    table = table.astype(np.float64)

    def loss(of: Any) -> Value:
        return (cumulative_bag(located, Value(of, name="t")) * Value(weights)).sum()

    found = gradients(loss(table))["t"].dense()  # type: ignore[union-attr]
    for at in np.ndindex(table.shape):
        step = np.zeros_like(table)
        step[at] = 1e-6
        assert found[at] == pytest.approx((float(loss(table + step)) - float(loss(table - step))) / 2e-6, abs=1e-6)


def predicted(model: Any, data: Any) -> bytes:
    return np.asarray(model.predict(data)["predictions"], np.float32).tobytes()


def test_models_learn_a_curve_and_go_on_after_a_load(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    x = random.uniform(-3, 3, 2000)
    x[::50] = np.nan
    data = {"x": x, "z": random.normal(size=2000), "y": np.where(np.isnan(x), 2.0, np.sin(3 * x))}
    curve, line = fc.Embedding(fc.Piecewise("x", fc.Quantiles(16)), 4), fc.Numeric("z", normalizer=fc.ZScore())
    for model in (
        fc.models.DNNRegressor([curve, line], hidden_units=[16], seed=0),
        fc.models.WideDeepRegressor([line], [curve], [16], seed=0),
    ):
        model.train(data, label="y", epochs=30)
        assert model.evaluate(data, label="y")["r2"] > 0.85
        model.save(tmp_path / type(model).__name__)
        again: Any = fc.models.load(tmp_path / type(model).__name__)
        for each in (model, again):
            each.train(data, label="y", epochs=1)
        assert predicted(again, data) == predicted(model, data)
        assert (
            model.plan.transform_row({"x": 0.3, "z": 1.0}).tobytes() == model.plan.transform({"x": [0.3], "z": [1.0]}).tobytes()
        )
