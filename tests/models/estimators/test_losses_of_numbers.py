"""Regressors with losses that keep labels at their scale: what they predict, and that saved models predict the same bits."""

from __future__ import annotations

import numpy as np
import pytest

import featurecols as fc
from featurecols.models import DNNRegressor, LinearRegressor, RunConfig, load, losses

QUIET = RunConfig(progress=False)


def table(rows=600):
    random = np.random.default_rng(1)
    x = random.normal(size=rows)
    return {"x": x, "price": 50_000 + 10_000 * x + 5_000 * random.exponential(size=rows)}


@pytest.mark.parametrize("quantile", [0.1, 0.9])
def test_a_quantile_has_so_many_rows_below_it(quantile):
    data = table()
    model = LinearRegressor([fc.Numeric("x")], loss=losses.Quantile(quantile=quantile), config=QUIET)
    model.train(data, label="price", epochs=60, batch_size=50)
    below = (data["price"] < model.predict(data)["predictions"]).mean()
    assert abs(below - quantile) < 0.04


@pytest.mark.parametrize("loss", ["mae", losses.Huber(delta=5_000.0), losses.Quantile(quantile=0.7)])
def test_losses_are_in_the_units_of_the_label(loss, tmp_path):
    data = table(200)
    model = DNNRegressor([fc.Numeric("x")], [4], loss=loss, config=QUIET, seed=2).train(data, label="price", epochs=2)
    predicted = model.predict(data)["predictions"]
    each = losses.get(loss).each(data["price"], predicted.astype(np.float64))
    assert model.evaluate(data)["average_loss"] == pytest.approx(each.mean(), rel=1e-5)
    model.export(tmp_path / "model")
    again = load(tmp_path / "model")
    assert again.predict(data)["predictions"].tobytes() == predicted.tobytes()
    assert again.head == model.head
