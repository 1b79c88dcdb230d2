"""ModelModule: the predictions of every built-in model, weights that train, and the way back."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
import torch

import featurecols as fc
from featurecols.integrations.torch import ModelModule, as_tensors
from featurecols.models import losses

NUMBERS = [fc.Numeric("distance"), fc.Numeric("temp", default=fc.Median())]
WORDS = [fc.Vocabulary("carrier", fc.TopTerms(10)), fc.Hashed("earlier_dests", 30), fc.Crossed(["origin", "dest"], 100)]
WEIGHTED = fc.Weighted(fc.Hashed("earlier_dests", 20), "earlier_delays", default=0.0)
DEEP = [
    *NUMBERS,
    fc.Indicator(fc.Identity("month", 13)),
    fc.Embedding(fc.Hashed("tailnum", 50), 4, table="a.b/c"),
    fc.Embedding(fc.Piecewise("distance", fc.Quantiles(6)), 3),
    fc.Embedding(fc.Hashed("earlier_dests", 30), 3, combiner="sqrtn", max_norm=0.4),
    fc.Indicator(WEIGHTED),
]


@functools.cache
def flights() -> Any:
    rows = fc.datasets.flights().slice(0, 3_000)
    return rows.filter(rows["late"].is_valid())


MODELS = {
    "linear classes": lambda: fc.models.LinearClassifier([*NUMBERS, *WORDS, WEIGHTED], sparse_combiner="mean"),
    "linear of three": lambda: fc.models.LinearClassifier([*NUMBERS, *WORDS], n_classes=3, sparse_combiner="sqrtn"),
    "linear numbers": lambda: fc.models.LinearRegressor([*NUMBERS, *WORDS]),
    "numbers alone": lambda: fc.models.LinearRegressor(NUMBERS),
    "words alone": lambda: fc.models.LinearClassifier(WORDS),
    "deep classes": lambda: fc.models.DNNClassifier(DEEP, [16, 8], batch_norm=True, dropout=0.1),
    "deep of three": lambda: fc.models.DNNClassifier(DEEP, [8], n_classes=3, activation="gelu"),
    "deep numbers": lambda: fc.models.DNNRegressor(DEEP, [8], activation="tanh", label_transform="log1p"),
    "members": lambda: fc.models.DNNClassifier(DEEP, [8, 6], members=3, batch_norm=True),
    "wide and members": lambda: fc.models.WideDeepRegressor(
        WORDS, [fc.Embedding(WORDS[0], 3, max_norm=0.1), fc.Indicator(WORDS[0])], [4], members=2, activation="softmax"
    ),
    "crosses": lambda: fc.models.DNNClassifier(DEEP, [8], cross_layers=2, batch_norm=True),
    "wide and members of crosses": lambda: fc.models.WideDeepRegressor(WORDS, DEEP, [4], members=2, cross_layers=1),
    "no hidden layer": lambda: fc.models.DNNRegressor(DEEP, []),
    "words in a net": lambda: fc.models.DNNClassifier([fc.Indicator(c) for c in WORDS], [4], activation="sigmoid"),
    "counts": lambda: fc.models.DNNRegressor(DEEP, [8], activation="softmax", loss=losses.Poisson()),
    "wide and deep": lambda: fc.models.WideDeepClassifier([*NUMBERS, *WORDS], DEEP, [8]),
    "deep of wide": lambda: fc.models.WideDeepRegressor(dnn=DEEP, hidden_units=[8]),
    "wide of wide": lambda: fc.models.WideDeepRegressor(linear=WORDS),
}
LABELS = {"linear of three": "origin", "deep of three": "origin"}


@functools.cache
def trained(name: str) -> Any:
    model = MODELS[name]()
    numbers = "Regressor" in type(model).__name__
    return model.train(flights(), label=LABELS.get(name, "hour" if numbers else "late"), steps=30, batch_size=128)


@pytest.mark.parametrize("name", MODELS)
def test_a_module_predicts_what_its_model_predicts(name: str) -> None:
    model = trained(name)
    module = ModelModule(model).eval()
    found = module.predictions(as_tensors(module.plan.encode(flights())))
    want = model.predict(flights())
    assert list(found) == want.keys()
    for key, array in found.items():
        if array.dtype.kind == "f":
            np.testing.assert_allclose(array, want[key], rtol=0, atol=64 * 2.0**-23 * np.abs(want[key]).max())
        else:
            assert (array == want[key]).mean() > 0.999  # of two logits that are nearly alike, either is the larger


@pytest.mark.parametrize("name", MODELS)
def test_weights_come_back(name: str) -> None:
    model = trained(name)
    module = ModelModule(model).eval()
    same = module.to_model()
    assert type(same) is type(model)
    for key in model.get_variable_names():
        np.testing.assert_array_equal(same.get_variable_value(key), model.get_variable_value(key))
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.mul_(1.25)
    changed = module.to_model()
    features = as_tensors(module.plan.encode(flights()))
    key = "probabilities" if "probabilities" in model.predict(flights()).arrays else "predictions"
    want = module.predictions(features)[key]
    got = changed.predict(flights())[key]
    np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-5 * np.abs(want).max())
    assert not np.allclose(got, model.predict(flights())[key])
    changed.train(flights(), label=changed.label, steps=3)  # and it trains on


def test_training_in_torch_lowers_the_loss() -> None:
    module = ModelModule(trained("wide and deep"))
    features = as_tensors(module.plan.encode(flights()))
    late = torch.tensor(flights()["late"].to_numpy(), dtype=torch.float32)
    optimizer = torch.optim.Adam(module.parameters(), lr=0.01)
    seen = []
    for _ in range(15):
        loss = torch.nn.functional.binary_cross_entropy_with_logits(module(features)[:, 0], late)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        seen.append(loss.item())
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in module.parameters())
    assert seen[-1] < 0.95 * seen[0]
    model = module.eval().to_model()
    loss = torch.nn.functional.binary_cross_entropy_with_logits(module(features)[:, 0], late)
    assert model.evaluate(flights(), label="late")["average_loss"] == pytest.approx(loss.item(), rel=1e-5)
    table = model.plan.tables["a.b/c"]
    np.testing.assert_array_equal(table, getattr(module, "dnn/inputs/tables/a%2Eb/c").detach())


def test_a_module_compiles_and_exports() -> None:
    module = ModelModule(trained("wide and deep")).eval()
    features = as_tensors(module.plan.encode(flights().slice(1000, 100)))
    shapes = torch.utils._pytree.tree_map(lambda t: {0: torch.export.Dim.DYNAMIC}, features)
    exported = torch.export.export(module, (features,), dynamic_shapes=(shapes,)).module()
    compiled = torch.compile(module, fullgraph=True, dynamic=True, backend="aot_eager")
    other = as_tensors(module.plan.encode(flights().slice(500, 30)))
    with torch.no_grad():
        torch.testing.assert_close(exported(other), module(other))
        torch.testing.assert_close(compiled(other), module(other))


def test_names_are_those_of_the_model() -> None:
    module = ModelModule(trained("deep classes"))
    assert {name for name, _ in module.named_parameters()} >= {
        "dnn/hidden_0/kernel",
        "dnn/batch_norm_1/gamma",
        "dnn/logits/bias",
    }
    assert {name for name, _ in module.named_buffers()} >= {"dnn/batch_norm_0/moving_mean"}


def test_other_models_and_untrained_ones_are_refused() -> None:
    with pytest.raises(fc.ModelError, match=r"takes the built-in models, got 'BaselineRegressor'"):
        ModelModule(fc.models.BaselineRegressor(NUMBERS))
    with pytest.raises(fc.ModelError, match="takes the built-in models, got 'Sequential'"):
        ModelModule(fc.models.Sequential([]))  # type: ignore[arg-type]
    with pytest.raises(fc.ModelError, match=r"the model has no weights yet.*train it first"):
        ModelModule(fc.models.LinearRegressor(NUMBERS[:1]))
