"""model.rank: the score of each item is what predict says of the whole row."""

from __future__ import annotations

import numpy as np
import pytest

import featurecols as fc
from featurecols import ModelError
from featurecols.models import (
    DNNClassifier,
    DNNRegressor,
    LinearClassifier,
    LinearRegressor,
    RunConfig,
    Sequential,
    WideDeepClassifier,
)
from featurecols.models.layers import Dense, DenseFeatures

QUIET = RunConfig(progress=False)
CITY, SHOP = fc.Vocabulary("city", ["Rome", "Oslo"]), fc.Hashed("shop", 9)
NUMBERS = [fc.Numeric("age"), fc.Numeric("price")]
WIDE = [CITY, SHOP, fc.Crossed([CITY, SHOP], 50)]
DEEP = [*NUMBERS, fc.Embedding(CITY, 2), fc.Indicator(SHOP), fc.Embedding(fc.Crossed(["city", "shop"], 20), 3)]


def rows(count, seed=0):
    random = np.random.default_rng(seed)
    return {
        "age": random.normal(size=count),
        "price": random.normal(size=count),
        "city": random.choice(["Rome", "Oslo", "Bonn"], count).tolist(),
        "shop": random.choice(["a", "b", "c"], count).tolist(),
        "bought": random.integers(0, 2, count),
        "amount": random.normal(size=count),
        "kind": random.integers(0, 3, count),
    }


def network():
    model = Sequential([DenseFeatures(DEEP), Dense(4, "relu"), Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy")
    return model.fit(rows(300), label="bought", verbose=0) and model


MODELS = {
    "linear": lambda: LinearClassifier(WIDE, config=QUIET).train(rows(300), label="bought", epochs=1),
    "regression": lambda: LinearRegressor([*NUMBERS, *WIDE], config=QUIET).train(rows(300), label="amount", epochs=1),
    "deep": lambda: DNNRegressor(DEEP, [4], config=QUIET).train(rows(300), label="amount", epochs=1),
    "wide and deep": lambda: WideDeepClassifier(WIDE, DEEP, [4], config=QUIET).train(rows(300), label="bought", epochs=1),
    "sequential": network,
}


@pytest.mark.parametrize("name", MODELS)
def test_rank_is_what_predict_says(name):
    model, items = MODELS[name](), rows(5000, seed=1)
    asked = {"age": 0.5, "city": "Rome"}
    whole = {**items, "age": [0.5] * 5000, "city": ["Rome"] * 5000}
    found = model.predict(whole)
    if name != "sequential":
        found = found["predictions"] if name in ("regression", "deep") else found["probabilities"][:, 1]
    got = model.rank(asked, {k: items[k] for k in ("price", "shop")})
    assert got.dtype == found.dtype
    np.testing.assert_array_equal(got, found)
    assert model.rank(asked, {"price": [], "shop": []}).shape == (0,)


def test_a_saved_model_ranks(tmp_path):
    model, items = MODELS["wide and deep"](), {"price": [1.0, 2.0], "shop": ["a", None]}
    model.save(tmp_path / "model")
    asked = {"age": 1, "city": None}
    np.testing.assert_array_equal(fc.models.load(tmp_path / "model").rank(asked, items), model.rank(asked, items))


def test_what_has_no_single_score_is_refused():
    several = DNNClassifier(NUMBERS, [4], n_classes=3, config=QUIET).train(rows(100), label="kind", epochs=1)
    with pytest.raises(ModelError, match="of several classes none is the score, got 3; use predict_proba"):
        several.rank({"age": 1}, {"price": [1.0]})
    two = LinearRegressor(NUMBERS, label_dimension=2, config=QUIET).train(rows(100), label=["age", "amount"], epochs=1)
    with pytest.raises(ModelError, match="several numbers are not one score, got 2; use predict"):
        two.rank({"age": 1}, {"price": [1.0]})
    arrays = Sequential([Dense(1)])
    arrays.compile("sgd", "mse")
    arrays.fit(np.ones((8, 2)), np.arange(8), verbose=0)
    with pytest.raises(ModelError, match="has no columns"):
        arrays.rank({"age": 1}, {"price": [1.0]})
    with pytest.raises(fc.DataError, match="request: its items have values of their own in field 'age'; leave it"):
        MODELS["deep"]().rank({"age": 1, "city": "Rome"}, {"age": [1.0], "price": [1.0], "shop": ["a"]})
    with pytest.raises(fc.DataError, match="shop"):
        MODELS["deep"]().rank({"age": 1, "city": "Rome"}, {"price": [1.0]})
