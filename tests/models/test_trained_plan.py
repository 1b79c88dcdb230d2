"""model.plan has the embedding tables as they are trained; what is saved of the plan is what training began with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import featurecols as fc
from featurecols.models import DNNClassifier, LinearClassifier, Sequential, WideDeepClassifier, layers

DATA = {"city": ["Ulm", "Rom", "Ulm", "Oslo"] * 8, "age": [1.0, 2.0, 3.0, 4.0] * 8, "y": [0, 1, 0, 1] * 8}
CITY = fc.Vocabulary("city", ["Ulm", "Rom", "Oslo"])
COLUMNS = [fc.Numeric("age"), fc.Embedding(CITY, 2)]


def test_the_tables_of_the_plan_are_those_of_the_model() -> None:
    model = DNNClassifier(COLUMNS, [4], seed=1)
    assert model.plan is None
    model.train(DATA, "y", steps=1)
    plan = model.plan
    assert plan is not None
    assert plan is model.plan
    table = model.get_variable_value("dnn/inputs/tables/city_embedding")
    assert plan.trained_tables["city_embedding"].tobytes() == table.tobytes()
    assert plan.transform({"city": ["Rom"], "age": [5.0]})[0, 1:].tobytes() == table[1].tobytes()
    assert not np.array_equal(table, fc.compile(COLUMNS).tables["city_embedding"])
    before = table.copy()
    model.train(DATA, "y", steps=1)
    assert plan.tables["city_embedding"].tobytes() == before.tobytes()  # a plan is final
    assert model.plan is not None
    assert model.plan.tables["city_embedding"].tobytes() != before.tobytes()
    assert model.plan.fingerprint == plan.fingerprint


@pytest.mark.parametrize("kind", ["wide and deep", "Sequential"])
def test_other_models(kind: str, tmp_path: Path) -> None:
    if kind == "Sequential":
        model: WideDeepClassifier | Sequential = Sequential([layers.DenseFeatures(COLUMNS), layers.Dense(1)], seed=1)
        assert isinstance(model, Sequential)
        model.compile("adam", "mse")
        model.fit(DATA, label="y", epochs=2)
    else:
        model = WideDeepClassifier([CITY], COLUMNS, [4], seed=1).train(DATA, "y", steps=3)
    assert model.plan is not None
    trained = model.plan.trained_tables["city_embedding"]
    again = fc.models.load(model.save(tmp_path / "model"))
    assert again.fingerprint == model.fingerprint
    assert again.plan is not None
    assert again.plan.trained_tables["city_embedding"].tobytes() == trained.tobytes()
    assert fc.load(tmp_path / "model" / "plan").trained_tables == {}


def test_without_embeddings_it_is_the_plan_itself() -> None:
    plan = fc.compile([fc.Numeric("age"), CITY])
    assert LinearClassifier(plan).train(DATA, "y", steps=1).plan is plan
